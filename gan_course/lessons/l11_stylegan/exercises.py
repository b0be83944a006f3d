"""Checkers of lesson 11."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    draws_with,
    not_yet,
    numbers,
)
from gan_course.models.progressive import lrelu
from gan_course.models.stylegan import adain, mix_styles

NO_CHANGE, ANOTHER, NEARER = "no change", "another creature", "nearer to the mean"
EFFECTS = {
    "2 z": NO_CHANGE,
    "-z": ANOTHER,
    "z clipped to -0.7 ... 0.7": ANOTHER,
    "w half-way to its mean": NEARER,
}


@checker
def check_num_ws(num_ws: Callable[[int], int]) -> Verdict:
    """Exercise 1: how many layers take a style."""
    counts: dict[int, float] = {}
    for side in (4, 8, 32, 64, 1024):
        answer = numbers(num_ws(side), 1)
        if answer is None:
            return not_yet("return a number")
        (counts[side],) = answer
    right = {side: 2 * int(math.log2(side)) - 2 for side in counts}
    if counts == right:
        return PASSED
    log = {side: math.log2(side) for side in counts}
    mistakes = {
        "4 px is the first resolution, so two doublings (1 and 2 px) do not count": {
            k: 2 * v for k, v in log.items()
        },
        "each resolution has two layers that take a style": {k: v - 1 for k, v in log.items()},
        "ToRGB takes no style here: that comes with StyleGAN2": {
            k: 3 * (v - 1) for k, v in log.items()
        },
        "at 4 px there are two too: one right after the constant": {
            k: 2 * v - 3 for k, v in log.items()
        },
    }
    for reason, values in mistakes.items():
        if counts == values:
            return not_yet(reason)
    return not_yet(
        f"count them: at 4 px there are 2, at 8 px 4 in all; at 1024 px yours are {counts[1024]:g}"
    )


@checker
def check_effects(effects: Mapping[str, str]) -> Verdict:
    """Exercise 2: what is left of a change of z."""
    if isinstance(effects, Mapping) and all(value is ... for value in effects.values()):
        return NOT_ATTEMPTED
    if not isinstance(effects, Mapping) or set(effects) != set(EFFECTS):
        return not_yet(f"answer for each of: {', '.join(EFFECTS)}")
    answers = {name: " ".join(str(word).split()).lower() for name, word in effects.items()}
    if not set(answers.values()) <= {NO_CHANGE, ANOTHER, NEARER}:
        return not_yet(f'each answer is "{NO_CHANGE}", "{ANOTHER}" or "{NEARER}"')
    hints = {
        "2 z": "the first thing that the mapping network does to z is to divide by its length",
        "-z": "the length is the same, but which way does it point?",
        "z clipped to -0.7 ... 0.7": (
            "the length is restored; the direction is a little different, and no more usual"
        ),
        "w half-way to its mean": "w is not normalised: half the distance is half the distance",
    }
    wrong = [name for name, right in EFFECTS.items() if answers[name] != right]
    return not_yet(f"{wrong[0]}: {hints[wrong[0]]}") if wrong else PASSED


@checker
def check_layer(layer: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: convolution, noise, bias, LeakyReLU, AdaIN."""
    g = torch.Generator().manual_seed(0)
    x, weight, bias, strength, noise = (
        torch.randn(*size, generator=g, dtype=torch.float64)
        for size in ((2, 5, 8, 8), (4, 5, 3, 3), (4,), (4,), (2, 1, 8, 8))
    )
    y_s, y_b = torch.randn(2, 2, 4, generator=g, dtype=torch.float64)
    answer = layer(x, weight, bias, strength, noise, y_s, y_b)
    if not torch.is_tensor(answer) or answer.shape != (2, 4, 8, 8):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(
            f"(2, 5, 8, 8) should become (2, 4, 8, 8), and became {shape}: pad by one pixel"
        )
    conv, shift = conv2d(x, weight, padding=1), bias[:, None, None]
    each = strength[:, None, None] * noise

    def apply_style(features: Tensor) -> Tensor:
        return adain(features, y_s, y_b)

    if _same(answer, apply_style(lrelu(conv + each + shift))):
        return PASSED
    mistakes = {
        "the noise comes in before LeakyReLU and AdaIN, not after": (
            apply_style(lrelu(conv + shift)) + each
        ),
        "the noise comes in before LeakyReLU, not between it and AdaIN": apply_style(
            lrelu(conv + shift) + each
        ),
        "no noise was added": apply_style(lrelu(conv + shift)),
        "the noise needs its strength: one for each channel": apply_style(
            lrelu(conv + noise + shift)
        ),
        "one strength for all channels: that is StyleGAN2's. Here each channel has its"
        " own": apply_style(lrelu(conv + strength.mean() * noise + shift)),
        "every picture has a noise map of its own": apply_style(lrelu(conv + each[:1] + shift)),
        "LeakyReLU is missing": apply_style(conv + each + shift),
        "first LeakyReLU, then AdaIN": lrelu(apply_style(conv + each + shift)),
        "the style is missing: AdaIN comes last": lrelu(conv + each + shift),
        "the bias is missing": apply_style(lrelu(conv + each)),
        "y_s scales and y_b shifts: yours are exchanged": adain(
            lrelu(conv + each + shift), y_b, y_s
        ),
        "y_s is the scale itself here; the 1 was added before": adain(
            lrelu(conv + each + shift), 1 + y_s, y_b
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet(
        "the shape is right and the values are not: conv2d, + strength * noise + bias, lrelu, adain"
    )


@checker
def check_noise_maps(noise_maps: Callable[..., Sequence[Tensor]]) -> Verdict:
    """Exercise 4: noise for every layer."""
    maps = noise_maps(6, 32, torch.Generator().manual_seed(0))
    if not isinstance(maps, list | tuple) or not all(torch.is_tensor(noise) for noise in maps):
        return not_yet("return a list of tensors, one for each layer")
    sides = [noise.shape[-1] for noise in maps]
    if sides == [4, 8, 16, 32]:
        return not_yet(
            "one map for each resolution: but each resolution has two layers, and each layer its"
            " own map"
        )
    if sides != [4, 4, 8, 8, 16, 16, 32, 32]:
        return not_yet(
            f"the layers up to 32 px work at 4, 4, 8, 8, 16, 16, 32, 32; your maps at {sides}"
        )
    if any(noise.shape != (6, 1, side, side) for noise, side in zip(maps, sides, strict=True)):
        return not_yet(
            "each map is (n, 1, r, r): one channel, and one map a picture. Yours:"
            f" {tuple(maps[0].shape)}"
        )
    for first, second in zip(maps[::2], maps[1::2], strict=True):
        if torch.equal(first, second):
            return not_yet("the bug: both layers of a resolution get one and the same map")
        if _correlation(first, second) > 0.5:
            return not_yet("the two maps of a resolution resemble one another: draw them apart")
    if any(_correlation(noise[:1].expand_as(noise), noise) > 0.9 for noise in maps):
        return not_yet("all pictures of the batch get one map: draw one for each")
    fine = maps[-1]
    if _correlation(fine[..., ::2, ::2], fine[..., 1::2, ::2]) > 0.5:
        return not_yet(
            "a map enlarged from a coarser one is not noise of its resolution: neighbours are alike"
        )
    if abs(float(fine.std()) - 1) > 0.1 or abs(float(fine.mean())) > 0.1:
        return not_yet(
            f"N(0, 1): mean 0 and spread 1, yours {fine.mean():.2f} and {fine.std():.2f}: randn,"
            " not rand"
        )
    if not draws_with(lambda generator: [noise.tolist() for noise in noise_maps(2, 8, generator)]):
        return not_yet(
            "draw from `generator`: the same one gives the same maps, and another one others"
        )
    if len(noise_maps(1, 8, torch.Generator())) != 4:
        return not_yet("right for 32 px; at 8 px there are 4 layers")
    return PASSED


@checker
def check_truncate(truncate: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: styles drawn towards the mean, up to a layer."""
    ws, mean = _randn(3, 6, 4), _randn(4) + 1
    before = ws.clone()
    answer = truncate(ws, mean, 0.7, 4)
    if not torch.equal(ws, before):
        return not_yet("the given ws were changed: return new ones")
    if not torch.is_tensor(answer) or answer.shape != ws.shape:
        return not_yet("what comes back has the shape of ws")
    below = torch.arange(6)[None, :, None] < 4

    def cut(drawn: Tensor) -> Tensor:
        return torch.where(below, drawn, ws)

    right = mean + 0.7 * (ws - mean)
    if _same(answer, cut(right)):
        if not _same(truncate(ws, mean, 0.7, 6), right):
            return not_yet(
                "right for a cutoff of 4; with a cutoff of 6 all six layers are truncated"
            )
        return PASSED
    mistakes = {
        "all layers are truncated: those from the cutoff on stay as they are": right,
        "the other way round: layers *below* the cutoff are truncated": torch.where(
            below, ws, right
        ),
        "towards 0 is not towards the mean: w has a mean of its own": cut(0.7 * ws),
        "psi is what is left of the distance: at psi = 1 nothing changes": cut(
            ws + 0.7 * (mean - ws)
        ),
        "around the mean of these few ws: the running mean over the training is asked": cut(
            ws.mean((0, 1)) + 0.7 * (ws - ws.mean((0, 1)))
        ),
        "the mean has to be taken away before psi and added after": cut(0.7 * (ws - mean)),
        "that clips w; truncation in W shrinks a distance": cut(ws.clamp(-0.7, 0.7)),
        "one layer too many: with a cutoff of 4, layers 0 to 3": torch.where(
            torch.arange(6)[:, None] < 5, right, ws
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    return not_yet("mean + psi (w - mean) in the layers below the cutoff, and w in the others")


@checker
def check_mix(mix: Callable[..., Tensor]) -> Verdict:
    """Exercise 6: in a share of the pictures, another w from a random layer on."""
    n, num_ws, share = 4_000, 6, 0.9
    w, partner = torch.zeros(n, 3), torch.ones(n, 3)
    answer = mix(w, partner, num_ws, share, torch.Generator().manual_seed(0))
    if not torch.is_tensor(answer) or answer.shape != (n, num_ws, 3):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(
            f"({n}, 3) twice, and {num_ws} layers, should become ({n}, {num_ws}, 3), and became"
            f" {shape}"
        )
    rows = answer[:, :, 0]
    if not torch.equal(answer, rows[:, :, None].expand_as(answer)) or not set(
        rows.unique().tolist()
    ) <= {0.0, 1.0}:
        return not_yet("a layer takes its style whole, from one w or from the other")
    if rows.sum() == 0:
        return not_yet("mixing never mixes: the other w is nowhere")
    steps = rows[:, 1:] - rows[:, :-1]
    if rows[:, 0].all():
        return not_yet("the first layers are w's; the other w comes after them")
    if (steps.abs().sum(1) > 1).any():
        return not_yet("one crossover a picture: the other w from there on, to the end")
    if (rows[:, 0] > 0).any():
        return not_yet(
            "some pictures are the other w's throughout: a crossover at layer 0 mixes nothing"
        )
    mixed = rows.sum(1) > 0
    mixed_share = mixed.double().mean().item()
    if mixed_share > 0.999:
        return not_yet(
            "every picture is mixed: 1 - share of them keep one w, or a single w is never trained"
        )
    if abs(mixed_share - (1 - share)) < 0.03:
        return not_yet(f"{mixed_share:.0%} of the pictures are mixed: `share` is the share that is")
    if abs(mixed_share - share * (num_ws - 1) / num_ws) < 0.02:
        return not_yet("a crossover behind the last layer mixes nothing: 1 to num_ws - 1")
    if abs(mixed_share - share) > 0.03:
        return not_yet(
            f"{mixed_share:.0%} of the pictures are mixed, not {share:.0%}: draw for each picture"
            " by itself"
        )
    places = torch.bincount(num_ws - rows[mixed].sum(1).long(), minlength=num_ws)[1:].double()
    if (places > 0).sum() == 1:
        return not_yet("all pictures change at one layer: draw the crossover for each")
    if places.min() < 0.5 * places.mean():
        return not_yet(
            f"the crossovers 1 to {num_ws - 1} should come equally often: {places.long().tolist()}"
        )
    w, partner = torch.arange(3.0)[:, None], 10 + torch.arange(3.0)[:, None]
    wide = mix(w, partner, 4, 1.0, torch.Generator().manual_seed(1))
    crossover = (wide[:, :, 0] < 10).sum(1)
    expected = mix_styles(w[:, None].expand(3, 4, 1), partner[:, None].expand(3, 4, 1), crossover)
    if not torch.equal(wide, expected):
        return not_yet("a picture is mixed with its own partner: row k with row k")
    w, partner = torch.zeros(50, 3), torch.ones(50, 3)
    if not draws_with(lambda generator: mix(w, partner, num_ws, share, generator).tolist()):
        return not_yet(
            "draw with `generator`: the same one gives the same crossovers, and another one others"
        )
    return PASSED


@checker
def check_lazy(lazy: Callable[[int, float, int], float]) -> Verdict:
    """Exercise 7: what R1 is multiplied by at a step."""
    gamma, every = 3.0, 16
    weights = [float(lazy(n, gamma, every)) for n in range(64)]
    right = [gamma / 2 * every if n % every == 0 else 0.0 for n in range(64)]
    if _close(weights, right):
        if not _close([float(lazy(n, 2.0, 1)) for n in range(3)], [1.0] * 3):
            return not_yet("right for every 16th step; with `every` = 1 it is gamma / 2 at each")
        return PASSED
    if any(weight < 0 for weight in weights):
        return not_yet(
            "a negative weight rewards steep slopes: D would be paid for what R1 forbids"
        )
    mistakes = {
        "that is right, and not lazy: 0 in all steps but every 16th": [gamma / 2] * 64,
        "one step in 16 with the plain weight is a penalty 16 times too weak": [
            weight / every for weight in right
        ],
        "the 2 is missing: gamma / 2": [2 * weight for weight in right],
        "at the step before: step 0 has a penalty, then step 16": [*right[1:], right[0]],
        "in the one step the weight is `every` times as large, not as small": [
            weight / every**2 for weight in right
        ],
        "turned round: all steps but every 16th": [
            gamma / 2 * every * (n % every != 0) for n in range(64)
        ],
    }
    for reason, values in mistakes.items():
        if _close(weights, values):
            return not_yet(reason)
    return not_yet(
        f"over 16 steps the weights should sum to 16 gamma / 2; yours: {sum(weights[:16]):.2f} at"
        " gamma = 3"
    )


def _randn(*size: int) -> Tensor:
    return torch.randn(
        *size, generator=torch.Generator().manual_seed(len(size)), dtype=torch.float64
    )


def _correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.flatten().double(), b.flatten().double()]))[0, 1])


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), atol=1e-6)


def _close(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(abs(x - y) < 1e-9 for x, y in zip(a, b, strict=True))
