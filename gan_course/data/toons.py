"""Toons: drawn heads whose every choice is known, and any number of them.

The heads are stored as layers in which skin, hair and cloth are weights, so their colours are
chosen when a head is drawn. As with the critters, the exact twin of a head, with a beard or with
other hair, can be drawn.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_course.data.factors import FactorSpace, draw_in_chunks, stored_resolution
from gan_course.data.manifest import bundled
from gan_course.data.splits import Split

BACKGROUNDS = {
    "sky": (160, 212, 245),
    "mint": (170, 230, 185),
    "sand": (246, 230, 180),
    "rose": (250, 180, 195),
    "lavender": (198, 176, 242),
    "slate": (105, 122, 145),
}
SKINS = {
    "porcelain": (241, 195, 165),
    "honey": (218, 165, 120),
    "almond": (192, 133, 100),
    "chestnut": (160, 105, 76),
    "umber": (128, 82, 60),
}
HAIR_COLOURS = {
    "black": (40, 32, 34),
    "brown": (114, 65, 51),
    "ginger": (205, 98, 35),
    "blond": (228, 190, 105),
    "grey": (178, 182, 188),
    "blue": (62, 98, 205),
}
CLOTH_COLOURS = {
    "navy": (11, 50, 134),
    "green": (20, 127, 60),
    "orange": (249, 115, 22),
    "pink": (236, 72, 153),
    "purple": (115, 26, 195),
    "red": (177, 31, 31),
    "white": (232, 233, 230),
    "yellow": (234, 179, 8),
}
FACTORS: dict[str, tuple[str, ...]] = {
    "background": tuple(BACKGROUNDS),
    "skin": tuple(SKINS),
    "hair": ("bun", "sideComed", "spiky", "undercut"),
    "hair_colour": tuple(HAIR_COLOURS),
    "rear_hair": ("none", "longStraight", "longWavy", "neckHigh", "shoulderHigh"),
    "beard": ("none", "chin", "chinMoustache", "fullBeard", "longBeard", "moustacheTwirl"),
    "clothes": ("dress", "openJacket", "shirt", "tShirt", "turtleNeck"),
    "cloth_colour": tuple(CLOTH_COLOURS),
    "eyes": ("bow", "happy", "humble", "wide", "wink"),
    "brows": ("angry", "happy", "neutral", "raised", "sad"),
    "mouth": ("agape", "angry", "laugh", "sad", "smile"),
}
LAYER_FACTORS = {"rearHair": "rear_hair", "eyebrows": "brows"}  # the others are named alike
SPACE = FactorSpace(FACTORS, twinned=("beard", "hair_colour"))


def load_toons(
    split: Split = "train",
    *,
    n: int,
    resolution: int = 64,
    seed: int = 0,
    beard: str | None = None,
    hair_colour: str | None = None,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Draw heads at random, no two alike.

    No test head, nor its twin with another beard or hair colour, is ever in train, whatever `n` and
    `seed`. Two calls with different beards or hair colours draw independently: they give unpaired
    sets.

    Args:
        split: "train" or "test".
        n: how many.
        resolution: 32, 64, 128 or 256.
        seed: another seed, another draw; a smaller `n` gives the beginning of a larger one.
        beard: one beard for all, or "none"; None for every beard.
        hair_colour: one hair colour for all; None for every colour.
        device: where to draw, and where the pictures stay.

    Returns:
        Pictures (n, 3, H, W) uint8 in 0..255, and factors (n, 11) int64, columns as in `FACTORS`.

    Raises:
        ValueError: an unknown split, beard, hair colour or resolution, or a larger `n` than there
            are heads.
        CourseError: a bundled file is missing or has changed.
    """
    factors = SPACE.sample(
        n, split=split, seed=seed, fixed={"beard": beard, "hair_colour": hair_colour}
    )
    return draw_toons(factors, resolution=resolution, device=device), factors.to(device)


def twin(factors: Tensor, name: str, value: str) -> Tensor:
    """The same heads with one factor changed: `twin(factors, "beard", "fullBeard")`.

    Args:
        factors: (N, 11) int64; left as it is.
        name: a key of `FACTORS`.
        value: one of that factor's values.

    Returns:
        (N, 11) int64, to be drawn by `draw_toons`.

    Raises:
        ValueError: an unknown factor or value.
    """
    return SPACE.twin(factors, name, value)


def draw_toons(
    factors: Tensor, *, resolution: int = 64, device: torch.device | str = "cpu"
) -> Tensor:
    r"""Draw the heads that `factors` describe.

    Layer by layer, $x \leftarrow (1 - \alpha) x + f + w_{skin} c_{skin} + w_{hair} c_{hair} +
    w_{cloth} c_{cloth}$, with $f$ the layer's fixed colours, already multiplied by $\alpha$.

    Args:
        factors: (N, 11) int64, columns as in `FACTORS`.
        resolution: 32, 64, 128 or 256; 32 is the mean of 2 x 2 pixels of 64.
        device: where to draw, and where the pictures stay.

    Returns:
        (N, 3, resolution, resolution) uint8 in 0..255.

    Raises:
        ValueError: another resolution, or something else than a table of factors.
        CourseError: a bundled file is missing or has changed.
    """
    SPACE.check(factors)
    stored = stored_resolution(resolution)
    parts = _parts(bundled(f"toons/parts_{stored}.npz"), str(device))
    return draw_in_chunks(lambda chunk: _draw(chunk, parts), factors.to(device), resolution)


def _draw(factors: Tensor, parts: dict[str, Tensor]) -> Tensor:
    codes = dict(zip(FACTORS, factors.unbind(1), strict=True))
    palettes = ((SKINS, "skin"), (HAIR_COLOURS, "hair_colour"), (CLOTH_COLOURS, "cloth_colour"))
    colours = torch.stack(
        [_colours(palette, factors.device)[codes[name]] for palette, name in palettes], dim=2
    )
    picture = _colours(BACKGROUNDS, factors.device)[codes["background"]][:, :, None, None]
    for name, layer in parts.items():
        factor = LAYER_FACTORS.get(name, name)
        # body and head come in one kind
        code = codes.get(factor, torch.zeros_like(factors[:, 0]))
        fixed, weights, alpha = layer[code].float().split([3, 3, 1], dim=1)
        tinted = torch.einsum("ncw,nwhx->nchx", colours, weights / 255)
        picture = picture * (1 - alpha / 255) + fixed + tinted
    return picture


def _colours(palette: dict[str, tuple[int, int, int]], device: torch.device) -> Tensor:
    return torch.tensor(list(palette.values()), dtype=torch.float32, device=device)


@cache
def _parts(path: Path, device: str) -> dict[str, Tensor]:
    """Layers from the rearmost to the foremost, (kinds, 7, H, W) uint8.

    An empty layer stands for "none".
    """
    parts = {}
    with np.load(path) as stored:
        for name in stored["order"].tolist():
            layer = torch.from_numpy(stored[name]).movedim(-1, 1)
            if FACTORS.get(LAYER_FACTORS.get(name, name), ("",))[0] == "none":
                layer = torch.cat([torch.zeros_like(layer[:1]), layer])
            parts[name] = layer.contiguous().to(device)
    return parts
