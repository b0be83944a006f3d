"""Checkers of lesson 06, and their hints."""

import dis
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    compare_runs,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    outside,
    show_hint,
)
from gan_course.lessons.watching import RaisedError

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

HINTS = {
    "arrival": (
        "read F(G(a)) aloud: which of the two maps meets a first?",
        "walk through the maps in that order and keep the domain that you are in",
        "before each step compare that domain with the one that the map starts from",
    ),
    "satisfied": (
        "D_B sees only how often each cluster of B is hit: who has to be hit how often?",
        "if n clusters receive m pictures evenly, each receives m / n of them",
        "the cycle has two halves: from A and back, and from B and back",
    ),
    "adversarial": (
        "one mean square for real scores, one for fake ones: where does each player want them?",
        "only one of the two losses is halved, and only one may move G",
        "the fake is cut from G where D learns: the picture, not its score",
    ),
    "cycle": (
        "a picture of A goes to B and comes home; with what should it be compared there?",
        "the same once more, beginning in B, and the two are added",
        "L1 is the mean of absolute differences; nothing is detached",
    ),
    "objective": (
        "three kinds of terms, each once for either direction",
        "which D has seen real pictures of the domain that G_AB's fakes should belong to?",
        "the identity loss gives each generator a picture of its own target",
    ),
    "symptoms": (
        "look for the row without any fault first",
        "a gradient in G from D's half, a D moved by G's half: which line of code prevents each?",
        "two rows are left: one asks the wrong D, the other makes coming home expensive",
    ),
    "zero_terms": (
        "for each pair ask three questions: would D be content? Does a round trip come home? Is a"
        " picture of the target left alone?",
        "D judges outputs as a set, and nobody else's partner",
        "twice negative is the picture again; twice half as bright is not",
    ),
    "cycle_weight": (
        "same seeds for both weights: then first weights and points are the same",
        "`build_plane(cfg.plane, [...])` gives a step; call it 400 times",
        "how far is each point of `step.to_B(points)` from the nearest centre of B?",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_arrival(arrival: Callable[[Sequence[str], str, Mapping], str]) -> Verdict:
    """Exercise 6: the domain in which a composed map arrives, or a TypeError."""
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
            order = ": which map is applied first?" if len(names) > 1 else ""
            return not_yet(f"{formula} fits, and your function refuses it{order}")
        if isinstance(answer, _Accident):
            return not_yet(f"{formula} fits, and your code raised {answer.error!r}")
        if answer == ARROWS[names[0]][0] != end:
            return not_yet(f"{formula}: a map arrives in its target, and you name its source")
        if answer != end:
            return not_yet(f"{formula} does not lie in {answer!r}")
    for names, start in (
        ("G", "B"),
        ("FG", "B"),
        ("GF", "A"),
        ("GG", "A"),
        ("GFFG", "A"),
        ("FGGF", "B"),
    ):
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
    """Exercise 1: which losses are zero for maps between two finite sets."""
    maps = (
        ([0, 1, 2, 3], [0, 1, 2, 3], "every cluster to its own number and back"),
        ([1, 2, 3, 0], [3, 0, 1, 2], "all moved on by one, and back by one"),
        ([1, 2, 3, 0], [1, 2, 3, 0], "both moved on by one: a journey ends two clusters away"),
        ([0, 0, 0, 0], [0, 0, 0, 0], "everything in one cluster"),
        ([0, 0, 1, 1], [0, 2], "four onto two: G's shares fit, and F reaches two of four"),
        ([0, 1], [0, 1, 0, 1], "two clusters reach two of four"),
        ([0, 1, 1, 3], [0, 1, 2, 3], "F is fine, and G sends two to one place and none to another"),
        ([0, 1, 2, 3], [3, 3, 3, 3], "G is fine, F sends everything to one cluster"),
        ([0, 1, 2], [0, 1, 2, 2], "from A it comes home; from the fourth cluster of B it does not"),
        ([2, 0, 1, 1], [1, 2, 0], "from B it comes home; from the fourth cluster of A it does not"),
    )
    return judge(
        satisfied,
        lambda G, F: (
            _is_even(G, len(F)) and _is_even(F, len(G)),
            _comes_home(G, F) and _comes_home(F, G),
        ),
        {f"for G = {G}, F = {F} ({story})": (G, F) for G, F, story in maps},
        mistakes={
            "both adversarial losses are meant: every cluster of either side receives the same"
            " share of the other side": (
                lambda G, F: (_is_even(G, len(F)), ...),
                lambda G, F: (_is_even(F, len(G)), ...),
                lambda G, F: (set(G) == set(range(len(F))) and set(F) == set(range(len(G))), ...),
            ),
            "the cycle has two halves: from A and back, and from B and back": (
                lambda G, F: (..., _comes_home(G, F)),
                lambda G, F: (..., _comes_home(F, G)),
            ),
        },
        names=("adversarial", "cycle"),
        form="the pair (adversarial, cycle) of truth values",
    )


@checker
def check_adversarial(
    adversarial: Callable[[nn.Module, Tensor, Tensor], Sequence[Tensor]],
) -> Verdict:
    """Exercise 2: the least-squares losses of one D and of the G that it judges."""
    scale = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)  # stands for G's weights
    return judge(
        adversarial,
        _adversarial,
        {
            "for one batch": (_judge(), _points(1), scale * _points(2)),
            "for another D and batch": (_judge(7), _points(3, 4), scale * _points(4, 5)),
        },
        gradients=True,
        also_right=(_adversarial_with_frozen_D,),
        mistakes={
            "the two are exchanged: loss_D first": (
                lambda D, real, fake: _adversarial(D, real, fake)[::-1]
            ),
            "the objective of D is halved (appendix 7.1 of the paper, which means it to slow D"
            " down)": lambda D, real, fake: (2 * _loss_D(D(real), D(fake.detach())), ...),
            "the labels are swapped: real pictures are pulled to 1, fakes to 0": (
                lambda D, real, fake: (_loss_D(D(fake.detach()), D(real)), ...),
                lambda D, real, fake: (2 * _loss_D(D(fake.detach()), D(real)), ...),
            ),
            "that G wants its fakes to be recognised: it should pull their scores to 1": (
                lambda D, real, fake: (..., _pull(D(fake), 0.0))
            ),
            "only D's objective is halved; G's is not": (
                lambda D, real, fake: (..., _pull(D(fake), 1.0) / 2)
            ),
            "the values are right, but loss_D sends a gradient into G: D judges fake.detach()": (
                lambda D, real, fake: (_loss_D(D(real), D(fake)), ...)
            ),
            "D learns nothing from fakes: cut off the fake, not the score that D gives to it": (
                lambda D, real, fake: (_loss_D(D(real), D(fake).detach()), ...)
            ),
            "D learns nothing from real pictures: their scores are detached": (
                lambda D, real, fake: (_loss_D(D(real).detach(), D(fake.detach())), ...)
            ),
            "the values are right, but loss_G sends no gradient to G: only D's share is detached": (
                lambda D, real, fake: (..., _pull(D(fake.detach()), 1.0))
            ),
        },
        names=("loss_D", "loss_G"),
        form="the pair (loss_D, loss_G), each one number",
    )


@checker
def check_cycle(cycle: Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 3: the cycle loss, where a published one compares unpaired pictures."""
    return judge(
        cycle,
        _cycle,
        {
            "for one pair of maps": (_linear(3), _linear(4), _points(5), _points(6)),
            "for another": (_linear(5), _linear(6), _points(7, 4), _points(8, 4)),
        },
        gradients=True,
        mistakes={
            "two unpaired pictures are compared: nothing says that a and b belong together, and no"
            " generator occurs in it": (
                lambda G_AB, G_BA, a, b: mse_loss(a, b),
                lambda G_AB, G_BA, a, b: l1_loss(a, b),
            ),
            "a translation of a is compared with b, which is not its partner: that is a paired loss"
            " on pairs that do not exist": _unpaired_cycle,
            "squared; the paper takes L1, the mean of absolute differences": (
                partial(_cycle, distance=mse_loss)
            ),
            "swapped domains: G_BA takes pictures of B, and a is none": (
                lambda G_AB, G_BA, a, b: l1_loss(G_AB(G_BA(a)), a) + l1_loss(G_BA(G_AB(b)), b)
            ),
            "each round trip is compared with the other domain's picture: it should come home to"
            " where it began": (
                lambda G_AB, G_BA, a, b: l1_loss(G_BA(G_AB(a)), b) + l1_loss(G_AB(G_BA(b)), a)
            ),
            "that is the identity loss: a cycle goes there and back": _identity,
            "only the forward half: where is the round trip that starts in B?": (
                lambda G_AB, G_BA, a, b: l1_loss(G_BA(G_AB(a)), a)
            ),
            "only the backward half: where is the round trip that starts in A?": (
                lambda G_AB, G_BA, a, b: l1_loss(G_AB(G_BA(b)), b)
            ),
            "the paper adds the two halves; you take their mean": (
                lambda G_AB, G_BA, a, b: _cycle(G_AB, G_BA, a, b) / 2
            ),
            "a sum over pixels: take the mean, or lambda would depend on the size": (
                partial(_cycle, distance=partial(l1_loss, reduction="sum"))
            ),
            "the value is right, and its gradient is not: it flows through both generators, so no"
            " detach": _detached_cycle,
        },
    )


@checker
def check_objective(objective: Callable[..., Tensor]) -> Verdict:
    """Exercise 4: everything that the two generators minimise together."""
    some = (_linear(3), _linear(4), _judge(7), _judge(8), _points(5), _points(6))
    others = (_linear(5), _linear(6), _judge(9), _judge(10), _points(7, 4), _points(8, 4))
    none = torch.zeros((), dtype=torch.float64)
    return judge(
        objective,
        _objective,
        {
            f"with lambda_cycle {cycle:g} and lambda_identity {identity:g}": (
                *networks_and_points,
                cycle,
                identity,
            )
            for networks_and_points, cycle, identity in (
                (some, 10.0, 5.0),
                (some, 10.0, 0.0),
                (others, 0.0, 0.0),
                (others, 3.0, 2.0),
            )
        },
        gradients=True,
        also_right=(_objective_with_frozen_Ds,),
        mistakes={
            "D_A judges pictures of domain A here: fake_A. (The official code's netD_A judges"
            " domain B)": lambda G_AB, G_BA, D_A, D_B, *rest: _objective(
                G_AB, G_BA, D_B, D_A, *rest
            ),
            "D's are asked to judge real pictures: the generators learn from their fakes": partial(
                _objective,
                gan=lambda G_AB, G_BA, D_A, D_B, a, b: _pull(D_A(a), 1) + _pull(D_B(b), 1),
            ),
            "the adversarial terms are not halved in the objective of the generators": partial(
                _objective, gan=lambda *networks: _gan(*networks) / 2
            ),
            "that G wants to be recognised: pull the scores of its fakes to 1": partial(
                _objective, gan=partial(_gan, target=0.0)
            ),
            "the adversarial losses are missing: nobody asks for pictures of the other domain": (
                partial(_objective, gan=lambda *networks: none)
            ),
            "the cycle loss is an unpaired comparison: a's round trip ends at a": partial(
                _objective, cycle=_unpaired_cycle
            ),
            "the cycle loss is missing": partial(_objective, cycle=lambda *networks: none),
            "nothing is detached in G's objective, and the round trip is": partial(
                _objective, cycle=_detached_cycle
            ),
            "the identity loss gives G_AB a picture that is already in B": partial(
                _objective,
                identity=lambda G_AB, G_BA, a, b: l1_loss(G_AB(a), a) + l1_loss(G_BA(b), b),
            ),
            "the identity loss is missing": partial(_objective, identity=lambda *networks: none),
            "the weights are not used: each belongs to its loss": (
                lambda g, f, p, q, a, b, cycle, identity: _objective(g, f, p, q, a, b, 1.0, 1.0),
                lambda g, f, p, q, a, b, cycle, identity: _objective(g, f, p, q, a, b, 10.0, 5.0),
            ),
            "the weights are exchanged": (
                lambda g, f, p, q, a, b, cycle, identity: _objective(
                    g, f, p, q, a, b, identity, cycle
                )
            ),
            "here lambda_identity is the whole factor of the identity loss (the paper writes 0.5"
            " lambda)": lambda g, f, p, q, a, b, cycle, identity: _objective(
                g, f, p, q, a, b, cycle, cycle * identity
            ),
        },
    )


@checker
def check_symptoms(symptoms: Mapping[str, str]) -> Verdict:
    """Exercise 7: which bug has which symptom."""
    return judge_table(
        symptoms,
        SYMPTOMS,
        {
            "Q": "In one row the loss of D has a gradient for G: what should have stopped it?",
            "R": "In one row the objective of the generators moves D: who was not frozen, and whose"
            " optimiser took the step?",
            "S": "In one row maps that bring everyone home still pay: with what was the journey"
            " compared?",
            "T": "In one row another D_B makes no difference to G_AB: whom is G_AB trained to"
            " please there?",
            "P": "One row has no fault at all",
        },
    )


@checker
def check_zero_terms(zero_terms: Mapping[str, Sequence[str]]) -> Verdict:
    """Exercise 5: which terms of the objective are zero for five pairs of maps."""
    return judge_table(
        zero_terms,
        ZERO_TERMS,
        {
            "nothing": "Where nothing changes, what is D_B shown, and which journeys end at home?",
            "negative": "What is the negative of a negative? Does G_AB leave a striped creature"
            " alone, as the identity loss asks? Would D_B take its negative for real?",
            "darken": "Half as bright, and half as bright again: who is where it was?",
            "oracle": "What does the true translation do to a picture that is already in its"
            " target?",
            "other creature": "Does D know which creature it should see? Does a permutation that is"
            " undone come home? Is G_AB(b) the creature b?",
        },
        words=("adversarial", "cycle", "identity"),
    )


@checker
def check_cycle_weight(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 8: what does a hundred times the cycle loss do?"""
    return judge_experiment(
        experiment,
        settings=(1, 100),
        n_runs=3,
        says=lambda figures: compare_runs(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 1),
    )


@dataclass(frozen=True)
class _Accident:
    """An error that the attempt did not mean to raise."""

    error: BaseException


def _answer(arrival: Callable, names: str, start: str, arrows: Mapping = ARROWS) -> object:
    """The attempt's answer; `_REFUSED` where it raises a TypeError of its own."""
    try:
        return arrival(list(names), start, dict(arrows))
    except RaisedError as raised:
        error = raised.__cause__
        assert error is not None
        is_own = isinstance(error, TypeError) and _is_own(error, inspect.unwrap(arrival))
        return _REFUSED if is_own else _Accident(error)


def _is_own(error: BaseException, attempt: Callable) -> bool:
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


def _is_even(images: Sequence[int], n: int) -> bool:
    return all(list(images).count(k) * n == len(images) for k in range(n))


def _comes_home(there: Sequence[int], back: Sequence[int]) -> bool:
    return all(back[there[k]] == k for k in range(len(there)))


def _points(seed: int, n: int = 6) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _linear(seed: int, n_out: int = 2) -> nn.Linear:
    source = torch.Generator().manual_seed(seed)
    layer = nn.Linear(2, n_out, dtype=torch.float64)
    for weight in layer.parameters():
        weight.data = torch.rand(weight.shape, generator=source, dtype=torch.float64) * 2 - 1
    return layer


def _judge(seed: int = 9) -> nn.Linear:
    return _linear(seed, 1)


def _pull(scores: Tensor, target: float) -> Tensor:
    return (scores - target).square().mean()


def _loss_D(scores_real: Tensor, scores_fake: Tensor) -> Tensor:
    return (_pull(scores_real, 1.0) + _pull(scores_fake, 0.0)) / 2


def _adversarial(D: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return _loss_D(D(real), D(fake.detach())), _pull(D(fake), 1.0)


def _adversarial_with_frozen_D(D: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    loss_D = _loss_D(D(real), D(fake.detach()))
    D.requires_grad_(False)
    loss_G = _pull(D(fake), 1.0)
    D.requires_grad_(True)
    return loss_D, loss_G


def _gan(
    G_AB: nn.Module,
    G_BA: nn.Module,
    D_A: nn.Module,
    D_B: nn.Module,
    a: Tensor,
    b: Tensor,
    *,
    target: float = 1.0,
) -> Tensor:
    return _pull(D_B(G_AB(a)), target) + _pull(D_A(G_BA(b)), target)


def _cycle(
    G_AB: nn.Module,
    G_BA: nn.Module,
    a: Tensor,
    b: Tensor,
    *,
    distance: Callable[..., Tensor] = l1_loss,
) -> Tensor:
    return distance(G_BA(G_AB(a)), a) + distance(G_AB(G_BA(b)), b)


def _unpaired_cycle(G_AB: nn.Module, G_BA: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    return l1_loss(G_AB(a), b) + l1_loss(G_BA(b), a)


def _detached_cycle(G_AB: nn.Module, G_BA: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    return l1_loss(G_BA(G_AB(a).detach()), a) + l1_loss(G_AB(G_BA(b).detach()), b)


def _identity(G_AB: nn.Module, G_BA: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    return l1_loss(G_AB(b), b) + l1_loss(G_BA(a), a)


def _objective(
    G_AB: nn.Module,
    G_BA: nn.Module,
    D_A: nn.Module,
    D_B: nn.Module,
    a: Tensor,
    b: Tensor,
    lambda_cycle: float,
    lambda_identity: float,
    *,
    gan: Callable[..., Tensor] = _gan,
    cycle: Callable[..., Tensor] = _cycle,
    identity: Callable[..., Tensor] = _identity,
) -> Tensor:
    """The generators' objective: right, or with another function in the place of a term."""
    return (
        gan(G_AB, G_BA, D_A, D_B, a, b)
        + lambda_cycle * cycle(G_AB, G_BA, a, b)
        + lambda_identity * identity(G_AB, G_BA, a, b)
    )


def _objective_with_frozen_Ds(
    G_AB: nn.Module,
    G_BA: nn.Module,
    D_A: nn.Module,
    D_B: nn.Module,
    a: Tensor,
    b: Tensor,
    lambda_cycle: float,
    lambda_identity: float,
) -> Tensor:
    nn.ModuleList([D_A, D_B]).requires_grad_(False)
    loss = _objective(G_AB, G_BA, D_A, D_B, a, b, lambda_cycle, lambda_identity)
    nn.ModuleList([D_A, D_B]).requires_grad_(True)
    return loss
