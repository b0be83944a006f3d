"""Proves that every lesson runs on a GPU in the full profile: `python -m maintain gpu`, in minutes.

Each training is cut at 20 steps, and counts of pictures are small: this shows that the code runs
there, and nothing about what it learns. What came of it is kept in docs/results/course-gpu.json,
and the README says when that was.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import torch

from gan_course.commands.parsing import OneLineParser, run_command, termination_like_ctrl_c
from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.lessons.names import select_lessons
from gan_course.lessons.results import GPU_FILE, current_commit
from gan_course.lessons.runner import run_lessons
from gan_course.locks import new_folder

MAX_STEPS = 20
JOBS = 4  # lessons at a time: one alone leaves most of a GPU, and of its host, idle


def prove(out: Path) -> dict:
    """Run all lessons on the GPU and write what came of it to the file `out`.

    Raises:
        CourseError: no GPU is there.
    """
    if not torch.cuda.is_available():
        raise CourseError("no GPU is there (CUDA finds none): run this where make doctor names one")
    folder = new_folder("runs", f"gpu_{datetime.now():%Y-%m-%d_%H-%M-%S}")
    settings = {"profile": "full", "device": "cuda", "max_steps": MAX_STEPS, "jobs": JOBS}
    summary = run_lessons(select_lessons(), **settings, out=folder)
    kept = ("name", "status", "seconds", "error")
    record = {
        "commit": current_commit(),
        "date": date.today().isoformat(),
        "card": torch.cuda.get_device_name(),
        "passed": all(lesson["status"] == "passed" for lesson in summary["lessons"]),
        "seconds": summary["seconds"],
        "lessons": [
            {key: lesson[key] for key in kept if key in lesson} for lesson in summary["lessons"]
        ],
    }
    with atomic_write(out) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")
    return record


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: 0 where all passed, 1 where one failed, 2 without a GPU, 130 if stopped."""
    parser = OneLineParser(prog="python -m maintain gpu", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out",
        type=Path,
        default=GPU_FILE,
        metavar="FILE",
        help="default: docs/results/course-gpu.json",
    )
    return run_command(parser, arguments, _prove)


def _prove(options: argparse.Namespace) -> int:
    with termination_like_ctrl_c():
        record = prove(options.out)
    print(
        f"{'passed' if record['passed'] else 'failed'} in {record['seconds']:.0f} s on"
        f" {record['card']}: {options.out}"
    )
    return 0 if record["passed"] else 1
