"""Checkers of lesson 04."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.memorisation import copied_share as true_copied_share
from gan_course.lessons.checking import PASSED, Verdict, apart, checker, not_yet, numbers


@checker
def check_distance_by_hand(answer: object) -> Verdict:
    """Exercise 1: the squared Fréchet distance of Gaussians with means 0, 3 and widths 2, 1."""
    values = numbers(answer, 1)
    if values is None:
        return not_yet("give one number")
    hints = {
        10.0: "",
        9.0: "the means alone give 9; the widths differ too",
        18.0: (
            "those are the variances 4 and 1 subtracted and squared; the formula subtracts the"
            " widths"
        ),
        12.0: "those are the variances subtracted; the formula subtracts the widths, and squares",
        math.sqrt(10): "that is the distance; the one in use is squared",
    }
    for value, hint in hints.items():
        if math.isclose(values[0], value, abs_tol=5e-3):
            return not_yet(hint) if hint else PASSED
    return not_yet(
        "square the difference of the means, square the difference of the widths, and add"
    )


@checker
def check_frechet(frechet: Callable[[Tensor, Tensor], float]) -> Verdict:
    """Exercise 2: the squared Fréchet distance of two sets of feature vectors."""
    # far from commuting with the fake's
    stretch = torch.tensor([3.0, 1.0, 1.0, 0.3, 0.1], dtype=torch.float64)
    real = _vectors(400, 5, seed=0) * stretch
    fake = 1.5 * _vectors(300, 5, seed=1, rotate=True) + 1
    truth, answer = frechet_distance(real, fake), _number(frechet(real, fake))
    if not math.isfinite(answer):
        return not_yet(
            "the result is not finite: a tiny negative eigenvalue has no root, so clamp at zero"
        )
    (mean_r, cov_r), (mean_f, cov_f) = ((part.mean(0), torch.cov(part.T)) for part in (real, fake))
    shift = float((mean_r - mean_f).square().sum())
    rooted = _root(cov_r) @ _root(cov_f)
    commuting = shift + float(cov_r.trace() + cov_f.trace() - 2 * rooted.trace())
    if _near(answer, truth - shift):
        return not_yet("the means do not enter: shift one set, and the distance must grow")
    if _near(answer, truth - shift + math.sqrt(shift)):
        return not_yet("the distance between the means enters squared")
    if _near(answer, truth**0.5):
        return not_yet("that is the root; the measure in use is the squared distance")
    if math.isclose(answer, commuting, rel_tol=1e-4):
        return not_yet(
            "the product of the roots is the root of the product only where the two covariances"
            " commute"
        )
    product = shift + float(
        cov_r.trace() + cov_f.trace() - 2 * _roots_of_eigenvalues(cov_r @ cov_f)
    )
    if _near(answer, product):
        return not_yet(
            "eigvalsh takes its matrix for symmetric, and the product of the covariances is not:"
            " use A S A"
        )
    if not _near(answer, truth):
        return not_yet(f"on two sets of ours the distance is {truth:.2f}, yours is {answer:.2f}")
    # one dimension in five: four eigenvalues are 0, or just below
    flat = real[:, :1] * (stretch + 1)
    try:
        finite = math.isfinite(_number(frechet(flat, fake)))
    except Exception as error:  # of an unclamped root all entries are NaN, which eigvalsh refuses
        if "linalg" not in str(error):
            raise
        finite = False
    if not finite:
        return not_yet(
            "with features that depend on each other your result is not finite: eigenvalues are"
            " then 0, or just below, so clamp before each root"
        )
    if not _near(_number(frechet(flat, fake)), frechet_distance(flat, fake)):
        return not_yet(
            "with features that depend on each other, so that eigenvalues are 0, your result is"
            " wrong"
        )
    return PASSED


@checker
def check_limit(limit: Callable[[Sequence[int], Sequence[float]], float]) -> Verdict:
    """Exercise 3: the distance at infinite N, from distances at several N."""
    ns = [300, 500, 1_000, 2_000]
    values = [2.0 + 900 / n for n in ns]
    answer = _number(limit(ns, values))
    if math.isclose(answer, 900, rel_tol=1e-3):
        return not_yet("that is the slope of the line; where does it meet 1/N = 0?")
    if math.isclose(answer, sum(values) / 4, rel_tol=1e-6):
        return not_yet("a mean over N still has the bias of every one of them")
    if math.isclose(answer, values[-1], rel_tol=1e-6):
        return not_yet(
            "the largest N has the least bias, but it has some: follow the line on to 1/N = 0"
        )
    if not math.isclose(answer, 2.0, abs_tol=1e-6):
        return not_yet(
            f"for 2 + 900 / N the limit is 2, you found {apart(2.0, answer)[1]}: fit a line over"
            " 1/N, not over N"
        )
    bent = _number(limit([100, 200, 400], [5.0, 3.6, 2.4]))
    if not math.isclose(bent, 1.7, abs_tol=0.05):
        return not_yet("three points that do not lie on a line: use least squares over all of them")
    return PASSED


@checker
def check_recall(recall: Callable[..., float]) -> Verdict:
    """Exercise 4: the share of real samples inside some ball of the fakes."""
    real, fake = _vectors(120, 3, seed=2), 0.5 * _vectors(90, 3, seed=3)
    truth = {k: precision_recall(real, fake, k=k) for k in (2, 3, 4)}
    answer = _number(recall(real, fake, 3))
    if _near(answer, truth[3][0]):
        return not_yet(
            "that is precision: recall asks which real samples lie inside balls of the fakes"
        )
    if _near(answer, truth[2][1]):
        return not_yet(
            "the nearest neighbour of a sample in its own set is itself, so the k-th is entry k + 1"
        )
    if not _near(answer, truth[3][1]):
        return not_yet(
            f"on two sets of ours recall is {truth[3][1]:.3f}, yours is {answer:.3f}: whose radii"
            " are they, and does each real sample count once, however many balls it is in?"
        )
    if not _near(_number(recall(real, fake, 4)), truth[4][1]):
        return not_yet("k = 3 is right and k = 4 is not: use the k that is passed")
    return PASSED


@checker
def check_impostor(impostor: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 5: a set with a good Fréchet distance to `real`, and with no recall."""
    real, more = _vectors(1_500, 6, seed=4).split([1_000, 500])
    fake = impostor(real)
    if not isinstance(fake, Tensor) or fake.ndim != 2 or fake.shape[1] != 6:
        return not_yet("return feature vectors (M, d), as wide as the real ones")
    if len(fake) <= 6:
        return not_yet(f"{len(fake)} vectors are not enough for a covariance in 6 dimensions")
    distance, honest = frechet_distance(real, fake), frechet_distance(real, more)
    _, recall = precision_recall(real, fake.to(real.dtype))
    if distance > honest / 2:
        return not_yet(
            f"the distance is {distance:.3f}; 500 new real samples get {honest:.3f}: go below half"
            " of that"
        )
    if recall > 0.1:
        return not_yet(
            f"recall is {recall:.2f}: few spots carry a mean and a covariance, and a ball that"
            " reaches to the third neighbour stays small only where a spot holds more than three"
            " points"
        )
    return PASSED


@checker
def check_shrink(shrink: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Exercise 6: smaller pictures, without false patterns."""
    x = torch.arange(32.0)
    slow = (0.1 * x).sin().expand(1, 3, 32, 32).clone()
    for name, fine in (("columns one wide", x % 2), ("columns three wide", (x % 6 < 3).float())):
        stripes = (2 * fine - 1).expand(1, 3, 32, 32).clone()
        small = shrink(stripes, 4)
        if not isinstance(small, Tensor) or small.shape != (1, 3, 8, 8):
            return not_yet(
                "pictures (N, C, 32, 32) shrunk 4 times are (N, C, 8, 8); yours are"
                f" {_shape(small)}"
            )
        limit = 0.1 if name == "columns one wide" else 0.6
        if float(small.abs().max()) > limit:
            return not_yet(
                f"fine {name} became a pattern of strength {float(small.abs().max()):.2f};"
                f" averaging leaves at most {limit}"
            )
    coarse = shrink(slow, 4)
    truth = slow.unfold(3, 4, 4).mean(-1)[:, :, ::4]
    if not torch.allclose(coarse, truth, atol=0.1):
        return not_yet(
            "a slow wave lost its strength or its place: average over what a pixel covers, and no"
            " more"
        )
    return PASSED


@checker
def check_copied_share(copied_share: Callable[[Tensor, Tensor, Tensor], float]) -> Verdict:
    """Exercise 7: the share of fakes nearer to a training sample than held-out ones are."""
    train, held_out, new = (_vectors(n, 8, seed=seed) for n, seed in ((900, 5), (500, 6), (500, 7)))
    for copies in (0, 100, 500):
        fake = torch.cat([train[:copies] + 1e-3, new[copies:]])
        truth, answer = (
            true_copied_share(train, held_out, fake),
            _number(copied_share(train, held_out, fake)),
        )
        if copies and answer < 0.01:
            return not_yet(
                "near copies are not found: is the limit zero, or taken between the wrong two sets?"
            )
        if abs(answer - truth) > 0.012:
            return not_yet(
                f"with {copies} near copies among 500 it is {truth:.3f}, yours is {answer:.3f}"
            )
    fake = torch.cat([train[:100] + 1e-3, new[100:]])
    wide = _number(copied_share(1_000 * train, 1_000 * held_out, 1_000 * fake))
    if abs(wide - true_copied_share(train, held_out, fake)) > 0.012:
        return not_yet(
            "all distances a thousand times as long, and the share changes: take the limit from"
            " held_out"
        )
    held_out_share = _number(copied_share(train, held_out, held_out))
    if abs(held_out_share - 0.01) > 0.005:
        return not_yet(
            "of the held-out samples themselves 1 % fall short of the limit; of yours it is"
            f" {held_out_share:.1%}"
        )
    return PASSED


def _vectors(n: int, d: int, *, seed: int, rotate: bool = False) -> Tensor:
    mix = torch.randn(
        d, d, generator=torch.Generator().manual_seed(50 + rotate), dtype=torch.float64
    )
    return (
        torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        @ mix
        / d**0.5
    )


def _roots_of_eigenvalues(matrix: Tensor) -> Tensor:
    return torch.linalg.eigvalsh(matrix).clamp_min(0).sqrt().sum()


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def _number(answer: float) -> float:
    return float(answer)


def _near(answer: float, truth: float) -> bool:
    return math.isclose(answer, truth, rel_tol=0.005, abs_tol=1e-9)


def _shape(value: object) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
