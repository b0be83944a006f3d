"""Checkers of lesson 06."""

import dis
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gan_course.lessons.checking import PASSED, Verdict, checker, not_yet

_REFUSED = object()
ARROWS = {"G": ("A", "B"), "F": ("B", "A")}
ZERO_TERMS = {
    "nothing": {"cycle", "identity"},
    "negative": {"cycle"},
    "darken": set(),
    "oracle": {"adversarial", "cycle", "identity"},
    "other creature": {"adversarial", "cycle"},
}
SYMPTOMS = {
    "P": "healthy",
    "Q": "missing detach",
    "R": "D updated through G",
    "S": "unpaired cycle",
    "T": "swapped domains",
}


@checker
def check_arrival(arrival: Callable[[Sequence[str], str, Mapping], str]) -> Verdict:
    """Exercise 1: the domain in which a composed map arrives, or a TypeError."""
    right = (
        ("G", "A", "B"),
        ("F", "B", "A"),
        ("FG", "A", "A"),
        ("GF", "B", "B"),
        ("GFG", "A", "B"),
    )
    for names, start, end in right:
        answer = _answer(arrival, names, start)
        formula = _formula(names, start.lower())
        if answer is _REFUSED:
            hint = ": the map written last is applied first" if len(names) > 1 else ""
            return not_yet(f"{formula} fits, and your function refuses it{hint}")
        if isinstance(answer, _Accident):
            return not_yet(f"{formula} fits, and your code raised {answer.error!r}")
        if answer == ARROWS[names[0]][0] != end:
            return not_yet(
                f"{formula}: a map arrives in its target, which is the second of its two domains"
            )
        if answer != end:
            return not_yet(f"{formula} lies in {end}; you say {answer!r}")
    for names, start in (("G", "B"), ("FG", "B"), ("GF", "A"), ("GG", "A")):
        if (answer := _answer(arrival, names, start)) is not _REFUSED:
            formula = _formula(names, start.lower())
            return not_yet(
                f"{formula} does not fit together, so raise TypeError; {_describe(answer)}"
            )
    if _answer(arrival, "kh", "X", {"h": ("X", "Y"), "k": ("Y", "Z")}) != "Z":
        return not_yet(
            "right for G and F; take the domains from `arrows`, which may hold other maps"
        )
    return PASSED


@checker
def check_satisfied(satisfied: Callable[[Sequence[int], Sequence[int]], Sequence[bool]]) -> Verdict:
    """Exercise 2: which losses are zero for maps between two finite sets."""
    cases = (
        ([0, 1, 2, 3], [0, 1, 2, 3], (True, True), "every cluster to its own number and back"),
        ([1, 2, 3, 0], [3, 0, 1, 2], (True, True), "all moved on by one, and back by one"),
        (
            [1, 2, 3, 0],
            [1, 2, 3, 0],
            (True, False),
            "both moved on by one: a journey ends two clusters away",
        ),
        ([0, 0, 0, 0], [0, 0, 0, 0], (False, False), "everything in one cluster"),
        (
            [0, 0, 1, 1],
            [0, 2],
            (False, False),
            "four clusters onto two: G's shares fit, and F reaches two of four",
        ),
        ([0, 1], [0, 1, 0, 1], (False, False), "two clusters reach two of four"),
        (
            [0, 1, 2, 3],
            [3, 3, 3, 3],
            (False, False),
            "G is fine, F sends everything to one cluster",
        ),
        (
            [0, 1, 2],
            [0, 1, 2, 2],
            (False, False),
            "from A it comes home; from the fourth cluster of B it does not",
        ),
        (
            [2, 0, 1, 1],
            [1, 2, 0],
            (False, False),
            "from B it comes home; from the fourth cluster of A it does not",
        ),
    )
    for G, F, (adversarial, cycle), story in cases:
        answer = satisfied(G, F)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            return not_yet("return the pair (adversarial, cycle) of truth values")
        says_adversarial, says_cycle = (bool(value) for value in answer)
        if says_adversarial != adversarial:
            return not_yet(
                f"G = {G}, F = {F}: {story}. The adversarial losses are"
                f" {'' if adversarial else 'not '}both satisfied: every cluster of either side must"
                " receive the same share of the other side"
            )
        if says_cycle != cycle:
            return not_yet(
                f"G = {G}, F = {F}: {story}. The cycle loss is {'' if cycle else 'not '}zero"
            )
    return PASSED


@checker
def check_adversarial(
    adversarial: Callable[[nn.Module, Tensor, Tensor], Sequence[Tensor]],
) -> Verdict:
    """Exercise 3: the least-squares losses of one D and of the G that it judges."""
    D, real, raw = _judge(), _points(1), _points(2)
    scale = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)  # stands for G's weights
    fake = scale * raw
    answer = adversarial(D, real, fake)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return not_yet("return the pair (loss_D, loss_G)")
    loss_D, loss_G = answer
    if any(not torch.is_tensor(loss) or loss.shape != () for loss in answer):
        return not_yet("each loss is one number: a tensor of shape ()")
    scores_real, scores_fake = D(real), D(fake)
    halves = (scores_real - 1).square().mean(), scores_fake.square().mean()
    right_D, right_G = (halves[0] + halves[1]) / 2, (scores_fake - 1).square().mean()
    if same(loss_D, right_G) and same(loss_G, right_D):
        return not_yet("the two are exchanged: loss_D first")
    if same(loss_D, 2 * right_D):
        return not_yet(
            "the objective of D is halved (appendix 7.1 of the paper, which means it to slow D"
            " down)"
        )
    if same(loss_D, (scores_real.square().mean() + (scores_fake - 1).square().mean()) / 2):
        return not_yet("the labels are swapped: real pictures are pulled to 1, fakes to 0")
    if not same(loss_D, right_D):
        return not_yet(f"loss_D is {right_D:.4f} for the checker's points, yours is {loss_D:.4f}")
    if same(loss_G, halves[1]):
        return not_yet("that G wants its fakes to be recognised: it should pull their scores to 1")
    if same(loss_G, right_G / 2):
        return not_yet("only D's objective is halved; G's is not")
    if not same(loss_G, right_G):
        return not_yet(f"loss_G is {right_G:.4f} for the checker's points, yours is {loss_G:.4f}")
    if _slope(loss_D, scale) is not None:
        return not_yet(
            "the values are right, but loss_D sends a gradient into G: D judges fake.detach()"
        )
    if not _slope(loss_G, scale):
        return not_yet(
            "the values are right, but loss_G sends no gradient to G: only D's share is detached"
        )
    return PASSED


@checker
def check_cycle(cycle: Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 4: the cycle loss, where a published one compares unpaired pictures."""
    G_AB, G_BA, a, b = _linear(3), _linear(4), _points(5), _points(6)
    loss = cycle(G_AB, G_BA, a, b)
    if not torch.is_tensor(loss) or loss.shape != ():
        return not_yet("return one number: a tensor of shape ()")
    forward, backward = l1_loss(G_BA(G_AB(a)), a), l1_loss(G_AB(G_BA(b)), b)
    if same(loss, forward + backward):
        weights = [G_AB.weight, G_BA.weight]
        expected = torch.autograd.grad(forward + backward, weights, retain_graph=True)
        slopes = [_slope(loss, weight) for weight in weights]
        if any(
            slope is None or not same(slope, right)
            for slope, right in zip(slopes, expected, strict=True)
        ):
            return not_yet(
                "the value is right, and its gradient is not: it flows through both generators, so"
                " no detach"
            )
        return PASSED
    squares = (G_BA(G_AB(a)) - a).square().mean() + (G_AB(G_BA(b)) - b).square().mean()
    answers = {
        (a - b).square().mean(): (
            "two unpaired pictures are compared: nothing says that a and b belong together, and "
            "no generator occurs in it. Compare a with its own round trip"
        ),
        (a - b).abs().mean(): "two unpaired pictures are compared, and no generator occurs in it",
        l1_loss(G_AB(a), b) + l1_loss(G_BA(b), a): (
            "a translation of a is compared with b, which is not its partner: "
            "that is a paired loss on pairs that do not exist"
        ),
        squares: "squared; the paper takes L1, the mean of absolute differences",
        l1_loss(G_AB(G_BA(a)), a)
        + l1_loss(
            G_BA(G_AB(b)), b
        ): "swapped domains: G_BA takes pictures of B, and a is none. Start a's journey with G_AB",
        l1_loss(G_BA(G_AB(a)), b) + l1_loss(G_AB(G_BA(b)), a): (
            "each round trip is compared with the other domain's "
            "picture: it should come home to where it began"
        ),
        l1_loss(G_AB(b), b)
        + l1_loss(G_BA(a), a): "that is the identity loss: a cycle goes there and back",
        forward: "only the forward half: where is the round trip that starts in B?",
        backward: "only the backward half: where is the round trip that starts in A?",
        (forward + backward) / 2: "the paper adds the two halves; you take their mean",
        (forward + backward)
        * a.numel(): "a sum over pixels: take the mean, or lambda would depend on the size",
    }
    for value, reason in answers.items():
        if same(loss, value):
            return not_yet(reason)
    return not_yet(
        f"it is {forward + backward:.4f} for the checker's maps and points; yours is {loss:.4f}"
    )


@checker
def check_objective(objective: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: everything that the two generators minimise together."""
    networks, a, b = (_linear(3), _linear(4), _judge(7), _judge(8)), _points(5), _points(6)
    for weights in ((10.0, 5.0), (10.0, 0.0), (0.0, 0.0), (3.0, 2.0)):
        loss = objective(*networks, a, b, *weights)
        if not torch.is_tensor(loss) or loss.shape != ():
            return not_yet("return one number: a tensor of shape ()")
        parts, mistakes = objective_parts(*networks, a, b)
        if not same(loss, total(parts, *weights)):
            return not_yet(what_is_off(loss, parts, mistakes, weights))
    for network, name in zip(networks[:2], ("G_AB", "G_BA"), strict=True):
        slope = _slope(objective(*networks, a, b, 10.0, 5.0), network.weight)
        parts, _ = objective_parts(*networks, a, b)
        (expected,) = torch.autograd.grad(total(parts, 10.0, 5.0), network.weight)
        if slope is None or not same(slope, expected):
            return not_yet(
                f"the value is right, but the gradient of {name} is not: nothing is detached in G's"
                " objective"
            )
    return PASSED


@checker
def check_symptoms(symptoms: Mapping[str, str]) -> Verdict:
    """Exercise 6: which bug has which symptom."""
    if not isinstance(symptoms, Mapping) or set(symptoms) != set(SYMPTOMS):
        return not_yet('answer with {"P": ..., "Q": ..., "R": ..., "S": ..., "T": ...}')
    answers = {step: " ".join(str(word).split()).lower() for step, word in symptoms.items()}
    words = {word.lower() for word in SYMPTOMS.values()}
    if not set(answers.values()) <= words:
        return not_yet(f"each is one of: {', '.join(sorted(words))}")
    if len(set(answers.values())) < len(answers):
        return not_yet("each word is used once")
    hints = {
        "Q": "in Q the loss of D has a gradient for G: what should have stopped it?",
        "R": (
            "in R the objective of the generators moves D: who was not frozen, and whose optimiser"
            " took the step?"
        ),
        "S": "in S maps that bring everyone home still pay: with what was the journey compared?",
        "T": "in T another D_B makes no difference to G_AB: whom is G_AB trained to please there?",
        "P": (
            "P does what a step should: no gradient where none belongs, the right judge, and no"
            " cost for coming home"
        ),
    }
    for step, hint in hints.items():
        if answers[step] != SYMPTOMS[step].lower():
            return not_yet(hint)
    return PASSED


@checker
def check_zero_terms(zero_terms: Mapping[str, Sequence[str]]) -> Verdict:
    """Exercise 7: which terms of the objective are zero for five pairs of maps."""
    if not isinstance(zero_terms, Mapping) or set(zero_terms) != set(ZERO_TERMS):
        return not_yet(f"answer with a set for each of: {', '.join(ZERO_TERMS)}")
    answers = {}
    for pair, terms in zero_terms.items():
        if terms is ... or isinstance(terms, str):
            return not_yet(f"{pair!r}: answer with a set, which may be empty")
        answers[pair] = {str(term).strip().lower() for term in terms}
        if not answers[pair] <= {"adversarial", "cycle", "identity"}:
            return not_yet(f'{pair!r}: the terms are "adversarial", "cycle" and "identity"')
    hints = {
        "nothing": (
            "maps that change nothing: both round trips end where they began, and a striped"
            " creature stays as it is; but D_B is shown plain creatures"
        ),
        "negative": (
            "the negative of a negative is the picture: the cycle is content. Does G_AB leave a"
            " striped creature alone, as the identity loss asks? Would D_B take its negative for"
            " real?"
        ),
        "darken": "half as bright, and half as bright again: nobody comes home",
        "oracle": (
            "the true translation leaves a picture alone that is already in its target: all three"
            " are zero"
        ),
        "other creature": (
            "each output is a real creature's picture, so D is content, and each round trip comes"
            " home. But G_AB(b) is another creature than b"
        ),
    }
    for pair, hint in hints.items():
        if answers[pair] != ZERO_TERMS[pair]:
            return not_yet(f"{pair!r}: {hint}")
    return PASSED


@dataclass(frozen=True)
class _Accident:
    """An error that the attempt did not mean to raise."""

    error: Exception


def _answer(arrival: Callable, names: str, start: str, arrows: Mapping = ARROWS) -> object:
    """The attempt's answer; `_REFUSED` where it raises a TypeError of its own."""
    attempt = getattr(arrival, "__wrapped__", arrival)
    try:
        answer = attempt(list(names), start, dict(arrows))
    except Exception as error:
        return (
            _REFUSED
            if isinstance(error, TypeError) and _is_own(error, attempt)
            else _Accident(error)
        )
    return arrival(list(names), start, dict(arrows)) if answer is None or answer is ... else answer


def _is_own(error: Exception, attempt: Callable) -> bool:
    """Whether an error comes from a `raise` in the learner's code, not from a failed operation."""
    last = error.__traceback__
    assert last is not None  # the error was raised
    while last.tb_next:
        last = last.tb_next
    frame = last.tb_frame
    raised = frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return raised and frame.f_globals is getattr(attempt, "__globals__", frame.f_globals)


def _describe(answer: object) -> str:
    if isinstance(answer, _Accident):
        return f"yours stumbles into {answer.error!r}: compare the domains, and `raise` on your own"
    if answer is TypeError or isinstance(answer, TypeError):
        return "you return one: `raise` it"
    return f"you say {answer!r}"


def _formula(names: str, point: str) -> str:
    return "(".join(names) + f"({point}" + ")" * len(names)


def _points(seed: int) -> Tensor:
    return torch.randn(6, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _linear(seed: int, n_out: int = 2) -> nn.Linear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Linear(2, n_out, dtype=torch.float64)


def _judge(seed: int = 9) -> nn.Linear:
    return _linear(seed, 1)


def _slope(loss: Tensor, weight: Tensor) -> Tensor | None:
    if not loss.requires_grad:
        return None
    return torch.autograd.grad(loss, weight, retain_graph=True, allow_unused=True)[0]


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
        "D_A judges pictures of domain A here: fake_A. (The official code's netD_A judges domain"
        " B)": scores(D_A, fake_B) + scores(D_B, fake_A),
        "D's are asked to judge real pictures: the generators learn from their fakes": (
            scores(D_A, a) + scores(D_B, b)
        ),
        "the adversarial terms are not halved in the objective of the generators": gan / 2,
        "that G wants to be recognised: pull the scores of its fakes to 1": (
            scores(D_B, fake_B, 0.0) + scores(D_A, fake_A, 0.0)
        ),
        "the adversarial losses are missing: nobody asks for pictures of the other domain": none,
    }
    mistakes = {reason: (wrong, cycle, identity) for reason, wrong in gan_mistakes.items()}
    unpaired, reversed_ = (
        l1_loss(fake_B, b) + l1_loss(fake_A, a),
        l1_loss(fake_B, a) + l1_loss(fake_A, b),
    )
    mistakes |= {
        "the cycle loss is an unpaired comparison: a's round trip ends at a": (
            gan,
            unpaired,
            identity,
        ),
        "the cycle loss is missing": (gan, none, identity),
        "the identity loss gives G_AB a picture that is already in B: G_AB(b) against b": (
            gan,
            cycle,
            reversed_,
        ),
        "the identity loss is missing": (gan, cycle, none),
    }
    return (gan, cycle, identity), mistakes


def total(
    parts: tuple[Tensor, Tensor, Tensor], lambda_cycle: float, lambda_identity: float
) -> Tensor:
    """The weighted sum of adversarial, cycle and identity loss."""
    gan, cycle, identity = parts
    return gan + lambda_cycle * cycle + lambda_identity * identity


def what_is_off(
    loss: Tensor, parts: tuple, mistakes: Mapping[str, tuple], weights: tuple[float, float]
) -> str:
    """A reason why a wrong objective is wrong: the first mistake that has its value."""
    for reason, wrong in mistakes.items():
        if same(loss, total(wrong, *weights)):
            return reason
    lambda_cycle, lambda_identity = weights
    if same(loss, total(parts, 1.0, 1.0)) or same(loss, total(parts, 10.0, 5.0)):
        return (
            "the weights are not used: lambda_cycle times the cycle loss, lambda_identity times the"
            " identity loss"
        )
    if same(loss, total(parts, lambda_cycle, lambda_cycle * lambda_identity)):
        return (
            "here lambda_identity is the whole factor of the identity loss (the paper writes 0.5"
            " lambda)"
        )
    right = total(parts, *weights)
    return (
        f"with lambda_cycle {lambda_cycle:g} and lambda_identity {lambda_identity:g} it is"
        f" {right:.4f} for the checker's networks; yours is {loss:.4f}"
    )


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and, to five digits, the same values."""
    return a.shape == b.shape and torch.allclose(
        a.detach().double(), b.detach().double(), rtol=1e-5, atol=1e-8
    )
