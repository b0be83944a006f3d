"""What several networks share."""

from torch import nn


def init_normal(module: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02), BatchNorm scales from N(1, 0.02); biases are 0. For `Module.apply`.

    Source: Radford et al. 2016, section 4 (0.02 is a standard deviation); the scales follow the authors' code.
    """
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        case nn.BatchNorm2d():
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
