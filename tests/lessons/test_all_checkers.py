"""What every lesson's checkers are held to, over the tables RIGHT and WRONG of its test module."""

import importlib
import importlib.util
import inspect
from pathlib import Path

import pytest


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


def checkers_of(lesson):
    exercises = importlib.import_module(f"gan_course.lessons.{lesson}.exercises")
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


@pytest.mark.parametrize(("check", "right"), RIGHT)
def test_a_right_answer_passes(check, right):
    assert check(right).status == "passed", check(right)


@pytest.mark.parametrize(("check", "wrong", "reason"), WRONG)
def test_a_wrong_answer_is_told_why(check, wrong, reason):
    verdict = check(wrong)
    assert verdict.status == "not yet"
    assert reason in verdict.reason, verdict


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_an_empty_answer_is_not_attempted(lesson, check):
    assert check(...).status == "not attempted yet"


@pytest.mark.parametrize(("lesson", "check"), STUBS)
def test_an_empty_stub_is_not_attempted(lesson, check):
    assert check(lambda *arguments: ...).status == "not attempted yet"


@pytest.mark.parametrize(("lesson", "check"), CHECKS)
def test_every_check_meets_two_wrong_answers(lesson, check):
    assert sum(row[0] is check for row in TABLES[lesson].WRONG) >= 2
