"""One generator at every size, and a fade between two of them (09)."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_course.inference.generate import latents
from gan_course.viz.explorers.panel import is_watched, show_panel, slider, to_png


@torch.no_grad()
def draw_growing(G: Any, *, size: int, alpha: float, seed: int, n: int = 8) -> bytes:
    """A row of pictures at one size, faded in by alpha, enlarged to the full size, as a PNG.

    Args:
        G: a generator that grows, in evaluation mode.
        size: side of the newest resolution.
        alpha: its share.
        seed: of the first picture.
        n: how many.
    """
    device = next(G.parameters()).device
    z = latents(range(seed, seed + n), G.z_dim).to(device)
    pictures: Tensor = G(z, resolution=size, alpha=alpha, noise="const")
    full = G.synthesis.img_resolution
    return to_png(interpolate(pictures, size=full), zoom=max(1, 96 // full))


def explore_growing(G: Any) -> None:
    """Show sliders for the size, the share of the newest layers, and the seed."""
    if not is_watched():
        return
    import ipywidgets as widgets

    full = G.synthesis.img_resolution
    sizes = [2**k for k in range(2, int(math.log2(full)) + 1)]
    controls = {
        "size": widgets.SelectionSlider(options=sizes, value=full, description="size"),
        "alpha": slider("alpha", 1, 0, 1),
        "seed": widgets.IntText(0, description="seed"),
    }
    show_panel(
        lambda **values: draw_growing(G, **values),
        controls,
        help_text="At alpha 0 the pictures are those of half the size, doubled.",
    )
