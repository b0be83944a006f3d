"""The deep convolutional GAN of Radford, Metz and Chintala (2016, arXiv:1511.06434)."""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from gan_course.models.layers import init_normal


class DCGANGenerator(nn.Module):
    """Generator: a latent vector to a picture, by doubling a small square of features.

    The square starts at 4 to 7 pixels, whichever doubles to `img_resolution`: 28 is 7, 14, 28; 64
    is 4, 8, ..., 64. BatchNorm and ReLU follow every layer but the last, which ends in tanh.

    Args:
        img_resolution: height and width of the picture, 8 or more, such as 28, 32, 64.
        img_channels: 1 for grey, 3 for colour.
        z_dim: size of the latent vector.
        base_channels: features before the last layer; each coarser level has twice as many.
        upsampling: "transposed" (the paper's strided transposed convolution) or "resize" (nearest
            neighbour, then a 3x3 convolution; Odena et al. 2016, "Deconvolution and Checkerboard
            Artifacts").

    Raises:
        ValueError: the resolution is not 4 to 7 times a power of two, or an unknown `upsampling`.

    Source: Radford et al. 2016, section 3 and figure 1.
    Differs: works at other sizes than 64, with fewer features (`base_channels` is 128 in the
        paper's figure 1).
    """

    def __init__(
        self,
        *,
        img_resolution: int = 28,
        img_channels: int = 1,
        z_dim: int = 64,
        base_channels: int = 64,
        upsampling: Literal["transposed", "resize"] = "transposed",
    ) -> None:
        super().__init__()
        if upsampling not in ("transposed", "resize"):
            raise ValueError(f"upsampling is {upsampling!r}: choose 'transposed' or 'resize'")
        first, n_doublings = split_resolution(img_resolution)
        channels = [base_channels * 2**level for level in reversed(range(n_doublings))]
        self.z_dim = z_dim
        layers: list[nn.Module] = [nn.ConvTranspose2d(z_dim, channels[0], first, bias=False)]
        for wide, narrow in pairwise(channels):
            layers += [
                nn.BatchNorm2d(wide),
                nn.ReLU(inplace=True),
                *_double(wide, narrow, upsampling, bias=False),
            ]
        layers += [nn.BatchNorm2d(channels[-1]), nn.ReLU(inplace=True)]
        layers += [*_double(channels[-1], img_channels, upsampling, bias=True), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(init_normal)

    def forward(self, z: Tensor) -> Tensor:
        """Latent vectors (N, z_dim) to pictures (N, C, H, H) in [-1, 1], H = img_resolution."""
        return self.layers(z[:, :, None, None])


class DCGANDiscriminator(nn.Module):
    """Discriminator: a picture to one raw score, by halving.

    LeakyReLU(0.2) throughout; BatchNorm except at the first layer.

    Args:
        img_resolution: height and width of the picture, as for the generator.
        img_channels: 1 for grey, 3 for colour.
        base_channels: features after the first layer; each coarser level has twice as many.

    Raises:
        ValueError: the resolution is not 4 to 7 times a power of two.

    Source: Radford et al. 2016, section 3.
    Differs: no sigmoid; the losses take raw scores.
    """

    def __init__(
        self, *, img_resolution: int = 28, img_channels: int = 1, base_channels: int = 64
    ) -> None:
        super().__init__()
        first, n_doublings = split_resolution(img_resolution)
        layers: list[nn.Module] = [
            nn.Conv2d(img_channels, base_channels, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = base_channels
        for _ in range(n_doublings - 1):
            layers += [
                nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False),
                nn.BatchNorm2d(2 * channels),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels *= 2
        layers += [nn.Conv2d(channels, 1, first)]
        self.layers = nn.Sequential(*layers)
        self.apply(init_normal)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, img_channels, H, H), H = img_resolution, in [-1, 1], to raw scores (N,)."""
        return self.layers(x).flatten()


def split_resolution(img_resolution: int) -> tuple[int, int]:
    """The coarsest square and the number of doublings from there: 28 is (7, 2), 64 is (4, 4).

    Raises:
        ValueError: the resolution is not 4 to 7 times a power of two, or is below 8.
    """
    first, n_doublings = img_resolution, 0
    while first > 7 and first % 2 == 0:
        first //= 2
        n_doublings += 1
    if not 4 <= first <= 7 or n_doublings == 0:
        raise ValueError(
            f"img_resolution is {img_resolution}: choose 4, 5, 6 or 7 times a power of two, from 8,"
            " such as 28 or 64"
        )
    return first, n_doublings


def _double(n_in: int, n_out: int, upsampling: str, *, bias: bool) -> list[nn.Module]:
    if upsampling == "transposed":
        return [nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=bias)]
    return [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(n_in, n_out, 3, 1, 1, bias=bias)]
