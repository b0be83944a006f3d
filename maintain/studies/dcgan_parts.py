"""What are the parts of lesson 02's DCGAN for? Its training, with one part changed at a time.

`python -m maintain dcgan_parts` trains what docs/results/dcgan-parts.json lacks, and keeps eight
pictures of each arm in docs/results/dcgan-parts.png. The lesson reads both.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.batches import to_bytes
from gan_course.data.fashion import load_fashion
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import features_of
from gan_course.evaluation.readers import load_reader
from gan_course.inference import generate
from gan_course.lessons.l02_images.config import PROFILES
from gan_course.runtime import choose_runtime
from gan_course.training.dcgan import build_dcgan
from gan_course.training.loop import fit
from maintain.studies.strips import keep_strip, save_sheet
from maintain.studies.table import Row, fill

NAME = "dcgan-parts"
CONFIG = PROFILES["fast"].dcgan
SEEDS = (0, 1, 2)
N_SAMPLES, N_SHOWN = 1_000, 8
WIDE = 10  # times the first weights: a standard deviation of 0.2, not 0.02
ARMS: Mapping[str, Mapping[str, Any]] = {  # the fields of `CONFIG` that differ
    "as in the lesson": {},
    "no BatchNorm": {},
    "first weights of 0.2": {},
    "learning rate of 0.0002": {"lr": 2e-4},
    "beta1 of 0.9": {"betas": (0.9, 0.999)},
}


def train_and_measure(row: Row) -> Row:
    """One training: precision and recall of the averaged G and of G itself."""
    images, _ = load_fashion("train")
    config = replace(CONFIG, **ARMS[row["arm"]])
    training = build_dcgan(config, images, seed=row["seed"], runtime=choose_runtime())
    step = training.step
    for network in (step.G, step.D, step.G_ema):
        change(network, row["arm"])
    fit(step, training.batches, n_steps=config.n_steps)
    reader, z = load_reader("fashion"), generate.latents(range(N_SAMPLES), config.z_dim)
    known, found = features_of(reader, load_fashion("test")[0][:N_SAMPLES]), {}
    for name, network in (("G_ema", step.G_ema), ("G", step.G)):
        drawn = draw(network.eval(), z.to(step.runtime.device))
        precision, recall = precision_recall(known, features_of(reader, drawn))
        found[name] = {"precision": round(precision, 3), "recall": round(recall, 3)}
        if name == "G_ema" and row["seed"] == SEEDS[0]:
            keep_strip(NAME, row["arm"], drawn[:N_SHOWN].expand(-1, 3, -1, -1))
    return found


@torch.no_grad()
def change(network: nn.Module, arm: str) -> None:
    """Take BatchNorm out of a new G or D, or widen its first weights, as the arm asks."""
    layers = network.layers
    for k, layer in enumerate(layers):
        if arm == "no BatchNorm" and isinstance(layer, nn.BatchNorm2d):
            layers[k] = nn.Identity()
        if arm == "first weights of 0.2" and isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.mul_(WIDE)


@torch.no_grad()
def draw(G: nn.Module, z: Tensor) -> Tensor:
    """Latent vectors (n, z_dim) to pictures (n, 1, 28, 28) uint8, on the CPU."""
    return torch.cat([to_bytes(G(part).float().cpu()) for part in z.split(250)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain dcgan_parts", description=__doc__.splitlines()[0]
    )
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    rows = [{"arm": arm, "seed": seed} for seed in SEEDS for arm in ARMS]
    facts = {"n_steps": CONFIG.n_steps, "samples": N_SAMPLES}
    fill(NAME, rows, train_and_measure, facts, "python -m maintain dcgan_parts")
    save_sheet(NAME, list(ARMS))
    return 0
