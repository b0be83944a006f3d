"""Which measures notice which corruptions: `python -m maintain reader_sensitivity`."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.evaluation.corruptions import add_noise, blur, through_jpeg, with_copies
from gan_course.evaluation.panel import MEASURES, NOTICED, WORSE_IS_HIGHER, Panel
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.files import atomic_write
from gan_course.lessons.results import current_commit
from gan_course.paths import RESULTS

RESULTS_FILE = RESULTS / "sensitivity.json"
N = 1_000  # pictures a draw
N_REAL, N_POOL = 2_000, 7_000
DROPPED = {  # the answer whose pictures are left out, by world: question and value
    "fashion": ("kind", 1),
    "critters": ("shape", 0),
    "cats": ("colour", 0),
    "toons": ("hair", 0),
    "earth": ("latitude", 2),
    "photos": ("picture", 40),
}


@dataclass(frozen=True)
class Reading:
    """What one measure says of one failure.

    Attributes:
        value: mean over the draws of spoilt pictures.
        clean: mean over the draws of real ones that it is compared with.
        deviations: how far the first is from the second on the worse side, in standard deviations
            between real draws.
    """

    value: float
    clean: float
    deviations: float

    @property
    def noticed(self) -> bool:
        """Whether the failure stands out from chance."""
        return self.deviations >= NOTICED


def sensitivity(
    panel: Panel, real: Tensor, pool: Tensor, dropped: Tensor, *, n: int = 1_000
) -> dict[str, dict[str, Reading]]:
    """Spoil real pictures in five ways, and read every measure.

    Args:
        panel: built on `real`.
        real: (N, C, H, W) uint8, for the copies.
        pool: (M, C, H, W) uint8, real pictures that the panel has not seen; cut into draws of n.
        dropped: (M,) bool, which of the pool belong to the class that is to be left out.
        n: pictures a draw.

    Returns:
        Failure -> measure -> reading. The first, "real, twice", holds no failure: three unspoilt
        draws, compared with the others. The rest are compared with all of them.

    Raises:
        ValueError: fewer than five draws, or three without the dropped class.
    """
    draws, without = _draws(pool, n), _draws(pool[~dropped], n)
    if len(draws) < 5 or len(without) < 3:
        raise ValueError(
            f"a pool of {len(pool)} gives too few draws of {n}, five and three are needed: make it"
            " larger"
        )
    spoilt: dict[str, list[Tensor]] = {}
    failures: dict[str, Callable[[Tensor, int], Tensor]] = {
        "noise, sigma 0.05": lambda images, seed: add_noise(images, sigma=0.05, seed=seed),
        "blur, 2 px": lambda images, seed: blur(images, sigma=2.0),
        "JPEG, quality 30": lambda images, seed: through_jpeg(images, quality=30),
        "10 % copies": lambda images, seed: with_copies(images, real, share=0.1, seed=seed),
    }
    for name, spoil in failures.items():
        spoilt[name] = [spoil(images, seed) for seed, images in enumerate(draws[:3])]
    spoilt["a dropped class"] = without[:3]
    real_rows = [panel(images) for images in draws]
    table = {"real, twice": _readings(real_rows[:3], real_rows[3:])}
    return table | {
        name: _readings([panel(images) for images in sets], real_rows)
        for name, sets in spoilt.items()
    }


def _readings(row: list[dict[str, float]], clean: list[dict[str, float]]) -> dict[str, Reading]:
    readings = {}
    for name in MEASURES:
        before = np.array([values[name] for values in clean])
        value = float(np.mean([values[name] for values in row]))
        worse = (value - before.mean()) * (1 if name in WORSE_IS_HIGHER else -1)
        spread = max(float(before.std(ddof=1)), 1e-9)
        readings[name] = Reading(value, float(before.mean()), worse / spread)
    return readings


def _draws(pool: Tensor, n: int) -> list[Tensor]:
    return [part for part in pool.split(n) if len(part) == n]


def measure_world(world: str) -> dict[str, dict[str, Reading]]:
    """Spoil the training pictures of one world and read every measure, over the shipped reader.

    2,000 pictures stand for the training set of a generator; the rest, in draws of 1,000, for what
    it makes.

    Args:
        world: a key of `WORLDS`.

    Returns:
        Failure -> measure -> reading, as `sensitivity` gives it.
    """
    recipe = WORLDS[world]
    images, answers = recipe.load("train", N_REAL + N + N_POOL, 1)
    question, value = DROPPED[world]
    dropped = answers[:, list(recipe.questions).index(question)] == value
    real, held_out, pool = images.split([N_REAL, N, len(images) - N_REAL - N])
    return sensitivity(
        Panel(load_reader(world), real, held_out), real, pool, dropped[N_REAL + N :], n=N
    )


def as_markdown(
    worlds: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]], commit: str
) -> str:
    """The table as prose readers want it: which measure notices which failure, and by how much."""
    quiet = max(
        reading["deviations"]
        for failures in worlds.values()
        for reading in failures["real, twice"].values()
    )
    lines = [
        "# What the feature networks notice",
        "",
        (
            f"Real pictures spoilt in five known ways, {N:,} at a time against {N_REAL:,} unspoilt"
            " ones. A figure is how"
        ),
        (
            "far the measure moves towards worse, in standard deviations between draws of real"
            " pictures; **bold** from"
        ),
        f"{NOTICED:.0f} on, which counts as noticed.",
        (
            'The row "real, twice" gives the values on three unspoilt draws; beside the other draws'
            " these move a measure"
        ),
        f"by {quiet:.1f} at most.",
        f"Written by `make sensitivity` at commit {commit}.",
        "",
    ]
    for world, failures in worlds.items():
        question, value = DROPPED[world]
        lines += [f"## {world}", "", f"(the class left out: {question} {value})", ""]
        lines += [
            "| failure | " + " | ".join(MEASURES) + " |",
            "| --- |" + " ---: |" * len(MEASURES),
        ]
        for failure, readings in failures.items():
            cells = [_cell(readings[name], plain=failure == "real, twice") for name in MEASURES]
            lines.append(f"| {failure} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _cell(reading: Mapping[str, float], *, plain: bool) -> str:
    if plain:
        return f"{reading['value']:.3g}"
    deviations = round(max(min(reading["deviations"], 9_999), -9_999))
    return f"**{deviations}**" if reading["deviations"] >= NOTICED else str(deviations)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every world; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain reader_sensitivity", description=_measure.__doc__
    )
    return run_command(parser, arguments, _measure)


def _measure(_: argparse.Namespace) -> int:
    """Measure every world, and write docs/results/sensitivity.json and .md."""
    worlds = {}
    for world in WORLDS:
        print(f"{world} ...", flush=True)
        readings = measure_world(world)
        worlds[world] = {
            failure: {name: asdict(reading) for name, reading in row.items()}
            for failure, row in readings.items()
        }
    commit = current_commit()
    with atomic_write(RESULTS_FILE) as temporary:
        temporary.write_text(
            json.dumps({"commit": commit, "n": N, "worlds": worlds}, indent=1) + "\n"
        )
    page = as_markdown(worlds, commit)
    with atomic_write(RESULTS_FILE.with_suffix(".md")) as temporary:
        temporary.write_text(page)
    print(page)
    return 0
