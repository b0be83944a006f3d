"""Corrupts pictures in known ways: noise, blur, JPEG, copies."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_course.data.batches import to_bytes, to_float


def add_noise(images: Tensor, *, sigma: float, seed: int) -> Tensor:
    """Add Gaussian noise to pictures uint8 in 0..255; `sigma` in units of the full range."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    return to_bytes(to_float(images) + 2 * sigma * noise)


def blur(images: Tensor, *, sigma: float) -> Tensor:
    """Blur pictures (N, C, H, W) uint8 with a Gaussian of standard deviation `sigma` pixels."""
    from torchvision.transforms.functional import gaussian_blur  # its import takes seconds

    return (
        gaussian_blur(images.float(), 2 * round(3 * sigma) + 1, sigma)
        .round()
        .clamp(0, 255)
        .to(torch.uint8)
    )


def through_jpeg(images: Tensor, *, quality: int) -> Tensor:
    """Compress pictures (N, C, H, W) uint8 by JPEG, at a quality from 1 to 95."""
    return torch.stack([_jpeg(image, quality) for image in images])


def with_copies(images: Tensor, train: Tensor, *, share: float, seed: int) -> Tensor:
    """Replace a share of the pictures by training pictures chosen at random."""
    count = round(share * len(images))
    indices = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[:count]
    return torch.cat([train[indices], images[count:]])


def _jpeg(image: Tensor, quality: int) -> Tensor:
    pixels = image.permute(1, 2, 0).cpu().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(
        file, "JPEG", quality=quality
    )
    decoded = np.array(Image.open(file))
    return torch.from_numpy(decoded.reshape(pixels.shape)).permute(2, 0, 1)
