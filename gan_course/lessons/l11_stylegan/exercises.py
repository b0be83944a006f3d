"""Checkers of lesson 11, and their hints."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    draws_with,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    same,
    show_hint,
)
from gan_course.models.progressive import lrelu
from gan_course.models.stylegan import adain, mix_styles

SAME, ANOTHER, NEARER = "the same w", "another w", "nearer to the mean"
EFFECTS = {
    "2 z": SAME,
    "-z": ANOTHER,
    "z clipped to -0.7 ... 0.7": ANOTHER,
    "w half-way to its mean": NEARER,
}
ALWAYS, SLOW, FAST = "every step", "every 16th, 0.99", "every 16th, 0.5"

HINTS = {
    "num_ws": (
        "count: how many resolutions are there from 4 px to 8? To 16?",
        "log2 counts doublings from 1 px on, and two of them come before 4 px, or on it",
    ),
    "effects": (
        "what is the first thing that the mapping network does to z?",
        "a vector has a length and a direction. Which of the two does each change touch?",
        "nothing normalises w",
    ),
    "layer": (
        "the order of the text: convolution, noise and bias, LeakyReLU, AdaIN",
        "strength has a number for each channel, noise one for each place:"
        " strength[:, None, None] * noise has both",
    ),
    "noise_maps": (
        "how many layers work at one resolution, and how many draws are there in the code above?",
        "one torch.randn for each entry of the list",
    ),
    "start": (
        "print dict(Start(3).named_parameters()): who is missing?",
        "how strong is the noise before anything was learned? How strong should it be?",
    ),
    "truncate": (
        "axis 1 of ws holds the layers",
        "psi is the share that is left of the distance from the mean: w_avg + psi * (w - w_avg)",
        "truncate ws[:, :cutoff], and put it in front of ws[:, cutoff:]",
    ),
    "mix": (
        "two draws for each picture: whether it is mixed, and from which layer on",
        "torch.randint(1, num_ws, (n,), generator=generator) never gives num_ws",
        "no mixing is a crossover at num_ws: then one comparison with arange does all pictures",
    ),
    "lazy": (
        "write the weights of 16 steps down: what must their sum be?",
        "15 of them are 0",
    ),
    "rare": (
        "loss = (w - x)**2 / 2, with a new x ~ N(1, 0.5) at each step; the penalty is w**2 / 2",
        "a tensor of three w makes three runs at once: Adam treats each number by itself",
        "where the penalty comes at every 16th step, it comes sixteen times as strong",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_num_ws(num_ws: Callable[[int], int]) -> Verdict:
    """Exercise 1: how many layers take a style."""
    return judge(
        num_ws,
        lambda side: 2 * int(math.log2(side)) - 2,
        {f"at {side} px": (side,) for side in (32, 8, 64, 1024, 4)},
        mistakes={
            "4 px is the first resolution, so doublings from 1 px are too many": (
                lambda side: 2 * math.log2(side)
            ),
            "each resolution has two layers that take a style": lambda side: math.log2(side) - 1,
            "ToRGB takes no style here: that comes with StyleGAN2": (
                lambda side: 3 * (math.log2(side) - 1)
            ),
            "at 4 px there are two too: one right after the constant": (
                lambda side: 2 * math.log2(side) - 3
            ),
        },
    )


@checker
def check_effects(effects: Mapping[str, str]) -> Verdict:
    """Exercise 2: what becomes of w when z is changed."""
    clues = {
        "2 z": "2 z: what is the first thing that the mapping network does to z?",
        "-z": "-z: the length is the same, but which way does it point?",
        "z clipped to -0.7 ... 0.7": (
            "z clipped: the length is restored; is the new direction any more usual?"
        ),
        "w half-way to its mean": "w half-way to its mean: is w normalised, too?",
    }
    return judge_table(effects, EFFECTS, clues)


@checker
def check_layer(layer: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: convolution, noise, bias, LeakyReLU, AdaIN."""

    def case(n: int, n_in: int, n_out: int, height: int, width: int) -> tuple:
        return (
            _randn(n, n_in, height, width),
            _randn(n_out, n_in, 3, 3),
            _randn(n_out),
            _randn(n_out + 1)[1:],
            _randn(n, 1, height, width),
            _randn(n, n_out),
            _randn(n, n_out + 1)[:, 1:],
        )

    def of(
        combine: Callable[[Tensor, Tensor, Tensor, Callable], Tensor],
        strength_as: Callable[[Tensor], Tensor] = lambda strength: strength,
        noise_as: Callable[[Tensor], Tensor] = lambda noise: noise,
        style_as: Callable[[Tensor, Tensor], tuple] = lambda y_s, y_b: (y_s, y_b),
    ) -> Callable:
        """A layer that combines convolution, noise, bias and style in some way."""

        def wrong(
            x: Tensor,
            weight: Tensor,
            bias: Tensor,
            strength: Tensor,
            noise: Tensor,
            y_s: Tensor,
            y_b: Tensor,
        ) -> Tensor:
            each = strength_as(strength)[:, None, None] * noise_as(noise)
            conv, shift = conv2d(x, weight, padding=1), bias[:, None, None]
            return combine(conv, each, shift, lambda y: adain(y, *style_as(y_s, y_b)))

        return wrong

    def in_order(conv: Tensor, noise: Tensor, bias: Tensor, style: Callable) -> Tensor:
        return style(lrelu(conv + noise + bias))

    def right(
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        strength: Tensor,
        noise: Tensor,
        y_s: Tensor,
        y_b: Tensor,
    ) -> Tensor:
        return of(in_order)(x, weight, bias, strength, noise, y_s, y_b)

    return judge(
        layer,
        right,
        {"for two pictures": case(2, 5, 4, 8, 6), "for three others": case(3, 2, 3, 5, 7)},
        mistakes={
            "noise behind AdaIN, as once published: it belongs before LeakyReLU": of(
                lambda conv, noise, bias, style: style(lrelu(conv + bias)) + noise
            ),
            "the noise comes in before LeakyReLU, not between it and AdaIN": of(
                lambda conv, noise, bias, style: style(lrelu(conv + bias) + noise)
            ),
            "no noise was added": of(lambda conv, noise, bias, style: style(lrelu(conv + bias))),
            "the noise needs its strength": of(in_order, strength_as=torch.ones_like),
            "one strength for all channels: that is StyleGAN2's. Here each channel has its own": of(
                in_order, strength_as=lambda strength: strength.mean().expand(len(strength))
            ),
            "every picture has a noise map of its own": of(
                in_order, noise_as=lambda noise: noise[:1]
            ),
            "LeakyReLU is missing": of(lambda conv, noise, bias, style: style(conv + noise + bias)),
            "first LeakyReLU, then AdaIN": of(
                lambda conv, noise, bias, style: lrelu(style(conv + noise + bias))
            ),
            "the style is missing": of(lambda conv, noise, bias, style: lrelu(conv + noise + bias)),
            "the bias is missing, or stands behind LeakyReLU, where AdaIN takes it out again": of(
                lambda conv, noise, bias, style: style(lrelu(conv + noise) + bias)
            ),
            "y_s scales and y_b shifts: yours are exchanged": of(
                in_order, style_as=lambda y_s, y_b: (y_b, y_s)
            ),
            "y_s is the scale itself here; the 1 was added before": of(
                in_order, style_as=lambda y_s, y_b: (1 + y_s, y_b)
            ),
        },
        gradients=True,
        form="as high and wide a tensor as x, with a channel for each bias",
    )


@checker
def check_noise_maps(noise_maps: Callable[..., Sequence[Tensor]]) -> Verdict:
    """Exercise 6: noise for every layer."""
    for n, resolution in ((6, 32), (3, 8)):
        maps = noise_maps(n, resolution, torch.Generator().manual_seed(0))
        if not isinstance(maps, list | tuple):
            return not_yet("return a list of tensors, one for each layer")
        right = [2**k for k in range(2, int(math.log2(resolution)) + 1) for _ in range(2)]
        if reason := _flaw_of_noise([torch.as_tensor(noise) for noise in maps], n, right):
            return not_yet(reason)
    if not draws_with(lambda generator: [noise.tolist() for noise in noise_maps(2, 8, generator)]):
        return not_yet(
            "draw from `generator`: the same one gives the same maps, and another one others"
        )
    return PASSED


def _flaw_of_noise(maps: list[Tensor], n: int, right: list[int]) -> str:
    """The flaw in the noise of n pictures; an empty text if there is none."""
    sides = [noise.shape[-1] if noise.ndim else 0 for noise in maps]
    if sides == right[::2]:
        return (
            "one map for each resolution: but each resolution has two layers, and each layer its"
            " own map"
        )
    if sides != right:
        return f"up to {right[-1]} px there are {len(right)} layers; your maps are of sides {sides}"
    if any(noise.shape != (n, 1, side, side) for noise, side in zip(maps, sides, strict=True)):
        return (
            "each map is (n, 1, r, r): one channel, and one map a picture. Yours:"
            f" {tuple(maps[0].shape)}"
        )
    for first, second in zip(maps[::2], maps[1::2], strict=True):
        if torch.equal(first, second):
            return "the bug: both layers of a resolution get one and the same map"
        if _correlation(first, second) > 0.5:
            return "the two maps of a resolution resemble one another: draw them apart"
    if any(_correlation(noise[:1].expand_as(noise), noise) > 0.9 for noise in maps):
        return "all pictures of the batch get one map: draw one for each"
    fine = maps[-1].double()
    if _correlation(fine[..., ::2, ::2], fine[..., 1::2, ::2]) > 0.5:
        return (
            "a map enlarged from a coarser one is not noise of its resolution: neighbours are alike"
        )
    room = 4 / math.sqrt(fine.numel())
    if abs(float(fine.std()) - 1) > room or abs(float(fine.mean())) > room:
        return f"N(0, 1) has mean 0 and spread 1; yours {fine.mean():.2f} and {fine.std():.2f}"
    return ""


@checker(draws=True)
def check_start(start: Callable[[int], nn.Module]) -> Verdict:
    """Exercise 7: the learned constant, and the strengths of its noise."""
    for n, n_channels in ((2, 5), (3, 4)):
        G = start(n_channels)
        if not isinstance(G, nn.Module):
            return not_yet("give a class that makes a torch.nn.Module")
        shapes = {"const": (1, n_channels, 4, 4), "strength": (n_channels,)}
        weights = dict(G.named_parameters())
        for name, shape in shapes.items():
            if name not in weights:
                return not_yet(
                    f"`{name}` is a buffer: it is saved and moved, but no optimiser moves it"
                    if name in dict(G.named_buffers())
                    else f"`{name}` is not among the parameters: who would ever change it?"
                )
            if weights[name].shape != shape:
                return not_yet(f"`{name}` should be {shape}; yours is {tuple(weights[name].shape)}")
        if weights["strength"].any():
            return not_yet(
                "noise at full strength, before G has learned anything to hold against it"
            )
        if not weights["const"].any():
            return not_yet("the constant was not wrong in being 1; 0 leaves nothing to begin with")
        with torch.no_grad():
            for weight in weights.values():
                weight.copy_(_randn(*weight.shape))
        noise = _randn(n, 1, 4, 4).float()
        right = weights["const"] + weights["strength"][:, None, None] * noise
        answer = G(noise)
        if not same(answer, right):
            return not_yet(
                "what comes out should still be the constant, with noise for each picture"
            )
        slopes = torch.autograd.grad(answer.sum(), list(weights.values()), allow_unused=True)
        if any(slope is None for slope in slopes):
            return not_yet("a gradient does not reach both of them")
    return PASSED


def _truncate(ws: Tensor, w_avg: Tensor, psi: float, cutoff: int) -> Tensor:
    return torch.cat([torch.lerp(w_avg, ws[:, :cutoff], psi), ws[:, cutoff:]], 1)


@checker
def check_truncate(truncate: Callable[..., Tensor]) -> Verdict:
    """Exercise 4: styles drawn towards the mean, up to a layer."""

    def of(change: Callable[[Tensor, Tensor, float], Tensor]) -> Callable:
        return lambda ws, w_avg, psi, cutoff: torch.cat(
            [change(ws[:, :cutoff], w_avg, psi), ws[:, cutoff:]], 1
        )

    return judge(
        truncate,
        _truncate,
        {
            "for a cutoff of 3": (_randn(5, 8, 7), _randn(7) + 1, 0.7, 3),
            "for a cutoff of 4, with psi 0.4": (_randn(6, 6, 9), _randn(9) - 1, 0.4, 4),
            "for a cutoff of 2, which is all layers": (_randn(3, 2, 4), _randn(4) + 1, 0.5, 2),
        },
        mistakes={
            "all layers are truncated: those from the cutoff on stay as they are": (
                lambda ws, w_avg, psi, cutoff: torch.lerp(w_avg, ws, psi)
            ),
            "the other way round: layers *below* the cutoff are truncated": (
                lambda ws, w_avg, psi, cutoff: torch.cat(
                    [ws[:, :cutoff], torch.lerp(w_avg, ws[:, cutoff:], psi)], 1
                )
            ),
            "pictures are truncated, where layers should be: which axis holds the layers?": (
                lambda ws, w_avg, psi, cutoff: torch.cat(
                    [torch.lerp(w_avg, ws[:cutoff], psi), ws[cutoff:]]
                )
            ),
            "some numbers of each w are truncated: which axis holds the layers?": (
                lambda ws, w_avg, psi, cutoff: torch.cat(
                    [torch.lerp(w_avg, ws, psi)[..., :cutoff], ws[..., cutoff:]], 2
                )
            ),
            "towards 0 is not towards the mean: w has a mean of its own": of(
                lambda ws, w_avg, psi: psi * ws
            ),
            "psi is what is left of the distance: at psi = 1 nothing changes": of(
                lambda ws, w_avg, psi: torch.lerp(ws, w_avg, psi)
            ),
            "around the mean of these few ws: the running mean over the training is asked": (
                lambda ws, w_avg, psi, cutoff: _truncate(ws, ws.mean((0, 1)), psi, cutoff)
            ),
            "the mean has been taken away, and never added again": of(
                lambda ws, w_avg, psi: psi * (ws - w_avg)
            ),
            "that clips w; truncation in W shrinks a distance": of(
                lambda ws, w_avg, psi: ws.clamp(-psi, psi)
            ),
            "one layer too many: layers 0 to cutoff - 1": (
                lambda ws, w_avg, psi, cutoff: _truncate(ws, w_avg, psi, cutoff + 1)
            ),
        },
    )


@checker
def check_mix(mix: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: in a share of the pictures, another w from a random layer on."""
    n = 4_000
    for num_ws, share in ((6, 0.9), (4, 0.3)):
        answer = mix(
            torch.zeros(n, 3), torch.ones(n, 3), num_ws, share, torch.Generator().manual_seed(0)
        )
        if not isinstance(answer, Tensor | np.ndarray) or tuple(answer.shape) != (n, num_ws, 3):
            shape = tuple(getattr(answer, "shape", ())) or type(answer).__name__
            return not_yet(
                f"({n}, 3) twice, and {num_ws} layers, should become ({n}, {num_ws}, 3), and"
                f" became {shape}"
            )
        if reason := _flaw_of_mixing(torch.as_tensor(answer), share):
            return not_yet(reason)
    w, partner = (start + torch.arange(3.0)[:, None] for start in (0, 10))
    wide = mix(w.requires_grad_(), partner, 4, 1.0, torch.Generator().manual_seed(1))
    from_w = torch.as_tensor(wide)[:, :, 0].detach() < 10
    expected = mix_styles(
        w[:, None].expand(3, 4, 1), partner[:, None].expand(3, 4, 1), from_w.sum(1)
    )
    if not same(wide, expected):
        return not_yet("a picture is mixed with its own partner: row k with row k")
    if not torch.as_tensor(wide).requires_grad:
        return not_yet("the styles are right, and the mapping network cannot learn through them")
    w, partner = torch.zeros(50, 3), torch.ones(50, 3)
    if not draws_with(lambda generator: mix(w, partner, 6, 0.9, generator).tolist()):
        return not_yet(
            "draw with `generator`: the same one gives the same crossovers, and another one others"
        )
    return PASSED


def _flaw_of_mixing(answer: Tensor, share: float) -> str:
    """The flaw in the mixing of w = 0 and a partner of 1; an empty text if there is none."""
    rows, num_ws = answer[:, :, 0], answer.shape[1]
    if not torch.equal(answer, rows[:, :, None].expand_as(answer)) or not set(
        rows.unique().tolist()
    ) <= {0.0, 1.0}:
        return "a layer takes its style whole, from one w or from the other"
    if rows.sum() == 0:
        return "mixing never mixes: the other w is nowhere"
    if rows[:, 0].all():
        return "the first layers are w's; the other w comes after them"
    if ((rows[:, 1:] - rows[:, :-1]).abs().sum(1) > 1).any():
        return "one crossover a picture: the other w from there on, to the end"
    if (rows[:, 0] > 0).any():
        return "some pictures are the other w's throughout: a crossover at layer 0 mixes nothing"
    mixed = rows.sum(1) > 0
    mixed_share = mixed.double().mean().item()
    if mixed_share > 0.999:
        return "every picture is mixed: what is left of `share`?"
    if abs(mixed_share - (1 - share)) < 0.03:
        return f"{mixed_share:.0%} of the pictures are mixed: `share` is the share that is"
    if abs(mixed_share - share * (num_ws - 1) / num_ws) < 0.02:
        return "a crossover behind the last layer mixes nothing: 1 to num_ws - 1"
    if abs(mixed_share - share) > 0.03:
        return (
            f"{mixed_share:.0%} of the pictures are mixed, not {share:.0%}: is `share` the chance"
            " of each picture, by itself?"
        )
    places = torch.bincount(num_ws - rows[mixed].sum(1).long(), minlength=num_ws)[1:].double()
    if (places > 0).sum() == 1:
        return "all pictures change at one layer: draw the crossover for each"
    if places.min() < 0.8 * places.mean() or places.max() > 1.2 * places.mean():
        return f"the crossovers 1 to {num_ws - 1} should come equally often: {places.tolist()}"
    return ""


@checker
def check_lazy(lazy: Callable[[int, float, int], float]) -> Verdict:
    """Exercise 8: what R1 is multiplied by at a step."""

    def steps(weight: Callable[[int, float, int], float]) -> Callable:
        return lambda gamma, every: tuple(weight(n, gamma, every) for n in range(every + 4))

    def right(n: int, gamma: float, every: int) -> float:
        return gamma / 2 * every if n % every == 0 else 0.0

    def scaled(factor: Callable[[int], float]) -> Callable:
        return steps(lambda n, gamma, every: factor(every) * right(n, gamma, every))

    return judge(
        steps(lazy),
        steps(right),
        {
            "with a penalty at every 16th step": (3.0, 16),
            "with one at every 5th": (0.8, 5),
            "with one at each step": (2.0, 1),
        },
        mistakes={
            "that is right, and not lazy: most steps should have none": steps(
                lambda n, gamma, every: gamma / 2
            ),
            "one step in 16 with the plain weight: what is the mean over 16 steps?": scaled(
                lambda every: 1 / every
            ),
            "the 2 is missing: gamma / 2": scaled(lambda every: 2),
            "a negative weight rewards steep slopes: D would be paid for what R1 forbids": scaled(
                lambda every: -1
            ),
            "at the step before: the first penalty is at step 0": steps(
                lambda n, gamma, every: right(n + 1, gamma, every)
            ),
            "in the one step the weight is `every` times as large, not as small": scaled(
                lambda every: 1 / every**2
            ),
            "turned round: most steps should have none": steps(
                lambda n, gamma, every: gamma / 2 * every * (n % every != 0)
            ),
            "`every` is an argument, and not always 16": steps(
                lambda n, gamma, every: right(n, gamma, 16)
            ),
            "`gamma` is an argument": steps(lambda n, gamma, every: right(n, 3.0, every)),
        },
        form="one number for each step",
    )


@checker
def check_rare(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 9: whether Adam lets a rare penalty keep its strength."""

    def mean(row: Sequence[float]) -> float:
        return sum(row) / len(row)

    def says(figures: dict) -> str:
        kept = [abs(mean(figures[arm]) - mean(figures[ALWAYS])) < 0.05 for arm in (SLOW, FAST)]
        if all(kept):
            return "with both"
        return ("with 0.99 only" if kept[0] else "with 0.5 only") if any(kept) else "with neither"

    def doubt(figures: dict) -> str:
        if abs(mean(figures[ALWAYS]) - 0.5) > 0.05:
            return (
                "with the penalty at every step the two pulls are alike: half-way between 1 and 0"
                " is where w should settle. Are there enough steps, and is the penalty w^2 / 2?"
            )
        if figures[SLOW] == figures[FAST]:
            return "both beta2 have the same figures to the last digit: was beta2 changed?"
        return ""

    return judge_experiment(
        experiment,
        outcomes=("with both", "with 0.99 only", "with 0.5 only", "with neither"),
        settings=(ALWAYS, SLOW, FAST),
        n_runs=3,
        says=says,
        doubt=doubt,
        look="which of the two means lies within 0.05 of that with a penalty at every step?",
    )


def _randn(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.flatten().double(), b.flatten().double()]))[0, 1])
