"""Toy GANs on the ring: many at once, each with its own loss and penalties."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from gan_course.data.toy import sample_ring
from gan_course.models.mlp import MLPStack, mlp
from gan_course.training import losses
from gan_course.training.bundle import SavedStep
from gan_course.training.optim import descend, freeze
from gan_course.training.penalties import gradient_penalty, interpolates, r1_penalty, r2_penalty

PairLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class RingsConfig:
    """GANs on the ring: their networks and their training, the same for every one of them."""

    batch_size: int = 128
    hidden: int = 32
    n_hidden: int = 2
    z_dim: int = 4
    std: float = 0.05  # width of a mode
    lr: float = 1e-3  # of G
    lr_ratio: float = 5.0  # the rate of D, in rates of G: D runs ahead, on purpose
    betas: tuple[float, float] = (0.0, 0.9)


def of_fakes(g_loss: Callable[[Tensor], Tensor]) -> PairLoss:
    """A loss of the fakes alone, in the form that the relativistic loss has."""
    return lambda logits_real, logits_fake: g_loss(logits_fake)


@dataclass(frozen=True)
class Rule:
    """A row of the table: both losses, and what the method's authors add to bound D."""

    name: str
    d_loss: PairLoss
    g_loss: PairLoss
    clip: float = 0.0  # D's weights stay in [-clip, clip]; 0 leaves them
    gp_lambda: float = 0.0


D_WGAN, G_WGAN = losses.d_wasserstein, of_fakes(losses.g_wasserstein)
RULES = (
    Rule("minimax", losses.d_logistic, of_fakes(losses.g_minimax)),
    Rule("non-saturating", losses.d_logistic, of_fakes(losses.g_nonsaturating)),
    Rule("least squares", losses.d_least_squares, of_fakes(losses.g_least_squares)),
    Rule("hinge", losses.d_hinge, of_fakes(losses.g_hinge)),
    Rule("WGAN, clipping", D_WGAN, G_WGAN, clip=0.4),
    Rule("WGAN-GP", D_WGAN, G_WGAN, gp_lambda=0.1),
    Rule("relativistic", losses.d_relativistic, losses.g_relativistic),
)


@dataclass(frozen=True)
class RingGAN:
    """One GAN: its rule, its penalties, and the seed of its weights, data and latent vectors."""

    rule: Rule
    r1_gamma: float = 0.0
    r2_gamma: float = 0.0
    seed: int = 0


def ring_table(gamma: float, seeds: Iterable[int]) -> dict[str, list[list[RingGAN]]]:
    """The GANs of the heat map: for each column a list of rows, for each row one GAN a seed.

    GANs of one seed start from the same weights and see the same points: a row and its neighbour
    differ in the rule alone.
    """
    columns = {"none": (0.0, 0.0), "R1": (gamma, 0.0), "R1 + R2": (gamma, gamma)}
    return {
        column: [[RingGAN(rule, *gammas, seed=seed) for seed in seeds] for rule in RULES]
        for column, gammas in columns.items()
    }


class RingsStep(SavedStep):
    """D's update, then G's, for every GAN at once.

    One sum over all GANs serves one backward pass: no GAN's loss depends on another's weights, and
    Adam works element by element, so each is trained as if it were alone (a test compares).

    Args:
        G: M generators, latent vectors to points of the plane.
        D: M discriminators, points to raw scores.
        gans: the M GANs.
        config: rates, batch size and the width of a mode.

    Raises:
        ValueError: the numbers of networks and GANs differ.

    Source: Goodfellow et al. 2014, algorithm 1 with k = 1, for the order of updates.
    Differs: every rule gets the same Adam, one update of D for one of G, and the same sizes. WGAN
        was published with RMSProp, five updates of D for one of G and weights within 0.01, WGAN-GP
        with five, another Adam and lambda 10 (0.1 in its authors' script for points of the plane).
        Here D has one update and a larger rate, whatever the rule; clipping at 0.4 leaves a D this
        small able to follow the ring.
    """

    PARTS = ("G", "D", "opt_G", "opt_D")

    def __init__(
        self,
        G: MLPStack,
        D: MLPStack,
        gans: Sequence[RingGAN],
        *,
        config: RingsConfig,
    ) -> None:
        if not len(G.weights[0]) == len(D.weights[0]) == len(gans):
            raise ValueError(
                f"{len(G.weights[0])} generators, {len(D.weights[0])} discriminators,"
                f" {len(gans)} GANs"
            )
        self.G, self.D, self.gans, self.config = G, D, tuple(gans), config
        lr_D = config.lr_ratio * config.lr
        self.opt_G = torch.optim.Adam(G.parameters(), config.lr, config.betas, fused=True)
        self.opt_D = torch.optim.Adam(D.parameters(), lr_D, config.betas, fused=True)
        seeds = sorted({gan.seed for gan in gans})
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        # (M,) which generator is whose
        self.stream = torch.tensor([seeds.index(gan.seed) for gan in gans])
        bounds = torch.tensor([gan.rule.clip or torch.inf for gan in gans])
        self.bounds, self.clips = bounds[:, None, None], bool(bounds.isfinite().any())

    def __call__(self) -> dict[str, Tensor]:
        """One step of all; returns "loss_D" and "loss_G" without penalties, each (M,)."""
        losses = self.update_D() | self.update_G()
        self.n_done += 1
        return losses

    def update_D(self) -> dict[str, Tensor]:
        """Every D tells real from fake a little better, by its own rule; the G's stand still."""
        real = self.real()
        with torch.no_grad():
            fake = self.sample()
        loss_D = self._each(lambda gan: gan.rule.d_loss, self.D(real), self.D(fake))
        descend(loss_D.sum() + self._penalties(real, fake), self.opt_D)

        # Weight clipping (Arjovsky et al. 2017, algorithm 1, line 7): infinite bounds for others
        if self.clips:
            with torch.no_grad():
                for weights in self.D.parameters():
                    weights.clamp_(-self.bounds, self.bounds)
        return {"loss_D": loss_D.detach()}

    def update_G(self) -> dict[str, Tensor]:
        """Every G makes fakes that its D likes a little better, by its own rule; the D's stand."""
        real = self.real()
        with freeze(self.D):
            loss_G = self._each(lambda gan: gan.rule.g_loss, self.D(real), self.D(self.sample()))
            descend(loss_G.sum(), self.opt_G)
        return {"loss_G": loss_G.detach()}

    def real(self) -> Tensor:
        """A batch of the ring's points for every GAN, (M, batch_size, 2)."""
        size, std = self.config.batch_size, self.config.std
        return self.draw(lambda generator: sample_ring(size, std=std, generator=generator))

    def sample(self) -> Tensor:
        """A batch of fakes of every G, (M, batch_size, 2), from new latent vectors."""
        shape = (self.config.batch_size, self.G.weights[0].shape[1])
        return self.G(self.draw(lambda generator: torch.randn(shape, generator=generator)))

    def draw(self, source: Callable[[torch.Generator], Tensor]) -> Tensor:
        """What `source` draws for each GAN: (M, ...), the same for GANs of one seed."""
        return torch.stack([source(generator) for generator in self.generators])[self.stream]

    def _each(
        self, loss_of: Callable[[RingGAN], PairLoss], logits_real: Tensor, logits_fake: Tensor
    ) -> Tensor:
        """The loss of each GAN, (M,): GANs of the same loss share one call, with vmap over GANs."""
        groups = _groups(self.gans, loss_of)
        values = [vmap(loss)(logits_real[which], logits_fake[which]) for loss, which in groups]
        return torch.cat(values)[torch.cat([which for _, which in groups]).argsort()]

    def _penalties(self, real: Tensor, fake: Tensor) -> Tensor:
        """All penalties of all D's, each with its factor, as one sum."""
        total = real.new_zeros(())

        # R1 and R2 (Mescheder et al. 2018, equations 9 and 10)
        for gamma, which in _groups(self.gans, lambda gan: gan.r1_gamma):
            total = total + gamma / 2 * self._penalty(r1_penalty, real[which], which)
        for gamma, which in _groups(self.gans, lambda gan: gan.r2_gamma):
            total = total + gamma / 2 * self._penalty(r2_penalty, fake[which], which)

        # Gradient penalty (Gulrajani et al. 2017, equation 3)
        batch_size = self.config.batch_size
        share = self.draw(lambda generator: torch.rand(batch_size, generator=generator))
        for weight, which in _groups(self.gans, lambda gan: gan.rule.gp_lambda):
            pairs = real[which].flatten(0, 1), fake[which].flatten(0, 1)
            mixed = interpolates(*pairs, share=share[which].flatten()).view_as(real[which])
            total = total + weight * self._penalty(gradient_penalty, mixed, which)
        return total

    def _penalty(self, penalty: PairLoss, points: Tensor, which: Tensor) -> Tensor:
        """The sum of one penalty over some D's: their number times the mean over (m, N, 2)."""
        flat = points.detach().flatten(0, 1).requires_grad_()
        logits = self.D(flat.view_as(points), which)
        return len(which) * penalty(flat, logits.flatten(0, 1))


def build_rings(config: RingsConfig, gans: Sequence[RingGAN]) -> RingsStep:
    """The networks of some GANs, each from its own seed, and their step.

    Torch's global random state is left alone.
    """
    G, D = [], []
    with torch.random.fork_rng(devices=[]):
        for gan in gans:
            torch.manual_seed(gan.seed)
            G.append(mlp(config.z_dim, 2, hidden=config.hidden, n_hidden=config.n_hidden))
            D.append(mlp(2, 1, hidden=config.hidden, n_hidden=config.n_hidden))
    return RingsStep(MLPStack(G), MLPStack(D), gans, config=config)


def _groups(gans: Sequence[RingGAN], key: Callable[[RingGAN], Any]) -> list[tuple[Any, Tensor]]:
    """The GANs by a property of theirs: (value, their numbers) for every value but zero."""
    groups: dict[Any, list[int]] = {}
    for number, gan in enumerate(gans):
        groups.setdefault(key(gan), []).append(number)
    return [(value, torch.tensor(numbers)) for value, numbers in groups.items() if value]
