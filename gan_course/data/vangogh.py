"""Photographs of landmarks, and paintings by Vincent van Gogh."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_course.data.manifest import bundled, bundled_names
from gan_course.data.pictures import read_picture, to_grey
from gan_course.data.splits import Split, is_test, make_generator

__all__ = ["load_paintings", "load_photos", "random_crops", "to_grey"]

HELD_OUT_PHOTOS = slice(5, None, 6)  # the sixth, the twelfth, ... by file name
TRAIN_WIDTH = 0.8  # of each painting, from its left edge
MIN_STD = 12.0
MAX_TRIES = 200


def load_photos(split: Split = "train") -> list[tuple[str, Tensor]]:
    """The photographs, whole. Sorted by file name, the sixth and every sixth after it are held out.

    Args:
        split: "train" (36 photographs) or "test" (7).

    Returns:
        Pairs of a name and a picture (3, H, W) uint8 in 0..255; sizes differ.

    Raises:
        ValueError: another split.
        CourseError: a bundled file is missing or has changed.
    """
    test = is_test(split)
    names = bundled_names("vangogh/photos")
    held_out = names[HELD_OUT_PHOTOS]
    return [
        (_stem(name), read_picture(bundled(name))) for name in names if (name in held_out) == test
    ]


def load_paintings(split: Split = "train") -> list[tuple[str, Tensor]]:
    """The paintings. The right fifth of each is held out.

    Args:
        split: "train" (the left four fifths of each) or "test" (the rest).

    Returns:
        Pairs of a name and a picture (3, H, W) uint8 in 0..255; sizes differ.

    Raises:
        ValueError: another split.
        CourseError: a bundled file is missing or has changed.
    """
    test = is_test(split)
    paintings = []
    for name in bundled_names("vangogh/paintings"):
        picture = read_picture(bundled(name))
        border = round(TRAIN_WIDTH * picture.shape[2])
        part = picture[:, :, border:] if test else picture[:, :, :border]
        paintings.append((_stem(name), part.contiguous()))
    return paintings


def random_crops(
    pictures: Sequence[tuple[str, Tensor]],
    n: int,
    *,
    size: int = 64,
    seed: int,
    smallest: int | None = None,
    largest: int | None = None,
    flip: bool = True,
    min_std: float = MIN_STD,
) -> Tensor:
    """Random squares of random pictures, brought to one size.

    The side of a square is drawn between `smallest` and the picture's short side or `largest`,
    whichever is less, uniform in its logarithm. A square that is nearly of one grey, empty sky for
    instance, is drawn again.

    Args:
        pictures: pairs of a name and (3, H, W) uint8, as the loaders return them.
        n: how many squares.
        size: their side in the result.
        seed: another seed, another draw.
        smallest: side of the smallest square in pixels of the picture; None for `size`, so that
            none is enlarged.
        largest: side of the largest square in pixels of the picture; None for no limit.
        flip: mirror half of them, left to right.
        min_std: least standard deviation of the luminance, of 0..255, in the result.

    Returns:
        (n, 3, size, size) uint8 in 0..255.

    Raises:
        ValueError: no pictures, a picture smaller than `smallest`, a `largest` below `smallest`, or
            pictures with nothing but even areas.
    """
    if not pictures:
        raise ValueError("no pictures to cut from: give at least one")
    smallest = size if smallest is None else smallest
    if largest is not None and largest < smallest:
        raise ValueError(f"largest is {largest}: choose at least smallest, which is {smallest}")
    for name, picture in pictures:
        if min(picture.shape[1:]) < smallest:
            height, width = picture.shape[1:]
            raise ValueError(
                f"{name} is {width} x {height}: choose smallest={min(height, width)} or less"
            )
    images = [Image.fromarray(picture.permute(1, 2, 0).cpu().numpy()) for _, picture in pictures]
    generator = make_generator("crops", seed)
    crops = torch.empty(n, 3, size, size, dtype=torch.uint8)
    for number in range(n):
        for _ in range(MAX_TRIES):
            crop = _random_crop(images, size, smallest, largest, flip, generator)
            if to_grey(crop).float().std(correction=0) >= min_std:
                break
        else:
            raise ValueError(
                f"{MAX_TRIES} squares in a row have a standard deviation below {min_std}: lower"
                " min_std"
            )
        crops[number] = crop
    return crops


def _random_crop(
    images: list[Image.Image],
    size: int,
    smallest: int,
    largest: int | None,
    flip: bool,
    generator: torch.Generator,
) -> Tensor:
    which, scale, down, right, mirror = torch.rand(
        5, generator=generator, dtype=torch.float64
    ).tolist()
    image = images[int(which * len(images))]
    largest = min(*image.size, largest or max(image.size))
    side = min(largest, round(smallest * math.exp(scale * math.log(largest / smallest))))
    left, top = int(right * (image.width - side + 1)), int(down * (image.height - side + 1))
    box = (left, top, left + side, top + side)
    square = np.array(image.crop(box).resize((size, size), Image.Resampling.LANCZOS))
    if flip and mirror < 0.5:
        square = square[:, ::-1].copy()
    return torch.from_numpy(square).permute(2, 0, 1)


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[1].rsplit(".", 1)[0]
