import copy
import functools
import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss

from gan_course.lessons.l06_cycle_consistency import exercises as lesson
from gan_course.lessons.l06_cycle_consistency.mystery_steps import STEPS, MysteryStep, interrogate


def arrival(names, start, arrows):
    domain = start
    for name in reversed(names):
        source, target = arrows[name]
        if source != domain:
            raise TypeError(f"{name} takes points of {source}, not of {domain}")
        domain = target
    return domain


def unchecked(names, start, arrows):
    return arrows[names[0]][1]


def left_to_right(names, start, arrows):
    return arrival(names[::-1], start, arrows)


def sources(names, start, arrows):
    arrival(names, start, arrows)
    return arrows[names[0]][0]


def no_type_error(names, start, arrows):
    try:
        return arrival(names, start, arrows)
    except TypeError:
        return "does not fit"


def returned(names, start, arrows):
    try:
        return arrival(names, start, arrows)
    except TypeError as error:
        return type(error)


def returned_instance(names, start, arrows):
    try:
        return arrival(names, start, arrows)
    except TypeError as error:
        return error


def by_accident(names, start, arrows):
    """No domain is compared: adding None to a text fails, and its error is a TypeError."""
    domain = start
    for name in reversed(names):
        ends = {arrows[name][0]: arrows[name][1]}
        domain = "" + ends.get(domain)
    return domain


def by_library(names, start, arrows):
    """The TypeError is raised, but by the code of a library."""
    domain = start
    for name in reversed(names):
        domain = arrows[name][1] if arrows[name][0] == domain else json.dumps(object())
    return domain


def in_a_helper(names, start, arrows):
    return functools.reduce(
        lambda domain, name: follow(domain, *arrows[name]), reversed(names), start
    )


def follow(domain, source, target):
    if source != domain:
        raise TypeError
    return target


def from_a_key_error(names, start, arrows):
    try:
        return functools.reduce(
            lambda domain, name: {arrows[name][0]: arrows[name][1]}[domain], reversed(names), start
        )
    except KeyError as error:
        raise TypeError("does not fit") from error


def key_error(names, start, arrows):
    return functools.reduce(
        lambda domain, name: {arrows[name][0]: arrows[name][1]}[domain], reversed(names), start
    )


def wired(names, start, arrows):
    return arrival(names, start, {"G": ("A", "B"), "F": ("B", "A")})


def ends_only(names, start, arrows):
    """The pairs of maps in the middle are never compared."""
    if arrows[names[-1]][0] != start:
        raise TypeError
    if len(names) > 1 and arrows[names[0]][0] != arrows[names[1]][1]:
        raise TypeError
    return arrows[names[0]][1]


def popping(names, start, arrows):
    domain = start
    while names:
        source, target = arrows[names.pop()]
        if source != domain:
            raise TypeError
        domain = target
    return domain


def even(G, n):
    return all(G.count(k) * n == len(G) for k in range(n))


def comes_home(G, F):
    return all(F[G[a]] == a for a in range(len(G)))


def satisfied(G, F):
    return even(G, len(F)) and even(F, len(G)), comes_home(G, F) and comes_home(F, G)


def adversarial(D, real, fake):
    loss_D = (D(real) - 1).square().mean() / 2 + D(fake.detach()).square().mean() / 2
    return loss_D, (D(fake) - 1).square().mean()


def missing_detach(D, real, fake):
    loss_D = (D(real) - 1).square().mean() / 2 + D(fake).square().mean() / 2
    return loss_D, (D(fake) - 1).square().mean()


def detached_twice(D, real, fake):
    return adversarial(D, real, fake.detach())


def swapped_labels(D, real, fake):
    return (
        D(real).square().mean() / 2 + (D(fake.detach()) - 1).square().mean() / 2,
        D(fake).square().mean(),
    )


def scores_detached(D, real, fake):
    loss_D = (D(real) - 1).square().mean() / 2 + D(fake).detach().square().mean() / 2
    return loss_D, (D(fake) - 1).square().mean()


def fakes_without_grad(D, real, fake):
    with torch.no_grad():
        scores = D(fake)
    loss_D = (D(real) - 1).square().mean() / 2 + scores.square().mean() / 2
    return loss_D, (D(fake) - 1).square().mean()


def loss_D_without_grad(D, real, fake):
    with torch.no_grad():
        loss_D, _ = adversarial(D, real, fake)
    return loss_D, adversarial(D, real, fake)[1]


def frozen_for_good(D, real, fake):
    D.requires_grad_(False)
    return adversarial(D, real, fake)


def frozen_afterwards(D, real, fake):
    loss_D, _ = adversarial(D, real, fake)
    D.requires_grad_(False)
    return loss_D, (D(fake) - 1).square().mean()


def frozen_for_a_while(D, real, fake):
    losses = frozen_afterwards(D, real, fake)
    D.requires_grad_(True)
    return losses


def cycle(G_AB, G_BA, a, b):
    return l1_loss(G_BA(G_AB(a)), a) + l1_loss(G_AB(G_BA(b)), b)


def cycle_between_strangers(G_AB, G_BA, a, b):
    """As it has been published: no round trip in it."""
    return (a - b).square().mean()


def detached_cycle(G_AB, G_BA, a, b):
    return l1_loss(G_BA(G_AB(a).detach()), a) + l1_loss(G_AB(G_BA(b).detach()), b)


def objective(G_AB, G_BA, D_A, D_B, a, b, lambda_cycle, lambda_identity):
    fake_B, fake_A = G_AB(a), G_BA(b)
    loss = (D_A(fake_A) - 1).square().mean() + (D_B(fake_B) - 1).square().mean()
    loss = loss + lambda_cycle * (l1_loss(G_BA(fake_B), a) + l1_loss(G_AB(fake_A), b))
    return loss + lambda_identity * (l1_loss(G_BA(a), a) + l1_loss(G_AB(b), b))


def frozen_objective(G_AB, G_BA, D_A, D_B, *rest):
    D_A.requires_grad_(False)
    D_B.requires_grad_(False)
    return objective(G_AB, G_BA, D_A, D_B, *rest)


def official_names(G_AB, G_BA, D_A, D_B, *rest):
    """With netD_A and netD_B as in the official code: netD_A judges pictures of domain B."""
    return objective(G_AB, G_BA, D_B, D_A, *rest)


def detached_round_trip(G_AB, G_BA, D_A, D_B, a, b, lambda_cycle, lambda_identity):
    loss = objective(G_AB, G_BA, D_A, D_B, a, b, 0.0, lambda_identity)
    return loss + lambda_cycle * detached_cycle(G_AB, G_BA, a, b)


def reversed_identity(G_AB, G_BA, D_A, D_B, a, b, lambda_cycle, lambda_identity):
    loss = objective(G_AB, G_BA, D_A, D_B, a, b, lambda_cycle, 0.0)
    return loss + lambda_identity * (l1_loss(G_AB(a), a) + l1_loss(G_BA(b), b))


def unpaired(G_AB, G_BA, D_A, D_B, a, b, lambda_cycle, lambda_identity):
    loss = objective(G_AB, G_BA, D_A, D_B, a, b, 0.0, lambda_identity)
    return loss + lambda_cycle * (l1_loss(G_AB(a), b) + l1_loss(G_BA(b), a))


def recognised(G_AB, G_BA, D_A, D_B, a, b, *weights):
    gan = [(D(fake) - 1).square().mean() for D, fake in ((D_A, G_BA(b)), (D_B, G_AB(a)))]
    other = [D(fake).square().mean() for D, fake in ((D_A, G_BA(b)), (D_B, G_AB(a)))]
    return objective(G_AB, G_BA, D_A, D_B, a, b, *weights) - sum(gan) + sum(other)


SYMPTOMS = {
    "P": "healthy",
    "Q": "missing detach",
    "R": "D updated through G",
    "S": "unpaired cycle",
    "T": "swapped domains",
}
TERMS = {
    "nothing": {"cycle", "identity"},
    "negative": {"cycle"},
    "darken": set(),
    "oracle": {"adversarial", "cycle", "identity"},
    "other creature": ["adversarial", "cycle"],
}

CYCLE_WEIGHT = {
    "prediction": "higher",
    "figures": {1: [0.98, 0.99, 0.98], 100: torch.tensor([0.05, 0.0, 0.01])},
    "conclusion": "lower",
}

RIGHT = [
    (lesson.check_cycle_weight, CYCLE_WEIGHT),
    (lesson.check_arrival, arrival),
    (lesson.check_arrival, in_a_helper),
    (lesson.check_arrival, from_a_key_error),
    (lesson.check_satisfied, satisfied),
    (lesson.check_satisfied, lambda G, F: [int(one) for one in satisfied(G, F)]),
    (lesson.check_adversarial, adversarial),
    (lesson.check_adversarial, lambda D, r, f: torch.stack(adversarial(D, r, f))),
    (lesson.check_adversarial, frozen_for_a_while),
    (lesson.check_satisfied, lambda G, F: np.array(satisfied(G, F))),
    (lesson.check_zero_terms, TERMS | {"darken": {}, "negative": ["Cycle"]}),
    (lesson.check_adversarial, lambda D, r, f: list(adversarial(D, r, f))),
    (lesson.check_cycle, cycle),
    (
        lesson.check_cycle,
        lambda g, f, a, b: (g(f(b)) - b).abs().mean() + (f(g(a)) - a).abs().mean(),
    ),
    (lesson.check_objective, objective),
    (lesson.check_symptoms, SYMPTOMS),
    (lesson.check_symptoms, {step: word.upper() for step, word in SYMPTOMS.items()}),
    (lesson.check_zero_terms, TERMS),
]

WRONG = [
    (
        lesson.check_cycle_weight,
        CYCLE_WEIGHT | {"conclusion": "higher"},
        "does not follow",
    ),
    (lesson.check_cycle_weight, CYCLE_WEIGHT | {"figures": ...}, "Now run"),
    (
        lesson.check_cycle_weight,
        CYCLE_WEIGHT | {"figures": {1: [98, 99, 98], 100: [5, 0, 1]}},
        "no such run",
    ),
    (lesson.check_arrival, left_to_right, "which map is applied first?"),
    (lesson.check_arrival, unchecked, "raise TypeError"),
    (lesson.check_arrival, no_type_error, "raise TypeError"),
    (lesson.check_arrival, returned, "`raise` it"),
    (lesson.check_arrival, returned_instance, "`raise` it"),
    (lesson.check_arrival, by_accident, "stumbles into TypeError"),
    (lesson.check_arrival, by_library, "stumbles into TypeError"),
    (lesson.check_arrival, key_error, "stumbles into KeyError"),
    (lesson.check_arrival, lambda n, s, r: s + None, "fits, and your code raised TypeError"),
    (lesson.check_arrival, lambda n, s: s, "fits, and your code raised TypeError"),
    (lesson.check_arrival, sources, "arrives in its target"),
    (lesson.check_arrival, lambda n, s, r: "C", "G(a) does not lie in 'C'"),
    (lesson.check_arrival, wired, "other maps"),
    (
        lesson.check_satisfied,
        lambda G, F: (satisfied(G, F)[0], True),
        "a journey ends two clusters away), cycle is not True",
    ),
    (
        lesson.check_satisfied,
        lambda G, F: (True, satisfied(G, F)[1]),
        "everything in one cluster), adversarial is not True",
    ),
    (
        lesson.check_satisfied,
        lambda G, F: (even(G, len(F)), satisfied(G, F)[1]),
        "both adversarial losses are meant",
    ),
    (
        lesson.check_satisfied,
        lambda G, F: (satisfied(G, F)[0], comes_home(G, F)),
        "the cycle has two halves",
    ),
    (
        lesson.check_satisfied,
        lambda G, F: (satisfied(G, F)[0], comes_home(F, G)),
        "the cycle has two halves",
    ),
    (lesson.check_satisfied, lambda G, F: (satisfied(G, F)[0], G == F), "cycle is not False"),
    (lesson.check_satisfied, lambda G, F: satisfied(G, F)[0], "the pair"),
    (lesson.check_arrival, ends_only, "G(F(F(G(a)))) does not fit together"),
    (lesson.check_arrival, popping, "you changed `names` itself"),
    (lesson.check_adversarial, scores_detached, "D learns nothing from fakes"),
    (lesson.check_adversarial, fakes_without_grad, "D learns nothing from fakes"),
    (lesson.check_adversarial, loss_D_without_grad, "loss_D is right, but it carries no graph"),
    (
        lesson.check_adversarial,
        lambda D, r, f: (
            (D(r).detach() - 1).square().mean() / 2 + D(f.detach()).square().mean() / 2,
            adversarial(D, r, f)[1],
        ),
        "D learns nothing from real pictures",
    ),
    (lesson.check_adversarial, frozen_for_good, "no longer take gradients"),
    (lesson.check_adversarial, frozen_afterwards, "no longer take gradients"),
    (lesson.check_objective, frozen_objective, "no longer take gradients"),
    (lesson.check_adversarial, missing_detach, "detach"),
    (lesson.check_adversarial, detached_twice, "no gradient to G"),
    (lesson.check_adversarial, swapped_labels, "labels are swapped"),
    (lesson.check_adversarial, lambda D, r, f: adversarial(D, r, f)[::-1], "exchanged"),
    (
        lesson.check_adversarial,
        lambda D, r, f: (2 * adversarial(D, r, f)[0], adversarial(D, r, f)[1]),
        "halved",
    ),
    (
        lesson.check_adversarial,
        lambda D, r, f: (adversarial(D, r, f)[0], D(f).square().mean()),
        "be recognised",
    ),
    (
        lesson.check_adversarial,
        lambda D, r, f: (adversarial(D, r, f)[0], adversarial(D, r, f)[1] / 2),
        "only D's",
    ),
    (
        lesson.check_adversarial,
        lambda D, r, f: (D(r).mean() - D(f).mean(), D(f).mean()),
        "loss_D is",
    ),
    (lesson.check_adversarial, lambda D, r, f: adversarial(D, r, f)[0], "the pair"),
    (lesson.check_cycle, cycle_between_strangers, "no generator occurs"),
    (lesson.check_cycle, lambda g, f, a, b: l1_loss(a, b), "no generator occurs"),
    (
        lesson.check_cycle,
        lambda g, f, a, b: l1_loss(g(a), b) + l1_loss(f(b), a),
        "pairs that do not exist",
    ),
    (
        lesson.check_cycle,
        lambda g, f, a, b: l1_loss(g(f(a)), a) + l1_loss(f(g(b)), b),
        "swapped domains",
    ),
    (
        lesson.check_cycle,
        lambda g, f, a, b: l1_loss(f(g(a)), b) + l1_loss(g(f(b)), a),
        "where it began",
    ),
    (lesson.check_cycle, lambda g, f, a, b: mse_loss(f(g(a)), a) + mse_loss(g(f(b)), b), "squared"),
    (lesson.check_cycle, lambda g, f, a, b: l1_loss(g(b), b) + l1_loss(f(a), a), "identity loss"),
    (lesson.check_cycle, lambda g, f, a, b: l1_loss(f(g(a)), a), "only the forward half"),
    (lesson.check_cycle, lambda g, f, a, b: l1_loss(g(f(b)), b), "only the backward half"),
    (lesson.check_cycle, lambda g, f, a, b: cycle(g, f, a, b) / 2, "their mean"),
    (lesson.check_cycle, lambda g, f, a, b: cycle(g, f, a, b) * a.numel(), "a sum over pixels"),
    (lesson.check_cycle, detached_cycle, "no detach"),
    (lesson.check_cycle, lambda g, f, a, b: (f(g(a)) - a).abs(), "one number"),
    (lesson.check_cycle, lambda g, f, a, b: 3 * cycle(g, f, a, b), "too large"),
    (lesson.check_objective, official_names, "netD_A"),
    (lesson.check_objective, detached_round_trip, "nothing is detached"),
    (lesson.check_objective, reversed_identity, "gives G_AB a picture that is already in B"),
    (lesson.check_objective, unpaired, "unpaired"),
    (lesson.check_objective, recognised, "to 1"),
    (lesson.check_objective, lambda *args: objective(*args[:6], 10.0, 5.0), "weights are not used"),
    (
        lesson.check_objective,
        lambda *args: objective(*args[:7], args[6] * args[7]),
        "the whole factor",
    ),
    (lesson.check_objective, lambda *args: objective(*args[:7], 0.0), "identity loss is missing"),
    (
        lesson.check_objective,
        lambda *args: objective(*args[:6], 0.0, args[7]),
        "cycle loss is missing",
    ),
    (lesson.check_objective, lambda *args: 2 * objective(*args), "too large"),
    (
        lesson.check_symptoms,
        SYMPTOMS | {"Q": "D updated through G", "R": "missing detach"},
        "what should have stopped",
    ),
    (
        lesson.check_symptoms,
        SYMPTOMS | {"S": "swapped domains", "T": "unpaired cycle"},
        "with what was the journey",
    ),
    (
        lesson.check_symptoms,
        SYMPTOMS | {"P": "swapped domains", "T": "healthy"},
        "whom is G_AB trained",
    ),
    (lesson.check_symptoms, SYMPTOMS | {"P": "missing detach"}, "One row has no fault"),
    (lesson.check_symptoms, SYMPTOMS | {"P": "fine"}, "each is one of"),
    (lesson.check_symptoms, {"P": "healthy"}, "answer with"),
    (lesson.check_zero_terms, TERMS | {"nothing": {"cycle"}}, "Where nothing changes"),
    (
        lesson.check_zero_terms,
        TERMS | {"negative": {"cycle", "identity"}},
        "negative of a negative",
    ),
    (lesson.check_zero_terms, TERMS | {"darken": {"cycle"}}, "who is where it was"),
    (
        lesson.check_zero_terms,
        TERMS | {"other creature": {"adversarial"}},
        "Does a permutation",
    ),
    (lesson.check_zero_terms, TERMS | {"oracle": {"cycle"}}, "already in its target"),
    (lesson.check_zero_terms, TERMS | {"oracle": "cycle"}, "answer with a set"),
    (lesson.check_zero_terms, TERMS | {"oracle": {"colour"}}, "each is one of"),
    (lesson.check_zero_terms, {"oracle": {"cycle"}}, "answer with {"),
]


def test_the_checker_leaves_the_global_random_state_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    lesson.check_cycle(cycle)
    assert torch.equal(torch.get_rng_state(), before)


# Q does nothing else than what its symptom says
@pytest.mark.parametrize("letter", ["R", "S", "T"])
@pytest.mark.parametrize("exchanged", [False, True])
def test_a_broken_step_is_no_healthy_one_by_other_names(letter, exchanged):
    """Also not with its two D's exchanged, as the official code names them."""
    torch.manual_seed(0)
    a, b = torch.randn(2, 16, 2)
    healthy = [nn.Linear(2, n_out) for n_out in (2, 2, 1, 1)]
    broken = copy.deepcopy(healthy)
    if exchanged:
        broken[2], broken[3] = broken[3], broken[2]
    steps = MysteryStep("P", tuple(healthy)), MysteryStep(letter, tuple(broken))
    for step in steps:
        for _ in range(3):
            step.update_G(a, b)
            step.update_D(a, b)
    assert not torch.allclose(healthy[0].weight, broken[0].weight, atol=1e-3)


def test_each_mystery_step_has_the_symptoms_of_its_bug():
    symptoms = {
        "healthy": (False, False, True, False),
        "missing detach": (False, True, True, False),
        "D updated through G": (True, False, True, False),
        "unpaired cycle": (False, False, True, True),
        "swapped domains": (False, False, False, False),
    }
    assert {letter: interrogate(letter) for letter in STEPS} == {
        letter: symptoms[bug] for letter, bug in lesson.SYMPTOMS.items()
    }
