"""Checkers of lesson 01."""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_course.lessons.checking import PASSED, Verdict, checker, not_yet


@checker
def check_optimal_discriminator(
    optimal_discriminator: Callable[[Tensor, Tensor], Tensor],
) -> Verdict:
    """Exercise 1: the D that maximises V at each point, from the two densities."""
    p = torch.tensor([0.3, 0.3, 0.1, 0.6, 0.0, 0.2], dtype=torch.float64)
    q = torch.tensor([0.3, 0.1, 0.3, 0.2, 0.5, 0.0], dtype=torch.float64)
    answer, truth = torch.as_tensor(optimal_discriminator(p, q)), p / (p + q)
    if answer.shape != truth.shape:
        return not_yet(
            f"the answer has shape {tuple(answer.shape)}: give one value a point,"
            f" {tuple(truth.shape)}"
        )
    if _same(answer, truth):
        return PASSED
    if _same(answer, q / (p + q)):
        return not_yet(
            "that is the probability of being generated; D says how likely a point is to be real"
        )
    if not (torch.isfinite(answer).all() and (answer >= 0).all() and (answer <= 1).all()):
        return not_yet("D is a probability, and yours leaves [0, 1] at some points")
    return not_yet(
        f"where p = {p[1]:.1f} and q = {q[1]:.1f}, V is highest at D = {truth[1]:.2f}; you say"
        f" {answer[1]:.2f}"
    )


@checker
def check_d_loss(d_loss: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 2: D's loss from raw scores, also where they are very large."""
    real = torch.tensor([2.0, -1.0, 0.5, 0.0])
    fake = torch.tensor([-3.0, 1.5])
    answer, truth = d_loss(real, fake), _d_loss(real, fake)
    if not torch.is_tensor(answer) or answer.shape != ():
        return not_yet("return one number: the mean over each batch, a tensor of shape ()")
    if _same(answer, _d_loss(fake, real)) or _same(answer, _d_loss(-real, -fake)):
        return not_yet("your D is rewarded for calling fakes real: the labels are exchanged")
    if _same(answer, -truth):
        return not_yet(
            "the sign is turned: an optimiser minimises, and D wants V as large as it gets"
        )
    if _same(answer, softplus(-real).sum() + softplus(fake).sum()):
        return not_yet(
            "you took sums: with a mean the loss does not depend on the size of the batch"
        )
    if _same(answer, truth / 2):
        return not_yet("that is half of it: V adds its two expectations")
    if not _same(answer, truth):
        return not_yet(
            f"for the scores {real.tolist()} and {fake.tolist()} it is {truth:.4f}, yours is"
            f" {answer:.4f}"
        )
    hard_real = torch.tensor([-200.0, 200.0], requires_grad=True)
    hard_fake = torch.tensor([200.0, -200.0], requires_grad=True)
    loss = d_loss(hard_real, hard_fake)
    if not torch.isfinite(loss):
        return not_yet(
            f"for scores of ±200 it is {loss.item()}: exp overflows, or a sigmoid rounds to 0 and"
            " log(0) is infinite"
        )
    if not _same(loss, torch.tensor(200.0)):
        return not_yet(
            f"for scores of ±200 it should be 200, yours is {loss:.1f}: digits are lost after the"
            " sigmoid"
        )
    slopes = torch.autograd.grad(loss, [hard_real, hard_fake], allow_unused=True)
    right = [torch.tensor([-0.5, 0.0]), torch.tensor([0.5, 0.0])]
    if any(slope is None for slope in slopes) or not _all_same(list(slopes), right):
        return not_yet(
            "the value is right, and its gradient at ±200 is not: D could not learn from its worst"
            " mistakes"
        )
    return PASSED


@checker
def check_jsd(jsd: Callable[[Tensor, Tensor, float], Tensor]) -> Verdict:
    """Exercise 3: the Jensen-Shannon divergence of two densities on a grid."""
    dx = 0.05
    x = torch.arange(-12, 12, dx, dtype=torch.float64)
    p, q = (torch.exp(-0.5 * (x - mean).square()) / math.sqrt(2 * math.pi) for mean in (0.0, 1.5))
    truth, answer = _jsd(p, q, dx), _number(jsd(p, q, dx))
    forward, backward = _kl(p, q, dx), _kl(q, p, dx)
    if math.isclose(answer * dx, truth, rel_tol=1e-6):
        return not_yet("an integral on a grid is a sum times dx")
    if math.isclose(answer, 2 * truth, rel_tol=1e-6):
        return not_yet("twice too large: JSD is the mean of the two KL terms")
    if math.isclose(answer, truth / math.log(2), rel_tol=1e-6):
        return not_yet("that is in bits; with natural logarithms the largest value is log 2")
    if any(
        math.isclose(answer, wrong, rel_tol=1e-6)
        for wrong in (forward, backward, (forward + backward) / 2)
    ):
        return not_yet("that is KL between p and q themselves; compare each with their mixture")
    if math.isclose(answer, truth - math.log(2), rel_tol=1e-6):
        return not_yet(
            "the mixture is (p + q) / 2: without the half it is not a density, and you are log 2"
            " too low"
        )
    if not math.isclose(answer, truth, rel_tol=1e-6):
        return not_yet(f"two unit Gaussians 1.5 apart have JSD {truth:.4f}, you get {answer:.4f}")
    p = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0, 0.0])  # zeros at both ends: sum and trapezoids agree
    q = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 0.0])
    answer = _number(jsd(p, q, 0.5))
    if not math.isfinite(answer):
        return not_yet(
            f"where a density is zero you get {answer}: 0 log 0 counts as 0, and p / middle may be"
            " 0 / 0; take the two logarithms apart, as xlogy(p, p) - xlogy(p, middle)"
        )
    if not math.isclose(answer, math.log(2), rel_tol=1e-4):
        return not_yet(
            f"two densities that never overlap have JSD log 2 = 0.693, you get {answer:.3f}"
        )
    return PASSED


@checker
def check_value_of_a_coin(answer: float) -> Verdict:
    """Exercise 4: V where D says one half everywhere."""
    value = _number(answer)
    if math.isclose(value, -2 * math.log(2), abs_tol=0.01):
        return PASSED
    if math.isclose(value, 2 * math.log(2), abs_tol=0.01):
        return not_yet(
            "that is D's loss; V is a sum of logarithms of probabilities, so it is never positive"
        )
    if math.isclose(value, -math.log(2), abs_tol=0.01):
        return not_yet("that is one of its two terms")
    if math.isclose(value, -2, abs_tol=0.01):
        return not_yet("those are bits; the logarithm in V is the natural one")
    return not_yet("put D = 1/2 into both terms of V: each becomes the logarithm of one half")


@checker
def check_d_step(d_step: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: one update of D, which leaves G alone."""
    G, D, opt_D, real, z = _players()
    for parameter in [*G.parameters(), *D.parameters()]:
        parameter.grad = torch.ones_like(parameter)  # as the last step of the loop left them
    expected = _d_loss(D(real), D(G(z)))
    gradients = torch.autograd.grad(expected, list(D.parameters()))
    exchanged = torch.autograd.grad(_d_loss(D(G(z)), D(real)), list(D.parameters()))
    before = [parameter.detach().clone() for parameter in D.parameters()]
    G_before = [parameter.detach().clone() for parameter in G.parameters()]
    loss = d_step(D, G, opt_D, real, z)
    if any(not torch.equal(a, b) for a, b in zip(G.parameters(), G_before, strict=True)):
        return not_yet("the weights of G moved: this step belongs to D")
    if any(p.grad is not None and p.grad.any() and not (p.grad == 1).all() for p in G.parameters()):
        return not_yet(
            "your D step wrote gradients into G: detach the fakes, or they travel back into the"
            " generator"
        )
    moves = [b - a for a, b in zip(before, D.parameters(), strict=True)]
    if not all(parameter.requires_grad for parameter in G.parameters()):
        return not_yet(
            "the weights of G no longer take gradients: detach the fakes instead, or switch G on"
            " again"
        )
    if _all_same(moves, [-g - 1 for g in exchanged]):
        return not_yet(
            "the labels are exchanged, and old gradients were added to the new ones: two faults are"
            " left"
        )
    if _all_same(moves, [-g for g in exchanged]) or _all_same(moves, list(gradients)):
        return not_yet(
            "D moved to call real points fake: the labels are exchanged, or the sign is turned"
        )
    return _judge_moves(moves, gradients, loss, expected, "D")


@checker
def check_g_step(g_step: Callable[..., Tensor]) -> Verdict:
    """Exercise 6: one update of G against D, with the non-saturating loss."""
    G, D, _, _, z = _players()
    opt_G = torch.optim.SGD(G.parameters(), lr=1.0)
    for parameter in G.parameters():
        parameter.grad = torch.ones_like(parameter)
    expected = softplus(-D(G(z))).mean()
    gradients = torch.autograd.grad(expected, list(G.parameters()), retain_graph=True)
    minimax = torch.autograd.grad(-softplus(D(G(z))).mean(), list(G.parameters()))
    before = [parameter.detach().clone() for parameter in G.parameters()]
    D_before = [parameter.detach().clone() for parameter in D.parameters()]
    loss = g_step(D, G, opt_G, z)
    if any(not torch.equal(a, b) for a, b in zip(D.parameters(), D_before, strict=True)):
        return not_yet("the weights of D moved: this step belongs to G")
    if not all(parameter.requires_grad for parameter in D.parameters()):
        return not_yet(
            "the weights of D no longer take gradients: D's next step would fail; switch them on"
            " again"
        )
    if all(parameter.grad is None or not parameter.grad.any() for parameter in G.parameters()):
        return not_yet(
            "no gradient reaches G: it must travel from D's score back through the fakes, without a"
            " detach"
        )
    moves = [b - a for a, b in zip(before, G.parameters(), strict=True)]
    if _all_same(moves, [-g for g in minimax]):
        return not_yet("that is the minimax loss, which saturates: G should minimise -log D(G(z))")
    if _all_same(moves, list(minimax)) or _all_same(moves, list(gradients)):
        return not_yet("G moved to be rejected: the sign of D's score is turned")
    return _judge_moves(moves, gradients, loss, expected, "G")


@checker
def check_where_it_saturates(answer: tuple[int, str]) -> Verdict:
    """Exercise 7: at which D(G(z)) the minimax loss is flat, and whom that starves."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return not_yet('answer with a pair, such as (1, "discriminator")')
    near, starved = _number(answer[0]), str(answer[1]).strip().lower()
    if starved not in ("generator", "discriminator", "g", "d") or near not in (0, 1):
        return not_yet('the pair is 0 or 1, and "generator" or "discriminator"')
    if near == 1:
        return not_yet(
            "at D = 1 the term -log(1 - D) grows without bound: its slope there is the steepest"
            " of all"
        )
    if starved in ("discriminator", "d"):
        return not_yet(
            "D rejects the fake and is right: it has little left to learn from it. Who has much to"
            " learn?"
        )
    return PASSED


def _players() -> tuple[nn.Module, nn.Module, torch.optim.Optimizer, Tensor, Tensor]:
    source = torch.Generator().manual_seed(0)
    G, D = nn.Linear(2, 1), nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1))
    with torch.no_grad():
        for parameter in [*G.parameters(), *D.parameters()]:
            parameter.copy_(torch.randn(parameter.shape, generator=source))
    real, z = torch.randn(6, 1, generator=source) + 2, torch.randn(6, 2, generator=source)
    return G, D, torch.optim.SGD(D.parameters(), lr=1.0), real, z


def _judge_moves(
    moves: list[Tensor],
    gradients: tuple[Tensor, ...],
    loss: object,
    expected: Tensor,
    player: Literal["G", "D"],
) -> Verdict:
    if all(not move.any() for move in moves):
        return not_yet(f"the weights of {player} did not move: backward, then step")
    if _all_same(moves, [-g - 1 for g in gradients]) or _all_same(
        moves, [g - 1 for g in gradients]
    ):
        return not_yet("old gradients were added to the new ones: zero_grad before backward")
    if not _all_same(moves, [-g for g in gradients]):
        return not_yet(
            f"{player} moved, but not along the gradient of its loss: compare it with the formula"
        )
    if not _same(torch.as_tensor(loss), expected):
        return not_yet("the update is right; return the loss too")
    return PASSED


def _d_loss(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def _kl(p: Tensor, q: Tensor, dx: float) -> float:
    return float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum() * dx)


def _jsd(p: Tensor, q: Tensor, dx: float) -> float:
    middle = (p + q) / 2
    return (_kl(p, middle, dx) + _kl(q, middle, dx)) / 2


def _number(value: float | Tensor) -> float:
    return float(value.detach() if isinstance(value, Tensor) else value)


def _same(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-6)


def _all_same(these: list[Tensor], those: list[Tensor]) -> bool:
    return all(_same(a, b) for a, b in zip(these, those, strict=True))
