"""Memorisation: the nearest training pictures, and the share of copies."""

import torch
from torch import Tensor

from gan_course.evaluation.features import check_features

ROWS_AT_ONCE = 2_000


def nearest(train: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest training sample of each sample.

    Args:
        train: (N, d) feature vectors of the training pictures, finite, N >= 1.
        samples: (M, d) feature vectors, finite, M >= 1.

    Returns:
        Distances (M,) float64, and indices (M,) int64 into `train`.

    Raises:
        ValueError: an empty set, widths that do not match, or values that are not finite.
    """
    check_features(train, samples, more_than=0, names=("train", "samples"))
    parts = [
        torch.cdist(part, train.double()).min(1) for part in samples.double().split(ROWS_AT_ONCE)
    ]
    return torch.cat([part.values for part in parts]), torch.cat([part.indices for part in parts])


def copied_share(train: Tensor, held_out: Tensor, fake: Tensor, *, quantile: float = 0.01) -> float:
    """The share of fakes that lie closer to a training picture than new real pictures do.

    "Closer" means closer than the nearest `quantile` of held-out pictures. A generator that makes
    new pictures of the right kind scores about `quantile`, one that copies scores its share of
    copies, and one whose pictures are corrupted scores less.

    Args:
        train: (N, d) feature vectors of the training pictures.
        held_out: (K, d) feature vectors of real pictures that are not among them.
        fake: (M, d) feature vectors of generated pictures.
        quantile: share of held-out pictures that counts as too close, in (0, 1).

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: an empty set, widths that do not match, values that are not finite, or another
            quantile.

    Source: in the spirit of Meehan et al. 2020 (arXiv:2004.05675), who compare the same two sets of
        distances.
    Differs: one quantile instead of a rank test in each cell of the space.
    """
    if not 0 < quantile < 1:
        raise ValueError(f"quantile is {quantile}: choose one between 0 and 1")
    limit = nearest(train, held_out)[0].quantile(quantile)
    return float((nearest(train, fake)[0] < limit).double().mean())
