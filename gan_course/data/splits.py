"""Splits by name, seeded generators, and draws without repeats, for every data set."""

import hashlib
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Split = Literal["train", "test"]
DRAWS_A_ROUND = 4096
EMPTY_ROUNDS = 50


def is_test(split: Split) -> bool:
    """True for "test", False for "train".

    Raises:
        ValueError: another split.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}: choose 'train' or 'test'")
    return split == "test"


def make_generator(*key: object) -> torch.Generator:
    """A CPU generator seeded by all parts of `key`: neighbouring seeds give unrelated draws."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def draw_distinct(draw: Callable[[int], Tensor], n: int, what: str) -> Tensor:
    """The first `n` distinct values of a stream of draws, in the order in which they came.

    A smaller `n` gives the beginning of a larger one.

    Args:
        draw: takes a number of tries, returns (k,) int64 with k at most that number.
        n: how many values.
        what: what is drawn, for the error.

    Returns:
        (n,) int64.

    Raises:
        ValueError: `n` is below 1, or the stream runs dry before.
    """
    if n < 1:
        raise ValueError(f"n is {n}: draw at least one of the {what}")
    values, empty = np.empty(0, np.int64), 0
    while len(values) < n:
        stream = np.concatenate([values, draw(DRAWS_A_ROUND).numpy()])
        _, first = np.unique(stream, return_index=True)
        empty = empty + 1 if len(first) == len(values) else 0
        if empty == EMPTY_ROUNDS:
            raise ValueError(
                f"n is {n}, but there are only about {len(values)} different {what}: choose a"
                " smaller n"
            )
        values = stream[np.sort(first)]
    return torch.from_numpy(values[:n].copy())
