"""What every checker is held to: over its right and wrong answers, its hints and its solution."""

import functools
import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from lessons.mutants import exercises_of

from maintain.notebooks import source_names


def table_of(path):
    """A lesson's test module, which holds its tables of right and wrong answers."""
    spec = importlib.util.spec_from_file_location(f"tables_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = {
    path.stem.removeprefix("test_"): table_of(path)
    for path in sorted(Path(__file__).parent.glob("test_l[0-9]*.py"))
}
EXERCISES = {
    lesson: importlib.import_module(f"gan_course.lessons.{lesson}.exercises") for lesson in TABLES
}


def checkers_of(lesson):
    exercises = EXERCISES[lesson]
    return [getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")]


CHECKS = [
    pytest.param(lesson, check, id=f"{lesson[:3]}-{check.__name__}")
    for lesson in TABLES
    for check in checkers_of(lesson)
]
STUBS = [case for case in CHECKS if "Callable" in str(inspect.signature(case.values[1]))]
RIGHT = [
    pytest.param(check, right, id=f"{lesson[:3]}-{check.__name__}-{number}")
    for lesson, table in TABLES.items()
    for number, (check, right) in enumerate(getattr(table, "RIGHT", []))
]
WRONG = [
    pytest.param(check, wrong, reason, id=f"{lesson[:3]}-{check.__name__}-{reason}")
    for lesson, table in TABLES.items()
    for check, wrong, reason in table.WRONG
]
SOLUTIONS = [
    pytest.param(exercise, id=f"{name[:2]}-{exercise.check}")
    for name in source_names()
    for exercise in exercises_of(name)
]
FUNCTIONS = [case for case in SOLUTIONS if callable(case.values[0].value())]
DRAW = {"check_draw", "check_impostor", "check_start"}  # may draw from the global generator


@pytest.mark.parametrize(("check", "right"), RIGHT)
def test_a_right_answer_passes(check, right):
    assert check(right).status == "passed", check(right)


@pytest.mark.parametrize(("check", "wrong", "reason"), WRONG)
def test_a_wrong_answer_is_told_why(check, wrong, reason):
    verdict = check(wrong)
    assert verdict.status == "not yet"
    assert reason in verdict.reason, verdict


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_every_check_meets_two_wrong_answers(lesson, check):
    assert sum(row[0] is check for row in TABLES[lesson].WRONG) >= 2


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_an_empty_answer_is_not_attempted(lesson, check):
    assert check(...).status == "not attempted yet"


def stub(*arguments): ...


class Stub:
    def __call__(self, *arguments): ...


@pytest.mark.parametrize(("lesson", "check"), STUBS)
def test_an_empty_stub_is_not_attempted(lesson, check):
    for empty in (stub, torch.no_grad()(stub), functools.partial(stub), Stub()):
        assert check(empty).status == "not attempted yet", empty


# --- hints ---


@pytest.mark.parametrize("lesson", TABLES)
def test_every_exercise_has_hints_in_its_order(lesson):
    checks = sorted(
        checkers_of(lesson),
        key=lambda check: int(re.match(r"Exercise (\d+):", inspect.getdoc(check))[1]),
    )
    names = [check.__name__.removeprefix("check_") for check in checks]
    assert list(EXERCISES[lesson].HINTS) == names
    for hints in EXERCISES[lesson].HINTS.values():
        assert 1 <= len(hints) <= 3 and len(set(hints)) == len(hints)


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_no_hint_is_the_solution(exercise):
    hints = exercise.namespace["exercises"].HINTS[exercise.check.removeprefix("check_")]
    lines = [line.strip() for line in exercise.code.splitlines() if len(line) > 20]
    assert not any(line in hint for line in lines for hint in hints)


@pytest.mark.parametrize("name", source_names())
def test_each_exercise_offers_its_first_hint_in_its_cell(name):
    for exercise in exercises_of(name):
        assert f'# hint("{exercise.check.removeprefix("check_")}", 1)\nexercises.' in exercise.stub


# --- solutions, in other forms and with bad manners ---


def in_numpy(value):
    if isinstance(value, torch.Tensor):
        return value if value.requires_grad else value.numpy()
    if isinstance(value, tuple):
        return tuple(map(in_numpy, value))
    return np.float64(value) if type(value) in (int, float) else value


def in_double(value):
    if isinstance(value, tuple):
        return tuple(map(in_double, value))
    return value.double() if isinstance(value, torch.Tensor) else value


def stacked(value):
    is_row = isinstance(value, tuple) and all(isinstance(part, torch.Tensor) for part in value)
    return torch.stack(value) if is_row and len({part.shape for part in value}) == 1 else value


FORMS = {
    "NumPy": in_numpy,
    "double": in_double,
    "a list": lambda value: list(value) if isinstance(value, tuple) else value,
    "a generator": lambda value: iter(value) if isinstance(value, tuple) else value,
    "stacked": stacked,
}


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_a_solution_passes_in_any_form(exercise):
    solution = exercise.value()

    class Answer:
        def __call__(self, *arguments):
            return solution(*arguments)

    answers = {"as it is": solution, "partial": functools.partial(solution), "object": Answer()}
    for form, turn in FORMS.items():

        @functools.wraps(solution)
        def turned(*arguments, turn=turn):
            return turn(solution(*arguments))

        answers[form] = turned
    for form, answer in answers.items():
        assert repr(exercise.verdict(answer)) == "passed", form


BAD_MANNERS = {
    "off for every later cell": lambda *arguments: torch.set_grad_enabled(False),
    "you seeded torch's global generator": lambda *arguments: torch.manual_seed(3),
    "you drew from a global random generator": lambda *arguments: torch.rand(()),
}


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_a_solution_that_changes_the_world_is_refused_and_the_world_put_back(exercise):
    solution, before = exercise.value(), torch.get_rng_state()
    for reason, manner in BAD_MANNERS.items():
        if "drew" in reason and exercise.check in DRAW:
            continue

        def rude(*arguments, manner=manner):
            answer = solution(*arguments)
            manner(*arguments)
            return tuple(answer) if inspect.isgenerator(answer) else answer

        assert reason in exercise.verdict(rude).reason
        assert torch.is_grad_enabled() and torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_no_message_hands_over_a_number_that_passes(exercise):
    reason = exercise.verdict(lambda *arguments: 0.0).reason
    for number in map(float, re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", reason)):
        assert exercise.verdict(lambda *arguments, number=number: number).status == "not yet"
