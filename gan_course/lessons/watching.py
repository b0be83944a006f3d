"""Calls a learner's function with clones, and looks at what the call has changed.

What a call should leave as it was: its arguments, the modes and `requires_grad` of networks, grad
mode, and the global generators. All of it is put back, and an `AttemptError` says what had changed.
"""

import dis
import functools
import inspect
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

DREW = "you drew from a global random generator: nothing here is left to chance"


# What the global generator is seeded with for a call. An answer that seeds it takes another number,
# even where the notebook's own seed is the one that it takes.
UNLIKELY = 8_191_524_287


class NotAttemptedError(Exception):
    """The function is a stub."""


class AttemptError(Exception):
    """What is wrong with a call, apart from its result."""


class RaisedError(AttemptError):
    """The learner's code raised an error, which is the cause of this one."""


def guard(attempt: Callable, changes: tuple[int, ...], draws: bool) -> Callable:
    """The learner's function, called with clones, and watched."""
    names = parameter_names(attempt)

    def call(*args: object) -> object:
        kept = [_copied(arg) for arg in args]
        # A clone has left the graph that leads from one argument to another
        linked = sum(isinstance(arg, Tensor) and arg.requires_grad for arg in args) > 1 and any(
            isinstance(arg, Tensor) and arg.grad_fn is not None for arg in args
        )
        handed = [
            arg if n in changes or (linked and isinstance(arg, Tensor)) else _copied(arg)
            for n, arg in enumerate(args)
        ]
        networks = {
            argument_name(names, n) + path: (network, n not in changes)
            for n, arg in enumerate(args)
            for path, network in networks_in(arg)
        }
        snapshots = {name: _Snapshot(network) for name, (network, _) in networks.items()}
        before = torch_state()
        if not draws:
            torch.default_generator.manual_seed(UNLIKELY)
        marked = torch_state()
        try:
            result = attempt(*handed)
            if isinstance(result, Iterator):  # its body runs only now
                result = tuple(result)
        except (Exception, SystemExit) as error:
            raise RaisedError(f"your code raised {type(error).__name__}: {error}") from error
        finally:
            after = torch_state()
            restore_torch_state(before)
            complaints = [
                snapshots[name].compare(network, name, whole)
                for name, (network, whole) in networks.items()
            ]
        if result is None or result is ...:
            if _is_stub(attempt):
                raise NotAttemptedError
            raise AttemptError("your function returns nothing: is a `return` missing?")
        changed = [
            _changed(copy, argument_name(names, n), arg)
            for n, (copy, arg) in enumerate(zip(kept, handed, strict=True))
            if n not in changes
        ]
        generator = next(
            (
                argument_name(names, n)
                for n, arg in enumerate(args)
                if isinstance(arg, torch.Generator)
            ),
            "",
        )
        of_globals = _global_complaint(marked, after, draws, generator)
        for complaint in [of_globals, *complaints, *changed]:
            if complaint:
                raise AttemptError(complaint)
        return result

    with suppress(AttributeError):
        call.__name__ = attempt.__name__
    call.__dict__["__wrapped__"] = attempt
    return call


def parameter_names(attempt: Callable) -> list[str]:
    """The names of a function's positional arguments; none where it has no signature."""
    try:
        parameters = inspect.signature(attempt).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def argument_name(names: list[str], place: int) -> str:
    """What a message calls the argument at a place."""
    return f"`{names[place]}`" if place < len(names) else f"argument {place + 1}"


def _is_stub(attempt: Any) -> bool:
    """Whether a function's body is `...`, `pass` or a docstring: it uses no name."""
    while True:
        if isinstance(attempt, functools.partial):
            attempt = attempt.func
        elif hasattr(attempt, "__wrapped__"):
            attempt = attempt.__wrapped__
        elif not hasattr(attempt, "__code__") and hasattr(type(attempt).__call__, "__code__"):
            attempt = type(attempt).__call__
        else:
            break
    code = getattr(attempt, "__code__", None)
    return code is not None and all(
        step.opname.startswith(("RESUME", "LOAD_CONST", "RETURN", "NOP", "COPY_FREE"))
        for step in dis.get_instructions(code)
    )


def _copied(value: Any) -> Any:
    """A clone of tensors, arrays and containers; anything else, such as a network, itself."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: _copied(entry) for key, entry in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(_copied(entry) for entry in value)
    return value


def _is_unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        loses_graph = before.requires_grad and not getattr(after, "requires_grad", False)
        return isinstance(after, Tensor) and torch.equal(before, after) and not loses_graph
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after)
    if isinstance(before, dict):
        return list(before) == list(after) and all(
            _is_unchanged(entry, after[key]) for key, entry in before.items()
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(
            _is_unchanged(a, b) for a, b in zip(before, after, strict=True)
        )
    return before is after or before == after


def _changed(before: Any, name: str, after: Any) -> str:
    if _is_unchanged(before, after):
        return ""
    if isinstance(before, Tensor) and isinstance(after, Tensor) and torch.equal(before, after):
        return f"you cut {name} itself from its graph, as detach_() does: detach a copy"
    how = (
        "-= and operations whose names end in _ work in place"
        if hasattr(before, "shape")
        else ("the caller goes on using it")
    )
    return f"you changed {name} itself: {how}; work on a copy"


def networks_in(value: object) -> Iterator[tuple[str, nn.Module]]:
    """The networks in an argument, each with the path that leads to it."""
    if isinstance(value, nn.Module):
        yield "", value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from ((f"[{key!r}]{path}", network) for path, network in networks_in(entry))
    elif isinstance(value, list | tuple):
        for n, entry in enumerate(value):
            yield from ((f"[{n}]{path}", network) for path, network in networks_in(entry))


def has_network(value: object) -> bool:
    """Whether an argument is, or holds, a network."""
    return next(networks_in(value), None) is not None


class _Snapshot:
    """What a network was before a call."""

    def __init__(self, network: nn.Module) -> None:
        self.modes = {module: module.training for module in network.modules()}
        self.weights = {
            (module, kind, name): (weight, weight.detach().clone(), weight.requires_grad)
            for module in network.modules()
            for kind in ("_parameters", "_buffers")
            for name, weight in getattr(module, kind).items()
            if weight is not None
        }

    def compare(self, network: nn.Module, name: str, whole: bool) -> str:
        """Say what has changed, and put it back; with `whole` the weights and buffers too."""
        modes = {True: "training", False: "evaluation"}
        complaints = []
        for (module, kind, weight_name), (weight, value, grad) in self.weights.items():
            now = getattr(module, kind).get(weight_name)
            if now is None or now.requires_grad != grad:
                complaints.append(
                    f"the weights of {name} no longer take gradients: training would stop without a"
                    " word. Switch them on again, or use a detach"
                    if grad
                    else f"the weights of {name} take gradients now, which they did not before"
                )
            elif whole and not torch.equal(now, value):
                complaints.append(
                    f"the weights of {name} moved, and they should stay as they are"
                    if kind == "_parameters"
                    else f"{weight_name} of {name} moved: it ran in training mode, and its"
                    " statistics should stay as they are"
                )
            if whole:
                getattr(module, kind)[weight_name] = weight
                if not torch.equal(weight, value):  # a write spoils graphs, so only where needed
                    with torch.no_grad():
                        weight.copy_(value)
            if weight.is_leaf:
                weight.requires_grad_(grad)
        for module, mode in self.modes.items():
            if module.training != mode:
                module.training = mode
                part = "" if module is network else f" (its {type(module).__name__})"
                complaints.append(
                    f"{name}{part} came in {modes[mode]} mode and goes back in {modes[not mode]}"
                    " mode: give back the mode that you found"
                )
        return complaints[0] if complaints else ""


def torch_state() -> tuple[bool, int, Tensor]:
    """Grad mode, and the seed and state of the global generator."""
    return torch.is_grad_enabled(), torch.initial_seed(), torch.get_rng_state()


def restore_torch_state(state: tuple[bool, int, Tensor]) -> None:
    """Give back what `torch_state` found."""
    torch.set_grad_enabled(state[0])
    if torch.initial_seed() != state[1]:
        torch.default_generator.manual_seed(state[1])
    torch.set_rng_state(state[2])


def other_states() -> tuple[Any, Any]:
    """The states of NumPy's and Python's global generators."""
    return np.random.get_state(), random.getstate()


def restore_other_states(states: tuple[Any, Any]) -> bool:
    """Give NumPy's and Python's generators back; whether they had moved."""
    (_, keys, place, *_), python = np.random.get_state(), random.getstate()
    moved = place != states[0][2] or not np.array_equal(keys, states[0][1]) or python != states[1]
    if moved:
        np.random.set_state(states[0])
        random.setstate(states[1])
    return moved


def _global_complaint(before: tuple, after: tuple, draws: bool, generator: str) -> str:
    if before[0] != after[0]:
        return (
            "you switched gradients off for every later cell too: `with torch.no_grad():` switches"
            " back"
            if before[0]
            else "you switched gradients on for every later cell too"
        )
    if before[1] != after[1]:
        return (
            "you seeded torch's global generator, so every later draw of the notebook changes:"
            " leave it alone, or seed a torch.Generator of your own"
        )
    if not draws and not torch.equal(before[2], after[2]):
        return f"{DREW[: DREW.index(':')]}: draw with {generator}" if generator else DREW
    return ""
