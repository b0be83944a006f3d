"""Runs a generator on a picture too large for one pass: layer by layer, in bands of rows.

InstanceNorm needs the mean and the variance of the whole picture. Tiles that each used their own
would not agree with one another, nor with the plain pass. So every layer is computed for the whole
picture, band by band, before the next begins: the result is that of the plain pass, and only one or
two feature maps are in memory at once.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, interpolate, pad

from gan_course.models.cyclegan import ResnetBlock, ResnetGenerator
from gan_course.models.layers import InstanceNorm, Pad, with_coordinates

BAND = 64  # rows computed at once
LARGE_MAP = 2**28  # elements of the widest feature map above which maps are kept in half precision
Rows = Callable[[int, int], Tensor]  # first and last + 1 row of a result -> those rows


@torch.no_grad()
def stream(G: ResnetGenerator, x: Tensor) -> Tensor:
    """Compute `G(x)` in bands of rows.

    Feature maps are kept in float32, or, where the widest would take more than 1 GiB so, in
    float16; the arithmetic within a band is float32 in both cases.

    Args:
        G: a generator with the layers of `ResnetGenerator`.
        x: one picture (1, 3, H, W) in [-1, 1], H and W multiples of 4.

    Returns:
        (1, 3, H, W) in [-1, 1].

    Raises:
        ValueError: more than one picture, or a layer that cannot be streamed.
    """
    if len(x) != 1:
        raise ValueError(f"{len(x)} pictures at once: stream them one by one")
    first = G.model[1]
    assert isinstance(first, nn.Conv2d)  # every ResnetGenerator begins so
    widest = first.out_channels * x.shape[2] * x.shape[3]
    storage = torch.float16 if widest > LARGE_MAP else torch.float32
    change = _run_layers(G.model, with_coordinates(x.float(), G.coordinates), storage)
    return _compute_in_bands(
        lambda a, b: G.finish(change[:, :, a:b].float(), x[:, :, a:b]), x.shape[2], torch.float32
    )


def _run_layers(layers: nn.Sequential, x: Tensor, storage: torch.dtype) -> Tensor:
    border = Pad(0, "zeros")
    for layer in layers:
        match layer:
            case Pad():
                border = layer
            case nn.Conv2d():
                x, border = _convolve(layer, border, x, storage), Pad(0, "zeros")
            case nn.ConvTranspose2d():
                x = _double(layer, x, storage)
            case nn.Upsample():
                x = _enlarge(x, storage)
            case InstanceNorm():
                _normalise(x, layer.eps)
            case nn.ReLU():
                x.relu_()
            case ResnetBlock():
                x = _run_layers(layer.conv_block, x, storage).add_(x)
            case nn.Sequential():
                x = _run_layers(layer, x, storage)
            case nn.Identity():
                pass
            case _:
                raise ValueError(f"{type(layer).__name__} cannot be streamed")
    return x


def _convolve(layer: nn.Conv2d, border: Pad, x: Tensor, storage: torch.dtype) -> Tensor:
    """A convolution with the border of the layer before it, or with its own of zeros."""
    assert isinstance(layer.padding, tuple)  # in words ("same") only as an argument of nn.Conv2d
    (kernel, _), (stride, _), (zeros, _) = layer.kernel_size, layer.stride, layer.padding
    width, mode = (zeros, "constant") if zeros else (border.border[0], border.mode)
    height = (x.shape[2] + 2 * width - kernel) // stride + 1

    def rows(a: int, b: int) -> Tensor:
        band = _take_rows(x, a * stride - width, (b - 1) * stride - width + kernel, mode)
        band = pad(band, (width, width, 0, 0), mode=mode)
        return conv2d(band, layer.weight, layer.bias, stride)

    return _compute_in_bands(rows, height, storage)


def _double(layer: nn.ConvTranspose2d, x: Tensor, storage: torch.dtype) -> Tensor:
    """The generators' transposed convolution: rows 2a to 2b come from rows a to b and the next."""
    if (layer.kernel_size, layer.stride, layer.padding, layer.output_padding) != (
        (3, 3),
        (2, 2),
        (1, 1),
        (1, 1),
    ):
        raise ValueError(
            "only a transposed convolution of 3 x 3 that doubles the size can be streamed"
        )

    def rows(a: int, b: int) -> Tensor:
        band = x[:, :, a // 2 : b // 2 + 1].float()
        return conv_transpose2d(band, layer.weight, layer.bias, 2, 1, 1)[:, :, : b - a]

    return _compute_in_bands(rows, 2 * x.shape[2], storage)


def _enlarge(x: Tensor, storage: torch.dtype) -> Tensor:
    """Twice the size, bilinear: a row depends on its neighbours, and the edge on itself."""

    def rows(a: int, b: int) -> Tensor:
        first, last = max(a // 2 - 1, 0), b // 2 + 1
        larger = interpolate(x[:, :, first:last].float(), scale_factor=2, mode="bilinear")
        return larger[:, :, a - 2 * first : b - 2 * first]

    return _compute_in_bands(rows, 2 * x.shape[2], storage)


def _normalise(x: Tensor, eps: float) -> None:
    """InstanceNorm in place: the mean over all bands, the variance around it, then both applied."""
    bands, count = x.split(BAND, 2), x.shape[2] * x.shape[3]
    mean = _sum_over_bands(bands, lambda band: band) / count
    variance = _sum_over_bands(bands, lambda band: (band - mean).square()) / count
    scale = variance.add(eps).rsqrt()
    for band in bands:
        band.copy_((band.float() - mean) * scale)


def _sum_over_bands(bands: Sequence[Tensor], term: Callable[[Tensor], Tensor]) -> Tensor:
    """One sum a channel, (1, C, 1, 1): float32 within a band, float64 on the CPU over the bands."""
    sums = [term(band.float()).sum((0, 2, 3), keepdim=True).cpu().double() for band in bands]
    return torch.stack(sums).sum(0).float().to(bands[0].device)


def _take_rows(x: Tensor, first: int, last: int, mode: str) -> Tensor:
    """Take rows first to last - 1 in float32, those beyond the edge mirrored or zero."""
    height = x.shape[2]
    inside = x[:, :, max(first, 0) : min(last, height)].float()
    above, below = max(-first, 0), max(last - height, 0)
    if mode == "constant":
        return pad(inside, (0, 0, above, below))
    top = x[:, :, 1 : above + 1].flip(2).float()
    bottom = x[:, :, height - 1 - below : height - 1].flip(2).float()
    return torch.cat([top, inside, bottom], 2)


def _compute_in_bands(rows: Rows, height: int, storage: torch.dtype) -> Tensor:
    """Compute a feature map of `height` rows in bands."""
    first = rows(0, min(BAND, height))
    result = first.new_empty(*first.shape[:2], height, first.shape[3], dtype=storage)
    result[:, :, :BAND] = first
    for a in range(BAND, height, BAND):
        result[:, :, a : a + BAND] = rows(a, min(a + BAND, height))
    return result
