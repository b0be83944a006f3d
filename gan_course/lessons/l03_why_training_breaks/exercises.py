"""Checkers of lesson 03, and their hints."""

import cmath
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, relu, softplus

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    compare_pairs,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    numbers,
    outside,
    show_hint,
)
from gan_course.training.losses import (
    d_hinge,
    d_logistic,
    d_relativistic,
    d_wasserstein,
    g_relativistic,
)

# panel -> the run it shows
LINE_UP = {
    "first": "no penalty",
    "second": "chase",
    "third": "no bound",
    "fourth": "both penalties",
}
SIGNS = {"first": "D ahead", "second": "balanced", "third": "runs away", "fourth": "balanced"}

HINTS = {
    "pull": (
        "write both losses as functions of theta and psi, and differentiate each by its own",
        "the derivative of softplus is the sigmoid; the inner derivative comes on top",
        "descent goes against the gradient, so both signs turn",
    ),
    "orbits": (
        "the arrow is at a right angle to the radius everywhere",
        "draw a circle and one step along its tangent: where do you stand now?",
        "take turns instead: one small step from (0, 1), then the other player's from there",
    ),
    "eigenvalues": (
        "the penalty is gamma / 2 times psi squared: with which slope does it pull psi?",
        "only one entry of J changes. What are trace and determinant now?",
        "the eigenvalues add up to the trace and multiply to the determinant",
    ),
    "best_answer": (
        "the mean of -log D is a weighted mean, and the shares are its weights",
        "move a little weight from a worse place to a better one. When does that stop to pay?",
    ),
    "relativistic": (
        "start from one number for each pair: the difference of its two scores",
        "D wants the real one ahead, G the fake one: -log sigma of the difference, each way",
        "-log sigma(u) is softplus(-u); the mean over the pairs comes last",
    ),
    "line_up": (
        "read the axes first: which panel is not on the scale of the others?",
        "who cannot tell real from fake pays 2 log 2 as D and leaves log 2 to G",
        "a D that pays less than 2 log 2, while G pays more than log 2, is winning",
    ),
    "wasserstein": (
        "what does a ReLU do to the gradient of a score beyond the margin?",
        "the Wasserstein distance compares two means of f, with nothing around f",
        "D minimises, and wants real scores high",
    ),
    "balanced": (
        "keep two numbers at each checkpoint and for each GAN: the sum of its losses, its modes",
        "`argmin(0)` over the checkpoints says which one the rule keeps, for each GAN",
        "count in how many GANs the rule is better, and in how many worse",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_pull(pull: Callable[[Tensor, Tensor], Sequence[Tensor]]) -> Verdict:
    """Exercise 1: where gradient descent moves the two parameters of a Dirac-GAN."""
    theta, psi = torch.tensor([1.5, -0.7, 0.4]).double(), torch.tensor([0.8, 1.1, -2.0]).double()
    grid = torch.tensor([[0.3, -1.2], [2.0, 0.6]]).double()
    return judge(
        pull,
        _pull,
        {"at three points": (theta, psi), "on a grid": (grid, 1 - 2 * grid.T)},
        mistakes={
            "those are the gradients; descent goes against them": lambda theta, psi: (
                -_pull(theta, psi)[0],
                -_pull(theta, psi)[1],
            ),
            "the two are exchanged: theta first": lambda theta, psi: _pull(theta, psi)[::-1],
            "theta goes the wrong way: G wants psi * theta higher": lambda theta, psi: (
                -_pull(theta, psi)[0],
                ...,
            ),
            "psi goes the wrong way: D wants psi * theta lower": lambda theta, psi: (
                ...,
                -_pull(theta, psi)[1],
            ),
            "that is the non-saturating G; here it minimises -softplus(psi * theta)": (
                lambda theta, psi: (psi * torch.sigmoid(-theta * psi), ...)
            ),
            "the inner derivative is there, and the outer one is missing: softplus' is the"
            " sigmoid": (lambda theta, psi: (psi, ...), lambda theta, psi: (..., -theta)),
        },
        names=("the move of theta", "the move of psi"),
        form="two values, how theta moves and then how psi moves, each of the shape of theta",
    )


@checker
def check_orbits(orbits: Mapping[str, str]) -> Verdict:
    """Exercise 2: out, around, or in?"""
    return judge_table(
        orbits,
        {"simultaneous": "out", "alternating": "around"},
        {
            "simultaneous": "Walk one step along a tangent of a circle: are you still on it?",
            "alternating": "Nothing pulls inwards, and the second player answers a move already"
            " made: follow one small step from (0, 1), then one from (1, 0)",
        },
        words=("out", "around", "in"),
    )


@checker
def check_eigenvalues(eigenvalues: Callable[[float], Sequence[complex]]) -> Verdict:
    """Exercise 3: the eigenvalues of the Dirac-GAN with R1."""
    return judge(
        eigenvalues,
        _eigenvalues,
        {f"for gamma = {gamma}": (gamma,) for gamma in (0.6, 0.0, 1.0, 2.0)},
        result=lambda answer, gamma: _sorted(answer),
        mistakes={
            "the real part has the wrong sign: R1 pulls psi towards 0": (
                lambda gamma: tuple(-value for value in _eigenvalues(gamma))
            ),
            "the penalty is gamma / 2 times psi squared, and its slope gamma times psi: a 2 too"
            " many": lambda gamma: _eigenvalues(2 * gamma),
            "the slope of gamma / 2 times psi squared is gamma times psi: you have half of it": (
                lambda gamma: _eigenvalues(gamma / 2)
            ),
            "a half is missing: what is the sigmoid at 0, in the entries off the diagonal? And the"
            " roots of a quadratic equation divide by 2": (
                lambda gamma: _eigenvalues(gamma, slope=1.0)
            ),
            "those are the eigenvalues without R1: what does the penalty add to J?": (
                lambda gamma: _eigenvalues(0.0)
            ),
            "turned by a factor of i: a rotation has imaginary eigenvalues": (
                lambda gamma: tuple(1j * value for value in _eigenvalues(gamma))
            ),
            "the square root of a negative number is meant: cmath.sqrt knows it": (
                lambda gamma: (-gamma / 2, -gamma / 2)
            ),
        },
        form="both eigenvalues, as two numbers",
    )


@checker
def check_best_answer(best_answer: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 4: what G would do against a D that never moves again."""
    row = torch.tensor([0.3, -1.2, 2.1, 0.9, 2.0, -3.0], dtype=torch.float64)
    grid = torch.tensor([[-1.0, -0.5], [-4.0, -2.0]], dtype=torch.float64)
    verdict = judge(
        best_answer,
        _best_answer,
        {"for a row of scores": (row,), "for a grid of negative scores": (grid,)},
        mistakes={
            "an even spread: G does not know of a rule against crowding. Who would punish it?": (
                lambda scores: torch.full_like(scores, 1 / scores.numel())
            ),
            "move a share from a worse place to a better one: the mean of -log D falls. When does"
            " that stop?": (
                lambda scores: (scores.flatten().softmax(0)).view(scores.shape),
                lambda scores: scores.sigmoid() / scores.sigmoid().sum(),
            ),
            "-log D is smallest where the score is highest, and yours goes to the lowest": (
                lambda scores: _best_answer(-scores)
            ),
            "shares add up to 1, and these are scores or chances": (
                lambda scores: scores,
                lambda scores: scores.sigmoid(),
                lambda scores: -logsigmoid(scores),
            ),
        },
        form="one share for each place, as a tensor of the shape of the scores",
    )
    if verdict != PASSED:
        return verdict
    tie = torch.tensor([1.0, 0.2, 1.0], dtype=torch.float64)
    shares = torch.as_tensor(best_answer(tie)).double()
    if abs(shares.sum() - 1) > 1e-6 or shares.min() < 0:
        return not_yet("two places tie for the best: shares are at least 0 and add up to 1")
    if shares[1] > 1e-6:
        return not_yet("two places tie for the best, and some points sit at a worse one")
    return PASSED


@checker
def check_relativistic(relativistic: Callable[[Tensor, Tensor], Sequence[Tensor]]) -> Verdict:
    """Exercise 5: both losses of the relativistic pairing GAN."""
    real = torch.tensor([[1.0], [-0.5], [2.0]], dtype=torch.float64)
    fake = torch.tensor([[0.2], [0.7], [-1.0]], dtype=torch.float64)
    return judge(
        relativistic,
        lambda logits_real, logits_fake: (
            d_relativistic(logits_real, logits_fake),
            g_relativistic(logits_real, logits_fake),
        ),
        {
            "for three pairs": (real, fake),
            "for a batch of patches": (2 * real.view(1, 1, 3) + 1, fake.view(1, 1, 3) - 3),
        },
        gradients=True,
        mistakes={
            "the players are exchanged: D wants the real one of a pair to score higher": (
                lambda real, fake: (g_relativistic(real, fake), d_relativistic(real, fake))
            ),
            "that G saturates like the minimax one: let it minimise its own -log sigma instead": (
                lambda real, fake: (..., -d_relativistic(real, fake))
            ),
            "D compares pairs, and your G looks at the fakes alone: it needs both scores too": (
                lambda real, fake: (d_relativistic(real, fake), softplus(-fake).mean())
            ),
            "that D judges real and fake apart: only the difference of a pair's two scores counts"
            " here": lambda real, fake: (d_logistic(real, fake), ...),
            "every real sample met every fake: pair them one to one, entry by entry": (
                lambda real, fake: (softplus(fake.flatten() - real.flatten()[:, None]).mean(), ...)
            ),
            "that compares with the mean score, the 'average' variant of the same paper; here it is"
            " pairs": (
                lambda real, fake: (softplus(fake.mean() - real).mean(), ...),
                lambda real, fake: (_average(real, fake), ...),
                lambda real, fake: (_average(real, fake) / 2, ...),
            ),
            "you took the mean inside: first the loss of each pair, then the mean": (
                lambda real, fake: (softplus(fake.mean() - real.mean()), ...)
            ),
            "a sum grows with the batch: take the mean over the pairs": (
                lambda real, fake: (softplus(fake - real).sum(), ...)
            ),
            "the fakes are detached in D's loss: this function leaves that to the step": (
                lambda real, fake: (d_relativistic(real, fake.detach()), ...)
            ),
            "the fakes are detached in G's loss, and G learns from nothing else": (
                lambda real, fake: (..., g_relativistic(real, fake.detach()))
            ),
        },
        names=("loss_D", "loss_G"),
        form="the pair (loss_D, loss_G), each one number: the mean over the pairs",
    )


@checker
def check_wasserstein(d_loss: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 7: the Wasserstein loss of D, where a published one is the hinge loss."""
    real = torch.tensor([2.5, -0.5, 0.3], dtype=torch.float64)
    fake = torch.tensor([-3.0, 0.4, 1.6, -0.2], dtype=torch.float64)
    return judge(
        d_loss,
        d_wasserstein,
        {"for a few scores": (real, fake), "for scores beyond any margin": (9 * real, 7 * fake)},
        gradients=True,
        mistakes={
            "that is the hinge loss: a sample beyond the margin of 1 gets no gradient, and f is not"
            " bounded": d_hinge,
            "the sign is turned: D would raise the scores of fakes": (
                lambda real, fake: real.mean() - fake.mean()
            ),
            "one half is still hinge": (
                lambda real, fake: relu(1 - real).mean() + fake.mean(),
                lambda real, fake: relu(1 - real).mean() - fake.mean(),
                lambda real, fake: -real.mean() + relu(1 + fake).mean(),
            ),
            "clipping the score stops the gradient beyond 1; what must be bounded is the slope"
            " of f": lambda real, fake: d_wasserstein(real.clamp(-1, 1), fake.clamp(-1, 1)),
            "tanh keeps f in [-1, 1]; but nothing asks for that: what must be bounded is the slope"
            " of f": lambda real, fake: d_wasserstein(real.tanh(), fake.tanh()),
            "that is the logistic loss": d_logistic,
            "sums: the two batches here differ in size; take the mean over each": (
                lambda real, fake: fake.sum() - real.sum()
            ),
        },
    )


@checker
def check_line_up(signs: Mapping[str, str]) -> Verdict:
    """Exercise 6: what four unlabelled pairs of curves say."""
    balance = "What is D's score worth where D pays about 2 log 2 and G about log 2?"
    return judge_table(
        signs,
        SIGNS,
        {
            "third": "Read the axes: most stay near 1, and somewhere a loss is in the hundreds and"
            " still growing",
            "first": "Where D pays less than 2 log 2 and G more than log 2, in jolts, who is"
            " winning?",
            "second": balance,
            "fourth": balance,
        },
    )


@checker
def check_balanced(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 8: is the checkpoint of the smallest sum of losses better than the last?"""
    return judge_experiment(
        experiment,
        settings=("last", "by the rule"),
        n_runs=6,
        says=lambda figures: compare_pairs(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 8),
        look="compare run by run",
    )


def _pull(theta: Tensor, psi: Tensor) -> tuple[Tensor, Tensor]:
    slope = torch.sigmoid(theta * psi)
    return psi * slope, -theta * slope


def _eigenvalues(gamma: float, slope: float = 0.5) -> tuple[complex, ...]:
    root = cmath.sqrt(gamma**2 / 4 - slope**2)
    return -gamma / 2 + root, -gamma / 2 - root


def _sorted(answer: object) -> tuple[complex, ...] | None:
    """Two eigenvalues in one order, whatever order they come in; None where they are not two."""
    values = numbers(answer, 2, complex)
    if values is None:
        return None
    # A double root comes out of a solver as two values a rounding error apart
    return tuple(sorted(values, key=lambda value: (round(value.real, 6), round(value.imag, 6))))


def _best_answer(scores: Tensor) -> Tensor:
    shares = torch.zeros_like(scores)
    shares.view(-1)[scores.argmax()] = 1
    return shares


def _average(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(fake.mean() - real).mean() + softplus(fake - real.mean()).mean()
