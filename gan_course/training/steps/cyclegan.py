"""One step of CycleGAN: both generators together, then both discriminators."""

from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gan_course.config import CycleGANConfig
from gan_course.runtime import Runtime
from gan_course.training.ema import make_ema, update_ema
from gan_course.training.losses import d_least_squares, g_least_squares
from gan_course.training.penalties import r1_penalty
from gan_course.training.pool import ImagePool
from gan_course.training.updates import decayed, descend, frozen, set_rate

Pair = tuple[Tensor, Tensor]
NETWORKS = ("G_AB", "G_BA", "D_A", "D_B")


class CycleGANStep:
    r"""G_AB and G_BA learn to translate both ways, from two sets of pictures without pairs.

    $L = L_{GAN}(G_{AB}, D_B) + L_{GAN}(G_{BA}, D_A) + \lambda_{cycle}\,(\lVert G_{BA}(G_{AB}(a)) - a \rVert_1
    + \lVert G_{AB}(G_{BA}(b)) - b \rVert_1)$, plus $\lambda_{identity}\,(\lVert G_{AB}(b) - b \rVert_1
    + \lVert G_{BA}(a) - a \rVert_1)$

    A network's letters say its domains: G_AB goes from A to B, and D_A judges pictures of A. In the paper G is G_AB,
    F is G_BA, D_X is D_A, D_Y is D_B; in the official code netD_A judges pictures of *B*.

    Args:
        G_AB, G_BA: generators, pictures to pictures in [-1, 1]; already placed on the runtime's device.
        D_A, D_B: discriminators, pictures to raw scores; already placed.
        config: rates, weights of the losses, which parts are on. `lambda_identity` is the whole factor: the paper's
            "0.5 lambda" is 5 here.
        seed: of the pools' chance.
        runtime: device and precision.

    Source: Zhu et al. 2017, equations 1 to 4 with the least-squares loss of section 4; section 5.2 for the identity
        loss; the objective of D halved (appendix 7.1).
    Differs: where asked for, an average of the generators' weights is kept (`ema_decay`), the D's have a learning rate
        of their own (`lr_ratio`), and R1 on the mean score of a picture (`r1_gamma`). The defaults are the paper's.
    """

    def __init__(
        self,
        G_AB: nn.Module,
        G_BA: nn.Module,
        D_A: nn.Module,
        D_B: nn.Module,
        *,
        config: CycleGANConfig,
        seed: int,
        runtime: Runtime,
    ) -> None:
        self.G_AB, self.G_BA, self.D_A, self.D_B = G_AB, G_BA, D_A, D_B
        self.config, self.runtime = config, runtime
        self.opt_G = torch.optim.Adam(chain(G_AB.parameters(), G_BA.parameters()), config.lr, config.betas, fused=True)
        self.opt_D = torch.optim.Adam(chain(D_A.parameters(), D_B.parameters()), config.lr, config.betas, fused=True)
        self.pool_A = ImagePool(config.pool_size, generator=torch.Generator().manual_seed(seed))
        self.pool_B = ImagePool(config.pool_size, generator=torch.Generator().manual_seed(seed + 1))
        self.averages = {"G_AB": make_ema(G_AB), "G_BA": make_ema(G_BA)} if config.ema_decay else {}
        self.n_done = 0

    def __call__(self, batch: Pair) -> dict[str, Tensor]:
        """One step on real pictures of A and of B, (N, C, H, W) each, in [-1, 1]; returns its losses, detached."""
        real_A, real_B = (part.to(self.runtime.device) for part in batch)
        lr = decayed(self.config.lr, self.n_done, self.config.n_steps, self.config.constant)
        set_rate(self.opt_G, lr)
        set_rate(self.opt_D, lr * self.config.lr_ratio)
        losses, fake_A, fake_B = self.update_G(real_A, real_B)
        losses |= self.update_D(real_A, real_B, fake_A, fake_B)
        for name, average in self.averages.items():
            update_ema(average, getattr(self, name), decay=self.config.ema_decay)
        self.n_done += 1
        return losses

    def update_G(self, real_A: Tensor, real_B: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Both generators, from one objective; returns its parts and the fakes that came up on the way."""
        on = self.config
        with frozen(self.D_A, self.D_B), self.runtime.autocast():
            fake_B, idt_B = self.translate(self.G_AB, real_A, real_B)
            fake_A, idt_A = self.translate(self.G_BA, real_B, real_A)
            losses = {}
            if on.lambda_gan:  # twice g_least_squares, because the paper's has no 1/2
                losses["gan_A"] = on.lambda_gan * 2 * g_least_squares(self.D_A(fake_A).float())
                losses["gan_B"] = on.lambda_gan * 2 * g_least_squares(self.D_B(fake_B).float())
            if on.lambda_cycle and on.forward:
                losses["cycle_A"] = on.lambda_cycle * l1_loss(self.G_BA(fake_B), real_A)
            if on.lambda_cycle and on.backward:
                losses["cycle_B"] = on.lambda_cycle * l1_loss(self.G_AB(fake_A), real_B)
            if on.lambda_identity:
                losses["idt_A"] = on.lambda_identity * l1_loss(idt_A, real_A)
                losses["idt_B"] = on.lambda_identity * l1_loss(idt_B, real_B)
        descend(torch.stack(list(losses.values())).sum(), self.opt_G)
        return {name: loss.detach() for name, loss in losses.items()}, fake_A.detach(), fake_B.detach()

    def update_D(self, real_A: Tensor, real_B: Tensor, fake_A: Tensor, fake_B: Tensor) -> dict[str, Tensor]:
        """Both discriminators, on real pictures and on a mixture of old and new fakes; the generators stand still."""
        if not self.config.lambda_gan:
            return {}
        losses = {
            "D_A": self.loss_D(self.D_A, real_A, self.pool_A.query(fake_A)),
            "D_B": self.loss_D(self.D_B, real_B, self.pool_B.query(fake_B)),
        }
        descend(losses["D_A"] + losses["D_B"], self.opt_D)
        return {name: loss.detach() for name, loss in losses.items()}

    def loss_D(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """The halved least-squares objective of one discriminator, a scalar; one pass for both kinds."""
        real = real.detach().requires_grad_(self.config.r1_gamma > 0)
        with self.runtime.autocast():
            logits_real, logits_fake = D(torch.cat([real, fake])).float().chunk(2)
        loss = d_least_squares(logits_real, logits_fake)
        if self.config.r1_gamma > 0:
            loss = loss + self.config.r1_gamma / 2 * r1_penalty(real, logits_real.mean((1, 2, 3)))
        return loss

    def translate(self, G: nn.Module, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor | None]:
        """G(source), and G(target) where the identity loss needs it: one pass for both."""
        if not self.config.lambda_identity:
            return G(source), None
        return G(torch.cat([source, target])).split([len(source), len(target)])

    @torch.no_grad()
    def preview(self, batch: Pair) -> Tensor:
        """Columns of eight: pictures of A, their translations, pictures of B, theirs; (N, C, H, W) in [-1, 1]."""
        real_A, real_B = batch
        with self.runtime.autocast():
            fake_B, fake_A = self.best("G_AB")(real_A), self.best("G_BA")(real_B)
        return torch.cat([real_A, fake_B, real_B, fake_A]).float()

    def best(self, name: str) -> nn.Module:
        """The generator to use, "G_AB" or "G_BA": the average of its weights where one is kept."""
        return self.averages.get(name, getattr(self, name))

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        parts = {name: getattr(self, name).state_dict() for name in self._parts()}
        averages = {name: average.state_dict() for name, average in self.averages.items()}
        return parts | {"averages": averages, "n_done": self.n_done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for name in self._parts():
            getattr(self, name).load_state_dict(state[name])
        for name, average in self.averages.items():
            average.load_state_dict(state["averages"][name])
        self.n_done = state["n_done"]

    def _parts(self) -> tuple[str, ...]:
        return (*NETWORKS, "opt_G", "opt_D", "pool_A", "pool_B")
