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
        4: truth[::-1].copy(),
        5: truth.transpose(1, 0, 2).copy(),
        7: truth[::-1, ::-1].transpose(1, 0, 2).copy(),
    }


def odd_files() -> dict[str, tuple[Image.Image, np.ndarray]]:
    """Pictures as files may hold them, each with the pixels (H, W, 3) that a viewer shows."""
    colour = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    grey = colour[:, :, 0]
    palette = Image.fromarray((np.arange(20) % 3).astype(np.uint8).reshape(4, 5), "P")
    table = np.array([(200, 30, 30), (30, 160, 60), (40, 60, 200)], np.uint8)
    palette.putpalette(table.flatten().tolist())
    shown = table[np.arange(20).reshape(4, 5) % 3]
    holes = palette.copy()
    holes.info["transparency"] = 1  # the number of the colour that is not there; a file keeps it
    alpha = np.full((4, 5), 255, np.uint8)
    alpha[:2] = 0
    grey_shown = np.repeat(grey[:, :, None], 3, 2)

    def over_white(pixels: np.ndarray, there: np.ndarray) -> np.ndarray:
        return np.where(there[:, :, None], pixels, 255).astype(np.uint8)

    return {
        "colour": (Image.fromarray(colour), colour),
        "grey": (Image.fromarray(grey), grey_shown),
        "palette": (palette, shown),
        "transparent": (Image.fromarray(np.dstack([colour, alpha])), over_white(colour, alpha > 0)),
        "transparent grey": (Image.fromarray(np.dstack([grey, alpha])), over_white(grey_shown, alpha > 0)),
        "transparent palette": (holes, over_white(shown, np.asarray(palette) != 1)),
    }
