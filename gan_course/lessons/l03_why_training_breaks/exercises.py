"""Checkers of lesson 03."""

import cmath
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from gan_course.lessons.checking import PASSED, Verdict, checker, is_same, not_yet, numbers
from gan_course.training.losses import d_hinge, d_relativistic, d_wasserstein, g_relativistic

# panel -> the run it shows
LINE_UP = {"A": "far ahead", "B": "chase", "C": "unbounded", "D": "both penalties"}
SIGNS = {"A": "D ahead", "B": "balanced", "C": "runs away", "D": "balanced"}


@checker
def check_pull(pull: Callable[[Tensor, Tensor], Sequence[Tensor]]) -> Verdict:
    """Exercise 1: where gradient descent moves the two parameters of a Dirac-GAN."""
    theta, psi = torch.tensor([1.5, -0.7, 0.4]).double(), torch.tensor([0.8, 1.1, -2.0]).double()
    answer = pull(theta, psi)
    if (not isinstance(answer, tuple | list) and not torch.is_tensor(answer)) or len(answer) != 2:
        return not_yet("return two values: how theta moves, then how psi moves")
    pull_theta, pull_psi = (torch.as_tensor(value, dtype=torch.float64) for value in answer)
    if pull_theta.shape != theta.shape or pull_psi.shape != psi.shape:
        return not_yet(f"for {len(theta)} pairs (theta, psi) give {len(theta)} values each")
    slope = torch.sigmoid(theta * psi)
    right_theta, right_psi = psi * slope, -theta * slope
    if is_same(pull_theta, right_theta) and is_same(pull_psi, right_psi):
        return PASSED
    if is_same(pull_theta, -right_theta) and is_same(pull_psi, -right_psi):
        return not_yet("those are the gradients; descent goes against them")
    if is_same(pull_theta, right_psi) and is_same(pull_psi, right_theta):
        return not_yet("the two are exchanged: theta first")
    if is_same(pull_theta, -right_theta) or is_same(pull_psi, -right_psi):
        parameter = "theta" if is_same(pull_theta, -right_theta) else "psi"
        return not_yet(
            f"{parameter} goes the wrong way: G wants psi * theta higher, D wants it lower"
        )
    if is_same(pull_theta, psi * torch.sigmoid(-theta * psi)):
        return not_yet("that is the non-saturating G; here it minimises -softplus(psi * theta)")
    if is_same(pull_theta, psi) or is_same(pull_psi, -theta):
        return not_yet(
            "the inner derivative is there, and the outer one is missing: softplus' is the sigmoid"
        )
    return not_yet(
        f"at theta = 1.5, psi = 0.8 they move by {right_theta[0]:.3f} and {right_psi[0]:.3f}; "
        f"you say {pull_theta[0]:.3f} and {pull_psi[0]:.3f}"
    )


@checker
def check_orbits(orbits: Mapping[str, str]) -> Verdict:
    """Exercise 2: out, around, or in?"""
    if not isinstance(orbits, Mapping) or set(orbits) != {"simultaneous", "alternating"}:
        return not_yet('answer with {"simultaneous": ..., "alternating": ...}')
    answers = {name: str(word).strip().lower() for name, word in orbits.items()}
    if any(word in ("ellipsis", "...") for word in answers.values()):
        return not_yet('two predictions are asked for: each is "out", "around" or "in"')
    if not set(answers.values()) <= {"out", "around", "in"}:
        return not_yet('each prediction is "out", "around" or "in"')
    if "in" in answers.values():
        return not_yet(
            "the arrow is at a right angle to the radius everywhere: what would bring you nearer?"
        )
    if answers["simultaneous"] == "around":
        return not_yet("walk one step along a tangent of a circle: are you still on the circle?")
    if answers["alternating"] == "out":
        return not_yet(
            "the second player answers a move already made: follow one small step from (0, 1), then"
            " one from (1, 0)"
        )
    return PASSED


@checker
def check_eigenvalues(eigenvalues: Callable[[float], Sequence[complex]]) -> Verdict:
    """Exercise 3: the eigenvalues of the Dirac-GAN with R1."""
    for gamma in (0.0, 0.6, 1.0, 2.0):
        answer = numbers(eigenvalues(gamma), 2, complex)
        if answer is None:
            return not_yet("return both eigenvalues, as two numbers")
        values = _sort_complex(answer)
        if _close(values, _eigenvalues(gamma)):
            continue
        if _close(values, [-value for value in _eigenvalues(gamma)]):
            return not_yet("the real part has the wrong sign: R1 pulls psi towards 0")
        if _close(values, _eigenvalues(2 * gamma)):
            return not_yet(
                "the penalty is gamma / 2 times psi squared, and its slope gamma times psi: a 2 too"
                " many"
            )
        if _close(values, _eigenvalues(gamma / 2)):
            return not_yet(
                "the slope of gamma / 2 times psi squared is gamma times psi: you have half of it"
            )
        if _close(values, _eigenvalues(gamma, slope=1.0)):
            return not_yet(
                "a half is missing: the sigmoid at 0 is one half, so both entries off the diagonal"
                " are +-1/2; and the roots of a quadratic equation divide by 2"
            )
        if _close(values, _eigenvalues(0.0)):
            return not_yet("those are the eigenvalues without R1: what does the penalty add to J?")
        if _close(values, [1j * value for value in _eigenvalues(gamma)]):
            return not_yet("turned by a factor of i: a rotation has imaginary eigenvalues")
        real_only = gamma < 1 and all(value.imag == 0 for value in values)
        return not_yet(
            f"for gamma = {gamma} they are {_text(_eigenvalues(gamma))}; you give {_text(values)}"
            + (" (the square root of a negative number is meant: cmath.sqrt)" if real_only else "")
        )
    return PASSED


@checker
def check_best_answer(best_answer: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 4: what G would do against a D that never moves again."""
    scores = torch.tensor([0.3, -1.2, 2.1, 0.9, 2.0, -3.0], dtype=torch.float64)
    answer = best_answer(scores)
    if not torch.is_tensor(answer) or answer.shape != scores.shape:
        return not_yet("return one share for each place, as a tensor of the same shape")
    answer = answer.double()
    if (answer < 0).any() or not is_same(answer.sum(), torch.ones(())):
        return not_yet("shares are at least 0 and add up to 1")
    if is_same(answer, torch.full_like(scores, 1 / 6)):
        return not_yet(
            "an even spread: G does not know of a rule against crowding. Who would punish it?"
        )
    if is_same(answer, torch.softmax(scores, 0)) or is_same(
        answer, scores.sigmoid() / scores.sigmoid().sum()
    ):
        return not_yet(
            "move a share from a worse place to a better one: the mean of -log D falls. When does"
            " that stop?"
        )
    if answer.argmax() != scores.argmax():
        return not_yet("-log D is smallest where the score is highest; look for the largest score")
    if answer.max() < 1 - 1e-6:
        return not_yet(
            "nearly: some points still sit at a place that scores lower, and moving them would pay"
        )
    grid = torch.tensor([[-1.0, -0.5], [-4.0, -2.0]])
    if not is_same(best_answer(grid).double(), torch.tensor([[0.0, 1.0], [0.0, 0.0]]).double()):
        return not_yet(
            "right for these scores; it should also work on a grid, and where every score is"
            " negative"
        )
    return PASSED


@checker
def check_relativistic(relativistic: Callable[[Tensor, Tensor], Sequence[Tensor]]) -> Verdict:
    """Exercise 5: both losses of the relativistic pairing GAN."""
    real = torch.tensor([[1.0], [-0.5], [2.0]], dtype=torch.float64)
    fake = torch.tensor([[0.2], [0.7], [-1.0]], dtype=torch.float64)
    answer = relativistic(real, fake)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return not_yet("return the pair (loss_D, loss_G)")
    loss_D, loss_G = (torch.as_tensor(loss) for loss in answer)
    if loss_D.shape != () or loss_G.shape != ():
        return not_yet("each loss is one number: the mean over the pairs")
    right_D, right_G = d_relativistic(real, fake), g_relativistic(real, fake)
    if is_same(loss_D, right_D) and is_same(loss_G, right_G):
        return PASSED
    if is_same(loss_D, right_G) and is_same(loss_G, right_D):
        return not_yet("the players are exchanged: D wants the real one of a pair to score higher")
    if is_same(loss_D, right_D) and is_same(loss_G, -right_D):
        return not_yet(
            "that G saturates like the minimax one: let it minimise -log sigma(D(fake) - D(real))"
            " instead"
        )
    if is_same(loss_D, right_D) and is_same(loss_G, softplus(-fake).mean()):
        return not_yet(
            "D compares pairs, and your G looks at the fakes alone: it needs both scores too"
        )
    if is_same(loss_D, softplus(-real).mean() + softplus(fake).mean()):
        return not_yet(
            "that D judges real and fake apart: only the difference of a pair's two scores counts"
            " here"
        )
    if is_same(loss_D, softplus(-(real - fake.T)).mean()):
        return not_yet("every real sample met every fake: pair them one to one, entry by entry")
    averaged = softplus(-(real - fake.mean())).mean() + softplus(fake - real.mean()).mean()
    if any(
        is_same(loss_D, value)
        for value in (averaged, averaged / 2, softplus(-(real - fake.mean())).mean())
    ):
        return not_yet(
            "that compares with the mean score, the 'average' variant of the same paper; here it is"
            " pairs"
        )
    if is_same(loss_D, softplus(-(real.mean() - fake.mean()))):
        return not_yet("you took the mean inside: first the loss of each pair, then the mean")
    if not is_same(loss_D, right_D):
        return not_yet(f"loss_D is {right_D:.4f} for the checker's scores, yours is {loss_D:.4f}")
    return not_yet(
        f"loss_D is right; loss_G is {right_G:.4f} for the checker's scores, yours is {loss_G:.4f}"
    )


@checker
def check_wasserstein(d_loss: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 6: the Wasserstein loss of D, where a published one is the hinge loss."""
    real = torch.tensor([2.5, -0.5, 0.3], dtype=torch.float64, requires_grad=True)
    fake = torch.tensor([-3.0, 0.4, 1.6, -0.2], dtype=torch.float64, requires_grad=True)
    loss, right = d_loss(real, fake), d_wasserstein(real, fake)
    if not torch.is_tensor(loss) or loss.shape != ():
        return not_yet("return one number: a tensor of shape ()")
    if is_same(loss, d_hinge(real, fake)):
        return not_yet(
            "that is the hinge loss: a sample beyond the margin of 1 gets no gradient, and f is not"
            " bounded"
        )
    if is_same(loss, -right):
        return not_yet("the sign is turned: D would raise the scores of fakes")
    if is_same(loss, relu(1 - real).mean() - fake.mean()) or is_same(
        loss, -real.mean() + relu(1 + fake).mean()
    ):
        return not_yet("one half is still hinge")
    if is_same(loss, fake.clamp(-1, 1).mean() - real.clamp(-1, 1).mean()):
        return not_yet(
            "clipping the score stops the gradient beyond 1; what must be bounded is the slope of f"
        )
    if is_same(loss, fake.tanh().mean() - real.tanh().mean()):
        return not_yet(
            "tanh keeps f in [-1, 1]; but nothing asks for that: what must be bounded is the slope"
            " of f"
        )
    if is_same(loss, softplus(-real).mean() + softplus(fake).mean()):
        return not_yet("that is the logistic loss")
    if is_same(loss, fake.sum() - real.sum()):
        return not_yet("sums: the two batches here differ in size; take the mean over each")
    if not is_same(loss, right):
        return not_yet(f"for the checker's scores it is {right:.4f}, yours is {loss:.4f}")
    slopes = torch.autograd.grad(loss, [real, fake], allow_unused=True)
    if any(
        slope is None or not is_same(slope.abs(), torch.full_like(slope, 1 / len(slope)))
        for slope in slopes
    ):
        return not_yet("the value is right, and its gradient is not: no sample may be cut off")
    return PASSED


@checker
def check_line_up(signs: Mapping[str, str]) -> Verdict:
    """Exercise 7: what four unlabelled pairs of curves say."""
    if not isinstance(signs, Mapping) or set(signs) != set(SIGNS):
        return not_yet('answer with {"A": ..., "B": ..., "C": ..., "D": ...}')
    answers = {panel: " ".join(str(word).split()).lower() for panel, word in signs.items()}
    words = {word.lower() for word in SIGNS.values()}
    if "ellipsis" in answers.values() or not set(answers.values()) <= words:
        return not_yet('each is "runs away", "D ahead" or "balanced"; a word may be used twice')
    if answers["C"] != "runs away":
        return not_yet(
            "read the axis of C: the others stay near 1, and here a loss is in the hundreds and"
            " still growing"
        )
    wrong = [panel for panel, word in answers.items() if word != SIGNS[panel].lower()]
    if "A" in wrong:
        return not_yet(
            "in A, D pays less than 2 log 2 and G more than log 2, in jolts: who is winning?"
        )
    if wrong:
        return not_yet(
            f"look at {wrong[0]} again: D pays about 2 log 2 and G about log 2. What is D's score"
            " worth then?"
        )
    return PASSED


def _eigenvalues(gamma: float, slope: float = 0.5) -> list[complex]:
    root = cmath.sqrt(gamma**2 / 4 - slope**2)
    return _sort_complex((-gamma / 2 + root, -gamma / 2 - root))


def _sort_complex(values: Iterable[complex]) -> list[complex]:
    return sorted(values, key=lambda value: (round(value.real, 6), round(value.imag, 6)))


def _close(first: list[complex], second: list[complex]) -> bool:
    pairs = zip(_sort_complex(first), _sort_complex(second), strict=True)
    return all(abs(a - b) < 1e-4 for a, b in pairs)


def _text(values: list[complex]) -> str:
    return " and ".join(f"{value:.3f}" for value in values)
