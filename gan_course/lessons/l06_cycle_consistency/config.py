"""Sizes of lesson 06: CycleGANs between rings of points, and one between critters."""

from dataclasses import dataclass, field

from gan_course.training.cyclegan import CycleGANConfig
from gan_course.training.toy_cyclegans import PlaneConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    n_steps_plane: int  # all arms and seeds at once
    cyclegan: CycleGANConfig  # with the cycle; the other arm differs in lambda_cycle alone
    n_pictures: int = 4_000  # of each domain
    n_seeds: int = 3
    plane_cycle: float = 1.0  # the cycle's weight between the rings
    plane: PlaneConfig = field(default_factory=PlaneConfig)


# No norm: InstanceNorm hides from G how bright a picture is, and from D how strong a pattern. R1
# holds such a D.
PROFILES = {
    "smoke": Config(
        n_steps_plane=4,
        cyclegan=CycleGANConfig(
            n_steps=2,
            batch_size=2,
            img_resolution=32,
            base_channels=4,
            n_blocks=1,
            norm="none",
            d_base_channels=4,
            n_layers=2,
            d_norm="none",
            r1_gamma=3.0,
            lr=6e-4,
            lambda_identity=2.0,
            residual=True,
            coordinates=4,
            ema_decay=0.98,
        ),
        n_pictures=16,
        plane=PlaneConfig(batch_size=16),
    ),
    "fast": Config(
        n_steps_plane=800,
        cyclegan=CycleGANConfig(
            n_steps=500,
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
        ),
    ),
    "full": Config(
        n_steps_plane=10_000,
        cyclegan=CycleGANConfig(
            n_steps=6_000,
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
        ),
        n_pictures=20_000,
    ),
}
