"""Sizes of lesson 02: DCGAN on Fashion-MNIST."""

from dataclasses import dataclass

from gan_course.training.dcgan import DCGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    dcgan: DCGANConfig
    n_samples: int = 256  # for the statistics of spectra and of BatchNorm
    n_steps_conditional: int = 900  # of the GAN that draws on request


PROFILES = {
    "smoke": Config(
        dcgan=DCGANConfig(n_steps=2, batch_size=8, base_channels=8),
        n_samples=16,
        n_steps_conditional=2,
    ),
    "fast": Config(dcgan=DCGANConfig(n_steps=1_000, lr=1e-3, ema_decay=0.98)),
    "full": Config(
        dcgan=DCGANConfig(n_steps=12_000, base_channels=96),
        n_samples=1_000,
        n_steps_conditional=6_000,
    ),
}
