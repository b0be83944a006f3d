"""The networks of CycleGAN (Zhu, Park, Isola and Efros 2017, arXiv:1703.10593)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from gan_course.models.efficientnet import EfficientNetTrunk
from gan_course.models.layers import (
    InstanceNorm,
    Norm,
    Pad,
    Padding,
    Upsampling,
    init_he,
    init_normal,
    with_coordinates,
)

# atanh(1) is infinite: the residual starts from pictures drawn in by half a grey step
MARGIN = 1 - 1 / 255


class ResnetGenerator(nn.Module):
    """Generator: a picture to a picture of the same size; down twice, residual blocks, up twice.

    In the paper's shorthand c7s1-64, d128, d256, n times R256, u128, u64, c7s1-3; InstanceNorm and
    ReLU after every layer but the last, which ends in tanh. Layers are numbered as in the official
    code, so that its files load.

    Args:
        img_channels: channels of the input.
        out_channels: of the output; as the input where it is None.
        base_channels: features at full size; 64 in the paper.
        n_blocks: residual blocks; 6 in the paper for 128 px, 9 from 256 px.
        padding: "reflect" (the paper) or "zeros", which tells a layer where the border is.
        residual: predict a change of the input, tanh(atanh(x) + net(x)), that starts at none. Not
            in the paper.
        coordinates: octaves of `with_coordinates` appended to the input. Not in the paper.
        upsampling: "transposed" (the paper's strided transposed convolution) or "resize" (bilinear,
            then a 3 x 3 convolution; Odena et al. 2016, "Deconvolution and Checkerboard
            Artifacts").
        norm: "instance" (the paper) or "none". InstanceNorm removes a feature's absolute
            strength in the picture, which flat colours need. Without it the first weights are
            He's.

    Raises:
        ValueError: an unknown padding, upsampling or norm, or a residual between different numbers
            of channels.

    Source: Zhu et al. 2017, sections 4 and 7.2 (appendix); Johnson et al. 2016 (arXiv:1603.08155)
        for the shape.
    """

    def __init__(
        self,
        *,
        img_channels: int = 3,
        out_channels: int | None = None,
        base_channels: int = 64,
        n_blocks: int = 9,
        padding: Padding = "reflect",
        residual: bool = False,
        coordinates: int = 0,
        upsampling: Upsampling = "transposed",
        norm: Norm = "instance",
    ) -> None:
        super().__init__()
        out_channels = img_channels if out_channels is None else out_channels
        if residual and out_channels != img_channels:
            raise ValueError(
                f"a residual needs as many channels out as in, not {img_channels} in,"
                f" {out_channels} out"
            )
        self.residual, self.coordinates = residual, coordinates
        narrow, middle, wide = base_channels, 2 * base_channels, 4 * base_channels
        self.model = nn.Sequential(
            Pad(3, padding),
            nn.Conv2d(img_channels + 4 * coordinates, narrow, 7),
            _norm(norm),
            nn.ReLU(inplace=True),
            nn.Conv2d(narrow, middle, 3, stride=2, padding=1),
            _norm(norm),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, wide, 3, stride=2, padding=1),
            _norm(norm),
            nn.ReLU(inplace=True),
            *(ResnetBlock(wide, padding=padding, norm=norm) for _ in range(n_blocks)),
            _double(wide, middle, padding, upsampling),
            _norm(norm),
            nn.ReLU(inplace=True),
            _double(middle, narrow, padding, upsampling),
            _norm(norm),
            nn.ReLU(inplace=True),
            Pad(3, padding),
            nn.Conv2d(narrow, out_channels, 7),
        )
        self.apply(init_normal if norm == "instance" else init_he)
        if residual:  # no change at the start
            last = self.model[-1]
            assert isinstance(last, nn.Conv2d)
            nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, img_channels, H, W) to (N, out_channels, H, W), in [-1, 1]; H, W multiples of 4."""
        if self.coordinates and not torch.is_autocast_enabled(x.device.type):
            return self.finish(self.model[2:](self._first(x)), x)
        return self.finish(self.model(with_coordinates(x, self.coordinates)), x)

    def _first(self, x: Tensor) -> Tensor:
        """The first layer, on pictures and coordinates: these are convolved once, not N times.

        In float32 alone: in half of its bits that would gain little, and round once more.
        """
        border, first, n = self.model[0], self.model[1], x.shape[1]
        assert isinstance(first, nn.Conv2d)
        clocks = with_coordinates(x[:1].detach(), self.coordinates)[:, n:]
        of_x = conv2d(border(x), first.weight[:, :n], first.bias)
        return of_x + conv2d(border(clocks), first.weight[:, n:])

    def finish(self, change: Tensor, x: Tensor) -> Tensor:
        """The picture, in float32: tanh of the layers' output, or of its sum with the input."""
        if self.residual:
            change = change.float() + torch.atanh(x.float() * MARGIN)
        return torch.tanh(change.float())


class ResnetBlock(nn.Module):
    """Two 3 x 3 convolutions whose result is added to the input; no ReLU after the sum.

    Source: Zhu et al. 2017, section 7.2 (R256), as in the official code.
    """

    def __init__(self, channels: int, *, padding: Padding, norm: Norm = "instance") -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            Pad(1, padding),
            nn.Conv2d(channels, channels, 3),
            _norm(norm),
            nn.ReLU(inplace=True),
            Pad(1, padding),
            nn.Conv2d(channels, channels, 3),
            _norm(norm),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to the same."""
        return x + self.conv_block(x)


class PatchDiscriminator(nn.Module):
    """PatchGAN: a picture to a map of raw scores, each of which judges a patch of the picture.

    4 x 4 convolutions with LeakyReLU(0.2): `n_layers` of stride 2, then two of stride 1. With 3
    layers a score sees 70 x 70 pixels, with 2 it sees 34, with 1 it sees 16. InstanceNorm after all
    but the first and the last.

    Args:
        img_channels: channels of the pictures; for a conditional D, those of the condition and the
            picture together.
        base_channels: features of the first layer; each later one has twice as many, up to 8 times.
        n_layers: layers of stride 2, at least 1.
        norm: "instance" (the paper) or "none". InstanceNorm hides from D how bright a picture is
            and how strong a pattern: whatever the contrast, it is scaled to 1. Without it the first
            weights are He's, or the scores would start at next to nothing.

    Raises:
        ValueError: `n_layers` below 1, or an unknown norm.

    Source: Isola et al. 2017 (arXiv:1611.07004), appendix 6.1.2; Zhu et al. 2017, section 7.2;
        layers as in the official code, whose fourth convolution has stride 1. Read literally ("Ck
        ... stride 2" for all four), the appendix gives a field of 94, not the 70 of its text.
    Differs: CycleGAN's InstanceNorm; pix2pix was published with BatchNorm.
    """

    def __init__(
        self,
        *,
        img_channels: int = 3,
        base_channels: int = 64,
        n_layers: int = 3,
        norm: Norm = "instance",
    ) -> None:
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers is {n_layers}: at least 1 is needed")
        layers = [
            nn.Conv2d(img_channels, base_channels, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = base_channels
        for level in range(1, n_layers + 1):
            wider = base_channels * min(2**level, 8)
            stride = 2 if level < n_layers else 1
            layers += [nn.Conv2d(channels, wider, 4, stride=stride, padding=1)]
            layers += [_norm(norm), nn.LeakyReLU(0.2, inplace=True)]
            channels = wider
        self.model = nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, stride=1, padding=1))
        self.apply(init_normal if norm == "instance" else init_he)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, img_channels, H, W) to raw scores (N, 1, h, w); 256 px give 30 x 30."""
        return self.model(x)


class ProjectedDiscriminator(nn.Module):
    """Projected discriminator: a picture to raw scores, by heads on features trained elsewhere.

    A frozen trunk turns a picture into features at half and at a quarter of its size. A head a
    depth: a 1 x 1 convolution to `base_channels`, 4 x 4 convolutions of stride 2 with
    LeakyReLU(0.2) down to an eighth of the picture's size, and a 3 x 3 convolution to one score. A
    score of the first head sees 41 x 41 pixels, of the second 47 x 47: strokes, not whole pictures.

    The trunk is no part of the state: neither `parameters` nor `state_dict` hold it, so no
    optimiser moves it and no checkpoint repeats it. It must be placed on the device by itself.

    Args:
        trunk: from pictures (N, 3, H, W) in [-1, 1] to features by depth, frozen; several
            discriminators may share it.
        base_channels: features of the heads; 64 as usual.
        norm: "instance" or "none", after the convolutions of stride 2. Without it the first weights
            are He's.

    Raises:
        ValueError: the trunk has weights that take a gradient, or an unknown norm.

    Source: Sauer et al. 2021 (arXiv:2111.01007), section 3, for discriminators on frozen features
        of several depths.
    Differs: the features are not mixed by random 1 x 1 convolutions across channels and depths
        (their section 3.2), but by a learnt one within a depth; two depths instead of four; no
        spectral normalisation.
    """

    DEPTHS = (1, 2)  # of the trunk's features: at half and at a quarter of the picture's size
    MULTIPLE = 8  # of a picture's sides

    def __init__(
        self, trunk: EfficientNetTrunk, *, base_channels: int = 64, norm: Norm = "instance"
    ) -> None:
        super().__init__()
        if any(weight.requires_grad for weight in trunk.parameters()):
            raise ValueError("the trunk takes gradients: call trunk.requires_grad_(False)")
        self._trunk = (trunk,)  # in a tuple, so that torch does not count it as a part
        self.heads = nn.ModuleList()
        for depth in self.DEPTHS:
            layers: list[nn.Module] = [nn.Conv2d(trunk.CHANNELS[depth], base_channels, 1)]
            stride = trunk.STRIDES[depth]
            while stride < self.MULTIPLE:
                layers += [nn.LeakyReLU(0.2, inplace=True)]
                layers += [nn.Conv2d(base_channels, base_channels, 4, stride=2, padding=1)]
                layers += [_norm(norm)]
                stride *= 2
            layers += [nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(base_channels, 1, 3, padding=1)]
            self.heads.append(nn.Sequential(*layers))
        self.apply(init_normal if norm == "instance" else init_he)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) to raw scores (N, heads, H / 8, W / 8); H, W multiples of 8."""
        features = self._trunk[0](x)
        # the features lie in 0..6: to about the range of pictures
        scores = [
            head(features[depth] / 3 - 1)
            for head, depth in zip(self.heads, self.DEPTHS, strict=True)
        ]
        return torch.cat(scores, 1)


def _double(n_in: int, n_out: int, padding: Padding, upsampling: Upsampling) -> nn.Module:
    match upsampling:
        case "transposed":
            return nn.ConvTranspose2d(n_in, n_out, 3, stride=2, padding=1, output_padding=1)
        case "resize":
            larger = nn.Upsample(scale_factor=2, mode="bilinear")
            return nn.Sequential(larger, Pad(1, padding), nn.Conv2d(n_in, n_out, 3))
    raise ValueError(f"upsampling is {upsampling!r}: choose 'transposed' or 'resize'")


def _norm(name: Norm) -> nn.Module:
    match name:
        case "instance":
            return InstanceNorm()
        case "none":
            return nn.Identity()
    raise ValueError(f"norm is {name!r}: choose 'instance' or 'none'")
