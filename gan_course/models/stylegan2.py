"""StyleGAN2: styles in the weights, output skips, residual D (Karras et al. 2020, 1912.04958)."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from gan_course.models.progressive import (
    LEAKY_GAIN,
    Blur,
    EqualConv2d,
    EqualLinear,
    MinibatchStd,
    check_resolution,
    features,
    lrelu,
    upsample,
)
from gan_course.models.stylegan import Noise, Synthesis, noise_maps

POSITION_RATE = 4.0  # how many times as fast as other weights a learned position moves, usually


class ModulatedConv2d(nn.Module):
    r"""A convolution whose weights are scaled by the style, and scaled back to unit size.

    Modulation (equation 1): $w'_{ijk} = s_i\,w_{ijk}$. Demodulation (equation 3):
    $w''_{ijk} = w'_{ijk} / \sqrt{\sum_{i,k} {w'_{ijk}}^2 + \epsilon}$, with i the input channel, j
    the output channel and k the place in the kernel.

    No picture gets weights of its own here: scaling the input's channels by s, one common
    convolution, and scaling the output's channels by the demodulation give the same numbers.

    Args:
        n_in: channels of the input.
        n_out: channels of the output.
        kernel: side of the kernel, odd.
        w_dim: size of w.
        demodulate: off for ToRGB.
        up: double the size of the input first.

    Source: Karras et al. 2020, section 2.2, equations 1 to 3, and the text before 1 and 3 for the
        two scalings.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int,
        *,
        w_dim: int,
        demodulate: bool = True,
        up: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.affine = EqualLinear(w_dim, n_in, bias=1.0)
        self.scale = 1 / math.sqrt(n_in * kernel**2)
        self.demodulate, self.up, self.padding = demodulate, up, kernel // 2

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """(N, n_in, H, W) and (N, w_dim) to (N, n_out, H, W), or twice as high and wide."""
        with torch.autocast(x.device.type, enabled=False):
            style = self.affine(w.float())  # (N, n_in)
            weight = self.weight * self.scale

        # Modulation (equation 1), on the input's channels, before doubling: fewer pixels
        x = x * style[:, :, None, None].to(x.dtype)
        x = conv2d(upsample(x) if self.up else x, weight, padding=self.padding)
        if not self.demodulate:
            return x

        # Demodulation (equations 2 and 3), on the output's channels
        with torch.autocast(x.device.type, enabled=False):
            variance = style.square() @ weight.square().sum((2, 3)).T  # (N, n_out)
            demodulation = (variance + 1e-8).rsqrt()
        return x * demodulation[:, :, None, None].to(x.dtype)


class SynthesisLayer2(nn.Module):
    """Modulated convolution, noise, bias, LeakyReLU: one layer of StyleGAN2's synthesis network.

    Args:
        n_in: channels of the input.
        n_out: channels of the output.
        w_dim: size of w.
        resolution: side of the output.
        up: double the size first.
        noise: add noise, one strength a layer, 0 at the start.
        demodulate: off, to see what it repairs.

    Source: Karras et al. 2020, figure 2d; strength and order as in the official code.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        w_dim: int,
        resolution: int,
        up: bool = False,
        noise: bool = True,
        demodulate: bool = True,
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.conv = ModulatedConv2d(n_in, n_out, 3, w_dim=w_dim, demodulate=demodulate, up=up)
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.noise_strength = nn.Parameter(torch.zeros(())) if noise else None
        self.noise_const: Tensor
        self.register_buffer("noise_const", torch.randn(resolution, resolution))

    def forward(self, x: Tensor, w: Tensor, noise: Noise | Tensor = "random") -> Tensor:
        """As `stylegan.SynthesisLayer`."""
        x = self.conv(x, w)
        shift = self.bias[:, None, None]
        if self.noise_strength is not None and not (isinstance(noise, str) and noise == "none"):
            shift = shift + self.noise_strength * noise_maps(self.noise_const, x, noise)
        return lrelu(x + shift.to(x.dtype)) * LEAKY_GAIN


class Positions(nn.Module):
    """A learned vector for each pixel, added to the features there: 0 at the start.

    A convolution does the same everywhere, and knows of the border alone where it is. StyleGAN's
    constant says it at 4 px. Here each resolution has such a constant, so that an eye need not be
    found from far away.

    Args:
        n: channels.
        resolution: side of the features.
        rate: how many times as fast as other weights a position moves, above 0.

    Source: Anokhin et al. 2021 (arXiv:2011.13775), section 3, "coordinate embeddings".
    Differs: there one at full resolution, put in beside Fourier features; here one for each
        resolution, added.
    """

    def __init__(self, n: int, resolution: int, *, rate: float = POSITION_RATE) -> None:
        super().__init__()
        self.rate = rate
        self.map = nn.Parameter(torch.zeros(1, n, resolution, resolution))

    def forward(self, x: Tensor) -> Tensor:
        """(N, n, resolution, resolution) to the same."""
        return x + (self.rate * self.map).to(x.dtype)


class SynthesisNetwork2(Synthesis):
    """Synthesis network: styles to a picture, to which each resolution adds its part.

    Nothing grows: the skips let the network begin with the coarse resolutions by itself.

    Args:
        img_resolution: side, a power of two from 8.
        img_channels: channels of the picture.
        w_dim: size of w.
        channel_base: features at resolution r are channel_base / r ...
        channel_max: ... but at most this many.
        noise: noise inputs.
        demodulate: off, to see what it repairs.
        positions: `Positions` after the first layer of each resolution, but at 4 px, where the
            constant is.
        position_rate: of `Positions`.
        top_position: the highest resolution that has them; 0 for all.

    Raises:
        ValueError: the resolution is not a power of two from 8.

    Source: Karras et al. 2020, figure 7b ("output skips") and section 4.1.
    """

    def __init__(
        self,
        *,
        img_resolution: int,
        img_channels: int = 3,
        w_dim: int,
        channel_base: int,
        channel_max: int,
        noise: bool = True,
        demodulate: bool = True,
        positions: bool = False,
        position_rate: float = POSITION_RATE,
        top_position: int = 0,
    ) -> None:
        super().__init__()
        check_resolution(img_resolution)
        self.img_resolution, self.w_dim = img_resolution, w_dim
        self.resolutions = [2**k for k in range(2, int(math.log2(img_resolution)) + 1)]
        # a layer and its ToRGB may share one: see `forward`
        self.num_ws = 2 * len(self.resolutions)
        width = features(channel_base, channel_max)
        self.const = nn.Parameter(torch.randn(1, width(4), 4, 4))
        self.layers, self.to_rgb = nn.ModuleList(), nn.ModuleList()
        self.rgb_bias = nn.ParameterList()
        self.layer_resolutions = []
        for r in self.resolutions:
            # the layer that doubles comes first, but at 4 px, where the constant is
            for n_in, up in ((width(r // 2), True), (width(r), False))[r == 4 :]:
                layer = SynthesisLayer2(
                    n_in,
                    width(r),
                    w_dim=w_dim,
                    resolution=r,
                    up=up,
                    noise=noise,
                    demodulate=demodulate,
                )
                self.layers.append(layer)
                self.layer_resolutions.append(r)
            self.to_rgb.append(
                ModulatedConv2d(width(r), img_channels, 1, w_dim=w_dim, demodulate=False)
            )
            self.rgb_bias.append(nn.Parameter(torch.zeros(img_channels)))
        with_map = [r for r in self.resolutions[1:] if r <= (top_position or r)]
        self.positions = _positions(with_map, width, position_rate) if positions else None

    def forward(self, ws: Tensor, *, noise: Noise | list[Tensor] = "random") -> Tensor:
        """Styles (N, num_ws, w_dim) to pictures (N, C, H, H), H = img_resolution, float32.

        Layer j takes ws[:, j], and so 4 px takes 0, 8 px takes 1 and 2, 16 px takes 3 and 4, ...; a
        ToRGB takes the style of the layer that comes next, as in the official code.
        """
        x = self.const.expand(ws.shape[0], -1, -1, -1)
        x = x.contiguous(memory_format=torch.channels_last)
        image: Tensor | None = None
        j = 0
        for k, r in enumerate(self.resolutions):
            for i in range(1 if r == 4 else 2):
                x = self.layers[j](x, ws[:, j], noise if isinstance(noise, str) else noise[j])
                j += 1
                if self.positions is not None and str(r) in self.positions and i == 0:
                    x = self.positions[str(r)](x)
            part = self.to_rgb[k](x, ws[:, j]).float() + self.rgb_bias[k][:, None, None]
            image = part if image is None else upsample(image) + part  # output skips (figure 7b)
        assert image is not None  # 4 px is always there
        return image


class ResidualDiscriminator(nn.Module):
    """Discriminator: a picture to one raw score, through residual blocks that halve it.

    Args:
        img_resolution: side, a power of two from 8.
        img_channels: channels of the picture.
        channel_base: features at resolution r are channel_base / r ...
        channel_max: ... but at most this many.
        group: of `MinibatchStd`; None for the whole batch.
        positions: `Positions` before each block.
        position_rate: of `Positions`.
        top_position: the highest resolution that has them; 0 for all.

    Raises:
        ValueError: the resolution is not a power of two from 8.

    Source: Karras et al. 2020, figure 7c ("residual nets") and section 4.1.
    """

    def __init__(
        self,
        *,
        img_resolution: int,
        img_channels: int = 3,
        channel_base: int,
        channel_max: int,
        group: int | None = 4,
        positions: bool = False,
        position_rate: float = POSITION_RATE,
        top_position: int = 0,
    ) -> None:
        super().__init__()
        check_resolution(img_resolution)
        width = features(channel_base, channel_max)
        sides = [2**k for k in range(int(math.log2(img_resolution)), 2, -1)]
        self.from_rgb = EqualConv2d(img_channels, width(img_resolution), 1)
        self.blocks = nn.ModuleList(ResidualBlock(width(r), width(r // 2)) for r in sides)
        with_map = [r for r in sides if r <= (top_position or r)]
        self.positions = _positions(with_map, width, position_rate) if positions else None
        self.width = width(4)
        self.group = MinibatchStd(group)
        self.conv = EqualConv2d(width(4) + 1, width(4), 3)
        self.dense = EqualLinear(16 * width(4), width(4), gain=LEAKY_GAIN)
        self.score = EqualLinear(width(4), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, img_channels, img_resolution, img_resolution) to raw scores (N,)."""
        return self.judge(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """The features of pictures before the last layer: (N, width)."""
        y = lrelu(self.from_rgb(x.contiguous(memory_format=torch.channels_last)))
        for block in self.blocks:
            side = str(y.shape[-1])
            if self.positions is not None and side in self.positions:
                y = self.positions[side](y)
            y = block(y)
        y = lrelu(self.conv(self.group(y)))
        return lrelu(self.dense(y.flatten(1)))

    def judge(self, features: Tensor) -> Tensor:
        """Raw scores (N,) of features (N, width)."""
        return self.score(features).flatten()


class ResidualBlock(nn.Module):
    """Two convolutions beside a 1 x 1 one, both halving the size; their sum over sqrt(2)."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.keep = EqualConv2d(n_in, n_in, 3)
        self.halve = EqualConv2d(n_in, n_out, 3, down=True)
        self.skip = EqualConv2d(n_in, n_out, 1, gain=1.0, down=True, bias=False)
        self.blur = Blur()

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, n_out, H / 2, W / 2)."""
        changed = lrelu(self.halve(self.blur(lrelu(self.keep(x)))))
        return (changed + self.skip(self.blur(x))) / math.sqrt(2)


def _positions(resolutions: list[int], width: Callable[[int], int], rate: float) -> nn.ModuleDict:
    return nn.ModuleDict({str(r): Positions(width(r), r, rate=rate) for r in resolutions})
