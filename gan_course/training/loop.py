"""The driver: it feeds batches to a step, reads the losses, and knows nothing of GANs."""

import math
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

from gan_course.errors import CourseError


class Step(Protocol):
    """The interface of what `fit` runs."""

    n_done: int

    def __call__(self, batch: Any, /) -> dict[str, Tensor]:
        """One step; returns named scalar losses, detached."""
        ...


class NonFiniteLoss(CourseError):
    """A loss or a weight became infinite or not a number."""

    def __init__(self, step: int, name: str, value: float) -> None:
        super().__init__(f"{name} is {value} at step {step}: training has diverged")
        self.step, self.name = step, name


def fit(
    step: Step,
    batches: Iterator,
    *,
    n_steps: int,
    hook: Callable[[int, list[dict[str, float]]], None] | None = None,
    hook_every: int = 10,
    should_stop: Callable[[], bool] = lambda: False,
    average: Callable[[Tensor], Tensor] = lambda table: table,
) -> list[dict[str, float]]:
    """Run steps until `step.n_done` is `n_steps`.

    Losses stay on the device and are read together every `hook_every` steps and at the end, right
    before the hook is called: a GPU never waits within a step, and a hook never saves a state that
    has diverged.

    Args:
        step: a training step; one that has done some steps already goes on from there.
        batches: yields what the step takes.
        n_steps: where to stop, counted from the first step ever done.
        hook: called as `hook(n_done, rows)` with the rows read since the last call; progress,
            pictures and checkpoints go here.
        hook_every: steps between two readings, counted from step 0; at least 1.
        should_stop: asked after each step; a yes ends the loop there, after a last reading and call
            of the hook.
        average: from the losses of this process, (steps, losses), to those of all.

    Returns:
        One row per step done here: {"step": 1, 2, ..., and each loss by name}.

    Raises:
        NonFiniteLoss: a loss became infinite or not a number; the message names it and the step.
        ValueError: `hook_every` is below 1.
    """
    if hook_every < 1:
        raise ValueError(f"hook_every is {hook_every}: at least 1 is needed")
    rows: list[dict[str, float]] = []
    pending: list[dict[str, Tensor]] = []
    stops = False
    while step.n_done < n_steps and not stops:
        pending.append(step(next(batches)))
        stops = should_stop()
        if stops or step.n_done == n_steps or step.n_done % hook_every == 0:
            new = _read(pending, first=step.n_done - len(pending) + 1, average=average)
            rows += new
            pending = []
            if hook is not None:
                hook(step.n_done, new)
    return rows


def _read(
    pending: list[dict[str, Tensor]], first: int, average: Callable[[Tensor], Tensor]
) -> list[dict[str, float]]:
    names = list(pending[0])
    table = torch.stack([torch.stack([losses[name] for name in names]) for losses in pending])
    rows = []
    for number, values in enumerate(average(table.float()).tolist(), first):
        for name, value in zip(names, values, strict=True):
            if not math.isfinite(value):
                raise NonFiniteLoss(number, name, value)
        rows.append({"step": number, **dict(zip(names, values, strict=True))})
    return rows
