"""Checkers of lesson 10, and their hints."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    show_hint,
)

AXES = {"BatchNorm": {0, 2, 3}, "InstanceNorm": {2, 3}, "PixelNorm": {1}, "AdaIN": {2, 3}}
AFTER = {"3x + 5": "the same", "-3x + 5": "mirrored", "0x + 5": "flat", "0.000001x": "flatter"}
IDLE = {
    "bias, then InstanceNorm": "idle",
    "doubling a convolution, then InstanceNorm": "idle",
    "bias, then LeakyReLU, then AdaIN": "at work",
    "noise, then AdaIN": "at work",
    "y_s of one channel, then a convolution and InstanceNorm": "at work",
}

HINTS = {
    "axes": (
        "ask of each norm: which numbers share one mean?",
        "an axis that is averaged over is one along which the mean is common to all",
    ),
    "adain": (
        "a mean and a variance for each channel of each picture: over which two axes?",
        "keepdim=True, and scale[:, :, None, None], make the shapes fit",
        "torch.var_mean divides by H W - 1; correction=0 makes it H W",
    ),
    "style": (
        "how long is y, and how many numbers does each channel need?",
        "y_s and y_b are parts of y, not statistics of it: chunk(2, 1)",
    ),
    "after": (
        "write down the mean and the standard deviation of ax + b",
        "the standard deviation is |a| times the old one: what is left of a when you divide?",
        "for the last one, compare the variance with epsilon",
    ),
    "style_loss": (
        "two vectors for each picture: its channels' means, and their standard deviations",
        "a norm is the root of a sum of squares, over the channels; then a mean over the pictures",
    ),
    "idle": (
        "InstanceNorm undoes whatever is ax + b with one a > 0 and one b for a whole channel",
        "is the part such an ax + b of the channel that the norm reads?",
    ),
    "company": (
        "norm(x) with and without the white, and the spread of the same eight columns in both",
        "the same noise for all three shares; one figure for each of the pictures",
        "with a share p of white, the variance is a mixture: (1 - p) times the old one, and"
        " p (1 - p) times the squared distance of white from the mean",
    ),
    "spike": (
        "the others shrink by as much as the standard deviation grows",
        "one pixel of n at height h adds about h^2 / n to the variance, which was 1",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_axes(axes: Mapping[str, Sequence[int]]) -> Verdict:
    """Exercise 1: what each norm takes its statistics over."""
    clues = {
        "BatchNorm": "BatchNorm: is its mean of a channel another one for each picture?",
        "InstanceNorm": "InstanceNorm: does one picture's mean know of the others, or of channels?",
        "PixelNorm": "PixelNorm (lesson 09) at each place by itself: what is there to average?",
        "AdaIN": "AdaIN: whose statistics does it erase, before it sets new ones?",
    }
    answers: object = axes
    if isinstance(axes, Mapping):
        answers = {name: _from_the_front(answer) for name, answer in axes.items()}
    return judge_table(answers, AXES, clues)


def _from_the_front(axes: object) -> object:
    """Axes with -1 as 3, -2 as 2; what is no number stays, for the table to refuse."""
    if axes is ... or isinstance(axes, str):
        return axes
    entries = list(axes) if isinstance(axes, Iterable) else [axes]
    return {int(axis) % 4 if axis in (-1, -2, -3, -4) else axis for axis in entries}


def _adain(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    eps: float,
    *,
    dims: tuple[int, ...] = (2, 3),
    correction: int = 0,
    power: float = 0.5,
    centred: float = 1.0,
) -> Tensor:
    variance, mean = torch.var_mean(x, dims, correction=correction, keepdim=True)
    normal = (x - mean * centred) / (variance + eps) ** power
    return scale[:, :, None, None] * normal + shift[:, :, None, None]


@checker
def check_adain(adain: Callable[..., Tensor]) -> Verdict:
    """Exercise 2: AdaIN by hand."""

    def case(n: int, channels: int, height: int, width: int, eps: float) -> tuple:
        x = _randn(n, channels, height, width) * (0.5 + torch.arange(channels))[:, None, None]
        x = x + torch.arange(n)[:, None, None, None] - 0.7
        return x, _randn(n, channels).abs() + 0.3, _randn(n, channels), eps

    def outside(x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> Tensor:
        spread = x.std((2, 3), correction=0, keepdim=True)
        normal = (x - x.mean((2, 3), keepdim=True)) / (spread + eps)
        return scale[:, :, None, None] * normal + shift[:, :, None, None]

    return judge(
        adain,
        _adain,
        {  # large ones, so that their place shows
            "with an eps of 0.5": case(2, 3, 4, 5, 0.5),
            "with an eps of 0.1": case(3, 2, 6, 3, 0.1),
        },
        mistakes={
            "the variance is divided by H W - 1; here it is divided by H W": partial(
                _adain, correction=1
            ),
            "the statistics are those of the batch: that is BatchNorm. Each picture has its own": (
                partial(_adain, dims=(0, 2, 3))
            ),
            "the statistics are taken over the channels too: each channel has its own": partial(
                _adain, dims=(1, 2, 3)
            ),
            "the statistics are taken at each place over the channels: which axes are a place's?": (
                partial(_adain, dims=(1,))
            ),
            "scale and shift are exchanged": lambda x, scale, shift, eps: _adain(
                x, shift, scale, eps
            ),
            "eps is added to the standard deviation; it belongs to the variance, under the root": (
                outside
            ),
            "`eps` is an argument: use the one that is handed in": (
                lambda x, scale, shift, eps: _adain(x, scale, shift, 0.0),
                lambda x, scale, shift, eps: _adain(x, scale, shift, 1e-8),
                lambda x, scale, shift, eps: _adain(x, scale, shift, 1e-5),
            ),
            "divided by the variance: take its root": partial(_adain, power=1.0),
            "the old mean is still in it": partial(_adain, centred=0.0),
            "scaled by 1 + scale: here `scale` is the new standard deviation itself": (
                lambda x, scale, shift, eps: _adain(x, 1 + scale, shift, eps)
            ),
            "scale is the new standard deviation, not the new variance: no root of it": (
                lambda x, scale, shift, eps: _adain(x, scale.sqrt(), shift, eps)
            ),
            "that is InstanceNorm: the old statistics are erased, and the new ones not yet set": (
                lambda x, scale, shift, eps: _adain(
                    x, torch.ones_like(scale), torch.zeros_like(shift), eps
                )
            ),
        },
        gradients=True,
    )


def _halves(
    change: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
) -> Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]:
    """A style whose scale and shift are made of the two halves of y."""

    def style(w: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        first, second = (w @ weight.T + bias).chunk(2, 1)
        return change(first, second)

    return style


@checker
def check_style(style: Callable[..., tuple[Tensor, Tensor]]) -> Verdict:
    """Exercise 3: from w to a scale and a shift for each channel."""
    right = _halves(lambda first, second: (1 + first, second))
    for_three = _randn(3, 5), _randn(8, 5), _randn(8)
    answer = style(*for_three)
    if isinstance(answer, tuple | list) and {torch.as_tensor(part).numel() for part in answer} <= {
        1,
        3,
    }:
        return not_yet(
            "as published, all channels of a picture get one scale and one shift. y has two numbers"
            " for each channel"
        )
    return judge(
        style,
        right,
        {"for three pictures": for_three, "for two": (_randn(2, 4), _randn(6, 4), _randn(6))},
        mistakes={
            "the 1 is missing, as in a published version: what scales would a new network have?": (
                _halves(lambda first, second: (first, second))
            ),
            "scale and shift are exchanged": (
                _halves(lambda first, second: (second, first)),
                _halves(lambda first, second: (1 + second, first)),
                _halves(lambda first, second: (second, 1 + first)),
            ),
            "shift needs no 1: at the start it should be 0": _halves(
                lambda first, second: (1 + first, 1 + second)
            ),
            "every second number: here the halves lie one behind the other": (
                lambda w, weight, bias: (
                    1 + (w @ weight.T + bias)[:, ::2],
                    (w @ weight.T + bias)[:, 1::2],
                )
            ),
            "the bias of the layer is missing": lambda w, weight, bias: right(w, weight, 0 * bias),
            "a scale may be negative: no absolute value": _halves(
                lambda first, second: ((1 + first).abs(), second)
            ),
            "a scale may be negative: no exponential here": _halves(
                lambda first, second: (first.exp(), second)
            ),
        },
        gradients=True,
        names=("scale", "shift"),
        form="the scale and the shift, (N, C) each",
    )


@checker
def check_after(after: Mapping[str, str]) -> Verdict:
    """Exercise 4: what AdaIN's output does under an affine change of its input."""
    clues = {
        "3x + 5": "3x + 5: what becomes of the mean, and what of the spread that you divide by?",
        "-3x + 5": "-3x + 5: a standard deviation is never negative. What is -3 divided by?",
        "0x + 5": "0x + 5: what is left of a flat channel when its mean is subtracted?",
        "0.000001x": "0.000001x: compare its variance with epsilon",
    }
    return judge_table(after, AFTER, clues)


@checker
def check_idle(idle: Mapping[str, str]) -> Verdict:
    """Exercise 6: which parts a norm behind them puts out of work."""
    clues = dict(
        zip(
            IDLE,
            (
                "a bias moves the whole channel by one number: what does the norm subtract?",
                "what does doubling do to the spread that the norm divides by?",
                "a bias decides which places are below zero: is LeakyReLU's output then an ax + b?",
                "noise differs from place to place: do one a and one b of a channel undo that?",
                "a convolution adds channels up, one of them stronger now: does the norm of the sum"
                " know which?",
            ),
            strict=True,
        )
    )
    return judge_table(idle, IDLE, {name: f"{name}: {clue}" for name, clue in clues.items()})


@checker
def check_company(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 7: how much contrast InstanceNorm leaves to what has not changed."""

    def says(figures: dict) -> str:
        triples = list(zip(figures[8], figures[32], figures[56], strict=True))
        if all(few > half > most for few, half, most in triples):
            return "falls all the way"
        if all(few > half < most for few, half, most in triples):
            return "falls and rises again"
        return "no clear difference"

    def doubt(figures: dict) -> str:
        if len({len(row) for row in figures.values()}) > 1:
            return "the same pictures with each share: as many figures of each"
        if min(min(row) for row in figures.values()) <= 0:
            return "a spread over a spread is above 0"
        if any(max(row) > 0.999 for row in (figures[8], figures[32])):
            return (
                "white beside noise of 0.3 should have lowered it: is the spread taken of the"
                " columns that have not changed?"
            )
        return ""

    return judge_experiment(
        experiment,
        outcomes=("falls all the way", "falls and rises again", "no clear difference"),
        settings=(8, 32, 56),
        n_runs=4,
        says=says,
        doubt=doubt,
        look="is the middle figure the lowest, the last one, or now this, now that?",
    )


@checker
def check_style_loss(style_loss: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: how far the statistics of two feature maps lie apart."""

    def of(
        size: Callable[[Tensor, Tensor], Tensor], correction: int = 0, power: int = 1
    ) -> Callable:
        def loss(x: Tensor, y: Tensor) -> Tensor:
            mean = x.mean((2, 3)) - y.mean((2, 3))
            spreads = (part.std((2, 3), correction=correction) ** power for part in (x, y))
            return size(mean, next(spreads) - next(spreads))

        return loss

    def norm(difference: Tensor) -> Tensor:
        return difference.norm(dim=1).mean()

    def over_batch(x: Tensor, y: Tensor) -> Tensor:
        means = (part.mean((0, 2, 3)) for part in (x, y))
        spreads = (part.std((0, 2, 3), correction=0) for part in (x, y))
        return (next(means) - next(means)).norm() + (next(spreads) - next(spreads)).norm()

    def case(n: int, channels: int) -> tuple[Tensor, Tensor]:
        x = _randn(n, channels, 4, 3).requires_grad_()  # the picture; y is what it should be like
        return x, 2 * _randn(n, channels, 5, 6) + 1

    return judge(
        style_loss,
        of(lambda mean, std: norm(mean) + norm(std)),
        {"for two pictures": case(2, 3), "for three others": case(3, 4)},
        mistakes={
            "squared: equation 13 has norms": (
                of(lambda mean, std: (mean.square() + std.square()).sum(1).mean()),
                of(lambda mean, std: (mean.square() + std.square()).mean()),
            ),
            "one norm over means and spreads together; the paper adds two": of(
                lambda mean, std: norm(torch.cat([mean, std], 1))
            ),
            "only the means": of(lambda mean, std: norm(mean)),
            "only the spreads": of(lambda mean, std: norm(std)),
            "the variance is divided by H W - 1": of(
                lambda mean, std: norm(mean) + norm(std), correction=1
            ),
            "variances: the paper compares standard deviations": of(
                lambda mean, std: norm(mean) + norm(std), power=2
            ),
            "summed over the pictures: take their mean": of(
                lambda mean, std: (mean.norm(dim=1) + std.norm(dim=1)).sum()
            ),
            "one norm over the whole batch: each picture has its own": of(
                lambda mean, std: mean.norm() + std.norm()
            ),
            "absolute differences, where the paper has norms": (
                of(lambda mean, std: (mean.abs() + std.abs()).sum(1).mean()),
                of(lambda mean, std: (mean.abs() + std.abs()).mean()),
            ),
            "statistics over the batch: each picture has its own": over_batch,
        },
        gradients=True,
    )


@checker
def check_spike(spike: Callable[[int, float], float]) -> Verdict:
    """Exercise 8: how high one pixel must stand for the others to shrink by a factor."""
    cases = {
        f"for {n} pixels and a factor of {factor:g}": (n, factor)
        for n, factor in ((16, 2.0), (256, 2.0), (256, 10.0), (4096, 10.0))
    }

    def exact(n: int, factor: float) -> float:
        return n * math.sqrt((factor**2 - 1) / (n - 1))

    verdict = judge(
        spike,
        lambda n, factor: math.sqrt((factor**2 - 1) * n),  # for many pixels
        cases,
        mistakes={
            "the variance was 1 before the spike: how much has to be added?": (
                lambda n, factor: factor * math.sqrt(n)
            ),
            "take the root: variances add, standard deviations don't": (
                lambda n, factor: (factor**2 - 1) * n
            ),
            "the spread has to become `factor` times as large: and the variance?": (
                lambda n, factor: math.sqrt((factor - 1) * n)
            ),
            "one pixel of n: by what is its square divided in the variance?": (
                lambda n, factor: math.sqrt(factor**2 - 1)
            ),
            "the variance is a mean of squares: h^2 / n, not h / n": (
                lambda n, factor: (factor - 1) * n
            ),
        },
        rtol=1e-3,
    )
    return PASSED if judge(spike, exact, cases, rtol=1e-3) == PASSED else verdict


def _randn(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)
