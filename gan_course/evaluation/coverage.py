"""Coverage of known modes; precision and recall over features."""

import torch
from torch import Tensor

from gan_course.evaluation.features import check_features


def modes_covered(
    points: Tensor, centres: Tensor, *, radius: float, min_share: float = 0.25
) -> tuple[int, float]:
    """The number of known modes that a generator reaches, and the share of points near any.

    A mode is covered if it holds at least `min_share` of the points that it would hold were every
    mode equally likely: a mode with one stray point is not covered.

    Args:
        points: (N, d) generated, N >= 1.
        centres: (M, d).
        radius: a point this near to its nearest centre belongs to it.
        min_share: the share of a fair share (N / M) that a mode needs.

    Returns:
        The number of covered modes, 0..M, and the share of points within `radius` of a centre, in
        [0, 1].

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


def precision_recall(real: Tensor, fake: Tensor, *, k: int = 3) -> tuple[float, float]:
    """Precision and recall: fakes among the real samples, and real samples among the fakes.

    Each set is widened to balls that reach each sample's k-th nearest neighbour in its own set.
    Precision is the share of fakes inside any ball of the real set; recall the share of real
    samples inside any ball of the fakes.

    Args:
        real: (N, d) feature vectors, N > k, finite.
        fake: (M, d) feature vectors, M > k, finite.
        k: which neighbour sets a ball's radius.

    Returns:
        Precision and recall, each in [0, 1]. Both depend on N and M: compare only sets of the same
        sizes.

    Raises:
        ValueError: too few samples, sizes that do not match, or samples that are not finite.

    Source: Kynkäänniemi et al. 2019 (arXiv:1904.06991), equations 1 and 2; k = 3 as in the paper.
    """
    check_features(real, fake, more_than=k)
    distance = torch.cdist(real, fake)
    slack = _slack(real, fake)
    inside_real = distance <= (_radii(real, k).square() + slack).sqrt()[:, None]
    inside_fake = distance <= (_radii(fake, k).square() + slack).sqrt()[None]
    return float(inside_real.any(0).double().mean()), float(inside_fake.any(1).double().mean())


def _radii(samples: Tensor, k: int) -> Tensor:
    # the nearest neighbour of all is itself
    return torch.cdist(samples, samples).kthvalue(k + 1, dim=1).values


def _slack(real: Tensor, fake: Tensor) -> Tensor:
    r"""Rounding error of $d^2$ in `torch.cdist`, which computes $|x|^2 + |y|^2 - 2 x^\top y$."""
    largest = torch.maximum(real.square().sum(1).max(), fake.square().sum(1).max())
    return 64 * torch.finfo(real.dtype).eps * largest
