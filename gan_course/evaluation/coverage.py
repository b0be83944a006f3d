"""Modes covered, where the modes are known."""

import torch
from torch import Tensor


def modes_covered(points: Tensor, centres: Tensor, *, radius: float, min_share: float = 0.25) -> tuple[int, float]:
    """How many known modes a generator reaches, and how many of its points are near any.

    A mode is covered if it holds at least `min_share` of the points that it would hold were every mode equally
    likely: a mode with one stray point is not covered.

    Args:
        points: (N, d) generated, N >= 1.
        centres: (M, d).
        radius: a point this near to its nearest centre belongs to it.
        min_share: the share of a fair share (N / M) that a mode needs.

    Returns:
        The number of covered modes, 0..M, and the share of points within `radius` of a centre, in [0, 1].

    Raises:
        ValueError: no points, or points that are not finite.
    """
    if len(points) == 0 or not torch.isfinite(points).all():
        raise ValueError("points must be finite, and at least one")
    distance, nearest = torch.cdist(points, centres).min(1)
    close = distance <= radius
    counts = torch.bincount(nearest[close], minlength=len(centres))
    fair = len(points) / len(centres)
    return int((counts >= min_share * fair).sum()), float(close.float().mean())
