"""What several lessons' checkers ask of an answer."""

from collections.abc import Callable, Mapping
from numbers import Number

import numpy as np
import torch
from torch import Tensor

from gan_course.exercises.verdict import Verdict, not_yet


def is_empty(answers: object) -> bool:
    """Whether a table of answers still has `...` everywhere."""
    return isinstance(answers, Mapping) and all(one is ... for one in answers.values())


def named_mistake(known: Mapping[str, float], answer: float, near: float = 1e-5) -> Verdict | None:
    """The verdict with the reason whose known wrong value the answer has; None if it has none of them."""
    return next((not_yet(reason) for reason, value in known.items() if abs(answer - value) < near), None)


def numbers(answer: object, n: int, kind: type = float) -> list | None:
    """The numbers of an answer, however it holds them.

    Args:
        answer: a number, a tuple or list of numbers, an array or a tensor; each entry may be an array of one number.
        n: how many are asked for.
        kind: `float` or `complex`, which the numbers are turned into.

    Returns:
        `n` numbers of that kind; None where it holds another number of them, or what is none: a truth value, a text.
    """
    entries = answer if isinstance(answer, tuple | list) else _entries(answer)
    if len(entries) != n:
        return None
    found = [one for entry in entries for one in _entries(entry)]
    if len(found) != n or any(isinstance(one, bool) or not isinstance(one, Number) for one in found):
        return None
    try:
        return [kind(one) for one in found]
    except TypeError:  # a complex number where a real one is asked for
        return None


def apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers as texts, with three digits, or as many more as it takes to tell them apart."""
    pairs = [(f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in range(3, 18)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def draws_with(draw: Callable[[torch.Generator], object]) -> bool:
    """Whether a function draws with the generator that it is given, and with nothing else.

    Args:
        draw: calls the learner's function with a generator; what it returns must compare with `==` (no tensor).

    Returns:
        True where equally seeded generators give the same, whatever torch's global state, and another seed does not.
        The global state of torch is given back as it was.
    """
    answers = []
    with torch.random.fork_rng(devices=[]):
        for seed, elsewhere in ((3, 0), (3, 1), (4, 1)):
            torch.default_generator.manual_seed(elsewhere)
            answers.append(draw(torch.Generator().manual_seed(seed)))
    return answers[0] == answers[1] != answers[2]


def is_same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and, up to rounding, the same values."""
    return a.shape == b.shape and torch.allclose(a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-6)


def _entries(value: object) -> list:
    """An array or a tensor as a flat list of Python's own numbers; anything else as a list of itself."""
    if isinstance(value, Tensor):
        return value.detach().flatten().tolist()
    return np.ravel(value).tolist() if isinstance(value, np.ndarray | np.generic) else [value]
