"""Cats: layers of a painter's cat generator; the body as a shade, to be coloured afterwards."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from rendering import premultiplied, shrink, to_bytes

from gan_course.data.cats import FACTORS

SET = "robohash/sets/set4"
# the factor, the folder, and the files that are used, in the order of the factor's values: two
# furs and one accessory are empty pictures
LAYERS: Mapping[str, tuple[str, str, tuple[int, ...]]] = {
    "body": ("000#00body", "body", tuple(range(15))),
    "fur": ("001#01fur", "fur", (0, 1, 3, 4, 5, 7, 8, 9)),
    "eyes": ("002#02eyes", "eyes", tuple(range(15))),
    "mouth": ("003#03mouth", "mouth", tuple(range(10))),
    "accessory": ("004#04accessories", "accessory", tuple(range(15))),
}
INPUTS = {
    "robohash": tuple(
        f"{SET}/{folder}/{number:03d}#{name}{number}.png"
        for folder, name, numbers in LAYERS.values()
        for number in numbers
    )
}
MODULES = ()  # Pillow is enough
RESOLUTION = 128
OUTLINE = 0.3  # the shade of every outline, of 1 for the fur beside it


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Write parts.npz.

    It holds, as uint8 of 128 px: `body`, (kinds, H, W, 2), shade times alpha, and alpha; and the
    other layers, (kinds, H, W, 4), colour times alpha, and alpha.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.
    """
    arrays = {}
    for name, (folder, stem, numbers) in LAYERS.items():
        pictures = [
            np.asarray(
                Image.open(
                    sources["robohash"] / SET / folder / f"{number:03d}#{stem}{number}.png"
                ).convert("RGBA")
            )
            for number in numbers
        ]
        layers = [
            shade(picture) if name == "body" else premultiplied(picture) for picture in pictures
        ]
        arrays[name] = np.stack([to_bytes(shrink(layer, RESOLUTION)) for layer in layers])
        arrays[f"{name}_names"] = np.array([value for value in FACTORS[name] if value != "none"])
    np.savez_compressed(out / "parts.npz", **arrays)


def shade(picture: np.ndarray) -> np.ndarray:
    """How light each place of a body is beside its own fur, whatever the fur's colour.

    Every body is painted in one colour of its own, some in grey. The most frequent lightness is
    that of the fur, 1; the darkest that of the outline, `OUTLINE`; all others lie in between on a
    line. Pink within the ears becomes a shade, too.

    Args:
        picture: (H, W, 4) uint8, as painted.

    Returns:
        (H, W, 2) in 0..255: shade times alpha, and alpha.
    """
    alpha = picture[..., 3].astype(float)
    lightness = picture[..., :3] @ np.array([0.299, 0.587, 0.114])
    inside = lightness[alpha > 250]
    fur = np.bincount(np.rint(inside).astype(int)).argmax()
    outline = np.percentile(inside, 1)
    share = OUTLINE + (1 - OUTLINE) * (lightness - outline) / (fur - outline)
    return np.stack([share.clip(0, 1) * alpha, alpha], axis=2)
