import math

import numpy as np
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


class Normed:
    """By the functional InstanceNorm, as an object that can be called."""

    def __call__(self, x, scale, shift, eps):
        normal = torch.nn.functional.instance_norm(x, eps=eps)
        return torch.addcmul(shift[..., None, None], scale[..., None, None], normal)


def detached_statistics(x, scale, shift, eps):
    """The statistics taken for constants."""
    variance, mean = torch.var_mean(x.detach(), (2, 3), correction=0, keepdim=True)
    return scale[:, :, None, None] * (x - mean) / (variance + eps).sqrt() + shift[:, :, None, None]


def in_place(x, scale, shift, eps):
    x -= x.mean((2, 3), keepdim=True)
    return adain(x, scale, shift, eps)


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


def by_pairs(w, weight, bias):
    y = (w @ weight.T + bias).view(len(w), -1, 2)
    return 1 + y[..., 0], y[..., 1]


def halves(change):
    return lambda w, weight, bias: change(*(w @ weight.T + bias).chunk(2, 1))


def style_loss(x, y, *, correction=0, size=lambda d: d.norm(dim=1).mean(), parts=(0, 1)):
    differences = (
        x.mean((2, 3)) - y.mean((2, 3)),
        x.std((2, 3), correction=correction) - y.std((2, 3), correction=correction),
    )
    return sum(size(differences[k]) for k in parts)


def half_detached(x, y):
    """No gradient through the spreads."""
    return style_loss(x, y, parts=(0,)) + style_loss(x.detach(), y, parts=(1,))


def variances(x, y):
    mean, variance = (
        part(x) - part(y)
        for part in (lambda t: t.mean((2, 3)), lambda t: t.var((2, 3), correction=0))
    )
    return mean.norm(dim=1).mean() + variance.norm(dim=1).mean()


def spike(n, factor):
    return math.sqrt((factor**2 - 1) * n)


AXES, AFTER, IDLE = dict(lesson.AXES), dict(lesson.AFTER), dict(lesson.IDLE)

COMPANY = {
    "prediction": "falls and rises again",
    "figures": {
        8: [0.71, 0.72, 0.7, 0.71],
        32: [0.57, 0.58, 0.57, 0.58],
        56: [0.9, 0.91, 0.9, 0.9],
    },
    "conclusion": "falls and rises again",
}
FALLING = {8: [0.7, 0.7, 0.8, 0.7], 32: [0.6, 0.6, 0.5, 0.6], 56: [0.4, 0.4, 0.5, 0.3]}
LONGER = COMPANY["figures"] | {8: [0.71, 0.72, 0.7, 0.71, 0.7]}
WHOLE = COMPANY["figures"] | {8: [1.2, 1.3, 1.2, 1.3]}

RIGHT = [
    (lesson.check_axes, AXES),
    (lesson.check_axes, AXES | {"InstanceNorm": (-1, -2), "PixelNorm": 1}),
    (lesson.check_axes, AXES | {"InstanceNorm": np.array([2, 3]), "PixelNorm": np.int64(1)}),
    (lesson.check_axes, AXES | {"BatchNorm": torch.tensor([3, 2, 0]), "PixelNorm": [1]}),
    (lesson.check_adain, adain),
    (lesson.check_adain, adain_of_package),
    (lesson.check_adain, channels_last),
    (lesson.check_adain, lambda *parts: adain(*parts).float()),
    (lesson.check_adain, Normed()),
    (lesson.check_style, style),
    (lesson.check_style, lambda *parts: torch.stack(style(*parts))),
    (lesson.check_style, lambda *parts: (part for part in style(*parts))),
    (lesson.check_after, AFTER),
    (lesson.check_after, AFTER | {"0x + 5": " Flat", "3x + 5": "THE  SAME"}),
    (lesson.check_idle, IDLE),
    (lesson.check_style_loss, style_loss),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y.detach())),
    (lesson.check_company, COMPANY),
    (lesson.check_spike, spike),
    (lesson.check_spike, lambda n, factor: np.float32(spike(n, factor))),
    (lesson.check_spike, lambda n, factor: n * math.sqrt((factor**2 - 1) / (n - 1))),
]

WRONG = [
    (lesson.check_axes, AXES | {"BatchNorm": (2, 3)}, "another one for each picture"),
    (lesson.check_axes, AXES | {"InstanceNorm": (0, 2, 3)}, "know of the others"),
    (lesson.check_axes, AXES | {"PixelNorm": (2, 3)}, "at each place by itself"),
    (lesson.check_axes, AXES | {"AdaIN": (0, 2, 3)}, "whose statistics"),
    (lesson.check_axes, AXES | {"AdaIN": (2, 7)}, "each is one of: "),
    (lesson.check_axes, {"AdaIN": (2, 3)}, "answer with"),
    (lesson.check_adain, lambda *parts: adain(*parts, correction=1), "H W - 1"),
    (lesson.check_adain, lambda *parts: adain(*parts, dims=(0, 2, 3)), "BatchNorm"),
    (lesson.check_adain, lambda *parts: adain(*parts, dims=(1, 2, 3)), "each channel has its own"),
    (lesson.check_adain, lambda *parts: adain(*parts, dims=(1,)), "are a place's"),
    (lesson.check_adain, lambda x, scale, shift, eps: adain(x, shift, scale, eps), "exchanged"),
    (lesson.check_adain, outside, "under the root"),
    (
        lesson.check_adain,
        lambda x, scale, shift, eps: adain(x, scale, shift, 0.0),
        "`eps` is an argument",
    ),
    (lesson.check_adain, lambda x, scale, shift, eps: adain(x, scale, shift), "`eps` is an"),
    (lesson.check_adain, lambda x, scale, shift, eps: adain(x, scale, shift, 0.5), "eps of 0.1"),
    (lesson.check_adain, lambda *parts: adain(*parts).detach(), "carries no graph"),
    (lesson.check_adain, detached_statistics, "its gradient for `x` is not"),
    (lesson.check_adain, in_place, "you changed `x` itself"),
    (lesson.check_adain, lambda x, s, *rest: adain(x, s.detach(), *rest), "reaches `scale`"),
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
    (lesson.check_adain, lambda *parts: adain(*parts).mean((2, 3)), "of shape (2, 3, 4, 5)"),
    (lesson.check_adain, lambda x, *parts: x, "values are off"),
    (lesson.check_style, of_y, "as published"),
    (lesson.check_style, of_y_expanded, "values are off in scale"),
    (lesson.check_style, halves(lambda a, b: (a, b)), "the 1 is missing"),
    (lesson.check_style, halves(lambda a, b: (b, a)), "exchanged"),
    (lesson.check_style, halves(lambda a, b: (1 + b, a)), "exchanged"),
    (lesson.check_style, halves(lambda a, b: (1 + a, 1 + b)), "shift needs no 1"),
    (lesson.check_style, halves(lambda a, b: ((1 + a).abs(), b)), "absolute value"),
    (lesson.check_style, halves(lambda a, b: (a.exp(), b)), "exponential"),
    (lesson.check_style, lambda w, weight, bias: style(w, weight, 0 * bias), "bias of the layer"),
    (lesson.check_style, lambda *parts: tuple(p.detach() for p in style(*parts)), "no graph"),
    (lesson.check_style, lambda w, *parts: style(w.detach(), *parts), "no gradient reaches `w`"),
    (lesson.check_style, by_pairs, "every second number"),
    (lesson.check_style, lambda w, weight, bias: (1 + (w @ weight.T)[:, ::2], w), "(3, 4), (3, 5)"),
    (lesson.check_style, lambda w, weight, bias: w @ weight.T + bias, "the scale and the shift"),
    (lesson.check_after, AFTER | {"3x + 5": "mirrored"}, "what of the spread"),
    (lesson.check_after, AFTER | {"-3x + 5": "the same"}, "never negative"),
    (lesson.check_after, AFTER | {"0x + 5": "the same"}, "what is left of a flat"),
    (lesson.check_after, AFTER | {"0.000001x": "the same"}, "with epsilon"),
    (lesson.check_after, AFTER | {"0.000001x": "?"}, "each is one of"),
    (lesson.check_after, "flat", "answer with"),
    (lesson.check_company, COMPANY | {"conclusion": "falls all the way"}, "does not follow"),
    (lesson.check_company, COMPANY | {"figures": FALLING}, "does not follow"),
    (lesson.check_company, COMPANY | {"figures": LONGER}, "as many figures"),
    (lesson.check_company, COMPANY | {"figures": WHOLE}, "should have lowered it"),
    (lesson.check_company, COMPANY | {"figures": FALLING | {32: [0, 1, 2, 3]}}, "above 0"),
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
    (lesson.check_idle, {"noise, then AdaIN": "idle"}, "answer with"),
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
    (lesson.check_style_loss, lambda x, y: style_loss(x.detach(), y), "carries no graph"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y).item(), "carries no graph"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y) + 1, "too large"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y).detach() + 0 * x.sum(), "no gradient"),
    (lesson.check_style_loss, half_detached, "its gradient for `x` is not"),
    (lesson.check_style_loss, lambda x, y: style_loss(x, y) + 0 * y.mean((2, 3)), "one number"),
    (lesson.check_spike, lambda n, factor: factor * math.sqrt(n), "how much has to be added"),
    (lesson.check_spike, lambda n, factor: (factor**2 - 1) * n, "take the root"),
    (lesson.check_spike, lambda n, factor: math.sqrt((factor - 1) * n), "and the variance?"),
    (lesson.check_spike, lambda n, factor: math.sqrt(factor**2 - 1), "one pixel of n"),
    (lesson.check_spike, lambda n, factor: (factor - 1) * n, "h^2 / n, not h / n"),
    (lesson.check_spike, lambda n, factor: 1.0, "too small"),
    (lesson.check_spike, lambda n, factor: 0.998 * spike(n, factor), "too small"),
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
