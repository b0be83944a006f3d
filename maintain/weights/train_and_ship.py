"""Trains one weight in its run folder, and ships it with its card: for all kinds of weights."""

import platform
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from gan_course.lessons.results import current_commit
from gan_course.paths import RUNS
from gan_course.runtime import choose_runtime
from gan_course.training.bundle import Training
from gan_course.training.checkpoints import LAST
from gan_course.training.run import run_training
from gan_course.weights.cards import save_weights


def train(training: Training, name: str, *, n_steps: int, save_every: int) -> dict[str, Any]:
    """Train in runs/weights/NAME; a training that was cut off goes on from its last checkpoint.

    Returns:
        How long it took, for a card.
    """
    folder = RUNS / "weights" / name
    resume = (folder / LAST).exists()
    wall, busy = time.perf_counter(), time.process_time()
    run_training(training, folder, n_steps=n_steps, save_every=save_every, resume=resume)
    facts: dict[str, Any] = {
        "minutes": round((time.perf_counter() - wall) / 60, 1),
        "processor minutes": round((time.process_time() - busy) / 60, 1),
    }
    return facts | ({"minutes of": "the last part of a resumed run"} if resume else {})


def recipe(config: Any) -> dict[str, Any]:
    """What a card says of a configuration: its fields, the steps, the pictures seen."""
    return {
        "config": asdict(config),
        "steps": config.n_steps,
        "pictures": config.n_steps * config.batch_size,
    }


def ship(name: str, tensors: dict[str, Any], facts: dict[str, Any]) -> None:
    """Store weights with their card; the figures come when they are measured."""
    card = {
        **facts,
        "metrics": {},
        "hardware": f"{_processor()}, {choose_runtime()}",
        "torch": torch.__version__,
        "commit": current_commit(),
        "command": f"python -m gan_course weights --make {name}",
        "licence": "MIT",
    }
    save_weights(name, tensors, card)


def _processor() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")),
        "unknown CPU",
    )
