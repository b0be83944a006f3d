"""The DCGAN step of the course beside one written in plain PyTorch."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from gan_course.data.fashion import load_fashion
from gan_course.runtime import Runtime
from gan_course.training.dcgan import DCGANConfig, DCGANStep, build_dcgan


class PlainDCGAN:
    """A plain DCGAN step: float32, NCHW, eager, Adam as PyTorch makes it by default.

    The arithmetic is the course's, down to what need not be computed (no gradients of G in D's
    turn, none of D's weights in G's turn), so that only the way of computing it differs. R1 is left
    out.

    Args:
        G: generator, (N, z_dim) to pictures.
        D: discriminator, pictures to raw scores (N,).
        lr: Adam's learning rate, for both.
        betas: Adam's two decay rates.
        ema_decay: decay of the average of G's weights per step.
        generator: source of latent vectors, on the networks' device.
    """

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        *,
        lr: float,
        betas: tuple[float, float],
        ema_decay: float,
        generator: torch.Generator,
    ) -> None:
        self.G, self.D, self.G_ema = G, D, copy.deepcopy(G).eval()
        self.opt_G = torch.optim.Adam(G.parameters(), lr=lr, betas=betas)
        self.opt_D = torch.optim.Adam(D.parameters(), lr=lr, betas=betas)
        self.ema_decay, self.generator = ema_decay, generator

    def __call__(self, real: Tensor) -> dict[str, Tensor]:
        """One step on a batch of real pictures (N, C, H, W) in [-1, 1].

        Returns both losses, detached.
        """
        ones, zeros = real.new_ones(len(real)), real.new_zeros(len(real))

        with torch.no_grad():
            fake = self.G(self.latents(real))
        loss_D = cross_entropy(self.D(real), ones) + cross_entropy(self.D(fake), zeros)
        self.opt_D.zero_grad()
        loss_D.backward()
        self.opt_D.step()

        self.D.requires_grad_(False)
        loss_G = cross_entropy(self.D(self.G(self.latents(real))), ones)
        self.opt_G.zero_grad()
        loss_G.backward()
        self.opt_G.step()
        self.D.requires_grad_(True)

        with torch.no_grad():
            for slow, fast in zip(self.G_ema.parameters(), self.G.parameters(), strict=True):
                slow.mul_(self.ema_decay).add_(fast, alpha=1 - self.ema_decay)
            for slow, fast in zip(self.G_ema.buffers(), self.G.buffers(), strict=True):
                slow.copy_(fast)
        return {"loss_D": loss_D.detach(), "loss_G": loss_G.detach()}

    def latents(self, real: Tensor) -> Tensor:
        """As many latent vectors as there are real pictures: (N, z_dim)."""
        return torch.randn(len(real), self.G.z_dim, device=real.device, generator=self.generator)


def dcgan_pair(config: DCGANConfig, runtime: Runtime) -> tuple[DCGANStep, PlainDCGAN, Tensor]:
    """The course's step, the plain one with the same weights and latent vectors, and a batch.

    Raises:
        ValueError: the configuration asks for R1, which the plain step leaves out.
    """
    if config.r1_gamma:
        raise ValueError(f"r1_gamma is {config.r1_gamma}: the plain step has no R1")
    training = build_dcgan(config, load_fashion()[0], seed=0, runtime=runtime)
    step, real = training.step, next(training.batches)
    networks = [
        copy.deepcopy(network).to(memory_format=torch.contiguous_format)
        for network in (step.G, step.D)
    ]
    generator = runtime.generator(0)
    generator.set_state(step.generator.get_state())
    shared = {"lr": config.lr, "betas": config.betas, "ema_decay": config.ema_decay}
    return step, PlainDCGAN(*networks, **shared, generator=generator), real
