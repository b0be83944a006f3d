"""Named directions in the styles of the shipped StyleGANs, found as in lesson 12, and counted.

`python -m maintain directions` measures what docs/results/directions.json lacks. The page that
draws shows them.
"""

import argparse
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data import cats, critters, toons
from gan_course.evaluation.disentanglement import labelled_direction
from gan_course.evaluation.features import FeatureReader, read_answers
from gan_course.evaluation.readers import load_reader
from gan_course.inference.generate import generate, latents, style_resolutions, styles
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.weights.stylegans import load_stylegan
from maintain.studies.table import Row, fill

NAME = "directions"
N_LABELLED, N_EDITED, STEPS = 4_000, 100, 10.0
LEVELS = {"coarse": (4, 8), "middle": (16, 16), "fine": (32, 64)}
ASKED = {
    "stylegan-cats64": {
        name: cats.FACTORS[name] for name in ("colour", "fur", "background", "lamp")
    },
    "stylegan-critters64": {
        name: critters.FACTORS[name] for name in ("texture", "body_colour", "background")
    },
    "stylegan-toons64": {name: toons.FACTORS[name] for name in ("hair", "skin", "background")},
}


def run() -> None:
    """Find and count the directions of every value that the table lacks."""
    for weights, asked in ASKED.items():
        G = load_stylegan(weights)
        reader = load_reader(weights.removeprefix("stylegan-").removesuffix("64"))
        w, answers = label(G, reader)
        rows = [
            {"weights": weights, "factor": factor, "value": value}
            for factor, values in asked.items()
            for k, value in enumerate(values)
            if 0.03 < (answers[factor] == k).double().mean() < 1
        ]

        measure = partial(count, G, reader, w, answers)
        facts = {"labelled": N_LABELLED, "edited": N_EDITED, "steps": STEPS}
        fill(NAME, rows, measure, facts, "python -m maintain directions")


@torch.no_grad()
def label(G: StyleGANGenerator, reader: FeatureReader) -> tuple[Tensor, dict[str, Tensor]]:
    """w of many pictures, (N, w_dim), and what the feature network reads in each."""
    z = latents(range(N_LABELLED), G.z_dim)
    parts = [read_answers(reader, generate(G, styles(G, part))) for part in z.split(500)]
    return G.mapping(z), {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def count(
    G: StyleGANGenerator, reader: FeatureReader, w: Tensor, answers: dict[str, Tensor], row: Row
) -> Row:
    """The direction of one value, the level at which it works best, and how often it does.

    Args:
        G: in evaluation mode.
        reader: answers the question that the row's factor is.
        w: (N, w_dim).
        answers: what it reads in the picture of each.
        row: names weights, factor and value.
    """
    factor = row["factor"]
    wanted = ASKED[row["weights"]][factor].index(row["value"])
    has = answers[factor] == wanted
    direction, size = labelled_direction(w, has), (w - w.mean(0)).square().mean().sqrt()
    start = w[~has][:N_EDITED, None].repeat(1, G.num_ws, 1)
    works = {}
    for level, (low, high) in LEVELS.items():
        numbers = [k for k, side in enumerate(style_resolutions(G)) if low <= side <= high]
        edited = start.clone()
        edited[:, numbers] += STEPS * size * direction
        arrived = read_answers(reader, generate(G, edited))[factor] == wanted
        works[level] = round(arrived.double().mean().item(), 3)
    best = max(works, key=lambda level: works[level])
    return {
        "works": works,
        "level": best,
        "size": round(size.item(), 4),
        "direction": [round(value, 4) for value in direction.tolist()],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the directions."""
    parser = OneLineParser(prog="python -m maintain directions", description=__doc__)
    return run_command(parser, arguments, _run)


def _run(_: argparse.Namespace) -> int:
    run()
    return 0
