"""The sensitivity table of the shipped feature networks: `python -m gan_course.course.sensitivity`."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from gan_course.course.commands import OneLineParser, run_command
from gan_course.course.results import RESULTS, current_commit
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.evaluation.sensitivity import MEASURES, NOTICED, Panel, Reading, sensitivity
from gan_course.files import atomic_write

RESULTS_FILE = RESULTS / "sensitivity.json"
N = 1_000  # pictures a draw
N_REAL, N_POOL = 2_000, 7_000
DROPPED = {  # the answer whose pictures are left out, by world: question and value
    "fashion": ("kind", 1),
    "critters": ("shape", 0),
    "toons": ("hair", 0),
    "earth": ("latitude", 2),
    "photos": ("picture", 40),
}


def measure_world(world: str) -> dict[str, dict[str, Reading]]:
    """Spoil the training pictures of one world and read every measure, over the shipped reader.

    2,000 pictures stand for the training set of a generator; the rest, in draws of 1,000, for what it makes.

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
    return sensitivity(Panel(load_reader(world), real, held_out), real, pool, dropped[N_REAL + N :], n=N)


def recorded() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """The table as last measured: world -> failure -> measure -> value, clean, deviations."""
    return json.loads(RESULTS_FILE.read_text())["worlds"]


def as_markdown(worlds: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]], commit: str) -> str:
    """The table as prose readers want it: which measure notices which failure, and by how much."""
    quiet = max(reading["deviations"] for failures in worlds.values() for reading in failures["real, twice"].values())
    lines = [
        "# What the feature networks notice",
        "",
        f"Real pictures spoilt in five known ways, {N:,} at a time against {N_REAL:,} unspoilt ones. A figure is how",
        "far the measure moves towards worse, in standard deviations between draws of real pictures; **bold** from",
        f"{NOTICED:.0f} on, which counts as noticed.",
        'The row "real, twice" gives the values on three unspoilt draws; beside the other draws these move a measure',
        f"by {quiet:.1f} at most.",
        f"Written by `make sensitivity` at commit {commit}.",
        "",
    ]
    for world, failures in worlds.items():
        question, value = DROPPED[world]
        lines += [f"## {world}", "", f"(the class left out: {question} {value})", ""]
        lines += ["| failure | " + " | ".join(MEASURES) + " |", "| --- |" + " ---: |" * len(MEASURES)]
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
    parser = OneLineParser(prog="python -m gan_course.course.sensitivity", description=_measure.__doc__)
    return run_command(parser, arguments, _measure)


def _measure(_: argparse.Namespace) -> int:
    """Measure every world, and write docs/results/sensitivity.json and .md."""
    worlds = {}
    for world in WORLDS:
        print(f"{world} ...", flush=True)
        readings = measure_world(world)
        worlds[world] = {
            failure: {name: asdict(reading) for name, reading in row.items()} for failure, row in readings.items()
        }
    commit = current_commit()
    with atomic_write(RESULTS_FILE) as temporary:
        temporary.write_text(json.dumps({"commit": commit, "n": N, "worlds": worlds}, indent=1) + "\n")
    page = as_markdown(worlds, commit)
    with atomic_write(RESULTS_FILE.with_suffix(".md")) as temporary:
        temporary.write_text(page)
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
