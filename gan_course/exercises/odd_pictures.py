"""Small pictures that a careless reader gets wrong: turned, grey, with a palette, transparent."""

import numpy as np
from PIL import Image


def scene() -> np.ndarray:
    """Sky over grass with a sun at the left: no turn or mirror image of it is itself."""
    scene = np.zeros((6, 9, 3), np.uint8)
    scene[:3], scene[3:] = (90, 150, 250), (60, 140, 50)
    scene[1, 1] = (250, 220, 70)
    return scene


def as_stored(truth: np.ndarray) -> dict[int, np.ndarray]:
    """What a camera stores for each orientation, so that the viewer's turn gives `truth`; 0 stands for no entry."""
    return {
        0: truth,
        1: truth,
        6: np.rot90(truth, 1).copy(),
        8: np.rot90(truth, -1).copy(),
        3: np.rot90(truth, 2).copy(),
        2: truth[:, ::-1].copy(),
    }


def odd_files() -> dict[str, tuple[Image.Image, np.ndarray]]:
    """Pictures as files may hold them, each with the pixels (H, W, 3) that a viewer shows."""
    colour = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    grey = colour[:, :, 0]
    palette = Image.fromarray((np.arange(20) % 3).astype(np.uint8).reshape(4, 5), "P")
    table = np.array([(200, 30, 30), (30, 160, 60), (40, 60, 200)], np.uint8)
    palette.putpalette(table.flatten().tolist())
    alpha = np.full((4, 5), 255, np.uint8)
    alpha[:2] = 0
    over_white = np.where(alpha[:, :, None] == 0, 255, colour).astype(np.uint8)
    return {
        "colour": (Image.fromarray(colour), colour),
        "grey": (Image.fromarray(grey), np.repeat(grey[:, :, None], 3, 2)),
        "palette": (palette, table[np.arange(20).reshape(4, 5) % 3]),
        "transparent": (Image.fromarray(np.dstack([colour, alpha])), over_white),
    }
