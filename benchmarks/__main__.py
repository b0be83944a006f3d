"""Times the course's steps beside plain ones: `python -m benchmarks`, into docs/results/."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.compare import compare
from benchmarks.machine import count_flops, load, machine_line
from benchmarks.neighbour import LESSONS, beside_neighbour
from benchmarks.report import as_text, row_entry, write_results
from benchmarks.rows import ROWS, Row, convolution_row
from gan_course.commands.parsing import OneLineParser, folder, run_command, whole
from gan_course.errors import CourseError
from gan_course.files import output_folder
from gan_course.lessons.results import current_commit
from gan_course.paths import RESULTS, ROOT
from gan_course.runtime import OLD_MACHINE, choose_runtime


def run(names: Sequence[str], rounds: int) -> dict:
    """Measure the convolution rate, then the rows.

    Args:
        names: of `ROWS`.
        rounds: pairs of timings a row.

    Returns:
        What `write_results` writes.

    Raises:
        CourseError: an unknown row.
    """
    unknown = [name for name in names if name not in ROWS]
    if unknown or not names:
        raise CourseError(f"no row {', '.join(unknown)!r}: choose from {', '.join(ROWS)}")
    runtime = choose_runtime()
    results = {
        "commit": current_commit(),
        "date": date.today().isoformat(),
        "machine": machine_line(runtime),
        "rounds": rounds,
    }
    before, rates, entries = load(), {}, []
    for make_row in (convolution_row, *(ROWS[name] for name in names)):
        row = make_row(runtime)
        flops = count_flops(row.reference)
        measured = compare(row.course, row.reference, rounds=rounds, inner=row.inner)
        rates = rates or {"course": flops / measured.median_a, "plain": flops / measured.median_b}
        entries.append(row_entry(row, measured, flops, rates))
        _say(row, entries[-1])
    return results | {"load": [before, load()], "rates": rates, "rows": entries}


def as_on_an_old_machine(names: Sequence[str], rounds: int) -> list[float]:
    """The ratios of the rows, the convolution's first, as on an old machine."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--rows", ",".join(names), "--rounds", str(rounds), "--here", "--out", folder]
        command = [sys.executable, "-m", "benchmarks", *options]
        subprocess.run(
            command, cwd=ROOT, env=os.environ | OLD_MACHINE, check=True, stdout=subprocess.DEVNULL
        )
        return [
            row["ratio"] for row in json.loads((Path(folder) / "speed.json").read_text())["rows"]
        ]


def _say(row: Row, entry: dict) -> None:
    print(f"{row.title}: {entry['ratio']:.2f} times as fast", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line.

    Returns:
        0; 2 for bad input (one line on standard error); 130 where the user stopped it.
    """
    parser = OneLineParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--rows", default=",".join(ROWS), help=f"some of {','.join(ROWS)} (default: all)"
    )
    parser.add_argument(
        "--rounds", type=whole, default=15, help="pairs of timings a row (default: 15)"
    )
    parser.add_argument(
        "--trials", type=whole, default=10, help="with a busy neighbour and without (default: 10)"
    )
    parser.add_argument(
        "--here", action="store_true", help="in this process alone: no old machine, no neighbour"
    )
    parser.add_argument(
        "--out", type=folder, default=RESULTS, metavar="DIR", help="default: docs/results"
    )
    return run_command(parser, arguments, _measure)


def _measure(options: argparse.Namespace) -> int:
    out = output_folder(options.out)
    names = [name.strip() for name in options.rows.split(",")]
    results = run(names, options.rounds)
    if not options.here:
        for entry, ratio in zip(
            results["rows"], as_on_an_old_machine(names, options.rounds), strict=True
        ):
            entry["ratio_old"] = ratio
        for entry, name in zip(results["rows"][1:], names, strict=True):
            entry["beside_neighbour"] = beside_neighbour(name, options.trials)["ratio"]
        results["lessons"] = {name: beside_neighbour(name, options.trials) for name in LESSONS}
    print(
        f"\n{results['machine']}\n\n{as_text(results)}\n\nwritten to {write_results(results, out)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
