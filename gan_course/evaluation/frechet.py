"""Distances between two sets of feature vectors: Fréchet and kernel.

Over the features of Google's Inception network the first is called FID and the second KID. Over any
other network's features they are other numbers, and compare only with numbers from the same network
and sample size.
"""

import torch
from torch import Tensor

from gan_course.evaluation.features import check_features


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    r"""Squared Fréchet distance between Gaussians fitted to two sets.

    $d^2 = \lVert \mu_r - \mu_f \rVert^2 + \mathrm{tr}\,(\Sigma_r + \Sigma_f - 2\,(\Sigma_r
    \Sigma_f)^{1/2})$

    Args:
        real: (N, d) feature vectors, N > d, finite.
        fake: (M, d) feature vectors, M > d, finite.

    Returns:
        The squared distance, >= 0, in squared units of the features. Biased upwards, by about a
        constant over N.

    Raises:
        ValueError: an empty set, widths that do not match, no more samples than dimensions, or
            values that are not finite.

    Source: Heusel et al. 2017 (arXiv:1706.08500), equation 6.
    """
    check_features(real, fake, more_than=real.shape[-1] if real.ndim == 2 else 0)
    return frechet_from_moments(moments(real), moments(fake))


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and unbiased covariance (d, d) of feature vectors (N, d), in float64."""
    features = features.double()
    return features.mean(0), torch.cov(features.T).reshape(features.shape[1], features.shape[1])


def frechet_from_moments(real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor]) -> float:
    r"""The squared Fréchet distance between two Gaussians.

    $\Sigma_r \Sigma_f$ is not symmetric, but it has the eigenvalues of $A \Sigma_f A$ with $A =
    \Sigma_r^{1/2}$, which is; so only `eigh` is needed, and no complex roots have to be cut off.

    Args:
        real: mean (d,) and covariance (d, d).
        fake: mean (d,) and covariance (d, d).

    Returns:
        The squared distance, >= 0.
    """
    (mean_r, cov_r), (mean_f, cov_f) = real, fake
    values, vectors = torch.linalg.eigh(cov_r)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    middle = torch.linalg.eigvalsh(root @ cov_f @ root).clamp_min(0).sqrt().sum()
    distance = (mean_r - mean_f).square().sum() + cov_r.trace() + cov_f.trace() - 2 * middle
    return max(float(distance), 0.0)


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    r"""Squared maximum mean discrepancy under a cubic kernel, without bias.

    $k(x, y) = (x^\top y / d + 1)^3$; the mean of $k$ within each set (each sample with itself left
    out) and twice the mean between them, subtracted.

    Args:
        real: (N, d) feature vectors, N >= 2, finite.
        fake: (M, d) feature vectors, M >= 2, finite.

    Returns:
        The estimate. It has no bias, so it is 0 on average for two sets of one kind, and may be
        below.

    Raises:
        ValueError: fewer than 2 samples, widths that do not match, or values that are not finite.

    Source: Bińkowski et al. 2018 (arXiv:1801.01401), section 4 (KID).
    Differs: all pairs at once, where KID averages over random subsets to save time.
    """
    check_features(real, fake, more_than=1)
    real, fake = real.double(), fake.double()
    within = sum(_mean_off_diagonal(_cubic(part, part)) for part in (real, fake))
    return float(within - 2 * _cubic(real, fake).mean())


def _cubic(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _mean_off_diagonal(kernel: Tensor) -> Tensor:
    n = len(kernel)
    return (kernel.sum() - kernel.diagonal().sum()) / (n * (n - 1))
