"""Runs a training in a folder: progress, checkpoints, losses, samples; resumed bit for bit."""

import csv
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from torchvision.utils import save_image
from tqdm import tqdm

from gan_course.errors import CourseError, Stopped
from gan_course.files import atomic_write, output_folder
from gan_course.locks import run_folder
from gan_course.training.bundle import Training, check_finite
from gan_course.training.checkpoints import LAST, require_checkpoint, save_checkpoint
from gan_course.training.distributed import (
    average,
    first_alone,
    gather_state,
    highest,
    rank,
    refuse_different_options,
    share_out,
    world_size,
)
from gan_course.training.film import sample_files, save_film, save_strip
from gan_course.training.loop import NonFiniteLoss, fit
from gan_course.training.resume import METRICS, resume_training
from gan_course.training.stopping import stop_requests

SAMPLES = "samples"
GAP = 2  # pixels between the pictures of a sheet


def run_training(
    training: Training,
    out: Path | str,
    *,
    n_steps: int,
    save_every: int,
    resume: bool = False,
    film: bool = False,
    quiet: bool = False,
) -> None:
    """Train up to `n_steps` in the folder `out`.

    Writes `last.pt` (and keeps `previous.pt`), `metrics.csv` with one row a step, and
    `samples/step_*.jpg`, every `save_every` steps and at the end; then `strip.jpg`, a row of
    samples at some moments from the first step to the last. A run that was killed goes on, with
    `resume`, from its last checkpoint as if nothing had happened: losses written after that
    checkpoint are written anew. Ctrl-C, SIGTERM and SIGHUP save a checkpoint after the step before
    they stop.

    Where torchrun started several processes, each calls this with its share of the batch; the first
    alone reads and writes the folder.

    Args:
        training: as its builder made it, with nothing trained yet.
        out: the run's folder; made where it does not exist.
        n_steps: where to stop, counted from the first step of the run, not of this call.
        save_every: steps between two saves, at least 1.
        resume: go on from `out/last.pt`.
        film: at the end, write `film.gif` of all samples, too.
        quiet: show no progress bar.

    Raises:
        CourseError: another process is at work in `out`; `out` holds a run and `resume` is false;
            nothing to resume; the saved configuration differs; the folder cannot be written; or a
            loss, or a weight that was to be saved, is not finite; or processes differ in what they
            were asked to do.
        Stopped: a signal came, and the run was saved.
    """
    if save_every < 1:
        raise CourseError(f"save-every is {save_every}: choose a whole number from 1")
    training, out = share_out(training), Path(out)
    asked = {"family": training.family, "steps": n_steps, "save-every": save_every}
    refuse_different_options(training.config | asked | {"resume": resume})
    if resume:
        first_alone(lambda: require_checkpoint(out / LAST))  # before the folder is made
    with ExitStack() as stack:
        first_alone(lambda: stack.enter_context(run_folder(out)))
        if resume:
            resume_training(training, out)
        else:
            first_alone(lambda: _refuse_old_run(out))
        _train(training, out, n_steps, save_every, quiet)
        first_alone(lambda: _save_strip(training, out, film))


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
    samples = out / SAMPLES
    first_alone(lambda: output_folder(samples))
    if training.step.n_done == 0:
        first_alone(lambda: _save_preview(training, samples / "step_000000.jpg"))
    bar = _progress_bar(training, n_steps, quiet)
    stop = 0  # the signal that asked for an end, in whichever process

    def should_stop() -> bool:
        nonlocal stop
        stop = highest(request.signal)
        return stop != 0

    def hook(n_done: int, rows: list[dict[str, float]]) -> None:
        is_time = n_done % save_every == 0 or n_done == n_steps
        state = {}
        if is_time or stop:
            check_finite(training.step)
            state = gather_state(training.state_dict())
        if rank():
            return
        _append_rows(out / METRICS, rows)
        losses = {name: f"{value:.2f}" for name, value in rows[-1].items() if name != "step"}
        bar.set_postfix(
            {"pictures/s": f"{_pictures_per_second(bar, training):.0f}", **losses}, refresh=False
        )
        bar.update(n_done - bar.n)
        if state:
            save_checkpoint(out, state)
        if is_time:
            _save_preview(training, samples / f"step_{n_done:06d}.jpg")

    every = _divisor(save_every)
    with stop_requests(quiet=rank() > 0) as request:
        try:
            fit(
                training.step,
                training.batches,
                n_steps=n_steps,
                hook=hook,
                hook_every=every,
                should_stop=should_stop,
                average=average,
            )
        except NonFiniteLoss as error:
            raise CourseError(f"{error}; {_last_good(out)}") from error
        finally:
            bar.close()
    if stop and training.step.n_done < n_steps:
        raise Stopped(stop, f"stopped after step {training.step.n_done}, saved in {out / LAST}")


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
        images = training.preview().add(1).div(2)
        save_image(images, temporary, nrow=8, padding=GAP, format="jpeg")


def _save_strip(training: Training, out: Path, film: bool) -> None:
    """A strip of translations, where that is what a sheet's second row shows, else of its first."""
    if not sample_files(out / SAMPLES):  # removed since, by whoever keeps the folder small
        return
    height = training.preview().shape[-2] + GAP
    row = 1 if training.family in ("cyclegan", "pix2pix", "style-transfer") else 0
    save_strip(out / SAMPLES, out, top=row * height, height=height)
    if film:
        save_film(out / SAMPLES, out)


def _divisor(save_every: int, at_most: int = 25) -> int:
    return max(d for d in range(1, at_most + 1) if save_every % d == 0)


def _progress_bar(training: Training, n_steps: int, quiet: bool) -> tqdm:
    silent = quiet or bool(os.environ.get("GAN_COURSE_HEADLESS"))
    hidden = silent or sys.stderr is None or rank() > 0
    return tqdm(
        total=n_steps, initial=training.step.n_done, unit="step", disable=hidden, file=sys.stderr
    )


def _pictures_per_second(bar: tqdm, training: Training) -> float:
    rate = bar.format_dict["rate"] or 0.0
    return rate * training.batches.batch_size * world_size()


def _last_good(out: Path) -> str:
    if (out / LAST).is_file():
        return f"the last good checkpoint is {out / LAST}; try a lower learning rate"
    return "no checkpoint was saved before it; try a lower learning rate"
