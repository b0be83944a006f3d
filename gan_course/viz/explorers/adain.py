"""Statistics of one picture given to another, level by level (10)."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_course.viz.explorers.panel import is_watched, show_panel, to_png

Move = Callable[[Tensor, Tensor, int], Tensor]


def draw_depth(
    move: Move, content: Tensor, style: Tensor, *, picture: int, painting: int, depth: int
) -> bytes:
    """Content, style, and the content with the style's statistics at one depth, as a PNG.

    Args:
        move: (content, style, depth) to pictures of the content's shape.
        content: (N, 3, H, W) in [-1, 1].
        style: likewise.
        picture: which content.
        painting: which style.
        depth: 0 for the pixels, k for the features behind k convolutions.
    """
    one, other = content[picture : picture + 1], style[painting : painting + 1]
    row = torch.cat([one, other, move(one, other, depth).detach()])
    return to_png(row, zoom=max(1, 192 // one.shape[-1]))


def explore_depths(move: Move, content: Tensor, style: Tensor, *, deepest: int) -> None:
    """Show sliders for content, style and depth; arguments as for `draw_depth`."""
    if not is_watched():
        return
    import ipywidgets as widgets

    controls = {
        "picture": widgets.IntSlider(0, min=0, max=len(content) - 1, description="content"),
        "painting": widgets.IntSlider(0, min=0, max=len(style) - 1, description="style"),
        "depth": widgets.IntSlider(0, min=0, max=deepest, description="depth"),
    }
    show_panel(
        lambda **values: draw_depth(move, content, style, **values),
        controls,
        help_text="content · style · the content with the style's statistics at that depth",
    )
