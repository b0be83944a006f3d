"""The command line: `python -m gan_course`. A command is a module of `gan_course/commands/`."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from gan_course import __version__
from gan_course.commands.parsing import OneLineParser, hold_interrupt, run_command, say_stopped
from gan_course.errors import CourseError
from gan_course.settings import process_count, process_rank

COMMANDS = {
    "doctor": "say where things would run, and what is missing",
    "run": "execute lessons end to end and write a gallery",
    "train": "train a model on bundled pictures or on a folder of your own",
    "translate": (
        "translate pictures of any size with shipped weights, a run, or an official CycleGAN"
        " generator"
    ),
    "generate": "make pictures with a StyleGAN: by seed, mixed, or on a walk",
    "project": "find the styles with which a StyleGAN makes a picture",
    "measure": "measure generated pictures against real ones",
    "export": "write a generator as an ONNX file, for programs without PyTorch",
    "workbook": "copy the lessons, without their outputs, to a folder of your own",
    "weights": "list the weights that ship with the course, with their cards",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 where all went well, 1 where a lesson failed, 2 for bad input (one line on standard
        error), 130 where the user stopped it; 143 or 129 where a training was saved after SIGTERM
        or SIGHUP.
    """
    words = sys.argv[1:] if arguments is None else arguments
    named = next((word for word in words if word in COMMANDS), "")
    try:
        parser = command_parser(named)
    except KeyboardInterrupt:
        return say_stopped()
    return run_command(parser, arguments, lambda options: _work(named, options))


def _work(name: str, options: argparse.Namespace) -> int:
    if process_count() > 1 and name != "train":
        line = f"{name} is the work of one process: call it without torchrun"
        raise CourseError(line) if process_rank() == 0 else SystemExit(2)
    return options.work(options)


def command_parser(*names: str) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of those named: a command's module imports much.

    Args:
        names: keys of `COMMANDS`, the commands whose options are wanted.
    """
    parser = OneLineParser(
        prog="python -m gan_course", description="A course on GANs that trains and measures."
    )
    parser.set_defaults(smaller="--batch-size or --resolution")  # where memory runs out
    parser.add_argument("--version", action="version", version=f"gan_course {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, words in COMMANDS.items():
        command = commands.add_parser(name, help=words)
        if name in names:
            module = _import(name)
            module.add_options(command)
            command.set_defaults(work=module.work)
    return parser


def _import(name: str) -> ModuleType:
    with hold_interrupt():
        return import_module(f"gan_course.commands.{name}")
