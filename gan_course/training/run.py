"""One training run in a folder: progress, checkpoints, losses, samples; resumed bit for bit."""

import csv
import os
import sys
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.utils import save_image
from tqdm import tqdm

from gan_course.errors import CourseError, Stopped
from gan_course.files import atomic_write, output_folder
from gan_course.locks import run_folder
from gan_course.training.bundle import Training, TrainingStep
from gan_course.training.checkpoints import LAST, load_checkpoint, save_checkpoint
from gan_course.training.loop import NonFiniteLoss, fit
from gan_course.training.stopping import stop_requests

METRICS, SAMPLES = "metrics.csv", "samples"
OPTIONS = {
    "n_steps": "--steps",
    "batch_size": "--batch-size",
    "img_resolution": "--resolution",
    "seed": "--seed",
}


def run_training(
    training: Training,
    out: Path | str,
    *,
    n_steps: int,
    save_every: int,
    resume: bool = False,
    quiet: bool = False,
) -> None:
    """Train up to `n_steps` in the folder `out`.

    Writes `last.pt` (and keeps `previous.pt`), `metrics.csv` with one row a step, and
    `samples/step_*.jpg`, every `save_every` steps and at the end. A run that was killed goes on,
    with `resume`, from its last checkpoint as if nothing had happened: losses written after that
    checkpoint are written anew. Ctrl-C, SIGTERM and SIGHUP save a checkpoint after the step before
    they stop.

    Args:
        training: as its builder made it, with nothing trained yet.
        out: the run's folder; made where it does not exist.
        n_steps: where to stop, counted from the first step of the run, not of this call.
        save_every: steps between two saves, at least 1.
        resume: go on from `out/last.pt`.
        quiet: show no progress bar.

    Raises:
        CourseError: another process is at work in `out`; `out` holds a run and `resume` is false;
            nothing to resume; the saved configuration differs; the folder cannot be written; or a
            loss is not finite.
        Stopped: a signal came, and the run was saved.
    """
    if save_every < 1:
        raise CourseError(f"save-every is {save_every}: choose a whole number from 1")
    with run_folder(out) as folder:
        if resume:
            _resume(training, folder)
        else:
            _refuse_old_run(folder)
        _train(training, folder, n_steps, save_every, quiet)


def _refuse_old_run(out: Path) -> None:
    if (out / LAST).exists():
        raise CourseError(
            f"{out} already holds a run: add --resume to go on with it, or choose another --out"
        )
    if (out / METRICS).exists():
        raise CourseError(
            f"{out} holds a run that saved no checkpoint: remove {out / METRICS}, or choose another"
            " --out"
        )


def _train(training: Training, out: Path, n_steps: int, save_every: int, quiet: bool) -> None:
    samples = output_folder(out / SAMPLES)
    bar = _progress_bar(training, n_steps, quiet)

    def hook(n_done: int, rows: list[dict[str, float]]) -> None:
        _append_rows(out / METRICS, rows)
        losses = {name: f"{value:.2f}" for name, value in rows[-1].items() if name != "step"}
        bar.set_postfix(
            {"pictures/s": f"{_pictures_per_second(bar, training):.0f}", **losses}, refresh=False
        )
        bar.update(n_done - bar.n)
        is_time = n_done % save_every == 0 or n_done == n_steps
        if is_time or request.came():
            save_checkpoint(out, training.state_dict())
        if is_time:
            _save_preview(training, samples / f"step_{n_done:06d}.jpg")

    every = _divisor(save_every)
    with stop_requests() as request:
        try:
            fit(
                training.step,
                training.batches,
                n_steps=n_steps,
                hook=hook,
                hook_every=every,
                should_stop=request.came,
            )
        except NonFiniteLoss as error:
            raise CourseError(f"{error}; {_last_good(out)}") from error
        finally:
            bar.close()
    if request.came() and training.step.n_done < n_steps:
        raise Stopped(
            request.signal, f"stopped after step {training.step.n_done}, saved in {out / LAST}"
        )


def _resume(training: Training, out: Path) -> None:
    path = out / LAST
    state = load_checkpoint(path)
    saved = state.get("config")
    is_run = isinstance(saved, dict) and all(isinstance(name, str) for name in saved)
    if not is_run or not {"family", "step", "batches"} <= state.keys():
        raise CourseError(f"{path} is no checkpoint of a run: name the run's own folder")
    if state["family"] != training.family:
        raise CourseError(
            f"{path} is a {state['family']} run, not {training.family}: choose another --out"
        )
    try:
        _refuse_other_config(path, training.config, saved)
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
    _forget_rows_after(out / METRICS, training.step.n_done)


def _refuse_other_config(path: Path, config: dict, saved: dict) -> None:
    for name in sorted(config.keys() | saved.keys()):
        now, then = config.get(name), saved.get(name)
        if now != then:
            way = _way_to(name, then)
            raise CourseError(
                f"{path} was trained with {name} = {then}, this one has {now}: {way}, or choose"
                " another --out"
            )


def _way_to(name: str, value: Any) -> str:
    """How a setting of the saved run is chosen again."""
    if name == "precision":
        return f"set GAN_COURSE_PRECISION={value}"
    if name in OPTIONS:
        return f"add {OPTIONS[name]} {value}"
    option = "--data" if name.startswith("pictures") or name == "img_channels" else "--profile"
    return f"give the same {option}"


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
    """What `load_state_dict` accepts and training would fall over: torch reads past the end of too
    small a moment.
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


def _append_rows(path: Path, rows: list[dict[str, float]]) -> None:
    is_new = not path.exists()
    try:
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise CourseError(
            f"cannot write {path} ({error.strerror}): free some space or choose another --out"
        ) from error


def _save_preview(training: Training, path: Path) -> None:
    with atomic_write(path) as temporary:
        save_image(training.preview().add(1).div(2), temporary, nrow=8, format="jpeg")


def _divisor(save_every: int, at_most: int = 25) -> int:
    return max(d for d in range(1, at_most + 1) if save_every % d == 0)


def _progress_bar(training: Training, n_steps: int, quiet: bool) -> tqdm:
    hidden = quiet or bool(os.environ.get("GAN_COURSE_HEADLESS")) or sys.stderr is None
    return tqdm(
        total=n_steps, initial=training.step.n_done, unit="step", disable=hidden, file=sys.stderr
    )


def _pictures_per_second(bar: tqdm, training: Training) -> float:
    rate = bar.format_dict["rate"] or 0.0
    return rate * training.batches.batch_size


def _last_good(out: Path) -> str:
    if (out / LAST).is_file():
        return f"the last good checkpoint is {out / LAST}; try a lower learning rate"
    return "no checkpoint was saved before it; try a lower learning rate"
