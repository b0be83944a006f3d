"""AdaIN, which gives features the statistics that a style asks for, and StyleGAN's layer that is built around it."""

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from gan_course.models.equalised import EqualConv2d, EqualLinear, PixelNorm, lrelu, upsample


class SynthesisLayer(nn.Module):
    r"""Convolution, noise, LeakyReLU, and the style: one layer of the synthesis network.

    The style is AdaIN, equation 1: $\mathrm{AdaIN}(x_i, y) = y_{s,i} \frac{x_i - \mu(x_i)}{\sigma(x_i)} + y_{b,i}$ with
    $y = A(w)$, two numbers a channel. Without styles there is pixel norm instead.

    Args:
        n_in: channels of the input; None for the layer right after the constant, which has no convolution.
        n_out: channels of the output.
        w_dim: size of w.
        resolution: side of the output.
        up: double the size first.
        styles: AdaIN, else pixel norm.
        noise: add noise, strength learned for each channel, 0 at the start.
        smooth: low-pass after doubling.

    Source: Karras et al. 2019, figure 1b and equation 1; order and gains as in the official code, where the strength
        starts at 0. The style's biases start at 1 for $y_s$ and at 0 for $y_b$, as in the paper; the code has both at 0
        and adds 1 to the first.
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
        self.register_buffer("noise_const", torch.randn(resolution, resolution))

    def forward(self, x: Tensor, w: Tensor, noise: str | Tensor = "random") -> Tensor:
        """(N, n_in, H, W) and (N, w_dim) to (N, n_out, resolution, resolution).

        `noise` is "random" (new at every call), "const" (the map kept in the layer), "none", or maps of
        (N or 1, 1, resolution, resolution).
        """
        if self.up:
            x = upsample(x, smooth=self.smooth)
        if self.conv is not None:
            x = self.conv(x)
        shift = self.bias[:, None, None]
        if self.noise_strength is not None and not (isinstance(noise, str) and noise == "none"):
            shift = shift + self.noise_strength[:, None, None] * noise_of(self.noise_const, x, noise)
        x = lrelu(x + shift.to(x.dtype))
        if self.affine is None:
            return self.norm(x)
        scale, shift = self.affine(w).float().chunk(2, 1)
        return adain(x, 1 + scale, shift)


def adain(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-8) -> Tensor:
    r"""Give each channel of each picture a new mean and a new standard deviation.

    $y_s \frac{x - \mu(x)}{\sqrt{\sigma^2(x) + \epsilon}} + y_b$, with the (biased) variance over height and width.

    On a CPU in channels-last order each picture goes through `batch_norm`, whose scale and shift are the style's: the
    same numbers in one pass.

    Args:
        x: (N, C, H, W), H * W > 1.
        scale: (N, C), $y_s$: its size is the new standard deviation, and a negative one turns the channel over.
        shift: (N, C), the new means.
        eps: added to the variance.

    Returns:
        (N, C, H, W), in the type of x.

    Source: Huang and Belongie 2017 (arXiv:1703.06868), equation 8; Karras et al. 2019, equation 1.
    """
    if x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last):
        parts = [
            batch_norm(one, None, None, weight=s, bias=b, training=True, eps=eps)
            for one, s, b in zip(x.split(1), scale.unbind(), shift.unbind(), strict=True)
        ]
        return torch.cat(parts)
    precise = x if x.dtype == torch.float64 else x.float()
    variance, mean = torch.var_mean(precise, (2, 3), unbiased=False, keepdim=True)
    return ((x - mean) * (variance + eps).rsqrt() * scale[:, :, None, None] + shift[:, :, None, None]).to(x.dtype)


def noise_of(kept: Tensor, x: Tensor, noise: str | Tensor) -> Tensor:
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
