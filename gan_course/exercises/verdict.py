"""What a checker answers."""

import dis
import functools
from collections.abc import Callable
from dataclasses import dataclass


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

    The judge is called with the learner's function, wrapped so that a body of `...` is answered "not attempted yet",
    one that does something and returns nothing is told so, and an exception inside it is answered by its own message.
    """

    @functools.wraps(judge)
    def check(attempt: object) -> Verdict:
        if attempt is None or attempt is ...:
            return NOT_ATTEMPTED
        if callable(attempt):
            attempt = _guarded(attempt)
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


def _guarded(attempt: Callable) -> Callable:
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
    """A function whose body is `...`, `pass` or a docstring: it uses no name, not even its arguments."""
    code = getattr(attempt, "__code__", None)
    if code is None:
        return True
    return all(
        step.opname.startswith(("RESUME", "LOAD_CONST", "RETURN", "NOP", "COPY_FREE"))
        for step in dis.get_instructions(code)
    )
