"""From drawings to pixels: drawn large, then averaged, so that a pixel holds the share of it that a
colour covers.
"""

import importlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_course.errors import CourseError

RED, GREEN, BLUE, BLACK = "#ff0000", "#00ff00", "#0000ff", "#000000"


def render(svg: str, size: int) -> np.ndarray:
    """Render a drawing into a square.

    Args:
        svg: the drawing; one that is not square is centred, with transparent borders.
        size: side of the square in pixels.

    Returns:
        (size, size, 4) uint8: red, green, blue, not multiplied by alpha; then alpha.

    Raises:
        CourseError: resvg-py is not installed.
    """
    png = needed("resvg_py").svg_to_bytes(svg_string=svg, width=size, height=size)
    with Image.open(io.BytesIO(png)) as image:
        drawn = image.convert("RGBA")
    square = Image.new("RGBA", (size, size))
    square.paste(drawn, ((size - drawn.width) // 2, (size - drawn.height) // 2))
    return np.array(square)


def premultiplied(picture: np.ndarray) -> np.ndarray:
    """Colours multiplied by alpha, as they must be before pixels are averaged.

    Args:
        picture: (H, W, 4) uint8, as `render` returns it.

    Returns:
        (H, W, 4) float64 in 0..255, the last channel alpha.
    """
    colour, alpha = np.split(picture.astype(np.float64), [3], axis=2)
    return np.concatenate([colour * alpha / 255, alpha], axis=2)


def shrink(layers: np.ndarray, size: int) -> np.ndarray:
    """The mean of each block of pixels, in the type of `layers`, or float64 for whole numbers.

    Args:
        layers: (k * size, k * size, C).
        size: side of the result.

    Returns:
        (size, size, C).

    Raises:
        ValueError: the side of `layers` is no multiple of `size`.
    """
    side, channels = layers.shape[0], layers.shape[2]
    if side % size:
        raise ValueError(f"{side} pixels cannot be shrunk to {size}: the side must be a multiple")
    return layers.reshape(size, side // size, size, side // size, channels).mean(axis=(1, 3))


def to_bytes(layers: np.ndarray) -> np.ndarray:
    """Rounded to uint8, halves to the even neighbour; values beyond are cut."""
    return np.rint(layers).clip(0, 255).astype(np.uint8)


def drawer(definition: Path, always: Mapping[str, Any]) -> Callable[..., str]:
    """A function that draws one avatar of a DiceBear style.

    Args:
        definition: the style's JSON.
        always: options of every drawing, such as `scale`.

    Returns:
        A function of further options, such as `eyesVariant="round"`, that returns the SVG. An empty
        list of variants leaves a part out.

    Raises:
        CourseError: dicebear-core is not installed.
    """
    dicebear = needed("dicebear")
    style = dicebear.Style(json.loads(definition.read_text(encoding="utf-8")))
    return lambda **options: str(dicebear.Avatar(style, {"seed": "", **always, **options}))


def needed(module: str) -> Any:
    """Import a module that only the builders need.

    Raises:
        CourseError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise CourseError(
            f"no module {module}: pip install -r data/build/requirements.txt"
        ) from error
