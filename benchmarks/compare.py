"""Timing two callables against each other on a machine that others use too."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

import torch


@dataclass(frozen=True)
class Comparison:
    """What came of `compare`: seconds per call of A and of B, one of each a round."""

    seconds_a: list[float]
    seconds_b: list[float]

    @property
    def ratios(self) -> list[float]:
        """B's time over A's in each round: above 1 where A was faster."""
        return [b / a for a, b in zip(self.seconds_a, self.seconds_b, strict=True)]

    @property
    def ratio(self) -> float:
        """Median of the ratios."""
        return median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Lower and upper quartile of the ratios; half of all rounds lie between."""
        if len(self.seconds_a) == 1:
            return self.ratio, self.ratio
        low, _, high = quantiles(self.ratios, n=4, method="inclusive")
        return low, high

    @property
    def median_a(self) -> float:
        """Median seconds per call of A."""
        return median(self.seconds_a)

    @property
    def median_b(self) -> float:
        """Median seconds per call of B."""
        return median(self.seconds_b)


def wait_for_device() -> None:
    """Wait until a GPU, where there is one, has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def compare(
    a: Callable[[], object],
    b: Callable[[], object],
    *,
    rounds: int = 15,
    inner: int = 1,
    warmup: int = 2,
    clock: Callable[[], float] = time.perf_counter,
    wait: Callable[[], None] = wait_for_device,
) -> Comparison:
    """Time A and B in turn, so that whatever else slows the machine slows both.

    Each round times both, one directly after the other, and gives one ratio; who goes first
    alternates, so that neither gains from a machine that slowly gets busier.

    Args:
        a: one step of the first.
        b: one step of the second.
        rounds: pairs of timings, at least 1.
        inner: calls in one timing, at least 1.
        warmup: calls of each before the first timing.
        clock: returns seconds.
        wait: called before each look at the clock.

    Raises:
        ValueError: no rounds or no calls.
    """
    if rounds < 1 or inner < 1:
        raise ValueError(f"rounds is {rounds} and inner {inner}: at least 1 each is needed")
    for _ in range(warmup):
        a()
        b()
    seconds: dict[str, list[float]] = {"a": [], "b": []}
    for number in range(rounds):
        turns = [("a", a), ("b", b)]
        for name, step in turns if number % 2 == 0 else reversed(turns):
            wait()
            start = clock()
            for _ in range(inner):
                step()
            wait()
            seconds[name].append((clock() - start) / inner)
    return Comparison(seconds["a"], seconds["b"])
