"""Toons: heads drawn layer by layer, skin, hair and cloth in red, green and blue, to be coloured
afterwards.

What a layer shows when all three are black is fixed; what red, green and blue add to it are their
weights.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from rendering import BLACK, BLUE, GREEN, RED, drawer, premultiplied, render, shrink, to_bytes

from gan_course.data.toons import FACTORS

DEFINITION = "dicebear_styles/toon-head.json"
INPUTS = {"dicebear-styles": (DEFINITION,)}
MODULES = ("dicebear", "resvg_py")  # of data/build/requirements.txt
DRAWN_AT = 768  # the size of the style's own canvas
RESOLUTIONS = (64, 128, 256)
LAYERS = {  # from the rearmost to the foremost
    "rearHair": FACTORS["rear_hair"][1:],  # without "none"
    "body": ("body",),
    "head": ("head",),
    "clothes": FACTORS["clothes"],
    "mouth": FACTORS["mouth"],
    "beard": FACTORS["beard"][1:],
    "eyes": FACTORS["eyes"],
    "eyebrows": FACTORS["brows"],
    "hair": FACTORS["hair"],
}
BARE = {
    **{f"{name}Variant": [] for name in LAYERS},
    "beardProbability": 100,
    "rearHairProbability": 100,
    "scale": 1.12,  # the head fills the picture
    "translateY": 4,
}


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Write parts_64.npz, parts_128.npz and parts_256.npz.

    Each holds, as uint8, the layers of `LAYERS`, (kinds, H, W, 7): fixed colour multiplied by
    alpha, weights of skin, hair and cloth, alpha; the names of the kinds; and in `order` the names
    of the layers.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.

    Raises:
        CourseError: a package of requirements.txt is not installed.
    """
    draw = drawer(sources["dicebear-styles"] / DEFINITION, BARE)
    arrays = {resolution: {"order": np.array(list(LAYERS))} for resolution in RESOLUTIONS}
    for name, kinds in LAYERS.items():
        layers = [_layer(draw, name, kind) for kind in kinds]
        for resolution in RESOLUTIONS:
            arrays[resolution][name] = np.stack(
                [to_bytes(shrink(layer, resolution)) for layer in layers]
            )
            arrays[resolution][f"{name}_names"] = np.array(kinds)
    for resolution in RESOLUTIONS:
        np.savez_compressed(out / f"parts_{resolution}.npz", **arrays[resolution])


def layer_weights(coloured: np.ndarray, black: np.ndarray) -> np.ndarray:
    """Solve for fixed colour, weights of skin, hair and cloth, and alpha.

    Args:
        coloured: (H, W, 4) in 0..255, colour multiplied by alpha, drawn with skin red, hair green
            and cloth blue.
        black: (H, W, 4), the same drawn with all three black.

    Returns:
        (H, W, 7): fixed colour, weights, alpha.
    """
    fixed, alpha = np.split(black, [3], axis=2)
    return np.concatenate([fixed, coloured[..., :3] - fixed, alpha], axis=2)


def _layer(draw: Callable[..., str], name: str, kind: str) -> np.ndarray:
    coloured, black = (
        premultiplied(
            render(
                draw(
                    **{f"{name}Variant": kind}, skinColor=skin, hairColor=hair, clothesColor=cloth
                ),
                DRAWN_AT,
            )
        )
        for skin, hair, cloth in ((RED, GREEN, BLUE), (BLACK, BLACK, BLACK))
    )
    return layer_weights(coloured, black)
