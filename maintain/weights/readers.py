"""The shipped feature networks: how each is trained and measured."""

import time
from typing import Any

from gan_course.evaluation.features import read_answers
from gan_course.evaluation.readers import WORLDS, fit_reader, load_reader, rotate_randomly
from gan_course.runtime import choose_runtime
from maintain.weights.train_and_ship import ship

NAMES = tuple(f"{world}-reader" for world in WORLDS)


def make(name: str) -> None:
    """Train the feature network of a world anew and ship it."""
    world = WORLDS[name.removesuffix("-reader")]
    started = time.perf_counter()
    reader = fit_reader(world, seed=0, runtime=choose_runtime())
    minutes = round((time.perf_counter() - started) / 60, 1)
    facts = {
        "what": f"feature network: answers {', '.join(world.questions)}",
        "family": "reader",
        "seed": 0,
    }
    ship(
        name,
        reader.state_dict(),
        facts | {"data": world.data, "steps": world.n_steps, "minutes": minutes},
    )


def measure(name: str) -> dict[str, dict[str, Any]]:
    """The figures of its card."""
    return {name: reader_metrics(name.removesuffix("-reader"))}


def reader_metrics(world: str) -> dict[str, float]:
    """Accuracy of a shipped reader for each question, over 1,000 held-out pictures."""
    images, answers = WORLDS[world].load("test", 1_000, 0)
    images, answers = rotate_randomly(WORLDS[world], images, answers, seed=0)
    told = read_answers(load_reader(world), images)
    shares = {}
    for column, (name, answer) in enumerate(told.items()):
        known = answers[:, column] >= 0
        shares[name] = round(float((answer == answers[:, column])[known].double().mean()), 3)
    return shares
