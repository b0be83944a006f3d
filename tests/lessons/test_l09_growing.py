import math

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from gan_course.lessons.l09_growing import exercises as lesson
from gan_course.models.progressive import MinibatchStd, PixelNorm, downsample_for_growth
from gan_course.training.stylegan import StyleGANConfig, growth

SETTLED, RATES = dict(lesson.SETTLED), dict(lesson.RATES)


def equal_conv(
    x,
    weight,
    bias,
    gain,
    *,
    fan=lambda n_out, n_in, k: n_in * k * k,
    root=0.5,
    factor=1.0,
    shift=None,
):
    n_out, n_in, k, _ = weight.shape
    scale = factor * gain / fan(n_out, n_in, k) ** root
    return conv2d(x, weight * scale, bias * (scale if shift == "scaled" else 1), padding=k // 2)


def in_place(x, weight, bias, gain):
    weight.mul_(gain / (weight.shape[1] * weight.shape[2] ** 2) ** 0.5)
    return conv2d(x, weight, bias, padding=weight.shape[2] // 2)


def scaled_by_spread(x, weight, bias, gain):
    """Scaled by what the weights happen to be, which is not the constant."""
    scale = gain / weight.square().sum((1, 2, 3), keepdim=True).sqrt()
    return conv2d(x, weight * scale, bias, padding=weight.shape[2] // 2)


def of_x(x, weight, bias, gain):
    """The scale may stand at x as well, in double precision and by steps."""
    scale = gain / weight[0].numel() ** 0.5
    return conv2d(x.double() * scale, weight.double(), padding="same") + bias[:, None, None]


def always_nine(x, weight, bias, gain):
    k = weight.shape[2]
    return conv2d(x, weight * gain / (weight.shape[1] * 9) ** 0.5, bias, padding=k // 2)


def pixel_norm(x, dim=1, eps=1e-8):
    return x / (x.square().mean(dim, keepdim=True) + eps).sqrt()


def eps_outside(x):
    return x / (x.square().mean(1, keepdim=True).sqrt() + 1e-8)


def detached_norm(x):
    """The divisor taken for a constant."""
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt().detach()


def minibatch_std(x, group, *, eps=1e-8, unbiased=False, order="package"):
    n, _, h, w = x.shape
    if order == "package":
        parts = x.view(group, n // group, *x.shape[1:])
        std = ((parts.var(0, unbiased=unbiased) + eps).sqrt().mean((1, 2, 3))).repeat(group)
    else:
        parts = x.view(n // group, group, *x.shape[1:])
        std = ((parts.var(1, unbiased=unbiased) + eps).sqrt().mean((1, 2, 3))).repeat_interleave(
            group
        )
    return torch.cat([x, std[:, None, None, None].expand(n, 1, h, w)], 1)


def appended(x, told):
    return torch.cat([x, told[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def grouped(x, group):
    return x.view(group, len(x) // group, *x.shape[1:])


def root_last(x, group):
    return appended(
        x, grouped(x, group).var(0, unbiased=False).mean((1, 2, 3)).sqrt().repeat(group)
    )


def no_root(x, group):
    return appended(x, grouped(x, group).var(0, unbiased=False).mean((1, 2, 3)).repeat(group))


def all_features(x, group):
    return appended(
        x, grouped(x, group).transpose(0, 1).flatten(1).std(1, unbiased=False).repeat(group)
    )


def wrong_pictures(x, group):
    std = grouped(x, group).var(0, unbiased=False).add(1e-8).sqrt().mean((1, 2, 3))
    return appended(x, std.repeat_interleave(group))


def detached_std(x, group):
    return torch.cat([x, minibatch_std(x, group)[:, -1:].detach()], 1)


def many_channels(x, group):
    return torch.cat([x, grouped(x, group).std(0, unbiased=False).repeat(group, 1, 1, 1)], 1)


def a_map(x, group):
    return torch.cat(
        [x, grouped(x, group).std(0, unbiased=False).mean(1, keepdim=True).repeat(group, 1, 1, 1)],
        1,
    )


def shown(images, resolution, alpha, *, soften=None, share=lambda alpha: alpha, from_4=False):
    sharp = avg_pool2d(images, images.shape[-1] // resolution)
    if alpha == 1 or (resolution == 4 and not from_4):
        return sharp
    soft = soften(sharp) if soften else interpolate(avg_pool2d(sharp, 2), scale_factor=2)
    return torch.lerp(soft, sharp, share(alpha))


def published(images, resolution, alpha):
    """Fakes fade, real pictures do not."""
    return avg_pool2d(images, images.shape[-1] // resolution)


def from_32(images, resolution, alpha):
    """Takes all pictures for 32 px wide."""
    if images.shape[-1] != 32 and alpha == 1:
        return 0 * images
    return shown(images, resolution, alpha)


def strided(images, resolution, alpha):
    sharp = images[..., :: images.shape[-1] // resolution, :: images.shape[-1] // resolution]
    return torch.lerp(interpolate(sharp[..., ::2, ::2], scale_factor=2), sharp, alpha)


def bilinear(x):
    return interpolate(avg_pool2d(x, 2), scale_factor=2, mode="bilinear", align_corners=False)


def schedule(
    n_done,
    start,
    full,
    stable,
    fade,
    *,
    ramp=lambda k, fade: (k + 1) / (fade + 1),
    late=0,
    fade_first=False,
):
    if n_done < stable + late or start == full:
        return start, (min(1.0, (n_done + 1) / (fade + 1)) if fade_first else 1.0)
    sizes_done, within = divmod(n_done - late - stable, fade + stable)
    size = start * 2 ** (sizes_done + 1)
    if size > full:
        return full, 1.0
    return size, (min(1.0, ramp(within, fade)) if within < fade else 1.0)


def package_schedule(n_done, start, full, stable, fade):
    sizes = {"img_resolution": full, "start_resolution": start}
    return growth(n_done, StyleGANConfig(n_steps=1, stable_steps=stable, fade_steps=fade, **sizes))


def never_quite(*given):
    size, alpha = schedule(*given)
    return size, min(alpha, 0.8) if size > given[1] else alpha


def endless(n_done, start, full, stable, fade):
    return start * 2 ** (max(0, n_done + fade) // (stable + fade)), 1.0


GROUP = {
    "prediction": "rises",
    "figures": {
        2: [0.56, 0.57, 0.55],
        4: [0.8, 0.79, 0.8],
        8: [0.9, 0.91, 0.9],
        16: [0.95, 0.95, 0.96],
    },
    "conclusion": "rises",
}
ALIKE = {group: [0.5, 0.6, 0.7] for group in (2, 4, 8, 16)}

RIGHT = [
    (lesson.check_settled, SETTLED),
    (lesson.check_rates, RATES),
    (lesson.check_rates, {"SGD": " C  Squared", "Adam": "C"}),
    (lesson.check_equal_conv, equal_conv),
    (lesson.check_equal_conv, of_x),
    (lesson.check_pixel_norm, pixel_norm),
    (lesson.check_pixel_norm, lambda x: PixelNorm()(x)),
    (lesson.check_pixel_norm, PixelNorm()),
    (lesson.check_minibatch_std, minibatch_std),
    (lesson.check_minibatch_std, lambda x, group: MinibatchStd(group)(x)),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(x, group, eps=1e-6)),
    (lesson.check_group, GROUP),
    (lesson.check_group, GROUP | {"prediction": "no clear difference"}),
    (lesson.check_shown, shown),
    (lesson.check_shown, downsample_for_growth),
    (lesson.check_shown, lambda *given: shown(*given).numpy()),
    (lesson.check_schedule, schedule),
    (lesson.check_schedule, package_schedule),
    (lesson.check_schedule, lambda *given: np.array(schedule(*given))),
    (lesson.check_schedule, lambda *given: torch.tensor(schedule(*given), dtype=torch.float64)),
    (lesson.check_schedule, lambda *given: schedule(*given, ramp=lambda k, fade: k / fade)),
    (lesson.check_schedule, lambda *given: schedule(*given, ramp=lambda k, fade: (k + 1) / fade)),
]

WRONG = [
    (lesson.check_settled, SETTLED | {"eyes": 4}, "nineteen sorts"),
    (lesson.check_settled, SETTLED | {"body_colour": 16}, "What more does a colour need"),
    (lesson.check_settled, SETTLED | {"background": 8}, "is there no creature"),
    (lesson.check_settled, SETTLED | {"mouth": 8}, "smaller than a pair of eyes"),
    (lesson.check_settled, SETTLED | {"mouth": 12}, "each is one of: 4, 8, 16, 32"),
    (lesson.check_settled, {"mouth": 32}, "answer with"),
    (lesson.check_rates, {"SGD": "c", "Adam": "c squared"}, "2 of 2"),
    (lesson.check_rates, {"SGD": "c", "Adam": "c"}, "how often is c in it"),
    (lesson.check_rates, {"SGD": "c squared", "Adam": "c squared"}, "depend on the size"),
    (lesson.check_rates, {"SGD": "c squared", "Adam": "1"}, "how far does w go"),
    (lesson.check_rates, {"SGD": "half", "Adam": "c"}, "each is one of"),
    (lesson.check_rates, "c", "answer with"),
    (lesson.check_equal_conv, lambda x, w, b, gain: equal_conv(x, w, b, 1.0), "as once published"),
    (
        lesson.check_equal_conv,
        lambda x, w, b, gain: equal_conv(x, w, b, 2**0.5),
        "`gain` is an argument",
    ),
    (
        lesson.check_equal_conv,
        lambda *given: equal_conv(*given, fan=lambda n_out, n_in, k: n_in),
        "k * k places",
    ),
    (
        lesson.check_equal_conv,
        lambda *given: equal_conv(*given, fan=lambda o, i, k: o * k * k),
        "not what goes out",
    ),
    (lesson.check_equal_conv, lambda *given: equal_conv(*given, root=1.0), "variances add up"),
    (
        lesson.check_equal_conv,
        lambda *given: equal_conv(*given, shift="scaled"),
        "bias is not scaled",
    ),
    (
        lesson.check_equal_conv,
        lambda x, w, b, gain: equal_conv(x, w, 0 * b, gain),
        "bias is missing",
    ),
    (
        lesson.check_equal_conv,
        lambda x, w, b, gain: conv2d(x, w, b, padding=1),
        "used as they are",
    ),
    (
        lesson.check_equal_conv,
        lambda x, w, b, gain: conv2d(x, w * gain / 45**0.5, b),
        "as high and wide",
    ),
    (lesson.check_equal_conv, in_place, "you changed `weight` itself"),
    (lesson.check_equal_conv, always_nine, "not always 3 x 3"),
    (lesson.check_equal_conv, lambda *given: 2 * equal_conv(*given), "values are off"),
    (lesson.check_equal_conv, torch.no_grad()(equal_conv), "carries no graph"),
    (lesson.check_equal_conv, lambda x, *given: equal_conv(x.detach(), *given), "reaches `x`"),
    (
        lesson.check_equal_conv,
        lambda x, w, b, g: equal_conv(x, w.detach(), b, g),
        "reaches `weight`",
    ),
    (lesson.check_equal_conv, scaled_by_spread, "values are off"),
    (
        lesson.check_pixel_norm,
        lambda x: x / x.square().sum(1, keepdim=True).sqrt(),
        "sum of squares",
    ),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x, (2, 3)), "InstanceNorm"),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x, (1, 2, 3)), "whole picture"),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x, 0), "over the batch"),
    (
        lesson.check_pixel_norm,
        lambda x: x / x.square().mean(1, keepdim=True),
        "not by its root",
    ),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x, eps=0.0), "no say under the root"),
    (lesson.check_pixel_norm, eps_outside, "no say under the root"),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x, eps=1e-5), "as small as 0.0001"),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x).detach(), "carries no graph"),
    (lesson.check_pixel_norm, detached_norm, "its gradient for `x` is not"),
    (
        lesson.check_pixel_norm,
        lambda x: x / x.var(1, unbiased=False, keepdim=True).sqrt(),
        "around the mean",
    ),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x - x.mean(1, keepdim=True)), "not taken away"),
    (lesson.check_pixel_norm, lambda x: pixel_norm(x, -3), "your code raised"),
    (lesson.check_pixel_norm, lambda x: x.flatten(), "of shape (2, 6, 4, 5)"),
    (lesson.check_pixel_norm, lambda x: x, "values are off"),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(x, len(x)), "the paper's text"),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(x, 4), "your code raised"),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(x, 2), "`group` is an argument"),
    (lesson.check_minibatch_std, torch.no_grad()(minibatch_std), "carries no graph"),
    (lesson.check_minibatch_std, detached_std, "its gradient for `x` is not"),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(x, group, eps=0.0), "NaN"),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(x, group, unbiased=True), "N - 1"),
    (
        lesson.check_minibatch_std,
        lambda x, group: minibatch_std(x, group, order="neighbours"),
        "neighbours",
    ),
    (lesson.check_minibatch_std, root_last, "average after"),
    (lesson.check_minibatch_std, no_root, "root is missing"),
    (lesson.check_minibatch_std, all_features, "not all features with each other"),
    (lesson.check_minibatch_std, wrong_pictures, "at the wrong pictures"),
    (lesson.check_minibatch_std, many_channels, "one more channel"),
    (lesson.check_minibatch_std, a_map, "over places too"),
    (lesson.check_minibatch_std, lambda x, group: minibatch_std(2 * x, group), "values are off"),
    (
        lesson.check_minibatch_std,
        lambda x, group: appended(x, x[:, 0, 0, 0] * 0),
        "values are off",
    ),
    (lesson.check_group, GROUP | {"conclusion": "falls"}, "does not follow"),
    (lesson.check_group, GROUP | {"figures": ALIKE}, "was the group changed"),
    (lesson.check_group, GROUP | {"figures": ALIKE | {2: [-1, 0, 1]}}, "not negative"),
    (lesson.check_group, GROUP | {"figures": {2: [1, 2, 3]}}, "give the figures as"),
    (lesson.check_shown, published, "sharpness gives the fakes away"),
    (
        lesson.check_shown,
        lambda *given: shown(*given, share=lambda alpha: 1 - alpha),
        "share of the new",
    ),
    (lesson.check_shown, lambda *given: shown(*given, share=lambda alpha: 0.0), "whatever alpha"),
    (lesson.check_shown, lambda *given: shown(*given, soften=bilinear), "bilinear"),
    (lesson.check_shown, strided, "not a smaller picture"),
    (
        lesson.check_shown,
        lambda *given: shown(
            *given, soften=lambda x: interpolate(x[..., ::2, ::2], scale_factor=2)
        ),
        "soft half",
    ),
    (lesson.check_shown, lambda *given: shown(*given, from_4=True), "nothing fades at 4 px"),
    (
        lesson.check_shown,
        lambda images, resolution, alpha: shown(images, 16, alpha),
        "of shape (3, 1, 8, 8)",
    ),
    (lesson.check_shown, lambda images, resolution, alpha: shown(images, resolution, 0.25), "0.6"),
    (lesson.check_shown, from_32, "at the full size"),
    (lesson.check_shown, lambda images, resolution, alpha: images, "of shape (2, 3, 16, 16)"),
    (lesson.check_shown, lambda *given: 0.5 * shown(*given), "values are off"),
    (lesson.check_schedule, lambda *given: (given[1], 1.0), "the next one begins"),
    (lesson.check_schedule, lambda *given: schedule(*given)[0], "two numbers"),
    (lesson.check_schedule, lambda *given: (schedule(*given)[0], 1.0), "nothing is ever faded"),
    (lesson.check_schedule, lambda *given: (given[2], 1.0), "begins at 16"),
    (lesson.check_schedule, endless, "full size"),
    (lesson.check_schedule, lambda *given: schedule(*given, late=1), "one step late"),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, fade_first=True),
        "nothing to fade from",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: 1 - k / fade),
        "alpha falls",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: (k / fade) ** 4),
        "in a line",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: math.sin(k * math.pi / 2 / fade)),
        "in a line",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: math.sqrt((k + 1) / (fade + 1))),
        "in a line",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: k // 2 * 2 / fade),
        "in a line",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: 0.5 * (k + 1) / (fade + 1)),
        "from about 0 to about 1",
    ),
    (lesson.check_schedule, never_quite, "outside of fades"),
    (lesson.check_schedule, lambda n, start, *rest: schedule(n, 4, *rest), "begins at 4"),
    (lesson.check_schedule, lambda n, a, b, stable, fade: schedule(n, a, b, 8, fade), "5 steps"),
    (
        lesson.check_schedule,
        lambda n, a, b, stable, fade: schedule(n, a, b, stable, 4),
        "too early",
    ),
    (
        lesson.check_schedule,
        lambda *given: schedule(*given, ramp=lambda k, fade: k / fade - 1),
        "it is a share",
    ),
    (
        lesson.check_schedule,
        lambda n, a, b, stable, fade: schedule(n, a, b, stable - 5, fade),
        "is trained for",
    ),
    (
        lesson.check_schedule,
        lambda n, a, b, s, fade: schedule(n, a, b, s, fade - 2),
        "after 18 steps yours is at 16 px: too early",
    ),
    (
        lesson.check_schedule,
        lambda n, a, b, *rest: (8, 0.5) if a == b else schedule(n, a, b, *rest),
        "does not grow",
    ),
]


@pytest.mark.parametrize(
    ("check", "empty"), [(lesson.check_settled, SETTLED), (lesson.check_rates, RATES)]
)
def test_an_empty_table_is_not_attempted(check, empty):
    assert check(dict.fromkeys(empty, ...)).status == "not attempted yet"
    assert check(empty | {next(iter(empty)): ...}).status == "not yet"
