"""The Earth in registered views: one window shows a place from space, as a map, at night.

Pixels go from 180W to the right and from 75N down, 15 a degree. Three slices of longitude are
hidden from training. There, and nowhere else, views may be compared place by place.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_course.data.manifest import bundled
from gan_course.data.pictures import open_picture, to_grey
from gan_course.data.splits import Split, draw_distinct, is_test, make_generator

VIEWS = ("satellite", "relief", "night")
HIDDEN_LONGITUDES = ((-82, -66), (5, 20), (125, 143))  # degrees east
NORTH, WEST = 75, -180
PIXELS_A_DEGREE = 15  # at scale 1
HEIGHT, WIDTH = 997, 2700  # at scale 2; the odd last row of scale 1 has no partner
MIN_LAND = 0.2
MIN_STD = 9.0


class Box(NamedTuple):
    """A rectangle of pixels: rows top to bottom - 1, columns left to right - 1."""

    top: int
    left: int
    bottom: int
    right: int


def load_view(name: str, scale: Literal[1, 2] = 1) -> Tensor:
    """One view of the whole mosaic.

    Args:
        name: "satellite", "relief" or "night".
        scale: 1 as stored, 2 for half the size, each pixel the mean of 2 x 2.

    Returns:
        (3, 1995, 5400) uint8 in 0..255 at scale 1, (3, 997, 2700) at scale 2.

    Raises:
        ValueError: another view or scale.
        CourseError: a bundled file is missing or has changed.
    """
    if name not in VIEWS:
        raise ValueError(f"view is {name!r}: choose one of {', '.join(VIEWS)}")
    _check_scale(scale)
    image = open_picture(bundled(f"earth/{name}.jpg"))
    if scale == 2:
        image = image.reduce(2, box=(0, 0, 2 * WIDTH, 2 * HEIGHT))
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def load_land() -> Tensor:
    """The land mask that belongs to scale 2: (997, 2700) bool, True on land.

    Raises:
        CourseError: the bundled file is missing or has changed.
    """
    with Image.open(bundled("earth/land.png")) as image:
        return torch.from_numpy(np.array(image.convert("1")))


def hidden_regions(scale: Literal[1, 2] = 1) -> list[Box]:
    """The hidden slices, from west to east, as the largest boxes of pixels that lie wholly inside.

    Args:
        scale: of the view whose pixels are meant.

    Raises:
        ValueError: another scale.
    """
    _check_scale(scale)
    bottom = 1995 if scale == 1 else HEIGHT
    return [
        Box(0, math.ceil(west), bottom, math.floor(east)) for west, east in _hidden_columns(scale)
    ]


def crop_positions(
    n: int,
    *,
    split: Split,
    tile: int,
    seed: int,
    scale: Literal[1, 2] = 2,
    views: Sequence[str] = ("satellite", "relief"),
) -> Tensor:
    r"""Draw the places of tiles, no two of them the same.

    A tile is kept if at least 20 % of it is land and the luminance of each of `views` has a
    standard deviation above 9, and then with probability $\cos(\text{latitude})$, which undoes the
    stretch of the map towards the poles. Train tiles touch no hidden slice of longitude; test tiles
    lie wholly inside one.

    The rules are tried at scale 2. A tile of 128 at scale 1 with the same seed shows the same
    windows as a tile of 64 at scale 2. For unpaired sets A and B draw twice, with different seeds.

    Args:
        n: how many.
        split: "train" or "test".
        tile: side of the tile in pixels of `scale`; even at scale 1.
        seed: another seed, another draw; a smaller `n` gives the beginning of a larger one.
        scale: of the view from which the tiles will be cut.
        views: the views that must show something.

    Returns:
        (n, 2) int64: row and column of each top left corner.

    Raises:
        ValueError: an unknown split, scale or view, a tile that does not fit, or more than there
            are.
        CourseError: a bundled file is missing or has changed.
    """
    test = is_test(split)
    _check_scale(scale)
    factor = 2 // scale
    if tile < 2 or tile % factor:
        raise ValueError(
            f"tile is {tile}: at scale {scale} choose a multiple of {factor}, at least 2"
        )
    side = tile // factor
    columns = _columns(side, test)
    if side > HEIGHT or len(columns) == 0:
        raise ValueError(
            f"tile is {tile}: that does not fit in {split} at scale {scale}, choose a smaller one"
        )
    is_valid = _find_valid(side, views)
    generator = make_generator("earth", seed, split)

    def draw(tries: int) -> Tensor:
        row = torch.randint(HEIGHT - side + 1, (tries,), generator=generator)
        column = columns[torch.randint(len(columns), (tries,), generator=generator)]
        latitude = NORTH - (row + side / 2) * 2 / PIXELS_A_DEGREE
        accepted = torch.rand(tries, generator=generator) < torch.cos(torch.deg2rad(latitude))
        return (row * WIDTH + column)[accepted & is_valid[row, column]]

    index = draw_distinct(draw, n, f"tiles in {split}")
    return torch.stack([index // WIDTH, index % WIDTH], dim=1) * factor


def crop(view: Tensor, positions: Tensor, tile: int) -> Tensor:
    """Cut tiles out of a view.

    Args:
        view: (C, H, W), on any device.
        positions: (N, 2) int64, row and column of each top left corner, at the scale of `view`.
        tile: side of the tiles.

    Returns:
        (N, C, tile, tile), of the type and on the device of `view`.

    Raises:
        ValueError: a tile that lies partly outside of the view.
    """
    limit = torch.tensor(view.shape[1:], device=positions.device) - tile
    if ((positions < 0) | (positions > limit)).any():
        raise ValueError(
            f"a tile of {tile} lies partly outside of a view of {tuple(view.shape[1:])}: check the"
            " scale"
        )
    along = torch.arange(tile, device=view.device)
    rows, columns = positions.to(view.device)[:, :, None].add(along).unbind(1)  # (N, tile) each
    return view[:, rows[:, :, None], columns[:, None, :]].transpose(0, 1).contiguous()


def _check_scale(scale: int) -> None:
    if scale not in (1, 2):
        raise ValueError(f"scale is {scale}: choose 1 (as stored) or 2 (half the size)")


def _hidden_columns(scale: int) -> list[tuple[float, float]]:
    per_degree = PIXELS_A_DEGREE / scale
    return [
        ((west - WEST) * per_degree, (east - WEST) * per_degree) for west, east in HIDDEN_LONGITUDES
    ]


def _columns(side: int, test: bool) -> Tensor:
    """Left edges, at scale 2, of tiles inside a hidden slice (test) or outside of all (train)."""
    left = torch.arange(max(0, WIDTH - side + 1))
    inside, outside = (
        torch.zeros(len(left), dtype=torch.bool),
        torch.ones(len(left), dtype=torch.bool),
    )
    for west, east in _hidden_columns(2):
        inside |= (left >= west) & (left + side <= east)
        outside &= (left + side <= west) | (left >= east)
    return left[inside if test else outside]


def _find_valid(side: int, views: Sequence[str]) -> Tensor:
    """Find the top left corners at scale 2 whose tile has land and contrast: bool."""
    area = side * side
    is_valid = _box_sums(load_land(), side) >= MIN_LAND * area
    for name in views:
        grey = to_grey(load_view(name, 2))[0].to(torch.int64)
        total, squares = _box_sums(grey, side), _box_sums(grey * grey, side)
        is_valid &= squares * area - total * total > MIN_STD**2 * area * area
    return is_valid


def _box_sums(values: Tensor, side: int) -> Tensor:
    """Sum over each square of `side` pixels, by its top left corner; exact, in integers."""
    table = torch.nn.functional.pad(values.to(torch.int64).cumsum(0).cumsum(1), (1, 0, 1, 0))
    return table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]
