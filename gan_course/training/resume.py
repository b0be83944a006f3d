"""Resuming a run: its checkpoint and its losses are read back and checked before they are used."""

import os
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.settings import as_word
from gan_course.training.bundle import Training, TrainingStep
from gan_course.training.checkpoints import LAST, load_checkpoint
from gan_course.training.distributed import first_alone, own_state, sent_by_first

METRICS = "metrics.csv"
# what runs of before a setting existed had
LATER = {"processes": 1, "augment": False, "mirror": False, "init": ""}
OPTIONS = {  # of `train`, by the setting that each changes
    "n_steps": "--steps",
    "batch_size": "--batch-size",
    "img_resolution": "--resolution",
    "seed": "--seed",
}


def resume_training(training: Training, out: Path) -> None:
    """Bring a new training to where the run in `out` was saved, and its losses with it.

    Raises:
        CourseError: no checkpoint, a damaged one, another training's, or another configuration.
    """
    path = out / LAST
    state = sent_by_first(first_alone(lambda: load_checkpoint(path)))
    assert state is not None  # the first process has it
    saved = state.get("config")
    if (
        not isinstance(saved, dict)
        or not all(isinstance(name, str) for name in saved)
        or not {"family", "step", "batches"} <= state.keys()
    ):
        raise CourseError(f"{path} is not a checkpoint of a run: name the run's own folder")
    if state["family"] != training.family:
        raise CourseError(
            f"{path} is a {state['family']} run, not {training.family}: choose another --out"
        )
    try:
        _refuse_other_config(path, training.config, saved)
        state = own_state(state)
        is_other_device = _replace_random_state(training.step, state["step"])
        training.load_state_dict(state)
        _check_state(training.step)
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path} does not fit this {training.family}: name the run's own folder"
        ) from error
    if is_other_device:
        print(
            f"{path} was saved on another kind of device: it goes on with other random numbers, so"
            " not bit for bit"
        )
    first_alone(lambda: _forget_rows_after(out / METRICS, training.step.n_done))


def _refuse_other_config(path: Path, config: dict, saved: dict) -> None:
    config, saved = LATER | config, LATER | saved
    names = [
        name for name in sorted(config.keys() | saved.keys()) if config.get(name) != saved.get(name)
    ]
    if "init" in names:
        names = ["init"]  # a start brings its whole configuration with it
    if names:
        differences = "; ".join(
            f"{name} = {saved.get(name)}, this one has {config.get(name)}" for name in names
        )
        ways = "; ".join(_ways_to({name: saved.get(name) for name in names}))
        raise CourseError(f"{path} was trained with {differences}: {ways}, or choose another --out")


def _ways_to(saved: dict[str, Any]) -> list[str]:
    """How the settings of the saved run are chosen again."""
    ways, options, settings = [], [], []
    for name, value in saved.items():
        if name == "precision":
            ways.append(f"set GAN_COURSE_PRECISION={value}")
        elif name == "processes":
            ways.append(f"start as many, with torchrun --nproc-per-node {value}")
        elif name in OPTIONS:
            options.append(f"{OPTIONS[name]} {value}")
        elif name.startswith("pictures"):
            ways.append("give the same --data")
        elif name == "init":
            ways.append(f"add --init {value}" if value else "leave out --init")
        else:
            settings.append(f"{name}={as_word(value)}")
    if options:
        ways.append(f"add {' '.join(options)}")
    if settings:
        ways.append(f"give the same --profile, or add --set {' '.join(settings)}")
    return list(dict.fromkeys(ways))


def _replace_random_state(step: TrainingStep, saved: dict[str, Any]) -> bool:
    """Give the saved step new random numbers where its own are those of another kind of device.

    A CPU and a GPU draw by other rules, so the state of one means nothing to the other. The new
    numbers depend on the run's seed and on where it stands: those of its first steps do not come
    again.
    """
    generator, state = getattr(step, "generator", None), saved.get("generator")
    if generator is None or not isinstance(state, Tensor) or state.dtype != torch.uint8:
        return False
    if state.shape == generator.get_state().shape:
        return False
    seed = (generator.initial_seed() + 1_000_003 * saved["n_done"]) % 2**63
    saved["generator"] = torch.Generator(generator.device).manual_seed(seed).get_state()
    return True


def _check_state(step: TrainingStep) -> None:
    """Refuse what `load_state_dict` accepts, but training cannot use.

    torch reads past the end of a moment that is too small.
    """
    if type(step.n_done) is not int or step.n_done < 0:
        raise ValueError(f"n_done is {step.n_done}")
    for optimizer in vars(step).values():
        if isinstance(optimizer, torch.optim.Adam):
            for parameter, state in optimizer.state.items():
                shapes = [state[name].shape for name in ("step", "exp_avg", "exp_avg_sq")]
                if shapes != [(), parameter.shape, parameter.shape]:
                    raise ValueError(f"moments of {shapes} for a parameter of {parameter.shape}")


def _forget_rows_after(path: Path, n_done: int) -> None:
    """Cut off losses that were written after the checkpoint.

    A table that does not lead up to the checkpoint is kept under another name: losses are worth
    looking at, but a training that could go on does not depend on them.
    """
    kept = _rows_up_to(path, n_done)
    if kept is not None:
        with atomic_write(path) as temporary:
            temporary.write_text("".join(kept))
    elif os.path.lexists(path):
        aside = next(
            name
            for k in count(1)
            if not os.path.lexists(name := path.with_name(f"metrics_old{k}.csv"))
        )
        path.rename(aside)
        print(
            f"{path} does not hold the losses up to step {n_done}: it is now {aside}, and a new one"
            " begins"
        )
    else:
        print(f"{path} is not there: a new one begins with step {n_done + 1}")


def _rows_up_to(path: Path, n_done: int) -> list[str] | None:
    """The header and the rows up to a step; None where the table is not whole.

    It may begin later than with step 1, if it was begun anew when an older one was lost.
    """
    try:
        header, *rows = path.read_text().splitlines(keepends=True)
        first = float(rows[0].split(",")[0]) if rows else n_done + 1
        kept = rows[: max(0, int(n_done + 1 - first))]
        table = [[float(value) for value in row.split(",")] for row in kept]
    except (OSError, ValueError, OverflowError):
        return None
    lines = [header, *kept]
    is_whole = [row[0] for row in table] == list(range(n_done + 1 - len(kept), n_done + 1))
    is_whole = is_whole and 1 <= first <= n_done + 1 and all(line.endswith("\n") for line in lines)
    is_whole = is_whole and all(len(row) == header.count(",") + 1 for row in table)
    return lines if is_whole else None
