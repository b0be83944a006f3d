"""Recorded results: what the last runs of the course and of its studies measured."""

import json
import subprocess
from pathlib import Path
from typing import Any

from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.paths import RESULTS, ROOT
from gan_course.runtime import Runtime

CODE = ("gan_course", "benchmarks", "notebooks/source", "requirements.txt")
GPU_FILE = RESULTS / "course-gpu.json"
# Kinds of machine, by what they compute in: the record of a run is kept for each.
KINDS = {"bfloat16": "bfloat16", "float32": "float32", "gpu": "a GPU"}


def machine_kind(runtime: Runtime) -> str:
    """The key of `KINDS` for a runtime."""
    return "gpu" if runtime.device != "cpu" else runtime.precision


def record_run(summary: dict, kind: str) -> Path:
    """Keep a run's times, memory and claims in docs/results/, one a kind of machine, with the
    commit they belong to.
    """
    path = _record_path(summary["profile"], kind)
    RESULTS.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps({"commit": current_commit(), **summary}, indent=1) + "\n")
    return path


def current_commit() -> str:
    """The short name of the checked-out commit, with "+" where the code differs from it; "unknown"
    without git.
    """
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
    """What the recorded run of a profile on a kind of machine says of each lesson; empty where none
    is recorded.

    Raises:
        CourseError: the file is not one that a run wrote.
    """
    path = _record_path(profile, kind)
    if not path.is_file():
        return {}
    try:
        lessons = {lesson["name"]: lesson for lesson in json.loads(path.read_text())["lessons"]}
        whole = all(
            {"seconds", "peak_mb", "claims"} <= lesson.keys() for lesson in lessons.values()
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise CourseError(
            f"{path} is not what run --record writes: restore it with git checkout -- docs"
        )
    return lessons


def results_file(name: str) -> Path:
    """Where a study keeps its table."""
    return RESULTS / f"{name}.json"


def recorded(name: str) -> dict[str, Any]:
    """The table that the last run of a study wrote: "rows", "n_steps", "commit", "command".

    Raises:
        CourseError: there is none, or the file is not one that a study wrote.
    """
    path = results_file(name)
    if not path.is_file():
        raise CourseError(f"no {path}: restore it with git checkout -- docs")
    try:
        table = json.loads(path.read_text())
        whole = all(isinstance(row, dict) for row in table["rows"])
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise CourseError(
            f"{path} is not a table of results: move it away, or restore it with git checkout --"
            " docs"
        )
    return table


def recorded_sensitivity() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """What each measure notices, as last measured: world -> failure -> measure -> value, clean,
    deviations.
    """
    return json.loads(results_file("sensitivity").read_text())["worlds"]
