"""One training run in a folder: progress, checkpoints, losses, samples; resumed bit for bit."""

import csv
import os
import sys
from pathlib import Path

import torch
from torchvision.utils import save_image
from tqdm import tqdm

from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.training.checkpoints import LAST, load_checkpoint, save_checkpoint
from gan_course.training.families import Training, TrainingStep
from gan_course.training.loop import NonFiniteLoss, fit

METRICS, SAMPLES = "metrics.csv", "samples"


def run_training(
    training: Training, out: Path | str, *, n_steps: int, save_every: int, resume: bool = False, quiet: bool = False
) -> None:
    """Train up to `n_steps` in the folder `out`.

    Writes `last.pt` (and keeps `previous.pt`), `metrics.csv` with one row a step, and `samples/step_*.jpg`, every
    `save_every` steps and at the end. A run that was killed goes on, with `resume`, from its last checkpoint as if
    nothing had happened: losses written after that checkpoint are written anew.

    Args:
        training: as its builder made it, with nothing trained yet.
        out: the run's folder; made where it does not exist.
        n_steps: where to stop, counted from the first step of the run, not of this call.
        save_every: steps between two saves, at least 1.
        resume: go on from `out/last.pt`.
        quiet: show no progress bar.

    Raises:
        CourseError: `out` holds a run and `resume` is false; nothing to resume; the saved configuration differs;
            the folder cannot be written; or a loss is not finite.
    """
    if save_every < 1:
        raise CourseError(f"save-every is {save_every}: choose a whole number from 1")
    out = output_folder(out)
    if resume:
        _resume(training, out)
    elif (out / LAST).exists():
        raise CourseError(f"{out} already holds a run: add --resume to go on with it, or choose another --out")
    elif (out / METRICS).exists():
        raise CourseError(
            f"{out} holds a run that saved no checkpoint: remove {out / METRICS}, or choose another --out"
        )
    samples = output_folder(out / SAMPLES)
    bar = _progress_bar(training, n_steps, quiet)

    def hook(n_done: int, rows: list[dict[str, float]]) -> None:
        _append_rows(out / METRICS, rows)
        losses = {name: f"{value:.2f}" for name, value in rows[-1].items() if name != "step"}
        bar.set_postfix({"pictures/s": f"{_pictures_per_second(bar, training):.0f}", **losses}, refresh=False)
        bar.update(n_done - bar.n)
        if n_done % save_every == 0 or n_done == n_steps:
            save_checkpoint(out, training.state_dict())
            _save_preview(training, samples / f"step_{n_done:06d}.jpg")

    try:
        fit(training.step, training.batches, n_steps=n_steps, hook=hook, hook_every=_divisor(save_every))
    except NonFiniteLoss as error:
        raise CourseError(f"{error}; {_last_good(out)}") from error
    finally:
        bar.close()


def _resume(training: Training, out: Path) -> None:
    path = out / LAST
    state = load_checkpoint(path)
    saved = state.get("config")
    is_run = isinstance(saved, dict) and all(isinstance(name, str) for name in saved)
    if not is_run or not {"family", "step", "batches"} <= state.keys():
        raise CourseError(f"{path} is no checkpoint of a run: name the run's own folder")
    if state["family"] != training.family:
        raise CourseError(f"{path} is a {state['family']} run, not {training.family}: choose another --out")
    try:
        _refuse_other_config(path, training.config, saved)
        training.load_state_dict(state)
        _check_state(training.step)
        _forget_rows_after(out / METRICS, training.step.n_done)
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise CourseError(f"{path} does not fit this {training.family}: name the run's own folder") from error


def _refuse_other_config(path: Path, config: dict, saved: dict) -> None:
    for name in sorted(config.keys() | saved.keys()):
        now, then = config.get(name), saved.get(name)
        if now != then:
            raise CourseError(
                f"{path} was trained with {name} = {then}, this one has {now}: use the same, or another --out"
            )


def _check_state(step: TrainingStep) -> None:
    """What `load_state_dict` accepts and training would fall over: torch reads past the end of too small a moment."""
    if type(step.n_done) is not int or step.n_done < 0:
        raise ValueError(f"n_done is {step.n_done}")
    for optimizer in vars(step).values():
        if isinstance(optimizer, torch.optim.Adam):
            for parameter, state in optimizer.state.items():
                shapes = [state[name].shape for name in ("step", "exp_avg", "exp_avg_sq")]
                if shapes != [(), parameter.shape, parameter.shape]:
                    raise ValueError(f"moments of {shapes} for a parameter of {parameter.shape}")


def _forget_rows_after(path: Path, n_done: int) -> None:
    """Cut off losses that were written after the checkpoint; those up to it must all be there."""
    try:
        header, *rows = path.read_text().splitlines(keepends=True)
        kept = rows[:n_done]
        table = [[float(value) for value in row.split(",")] for row in kept]
        whole = [row[0] for row in table] == list(range(1, len(kept) + 1)) and len(kept) == n_done
        whole = whole and all(len(row) == header.count(",") + 1 for row in table)
        whole = whole and all(line.endswith("\n") for line in (header, *kept))
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise CourseError(f"{path} does not hold steps 1 to {n_done}: restore it from a copy, or choose another --out")
    with atomic_write(path) as temporary:
        temporary.write_text(header + "".join(kept))


def _append_rows(path: Path, rows: list[dict[str, float]]) -> None:
    is_new = not path.exists()
    try:
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise CourseError(f"cannot write {path} ({error.strerror}): free some space or choose another --out") from error


def _save_preview(training: Training, path: Path) -> None:
    with atomic_write(path) as temporary:
        save_image(training.preview().add(1).div(2), temporary, nrow=8, format="jpeg")


def _divisor(save_every: int, at_most: int = 25) -> int:
    return max(d for d in range(1, at_most + 1) if save_every % d == 0)


def _progress_bar(training: Training, n_steps: int, quiet: bool) -> tqdm:
    hidden = quiet or bool(os.environ.get("GAN_COURSE_HEADLESS")) or sys.stderr is None
    return tqdm(total=n_steps, initial=training.step.n_done, unit="step", disable=hidden, file=sys.stderr)


def _pictures_per_second(bar: tqdm, training: Training) -> float:
    rate = bar.format_dict["rate"] or 0.0
    return rate * training.batches.batch_size


def _last_good(out: Path) -> str:
    if (out / LAST).is_file():
        return f"the last good checkpoint is {out / LAST}; try a lower learning rate"
    return "no checkpoint was saved before it; try a lower learning rate"
