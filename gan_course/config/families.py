"""What a training of each family needs to know: frozen dataclasses, with the papers' values as defaults."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DCGANConfig:
    """A DCGAN and its training."""

    n_steps: int
    batch_size: int = 64
    img_resolution: int = 28
    img_channels: int = 1
    z_dim: int = 64
    base_channels: int = 64
    upsampling: str = "transposed"  # or "resize": nearest neighbour, then a convolution
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    r1_gamma: float = 0.0
    ema_decay: float = 0.999


@dataclass(frozen=True)
class CycleGANConfig:
    """A CycleGAN and its training. The defaults are the paper's; what the paper has not is off."""

    n_steps: int
    batch_size: int = 1
    img_resolution: int = 64
    base_channels: int = 64
    n_blocks: int = 6
    norm: str = "instance"  # of G; or "none"
    d_base_channels: int = 64
    n_layers: int = 3
    d_norm: str = "instance"  # or "none"
    r1_gamma: float = 0.0
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    lr_ratio: float = 1.0  # the rate of the D's, in rates of the G's
    constant: float = 0.5  # share of the steps before the learning rate begins to fall
    pool_size: int = 50
    lambda_gan: float = 1.0
    lambda_cycle: float = 10.0
    forward: bool = True  # the half of the cycle loss that starts in A
    backward: bool = True  # the half that starts in B
    lambda_identity: float = 0.0
    padding: str = "reflect"
    residual: bool = False
    coordinates: int = 0
    upsampling: str = "transposed"  # or "resize"
    ema_decay: float = 0.0


@dataclass(frozen=True)
class Pix2PixConfig:
    """A pix2pix and its training.

    The defaults are the paper's, for 256 px, but for D's norm and the falling rate: those are the official code's.
    """

    n_steps: int
    batch_size: int = 1
    img_resolution: int = 256
    base_channels: int = 64
    n_halvings: int = 8
    norm: str = "batch"  # or "instance"; of G
    dropout: float = 0.5
    d_base_channels: int = 64
    n_layers: int = 3
    d_norm: str = "instance"  # or "none"
    conditional: bool = True  # D is shown the input too
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    constant: float = 0.5  # share of the steps before the learning rate begins to fall
    lambda_gan: float = 1.0
    lambda_l1: float = 100.0


@dataclass(frozen=True)
class StyleGANConfig:
    """A StyleGAN or StyleGAN2 and its training. The switches are the paper's configurations A to F."""

    n_steps: int
    architecture: str = "stylegan"  # or "stylegan2"
    batch_size: int = 16
    img_resolution: int = 64
    z_dim: int = 128
    w_dim: int = 128
    n_mapping: int = 8  # layers
    mapping_lr: float = 0.01  # the mapping's learning rate, as a multiple of lr
    channel_base: int = 2_048  # features at resolution r: channel_base / r ...
    channel_max: int = 128  # ... but at most so many
    d_channel_base: int = 2_048
    smooth: bool = True  # low-pass filters (B)
    styles: bool = True  # AdaIN (C)
    constant: bool = True  # a learned start (D)
    noise: bool = True  # (E)
    mixing: float = 0.9  # share of pictures with two styles in training (F)
    demodulate: bool = True  # StyleGAN2 alone
    positions: bool = False  # learned positions at every resolution, in G and in D; StyleGAN2 alone
    lr: float = 2e-3
    lr_constant: float = 1.0  # share of the steps before the learning rate begins to fall to 0; 1: it never does
    betas: tuple[float, float] = (0.0, 0.99)
    loss: str = "logistic"  # or "relativistic"
    r1_gamma: float = 1.0
    r2_gamma: float = 0.0  # the same penalty at the fakes
    r1_every: int = 16  # both penalties
    pl_weight: float = 0.0  # of the path-length penalty; StyleGAN2 alone
    pl_every: int = 8
    pl_decay: float = 0.01
    ema_decay: float = 0.998
    start_resolution: int = 0  # where growing begins; 0 for no growing
    stable_steps: int = 0  # at each resolution but the last
    fade_steps: int = 0  # before that, for each but the first
