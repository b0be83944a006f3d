"""Generates pictures: a StyleGAN's by seed, with mixed styles and on a walk through W; a DCGAN's by
seed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_course.models.dcgan import DCGANGenerator
from gan_course.models.stylegan import StyleGANGenerator, SynthesisLayer
from gan_course.models.stylegan2 import SynthesisLayer2

BATCH = 32


def latents(seeds: Sequence[int], z_dim: int) -> Tensor:
    """One z for each seed, (len(seeds), z_dim): the same on every machine and beside any others."""
    return torch.stack(
        [torch.randn(z_dim, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )


@torch.no_grad()
def generate(G: StyleGANGenerator, ws: Tensor) -> Tensor:
    """Generate pictures of styles, with the noise that is kept in G: the same at every call.

    Args:
        G: in evaluation mode.
        ws: (N, num_ws, w_dim), on any device.

    Returns:
        (N, C, H, W) in [-1, 1], float32, on the CPU.
    """
    device = next(G.parameters()).device
    pictures = [
        G.synthesis(part.to(device), noise="const").float().clamp(-1, 1).cpu()
        for part in ws.split(BATCH)
    ]
    return torch.cat(pictures)


@torch.no_grad()
def draw(G: DCGANGenerator, z: Tensor) -> Tensor:
    """Pictures (N, C, H, W) in [-1, 1] of latent vectors (N, z_dim), float32, on the CPU.

    G is in evaluation mode.
    """
    device = next(G.parameters()).device
    return torch.cat([G(part.to(device)).float().cpu() for part in z.split(BATCH)])


@torch.no_grad()
def styles(G: StyleGANGenerator, z: Tensor, *, truncation_psi: float = 1.0) -> Tensor:
    """Styles (N, num_ws, w_dim) of latent vectors (N, z_dim), on the CPU."""
    return G.ws(z.to(next(G.parameters()).device), truncation_psi=truncation_psi).cpu()


def style_resolutions(G: StyleGANGenerator) -> list[int]:
    """The resolution at which each row of `ws` works: StyleGAN has two rows at 4 px, StyleGAN2 one.

    StyleGAN2's last row, which its last ToRGB takes alone, counts with the full resolution.
    """
    layers = G.synthesis.layers
    sides = [
        layer.resolution for layer in layers if isinstance(layer, SynthesisLayer | SynthesisLayer2)
    ]
    return sides + [G.synthesis.img_resolution] * (G.num_ws - len(sides))


def mixing_grid(rows: Tensor, columns: Tensor, layers: slice) -> Tensor:
    """Every row's styles with some layers taken from every column.

    Args:
        rows: (R, num_ws, w_dim): what gives all other layers.
        columns: (C, num_ws, w_dim): what gives `layers`.
        layers: such as slice(0, 4), the coarse ones of a StyleGAN; see `style_resolutions`.

    Returns:
        (R * C, num_ws, w_dim), row by row.
    """
    mixed = rows[:, None].repeat(1, len(columns), 1, 1)
    mixed[:, :, layers] = columns[None, :, layers]
    return mixed.flatten(0, 1)


def walk(ws: Tensor, n_between: int) -> Tensor:
    """A closed walk through W: from each style to the next in a straight line, and home again.

    Args:
        ws: (N, num_ws, w_dim), N >= 2.
        n_between: steps from one to the next, at least 1.

    Returns:
        (N * n_between, num_ws, w_dim).
    """
    share = torch.arange(n_between)[None, :, None, None] / n_between
    return torch.lerp(ws[:, None], ws.roll(-1, 0)[:, None], share).flatten(0, 1)
