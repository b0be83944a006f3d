"""Errors against a known true answer: a hidden pair, a twin, or removed colours."""

import torch
from torch import Tensor

SEA_OVER_RED, SEA_OVER_GREEN = 30, 10  # of 255: how far blue must lie above the other two
D65_WHITE = (0.95047, 1.0, 1.08883)  # X, Y, Z of the white that sRGB is defined for
RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def l1_error(images: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error of each picture, as a share of the range from black to white.

    Args:
        images: (N, C, H, W) in [-1, 1].
        truth: the same shape and range.

    Returns:
        (N,) in [0, 1].

    Raises:
        ValueError: the shapes differ.
    """
    _check_pair(images, truth)
    return (images.float() - truth.float()).abs().flatten(1).mean(1) / 2


def l1_up_to_shift(images: Tensor, truth: Tensor, *, most: int) -> Tensor:
    """`l1_error` at the best vertical shift of each picture, by up to `most` pixels.

    It forgives stripes that are right but for their phase. Rows that leave at one side come back at
    the other.

    Args:
        images: (N, C, H, W) in [-1, 1].
        truth: the same shape and range.
        most: the largest shift, in pixels, at least 0.

    Returns:
        (N,) in [0, 1], nowhere above `l1_error`.

    Raises:
        ValueError: the shapes differ.
    """
    shifts = [l1_error(images.roll(shift, 2), truth) for shift in range(-most, most + 1)]
    return torch.stack(shifts).amin(0)


def sea_mask(images: Tensor) -> Tensor:
    """Water in pictures of the earth, by one fixed rule: blue lies well above red and green.

    Held against the land mask on hidden tiles, the rule reaches an intersection over union of .94
    on the map and on the satellite view (a test measures it).

    Args:
        images: (N, 3, H, W) in [-1, 1].

    Returns:
        (N, H, W) bool.
    """
    red, green, blue = images.float().unbind(1)
    return (blue > red + SEA_OVER_RED / 127.5) & (blue > green + SEA_OVER_GREEN / 127.5)


def intersection_over_union(mask: Tensor, truth: Tensor) -> float:
    """Pixels in both masks over pixels in either, over all pictures; 1 where both are empty.

    Args:
        mask: bool, any shape.
        truth: bool, the same shape.

    Raises:
        ValueError: the shapes differ.
    """
    _check_pair(mask, truth)
    either = int((mask | truth).sum())
    return int((mask & truth).sum()) / either if either else 1.0


def to_lab(images: Tensor) -> Tensor:
    r"""CIE L*a*b* of pictures in sRGB.

    L* runs from 0 (black) to 100 (white), a* from green to red, b* from blue to yellow.

    Args:
        images: (N, 3, H, W) in [-1, 1].

    Returns:
        (N, 3, H, W) float32; about one unit is the smallest difference that an eye sees.

    Source: CIE 1976 with the white point D65; IEC 61966-2-1 for sRGB's curve and primaries.
    """
    values = images.float().add(1).div(2).clamp(0, 1)
    linear = torch.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("kc,nchw->nkhw", values.new_tensor(RGB_TO_XYZ), linear)
    ratio = xyz / values.new_tensor(D65_WHITE)[:, None, None]
    f = torch.where(
        ratio > (6 / 29) ** 3,
        ratio.clamp_min(1e-8) ** (1 / 3),
        ratio / (3 * (6 / 29) ** 2) + 4 / 29,
    )
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def colour_error(images: Tensor, truth: Tensor) -> Tensor:
    r"""Mean distance of each picture from its truth in a* and b*, whatever the lightness.

    Args:
        images: (N, 3, H, W) in [-1, 1].
        truth: the same shape and range.

    Returns:
        (N,), in units of CIE L*a*b*.

    Raises:
        ValueError: the shapes differ.
    """
    _check_pair(images, truth)
    return (to_lab(images) - to_lab(truth))[:, 1:].square().sum(1).sqrt().flatten(1).mean(1)


def edge_correlation(images: Tensor, others: Tensor) -> Tensor:
    r"""Correlation of the edge strength of two pictures: 1 where edges lie at the same places.

    The edge strength is the length of the gradient of the luminance by Sobel's filters. How strong
    the edges of a picture are on the whole does not count, only where they lie and how they compare
    with one another.

    Args:
        images: (N, 3, H, W) in [-1, 1].
        others: the same shape and range.

    Returns:
        (N,) in [-1, 1].

    Raises:
        ValueError: the shapes differ.
    """
    _check_pair(images, others)
    a, b = (_edges(part).flatten(1) for part in (images, others))
    a, b = (part - part.mean(1, keepdim=True) for part in (a, b))
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp_min(1e-8)


def _edges(images: Tensor) -> Tensor:
    weights = images.new_tensor([0.299, 0.587, 0.114], dtype=torch.float32)
    grey = torch.einsum("c,nchw->nhw", weights, images.float())[:, None]
    across = grey.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    slopes = torch.nn.functional.conv2d(grey, torch.stack([across, across.T])[:, None])
    return slopes.square().sum(1).sqrt()


def _check_pair(images: Tensor, truth: Tensor) -> None:
    if images.shape != truth.shape:
        raise ValueError(
            f"{tuple(images.shape)} against {tuple(truth.shape)}: a picture and its truth need one"
            " shape"
        )
