"""The CycleGAN step of the course beside one written in plain PyTorch."""

import copy
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from gan_course.models.cyclegan import ResnetGenerator
from gan_course.models.layers import InstanceNorm, Pad, with_coordinates
from gan_course.runtime import Runtime
from gan_course.training.cyclegan import CycleGANConfig, CycleGANStep, build_cyclegan
from gan_course.training.image_pool import ImagePool


class PlainCycleGAN:
    """A plain CycleGAN step: float32, NCHW, eager, Adam as PyTorch makes it by default.

    The arithmetic is the course's, with torch's own InstanceNorm2d and ReflectionPad2d, one pass a
    network and set of pictures, coordinates appended to every picture, and without gradients that
    nobody needs, so that only the way of computing differs.

    Args:
        networks: G_AB, G_BA, D_A, D_B, already plain.
        config: rates and weights of the losses; residual, R1 and averages are left out.
        seed: of the pools' chance, as for the course's step.
    """

    def __init__(self, *networks: nn.Module, config: CycleGANConfig, seed: int) -> None:
        self.G_AB, self.G_BA, self.D_A, self.D_B = networks
        self.config = config
        self.opt_G = torch.optim.Adam(
            chain(*(G.parameters() for G in networks[:2])), config.lr, config.betas
        )
        self.opt_D = torch.optim.Adam(
            chain(*(D.parameters() for D in networks[2:])), config.lr, config.betas
        )
        self.pools = [
            ImagePool(config.pool_size, generator=torch.Generator().manual_seed(seed + side))
            for side in (0, 1)
        ]

    def __call__(self, real_A: Tensor, real_B: Tensor) -> dict[str, Tensor]:
        """One step on real pictures (N, 3, H, W) of each domain, in [-1, 1].

        Returns its losses, detached.
        """
        on = self.config
        for D in (self.D_A, self.D_B):
            D.requires_grad_(False)
        fake_B, fake_A = self.G_AB(real_A), self.G_BA(real_B)
        losses = {
            "gan_A": _towards(self.D_A(fake_A), 1.0),
            "gan_B": _towards(self.D_B(fake_B), 1.0),
        }
        losses["cycle_A"] = on.lambda_cycle * l1_loss(self.G_BA(fake_B), real_A)
        losses["cycle_B"] = on.lambda_cycle * l1_loss(self.G_AB(fake_A), real_B)
        if on.lambda_identity:
            losses["idt_A"] = on.lambda_identity * l1_loss(self.G_BA(real_A), real_A)
            losses["idt_B"] = on.lambda_identity * l1_loss(self.G_AB(real_B), real_B)
        self.opt_G.zero_grad()
        sum(losses.values()).backward()
        self.opt_G.step()

        for D in (self.D_A, self.D_B):
            D.requires_grad_(True)
        self.opt_D.zero_grad()
        sides = ((self.D_A, real_A, fake_A), (self.D_B, real_B, fake_B))
        for name, pool, (D, real, fake) in zip(("D_A", "D_B"), self.pools, sides, strict=True):
            losses[name] = (_towards(D(real), 1.0) + _towards(D(pool.query(fake)), 0.0)) / 2
            losses[name].backward()
        self.opt_D.step()
        return {name: loss.detach() for name, loss in losses.items()}


def cyclegan_pair(
    config: CycleGANConfig, runtime: Runtime
) -> tuple[CycleGANStep, PlainCycleGAN, tuple[Tensor, Tensor]]:
    """The course's step, the plain one with the same first weights and pools, and a batch for both.

    The pictures are noise: nothing about the time depends on them.

    Raises:
        ValueError: the configuration asks for what the plain step leaves out.
    """
    if config.r1_gamma or config.ema_decay:
        raise ValueError("the plain step has no R1 and no average: set r1_gamma and ema_decay to 0")
    shape = (4 * config.batch_size, 3, config.img_resolution, config.img_resolution)
    noise = torch.randint(
        0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    training = build_cyclegan(config, noise, noise.flip(0), seed=0, runtime=runtime)
    step = training.step
    networks = [plainly(getattr(step, name)) for name in ("G_AB", "G_BA", "D_A", "D_B")]
    return step, PlainCycleGAN(*networks, config=config, seed=1), next(training.batches)


class AppendingGenerator(ResnetGenerator):
    """The same generator, its coordinates appended to every picture and convolved with it."""

    def forward(self, x: Tensor) -> Tensor:
        """As the course's."""
        return self.finish(self.model(with_coordinates(x, self.coordinates)), x)


def plainly(network: nn.Module) -> nn.Module:
    """A copy of a network with torch's own layers, in NCHW order."""
    network = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    if isinstance(network, ResnetGenerator):
        network.__class__ = AppendingGenerator
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, InstanceNorm):
                # its number of channels is never read
                setattr(parent, name, nn.InstanceNorm2d(1, eps=child.eps))
            elif isinstance(child, Pad) and child.mode == "reflect":
                setattr(parent, name, nn.ReflectionPad2d(child.border))
    return network


def _towards(logits: Tensor, label: float) -> Tensor:
    return mse_loss(logits, torch.full_like(logits, label))
