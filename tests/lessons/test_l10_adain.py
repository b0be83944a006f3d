import math

import pytest
import torch

from gan_course.lessons.l10_adain import exercises as lesson
from gan_course.models.stylegan import adain as adain_of_package


def adain(x, scale, shift, eps=1e-8, *, dims=(2, 3), correction=0, power=0.5):
    variance, mean = torch.var_mean(x, dims, correction=correction, keepdim=True)
    return (
        scale[:, :, None, None] * (x - mean) / (variance + eps) ** power + shift[:, :, None, None]
    )


def channels_last(x, scale, shift, eps):
    return adain_of_package(x.contiguous(memory_format=torch.channels_last), scale, shift, eps)


def outside(x, scale, shift, eps):
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    return scale[:, :, None, None] * (x - mean) / (variance.sqrt() + eps) + shift[:, :, None, None]


def keeps_mean(x, scale, shift, eps):
    root = (x.var((2, 3), correction=0, keepdim=True) + eps).sqrt()
    return scale[:, :, None, None] * x / root + shift[:, :, None, None]


def of_y(w, weight, bias):
    """As a published course puts it: y_s and y_b are the mean and the standard deviation of y."""
    y = w @ weight.T + bias
    return y.std(1, keepdim=True), y.mean(1, keepdim=True)


def of_y_expanded(w, weight, bias):
    return tuple(one.expand(-1, 4) for one in of_y(w, weight, bias))


def style(w, weight, bias):
    scale, shift = (w @ weight.T + bias).chunk(2, 1)
    return 1 + scale, shift


def halves(change):
    return lambda w, weight, bias: change(*(w @ weight.T + bias).chunk(2, 1))


def style_loss(x, y, *, correction=0, size=lambda d: d.norm(dim=1).mean(), parts=(0, 1)):
    differences = (
        x.mean((2, 3)) - y.mean((2, 3)),
        x.std((2, 3), correction=correction) - y.std((2, 3), correction=correction),
    )
    return sum(size(differences[k]) for k in parts)


def variances(x, y):
    mean, variance = (
        part(x) - part(y)
        for part in (lambda t: t.mean((2, 3)), lambda t: t.var((2, 3), correction=0))
    )
    return mean.norm(dim=1).mean() + variance.norm(dim=1).mean()


def spike(n, factor):
    return math.sqrt((factor**2 - 1) * n)


AXES, AFTER, IDLE = dict(lesson.AXES), dict(lesson.AFTER), dict(lesson.IDLE)

RIGHT = [
    (lesson.check_axes, AXES),
    (lesson.check_axes, AXES | {"InstanceNorm": (-1, -2), "PixelNorm": 1}),
    (lesson.check_adain, adain),
    (lesson.check_adain, adain_of_package),
    (lesson.check_adain, channels_last),
    (lesson.check_style, style),
    (lesson.check_after, AFTER),
    (lesson.check_after, AFTER | {"0x + 5": " Flat", "3x + 5": "THE  SAME"}),
    (lesson.check_idle, IDLE),
    (lesson.check_style_loss, style_loss),
    (lesson.check_spike, spike),
    (lesson.check_spike, lambda n, factor: n * math.sqrt((factor**2 - 1) / (n - 1))),
]

WRONG = [
    (lesson.check_axes, AXES | {"BatchNorm": (2, 3)}, "common to all pictures"),
    (lesson.check_axes, AXES | {"InstanceNorm": (0, 2, 3)}, "each channel of each picture"),
    (lesson.check_axes, AXES | {"PixelNorm": (2, 3)}, "at each place"),
    (lesson.check_axes, AXES | {"AdaIN": (0, 2, 3)}, "nothing passes between pictures"),
    (lesson.check_axes, AXES | {"AdaIN": (2, 7)}, "are 0, 1, 2 and 3"),
    (lesson.check_axes, {"AdaIN": (2, 3)}, "for each of"),
    (lesson.check_adain, lambda *parts: adain(*parts, correction=1), "H W - 1"),
    (lesson.check_adain, lambda *parts: adain(*parts, dims=(0, 2, 3)), "BatchNorm"),
    (lesson.check_adain, lambda *parts: adain(*parts, dims=(1, 2, 3)), "each channel has its own"),
    (lesson.check_adain, lambda *parts: adain(*parts, dims=(1,)), "over height and width"),
    (lesson.check_adain, lambda x, scale, shift, eps: adain(x, shift, scale, eps), "exchanged"),
    (lesson.check_adain, outside, "under the root"),
    (
        lesson.check_adain,
        lambda x, scale, shift, eps: adain(x, scale, shift, 0.0),
        "eps is missing",
    ),
    (lesson.check_adain, lambda *parts: adain(*parts, power=1.0), "take its root"),
    (lesson.check_adain, keeps_mean, "old mean"),
    (lesson.check_adain, lambda x, scale, shift, eps: adain(x, 1 + scale, shift, eps), "1 + scale"),
    (
        lesson.check_adain,
        lambda x, scale, shift, eps: adain(x, scale.sqrt(), shift, eps),
        "not the new variance",
    ),
    (
        lesson.check_adain,
        lambda x, scale, shift, eps: adain(x, scale / scale, shift * 0, eps),
        "that is InstanceNorm",
    ),
    (lesson.check_adain, lambda *parts: adain(*parts).mean((2, 3)), "keepdim"),
    (lesson.check_adain, lambda *parts: adain(*parts).float(), "float64"),
    (lesson.check_adain, lambda x, *parts: x, "the values are not"),
    (lesson.check_style, of_y, "neither mean nor spread of y"),
    (lesson.check_style, of_y_expanded, "1 + its first half"),
    (lesson.check_style, halves(lambda a, b: (a, b)), "the 1 is missing"),
    (lesson.check_style, halves(lambda a, b: (b, a)), "exchanged"),
    (lesson.check_style, halves(lambda a, b: (1 + b, a)), "exchanged"),
    (lesson.check_style, halves(lambda a, b: (1 + a, 1 + b)), "shift needs no 1"),
    (lesson.check_style, halves(lambda a, b: ((1 + a).abs(), b)), "absolute value"),
    (lesson.check_style, halves(lambda a, b: (a.exp(), b)), "exponential"),
    (lesson.check_style, lambda w, weight, bias: style(w, weight, 0 * bias), "bias of the layer"),
    (lesson.check_style, lambda w, weight, bias: (1 + (w @ weight.T)[:, ::2], w), "are (3, 4)"),
    (lesson.check_style, lambda w, weight, bias: w @ weight.T + bias, "two tensors"),
    (lesson.check_after, AFTER | {"3x + 5": "mirrored"}, "subtracted"),
    (lesson.check_after, AFTER | {"-3x + 5": "the same"}, "never negative"),
    (lesson.check_after, AFTER | {"0x + 5": "the same"}, "without spread"),
    (lesson.check_after, AFTER | {"0.000001x": "the same"}, "what wins"),
    (lesson.check_after, AFTER | {"0.000001x": "?"}, "one of"),
    (lesson.check_after, "flat", "answer for each"),
    *[
        (lesson.check_idle, IDLE | {name: other}, name)
        for name, other in (
            ("bias, then InstanceNorm", "at work"),
            ("doubling a convolution, then InstanceNorm", "at work"),
            ("bias, then LeakyReLU, then AdaIN", "idle"),
            ("noise, then AdaIN", "idle"),
            ("y_s of one channel, then a convolution and InstanceNorm", "idle"),
        )
    ],
    (lesson.check_idle, {"noise, then AdaIN": "idle"}, "answer for each"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y, correction=1), "H W - 1"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y, parts=(0,)), "only the means"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y, parts=(1,)), "only the spreads"),
    (
        lesson.check_style_loss,
        lambda x, y: style_loss(x, y, size=lambda d: d.square().mean()),
        "has norms",
    ),
    (
        lesson.check_style_loss,
        lambda x, y: style_loss(x, y, size=lambda d: d.square().sum(1).mean()),
        "squared",
    ),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y, size=torch.norm), "whole batch"),
    (
        lesson.check_style_loss,
        lambda x, y: style_loss(x, y, size=lambda d: d.norm(dim=1).sum()),
        "take their mean",
    ),
    (
        lesson.check_style_loss,
        lambda x, y: style_loss(x, y, size=lambda d: d.abs().sum(1).mean()),
        "absolute",
    ),
    (lesson.check_style_loss, variances, "standard deviations"),
    (lesson.check_style_loss, lambda x, y: style_loss(x.detach(), y), "no gradient"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y).item(), "one number"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y) + 1, "for the checker's features"),
    (lesson.check_spike, lambda n, factor: factor * math.sqrt(n), "factor^2 - 1"),
    (lesson.check_spike, lambda n, factor: (factor**2 - 1) * n, "take the root"),
    (lesson.check_spike, lambda n, factor: math.sqrt((factor - 1) * n), "factor^2 times"),
    (lesson.check_spike, lambda n, factor: math.sqrt(factor**2 - 1), "one pixel of n"),
    (lesson.check_spike, lambda n, factor: (factor - 1) * n, "h^2 / n, not h / n"),
    (lesson.check_spike, lambda n, factor: 1.0, "about 159"),
    (lesson.check_spike, lambda n, factor: 0.998 * spike(n, factor), "about 159.2, yours is 158.9"),
    (
        lesson.check_spike,
        lambda n, factor: spike(n, factor) * (1.002 if n == 16 else 1),
        "for 16 pixels",
    ),
]

TABLES = [(lesson.check_axes, AXES), (lesson.check_after, AFTER), (lesson.check_idle, IDLE)]


@pytest.mark.parametrize(("check", "empty"), TABLES)
def test_an_empty_table_is_not_attempted(check, empty):
    assert check(dict.fromkeys(empty, ...)).status == "not attempted yet"
    assert check(empty | {next(iter(empty)): ...}).status == "not yet"
