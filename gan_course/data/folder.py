"""A folder of the learner's own pictures."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_course.data.pictures import ENDINGS, open_picture, read_picture, to_grey
from gan_course.errors import CourseError

__all__ = ["load_folder", "picture_files", "read_picture"]


def load_folder(path: Path | str, *, resolution: int, channels: int = 3) -> tuple[Tensor, list[str]]:
    """All pictures of a folder, cut to their central square and brought to one size.

    A file counts as a picture by its ending, in capitals or not; other files, hidden files and folders
    inside are left alone. Every picture must be usable: none is skipped.

    Args:
        path: the folder.
        resolution: side of the result; no picture may be smaller than that on its short side.
        channels: 3 for colour, 1 for grey.

    Returns:
        Pictures (N, channels, resolution, resolution) uint8 in 0..255, and the file names, sorted.

    Raises:
        ValueError: another number of channels, or a resolution below 1.
        CourseError: no such folder, no pictures in it, or pictures that are damaged or too small: one line
            that names the first and counts the others.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}: choose 3 for colour or 1 for grey")
    if resolution < 1:
        raise ValueError(f"resolution is {resolution}: it must be at least 1")
    files = picture_files(Path(path))
    pictures, errors = [], []
    for file in files:
        try:
            pictures.append(_square(file, resolution))
        except CourseError as error:
            errors.append(error)
    if errors:
        raise CourseError(f"{errors[0]}{_others(len(errors) - 1)}") from errors[0]
    stacked = torch.stack(pictures)
    return stacked if channels == 3 else to_grey(stacked), [file.name for file in files]


def picture_files(folder: Path) -> list[Path]:
    """The files of a folder that count as pictures, sorted by name; folders inside are left alone.

    Raises:
        CourseError: no such folder, it may not be read, or no pictures in it.
    """
    if not folder.exists():
        raise CourseError(f"no folder {folder}: check the name")
    if not folder.is_dir():
        raise CourseError(f"{folder} is a file: give the folder that holds your pictures")
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise CourseError(f"{folder} may not be read ({error.strerror}): change its permissions") from error
    files = [
        entry
        for entry in entries
        if entry.suffix.lower() in ENDINGS
        and not entry.name.startswith(".")
        and (entry.is_file() or entry.is_symlink())
    ]
    if not files:
        raise CourseError(f"no pictures in {folder}: put files there that end in {', '.join(ENDINGS)}")
    return files


def _square(file: Path, resolution: int) -> Tensor:
    image = open_picture(file)
    side = min(image.size)
    if side < resolution:
        raise CourseError(
            f"{file} is {image.width} x {image.height}, smaller than {resolution}: "
            f"choose resolution {side} or less, or remove it"
        )
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    square = image.crop(box).resize((resolution, resolution), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)


def _others(count: int) -> str:
    match count:
        case 0:
            return ""
        case 1:
            return " (1 other picture in the folder cannot be used either)"
    return f" ({count} other pictures in the folder cannot be used either)"
