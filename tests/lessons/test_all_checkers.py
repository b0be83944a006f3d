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
from lessons.mutants import LESSONS, exercises_of


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
SOLUTIONS = [
    pytest.param(exercise, id=f"{name[:2]}-{exercise.check}")
    for name in LESSONS
    for exercise in exercises_of(name)
]
FUNCTIONS = [case for case in SOLUTIONS if case.values[0].function]
DRAW = {"check_draw", "check_impostor", "check_start"}  # may draw from the global generator


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_folded_solution_passes(exercise):
    assert repr(exercise.verdict(exercise.value())) == "passed"


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_right_answers_pass(lesson, check):
    verdicts = [check(right) for asked, right in TABLES[lesson].RIGHT if asked is check]
    assert [verdict for verdict in verdicts if verdict.status != "passed"] == []


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_wrong_answers_are_told_why(lesson, check):
    rows = [(wrong, why) for asked, wrong, why in TABLES[lesson].WRONG if asked is check]
    assert len(rows) >= 2
    for wrong, why in rows:
        verdict = check(wrong)
        assert verdict.status == "not yet", why
        assert why in verdict.reason


def stub(*arguments): ...


class Stub:
    def __call__(self, *arguments): ...


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_an_empty_answer_is_not_attempted(lesson, check):
    empty = [...]
    if "Callable" in str(inspect.signature(check)):
        empty += [stub, torch.no_grad()(stub), functools.partial(stub), Stub()]
    assert {check(answer).status for answer in empty} == {"not attempted yet"}


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


@pytest.mark.parametrize("name", LESSONS)
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

    answers = {}
    for form, turn in FORMS.items():

        @functools.wraps(solution)
        def turned(*arguments, turn=turn):
            return turn(solution(*arguments))

        answers[form] = turned
    if not exercise.returns_a_tuple:
        answers = {form: answers[form] for form in ("NumPy", "double")}
    answers["double"] = functools.partial(answers["double"])

    class Answer:
        __wrapped__ = solution

        def __call__(self, *arguments):
            return answers["NumPy"](*arguments)

    for form, answer in (answers | {"an object": Answer()}).items():
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
