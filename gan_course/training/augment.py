"""Differentiable augmentation of what D sees, real and fake alike."""

import torch
from torch import Tensor

SHIFT = 1 / 8  # the farthest translation, as a share of the side
HOLE = 1 / 2  # the side of what is cut out, as a share of the picture's


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change the colours of each picture, shift it, and cut a square out of it, at random.

    D sees real and fake pictures through this, so it cannot learn the few real ones by heart; and
    G gets its gradient back through it. Both must be augmented: were it the real pictures alone,
    their distribution would be that of augmented pictures, and G would learn to draw those.

    Args:
        images: (N, C, H, W) in [-1, 1]; left as they are.
        generator: draws the changes, on the pictures' device.

    Returns:
        (N, C, H, W); changed colours may leave [-1, 1]. What is shifted in and what is cut out is
        0, which is grey.

    Source: Zhao et al. 2020 (arXiv:2006.10738), figure 4; the three operations and their sizes are
        those of the authors' DiffAugment_pytorch.py, written anew.
    """
    return cutout(translate(change_colours(images, generator), generator), generator)


def change_colours(images: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness up or down by at most 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5."""
    brightness, saturation, contrast = _uniform(3, images, generator)
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + 2 * saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (contrast + 0.5) * (images - mean)


def translate(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each picture by whole pixels, at most an eighth of its side, both ways."""
    height, width = images.shape[2:]
    right, down = _uniform(2, images, generator)
    rows = _shifted(down, height).expand(-1, images.shape[1], -1, width)
    columns = _shifted(right, width).transpose(2, 3).expand(-1, images.shape[1], height, -1)
    moved = images.gather(2, rows.clamp(0, height - 1)).gather(3, columns.clamp(0, width - 1))
    is_inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return moved * is_inside


def cutout(images: Tensor, generator: torch.Generator) -> Tensor:
    """Set a square with half of the picture's side to 0; part of it may lie outside."""
    height, width = images.shape[2:]
    across, down = _uniform(2, images, generator)
    is_cut = _span(down, height) & _span(across, width).transpose(2, 3)
    return images * ~is_cut


def _uniform(n: int, images: Tensor, generator: torch.Generator) -> Tensor:
    """n numbers in [0, 1) for each picture: (n, N, 1, 1, 1)."""
    shape = (n, len(images), 1, 1, 1)
    return torch.rand(shape, device=images.device, generator=generator)


def _shifted(share: Tensor, side: int) -> Tensor:
    """Which row each row is taken from: (N, 1, side, 1) int64, outside of the picture at a rim."""
    farthest = int(side * SHIFT + 0.5)
    shift = (share * (2 * farthest + 1)).long() - farthest
    return torch.arange(side, device=share.device)[:, None] - shift


def _span(share: Tensor, side: int) -> Tensor:
    """Whether a row lies in the hole: (N, 1, side, 1) bool; its middle is any row."""
    size = int(side * HOLE + 0.5)
    start = (share * (side + 1 - size % 2)).long() - size // 2
    rows = torch.arange(side, device=share.device)[:, None]
    return (rows >= start) & (rows < start + size)
