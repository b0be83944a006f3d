"""What one score of a PatchGAN sees: its square on a picture (05)."""

from PIL import Image, ImageDraw
from torch import Tensor

from gan_course.viz.explorers.panel import image_to_png, is_watched, show_panel

RED = (217, 72, 95)


def field_of(layers: list[tuple[int, int]]) -> tuple[int, int]:
    """How many pixels in a row one score depends on, and how far apart two scores' squares lie.

    Args:
        layers: (kernel, stride) from the picture to the scores.
    """
    seen, step = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * step
        step *= stride
    return seen, step


def draw_field(picture: Tensor, *, strided: int, row: int, column: int) -> bytes:
    """A picture with the square that one score sees, as a PNG.

    Args:
        picture: (3, H, W) in [-1, 1].
        strided: layers of stride 2; two more of stride 1 follow, all kernels are 4 x 4.
        row: of the score, from 0 at the top, as a share of the picture in per cent.
        column: likewise.
    """
    seen, step = field_of([(4, 2)] * strided + [(4, 1)] * 2)
    height, width = picture.shape[1:]
    pixels = picture.float().add(1).mul(127.5).clamp(0, 255).byte().permute(1, 2, 0).cpu()
    zoom = max(1, 384 // max(height, width))
    image = Image.fromarray(pixels.numpy()).resize(
        (width * zoom, height * zoom), Image.Resampling.NEAREST
    )
    y, x = (
        round(share * size / 100 / step) * step for share, size in ((row, height), (column, width))
    )
    corners = [(at - seen / 2) * zoom for at in (x, y)] + [(at + seen / 2) * zoom for at in (x, y)]
    ImageDraw.Draw(image).rectangle(corners, outline=RED, width=3)
    ImageDraw.Draw(image).text((6, 4), f"{seen} x {seen} pixels", fill=RED)
    return image_to_png(image)


def explore_field(picture: Tensor) -> None:
    """Show sliders for the number of strided layers and the place of the score."""
    if not is_watched():
        return
    import ipywidgets as widgets

    controls = {
        "strided": widgets.IntSlider(2, min=0, max=5, description="stride 2"),
        "row": widgets.IntSlider(50, min=0, max=100, description="row, %"),
        "column": widgets.IntSlider(50, min=0, max=100, description="column, %"),
    }
    show_panel(
        lambda **values: draw_field(picture, **values),
        controls,
        help_text="The square that one score sees. How many layers of stride 2 give 70 pixels?",
    )
