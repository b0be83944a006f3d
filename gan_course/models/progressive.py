"""Parts of the progressive GAN: equalised learning rate, pixel norm, minibatch std, resampling.

StyleGAN kept them. Its low-pass filters are here too, because generators and discriminators share
them, and so is the rule for the number of features.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv1d, conv2d, interpolate, leaky_relu, linear

LEAKY_GAIN = math.sqrt(2)


class EqualLinear(nn.Module):
    r"""A dense layer whose weights are drawn from N(0, 1) and scaled when they are used.

    $y = c\,W x + b$ with $c = \text{gain} / \sqrt{\text{fan in}}$. Adam moves every weight by about
    the learning rate a step, whatever its size. With all weights of size 1 that is the same
    relative move in every layer.

    Args:
        n_in: features of the input.
        n_out: features of the output.
        gain: $\sqrt 2$ before a (leaky) ReLU, 1 where the output is linear.
        lr_multiplier: the layer learns this many times as fast; its output at the start is the
            same.
        bias: what the bias is at the start.

    Source: Karras et al. 2018 (arXiv:1710.10196), section 4.1; the multiplier as in Karras et al.
        2019, appendix C.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        gain: float = 1.0,
        lr_multiplier: float = 1.0,
        bias: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((n_out,), bias / lr_multiplier))
        self.scale, self.lr_multiplier = gain / math.sqrt(n_in) * lr_multiplier, lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in) to (N, n_out)."""
        # Karras et al. 2018, section 4.1: at run time, so that Adam sees weights of size 1
        return linear(x, self.weight * self.scale, self.bias * self.lr_multiplier)


class EqualConv2d(nn.Module):
    r"""A convolution with an equalised learning rate; it keeps the size or halves it.

    Args:
        n_in: channels of the input.
        n_out: channels of the output.
        kernel: side of the kernel, odd.
        gain: as for `EqualLinear`.
        down: halve the size: the convolution, then the mean of each 2 x 2 pixels, as one
            convolution of stride 2 with a kernel wider by one.
        bias: whether there is one.

    Source: Karras et al. 2018, section 4.1; `down` as in StyleGAN's official code
        (`conv2d_downscale2d`, fused).
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int,
        *,
        gain: float = LEAKY_GAIN,
        down: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None
        self.scale, self.down, self.padding = gain / math.sqrt(n_in * kernel**2), down, kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, n_out, H, W), or half as high and wide."""
        weight = self.weight * self.scale  # Karras et al. 2018, section 4.1
        if not self.down:
            return conv2d(x, weight, self.bias, padding=self.padding)
        # the mean of the kernel at its four places
        wide = avg_pool2d(weight, 2, stride=1, padding=1)
        return conv2d(x, wide, self.bias, stride=2, padding=self.padding)


class PixelNorm(nn.Module):
    r"""Pixel norm: scales each pixel's vector of features to a mean square of 1.

    $b_{x,y} = a_{x,y} / \sqrt{\frac1C \sum_c (a_{x,y}^c)^2 + \epsilon}$

    Nothing is learned, and no pixel sees another: no signal can grow without end.

    Source: Karras et al. 2018, section 4.2, with their $\epsilon = 10^{-8}$.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ...) to the same; for latent vectors (N, C), the length becomes sqrt(C)."""
        # Karras et al. 2018, section 4.2
        return x * (x.float().square().mean(1, keepdim=True) + 1e-8).rsqrt().to(x.dtype)


class MinibatchStd(nn.Module):
    """Minibatch standard deviation: a channel that says how much the pictures of a group differ.

    The standard deviation of each feature at each place over a group, averaged over features and
    places to one number a group.

    Args:
        group: pictures that are compared, as far as the batch reaches. None takes the whole batch.

    Raises:
        ValueError: the group is below 2, or (on use) does not divide the batch.

    Source: Karras et al. 2018, section 3: there over the whole batch (`group=None`). Their code,
        and StyleGAN's, use groups of 4.
    """

    def __init__(self, group: int | None = 4) -> None:
        super().__init__()
        if group is not None and group < 2:
            raise ValueError(f"group is {group}: two pictures at least can differ")
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C + 1, H, W); picture k is in the group of k modulo N / group."""
        n = len(x)
        group = n if self.group is None else min(self.group, n)
        if n % group:
            raise ValueError(
                f"{n} pictures do not make groups of {group}: choose a batch size that is a"
                " multiple"
            )
        parts = x.float().view(group, n // group, *x.shape[1:])

        # Karras et al. 2018, section 3
        variance = (parts - parts.mean(0)).square().mean(0)
        std = (variance + 1e-8).sqrt().mean((1, 2, 3))  # (N / group,)
        std = std.repeat(group)[:, None, None, None].to(x.dtype)
        return torch.cat([x, std.expand(-1, -1, *x.shape[2:])], 1)


class Blur(nn.Module):
    """A low-pass filter, [1, 2, 1] / 4 along rows and along columns, before the size is halved.

    Source: Karras et al. 2019 (arXiv:1812.04948), section 2 and appendix C, after Zhang 2019: fine
        patterns that a coarser grid cannot hold must go first, or they come back as wrong coarse
        ones.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same; beyond the border there is zero."""
        return rows_and_columns(x, _blurring) if x.is_cuda else _OwnTranspose.apply(x)


class _OwnTranspose(torch.autograd.Function):
    """The filter as a convolution; its derivative is the filter again, as is that one's, for R1.

    torch would compute the second derivative of a convolution with groups in a loop over them.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        kernel = x.new_tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
        return conv2d(x, kernel.expand(x.shape[1], 1, 3, 3), padding=1, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return _OwnTranspose.apply(slope)


def upsample(x: Tensor, *, smooth: bool = True) -> Tensor:
    """Twice as high and wide.

    Args:
        x: (N, C, H, W).
        smooth: bilinear, which is nearest neighbour and then [1, 2, 1] / 4, but for the border;
            else nearest neighbour.

    Returns:
        (N, C, 2 H, 2 W).

    Source: nearest, Karras et al. 2018; bilinear, Karras et al. 2019, section 2 (configuration B).
    Differs: bilinear repeats the border where the official filter finds zero beyond it.
    """
    if smooth and x.is_cuda:
        return rows_and_columns(x, _doubling)
    if smooth:
        return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return interpolate(x, scale_factor=2, mode="nearest")


def rows_and_columns(
    x: Tensor, matrix: Callable[[int, torch.device, torch.dtype], Tensor]
) -> Tensor:
    r"""Every row and every column through a matrix: $A X B^T$ for each channel.

    What the filters above do, as matrix products. A GPU is made for these, and its convolutions of
    single channels are slow in bfloat16: a step of StyleGAN2 took 1.7 times as long with them. On a
    CPU it is the other way round.

    Args:
        x: (N, C, H, W).
        matrix: makes the (H', H) matrix for a side H.

    Returns:
        (N, C, H', W'), in channels-last order, in the precision of x.
    """
    n, c, height, width = x.shape
    A, B = (matrix(side, x.device, x.dtype) for side in (height, width))
    with torch.autocast(x.device.type, enabled=False):
        x = A @ x.permute(0, 2, 3, 1).reshape(n, height, width * c)
        x = B @ x.view(n * len(A), width, c)
    return x.view(n, len(A), len(B), c).permute(0, 3, 1, 2)


@cache
def _blurring(side: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    kernel = torch.tensor([1.0, 2.0, 1.0]).expand(side, 1, 3) / 4
    return conv1d(torch.eye(side)[None], kernel, padding=1, groups=side)[0].to(device, dtype)


@cache
def _doubling(side: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    return (
        interpolate(torch.eye(side)[None], scale_factor=2, mode="linear")[0]
        .T.to(device, dtype)
        .contiguous()
    )


def lrelu(x: Tensor) -> Tensor:
    """LeakyReLU(0.2); its gain of sqrt(2) stands in the weights before it."""
    return leaky_relu(x, 0.2)


def features(channel_base: int, channel_max: int) -> Callable[[int], int]:
    """The rule for the number of features at a resolution."""
    return lambda resolution: min(channel_base // resolution, channel_max)


def check_resolution(resolution: int) -> None:
    """Refuse what is not a power of two from 8."""
    if resolution < 8 or resolution & (resolution - 1):
        raise ValueError(
            f"img_resolution is {resolution}: choose a power of two from 8, such as 32, 64, 128"
            " or 256"
        )


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


def downsample_for_growth(images: Tensor, resolution: int, alpha: float) -> Tensor:
    """Real pictures for a growing D: made smaller, and softened while a resolution fades in.

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
