"""Calibration: the margin of each claim over its spread between runs.

Each lesson runs again over seeds, processors and thread counts.

`python -m maintain calibration [LESSONS] [--seeds 0,1,2,3,4]` runs each lesson in the fast profile:
once per seed as this machine would, then with the first two seeds as on an old machine (AVX2 alone,
float32) and with the first one on one thread, where that is not what the machine does anyway. A
claim is flagged if it did not hold in every run, or if its mean margin is less than three times the
spread: it wants to be reworded or retuned.
"""

import argparse
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from statistics import fmean, stdev

import torch

from gan_course.commands.parsing import (
    OneLineParser,
    folder,
    run_command,
    termination_like_ctrl_c,
    whole,
)
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.lessons.claims import read_claims, stored_claims
from gan_course.lessons.names import select_lessons
from gan_course.lessons.profiles import max_steps
from gan_course.lessons.results import current_commit
from gan_course.lessons.runner import ONE_THREAD, each, run_lessons
from gan_course.locks import new_folder
from gan_course.paths import NOTEBOOKS, RESULTS
from gan_course.runtime import OLD_MACHINE, Runtime, choose_runtime, own_threads

HIGHEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Variant:
    """One way to run a lesson."""

    name: str
    seed: int
    # environment variables; none: as this machine would
    settings: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False  # beside no other run


def variants(seeds: Sequence[int], runtime: Runtime, jobs: int = 1) -> list[Variant]:
    """The runs of a calibration: every seed, two as on an old machine, one on other threads.

    Args:
        seeds: two or more.
        runtime: of this machine; what it does anyway is not run twice.
        jobs: runs at a time; from two on each has one thread, and the last has as many as torch
            takes, alone.
    """
    one = ONE_THREAD if jobs > 1 else {}
    runs = [Variant(f"seed {seed}", seed, one) for seed in seeds]
    if not is_old(runtime):
        runs += [
            Variant(f"old machine, seed {seed}", seed, OLD_MACHINE | one) for seed in seeds[:2]
        ]
    if jobs > 1 and own_threads() > 1:
        count = str(own_threads())
        runs.append(
            Variant(f"{count} threads", seeds[0], {"GAN_COURSE_THREADS": count}, alone=True)
        )
    if jobs == 1 and runtime.threads > 1:
        runs.append(Variant("1 thread", seeds[0], {"GAN_COURSE_THREADS": "1"}))
    return runs


def is_old(runtime: Runtime) -> bool:
    """Whether this runtime already computes as on an old machine."""
    return (
        runtime.precision == "float32" and "AVX512" not in torch.backends.cpu.get_cpu_capability()
    )


def calibrate_lesson(
    name: str, runs: Sequence[Variant], folder: Path, where: str, jobs: int = 1
) -> dict:
    """Run one lesson in every variant, and sum up its claims.

    Args:
        name: of the lesson.
        runs: as `variants` returns them.
        folder: where the executed notebooks, logs and claims go, one folder a variant.
        where: a line on device, precision and threads, for the record.
        jobs: runs at a time.

    Returns:
        The lesson's entry in `calibration.json`.
    """
    records, errors = {}, {}

    def run_one(run: Variant) -> None:
        print(f"{run.name}: ", end="" if jobs == 1 else "\n", flush=True)
        out = folder / name / re.sub(r"\W+", "-", run.name)
        options = {"parameters": {"SEED": run.seed}, "settings": run.settings}
        summary = run_lessons([name], profile="fast", device="", out=out, where=where, **options)
        records[run.name] = read_claims(out / f"{name}.claims.jsonl")
        (lesson,) = summary["lessons"]
        if lesson["status"] == "failed":
            errors[run.name] = lesson["error"]

    each(run_one, [run for run in runs if not run.alone], jobs)
    each(run_one, [run for run in runs if run.alone], 1)
    names = [run.name for run in runs]
    return {
        "commit": current_commit(),
        "date": date.today().isoformat(),
        "runtime": where,
        "runs": names,
        "errors": errors,
        "claims": summarise(
            {run: records[run] for run in names}, [run for run in names if run.startswith("seed ")]
        ),
    }


def read_calibration(folder: Path) -> dict[str, dict]:
    """The lessons' entries kept in `folder/calibration.json`; none where there is no such file.

    Raises:
        CourseError: the file is not one that a calibration wrote.
    """
    path = folder / "calibration.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text())["lessons"])
    except (ValueError, TypeError, KeyError):
        raise CourseError(f"{path} is not a calibration's file: move it away") from None


def keep(folder: Path, name: str, entry: dict) -> None:
    """Put one lesson's entry in place of its old one, keep all others, and write the table anew."""
    lessons = dict(sorted((read_calibration(folder) | {name: entry}).items()))
    with atomic_write(folder / "calibration.json") as temporary:
        temporary.write_text(json.dumps({"lessons": lessons}, indent=1, allow_nan=False) + "\n")
    write_page(folder)


def write_page(folder: Path) -> None:
    """Write `folder/calibration.md` from `folder/calibration.json` and the stored notebooks."""
    stated = {path.stem: stored_claims(path) for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}
    with atomic_write(folder / "calibration.md") as temporary:
        temporary.write_text(as_markdown(read_calibration(folder), stated), encoding="utf-8")


def as_markdown(lessons: Mapping[str, dict], stated: Mapping[str, Sequence[str]]) -> str:
    """All entries as a page: what the columns mean, then a table for each lesson.

    Args:
        lessons: entries by name.
        stated: the texts of the claims that each lesson states now; a lesson that is not there is
            not compared.
    """
    parts = [
        "# Calibration of the claims",
        (
            "Written by `make calibrate`, which runs each lesson again over seeds, processors and"
            " thread counts. *Margin*: how far the measured value is on the right side of the"
            " claim's bound, mean over the runs. *Spread*: the larger of the sample standard"
            " deviations of the margin over the seeds and over all runs. *Exact*: the margin was"
            " the same in every run. A claim without a margin is only counted. Flagged (⚠) is what"
            f" did not hold in every run, or has less than {ENOUGH} spreads of margin: it waits"
            " to be reworded or retuned. A claim in brackets is gone since; those that came since"
            " stand below their table."
        ),
    ]
    for name, entry in lessons.items():
        about = (
            f"{entry['date']}, commit {entry['commit']}, {entry['runtime']}. Runs:"
            f" {', '.join(entry['runs'])}."
        )
        rows = [
            "| claim | held | margin | spread | margin / spread | |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        known = [claim["text"] for claim in entry["claims"]]
        now = stated.get(name, known)
        for claim in entry["claims"]:
            text = (claim["text"] if claim["text"] in now else f"[{claim['text']}]").replace(
                "|", "\\|"
            )
            cells = [text, f"{claim['held']} of {claim['runs']}", *_figures(claim)]
            rows.append(
                f"| {' | '.join(cells)} | {'⚠ ' + claim['flag'] if claim['flag'] else ''} |"
            )
        broken = [f"⚠ {run} broke off: `{error}`" for run, error in entry["errors"].items()]
        parts += [f"## {name}", about, "\n".join(rows), *broken]
        if new := [text for text in now if text not in known]:
            parts.append("Not calibrated yet: " + "; ".join(f"*{text}*" for text in new) + ".")
    return "\n\n".join(parts) + "\n"


def print_table(name: str, entry: dict) -> None:
    """One lesson's claims on the terminal, "!" before each that is flagged."""
    print(
        f"\n{name}: {len(entry['claims'])} claims over {len(entry['runs'])} runs"
        f" ({', '.join(entry['runs'])})"
    )
    print(f"  {'held':>6} {'margin':>9} {'spread':>9} {'ratio':>7}  claim")
    for claim in entry["claims"]:
        margin, spread, ratio = _figures(claim)
        held = f"{claim['held']}/{claim['runs']}"
        why = f"  <- {claim['flag']}" if claim["flag"] else ""
        print(
            f"{'!' if why else ' '} {held:>6} {margin:>9} {spread:>9} {ratio:>7} "
            f" {claim['text']}{why}"
        )
    for run, error in entry["errors"].items():
        print(f"! {run} broke off: {error}")


def _figures(claim: dict) -> tuple[str, str, str]:
    if claim["margin"] is None:
        return "", "", ""
    ratio = claim["margin_over_spread"]
    words = EXACT if ratio == EXACT else f"{ratio:.1f}" if ratio < 1_000 else "over 999"
    return f"{claim['margin']:.3g}", f"{claim['spread']:.2g}", words


def read_seeds(text: str) -> list[int]:
    """Seeds such as "0,1,2".

    Raises:
        CourseError: not at least two different whole numbers from 0 to 4294967295.
    """
    words = text.split(",")
    valid = all(
        re.fullmatch("[0-9]{1,10}", word.strip()) and int(word) <= HIGHEST_SEED for word in words
    )
    seeds = [int(word) for word in words] if valid else []
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise CourseError(
            f"--seeds is {text!r}: give two or more different whole numbers, such as 0,1,2"
        )
    return seeds


def calibrate(only: str, seeds: Sequence[int], out: Path, jobs: int = 1) -> int:
    """Calibrate lessons one after another; each is kept in `out` as soon as it is finished.

    Args:
        only: as `select_lessons` takes it; "" for all.
        seeds: two or more.
        out: the folder of `calibration.json` and `calibration.md`.
        jobs: runs at a time.

    Returns:
        0, or 1 where a claim is flagged or a run broke off.

    Raises:
        CourseError: bad input or settings; nothing has been run then.
    """
    names, runtime = select_lessons(only), choose_runtime()
    if max_steps() is not None:
        raise CourseError(
            "GAN_COURSE_MAX_STEPS is set, and without training nothing can be calibrated: unset it"
        )
    read_calibration(output_folder(out))
    runs = new_folder("runs", f"calibration_{datetime.now():%Y-%m-%d_%H-%M-%S}")
    total = 0
    for name in names:
        with termination_like_ctrl_c():
            entry = calibrate_lesson(name, variants(seeds, runtime, jobs), runs, str(runtime), jobs)
        keep(out, name, entry)
        print_table(name, entry)
        total += n_flagged(entry)
    print(f"\n{total or 'nothing'} flagged; kept in {out / 'calibration.md'}, notebooks in {runs}")
    return 1 if total else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line.

    Returns:
        0; 1 where a claim is flagged; 2 for bad input (one line on standard error); 130 where the
        user stopped it.
    """
    parser = OneLineParser(
        prog="python -m maintain calibration", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "lessons", nargs="*", metavar="LESSONS", help="such as 02 or 01,02 (default: all)"
    )
    parser.add_argument(
        "--seeds", default="0,1,2,3,4", help="two or more, separated by commas (default: 0,1,2,3,4)"
    )
    parser.add_argument(
        "--jobs",
        type=whole,
        default=1,
        metavar="N",
        help="runs at a time, one thread each (default: 1)",
    )
    parser.add_argument(
        "--page", action="store_true", help="run nothing: write the page anew from what is recorded"
    )
    parser.add_argument(
        "--out", type=folder, default=RESULTS, metavar="DIR", help="default: docs/results"
    )
    return run_command(parser, arguments, _calibrate)


def _calibrate(options: argparse.Namespace) -> int:
    if options.page:
        write_page(options.out)
        return 0
    return calibrate(
        " ".join(options.lessons), read_seeds(options.seeds), options.out, options.jobs
    )


ENOUGH = 3  # spreads
EXACT = "exact"  # the margin has no spread


def summarise(records: Mapping[str, list[dict]], of_seeds: Sequence[str]) -> list[dict]:
    """Each claim over all runs of its lesson.

    Claims are matched by their key; a key that a lesson states twice counts as two claims. The
    spread is the larger of two sample standard deviations of the margin (divisor n - 1): over the
    seeds, and over all runs. A variant that changes nothing, as in a lesson that fixes its
    precision, so cannot dilute the spread of the seeds.

    Args:
        records: for each run by name, its claims as `read_claims` returns them.
        of_seeds: the names of the runs that differ in nothing but the seed.

    Returns:
        For each claim, in the order of first mention: `key`; `text`; `held`, `runs` (in how many of
        how many it held); `margin` (mean, or None), `spread` (or None), `margin_over_spread` (a
        number, "exact", or None); `margins` by run; and `flag`, why it wants attention, or "".
    """
    found: dict[tuple[str, int], dict[str, dict]] = {}
    for run, claims in records.items():
        seen: Counter[str] = Counter()
        for entry in claims:
            seen[entry["key"]] += 1
            found.setdefault((entry["key"], seen[entry["key"]]), {})[run] = entry
    return [
        _summary(key if number == 1 else f"{key} ({number})", entries, len(records), of_seeds)
        for (key, number), entries in found.items()
    ]


def _summary(key: str, entries: Mapping[str, dict], n_runs: int, of_seeds: Sequence[str]) -> dict:
    held = sum(entry["held"] is True for entry in entries.values())
    margins = {
        run: entry["margin"] for run, entry in entries.items() if entry["margin"] is not None
    }
    finite = all(math.isfinite(margin) for margin in margins.values())
    margin = spread = ratio = None
    if margins and finite:
        margin = fmean(margins.values())
        spread = max(
            _deviation(list(margins.values())),
            _deviation([margins[run] for run in of_seeds if run in margins]),
        )
        ratio = margin / spread if spread > 0 else (EXACT if margin > 0 else 0.0)
    flags = []
    if held < n_runs:
        flags.append(f"held in {held} of {n_runs}")
    if not finite:
        flags.append("a margin is not finite")
    if isinstance(ratio, float) and ratio < ENOUGH:
        flags.append(f"margin under {ENOUGH} spreads")
    return {
        "key": key,
        "text": next(iter(entries.values()))["text"],
        "held": held,
        "runs": n_runs,
        "margin": margin,
        "spread": spread,
        "margin_over_spread": ratio,
        "margins": {run: value if math.isfinite(value) else None for run, value in margins.items()},
        "flag": ", ".join(flags),
    }


def _deviation(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def n_flagged(entry: dict) -> int:
    """How many claims of a lesson's entry are flagged, and how many of its runs broke off."""
    return sum(bool(claim["flag"]) for claim in entry["claims"]) + len(entry["errors"])
