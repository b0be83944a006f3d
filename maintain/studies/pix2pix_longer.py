"""What do lesson 05's four objectives become after ten times as many steps?

`python -m maintain pix2pix_longer` trains what docs/results/pix2pix-longer.json lacks, and keeps
six translated tiles of each objective in docs/results/pix2pix-longer.png. The lesson reads both.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.batches import to_bytes, to_float
from gan_course.data.domains import load_domain
from gan_course.evaluation.paired import edge_correlation, l1_error
from gan_course.lessons.l05_paired.config import PROFILES
from gan_course.runtime import choose_runtime
from gan_course.training.loop import fit
from gan_course.training.pix2pix import Pix2PixStep, build_pix2pix
from maintain.studies.strips import keep_strip, save_sheet
from maintain.studies.table import Row, fill

NAME = "pix2pix-longer"
FAST = PROFILES["fast"]
CONFIG = replace(FAST.pix2pix, n_steps=10 * FAST.pix2pix.n_steps)
N_PAIRS, N_HIDDEN = 20_000, FAST.n_hidden  # more pairs than the lesson: each is seen a few times
SHOWN = (0, 1, 2, 3, 10, 15)  # the lesson's tiles
ARMS: Mapping[str, Mapping[str, Any]] = {  # the fields of `CONFIG` that differ
    "L1": {"lambda_gan": 0.0},
    "L1 + GAN": {},
    "conditional GAN": {"lambda_l1": 0.0},
    "unconditional GAN": {"lambda_l1": 0.0, "conditional": False},
}


def train_and_measure(row: Row) -> Row:
    """One training: error, detail, edges, and how far two drawings of a tile differ."""
    config = replace(CONFIG, **ARMS[row["arm"]])
    train_A, train_B = load_pairs("train", N_PAIRS)
    training = build_pix2pix(config, train_A, train_B, seed=row["seed"], runtime=choose_runtime())
    fit(training.step, training.batches, n_steps=config.n_steps)
    hidden_A, hidden_B = (to_float(view) for view in load_pairs("test", N_HIDDEN))
    one, other = (translate(training.step, hidden_A, seed=seed) for seed in (1, 2))
    keep_strip(NAME, row["arm"], to_bytes(one[list(SHOWN)]))
    error = l1_error(one, hidden_B).mean().item()
    return {
        "L1 error": round(error, 4),
        "detail": round(roughness(one) / roughness(hidden_B), 3),
        "edge correlation": round(edge_correlation(one, hidden_B).mean().item(), 3),
        "apart / error": round(l1_error(one, other).mean().item() / error, 3),
    }


def load_pairs(split: str, n: int) -> list[Tensor]:
    """The same places as a satellite sees them and as the map shows them, (n, 3, H, W) uint8."""
    return [
        load_domain(name, split, n=n, resolution=CONFIG.img_resolution, seed=0)
        for name in ("earth-satellite", "earth-map")
    ]


@torch.no_grad()
def translate(step: Pix2PixStep, images: Tensor, *, seed: int) -> Tensor:
    """G's pictures of (N, 3, H, W) in [-1, 1], with dropout by a seed of its own."""
    generator = step.runtime.generator(seed)
    with step.runtime.autocast():
        parts = [
            step.G(part.to(step.runtime.device), generator=generator) for part in images.split(64)
        ]
    return torch.cat(parts).float().cpu()


def roughness(images: Tensor) -> float:
    """The mean difference between neighbouring pixels of the grey pictures, down and across."""
    grey = images.mean(1)
    return (grey.diff(dim=1).abs().mean() + grey.diff(dim=2).abs().mean()).item()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain pix2pix_longer", description=__doc__.splitlines()[0]
    )
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    rows = [{"arm": arm, "seed": 0} for arm in ARMS]
    facts = {"n_steps": CONFIG.n_steps, "pairs": N_PAIRS, "hidden tiles": N_HIDDEN}
    fill(NAME, rows, train_and_measure, facts, "python -m maintain pix2pix_longer")
    save_sheet(NAME, list(ARMS))
    return 0
