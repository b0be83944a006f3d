"""Worlds made of factors: every picture is one value for each of a few named choices."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_course.data.splits import Split, draw_distinct, is_test, make_generator

ONE_IN = 10  # combinations that are held out
RESOLUTIONS = (32, 64, 128, 256)
PIXELS_A_CHUNK = 2**19  # drawn at once, to bound the memory


@dataclass(frozen=True)
class FactorSpace:
    """All combinations of some factors, and the side on which each of them falls.

    A hash of the combination decides its side, so train and test share nothing whatever `n` and
    seed. The factors in `twinned` do not enter it: a picture and its twin in such a factor lie on
    the same side.

    Args:
        values: names of the values of each factor, in the order of the columns.
        twinned: factors that translation lessons change.
    """

    values: Mapping[str, tuple[str, ...]]
    twinned: tuple[str, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of values of each factor."""
        return tuple(len(names) for names in self.values.values())

    def column(self, name: str) -> int:
        """The column of one factor.

        Raises:
            ValueError: there is no such factor.
        """
        if name not in self.values:
            raise ValueError(f"factor is {name!r}: choose one of {', '.join(self.values)}")
        return list(self.values).index(name)

    def code(self, name: str, value: str) -> int:
        """The number that stands for one value of one factor.

        Raises:
            ValueError: there is no such factor, or it has no such value.
        """
        names = self.values[list(self.values)[self.column(name)]]
        if value not in names:
            raise ValueError(f"{name} is {value!r}: choose one of {', '.join(names)}")
        return names.index(value)

    def check(self, factors: Tensor) -> None:
        """Refuse anything but a table of factors.

        Raises:
            ValueError: `factors` is not (N, number of factors) int64, or a value is out of range.
        """
        if factors.ndim != 2 or factors.shape[1] != len(self.sizes) or factors.dtype != torch.int64:
            raise ValueError(
                f"factors are {tuple(factors.shape)} {factors.dtype}: give (N, {len(self.sizes)})"
                f" int64, columns {', '.join(self.values)}"
            )
        wrong = (factors < 0) | (factors >= torch.tensor(self.sizes, device=factors.device))
        if wrong.any():
            row, column = wrong.nonzero()[0].tolist()
            name = list(self.values)[column]
            raise ValueError(
                f"{name} is {factors[row, column].item()} in row {row}: it goes from 0 to"
                f" {self.sizes[column] - 1}"
            )

    def sample(
        self,
        n: int,
        *,
        split: Split,
        seed: int,
        fixed: Mapping[str, str | tuple[str, ...] | None] | None = None,
    ) -> Tensor:
        """Draw combinations without repeats; uniform over the split.

        Args:
            n: how many.
            split: "train" or "test".
            seed: another seed, another draw; so do other `fixed` values, independently.
            fixed: value of each factor that must not vary, or the values among which it may; None
                leaves it free.

        Returns:
            (n, F) int64 on the CPU.

        Raises:
            ValueError: an unknown split, factor or value, or more than there is.
        """
        test = is_test(split)
        chosen = {name: value for name, value in (fixed or {}).items() if value is not None}
        allowed = {
            name: torch.tensor(
                [self.code(name, value) for value in ([values] if type(values) is str else values)]
            )
            for name, values in chosen.items()
        }
        generator = make_generator("factors", seed, split, sorted(chosen.items()))

        def draw(tries: int) -> Tensor:
            columns = []
            for name, size in zip(self.values, self.sizes, strict=True):
                codes = allowed.get(name, torch.arange(size))
                columns.append(codes[torch.randint(len(codes), (tries,), generator=generator)])
            table = torch.stack(columns, dim=1)
            return self._index(table)[self.held_out(table) == test]

        return self._table(draw_distinct(draw, n, f"combinations in {split}"))

    def held_out(self, factors: Tensor) -> Tensor:
        """The combinations that belong to test: (N,) bool, about one in ten."""
        key = factors.cpu().clone()
        for name in self.twinned:
            key[:, self.column(name)] = 0
        return torch.from_numpy(_mix(self._index(key).numpy()) % ONE_IN == ONE_IN - 1).to(
            factors.device
        )

    def twin(self, factors: Tensor, name: str, value: str) -> Tensor:
        """The same pictures with one factor changed.

        Args:
            factors: (N, F) int64; left as it is.
            name: the factor to change.
            value: its new value, for all.

        Returns:
            (N, F) int64.

        Raises:
            ValueError: an unknown factor or value, or something else than a table of factors.
        """
        self.check(factors)
        changed = factors.clone()
        changed[:, self.column(name)] = self.code(name, value)
        return changed

    def _index(self, factors: Tensor) -> Tensor:
        strides = [math.prod(self.sizes[column + 1 :]) for column in range(len(self.sizes))]
        return (factors * torch.tensor(strides)).sum(1)

    def _table(self, index: Tensor) -> Tensor:
        return torch.stack(torch.unravel_index(index, self.sizes), dim=1)


def stored_resolution(resolution: int) -> int:
    """The resolution of the stored layers from which pictures of `resolution` are drawn.

    Raises:
        ValueError: pictures of that resolution are not drawn.
    """
    if resolution not in RESOLUTIONS:
        raise ValueError(
            f"resolution is {resolution}: choose one of {', '.join(map(str, RESOLUTIONS))}"
        )
    return max(resolution, 64)


def draw_in_chunks(draw: Callable[[Tensor], Tensor], factors: Tensor, resolution: int) -> Tensor:
    """Draw many pictures, a bounded number of pixels at a time.

    Args:
        draw: takes factors (k, F), returns (k, 3, R, R) float in 0..255, R being
            `stored_resolution(resolution)`.
        factors: (N, F) int64.
        resolution: of the result; where R is twice that, each pixel is the mean of 2 x 2.

    Returns:
        (N, 3, resolution, resolution) uint8 on the device of `factors`.
    """
    stored = stored_resolution(resolution)
    pictures = factors.new_empty((len(factors), 3, resolution, resolution), dtype=torch.uint8)
    step = PIXELS_A_CHUNK // stored**2
    for start in range(0, len(factors), step):
        chunk = draw(factors[start : start + step])
        if resolution < stored:
            chunk = torch.nn.functional.avg_pool2d(chunk, stored // resolution)
        pictures[start : start + step] = chunk.round_().clamp_(0, 255).to(torch.uint8)
    return pictures


def _mix(index: np.ndarray) -> np.ndarray:
    """Scatter integers over 64 bits, the same on every machine (the finaliser of SplitMix64)."""
    x = index.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
