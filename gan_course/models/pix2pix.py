"""Pix2pix: its U-Net generator (Isola et al. 2017, arXiv:1611.07004).

Its discriminator is `gan_course.models.cyclegan.PatchDiscriminator` with six channels: the input
and the output.
"""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from gan_course.models.layers import InstanceNorm, init_normal


class UnetGenerator(nn.Module):
    """U-Net: a picture to a registered picture of the same size, with a skip at each size.

    4 x 4 convolutions of stride 2 throughout. On the way down LeakyReLU(0.2), on the way up ReLU; a
    norm after every layer but the first, the innermost on the way down, and the last, which ends in
    tanh. Each layer on the way up is given the features that the way down had at its size, beside
    those from below.

    The noise of pix2pix is dropout, in the first three layers on the way up. It takes its chance
    from the generator given to `forward`, and without one there is none.

    Args:
        img_channels: channels of the input.
        out_channels: of the output; as the input where it is None.
        base_channels: features after the first halving; each coarser level has twice as many, up to
            8 times.
        n_halvings: how often the picture is halved, at least 2: 8 in the paper, for 256 px. The
            picture's sides must be multiples of 2 ** n_halvings.
        norm: "batch" (the paper) or "instance"; neither keeps running statistics. For one picture
            at a time both compute the same, but for BatchNorm's scale and shift.
        dropout: share of features dropped, in [0, 1); 0.5 in the paper.
        skips: whether there are skips. Without them it is the paper's encoder-decoder.

    Raises:
        ValueError: an unknown norm, or too few halvings, or a dropout outside of [0, 1).

    Source: Isola et al. 2017, section 3.2.1 and appendix 6.1.1. The innermost layer on the way down
        has no norm in the authors' code: of one picture it has one pixel left, and BatchNorm would
        set it to its shift.
    Differs: a layer without a norm has a bias; the official PyTorch code leaves two of these out
        with BatchNorm, 576 numbers of 54,414,531. It also drops features one layer later than the
        appendix says, which is followed here.
    """

    def __init__(
        self,
        *,
        img_channels: int = 3,
        out_channels: int | None = None,
        base_channels: int = 64,
        n_halvings: int = 8,
        norm: Literal["batch", "instance"] = "batch",
        dropout: float = 0.5,
        skips: bool = True,
    ) -> None:
        super().__init__()
        if norm not in ("batch", "instance"):
            raise ValueError(f"norm is {norm!r}: choose 'batch' or 'instance'")
        if n_halvings < 2:
            raise ValueError(f"n_halvings is {n_halvings}: at least 2 are needed")
        if not 0 <= dropout < 1:
            raise ValueError(
                f"dropout is {dropout}: choose a share from 0 up to, but not including, 1"
            )
        self.n_halvings, self.dropout, self.skips = n_halvings, dropout, skips
        widths = [img_channels, *(base_channels * min(2**level, 8) for level in range(n_halvings))]
        self.down = nn.ModuleList(
            _layer(nn.Conv2d, n_in, n_out, norm if 0 < level < n_halvings - 1 else None)
            for level, (n_in, n_out) in enumerate(pairwise(widths))
        )
        widths[0] = img_channels if out_channels is None else out_channels
        self.up = nn.ModuleList(  # the innermost first
            _layer(
                nn.ConvTranspose2d,
                n_in * (2 if skips and level else 1),
                n_out,
                norm if level < n_halvings - 1 else None,
            )
            for level, (n_in, n_out) in enumerate(pairwise(reversed(widths)))
        )
        self.apply(init_normal)

    def forward(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Translate.

        Args:
            x: (N, img_channels, H, W) in [-1, 1], H and W multiples of 2 ** n_halvings.
            generator: dropout's source of chance, on the device of x; None for no dropout.

        Returns:
            (N, out_channels, H, W) float32 in [-1, 1].

        Raises:
            ValueError: a side is not a multiple of 2 ** n_halvings.
        """
        if any(side % 2**self.n_halvings for side in x.shape[2:]):
            raise ValueError(
                f"pictures are {tuple(x.shape[2:])}: choose multiples of {2**self.n_halvings}"
            )
        features = []
        for level, layer in enumerate(self.down):
            x = layer(nn.functional.leaky_relu(x, 0.2) if level else x)
            features.append(x)
        for level, layer in enumerate(self.up):
            if level and self.skips:
                x = torch.cat([features[-1 - level], x], 1)
            x = layer(nn.functional.relu(x))
            if level < min(3, self.n_halvings - 1) and self.dropout and generator is not None:
                x = drop(x, self.dropout, generator)
        return torch.tanh(x.float())


def drop(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Dropout with a source of chance of its own, which `nn.Dropout` cannot take.

    Args:
        x: any shape.
        share: probability in [0, 1) that an element becomes 0; the others are divided by 1 - share.
        generator: on the device of x.
    """
    kept = torch.rand(x.shape, device=x.device, generator=generator) >= share
    return x * (kept.to(x.dtype) / (1 - share))


def _layer(convolution: type[nn.Module], n_in: int, n_out: int, norm: str | None) -> nn.Sequential:
    layer = nn.Sequential(convolution(n_in, n_out, 4, stride=2, padding=1, bias=norm != "batch"))
    if norm == "batch":  # whose shift makes a bias useless
        layer.append(nn.BatchNorm2d(n_out, track_running_stats=False))
    elif norm == "instance":
        layer.append(InstanceNorm())
    return layer
