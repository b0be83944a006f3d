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
SOLUTIONS = pytest.mark.parametrize("name", LESSONS)


def functions_of(name):
    return [exercise for exercise in exercises_of(name) if exercise.function]


DRAW = {"check_draw", "check_impostor", "check_start"}  # may draw from the global generator


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


@pytest.mark.parametrize("lesson", TABLES)
def test_an_empty_answer_is_not_attempted(lesson):
    for check in checkers_of(lesson):
        empty = [...]
        if "Callable" in str(inspect.signature(check)):
            empty += [stub, torch.no_grad()(stub), functools.partial(stub), Stub()]
        for answer in empty:
            assert check(answer).status == "not attempted yet", (check, answer)


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


@SOLUTIONS
def test_each_exercise_offers_its_first_hint_and_no_hint_is_the_solution(name):
    for exercise in exercises_of(name):
        key = exercise.check.removeprefix("check_")
        assert f'# hint("{key}", 1)\nexercises.' in exercise.stub
        lines = [line.strip() for line in exercise.code.splitlines() if len(line) > 20]
        for hint in exercise.namespace["exercises"].HINTS[key]:
            assert not any(line in hint for line in lines)


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


def forms_of(exercise):
    """The solution in other clothes: as a partial, as an object, with results of another type."""
    solution = exercise.value()

    class Answer:
        __wrapped__ = solution

        def __init__(self, turn):
            self.turn = turn

        def __call__(self, *arguments):
            return self.turn(solution(*arguments))

    for form, turn in FORMS.items():
        if exercise.returns_a_tuple or form in ("NumPy", "double"):
            yield form, Answer(turn) if form == "NumPy" else functools.partial(Answer(turn))


@SOLUTIONS
def test_each_solution_passes_in_any_form(name):
    for exercise in exercises_of(name):
        assert repr(exercise.verdict(exercise.value())) == "passed", exercise.check
        for form, answer in forms_of(exercise) if exercise.function else ():
            assert repr(exercise.verdict(answer)) == "passed", (exercise.check, form)


BAD_MANNERS = {
    "off for every later cell": lambda *arguments: torch.set_grad_enabled(False),
    "you seeded torch's global generator": lambda *arguments: torch.manual_seed(3),
    "you drew from a global random generator": lambda *arguments: torch.rand(()),
}


@SOLUTIONS
def test_a_solution_that_changes_the_world_is_refused_and_the_world_put_back(name):
    before = torch.get_rng_state()
    for exercise in functions_of(name):
        solution = exercise.value()
        for reason, manner in BAD_MANNERS.items():
            if "drew" in reason and exercise.check in DRAW:
                continue

            def rude(*arguments, manner=manner, solution=solution):
                answer = solution(*arguments)
                manner(*arguments)
                return answer

            assert reason in exercise.verdict(rude).reason
            assert torch.is_grad_enabled() and torch.equal(torch.get_rng_state(), before)


@SOLUTIONS
def test_no_message_hands_over_a_number_that_passes(name):
    for exercise in functions_of(name):
        reason = exercise.verdict(lambda *arguments: 0.0).reason
        for number in map(float, re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", reason)):
            answer = exercise.verdict(lambda *arguments, number=number: number)
            assert answer.status == "not yet", (exercise.check, number)
