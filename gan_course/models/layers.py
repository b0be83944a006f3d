"""Layers and initialisations that several networks share."""

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, instance_norm, pad


def by_picture(x: Tensor) -> bool:
    """Whether norms go picture by picture: faster on a CPU in channels-last order.

    Not while a network is exported, whose number of pictures has to stay free.
    """
    channels_last = x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last)
    return channels_last and not torch.compiler.is_compiling()


class InstanceNorm(nn.Module):
    r"""InstanceNorm: each channel of each picture to mean 0 and variance 1.

    $y = (x - \mu) / \sqrt{\sigma^2 + \epsilon}$, with the mean and the (biased) variance over
    height and width. No scale, no shift, no memory: the same in training and after it.

    On a CPU in channels-last order this calls `batch_norm` picture by picture: the same numbers,
    two to three times as fast, because torch's own `instance_norm` first copies everything into
    another order.

    Args:
        eps: added to the variance.

    Source: Ulyanov et al. 2016 (arXiv:1607.08022); CycleGAN and its official code use it without
        scale and shift.
    """

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), H * W > 1, to the same shape and type."""
        if by_picture(x):
            pictures = [
                batch_norm(picture, None, None, training=True, eps=self.eps)
                for picture in x.split(1)
            ]
            return pictures[0] if len(pictures) == 1 else torch.cat(pictures)
        return instance_norm(x, eps=self.eps)


Padding = Literal["reflect", "zeros"]
Upsampling = Literal["transposed", "resize"]
Norm = Literal["instance", "none"]


class Pad(nn.Module):
    """A border on all four sides: mirrored ("reflect") or zero ("zeros").

    Zeros show a network where the border is, and so, layer after layer, where it is itself; a
    mirror shows less.

    Under autocast the border is added in the precision of the convolution that follows, because
    autocast itself runs reflect padding in float32.

    Attributes:
        memory_format: of its output; channels last, unless `set_memory_format` says otherwise.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, width: int, mode: Padding) -> None:
        super().__init__()
        if mode not in ("reflect", "zeros"):
            raise ValueError(f"padding is {mode!r}: choose 'reflect' or 'zeros'")
        self.border, self.mode = (width,) * 4, {"reflect": "reflect", "zeros": "constant"}[mode]
        self.memory_format = torch.channels_last

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H + 2 width, W + 2 width)."""
        device = x.device.type
        if torch.is_autocast_enabled(device):
            x = x.to(torch.get_autocast_dtype(device))
        x = x.contiguous(memory_format=self.memory_format)
        with torch.autocast(device, enabled=False):
            return pad(x, self.border, mode=self.mode)


def set_memory_format(network: nn.Module, memory_format: torch.memory_format) -> None:
    """Bring a network's weights, and the output of its `Pad` layers, into a memory format."""
    network.to(memory_format=memory_format)
    for part in network.modules():
        if isinstance(part, Pad):
            part.memory_format = memory_format


def with_coordinates(x: Tensor, octaves: int) -> Tensor:
    r"""Append channels that say where a pixel is, as hands of clocks that turn at different speeds.

    $\sin$ and $\cos$ of $2\pi\,2^k u$ for $k = 0, \dots, octaves - 1$, with u the row, then the
    column, in parts of the height and the width.

    Args:
        x: (N, C, H, W).
        octaves: how many speeds; 0 leaves x as it is. The fastest needs two pixels a turn, so more
            than log2 of a side say the wrong place.

    Returns:
        (N, C + 4 octaves, H, W).

    Source: the sine features of Tancik et al. 2020 (arXiv:2006.10739), with powers of two for
        frequencies.
    """
    if octaves == 0:
        return x
    clocks = _clocks(octaves, *x.shape[2:]).to(x.device, x.dtype)
    return torch.cat([x, clocks.expand(len(x), -1, -1, -1)], 1)


@lru_cache(maxsize=4)
def _clocks(octaves: int, height: int, width: int) -> Tensor:
    turns = 2 * torch.pi * 2.0 ** torch.arange(octaves)[:, None]
    row = turns * (torch.arange(height) + 0.5) / height  # (octaves, height)
    column = turns * (torch.arange(width) + 0.5) / width
    rows = torch.cat([row.sin(), row.cos()])[:, :, None].expand(-1, -1, width)
    columns = torch.cat([column.sin(), column.cos()])[:, None, :].expand(-1, height, -1)
    return torch.cat([rows, columns])[None]


def init_normal(module: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02), BatchNorm scales from N(1, 0.02); biases are 0.

    For `Module.apply`.

    Source: Radford et al. 2016, section 4 (0.02 is a standard deviation); the scales follow the
        authors' code.
    """
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        case nn.BatchNorm2d():
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


def init_he(module: nn.Module) -> None:
    """Draw convolution weights so that LeakyReLU(0.2) layers keep the variance; biases are 0.

    Source: He et al. 2015 (arXiv:1502.01852), with the variance of a leaky unit.
    """
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_normal_(module.weight, a=0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
