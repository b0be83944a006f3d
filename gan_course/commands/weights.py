"""`python -m gan_course weights`: the cards of the weights that ship."""

import argparse
import os
import subprocess
import sys
import time
from typing import Any

from gan_course.errors import CourseError
from gan_course.paths import ROOT, restore
from gan_course.training.stopping import stop_requests
from gan_course.weights.cards import read_card, weight_names


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--make", metavar="NAME", help="train these weights anew and ship them (for maintainers)"
    )
    parser.add_argument(
        "--measure", metavar="NAME", help="measure these weights anew, for their card"
    )


def work(options: argparse.Namespace) -> int:
    """Print a line on each shipped file and its card's main points; train or measure first.

    Raises:
        CourseError: a card lacks one of them, or there is no clone to train in.
    """
    for option in ("make", "measure"):
        name = getattr(options, option)
        if name is not None and (code := _maintain(f"--{option}", name)):
            return code
    for name in weight_names():
        try:
            print(_as_text(name, read_card(name)))
        except (KeyError, TypeError, AttributeError) as error:
            raise CourseError(
                f"the card of {name} is incomplete ({error}): {restore('data')}"
            ) from error
    return 0


def _maintain(option: str, name: str) -> int:
    """The maintainers' command, which the package does not import."""
    if not (ROOT / "maintain").is_dir():
        raise CourseError(
            f"{option} needs a clone of the course's repository, which {ROOT} is not: clone it"
            " first"
        )
    return run_to_its_end([sys.executable, "-m", "maintain", "shipped", option, name])


def run_to_its_end(command: list[str]) -> int:
    """The exit code of a command, which is told to stop when this process is, and then waited for.

    Without that a training would run on unseen, or be cut off before it has saved.
    """
    with stop_requests(quiet=True) as request, subprocess.Popen(command, cwd=ROOT) as process:
        while process.poll() is None and not request.came():
            time.sleep(0.1)
        if request.came() and os.name == "posix":  # a Windows console tells both by itself
            process.send_signal(request.signal)
        return process.wait()


def _as_text(name: str, card: dict[str, Any]) -> str:
    figures = ", ".join(f"{key} {value}" for key, value in card["metrics"].items())
    return (
        f"{name}: {card['what']} ({card['bytes'] / 2**20:.1f} MB)\n  trained on {card['data']};"
        f" {card['steps']} steps in {card['minutes']} minutes on {card['hardware']}\n  {figures}\n "
        f" commit {card['commit']}; reproduce: {card['command']}; sha256 {card['sha256'][:12]}"
    )
