"""Progressive growing (Karras et al. 2018, arXiv:1710.10196): a discriminator that grows, and what it is shown."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan_course.models.equalised import (
    LEAKY_GAIN,
    Blur,
    EqualConv2d,
    EqualLinear,
    MinibatchStd,
    check_resolution,
    features,
    lrelu,
)


class StyleGANDiscriminator(nn.Module):
    """From a picture, at any resolution from 4 px to the full one, to one raw score.

    Args:
        img_resolution: full side, a power of two from 8.
        img_channels: channels of the picture.
        channel_base: features at resolution r are channel_base / r ...
        channel_max: ... but at most this many.
        group: of `MinibatchStd`; None for the whole batch.
        smooth: low-pass filters before halving.

    Raises:
        ValueError: the resolution is not a power of two from 8.

    Source: Karras et al. 2018, table 2; the filters are configuration B of Karras et al. 2019.
    """

    def __init__(
        self,
        *,
        img_resolution: int,
        img_channels: int = 3,
        channel_base: int,
        channel_max: int,
        group: int | None = 4,
        smooth: bool = True,
    ) -> None:
        super().__init__()
        check_resolution(img_resolution)
        self.resolutions = [2**k for k in range(2, int(math.log2(img_resolution)) + 1)]
        width = features(channel_base, channel_max)
        self.from_rgb = nn.ModuleList(EqualConv2d(img_channels, width(r), 1) for r in self.resolutions)
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(width(r), width(r // 2), smooth=smooth) for r in self.resolutions[1:]
        )
        self.group = MinibatchStd(group)
        self.conv = EqualConv2d(width(4) + 1, width(4), 3)
        self.dense = EqualLinear(16 * width(4), width(4), gain=LEAKY_GAIN)
        self.score = EqualLinear(width(4), 1)

    def forward(self, x: Tensor, *, alpha: float = 1.0) -> Tensor:
        """Pictures (N, C, r, r), r any of `resolutions`, to raw scores (N,).

        `alpha` is the share of the newest block while it is faded in.
        """
        if x.shape[-1] not in self.resolutions:
            raise ValueError(f"pictures are {x.shape[-1]} px wide: choose one of {self.resolutions}")
        top = self.resolutions.index(x.shape[-1])
        x = x.contiguous(memory_format=torch.channels_last)
        y = lrelu(self.from_rgb[top](x))
        for k in range(top, 0, -1):
            y = self.blocks[k - 1](y)
            if k == top and alpha < 1:
                y = torch.lerp(lrelu(self.from_rgb[k - 1](avg_pool2d(x, 2))), y, alpha)
        y = lrelu(self.conv(self.group(y)))
        return self.score(lrelu(self.dense(y.flatten(1)))).flatten()


class DiscriminatorBlock(nn.Module):
    """Two convolutions, the second of which halves the size after a low-pass."""

    def __init__(self, n_in: int, n_out: int, *, smooth: bool) -> None:
        super().__init__()
        self.keep = EqualConv2d(n_in, n_in, 3)
        self.blur = Blur() if smooth else nn.Identity()
        self.halve = EqualConv2d(n_in, n_out, 3, down=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, n_out, H / 2, W / 2)."""
        return lrelu(self.halve(self.blur(lrelu(self.keep(x)))))


def grown(images: Tensor, resolution: int, alpha: float) -> Tensor:
    """Real pictures as a growing D is shown them: made smaller, and while a resolution fades in, softened as G's are.

    Args:
        images: (N, C, H, W) at full size.
        resolution: wanted side, a divisor of H.
        alpha: share of the newest resolution.

    Returns:
        (N, C, resolution, resolution).

    Source: Karras et al. 2018, figure 2: real pictures fade, too.
    """
    images = avg_pool2d(images, images.shape[-1] // resolution)
    if alpha < 1 and resolution > 4:
        softer = interpolate(avg_pool2d(images, 2), scale_factor=2, mode="nearest")
        images = torch.lerp(softer, images, alpha)
    return images
