"""`python -m gan_course generate`: pictures from a StyleGAN, by seed, mixed, or on a walk; or from
a DCGAN, by seed.
"""

import argparse
import io
import subprocess
from os.path import expanduser
from pathlib import Path
from reprlib import repr as shortened

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from gan_course.commands.outputs import check_finite, check_free, write_png
from gan_course.commands.parsing import folder, number
from gan_course.data.batches import to_bytes
from gan_course.data.folder import SHEETS
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.inference.generate import (
    draw,
    generate,
    latents,
    mixing_grid,
    style_resolutions,
    styles,
    walk,
)
from gan_course.models.dcgan import DCGANGenerator
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.runtime import choose_runtime
from gan_course.weights import dcgan, stylegans
from gan_course.weights.saved import read_saved

MAX_SEEDS = 10_000
FRAMES_BETWEEN, FRAME_MS = 24, 40
MAX_FRAMES = 2_000
MAX_MIXED = 198  # seeds: with its borders a grid of 100 x 100 pictures
# from which resolution to which
LEVELS = {"coarse": (4, 8), "middle": (16, 16), "fine": (32, 1_024)}
INSTALL = "pip install -e '.[video]' in the course's folder"
KINDS = ("pictures", "mix", "gif", "mp4")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--weights",
        required=True,
        type=expanduser,
        metavar="NAME_OR_FILE",
        help="such as stylegan-cats64, or a run of yours: runs/mine",
    )
    parser.add_argument("--seeds", default="0-63", help="such as 0-63 or 1,5,9 (default: 0-63)")
    parser.add_argument("--kind", default="pictures", help="pictures (default), mix, gif or mp4")
    parser.add_argument(
        "--truncation", type=number, default=1.0, metavar="PSI", help="0 to 2 (default: 1, none)"
    )
    parser.add_argument(
        "--layers",
        help="for mix alone, what the columns give: coarse (default), middle or fine styles",
    )
    parser.add_argument(
        "--out",
        required=True,
        type=folder,
        metavar="DIR",
        help=(
            "where results are written; what is not a sample, such as the grid, goes into its"
            " folder sheets/"
        ),
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results that are there already"
    )
    parser.add_argument("--device", default="", help="cpu, cuda or mps")
    parser.set_defaults(smaller="number of --seeds")


def work(options: argparse.Namespace) -> int:
    """Write what the options ask for: a picture a seed and a grid of all, a mixing grid, or a walk.

    Only samples lie in the folder itself, which `measure`, `train` and `translate` may read; the
    rest is in a folder inside.

    Raises:
        CourseError: bad options or weights, or a result that is there already.
    """
    if options.kind not in KINDS:
        raise CourseError(f"unknown kind {options.kind!r}: choose {', '.join(KINDS)}")
    if options.layers is not None:
        if options.layers not in LEVELS:
            raise CourseError(f"unknown styles {options.layers!r}: choose {', '.join(LEVELS)}")
        if options.kind != "mix":
            raise CourseError(
                f"--layers is for --kind mix, and the kind is {options.kind}: leave it out"
            )
    if not 0 <= options.truncation <= 2:
        raise CourseError(
            f"--truncation is {options.truncation}: choose a number from 0 (the mean picture) to 2"
        )
    seeds = parse_seeds(options.seeds)
    saved = read_saved(options.weights, stylegans.FAMILY, dcgan.FAMILY)
    device = choose_runtime(options.device).device
    if saved.family == dcgan.FAMILY:
        if options.kind != "pictures" or options.truncation != 1:
            raise CourseError(
                f"{options.weights} is a DCGAN, which has no styles to mix, walk or truncate: leave"
                " --kind and --truncation out"
            )
        _write_pictures(dcgan.build_dcgan_generator(saved).to(device), seeds, options)
    else:
        G = stylegans.build_stylegan_generator(saved).to(device)
        _WRITERS[options.kind](G, seeds, options)
    return 0


def parse_seeds(text: str) -> list[int]:
    """Seeds such as "0-63", "7" or "1,5,9-12", in that order.

    Raises:
        CourseError: something else, a range that runs backwards, or too many.
    """
    seeds: list[int] = []
    for part in text.split(","):
        ends = [end.strip() for end in part.split("-")]
        if not (1 <= len(ends) <= 2 and all(end.isdecimal() for end in ends)):
            raise CourseError(
                f"--seeds {shortened(text)} is not understood: write them as 0-63 or 1,5,9"
            )
        # as long as 2^32; int() itself refuses thousands of digits
        if max(len(end) for end in ends) > 10:
            raise CourseError(
                f"--seeds {shortened(part)} has a number of more than 10 digits: choose some below"
                " 2^32"
            )
        first, last = int(ends[0]), int(ends[-1])
        if last < first or max(last, len(seeds) + last - first) >= 2**32:
            raise CourseError(
                f"--seeds {shortened(part)} runs from {first} to {last}: choose numbers that rise,"
                " below 2^32"
            )
        if len(seeds) + last - first + 1 > MAX_SEEDS:
            raise CourseError(
                f"--seeds {shortened(text)} are more than {MAX_SEEDS:,}: choose fewer"
            )
        seeds += range(first, last + 1)
    return seeds


def _write_pictures(
    G: StyleGANGenerator | DCGANGenerator, seeds: list[int], options: argparse.Namespace
) -> None:
    folder = Path(options.out)
    files = [folder / f"seed{seed:04d}.png" for seed in seeds]
    grid = folder / SHEETS / "grid.png"
    check_free([*files, grid], options.overwrite)
    output_folder(grid.parent)
    if isinstance(G, StyleGANGenerator):
        images = generate(G, _styles(G, seeds, options))
    else:
        images = draw(G, latents(seeds, G.z_dim))
        check_finite(images, options.weights)
    for image, file in zip(images, files, strict=True):
        write_png(image, file)
    write_png(make_grid(images, nrow=round(len(images) ** 0.5 + 0.4999), pad_value=1.0), grid)
    print(f"{len(files)} pictures and their grid: {grid}")


def _write_mix(G: StyleGANGenerator, seeds: list[int], options: argparse.Namespace) -> None:
    if len(seeds) < 2:
        raise CourseError("a mixing grid needs two seeds at least: write --seeds 0-7")
    if len(seeds) > MAX_MIXED:
        raise CourseError(
            f"a mixing grid of {len(seeds)} seeds is too large: choose at most {MAX_MIXED}"
        )
    level = options.layers or "coarse"
    layers = slice(*_layers(level, G))
    path = Path(options.out) / SHEETS / "mix.png"
    check_free([path], options.overwrite)
    output_folder(path.parent)
    ws = _styles(G, seeds, options)
    half = len(seeds) // 2
    rows, columns, side = ws[:half], ws[half:], G.synthesis.img_resolution
    tiles = [torch.ones(1, 3, side, side), *generate(G, columns).split(1)]
    for row, original in zip(rows.split(1), generate(G, rows).split(1), strict=True):
        tiles += [original, *generate(G, mixing_grid(row, columns, layers)).split(1)]
    write_png(make_grid(torch.cat(tiles), nrow=len(columns) + 1, pad_value=1.0), path)
    print(f"{half} rows by {len(columns)} columns, {level} styles from the columns: {path}")


def _write_walk(G: StyleGANGenerator, seeds: list[int], options: argparse.Namespace) -> None:
    if len(seeds) < 2:
        raise CourseError("a walk needs two seeds at least: write --seeds 0-3")
    if len(seeds) * FRAMES_BETWEEN > MAX_FRAMES:
        raise CourseError(
            f"a walk over {len(seeds)} seeds is too long: choose at most"
            f" {MAX_FRAMES // FRAMES_BETWEEN}"
        )
    path = Path(options.out) / SHEETS / f"walk.{options.kind}"
    check_free([path], options.overwrite)
    if options.kind == "mp4":
        _check_mp4()
    output_folder(path.parent)
    frames = to_bytes(generate(G, walk(_styles(G, seeds, options), FRAMES_BETWEEN)))
    frames = frames.repeat_interleave(256 // frames.shape[2] or 1, 2).repeat_interleave(
        256 // frames.shape[3] or 1, 3
    )
    encode = _encode_mp4 if options.kind == "mp4" else _encode_gif
    film = encode(frames.permute(0, 2, 3, 1).contiguous().numpy())
    with atomic_write(path) as temporary:
        temporary.write_bytes(film)
    print(f"{len(frames)} frames: {path}")


_WRITERS = {
    "pictures": _write_pictures,
    "mix": _write_mix,
    "gif": _write_walk,
    "mp4": _write_walk,
}


def _layers(level: str, G: StyleGANGenerator) -> tuple[int, int]:
    """The first layer of a level and the one after its last."""
    inside = [
        k
        for k, side in enumerate(style_resolutions(G))
        if LEVELS[level][0] <= side <= LEVELS[level][1]
    ]
    if not inside:
        raise CourseError(f"G has no {level} styles: it makes {G.synthesis.img_resolution} px")
    return inside[0], inside[-1] + 1


def _styles(G: StyleGANGenerator, seeds: list[int], options: argparse.Namespace) -> Tensor:
    ws = styles(G, latents(seeds, G.z_dim), truncation_psi=options.truncation)
    check_finite(ws, options.weights)
    return ws


def _encode_gif(frames: np.ndarray) -> bytes:
    first, *others = (Image.fromarray(frame) for frame in frames)
    film = io.BytesIO()
    first.save(film, format="GIF", save_all=True, append_images=others, duration=FRAME_MS, loop=0)
    return film.getvalue()


def _check_mp4() -> None:
    """Check that a film can be made, before anything is drawn."""
    try:
        import imageio.v2  # noqa: F401
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run(
            [program, "-version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
        )
    except ImportError as error:
        raise CourseError(
            f"MP4 needs a package that is not installed: {INSTALL}, or choose --kind gif"
        ) from error
    # the package may be there without its ffmpeg, or with one that does not run
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise CourseError(
            f"MP4 needs ffmpeg, which does not run ({reason}): set IMAGEIO_FFMPEG_EXE to one, or"
            " choose --kind gif"
        ) from error


def _encode_mp4(frames: np.ndarray) -> bytes:
    import imageio.v2 as imageio

    # As bytes: imageio goes by the name's ending, and a temporary one says nothing of MP4.
    try:
        return imageio.mimwrite(
            imageio.RETURN_BYTES, list(frames), format="mp4", fps=1_000 // FRAME_MS
        )
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise CourseError(
            f"ffmpeg could not make the film ({reason}): choose --kind gif"
        ) from error
