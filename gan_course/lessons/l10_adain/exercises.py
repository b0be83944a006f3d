"""Checkers of lesson 10."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    apart,
    checker,
    is_empty,
    not_yet,
)
from gan_course.models.stylegan import adain as adain_of_package

AXES = {"BatchNorm": (0, 2, 3), "InstanceNorm": (2, 3), "PixelNorm": (1,), "AdaIN": (2, 3)}
AFTER = {"3x + 5": "the same", "-3x + 5": "mirrored", "0x + 5": "flat", "0.000001x": "flatter"}
IDLE = {
    "bias, then InstanceNorm": "idle",
    "doubling a convolution, then InstanceNorm": "idle",
    "bias, then LeakyReLU, then AdaIN": "at work",
    "noise, then AdaIN": "at work",
    "y_s of one channel, then a convolution and InstanceNorm": "at work",
}


@checker
def check_axes(axes: Mapping[str, Sequence[int]]) -> Verdict:
    """Exercise 1: what each norm takes its statistics over."""
    if is_empty(axes):
        return NOT_ATTEMPTED
    if not isinstance(axes, Mapping) or set(axes) != set(AXES):
        return not_yet(f"give axes for each of: {', '.join(AXES)}")
    if ... in axes.values():
        return not_yet("one of them is still empty")
    answers = {name: tuple(sorted(_axes(answer))) for name, answer in axes.items()}
    if not all(axis in range(4) for answer in answers.values() for axis in answer):
        return not_yet("the axes of (N, C, H, W) are 0, 1, 2 and 3")
    hints = {
        "BatchNorm": "BatchNorm has one mean for each channel, common to all pictures of the batch",
        "InstanceNorm": (
            "InstanceNorm has a mean for each channel of each picture: neither 0 nor 1 is averaged"
            " over"
        ),
        "PixelNorm": (
            "pixel norm (lesson 09) works at each place of each picture by itself, over its"
            " channels"
        ),
        "AdaIN": (
            "AdaIN's own statistics are InstanceNorm's: over height and width; nothing passes"
            " between pictures"
        ),
    }
    wrong = [name for name in AXES if answers[name] != AXES[name]]
    return not_yet(hints[wrong[0]]) if wrong else PASSED


@checker
def check_adain(adain: Callable[..., Tensor]) -> Verdict:
    """Exercise 2: AdaIN by hand."""
    x, scale, shift = _example()
    eps = 0.5  # large, so that its place shows
    answer = adain(x.clone(), scale, shift, eps)
    if not torch.is_tensor(answer) or answer.shape != x.shape:
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(f"{tuple(x.shape)} came back as {shape}: keepdim=True keeps (N, C, 1, 1)")
    if answer.dtype != x.dtype:
        return not_yet("x is in float64 and your result is not")
    if _same(answer, adain_of_package(x, scale, shift, eps)):
        return PASSED
    mistakes = {
        "the variance is divided by H W - 1; here it is the plain mean of squares"
        " (unbiased=False)": _variant(x, scale, shift, eps=eps, correction=1),
        "the statistics are taken over the batch: that is BatchNorm. Each picture has its own": (
            _variant(x, scale, shift, eps=eps, dims=(0, 2, 3))
        ),
        "the statistics are taken over the channels too: each channel has its own": (
            _variant(x, scale, shift, eps=eps, dims=(1, 2, 3))
        ),
        "the statistics are taken at each place over the channels; AdaIN's go over height and"
        " width": _variant(x, scale, shift, eps=eps, dims=(1,)),
        "scale and shift are exchanged": _variant(x, scale, shift, eps=eps, exchange=True),
        "eps is added to the standard deviation; it belongs to the variance, under the root": (
            _variant(x, scale, shift, eps=eps, outside=True)
        ),
        "eps is missing: a flat channel would divide by zero": _variant(x, scale, shift, eps=0.0),
        "divided by the variance: take its root": _variant(x, scale, shift, eps=eps, power=1.0),
        "the old mean is still in it: subtract it before you divide": (
            _variant(x, scale, shift, eps=eps, centred=False)
        ),
        "scaled by 1 + scale: here `scale` is the new standard deviation itself": (
            _variant(x, scale, shift, eps=eps, plus=1.0)
        ),
        "scale is the new standard deviation, not the new variance: no root of it": (
            _variant(x, scale, shift, eps=eps, root=True)
        ),
        "that is InstanceNorm: the statistics are erased, and the new ones still have to be set": (
            _variant(x, torch.ones_like(scale), torch.zeros_like(shift), eps=eps)
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet(
        "the shape is right and the values are not: subtract the mean, divide by the root, scale,"
        " shift"
    )


@checker
def check_style(style: Callable[..., tuple[Tensor, Tensor]]) -> Verdict:
    """Exercise 3: from w to a scale and a shift for each channel."""
    generator = torch.Generator().manual_seed(0)
    w, weight, bias = (torch.randn(*shape, generator=generator) for shape in ((3, 5), (8, 5), (8,)))
    answer = style(w, weight, bias)
    if (
        not isinstance(answer, tuple | list)
        or len(answer) != 2
        or not all(torch.is_tensor(part) for part in answer)
    ):
        return not_yet("return two tensors: the scale and the shift")
    scale, shift = answer
    y = w @ weight.T + bias
    if {scale.numel(), shift.numel()} <= {1, 3}:
        return not_yet(
            "the published mistake: y_s and y_b are neither mean nor spread of y. They are its two"
            " halves"
        )
    if scale.shape != (3, 4) or shift.shape != (3, 4):
        return not_yet(
            f"four channels: scale and shift are (3, 4); yours are {tuple(scale.shape)},"
            f" {tuple(shift.shape)}"
        )
    first, last = y.chunk(2, 1)
    if _same(scale, 1 + first) and _same(shift, last):
        return PASSED
    mistakes = {
        "the 1 is missing: y of a new network lies around 0, and so would its scales": (
            first,
            last,
        ),
        "scale and shift are exchanged: the first half is the scale": (last, first),
        "scale and shift are exchanged: the first half of y scales": (1 + last, first),
        "shift needs no 1: at the start it should be 0": (1 + first, 1 + last),
        "every second number: here the first half of y is the scale": (1 + y[:, ::2], y[:, 1::2]),
        "the bias of the layer is missing": (1 + first - bias[:4], last - bias[4:]),
        "a scale may be negative: no absolute value": ((1 + first).abs(), last),
        "a scale may be negative: no exponential here": (first.exp(), last),
    }
    for reason, (wrong_scale, wrong_shift) in mistakes.items():
        if _same(scale, wrong_scale) and _same(shift, wrong_shift):
            return not_yet(reason)
    return not_yet(
        "y = w times the weights' transpose, plus the bias; scale = 1 + its first half, shift = the"
        " second"
    )


@checker
def check_after(after: Mapping[str, str]) -> Verdict:
    """Exercise 4: what AdaIN's output does under an affine change of its input."""
    words = ("the same", "mirrored", "flat", "flatter")
    hints = {
        "3x + 5": "the mean moves along with x and is subtracted; the factor is in the spread too",
        "-3x + 5": "a standard deviation is never negative: the factor of -3 is divided by 3",
        "0x + 5": (
            "a channel without spread is 0 after the mean is subtracted, whatever it is divided by"
        ),
        "0.000001x": "its variance is 1e-12, and eps 1e-8 is added to that: what wins?",
    }
    return _words(after, AFTER, words, hints)


@checker
def check_idle(idle: Mapping[str, str]) -> Verdict:
    """Exercise 5: which parts a norm behind them puts out of work."""
    hints = {
        "bias, then InstanceNorm": (
            "a bias moves the whole channel by one number: what does the norm subtract?"
        ),
        "doubling a convolution, then InstanceNorm": (
            "what does doubling do to the spread that the norm divides by?"
        ),
        "bias, then LeakyReLU, then AdaIN": (
            "the bias decides which places are below zero: is that an affine change?"
        ),
        "noise, then AdaIN": (
            "noise differs from place to place: no a and b of a whole channel undo it"
        ),
        "y_s of one channel, then a convolution and InstanceNorm": (
            "the convolution adds channels up: does one norm of the sum undo that one part of it is"
            " twice as strong?"
        ),
    }
    return _words(idle, IDLE, ("idle", "at work"), hints)


@checker
def check_style_loss(style_loss: Callable[..., Tensor]) -> Verdict:
    """Exercise 6: how far the statistics of two feature maps lie apart."""
    generator = torch.Generator().manual_seed(0)
    x, y = (
        torch.randn(2, 3, 4, 4, generator=generator),
        2 * torch.randn(2, 3, 5, 5, generator=generator) + 1,
    )
    answer = style_loss(x.clone().requires_grad_(), y)
    if not torch.is_tensor(answer) or answer.shape != ():
        return not_yet("return one number: a tensor of shape ()")
    mean = x.mean((2, 3)) - y.mean((2, 3))
    std = x.std((2, 3), correction=0) - y.std((2, 3), correction=0)

    def norm(difference: Tensor) -> Tensor:
        return difference.norm(dim=1).mean()

    if _same(answer, norm(mean) + norm(std)):
        if not answer.requires_grad:
            return not_yet(
                "the value is right, and no gradient reaches x: the picture could not be moved"
                " by it"
            )
        return PASSED
    both = torch.cat([mean, std], 1)
    unbiased = x.std((2, 3)) - y.std((2, 3))
    variance = x.var((2, 3), correction=0) - y.var((2, 3), correction=0)
    mistakes = {
        "squared: equation 13 has norms": (mean.square() + std.square()).sum(1).mean(),
        "squared, and averaged over the channels: equation 13 has norms": (
            (mean.square() + std.square()).mean()
        ),
        "one norm over means and spreads together; the paper adds two": norm(both),
        "only the means": norm(mean),
        "only the spreads": norm(std),
        "the variance is divided by H W - 1: use correction=0": norm(mean) + norm(unbiased),
        "variances: the paper compares standard deviations": norm(mean) + norm(variance),
        "summed over the pictures: take their mean": 2 * (norm(mean) + norm(std)),
        "one norm over the whole batch: take it picture by picture, then the mean": (
            mean.norm() + std.norm()
        ),
        "absolute differences, where the paper has norms": (mean.abs() + std.abs()).sum(1).mean(),
        "statistics over the batch: each picture has its own": (
            (x.mean((0, 2, 3)) - y.mean((0, 2, 3))).norm()
            + (x.std((0, 2, 3), correction=0) - y.std((0, 2, 3), correction=0)).norm()
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet(
        f"for the checker's features it is {norm(mean) + norm(std):.4f}, yours is {answer:.4f}"
    )


@checker
def check_spike(spike: Callable[[int, float], float]) -> Verdict:
    """Exercise 7: how high one pixel must stand for the others to shrink by a factor."""
    cases = [(16, 2.0), (256, 2.0), (256, 10.0), (4096, 10.0)]
    answer = [float(spike(n, factor)) for n, factor in cases]
    right = [math.sqrt((factor**2 - 1) * n) for n, factor in cases]  # of many pixels
    exact = [math.sqrt((factor**2 - 1) / (n - 1)) * n for n, factor in cases]
    if _near(answer, right) or _near(answer, exact):
        return PASSED
    mistakes = {
        "the variance must become factor^2 times as large, and 1 of it is there already: factor^2"
        " - 1": [factor * math.sqrt(n) for n, factor in cases],
        "take the root: variances add, standard deviations don't": [
            (factor**2 - 1) * n for n, factor in cases
        ],
        "the spread must become `factor` times as large, so the variance factor^2 times": [
            math.sqrt((factor - 1) * n) for n, factor in cases
        ],
        "one pixel of n: its square is divided by n in the variance": [
            math.sqrt(f**2 - 1) for _, f in cases
        ],
        "the variance is a mean of squares: h^2 / n, not h / n": [
            (factor - 1) * n for n, factor in cases
        ],
    }
    for reason, value in mistakes.items():
        if _near(answer, value, 0.01):
            return not_yet(reason)
    off = next(k for k in (2, 0, 1, 3) if not _near(answer[k : k + 1], right[k : k + 1]))
    (n, factor), (expected, yours) = cases[off], apart(right[off], answer[off])
    return not_yet(
        f"for {n} pixels and a factor of {factor:g} it is about {expected}, yours is {yours}"
    )


def _example() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64)
    x = (
        x * torch.tensor([0.5, 2.0, 3.0])[:, None, None]
        + torch.tensor([1.0, -2.0, 0.5])[:, None, None]
    )
    x[1] = 2 * x[1] + 1
    scale = torch.tensor([[1.5, 0.7, 2.0], [0.4, 3.0, 1.2]], dtype=torch.float64)
    return x, scale, torch.randn(2, 3, generator=generator, dtype=torch.float64)


def _variant(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    *,
    eps: float,
    dims: tuple[int, ...] = (2, 3),
    correction: int = 0,
    power: float = 0.5,
    plus: float = 0.0,
    centred: bool = True,
    outside: bool = False,
    exchange: bool = False,
    root: bool = False,
) -> Tensor:
    if exchange:
        scale, shift = shift, scale
    variance, mean = torch.var_mean(x, dims, correction=correction, keepdim=True)
    below = variance.sqrt() + eps if outside else (variance + eps) ** power
    scale = (scale + plus).abs().sqrt() if root else scale + plus
    return scale[:, :, None, None] * (x - mean * centred) / below + shift[:, :, None, None]


def _words(
    answers: object, right: Mapping[str, str], words: Sequence[str], hints: Mapping[str, str]
) -> Verdict:
    if is_empty(answers):
        return NOT_ATTEMPTED
    if not isinstance(answers, Mapping) or set(answers) != set(right):
        return not_yet(f"answer for each of: {'; '.join(right)}")
    plain = {name: " ".join(str(word).split()).lower() for name, word in answers.items()}
    if not set(plain.values()) <= set(words):
        return not_yet(f"each answer is one of: {', '.join(words)}")
    wrong = [name for name in right if plain[name] != right[name]]
    return not_yet(f"{wrong[0]}: {hints[wrong[0]]}") if wrong else PASSED


def _axes(axes: Sequence[int] | int) -> tuple[int, ...]:
    return tuple(
        axis + 4 if axis < 0 else axis for axis in ((axes,) if isinstance(axes, int) else axes)
    )


def _near(a: Sequence[float], b: Sequence[float], tolerance: float = 1e-3) -> bool:
    return all(math.isclose(x, y, rel_tol=tolerance) for x, y in zip(a, b, strict=True))


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(
        a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-5
    )
