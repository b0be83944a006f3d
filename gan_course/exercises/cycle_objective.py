"""What lesson 06's objective is made of, and what it comes to with one mistake in it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss


def objective_parts(
    G_AB: nn.Module, G_BA: nn.Module, D_A: nn.Module, D_B: nn.Module, a: Tensor, b: Tensor
) -> tuple[tuple[Tensor, Tensor, Tensor], dict[str, tuple[Tensor, Tensor, Tensor]]]:
    """The three parts, and what they are with one mistake in them."""

    def scores(D: nn.Module, fake: Tensor, target: float = 1.0) -> Tensor:
        return (D(fake) - target).square().mean()

    fake_B, fake_A = G_AB(a), G_BA(b)
    gan = scores(D_B, fake_B) + scores(D_A, fake_A)
    cycle = l1_loss(G_BA(fake_B), a) + l1_loss(G_AB(fake_A), b)
    identity = l1_loss(G_AB(b), b) + l1_loss(G_BA(a), a)
    none = torch.zeros_like(gan)
    gan_mistakes = {
        "D_A judges pictures of domain A here: fake_A. (The official code's netD_A judges domain B)": scores(
            D_A, fake_B
        )
        + scores(D_B, fake_A),
        "D's are asked to judge real pictures: the generators learn from their fakes": scores(D_A, a) + scores(D_B, b),
        "the adversarial terms are not halved in the objective of the generators": gan / 2,
        "that G wants to be recognised: pull the scores of its fakes to 1": scores(D_B, fake_B, 0.0)
        + scores(D_A, fake_A, 0.0),
        "the adversarial losses are missing: nobody asks for pictures of the other domain": none,
    }
    mistakes = {reason: (wrong, cycle, identity) for reason, wrong in gan_mistakes.items()}
    unpaired, reversed_ = l1_loss(fake_B, b) + l1_loss(fake_A, a), l1_loss(fake_B, a) + l1_loss(fake_A, b)
    mistakes |= {
        "the cycle loss is an unpaired comparison: a's round trip ends at a": (gan, unpaired, identity),
        "the cycle loss is missing": (gan, none, identity),
        "the identity loss gives G_AB a picture that is already in B: G_AB(b) against b": (gan, cycle, reversed_),
        "the identity loss is missing": (gan, cycle, none),
    }
    return (gan, cycle, identity), mistakes


def total(parts: tuple[Tensor, Tensor, Tensor], lambda_cycle: float, lambda_identity: float) -> Tensor:
    """The weighted sum of adversarial, cycle and identity loss."""
    gan, cycle, identity = parts
    return gan + lambda_cycle * cycle + lambda_identity * identity


def what_is_off(loss: Tensor, parts: tuple, mistakes: Mapping[str, tuple], weights: tuple[float, float]) -> str:
    """A reason why a wrong objective is wrong: the first mistake that has its value."""
    for reason, wrong in mistakes.items():
        if same(loss, total(wrong, *weights)):
            return reason
    lambda_cycle, lambda_identity = weights
    if same(loss, total(parts, 1.0, 1.0)) or same(loss, total(parts, 10.0, 5.0)):
        return "the weights are not used: lambda_cycle times the cycle loss, lambda_identity times the identity loss"
    if same(loss, total(parts, lambda_cycle, lambda_cycle * lambda_identity)):
        return "here lambda_identity is the whole factor of the identity loss (the paper writes 0.5 lambda)"
    right = total(parts, *weights)
    return (
        f"with lambda_cycle {lambda_cycle:g} and lambda_identity {lambda_identity:g} it is {right:.4f} for the "
        f"checker's networks; yours is {loss:.4f}"
    )


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and, to five digits, the same values."""
    return a.shape == b.shape and torch.allclose(a.detach().double(), b.detach().double(), rtol=1e-5, atol=1e-8)
