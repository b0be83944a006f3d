"""Critters: drawn creatures whose every choice is known, and any number of them.

A creature is stored as weights of five flat colours, so it can be coloured and textured after the
fact, and its exact twin, the same creature with one choice changed, can be drawn: the true answer
to a translation that a CycleGAN has to find without pairs.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_course.data.factors import FactorSpace, draw_in_chunks, stored_resolution
from gan_course.data.manifest import bundled
from gan_course.data.splits import Split

BODY_COLOURS = {
    "red": (235, 80, 80),
    "orange": (245, 140, 40),
    "yellow": (250, 215, 70),
    "green": (120, 205, 90),
    "cyan": (65, 205, 205),
    "blue": (90, 150, 250),
    "violet": (165, 115, 245),
    "pink": (245, 135, 195),
}
BACKGROUNDS = {
    "navy": (30, 50, 130),
    "forest": (15, 90, 60),
    "plum": (100, 35, 120),
    "maroon": (130, 20, 50),
    "slate": (75, 85, 100),
    "cream": (240, 236, 222),
}
INK = (30, 41, 59)  # outlines and shadows, as in the original drawings
MARK_DEPTH = 0.64  # how far the marks of a texture lie from the body colour towards INK
PERIOD = 12.5  # of every texture, in units of a canvas of 100

FACTORS: dict[str, tuple[str, ...]] = {
    "shape": (
        *("dome", "block", "tower", "chimney", "squat", "blob", "round"),
        *("tilt", "lean", "peak", "bell", "wedge", "wedgeInv", "steps"),
    ),
    "texture": ("plain", "stripes", "spots", "checks"),
    "body_colour": tuple(BODY_COLOURS),
    "background": tuple(BACKGROUNDS),
    "top": (
        *("none", "horns", "hornsIn", "hornsSmall", "spike", "antenna", "antennae", "earsRound"),
        *("earsPointy", "earsDroop", "spikes", "fin", "crown", "sprout", "nub", "bobble"),
    ),
    "eyes": (
        *(
            "round",
            "dots",
            "bigPupils",
            "sideeye",
            "inward",
            "mono",
            "uneven",
            "trio",
            "threeRow",
            "four",
        ),
        *(
            "happy",
            "closedLine",
            "wink",
            "squint",
            "wide",
            "sleepy",
            "angry",
            "monoSleepy",
            "close",
        ),
    ),
    "mouth": (
        *(
            "smile",
            "tinySmile",
            "grin",
            "laugh",
            "teeth",
            "ooh",
            "line",
            "smirk",
            "wavy",
            "catMouth",
        ),
        *("zigzag", "frown", "sad", "slant", "dot", "open", "tooth", "tongue", "blep"),
    ),
}
SPACE = FactorSpace(FACTORS, twinned=("texture",))


def load_critters(
    split: Split = "train",
    *,
    n: int,
    resolution: int = 64,
    seed: int = 0,
    texture: str | None = None,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Draw creatures at random, no two alike.

    No test creature, nor its twin in another texture, is ever in train, whatever `n` and `seed`.
    Two calls with different textures draw independently: for plain <-> striped they give unpaired
    sets.

    Args:
        split: "train" or "test".
        n: how many.
        resolution: 32, 64, 128 or 256.
        seed: another seed, another draw; a smaller `n` gives the beginning of a larger one.
        texture: one texture for all; None for every texture.
        device: where to draw, and where the pictures stay.

    Returns:
        Pictures (n, 3, H, W) uint8 in 0..255, and factors (n, 7) int64, columns as in `FACTORS`.

    Raises:
        ValueError: an unknown split, texture or resolution, or a larger `n` than there are
            creatures.
        CourseError: a bundled file is missing or has changed.
    """
    factors = SPACE.sample(n, split=split, seed=seed, fixed={"texture": texture})
    return draw_critters(factors, resolution=resolution, device=device), factors.to(device)


def twin(factors: Tensor, name: str, value: str) -> Tensor:
    """The same creatures with one factor changed: `twin(factors, "texture", "stripes")`.

    Args:
        factors: (N, 7) int64; left as it is.
        name: a key of `FACTORS`.
        value: one of that factor's values.

    Returns:
        (N, 7) int64, to be drawn by `draw_critters`.

    Raises:
        ValueError: an unknown factor or value.
    """
    return SPACE.twin(factors, name, value)


def draw_critters(
    factors: Tensor, *, resolution: int = 64, device: torch.device | str = "cpu"
) -> Tensor:
    r"""Draw the creatures that `factors` describe.

    $x = w_{bg} c_{bg} + w_{body} t + w_{accent} c_{accent} + w_{white} 255 + w_{ink} c_{ink}$, the
    weights summing to 1 and $t$ being the textured body colour; then eyes and mouth are painted
    over it.

    The accent, the colour of the top, follows from the body colour. Textures lie still on the
    canvas: they do not move with the creature.

    Args:
        factors: (N, 7) int64, columns as in `FACTORS`.
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
    parts = _parts(bundled(f"critters/parts_{stored}.npz"), str(device))
    return draw_in_chunks(lambda chunk: _draw(chunk, parts), factors.to(device), resolution)


def _draw(factors: Tensor, parts: dict[str, Tensor]) -> Tensor:
    shape, texture, body_colour, background, top, eyes, mouth = factors.unbind(1)
    body = parts["body_colours"][body_colour]
    # across the hues
    accent = parts["body_colours"][(body_colour + len(BODY_COLOURS) // 2) % len(BODY_COLOURS)]
    ink = parts["ink"]
    mark = body.lerp(ink, MARK_DEPTH)
    surface = body + parts["textures"][texture].unsqueeze(1) * (mark - body)

    weights = parts["base"][shape, top].float().div_(255)
    w_bg, w_body, w_accent, w_white = weights.unsqueeze(2).unbind(1)  # (N, 1, H, W) each
    w_ink = (1 - weights.sum(1, keepdim=True)).clamp_(min=0)
    picture = (
        w_bg * parts["backgrounds"][background]
        + w_body * surface
        + w_accent * accent
        + w_white * 255
    )
    picture += w_ink * ink
    for layer in (parts["eyes"][eyes], parts["mouth"][mouth]):
        colour, alpha = layer.float().split([3, 1], dim=1)
        picture = picture * (1 - alpha / 255) + colour  # the stored colour is premultiplied
    return picture


@cache
def _parts(path: Path, device: str) -> dict[str, Tensor]:
    with np.load(path) as stored:
        layers = {
            name: torch.from_numpy(stored[name]).movedim(-1, -3)
            for name in ("base", "eyes", "mouth")
        }
    parts = {name: layer.contiguous() for name, layer in layers.items()}
    parts["textures"] = _textures(parts["eyes"].shape[-1])
    parts["ink"] = _colours([INK])[0]
    parts["body_colours"] = _colours(BODY_COLOURS.values())
    parts["backgrounds"] = _colours(BACKGROUNDS.values())
    return {name: part.to(device) for name, part in parts.items()}


def _colours(triples: Iterable[tuple[int, int, int]]) -> Tensor:
    return torch.tensor(list(triples), dtype=torch.float32)[:, :, None, None]


def _textures(resolution: int, finer: int = 4) -> Tensor:
    """Share of each pixel that the marks cover: (textures, resolution, resolution) in [0, 1].

    The edges are smoothed by averaging a drawing `finer` times as fine.
    """
    points = (torch.arange(resolution * finer) + 0.5) * (100 / (resolution * finer))
    phase = (points / PERIOD) % 1
    y, x = phase[:, None], phase[None, :]
    marks = {
        "plain": torch.zeros(len(points), len(points)),
        "stripes": (y >= 0.5).float().expand(-1, len(points)),
        "spots": ((x - 0.5).square() + (y - 0.5).square() < 0.32**2).float(),
        "checks": ((x < 0.5) == (y < 0.5)).float(),
    }
    stack = torch.stack([marks[name] for name in FACTORS["texture"]])
    return torch.nn.functional.avg_pool2d(stack, finer)
