"""The style mixer: levels from a second picture, truncation, noise and directions (11, 12)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gan_course.inference.generate import latents, style_resolutions
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.viz.explorers.panel import is_watched, show_panel, slider, to_png


@torch.no_grad()
def draw_styles(
    G: StyleGANGenerator,
    directions: Mapping[str, Tensor],
    *,
    seed_a: int,
    seed_b: int,
    psi: float,
    noise: bool,
    direction: str,
    amount: float,
    **levels: float,
) -> bytes:
    """Parent A, the mixture and parent B, side by side, as a PNG.

    Args:
        G: in evaluation mode, on the CPU.
        directions: name -> (w_dim,), what a step of `amount` 1 adds to w.
        seed_a: of the picture that gives all styles at first.
        seed_b: of the picture that gives some.
        psi: truncation.
        noise: with the noise that is kept in G, or without.
        direction: a key of `directions`, or "none".
        amount: how far along it.
        **levels: "px4", "px8", ...: how far the styles of that level lie on the way from A to B.
    """
    a, b = G.ws(latents([seed_a, seed_b], G.z_dim), truncation_psi=psi).split(1)
    works_at = style_resolutions(G)
    share = torch.tensor([levels.get(f"px{side}", 0.0) for side in works_at])
    mixed = torch.lerp(a, b, share[:, None])
    if direction in directions:
        mixed = mixed + amount * directions[direction]
    pictures = G.synthesis(torch.cat([a, mixed, b]), noise="const" if noise else "none")
    return to_png(pictures, zoom=max(1, 192 // pictures.shape[-1]))


def explore_styles(G: StyleGANGenerator, directions: Mapping[str, Tensor] | None = None) -> None:
    """Show a slider for each level of styles, for truncation and along named directions.

    Args:
        G: in evaluation mode, on the CPU.
        directions: name -> (w_dim,), a step in w.
    """
    if not is_watched():
        return
    import ipywidgets as widgets

    ways = directions or {}
    controls: dict[str, Any] = {
        "seed_a": widgets.IntText(0, description="seed of A"),
        "seed_b": widgets.IntText(8, description="seed of B"),
        "psi": slider("ψ", 1, 0, 1.4),
        "noise": widgets.Checkbox(True, description="noise"),
        "direction": widgets.Dropdown(options=["none", *ways], description="direction"),
        "amount": slider("how far", 0, -10, 10, 0.5),
    }
    for side in sorted(set(style_resolutions(G))):
        controls[f"px{side}"] = slider(f"{side} px", 0, 0, 1)
    show_panel(
        lambda **values: draw_styles(G, ways, **values),
        controls,
        help_text="A, the mixture, B. A level's slider takes its styles from A (0) to B (1).",
    )
