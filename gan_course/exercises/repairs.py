"""Checkers of lesson 12: StyleGAN2's repairs (exercises 7 to 9)."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from gan_course.exercises.comparing import is_empty, is_same, named_mistake
from gan_course.exercises.verdict import NOT_ATTEMPTED, PASSED, Verdict, checker, not_yet
from gan_course.training.penalties import path_lengths

SPREADS = {
    "channels that are independent": "1",
    "the same, with every style times 5": "1",
    "the same, three times as strong": "3",
    "one pattern in all channels": "it depends",
    "the same, but for one pixel at 1000: what is far from it": "1",
}


@checker
def check_demodulated(demodulated: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 7: the weights of a modulated, demodulated convolution."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 4, 3, 3, generator=generator, dtype=torch.float64)
    style = torch.randn(2, 4, generator=generator, dtype=torch.float64) * 3
    answer = demodulated(weight.clone(), style.clone())
    if not torch.is_tensor(answer) or answer.shape != (2, 4, 4, 3, 3):
        shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
        return not_yet(f"each picture has weights of its own: (2, 4, 4, 3, 3) for the checker, yours are {shape}")

    def scaled(dims: tuple[int, ...] | None, *, onto: str = "in", root: bool = True) -> Tensor:
        w = weight * (style[:, None, :, None, None] if onto == "in" else style[:, :, None, None, None])
        if dims is None:
            return w
        total = w.square().sum(dims, keepdim=True) + 1e-8
        return w * (total.rsqrt() if root else 1 / total)

    if is_same(answer, scaled((2, 3, 4))):
        return PASSED
    known = {
        "modulated, and not demodulated": scaled(None),
        "the style scales the *input* channels, axis 1 of the weights": scaled((2, 3, 4), onto="out"),
        "the sum runs over the input channels and the kernel, not over the output channels": scaled((1, 2, 3, 4)),
        "one norm for all pictures: each has its own style": scaled((0, 1, 2, 3, 4)),
        "the sum runs over the input channels too, not over the kernel alone": scaled((3, 4)),
        "the sum runs over the kernel too": scaled((2,)),
        "divided by the sum of squares, not by its root": scaled((2, 3, 4), root=False),
        "that normalises the input channels: axes 1, 3 and 4": scaled((1, 3, 4)),
        "the mean of squares, not their sum: the output would be too strong by the root of the fan in": scaled(
            (2, 3, 4)
        )
        * math.sqrt(36),
    }
    for reason, wrong in known.items():
        if is_same(answer, wrong):
            return not_yet(reason)
    lengths = answer.square().sum((2, 3, 4))
    return not_yet(f"the weights of every output have a sum of squares of 1; your first has {lengths[0, 0]:.3f}")


@checker
def check_spreads(spreads: Mapping[str, str]) -> Verdict:
    """Exercise 8: where the statistical assumption holds."""
    if is_empty(spreads):
        return NOT_ATTEMPTED
    if not isinstance(spreads, Mapping) or set(spreads) != set(SPREADS) or ... in spreads.values():
        return not_yet("give an answer for each of the five")
    answers = {name: " ".join(str(word).split()).lower() for name, word in spreads.items()}
    if not set(answers.values()) <= {"1", "3", "5", "it depends"}:
        return not_yet('each answer is "1", "3", "5" or "it depends"')
    hints = dict(
        zip(
            SPREADS,
            (
                "each output adds up independent terms, whose variances add: sum of w^2 times 1",
                "the factor 5 is in the weights, and demodulation divides it out",
                "demodulation knows the weights only: what it is not told, it cannot undo",
                "then the terms do not average out: it is the sum of the weights that counts, not of their squares",
                "nothing is measured: what is far from the pixel does not know of it",
            ),
            strict=True,
        )
    )
    wrong = [name for name in SPREADS if answers[name] != SPREADS[name]]
    return not_yet(hints[wrong[0]]) if wrong else PASSED


@checker
def check_path_penalty(path_penalty: Callable[..., Tensor]) -> Verdict:
    """Exercise 9: the path-length penalty, and what the published one lacks."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 48, generator=generator, dtype=torch.float64).requires_grad_()
    ws = torch.randn(5, 2, 3, generator=generator, dtype=torch.float64).requires_grad_()
    noise = torch.randn(5, 3, 4, 4, generator=generator, dtype=torch.float64)
    mean = torch.tensor(0.7, dtype=torch.float64)

    def images() -> Tensor:
        layers = ws * torch.tensor([1.0, 0.5], dtype=torch.float64)[:, None]
        return torch.tanh(layers.sum(1) @ weight).view(5, 3, 4, 4)

    answer = path_penalty(images(), ws, noise, mean)
    if not torch.is_tensor(answer) or answer.ndim:
        return not_yet("return one number, as a tensor of shape ()")

    def slopes(scale: float) -> Tensor:
        return torch.autograd.grad((images() * noise).sum() * scale, ws)[0]

    lengths = path_lengths(images(), ws, noise=noise).detach()
    right = (lengths - mean).square().mean()
    if is_same(answer, right):
        if not answer.requires_grad:
            return not_yet("the value is right and has no graph: it regularises nothing. create_graph=True")
        (slope,) = torch.autograd.grad(answer, weight, allow_unused=True)
        if slope is None or slope.abs().max() == 0:
            return not_yet("the value is right, but its gradient does not reach the generator's weights")
        return PASSED
    own, raw = slopes(0.25), slopes(1.0)
    known = {
        "as published: the mean is subtracted from every component; it belongs to the length": (raw - mean)
        .square()
        .mean(),
        "the mean is subtracted from every component; it belongs to the length": (own - mean).square().mean(),
        "divide by the root of H W, or the length depends on the resolution": (
            raw.square().sum(2).mean(1).sqrt() - mean
        )
        .square()
        .mean(),
        "the mean square over layers, not the sum": (own.square().sum((1, 2)).sqrt() - mean).square().mean(),
        "the root is missing: a length, not its square": (own.square().sum(2).mean(1) - mean).square().mean(),
        "one length for each picture, not one for the batch": (own.square().sum(2).mean().sqrt() - mean).square(),
        "the penalty is a square: lengths below the mean cost, too": (lengths - mean).mean(),
        "that pulls lengths to 0; the penalty pulls them to their mean": lengths.square().mean(),
    }
    value = float(answer.detach())
    return named_mistake({reason: float(one.detach()) for reason, one in known.items()}, value) or not_yet(
        f"for the checker's generator it is {right:.4f}, yours is {value:.4f}"
    )
