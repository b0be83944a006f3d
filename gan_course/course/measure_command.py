"""`python -m gan_course measure`: a folder of generated pictures against real ones."""

import argparse
from pathlib import Path

from torch import Tensor

from gan_course.data.folder import load_folder
from gan_course.errors import CourseError
from gan_course.evaluation.inception import COMPARABLE, inception_fid
from gan_course.evaluation.readers import WORLDS, World, load_reader
from gan_course.evaluation.sensitivity import MEASURES, Panel

RESOLUTION = {"fashion": 28}
OTHERWISE = 64


def measure_from_options(options: argparse.Namespace) -> None:
    """Measure the generated pictures that the options name, and print what real ones get beside it.

    Half of the real pictures stand for the training set. The other half is measured too, for scale, and says how
    near a new real picture comes to a training picture.

    Raises:
        CourseError: bad options, bad pictures, or too few of them.
    """
    if options.reader not in WORLDS:
        raise CourseError(f"no reader {options.reader!r}: choose from {', '.join(WORLDS)}")
    world = WORLDS[options.reader]
    real, fake = (_pictures(name, options, world) for name in (options.real, options.fake))
    if options.inception:
        _print_inception(real, fake)
        return
    reader = load_reader(options.reader)
    half = len(real) // 2
    least = reader.n_features + 1
    for name, count, needed in ((options.real, len(real), 2 * least), (options.fake, len(fake), least)):
        if count < needed:
            raise CourseError(f"{name} has {count} pictures: {needed} or more are needed for {least - 1} features")
    n = min(half, len(fake))
    panel = Panel(reader, real[:half], real[half:])
    columns = panel(fake[:n]), panel(real[half : half + n])
    print(f"features of {options.reader}-reader; N = {n:,} against {half:,} real pictures (not FID)")
    print(f"{'':10} {'generated':>10} {'real':>10}")
    for name in MEASURES:
        print(f"{name:10} {columns[0][name]:10.4g} {columns[1][name]:10.4g}")


def _pictures(name: str, options: argparse.Namespace, world: World) -> Tensor:
    if name in WORLDS:
        if name != options.reader:
            raise CourseError(f"{name} pictures need the reader {name}: give --reader {name}")
        try:
            return world.load("train", options.n, 1)[0]
        except ValueError as error:
            raise CourseError(f"{name}: {error}") from error
    if not name.strip() or not Path(name).is_dir():
        raise CourseError(f"no pictures named {name!r}, and no such folder: choose {', '.join(WORLDS)}, or a folder")
    resolution = RESOLUTION.get(options.reader, OTHERWISE)
    return load_folder(name, resolution=resolution, channels=world.img_channels)[0][: options.n]


def _print_inception(real: Tensor, fake: Tensor) -> None:
    try:
        distance = inception_fid(real, fake)
    except ValueError as error:
        raise CourseError(str(error)) from error
    n = min(len(real), len(fake))
    caution = "" if n >= COMPARABLE else f"; below {COMPARABLE:,} its bias outweighs most differences"
    print(f"FID (Inception, {len(fake):,} against {len(real):,} pictures) {distance:.2f}{caution}")
