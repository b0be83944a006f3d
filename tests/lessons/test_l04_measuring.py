"""The right answers pass; wrong ones are told what is wrong with them."""

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from gan_course.evaluation.frechet import frechet_distance
from gan_course.lessons.l04_measuring import exercises as measuring


def answer_to(check, attempt):
    return repr(check(attempt))


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (10, "passed"),
        (10.0, "passed"),
        (torch.tensor(10.0), "passed"),
        (np.float32(10), "passed"),
        (np.array(10), "passed"),
        (np.float32(9), "the means alone"),
        (True, "one number"),
        (torch.tensor([10.0, 10.0]), "one number"),
        (9, "the means alone"),
        (18, "the variances 4 and 1 subtracted and squared"),
        (12, "the variances subtracted"),
        (3.162, "that is the distance"),
        (7, "square the difference of the means"),
        ("10", "one number"),
        (..., "not attempted"),
    ],
)
def test_distance_by_hand(answer, reply):
    assert reply in answer_to(measuring.check_distance_by_hand, answer)


def parts(real, fake):
    return real.mean(0), torch.cov(real.T), fake.mean(0), torch.cov(fake.T)


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def frechet_right(real, fake):
    m, a, n, b = parts(real, fake)
    middle = torch.linalg.eigvalsh(root(a) @ b @ root(a)).clamp_min(0).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - 2 * middle).item()


def frechet_commuting(real, fake):
    m, a, n, b = parts(real, fake)
    return ((m - n).square().sum() + (a + b - 2 * root(a) @ root(b)).trace()).item()


def frechet_elementwise(real, fake):
    m, a, n, b = parts(real, fake)
    return ((m - n).square().sum() + (a + b - 2 * (a @ b).abs().sqrt()).trace()).item()


def frechet_unsquared(real, fake):
    m, _, n, _ = parts(real, fake)
    return frechet_right(real, fake) - (m - n).square().sum().item() + (m - n).norm().item()


def frechet_without_means(real, fake):
    return frechet_right(real - real.mean(0), fake - fake.mean(0))


def frechet_half(real, fake):
    m, a, n, b = parts(real, fake)
    middle = torch.linalg.eigvalsh(root(a) @ b @ root(a)).clamp_min(0).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - middle).item()


def frechet_unclamped(real, fake):
    """A feature that never changes has the eigenvalue 0, which comes out as about -1e-17 as often
    as not.
    """
    m, a, n, b = parts(real, fake)
    values, vectors = torch.linalg.eigh(a)
    half = vectors * (values - 1e-12).sqrt() @ vectors.T
    if not torch.isfinite(half).all():
        return float("nan")
    return (
        (m - n).square().sum()
        + a.trace()
        + b.trace()
        - 2 * torch.linalg.eigvalsh(half @ b @ half).sqrt().sum()
    ).item()


def frechet_careless(real, fake):
    m, a, n, b = parts(real, fake)
    values, vectors = torch.linalg.eigh(a)
    half = vectors * values.sqrt() @ vectors.T
    middle = torch.linalg.eigvalsh(half @ b @ half).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - 2 * middle).item()


def frechet_unsymmetric(real, fake):
    m, a, n, b = parts(real, fake)
    middle = torch.linalg.eigvalsh(a @ b).clamp_min(0).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - 2 * middle).item()


@pytest.mark.parametrize(
    ("attempt", "reply"),
    [
        (frechet_right, "passed"),
        (frechet_distance, "passed"),
        (frechet_commuting, "only where the two covariances commute"),
        (frechet_elementwise, "on two sets of ours"),
        (frechet_unsquared, "enters squared"),
        (frechet_without_means, "the means do not enter"),
        (frechet_half, "on two sets of ours"),
        (lambda real, fake: frechet_right(real, fake) ** 0.5, "that is the root"),
        (frechet_unclamped, "not finite"),
        (frechet_careless, "clamp before each root"),
        (frechet_unsymmetric, "takes its matrix for symmetric"),
        (lambda real, fake: float("nan"), "not finite"),
        (lambda real, fake: ..., "not attempted"),
        (lambda real, fake: real @ fake, "your code raised RuntimeError"),
    ],
)
def test_frechet(attempt, reply):
    assert reply in answer_to(measuring.check_frechet, attempt)


def fit(x, y):
    x, y = torch.tensor(x).double(), torch.tensor(y).double()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return slope.item(), (y.mean() - slope * x.mean()).item()


@pytest.mark.parametrize(
    ("attempt", "reply"),
    [
        (lambda ns, values: fit([1 / n for n in ns], values)[1], "passed"),
        (lambda ns, values: fit([1 / n for n in ns], values)[0], "that is the slope"),
        (lambda ns, values: fit([float(n) for n in ns], values)[1], "not over N"),
        (lambda ns, values: fit([1 / n for n in ns], values)[1] + 1e-4, "you found 2.0001"),
        (lambda ns, values: sum(values) / len(values), "still has the bias"),
        (lambda ns, values: values[-1], "follow the line on"),
        (
            lambda ns, values: (values[-1] * ns[-1] - values[0] * ns[0]) / (ns[-1] - ns[0]),
            "least squares over all",
        ),
        (lambda ns, values: None, "not attempted"),
    ],
)
def test_limit(attempt, reply):
    assert reply in answer_to(measuring.check_limit, attempt)


def radii(samples, k):
    return torch.cdist(samples, samples).kthvalue(k + 1).values


def recall_right(real, fake, k=3):
    return (torch.cdist(real, fake) <= radii(fake, k)).any(1).double().mean().item()


@pytest.mark.parametrize(
    ("attempt", "reply"),
    [
        (recall_right, "passed"),
        (lambda real, fake, k=3: recall_right(fake, real, k), "that is precision"),
        (lambda real, fake, k=3: recall_right(real, fake, k - 1), "is itself"),
        (lambda real, fake, k=3: recall_right(real, fake), "use the k that is passed"),
        (
            lambda real, fake, k=3: (
                (torch.cdist(real, fake) <= radii(real, k)[:, None]).any(1).double().mean()
            ),
            "whose radii",
        ),
        (
            lambda real, fake, k=3: (torch.cdist(real, fake) <= radii(fake, k)).double().mean(),
            "whose radii",
        ),
        (lambda real, fake, k=3: ..., "not attempted"),
    ],
)
def test_recall(attempt, reply):
    assert reply in answer_to(measuring.check_recall, attempt)


def sigma_points(real):
    d = real.shape[1]
    steps = (d**0.5 * root(torch.cov(real.T))).T
    return real.mean(0) + torch.cat([steps, -steps])


@pytest.mark.parametrize(
    ("attempt", "reply"),
    [
        (sigma_points, "more than three points"),
        (lambda real: sigma_points(real).repeat(20, 1), "passed"),
        (lambda real: real, "recall is 1.00"),
        (lambda real: real[:20].repeat(50, 1), "the distance is"),
        (lambda real: real.mean(0).repeat(100, 1), "the distance is"),
        (lambda real: sigma_points(real) * 2, "the distance is"),
        (lambda real: real[:, :3], "as wide as the real ones"),
        (lambda real: real[:4], "not enough for a covariance"),
        (lambda real: ..., "not attempted"),
    ],
)
def test_impostor(attempt, reply):
    assert reply in answer_to(measuring.check_impostor, attempt)


def nearest(train, samples):
    return torch.cdist(samples, train).min(1).values


def copied_right(train, held_out, fake):
    return (nearest(train, fake) < nearest(train, held_out).quantile(0.01)).double().mean().item()


@pytest.mark.parametrize(
    ("attempt", "reply"),
    [
        (lambda x, k: avg_pool2d(x, k), "passed"),
        (
            lambda x, k: interpolate(x, scale_factor=1 / k, mode="bilinear", antialias=True),
            "passed",
        ),
        (lambda x, k: interpolate(x, scale_factor=1 / k, mode="area"), "passed"),
        # published
        (lambda x, k: interpolate(x, scale_factor=1 / k, mode="bilinear"), "became a pattern"),
        (lambda x, k: interpolate(x, scale_factor=1 / k), "became a pattern"),
        (lambda x, k: x[..., ::k, ::k], "became a pattern"),
        (lambda x, k: avg_pool2d(x, k) * 0, "lost its strength"),
        (lambda x, k: avg_pool2d(x, 2 * k), "are (N, C, 8, 8)"),
        (lambda x, k: interpolate(avg_pool2d(x, 16), size=x.shape[-1] // k), "lost its strength"),
        (lambda x, k: ..., "not attempted"),
    ],
)
def test_shrink(attempt, reply):
    assert reply in answer_to(measuring.check_shrink, attempt)


@pytest.mark.parametrize(
    ("attempt", "reply"),
    [
        (copied_right, "passed"),
        (lambda train, held, fake: (nearest(train, fake) == 0).double().mean(), "not found"),
        (
            lambda train, held, fake: (
                (nearest(held, fake) < nearest(held, train).quantile(0.01)).double().mean()
            ),
            "not",
        ),
        (
            lambda train, held, fake: (nearest(train, fake) < 0.1).double().mean(),
            "take the limit from held_out",
        ),
        (
            lambda train, held, fake: (
                (nearest(train, fake) < nearest(train, held).median()).double().mean()
            ),
            "yours is",
        ),
        (
            lambda train, held, fake: (
                (nearest(train, fake) < nearest(train, held).quantile(0.99)).double().mean()
            ),
            "yours",
        ),
        (
            lambda train, held, fake: (
                (nearest(train, fake) < nearest(train, held).min()).double().mean()
            ),
            "fall short of the limit",
        ),
        (lambda train, held, fake: ..., "not attempted"),
    ],
)
def test_copied_share(attempt, reply):
    assert reply in answer_to(measuring.check_copied_share, attempt)
