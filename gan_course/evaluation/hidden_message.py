"""Hidden messages in translations, found by disturbing a translation and reading it back."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.corruptions import blur
from gan_course.evaluation.paired import l1_error

Translate = Callable[[Tensor], Tensor]
TO_YCBCR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
PARTS = {"luminance": [0], "colour": [1, 2]}


@torch.no_grad()
def read_error(back: Translate, message: Tensor, truth: Tensor) -> float:
    """The mean absolute error of what is read from a message; black to white is 1.

    Args:
        back: the translation of the message, pictures in [-1, 1] to pictures in [-1, 1].
        message: (N, 3, H, W) uint8 in 0..255, as a file would hold it.
        truth: (N, 3, H, W) uint8, the pictures that the message was made from.

    Returns:
        In [0, 1].

    Raises:
        ValueError: the answer and the truth differ in shape.
    """
    return float(l1_error(back(to_float(message)), to_float(truth)).mean())


def blur_part(images: Tensor, part: Literal["luminance", "colour"], *, sigma: float) -> Tensor:
    """Blur only the luminance of pictures, or only their colour.

    Args:
        images: (N, 3, H, W) uint8 in 0..255.
        part: "luminance" or "colour" (the two colour differences that JPEG stores, too, with less
            detail).
        sigma: standard deviation of the Gaussian, in pixels.

    Returns:
        (N, 3, H, W) uint8. Values beyond 0..255 are cut.

    Raises:
        ValueError: another part.

    Source: the transform of JFIF 1.02, with the factors of ITU-R BT.601.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}: choose luminance or colour")
    forwards = torch.tensor(TO_YCBCR)
    sharp, soft = (
        torch.einsum("kc,nchw->nkhw", forwards, to_float(pictures))
        for pictures in (images, blur(images, sigma=sigma))
    )
    sharp[:, PARTS[part]] = soft[:, PARTS[part]]
    return to_bytes(torch.einsum("kc,nchw->nkhw", forwards.inverse(), sharp))
