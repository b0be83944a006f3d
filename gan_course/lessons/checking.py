"""Verdicts of exercise checkers, the checker decorator, and helpers to judge an answer."""

import dis
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Number

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Verdict:
    """The answer of a checker: its `status`, and a reason that points at what is wrong."""

    status: str
    reason: str = ""

    def __repr__(self) -> str:
        return f"{self.status}: {self.reason}" if self.reason else self.status


PASSED = Verdict("passed")
NOT_ATTEMPTED = Verdict("not attempted yet")


def not_yet(reason: str) -> Verdict:
    """The attempt is wrong, and this is why."""
    return Verdict("not yet", reason)


def checker(judge: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """Turn a judging function into a checker that survives any attempt.

    The judge is called with the learner's function, wrapped so that a body of `...` is answered
    "not attempted yet", one that does something and returns nothing is told so, and an exception
    inside it is answered by its own message.
    """

    @functools.wraps(judge)
    def check(attempt: object) -> Verdict:
        if attempt is None or attempt is ...:
            return NOT_ATTEMPTED
        if callable(attempt):
            attempt = _guard(attempt)
        try:
            return judge(attempt)
        except _NotAttemptedError:
            return NOT_ATTEMPTED
        except _NoAnswerError:
            return not_yet("your function returns nothing: is a `return` missing?")
        except _AttemptError as error:
            return not_yet(f"your code raised {error}")
        except Exception as error:  # the judge could not use what it was given
            return not_yet(f"the result could not be used ({type(error).__name__}: {error})")

    return check


class _NotAttemptedError(Exception):
    pass


class _NoAnswerError(Exception):
    pass


class _AttemptError(Exception):
    pass


def _guard(attempt: Callable) -> Callable:
    @functools.wraps(attempt)
    def call(*args: object, **kwargs: object) -> object:
        try:
            result = attempt(*args, **kwargs)
        except Exception as error:
            raise _AttemptError(f"{type(error).__name__}: {error}") from error
        if result is None or result is ...:
            raise _NotAttemptedError if _is_stub(attempt) else _NoAnswerError
        return result

    return call


def _is_stub(attempt: Callable) -> bool:
    """Whether a function's body is `...`, `pass` or a docstring: it uses no name."""
    code = getattr(attempt, "__code__", None)
    if code is None:
        return True
    return all(
        step.opname.startswith(("RESUME", "LOAD_CONST", "RETURN", "NOP", "COPY_FREE"))
        for step in dis.get_instructions(code)
    )


def is_empty(answers: object) -> bool:
    """Whether a table of answers has `...` everywhere."""
    return isinstance(answers, Mapping) and all(answer is ... for answer in answers.values())


def named_mistake(
    mistakes: Mapping[str, float], answer: float, near: float = 1e-5
) -> Verdict | None:
    """The verdict of the mistake whose value the answer has; None where it has none of them."""
    return next(
        (not_yet(reason) for reason, value in mistakes.items() if abs(answer - value) < near), None
    )


def numbers(answer: object, n: int, kind: type = float) -> list | None:
    """The numbers of an answer, however it holds them.

    Args:
        answer: a number, a tuple or list of numbers, an array or a tensor; each entry may be an
            array of one number.
        n: how many are asked for.
        kind: `float` or `complex`, which the numbers are turned into.

    Returns:
        `n` numbers of that kind; None where it holds another number of them, or something else,
        such as a truth value or a text.
    """
    entries = answer if isinstance(answer, tuple | list) else _entries(answer)
    if len(entries) != n:
        return None
    values = [value for entry in entries for value in _entries(entry)]
    if len(values) != n or any(
        isinstance(value, bool) or not isinstance(value, Number) for value in values
    ):
        return None
    try:
        return [kind(value) for value in values]
    except TypeError:  # a complex number where a real one is asked for
        return None


def apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers as texts, with three digits, or as many more as it takes to tell them apart."""
    pairs = [(f"{a:.{digits}g}", f"{b:.{digits}g}") for digits in range(3, 18)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def draws_with(draw: Callable[[torch.Generator], object]) -> bool:
    """Whether a function draws with the generator that it is given, and with nothing else.

    Args:
        draw: calls the learner's function with a generator; what it returns must compare with `==`
            (no tensor).

    Returns:
        True where equally seeded generators give the same, whatever torch's global state, and
        another seed does not. The global state of torch is given back as it was.
    """
    answers = []
    with torch.random.fork_rng(devices=[]):
        for seed, global_seed in ((3, 0), (3, 1), (4, 1)):
            torch.default_generator.manual_seed(global_seed)
            answers.append(draw(torch.Generator().manual_seed(seed)))
    return answers[0] == answers[1] != answers[2]


def is_same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and, up to rounding, the same values."""
    return a.shape == b.shape and torch.allclose(
        a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-6
    )


def _entries(value: object) -> list:
    """An array or a tensor as a flat list of numbers; anything else as a list of itself."""
    if isinstance(value, Tensor):
        return value.detach().flatten().tolist()
    return np.ravel(value).tolist() if isinstance(value, np.ndarray | np.generic) else [value]
