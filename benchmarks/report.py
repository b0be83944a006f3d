"""Measured rows as JSON, as a table on the terminal and as a page."""

import json
from pathlib import Path

from benchmarks.compare import Comparison
from benchmarks.machine import CONVOLUTION
from benchmarks.rows import Row
from gan_course.files import atomic_write

HEADER = (
    "step", "sizes", "course", "plain", "times as fast", "quartiles", "as on an old machine",
    "with one busy neighbour", "GFLOP", "share, course", "share, plain",
)  # fmt: skip


def row_entry(row: Row, measured: Comparison, flops: int, rates: dict[str, float]) -> dict:
    """One row for the JSON file.

    Args:
        row: what was measured.
        measured: A is the course's step, B the plain one.
        flops: of one plain step.
        rates: the machine's convolution rates in FLOP/s, "course" and "plain".
    """
    low, high = measured.quartiles
    ceiling = rates["course" if row.fast_path else "plain"]
    return {
        "step": row.title,
        "sizes": row.sizes,
        "seconds_course": measured.median_a,
        "seconds_plain": measured.median_b,
        "ratio": measured.ratio,
        "quartiles": [low, high],
        "flops": flops,
        "share_course": flops / measured.median_a / ceiling,
        "share_plain": flops / measured.median_b / rates["plain"],
    }


def table(results: dict) -> list[list[str]]:
    """The figures of a run as text, one list a row, without the header."""
    return [
        [
            row["step"],
            row["sizes"],
            f"{1000 * row['seconds_course']:.1f} ms",
            f"{1000 * row['seconds_plain']:.1f} ms",
            f"{row['ratio']:.2f}",
            f"{row['quartiles'][0]:.2f} to {row['quartiles'][1]:.2f}",
            f"{row['ratio_old']:.2f}" if "ratio_old" in row else "",
            f"{row['beside_neighbour']:.2f}" if "beside_neighbour" in row else "",
            f"{row['flops'] / 1e9:.3g}",
            _percent(row["share_course"]),
            _percent(row["share_plain"]),
        ]
        for row in results["rows"]
    ]


def as_text(results: dict) -> str:
    """The table with aligned columns, for the terminal."""
    lines = [list(HEADER), *table(results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def as_markdown(results: dict) -> str:
    """The page: what ran where, the table, and how to read it."""
    rates, (before, after) = results["rates"], results["load"]
    lines = [list(HEADER), ["---"] * len(HEADER), *table(results)]
    return f"""# Speed

Written by `make bench` on {results["date"]}, commit {results["commit"]}, {results["rounds"]}
rounds.

Machine: {results["machine"]}. Load average {before:.2f} before and {after:.2f} after (our own
threads count).

{chr(10).join(f"| {' | '.join(line)} |" for line in lines)}

How to read it: the machine is shared and noisy, so believe the ratios and not the times. The
course's step and the plain one run in turn in one process; each round gives one ratio, and the
table shows their median, which says how many times as fast the course's step is, and their
quartiles. *Plain* is the same algorithm on the same networks in float32, NCHW, eager, with Adam as
PyTorch makes it by default. *GFLOP* counts convolutions and matrix products of one plain step, with
`torch.utils.flop_counter`. A *share* is GFLOP over time, as a part of what this machine reached on
{CONVOLUTION}: {rates["course"] / 1e9:.0f} GFLOP/s in the course's precision and layout,
{rates["plain"] / 1e9:.0f} in float32 and NCHW, with all tensors ready in both. That convolution
is not the fastest that there is, so a share can pass 100 %. The ring step is
float32 throughout, and its shares are of the second rate.

*As on an old machine*: times as fast where both compute as on a processor with AVX2 alone, in
float32. *With one busy neighbour*: how many times as long a step of the course takes while another
program keeps one core busy, quiet and busy processes in turn.{_lessons(results)}
"""


def _lessons(results: dict) -> str:
    """A sentence on the lessons' live trainings beside a busy neighbour, where measured."""
    parts = []
    for name, row in results.get("lessons", {}).items():
        times = (
            f"{1000 * row['quiet']:.0f} ms quiet, {1000 * row['busy']:.0f} ms busy"
            f" ({row['ratio']:.2f})"
        )
        parts.append(f"{name.replace('-', ' ')} {times}")
    return f" Live trainings: {'; '.join(parts)}." if parts else ""


def write_results(results: dict, folder: Path) -> Path:
    """Write `speed.json` and `speed.md`; returns the page."""
    with atomic_write(folder / "speed.json") as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n")
    with atomic_write(folder / "speed.md") as temporary:
        temporary.write_text(as_markdown(results), encoding="utf-8")
    return folder / "speed.md"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"
