"""Checkers of lesson 12, on what styles control and how they are steered, and their hints."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_course.evaluation.disentanglement import closed_form_directions
from gan_course.evaluation.disentanglement import slerp as slerp_of_package
from gan_course.lessons.checking import (
    Verdict,
    checker,
    judge,
    judge_experiment,
    judge_table,
    show_hint,
)

TO_RGB = {"4 px": 1, "8 px": 3, "16 px": 5, "32 px": 7, "64 px": 9}  # the slots of ToRGBs

HINTS = {
    "to_rgb": (
        "write the sizes of the layers side by side and number them from 0",
        "which layer comes after the last one of a resolution?",
        "one slot more than there are layers: the last ToRGB has it to itself",
    ),
    "chance": (
        "when are two pictures alike in the factor?",
        "both have value k with probability p_k times p_k",
    ),
    "interval": (
        "the formula stands above: a middle and a half width, both over the same denominator",
        "try a share of 0: the lower end is 0, and the upper one is not",
    ),
    "readability": (
        "two halves: one is fitted, and only the other is judged",
        "X has a column of ones, Y a column for each answer, and the largest score wins",
        "the fit sees X[:half] and Y[:half], the prediction X[half:]",
    ),
    "slerp": (
        "first make a and b unit vectors, row by row",
        "the angle is the arc cosine of the sum of a * b over each row; t needs a second axis",
    ),
    "directions": (
        "|weights n| is largest along eigenvectors of weights^T weights",
        "flip, then take n columns, then turn columns into rows",
    ),
    "demodulated": (
        "the style belongs to the input channels: which axis of the weights is that?",
        "each output of each picture is normalised by itself: sum over what is left of its weights",
        "style[:, None, :, None, None], and a sum over the last three axes with keepdim=True",
    ),
    "alike": (
        "weights of (64, 32, 3, 3) give 64 channels at once: divide each by the root of its sum of"
        " squares",
        "one pattern in all channels: noise[:, :1].expand(-1, 32, -1, -1)",
        "look at the mean of the squared spreads, and then at the smallest and the largest one",
    ),
    "path_penalty": (
        "what does autograd.grad leave out unless it is told that its result will be derived, too?",
        "first a length for each picture, then the mean is taken off, then the square",
        "the sum over the numbers of w, the mean over the slots of ws, then the root",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_to_rgb(to_rgb: Mapping[str, int]) -> Verdict:
    """Exercise 1: which slot drives the ToRGB of each resolution."""
    clues = {
        "4 px": "4 px: one layer works there; which one comes next, counted from 0?",
        "64 px": "64 px: no layer comes next. How many slots do the nine layers have?",
    } | {
        f"{side} px": f"{side} px: the ToRGB comes behind the second layer of {side} px; which slot"
        " has the layer that follows?"
        for side in (8, 16, 32)
    }
    return judge_table(to_rgb, TO_RGB, clues, words=range(11))


@checker
def check_chance(chance: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 2: how often two pictures that have nothing to do with each other differ."""

    def shares(*values: float) -> tuple[Tensor]:
        return (torch.tensor(values, dtype=torch.float64),)

    return judge(
        chance,
        lambda shares: 1 - shares.square().sum(),
        {
            "for shares of 0.5, 0.3 and 0.2": shares(0.5, 0.3, 0.2),
            "for eight equal shares": shares(*[1 / 8] * 8),
        },
        mistakes={
            "that is how often they are alike": lambda shares: shares.square().sum(),
            "1 - 1/K holds where all K values are equally common": lambda shares: (
                1 - 1 / len(shares)
            ),
            "that is how often the commonest value is missed": lambda shares: 1 - shares.max(),
            "that is an entropy, not a probability": lambda shares: -(shares * shares.log()).sum(),
        },
    )


def _wilson(share: float, n: int, z: float) -> tuple[float, float]:
    middle, half = share + z**2 / (2 * n), share * (1 - share) / n + z**2 / (4 * n**2)
    reach, whole = z * math.sqrt(half), 1 + z**2 / n
    return (middle - reach) / whole, (middle + reach) / whole


def _wald(share: float, n: int, z: float) -> tuple[float, float]:
    half = z * math.sqrt(share * (1 - share) / n)
    return share - half, share + half


@checker
def check_interval(interval: Callable[[float, int, float], tuple[float, float]]) -> Verdict:
    """Exercise 3: Wilson's interval."""

    def of_wald(share: float, n: int, z: float) -> tuple[float, float]:
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        low, high = _wald(share, n, z)
        return middle + low - share, middle + high - share

    return judge(
        interval,
        _wilson,
        {
            "for a share of 0.2 of 25 pictures": (0.2, 25, 1.96),
            "for a share of 0 of 10": (0.0, 10, 1.96),
            "for a share of 0.7 of 40, with z = 2.58": (0.7, 40, 2.58),
        },
        mistakes={
            "the lower end comes first": lambda *given: _wilson(*given)[::-1],
            "p +- z sqrt(p (1 - p) / n) is Wald's: at a share of 0 it has no width at all": _wald,
            "that is one standard deviation: use the z that is handed in": (
                lambda share, n, z: _wilson(share, n, 1.0)
            ),
            "`z` is an argument, and not always 1.96": lambda share, n, z: _wilson(share, n, 1.96),
            "the middle is right, and the half width is Wald's": of_wald,
        },
        names=("lower", "upper"),
    )


def _readability(
    codes: Tensor,
    answers: Tensor,
    *,
    fit: str = "first",
    test: str = "second",
    bias: int = 1,
    hot: bool = True,
) -> Tensor:
    half = len(codes) // 2
    parts = {"first": slice(half), "second": slice(half, None), "all": slice(None)}
    X = torch.cat([codes, torch.ones(len(codes), bias)], 1).double()
    Y = one_hot(answers).double() if hot else answers[:, None].double()
    scores = X @ torch.linalg.lstsq(X[parts[fit]], Y[parts[fit]]).solution
    predictions = scores.argmax(1) if hot else scores[:, 0].round().clamp(0, answers.max()).long()
    return (predictions == answers)[parts[test]].double().mean()


@checker
def check_readability(readability: Callable[[Tensor, Tensor], float]) -> Verdict:
    """Exercise 4: a linear reader, judged on codes that it was not fitted to."""

    def case(seed: int, n: int, width: int, kinds: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        codes = torch.randn(n, width, generator=generator)
        strength = torch.linspace(2, 1, kinds)
        noise = torch.randn(n, kinds, generator=generator)
        order = torch.randperm(kinds, generator=generator)
        answers = order[(codes[:, :kinds] * strength + noise).argmax(1)]
        return codes * torch.linspace(0.2, 2, width) + 1, answers  # another scale for each number

    return judge(
        readability,
        _readability,
        {"for three answers": case(5, 600, 40, 3), "for five answers": case(17, 800, 30, 5)},
        mistakes={
            "it is judged on the codes that it was fitted to": partial(_readability, test="first"),
            "it is fitted to all codes and judged on them": partial(
                _readability, fit="all", test="all"
            ),
            "it was fitted to the codes that it is judged on, too": partial(
                _readability, fit="all"
            ),
            "the other way round: fit the first half, judge the second": partial(
                _readability, fit="second", test="first"
            ),
            "the column of ones is missing: without it each plane passes through the origin": (
                partial(_readability, bias=0)
            ),
            "kinds are not amounts: a column of Y for each answer, and the largest wins": partial(
                _readability, hot=False
            ),
            "that is the share of wrong answers": lambda *given: 1 - _readability(*given),
        },
        rtol=5e-3,  # a picture or two, for other solvers
    )


@checker
def check_slerp(slerp: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 5: along the great circle."""

    def case(n: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        t = torch.linspace(0, 1, n, dtype=torch.float64) ** 1.5
        return 3 * _randn(n, width), _randn(n + 1, width)[1:], t

    def unit(x: Tensor) -> Tensor:
        return x / x.norm(dim=1, keepdim=True)

    def straight(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
        return torch.lerp(a, b, t[:, None])

    def raw(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
        """Of vectors that are no unit vectors."""
        angle, t = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos(), t[:, None]
        return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)

    def own_angle(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
        """The angle of unit vectors, and then a and b as they are."""
        angle, t = (unit(a) * unit(b)).sum(1, keepdim=True).acos(), t[:, None]
        return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)

    return judge(
        slerp,
        slerp_of_package,
        {"for six vectors": case(6, 5), "for four others": case(4, 3)},
        mistakes={
            "a straight line leaves the sphere, and cuts through the region where no z lies": (
                straight
            ),
            "a straight line between unit vectors is shorter than 1 on its way": (
                lambda a, b, t: straight(unit(a), unit(b), t)
            ),
            "on the circle, but not at an even pace: t is a share of the angle": (
                lambda a, b, t: unit(straight(unit(a), unit(b), t))
            ),
            "b comes first": lambda a, b, t: slerp_of_package(b, a, t),
            "the angle is that of unit vectors: divide a and b by their lengths first": raw,
            "the angle is right; points of the sphere have length 1, whatever a and b have": (
                own_angle
            ),
            "one t for all rows: each has its own": lambda a, b, t: slerp_of_package(
                a, b, t[:1].expand_as(t)
            ),
        },
    )


@checker
def check_directions(directions: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Exercise 6: directions without labels."""

    def eigenvectors(weights: Tensor) -> Tensor:
        return torch.linalg.eigh(weights.T @ weights)[1]

    def planes(answer: object, weights: Tensor, n: int) -> object:
        """Each direction times itself, which is free of its sign."""
        if not isinstance(answer, Tensor | np.ndarray) or answer.ndim != 2:
            return answer
        rows = torch.as_tensor(answer)
        return rows[:, :, None] * rows[:, None]

    scales = torch.tensor([0.3, 2.0, 1.0, 0.5, 1.4, 0.2, 0.7], dtype=torch.float64)
    return judge(
        directions,
        closed_form_directions,
        {
            "for a w of 5 numbers": (_randn(12, 5) * scales[:5] + 0.6, 2),
            "for a w of 7": (_randn(9, 7) * scales + 0.4, 3),
        },
        mistakes={
            "eigh sorts from small to large: these change the styles least": (
                lambda weights, n: eigenvectors(weights)[:, :n].T
            ),
            "the right ones, the weaker first": lambda weights, n: eigenvectors(weights)[:, -n:].T,
            "the eigenvectors are the columns, not the rows": (
                lambda weights, n: eigenvectors(weights)[-n:].flip(0),
                lambda weights, n: eigenvectors(weights)[:n],
                lambda weights, n: eigenvectors(weights).flip(1)[:n],
                lambda weights, n: eigenvectors(weights)[-n:],
            ),
            "that is PCA, around the mean row: nothing is subtracted in equation 5": (
                lambda weights, n: closed_form_directions(weights - weights.mean(0), n)
            ),
            "a direction has length 1": (
                lambda weights, n: 2 * closed_form_directions(weights, n),
                lambda weights, n: closed_form_directions(weights, n) @ weights.T @ weights,
            ),
        },
        form="n directions as rows, each with as many numbers as w",
        result=planes,
    )


@checker
def check_demodulated(demodulated: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 7: the weights of a modulated, demodulated convolution."""

    def of(
        dims: tuple[int, ...] = (2, 3, 4),
        *,
        power: float = 0.5,
        reduce: Callable = torch.sum,
        styled: Callable[[Tensor], Tensor] = lambda style: style[:, None, :, None, None],
    ) -> Callable[[Tensor, Tensor], Tensor]:
        def wrong(weight: Tensor, style: Tensor) -> Tensor:
            w = weight * styled(style)
            return w / (reduce(w.square(), dims, keepdim=True) + 1e-8) ** power

        return wrong

    def right(weight: Tensor, style: Tensor) -> Tensor:
        return of()(weight, style)

    return judge(
        demodulated,
        right,
        {
            "for as many outputs as inputs": (_randn(4, 4, 3, 3), 3 * _randn(2, 4)),
            "for 3 inputs and 5 outputs": (_randn(5, 3, 3, 3), 0.5 * _randn(3, 3)),
            "for styles near 0": (_randn(2, 4, 1, 1), 1e-4 * _randn(2, 4)),
        },
        mistakes={
            "modulated, and not demodulated": of(power=0.0),
            "the style scales the *input* channels, axis 1 of the weights": of(
                styled=lambda style: style[:, :, None, None, None]
            ),
            "the sum runs over what one output reads, and not over the outputs": of((1, 2, 3, 4)),
            "one norm for all pictures: each has its own style": of((0, 1, 2, 3, 4)),
            "the sum runs over the input channels too, not over the kernel alone": of((3, 4)),
            "the sum runs over the kernel too": of((2,)),
            "divided by the sum of squares, not by its root": of(power=1.0),
            "that normalises the input channels: whose weights should have one size?": of(
                (1, 3, 4)
            ),
            "the mean of squares, not their sum: too strong by the root of the fan in": of(
                reduce=torch.mean
            ),
            "the style is the scale itself: no 1 is added here": of(
                styled=lambda style: 1 + style[:, None, :, None, None]
            ),
            "a style may be negative, and turns its channel over": of(
                styled=lambda style: style.abs()[:, None, :, None, None]
            ),
            "epsilon stands in the root": lambda weight, style: (
                weight
                * style[:, None, :, None, None]
                / (
                    (weight * style[:, None, :, None, None])
                    .square()
                    .sum((2, 3, 4), keepdim=True)
                    .sqrt()
                    + 1e-8
                )
            ),
        },
        gradients=True,
        form="weights for each picture, (N, out, in, k, k)",
    )


@checker
def check_alike(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 8: what demodulation makes of channels that are all alike."""
    outcomes = ("1 in each channel", "1 on average, but not in each", "not even 1 on average")

    def says(figures: dict) -> str:
        alike, apart = figures["one pattern"], figures["independent"]
        mean_square = sum(spread**2 for spread in alike) / len(alike)
        if not 0.6 < mean_square < 1.5:
            return outcomes[2]
        narrow = max(alike) - min(alike) < 2 * (max(apart) - min(apart))
        return outcomes[0] if narrow else outcomes[1]

    def doubt(figures: dict) -> str:
        if not all(0.8 < spread < 1.25 for spread in figures["independent"]):
            return (
                "with independent channels each output should have a spread near 1: has each one's"
                " weights a sum of squares of 1?"
            )
        return ""

    return judge_experiment(
        experiment,
        outcomes=outcomes,
        settings=("independent", "one pattern"),
        n_runs=16,
        says=says,
        doubt=doubt,
        look="take the mean of the squared spreads, then the smallest and the largest of them",
    )


def _path_penalty(
    images: Tensor,
    ws: Tensor,
    noise: Tensor,
    mean: Tensor,
    *,
    scale: bool = True,
    graph: bool = True,
    of: Callable[[Tensor, Tensor], Tensor] = lambda slopes, mean: (
        (slopes.square().sum(2).mean(1).sqrt() - mean).square().mean()
    ),
) -> Tensor:
    """The path-length penalty, and what is made `of` the slopes in its place."""
    size = math.sqrt(images.shape[2] * images.shape[3]) if scale else 1.0
    (slopes,) = torch.autograd.grad((images * noise).sum() / size, ws, create_graph=graph)
    return of(slopes, mean)


@checker
def check_path_penalty(path_penalty: Callable[..., Tensor]) -> Verdict:
    """Exercise 9: the path-length penalty, and what the published one lacks."""

    def of_generator(penalty: Callable[..., Tensor]) -> Callable[[Tensor, int, int, int], Tensor]:
        """The penalty as a function of a generator's weights, which is to learn from it."""

        def penalise(weights_of_G: Tensor, n: int, height: int, width: int) -> Tensor:
            ws = _randn(n, 2, len(weights_of_G)).requires_grad_()
            layers = ws * torch.tensor([1.0, 0.5], dtype=torch.float64)[:, None]
            images = torch.tanh(layers.sum(1) @ weights_of_G).view(n, -1, height, width)
            mean = torch.tensor(0.1 * n, dtype=torch.float64)
            return penalty(images, ws, _randn(n, *images.shape[1:]), mean)

        return penalise

    def component(slopes: Tensor, mean: Tensor) -> Tensor:
        return (slopes - mean).square().mean()

    mistakes: dict[str, partial | tuple[partial, ...]] = {
        "as published: the mean is subtracted from every component; whose mean is it?": (
            partial(_path_penalty, scale=False, of=component),
            partial(_path_penalty, scale=False, of=component, graph=False),
            partial(_path_penalty, of=component),
        ),
        "the value is right and has no history: no weight of G hears of it": partial(
            _path_penalty, graph=False
        ),
        "divide by the root of H W, or the length depends on the resolution": partial(
            _path_penalty, scale=False
        ),
        "the mean square over layers, not the sum": partial(
            _path_penalty,
            of=lambda slopes, mean: (slopes.square().sum((1, 2)).sqrt() - mean).square().mean(),
        ),
        "the root is missing: a length, not its square": partial(
            _path_penalty,
            of=lambda slopes, mean: (slopes.square().sum(2).mean(1) - mean).square().mean(),
        ),
        "one length for each picture, not one for the batch": partial(
            _path_penalty,
            of=lambda slopes, mean: (slopes.square().sum(2).mean().sqrt() - mean).square(),
        ),
        "the penalty is a square: lengths below the mean cost, too": partial(
            _path_penalty,
            of=lambda slopes, mean: (slopes.square().sum(2).mean(1).sqrt() - mean).mean(),
        ),
        "that pulls lengths to 0; the penalty pulls them to their mean": partial(
            _path_penalty, of=lambda slopes, mean: slopes.square().sum(2).mean(1).mean()
        ),
    }
    return judge(
        of_generator(path_penalty),
        of_generator(_path_penalty),
        {
            "for five pictures": (_randn(3, 60), 5, 4, 5),
            "for three wider ones": (_randn(4, 36), 3, 2, 6),
        },
        mistakes={
            reason: tuple(
                of_generator(wrong)
                for wrong in (wrongs if isinstance(wrongs, tuple) else (wrongs,))
            )
            for reason, wrongs in mistakes.items()
        },
        gradients=True,
    )


def _randn(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)
