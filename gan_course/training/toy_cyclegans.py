"""Toy CycleGANs between two rings: many at once, the cycle loss and a prior on and off."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from gan_course.data.toy import ring_centres
from gan_course.models.mlp import MLPStack, mlp
from gan_course.training.bundle import SavedStep
from gan_course.training.optim import descend, freeze
from gan_course.training.penalties import r1_penalty


@dataclass(frozen=True)
class PlaneConfig:
    """CycleGANs between rings: their networks, their training and their points."""

    batch_size: int = 128
    hidden: int = 64
    std: float = 0.08  # width of a mode
    turn: float = 15.0  # degrees between the rings
    lr: float = 1e-3
    r1_gamma: float = 0.3  # on both D's
    betas: tuple[float, float] = (0.5, 0.9)


@dataclass(frozen=True)
class PlaneGAN:
    """One CycleGAN between the rings: its weights of the terms, its prior, its seed."""

    lambda_cycle: float
    residual: bool  # G(x) = x + net(x) instead of net(x)
    seed: int = 0


def plane_table(lambda_cycle: float, seeds: Iterable[int]) -> dict[str, list[PlaneGAN]]:
    """Four arms, cycle x prior, with one GAN a seed.

    GANs of one seed share first weights and points.
    """
    arms = {
        "adversarial loss alone": (0.0, False),
        "with the cycle": (lambda_cycle, False),
        "with the prior": (0.0, True),
        "with both": (lambda_cycle, True),
    }
    return {arm: [PlaneGAN(*given, seed=seed) for seed in seeds] for arm, given in arms.items()}


def plane_centres(turn: float, *, n_modes: int = 8) -> tuple[Tensor, Tensor]:
    """The modes of A, and those of B: A's ring turned by `turn` degrees.

    Row k of one is the true partner of row k.

    Args:
        turn: degrees, counterclockwise.
        n_modes: on each ring.

    Returns:
        Two of (n_modes, 2).
    """
    angle = math.radians(turn)
    turned = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    centres = ring_centres(n_modes)
    return centres, centres @ turned


class PlaneStep(SavedStep):
    r"""Both generators, then both discriminators, of every CycleGAN at once.

    One sum over all of them serves one backward pass: no loss depends on another GAN's weights, and
    Adam works element by element, so each is trained as if it were alone (a test compares).

    Args:
        G_AB, G_BA: M generators each, points to points.
        D_A, D_B: M discriminators each, points to raw scores.
        gans: the M CycleGANs.
        config: rates, sizes and the two rings.

    Raises:
        ValueError: the numbers of networks and GANs differ.

    Source: Zhu et al. 2017 (arXiv:1703.10593), equations 1 to 4 with the least-squares loss of
        section 4.
    Differs: networks for points; R1 on both discriminators; a constant rate; no pool of old fakes.
    """

    PARTS = ("G_AB", "G_BA", "D_A", "D_B", "opt_G", "opt_D")

    def __init__(
        self,
        G_AB: MLPStack,
        G_BA: MLPStack,
        D_A: MLPStack,
        D_B: MLPStack,
        *,
        gans: Sequence[PlaneGAN],
        config: PlaneConfig,
    ) -> None:
        sizes = {len(stack.weights[0]) for stack in (G_AB, G_BA, D_A, D_B)}
        if sizes != {len(gans)}:
            raise ValueError(f"stacks of {sorted(sizes)} networks for {len(gans)} GANs")
        self.G_AB, self.G_BA, self.D_A, self.D_B = G_AB, G_BA, D_A, D_B
        self.gans, self.config = tuple(gans), config
        self.opt_G = torch.optim.Adam(
            chain(G_AB.parameters(), G_BA.parameters()), config.lr, config.betas, fused=True
        )
        self.opt_D = torch.optim.Adam(
            chain(D_A.parameters(), D_B.parameters()), config.lr, config.betas, fused=True
        )
        seeds = sorted({gan.seed for gan in gans})
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        # (M,) which generator is whose
        self.stream = torch.tensor([seeds.index(gan.seed) for gan in gans])
        self.lambda_cycle = torch.tensor([gan.lambda_cycle for gan in gans])
        self.residual = torch.tensor([float(gan.residual) for gan in gans])[:, None, None]
        self.centres_A, self.centres_B = plane_centres(config.turn)

    def __call__(self) -> dict[str, Tensor]:
        """One step of all; returns "gan", "cycle" and "D", unweighted, without R1, each (M,)."""
        real_A, real_B = self.draw(self.centres_A), self.draw(self.centres_B)
        losses, fake_A, fake_B = self.update_G(real_A, real_B)
        losses |= self.update_D(real_A, real_B, fake_A, fake_B)
        self.n_done += 1
        return losses

    def update_G(self, real_A: Tensor, real_B: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """All generators, each pair from its own objective; returns its parts and the fakes."""
        with freeze(self.D_A, self.D_B):
            fake_B, fake_A = self.to_B(real_A), self.to_A(real_B)
            gan = _mean((self.D_B(fake_B) - 1).square()) + _mean((self.D_A(fake_A) - 1).square())
            cycle = _mean((self.to_A(fake_B) - real_A).abs()) + _mean(
                (self.to_B(fake_A) - real_B).abs()
            )
        descend((gan + self.lambda_cycle * cycle).sum(), self.opt_G)
        return {"gan": gan.detach(), "cycle": cycle.detach()}, fake_A.detach(), fake_B.detach()

    def update_D(
        self, real_A: Tensor, real_B: Tensor, fake_A: Tensor, fake_B: Tensor
    ) -> dict[str, Tensor]:
        """All discriminators; the generators stand still."""
        loss_A, penalty_A = self.loss_D(self.D_A, real_A, fake_A)
        loss_B, penalty_B = self.loss_D(self.D_B, real_B, fake_B)
        descend(
            (loss_A + loss_B).sum() + self.config.r1_gamma / 2 * (penalty_A + penalty_B), self.opt_D
        )
        return {"D": (loss_A + loss_B).detach()}

    def loss_D(self, D: MLPStack, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The halved least-squares objective (M,), and the sum of R1 over the GANs."""
        flat = real.flatten(0, 1).requires_grad_()
        logits_real = D(flat.view_as(real))
        penalty = len(real) * r1_penalty(flat, logits_real.flatten(0, 1))
        return _mean((logits_real - 1).square()) / 2 + _mean(D(fake).square()) / 2, penalty

    def to_B(self, points: Tensor) -> Tensor:
        """G_AB of every GAN on its own batch: (M, N, 2) to the same."""
        return self.residual * points + self.G_AB(points)

    def to_A(self, points: Tensor) -> Tensor:
        """G_BA of every GAN on its own batch: (M, N, 2) to the same."""
        return self.residual * points + self.G_BA(points)

    def draw(self, centres: Tensor) -> Tensor:
        """A batch around `centres`, (M, batch_size, 2): the same for all GANs of one seed."""
        return torch.stack([self._points(centres, generator) for generator in self.generators])[
            self.stream
        ]

    def _points(self, centres: Tensor, generator: torch.Generator) -> Tensor:
        which = torch.randint(len(centres), (self.config.batch_size,), generator=generator)
        return centres[which] + self.config.std * torch.randn(len(which), 2, generator=generator)


def build_plane(config: PlaneConfig, gans: Sequence[PlaneGAN]) -> PlaneStep:
    """The networks of some CycleGANs, each from its own seed, and their step.

    Torch's random state is left alone.
    """
    members: dict[str, list[nn.Sequential]] = {"G_AB": [], "G_BA": [], "D_A": [], "D_B": []}
    with torch.random.fork_rng(devices=[]):
        for gan in gans:
            torch.manual_seed(gan.seed)
            members["G_AB"].append(mlp(2, 2, hidden=config.hidden, n_hidden=2))
            members["G_BA"].append(mlp(2, 2, hidden=config.hidden, n_hidden=2))
            members["D_A"].append(mlp(2, 1, hidden=config.hidden, n_hidden=2))
            members["D_B"].append(mlp(2, 1, hidden=config.hidden, n_hidden=2))
    G_AB, G_BA, D_A, D_B = (MLPStack(networks) for networks in members.values())
    return PlaneStep(G_AB, G_BA, D_A, D_B, gans=gans, config=config)


def _mean(values: Tensor) -> Tensor:
    return values.flatten(1).mean(1)
