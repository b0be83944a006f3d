"""There and back: a picture, its translation, its round trip, and where the two differ (06, 07)."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_course.viz.explorers.panel import is_watched, show_panel, to_png

Translate = Callable[[Tensor], Tensor]


@torch.no_grad()
def draw_cycle(
    G_AB: Translate, G_BA: Translate, A: Tensor, B: Tensor, *, number: int, start: str
) -> bytes:
    """Input, translation, round trip and four times their difference, as a PNG.

    Args:
        G_AB: pictures of A to pictures of B, in [-1, 1].
        G_BA: the way back.
        A: (N, 3, H, W) in [-1, 1].
        B: likewise.
        number: which picture.
        start: "A" or "B".
    """
    there, back = (G_AB, G_BA) if start == "A" else (G_BA, G_AB)
    pictures = A if start == "A" else B
    one = pictures[number : number + 1]
    made = there(one).cpu()
    home = back(made.to(one.device)).cpu()
    error = (4 * (home - one.cpu()).abs().mean(1, keepdim=True) - 1).clamp(-1, 1)
    row = torch.cat([one.cpu(), made, home, error.expand(-1, 3, -1, -1)])
    return to_png(row, zoom=max(1, 160 // one.shape[-1]))


def explore_cycle(G_AB: Translate, G_BA: Translate, A: Tensor, B: Tensor) -> None:
    """Show a slider over pictures and the choice of a direction; arguments as for `draw_cycle`."""
    if not is_watched():
        return
    import ipywidgets as widgets

    controls = {
        "number": widgets.IntSlider(0, min=0, max=min(len(A), len(B)) - 1, description="picture"),
        "start": widgets.ToggleButtons(options=["A", "B"], description="start in"),
    }
    show_panel(
        lambda **values: draw_cycle(G_AB, G_BA, A, B, **values),
        controls,
        help_text="input · translation · back again · four times the difference",
    )
