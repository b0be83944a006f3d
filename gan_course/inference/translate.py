"""Translates pictures of any size."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from gan_course.data.batches import to_bytes, to_float
from gan_course.inference.streaming import stream
from gan_course.models.cyclegan import ResnetGenerator

MULTIPLE, SMALLEST = 4, 8  # what the generator's two halvings and its borders need
PLAIN_PIXELS = 2**19  # up to here in one pass


@torch.no_grad()
def translate_picture(
    G: ResnetGenerator, picture: Tensor, *, streamed: bool | None = None
) -> Tensor:
    """Translate one picture of any size; the result has exactly that size.

    The right and lower edges are mirrored outwards to the next multiple of 4, and cut off again.
    Above half a million pixels the layers are computed in bands (`stream`), with the same result.

    Args:
        G: a generator, in float32.
        picture: (3, H, W) uint8 in 0..255.
        streamed: compute in bands or not; None to decide by size.

    Returns:
        (3, H, W) uint8, on the CPU.

    Raises:
        ValueError: another type or shape, or an empty picture.
    """
    if (
        picture.dtype != torch.uint8
        or picture.ndim != 3
        or picture.shape[0] != 3
        or picture.numel() == 0
    ):
        raise ValueError(
            f"picture is {tuple(picture.shape)} of {picture.dtype}: give (3, H, W) uint8"
        )
    height, width = picture.shape[1:]
    x = to_float(picture[None].to(next(G.parameters()).device))
    x = _pad_to_multiple(_pad_to_multiple(x, 2), 3)
    if streamed is None:
        streamed = height * width > PLAIN_PIXELS
    y = stream(G, x) if streamed else G(x)
    return to_bytes(y[0, :, :height, :width]).cpu()


def _pad_to_multiple(x: Tensor, side: Literal[2, 3]) -> Tensor:
    """Add rows (side 2) or columns (3) at the end, up to the next size that G takes."""
    size = x.shape[side]
    more = max(-(-size // MULTIPLE) * MULTIPLE, SMALLEST) - size
    border = (0, 0, 0, more) if side == 2 else (0, more, 0, 0)
    return pad(x, border, mode="reflect" if more < size else "replicate") if more else x


@torch.no_grad()
def in_parts(G: nn.Module, images: Tensor, size: int = 50) -> Tensor:
    """Translate many pictures (N, 3, H, W) in [-1, 1], some at a time."""
    return torch.cat([G(part).float() for part in images.split(size)])
