"""`python -m gan_course workbook`: copies the lessons to a folder of your own."""

import argparse

from gan_course.commands.parsing import folder
from gan_course.lessons.workbook import write_workbook
from gan_course.paths import ROOT


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=folder,
        default=ROOT / "work",
        metavar="FOLDER",
        help="default: work",
    )


def work(options: argparse.Namespace) -> int:
    """Copy the lessons that the folder lacks.

    Raises:
        CourseError: the folder cannot be written, or is the one with the lessons.
    """
    copied = write_workbook(options.folder)
    print(f"{len(copied)} lessons copied to {options.folder}; what was there already is as it was")
    return 0
