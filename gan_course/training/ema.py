"""Exponential moving average of a generator's weights."""

import copy

import torch
from torch import Tensor, nn


def make_ema(G: nn.Module) -> nn.Module:
    """A copy of G that takes no gradient and stays in evaluation mode."""
    return copy.deepcopy(G).eval().requires_grad_(False)


@torch.no_grad()
def update_ema(G_ema: nn.Module, G: nn.Module, *, decay: float) -> None:
    r"""Move the average a little towards G.

    $\bar\theta \leftarrow \beta\bar\theta + (1 - \beta)\theta$

    Parameters are averaged. Buffers (BatchNorm's running statistics, counters) are copied: they are
    averages already, and an average that is left behind belongs to other weights.

    Args:
        G_ema: made by `make_ema(G)`.
        G: the generator in training.
        decay: beta in [0, 1); 0 copies G.

    Raises:
        ValueError: `decay` is outside [0, 1).

    Source: Karras et al. 2018 (arXiv:1710.10196), appendix A, for the average of generator weights.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay is {decay}: choose a number from 0 up to, but not including, 1")
    averaged: list[Tensor] = list(G_ema.parameters())
    current: list[Tensor] = list(G.parameters())
    torch._foreach_lerp_(averaged, current, 1 - decay)
    for slow, fast in zip(G_ema.buffers(), G.buffers(), strict=True):
        slow.copy_(fast)
