"""Distributions on a line and in the plane whose density is known."""

import math

import torch
from torch import Tensor


def ring_centres(n_modes: int = 8, *, radius: float = 2.0) -> Tensor:
    """Centres of `n_modes` points evenly spaced on a circle: (n_modes, 2)."""
    angle = torch.arange(n_modes) * (2 * math.pi / n_modes)
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


def sample_ring(
    n: int,
    *,
    n_modes: int = 8,
    radius: float = 2.0,
    std: float = 0.05,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Points of a ring of Gaussians, every mode equally likely.

    Args:
        n: how many points.
        n_modes: Gaussians on the ring.
        radius: of the ring.
        std: standard deviation of each Gaussian, per coordinate.
        generator: source of randomness.

    Returns:
        (n, 2) float32.

    Source: the ring of Metz et al. 2017 (arXiv:1611.02163), appendix A, at our own radius and
        width.
    """
    which = torch.randint(n_modes, (n,), generator=generator)
    return ring_centres(n_modes, radius=radius)[which] + std * torch.randn(
        n, 2, generator=generator
    )


def sample_mixture(
    n: int,
    centres: tuple[float, ...] = (-1.5, 1.5),
    *,
    std: float = 0.5,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Points of a line from a mixture of equal Gaussians: (n, 1) float32.

    Args:
        n: how many points.
        centres: means of the Gaussians.
        std: their common standard deviation.
        generator: source of randomness.
    """
    which = torch.randint(len(centres), (n,), generator=generator)
    return torch.tensor(centres)[which, None] + std * torch.randn(n, 1, generator=generator)


def mixture_density(
    x: Tensor, centres: tuple[float, ...] = (-1.5, 1.5), *, std: float = 0.5
) -> Tensor:
    """The density of `sample_mixture` at points x of any shape."""
    distance = (x[..., None] - torch.tensor(centres, dtype=x.dtype)) / std
    return torch.exp(-0.5 * distance.square()).mean(-1) / (std * math.sqrt(2 * math.pi))


def normal_density(x: Tensor, mean: float = 0.0, *, std: float = 1.0) -> Tensor:
    """The density of one Gaussian at points x of any shape."""
    return mixture_density(x, (mean,), std=std)
