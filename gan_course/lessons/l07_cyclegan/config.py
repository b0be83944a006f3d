"""Sizes of lesson 07: a CycleGAN between the satellite view and the map of the earth."""

from dataclasses import dataclass

from gan_course.training.cyclegan import CycleGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    cyclegan: CycleGANConfig
    n_pictures: int = 4_000  # of each domain, drawn apart
    n_hidden: int = 300  # pairs to measure on


# For a minute: the paper's InstanceNorm in G finds the map's colours within a few hundred steps,
# where the shipped recipe, which starts from no change, needs thousands; the identity loss keeps
# sea from being painted as land.
PROFILES = {
    "smoke": Config(
        cyclegan=CycleGANConfig(
            n_steps=2,
            batch_size=2,
            img_resolution=32,
            base_channels=4,
            n_blocks=1,
            d_base_channels=4,
            n_layers=2,
            d_norm="none",
            r1_gamma=2.0,
            lr=1e-3,
            lambda_identity=3.0,
            ema_decay=0.98,
        ),
        n_pictures=16,
        n_hidden=16,
    ),
    "fast": Config(
        cyclegan=CycleGANConfig(
            n_steps=600,
            batch_size=8,
            img_resolution=32,
            base_channels=16,
            n_blocks=3,
            d_base_channels=24,
            n_layers=2,
            d_norm="none",
            r1_gamma=2.0,
            lr=1e-3,
            lambda_identity=3.0,
            ema_decay=0.98,
        )
    ),
    "full": Config(
        cyclegan=CycleGANConfig(
            n_steps=5_000,
            batch_size=4,
            base_channels=16,
            n_blocks=3,
            d_base_channels=24,
            d_norm="none",
            r1_gamma=2.0,
            lr=5e-4,
            lambda_identity=3.0,
            ema_decay=0.995,
        ),
        n_pictures=8_000,
        n_hidden=500,
    ),
}
