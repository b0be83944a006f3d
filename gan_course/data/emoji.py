"""Emoji in colour and as black drawings: small pictures with true pairs."""

from torch import Tensor

from gan_course.data.manifest import bundled
from gan_course.data.pictures import read_picture, to_grey
from gan_course.data.splits import Split, is_test

CELL = 64
HELD_OUT = slice(9, None, 10)  # the tenth, the twentieth, ... by name


def load_emoji(split: Split = "train") -> tuple[Tensor, Tensor, list[str]]:
    """Emoji in colour, the same as drawings in black, and their names, in the same order.

    Sorted by name, every tenth is held out.

    Args:
        split: "train" (1,435 emoji) or "test" (159).

    Returns:
        Colour (N, 3, 64, 64) uint8 and drawing (N, 1, 64, 64) uint8, both in 0..255 on white, and N
        names.

    Raises:
        ValueError: another split.
        CourseError: a bundled file is missing or has changed.
    """
    test = is_test(split)
    names = bundled("emoji/names.txt").read_text(encoding="utf-8").split()
    held_out = range(len(names))[HELD_OUT]
    indices = [k for k in range(len(names)) if (k in held_out) == test]
    colour = _cut_cells(read_picture(bundled("emoji/color.webp")))[indices]
    drawing = to_grey(_cut_cells(read_picture(bundled("emoji/sketch.png")))[indices])
    return colour, drawing, [names[k] for k in indices]


def _cut_cells(sheet: Tensor) -> Tensor:
    """Cut a sheet into its cells, row by row; those after the last emoji are empty."""
    channels = sheet.shape[0]
    cells = sheet.unfold(1, CELL, CELL).unfold(2, CELL, CELL)  # (C, rows, columns, CELL, CELL)
    return cells.permute(1, 2, 0, 3, 4).reshape(-1, channels, CELL, CELL)
