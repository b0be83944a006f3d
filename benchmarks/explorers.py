"""How long the explorers' pictures take in the kernel: `python -m benchmarks.explorers`.

From the value of a control to the bytes of a PNG, the median of some drawings, as this processor
computes and as on an old machine. Writes docs/results/explorers.md.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from statistics import median
from typing import Any

import torch

from benchmarks.machine import load, machine_line
from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.files import atomic_write
from gan_course.lessons.results import current_commit
from gan_course.paths import RESULTS, ROOT
from gan_course.runtime import OLD_MACHINE, choose_runtime
from gan_course.viz.explorers.cycle import draw_cycle
from gan_course.viz.explorers.field import draw_field
from gan_course.viz.explorers.game import Game
from gan_course.viz.explorers.styles import draw_styles
from gan_course.weights.stylegans import load_stylegan
from gan_course.weights.translators import load_translator

TIMES = 15
WISHED = {"as it computes": 100, "as on an old machine": 200}  # milliseconds


def drawings() -> dict[str, Callable[[], bytes]]:
    """One drawing of each explorer whose network ships; the others call a lesson's own networks."""
    G = load_stylegan("stylegan-critters64")
    there, back = (load_translator(f"earth-{way}") for way in ("satellite2map", "map2satellite"))
    tiles = torch.rand(2, 4, 3, 64, 64) * 2 - 1
    game = Game()
    mixture: dict[str, Any] = {
        "seed_a": 0,
        "seed_b": 8,
        "psi": 0.9,
        "noise": True,
        "direction": "none",
    }

    def play() -> bytes:
        game.step()
        return game.draw()

    return {
        "the game (01): a step and its picture": play,
        "a receptive field (05)": lambda: draw_field(tiles[0, 0], strided=3, row=40, column=60),
        "the cycle (07)": lambda: draw_cycle(there, back, *tiles, number=1, start="A"),
        "style mixer (11, 12)": lambda: draw_styles(G, {}, amount=0.0, px16=0.5, **mixture),
    }


def measure() -> dict[str, float]:
    """Median milliseconds of each drawing, after one to warm up."""
    found = {}
    for name, draw in drawings().items():
        draw()
        seconds = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            draw()
            seconds.append(time.perf_counter() - begun)
        found[name] = round(1_000 * median(seconds), 1)
    return found


def page(columns: dict[str, dict[str, float]], before: float) -> str:
    """The table as Markdown."""
    lines = [
        "# Explorers: from a slider's value to a picture",
        "",
        f"Written by `python -m benchmarks.explorers` at {current_commit()}, {date.today()}, on"
        f" {machine_line(choose_runtime('cpu'))}; load {before:.2f} before. Milliseconds in the"
        f" kernel, the median of {TIMES}.",
        "",
        "| picture | " + " | ".join(f"{name} (wished: {WISHED[name]})" for name in columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for name in next(iter(columns.values())):
        lines.append(
            f"| {name} | " + " | ".join(f"{one[name]:.0f}" for one in columns.values()) + " |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Time the explorers and write the page."""
    parser = OneLineParser(prog="python -m benchmarks.explorers", description=__doc__)
    parser.add_argument("--here", action="store_true", help="print this process's times as JSON")
    return run_command(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    if options.here:
        print(json.dumps(measure()))
        return 0
    before = load()
    command = [sys.executable, "-m", "benchmarks.explorers", "--here"]
    columns = {}
    for name, variables in (("as it computes", {}), ("as on an old machine", OLD_MACHINE)):
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | variables,
            check=True,
            capture_output=True,
            text=True,
        )
        columns[name] = json.loads(done.stdout)
    text = page(columns, before)
    with atomic_write(RESULTS / "explorers.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
