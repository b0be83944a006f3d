"""Checkpoints that survive a kill, a full disk and a flipped bit."""

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import torch

from gan_course.errors import CourseError
from gan_course.files import atomic_write, damage_in_zip

LAST, PREVIOUS = "last.pt", "previous.pt"


def save_checkpoint(folder: Path | str, state: dict[str, Any]) -> Path:
    """Write `folder/last.pt` whole or not at all; the one before it stays as `previous.pt`.

    Args:
        folder: an existing folder.
        state: state dicts and plain values only, so that it loads with `weights_only`.

    Returns:
        The path of the checkpoint.

    Raises:
        CourseError: it cannot be written; both old files are untouched.
    """
    path = Path(folder) / LAST
    with atomic_write(path) as temporary:
        torch.save(state, temporary)
        if path.exists():
            _keep_previous(path)
    return path


def load_checkpoint(path: Path | str, *, map_location: str = "cpu") -> dict[str, Any]:
    """Read a checkpoint written by `save_checkpoint`, its checksums compared first.

    Raises:
        CourseError: no such file, damaged bytes, or a file that holds code and not just weights.
    """
    path = Path(path)
    require_checkpoint(path)
    try:
        damage = damage_in_zip(path)
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error
    if damage:
        raise CourseError(f"{path} is damaged ({damage}): {_way_out(path)}")
    try:
        state = torch.load(path, map_location=map_location, weights_only=True)
    except (RuntimeError, EOFError, KeyError, ValueError) as error:
        raise CourseError(
            f"{path} is not a checkpoint of this course: name the run's own folder"
        ) from error
    except pickle.UnpicklingError as error:
        raise CourseError(
            f"{path} holds more than weights and was not opened: use only checkpoints you trust"
        ) from error
    if not isinstance(state, dict):
        raise CourseError(f"{path} is not a checkpoint of this course: name the run's own folder")
    _rename_fields(state)
    return state


def require_checkpoint(path: Path) -> None:
    """Refuse to go on from a checkpoint that is not there.

    Raises:
        CourseError: no such file.
    """
    if not path.is_file():
        previous = path.with_name(PREVIOUS)
        way = (
            _way_out(path)
            if previous.is_file()
            else "start without --resume, or name the run's own folder"
        )
        raise CourseError(f"no checkpoint {path}: {way}")


def _rename_fields(state: dict[str, Any]) -> None:
    """Give the fields of an older run's configuration the names that they have today."""
    config = state.get("config") if state.get("family") in ("cyclegan", "pix2pix") else None
    if isinstance(config, dict) and "constant" in config:
        config["lr_constant"] = config.pop("constant")


def _keep_previous(path: Path) -> None:
    spare = path.with_name(f".{PREVIOUS}.tmp")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, spare)  # the bytes alone: permissions may not be kept there either
    os.replace(spare, path.with_name(PREVIOUS))


def _way_out(path: Path) -> str:
    previous = path.with_name(PREVIOUS)
    if path.name == LAST and previous.is_file():
        return f"copy {previous} over it and resume from there"
    return "restore it from a copy, or start the run anew"
