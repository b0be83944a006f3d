"""The stages of `make test` and `make verify`: what each runs, what it protects, how long it takes.

`python -m maintain stages test` runs the stages of `make test` one after another, up to the first
that fails, and says how long each took; with `--only lint` that one alone. `--record` keeps these
times in docs/results/stages.json, one entry a kind of machine.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.lessons.names import lesson_names
from gan_course.lessons.results import KINDS, current_commit, machine_kind
from gan_course.lessons.runner import ONE_THREAD
from gan_course.paths import RESULTS, ROOT
from gan_course.runtime import choose_runtime

# The lessons that train least.
LIGHT = (
    "00_start_here",
    "01_the_game",
    "04_measuring",
    "10_adain",
    "13_reading_the_article",
)
BOTH = "2"  # processes at a time: one thread each, so that none waits for another's threads


@dataclass(frozen=True)
class Stage:
    """One part of a test command."""

    of: str  # "test" or "verify"
    name: str
    commands: tuple[tuple[str, ...], ...]  # arguments of Python
    protects: str


def stages() -> list[Stage]:
    """All stages, in the order in which they run."""
    heavy = [name for name in lesson_names() if name not in LIGHT]
    run = ("-m", "gan_course", "run", "--device", "cpu", "--jobs", BOTH)
    pytest = ("-m", "pytest", "-q", "-n", BOTH, "--dist", "worksteal")
    return [
        Stage(
            "test",
            "lint",
            (
                ("-m", "ruff", "check", ".", "data/build"),
                ("-m", "ruff", "format", "--check", ".", "data/build"),
                ("-m", "mypy"),
            ),
            "rules, form and types of the code",
        ),
        Stage(
            "test",
            "unit",
            ((*pytest, "-m", "not planted"),),
            "the package against references by hand, checkers against wrong answers, bad input, the"
            " form of the lessons, pages against the results that they quote",
        ),
        Stage(
            "test",
            "smoke",
            ((*run, "--profile", "smoke", "--out", "runs/test-smoke"),),
            "every cell of every lesson runs, in seconds, and what needs no training is claimed"
            " rightly",
        ),
        Stage(
            "test",
            "light outputs",
            (_nbval(LIGHT),),
            "stored outputs of the lessons that train least still hold",
        ),
        Stage(
            "verify",
            "planted bugs",
            ((*pytest, "-m", "planted", "tests/test_planted_bugs.py"),),
            "for each bug that is planted, the test or the claim that is there for it turns red",
        ),
        Stage(
            "verify",
            "full",
            ((*run, "--profile", "full", "--max-steps", "2", "--out", "runs/test-full"),),
            "the networks of the full profile build, step twice and are used by every cell",
        ),
        Stage(
            "verify",
            "outputs",
            (_nbval(heavy),),
            "stored outputs of the other lessons still hold, claims about live trainings among"
            " them",
        ),
    ]


def _nbval(names: Sequence[str]) -> tuple[str, ...]:
    options = (
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout",
        "900",
        "--nbval-kernel-startup-timeout",
        "120",
    )
    options += ("--nbval-sanitize-with", "tests/nbval.cfg", "-p", "no:cacheprovider")
    files = [f"notebooks/{name}.ipynb" for name in names]
    return ("-m", "pytest", "-q", "-n", BOTH, "--dist", "loadfile", *options, *files)


def chosen_stages(of: str, only: str = "") -> list[Stage]:
    """The stages of "test" or "verify", or the one that is named.

    Raises:
        CourseError: there is none of that name.
    """
    chosen = [stage for stage in stages() if stage.of == of and only in ("", stage.name)]
    if not chosen:
        names = ", ".join(stage.name for stage in stages() if stage.of == of)
        raise CourseError(f"{of} has no stage {only!r}: choose from {names}")
    return chosen


def run_stages(chosen: Sequence[Stage]) -> dict[str, float]:
    """Run stages, each after the one before has passed.

    Returns:
        Seconds by stage, of those that passed.
    """
    seconds: dict[str, float] = {}
    for stage in chosen:
        print(f"--- {stage.name}: {stage.protects}", flush=True)
        started = time.perf_counter()
        for command in stage.commands:
            if "--out" in command:
                shutil.rmtree(ROOT / command[-1], ignore_errors=True)
            if subprocess.run(
                [sys.executable, *command], cwd=ROOT, env=_environment(stage)
            ).returncode:
                return seconds
        seconds[stage.name] = round(time.perf_counter() - started, 1)
        print(f"--- {stage.name}: {seconds[stage.name]:.0f} s", flush=True)
    return seconds


def _environment(stage: Stage) -> dict[str, str]:
    environment = os.environ | ONE_THREAD
    if "outputs" in stage.name:
        environment |= {
            "GAN_COURSE_PROFILE": "fast",
            "GAN_COURSE_HEADLESS": "1",
            "GAN_COURSE_DEVICE": "cpu",
        }
    return environment


def record(seconds: dict[str, float], folder: Path = RESULTS) -> None:
    """Keep the times of one command for this kind of machine, and write the page anew."""
    path, kind = folder / "stages.json", machine_kind(choose_runtime("cpu"))
    kept = json.loads(path.read_text()) if path.is_file() else {}
    about = {
        "commit": current_commit(),
        "date": date.today().isoformat(),
        "runtime": str(choose_runtime("cpu")),
    }
    kept[kind] = (
        kept.get(kind, {}) | about | {"seconds": kept.get(kind, {}).get("seconds", {}) | seconds}
    )
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(kept, indent=1) + "\n")
    with atomic_write(folder / "stages.md") as temporary:
        temporary.write_text(as_markdown(kept), encoding="utf-8")


def as_markdown(kept: dict) -> str:
    """The page: what each stage protects, and its seconds by kind of machine."""
    kinds = [kind for kind in KINDS if kind in kept]
    lines = [["command", "stage", "protects", *kinds], ["---"] * (3 + len(kinds))]
    lines += [
        [
            f"`make {stage.of}`",
            stage.name,
            stage.protects,
            *(_shown(kept[kind]["seconds"], stage.name) for kind in kinds),
        ]
        for stage in stages()
    ]
    for of in ("test", "verify"):
        names = [stage.name for stage in stages() if stage.of == of]
        sums = [
            f"{sum(kept[kind]['seconds'].get(name, 0) for name in names) / 60:.1f} min"
            for kind in kinds
        ]
        lines.append([f"`make {of}`", "all", "", *sums])
    about = [
        f"*{kind}*: {kept[kind]['date']}, commit {kept[kind]['commit']}, {kept[kind]['runtime']}."
        for kind in kinds
    ]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return (
        "# Stages of the tests\n\nWritten by `make test RECORD=1` and `make verify"
        f" RECORD=1`.\n\n{rows}\n\n" + ("\n".join(about) + "\n")
    )


def _shown(seconds: dict[str, float], name: str) -> str:
    return f"{seconds[name]:.0f} s" if name in seconds else "not yet measured"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: 0 where all passed, 1 where one failed, 2 for bad input, 130 if stopped."""
    parser = OneLineParser(prog="python -m maintain stages", description=__doc__.splitlines()[0])
    parser.add_argument("of", choices=("test", "verify"), help="whose stages to run")
    parser.add_argument("--only", default="", metavar="STAGE", help="one of them, such as lint")
    parser.add_argument(
        "--record", action="store_true", help="also keep the times in docs/results/stages.json"
    )
    return run_command(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    chosen = chosen_stages(options.of, options.only)
    seconds = run_stages(chosen)
    passed = len(seconds) == len(chosen)
    print(
        ", ".join(f"{name} {taken:.0f} s" for name, taken in seconds.items()),
        f"in all {sum(seconds.values()):.0f} s",
    )
    if options.record and passed:
        record(seconds)
    return 0 if passed else 1
