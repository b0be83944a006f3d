import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d, interpolate, pad

from gan_course.lessons.l11_stylegan import exercises as lesson
from gan_course.models.progressive import lrelu
from gan_course.models.stylegan import adain

EFFECTS = dict(lesson.EFFECTS)


def layer(x, weight, bias, strength, noise, y_s, y_b):
    x = conv2d(x, weight, padding=1) + strength[:, None, None] * noise + bias[:, None, None]
    return adain(lrelu(x), y_s, y_b)


def parts(x, weight, bias, strength, noise):
    return conv2d(x, weight, padding=1), strength[:, None, None] * noise, bias[:, None, None]


def noise_last(x, weight, bias, strength, noise, y_s, y_b):
    conv, each, shift = parts(x, weight, bias, strength, noise)
    return adain(lrelu(conv + shift), y_s, y_b) + each


def noise_between(x, weight, bias, strength, noise, y_s, y_b):
    conv, each, shift = parts(x, weight, bias, strength, noise)
    return adain(lrelu(conv + shift) + each, y_s, y_b)


def bias_last(x, weight, bias, strength, noise, y_s, y_b):
    conv, each, shift = parts(x, weight, bias, strength, noise)
    return adain(lrelu(conv + each) + shift, y_s, y_b)


def layer_in_place(x, *given):
    answer = layer(x, *given)
    x.zero_()
    return answer


class Layer:
    """By padding and einsum, as an object that can be called."""

    def __call__(self, x, weight, bias, strength, noise, y_s, y_b):
        y = conv2d(pad(x, (1, 1, 1, 1)), weight, bias)
        return adain(lrelu(y + torch.einsum("c,nihw->nchw", strength, noise)), y_s, y_b)


def no_lrelu(x, weight, bias, strength, noise, y_s, y_b):
    return adain(sum(parts(x, weight, bias, strength, noise)), y_s, y_b)


def lrelu_last(*given):
    return lrelu(no_lrelu(*given))


def no_style(x, weight, bias, strength, noise, y_s, y_b):
    return lrelu(sum(parts(x, weight, bias, strength, noise)))


def noise_maps(n, resolution, generator, *, draw=torch.randn, count=2, channels=1):
    sides = [2**k for k in range(2, int(math.log2(resolution)) + 1) for _ in range(count)]
    return [draw(n, channels, side, side, generator=generator) for side in sides]


def shared_maps(n, resolution, generator):
    """As published: one map for both layers of a block."""
    return [one for one in noise_maps(n, resolution, generator, count=1) for _ in range(2)]


def enlarged_maps(n, resolution, generator):
    maps = noise_maps(n, resolution, generator)
    return [*maps[:-1], interpolate(torch.randn(n, 1, 4, 4, generator=generator), size=resolution)]


def one_a_batch(n, resolution, generator):
    return [one.expand(n, -1, -1, -1) for one in noise_maps(1, resolution, generator)]


def nearly_shared(n, resolution, generator):
    maps = noise_maps(n, resolution, generator)
    return [one if k % 2 == 0 else 0.9 * maps[k - 1] + 0.44 * one for k, one in enumerate(maps)]


def own_seed(n, resolution, generator):
    return noise_maps(n, resolution, torch.Generator().manual_seed(5))


class Start(nn.Module):
    """The learned constant; each row of WRONG changes one thing in it."""

    make_const = staticmethod(lambda n: nn.Parameter(torch.ones(1, n, 4, 4)))
    make_strength = staticmethod(lambda n: nn.Parameter(torch.zeros(n)))

    def __init__(self, n_channels):
        super().__init__()
        self.const, self.strength = self.make_const(n_channels), self.make_strength(n_channels)

    def forward(self, noise):
        return self.const + self.strength[:, None, None] * noise


class FixedConst(Start):
    make_const = staticmethod(lambda n: torch.ones(1, n, 4, 4))


class BufferConst(Start):
    def __init__(self, n_channels):
        super().__init__(n_channels)
        del self.const
        self.register_buffer("const", torch.ones(1, n_channels, 4, 4))


class NoisyStart(Start):
    make_strength = staticmethod(lambda n: nn.Parameter(torch.randn(n)))


class OneStrength(Start):
    make_strength = staticmethod(lambda n: nn.Parameter(torch.zeros(1)))


class ZeroConst(Start):
    make_const = staticmethod(lambda n: nn.Parameter(torch.zeros(1, n, 4, 4)))


class FlatConst(Start):
    make_const = staticmethod(lambda n: nn.Parameter(torch.ones(1, n, 1, 1)))


class OneNoise(Start):
    def forward(self, noise):
        return super().forward(noise[:1].expand_as(noise))


class CutStrength(Start):
    def forward(self, noise):
        return self.const + self.strength[:, None, None].detach() * noise


def truncate(ws, w_avg, psi, cutoff):
    return torch.cat([torch.lerp(w_avg, ws[:, :cutoff], psi), ws[:, cutoff:]], 1)


def in_place(ws, w_avg, psi, cutoff):
    ws[:, :cutoff] = torch.lerp(w_avg, ws[:, :cutoff], psi)
    return ws


def mix(w, other, num_ws, share, generator, *, low=1, high=0, each=True, invert=False):
    n = len(w)
    count = n if each else 1
    chosen = torch.rand(n, generator=generator) < share
    crossover = torch.randint(low, num_ws + high, (count,), generator=generator)
    crossover = torch.where(chosen != invert, crossover, num_ws)
    first = torch.arange(num_ws)[None, :, None] < crossover[:, None, None]
    return torch.where(first, w[:, None], other[:, None])


def swapped(w, other, *rest):
    return mix(other, w, *rest)


def shuffled_layers(w, other, num_ws, share, generator):
    first = torch.rand(len(w), num_ws, 1, generator=generator) < 0.5
    return torch.where(first, w[:, None], other[:, None])


def middle_heavy(w, other, num_ws, share, generator):
    crossover = (torch.rand(len(w), generator=generator).pow(4) * (num_ws - 1)).long() + 1
    crossover = torch.where(torch.rand(len(w), generator=generator) < share, crossover, num_ws)
    return torch.where(
        torch.arange(num_ws)[None, :, None] < crossover[:, None, None], w[:, None], other[:, None]
    )


def rare_ends(w, other, num_ws, share, generator):
    """Crossovers at both ends come half as often: the rounded places of a line."""
    place = torch.rand(len(w), generator=generator) * (num_ws - 2)
    crossover = torch.where(
        torch.rand(len(w), generator=generator) < share, 1 + place.round().long(), num_ws
    )
    return torch.where(
        torch.arange(num_ws)[None, :, None] < crossover[:, None, None], w[:, None], other[:, None]
    )


def global_chance(w, other, num_ws, share, generator):
    """The crossovers are the generator's, and who is mixed is not."""
    mixed = torch.rand(len(w)) < share
    return torch.where(mixed[:, None, None], mix(w, other, num_ws, 1.0, generator), w[:, None])


def all_or_none(w, other, num_ws, share, generator):
    return mix(
        w, other, num_ws, 1.0 if torch.rand((), generator=generator) < share else 0.0, generator
    )


def wrong_partner(w, other, *rest):
    return mix(w, other.roll(1, 0), *rest)


def lazy(n, gamma, every):
    return gamma / 2 * every if n % every == 0 else 0.0


RARE = {
    "prediction": "with 0.99 only",
    "figures": {
        lesson.ALWAYS: [0.5, 0.51, 0.49],
        lesson.SLOW: [0.5, 0.5, 0.48],
        lesson.FAST: np.array([0.89, 0.9, 0.91]),
    },
    "conclusion": "with 0.99 only",
}
HASTY = RARE["figures"] | {lesson.ALWAYS: [0.2, 0.21, 0.22]}
UNCHANGED = RARE["figures"] | {lesson.FAST: [0.5, 0.5, 0.48]}

RIGHT = [
    (lesson.check_num_ws, lambda side: 2 * int(math.log2(side)) - 2),
    (lesson.check_num_ws, lambda side: 2 * math.log2(side) - 2),
    (lesson.check_num_ws, lambda side: np.int64(2 * np.log2(side) - 2)),
    (lesson.check_num_ws, lambda side: 2 * torch.tensor(side).log2() - 2),
    (lesson.check_effects, EFFECTS),
    (lesson.check_effects, {name: value.upper() for name, value in EFFECTS.items()}),
    (lesson.check_layer, layer),
    (lesson.check_layer, Layer()),
    (lesson.check_noise_maps, noise_maps),
    (lesson.check_noise_maps, lambda *given: (noise for noise in noise_maps(*given))),
    (lesson.check_start, Start),
    (lesson.check_start, lambda n: Start(n)),
    (lesson.check_truncate, truncate),
    (lesson.check_truncate, lambda *given: truncate(*given).numpy()),
    (lesson.check_mix, mix),
    (lesson.check_mix, lambda *given: mix(*given).double()),
    (lesson.check_lazy, lazy),
    (lesson.check_lazy, lambda n, gamma, every: torch.tensor(lazy(n, gamma, every))),
    (lesson.check_lazy, lambda n, gamma, every: np.float64(lazy(n, gamma, every))),
    (lesson.check_rare, RARE),
    (lesson.check_rare, RARE | {"prediction": "with neither"}),
]

WRONG = [
    (lesson.check_num_ws, lambda side: 2 * math.log2(side), "are too many"),
    (lesson.check_num_ws, lambda side: math.log2(side) - 1, "two layers"),
    (lesson.check_num_ws, lambda side: 3 * (math.log2(side) - 1), "ToRGB"),
    (lesson.check_num_ws, lambda side: 2 * math.log2(side) - 3, "after the constant"),
    (lesson.check_num_ws, lambda side: 18, "too large"),
    (lesson.check_num_ws, lambda side: "18", "one number"),
    (lesson.check_num_ws, lambda side: [4, 4, 8, 8], "one number"),
    (lesson.check_num_ws, lambda side: True, "one number"),
    (lesson.check_effects, EFFECTS | {"2 z": "another w"}, "first thing"),
    (lesson.check_effects, EFFECTS | {"-z": "the same w"}, "which way"),
    (
        lesson.check_effects,
        EFFECTS | {"z clipped to -0.7 ... 0.7": "nearer to the mean"},
        "any more usual",
    ),
    (lesson.check_effects, EFFECTS | {"w half-way to its mean": "the same w"}, "is w normalised"),
    (lesson.check_effects, EFFECTS | {"-z": "nothing"}, "each is one of"),
    (lesson.check_effects, {"-z": "the same w"}, "answer with"),
    (lesson.check_layer, noise_last, "as once published"),
    (lesson.check_layer, noise_between, "not between"),
    (lesson.check_layer, lambda x, w, b, s, n, *y: layer(x, w, b, 0 * s, n, *y), "no noise"),
    (
        lesson.check_layer,
        lambda x, w, b, s, n, *y: layer(x, w, b, s * 0 + 1, n, *y),
        "needs its strength",
    ),
    (
        lesson.check_layer,
        lambda x, w, b, s, n, *y: layer(x, w, b, s.mean().expand(4), n, *y),
        "each channel",
    ),
    (lesson.check_layer, lambda x, w, b, s, n, *y: layer(x, w, b, s, n[:1], *y), "map of its own"),
    (lesson.check_layer, no_lrelu, "LeakyReLU is missing"),
    (lesson.check_layer, lrelu_last, "first LeakyReLU"),
    (lesson.check_layer, no_style, "style is missing"),
    (lesson.check_layer, lambda x, w, b, s, n, *y: layer(x, w, 0 * b, s, n, *y), "bias is missing"),
    (lesson.check_layer, bias_last, "AdaIN takes it out"),
    (lesson.check_layer, torch.no_grad()(layer), "carries no graph"),
    (lesson.check_layer, lambda x, w, b, s, *rest: layer(x, w, b, s.detach(), *rest), "`strength`"),
    (lesson.check_layer, lambda x, w, b, s, n, y, z: layer(x, w, b, s, n, y.detach(), z), "`y_s`"),
    (lesson.check_layer, layer_in_place, "you changed `x` itself"),
    (lesson.check_layer, lambda *given: layer(*given[:-2], given[-1], given[-2]), "exchanged"),
    (
        lesson.check_layer,
        lambda *given: layer(*given[:-2], 1 + given[-2], given[-1]),
        "1 was added",
    ),
    (lesson.check_layer, lambda *given: layer(*given)[..., 1:-1, 1:-1], "as high and wide"),
    (lesson.check_layer, lambda *given: 2 * layer(*given), "values are off"),
    (lesson.check_noise_maps, shared_maps, "one and the same map"),
    (lesson.check_noise_maps, nearly_shared, "draw them apart"),
    (lesson.check_noise_maps, lambda *given: noise_maps(*given, count=1), "two layers"),
    (lesson.check_noise_maps, lambda *given: noise_maps(*given, count=3), "there are 8 layers"),
    (lesson.check_noise_maps, lambda *given: noise_maps(*given, channels=8), "one channel"),
    (
        lesson.check_noise_maps,
        lambda *given: noise_maps(*given, draw=torch.rand),
        "mean 0 and spread 1",
    ),
    (lesson.check_noise_maps, one_a_batch, "draw one for each"),
    (lesson.check_noise_maps, enlarged_maps, "neighbours are alike"),
    (lesson.check_noise_maps, lambda n, r, g: noise_maps(n, r, None), "a global random generator"),
    (lesson.check_noise_maps, own_seed, "draw from `generator`"),
    (lesson.check_noise_maps, lambda n, r, g: noise_maps(n, 32, g), "up to 8 px"),
    (lesson.check_noise_maps, lambda n, r, g: noise_maps(6, r, g), "one map a picture"),
    (
        lesson.check_noise_maps,
        lambda *given: [0.9 * noise for noise in noise_maps(*given)],
        "mean 0 and spread 1",
    ),
    (lesson.check_noise_maps, lambda n, r, g: torch.zeros(3), "a list"),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, w_avg, psi, 99),
        "all layers",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, 0 * w_avg, psi, cutoff),
        "not towards the mean",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, w_avg, 1 - psi, cutoff),
        "nothing changes",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, ws.mean((0, 1)), psi, cutoff),
        "running mean",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, w_avg, psi, cutoff + 1),
        "one layer too many",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: torch.cat(
            [ws[:, :cutoff], torch.lerp(w_avg, ws[:, cutoff:], psi)], 1
        ),
        "other way round",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: torch.cat(
            [psi * (ws - w_avg)[:, :cutoff], ws[:, cutoff:]], 1
        ),
        "never added",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: torch.cat(
            [ws[:, :cutoff].clamp(-psi, psi), ws[:, cutoff:]], 1
        ),
        "clips w",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, w_avg, psi, 3),
        "for a cutoff of 4",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: truncate(ws, w_avg, 0.7, cutoff),
        "with psi 0.4",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: torch.cat(
            [torch.lerp(w_avg, ws[:cutoff], psi), ws[cutoff:]]
        ),
        "pictures are truncated",
    ),
    (
        lesson.check_truncate,
        lambda ws, w_avg, psi, cutoff: torch.cat(
            [torch.lerp(w_avg, ws, psi)[..., :cutoff], ws[..., cutoff:]], -1
        ),
        "some numbers of each w",
    ),
    (lesson.check_start, FixedConst, "not among the parameters"),
    (lesson.check_start, BufferConst, "a buffer"),
    (lesson.check_start, NoisyStart, "noise at full strength"),
    (lesson.check_start, OneStrength, "`strength` should be (5,)"),
    (lesson.check_start, FlatConst, "`const` should be (1, 5, 4, 4)"),
    (lesson.check_start, ZeroConst, "nothing to begin with"),
    (lesson.check_start, OneNoise, "noise for each picture"),
    (lesson.check_start, CutStrength, "does not reach both"),
    (lesson.check_start, lambda n: n, "torch.nn.Module"),
    (lesson.check_truncate, in_place, "you changed `ws` itself"),
    (lesson.check_truncate, lambda ws, *rest: ws[:, 0], "of shape (5, 8, 7)"),
    (lesson.check_truncate, lambda ws, *rest: 2 * ws, "values are off"),
    (
        lesson.check_mix,
        lambda w, other, num_ws, *rest: w[:, None].expand(-1, num_ws, -1),
        "never mixes",
    ),
    (lesson.check_mix, lambda *given: mix(*given, low=0), "mixes nothing"),
    (lesson.check_mix, lambda *given: mix(*given, high=1), "behind the last layer"),
    (lesson.check_mix, lambda *given: mix(*given, each=False), "draw the crossover for each"),
    (lesson.check_mix, lambda *given: mix(*given, invert=True), "the share that is"),
    (
        lesson.check_mix,
        lambda w, other, num_ws, share, g: mix(w, other, num_ws, 1.0, g),
        "every picture",
    ),
    (lesson.check_mix, lambda w, other, num_ws, share, g: mix(w, other, num_ws, 0.5, g), "not 90%"),
    (lesson.check_mix, all_or_none, "every picture"),
    (lesson.check_mix, swapped, "the first layers"),
    (lesson.check_mix, shuffled_layers, "one crossover"),
    (lesson.check_mix, middle_heavy, "equally often"),
    (lesson.check_mix, lambda *given: mix(*given[:-1], None), "a global random generator"),
    (
        lesson.check_mix,
        lambda *given: mix(*given[:-1], torch.Generator().manual_seed(5)),
        "draw with `generator`",
    ),
    (lesson.check_mix, global_chance, "a global random generator"),
    (lesson.check_mix, lambda w, o, n, share, g: mix(w, o, n, 0.9, g), "not 30%"),
    (lesson.check_mix, lambda w, o, n, share, g: mix(w, o, 6, share, g), "and 4 layers"),
    (lesson.check_mix, rare_ends, "equally often"),
    (lesson.check_mix, torch.no_grad()(mix), "mapping network cannot learn"),
    (lesson.check_mix, wrong_partner, "its own partner"),
    (
        lesson.check_mix,
        lambda w, other, num_ws, *rest: 0.5 * (w + other)[:, None].expand(-1, num_ws, -1),
        "whole",
    ),
    (lesson.check_mix, lambda w, *rest: w, "should become"),
    (lesson.check_lazy, lambda n, gamma, every: lazy(n, 3.0, every), "`gamma` is an argument"),
    (lesson.check_rare, RARE | {"conclusion": "with both"}, "does not follow"),
    (lesson.check_rare, RARE | {"figures": HASTY}, "where w should settle"),
    (lesson.check_rare, RARE | {"figures": UNCHANGED}, "was beta2 changed"),
    (lesson.check_rare, RARE | {"prediction": "both"}, "the prediction is"),
    (lesson.check_lazy, lambda n, gamma, every: gamma / 2, "not lazy"),
    (
        lesson.check_lazy,
        lambda n, gamma, every: lazy(n, gamma, every) / every,
        "the mean over 16 steps",
    ),
    (lesson.check_lazy, lambda n, gamma, every: 2 * lazy(n, gamma, every), "the 2 is missing"),
    (lesson.check_lazy, lambda n, gamma, every: -lazy(n, gamma, every), "rewards"),
    (lesson.check_lazy, lambda n, gamma, every: lazy(n + 1, gamma, every), "step before"),
    (lesson.check_lazy, lambda n, gamma, every: lazy(n, gamma, every) / every**2, "not as small"),
    (
        lesson.check_lazy,
        lambda n, gamma, every: gamma / 2 * every * (n % every != 0),
        "turned round",
    ),
    (lesson.check_lazy, lambda n, gamma, every: lazy(n, gamma, 16), "`every` is an argument"),
    (lesson.check_lazy, lambda n, gamma, every: 3 * lazy(n, gamma, every), "value 1"),
]


def test_an_empty_table_is_not_attempted():
    assert lesson.check_effects(dict.fromkeys(EFFECTS, ...)).status == "not attempted yet"
    assert lesson.check_effects(EFFECTS | {"-z": ...}).status == "not yet"
