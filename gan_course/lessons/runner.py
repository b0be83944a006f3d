"""Runs lessons end to end, one process a notebook."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from gan_course.data.manifest import data_root
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.lessons import kernels
from gan_course.lessons.claims import in_words, read_claims
from gan_course.paths import NOTEBOOKS, ROOT

CELL_TIMEOUT = {"smoke": 120, "fast": 600, "full": 3600}  # seconds
ONE_THREAD = {"GAN_COURSE_THREADS": "1", "OMP_NUM_THREADS": "1"}
LONG = 10  # seconds, from which on a cell is one to wait for

_RUNNING: set[subprocess.Popen] = set()  # lessons under way


Status = Literal["passed", "claims failed", "failed"]  # failed: it did not run to its end


@dataclass(frozen=True)
class LessonResult:
    """The result of one lesson."""

    name: str
    status: Status
    seconds: float
    peak_mb: int
    claims: list[dict] = field(default_factory=list)
    # cells that take long: the heading above, and seconds
    waits: list[dict] = field(default_factory=list)
    error: str = ""  # the last line of what went wrong


def run_lessons(
    names: list[str],
    *,
    profile: str,
    device: str,
    out: Path,
    max_steps: int | None = None,
    where: str = "",
    parameters: Mapping[str, object] | None = None,
    settings: Mapping[str, str] | None = None,
    jobs: int = 1,
) -> dict:
    """Execute lessons with papermill, write `summary.json`, and return the summary.

    A lesson passes if papermill exits with 0, every code cell completed, and every claim that it
    states in its source was recorded and held. A lesson that fails does not stop the next, and a
    claim that fails does not stop its lesson.

    Args:
        names: lessons, in order.
        profile: "smoke", "fast" or "full".
        device: as `GAN_COURSE_DEVICE` takes it; empty to let each lesson look.
        out: a new folder for the executed notebooks and the summary.
        max_steps: cap on every step count, as `GAN_COURSE_MAX_STEPS`.
        where: a line on device and precision, for the summary.
        parameters: values for the cell tagged `parameters`, such as {"SEED": 1}.
        settings: environment variables for the lessons, such as {"GAN_COURSE_PRECISION":
            "float32"}.
        jobs: lessons at a time; from two on each has one thread, or their threads would wait for
            each other.

    Raises:
        CourseError: the folder cannot be written or holds another run, or the tools to run
            notebooks are missing.
    """
    _require_tools()
    _refuse_old_results(out, names)
    out = output_folder(out)
    environment = (
        _environment(profile, device, max_steps)
        | (ONE_THREAD if jobs > 1 else {})
        | dict(settings or {})
    )
    started = time.perf_counter()
    results: dict[str, LessonResult] = {}

    def run_one(numbered: tuple[int, str]) -> None:
        number, name = numbered
        if jobs == 1:
            print(f"[{number}/{len(names)}] {name} ...", end="", flush=True)
        results[name] = _run_lesson(name, profile, out, environment, parameters or {})
        _report(results[name], "" if jobs == 1 else f"[{number}/{len(names)}] {name} ...")

    try:
        each(run_one, list(enumerate(names, 1)), jobs)
    finally:  # what is finished is kept, also when the user stops the run
        summary = {
            "profile": profile,
            "device": where or device,
            "seconds": round(time.perf_counter() - started, 1),
            "lessons": [_public(results[name]) for name in names if name in results],
        }
        with atomic_write(out / "summary.json") as temporary:
            temporary.write_text(json.dumps(summary, indent=1) + "\n")
    return summary


def _refuse_old_results(out: Path, names: list[str]) -> None:
    for file in ["summary.json", "index.html", *(f"{name}.ipynb" for name in names)]:
        if (out / file).exists():
            raise CourseError(f"{out} already holds {file}: choose another --out")


def each(work: Callable[[Any], None], items: list, jobs: int) -> None:
    """Do the work for each item, `jobs` at a time.

    Where one raises, or the user stops, the others are stopped too.
    """
    if jobs == 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(jobs) as pool:
        pending = {pool.submit(work, item) for item in items}
        try:
            for done in as_completed(pending):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_RUNNING):
                _stop(process)
            raise


def _report(result: LessonResult, begin: str) -> None:
    held = sum(entry["held"] is True for entry in result.claims)
    judged = sum(entry["held"] is not None for entry in result.claims)
    lines = [
        f"{begin} {result.status} in {result.seconds:.0f} s, {result.peak_mb} MB, {held} of"
        f" {judged} claims held"
    ]
    lines += [
        f"claim did not hold: {in_words(entry)}"
        for entry in result.claims
        if entry["held"] is False
    ]
    lines += [result.error] if result.error else []
    print("\n        ".join(lines), flush=True)  # at once: other lessons may end at the same time


def print_missed_claims(summary: dict) -> None:
    """Print the claims of a run that did not hold, and what that means; nothing where all held."""
    missed = [
        f"  {lesson['name']}: {in_words(entry)}"
        for lesson in summary["lessons"]
        for entry in lesson["claims"]
        if entry["held"] is False
    ]
    if missed:
        print("Claims that did not hold in this run:", *missed, sep="\n")
        print(
            "Their lessons ran to the end, and everything else in them holds. A training comes out"
            " a little"
        )
        print(
            "different on each kind of processor; these sentences had too little room on yours, so"
            " do not"
        )
        print(
            "build on them. Please report them to the course's repository, with what `make doctor`"
            " prints."
        )


def _environment(profile: str, device: str, max_steps: int | None) -> dict[str, str]:
    environment = os.environ | {
        "GAN_COURSE_PROFILE": profile,
        "GAN_COURSE_HEADLESS": "1",
        "GAN_COURSE_DATA": str(data_root().resolve()),  # the lesson runs in another folder
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    environment.pop("MPLBACKEND", None)  # the kernel chooses the backend that stores pictures
    if device:
        environment["GAN_COURSE_DEVICE"] = device
    if max_steps:
        environment["GAN_COURSE_MAX_STEPS"] = str(max_steps)
    return environment


def _run_lesson(
    name: str,
    profile: str,
    out: Path,
    environment: dict[str, str],
    parameters: Mapping[str, object],
) -> LessonResult:
    source, executed = NOTEBOOKS / f"{name}.ipynb", out / f"{name}.ipynb"
    record = out / f"{name}.claims.jsonl"
    record.unlink(missing_ok=True)
    # papermill fills {}
    paths = [str(path).replace("{", "{{").replace("}", "}}") for path in (source, executed)]
    command = [
        sys.executable,
        "-m",
        "papermill",
        *paths,
        "--cwd",
        str(NOTEBOOKS),
        "-k",
        kernels.NAME,
    ]
    command += [
        "--execution-timeout",
        str(CELL_TIMEOUT[profile]),
        "--start-timeout",
        "120",
        "--no-progress-bar",
    ]
    for parameter, value in parameters.items():
        command += ["-p", parameter, str(value)]
    environment = environment | {"GAN_COURSE_CLAIMS": str(record.resolve())}
    started = time.perf_counter()
    with (out / f"{name}.log").open("w") as log, kernels.this_python() as kernel:
        process = subprocess.Popen(
            command, env=environment | kernel, stdout=log, stderr=subprocess.STDOUT
        )
        _RUNNING.add(process)
        with _PeakMemory(process.pid) as memory:
            try:
                code = process.wait()
            except BaseException:
                _stop(process)
                raise
            finally:
                _RUNNING.discard(process)
    seconds = time.perf_counter() - started
    claims = read_claims(record)
    waits = _waits(executed) if code == 0 else []
    error = _find_error(executed, code, out / f"{name}.log")
    missed = any(entry["held"] is False for entry in claims)
    status: Status = "failed" if error else "claims failed" if missed else "passed"
    return LessonResult(name, status, seconds, memory.peak_mb, claims, waits, error)


def _find_error(executed: Path, code: int, log: Path) -> str:
    """The reason why a lesson did not run to its end; empty where it did."""
    if code != 0 and shutil.disk_usage(log.parent).free < 2**20:
        return f"no space left in {log.parent}: free some space or choose another --out"
    if code != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return f"{lines[-1].strip() if lines else 'papermill failed'} (see {log})"
    import nbformat

    for number, cell in enumerate(nbformat.read(executed, as_version=4).cells):
        if cell.cell_type == "code" and cell.source.strip():
            status = cell.metadata.get("papermill", {}).get("status")
            if status != "completed":
                return f"cell {number} did not complete ({status})"
    return ""


def _waits(executed: Path) -> list[dict]:
    """The slow cells of an executed notebook, each under its last heading."""
    import nbformat

    heading, waits = "", []
    for cell in nbformat.read(executed, as_version=4).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
            headings = re.findall(r"^#{1,4} (.+)$", prose, re.MULTILINE)
            heading = headings[-1] if headings else heading
        elif (seconds := cell.metadata.get("papermill", {}).get("duration") or 0) >= LONG:
            waits.append({"under": heading, "seconds": round(seconds)})
    return waits


def _stop(process: subprocess.Popen) -> None:
    """End papermill and its kernel, so that nothing runs on unseen."""
    try:
        family = [
            psutil.Process(process.pid),
            *psutil.Process(process.pid).children(recursive=True),
        ]
    except psutil.Error:
        return
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue
    process.wait()


def _public(result: LessonResult) -> dict:
    entry = asdict(result)
    entry["seconds"] = round(result.seconds, 1)
    names = ("text", "held", "value", "sign", "bound")
    entry["claims"] = [{name: claim[name] for name in names} for claim in result.claims]
    if not result.error:
        del entry["error"]
    return entry


def _require_tools() -> None:
    from importlib.util import find_spec

    missing = [
        name
        for name in ("papermill", "ipykernel", "nbformat", "torch", "matplotlib")
        if find_spec(name) is None
    ]
    if missing:
        raise CourseError(
            f"{sys.executable} lacks {', '.join(missing)}: pip install -r requirements.txt"
        )


class _PeakMemory:
    """The largest resident memory of a process and its children, looked at five times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._stop, self.peak_mb = pid, threading.Event(), 0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            try:
                root = psutil.Process(self._pid)
                family = [root, *root.children(recursive=True)]
                total = sum(process.memory_info().rss for process in family)
            except psutil.Error:  # one of them has just ended
                continue
            self.peak_mb = max(self.peak_mb, total // 2**20)
