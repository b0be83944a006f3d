"""StyleGAN's configurations A to F at the course's scale: one budget, three seeds, measured alike.

`python -m maintain stylegan_ladder` runs what is missing in docs/results/style-ladder.json; lesson
11 reads the file.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.critters import load_critters
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import features_of
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.readers import load_reader
from gan_course.models.progressive import upsample
from gan_course.runtime import choose_runtime
from gan_course.training.loop import fit
from gan_course.training.stylegan import StyleGANConfig, StyleGANStep, build_stylegan
from maintain.studies.table import Row, fill

NAME, SEEDS = "style-ladder", (0, 1, 2)
N_TRAIN, N_TEST = 8_000, 2_000
# F, with everything; the others are this one with parts taken away.
LADDER = StyleGANConfig(
    n_steps=1_200,
    img_resolution=32,
    z_dim=64,
    w_dim=64,
    n_mapping=4,
    mapping_lr=0.1,
    channel_base=512,
    channel_max=48,
    d_channel_base=512,
    lr=0.005,
    ema_decay=0.99,
    start_resolution=8,
    stable_steps=150,
    fade_steps=75,
)
_A = {
    "smooth": False,
    "styles": False,
    "constant": False,
    "noise": False,
    "n_mapping": 0,
    "mixing": 0.0,
}
_C = {"constant": False, "noise": False, "mixing": 0.0}
STEPS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "A": ("progressive GAN", _A),
    "B": ("+ low-pass filters", _A | {"smooth": True}),
    "C": ("+ mapping and styles", _C),
    "D": ("+ constant start", _C | {"constant": True}),
    "E": ("+ noise", {"mixing": 0.0}),
    "F": ("+ mixing", {}),
}
"""Configuration -> what it adds, and the fields of the full configuration that differ in it.

The paper's B also changes other things (training time, rates, on FFHQ the loss); ours adds the
filters alone.
"""


def run() -> None:
    """Train and measure every row that the table lacks, and write each at once."""

    def measure(row: Row) -> Row:
        _, changes = STEPS[row["config"]]
        return train_and_measure(replace(LADDER, **changes), row["seed"])

    rows = [{"config": letter, "seed": seed} for seed in SEEDS for letter in STEPS]
    facts = {
        "n_steps": LADDER.n_steps,
        "batch_size": LADDER.batch_size,
        "img_resolution": LADDER.img_resolution,
    }
    fill(NAME, rows, measure, facts, "python -m maintain stylegan_ladder")


def train_and_measure(config: StyleGANConfig, seed: int) -> dict[str, float]:
    """One training's distance from real critters: Fréchet distance, precision, recall (k = 3).

    Pictures of less than 64 px are enlarged for the reader; real ones likewise.
    """
    images, _ = load_critters("train", n=N_TRAIN, resolution=config.img_resolution, seed=seed)
    training = build_stylegan(config, images, seed=seed, runtime=choose_runtime())
    fit(training.step, training.batches, n_steps=config.n_steps)
    real, _ = load_critters("train", n=N_TEST, resolution=config.img_resolution, seed=100)
    reader = load_reader("critters")
    known, made = (
        features_of(reader, _enlarged(some)) for some in (real, _sample(training.step, N_TEST))
    )
    precision, recall = precision_recall(known, made)
    return {
        "frechet": round(frechet_distance(known, made), 2),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
    }


@torch.no_grad()
def _sample(step: StyleGANStep, n: int) -> torch.Tensor:
    z = torch.randn(n, step.G.z_dim, generator=torch.Generator().manual_seed(1)).to(
        step.runtime.device
    )
    return torch.cat([step.preview(part).cpu() for part in z.split(250)])


def _enlarged(images: torch.Tensor) -> torch.Tensor:
    images = images.float() / 127.5 - 1 if images.dtype == torch.uint8 else images
    while images.shape[-1] < 64:
        images = upsample(images, smooth=False)
    return images


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain stylegan_ladder", description=__doc__.splitlines()[0]
    )
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    run()
    return 0
