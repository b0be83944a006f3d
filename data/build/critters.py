"""Critters: creatures drawn once in red, green and blue, so that they can be coloured afterwards.

A painter's picture of flat colours is linear in these colours: where the background is drawn in
red, the body in green and the accent in blue, the three channels are their weights. What is white
whatever the colours are, the gloss, shows in all three channels, and alone when everything else is
drawn in black.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from rendering import BLACK, BLUE, GREEN, RED, drawer, premultiplied, render, shrink, to_bytes

from gan_course.data.critters import FACTORS, INK

DEFINITION = "dicebear_styles/critters.json"
INPUTS = {"dicebear-styles": (DEFINITION,)}
MODULES = ("dicebear", "resvg_py")  # of data/build/requirements.txt
DRAWN_AT = 512
RESOLUTIONS = (64, 128, 256)
BACKGROUND = '<rect width="100" height="100" fill="#000000"/>'
BARE = {  # the canvas alone; each drawing names the parts that it adds
    "bodyVariant": [],
    "eyesVariant": [],
    "mouthVariant": [],
    "topProbability": 0,
    "patternProbability": 0,
    "cheeksProbability": 0,
    "animationVariant": "none",
}


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Write parts_64.npz, parts_128.npz and parts_256.npz.

    Each holds, as uint8, `base` (shapes, tops, H, W, 4), the weights of background, body, accent
    and white (what is missing from 255 is ink), and `eyes` and `mouth` (kinds, H, W, 4), colour
    multiplied by alpha, then alpha; and the names of the kinds.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.

    Raises:
        CourseError: a package of requirements.txt is not installed.
    """
    draw = drawer(sources["dicebear-styles"] / DEFINITION, BARE)
    pairs = [(shape, top) for shape in FACTORS["shape"] for top in FACTORS["top"]]
    parts = {"base": _at_all_resolutions([lambda pair=pair: _base(draw, *pair) for pair in pairs])}
    for name in ("eyes", "mouth"):
        parts[name] = _at_all_resolutions(
            [lambda n=name, kind=kind: _face(draw, n, kind) for kind in FACTORS[name]]
        )
    for number, resolution in enumerate(RESOLUTIONS):
        arrays = {name: stacks[number] for name, stacks in parts.items()}
        arrays["base"] = arrays["base"].reshape(
            len(FACTORS["shape"]), len(FACTORS["top"]), resolution, resolution, 4
        )
        names = {
            f"{name}_names": np.array(FACTORS[name]) for name in ("shape", "top", "eyes", "mouth")
        }
        np.savez_compressed(out / f"parts_{resolution}.npz", **arrays, **names)


def base_weights(coloured: np.ndarray, black: np.ndarray) -> np.ndarray:
    """Solve for the weights of background, body, accent and white.

    Args:
        coloured: (H, W, 3) uint8, drawn with the background red, the body green, the accent blue
            and the ink black.
        black: (H, W, 3) uint8, drawn with all four black.

    Returns:
        (H, W, 4) int64; in 0..255 but for the rounding of the renderer.
    """
    white = black[..., :1].astype(np.int64)
    return np.concatenate([coloured - white, white], axis=2)


def _base(draw: Callable[..., str], shape: str, top: str) -> np.ndarray:
    parts = {"bodyVariant": shape}
    if top != "none":
        parts |= {"topProbability": 100, "topVariant": top}
    coloured = {"backgroundColor": RED, "bodyColor": GREEN, "accentColor": BLUE, "inkColor": BLACK}
    black = dict.fromkeys(coloured, BLACK)
    return base_weights(
        *(render(draw(**parts, **colours), DRAWN_AT)[..., :3] for colours in (coloured, black))
    )


def _face(draw: Callable[..., str], part: str, kind: str) -> np.ndarray:
    ink = "#{:02x}{:02x}{:02x}".format(*INK)
    svg = draw(**{f"{part}Variant": kind}, inkColor=ink, backgroundColor=BLACK)
    return premultiplied(render(svg.replace(BACKGROUND, ""), DRAWN_AT))


def _at_all_resolutions(drawings: list[Callable[[], np.ndarray]]) -> list[np.ndarray]:
    """Draw one after another, keeping only what is shrunk: one stack for each of RESOLUTIONS."""
    stacks = [[] for _ in RESOLUTIONS]
    for drawing in drawings:
        layers = drawing()
        for stack, resolution in zip(stacks, RESOLUTIONS, strict=True):
            stack.append(to_bytes(shrink(layers, resolution)))
    return [np.stack(stack) for stack in stacks]
