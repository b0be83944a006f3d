"""Checkers of lesson 09."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    is_empty,
    not_yet,
    numbers,
)
from gan_course.models.progressive import MinibatchStd, PixelNorm, downsample_for_growth
from gan_course.training.stylegan import StyleGANConfig, growth

RATES = {"SGD": "c squared", "Adam": "c"}
SETTLED = {"body_colour": 4, "background": 4, "eyes": 16, "mouth": 32}
SIZES = (4, 8, 16, 32)


@checker
def check_settled(settled: Mapping[str, int]) -> Verdict:
    """Exercise 1: from which size on an attribute can be read."""
    if is_empty(settled):
        return NOT_ATTEMPTED
    if not isinstance(settled, Mapping) or set(settled) != set(SETTLED):
        return not_yet(
            f"answer one of {', '.join(map(str, SIZES))} for each of: {', '.join(SETTLED)}"
        )
    if not set(settled.values()) <= set(SIZES):
        return not_yet(f"each answer is one of the sizes {', '.join(map(str, SIZES))}, as a number")
    hints = {
        "body_colour": (
            "sixteen pixels, and half of them lie on the body: what more does a colour need?"
        ),
        "background": "the corners of a 4 x 4 picture lie beside the creature",
        "eyes": (
            "at 8 px a whole face is two or three pixels wide; at 16 px nineteen sorts of eyes are"
            " told apart"
        ),
        "mouth": "a mouth is smaller than a pair of eyes, and has as many sorts",
    }
    wrong = [name for name, size in SETTLED.items() if settled[name] != size]
    return not_yet(f"{wrong[0]}: {hints[wrong[0]]}") if wrong else PASSED


@checker
def check_rates(rates: Mapping[str, str]) -> Verdict:
    """Exercise 2: how far w = c v moves when the optimiser moves v."""
    if is_empty(rates):
        return NOT_ATTEMPTED
    if not isinstance(rates, Mapping) or set(rates) != set(RATES):
        return not_yet('answer with {"SGD": ..., "Adam": ...}')
    answers = {name: " ".join(str(word).split()).lower() for name, word in rates.items()}
    if not set(answers.values()) <= {"1", "c", "c squared"}:
        return not_yet('each answer is "1", "c" or "c squared"')
    if answers == {"SGD": RATES["Adam"], "Adam": RATES["SGD"]}:
        return not_yet("the two are exchanged: which of them feels the size of a gradient?")
    if answers["SGD"] == "1" or answers["Adam"] == "1":
        return not_yet("v moves, and w = c v: whatever v does, w does c times as much")
    if answers["SGD"] == "c":
        return not_yet(
            "SGD's step in v is the rate times dL/dv, and dL/dv = c dL/dw: c enters twice"
        )
    if answers["Adam"] == "c squared":
        return not_yet(
            "Adam's step in v does not depend on the size of the gradient: c enters once, in w"
            " = c v"
        )
    return PASSED


@checker
def check_equal_conv(equal_conv: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: a convolution with an equalised learning rate."""
    generator = torch.Generator().manual_seed(0)
    x, weight = (
        torch.randn(*size, generator=generator, dtype=torch.float64)
        for size in ((2, 5, 6, 6), (7, 5, 3, 3))
    )
    bias, gain = torch.linspace(-1, 1, 7, dtype=torch.float64), 1.3
    before = weight.clone()
    answer = equal_conv(x, weight, bias, gain)
    if not torch.is_tensor(answer) or answer.shape != (2, 7, 6, 6):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(
            f"(2, 5, 6, 6) should become (2, 7, 6, 6), and became {shape}: pad by one pixel"
        )
    if not torch.equal(weight, before):
        return not_yet(
            "the stored weight was changed: scale it anew at each use, and leave what is stored"
        )

    def conv(scale: float, shift: float = 1.0) -> Tensor:
        return conv2d(x, scale * weight, shift * bias, padding=1)

    right = gain / math.sqrt(45)
    mistakes = {
        "the stored weights stand in N(0, 1); without the scale the output is seven times too"
        " strong": conv(1.0),
        "the gain is missing: that is the constant without its square root of 2, as once"
        " published": conv(right / gain),
        "the gain is not an argument to ignore: that is the square root of 2": conv(
            right * math.sqrt(2) / gain
        ),
        "one output listens to n_in * k * k inputs, not to n_in": conv(gain / math.sqrt(5)),
        "count what comes in: n_in, not n_out": conv(gain / math.sqrt(63)),
        "divide by the root of the fan in: variances add up, not sizes": conv(gain / 45),
        "the bias is not scaled: it is added once, not 45 times": conv(right, right),
        "the bias is missing": conv(right, 0.0),
    }
    if _same(answer, conv(right)):
        wide = torch.randn(3, 2, 1, 1, generator=generator, dtype=torch.float64)
        answer = equal_conv(x[:, :2], wide, bias[:3], 1.0)
        expected = conv2d(x[:, :2], wide / math.sqrt(2), bias[:3])
        if not torch.is_tensor(answer) or not _same(answer, expected):
            return not_yet(
                "right for a 3 x 3 kernel; take fan in and padding from the weight's shape, for 1 x"
                " 1 too"
            )
        return PASSED
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet(
        "the shape is right and the values are not: gain / sqrt(n_in * k * k) times the weight,"
        " then conv2d"
    )


@checker
def check_pixel_norm(pixel_norm: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 4: each pixel's features to a mean square of 1."""
    x = (
        3 * torch.randn(2, 6, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        + 1
    )
    answer, right = pixel_norm(x.clone()), PixelNorm()(x)
    if not torch.is_tensor(answer) or answer.shape != x.shape:
        return not_yet("what comes back has the shape of x")
    if _same(answer, right):
        z = torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
        if not _same(pixel_norm(z), PixelNorm()(z)):
            return not_yet(
                "right for pictures; for latent vectors (N, C) the features are along dimension"
                " 1 too"
            )
        if not torch.isfinite(pixel_norm(torch.zeros(1, 4, 2, 2))).all():
            return not_yet("a pixel of zeros became NaN: epsilon goes into the root")
        return PASSED
    square = x.square()
    mistakes = {
        "that makes the sum of squares 1; the mean of the C squares should be": (
            x / square.sum(1, keepdim=True).sqrt()
        ),
        "that is over the pixels of a channel, as InstanceNorm has it": (
            x / square.mean((2, 3), keepdim=True).sqrt()
        ),
        "that is over the whole picture: every pixel has its own norm": (
            x / square.mean((1, 2, 3), keepdim=True).sqrt()
        ),
        "that is over the batch: no picture sees another": x / square.mean(0, keepdim=True).sqrt(),
        "divide by the root of the mean square, not by the mean square": (
            x / square.mean(1, keepdim=True)
        ),
        "the mean is not taken away: directions stay": (
            (x - x.mean(1, keepdim=True)) / x.var(1, unbiased=False, keepdim=True).sqrt()
        ),
        "the spread is around the mean; here the squares themselves are averaged": (
            x / x.var(1, unbiased=False, keepdim=True).sqrt()
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet(
        "x over the root of the mean of its squares along dimension 1, plus 1e-8 in the root"
    )


@checker
def check_minibatch_std(minibatch_std: Callable[[Tensor, int], Tensor]) -> Verdict:
    """Exercise 5: one more channel that says how much a group differs."""
    x = torch.randn(8, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = x * torch.tensor([0.2, 1.0, 3.0], dtype=torch.float64)[:, None, None]
    answer = minibatch_std(x.clone(), 4)
    if not torch.is_tensor(answer) or answer.shape != (8, 4, 2, 2):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(f"(8, 3, 2, 2) becomes (8, 4, 2, 2): one more channel. Yours is {shape}")
    if not _same(answer[:, :3], x):
        return not_yet("the first channels are x itself")
    if not _same(answer[:, 3:], answer[:, 3:, :1, :1].expand(-1, -1, 2, 2)):
        return not_yet("average over places too: the new channel holds one number a group")
    stds = answer[:, 3, 0, 0]

    def groups(values: Tensor) -> Tensor:
        return values.view(4, 2, 3, 2, 2)

    right = MinibatchStd(4)(x)[:, 3, 0, 0]
    if _same(stds, right):
        if not _same(minibatch_std(x, 8), MinibatchStd(8)(x)):
            return not_yet("right for groups of 4; with `group` 8 all eight pictures are compared")
        alike = x[:1].expand(8, -1, -1, -1).clone().requires_grad_()
        (slope,) = torch.autograd.grad(minibatch_std(alike, 4).sum(), alike)
        if not torch.isfinite(slope).all():
            return not_yet(
                "when all are alike the root's slope is infinite, and G gets NaN: add 1e-8 before"
                " the root"
            )
        return PASSED
    parts = groups(x)
    mistakes = {
        "the whole batch is one group: that is the paper's text, here groups of `group` are"
        " asked": MinibatchStd(8)(x)[:, 3, 0, 0],
        "torch's std divides by N - 1 (unbiased=True); here by N": (
            parts.std(0).mean((1, 2, 3)).repeat(4)
        ),
        "take the root for each feature at each place, and average after": (
            parts.var(0, unbiased=False).mean((1, 2, 3)).sqrt().repeat(4)
        ),
        "that is the variance; the root is missing": (
            parts.var(0, unbiased=False).mean((1, 2, 3)).repeat(4)
        ),
        "compare one feature at one place between pictures, not all features with each other": (
            parts.transpose(0, 1).flatten(1).std(1, unbiased=False).repeat(4)
        ),
        "neighbours are grouped; here picture k is in the group of k modulo N / group": (
            x.view(2, 4, 3, 2, 2).std(1, unbiased=False).mean((1, 2, 3)).repeat_interleave(4)
        ),
        "the numbers are right, at the wrong pictures: repeat(group), not repeat_interleave": (
            right[:2].repeat_interleave(4)
        ),
    }
    for reason, value in mistakes.items():
        if _same(stds, value):
            return not_yet(reason)
    return not_yet(
        f"for the checker's pictures the two groups' numbers are {right[0]:.3f} and {right[1]:.3f}"
    )


@checker
def check_shown(shown: Callable[[Tensor, int, float], Tensor]) -> Verdict:
    """Exercise 6: real pictures, as a growing D is shown them."""
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    answer, right = shown(images.clone(), 16, 0.25), downsample_for_growth(images, 16, 0.25)
    if not torch.is_tensor(answer) or answer.shape != right.shape:
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(f"(2, 3, 32, 32) at resolution 16 is (2, 3, 16, 16), yours is {shape}")
    sharp = downsample_for_growth(images, 16, 1.0)
    eight = downsample_for_growth(images, 8, 1.0)
    smooth = interpolate(eight, scale_factor=2, mode="bilinear", align_corners=False)
    soft, every = interpolate(eight, scale_factor=2), images[..., ::2, ::2]
    skipped = interpolate(sharp[..., ::2, ::2], scale_factor=2)
    if _same(answer, right):
        if not _same(shown(images, 32, 1.0), images):
            return not_yet(
                "right while it fades; at the full size and alpha 1 a picture is shown as it is"
            )
        if not _same(shown(images, 8, 0.5), downsample_for_growth(images, 8, 0.5)):
            return not_yet("right at 16 px and not at 8: halve as often as `resolution` asks")
        if not _same(shown(images, 4, 0.5), downsample_for_growth(images, 4, 1.0)):
            return not_yet("4 px is the first size: nothing is faded in, whatever alpha")
        return PASSED
    mistakes = {
        "the bug: fakes fade and real pictures don't, so sharpness gives the fakes away": sharp,
        "alpha is the share of the new, sharp picture": torch.lerp(sharp, soft, 0.25),
        "that is softened whatever alpha: mix it with the sharp one": soft,
        "bilinear is softer than what G's old path shows: nearest neighbour": torch.lerp(
            smooth, sharp, 0.25
        ),
        "every second pixel is not a smaller picture: take means of 2 x 2": torch.lerp(
            interpolate(every[..., ::2, ::2], scale_factor=2), every, 0.25
        ),
        "the soft half takes every second pixel: means of 2 x 2 there too": torch.lerp(
            skipped, sharp, 0.25
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet(
        "means down to `resolution`; means of 2 x 2 of that, doubled; alpha of the first, the rest"
        " second"
    )


@checker
def check_schedule(schedule: Callable[..., Sequence]) -> Verdict:
    """Exercise 7: the resolution at a step, and the share of its newest block."""
    start, full, stable, fade = 4, 16, 10, 4
    config = StyleGANConfig(
        n_steps=99, img_resolution=full, start_resolution=4, stable_steps=stable, fade_steps=fade
    )
    answers = [numbers(schedule(n, start, full, stable, fade), 2) for n in range(50)]
    pairs = [answer for answer in answers if answer is not None]
    if len(pairs) < len(answers):
        return not_yet("return two numbers: the resolution, and alpha")
    sizes, shares = [int(size) for size, _ in pairs], [share for _, share in pairs]
    right = [growth(n, config) for n in range(50)]
    if max(sizes) > full:
        return not_yet(f"it grows to {max(sizes)} px: {full} is the full size")
    if sizes[0] != start:
        return not_yet(f"it begins at {sizes[0]} px, not at {start}")
    if shares[0] < 1:
        return not_yet("the first resolution is not faded in: there is nothing to fade from")
    if sizes[fade] != start or sizes[stable - 1] != start:
        return not_yet(f"the first resolution is trained for {stable} steps")
    if sizes[stable] == start:
        return not_yet(
            f"after {stable} steps at the first size the next one begins: is it one step late?"
        )
    if min(shares) == 1:
        return not_yet("nothing is ever faded in: alpha is 1 at every step")
    if min(shares) < 0 or max(shares) > 1:
        return not_yet(
            f"alpha runs from {min(shares):.2f} to {max(shares):.2f}: it is a share, from 0 to 1"
        )
    if shares[stable] > shares[stable + fade - 1]:
        return not_yet("alpha falls: it is the share of the new block, and rises")
    if sizes != [size for size, _ in right]:
        step = next(n for n in range(50) if sizes[n] != right[n][0])
        return not_yet(
            f"after {step} steps it should be at {right[step][0]} px, and yours at {sizes[step]}"
        )
    if any(
        abs(share - alpha) > 1 / fade + 1e-9
        for share, (_, alpha) in zip(shares, right, strict=True)
    ):
        return not_yet(
            f"alpha should rise in a line within the first {fade} steps of a size, and stay at 1"
            " after"
        )
    if numbers(schedule(7, 8, 8, 2, 2), 2) != [8, 1]:
        return not_yet("a start at the full size does not grow: the full size and 1, at every step")
    return PASSED


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(
        a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-5
    )
