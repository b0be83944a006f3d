"""The StyleGAN step of the course beside one written in plain PyTorch."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, instance_norm, interpolate, leaky_relu, pad, softplus

from gan_course.models.stylegan import mix_styles
from gan_course.runtime import Runtime
from gan_course.training.stylegan import StyleGANConfig, StyleGANStep, build_stylegan

KERNEL = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16


class PlainStyleGAN:
    """A plain StyleGAN step with lazy R1: float32, NCHW, eager, PyTorch's default Adam.

    The arithmetic is the course's, as one reads it in published code: nearest neighbour and then a
    blur, instance norm and then the style, a convolution and then a mean of 2 x 2 pixels.

    Args:
        G: a generator of the course's StyleGAN, already plain; its weights are used, not its way of
            computing.
        D: its discriminator.
        config: rates and switches; no growing.
    """

    def __init__(self, G: nn.Module, D: nn.Module, *, config: StyleGANConfig) -> None:
        self.G, self.D, self.config = G, D, config
        self.opt_G = torch.optim.Adam(G.parameters(), config.lr, config.betas)
        self.opt_D = torch.optim.Adam(D.parameters(), config.lr, config.betas)
        self.n_done = 0

    def __call__(self, real: Tensor) -> dict[str, Tensor]:
        """One step on real pictures (N, 3, H, W) in [-1, 1]; returns its losses, detached."""
        fake = self.sample(len(real)).detach()
        is_r1 = self.n_done % self.config.r1_every == 0
        real = real.detach().requires_grad_(is_r1)
        logits_real, logits_fake = self.judge(real), self.judge(fake)
        loss_D = softplus(-logits_real).mean() + softplus(logits_fake).mean()
        if is_r1:
            (slopes,) = torch.autograd.grad(logits_real.sum(), real, create_graph=True)
            loss_D = (
                loss_D
                + self.config.r1_gamma
                / 2
                * self.config.r1_every
                * slopes.square().sum((1, 2, 3)).mean()
            )
        self.opt_D.zero_grad()
        loss_D.backward()
        self.opt_D.step()
        loss_G = softplus(-self.judge(self.sample(len(real)))).mean()
        self.opt_G.zero_grad()
        loss_G.backward()
        self.opt_G.step()
        self.n_done += 1
        return {"loss_D": loss_D.detach(), "loss_G": loss_G.detach()}

    def sample(self, n: int) -> Tensor:
        """n fakes with mixed styles and new noise."""
        G = self.G.synthesis
        w, other = (
            self.G.mapping(torch.randn(n, self.G.z_dim))[:, None].expand(-1, G.num_ws, -1)
            for _ in range(2)
        )
        layer = torch.randint(1, G.num_ws, (n,))
        ws = mix_styles(w, other, torch.where(torch.rand(n) < self.config.mixing, layer, G.num_ws))
        x = G.const.expand(n, -1, -1, -1)
        for k, layer in enumerate(G.layers):
            if layer.up:
                x = _blurred(interpolate(x, scale_factor=2, mode="nearest"), "replicate")
            if layer.conv is not None:
                x = conv2d(x, layer.conv.weight * layer.conv.scale, padding=1)
            x = x + layer.noise_strength[:, None, None] * torch.randn(n, 1, *x.shape[2:])
            x = leaky_relu(x + layer.bias[:, None, None], 0.2)
            scale, shift = layer.affine(ws[:, k])[:, :, None, None].chunk(2, 1)
            x = instance_norm(x, eps=1e-8) * (1 + scale) + shift
        last = G.to_rgb[-1]
        return conv2d(x, last.weight * last.scale, last.bias)

    def judge(self, x: Tensor) -> Tensor:
        """Pictures to raw scores (N,)."""
        D = self.D
        x = leaky_relu(D.from_rgb[-1](x), 0.2)
        for block in reversed(D.blocks):
            x = _blurred(leaky_relu(block.keep(x), 0.2), "constant")
            halve = block.halve
            x = nn.functional.avg_pool2d(conv2d(x, halve.weight * halve.scale, padding=1), 2)
            x = leaky_relu(x + halve.bias[:, None, None], 0.2)
        x = leaky_relu(D.conv(D.group(x)), 0.2)
        return D.score(leaky_relu(D.dense(x.flatten(1)), 0.2)).flatten()


def stylegan_pair(
    config: StyleGANConfig, runtime: Runtime
) -> tuple[StyleGANStep, PlainStyleGAN, Tensor]:
    """The course's step, the plain one with the same first weights, and a batch of noise for both.

    Raises:
        ValueError: a loss or a penalty that the plain step has not.
    """
    if config.loss != "logistic" or config.r2_gamma:
        raise ValueError(
            "the plain step has the logistic loss and R1 alone: set loss and r2_gamma so"
        )
    shape = (4 * config.batch_size, 3, config.img_resolution, config.img_resolution)
    noise = torch.randint(
        0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    training = build_stylegan(config, noise, seed=0, runtime=runtime)
    plain = [
        copy.deepcopy(network).to(memory_format=torch.contiguous_format)
        for network in (training.step.G, training.step.D)
    ]
    return training.step, PlainStyleGAN(*plain, config=config), next(training.batches)


def _blurred(x: Tensor, border: str) -> Tensor:
    kernel = KERNEL.to(x).expand(x.shape[1], 1, 3, 3)
    return conv2d(pad(x, (1, 1, 1, 1), mode=border), kernel, groups=x.shape[1])
