"""One step of pix2pix: the discriminator, then the generator."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gan_course.config import Pix2PixConfig
from gan_course.runtime import Runtime
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.updates import decayed, descend, frozen, set_rate

Pair = tuple[Tensor, Tensor]
PARTS = ("G", "D", "opt_G", "opt_D")


class Pix2PixStep:
    r"""G learns to turn pictures of A into pictures of B, from pairs that show the same thing.

    $\min_G \max_D\; \lambda_{gan}\,(\mathbb{E} \log D(a, b) + \mathbb{E} \log(1 - D(a, G(a))))
    + \lambda_{L1}\,\mathbb{E} \lVert b - G(a) \rVert_1$

    A *conditional* D is shown the input beside the output, real or generated, and judges whether they belong together.

    Args:
        G: generator, pictures and a source of noise to pictures in [-1, 1]; already placed on the runtime's device.
        D: discriminator, (N, 6, H, W) to raw scores; (N, 3, H, W) where it is not conditional. Already placed.
        config: rates, weights of the losses, which parts are on.
        seed: of dropout's chance.
        runtime: device and precision.

    Source: Isola et al. 2017, section 3.1 for the objective, section 3.3 for the rest: one step of D, then one of G;
        G minimises -log D(a, G(a)); the objective of D halved.
    Differs: the learning rate falls linearly to zero after a share of the steps, as in the official PyTorch code;
        `constant=1` leaves it where it is. The paper has no factor before the GAN's part: lambda_gan = 1.
    """

    def __init__(self, G: nn.Module, D: nn.Module, *, config: Pix2PixConfig, seed: int, runtime: Runtime) -> None:
        self.G, self.D, self.config, self.runtime = G, D, config, runtime
        self.opt_G = torch.optim.Adam(G.parameters(), config.lr, config.betas, fused=True)
        self.opt_D = torch.optim.Adam(D.parameters(), config.lr, config.betas, fused=True)
        self.generator = runtime.generator(seed)
        self.n_done = 0

    def __call__(self, batch: Pair) -> dict[str, Tensor]:
        """One step on pairs, (N, C, H, W) of A and of B in [-1, 1]; returns its losses, detached."""
        real_A, real_B = (part.to(self.runtime.device) for part in batch)
        lr = decayed(self.config.lr, self.n_done, self.config.n_steps, self.config.constant)
        set_rate(self.opt_G, lr)
        set_rate(self.opt_D, lr)
        fake_B = self.translate(real_A)
        losses = self.update_D(real_A, real_B, fake_B.detach())
        losses |= self.update_G(real_A, real_B, fake_B)
        self.n_done += 1
        return losses

    def update_D(self, real_A: Tensor, real_B: Tensor, fake_B: Tensor) -> dict[str, Tensor]:
        """Tell the true partner of a picture from the generated one a little better; G stands still."""
        if not self.config.lambda_gan:
            return {}
        with self.runtime.autocast():
            judged = torch.cat([self.shown(real_A, real_B), self.shown(real_A, fake_B)])
            logits_real, logits_fake = self.D(judged).float().chunk(2)
        loss_D = d_logistic(logits_real, logits_fake) / 2
        descend(loss_D, self.opt_D)
        return {"loss_D": loss_D.detach()}

    def update_G(self, real_A: Tensor, real_B: Tensor, fake_B: Tensor) -> dict[str, Tensor]:
        """Fool D, and stay near the true partner; D stands still. `fake_B` carries G's graph."""
        losses = {}
        with frozen(self.D):
            if self.config.lambda_gan:
                with self.runtime.autocast():
                    logits_fake = self.D(self.shown(real_A, fake_B)).float()
                losses["gan"] = self.config.lambda_gan * g_nonsaturating(logits_fake)
            if self.config.lambda_l1:
                losses["l1"] = self.config.lambda_l1 * l1_loss(fake_B, real_B)
            descend(torch.stack(list(losses.values())).sum(), self.opt_G)
        return {name: loss.detach() for name, loss in losses.items()}

    def shown(self, A: Tensor, B: Tensor) -> Tensor:
        """What D is given: (N, 6, H, W) where it is conditional, else B alone."""
        return torch.cat([A, B], 1) if self.config.conditional else B

    def translate(self, A: Tensor) -> Tensor:
        """G's pictures of B, with noise from this step's own source."""
        with self.runtime.autocast():
            return self.G(A, generator=self.generator)

    @torch.no_grad()
    def preview(self, batch: Pair) -> Tensor:
        """Pictures of A, their translations, the truth; (3 N, C, H, W) in [-1, 1]. The same noise each time."""
        real_A, real_B = batch
        with self.runtime.autocast():
            fake_B = self.G(real_A, generator=self.runtime.generator(0))
        return torch.cat([real_A, fake_B, real_B]).float()

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        parts = {name: getattr(self, name).state_dict() for name in PARTS}
        return parts | {"generator": self.generator.get_state(), "n_done": self.n_done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for name in PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        self.n_done = state["n_done"]
