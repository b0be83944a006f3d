"""The first layers of EfficientNet-Lite0 (Tan and Le 2019), as a source of pretrained features."""

from typing import cast

from torch import Tensor, nn
from torch.nn.functional import pad


class EfficientNetTrunk(nn.Module):
    """The first layers of EfficientNet-Lite0: a picture to features at four depths.

    Inverted residuals: a 1 x 1 convolution to many channels, a depthwise convolution, a 1 x 1
    convolution to few. What is handed out is the stem and, of three blocks, the many channels after
    their ReLU6. BatchNorm is folded into the convolutions. Trained on ImageNet elsewhere;
    `load_trunk` loads the weights.

    Attributes:
        CHANNELS: of the features, by depth.
        STRIDES: pixels of the picture from one place of a feature map to the next, by depth.

    Source: Tan and Le 2019 (arXiv:1905.11946), table 1, stages 1 to 4; Sandler et al. 2018
        (arXiv:1801.04381) for the block. Lite0 has ReLU6 and no squeeze-and-excitation.
    Differs: the last block ends after its expansion, because nothing after it is used.
    """

    CHANNELS = (32, 96, 144, 240)
    STRIDES = (2, 2, 4, 8)

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(3, 32, 3, stride=2)
        blocks = [
            InvertedResidual(32, 16, expansion=1, kernel=3, stride=1),
            InvertedResidual(16, 24, expansion=6, kernel=3, stride=2),
            InvertedResidual(24, 24, expansion=6, kernel=3, stride=1),
            InvertedResidual(24, 40, expansion=6, kernel=5, stride=2),
        ]
        self.blocks = nn.Sequential(*blocks)
        self.last = _conv(40, 240, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Pictures (N, 3, H, W) in [-1, 1] to features (N, CHANNELS[k], H/s, W/s), s = STRIDES[k].

        H and W must be multiples of 8. Every feature lies in 0..6.
        """
        stem = self.stem(x)
        first, second, third, fourth = (cast(InvertedResidual, block) for block in self.blocks)
        half, y = second.expand_and_project(first(stem))
        quarter, y = fourth.expand_and_project(third(y))
        return stem, half, quarter, self.last(y)


class InvertedResidual(nn.Module):
    """Widen, convolve each channel by itself, narrow; plus the input where the shape is the same.

    Args:
        n_in: channels of the input.
        n_out: of the output.
        expansion: how many times `n_in` channels lie in between; 1 leaves the widening out.
        kernel: side of the depthwise convolution, odd.
        stride: of the depthwise convolution.

    Source: Sandler et al. 2018, figure 4.
    """

    def __init__(self, n_in: int, n_out: int, *, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = expansion * n_in
        self.has_shortcut = stride == 1 and n_in == n_out
        self.expand = _conv(n_in, wide, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _conv(wide, wide, kernel, stride=stride, groups=wide)
        self.project = nn.Conv2d(wide, n_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, n_out, H / stride, W / stride)."""
        return self.expand_and_project(x)[1]

    def expand_and_project(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The widened features, (N, expansion * n_in, H, W), and the block's output."""
        wide = self.expand(x)
        y = self.project(self.depthwise(wide))
        return wide, x + y if self.has_shortcut else y


def _conv(n_in: int, n_out: int, kernel: int, *, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution as TensorFlow pads it ("same"), then ReLU6."""
    conv = nn.Conv2d(n_in, n_out, kernel, stride, groups=groups)
    return nn.Sequential(SamePad(kernel, stride), conv, nn.ReLU6())


class SamePad(nn.Module):
    """Zeros around a picture as TensorFlow's "same" puts them: the odd one at the right and below.

    For sides that are multiples of the stride; the weights were trained so.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        total = kernel - stride if kernel > 1 else 0
        self.border = (total // 2, total - total // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H + kernel - stride, W + kernel - stride)."""
        return pad(x, self.border) if any(self.border) else x
