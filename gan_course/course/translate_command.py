"""`python -m gan_course translate`: pictures in, pictures out, nothing skipped and nothing overwritten."""

import argparse
import os
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from gan_course.data.folder import picture_files
from gan_course.data.pictures import open_picture, read_picture
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.inference.translating import translate_picture
from gan_course.inference.translators import load_translator
from gan_course.runtime import choose_runtime

KEPT = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}  # others are written as .png
SETTINGS = {"PNG": {}, "JPEG": {"quality": 92, "subsampling": 0}}


def translate_from_options(options: argparse.Namespace) -> None:
    """Translate every picture that the options name.

    Everything that can be checked is checked first: the weights, every picture, every name of a result.

    Raises:
        CourseError: bad weights, an unreadable picture, two results of one name, a result that exists, or a folder
            that cannot be written.
    """
    runtime = choose_runtime(options.device)
    G = load_translator(options.weights, direction=options.direction).to(runtime.device)
    files = _inputs(Path(options.input))
    results = _results(files, Path(options.output), options.overwrite)
    for file in files:
        open_picture(file)  # a damaged picture is found before the first is written
    output_folder(options.output)
    hidden = bool(os.environ.get("GAN_COURSE_HEADLESS")) or len(files) == 1
    done = 0
    try:
        for file, result in tqdm(list(zip(files, results, strict=True)), disable=hidden, unit="picture"):
            _write(translate_picture(G, _sized(read_picture(file), options.size)), result)
            done += 1
    except CourseError as error:
        raise CourseError(f"{error} ({done} of {len(files)} pictures were written, and are whole)") from error
    changed = sum(file.suffix.lower() not in KEPT for file in files)
    note = f"; {changed} as .png, for want of their own format" if changed else ""
    print(f"{done} picture{'s' if done > 1 else ''} translated with {options.weights}: {options.output}{note}")


def _inputs(path: Path) -> list[Path]:
    if path.is_dir():
        return picture_files(path)
    if not path.is_file():
        raise CourseError(f"no file or folder {path}: check the name after --input")
    return [path]


def _results(files: list[Path], folder: Path, overwrite: bool) -> list[Path]:
    results = [folder / (file.name if file.suffix.lower() in KEPT else f"{file.stem}.png") for file in files]
    seen: dict[Path, Path] = {}
    for file, result in zip(files, results, strict=True):
        if result in seen:
            raise CourseError(f"{seen[result]} and {file} would both become {result}: rename one of them")
        seen[result] = file
        if result.exists() and result.resolve() == file.resolve():
            raise CourseError(f"{result} would replace its own input: choose another --output")
        if result.exists() and not overwrite:
            raise CourseError(f"{result} is there already: add --overwrite, or choose another --output")
    return results


def _sized(picture: Tensor, size: int | None) -> Tensor:
    """The picture with its shorter side brought to `size` pixels; as it is for None."""
    if size is None:
        return picture
    height, width = picture.shape[1:]
    scale = size / min(height, width)
    image = Image.fromarray(picture.permute(1, 2, 0).numpy())
    image = image.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS)
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(*image.size[::-1], 3).permute(2, 0, 1)


def _write(picture: Tensor, path: Path) -> None:
    kind = KEPT[path.suffix.lower()]
    with atomic_write(path) as temporary:
        Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy()).save(temporary, format=kind, **SETTINGS[kind])
