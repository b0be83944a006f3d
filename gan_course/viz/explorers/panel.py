"""The frame of every explorer: controls, and one picture that follows them."""

import io
import os
from collections.abc import Callable, Mapping
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid


def is_watched() -> bool:
    """Whether somebody looks at a notebook whose kernel this is."""
    from IPython import get_ipython

    return get_ipython() is not None and not os.environ.get("GAN_COURSE_HEADLESS")


def to_png(pictures: Tensor, *, zoom: int = 1, n_columns: int = 8) -> bytes:
    """Pictures as the bytes of one PNG.

    Args:
        pictures: (N, C, H, W) in [-1, 1], on any device.
        zoom: screen pixels per picture pixel.
        n_columns: pictures in a row.
    """
    unit = pictures.detach().float().cpu().add(1).div(2).clamp(0, 1)
    tile = make_grid(unit, nrow=n_columns, padding=1, pad_value=1.0)
    return image_to_png(
        Image.fromarray(tile.mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()), zoom=zoom
    )


def image_to_png(image: Image.Image, *, zoom: int = 1) -> bytes:
    """A Pillow image, enlarged, as the bytes of a PNG."""
    data = io.BytesIO()
    size = (image.width * zoom, image.height * zoom)
    image.resize(size, Image.Resampling.NEAREST).save(data, format="png", compress_level=1)
    return data.getvalue()


def show_panel(
    draw: Callable[..., bytes], controls: Mapping[str, Any], *, help_text: str = ""
) -> Any:
    """Show controls above the picture that `draw` makes of their values.

    Args:
        draw: takes the controls' values by name and returns the bytes of a PNG.
        controls: name -> an ipywidgets control with a `value`.
        help_text: a line above the controls.

    Returns:
        The box that is shown.
    """
    import ipywidgets as widgets
    from IPython.display import display

    picture = widgets.Image(format="png")

    def redraw(_: Any = None) -> None:
        picture.value = draw(**{name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    layout = widgets.Layout(flex_flow="row wrap")
    box = widgets.VBox(
        [widgets.Label(help_text), widgets.Box(list(controls.values()), layout=layout), picture]
    )
    display(box)
    return box


def slider(label: str, value: float, low: float, high: float, step: float = 0.05) -> Any:
    """A slider that redraws while it moves."""
    import ipywidgets as widgets

    return widgets.FloatSlider(value, min=low, max=high, step=step, description=label)
