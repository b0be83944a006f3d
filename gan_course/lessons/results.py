"""Recorded results: what the last runs of the course and of its studies measured."""

import json
import subprocess
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_course.data.batches import to_float
from gan_course.data.pictures import read_picture
from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.paths import RESULTS, ROOT, restore
from gan_course.runtime import Runtime

CODE = ("gan_course", "benchmarks", "notebooks/source", "requirements.txt")
GPU_FILE = RESULTS / "course-gpu.json"
# Kinds of machine, by what they compute in: the record of a run is kept for each.
KINDS = {"bfloat16": "bfloat16", "float32": "float32", "gpu": "a GPU"}


def machine_kind(runtime: Runtime) -> str:
    """The key of `KINDS` for a runtime."""
    return "gpu" if runtime.device != "cpu" else runtime.precision


def record_run(summary: dict, kind: str) -> Path:
    """Record a run's times, memory and claims in docs/results/, one file a kind of machine."""
    path = _record_path(summary["profile"], kind)
    RESULTS.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps({"commit": current_commit(), **summary}, indent=1) + "\n")
    return path


def current_commit() -> str:
    """The short commit, with "+" where the code differs from it; "unknown" without git."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--", *CODE)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _record_path(profile: str, kind: str) -> Path:
    return RESULTS / f"course-{profile}-{kind}.json"


def read_results(profile: str, kind: str = "bfloat16") -> dict[str, dict]:
    """Read a recorded run: lesson -> its entry; empty where none is recorded.

    Raises:
        CourseError: the file is not one that a run wrote.
    """
    path = _record_path(profile, kind)
    if not path.is_file():
        return {}
    try:
        lessons = {lesson["name"]: lesson for lesson in json.loads(path.read_text())["lessons"]}
        is_valid = all(
            {"seconds", "peak_mb", "claims"} <= lesson.keys() for lesson in lessons.values()
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        is_valid = False
    if not is_valid:
        raise CourseError(f"{path} is not what run --record writes: {restore('docs')}")
    return lessons


def results_file(name: str) -> Path:
    """The path of a study's table."""
    return RESULTS / f"{name}.json"


def recorded(name: str) -> dict[str, Any]:
    """The table that the last run of a study wrote: "rows", "n_steps", "commit", "command".

    Raises:
        CourseError: there is none, or the file is not one that a study wrote.
    """
    path = results_file(name)
    if not path.is_file():
        raise CourseError(f"no {path}: {restore('docs')}")
    try:
        table = json.loads(path.read_text())
        is_valid = all(isinstance(row, dict) for row in table["rows"])
    except (ValueError, TypeError, KeyError, RecursionError):
        is_valid = False
    if not is_valid:
        raise CourseError(f"{path} is not a table of results: move it away, or {restore('docs')}")
    return table


def recorded_strips(name: str, *, side: int = 32) -> Tensor:
    """The pictures that a study kept beside its table: a row of samples a training.

    Returns:
        (rows, N, 3, side, side) in [-1, 1], rows in the study's own order.

    Raises:
        CourseError: there are none, or they cannot be read.
    """
    path = results_file(name).with_suffix(".png")
    sheet = to_float(read_picture(path))
    return sheet.unfold(1, side, side).unfold(2, side, side).permute(1, 2, 0, 3, 4)


def recorded_sensitivity() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """The recorded sensitivity: world -> corruption -> measure -> value, clean, deviations."""
    return json.loads(results_file("sensitivity").read_text())["worlds"]
