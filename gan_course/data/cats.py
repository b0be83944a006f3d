"""Cats: painted and shaded cats whose every choice is known, and any number of them.

The layers are David Revoy's (CC BY 4.0). A body is stored as its shade, so its colour is chosen
when a cat is drawn, and so is the lamp that lights it. As with the critters, the exact twin of a
cat can be drawn: with tabby fur, or with the lamp on another side.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from gan_course.data.factors import FactorSpace, draw_in_chunks
from gan_course.data.manifest import bundled
from gan_course.data.splits import Split

CREDIT = "cats: layers by David Revoy, CC BY 4.0"  # for captions
COLOURS = {
    "red": (232, 84, 84),
    "orange": (246, 150, 58),
    "yellow": (248, 216, 92),
    "green": (130, 204, 104),
    "cyan": (92, 204, 210),
    "blue": (104, 150, 240),
    "violet": (172, 124, 232),
    "pink": (244, 150, 198),
}
BACKGROUNDS = {
    "sky": (186, 222, 244),
    "mint": (190, 232, 204),
    "sand": (246, 232, 194),
    "rose": (248, 208, 214),
    "lilac": (214, 202, 242),
    "slate": (112, 124, 146),
}
# The side from which the light comes: of the painting itself (day), or of a lamp at night.
LAMPS = {"day": 0.0, "left": -1.0, "right": 1.0}
FACTORS: dict[str, tuple[str, ...]] = {
    "body": (
        *("curls", "quiff", "sleek", "kink", "spikes", "fringe", "coil", "shaggy"),
        *("wisp", "lion", "stumpy", "short", "wideEars", "plume", "smooth"),
    ),
    "colour": tuple(COLOURS),
    "fur": (
        *("none", "tabby", "tabbyBold", "swirls", "darkPatch", "lightPatch", "tips"),
        *("spots", "dots"),
    ),
    "eyes": (
        *("round", "glance", "beads", "worried", "monocle", "square", "happy", "big"),
        *("calm", "tall", "lashes", "sideways", "glasses", "oval", "proud"),
    ),
    "mouth": (
        *("smirk", "smile", "ooh", "shout", "laugh", "grin", "curve", "chat", "teeth", "open"),
    ),
    "accessory": (
        *("none", "scarf", "bell", "collar", "headband", "bow", "hat", "headphones", "blueScarf"),
        *("medal", "flask", "pendant", "bandana", "blueBow", "redHat", "earphones"),
    ),
    "background": tuple(BACKGROUNDS),
    "lamp": tuple(LAMPS),
}
SPACE = FactorSpace(FACTORS, twinned=("fur", "lamp"))
# A world small enough to be learned in a minute.
SMALL: dict[str, tuple[str, ...]] = {
    "colour": ("red", "orange", "yellow", "green", "blue", "violet"),
    "fur": ("none", "tabbyBold", "darkPatch", "spots"),
    "eyes": ("round", "big", "happy", "oval"),
    "mouth": ("smile", "laugh", "ooh"),
    "accessory": ("none",),
    "background": ("sky", "sand", "rose"),
    "lamp": ("day",),
}
RESOLUTIONS = (32, 64, 128)
# A lamp: how much lighter and darker the two sides of a cat are, how warm the light is, how dark
# the night behind, and how long the shadow, as a share of the picture's side.
CONTRAST, WARM, NIGHT, SHADOW, LENGTH = 0.9, (1.05, 1.0, 0.9), 0.5, 0.5, 0.14


def load_cats(
    split: Split = "train",
    *,
    n: int,
    resolution: int = 64,
    seed: int = 0,
    fur: str | None = None,
    lamp: str | None = None,
    small: bool = False,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Draw cats at random, no two alike.

    No test cat, nor its twin with other fur or another lamp, is ever in train, whatever `n` and
    `seed`. Two calls with different furs or lamps draw independently: they give unpaired sets.

    Args:
        split: "train" or "test".
        n: how many.
        resolution: 32, 64 or 128.
        seed: another seed, another draw; a smaller `n` gives the beginning of a larger one.
        fur: one fur for all, or "none"; None for every fur.
        lamp: one lamp for all; None for every lamp.
        small: the small world of `SMALL` alone: by day, bare, few faces, furs and colours.
        device: where to draw, and where the pictures stay.

    Returns:
        Pictures (n, 3, H, W) uint8 in 0..255, and factors (n, 8) int64, columns as in `FACTORS`.

    Raises:
        ValueError: an unknown split, fur, lamp or resolution, or a larger `n` than there are cats.
        CourseError: a bundled file is missing or has changed.
    """
    fixed: dict[str, str | tuple[str, ...]] = {**SMALL} if small else {}
    fixed |= {name: value for name, value in (("fur", fur), ("lamp", lamp)) if value is not None}
    factors = SPACE.sample(n, split=split, seed=seed, fixed=fixed)
    return draw_cats(factors, resolution=resolution, device=device), factors.to(device)


def twin(factors: Tensor, name: str, value: str) -> Tensor:
    """The same cats with one factor changed: `twin(factors, "fur", "tabby")`.

    Args:
        factors: (N, 8) int64; left as it is.
        name: a key of `FACTORS`.
        value: one of that factor's values.

    Returns:
        (N, 8) int64, to be drawn by `draw_cats`.

    Raises:
        ValueError: an unknown factor or value.
    """
    return SPACE.twin(factors, name, value)


def draw_cats(
    factors: Tensor, *, resolution: int = 64, device: torch.device | str = "cpu"
) -> Tensor:
    r"""Draw the cats that `factors` describe.

    $x = (1 - \alpha) c_{bg} + s\,c$ with the body's shade $s$, already multiplied by its $\alpha$;
    then fur, eyes, mouth and accessory are painted over it. By night a lamp stands at one side: the
    cat is lighter there and darker on the other, its shadow falls on the wall behind, and the wall
    is dark.

    Args:
        factors: (N, 8) int64, columns as in `FACTORS`.
        resolution: 32, 64 or 128; the smaller ones are means of pixels of 128.
        device: where to draw, and where the pictures stay.

    Returns:
        (N, 3, resolution, resolution) uint8 in 0..255.

    Raises:
        ValueError: another resolution, or something else than a table of factors.
        CourseError: a bundled file is missing or has changed.
    """
    SPACE.check(factors)
    if resolution not in RESOLUTIONS:
        raise ValueError(f"resolution is {resolution}: choose one of {RESOLUTIONS}")
    stored = max(resolution, 64)
    parts = _parts(bundled("cats/parts.npz"), stored, str(device))
    return draw_in_chunks(lambda chunk: _draw(chunk, parts), factors.to(device), resolution)


def _draw(factors: Tensor, parts: dict[str, Tensor]) -> Tensor:
    codes = dict(zip(FACTORS, factors.unbind(1), strict=True))
    shade, alpha = parts["body"][codes["body"]].split(1, dim=1)
    cat = shade * parts["colours"][codes["colour"]]
    for name in ("fur", "eyes", "mouth", "accessory"):
        layer_colour, layer_alpha = parts[name][codes[name]].split([3, 1], dim=1)
        cat = cat * (1 - layer_alpha) + layer_colour
        alpha = alpha * (1 - layer_alpha) + layer_alpha
    wall = parts["backgrounds"][codes["background"]]

    # By night, the lamp: its light on the cat and the cat's shadow on the wall
    light = parts["light"][codes["lamp"], codes["body"]]
    shadow = parts["shadow"][codes["lamp"], codes["body"]]
    return (1 - alpha) * wall * shadow + cat * light


@cache
def _parts(path: Path, resolution: int, device: str) -> dict[str, Tensor]:
    """Layers in 0..255 with alpha in 0..1, light and shadow as factors; all (kinds, C, H, W)."""
    parts = {}
    with np.load(path) as stored:
        for name in ("body", "fur", "eyes", "mouth", "accessory"):
            layer = torch.from_numpy(stored[name]).movedim(-1, 1).float()
            layer = avg_pool2d(layer, layer.shape[-1] // resolution)
            layer[:, -1] /= 255
            if FACTORS[name][0] == "none":
                layer = torch.cat([torch.zeros_like(layer[:1]), layer])
            parts[name] = layer
    parts["body"][:, 0] /= 255
    parts["colours"], parts["backgrounds"] = _colours(COLOURS), _colours(BACKGROUNDS)
    lamps = [_lamp(parts["body"][:, 1:], side) for side in LAMPS.values()]
    parts["light"], parts["shadow"] = (torch.stack(maps) for maps in zip(*lamps, strict=True))
    return {name: part.to(device) for name, part in parts.items()}


def _lamp(alpha: Tensor, side: float) -> tuple[Tensor, Tensor]:
    """Factors by which a lamp at one side makes bodies lighter and the wall darker.

    Args:
        alpha: (bodies, 1, H, W) in 0..1.
        side: -1 for a lamp on the left, 1 on the right, 0 for daylight.

    Returns:
        Light (bodies, 3, H, W) and shadow on the wall (bodies, 3, H, W).
    """
    if not side:
        even = torch.ones_like(alpha).expand(-1, 3, -1, -1)
        return even, even
    width = alpha.shape[-1]
    # A round body: the slope of its blurred outline says which side a place is turned to
    round_body = _blurred(alpha, width // 8)
    slope = (round_body - round_body.roll(1, -1)) * width / 8
    warm = torch.tensor(WARM)[:, None, None]
    light = (1 - side * slope * CONTRAST).clamp(0.4, 1.35) * warm

    # The shadow lies away from the lamp, soft
    step = round(LENGTH * width)
    moved = pad(alpha, (step, step, 0, 0))
    moved = moved[..., :width] if side < 0 else moved[..., 2 * step :]
    glow = torch.linspace(1.0, NIGHT, width) if side < 0 else torch.linspace(NIGHT, 1.0, width)
    return light, (1 - SHADOW * _blurred(moved, width // 32)) * glow * warm


def _blurred(maps: Tensor, radius: int) -> Tensor:
    """Two means over squares, the second of the first."""
    for _ in range(2):
        maps = avg_pool2d(pad(maps, (radius,) * 4, mode="replicate"), 2 * radius + 1, stride=1)
    return maps


def _colours(palette: dict[str, tuple[int, int, int]]) -> Tensor:
    return torch.tensor(list(palette.values()), dtype=torch.float32)[:, :, None, None]
