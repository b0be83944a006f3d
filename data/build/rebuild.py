"""Rebuild the bundled data from its sources, beside what is shipped, and compare the two.

python data/build/rebuild.py [NAMES...] [--out FOLDER] [--inputs FOLDER]
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import cats
import critters
import earth
import emoji
import fashion
import toons
import vangogh
from compare import compare, table
from fetch import ARCHIVES, fetch, unpack
from rendering import needed

from gan_course.commands.parsing import folder
from gan_course.data.manifest import data_root
from gan_course.errors import CourseError
from gan_course.files import output_folder

BUILDERS = {
    "fashion": fashion,
    "critters": critters,
    "cats": cats,
    "toons": toons,
    "earth": earth,
    "vangogh": vangogh,
    "emoji": emoji,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 where every file agrees with the shipped one, 1 where one does not, 2 for bad input (one
        line on standard error), 130 where the user stopped it.
    """
    options = _parser().parse_args(arguments)
    try:
        names = list(dict.fromkeys(options.names)) or list(BUILDERS)
        out = new_folder(
            options.out or Path("runs") / datetime.now().strftime("data-%Y-%m-%d_%H-%M-%S")
        )
        rebuild(names, out=out, inputs=output_folder(options.inputs))
        rows = compare(out, data_root(), names)
        print(table(rows))
        print(f"rebuilt in {out}")
        return 0 if all(row.ok for row in rows) else 1
    except (CourseError, OSError) as error:
        print(f"rebuild: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("rebuild: stopped", file=sys.stderr)
        return 130


def rebuild(names: Sequence[str], *, out: Path, inputs: Path) -> None:
    """Rebuild some sets.

    Args:
        names: keys of BUILDERS.
        out: an empty folder; each set gets a folder in it.
        inputs: where the archives lie, or are put.

    Raises:
        CourseError: an archive cannot be fetched or is another one, or a package is not installed.
    """
    for name in names:
        for module in BUILDERS[name].MODULES:
            needed(module)  # before anything is fetched
    wanted = sorted({archive for name in names for archive in BUILDERS[name].INPUTS})
    paths = {archive: fetch(ARCHIVES[archive], inputs) for archive in wanted}
    for name in names:
        print(f"building {name}", flush=True)
        (out / name).mkdir()
        with tempfile.TemporaryDirectory(dir=out, prefix=".unpacked-") as work:
            sources = {archive: Path(work) / archive for archive in BUILDERS[name].INPUTS}
            for archive, folder in sources.items():
                unpack(paths[archive], BUILDERS[name].INPUTS[archive], folder)
            BUILDERS[name].build(sources, out / name)


def new_folder(path: Path) -> Path:
    """Make a folder for the rebuilt data.

    Raises:
        CourseError: it lies in the shipped data, is not empty, or cannot be written.
    """
    if path.resolve().is_relative_to(data_root().resolve()):
        raise CourseError(
            f"{path} lies in the shipped data, which is never overwritten: choose another --out"
        )
    if path.is_dir() and any(path.iterdir()):
        raise CourseError(f"{path} is not empty: choose a new folder with --out")
    return output_folder(path)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage block."""
        self.exit(2, f"rebuild: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python data/build/rebuild.py", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        type=_name,
        help=f"some of {', '.join(BUILDERS)} (default: all)",
    )
    parser.add_argument(
        "--out", type=folder, metavar="FOLDER", help="a new folder (default: runs/data-<time>)"
    )
    parser.add_argument(
        "--inputs",
        type=folder,
        metavar="FOLDER",
        default=Path("runs/data-inputs"),
        help="where the archives lie; missing ones are fetched into it (default: runs/data-inputs)",
    )
    return parser


def _name(text: str) -> str:
    if text not in BUILDERS:
        raise argparse.ArgumentTypeError(f"{text!r} is no set: choose from {', '.join(BUILDERS)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
