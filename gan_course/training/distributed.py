"""Several processes that train one model: torchrun starts them, torch.distributed connects them.

Each process holds the whole model and computes on its share of every batch. Before an optimiser
steps, one all-reduce averages its gradients, so all weights stay equal. What belongs to a process
alone is its own: random numbers, image pools, and all statistics of a batch (BatchNorm, the
minibatch's standard deviation, the running means of w and of path lengths). The first process
alone reads and writes the run's folder.

In a single process every function here does what it says at once, and nothing else.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from gan_course.errors import CourseError, Stopped
from gan_course.settings import process_count, process_rank
from gan_course.training.bundle import Training

Result = TypeVar("Result")
# a process waits so long for the others, as for the slowest to read its pictures
PATIENCE = timedelta(minutes=30)


class LostProcess(CourseError):
    """Another process of the training has ended, so this one cannot go on."""

    def __init__(self) -> None:
        super().__init__(
            "another process of this training has ended: the same command with --resume goes on"
            " from the last save"
        )


def rank() -> int:
    """The number of this process; 0 is the first."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """How many processes train together; 1 where no others were started."""
    return dist.get_world_size() if dist.is_initialized() else 1


@contextmanager
def process_group() -> Iterator[None]:
    """Connect the processes that torchrun started, until the block ends.

    The first process alone prints. Of an error that all of them meet, or that one causes and the
    others notice, one line is printed: by the process that says so first.

    Raises:
        CourseError: they cannot find each other; or, from the block, with the words of the process
            that failed.
        SystemExit: the block raised a `CourseError` that another process has told already.
    """
    if process_count() == 1:
        yield
        return
    try:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE
        )
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CourseError(
            f"process {process_rank()} of {process_count()} cannot reach the others ({reason}):"
            " start all with torchrun, on a free port, as docs/scaling.md says"
        ) from error
    store = dist.distributed_c10d._get_default_store()
    try:
        with open(os.devnull, "w") as nowhere:
            if rank() == 0:
                yield
            else:
                with redirect_stdout(nowhere):
                    yield
    except (CourseError, Stopped) as error:
        if not _is_first_to_say_it(store):
            code = 128 + error.number if isinstance(error, Stopped) else 2
            raise SystemExit(code) from None
        raise
    finally:
        dist.destroy_process_group()


def device_of_process(asked: str) -> str:
    """The device of this process: where a GPU is there, one for each process of a machine.

    Args:
        asked: the option `--device`.

    Raises:
        CourseError: the same GPU for all, or a kind of device that works alone.
    """
    if process_count() == 1 or asked == "cpu":
        return asked
    if asked in ("", "cuda"):
        return f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else asked
    raise CourseError(
        f"--device {asked} with {process_count()} processes: leave it out (a GPU each), or choose"
        " cpu"
    )


def share_of(batch_size: int) -> int:
    """How many pictures of a batch one process computes.

    Raises:
        CourseError: the processes cannot have equal shares.
    """
    count = process_count()
    if batch_size % count:
        raise CourseError(
            f"a batch of {batch_size} cannot be shared by {count} processes: choose a --batch-size"
            f" that is a multiple of {count}"
        )
    return batch_size // count


def share_out(training: Training) -> Training:
    """Make a training, built alike in every process with its share of a batch, one of several.

    Its batches become shares of common ones, its chance becomes the process's own, and its
    optimisers step with averaged gradients. The configuration says how many processes there are,
    for a run goes on with as many.

    Returns:
        The training; in a single process as it was.
    """
    if world_size() == 1:
        return training
    training.batches.share(rank(), world_size())
    training.step.change_chance(rank())
    for optimizer in vars(training.step).values():
        if isinstance(optimizer, torch.optim.Optimizer):
            optimizer.register_step_pre_hook(lambda optimizer, *_: average_gradients(optimizer))
    batch_size = world_size() * training.batches.batch_size
    config = training.config | {"batch_size": batch_size, "processes": world_size()}
    return replace(training, config=config)


def average_gradients(optimizer: torch.optim.Optimizer) -> None:
    """Replace each gradient by its mean over all processes, in one message.

    Raises:
        LostProcess: another process has ended.
    """
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group["params"]
        if parameter.grad is not None
    ]
    message = torch.cat([gradient.flatten() for gradient in gradients])
    _all_reduce(message)
    message /= world_size()
    parts = message.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def average(table: Tensor) -> Tensor:
    """The mean of a tensor over all processes.

    Raises:
        LostProcess: another process has ended.
    """
    if world_size() == 1:
        return table
    total = table.clone()
    _all_reduce(total)
    return total / world_size()


def highest(value: int) -> int:
    """The highest of a number over all processes.

    Raises:
        LostProcess: another process has ended.
    """
    if world_size() == 1:
        return value
    values = torch.tensor(value)
    _all_reduce(values, dist.ReduceOp.MAX)
    return int(values)


def together(work: Callable[[], Result]) -> Result:
    """Do the same work in every process; where it fails in one, it fails in all.

    Args:
        work: what may raise a `CourseError`; nothing in it may wait for other processes.

    Raises:
        CourseError: the first process's that failed, in all of them.
    """
    if world_size() == 1:
        return work()
    results, failure = [], None
    try:
        results.append(work())
    except CourseError as error:
        failure = error
    messages = _gather(None if failure is None else str(failure))
    for number, message in enumerate(messages):
        if message is not None:
            words = message if number == 0 else f"in process {number}: {message}"
            raise CourseError(words) from failure
    return results[0]


def first_alone(work: Callable[[], Result]) -> Result | None:
    """Do work in the first process alone; where it fails, it fails in all. Others get None."""
    return together(lambda: work() if rank() == 0 else None)


def sent_by_first(value: Result) -> Result:
    """What the first process has, in every process.

    Raises:
        LostProcess: another process has ended.
    """
    if world_size() == 1:
        return value
    values: list[Any] = [value]
    _guard(partial(dist.broadcast_object_list, values, 0, device=torch.device("cpu")))
    return values[0]


def refuse_different_options(settings: dict[str, Any]) -> None:
    """Refuse processes that were not started alike.

    Args:
        settings: all that has to agree.

    Raises:
        CourseError: they do not; it names the first that differs.
    """
    if world_size() == 1:
        return
    first, *others = _gather(settings)
    for number, other in enumerate(others, 1):
        for name in sorted(first.keys() | other.keys()):
            if first.get(name) != other.get(name):
                raise CourseError(
                    f"process {number} has {name} = {other.get(name)}, process 0 has"
                    f" {first.get(name)}: start all processes with the same command"
                )


def gather_state(state: dict[str, Any]) -> dict[str, Any]:
    """The first process's state, and of each other process what differs from it.

    Args:
        state: this process's, nested dictionaries and lists of tensors and plain values.

    Returns:
        In the first process its state, with "others" beside it; in others their own state alone.
    """
    if world_size() == 1:
        return state
    leaves = dict(_leaves(state))
    digests = {path: _digest(leaf) for path, leaf in leaves.items()}
    of_first = sent_by_first(digests)
    own = {path: leaf for path, leaf in leaves.items() if of_first.get(path) != digests[path]}
    states: list[Any] = [None] * world_size()
    _guard(partial(dist.gather_object, own, None if rank() else states))
    return state if rank() else state | {"others": states[1:]}


def own_state(state: dict[str, Any]) -> dict[str, Any]:
    """This process's state, from one that `gather_state` made.

    Raises:
        KeyError, TypeError, ValueError: it is not from as many processes.
    """
    if world_size() == 1:
        return state
    others = state.pop("others")
    if len(others) != world_size() - 1:
        raise ValueError(f"states of {len(others) + 1} processes")
    return _with_leaves(state, others[rank() - 1], ()) if rank() else state


Path = tuple[str | int, ...]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The tensors and plain values of a nested state, with the way to each of them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        # as a whole: lists of two processes may be of different lengths
        if value and all(isinstance(inner, dict) for inner in value):
            for number, inner in enumerate(value):
                yield from _leaves(inner, (*path, number))
        else:
            yield path, value
    else:
        yield path, value


def _with_leaves(value: Any, new: dict[Path, Any], path: Path) -> Any:
    if path in new:
        return new[path]
    if isinstance(value, dict):
        return {key: _with_leaves(inner, new, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_leaves(inner, new, (*path, k)) for k, inner in enumerate(value)]
    return value


def _digest(leaf: Any) -> str:
    """What two equal leaves have in common."""
    if isinstance(leaf, list) and any(isinstance(inner, Tensor) for inner in leaf):
        return " ".join(map(_digest, leaf))
    if not isinstance(leaf, Tensor):
        return repr(leaf)
    data = leaf.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
    return f"{tuple(leaf.shape)} {hashlib.sha256(data.tobytes()).hexdigest()}"


def _gather(value: Any) -> list[Any]:
    """A value of every process, in all of them."""
    values: list[Any] = [None] * world_size()
    _guard(partial(dist.all_gather_object, values, value))
    return values


def _all_reduce(tensor: Tensor, op: Any = dist.ReduceOp.SUM) -> None:
    _guard(partial(dist.all_reduce, tensor, op))


def _guard(exchange: Callable[[], object]) -> None:
    """Exchange something; processes that cannot be reached any more have ended."""
    try:
        exchange()
    except RuntimeError as error:
        raise LostProcess from error


def _is_first_to_say_it(store: dist.Store) -> bool:
    try:
        return store.add("error was told", 1) == 1
    except RuntimeError:  # the store ended with the process that held it
        return True
