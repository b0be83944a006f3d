"""Resumable training of a lesson: an interrupted full run goes on at the next."""

import shutil
from collections.abc import Callable
from pathlib import Path

from gan_course.lessons.profiles import max_steps, resolve_profile
from gan_course.locks import run_folder
from gan_course.paths import RUNS
from gan_course.training.bundle import Training
from gan_course.training.checkpoints import LAST, load_checkpoint, save_checkpoint
from gan_course.training.loop import fit

Rows = list[dict[str, float]]


def lesson_folder(lesson: str, profile: str = "") -> Path | None:
    """The folder of a lesson's checkpoints, below runs/; None outside the full profile."""
    if resolve_profile(profile) != "full" or max_steps() is not None:
        return None
    return RUNS / "lessons" / lesson


def fit_resumable(
    training: Training,
    *,
    n_steps: int,
    folder: Path | None,
    hook: Callable[[int, Rows], None] | None = None,
    hook_every: int = 10,
) -> Rows:
    """Run `fit` with a checkpoint at each call of the hook, and resume from the last.

    The checkpoint is removed when the training is complete. One of another configuration is left
    aside.

    Args:
        training: as its builder made it.
        n_steps: where to stop.
        folder: for the checkpoints; None to keep none.
        hook: as for `fit`; it is not called again for what was done before the interruption.
        hook_every: as for `fit`.

    Returns:
        All rows from step 1, those before an interruption included.

    Raises:
        CourseError: another process is at work in the folder, it cannot be written, its checkpoint
            is damaged, or a loss is not finite.
    """
    if folder is None:
        return fit(
            training.step, training.batches, n_steps=n_steps, hook=hook, hook_every=hook_every
        )

    def save(n_done: int, new: Rows) -> None:
        rows.extend(new)
        save_checkpoint(folder, training.state_dict() | {"rows": rows})
        if hook is not None:
            hook(n_done, new)

    with run_folder(folder):
        rows = _resume(training, folder)
        fit(training.step, training.batches, n_steps=n_steps, hook=save, hook_every=hook_every)
    shutil.rmtree(folder)
    return rows


def _resume(training: Training, folder: Path) -> Rows:
    if not (folder / LAST).is_file():
        return []
    state = load_checkpoint(folder / LAST)
    if (state.get("family"), state.get("config")) != (training.family, training.config):
        print(f"the interrupted run in {folder} has another configuration: a new one begins")
        return []
    training.load_state_dict(state)
    print(f"going on from step {training.step.n_done} of an interrupted run in {folder}")
    return state["rows"]
