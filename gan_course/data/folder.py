"""Reads a folder of the learner's own pictures."""

import os
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from gan_course.data.pictures import (
    open_picture,
    read_picture,
    readable_endings,
    readable_formats,
    to_grey,
)
from gan_course.errors import CourseError

__all__ = ["left_out", "load_folder", "load_pictures", "picture_files", "progress", "read_picture"]

# a folder inside, where this course puts grids of samples, which are not samples themselves
SHEETS = "sheets"
SYSTEM_FILES = ("desktop.ini", "thumbs.db")  # of Windows, hidden there
MAX_FOLDERS = 1_000  # folders inside that are looked into
SILENT_SECONDS = 5


def load_folder(
    path: Path | str, *, resolution: int, channels: int = 3
) -> tuple[Tensor, list[str]]:
    """All pictures of a folder, cut to their central square and brought to one size.

    A file counts as a picture by its ending, in capitals or not; other files, hidden files and
    folders inside are left alone (`left_out` names them). Every picture must be usable: none is
    skipped.

    Args:
        path: the folder.
        resolution: side of the result; no picture may be smaller than that on its short side.
        channels: 3 for colour, 1 for grey.

    Returns:
        Pictures (N, channels, resolution, resolution) uint8 in 0..255, and the file names, sorted.

    Raises:
        ValueError: another number of channels, or a resolution below 1.
        CourseError: no such folder, no pictures in it, or pictures that are damaged or too small:
            one line that names the first and counts the others.
    """
    _check_request(resolution, channels)
    files = picture_files(Path(path))
    return load_pictures(files, resolution=resolution, channels=channels), [
        file.name for file in files
    ]


def load_pictures(
    files: Sequence[Path],
    *,
    resolution: int,
    channels: int = 3,
    if_small: str = "choose resolution {side} or less, or remove it",
) -> Tensor:
    """Pictures from files of one folder, cut to their central square and brought to one size.

    Args:
        files: at least one, read in this order.
        resolution: as for `load_folder`.
        channels: as for `load_folder`.
        if_small: the way out where a picture is too small; `{side}` stands for its short side.

    Returns:
        (N, channels, resolution, resolution) uint8 in 0..255.

    Raises:
        ValueError: as for `load_folder`.
        CourseError: pictures that are damaged or too small.
    """
    _check_request(resolution, channels)
    pictures, errors = [], []
    for file in progress(files, "reading"):
        try:
            pictures.append(_square(file, resolution, if_small))
        except CourseError as error:
            errors.append(error)
    if errors:
        raise CourseError(f"{errors[0]}{others(len(errors) - 1)}") from errors[0]
    stacked = torch.stack(pictures)
    return stacked if channels == 3 else to_grey(stacked)


def picture_files(folder: Path) -> list[Path]:
    """The files of a folder that count as pictures, sorted by name; folders inside are left alone.

    Raises:
        CourseError: no such folder, it may not be read, or no pictures in it.
    """
    endings = readable_endings()
    files = [entry for entry in _visible_files(folder) if entry.suffix.lower() in endings]
    if not files:
        contents = left_out(folder)
        if contents:
            raise CourseError(f"no pictures in {folder} itself: {contents}")
        raise CourseError(
            f"no pictures in {folder}: put files there that end in {', '.join(endings)}"
        )
    return files


def left_out(folder: Path) -> str:
    """The contents of a folder that are not read as pictures, in one line with the way out.

    Files of other endings are counted, and of the folders inside that hold pictures the fullest is
    named; hidden files and this course's own sheets of samples are not spoken of.

    Returns:
        The line; empty where there is nothing to say.

    Raises:
        CourseError: no such folder, or it may not be read.
    """
    words, endings = [], readable_endings()
    endings_left_out = Counter(
        entry.suffix.lower() or "without an ending"
        for entry in _visible_files(folder)
        if entry.suffix.lower() not in endings
    )
    if endings_left_out:
        kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(endings_left_out.items()))
        words.append(f"{kinds} not read (formats that are: {', '.join(readable_formats())})")
    inside = _pictures_inside(folder, endings)
    if inside:
        fullest, count = max(inside, key=lambda entry: entry[1])
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        others = " (and other folders inside have some)" if len(inside) > 1 else ""
        words.append(f"{fullest} has {pictures}{others}, not read: name that folder for them")
    return "; ".join(words)


def progress(files: Sequence[Path], doing: str) -> tqdm:
    """The files, with a progress bar on standard error after some seconds.

    There is no bar under GAN_COURSE_HEADLESS.
    """
    silent = bool(os.environ.get("GAN_COURSE_HEADLESS"))
    return tqdm(
        files, desc=doing, unit="picture", delay=SILENT_SECONDS, leave=False, disable=silent
    )


def _visible_files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise CourseError(f"no folder {folder}: check the name")
    if not folder.is_dir():
        raise CourseError(f"{folder} is a file: give the folder that holds your pictures")
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise CourseError(
            f"{folder} may not be read ({error.strerror}): change its permissions"
        ) from error
    return [
        entry
        for entry in entries
        if not entry.name.startswith(".")
        and entry.name.lower() not in SYSTEM_FILES
        and (entry.is_file() or (entry.is_symlink() and not entry.is_dir()))
    ]


def _pictures_inside(folder: Path, endings: Collection[str]) -> list[tuple[Path, int]]:
    """Folders inside, at any depth, and how many pictures each of them holds."""
    counts: list[tuple[Path, int]] = []
    for path, folders, files in islice(os.walk(folder), MAX_FOLDERS):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != SHEETS)
        count = sum(
            Path(name).suffix.lower() in endings and not name.startswith(".") for name in files
        )
        if count and Path(path) != folder:
            counts.append((Path(path), count))
    return counts


def _check_request(resolution: int, channels: int) -> None:
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}: choose 3 for colour or 1 for grey")
    if resolution < 1:
        raise ValueError(f"resolution is {resolution}: it must be at least 1")


def _square(file: Path, resolution: int, if_small: str) -> Tensor:
    image = open_picture(file, side=resolution)
    side = min(image.size)
    if side < resolution:
        raise CourseError(
            f"{file} is {image.width} x {image.height}, smaller than {resolution}: "
            + if_small.format(side=side)
        )
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    square = image.crop(box).resize((resolution, resolution), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)


def others(count: int) -> str:
    """How many other pictures of a folder cannot be used, in brackets; empty for none."""
    match count:
        case 0:
            return ""
        case 1:
            return " (1 other picture in the folder cannot be used either)"
    return f" ({count} other pictures in the folder cannot be used either)"
