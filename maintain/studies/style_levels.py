"""Which level of styles moves which factor, counted on the shipped StyleGANs as in lesson 12.

`python -m maintain style_levels` measures what docs/results/style_levels.json lacks, and writes
docs/results/style_levels.md.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.evaluation.disentanglement import interval
from gan_course.evaluation.features import FeatureReader, read_answers
from gan_course.evaluation.readers import load_reader
from gan_course.files import atomic_write
from gan_course.inference.generate import generate, latents, style_resolutions, styles
from gan_course.lessons.results import recorded, results_file
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.weights.stylegans import load_stylegan
from maintain.studies.table import Row, fill

NAME, N_PAIRS = "style_levels", 400
WEIGHTS = ("stylegan-critters64", "stylegan-cats64")
# Swap -> the resolutions whose styles come from another picture.
SWAPS = {"coarse": (4, 8), "middle": (16, 16), "fine": (32, 64), "all": (4, 64)}
FLOOR = "1 px to the right"  # the same picture, moved: what the reader alone changes its mind about


def run() -> None:
    """Count every swap that the table lacks, and write the page."""
    for weights in WEIGHTS:
        G = load_stylegan(weights)
        reader = load_reader(weights.removeprefix("stylegan-").removesuffix("64"))
        rows = [{"weights": weights, "swap": swap} for swap in (FLOOR, *SWAPS)]
        facts = {"pairs": N_PAIRS, "interval": "Wilson, 95 %"}
        command = "python -m maintain style_levels"
        fill(NAME, rows, lambda row, G=G, reader=reader: count(G, reader, row), facts, command)
    with atomic_write(results_file(NAME).with_suffix(".md")) as temporary:
        temporary.write_text(page(recorded(NAME)), encoding="utf-8")


@torch.no_grad()
def count(G: StyleGANGenerator, reader: FeatureReader, row: Row) -> Row:
    """How often each answer changes: factor -> share, lower and upper end of its interval.

    Args:
        G: in evaluation mode.
        reader: answers the questions of G's world.
        row: names the swap.
    """
    ws = styles(G, latents(range(2 * N_PAIRS), G.z_dim))
    ours, others = ws.split(N_PAIRS)
    before = _answers(reader, _draw(G, ours))
    if row["swap"] == FLOOR:
        after = _answers(reader, _draw(G, ours).roll(1, dims=3))
    else:
        low, high = SWAPS[row["swap"]]
        numbers = [k for k, side in enumerate(style_resolutions(G)) if low <= side <= high]
        mixed = ours.clone()
        mixed[:, numbers] = others[:, numbers]
        after = _answers(reader, _draw(G, mixed))
    changed = {
        factor: (before[factor] != after[factor]).double().mean().item() for factor in before
    }
    return {
        "changed": {
            factor: [round(value, 3) for value in (share, *interval(share, N_PAIRS))]
            for factor, share in changed.items()
        }
    }


def _draw(G: StyleGANGenerator, ws: Tensor) -> Tensor:
    return torch.cat([generate(G, part) for part in ws.split(100)])


def _answers(reader: FeatureReader, images: Tensor) -> dict[str, Tensor]:
    parts = [read_answers(reader, part) for part in images.split(100)]
    return {factor: torch.cat([part[factor] for part in parts]) for factor in parts[0]}


def page(table: Mapping[str, Any]) -> str:
    """The table as Markdown, a matrix for each network."""
    text = [
        "# Which level of styles moves which factor",
        f"Per cent of {table['pairs']} generated pictures in which a feature network's answer"
        f" changes when the styles of a level come from another picture, with its interval"
        f" ({table['interval']}). The first row of each matrix is what it changes its mind about"
        " when the same picture moves by one pixel; the last, all styles exchanged, is the most"
        f" that can change. Written by `{table['command']}` at commit {table['commit']}.",
    ]
    for weights in dict.fromkeys(row["weights"] for row in table["rows"]):
        rows = [row for row in table["rows"] if row["weights"] == weights]
        factors = list(rows[0]["changed"])
        lines = [
            f"## {weights}",
            "",
            "| swap | " + " | ".join(name.replace("_", " ") for name in factors) + " |",
            "| --- |" + " --- |" * len(factors),
        ]
        for row in rows:
            cells = [
                "{:.0f} ({:.0f}-{:.0f})".format(*(100 * value for value in row["changed"][factor]))
                for factor in factors
            ]
            lines.append(f"| {row['swap']} | " + " | ".join(cells) + " |")
        text.append("\n".join(lines))
    return "\n\n".join(text) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Count the swaps; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain style_levels", description=__doc__)
    return run_command(parser, arguments, _run)


def _run(_: argparse.Namespace) -> int:
    run()
    return 0
