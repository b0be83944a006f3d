"""`python -m gan_course translate`: translates pictures; skips and overwrites nothing."""

import argparse
import os
from os.path import expanduser
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from gan_course.commands.own_pictures import say_what_is_left_out
from gan_course.commands.parsing import folder, whole
from gan_course.data.folder import picture_files, progress
from gan_course.data.pictures import (
    FORMATS,
    MAX_PIXELS,
    PictureTooLargeError,
    open_picture,
    too_many_pixels,
)
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.inference.translate import translate_picture
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.runtime import choose_runtime
from gan_course.weights.translators import load_translator

KEPT = {".png": "PNG"} | dict.fromkeys(FORMATS["JPEG"], "JPEG")  # others are written as .png
JPEG_SIDE = 65_500  # the longest that libjpeg writes


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = (
        "Above half a million pixels a picture is computed layer by layer in bands of rows, with"
        " the statistics of the whole picture: the result is that of one pass, in a fraction of its"
        " memory."
    )
    parser.add_argument(
        "--weights",
        required=True,
        type=expanduser,
        metavar="NAME_OR_FILE",
        help="such as photo2vangogh",
    )
    parser.add_argument(
        "--input",
        required=True,
        type=expanduser,
        metavar="FILE_OR_DIR",
        help="a picture, or a folder of pictures",
    )
    parser.add_argument(
        "--output", required=True, type=folder, metavar="DIR", help="where results are written"
    )
    parser.add_argument("--direction", default="", help="AB or BA, for last.pt of a run")
    parser.add_argument(
        "--size",
        type=_side,
        help="bring the shorter side to so many pixels first; a JPEG above 64 megapixels needs it",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results that are there already"
    )
    parser.add_argument("--device", default="", help="cpu, cuda or mps")
    parser.set_defaults(smaller="--size")


def work(options: argparse.Namespace) -> int:
    """Translate every picture that the options name.

    Everything that can be checked is checked first: the weights, every picture, every name of a
        result.

    Raises:
        CourseError: bad weights, an unreadable picture, a result too large for its format, two
            results of one name, a result that exists, or a folder that cannot be written.
    """
    runtime = choose_runtime(options.device)
    G = load_translator(options.weights, direction=options.direction).to(runtime.device)
    _check_colour(G, options.weights)
    files = _inputs(options.input)
    results = _results(files, Path(options.output), options.overwrite)
    for file, result in zip(progress(files, "checking"), results, strict=True):
        _check_picture(file, result, options.size)
    output_folder(options.output)
    hidden = bool(os.environ.get("GAN_COURSE_HEADLESS")) or len(files) == 1
    done: list[str] = []
    try:
        for file, result in tqdm(
            list(zip(files, results, strict=True)), disable=hidden, unit="picture"
        ):
            _write(translate_picture(G, _read(file, options.size)), result)
            done.append(result.name)
    except CourseError as error:
        written = (
            f"{len(done)} of {len(files)} pictures are"
            f" complete{', the last ' + done[-1] if done else ''}"
        )
        raise CourseError(f"{error} ({written})") from error
    changed = sum(file.suffix.lower() not in KEPT for file in files)
    note = f"; {changed} saved as .png (format not supported)" if changed else ""
    pictures = "1 picture" if len(done) == 1 else f"{len(done)} pictures"
    print(f"{pictures} translated with {options.weights}: {options.output}{note}")
    return 0


def _check_colour(G: ResnetGenerator, name: str) -> None:
    first, last = G.model[1], G.model[-1]
    assert isinstance(first, nn.Conv2d) and isinstance(last, nn.Conv2d)
    channels = first.in_channels - 4 * G.coordinates, last.out_channels
    if channels != (3, 3):
        raise CourseError(
            f"{name} goes from {channels[0]} to {channels[1]} channels: give a generator from"
            " colour to colour"
        )


def _inputs(name: str) -> list[Path]:
    if not name.strip():
        raise CourseError("--input is empty: give a picture, or a folder of pictures")
    path = Path(name)
    if path.is_dir():
        files = picture_files(path)
        say_what_is_left_out(path)
        return files
    if not path.is_file():
        raise CourseError(f"no file or folder {path}: check the name after --input")
    return [path]


def _results(files: list[Path], folder: Path, overwrite: bool) -> list[Path]:
    results = [
        folder / (file.name if file.suffix.lower() in KEPT else f"{file.stem}.png")
        for file in files
    ]
    seen: dict[Path, Path] = {}
    for file, result in zip(files, results, strict=True):
        if result in seen:
            raise CourseError(
                f"{seen[result]} and {file} would both become {result}: rename one of them"
            )
        seen[result] = file
        if result.exists() and result.resolve() == file.resolve():
            raise CourseError(f"{result} would replace its own input: choose another --output")
        if result.exists() and not overwrite:
            raise CourseError(
                f"{result} is there already: add --overwrite, or choose another --output"
            )
    return results


def _check_picture(file: Path, result: Path, side: int | None) -> None:
    """Refuse a damaged picture, or a size that cannot be written, before the first result."""
    width, height = _new_size(*_open(file, side).size, side, file)
    if KEPT[result.suffix.lower()] == "JPEG" and max(width, height) > JPEG_SIDE:
        raise CourseError(
            f"{file} would become {width} x {height}, too long for a JPEG: choose a smaller --size,"
            " or give a PNG"
        )


def _new_size(width: int, height: int, side: int | None, file: Path) -> tuple[int, int]:
    """Width and height with the shorter of them brought to `side`; as they are for None."""
    if side is None:
        return width, height
    scale = side / min(width, height)
    width, height = round(width * scale), round(height * scale)
    if width * height > MAX_PIXELS:
        raise CourseError(f"{file} would become {width} x {height} pixels: choose a smaller --size")
    return width, height


def _read(file: Path, side: int | None) -> Tensor:
    """Read a picture (3, H, W) uint8, scaled where `side` says so."""
    image = _open(file, side)
    if side is not None:
        image = image.resize(_new_size(*image.size, side, file), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def _open(file: Path, side: int | None) -> Image.Image:
    try:
        return open_picture(file, side=side)
    except PictureTooLargeError as error:
        if not error.largest_side:
            raise
        raise CourseError(
            f"{too_many_pixels(file)}: add --size {error.largest_side} or less"
        ) from error


def _write(picture: Tensor, path: Path) -> None:
    kind = KEPT[path.suffix.lower()]
    with atomic_write(path) as temporary:
        image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
        if kind == "JPEG":
            image.save(temporary, format=kind, quality=92, subsampling=0)
        else:
            image.save(temporary, format=kind)


def _side(text: str) -> int:
    return whole(text, lowest=8, highest=20_000)
