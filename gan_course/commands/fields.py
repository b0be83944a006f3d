"""Reads and shows the fields of a configuration: `train --set lr=1e-4` and `train --show`."""

import ast
import difflib
import inspect
import io
import reprlib
import tokenize
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from gan_course.commands.parsing import HIGHEST
from gan_course.errors import CourseError
from gan_course.lessons.profiles import DEPTHS
from gan_course.settings import as_word

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")
SHARES = ("lr_constant", "mixing", "pl_decay", "dropout")
DEEPEST, WIDEST = 16, 65_536  # layers of one kind, features of a layer


def set_fields(config: Config, settings: Sequence[str]) -> Config:
    """A configuration with some of its fields set, as words of the command line say.

    Args:
        config: a frozen dataclass.
        settings: such as ["lr=1e-4", "lambda_cycle=5", "betas=0.5,0.9"]; each field at most once.

    Raises:
        CourseError: a word without "=", a field that does not exist (with the nearest names) or is
            set twice, or a value of another type than the field's.
    """
    kinds = get_type_hints(type(config))
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise CourseError(f"--set {reprlib.repr(setting)}: write FIELD=VALUE, such as lr=1e-4")
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, n=3, cutoff=0.5)
            advice = f"did you mean {' or '.join(near)}" if near else "--show lists all fields"
            raise CourseError(f"--set {reprlib.repr(name)}: there is no such field; {advice}")
        if name in values:
            raise CourseError(f"--set {name}: given twice, leave one out")
        values[name] = _read(name, kinds[name], text)
    return replace(config, **values)


def show_fields(config: "DataclassInstance") -> str:
    """Every field on a line: its value, and the word on it that stands beside it in the source."""
    words = field_words(type(config))
    settings = {field.name: as_word(getattr(config, field.name)) for field in fields(config)}
    width = max(len(f"{name}={value}") for name, value in settings.items())
    lines = [
        f"{f'{name}={value}':{width}}  {words.get(name, '')}".rstrip()
        for name, value in settings.items()
    ]
    return "\n".join(lines)


def field_words(kind: type) -> dict[str, str]:
    """The comment on each field of a dataclass, from its source: behind it or right above it."""
    source = inspect.cleandoc(inspect.getsource(kind))
    comments = {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)).body
    used = {line for node in body for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    words = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above: list[str] = []
            line = node.lineno - 1
            while line in comments and line not in used:
                above.insert(0, comments[line])
                line -= 1
            words[node.target.id] = " ".join([*above, comments.get(node.lineno, "")]).strip()
    return words


def _read(name: str, kind: Any, text: str) -> Any:
    """The value of a field that a text gives."""
    given = f"--set {name}={reprlib.repr(text)}"
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise CourseError(f"{given}: choose {' or '.join(get_args(kind))}")
        return text
    if get_origin(kind) is tuple:
        parts = text.split(",")
        if get_args(kind)[-1] is Ellipsis:  # as many as are given
            return tuple(_read(name, get_args(kind)[0], part) for part in parts if text)
        if len(parts) != len(get_args(kind)):
            raise CourseError(f"{given}: write {len(get_args(kind))} numbers, such as 0.5,0.999")
        return tuple(
            _read(name, inner, part) for inner, part in zip(get_args(kind), parts, strict=True)
        )
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise CourseError(f"{given}: choose true or false")
        return text.lower() == "true"
    try:
        if "_" in text:
            raise ValueError(text)
        value = kind(text)
    except (ValueError, OverflowError):
        what = "a whole number" if kind is int else "a number"
        raise CourseError(f"{given}: write {what}") from None
    lowest, highest = _limits(name, kind)
    if not lowest <= value <= highest:  # not a number is neither
        raise CourseError(f"{given}: write a number from {lowest:g} to {highest:g}")
    return value


def _limits(name: str, kind: type) -> tuple[float, float]:
    """The lowest and the highest value of a field that makes sense."""
    if name in DEPTHS or name == "coordinates":
        return 0, DEEPEST
    if name in SHARES:
        return 0, 1
    if name == "ema_decay":
        return 0, 1 - 1e-6
    if name.endswith(("channels", "_dim")) or "channel_" in name:
        return 1, WIDEST
    if name.endswith("_every"):
        return 1, HIGHEST
    if name in ("lr", "mapping_lr", "position_rate"):
        return 1e-30, 1e3
    return 0, HIGHEST if kind is int else 1e6
