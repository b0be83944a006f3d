"""Argument types and error handling of all commands: one line and an exit code.

Bad input ends a command with one line and code 2, Ctrl-C with one line and code 130.
"""

import argparse
import errno
import os
import reprlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from gan_course.errors import CourseError, Stopped
from gan_course.settings import process_rank, whole_number

HIGHEST = 10**12


class OneLineParser(argparse.ArgumentParser):
    """A parser that reports a bad argument in one line, without the usage block."""

    def error(self, message: str) -> NoReturn:
        """One line on standard error, of the first process, and exit code 2."""
        line = f"gan_course: {message} (see {self.prog} --help)\n"
        self.exit(2, line if process_rank() == 0 else None)


def whole(text: str, lowest: int = 1, highest: int = HIGHEST) -> int:
    """A whole number, as an argument's type.

    Raises:
        argparse.ArgumentTypeError: it is not a whole number from `lowest` to `highest`.
    """
    number = whole_number(text, lowest, highest)
    if number is None:
        raise argparse.ArgumentTypeError(
            f"{reprlib.repr(text)} is not a whole number from {lowest} to {highest}"
        )
    return number


def folder(text: str) -> Path:
    """A folder's name, as an argument's type.

    A shell leaves the ~ of --out=~/x as it is, so it is expanded here.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the folder's name is empty")
    return Path(os.path.expanduser(text))


def number(text: str) -> float:
    """A number, as an argument's type; Python's own 0_1 for 1 is refused.

    Raises:
        ValueError: it is not a number.
    """
    if "_" in text:
        raise ValueError(text)
    return float(text)


def run_command(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    work: Callable[[argparse.Namespace], int],
) -> int:
    """Parse the arguments and do the work.

    Args:
        parser: its default `smaller`, if there is one, says what to make smaller where memory runs
            out.
        arguments: None for those of the process.
        work: from the options to an exit code.

    Returns:
        What `work` returns; 2 for bad input, with one line on standard error; 130 where the user
        stopped it; after another signal 128 more than its number.
    """
    _open_streams()
    options = parser.parse_args(arguments)
    try:
        code = work(options)
        sys.stdout.flush()
        return code
    except CourseError as error:
        return _end(2, str(error))
    except Stopped as stop:
        return _end(128 + stop.number, str(stop))
    except KeyboardInterrupt:
        return say_stopped()
    except BrokenPipeError:  # whoever read our output has left; that is their right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "memory" in str(error):
            advice = (
                f"choose a smaller {options.smaller}"
                if "smaller" in options
                else "close other programs"
            )
            return _end(2, f"not enough memory: {advice}")
        raise
    except OSError as error:
        advice = (
            "free some space"
            if error.errno == errno.ENOSPC
            else "check the name and its permissions"
        )
        return _end(2, f"{error}: {advice}")


@contextmanager
def hold_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends: torch swallows it while it is being imported."""
    # it is ignored, or somebody else's
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupts: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if interrupts:
        raise KeyboardInterrupt


@contextmanager
def termination_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that the processes it started end too."""

    def stop(number: int, _: object) -> NoReturn:
        raise Stopped(number, "stopped; what was saved stays")

    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # it is ignored, or somebody else's
        yield
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def say_stopped() -> int:
    """Print the line after Ctrl-C, of several processes in the first, and return its exit code."""
    return 130 if process_rank() else _end(130, "stopped; what was saved stays")


def _end(code: int, line: str) -> int:
    with suppress(OSError):  # the terminal may be gone
        print(f"gan_course: {line}", file=sys.stderr)
    return code


def _open_streams() -> None:
    """Open a stream that the shell closed, and let a terminal show letters that it lacks."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # for as long as the process lives
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        if hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="backslashreplace")
