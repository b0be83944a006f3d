"""Judges answers to exercises: one harness for all checkers, and graded hints.

A checker reads as: inputs, right answer, known mistakes, verdict. For example:

    @checker
    def check_d_loss(d_loss: Callable[..., Tensor]) -> Verdict:
        real, fake = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([-3.0, 1.5])
        return judge(
            d_loss,
            d_logistic,
            {"for a few scores": (real, fake), "for scores of 200": (100 * real, 100 * fake)},
            gradients=True,
            mistakes={"the labels are exchanged": lambda real, fake: d_logistic(fake, real)},
        )

What every checker gets from here, whether it uses `judge` or calls the learner's function itself:

- A call hands over clones (a clone of a tensor keeps its graph), so no truth can be spoiled.
- After a call arguments, module modes, `requires_grad`, grad mode and the global generators are
  looked at and put back; if one has changed, the verdict says which.
- An empty stub is "not attempted yet", also behind a decorator; errors are told in their own words.

A function that is asked to change an argument says so: `@checker(changes=(0,))`; one that has to
draw from the global generator: `@checker(draws=True)`.
"""

import functools
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Number
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from gan_course.lessons.watching import (
    DREW,
    AttemptError,
    NotAttemptedError,
    RaisedError,
    argument_name,
    guard,
    has_network,
    networks_in,
    other_states,
    parameter_names,
    restore_other_states,
    restore_torch_state,
    torch_state,
)

Cases = Mapping[str, tuple | Callable[[], tuple]]
Mistakes = Mapping[str, Callable | Sequence[Callable]]


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


# --- the harness around every checker ---


def checker(
    check: Callable[..., Verdict] | None = None,
    *,
    changes: tuple[int, ...] = (),
    draws: bool = False,
) -> Callable:
    """Turn a judging function into a checker that survives any attempt.

    Args:
        check: takes the learner's answer. A function arrives guarded: see the top of this module.
        changes: places of the arguments that the learner's function is asked to change; these are
            handed over as they are. Of a network its modes and `requires_grad` must still stay.
        draws: whether the function may draw from the global generators. None may seed them.
    """
    if check is None:
        return functools.partial(checker, changes=changes, draws=draws)

    @functools.wraps(check)
    def checked(attempt: object) -> Verdict:
        if attempt is None or attempt is ...:
            return NOT_ATTEMPTED
        if callable(attempt):
            attempt = guard(attempt, changes, draws)
        elif isinstance(attempt, Iterator):
            attempt = tuple(attempt)
        before, others = torch_state(), other_states()
        try:
            verdict = check(attempt)
        except NotAttemptedError:
            verdict = NOT_ATTEMPTED
        except AttemptError as error:
            verdict = not_yet(str(error))
        except Exception as error:  # the checker could not use what it was given
            verdict = not_yet(f"the result could not be used ({type(error).__name__}: {error})")
        finally:
            restore_torch_state(before)
        drawn = restore_other_states(others)
        return not_yet(DREW) if drawn and verdict == PASSED and not draws else verdict

    return checked


# --- functions ---


def judge(
    attempt: Callable,
    right: Callable,
    cases: Cases,
    *,
    mistakes: Mistakes | None = None,
    gradients: bool = False,
    also_right: Sequence[Callable] = (),
    names: tuple[str, ...] = (),
    form: str = "",
    result: Callable[..., object] | None = None,
    rtol: float = 1e-4,
) -> Verdict:
    """Compare a function with the right one on several inputs.

    The form of the answer is that of `right`: one number, one tensor of a shape, a tuple of them,
    a text or a truth value. An answer may hold numbers as Python, NumPy or torch have them, in any
    precision, and a tuple as a list, a generator, an array or a stacked tensor.

    Args:
        attempt: the learner's function, guarded.
        right: a right one, or one whose answer has the right value; it also gives the arguments
            their names in messages about gradients.
        cases: the beginning of a sentence ("for two unit Gaussians") -> arguments. At least two,
            asymmetric, every argument varied. A function that makes the arguments is called
            anew for each call: needed where a call changes them.
        mistakes: reason -> a function (or several) with that mistake, which takes the same
            arguments. It is named where its answer, and its gradient, is the learner's; of a
            tuple it may give `...` for a part that can be anything.
        gradients: whether gradients count too, with respect to the weights of all networks and to
            the tensors that require gradients; where there are neither, to all tensors of floats.
            For losses and layers.
        also_right: functions whose answer has another gradient and is as good.
        names: for a tuple, the names of its parts, as ("loss_D", "loss_G").
        form: what to return, in words, where names or shapes don't say it well.
        result: from what is returned and the arguments, what is compared: for a step, as
            `lambda loss, D, opt: (loss, *D.parameters())`.
        rtol: relative tolerance.
    """
    parameters = parameter_names(right)
    for story, arguments in cases.items():
        trial = _Trial(arguments, parameters, gradients, result, rtol)
        truth = trial.run(right)
        answer = trial.run(attempt, story)
        parts = _parts(answer.raw, truth.raw)
        if parts is None:
            wanted = form or _words(truth.raw, names)
            return not_yet(f"return {wanted}; yours is {_words(answer.returned)}")
        answer.parts = parts
        trial.differentiate(answer)
        if trial.agree(answer, truth) or any(
            trial.is_as_good(answer, other, truth) for other in also_right
        ):
            continue
        if reason := trial.named_mistake(answer, truth, mistakes or {}):
            return not_yet(reason)
        if not trial.agree(answer, truth, values_only=True):
            return not_yet(_difference(story, answer.parts, truth, names, rtol))
        return not_yet(trial.gradient_difference(answer, truth, names))
    return PASSED


@dataclass
class _Outcome:
    returned: object
    raw: object
    parts: list = field(default_factory=list)
    slopes: list[list[Tensor]] = field(default_factory=list)
    has_graph: list[bool] = field(default_factory=list)


class _Trial:
    """One case: the right function, the attempt and the mistakes on the same arguments."""

    def __init__(
        self,
        arguments: tuple | Callable[[], tuple],
        parameters: list[str],
        gradients: bool,
        result: Callable[..., object] | None,
        rtol: float,
    ) -> None:
        self.make = arguments if callable(arguments) else lambda: arguments
        self.gradients, self.result, self.rtol = gradients, result, rtol
        self.leaves: dict[str, Tensor] = {}
        if gradients:
            fixed, ready = self.make(), []
            floats = [x for x in fixed if isinstance(x, Tensor) and x.is_floating_point()]
            chosen = any(x.requires_grad for x in floats) or any(map(has_network, fixed))
            for n, arg in enumerate(fixed):
                name = argument_name(parameters, n)
                if isinstance(arg, Tensor) and arg.is_floating_point():
                    if not chosen:
                        arg = arg.clone().requires_grad_()
                    if arg.requires_grad:
                        self.leaves[name] = arg
                for path, network in networks_in(arg):
                    for weight_name, weight in network.named_parameters():
                        if weight.requires_grad:
                            self.leaves[f"{weight_name} of {name}{path}"] = weight
                ready.append(arg)
            self.make = lambda: tuple(ready)

    def run(self, function: Callable, story: str = "") -> _Outcome:
        arguments = self.make()
        try:
            raw = returned = function(*arguments)
        except RaisedError as error:
            raise RaisedError(f"{story}, {error}") from error
        if self.result is not None:
            raw = self.result(returned, *arguments)
        if isinstance(raw, Iterator):
            raw = tuple(raw)
        outcome = _Outcome(returned, raw)
        if not story:  # the right function: its form is its own
            outcome.parts = _parts(raw, raw) or []
            self.differentiate(outcome)
        return outcome

    def run_quietly(self, function: Callable, truth: _Outcome) -> _Outcome | None:
        """A mistake's values; None where it raises an error or has another form."""
        try:
            outcome = self.run(function)
        except Exception:
            return None
        parts = _parts(outcome.raw, truth.raw, any_part=True)
        if parts is None:
            return None
        outcome.parts = parts
        return outcome

    def is_as_good(self, answer: _Outcome, other: Callable, truth: _Outcome) -> bool:
        """Whether the answer has the values and gradients of another right function."""
        outcome = self.run_quietly(other, truth)
        if outcome is None:
            return False
        self.differentiate(outcome)
        return self.agree(answer, outcome)

    def differentiate(self, outcome: _Outcome) -> None:
        """The slope of each part in each leaf; a part that is no number is weighed first."""
        if not self.gradients:
            return
        outcome.slopes, outcome.has_graph = [], []
        leaves = list(self.leaves.values())
        for part in outcome.parts:
            slopes: Sequence[Tensor | None] = [None] * len(leaves)
            has_graph = isinstance(part, Tensor) and part.requires_grad
            if has_graph:
                weigh = torch.linspace(0.5, 1.7, part.numel(), dtype=part.dtype).view(part.shape)
                slopes = torch.autograd.grad(
                    (part * weigh).sum(), leaves, retain_graph=True, allow_unused=True
                )
            outcome.has_graph.append(has_graph)
            outcome.slopes.append(
                [
                    torch.zeros_like(leaf) if slope is None else slope.detach()
                    for slope, leaf in zip(slopes, leaves, strict=True)
                ]
            )

    def agree(self, a: _Outcome, b: _Outcome, *, values_only: bool = False) -> bool:
        if not all(map(self._same, a.parts, b.parts)):
            return False
        triples = zip(a.slopes, b.slopes, b.parts, strict=True) if self.gradients else ()
        return values_only or all(
            part is ... or all(map(self._same, some, other)) for some, other, part in triples
        )

    def _same(self, a: object, b: object) -> bool:
        if b is ...:
            return True
        return same(a, b, rtol=self.rtol) if isinstance(a, Tensor) else a == b

    def named_mistake(self, answer: _Outcome, truth: _Outcome, mistakes: Mistakes) -> str:
        """The first mistake with the answer's values and gradients, or else with its values."""
        fallback = ""
        for reason, functions in mistakes.items():
            for wrong in functions if isinstance(functions, Sequence) else (functions,):
                outcome = self.run_quietly(wrong, truth)
                if outcome is None or not self.agree(answer, outcome, values_only=True):
                    continue
                self.differentiate(outcome)
                if self.agree(answer, outcome) and not self.agree(truth, outcome):
                    return reason
                if not self.agree(truth, outcome, values_only=True):
                    fallback = fallback or reason
        return fallback

    def gradient_difference(self, answer: _Outcome, truth: _Outcome, names: tuple[str, ...]) -> str:
        """In words, the first gradient that is off where the value is right."""
        for n, part in enumerate(answer.slopes):
            value = names[n] if names else "the value"
            if truth.has_graph[n] and not answer.has_graph[n]:
                return f"{value} is right, but it carries no graph, so nobody can learn from it"
            for name, slope, expected in zip(self.leaves, part, truth.slopes[n], strict=True):
                if self._same(slope, expected):
                    continue
                if not slope.any():
                    return f"{value} is right, but no gradient reaches {name}: what cuts it off?"
                if not expected.any():
                    return (
                        f"{value} is right, but it sends a gradient to {name}, where none belongs"
                    )
                return f"{value} is right, but its gradient for {name} is not"
        raise AssertionError("no gradient differs")


def same(a: object, b: object, *, rtol: float = 1e-4, atol: float = 1e-6) -> bool:
    """Whether two numbers, arrays or tensors have one shape and, up to rounding, equal values.

    Two that are both infinite, or both not a number, at the same place are equal there.
    """
    a, b = _tensor(a), _tensor(b)
    if a is None or b is None or a.shape != b.shape:
        return False
    if a.is_complex() != b.is_complex():
        a, b = a.to(torch.complex128), b.to(torch.complex128)
    return torch.allclose(a.detach(), b.detach(), rtol=rtol, atol=atol, equal_nan=True)


def _tensor(value: Any) -> Tensor | None:
    """Numbers in any wrapping as a tensor of double precision, its graph kept; else None."""
    if isinstance(value, Tensor):
        return value.to(torch.complex128 if value.is_complex() else torch.float64)
    if isinstance(value, np.ndarray | np.generic):
        return None if value.dtype.kind not in "biufc" else _tensor(torch.tensor(value))
    if isinstance(value, complex):
        return torch.tensor(value, dtype=torch.complex128)
    if isinstance(value, int | float | Fraction):
        return torch.tensor(float(value), dtype=torch.float64)
    if isinstance(value, list | tuple) and value:
        entries = [entry for entry in map(_tensor, value) if entry is not None]
        if len(entries) == len(value) and len({entry.shape for entry in entries}) == 1:
            return torch.stack(entries)
    return None


def _parts(answer: Any, truth: Any, *, any_part: bool = False) -> list | None:
    """The parts of an answer, as tensors or words, in the form of the right one; else None.

    With `any_part` a part may be `...`, which agrees with anything.
    """
    if isinstance(truth, tuple):
        if isinstance(answer, Tensor | np.ndarray):
            answer = list(answer) if answer.ndim else [answer]
        if not isinstance(answer, list | tuple) or len(answer) != len(truth):
            return None
        entries = [
            [...] if any_part and entry is ... else _parts(entry, expected)
            for entry, expected in zip(answer, truth, strict=True)
        ]
        known = [entry[0] for entry in entries if entry is not None]
        return known if len(known) == len(truth) else None
    if isinstance(truth, str):
        return [answer] if isinstance(answer, str) else None
    value, expected = _tensor(answer), _tensor(truth)
    if value is None or expected is None:
        return None
    unasked = isinstance(answer, bool) and not _is_truth(truth)
    if unasked or (value.is_complex() and not expected.is_complex()):
        return None
    if value.numel() == expected.numel() == 1:
        value = value.reshape(expected.shape)  # a number is a number, in whatever brackets
    return [value] if value.shape == expected.shape else None


def _is_truth(value: object) -> bool:
    return getattr(value, "dtype", type(value)) in (bool, np.bool_, torch.bool)


def _words(value: object, names: tuple[str, ...] = ()) -> str:
    """The form of a value, in words."""
    if names:
        return f"({', '.join(names)})"
    if isinstance(value, tuple | list):
        shapes = [tuple(entry.shape) for entry in value if isinstance(entry, Tensor | np.ndarray)]
        forms = f" of the shapes {', '.join(map(str, shapes))}" if any(shapes) else ""
        return f"{len(value)} values{forms}"
    if isinstance(value, Tensor | np.ndarray) and value.ndim:
        return f"{'an array' if isinstance(value, np.ndarray) else 'a tensor'} of shape " + str(
            tuple(value.shape)
        )
    if isinstance(value, bool):
        return "True or False"
    return "one number" if isinstance(value, Number | Tensor | np.ndarray) else repr(value)[:60]


def _difference(
    story: str, answer: list, truth: _Outcome, names: tuple[str, ...], rtol: float
) -> str:
    """In words, the first part whose value is off; not by how much."""
    wanted = truth.raw if isinstance(truth.raw, tuple) else (truth.raw,)
    for n, (mine, right) in enumerate(zip(answer, truth.parts, strict=True)):
        if same(mine, right, rtol=rtol) if isinstance(mine, Tensor) else mine == right:
            continue
        what = names[n] if names else ("your answer" if len(answer) == 1 else f"value {n + 1}")
        if not isinstance(mine, Tensor):
            return f"{story}, {what} is not {mine!r}"
        if mine.numel() > 1:
            off = int((~torch.isclose(mine, right, rtol=rtol, atol=1e-6)).sum())
            return f"{story}, {off} of {mine.numel()} values are off in {what}"
        if _is_truth(wanted[n]):
            return f"{story}, {what} is not {bool(mine)}"
        if not mine.isfinite():
            return f"{story}, {what} is not finite"
        if mine.is_complex():
            return f"{story}, {what} is not {mine.item():.3g}"
        a, b = mine.item(), right.item()
        return f"{story}, {what} is {apart(a, b)[0]}: too {'small' if a < b else 'large'}"
    raise AssertionError("no value differs")


# --- numbers, tables, experiments ---


def judge_number(
    answer: object,
    right: float,
    mistakes: Mapping[str, float | Collection[float]],
    otherwise: str,
    *,
    near: float = 5e-3,
) -> Verdict:
    """Compare one number, in any wrapping, with the right one.

    Args:
        answer: the learner's.
        right: the right number.
        mistakes: reason -> the number (or numbers) that this mistake leads to.
        otherwise: the reason where none of them fits; it should not hand over the way.
        near: what counts as equal.
    """
    values = numbers(answer, 1)
    if values is None:
        return not_yet(f"give one number; yours is {_words(answer)}")
    if math.isclose(values[0], right, abs_tol=near):
        return PASSED
    for reason, wrong in mistakes.items():
        wrongs = wrong if isinstance(wrong, Collection) else (wrong,)
        if any(math.isclose(values[0], number, abs_tol=near) for number in wrongs):
            return not_yet(reason)
    return not_yet(otherwise)


def judge_table(
    answers: object,
    right: Mapping,
    clues: Mapping[str, str],
    *,
    words: Collection | None = None,
) -> Verdict:
    """Compare a table of answers with the right one; says how many are off, and one clue.

    Args:
        answers: the learner's table. Words are taken in any case, numbers in any wrapping, and
            an entry with several in any container.
        right: entry -> its answer: a word, a number, a tuple (in order) or a set.
        clues: entry -> what to think of where it is wrong; the first that applies is shown. It
            should ask, and not say the answer.
        words: what may stand in an entry; by default what `right` holds.
    """
    if not isinstance(answers, Mapping) or set(answers) != set(right):
        keys = ", ".join(f"{key!r}: ..." for key in right)
        return not_yet(f"answer with {{{keys}}}".replace("'", '"'))
    open_ = [key for key in right if answers[key] is ... or answers[key] is None]
    if open_:
        return (
            NOT_ATTEMPTED
            if len(open_) == len(right)
            else not_yet(f"{len(open_)} of {len(right)} entries are still open")
        )
    known = words if words is not None else [w for entry in right.values() for w in _listed(entry)]
    folded = {_folded(word): word for word in known}
    wrong = []
    for key, entry in right.items():
        several = isinstance(entry, tuple | list | set | frozenset)
        if several and isinstance(answers[key], str):
            return not_yet(f"{key}: answer with a {type(entry).__name__}, which may hold several")
        given = [_folded(word) for word in _listed(answers[key])]
        if not set(given) <= set(folded) or (not several and len(given) != 1):
            return not_yet("each is one of: " + ", ".join(str(word) for word in folded.values()))
        expected = [_folded(word) for word in _listed(entry)]
        in_order = isinstance(entry, tuple | list)
        if given != expected if in_order or not several else set(given) != set(expected):
            wrong.append(key)
    if not wrong:
        return PASSED
    clue = next((text for key, text in clues.items() if key in wrong), "")
    count = f"{len(wrong)} of {len(right)} {'is' if len(wrong) == 1 else 'are'} not right yet"
    return not_yet(f"{count}. {clue}" if clue else count)


def _listed(entry: Any) -> list:
    if isinstance(entry, Mapping):  # {} is meant for an empty set
        return list(entry)
    if isinstance(entry, Tensor | np.ndarray):
        return entry.flatten().tolist()
    return list(entry) if isinstance(entry, tuple | list | set | frozenset | range) else [entry]


def _folded(word: object) -> str:
    """A word without its case and spaces; a number as its shortest text."""
    value = numbers(word, 1)
    return f"{value[0]:g}" if value is not None else " ".join(str(word).split()).lower()


def judge_experiment(
    experiment: object,
    *,
    settings: Sequence,
    n_runs: int,
    says: Callable[[dict], str],
    outcomes: Sequence[str] = ("lower", "no clear difference", "higher"),
    doubt: Callable[[dict], str] = lambda figures: "",
    look: str = "compare the means with the spread of the runs",
) -> Verdict:
    """Judge an experiment: a prediction, the figures of the learner's own runs, a conclusion.

    No prediction is wrong. The conclusion has to follow from the learner's own figures.

    Args:
        experiment: {"prediction": word, "figures": {setting: numbers}, "conclusion": word}, of
            which later entries may still be `...`.
        settings: the settings that are compared.
        n_runs: how many runs are asked for of each setting, at least, each with its own seed.
        says: from {setting: list of floats}, the outcome that these figures show.
        outcomes: the words for prediction and conclusion.
        doubt: from the figures, why they cannot be of such runs; "" where they can.
        look: what to look at where the conclusion does not follow.
    """
    keys = ("prediction", "figures", "conclusion")
    if not isinstance(experiment, Mapping) or set(experiment) != set(keys):
        return not_yet('answer with {"prediction": ..., "figures": ..., "conclusion": ...}')
    prediction, figures, conclusion = (experiment[key] for key in keys)
    if isinstance(figures, Mapping) and all(row is ... for row in figures.values()):
        figures = ...
    folded = {_folded(word): word for word in outcomes}
    words = " or ".join(f'"{word}"' for word in outcomes)
    if prediction is ... or prediction is None:
        return (
            NOT_ATTEMPTED if figures is ... else not_yet("first the prediction, then the figures")
        )
    if _folded(prediction) not in folded:
        return not_yet(f"the prediction is {words}")
    if figures is ...:
        return not_yet("the prediction is noted. Now run, and write down the figures you get")
    if not isinstance(figures, Mapping) or set(figures) != set(settings):
        wanted = ", ".join(f"{setting!r}: [...]" for setting in settings)
        return not_yet(f"give the figures as {{{wanted}}}")
    runs = {}
    for setting in settings:
        row = figures[setting]
        values = numbers(row, len(row)) if hasattr(row, "__len__") else numbers(row, 1)
        if values is None or not all(map(math.isfinite, values)):
            return not_yet(f"{setting!r}: give numbers, one a run")
        if len(values) < n_runs:
            return not_yet(f"{setting!r}: {n_runs} runs at least, or chance looks like an effect")
        runs[setting] = values
    if n_runs > 1 and len({value for values in runs.values() for value in values}) == 1:
        return not_yet("all runs are equal: did each have a seed, or data, of its own?")
    if reason := doubt(runs):
        return not_yet(reason)
    if conclusion is ... or conclusion is None:
        return not_yet("prediction and figures are there. Which conclusion follows?")
    if _folded(conclusion) not in folded:
        return not_yet(f"the conclusion is {words}")
    if folded[_folded(conclusion)] != says(runs):
        return not_yet(f"that does not follow from your figures: {look}")
    if _folded(prediction) != _folded(conclusion):
        return Verdict(
            PASSED.status, "and not as predicted, which teaches most: what had you left out?"
        )
    return PASSED


def outside(figures: dict, lowest: float, highest: float) -> str:
    """A doubt about figures of which one lies outside of what such a run can give; else ""."""
    values = [value for row in figures.values() for value in row]
    if lowest <= min(values) and max(values) <= highest:
        return ""
    return f"no such run gives {min(values):g} to {max(values):g}: what do your figures measure?"


def compare_runs(
    a: Sequence[float], b: Sequence[float]
) -> Literal["lower", "no clear difference", "higher"]:
    """Whether the second set of runs lies lower or higher than the first, beyond its spread.

    Two means are told apart where they lie further apart than the larger range of the two sets.
    """
    gap = sum(b) / len(b) - sum(a) / len(a)
    if abs(gap) <= max(max(a) - min(a), max(b) - min(b)):
        return "no clear difference"
    return "higher" if gap > 0 else "lower"


def compare_pairs(
    a: Sequence[float], b: Sequence[float]
) -> Literal["lower", "no clear difference", "higher"]:
    """Whether the second set of runs lies lower or higher than the first, run by run.

    It does if more than half of the pairs say so and none says the opposite.
    """
    pairs = list(zip(a, b, strict=False))
    n_lower, n_higher = sum(y < x for x, y in pairs), sum(y > x for x, y in pairs)
    if (n_lower and n_higher) or 2 * max(n_lower, n_higher) <= len(pairs):
        return "no clear difference"
    return "lower" if n_lower else "higher"


# --- hints ---


def show_hint(hints: Mapping[str, Sequence[str]], name: str, number: int = 1) -> None:
    """Print one hint; a lesson's `hint` is this, with its table `HINTS`.

    Args:
        hints: exercise (the name of its checker without `check_`) -> one to three hints, each
            nearer to the solution than the one before.
        name: the exercise.
        number: 1 for the first.
    """
    if name not in hints:
        print(f"hints stand for: {', '.join(hints)}")
    elif not 1 <= number <= len(hints[name]):
        print(f"{name} has hints 1 to {len(hints[name])}")
    else:
        print(f"hint {number} of {len(hints[name])}: {hints[name][number - 1]}")


# --- small tools ---


def numbers(answer: object, n: int, kind: type = float) -> list | None:
    """The numbers of an answer, however it holds them.

    Args:
        answer: a number, a tuple or list of numbers, an array or a tensor; each entry may be an
            array of one number.
        n: how many are asked for.
        kind: `float` or `complex`, which the numbers are turned into.

    Returns:
        `n` numbers of that kind; None where it holds another number of them, or something else,
        such as a truth value or a text.
    """
    entries = answer if isinstance(answer, tuple | list) else _entries(answer)
    if len(entries) != n:
        return None
    values = [value for entry in entries for value in _entries(entry)]
    if len(values) != n or any(
        isinstance(value, bool) or not isinstance(value, Number) for value in values
    ):
        return None
    try:
        return [kind(value) for value in values]
    except TypeError:  # a complex number where a real one is asked for
        return None


def apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers as texts, with three digits, or as many more as it takes to tell them apart."""
    pairs = [(f"{a:.{digits}g}", f"{b:.{digits}g}") for digits in range(3, 18)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def draws_with(draw: Callable[[torch.Generator], object]) -> bool:
    """Whether a function draws with the generator that it is given, and with nothing else.

    Args:
        draw: calls the learner's function with a generator; what it returns must compare with `==`
            (no tensor).

    Returns:
        True where equally seeded generators give the same, whatever torch's global state, and
        another seed does not. The global state of torch is given back as it was.
    """
    answers = []
    with torch.random.fork_rng(devices=[]):
        for seed, global_seed in ((3, 0), (3, 1), (4, 1)):
            torch.default_generator.manual_seed(global_seed)
            answers.append(draw(torch.Generator().manual_seed(seed)))
    return answers[0] == answers[1] != answers[2]


def _entries(value: object) -> list:
    """An array or a tensor as a flat list of numbers; anything else as a list of itself."""
    if isinstance(value, Tensor):
        return value.detach().flatten().tolist()
    return np.ravel(value).tolist() if isinstance(value, np.ndarray | np.generic) else [value]
