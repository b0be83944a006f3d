"""Lesson 03's ring step, many GANs at once, beside a plain loop over the same GANs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_course.data.toy import sample_ring
from gan_course.models.mlp import mlp
from gan_course.training.penalties import gradient_penalty, interpolates, r1_penalty, r2_penalty
from gan_course.training.toy_gans import RingGAN, RingsConfig, RingsStep, build_rings


class PlainRing:
    """One GAN on the ring: D's update, then G's, with Adam as PyTorch makes it by default.

    Args:
        gan: its rule, penalties and seed.
        config: sizes and rates.
    """

    def __init__(self, gan: RingGAN, config: RingsConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(gan.seed)
            self.G = mlp(config.z_dim, 2, hidden=config.hidden, n_hidden=config.n_hidden)
            self.D = mlp(2, 1, hidden=config.hidden, n_hidden=config.n_hidden)
        self.opt_G = torch.optim.Adam(self.G.parameters(), lr=config.lr, betas=config.betas)
        self.opt_D = torch.optim.Adam(
            self.D.parameters(), lr=config.lr_ratio * config.lr, betas=config.betas
        )
        self.gan, self.config = gan, config
        self.generator = torch.Generator().manual_seed(gan.seed)

    def __call__(self) -> dict[str, Tensor]:
        """One step; returns both losses, detached and without penalties."""
        real, fake = self.real(), self.fake().detach()
        loss_D = self.gan.rule.d_loss(self.D(real), self.D(fake))
        self.opt_D.zero_grad()
        (loss_D + self.penalties(real, fake)).backward()
        self.opt_D.step()
        if self.gan.rule.clip:
            with torch.no_grad():
                for weights in self.D.parameters():
                    weights.clamp_(-self.gan.rule.clip, self.gan.rule.clip)

        self.D.requires_grad_(False)
        loss_G = self.gan.rule.g_loss(self.D(self.real()), self.D(self.fake()))
        self.opt_G.zero_grad()
        loss_G.backward()
        self.opt_G.step()
        self.D.requires_grad_(True)
        return {"loss_D": loss_D.detach(), "loss_G": loss_G.detach()}

    def real(self) -> Tensor:
        """A batch of the data: (N, 2)."""
        return sample_ring(self.config.batch_size, std=self.config.std, generator=self.generator)

    def fake(self) -> Tensor:
        """A batch of G's points: (N, 2)."""
        return self.G(
            torch.randn(self.config.batch_size, self.config.z_dim, generator=self.generator)
        )

    def penalties(self, real: Tensor, fake: Tensor) -> Tensor:
        """The GAN's own penalties, each with its factor, as one sum."""
        total = real.new_zeros(())
        # Drawn also where it is not needed, so that later draws are those of the batched step.
        share = torch.rand(len(real), generator=self.generator)
        if self.gan.r1_gamma:
            points = real.clone().requires_grad_()
            total = total + self.gan.r1_gamma / 2 * r1_penalty(points, self.judge(points))
        if self.gan.r2_gamma:
            points = fake.clone().requires_grad_()
            total = total + self.gan.r2_gamma / 2 * r2_penalty(points, self.judge(points))
        if self.gan.rule.gp_lambda:
            mixed = interpolates(real, fake, share=share)
            total = total + self.gan.rule.gp_lambda * gradient_penalty(mixed, self.judge(mixed))
        return total

    def judge(self, points: Tensor) -> Tensor:
        """D's scores (N, 1) of points whose gradient will be taken."""
        # FlopCounterMode cannot follow a gradient at a module's very input
        return self.D(points.view_as(points))


def rings_pair(config: RingsConfig, gans: Sequence[RingGAN]) -> tuple[RingsStep, list[PlainRing]]:
    """The batched step of some GANs, and a plain step for each with the same weights and data."""
    return build_rings(config, gans), [PlainRing(gan, config) for gan in gans]
