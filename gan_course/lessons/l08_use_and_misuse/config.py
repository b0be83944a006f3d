"""Sizes of lesson 08: tests of shipped translators, and CycleGANs that fail on purpose."""

from dataclasses import dataclass

from gan_course.training.cyclegan import CycleGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    failing: CycleGANConfig
    n_pictures: int = 1_000  # of each domain, for the small ones
    n_crops: int = 200  # for distances and errors
    n_tiles: int = 48  # for messages


PROFILES = {
    "smoke": Config(
        failing=CycleGANConfig(
            n_steps=2,
            batch_size=4,
            img_resolution=32,
            base_channels=12,
            n_blocks=1,
            d_base_channels=12,
            n_layers=1,
            lr=1e-3,
            residual=True,
            ema_decay=0.95,
        ),
        n_pictures=16,
        n_crops=16,
        n_tiles=8,
    ),
    "fast": Config(
        failing=CycleGANConfig(
            n_steps=300,
            batch_size=4,
            img_resolution=32,
            base_channels=12,
            n_blocks=1,
            d_base_channels=12,
            n_layers=1,
            lr=1e-3,
            residual=True,
            ema_decay=0.95,
        )
    ),
    "full": Config(
        failing=CycleGANConfig(
            n_steps=2_000,
            batch_size=4,
            img_resolution=32,
            base_channels=12,
            n_blocks=1,
            d_base_channels=12,
            n_layers=1,
            lr=1e-3,
            residual=True,
            ema_decay=0.95,
        ),
        n_pictures=4_000,
        n_crops=500,
        n_tiles=200,
    ),
}
