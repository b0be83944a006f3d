"""Emoji in colour and as black drawings: two sets with the same names, in two sheets of 64 x 64
cells.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from rendering import render, shrink, to_bytes

ICONS = "package/icons.json"
INPUTS = {"fluent-emoji": (ICONS,), "fluent-emoji-high-contrast": (ICONS,)}
MODULES = ("resvg_py",)  # of data/build/requirements.txt
CELL, MARGIN, COLUMNS = 64, 4, 40
INSIDE = CELL - 2 * MARGIN
FINER = 4  # times as fine is the drawing before it is averaged
GREYS = 16


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Write color.webp, sketch.png (in 16 greys) and names.txt, the names in the order of the
    cells.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.

    Raises:
        CourseError: resvg-py is not installed.
    """
    colour, drawing = (
        json.loads((sources[name] / ICONS).read_text(encoding="utf-8")) for name in INPUTS
    )
    names = sorted(colour["icons"].keys() & drawing["icons"].keys())
    (out / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    cells = [icon_cell(colour["icons"][name]) for name in names]
    Image.fromarray(sheet(cells)).save(out / "color.webp", quality=90, method=6)
    cells = [icon_cell(drawing["icons"][name]) for name in names]
    Image.fromarray(sheet(cells)).convert("L").quantize(GREYS).save(
        out / "sketch.png", optimize=True
    )


def icon_cell(icon: Mapping) -> np.ndarray:
    """One icon on white.

    Args:
        icon: of an Iconify set: the SVG's `body`, and its `width` and `height` where they are not
            32.

    Returns:
        (INSIDE, INSIDE, 3) uint8.

    Raises:
        CourseError: resvg-py is not installed.
    """
    box = f"0 0 {icon.get('width', 32)} {icon.get('height', 32)}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"'
        f' color="black">{icon["body"]}</svg>'
    )
    return to_bytes(shrink(on_white(render(svg, INSIDE * FINER)), INSIDE))


def on_white(picture: np.ndarray) -> np.ndarray:
    """Paint a picture with alpha over white.

    Args:
        picture: (H, W, 4) uint8.

    Returns:
        (H, W, 3) float32 in 0..255; the bundled sheet was made in this type, and its rounding
        decides a few pixels.
    """
    colour, alpha = np.split(picture.astype(np.float32), [3], axis=2)
    return colour * alpha / 255 + 255 - alpha


def sheet(cells: list[np.ndarray]) -> np.ndarray:
    """Lay cells out in rows of COLUMNS, with white margins.

    Args:
        cells: each (INSIDE, INSIDE, 3) uint8.

    Returns:
        (rows * CELL, COLUMNS * CELL, 3) uint8; cells after the last are white.
    """
    rows = -(-len(cells) // COLUMNS)
    grid = np.full((rows, CELL, COLUMNS, CELL, 3), 255, np.uint8)
    inner = slice(MARGIN, CELL - MARGIN)
    for number, cell in enumerate(cells):
        row, column = divmod(number, COLUMNS)
        grid[row, inner, column, inner] = cell
    return grid.reshape(rows * CELL, COLUMNS * CELL, 3)
