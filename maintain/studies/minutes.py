"""Recipes for the live minutes of lessons 09 and 11, compared on the small world of cats.

`python -m maintain minutes` trains what is missing in docs/results/minutes.json, one after the
other, and writes docs/results/minutes.md. How long the lessons' own recipes take is in the records
of `make course`.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data import cats
from gan_course.data.batches import to_float
from gan_course.data.cats import load_cats
from gan_course.evaluation.features import features_of, read_answers
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.readers import load_reader
from gan_course.files import atomic_write
from gan_course.inference import generate
from gan_course.lessons.l09_growing.config import PROFILES as GROWING
from gan_course.lessons.l11_stylegan.config import PROFILES as STYLEGAN
from gan_course.lessons.results import recorded, results_file
from gan_course.runtime import choose_runtime
from gan_course.training.loop import fit
from gan_course.training.stylegan import StyleGANConfig, build_stylegan
from maintain.studies.table import Row, fill

NAME, SEEDS = "minutes", (0, 1, 2)
N_TRAIN, N_TEST = 8_000, 1_000
LESSONS: Mapping[str, StyleGANConfig] = {
    "09": GROWING["fast"].stylegan,
    "11": STYLEGAN["fast"].stylegan,
}
# Lesson -> recipe -> the fields in which it differs from what the lesson has.
RECIPES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "11": {
        "the lesson's": {},
        "with noise inputs": {"noise": True},
        "without positions": {"positions": False},
        "rate 4e-3": {"lr": 4e-3},
        "weaker penalties": {"r1_gamma": 1.0, "r2_gamma": 1.0},
        "AdaIN": {"architecture": "stylegan", "positions": False},
    },
    "09": {
        "the lesson's": {},
        "32 px from the start": {"start_resolution": 0, "n_steps": GROWING["fast"].n_steps_flat},
        "logistic loss, R1": {"loss": "logistic", "r1_gamma": 1.0, "r2_gamma": 0.0},
    },
}


def run() -> None:
    """Train and measure every row that the table lacks, write each at once, and then the page."""
    rows = [
        {"lesson": lesson, "recipe": recipe, "seed": seed}
        for seed in SEEDS
        for lesson, recipes in RECIPES.items()
        for recipe in recipes
        if seed == 0 or recipe in ("the lesson's", "32 px from the start")
    ]

    def measure(row: Row) -> Row:
        changes = RECIPES[row["lesson"]][row["recipe"]]
        return train_and_measure(replace(LESSONS[row["lesson"]], **changes), row["seed"])

    facts = {"world": "cats-small", "img_resolution": 32, "samples": N_TEST}
    fill(NAME, rows, measure, facts, "python -m maintain minutes")
    with atomic_write(results_file(NAME).with_suffix(".md")) as temporary:
        temporary.write_text(page(recorded(NAME)), encoding="utf-8")


def train_and_measure(config: StyleGANConfig, seed: int) -> Row:
    """One training: its distance from real cats, the same over a Gaussian's, and colours found."""
    images, _ = load_cats(n=N_TRAIN, resolution=32, seed=seed, small=True)
    training = build_stylegan(config, images, seed=seed, runtime=choose_runtime())
    fit(training.step, training.batches, n_steps=config.n_steps)
    z = generate.latents(range(N_TEST), config.z_dim).to(training.step.runtime.device)
    drawn = torch.cat([training.step.preview(part).cpu() for part in z.split(250)])
    real, _ = load_cats("test", n=N_TEST, resolution=32, small=True)
    reader = load_reader("cats").requires_grad_(False)
    known, made, gaussian = (
        features_of(reader, _enlarged(some))
        for some in (to_float(real), drawn, _gaussian_of_pixels(to_float(images[:4_000]), N_TEST))
    )
    colours = torch.bincount(
        read_answers(reader, _enlarged(drawn))["colour"], minlength=len(cats.COLOURS)
    )
    common = [
        name
        for name, count in zip(cats.COLOURS, colours.tolist(), strict=True)
        if name in cats.SMALL["colour"] and count >= 0.02 * N_TEST
    ]
    distance = frechet_distance(known, made)
    return {
        "steps": config.n_steps,
        "frechet": round(distance, 1),
        "share of the Gaussian's": round(distance / frechet_distance(known, gaussian), 2),
        "colours of six": len(common),
    }


def page(table: Mapping[str, Any]) -> str:
    """The recorded table as Markdown."""
    columns = ("lesson", "recipe", "seed", "steps")
    columns += ("frechet", "share of the Gaussian's", "colours of six")
    lines = [
        "# Recipes for a minute",
        "",
        f"Written by `{table['command']}` at commit {table['commit']} on {table['hardware']}.",
        f"The world is {table['world']}, drawn at {table['img_resolution']} px. A recipe differs",
        f"from the lesson's in what it names. Distances are taken over {table['samples']:,}",
        "pictures by the feature network of cats; the Gaussian is that of the training pictures'",
        "pixels, with 64 principal components. A colour counts if one cat in fifty has it.",
        "",
        "| " + " | ".join(columns) + " |",
        "| " + " | ".join("---" for _ in columns) + " |",
    ]
    rows = sorted(table["rows"], key=lambda row: (row["lesson"], row["recipe"], row["seed"]))
    lines += ["| " + " | ".join(str(row[name]) for name in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _gaussian_of_pixels(images: Tensor, n: int, k: int = 64) -> Tensor:
    x = images.flatten(1)
    torch.manual_seed(0)  # of pca_lowrank
    _, spread, directions = torch.pca_lowrank(x, k, niter=4)
    z = torch.randn(n, k, generator=torch.Generator().manual_seed(0)) * spread / len(x) ** 0.5
    return (x.mean(0) + z @ directions.T).clamp(-1, 1).unflatten(1, images.shape[1:])


def _enlarged(images: Tensor) -> Tensor:
    return interpolate(images, size=64)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain minutes", description=__doc__.splitlines()[0])
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    run()
    return 0
