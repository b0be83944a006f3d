"""What several lessons' checkers ask of an answer."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gan_course.exercises.verdict import Verdict, not_yet


def is_empty(answers: object) -> bool:
    """Whether a table of answers still has `...` everywhere."""
    return isinstance(answers, Mapping) and all(one is ... for one in answers.values())


def named_mistake(known: Mapping[str, float], answer: float, near: float = 1e-5) -> Verdict | None:
    """The verdict with the reason whose known wrong value the answer has; None if it has none of them."""
    return next((not_yet(reason) for reason, value in known.items() if abs(answer - value) < near), None)


def is_same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and, up to rounding, the same values."""
    return a.shape == b.shape and torch.allclose(a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-6)
