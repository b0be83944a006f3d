"""Sizes of lesson 14: a DCGAN trained live on few pictures, with and without help."""

from dataclasses import dataclass

from gan_course.training.dcgan import DCGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    dcgan: DCGANConfig
    n_pictures: int = 200  # to learn from
    n_samples: int = 1_000  # to measure on
    n_steps_leak: int = 150  # with real pictures augmented alone


# The networks of dcgan-critters32, from which the second training starts.
PROFILES = {
    "smoke": Config(
        dcgan=DCGANConfig(
            n_steps=4,
            batch_size=4,
            img_resolution=32,
            img_channels=3,
            base_channels=32,
            lr=5e-4,
            ema_decay=0.98,
        ),
        n_pictures=70,
        n_samples=280,
        n_steps_leak=2,
    ),
    "fast": Config(
        dcgan=DCGANConfig(
            n_steps=200,
            batch_size=32,
            img_resolution=32,
            img_channels=3,
            base_channels=32,
            lr=5e-4,
            ema_decay=0.98,
        )
    ),
    # Not longer: what the start is worth shows early, and later the two would end level.
    "full": Config(
        dcgan=DCGANConfig(
            n_steps=200,
            batch_size=32,
            img_resolution=32,
            img_channels=3,
            base_channels=32,
            lr=5e-4,
            ema_decay=0.98,
        ),
        n_samples=5_000,
    ),
}
