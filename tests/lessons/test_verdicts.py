"""What every checker answers before it looks at an answer."""

import pytest

from gan_course.lessons.checking import PASSED, checker


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
