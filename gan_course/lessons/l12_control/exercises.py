"""Checkers of lesson 12: what styles control and how to steer and repair them."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_course.evaluation.disentanglement import closed_form_directions
from gan_course.evaluation.disentanglement import interval as interval_of_package
from gan_course.evaluation.disentanglement import slerp as slerp_of_package
from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    apart,
    checker,
    is_empty,
    is_same,
    named_mistake,
    not_yet,
    numbers,
)
from gan_course.training.penalties import path_lengths

LEVELS = {"coarse": [0, 1, 2], "middle": [3, 4], "fine": [5, 6, 7, 8, 9]}


@checker
def check_levels(levels: Mapping[str, Iterable[int]]) -> Verdict:
    """Exercise 1: which styles belong to which resolution."""
    if is_empty(levels):
        return NOT_ATTEMPTED
    if not isinstance(levels, Mapping) or set(levels) != set(LEVELS) or ... in levels.values():
        return not_yet(f"give the numbers of the styles for each of: {', '.join(LEVELS)}")
    answers = {name: sorted(int(style) for style in levels[name]) for name in LEVELS}
    if answers == LEVELS:
        return PASSED
    styles = sorted(style for level in answers.values() for style in level)
    if answers["coarse"] == [0, 1, 2, 3]:
        return not_yet("two layers at 4 px are StyleGAN's; StyleGAN2's constant is followed by one")
    if 0 not in styles:
        return not_yet("count from 0")
    if styles == list(range(9)):
        return not_yet("nine layers, but ten styles: who takes the last one?")
    if styles != list(range(10)):
        return not_yet("each of the ten styles, from 0 to 9, belongs to one level")
    wrong = next(name for name in LEVELS if answers[name] != LEVELS[name])
    return not_yet(
        f"{wrong}: 4 px has one layer, each later resolution two; the last ToRGB is fine"
    )


@checker
def check_chance(chance: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 2: how often two pictures that have nothing to do with each other differ."""
    shares = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    answer, right = float(chance(shares.clone())), 0.62
    if abs(answer - right) < 1e-6:
        even = float(chance(torch.full((8,), 1 / 8, dtype=torch.float64)))
        return (
            PASSED
            if abs(even - 7 / 8) < 1e-6
            else not_yet("right for three values, wrong for eight equal ones: 7/8")
        )
    mistakes = {
        "that is how often they are alike": 1 - right,
        "1 - 1/K holds where all K values are equally common": 2 / 3,
        "that is how often the commonest value is missed": 0.5,
        "that is an entropy, not a probability": float(-(shares * shares.log()).sum()),
    }
    expected, yours = apart(right, answer)
    return named_mistake(mistakes, answer) or not_yet(
        f"for shares of .5, .3 and .2 it is {expected}, yours is {yours}"
    )


@checker
def check_interval(interval: Callable[[float, int], tuple[float, float]]) -> Verdict:
    """Exercise 3: Wilson's interval."""
    answer = numbers(interval(0.2, 25), 2)
    if answer is None:
        return not_yet("return two numbers, the lower end and the upper one")
    low, high = answer
    z, p, n = 1.96, 0.2, 25
    half = z * math.sqrt(p * (1 - p) / n)
    if _near((low, high), interval_of_package(p, n)):
        ends = numbers(interval(0.0, 10), 2)
        if ends is None or not _near(ends, interval_of_package(0.0, 10)):
            return not_yet(
                "right for a share of 0.2; at a share of 0 the upper end is 0.278 for 10 pictures,"
                " not 0"
            )
        return PASSED
    if _near((high, low), interval_of_package(p, n)):
        return not_yet("the lower end comes first")
    if _near((low, high), (p - half, p + half)):
        return not_yet(
            "p +- z sqrt(p (1 - p) / n) is Wald's: at a share of 0 it has no width at all"
        )
    if _near((low, high), interval_of_package(p, n, z=1.0)):
        return not_yet("that is one standard deviation: 95 % need z = 1.96")
    middle = (low + high) / 2
    if abs(middle - (p + z**2 / (2 * n)) / (1 + z**2 / n)) < 1e-6:
        return not_yet(
            "the middle is right; the half width is z sqrt(p (1 - p) / n + z^2 / (4 n^2)) over 1 +"
            " z^2 / n"
        )
    right = ", ".join(f"{end:.4f}" for end in interval_of_package(p, n))
    return not_yet(f"for a share of 0.2 of 25 it is ({right}), yours is ({low:.4f}, {high:.4f})")


@checker
def check_readability(readability: Callable[[Tensor, Tensor], float]) -> Verdict:
    """Exercise 4: a linear reader, judged on codes that it was not fitted to."""
    # with this one, each mistake has a share of its own
    generator = torch.Generator().manual_seed(21)
    codes = torch.randn(160, 20, generator=generator)
    noise = torch.randn(160, 3, generator=generator)
    answers = (codes[:, :3] * torch.tensor([2.0, 1.0, 1.0]) + noise).argmax(1)
    answers = torch.where(answers == 0, 2, torch.where(answers == 2, 0, 1))
    codes = codes + 3
    result = numbers(readability(codes.clone(), answers.clone()), 1)
    if result is None:
        return not_yet("return one number: the share of right answers")
    (answer,) = result

    def share(fit: slice, test: slice, *, bias: bool = True, hot: bool = True) -> float:
        X = torch.cat([codes, torch.ones(160, int(bias))], 1).double()
        Y = one_hot(answers).double() if hot else answers[:, None].double()
        scores = X @ torch.linalg.lstsq(X[fit], Y[fit]).solution
        predictions = scores.argmax(1) if hot else scores[:, 0].round().clamp(0, 2).long()
        return float((predictions == answers)[test].double().mean())

    first, second, both = slice(0, 80), slice(80, 160), slice(0, 160)
    right = share(first, second)
    if abs(answer - right) < 0.015:
        return PASSED
    mistakes = {
        "it is judged on the codes that it was fitted to: fit the first half, judge the second": (
            share(first, first)
        ),
        "it is fitted to all codes and judged on them": share(both, both),
        "it was fitted to the codes that it is judged on, too": share(both, second),
        "the other way round: fit the first half, judge the second": share(second, first),
        "the column of ones is missing: without it each plane passes through the origin": share(
            first, second, bias=False
        ),
        "kinds are not amounts: regress to one column for each answer (one-hot), and take the"
        " largest": share(first, second, hot=False),
        "that is the share of wrong answers": 1 - right,
    }
    return named_mistake(mistakes, answer, 0.004) or not_yet(
        f"for the checker's codes it is {right:.3f}, yours is {answer:.3f}"
    )


@checker
def check_slerp(slerp: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 5: along the great circle."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 6, 5, generator=generator, dtype=torch.float64)
    a, t = 3 * a, torch.tensor([0.0, 0.1, 0.25, 0.5, 0.8, 1.0], dtype=torch.float64)
    answer = slerp(a.clone(), b.clone(), t.clone())
    if not torch.is_tensor(answer) or answer.shape != a.shape:
        return not_yet("return a tensor of the shape of a")
    right, column = slerp_of_package(a, b, t), t[:, None]
    if is_same(answer, right):
        return PASSED
    unit_a, unit_b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    straight = torch.lerp(unit_a, unit_b, column)
    mistakes = {
        "a straight line leaves the sphere, and cuts through the region where no z lies": (
            torch.lerp(a, b, column)
        ),
        "a straight line between unit vectors is shorter than 1 on its way": straight,
        "on the circle, but not at an even pace: t is a share of the angle": (
            straight / straight.norm(dim=1)[:, None]
        ),
        "b comes first": slerp_of_package(b, a, t),
    }
    for reason, wrong in mistakes.items():
        if is_same(answer, wrong):
            return not_yet(reason)
    cosine = (a * b).sum(1, keepdim=True).clamp(-1, 1)
    angle = cosine.acos()
    raw = (torch.sin((1 - column) * angle) * a + torch.sin(column * angle) * b) / torch.sin(angle)
    if is_same(torch.nan_to_num(answer), torch.nan_to_num(raw)):
        return not_yet("the angle is that of unit vectors: divide a and b by their lengths first")
    lengths = answer.norm(dim=1)
    if (lengths - 1).abs().max() > 1e-6:
        return not_yet(
            f"points of the sphere have length 1, yours go from {lengths.min():.2f} to"
            f" {lengths.max():.2f}"
        )
    return not_yet("of length 1, but not at the share t of the angle between a and b")


@checker
def check_directions(directions: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Exercise 6: directions without labels."""
    generator = torch.Generator().manual_seed(0)
    weights = (
        torch.randn(12, 5, generator=generator) * torch.tensor([0.3, 2.0, 1.0, 0.5, 1.4]) + 0.6
    )
    answer = directions(weights.clone(), 2)
    if not torch.is_tensor(answer) or answer.shape != (2, 5):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        if shape == (2, 12):
            return not_yet(
                "those live among the styles: decompose weights^T weights, not weights weights^T"
            )
        return not_yet(
            f"two directions in a w of 5 numbers are (2, 5), one a row; yours are {shape}"
        )
    answer = answer.double()
    if (answer.norm(dim=1) - 1).abs().max() > 1e-4:
        return not_yet("a direction has length 1")
    _, vectors = torch.linalg.eigh(weights.double().T @ weights.double())
    centred = weights.double() - weights.double().mean(0)
    _, around_mean = torch.linalg.eigh(centred.T @ centred)
    mistakes = {
        "": closed_form_directions(weights, 2).double(),
        "eigh sorts from small to large: these change the styles least": vectors[:, :2].T,
        "the right two, the weaker first": vectors[:, -2:].T,
        "the eigenvectors are the columns, not the rows": vectors[-2:].flip(0),
        "the eigenvectors are the columns, not the rows, and the strongest come last": vectors[:2],
        "that is PCA, around the mean row: nothing is subtracted in equation 5": (
            around_mean.flip(1)[:, :2].T
        ),
    }
    for reason, expected in mistakes.items():
        if ((answer * expected).sum(1).abs() - 1).abs().max() < 1e-4:  # the sign is free
            return not_yet(reason) if reason else PASSED
    return not_yet(
        "they do not change the styles most: the largest |weights n| over all n of length 1"
    )


def _near(a: Iterable[float], b: Iterable[float]) -> bool:
    return all(abs(x - y) < 1e-5 for x, y in zip(a, b, strict=True))


SPREADS = {
    "channels that are independent": "1",
    "the same, with every style times 5": "1",
    "the same, three times as strong": "3",
    "one pattern in all channels": "it depends",
    "the same, but for one pixel at 1000: what is far from it": "1",
}


@checker
def check_demodulated(demodulated: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 7: the weights of a modulated, demodulated convolution."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 4, 3, 3, generator=generator, dtype=torch.float64)
    style = torch.randn(2, 4, generator=generator, dtype=torch.float64) * 3
    answer = demodulated(weight.clone(), style.clone())
    if not torch.is_tensor(answer) or answer.shape != (2, 4, 4, 3, 3):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(
            "each picture has weights of its own: (2, 4, 4, 3, 3) for the checker, yours are"
            f" {shape}"
        )

    def scale(
        dims: tuple[int, ...] | None, *, onto: Literal["in", "out"] = "in", root: bool = True
    ) -> Tensor:
        w = weight * (
            style[:, None, :, None, None] if onto == "in" else style[:, :, None, None, None]
        )
        if dims is None:
            return w
        total = w.square().sum(dims, keepdim=True) + 1e-8
        return w * (total.rsqrt() if root else 1 / total)

    if is_same(answer, scale((2, 3, 4))):
        return PASSED
    mistakes = {
        "modulated, and not demodulated": scale(None),
        "the style scales the *input* channels, axis 1 of the weights": scale(
            (2, 3, 4), onto="out"
        ),
        "the sum runs over the input channels and the kernel, not over the output channels": scale(
            (1, 2, 3, 4)
        ),
        "one norm for all pictures: each has its own style": scale((0, 1, 2, 3, 4)),
        "the sum runs over the input channels too, not over the kernel alone": scale((3, 4)),
        "the sum runs over the kernel too": scale((2,)),
        "divided by the sum of squares, not by its root": scale((2, 3, 4), root=False),
        "that normalises the input channels: axes 1, 3 and 4": scale((1, 3, 4)),
        "the mean of squares, not their sum: the output would be too strong by the root of the fan"
        " in": scale((2, 3, 4)) * math.sqrt(36),
    }
    for reason, wrong in mistakes.items():
        if is_same(answer, wrong):
            return not_yet(reason)
    lengths = answer.square().sum((2, 3, 4))
    return not_yet(
        "the weights of every output have a sum of squares of 1; your first has"
        f" {lengths[0, 0]:.3f}"
    )


@checker
def check_spreads(spreads: Mapping[str, str]) -> Verdict:
    """Exercise 8: where the statistical assumption holds."""
    if is_empty(spreads):
        return NOT_ATTEMPTED
    if not isinstance(spreads, Mapping) or set(spreads) != set(SPREADS) or ... in spreads.values():
        return not_yet("give an answer for each of the five")
    answers = {name: " ".join(str(word).split()).lower() for name, word in spreads.items()}
    if not set(answers.values()) <= {"1", "3", "5", "it depends"}:
        return not_yet('each answer is "1", "3", "5" or "it depends"')
    hints = dict(
        zip(
            SPREADS,
            (
                "each output adds up independent terms, whose variances add: sum of w^2 times 1",
                "the factor 5 is in the weights, and demodulation divides it out",
                "demodulation knows the weights only: what it is not told, it cannot undo",
                (
                    "then the terms do not average out: it is the sum of the weights that counts,"
                    " not of their squares"
                ),
                "nothing is measured: what is far from the pixel does not know of it",
            ),
            strict=True,
        )
    )
    wrong = [name for name in SPREADS if answers[name] != SPREADS[name]]
    return not_yet(hints[wrong[0]]) if wrong else PASSED


@checker
def check_path_penalty(path_penalty: Callable[..., Tensor]) -> Verdict:
    """Exercise 9: the path-length penalty, and what the published one lacks."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 48, generator=generator, dtype=torch.float64).requires_grad_()
    ws = torch.randn(5, 2, 3, generator=generator, dtype=torch.float64).requires_grad_()
    noise = torch.randn(5, 3, 4, 4, generator=generator, dtype=torch.float64)
    mean = torch.tensor(0.7, dtype=torch.float64)

    def images() -> Tensor:
        layers = ws * torch.tensor([1.0, 0.5], dtype=torch.float64)[:, None]
        return torch.tanh(layers.sum(1) @ weight).view(5, 3, 4, 4)

    answer = path_penalty(images(), ws, noise, mean)
    if not torch.is_tensor(answer) or answer.ndim:
        return not_yet("return one number, as a tensor of shape ()")

    def slopes(scale: float) -> Tensor:
        return torch.autograd.grad((images() * noise).sum() * scale, ws)[0]

    lengths = path_lengths(images(), ws, noise=noise).detach()
    right = (lengths - mean).square().mean()
    if is_same(answer, right):
        if not answer.requires_grad:
            return not_yet(
                "the value is right and has no graph: it regularises nothing. create_graph=True"
            )
        (slope,) = torch.autograd.grad(answer, weight, allow_unused=True)
        if slope is None or slope.abs().max() == 0:
            return not_yet(
                "the value is right, but its gradient does not reach the generator's weights"
            )
        return PASSED
    slope, raw = slopes(0.25), slopes(1.0)
    mistakes = {
        "as published: the mean is subtracted from every component; it belongs to the length": (
            (raw - mean).square().mean()
        ),
        "the mean is subtracted from every component; it belongs to the length": (
            (slope - mean).square().mean()
        ),
        "divide by the root of H W, or the length depends on the resolution": (
            (raw.square().sum(2).mean(1).sqrt() - mean).square().mean()
        ),
        "the mean square over layers, not the sum": (
            (slope.square().sum((1, 2)).sqrt() - mean).square().mean()
        ),
        "the root is missing: a length, not its square": (
            (slope.square().sum(2).mean(1) - mean).square().mean()
        ),
        "one length for each picture, not one for the batch": (
            (slope.square().sum(2).mean().sqrt() - mean).square()
        ),
        "the penalty is a square: lengths below the mean cost, too": (lengths - mean).mean(),
        "that pulls lengths to 0; the penalty pulls them to their mean": lengths.square().mean(),
    }
    value = float(answer.detach())
    return named_mistake(
        {reason: float(wrong.detach()) for reason, wrong in mistakes.items()}, value
    ) or not_yet(f"for the checker's generator it is {right:.4f}, yours is {value:.4f}")
