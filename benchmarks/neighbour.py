"""A training step beside a program that keeps one core busy.

`python -m benchmarks.neighbour NAME` takes one step of NAME again and again for two seconds and
prints the median, in seconds. Every trial is a process of its own, because the course looks at the
cores when a process starts.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch

from benchmarks.rows import ROWS
from gan_course.lessons.l06_cycle_consistency.config import PROFILES as LESSON_06
from gan_course.lessons.l11_stylegan.config import PROFILES as LESSON_11
from gan_course.paths import ROOT
from gan_course.runtime import Runtime, choose_runtime
from gan_course.training.bundle import Training
from gan_course.training.cyclegan import build_cyclegan
from gan_course.training.stylegan import build_stylegan

SECONDS = 2.0  # of steps in a trial


def lesson_06(runtime: Runtime) -> Training:
    """The live training of lesson 06, on noise: nothing about the time depends on the pictures."""
    config = LESSON_06["fast"].cyclegan
    pictures = _noise(config.img_resolution)
    return build_cyclegan(config, pictures, pictures.flip(0), seed=0, runtime=runtime)


def lesson_11(runtime: Runtime) -> Training:
    """The live training of lesson 11, on noise."""
    config = LESSON_11["fast"].stylegan
    return build_stylegan(config, _noise(config.img_resolution), seed=0, runtime=runtime)


LESSONS: dict[str, Callable[[Runtime], Training]] = {"lesson-06": lesson_06, "lesson-11": lesson_11}


def step_of(name: str, runtime: Runtime) -> Callable[[], object]:
    """One step of the course: of a row of `ROWS`, or of a lesson's live training."""
    if name in ROWS:
        return ROWS[name](runtime).course
    training = LESSONS[name](runtime)
    batch = next(training.batches)
    return lambda: training.step(batch)


def median_seconds(step: Callable[[], object], seconds: float = SECONDS) -> float:
    """The median time of a step, over as many as fit; the first two are there to warm up."""
    taken: list[float] = []
    begun = time.perf_counter()
    while len(taken) < 4 or time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        step()
        taken.append(time.perf_counter() - start)
    return median(taken[2:])


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Within: a process that does nothing, as fast as it can."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def beside_neighbour(name: str, trials: int) -> dict[str, float]:
    """Quiet and busy trials in turn: median seconds of each, median ratio of busy to quiet."""
    quiet, busy = [], []
    for _ in range(trials):
        quiet.append(_trial(name))
        with busy_neighbour():
            time.sleep(0.5)
            busy.append(_trial(name))
    ratio = median(b / median(quiet) for b in busy)
    return {"quiet": median(quiet), "busy": median(busy), "ratio": ratio}


def _trial(name: str) -> float:
    command = [sys.executable, "-m", "benchmarks.neighbour", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _noise(side: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (64, 3, side, side), dtype=torch.uint8, generator=generator)


if __name__ == "__main__":
    print(median_seconds(step_of(sys.argv[1], choose_runtime("cpu"))))
