"""Sizes of lesson 05: the same pix2pix four times, with parts of its objective left out."""

from dataclasses import dataclass

from gan_course.training.pix2pix import Pix2PixConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    pix2pix: Pix2PixConfig
    n_pairs: int = 2_000
    n_hidden: int = 256  # pairs that no network trains on
    n_steps_coast: int = 1_500  # of the rows with a coast


PROFILES = {
    "smoke": Config(
        pix2pix=Pix2PixConfig(
            n_steps=2,
            batch_size=2,
            img_resolution=64,
            base_channels=4,
            n_halvings=4,
            d_base_channels=4,
            n_layers=1,
        ),
        n_pairs=16,
        n_hidden=16,
        n_steps_coast=2,
    ),
    "fast": Config(
        pix2pix=Pix2PixConfig(
            n_steps=600,
            batch_size=8,
            img_resolution=64,
            base_channels=16,
            n_halvings=5,
            norm="instance",
            d_base_channels=16,
            n_layers=2,
            lr=5e-4,
        )
    ),
    "full": Config(
        pix2pix=Pix2PixConfig(
            n_steps=40_000, batch_size=4, img_resolution=64, n_halvings=5, norm="instance"
        ),
        n_pairs=20_000,
        n_hidden=512,
    ),
}
