"""StyleGAN: mapping, AdaIN, synthesis, truncation, mixing, discriminator (Karras et al. 2019).

The paper's configurations (arXiv:1812.04948, table 1) are switches of one generator: `smooth` (B),
`styles` (C), `constant` (D), `noise` (E); A is the progressive GAN. F, style mixing, is a matter of
training. Generator and discriminator work at every power of two from 4 px up, so both can grow.
"""

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm

from gan_course.models.layers import by_picture
from gan_course.models.progressive import (
    LEAKY_GAIN,
    DiscriminatorBlock,
    EqualConv2d,
    EqualLinear,
    MinibatchStd,
    PixelNorm,
    check_resolution,
    features,
    lrelu,
    upsample,
)

Noise = Literal["random", "const", "none"]


class SynthesisLayer(nn.Module):
    r"""Convolution, noise, LeakyReLU, and the style: one layer of the synthesis network.

    The style is AdaIN, equation 1, with $y = A(w)$, two numbers a channel:
    $\mathrm{AdaIN}(x_i, y) = y_{s,i} \frac{x_i - \mu(x_i)}{\sigma(x_i)} + y_{b,i}$.
    Without styles there is pixel norm instead.

    Args:
        n_in: channels of the input; None for the layer right after the constant, which has no
            convolution.
        n_out: channels of the output.
        w_dim: size of w.
        resolution: side of the output.
        up: double the size first.
        styles: AdaIN, else pixel norm.
        noise: add noise, strength learned for each channel, 0 at the start.
        smooth: low-pass after doubling.

    Source: Karras et al. 2019, figure 1b and equation 1; order and gains as in the official code,
        where the strength starts at 0. The style's scale starts at 1, as in the paper: its bias at
        0, to which 1 is added, as in the code.
    """

    def __init__(
        self,
        n_in: int | None,
        n_out: int,
        *,
        w_dim: int,
        resolution: int,
        up: bool = False,
        styles: bool = True,
        noise: bool = True,
        smooth: bool = True,
    ) -> None:
        super().__init__()
        self.resolution, self.up, self.smooth = resolution, up, smooth
        self.conv = EqualConv2d(n_in, n_out, 3, bias=False) if n_in else None
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.noise_strength = nn.Parameter(torch.zeros(n_out)) if noise else None
        self.affine = EqualLinear(w_dim, 2 * n_out) if styles else None
        self.norm = PixelNorm()
        self.noise_const: Tensor
        self.register_buffer("noise_const", torch.randn(resolution, resolution))

    def forward(self, x: Tensor, w: Tensor, noise: Noise | Tensor = "random") -> Tensor:
        """(N, n_in, H, W) and (N, w_dim) to (N, n_out, resolution, resolution).

        `noise` is "random" (new at every call), "const" (the map kept in the layer), "none", or
        maps of (N or 1, 1, resolution, resolution).
        """
        if self.up:
            x = upsample(x, smooth=self.smooth)
        if self.conv is not None:
            x = self.conv(x)

        # Noise: one map a picture, scaled for each channel (figure 1b, B), beside the bias
        shift = self.bias[:, None, None]
        if self.noise_strength is not None and not (isinstance(noise, str) and noise == "none"):
            maps = noise_maps(self.noise_const, x, noise)
            shift = shift + self.noise_strength[:, None, None] * maps
        x = lrelu(x + shift.to(x.dtype))

        # Style: y = A(w), then AdaIN (equation 1)
        if self.affine is None:
            return self.norm(x)
        y_s, y_b = self.affine(w).float().chunk(2, 1)
        return adain(x, 1 + y_s, y_b)


def adain(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-8) -> Tensor:
    r"""Give each channel of each picture a new mean and a new standard deviation.

    $y_s \frac{x - \mu(x)}{\sqrt{\sigma^2(x) + \epsilon}} + y_b$, with the (biased) variance over
    height and width.

    On a CPU in channels-last order each picture goes through `batch_norm`, whose scale and shift
    are the style's: the same numbers in one pass.

    Args:
        x: (N, C, H, W), H * W > 1.
        scale: (N, C), $y_s$: its size is the new standard deviation, and a negative one turns the
            channel over.
        shift: (N, C), the new means.
        eps: added to the variance.

    Returns:
        (N, C, H, W), in the type of x.

    Source: Huang and Belongie 2017 (arXiv:1703.06868), equation 8; Karras et al. 2019, equation 1.
    """
    if by_picture(x):
        pictures = [
            batch_norm(picture, None, None, weight=y_s, bias=y_b, training=True, eps=eps)
            for picture, y_s, y_b in zip(x.split(1), scale.unbind(), shift.unbind(), strict=True)
        ]
        return torch.cat(pictures)

    # in float32 at least: a mean over many pixels keeps few digits in bfloat16
    precise = x if x.dtype == torch.float64 else x.float()
    variance, mean = torch.var_mean(precise, (2, 3), unbiased=False, keepdim=True)

    # Huang and Belongie 2017, equation 8
    normalised = (x - mean) * (variance + eps).rsqrt()
    return (scale[:, :, None, None] * normalised + shift[:, :, None, None]).to(x.dtype)


def noise_maps(kept: Tensor, x: Tensor, noise: Noise | Tensor) -> Tensor:
    """The noise maps of one layer for features x (N, C, r, r): (N or 1, 1, r, r).

    Args:
        kept: (r, r), the map that belongs to the layer.
        x: the features they will be added to.
        noise: "random" (new), "const" (the kept map), or maps of (N or 1, 1, r, r), handed through.

    Raises:
        ValueError: another word.
    """
    if isinstance(noise, Tensor):
        return noise
    if noise == "const":
        return kept[None, None]
    if noise != "random":
        raise ValueError(f"noise is {noise!r}: choose 'random', 'const' or 'none', or give maps")
    return torch.randn(len(x), 1, *x.shape[2:], device=x.device)


class MappingNetwork(nn.Module):
    """Maps z, normalised to one length, to w, and keeps the mean of w for truncation.

    Args:
        z_dim: size of z.
        w_dim: size of w.
        n_layers: dense layers with LeakyReLU; 8 in the paper. With 0, w is the normalised z.
        lr_multiplier: 0.01 in the paper; 0.01 makes the mapping learn slowly, for a steadier
            training.
        w_avg_decay: of the running mean of w.

    Raises:
        ValueError: no layers, and sizes that differ.

    Source: Karras et al. 2019, section 2 and appendices B (truncation) and C (multiplier).
    """

    def __init__(
        self,
        *,
        z_dim: int,
        w_dim: int,
        n_layers: int = 8,
        lr_multiplier: float = 0.01,
        w_avg_decay: float = 0.995,
    ) -> None:
        super().__init__()
        if n_layers == 0 and z_dim != w_dim:
            raise ValueError(f"without layers w is z, so w_dim must be {z_dim}, not {w_dim}")
        self.z_dim, self.w_dim, self.w_avg_decay = z_dim, w_dim, w_avg_decay
        sizes = [z_dim] + [w_dim] * n_layers
        self.norm = PixelNorm()
        self.layers = nn.ModuleList(
            EqualLinear(n_in, w_dim, gain=LEAKY_GAIN, lr_multiplier=lr_multiplier)
            for n_in in sizes[:-1]
        )
        self.w_avg: Tensor
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, z: Tensor) -> Tensor:
        """(N, z_dim) to (N, w_dim), in float32."""
        with torch.autocast(z.device.type, enabled=False):
            w = self.norm(z.float())
            for layer in self.layers:
                w = lrelu(layer(w))
            return w

    @torch.no_grad()
    def track(self, w: Tensor) -> None:
        """Move the running mean towards the mean of (N, w_dim)."""
        self.w_avg.lerp_(w.mean(0), 1 - self.w_avg_decay)


class Synthesis(nn.Module):
    """Base of both synthesis networks: what the generator and its users may ask of them.

    Attributes:
        img_resolution: side of the picture.
        w_dim: size of w.
        num_ws: how many w a picture takes.
        layers: synthesis layers, the coarsest first.
        layer_resolutions: the side of each layer's output.
    """

    img_resolution: int
    w_dim: int
    num_ws: int
    layers: nn.ModuleList
    layer_resolutions: list[int]


class SynthesisNetwork(Synthesis):
    """Synthesis network: styles to a picture, at any resolution from 4 px to the full one.

    Args:
        img_resolution: full side, a power of two from 8.
        img_channels: channels of the picture.
        w_dim: size of w.
        channel_base: features at resolution r are channel_base / r ...
        channel_max: ... but at most this many.
        styles: AdaIN by w, else pixel norm (and w enters at the start alone).
        constant: start from a learned constant, else from w through a dense layer.
        noise: noise inputs.
        smooth: low-pass filters after doubling features.

    Raises:
        ValueError: the resolution is not a power of two from 8, or neither styles nor an input
            would listen to w.

    Source: Karras et al. 2019, figure 1 and table 1; A is Karras et al. 2018 (arXiv:1710.10196).
    """

    def __init__(
        self,
        *,
        img_resolution: int,
        img_channels: int = 3,
        w_dim: int,
        channel_base: int,
        channel_max: int,
        styles: bool = True,
        constant: bool = True,
        noise: bool = True,
        smooth: bool = True,
    ) -> None:
        super().__init__()
        check_resolution(img_resolution)
        if constant and not styles:
            raise ValueError("a constant start needs styles: nothing else would listen to w")
        self.img_resolution, self.w_dim = img_resolution, w_dim
        self.resolutions = [2**k for k in range(2, int(math.log2(img_resolution)) + 1)]
        self.num_ws = 2 * len(self.resolutions)
        self.layer_resolutions = [r for r in self.resolutions for _ in range(2)]
        width = features(channel_base, channel_max)
        self.const = nn.Parameter(torch.ones(1, width(4), 4, 4)) if constant else None
        self.dense = None if constant else EqualLinear(w_dim, 16 * width(4), gain=LEAKY_GAIN / 4)
        self.layers, self.to_rgb = nn.ModuleList(), nn.ModuleList()
        for resolution in self.resolutions:
            n = width(resolution)
            # the first layer doubles the features of the resolution below, or takes the constant
            for n_in, up in (
                (width(resolution // 2) if resolution > 4 else None, resolution > 4),
                (n, False),
            ):
                layer = SynthesisLayer(
                    n_in,
                    n,
                    w_dim=w_dim,
                    resolution=resolution,
                    up=up,
                    styles=styles,
                    noise=noise,
                    smooth=smooth,
                )
                self.layers.append(layer)
            self.to_rgb.append(EqualConv2d(n, img_channels, 1, gain=1.0))

    def forward(
        self,
        ws: Tensor,
        *,
        resolution: int | None = None,
        alpha: float = 1.0,
        noise: Noise | list[Tensor] = "random",
    ) -> Tensor:
        """Styles (N, num_ws, w_dim) to pictures (N, img_channels, resolution, resolution).

        The pictures are float32, in about [-1, 1].

        Args:
            ws: one w for each layer; layers above `resolution` are not asked.
            resolution: up to where to go; the full one where it is None.
            alpha: share of the newest resolution in the picture, while it is faded in.
            noise: "random", "const", "none", or maps for each layer.

        Raises:
            ValueError: a resolution this network does not have.
        """
        resolution = self.img_resolution if resolution is None else resolution
        if resolution not in self.resolutions:
            raise ValueError(f"resolution is {resolution}: choose one of {self.resolutions}")
        if self.dense is not None:
            x = self.dense(ws[:, 0]).view(ws.shape[0], -1, 4, 4)
        else:
            assert self.const is not None  # one of the two is there
            x = self.const.expand(ws.shape[0], -1, -1, -1)
        x = x.contiguous(memory_format=torch.channels_last)
        last, before = self.resolutions.index(resolution), None
        for k in range(last + 1):
            if k == last and k > 0 and alpha < 1:
                # Nearest neighbour, so that D's old path, which halves, sees the very picture of
                # before, as it does of real ones from `downsample_for_growth`.
                before = upsample(self.to_rgb[k - 1](x), smooth=False)
            for j in (2 * k, 2 * k + 1):
                x = self.layers[j](x, ws[:, j], noise if isinstance(noise, str) else noise[j])
        image = self.to_rgb[last](x).float()
        return image if before is None else torch.lerp(before.float(), image, alpha)


class StyleGANGenerator(nn.Module):
    """Mapping and synthesis together.

    Args:
        synthesis: the synthesis network, of this module or of `stylegan2`; its `w_dim` is the size
            of w.
        z_dim: size of z.
        n_mapping: layers of the mapping network; 0 for none.
        mapping_lr: learning rate of the mapping network, as a multiple of the others'.
        mapping: a mapping network to take instead, whose z_dim is that given here.
    """

    def __init__(
        self,
        synthesis: Synthesis,
        *,
        z_dim: int,
        n_mapping: int = 8,
        mapping_lr: float = 0.01,
        mapping: MappingNetwork | None = None,
    ) -> None:
        super().__init__()
        self.mapping = mapping or MappingNetwork(
            z_dim=z_dim, w_dim=synthesis.w_dim, n_layers=n_mapping, lr_multiplier=mapping_lr
        )
        self.synthesis, self.z_dim, self.num_ws = synthesis, z_dim, synthesis.num_ws

    def forward(
        self,
        z: Tensor,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        **how: Any,
    ) -> Tensor:
        """Latent vectors (N, z_dim) to pictures; `how` goes to the synthesis network."""
        ws = self.ws(z, truncation_psi=truncation_psi, truncation_cutoff=truncation_cutoff)
        return self.synthesis(ws, **how)

    def ws(
        self, z: Tensor, *, truncation_psi: float = 1.0, truncation_cutoff: int | None = None
    ) -> Tensor:
        r"""Styles for every layer, truncated in the layers below the cutoff.

        Truncation: $w' = \bar w + \psi\,(w - \bar w)$.

        Args:
            z: (N, z_dim).
            truncation_psi: 1 for no truncation, 0 for the mean picture.
            truncation_cutoff: layers that are truncated, counted from the coarsest; None for all.

        Returns:
            (N, num_ws, w_dim).

        Source: Karras et al. 2019, section 2 and appendix B.
        """
        ws = self.mapping(z)[:, None].repeat(1, self.num_ws, 1)
        if truncation_psi != 1:
            # Truncation (appendix B)
            coarse = ws[:, :truncation_cutoff]
            truncated = torch.lerp(self.mapping.w_avg, coarse, truncation_psi)
            ws = torch.cat([truncated, ws[:, coarse.shape[1] :]], 1)
        return ws


def mix_styles(ws: Tensor, others: Tensor, crossover: Tensor) -> Tensor:
    """Style mixing: each row changes from one w to another at a layer of its own.

    Args:
        ws: (N, num_ws, w_dim), used before the crossover.
        others: the same shape, used from the crossover on.
        crossover: (N,) first layer that takes the other's style; num_ws for no mixing.

    Returns:
        (N, num_ws, w_dim).

    Source: Karras et al. 2019, section 3.1.
    """
    layer = torch.arange(ws.shape[1], device=ws.device)[None, :, None]
    return torch.where(layer < crossover[:, None, None], ws, others)


class StyleGANDiscriminator(nn.Module):
    """Discriminator: a picture, at any resolution from 4 px to the full one, to one raw score.

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
        self.from_rgb = nn.ModuleList(
            EqualConv2d(img_channels, width(r), 1) for r in self.resolutions
        )
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
            raise ValueError(
                f"pictures are {x.shape[-1]} px wide: choose one of {self.resolutions}"
            )
        top = self.resolutions.index(x.shape[-1])
        x = x.contiguous(memory_format=torch.channels_last)
        y = lrelu(self.from_rgb[top](x))
        for k in range(top, 0, -1):
            y = self.blocks[k - 1](y)
            if k == top and alpha < 1:
                y = torch.lerp(lrelu(self.from_rgb[k - 1](avg_pool2d(x, 2))), y, alpha)
        y = lrelu(self.conv(self.group(y)))
        return self.score(lrelu(self.dense(y.flatten(1)))).flatten()
