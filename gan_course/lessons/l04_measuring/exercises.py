"""Checkers of lesson 04, and their hints."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.memorisation import copied_share as true_copied_share
from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    compare_pairs,
    judge,
    judge_experiment,
    judge_number,
    not_yet,
    outside,
    show_hint,
)

HINTS = {
    "distance_by_hand": (
        "two things of the Gaussians differ, and both differences enter squared",
        "a variance is the square of a width: which of the two does the formula subtract?",
    ),
    "frechet": (
        "means and covariances first; only the root of a product is hard",
        "with A the root of one covariance, A S A is symmetric and has the eigenvalues you need",
        "V sqrt(L) V' is the root of a matrix V L V'; clamp L at 0 before each root",
    ),
    "recall": (
        "which samples are asked about, and around which samples do the balls lie?",
        "the radius is the distance from a fake to its k-th nearest other fake",
        "a real sample counts once if any ball holds it",
    ),
    "copied_share": (
        "two distances to the training set are compared: of the fakes, and of whom?",
        "held-out samples are new, and yet some are near to a training sample by chance",
        "the limit is what 1 % of the held-out distances fall short of",
    ),
    "limit": (
        "draw the values over 1/N, not over N: they lie on a line there",
        "a least-squares line has the slope cov(x, y) / var(x) and goes through both means",
        "you want its height at x = 0",
    ),
    "impostor": (
        "the points mu ± sqrt(d) a_i, with a_i the columns of the covariance's root, have its"
        " mean and covariance",
        "how many points is that, and how large is the ball around a spot that holds only one?",
        "the ball reaches to the third neighbour. What if that one sits on the same spot?",
    ),
    "shrink": (
        "at a quarter of the size, how many pixels of the old picture does bilinear look at?",
        "every old pixel should count, in the new one that it falls into",
        "a pooling layer does just that; so does one more argument of `interpolate`",
    ),
    "as_jpeg": (
        "the same pictures in both arms, so that storage is all that differs",
        "`features_of(reader, pictures)` takes uint8 pictures (N, 1, H, W), as they were",
        "three sets, each compared with itself",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_distance_by_hand(answer: object) -> Verdict:
    """Exercise 1: the squared Fréchet distance of Gaussians with means 0, 3 and widths 2, 1."""
    return judge_number(
        answer,
        10.0,
        {
            "the means alone give 9; the widths differ too": 9.0,
            "those are the variances 4 and 1 subtracted and squared; the formula subtracts the"
            " widths": 18.0,
            "those are the variances subtracted; the formula subtracts the widths, and squares": (
                12.0
            ),
            "that is the distance; the one in use is squared": math.sqrt(10),
        },
        "two differences enter, and both are squared: of what?",
    )


@checker
def check_frechet(frechet: Callable[[Tensor, Tensor], float]) -> Verdict:
    """Exercise 2: the squared Fréchet distance of two sets of feature vectors."""
    # Far from commuting with the fake's; few enough that N and N - 1 differ
    stretch = torch.tensor([3.0, 1.0, 1.0, 0.3, 0.1], dtype=torch.float64)
    real = _vectors(40, 5, seed=0) * stretch
    fake = 1.5 * _vectors(30, 5, seed=1, rotate=True) + 1
    flat = real[:, :1] * (stretch + 1)
    return judge(
        frechet,
        frechet_distance,
        {
            "on two sets of ours": (real, fake),
            "on two others": (fake[:12, 1:4] - 2, real[:20, 1:4]),
            "with features that depend on each other, whose eigenvalues of 0 may come out just"
            " below": (flat, fake),
            "for two large and nearly equal sets of float32": (
                (100 * real).float(),
                (100.1 * real).float(),
            ),
        },
        mistakes={
            "the means do not enter: shift one set, and the distance must grow": (
                lambda real, fake: frechet_distance(real - real.mean(0), fake - fake.mean(0))
            ),
            "the distance between the means enters squared": lambda real, fake: (
                _frechet(real, fake) - _shift(real, fake) + _shift(real, fake).sqrt()
            ),
            "that is the root; the measure in use is the squared distance": (
                lambda real, fake: frechet_distance(real, fake) ** 0.5
            ),
            "the covariances are divided by N; torch.cov and the measure in use divide by N - 1": (
                partial(_frechet, correction=0)
            ),
            "the product of the roots is the root of the product only where the two covariances"
            " commute": partial(_frechet, middle=lambda a, b: (_root(a) @ _root(b)).trace()),
            "eigvalsh takes its matrix for symmetric, and the product of the covariances is not": (
                partial(_frechet, middle=lambda a, b: _roots_of_eigenvalues(a @ b))
            ),
            "the root of a matrix is not the root of each entry": partial(
                _frechet, middle=lambda a, b: (a @ b).abs().sqrt().trace()
            ),
            "the cross term counts twice": partial(
                _frechet, middle=lambda a, b: _roots_of_eigenvalues(_root(a) @ b @ _root(a)) / 2
            ),
            "digits are lost: the distance is a small difference of large numbers, so turn the sets"
            " to float64 first": _frechet,
        },
    )


@checker
def check_limit(limit: Callable[[Sequence[int], Sequence[float]], float]) -> Verdict:
    """Exercise 5: the distance at infinite N, from distances at several N."""
    ns = [300, 500, 1_000, 2_000]
    return judge(
        limit,
        _limit,
        {
            "for 2 + 900 / N": (ns, [2.0 + 900 / n for n in ns]),
            "for 7 - 80 / N": (ns[1:], [7.0 - 80 / n for n in ns[1:]]),
            "for three points that do not lie on a line": ([100, 200, 400], [5.0, 3.6, 2.4]),
        },
        mistakes={
            "that is the slope of the line; where does it meet 1/N = 0?": (
                lambda ns, values: _fit([1 / n for n in ns], values)[0]
            ),
            "that line is fitted over N; over which axis is the bias a line?": (
                lambda ns, values: _fit(ns, values)[1]
            ),
            "a mean over N still has the bias of every one of them": (
                lambda ns, values: sum(values) / len(values)
            ),
            "the largest N has the least bias, but it has some: follow the line on to 1/N = 0": (
                lambda ns, values: values[-1]
            ),
            "three points that do not lie on a line: use least squares over all of them": (
                lambda ns, values: _limit(ns[::2], values[::2]),
                lambda ns, values: _limit([ns[0], ns[-1]], [values[0], values[-1]]),
                lambda ns, values: _limit(ns[-2:], values[-2:]),
                lambda ns, values: _limit(ns[:2], values[:2]),
            ),
        },
        form="one number",
        rtol=1e-6,
    )


@checker
def check_recall(recall: Callable[..., float]) -> Verdict:
    """Exercise 3: the share of real samples inside some ball of the fakes."""
    real, fake = _vectors(120, 3, seed=2), 0.5 * _vectors(90, 3, seed=3)
    return judge(
        recall,
        _recall,
        {
            "with k = 3": (real, fake, 3),
            "with k = 4": (real, fake, 4),
            "with k = 2, and the sets exchanged": (fake, real[:60], 2),
        },
        mistakes={
            "that is precision: recall asks which real samples lie inside balls of the fakes": (
                lambda real, fake, k: precision_recall(real, fake, k=k)[0]
            ),
            "k = 3 is right, and another k is not: use the k that is passed": (
                lambda real, fake, k: _recall(real, fake, 3)
            ),
            "the nearest neighbour of a sample in its own set is itself: which is the k-th?": (
                lambda real, fake, k: _recall(real, fake, k - 1)
            ),
            "whose radii are they? The balls lie around the fakes": lambda real, fake, k: (
                (torch.cdist(real, fake) <= _radii(real, k)[:, None]).any(1).double().mean()
            ),
            "each real sample counts once, however many balls it is in": lambda real, fake, k: (
                (torch.cdist(real, fake) <= _radii(fake, k)).double().mean()
            ),
        },
        form="one number: a share of the real samples",
    )


@checker(draws=True)
def check_impostor(impostor: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 6: a set with a good Fréchet distance to `real`, and with no recall."""
    for d in (6, 3):
        real, more = (_vectors(1_000, d, seed=4) + torch.arange(d)).split([500, 500])
        fake = torch.as_tensor(impostor(real)).double()
        if fake.ndim != 2 or fake.shape[1] != d:
            return not_yet(
                f"return feature vectors (M, d), here of width {d}; yours have the shape"
                f" {tuple(fake.shape)}"
            )
        if len(fake) <= d:
            return not_yet(f"{len(fake)} vectors are not enough for a covariance in {d} dimensions")
        distance, honest = frechet_distance(real, fake), frechet_distance(real, more)
        _, recall = precision_recall(real, fake)
        if distance > honest / 2:
            return not_yet(
                f"in {d} dimensions the distance is {distance:.3f}; 500 new real samples get"
                f" {honest:.3f}: go below half of that"
            )
        if recall > 0.1:
            return not_yet(
                f"in {d} dimensions recall is {recall:.2f}, where 0.1 is allowed: how large are the"
                " balls around your points, and whom do they reach?"
            )
    return PASSED


@checker
def check_shrink(shrink: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Exercise 7: smaller pictures, without false patterns."""
    channels = torch.tensor([1.0, -0.5, 0.25]).view(1, 3, 1, 1)
    columns = torch.arange(32.0).expand(24, 32)
    rows = torch.arange(24.0)[:, None].expand(24, 32)
    for times, width, most in ((4, 1, 0.1), (4, 3, 0.6), (2, 1, 0.2)):
        for way, place in (("columns", columns), ("rows", rows)):
            stripes = (2.0 * (place % (2 * width) < width) - 1) * channels
            small, new = torch.as_tensor(shrink(stripes, times)), (1, 3, 24 // times, 32 // times)
            if small.shape != new:
                return not_yet(
                    f"pictures (1, 3, 24, 32) shrunk {times} times are {new}; yours are"
                    f" {tuple(small.shape)}"
                )
            if small.abs().max() > most:
                return not_yet(
                    f"fine {way} {width} wide, shrunk {times} times, became a pattern of strength"
                    f" {small.abs().max():.2f}: does every old pixel count, where it falls, and"
                    " only there?"
                )
            wave = (0.1 * place).sin() * channels
            small = torch.as_tensor(shrink(wave, times)).double()
            if (small - avg_pool2d(wave, times)).abs().max() > 0.1:
                return not_yet(
                    "a slow wave lost its strength, its place or its colour: average over what a"
                    " pixel covers, each channel for itself"
                )
    dot = torch.zeros(1, 3, 24, 24)
    dot[..., 13, 13] = 1.0
    small = torch.as_tensor(shrink(dot, 4))
    if small[0, 0, 3, 3] < small[0, 0].sum() / 2:
        return not_yet(
            "a bright dot spreads over several new pixels: the window is wider than a pixel"
        )
    return PASSED


@checker
def check_copied_share(copied_share: Callable[[Tensor, Tensor, Tensor], float]) -> Verdict:
    """Exercise 4: the share of fakes nearer to a training sample than held-out ones are."""
    train = _vectors(300, 8, seed=5)
    held_out = 1.4 * _vectors(501, 8, seed=6)  # at 501 the 1 % quantile is an entry, by any rule
    steps = torch.linspace(0, 1.5, 300, dtype=torch.float64)[:, None]
    away = _vectors(300, 8, seed=7)
    fake = train + steps * away / away.norm(dim=1, keepdim=True)
    return judge(
        copied_share,
        true_copied_share,
        {
            "for fakes at many distances": (train, held_out, fake),
            "at distances a thousand times as long": (
                1_000 * train[50:],
                1_000 * held_out,
                1_000 * fake[80:],
            ),
        },
        mistakes={
            "only exact copies are found: how near may a new sample come by chance?": (
                lambda train, held_out, fake: (_nearest(train, fake) == 0).double().mean()
            ),
            "the limit is taken from the training samples among themselves; who is new, and still"
            " near?": lambda train, held_out, fake: _share(train, fake, _among(train)),
            "the limit is taken from the held-out samples among themselves; copies are copies of"
            " training samples": lambda train, held_out, fake: _share(
                train, fake, _among(held_out)
            ),
            "the two sets are exchanged: how near do held-out samples come to training ones?": (
                lambda train, held_out, fake: _share(train, fake, _nearest(held_out, train)),
                lambda train, held_out, fake: _share(held_out, fake, _nearest(train, held_out)),
                lambda train, held_out, fake: _share(held_out, fake, _nearest(held_out, train)),
            ),
            "that limit is not the one that 1 % of the held-out distances fall short of": (
                lambda train, held_out, fake: _share(train, fake, _nearest(train, held_out), 0.0),
                lambda train, held_out, fake: _share(train, fake, _nearest(train, held_out), 0.5),
                lambda train, held_out, fake: _share(train, fake, _nearest(train, held_out), 0.99),
            ),
        },
        form="one number: a share of the fakes",
    )


@checker
def check_as_jpeg(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 8: what does storage as JPEG do to the Fréchet distance?"""
    return judge_experiment(
        experiment,
        settings=("as they are", "JPEG"),
        n_runs=3,
        says=lambda figures: compare_pairs(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 1e4),
        look="compare run by run",
    )


def _vectors(n: int, d: int, *, seed: int, rotate: bool = False) -> Tensor:
    sources = (torch.Generator().manual_seed(one) for one in (50 + rotate, seed))
    mix, vectors = (
        torch.randn(rows, d, generator=source, dtype=torch.float64)
        for rows, source in zip((d, n), sources, strict=True)
    )
    return vectors @ mix / d**0.5


def _shift(real: Tensor, fake: Tensor) -> Tensor:
    return (real.mean(0) - fake.mean(0)).square().sum()


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def _roots_of_eigenvalues(matrix: Tensor) -> Tensor:
    return torch.linalg.eigvalsh(matrix).clamp_min(0).sqrt().sum()


def _frechet(
    real: Tensor,
    fake: Tensor,
    *,
    correction: int = 1,
    middle: Callable[[Tensor, Tensor], Tensor] = lambda a, b: _roots_of_eigenvalues(
        _root(a) @ b @ _root(a)
    ),
) -> Tensor:
    """The squared Fréchet distance in the precision of the sets, or with a mistake in it."""
    a, b = (torch.cov(part.T, correction=correction) for part in (real, fake))
    return _shift(real, fake) + a.trace() + b.trace() - 2 * middle(a, b)


def _fit(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Slope and height at 0 of the least-squares line."""
    x, y = (torch.tensor(values, dtype=torch.float64) for values in (xs, ys))
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return float(slope), float(y.mean() - slope * x.mean())


def _limit(ns: Sequence[int], values: Sequence[float]) -> float:
    return _fit([1 / n for n in ns], values)[1]


def _recall(real: Tensor, fake: Tensor, k: int) -> float:
    return precision_recall(real, fake, k=k)[1]


def _radii(samples: Tensor, k: int) -> Tensor:
    return torch.cdist(samples, samples).kthvalue(k + 1).values


def _nearest(train: Tensor, samples: Tensor) -> Tensor:
    return torch.cdist(samples, train).min(1).values


def _among(samples: Tensor) -> Tensor:
    """The distance of each sample to the nearest other one."""
    return torch.cdist(samples, samples).kthvalue(2).values


def _share(train: Tensor, fake: Tensor, distances: Tensor, quantile: float = 0.01) -> Tensor:
    return (_nearest(train, fake) < distances.quantile(quantile)).double().mean()
