"""Checkers of lesson 01, and their hints."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.nn.utils import parameters_to_vector

from gan_course.lessons.checking import (
    Verdict,
    checker,
    compare_runs,
    judge,
    judge_experiment,
    judge_number,
    judge_table,
    not_yet,
    outside,
    show_hint,
)
from gan_course.training.losses import d_logistic

HINTS = {
    "optimal_discriminator": (
        "at one point p and q are just two numbers, and D is the only unknown",
        "where is the derivative with respect to D zero?",
        "p/D = q/(1 - D): solve for D",
    ),
    "d_loss": (
        "D wants V large, and an optimiser makes its loss small",
        "1 - sigma(s) is sigma(-s): both terms become the same function, of s and of -s",
        "softplus never takes the logarithm of something that was rounded to 0",
    ),
    "jsd": (
        "compare each density with their mixture, not with the other one",
        "an integral on a grid is a sum times the spacing",
        "write p log(p / middle) as a difference of two `xlogy`: then 0 stays 0",
    ),
    "value_of_a_coin": (
        "V has two terms, and both are expectations of the same constant here",
        "the logarithm is the natural one, and that of a number below 1 is negative",
    ),
    "d_step": (
        "ask of each line: who learns, from what, and in which direction?",
        "which score does D want high? And does a gradient go where nobody asked for it?",
        "what is still in `.grad` when this turn begins?",
    ),
    "where_it_saturates": (
        "look at the left plot above: where is the minimax curve flat?",
        "at that place D is sure. Is it right? Then who of the two still has to improve?",
    ),
    "g_step": (
        "what does the score of a fake do while this loss falls?",
        "softplus(s) is -log(1 - D). Which one is -log D?",
    ),
    "head_start": (
        "what may differ between a run and its rival? Only the loss of G: same seed, same steps",
        "a training is the loop above; D learns alone while `step < 200`",
        "compare the distance of two means with the distance of runs of one kind",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_optimal_discriminator(
    optimal_discriminator: Callable[[Tensor, Tensor], Tensor],
) -> Verdict:
    """Exercise 1: the D that maximises V at each point, from the two densities."""
    p = torch.tensor([0.3, 0.3, 0.1, 0.6, 0.0, 0.2], dtype=torch.float64)
    q = torch.tensor([0.3, 0.1, 0.3, 0.2, 0.5, 0.0], dtype=torch.float64)
    return judge(
        optimal_discriminator,
        lambda p, q: p / (p + q),
        {"at six points": (p, q), "where a density is above 1": (7 * p[:4], 2 * q[:4])},
        mistakes={
            "that is the probability of being generated; D says how likely a point is to be"
            " real": lambda p, q: q / (p + q),
            "D is a probability, and yours leaves [0, 1]": (
                lambda p, q: p / q,
                lambda p, q: p - q,
            ),
            "that is a verdict, yes or no; D says how likely, and V punishes a sure D that errs": (
                lambda p, q: p > q,
                lambda p, q: p >= q,
            ),
        },
        form="one value a point",
    )


@checker
def check_d_loss(d_loss: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 2: D's loss from raw scores, also where they are very large."""
    real, fake = torch.tensor([2.0, -1.0, 0.5, 0.0]), torch.tensor([-3.0, 1.5])
    hard = torch.tensor([-200.0, 200.0, 200.0]), torch.tensor([200.0, -200.0])
    return judge(
        d_loss,
        d_logistic,
        {"for a few scores": (real, fake), "for scores of ±200": hard},
        gradients=True,
        mistakes={
            "your D is rewarded for calling fakes real: the labels are exchanged": (
                lambda real, fake: d_logistic(fake, real),
                lambda real, fake: d_logistic(-real, -fake),
            ),
            "the sign is turned: an optimiser minimises, and D wants V as large as it gets": (
                lambda real, fake: -d_logistic(real, fake)
            ),
            "you took sums: with a mean the loss does not depend on the size of the batch": (
                lambda real, fake: softplus(-real).sum() + softplus(fake).sum()
            ),
            "one mean over both batches lets the larger one count for more": (
                lambda real, fake: torch.cat([softplus(-real), softplus(fake)]).mean()
            ),
            "that is half of it: V adds its two expectations": (
                lambda real, fake: d_logistic(real, fake) / 2
            ),
            "for scores of ±200 a sigmoid rounds to 0, or exp overflows: log(0) is infinite": (
                lambda real, fake: -_log_sigmoid(real).mean() - (1 - fake.sigmoid()).log().mean(),
                lambda real, fake: -_log_sigmoid(real).mean() - _log_sigmoid(-fake).mean(),
                lambda real, fake: (1 + (-real).exp()).log().mean() + (1 + fake.exp()).log().mean(),
            ),
            "for scores of ±200 digits are lost after the sigmoid, and with them the gradient": (
                lambda real, fake: (
                    -_log_sigmoid(real, 1e-8).mean() - (1 - fake.sigmoid() + 1e-8).log().mean()
                )
            ),
        },
        form="one number: the mean over each batch",
    )


@checker
def check_jsd(jsd: Callable[[Tensor, Tensor, float], Tensor]) -> Verdict:
    """Exercise 3: the Jensen-Shannon divergence of two densities on a grid."""
    x = torch.arange(-12, 12, 0.05, dtype=torch.float64)
    p, q = (
        torch.exp(-0.5 * ((x - mean) / width).square()) / (width * math.sqrt(2 * math.pi))
        for mean, width in ((0.0, 1.0), (1.5, 0.6))
    )
    # Zeros at both ends: a sum and trapezoids agree
    apart = torch.tensor([[0.0, 1.0, 1.0, 0, 0, 0, 0, 0], [0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0]])
    return judge(
        jsd,
        _jsd,
        {
            "for two Gaussians 1.5 apart": (p, q, 0.05),
            "for the same on a grid half as fine": (p[::2], q[::2], 0.1),
            "for two densities that never overlap": (*apart.double(), 0.5),
        },
        mistakes={
            "an integral on a grid is a sum times dx": lambda p, q, dx: _jsd(p, q, 1.0),
            "twice too large: JSD is the mean of the two KL terms": (
                lambda p, q, dx: 2 * _jsd(p, q, dx)
            ),
            "that is one of the two KL terms alone": (
                lambda p, q, dx: _kl(p, (p + q) / 2, dx),
                lambda p, q, dx: _kl(q, (p + q) / 2, dx),
                lambda p, q, dx: _kl(p, (p + q) / 2, dx) / 2,
                lambda p, q, dx: _kl(q, (p + q) / 2, dx) / 2,
            ),
            "that is in bits; with natural logarithms the largest value is log 2": (
                lambda p, q, dx: _jsd(p, q, dx) / math.log(2)
            ),
            "that is KL between p and q themselves; compare each with their mixture": (
                _kl,
                lambda p, q, dx: _kl(q, p, dx),
                lambda p, q, dx: (_kl(p, q, dx) + _kl(q, p, dx)) / 2,
                lambda p, q, dx: _kl(p, q, dx) + _kl(q, p, dx),
            ),
            "the mixture is not a density: it should integrate to 1, as p and q do": (
                lambda p, q, dx: _jsd(p, q, dx) - math.log(2)
            ),
            "0 log 0 counts as 0, also where both densities are 0 and p / middle is 0 / 0": (
                lambda p, q, dx: torch.tensor(torch.nan)
            ),
        },
        rtol=1e-6,
    )


@checker
def check_value_of_a_coin(answer: float) -> Verdict:
    """Exercise 4: V where D says one half everywhere."""
    log_2 = math.log(2)
    return judge_number(
        answer,
        -2 * log_2,
        {
            "that is D's loss; V is a sum of logarithms of probabilities, so it is never"
            " positive": 2 * log_2,
            "that is one of its two terms": -log_2,
            "those are bits; the logarithm in V is the natural one": -2.0,
            "near enough to be right; give two decimals, rounded": (-1.38, -1.4, -1.37),
        },
        "V has two terms, and D is the same number in both: what does each become?",
    )


@checker(changes=(0, 2))
def check_d_step(d_step: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: one update of D, which leaves G alone."""
    exchanged = partial(_d_step, loss_of=lambda real, fake: d_logistic(fake, real))
    turned = partial(_d_step, loss_of=lambda real, fake: -d_logistic(real, fake))
    return judge(
        d_step,
        _d_step,
        {
            "after one step": partial(_players, 0, "D", 1.0),
            "after a step at another rate": partial(_players, 1, "D", 0.3),
        },
        result=lambda loss, D, G, opt_D, real, z: (
            parameters_to_vector(D.parameters()),
            _gradients(G),
            loss,
        ),
        mistakes={
            "your D step wrote gradients into G: detach the fakes, or they travel back into the"
            " generator": (
                partial(_d_step, detach=False),
                partial(_d_step, detach=False, clear=False),
                partial(exchanged, detach=False),
                partial(exchanged, detach=False, clear=False),
                partial(turned, detach=False),
            ),
            "D moved to call real points fake: the labels are exchanged, or the sign is turned": (
                exchanged,
                turned,
            ),
            "the labels are exchanged, and old gradients were added to the new ones: two faults are"
            " left": partial(exchanged, clear=False),
            **_step_mistakes(_d_step, "D"),
        },
        names=("the weights of D", "the gradients in G", "the returned loss"),
        form="the loss, one number",
    )


@checker(changes=(1, 2))
def check_g_step(g_step: Callable[..., Tensor]) -> Verdict:
    """Exercise 7: one update of G against D, with the non-saturating loss."""
    return judge(
        g_step,
        _g_step,
        {
            "after one step": partial(_players, 0, "G", 1.0),
            "after a step at another rate": partial(_players, 1, "G", 0.3),
        },
        result=lambda loss, D, G, opt_G, z: (parameters_to_vector(G.parameters()), loss),
        mistakes={
            "that is the minimax loss, which saturates: G should minimise -log D(G(z))": (
                partial(_g_step, loss_of=lambda scores: -softplus(scores).mean())
            ),
            "G moved to be rejected: the sign of D's score is turned": (
                partial(_g_step, loss_of=lambda scores: softplus(scores).mean()),
                partial(_g_step, loss_of=lambda scores: -softplus(-scores).mean()),
            ),
            "no gradient reaches G: it must travel from D's score back through the fakes, without a"
            " detach": (
                partial(_g_step, detach=True),
                partial(_g_step, detach=True, clear=False),
            ),
            **_step_mistakes(_g_step, "G"),
        },
        names=("the weights of G", "the returned loss"),
        form="the loss, one number",
    )


@checker
def check_where_it_saturates(answer: tuple[int, str]) -> Verdict:
    """Exercise 6: at which D(G(z)) the minimax loss is flat, and whom that starves."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return not_yet('answer with a pair, such as (1, "discriminator")')
    short = {"g": "generator", "d": "discriminator"}
    word = str(answer[1]).strip().lower()
    return judge_table(
        {"D": answer[0], "who": short.get(word, word)},
        {"D": 0, "who": "generator"},
        {
            "D": "At D = 1 the term -log(1 - D) grows without bound: its slope there is the"
            " steepest of all",
            "who": "D rejects the fake and is right: it has little left to learn from it. Who has"
            " much to learn?",
        },
        words=(0, 1, "generator", "discriminator"),
    )


@checker
def check_head_start(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 8: does G end elsewhere if it descends the minimax loss?"""
    return judge_experiment(
        experiment,
        settings=("non-saturating", "minimax"),
        n_runs=3,
        says=lambda figures: compare_runs(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 1),
    )


def _players(
    seed: int, player: str, lr: float
) -> tuple[nn.Module | torch.optim.Optimizer | Tensor, ...]:
    """The arguments of a step, with gradients that the last step of the loop left behind."""
    source = torch.Generator().manual_seed(seed)
    G, D = nn.Linear(2, 1), nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1))
    for parameter in [*G.parameters(), *D.parameters()]:
        parameter.data = torch.randn(parameter.shape, generator=source)
        parameter.grad = torch.ones_like(parameter)
    real, z = torch.randn(5, 1, generator=source) + 2, torch.randn(6, 2, generator=source)
    if player == "G":
        return D, G, torch.optim.SGD(G.parameters(), lr), z
    return D, G, torch.optim.SGD(D.parameters(), lr), real, z


def _d_step(
    D: nn.Module,
    G: nn.Module,
    opt_D: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
    *,
    loss_of: Callable[[Tensor, Tensor], Tensor] = d_logistic,
    detach: bool = True,
    clear: bool = True,
    step: bool = True,
) -> Tensor:
    """D's turn: right, or with one of its mistakes."""
    fake = G(z).detach() if detach else G(z)
    loss = loss_of(D(real), D(fake))
    _descend(loss, opt_D, clear, step)
    return loss


def _g_step(
    D: nn.Module,
    G: nn.Module,
    opt_G: torch.optim.Optimizer,
    z: Tensor,
    *,
    loss_of: Callable[[Tensor], Tensor] = lambda scores: softplus(-scores).mean(),
    detach: bool = False,
    clear: bool = True,
    step: bool = True,
) -> Tensor:
    """G's turn: right, or with one of its mistakes."""
    loss = loss_of(D(G(z).detach() if detach else G(z)))
    _descend(loss, opt_G, clear, step)
    return loss


def _descend(loss: Tensor, optimizer: torch.optim.Optimizer, clear: bool, step: bool) -> None:
    if clear:
        optimizer.zero_grad()
    loss.backward()
    if step:
        optimizer.step()


def _step_mistakes(step: Callable[..., Tensor], player: str) -> dict[str, Callable]:
    return {
        f"the weights of {player} did not move: backward, then step": partial(step, step=False),
        "old gradients were added to the new ones: zero_grad before backward": partial(
            step, clear=False
        ),
    }


def _gradients(network: nn.Module) -> Tensor:
    """The gradients of a network's weights; zeros where they are as the loop left them."""
    grads = [p.grad for p in network.parameters() if p.grad is not None]
    new = [grad.flatten() for grad in grads if not (grad == 1).all()]
    return torch.stack([grad.abs().sum() for grad in new]).sum() if new else torch.zeros(())


def _log_sigmoid(scores: Tensor, eps: float = 0.0) -> Tensor:
    return (scores.sigmoid() + eps).log()


def _kl(p: Tensor, q: Tensor, dx: float) -> Tensor:
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() * dx


def _jsd(p: Tensor, q: Tensor, dx: float) -> Tensor:
    middle = (p + q) / 2
    return (_kl(p, middle, dx) + _kl(q, middle, dx)) / 2
