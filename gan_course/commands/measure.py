"""`python -m gan_course measure`: a folder of generated pictures against real ones."""

import argparse
import math
from collections.abc import Sequence
from os.path import expanduser
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_course.commands.own_pictures import own_folder
from gan_course.commands.parsing import whole
from gan_course.data.folder import load_pictures, picture_files
from gan_course.errors import CourseError
from gan_course.evaluation.inception import COMPARABLE, inception_fid
from gan_course.evaluation.panel import MEASURES, Panel
from gan_course.evaluation.readers import WORLDS, World, load_reader

RESOLUTION = {"fashion": 28}  # of the pictures that each reader was trained on
OTHERWISE = 64
FEWEST = 10  # pictures of each kind: precision and recall need more than three
SEED = 1  # of the draw: what comes first by name is often one kind of picture


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--real",
        required=True,
        type=expanduser,
        metavar="NAME_OR_DIR",
        help="a bundled set, or a folder",
    )
    parser.add_argument(
        "--fake",
        required=True,
        type=expanduser,
        metavar="NAME_OR_DIR",
        help="the generated pictures, likewise",
    )
    parser.add_argument(
        "--reader",
        default="photos",
        help=(
            f"{', '.join(WORLDS)} (default: photos); pictures are brought to 64 px, for fashion to"
            " 28, and must not be smaller"
        ),
    )
    parser.add_argument(
        "--held-out",
        type=expanduser,
        metavar="NAME_OR_DIR",
        help="real pictures that the generator has not seen (default: half of --real, by a seed)",
    )
    parser.add_argument(
        "--resolution",
        type=whole,
        metavar="N",
        help="compare at N px, the size of smaller generated pictures: 32, or what divides 64",
    )
    parser.add_argument(
        "--n",
        type=_count,
        default=2_000,
        help="pictures of each at most, drawn by a fixed seed and not by name (default: 2000)",
    )
    parser.add_argument(
        "--inception",
        action="store_true",
        help="the FID of the papers, of pictures at their own size; fetches Inception's weights",
    )


def work(options: argparse.Namespace) -> int:
    """Measure the generated pictures that the options name, and print what real ones get beside it.

    The real pictures stand for the training set. Held-out ones are measured too, for scale, and say
    how near a new real picture comes to a training picture; where none are named, half of the real
    ones are held out. Which pictures are taken, and for which half, is drawn by a fixed seed. The
    course's readers see pictures at the size that they were trained on, Inception at their own.

    Raises:
        CourseError: bad options, bad pictures, or too few of them.
    """
    if options.reader not in WORLDS:
        raise CourseError(f"no reader {options.reader!r}: choose from {', '.join(WORLDS)}")
    world = WORLDS[options.reader]
    if options.inception:
        if options.held_out or options.resolution:
            raise CourseError(
                "--inception compares --fake with all of --real, at their own size: leave"
                " --held-out and --resolution out"
            )
        _print_inception(
            _for_inception(options.real, options, world),
            _for_inception(options.fake, options, world),
        )
        return 0
    side = RESOLUTION.get(options.reader, OTHERWISE)
    if options.resolution and side % options.resolution:
        sides = [f"{n}" for n in range(side // 4, side + 1) if side % n == 0]
        raise CourseError(f"--resolution {options.resolution}: choose {' or '.join(sides)}")
    real, fake = (_for_reader(name, options, world) for name in (options.real, options.fake))
    if options.held_out:
        if options.held_out in (options.real, options.fake):
            raise CourseError(
                f"--held-out {options.held_out} is named twice: name pictures that the generator"
                " has not seen, or leave --held-out out"
            )
        held_out = _for_reader(options.held_out, options, world)
    else:
        real, held_out = real[: len(real) // 2], real[len(real) // 2 :]
    for name, part, needed in (
        (options.real, real, FEWEST if options.held_out else 2 * FEWEST),
        (options.held_out or options.real, held_out, FEWEST),
        (options.fake, fake, FEWEST),
    ):
        if len(part) < FEWEST:
            raise CourseError(f"{name} has too few pictures: {needed} or more are needed")
    n = min(len(held_out), len(fake))
    reader = load_reader(options.reader)
    panel = Panel(reader, real, held_out)
    columns = panel(fake[:n]), panel(held_out[:n])
    print(
        f"features of {options.reader}-reader; N = {n:,} against {len(real):,} real pictures"
        " (not FID)"
    )
    print(f"{'':10} {'generated':>10} {'real':>10}")
    for name in MEASURES:
        print(f"{name:10}" + "".join(f" {_in_words(column[name]):>10}" for column in columns))
    if min(n, len(real)) <= reader.n_features:
        print(f"frechet needs more than {reader.n_features} pictures of each: read kernel instead")
    return 0


def _in_words(figure: float) -> str:
    return "-" if math.isnan(figure) else f"{figure:.4g}"


def _for_reader(name: str, options: argparse.Namespace, world: World) -> Tensor:
    """Pictures of a set or a folder, at the reader's size, by way of `--resolution` if given."""
    side = RESOLUTION.get(options.reader, OTHERWISE)
    files = _draw_files(name, options)
    if files is None:
        images = _load_bundled(name, options, world)
        if options.resolution:
            images = interpolate(images.float(), size=options.resolution, mode="area")
            images = images.round().byte()
    else:
        wanted = options.resolution or side
        smaller = "" if wanted % 2 else f"--resolution {wanted // 2} or "
        way_out = (
            f"remove it, or add {smaller}--inception (the reader {options.reader} compares at"
            f" {wanted} px)"
        )
        images = load_pictures(
            files, resolution=wanted, channels=world.img_channels, if_small=way_out
        )
    return images if images.shape[-1] == side else interpolate(images, size=side)


def _for_inception(name: str, options: argparse.Namespace, world: World) -> Tensor | list[Path]:
    files = _draw_files(name, options)
    return _load_bundled(name, options, world) if files is None else files


def _draw_files(name: str, options: argparse.Namespace) -> list[Path] | None:
    """Draw at most --n picture files of a folder, whatever their names; None for a bundled set."""
    folder = own_folder(name, WORLDS)
    if folder is None:
        return None
    files = picture_files(folder)
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(SEED))
    return [files[k] for k in order[: options.n].tolist()]


def _load_bundled(name: str, options: argparse.Namespace, world: World) -> Tensor:
    if name != options.reader:
        raise CourseError(f"{name} pictures need the reader {name}: give --reader {name}")
    try:
        return world.load("train", options.n, SEED)[0]
    except ValueError as error:
        raise CourseError(f"{name}: {error}") from error


def _print_inception(real: Tensor | Sequence[Path], fake: Tensor | Sequence[Path]) -> None:
    try:
        distance = inception_fid(real, fake)
    except ValueError as error:
        raise CourseError(str(error)) from error
    n = min(len(real), len(fake))
    caution = (
        "" if n >= COMPARABLE else f"; below {COMPARABLE:,} its bias outweighs most differences"
    )
    print(f"FID (Inception, {len(fake):,} against {len(real):,} pictures) {distance:.2f}{caution}")


def _count(text: str) -> int:
    return whole(text, highest=100_000)
