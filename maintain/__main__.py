"""`python -m maintain NAME ...`: runs `main` of the module NAME, here or among the studies."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from gan_course.commands.parsing import OneLineParser

HERE = Path(__file__).parent


def names() -> dict[str, str]:
    """Each name, and the module that it stands for."""
    modules = {path.stem: f"maintain.{path.stem}" for path in HERE.glob("[a-z]*.py")}
    modules |= {
        path.stem: f"maintain.studies.{path.stem}" for path in (HERE / "studies").glob("[a-z]*.py")
    }
    return {name: module for name, module in sorted(modules.items()) if _has_main(module)}


def _has_main(module: str) -> bool:
    return "\ndef main(" in (HERE.parent / f"{module.replace('.', '/')}.py").read_text(
        encoding="utf-8"
    )


def run(arguments: Sequence[str]) -> int:
    """Run the module named first with the arguments after it."""
    parser = OneLineParser(
        prog="python -m maintain", description="What maintainers run, in a clone."
    )
    parser.add_argument(
        "name", choices=list(names()), metavar="NAME", help=f"one of: {', '.join(names())}"
    )
    chosen = parser.parse_args(arguments[:1])
    return import_module(names()[chosen.name]).main(arguments[1:])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
