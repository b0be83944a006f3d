"""What each lesson trains, at each size: frozen dataclasses, and one table of profiles per lesson family.

A profile is a size of the same lesson. `smoke` takes seconds and proves the path; `fast` trains for about a
minute on a CPU and is what the stored notebooks show; `full` is the real training, meant for a GPU.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

from gan_course.errors import CourseError

PROFILES = ("smoke", "fast", "full")
Config = TypeVar("Config")


@dataclass(frozen=True)
class GameConfig:
    """Lesson 01: GANs on points of a line and of a plane."""

    n_steps_line: int  # D against a fixed G, and the one-dimensional GAN
    n_steps_ring: int
    batch_size: int = 256
    hidden: int = 64
    z_dim: int = 4
    lr: float = 1e-3
    betas: tuple[float, float] = (0.0, 0.9)


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
class ImagesConfig:
    """Lesson 02: DCGAN on Fashion-MNIST."""

    dcgan: DCGANConfig
    n_samples: int = 256  # for the statistics of spectra and of BatchNorm


@dataclass(frozen=True)
class BreaksConfig:
    """Lesson 03: Dirac-GANs, which need no sizes, and a table of GANs on the ring."""

    n_steps_rings: int  # the whole table at once
    n_steps_collapse: int  # updates of D in the run that collapses on purpose
    batch_size: int = 128
    hidden: int = 32
    n_hidden: int = 2
    z_dim: int = 4
    std: float = 0.05
    lr: float = 1e-3  # of G
    lr_ratio: float = 5.0  # the rate of D, in rates of G: D runs ahead, on purpose
    betas: tuple[float, float] = (0.0, 0.9)
    gamma: float = 1.0  # of R1 and of R2, where a GAN of the table has them
    n_seeds: int = 3


@dataclass(frozen=True)
class MeasuringConfig:
    """Lesson 04: the instruments, on generators whose faults are known."""

    n_steps_judge: int  # of a D against pictures that stand still
    base_channels: int = 16


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
    """A pix2pix and its training. The defaults are the paper's, for 256 px."""

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
    channel_base: int = 2_048  # features at resolution r: channel_base / r ...
    channel_max: int = 128  # ... but at most so many
    d_channel_base: int = 2_048
    smooth: bool = True  # low-pass filters (B)
    styles: bool = True  # AdaIN (C)
    constant: bool = True  # a learned start (D)
    noise: bool = True  # (E)
    mixing: float = 0.9  # share of pictures with two styles in training (F)
    demodulate: bool = True  # StyleGAN2 alone
    lr: float = 2e-3
    betas: tuple[float, float] = (0.0, 0.99)
    r1_gamma: float = 1.0
    r1_every: int = 16
    pl_weight: float = 0.0  # of the path-length penalty; StyleGAN2 alone
    pl_every: int = 8
    pl_decay: float = 0.01
    ema_decay: float = 0.998
    start_resolution: int = 0  # where growing begins; 0 for no growing
    stable_steps: int = 0  # at each resolution but the last
    fade_steps: int = 0  # before that, for each but the first


@dataclass(frozen=True)
class CycleConfig:
    """Lesson 06: small CycleGANs between rings of points, and one between plain and striped critters, live."""

    n_steps_plane: int  # all arms and seeds at once
    cyclegan: CycleGANConfig  # with the cycle; the other arm differs in lambda_cycle alone
    n_pictures: int = 4_000  # of each domain
    n_seeds: int = 3
    plane_batch: int = 128
    hidden: int = 64
    std: float = 0.08
    turn: float = 15.0  # degrees between the rings
    plane_lr: float = 1e-3
    plane_cycle: float = 1.0
    plane_gamma: float = 0.3  # of R1, on both D's
    betas: tuple[float, float] = (0.5, 0.9)


@dataclass(frozen=True)
class PairedConfig:
    """Lesson 05: the same pix2pix four times, with parts of its objective left out."""

    pix2pix: Pix2PixConfig
    n_pairs: int = 2_000
    n_hidden: int = 256  # pairs that no network trains on


@dataclass(frozen=True)
class TranslateConfig:
    """Lesson 07: a CycleGAN between the satellite view and the map of the earth."""

    cyclegan: CycleGANConfig
    n_pictures: int = 4_000  # of each domain, no pairs
    n_hidden: int = 300  # pairs to measure on


@dataclass(frozen=True)
class UseConfig:
    """Lesson 08: the shipped translators put to the test, and small CycleGANs that fail on purpose."""

    failing: CycleGANConfig
    n_pictures: int = 1_000  # of each domain, for the small ones
    n_crops: int = 200  # for distances and errors
    n_tiles: int = 48  # for messages


GAME = {
    "smoke": GameConfig(n_steps_line=20, n_steps_ring=20, batch_size=64),
    "fast": GameConfig(n_steps_line=1_500, n_steps_ring=4_000),
    "full": GameConfig(n_steps_line=5_000, n_steps_ring=10_000, batch_size=512, hidden=128),
}

DCGAN = {
    "smoke": DCGANConfig(n_steps=2, batch_size=8, base_channels=8),
    "fast": DCGANConfig(n_steps=1_000, lr=1e-3, ema_decay=0.98),
    "full": DCGANConfig(n_steps=12_000, base_channels=96),
}

IMAGES = {
    "smoke": ImagesConfig(DCGAN["smoke"], n_samples=16),
    "fast": ImagesConfig(DCGAN["fast"]),
    "full": ImagesConfig(DCGAN["full"], n_samples=1_000),
}

BREAKS = {
    "smoke": BreaksConfig(n_steps_rings=10, n_steps_collapse=8, batch_size=16),
    "fast": BreaksConfig(n_steps_rings=4_000, n_steps_collapse=120),
    "full": BreaksConfig(n_steps_rings=20_000, n_steps_collapse=400, batch_size=256, n_seeds=8),
}

MEASURING = {
    "smoke": MeasuringConfig(n_steps_judge=4),
    "fast": MeasuringConfig(n_steps_judge=200),
    "full": MeasuringConfig(n_steps_judge=1_000, base_channels=64),
}

# No norm: InstanceNorm hides from G how bright a picture is, and from D how strong a pattern. R1 holds such a D.
CRITTERS_LIVE = CycleGANConfig(
    n_steps=700,
    batch_size=8,
    img_resolution=32,
    base_channels=16,
    n_blocks=3,
    norm="none",
    d_base_channels=32,
    n_layers=2,
    d_norm="none",
    r1_gamma=3.0,
    lr=6e-4,
    lambda_identity=2.0,
    residual=True,
    coordinates=4,
    ema_decay=0.98,
)
CYCLE = {
    "smoke": CycleConfig(
        n_steps_plane=4,
        cyclegan=replace(CRITTERS_LIVE, n_steps=2, batch_size=2, base_channels=4, n_blocks=1, d_base_channels=4),
        n_pictures=16,
        plane_batch=16,
    ),
    "fast": CycleConfig(n_steps_plane=800, cyclegan=CRITTERS_LIVE),
    "full": CycleConfig(n_steps_plane=10_000, cyclegan=replace(CRITTERS_LIVE, n_steps=6_000), n_pictures=20_000),
}

# The shipped translators. What is not the paper's, and why: 64 px and a CPU ask for narrow networks, few blocks and a
# higher rate; G is averaged; D has no norm, so that it sees brightness and contrast, and R1 instead. Critters and the
# earth keep their colours because their G has no norm either and starts from no change; critters need to know where.
_TRANSLATOR = CycleGANConfig(
    n_steps=5_000,
    batch_size=4,
    base_channels=16,
    n_blocks=3,
    d_base_channels=24,
    d_norm="none",
    r1_gamma=2.0,
    lr=5e-4,
    ema_decay=0.995,
)

_HUE_KEPT = replace(
    _TRANSLATOR,
    n_steps=9_000,
    batch_size=8,
    img_resolution=32,
    norm="none",
    n_layers=2,
    lr=1e-3,
    r1_gamma=1.0,
    residual=True,
    lambda_cycle=5.0,
)

TRANSLATORS = {
    "critters": replace(_TRANSLATOR, norm="none", residual=True, coordinates=4, lambda_identity=2.0),
    "earth": _HUE_KEPT,
    "vangogh": replace(_TRANSLATOR, n_steps=4_000, residual=True, lambda_cycle=5.0, lambda_identity=0.5, n_layers=2),
    "grey": replace(_HUE_KEPT, n_steps=4_000),
}

_FAILING = CycleGANConfig(
    n_steps=300,
    batch_size=4,
    img_resolution=32,
    base_channels=12,
    n_blocks=1,
    d_base_channels=12,
    n_layers=1,
    lr=1e-3,
    ema_decay=0.95,
    residual=True,
)
USE = {
    "smoke": UseConfig(replace(_FAILING, n_steps=2), n_pictures=16, n_crops=16, n_tiles=8),
    "fast": UseConfig(_FAILING),
    "full": UseConfig(replace(_FAILING, n_steps=2_000), n_pictures=4_000, n_crops=500, n_tiles=200),
}

# The ablations of the translation lessons, at 32 px, so that a table takes minutes a column.
_ABLATION = replace(_TRANSLATOR, n_steps=500, img_resolution=32, batch_size=8, n_layers=2, ema_decay=0.98)

ABLATIONS = {
    "cycle-prior": replace(
        _ABLATION,
        d_base_channels=32,
        r1_gamma=3.0,
        lr=6e-4,
        norm="none",
        residual=True,
        coordinates=4,
        lambda_identity=2.0,
    ),
    "earth-ablation": _ABLATION,  # no prior, and no identity loss, as in the paper's own ablation
}

CYCLEGAN = {
    "smoke": CycleGANConfig(
        n_steps=2, batch_size=2, img_resolution=32, base_channels=4, n_blocks=1, d_base_channels=4, n_layers=2
    ),
    "fast": CycleGANConfig(n_steps=1_000, batch_size=4, base_channels=16, n_blocks=3, d_base_channels=16),
    "full": CycleGANConfig(n_steps=40_000),
}

PIX2PIX = {
    "smoke": Pix2PixConfig(
        n_steps=2, batch_size=2, img_resolution=64, base_channels=4, n_halvings=4, d_base_channels=4, n_layers=1
    ),
    "fast": Pix2PixConfig(
        n_steps=600,
        batch_size=8,
        img_resolution=64,
        base_channels=16,
        n_halvings=5,
        norm="instance",
        d_base_channels=16,
        n_layers=2,
        lr=5e-4,
    ),
    "full": Pix2PixConfig(n_steps=40_000, batch_size=4, img_resolution=64, n_halvings=5, norm="instance"),
}

PAIRED = {
    "smoke": PairedConfig(PIX2PIX["smoke"], n_pairs=16, n_hidden=16),
    "fast": PairedConfig(PIX2PIX["fast"]),
    "full": PairedConfig(PIX2PIX["full"], n_pairs=20_000, n_hidden=512),
}

# For a minute: the paper's InstanceNorm in G finds the map's colours within a few hundred steps, where the shipped
# recipe, which starts from no change, needs thousands; the identity loss keeps sea from being painted as land.
EARTH_LIVE = replace(
    _TRANSLATOR,
    n_steps=600,
    batch_size=8,
    img_resolution=32,
    n_layers=2,
    lr=1e-3,
    lambda_identity=3.0,
    ema_decay=0.98,
)
TRANSLATE = {
    "smoke": TranslateConfig(
        replace(EARTH_LIVE, n_steps=2, batch_size=2, base_channels=4, n_blocks=1, d_base_channels=4),
        n_pictures=16,
        n_hidden=16,
    ),
    "fast": TranslateConfig(EARTH_LIVE),
    "full": TranslateConfig(
        replace(EARTH_LIVE, n_steps=5_000, batch_size=4, img_resolution=64, n_layers=3, lr=5e-4, ema_decay=0.995),
        n_pictures=8_000,
        n_hidden=500,
    ),
}


def resolve_profile(name: str = "") -> str:
    """The profile to use: `name`, else the variable `GAN_COURSE_PROFILE`, else "fast".

    Raises:
        CourseError: no such profile.
    """
    profile = name or os.environ.get("GAN_COURSE_PROFILE") or "fast"
    if profile not in PROFILES:
        raise CourseError(f"unknown profile {profile!r}: choose smoke, fast or full")
    return profile


def config_for(table: Mapping[str, Config], profile: str = "") -> Config:
    """The configuration of one profile, its step counts capped by `GAN_COURSE_MAX_STEPS` where that is set.

    The cap lets a test walk through a full lesson at full width in two steps.

    Raises:
        CourseError: no such profile, or the cap is not a positive whole number.
    """
    config = table[resolve_profile(profile)]
    cap = max_steps()
    return config if cap is None else _cap_steps(config, cap)


def max_steps() -> int | None:
    """The cap on every step count, from `GAN_COURSE_MAX_STEPS`; None where it is not set."""
    text = os.environ.get("GAN_COURSE_MAX_STEPS", "")
    if not text:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise CourseError(f"GAN_COURSE_MAX_STEPS is {text!r}: set it to a whole number from 1, or unset it")
    return int(text)


def _cap_steps(config: Config, cap: int) -> Config:
    changes = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            changes[field.name] = _cap_steps(value, cap)
        elif field.name.startswith("n_steps"):
            changes[field.name] = min(value, cap)
    return replace(config, **changes)
