"""The command `python -m maintain shipped --make NAME`: makes or measures what ships, by name."""

import argparse
from collections.abc import Sequence
from types import ModuleType

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.errors import CourseError
from gan_course.lessons.results import current_commit
from gan_course.weights.cards import update_card
from maintain.weights import (
    dcgan,
    readers,
    style_transfers,
    stylegans,
    translators,
    trunk,
)

KINDS = (trunk, readers, dcgan, translators, style_transfers, stylegans)


def names() -> list[str]:
    """All shipped names that have a recipe, in the order in which they are made."""
    return [name for kind in KINDS for name in kind.NAMES]


def make_weights(name: str) -> set[str]:
    """Train shipped weights anew with their recipe, measure them, and put them into data/weights/.

    A training that was cut off goes on from its last checkpoint in runs/weights/.

    Returns:
        The names of all that was trained with it.

    Raises:
        CourseError: no recipe of that name.
    """
    _kind_of(name).make(name)
    return measure_weights(name)


def measure_weights(name: str) -> set[str]:
    """Measure shipped weights anew and write the figures into their card.

    The weights stay as they are.

    Returns:
        The names of all that was measured with it.

    Raises:
        CourseError: no recipe of that name, or the weights are missing.
    """
    tables = _kind_of(name).measure(name)
    for shipped, metrics in tables.items():
        update_card(shipped, {"metrics": metrics, "measured at": current_commit()})
    return set(tables)


def _kind_of(name: str) -> ModuleType:
    for kind in KINDS:
        if name in kind.NAMES:
            return kind
    raise CourseError(f"no recipe for weights {name!r}: choose from {', '.join(names())}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train or measure what is named; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain shipped", description="Trains and measures what ships."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--make", metavar="NAME", help="train these weights anew and ship them")
    what.add_argument(
        "--measure", metavar="NAME", help="measure these weights anew, for their card"
    )
    what.add_argument("--all", action="store_true", help="train everything that ships anew")
    return run_command(parser, arguments, _work)


def _work(options: argparse.Namespace) -> int:
    if options.measure is not None:
        measure_weights(options.measure)
        return 0
    made: set[str] = set()
    for name in names() if options.all else [options.make]:
        if name not in made:
            made |= make_weights(name)
    return 0
