"""How many pictures does a DCGAN need, and what helps where there are few?

`python -m maintain few_pictures` trains what is missing in docs/results/few-pictures.json, one
after the other, and writes docs/results/few-pictures.md and, of each training, eight pictures.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.batches import to_bytes, to_float
from gan_course.data.cats import load_cats
from gan_course.evaluation.features import FeatureReader, features_of
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.memorisation import copied_share
from gan_course.evaluation.readers import load_reader
from gan_course.files import atomic_write
from gan_course.inference import generate
from gan_course.lessons.results import recorded, results_file
from gan_course.runtime import choose_runtime
from gan_course.training.bundle import Training
from gan_course.training.dcgan import build_dcgan
from gan_course.training.loop import fit
from gan_course.weights.starts import load_start
from maintain.studies.strips import keep_strip, save_sheet
from maintain.studies.table import Row, fill
from maintain.weights.dcgan import CRITTERS32

NAME, START = "few-pictures", "dcgan-critters32"
COUNTS = (50, 200, 1_000, 5_000, 48_000)  # of the last, no picture is seen twice
REMEDIES = ("nothing", "mirrored", "augmented", "from critters")
DECISIVE = (200,)  # pictures, with three seeds
N_STEPS = 1_500
REPEATED = ("nothing", "augmented")
LONGER = (  # steps, numbers of pictures, seeds: what more time brings, to REPEATED
    (4_000, (50, 200), (0,)),
    (12_000, (200,), (0, 1, 2)),
)
SHEETS = {N_STEPS: NAME, LONGER[-1][0]: f"{NAME}-long"}
N_TEST, N_SHOWN, N_MEASURED = 1_000, 8, 5
CONFIG = CRITTERS32
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "mirrored": {"mirror": True},
    "augmented": {"augment": True},
    "from critters": {},
}


def run() -> None:
    """Train and measure every row that the table lacks, write each at once, and then the page."""
    rows = [
        {"pictures": count, "remedy": remedy, "seed": seed, "steps": N_STEPS}
        for seed in range(3)
        for count in COUNTS
        for remedy in REMEDIES
        if seed == 0 or count in DECISIVE
    ]
    rows += [
        {"pictures": count, "remedy": remedy, "seed": seed, "steps": n_steps}
        for n_steps, counts, seeds in LONGER
        for seed in seeds
        for count in counts
        for remedy in REPEATED
    ]
    facts = {
        "world": "cats",
        "img_resolution": 32,
        "batch_size": CONFIG.batch_size,
        "samples": N_TEST,
    }
    fill(NAME, rows, train_and_measure, facts, "python -m maintain few_pictures")
    with atomic_write(results_file(NAME).with_suffix(".md")) as temporary:
        temporary.write_text(page(recorded(NAME)), encoding="utf-8")


def train_and_measure(row: Row) -> Row:
    """One training: distances on the way, and at its end copies and what D takes for real."""
    images, _ = load_cats(n=row["pictures"], resolution=32, seed=row["seed"])
    config = replace(CONFIG, n_steps=row["steps"], **CHANGES[row["remedy"]])
    training = build_dcgan(config, images, seed=row["seed"], runtime=choose_runtime())
    if row["remedy"] == "from critters":
        load_start(START, "dcgan").load_into(training)
    held_out, _ = load_cats("test", n=N_TEST, resolution=32)
    reader = load_reader("cats").requires_grad_(False)
    known, distances, made = _features(reader, held_out), {}, torch.empty(0)
    every = config.n_steps // N_MEASURED
    for n_steps in range(every, config.n_steps + 1, every):
        fit(training.step, training.batches, n_steps=n_steps)
        drawn = draw(training, N_TEST)
        made = _features(reader, drawn)
        distances[str(n_steps)] = round(frechet_distance(known, made), 1)
    if row["seed"] == 0 and row["steps"] in SHEETS:
        keep_strip(SHEETS[row["steps"]], f"{row['pictures']}-{row['remedy']}", drawn[:N_SHOWN])
    seen = _features(reader, images[:5_000])
    return {
        "distance": distances[str(config.n_steps)],
        "distances": distances,
        "copies": round(copied_share(seen, known, made), 3),
        "overfitting": round(overfitting(training, images[:N_TEST], held_out, drawn), 2),
    }


def draw(training: Training, n: int) -> Tensor:
    """Pictures of the averaged generator: (n, 3, H, W) uint8."""
    step = training.step
    z = generate.latents(range(n), CONFIG.z_dim).to(step.runtime.device)
    return torch.cat([to_bytes(step.preview(part).cpu()) for part in z.split(250)])


@torch.no_grad()
def overfitting(training: Training, train: Tensor, held_out: Tensor, fake: Tensor) -> float:
    """How far D takes new real pictures for fakes: 0 where it does not, 1 where they are the same.

    Source: Karras et al. 2020 (arXiv:2006.06676), equation 1, r_v.
    """
    D, device = training.step.D, training.step.runtime.device
    D.eval()
    of_train, of_held_out, of_fake = (
        torch.cat([D(to_float(part).to(device)).cpu() for part in some.split(200)]).mean()
        for some in (train, held_out, fake)
    )
    D.train()
    return float((of_train - of_held_out) / (of_train - of_fake))


def page(table: Mapping[str, Any]) -> str:
    """The recorded table as Markdown."""
    columns = ("steps", "pictures", "remedy", "seed", "distance", "best", "copies", "overfitting")
    lines = [
        "# Few pictures",
        "",
        f"Written by `{table['command']}` at commit {table['commit']} on {table['hardware']}.",
        f"Each row is a training of a DCGAN, in steps of {table['batch_size']} pictures, on",
        f"{table['world']} at {table['img_resolution']} px. Distance: Frechet, by the feature",
        f"network of cats, between {table['samples']:,} pictures and as many held-out ones, at the",
        "end; best: the least of five, taken at equal distances. Copies: the share of",
        "pictures nearer to a training picture than 99 of 100 new real ones are. Overfitting: how",
        "far D has moved new real pictures from those it learnt from towards the fakes (0: not at",
        "all).",
        "",
        "| " + " | ".join(columns) + " |",
        "| " + " | ".join("---" for _ in columns) + " |",
    ]
    order = {remedy: k for k, remedy in enumerate(REMEDIES)}
    rows = sorted(
        table["rows"],
        key=lambda row: (row["steps"], row["pictures"], order[row["remedy"]], row["seed"]),
    )
    lines += [
        "| " + " | ".join(str(row[name]) for name in columns) + " |"
        for row in ({**row, "best": min(row["distances"].values())} for row in rows)
    ]
    return "\n".join(lines) + "\n"


def _features(reader: FeatureReader, images: Tensor) -> Tensor:
    return features_of(reader, interpolate(to_float(images), size=64))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain few_pictures", description=__doc__.splitlines()[0]
    )
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    run()
    save_sheet(NAME, [f"{count}-{remedy}" for count in COUNTS for remedy in REMEDIES])
    _, counts, _ = LONGER[-1]
    names = [f"{count}-{remedy}" for count in counts for remedy in REPEATED]
    save_sheet(SHEETS[LONGER[-1][0]], names)
    return 0
