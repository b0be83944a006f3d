"""CycleGAN's ablations: parts taken away, over seeds, measured against the truth.

`python -m maintain cyclegan_ablations NAME` runs what is missing in docs/results/NAME.json. The
lessons read the files.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data import critters
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.evaluation.paired import intersection_over_union, l1_error, sea_mask
from gan_course.inference.translate import in_parts
from gan_course.runtime import choose_runtime
from gan_course.training.cyclegan import CycleGANConfig, CycleGANStep, build_cyclegan
from gan_course.training.loop import fit
from maintain.studies.table import Row, fill

SEEDS = (0, 1, 2)
N_TRAIN, N_TEST = 4_000, 300


@dataclass(frozen=True)
class Ablation:
    """One table: which domains, which arms, what is measured.

    Attributes:
        A: a key of `DOMAINS`.
        B: another.
        config: of the complete training.
        arms: what names an arm in its row -> the fields of `config` that differ in it.
        measure: from a trained step to the figures of its row.
    """

    A: str
    B: str
    config: CycleGANConfig
    arms: tuple[tuple[Row, Mapping[str, Any]], ...]
    measure: Callable[[CycleGANStep], Row]


def run(name: str) -> None:
    """Train and measure every arm and seed that the table lacks, and write each row at once."""
    table = TABLES[name]

    def measure(row: Row) -> Row:
        changes = next(changes for label, changes in table.arms if row.items() >= label.items())
        return train_and_measure(table, replace(table.config, **changes), row["seed"])

    rows = [label | {"seed": seed} for seed in SEEDS for label, _ in table.arms]
    command = f"python -m maintain cyclegan_ablations {name}"
    fill(name, rows, measure, {"n_steps": table.config.n_steps}, command)


def train_and_measure(table: Ablation, config: CycleGANConfig, seed: int) -> Row:
    """One training between the domains of a table, and its figures."""
    images_A, images_B = (
        load_domain(name, n=N_TRAIN, resolution=config.img_resolution, seed=2 * seed + side)
        for side, name in enumerate((table.A, table.B))
    )
    training = build_cyclegan(config, images_A, images_B, seed=seed, runtime=choose_runtime())
    fit(training.step, training.batches, n_steps=config.n_steps)
    return {name: round(value, 4) for name, value in table.measure(training.step).items()}


def _measure_critters(step: CycleGANStep) -> Row:
    plain, factors = critters.load_critters(
        "test", n=N_TEST, resolution=32, seed=0, texture="plain"
    )
    striped = to_float(
        critters.draw_critters(critters.twin(factors, "texture", "stripes"), resolution=32)
    )
    plain = to_float(plain)
    to_striped, to_plain = (_applied(step, letters) for letters in ("G_AB", "G_BA"))
    made = to_striped(plain)
    return {
        "to_striped": float(l1_error(made, striped).mean()),
        "to_plain": float(l1_error(to_plain(striped), plain).mean()),
        "round_trip": float(l1_error(to_plain(made), plain).mean()),
    }


def _measure_earth(step: CycleGANStep) -> Row:
    satellite, chart = (
        to_float(load_domain(name, "test", n=N_TEST, resolution=32, seed=0))
        for name in ("earth-satellite", "earth-map")
    )
    made = _applied(step, "G_AB")(satellite)
    return {
        "to_map": float(l1_error(made, chart).mean()),
        "sea_iou": intersection_over_union(sea_mask(made), sea_mask(chart)),
        "to_satellite": float(l1_error(_applied(step, "G_BA")(chart), satellite).mean()),
    }


def _applied(step: CycleGANStep, letters: str) -> Callable[[Tensor], Tensor]:
    return lambda images: in_parts(step.best(letters), images)


_PRIORS = {"none": {"residual": False, "lambda_identity": 0.0}, "residual and identity": {}}
TABLES = {
    "cycle-prior": Ablation(
        "critters-plain",
        "critters-striped",
        CycleGANConfig(
            n_steps=500,
            batch_size=8,
            img_resolution=32,
            base_channels=16,
            n_blocks=3,
            norm="none",
            d_base_channels=32,
            n_layers=2,
            d_norm="none",
            r1_gamma=3.0,
            lr=6e-4,
            lambda_identity=2.0,
            residual=True,
            coordinates=4,
            ema_decay=0.98,
        ),
        tuple(
            ({"prior": prior, "lambda_cycle": weight}, changes | {"lambda_cycle": weight})
            for prior, changes in _PRIORS.items()
            for weight in (0.0, 10.0)
        ),
        _measure_critters,
    ),
    "earth-ablation": Ablation(
        "earth-satellite",
        "earth-map",
        CycleGANConfig(
            n_steps=500,
            batch_size=8,
            img_resolution=32,
            base_channels=16,
            n_blocks=3,
            d_base_channels=24,
            n_layers=2,
            d_norm="none",
            r1_gamma=2.0,
            lr=5e-4,
            ema_decay=0.98,
        ),
        (
            ({"arm": "cycle alone"}, {"lambda_gan": 0.0}),
            ({"arm": "GAN alone"}, {"lambda_cycle": 0.0}),
            ({"arm": "GAN + forward"}, {"backward": False}),
            ({"arm": "GAN + backward"}, {"forward": False}),
            ({"arm": "full"}, {}),
        ),
        _measure_earth,
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table named; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain cyclegan_ablations", description=__doc__)
    parser.add_argument("name", choices=list(TABLES))
    return run_command(parser, arguments, _run_table)


def _run_table(options: argparse.Namespace) -> int:
    torch.manual_seed(0)
    run(options.name)
    return 0
