import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from gan_course.lessons.checking import apart, draws_with, numbers


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
