"""Checkers of lesson 09, and their hints."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    compare_runs,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    numbers,
    show_hint,
)
from gan_course.models.progressive import downsample_for_growth
from gan_course.training.stylegan import StyleGANConfig, growth

RATES = {"SGD": "c squared", "Adam": "c"}
SETTLED = {"body_colour": 4, "background": 4, "eyes": 16, "mouth": 32}
SIZES = (4, 8, 16, 32)

HINTS = {
    "settled": (
        "how many pixels does each of the four cover in a picture of 32 px? And of 4?",
        "one pixel is enough for a colour; a shape needs a few",
    ),
    "rates": (
        "two steps: how far does v move? And then w, which is c v?",
        "dL/dv is c dL/dw. Which of the two optimisers feels that factor?",
    ),
    "equal_conv": (
        "how many products are added up in one number of the output?",
        "such a sum of n terms has a standard deviation of sqrt(n): divide by it when you convolve",
        "k // 2 pixels of padding keep the size, for every odd k; the bias is only added",
    ),
    "minibatch_std": (
        "after the view the pictures of a group lie along axis 0",
        "one standard deviation for each feature at each place, and only then a mean",
        "a root has an infinite slope at 0: what under it keeps it away from there?",
    ),
    "pixel_norm": (
        "each pixel is normalised by itself: which axis holds the features of one pixel?",
        "that axis has the number 1, for latent vectors too; keepdim=True lets you divide",
        "epsilon stands under the root, beside the mean",
    ),
    "group": (
        "x[:, -1] of MinibatchStd(n)(x) holds the new channel",
        "the same batches for all four sizes; at least three of them",
        "the spread of two numbers is taken around their own mean, which lies between them",
    ),
    "shown": (
        "two pictures are mixed: the sharp one, and what the size below can show of it",
        "halve by means of 2 x 2 and double again; `interpolate` takes the nearest by default",
        "when is there nothing to mix? At alpha 1, and at the first size",
    ),
    "schedule": (
        "subtract the stable steps of the first size; then one size lasts fade + stable steps",
        "divmod(n_done - stable, fade + stable) says how many sizes are done, and how far you are",
        "check by hand: start = 4, full = 8, stable = 2, fade = 2, for n_done = 0 to 6",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_settled(settled: Mapping[str, int]) -> Verdict:
    """Exercise 1: from which size on an attribute can be read."""
    clues = {
        "body_colour": (
            "body_colour: sixteen pixels, half of them on the body. What more does a colour need?"
        ),
        "background": "background: where in a 4 x 4 picture is there no creature?",
        "eyes": "eyes: how many pixels wide is a face at 8 px? There are nineteen sorts of eyes",
        "mouth": "mouth: it is smaller than a pair of eyes, and has as many sorts",
    }
    return judge_table(settled, SETTLED, clues, words=SIZES)


@checker
def check_rates(rates: Mapping[str, str]) -> Verdict:
    """Exercise 2: how far w = c v moves when the optimiser moves v."""
    clues = {
        "SGD": "SGD moves v by the rate times dL/dv, and w by c times that: how often is c in it?",
        "Adam": "Adam: does its step in v depend on the size of a gradient? And how far does w go?",
    }
    return judge_table(rates, RATES, clues, words=("1", "c", "c squared"))


def _equal_conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    gain: float,
    *,
    fan: Callable[[int, int, int], float] = lambda n_out, n_in, k: n_in * k * k,
    of_bias: Callable[[float], float] = lambda scale: 1.0,
) -> Tensor:
    n_out, n_in, k, _ = weight.shape
    scale = gain / math.sqrt(fan(n_out, n_in, k))
    return conv2d(x, scale * weight, of_bias(scale) * bias, padding=k // 2)


@checker
def check_equal_conv(equal_conv: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: a convolution with an equalised learning rate."""
    root2 = math.sqrt(2)
    return judge(
        equal_conv,
        _equal_conv,
        {
            "for a 3 x 3 kernel": (_randn(2, 5, 6, 7), _randn(7, 5, 3, 3), _randn(7), 1.3),
            "for a 1 x 1 kernel": (_randn(3, 2, 5, 4), _randn(3, 2, 1, 1), _randn(3), 1.0),
            "for a 5 x 5 kernel": (_randn(1, 3, 5, 6), _randn(2, 3, 5, 5), _randn(2), 0.6),
        },
        mistakes={
            "the stored weights stand in N(0, 1): used as they are, they are too strong": partial(
                _equal_conv, fan=lambda n_out, n_in, k: 1
            ),
            "the stored weights are used as they are": lambda x, weight, bias, gain: conv2d(
                x, weight, bias, padding=weight.shape[2] // 2
            ),
            "the gain is missing, as once published": lambda x, weight, bias, gain: _equal_conv(
                x, weight, bias, 1.0
            ),
            "`gain` is an argument, and not always the square root of 2": (
                lambda x, weight, bias, gain: _equal_conv(x, weight, bias, root2)
            ),
            "one output listens to more than n_in numbers: a kernel has k * k places": partial(
                _equal_conv, fan=lambda n_out, n_in, k: n_in
            ),
            "count what comes in, not what goes out": partial(
                _equal_conv, fan=lambda n_out, n_in, k: n_out * k * k
            ),
            "divided by the fan in itself: variances add up, sizes don't": partial(
                _equal_conv, fan=lambda n_out, n_in, k: (n_in * k * k) ** 2
            ),
            "the kernel is not always 3 x 3: take its size from the weight": partial(
                _equal_conv, fan=lambda n_out, n_in, k: 9 * n_in
            ),
            "the bias is not scaled: it is added once": partial(
                _equal_conv, of_bias=lambda scale: scale
            ),
            "the bias is missing": partial(_equal_conv, of_bias=lambda scale: 0.0),
        },
        gradients=True,
        form="as high and wide a tensor as x, with a channel for each output",
    )


def _pixel_norm(x: Tensor, dim: int | tuple[int, ...] = 1, eps: float = 1e-8) -> Tensor:
    return x / (x.square().mean(dim, keepdim=True) + eps).sqrt()


@checker
def check_pixel_norm(pixel_norm: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 5: each pixel's features to a mean square of 1."""
    return judge(
        pixel_norm,
        _pixel_norm,
        {
            "for pictures": (3 * _randn(2, 6, 4, 5) + 1,),
            "for latent vectors": (_randn(4, 8),),
            "for features as small as 0.0001": (1e-4 * _randn(3, 5, 2, 3),),
            "for a pixel of zeros": (torch.zeros(1, 4, 2, 2, dtype=torch.float64),),
        },
        mistakes={
            "that makes the sum of squares 1, not their mean": lambda x: (
                x / x.square().sum(1, keepdim=True).sqrt()
            ),
            "that is over the pixels of a channel, as InstanceNorm has it": partial(
                _pixel_norm, dim=(2, 3)
            ),
            "that is over the whole picture: every pixel has its own norm": partial(
                _pixel_norm, dim=(1, 2, 3)
            ),
            "that is over the batch: no picture sees another": partial(_pixel_norm, dim=0),
            "divided by the mean square, not by its root": lambda x: (
                x / x.square().mean(1, keepdim=True)
            ),
            "the mean is not taken away: directions stay": lambda x: _pixel_norm(
                x - x.mean(1, keepdim=True)
            ),
            "the spread is around the mean; here the squares themselves are averaged": lambda x: (
                x / x.var(1, correction=0, keepdim=True).sqrt()
            ),
            "epsilon has no say under the root: features this small come out too strong": (
                partial(_pixel_norm, eps=0.0),
                lambda x: x / (x.square().mean(1, keepdim=True).sqrt() + 1e-8),
            ),
        },
        gradients=True,
    )


def _minibatch_std(
    x: Tensor,
    group: int,
    *,
    eps: float = 1e-8,
    correction: int = 0,
    measure: Callable[[Tensor], Tensor] = lambda variance: variance.sqrt().mean((1, 2, 3)),
) -> Tensor:
    variance = _groups(x, group).var(0, correction=correction) + eps
    return _appended(x, measure(variance).repeat(group))


def _groups(x: Tensor, group: int) -> Tensor:
    return x.view(group, len(x) // group, *x.shape[1:])


def _appended(x: Tensor, stds: Tensor) -> Tensor:
    return torch.cat([x, stds[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def _neighbours(x: Tensor, group: int) -> Tensor:
    parts = x.view(len(x) // group, group, *x.shape[1:])
    return _appended(x, parts.var(1, correction=0).sqrt().mean((1, 2, 3)).repeat_interleave(group))


@checker
def check_minibatch_std(minibatch_std: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Exercise 4: one more channel that says how much a group differs."""
    uneven = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)[:, None, None]
    verdict = judge(
        minibatch_std,
        _minibatch_std,
        {
            "for groups of 4": (_randn(8, 3, 2, 3) * uneven, 4),
            "for groups of 3": (_randn(6, 3, 4, 2) * uneven, 3),
        },
        mistakes={
            "the whole batch is one group: that is the paper's text, here groups of `group`": (
                lambda x, group: _minibatch_std(x, len(x))
            ),
            "`group` is an argument, and not always 4": lambda x, group: _minibatch_std(x, 2),
            "divided by N - 1, which torch does by default; here by N": partial(
                _minibatch_std, correction=1
            ),
            "take the root for each feature at each place, and average after": partial(
                _minibatch_std, measure=lambda variance: variance.mean((1, 2, 3)).sqrt()
            ),
            "that is the variance; the root is missing": partial(
                _minibatch_std, measure=lambda variance: variance.mean((1, 2, 3))
            ),
            "compare one feature at one place between pictures, not all features with each other": (
                lambda x, group: _appended(
                    x,
                    _groups(x, group).transpose(0, 1).flatten(1).std(1, correction=0).repeat(group),
                )
            ),
            "average over places too: the new channel holds one number a group": (
                lambda x, group: torch.cat(
                    [
                        x,
                        _groups(x, group)
                        .std(0, correction=0)
                        .mean(1, keepdim=True)
                        .repeat(group, 1, 1, 1),
                    ],
                    1,
                )
            ),
            "neighbours are grouped; here picture k is in the group of k modulo N / group": (
                _neighbours
            ),
            "the numbers are right, at the wrong pictures: whose group is picture 1's?": (
                lambda x, group: _appended(
                    x,
                    _groups(x, group).std(0, correction=0).mean((1, 2, 3)).repeat_interleave(group),
                )
            ),
        },
        gradients=True,
        form="x with one more channel",
        rtol=1e-3,  # the exercise leaves open which epsilon
    )
    if verdict != PASSED:
        return verdict
    alike = _randn(1, 3, 2, 2).expand(8, -1, -1, -1).clone().requires_grad_()
    (slope,) = torch.autograd.grad(minibatch_std(alike, 4).sum(), alike)
    if not slope.isfinite().all():
        return not_yet(
            "when all are alike G gets NaN, because a root has an infinite slope at 0: what keeps"
            " it away from there?"
        )
    return PASSED


@checker
def check_group(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 6: what the size of the group does to the new channel."""

    def doubt(figures: dict) -> str:
        if min(min(row) for row in figures.values()) < 0:
            return "a standard deviation is not negative"
        if all(row == figures[2] for row in figures.values()):
            return "all sizes have the same figures to the last digit: was the group changed?"
        return ""

    words = {"lower": "falls", "higher": "rises"}
    return judge_experiment(
        experiment,
        outcomes=("rises", "falls", "no clear difference"),
        settings=(2, 4, 8, 16),
        n_runs=3,
        says=lambda figures: words.get(effect := compare_runs(figures[2], figures[16]), effect),
        doubt=doubt,
    )


@checker
def check_shown(shown: Callable[[Tensor, int, float], Tensor]) -> Verdict:
    """Exercise 7: real pictures, as a growing D is shown them."""

    def by(
        soften: Callable[[Tensor], Tensor], shrink: Callable = downsample_for_growth
    ) -> Callable:
        def wrong(images: Tensor, resolution: int, alpha: float) -> Tensor:
            sharp = shrink(images, resolution, 1.0)
            return torch.lerp(soften(sharp), sharp, alpha)

        return wrong

    def skip(images: Tensor, resolution: int, alpha: float) -> Tensor:
        step = images.shape[-1] // resolution
        return images[..., ::step, ::step]

    def double(x: Tensor) -> Tensor:
        return interpolate(x, scale_factor=2)

    return judge(
        shown,
        downsample_for_growth,
        {
            "at 16 px and alpha 0.25": (_randn(2, 3, 32, 32), 16, 0.25),
            "at 8 px and alpha 0.6": (_randn(3, 1, 32, 32), 8, 0.6),
            "at the full size and alpha 1": (_randn(1, 3, 16, 16), 16, 1.0),
            "at the full size and alpha 0.5": (_randn(1, 2, 64, 64), 64, 0.5),
            "at 4 px, the first size,": (_randn(2, 3, 16, 16), 4, 0.5),
        },
        mistakes={
            "the bug: fakes fade and real pictures don't, so sharpness gives the fakes away": (
                lambda images, resolution, alpha: downsample_for_growth(images, resolution, 1.0)
            ),
            "alpha is the share of the new, sharp picture": lambda images, resolution, alpha: (
                downsample_for_growth(images, resolution, 1 - alpha)
            ),
            "that is softened whatever alpha": lambda images, resolution, alpha: (
                downsample_for_growth(images, resolution, 0.0)
            ),
            "bilinear is softer than what G's old path shows": by(
                lambda sharp: interpolate(
                    avg_pool2d(sharp, 2), scale_factor=2, mode="bilinear", align_corners=False
                )
            ),
            "every second pixel is not a smaller picture: take means": by(
                lambda sharp: double(sharp[..., ::2, ::2]), skip
            ),
            "the soft half takes every second pixel: take means there too": by(
                lambda sharp: double(sharp[..., ::2, ::2])
            ),
            "nothing fades at 4 px: there is no smaller size to fade from": by(
                lambda sharp: double(avg_pool2d(sharp, 2))
            ),
        },
    )


@checker
def check_schedule(schedule: Callable[..., Sequence]) -> Verdict:
    """Exercise 8: the resolution at a step, and the share of its newest block."""
    for start, full, stable, fade in ((4, 16, 8, 4), (8, 32, 5, 6)):
        given = [numbers(schedule(n, start, full, stable, fade), 2) for n in range(34)]
        if None in given:
            return not_yet("return two numbers: the resolution, and alpha")
        steps = [(int(size), alpha) for size, alpha in filter(None, given)]
        if reason := _flaw_of_schedule(steps, start, full, stable, fade):
            return not_yet(reason)
    if numbers(schedule(7, 8, 8, 2, 2), 2) != [8, 1]:
        return not_yet("a start at the full size does not grow: the full size and 1, at every step")
    return PASSED


def _flaw_of_schedule(
    steps: list[tuple[int, float]], start: int, full: int, stable: int, fade: int
) -> str:
    """The flaw in the resolution and alpha of some steps; an empty text if there is none."""
    sizes, shares = [size for size, _ in steps], [share for _, share in steps]
    config = StyleGANConfig(
        n_steps=99,
        img_resolution=full,
        start_resolution=start,
        stable_steps=stable,
        fade_steps=fade,
    )
    right = [growth(n, config)[0] for n in range(len(steps))]
    if max(sizes) > full:
        return f"it grows to {max(sizes)} px: {full} is the full size"
    if sizes[0] != start:
        return f"it begins at {sizes[0]} px, not at {start}"
    if shares[0] < 1:
        return "the first resolution is not faded in: there is nothing to fade from"
    if set(sizes[:stable]) != {start}:
        return f"the first resolution is trained for {stable} steps"
    if sizes[stable] == start:
        return f"after {stable} steps at the first size the next one begins: is it one step late?"
    if min(shares) == 1:
        return "nothing is ever faded in: alpha is 1 at every step"
    if min(shares) < 0 or max(shares) > 1:
        return f"alpha runs from {min(shares):.2f} to {max(shares):.2f}: it is a share, from 0 to 1"
    if shares[stable] > shares[stable + fade - 1]:
        return "alpha falls: it is the share of the new block, and rises"
    if sizes != right:
        step = next(n for n, size in enumerate(right) if sizes[n] != size)
        late = "late" if sizes[step] < right[step] else "early"
        return f"after {step} steps yours is at {sizes[step]} px: too {late}"
    first = stable  # the step at which a size begins
    while sizes[first] < full or sizes[first - 1] < full:
        ramp = shares[first : first + fade]
        rises = [b - a for a, b in pairwise(ramp)]
        if max(rises) - min(rises) > 1e-6:
            return f"within the {fade} steps of a fade alpha should rise in a line"
        if ramp[0] > 1.01 / fade or ramp[-1] < 0.99 - 1 / fade:
            return (
                f"a fade leads from about 0 to about 1: yours from {ramp[0]:.2f} to {ramp[-1]:.2f}"
            )
        after = shares[first + fade : first + fade + stable]
        if min(after) < 1:
            return "outside of fades alpha is 1"
        first += fade + stable
    return "" if min(shares[first:]) == 1 else "outside of fades alpha is 1"


def _randn(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)
