"""Makes wrong answers from the exercises' own solutions, by changing one thing at a time.

A solution that is a function gets these: an argument frozen at its first value, its first result
handed back for ever, a detach taken away, added or moved, another reduction, axis, operator or
number, two arguments exchanged, a keyword or a statement left out. A table gets an entry of another
one, a set loses an entry, a number changes. Of an experiment only the report is changed, because
how it was run is the learner's own.

A mutant that met no difference (a detach of what had no graph) is not counted.
"""

import ast
import copy
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType

import torch

from gan_course.lessons.checking import Verdict
from gan_course.paths import NOTEBOOKS

SWAPS = {
    "mean": "sum",
    "sum": "mean",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "argmax": "argmin",
    "median": "mean",
    "sin": "cos",
    "sqrt": "square",
    "square": "abs",
    "l1_loss": "mse_loss",
    "softplus": "relu",
    "eval": "train",
    "zeros_like": "ones_like",
    "parameters": "buffers",
    "buffers": "parameters",
    "reflect": "replicate",
}
# Answers in the learner's own words, of which any may stand: the lesson's table tests them.
OWN_WORDS = {"check_card"}
AXES = {0: 1, 1: 0, 2: 3, 3: 2, -1: -2, -2: -1}
WITH_AXIS = {
    "mean",
    "sum",
    "any",
    "all",
    "cat",
    "stack",
    "softmax",
    "norm",
    "var",
    "std",
    "flatten",
}
WITH_AXIS |= {"min", "max", "kthvalue", "unsqueeze", "squeeze", "amax", "amin", "flip", "roll"}
OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass
class Exercise:
    """An exercise of a notebook: its checker, its solution, and the imports before it."""

    lesson: str
    check: str  # as "check_jsd"
    answer: str  # the name that the checker is given
    stub: str  # its cell
    code: str  # the folded solution
    imports: list[ast.Import | ast.ImportFrom]  # of its cell and of those before it

    @functools.cached_property
    def solution(self) -> ast.Module:
        return ast.parse(self.code)

    @functools.cached_property
    def namespace(self) -> dict:
        """What the notebook has imported by then of the names that the solution uses."""
        used = {node.id for node in ast.walk(self.solution) if isinstance(node, ast.Name)}
        used |= {SWAPS[name] for name in used if name in SWAPS} | {"exercises"}
        namespace: dict = {}
        for statement in self.imports:
            wanted = copy.copy(statement)
            wanted.names = [
                alias
                for alias in statement.names
                if (alias.asname or alias.name.split(".")[0]) in used
            ]
            if wanted.names:
                exec(compile(ast.Module([wanted], []), self.lesson, "exec"), namespace)
        return namespace

    @property
    def function(self) -> ast.FunctionDef | None:
        """The solution where it is a function."""
        return next(
            (
                node
                for node in self.solution.body
                if isinstance(node, ast.FunctionDef) and node.name == self.answer
            ),
            None,
        )

    @property
    def returns_a_tuple(self) -> bool:
        returns = [node for node in ast.walk(self.solution) if isinstance(node, ast.Return)]
        return any(isinstance(node.value, ast.Tuple) for node in returns)

    def compiled(self) -> CodeType:
        """The solution as it is, or as it has just been changed."""
        tree = ast.fix_missing_locations(self.solution)
        return compile(tree, f"<{self.lesson} {self.check}>", "exec")

    def value(self, changed: CodeType | None = None, **extra: object) -> object:
        """The answer, from the solution or from a changed one."""
        namespace = self.namespace | extra
        exec(changed or self.compiled(), namespace)
        return namespace[self.answer]

    def verdict(self, answer: object) -> Verdict:
        return getattr(self.namespace["exercises"], self.check)(answer)


SOURCES = sorted((NOTEBOOKS / "source").glob("[0-9]*_*.py"))
LESSONS = [path.stem for path in SOURCES]


@functools.cache
def exercises_of(name: str) -> list[Exercise]:
    """The exercises of a lesson, from the source of its notebook, as "01_the_game"."""
    imports: list[ast.Import | ast.ImportFrom] = []
    found = []
    source = (NOTEBOOKS / "source" / f"{name}.py").read_text()
    cells = [cell.partition("\n") for cell in re.split(r"^# %%", source, flags=re.M)[1:]]
    for (head, _, code), (_, _, after) in pairwise([*cells, ("", "", "")]):
        if "[markdown]" in head:
            continue
        body = ast.parse(code).body
        imports += [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        if '"exercise"' in head:
            check, answer = re.findall(r"^exercises\.(check_\w+)\((\w+)\)", code, re.M)[-1]
            solution = re.search(r"```python\n(.*?)# ```", after, re.DOTALL)
            assert solution, f"{name} {check} has no solution"
            lines = re.sub(r"^# ?", "", solution[1], flags=re.M)
            found.append(Exercise(name, check, answer, code, lines, list(imports)))
    return found


@dataclass
class Mutant:
    """A changed solution: what was changed, and the answer made from it."""

    exercise: Exercise
    change: str
    make: Callable[[], object]
    made_a_difference: Callable[[], bool] = lambda: True

    def __str__(self) -> str:
        check = self.exercise.check.removeprefix("check_")
        return f"{self.exercise.lesson[:2]} {check}: {self.change}"

    def survives(self) -> bool:
        try:
            answer = self.make()
        except Exception:  # it cannot even be defined
            return False
        return self.exercise.verdict(answer).status == "passed" and self.made_a_difference()


def mutants_of(exercise: Exercise) -> list[Mutant]:
    """All mutants of one exercise, each with a name of its own."""
    if exercise.check in OWN_WORDS:
        return []
    if any(_is_report(node) for node in ast.walk(exercise.solution)):
        return list(_misreported(exercise))
    mutants = [*_frozen(exercise), *_rewritten(exercise)]
    seen: Counter = Counter()
    for mutant in mutants:
        seen[mutant.change] += 1
        if seen[mutant.change] > 1:
            mutant.change += f" (place {seen[mutant.change]})"
    return mutants


def _is_report(node: ast.AST) -> bool:
    """Whether it is a table with the prediction, the figures and the conclusion of a learner."""
    keys = node.keys if isinstance(node, ast.Dict) else []
    return "conclusion" in [getattr(key, "value", None) for key in keys]


def _misreported(exercise: Exercise) -> Iterator[Mutant]:
    """The report of an experiment with something missing, or with the figures of other settings."""
    report: dict = exercise.value()  # type: ignore[assignment]
    settings, rows = list(report["figures"]), list(report["figures"].values())
    changes = {
        "no prediction": {"prediction": ...},
        "no conclusion": {"conclusion": ...},
        "the figures of a setting are missing": {"figures": {settings[0]: rows[0]}},
        "one run of each": {"figures": {name: row[:1] for name, row in report["figures"].items()}},
        "another setting's figures": {
            "figures": dict(zip(settings, rows[1:] + rows[:1], strict=True))
        },
    }
    for change, entries in changes.items():
        yield Mutant(exercise, change, lambda entries=entries: report | entries)


def _frozen(exercise: Exercise) -> Iterator[Mutant]:
    """One argument, or the result, as it was at the first call."""
    function = exercise.function
    if function is None:
        return
    names = [argument.arg for argument in function.args.args]
    for place, name in enumerate(names):

        def freeze(place: int = place) -> Callable:
            solution, first = exercise.value(), []

            @functools.wraps(solution)
            def call(*args: object) -> object:
                args = list(args)
                if place < len(args):
                    first.append(_kept(args[place]))
                    args[place] = _kept(first[0])
                return solution(*args)

            return call

        if len(names) > 1:
            yield Mutant(exercise, f"{name} as at the first call", freeze)

    def constant() -> Callable:
        solution, first = exercise.value(), []

        @functools.wraps(solution)
        def call(*args: object) -> object:
            first.append(solution(*args))
            return _kept(first[0])

        return call

    yield Mutant(exercise, "the first result for ever", constant)


def _kept(value: object) -> object:
    return value.clone() if isinstance(value, torch.Tensor) else copy.copy(value)


def _rewritten(exercise: Exercise) -> Iterator[Mutant]:
    """The solution's syntax tree with one node changed."""
    for place, node in _places(exercise.solution):
        before = ast.unparse(node)
        for changed in list(_changes(node)):
            after = ast.unparse(changed) if changed is not None else "nothing"
            place(changed or ast.Pass())
            whole, code = ast.unparse(exercise.solution), exercise.compiled()
            place(node)
            if f"_detached({before}).detach()" in whole:
                continue  # detached as before
            touched: list[bool] = []

            def make(code: CodeType = code, touched: list[bool] = touched) -> object:
                return exercise.value(code, _detached=functools.partial(_detached, touched))

            is_detach = "_detached(" in after and "_detached(" not in before
            yield Mutant(
                exercise,
                f"{_short(before)} -> {_short(after)}",
                make,
                (lambda touched=touched: any(touched)) if is_detach else lambda: True,
            )


def _places(tree: ast.AST) -> list[tuple[Callable[[ast.AST], None], ast.AST]]:
    """Each node below another one, with a function that puts a node in its place."""
    found: list[tuple[Callable[[ast.AST], None], ast.AST]] = []
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                found.append((functools.partial(setattr, parent, field), value))
            elif isinstance(value, list):
                found += [
                    (functools.partial(value.__setitem__, n), entry)
                    for n, entry in enumerate(value)
                    if isinstance(entry, ast.AST)
                ]
    return found


def _detached(touched: list[bool], value: object) -> object:
    """A value without its graph; notes whether it had one."""
    if isinstance(value, torch.Tensor):
        touched.append(value.requires_grad)
        return value.detach()
    return value


def _changes(node: ast.AST) -> Iterator[ast.AST | None]:
    """What may stand in the place of a node; None for nothing."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
        yield ast.Compare(node.left, [OPERATORS[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(OPERATORS[type(node.op)](), node.values)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1 if isinstance(node.value, int) else node.value * 2 or 1.0)
    if (
        isinstance(node, ast.keyword)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, bool)
        and node.arg != "strict"  # of zip: no answer depends on it
    ):
        yield ast.keyword(node.arg, ast.Constant(not node.value.value))
    if isinstance(node, ast.Call):
        yield from _changed_calls(node)
    if isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield None
    if isinstance(node, ast.With):
        yield ast.If(ast.Constant(True), node.body, [])
    if isinstance(node, ast.Dict):
        yield from _changed_tables(node)
    if isinstance(node, ast.Set) and len(node.elts) > 1:
        yield from (ast.Set(node.elts[:n] + node.elts[n + 1 :]) for n in range(len(node.elts)))


def _changed_calls(call: ast.Call) -> Iterator[ast.AST]:
    function, args = call.func, call.args
    name = getattr(function, "attr", getattr(function, "id", ""))
    if name in SWAPS:
        other = copy.deepcopy(function)
        setattr(other, "attr" if isinstance(function, ast.Attribute) else "id", SWAPS[name])
        yield ast.Call(other, args, call.keywords)
    if name in ("detach", "clamp_min", "clamp", "contiguous") and isinstance(
        function, ast.Attribute
    ):
        yield function.value
    symmetric = name in ("l1_loss", "mse_loss", "maximum", "minimum", "isclose", "allclose") or (
        isinstance(function, ast.Name) and name in ("min", "max", "l1_error")
    )
    if len(args) > 1 and not symmetric and ast.unparse(args[0]) != ast.unparse(args[1]):
        yield ast.Call(function, [args[1], args[0], *args[2:]], call.keywords)
    for n, keyword in enumerate(call.keywords):
        if keyword.arg != "strict":
            yield ast.Call(function, args, call.keywords[:n] + call.keywords[n + 1 :])
    if name in WITH_AXIS:
        for n, arg in enumerate(args):
            axis = _axis(arg)
            if axis is not None:
                yield ast.Call(function, [*args[:n], axis, *args[n + 1 :]], call.keywords)
    if name == "detach" or name.endswith("_"):  # of one in place nobody takes the value
        return
    yield ast.Call(ast.Name("_detached", ast.Load()), [call], [])
    for n, arg in enumerate(args):  # f(x.detach()) becomes f(x).detach()
        if isinstance(arg, ast.Call) and getattr(arg.func, "attr", "") == "detach":
            inner = ast.Call(function, [*args[:n], arg.func.value, *args[n + 1 :]], call.keywords)
            yield ast.Call(ast.Attribute(inner, "detach", ast.Load()), [], [])


def _axis(node: ast.AST) -> ast.AST | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    is_axis = type(value) is int and value in AXES
    return ast.Constant(AXES[value]) if is_axis else None


def _changed_tables(table: ast.Dict) -> Iterator[ast.AST]:
    """Each entry in turn with the value of another one."""
    texts = [ast.unparse(value) for value in table.values]
    for n, text in enumerate(texts):
        other = next((m for m in range(len(texts)) if texts[m] != text), None)
        if other is not None:
            values = [*table.values[:n], table.values[other], *table.values[n + 1 :]]
            yield ast.Dict(table.keys, values)


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 60 else f"{line[:40]} ... {line[-15:]}"
