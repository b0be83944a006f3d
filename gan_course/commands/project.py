"""`python -m gan_course project`: the styles with which a StyleGAN makes a given picture."""

import argparse
from os.path import expanduser
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_course.commands.outputs import check_finite, check_free, write_png
from gan_course.commands.parsing import folder, whole
from gan_course.data.batches import to_float
from gan_course.data.pictures import read_picture
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.inference.project import project
from gan_course.runtime import choose_runtime
from gan_course.weights.stylegans import load_stylegan


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--weights",
        required=True,
        type=expanduser,
        metavar="NAME_OR_FILE",
        help="such as stylegan-critters64",
    )
    parser.add_argument(
        "--input",
        required=True,
        type=expanduser,
        metavar="FILE",
        help="a picture; its middle square is resized",
    )
    parser.add_argument(
        "--out", required=True, type=folder, metavar="DIR", help="where results are written"
    )
    parser.add_argument("--steps", type=whole, default=300, help="of the search (default: 300)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results that are there already"
    )
    parser.add_argument("--device", default="", help="cpu, cuda or mps")
    parser.set_defaults(smaller="--steps")


def work(options: argparse.Namespace) -> int:
    """Find the styles of a picture; write G's picture of them, both side by side, and the styles.

    Raises:
        CourseError: bad weights, an unreadable picture, results that are there already, or a result
            that is not finite.
    """
    G = load_stylegan(options.weights).to(choose_runtime(options.device).device)
    if not options.input.strip():
        raise CourseError("--input is empty: give a picture")
    path = Path(options.input)
    if not path.is_file():
        raise CourseError(f"no file {path}: check the name after --input")
    side = G.synthesis.img_resolution
    picture = read_picture(path)
    width, height = picture.shape[2], picture.shape[1]
    results = [
        Path(options.out) / f"{path.stem}{ending}"
        for ending in ("_projected.png", "_pair.png", "_ws.pt")
    ]
    check_free(results, options.overwrite)
    output_folder(options.out)
    if (width, height) != (side, side):
        picture = _resize_square(picture, side)
        print(f"{path} is {width} x {height}: its middle square was resized to {side} x {side}")
    target = to_float(picture)
    ws, (projection,) = project(G, target[None], n_steps=options.steps)
    check_finite(projection, options.weights)
    error = float((projection - target).abs().mean()) / 2
    write_png(projection, results[0])
    write_png(torch.cat([target, projection], 2), results[1])
    with atomic_write(results[2]) as temporary:
        torch.save({"ws": ws}, temporary)
    print(
        f"L1 error {error:.3f} of the range: {results[0]}; beside the original: {results[1]};"
        f" styles: {results[2]}"
    )
    return 0


def _resize_square(picture: Tensor, side: int) -> Tensor:
    """Cut out the middle square of (3, H, W) uint8 and resize it."""
    _, height, width = picture.shape
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = Image.fromarray(
        picture[:, top : top + short, left : left + short].permute(1, 2, 0).numpy()
    )
    return torch.from_numpy(
        np.array(square.resize((side, side), Image.Resampling.LANCZOS))
    ).permute(2, 0, 1)
