"""The harness of the checkers: what it says before it looks at an answer, and how it looks."""

import functools
import math
import random
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch

from gan_course.lessons.checking import (
    PASSED,
    apart,
    checker,
    compare_pairs,
    compare_runs,
    draws_with,
    judge,
    judge_experiment,
    judge_table,
    numbers,
    outside,
    same,
    show_hint,
)


@pytest.mark.parametrize(
    "answer",
    [
        (3, 4),
        [3.0, Fraction(4)],
        np.array([3, 4]),
        np.array([[3.0], [4.0]], np.float32),
        torch.tensor([3, 4]),
        torch.tensor([3.0, 4.0], requires_grad=True),
        (np.int64(3), np.float32(4)),
        (torch.tensor(3.0), torch.tensor([4])),
        [np.array(3), np.array([4.0])],
    ],
)
def test_two_numbers_in_any_wrapping(answer):
    assert numbers(answer, 2) == [3.0, 4.0]
    assert all(type(one) is float for one in numbers(answer, 2))
    assert numbers(answer, 3) is None


@pytest.mark.parametrize(
    "answer", [70, 70.0, np.int64(70), np.float32(70), np.array(70), torch.tensor([70]), [70]]
)
def test_one_number_in_any_wrapping(answer):
    assert numbers(answer, 1) == [70.0]
    assert numbers(answer, 2) is None


@pytest.mark.parametrize(
    "answer", [np.linalg.eigvals(np.array([[0, 1], [-1, 0]])), (1j, -1j), torch.tensor([1j, -1j])]
)
def test_complex_numbers_where_they_are_asked_for(answer):
    assert sorted(numbers(answer, 2, complex), key=lambda one: one.imag) == [-1j, 1j]
    assert numbers(answer, 2) is None


@pytest.mark.parametrize(
    "answer",
    [
        "70",
        ("1", "2"),
        True,
        (True, False),
        np.array([True, False]),
        torch.tensor([True, False]),
        ...,
        (..., 2),
        None,
        {"a": 1, "b": 2},
        {1, 2},
        [[1, 2]],
        ([1], [2]),
        (torch.ones(2), 3),
        torch.ones(2, 2),
        np.linalg.eig(np.eye(2)),
        (),
    ],
)
def test_what_is_no_number_is_none(answer):
    assert numbers(answer, 1) is None
    assert numbers(answer, 2) is None


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (159.198, 1.0, ("159", "1")),
        (159.198, 158.9, ("159.2", "158.9")),
        (2.0, 2.00001, ("2", "2.00001")),
        (2.0, 2.0, ("2", "2")),
        (2.0, math.nan, ("2", "nan")),
    ],
)
def test_as_many_digits_as_tell_two_numbers_apart(one, other, texts):
    assert apart(one, other) == texts


def global_draw(generator):
    return torch.rand(3).tolist()


def half_global(generator):
    return torch.rand(3, generator=generator).tolist() + torch.rand(1).tolist()


def reseeded(generator):
    torch.manual_seed(5)
    return torch.rand(3).tolist()


def constant(generator):
    return torch.rand(3, generator=torch.Generator().manual_seed(5)).tolist()


@pytest.mark.parametrize("draw", [global_draw, half_global, reseeded, constant])
def test_a_draw_past_its_generator_is_seen(draw):
    before = torch.get_rng_state()
    assert not draws_with(draw)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_draw_with_its_generator_is_seen():
    assert draws_with(lambda generator: torch.rand(3, generator=generator).tolist())


@checker
def any_number(attempt):
    attempt(1)
    return PASSED


def stub(x): ...


def only_a_docstring(x):
    """Write it."""


def forgotten_return(x):
    x + 1


def unfinished(x):
    x + 1
    ...


@pytest.mark.parametrize(
    "attempt", [None, ..., stub, only_a_docstring, lambda x: ..., lambda x: None]
)
def test_an_empty_body_is_not_attempted(attempt):
    assert any_number(attempt).status == "not attempted yet"


@pytest.mark.parametrize("attempt", [forgotten_return, unfinished, lambda x: print(end="")])
def test_a_body_that_returns_nothing_is_told_so(attempt):
    verdict = any_number(attempt)
    assert verdict.status == "not yet"
    assert "a `return` missing" in verdict.reason


def test_an_exception_is_named():
    assert "ZeroDivisionError" in any_number(lambda x: x / 0).reason


class Doubled:
    def __call__(self, x):
        return 2 * x


@checker
def check_doubled(answer):
    return judge(
        answer,
        lambda x: 2 * x,
        {"for one": (torch.tensor(1.0),), "for a row": (torch.tensor([3.0, -1.0]),)},
        mistakes={"that is half of it": lambda x: x},
    )


@pytest.mark.parametrize(
    "answer",
    [
        Doubled(),
        functools.partial(torch.mul, 2),
        lambda x: 2 * x.numpy(),
        lambda x: (2 * x).tolist(),
        lambda x: (2 * x).double(),
    ],
)
def test_a_right_answer_in_any_wrapping_passes(answer):
    assert check_doubled(answer) == PASSED


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda x: x, "that is half of it"),
        (lambda x: 2, "return a tensor of shape (2,); yours is one number"),
        (lambda x: 2 * x.sum().expand_as(x), "for a row, 2 of 2 values are off in your answer"),
        (lambda x: 3 * x, "for one, your answer is 3: too large"),
        (lambda x: x * torch.nan, "for one, your answer is not finite"),
        (lambda x: x.mul_(2), "you changed `x` itself"),
        (lambda x: "2", "return one number; yours is '2'"),
        (lambda x: (2 * x, 2 * x), "yours is 2 values"),
        (lambda x: sys.exit(), "for one, your code raised SystemExit"),
        (lambda x: np.random.seed(3) or 2 * x, "drew from a global random generator"),
        (lambda x: random.random() * 0 + 2 * x, "drew from a global random generator"),
    ],
)
def test_a_wrong_answer_is_told_what_it_is(answer, reason):
    assert reason in check_doubled(answer).reason


@checker
def check_loss(answer):
    D = torch.nn.Linear(2, 1)
    points = torch.randn(4, 2)
    return judge(
        answer,
        lambda D, x, y: (D(x).mean(), D(y).square().mean()),
        {"for D": (D, points, 3 * points)},
        gradients=True,
        mistakes={
            "the second is not squared": lambda D, x, y: (..., D(y).mean()),
            "D's second score is cut off": lambda D, x, y: (..., D(y).detach().square().mean()),
        },
        names=("first", "second"),
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda D, x, y: (D(x).mean(), D(y).mean()), "the second is not squared"),
        (lambda D, x, y: (D(x).mean(), D(y).square().mean().detach()), "cut off"),
        (lambda D, x, y: (D(x).mean().detach(), D(y).square().mean()), "first is right, but it"),
        (lambda D, x, y: (D(x).mean() + 0 * D.bias, D(y).square().mean()), ""),
        (lambda D, x, y: D.requires_grad_(False) and (1, 2), "`D` no longer take gradients"),
        (lambda D, x, y: torch.nn.init.zeros_(D.bias) and (1, 2), "the weights of `D` moved"),
        (lambda D, x, y: D.eval() and (1, 2), "`D` came in training mode"),
    ],
)
def test_gradients_and_networks_are_looked_at(answer, reason):
    assert reason in check_loss(answer).reason


TABLE = {"a": "up", "b": "down", "c": {1, 2}}


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        (TABLE, "passed"),
        ({"a": " UP", "b": "Down", "c": np.array([2.0, 1.0])}, "passed"),
        (TABLE | {"a": "down", "b": "up"}, "not yet: 2 of 3 are not right yet. Which way is a?"),
        (TABLE | {"c": (1,)}, "not yet: 1 of 3 is not right yet"),
        (TABLE | {"c": 3}, "not yet: each is one of: up, down, 1, 2"),
        (dict.fromkeys("abc", ...), "not attempted yet"),
        (TABLE | {"b": ...}, "not yet: 1 of 3 entries are still open"),
        ("up", 'not yet: answer with {"a": ..., "b": ..., "c": ...}'),
    ],
)
def test_a_table(answers, reply):
    assert repr(judge_table(answers, TABLE, {"a": "Which way is a?"})) == reply


def judged(prediction, figures, conclusion, says=compare_runs):
    return judge_experiment(
        {"prediction": prediction, "figures": figures, "conclusion": conclusion},
        settings=(1, 2),
        n_runs=2,
        says=lambda figures: says(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 5),
    )


RUNS = {1: [3.0, 3.2], 2: torch.tensor([1.0, 1.1])}


@pytest.mark.parametrize(
    ("parts", "reply"),
    [
        ((..., ..., ...), "not attempted yet"),
        ((..., {1: ..., 2: ...}, ...), "not attempted yet"),
        ((..., RUNS, ...), "first the prediction"),
        (("down", ..., ...), 'the prediction is "lower" or'),
        (("lower", {1: ..., 2: ...}, ...), "Now run"),
        (("lower", {1: [1.0]}, ...), "give the figures as"),
        (("lower", {1: [1.0], 2: [2.0, 3.0]}, ...), "2 runs at least"),
        (("lower", {1: [1.0, 1.0], 2: [1.0, 1.0]}, ...), "all runs are equal"),
        (("lower", {1: [-1.0, 1.0], 2: [2.0, 3.0]}, ...), "no such run gives -1 to 3"),
        (("lower", {1: [1.0, "x"], 2: [2.0, 3.0]}, ...), "give numbers"),
        (("lower", RUNS, ...), "Which conclusion follows?"),
        (("lower", RUNS, "higher"), "compare the means with the spread"),
        (("lower", RUNS, "Lower"), "passed"),
        (("higher", RUNS, "lower"), "passed: and not as predicted"),
        (("higher", {1: [3.0, 1.0], 2: [2.0, 2.5]}, "lower"), "does not follow"),
        (("higher", {1: [3.0, 1.0], 2: [3.1, 1.1]}, "no clear difference"), "passed"),
        (("higher", {1: [3.0, 1.0], 2: [3.1, 1.1]}, "higher", compare_pairs), "passed"),
        (("higher", {1: [3.0, 1.0], 2: [3.1, 0.9]}, "higher", compare_pairs), "does not follow"),
        (("lower", {1: [3.0, 1.0], 2: [3.0, 0.9]}, "lower", compare_pairs), "does not follow"),
    ],
)
def test_an_experiment_asks_for_prediction_figures_and_conclusion_in_turn(parts, reply):
    assert reply in repr(judged(*parts))


@pytest.mark.parametrize(
    ("a", "b", "same_values"),
    [
        (1, torch.tensor(1.0), True),
        ([1, 2], np.array([1.0, 2.0]), True),
        (torch.tensor([torch.inf, torch.nan]), [math.inf, math.nan], True),
        (torch.ones(2), torch.ones(2, 1), False),
        (1.0, 1.001, False),
        ("1", 1, False),
    ],
)
def test_same(a, b, same_values):
    assert same(a, b) == same_values


def test_hints_are_given_one_at_a_time(capsys):
    hints = {"jsd": ("compare with the mixture", "sum times dx")}
    for arguments in (("jsd",), ("jsd", 2), ("jsd", 3), ("kl",)):
        show_hint(hints, *arguments)
    assert capsys.readouterr().out.splitlines() == [
        "hint 1 of 2: compare with the mixture",
        "hint 2 of 2: sum times dx",
        "jsd has hints 1 to 2",
        "hints stand for: jsd",
    ]
