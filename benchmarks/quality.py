"""Quality for time: how near a translation comes to the truth in minutes of training.

`python -m benchmarks.quality` trains lesson 06's CycleGAN and the paper's, in plain PyTorch, in
turn, from plain critters to striped ones, whose twins are known. It measures what is missing in
docs/results/quality.json, seed by seed, and writes docs/results/quality.md.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from string import ascii_uppercase
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.compare import wait_for_device
from benchmarks.cyclegan import PlainCycleGAN, plainly
from benchmarks.machine import machine_line
from gan_course.commands.parsing import OneLineParser, run_command, whole
from gan_course.data import critters
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.evaluation.features import FeatureReader, features_of
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.paired import l1_error
from gan_course.evaluation.readers import load_reader
from gan_course.files import atomic_write
from gan_course.inference.translate import in_parts
from gan_course.lessons.l06_cycle_consistency.config import PROFILES
from gan_course.lessons.results import current_commit, recorded, results_file
from gan_course.runtime import choose_runtime
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan
from maintain.studies.table import Row, fill

NAME = "quality"
MARKS = (60, 180)  # seconds of training, of each seed
LONG_MARKS = (60, 180, 600)  # of the first one, at the end
SLICE = 5.0  # seconds that one trains before the next has its turn
N_TRAIN, N_TEST = 4_000, 1_000

# Lesson 06's, but the rate stays: a learner who stops at three minutes need not have known it
COURSE = replace(PROFILES["fast"].cyclegan, n_steps=1_000_000, lr_constant=1.0)
# The paper's norms, losses and rate on networks of the same widths and depth
PLAIN = CycleGANConfig(
    n_steps=1_000_000,
    batch_size=8,
    img_resolution=32,
    base_channels=16,
    n_blocks=3,
    d_base_channels=32,
    n_layers=2,
    lr_constant=1.0,
    lambda_identity=5.0,
)
RIVALS = {
    "plain, the paper's rate": PLAIN,
    "plain, the course's rate": replace(PLAIN, lr=COURSE.lr),
}


@dataclass
class Contender:
    """One training: its next step, its generator from A to B, and the seconds that it had."""

    step: Callable[[], object]
    G_AB: Callable[[], nn.Module]
    seconds: float = 0.0
    n_steps: int = 0

    def advance(self, until: float, clock: Callable[[], float] = time.perf_counter) -> None:
        """Train until this many seconds have gone into it, in all."""
        while self.seconds < until:
            wait_for_device()
            start = clock()
            self.step()
            wait_for_device()
            self.seconds += clock() - start
            self.n_steps += 1


def contenders(images_A: Tensor, images_B: Tensor, seed: int) -> dict[str, Contender]:
    """The course's training and its rivals on the same pictures, by name."""
    runtime = choose_runtime()
    course = build_cyclegan(COURSE, images_A, images_B, seed=seed, runtime=runtime)
    made = {
        "course": Contender(
            lambda: course.step(next(course.batches)), lambda: course.step.best("G_AB")
        )
    }
    return made | {
        name: _plain(config, images_A, images_B, seed) for name, config in RIVALS.items()
    }


def _plain(config: CycleGANConfig, images_A: Tensor, images_B: Tensor, seed: int) -> Contender:
    runtime = choose_runtime()
    training = build_cyclegan(config, images_A, images_B, seed=seed, runtime=runtime)
    networks = [plainly(getattr(training.step, name)) for name in ("G_AB", "G_BA", "D_A", "D_B")]
    plain = PlainCycleGAN(*networks, config=config, seed=seed + 1)
    return Contender(lambda: plain(*next(training.batches)), lambda: plain.G_AB)


def train_and_measure(row: Row) -> Row:
    """All contenders of one seed in turn: error to the twin and distance at each mark."""
    seed = row["seed"]
    images = [
        load_domain(f"critters-{texture}", n=N_TRAIN, resolution=32, seed=2 * seed + side)
        for side, texture in enumerate(("plain", "striped"))
    ]
    sources, factors = critters.load_critters(
        "test", n=N_TEST, resolution=32, seed=0, texture="plain"
    )
    twins = critters.draw_critters(critters.twin(factors, "texture", "stripes"), resolution=32)
    reader = load_reader("critters").requires_grad_(False)
    test = (to_float(sources), to_float(twins))
    known = features_of(reader, test[1])
    made, figures, until = contenders(*images, seed), {}, 0.0
    for mark in row["marks"]:
        while until < mark:
            until = min(until + SLICE, mark)
            for contender in made.values():
                contender.advance(until)
        figures[str(mark)] = {
            name: measure(contender, *test, reader, known) for name, contender in made.items()
        }
        print(seed, mark, figures[str(mark)], flush=True)
    where = {"machine": machine_line(choose_runtime()), "commit": current_commit()}
    return {"figures": figures, "nothing": round(float(l1_error(*test).mean()), 4)} | where


def measure(
    contender: Contender, sources: Tensor, twins: Tensor, reader: FeatureReader, known: Tensor
) -> Row:
    """Error to the twins and distance to their features, with the steps that it took."""
    with torch.no_grad():
        fake = in_parts(contender.G_AB(), sources).clamp(-1, 1)
    return {
        "steps": contender.n_steps,
        "error": round(float(l1_error(fake, twins).mean()), 4),
        "distance": round(frechet_distance(known, features_of(reader, fake)), 1),
    }


def page(table: Mapping[str, Any]) -> str:
    """The recorded table as Markdown."""
    columns = ("run", "seed", "minutes", "training", "steps", "error to the twin", "distance")
    runs = dict(zip(ascii_uppercase, table["rows"], strict=False))
    places: dict[str, list[str]] = {}
    for letter, row in runs.items():
        places.setdefault(f"{row['machine']}; commit {row['commit']}", []).append(letter)
    lines = [
        "# Quality for time",
        "",
        f"Written by `{table['command']}`.",
        "",
        *(f"- {', '.join(letters)}: {place}." for place, letters in places.items()),
        "",
        "CycleGANs from plain critters to striped ones at 32 px, 4,000 pictures of each without"
        " pairs, 8 of each in a step.",
        "*Course* is lesson 06's training: no norms, R1, generators that predict a change, know"
        " where they are and are averaged.",
        "*Plain* is the paper's on networks of the same widths and depth, with InstanceNorm and an"
        " identity loss of weight 5, in plain PyTorch, once at the paper's learning rate and once"
        " at the course's.",
        f"They train in turn in one process, {SLICE:.0f} seconds each; minutes are each one's own."
        " Rates stay constant. So what is compared is the recipe and the way of computing together;"
        " [speed](speed.md) compares the way of computing alone.",
        "*Plain* computes in float32 everywhere. Where the course computes in bfloat16 it takes"
        " more steps in the same time, so ratios of two machines are not to be compared.",
        "*Error* is the mean L1 distance to the twins of 1,000 held-out critters, as a share of the"
        " range from black to white; *distance* is the Frechet distance to those twins by the"
        " feature network of critters.",
        "The course's training starts near the picture itself, whose error stands at 0 minutes, and"
        " a part of its lead in error is that start. The distance knows no such start.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{' --- |' * len(columns)}",
    ]
    for letter, row in runs.items():
        start = f"| {letter} | {row['seed']} | 0 | (the picture itself)"
        lines.append(f"{start} | | {row['nothing']:.3f} | |")
        for mark, figures in row["figures"].items():
            for name, one in figures.items():
                cells = (letter, row["seed"], f"{int(mark) / 60:g}", name, f"{one['steps']:,}")
                numbers = (f"{one['error']:.3f}", f"{one['distance']:.1f}")
                lines.append(f"| {' | '.join(map(str, cells + numbers))} |")
    return "\n".join([*lines, "", _summary(runs, places.values()), ""])


def _summary(runs: Mapping[str, Row], places: Iterable[Sequence[str]]) -> str:
    """The course's figures over the better plain ones': a sentence for each machine and mark."""
    sentences = []
    for letters in places:
        for mark in map(str, LONG_MARKS):
            figures = {one: runs[one]["figures"].get(mark) for one in letters}
            if any(figures.values()):
                error, distance = (
                    _median_of({one: _ratio(at, what) for one, at in figures.items() if at})
                    for what in ("error", "distance")
                )
                sentences.append(
                    f"- After {int(mark) / 60:g} min the course's error is {error} of that of the"
                    f" better plain one, its distance {distance}."
                )
    return "\n".join(["For each machine, the median and each run's:", "", *sentences])


def _median_of(ratios: Mapping[str, float]) -> str:
    each = ", ".join(f"{letter} {ratio:.2f}" for letter, ratio in ratios.items())
    return f"{median(ratios.values()):.2f} ({each})"


def _ratio(figures: Mapping[str, Row], what: str) -> float:
    return figures["course"][what] / min(figures[name][what] for name in RIVALS)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--seeds", type=whole, default=3, help="trainings of three minutes each")
    return run_command(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    rows = [{"seed": seed, "marks": list(MARKS)} for seed in range(options.seeds)]
    rows.append({"seed": 0, "marks": list(LONG_MARKS)})
    facts = {"batch_size": COURSE.batch_size}
    fill(NAME, rows, train_and_measure, facts, "python -m benchmarks.quality")
    with atomic_write(results_file(NAME).with_suffix(".md")) as temporary:
        temporary.write_text(page(recorded(NAME)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
