"""Sizes of lesson 12: the shipped StyleGAN steered and inverted, a small one, and toys."""

from dataclasses import dataclass

from gan_course.training.stylegan import StyleGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    adain: StyleGANConfig  # in whose features we look for droplets
    n_steps_project: int  # of each inversion
    n_steps_toy: int  # of each map of the plane
    n_swaps: int = 400  # creatures whose styles are exchanged
    n_codes: int = 2_500  # for linear readers, and for directions with labels
    n_paths: int = 500
    n_projected: int = 6  # pictures of each kind to invert
    n_edits: int = 64  # creatures that are moved along each direction
    n_pictures: int = 2_000  # that the small one is trained on


# A StyleGAN with AdaIN for seconds: not to draw, but to look for droplets in its features.
PROFILES = {
    "smoke": Config(
        adain=StyleGANConfig(
            n_steps=1,
            batch_size=4,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=4,
            mapping_lr=0.1,
            channel_base=512,
            channel_max=8,
            d_channel_base=512,
            lr=0.005,
            ema_decay=0.99,
            stable_steps=150,
            fade_steps=75,
        ),
        n_steps_project=2,
        n_steps_toy=2,
        n_swaps=16,
        n_codes=160,
        n_paths=8,
        n_projected=2,
        n_edits=4,
        n_pictures=64,
    ),
    "fast": Config(
        adain=StyleGANConfig(
            n_steps=120,
            batch_size=8,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=4,
            mapping_lr=0.1,
            channel_base=512,
            channel_max=32,
            d_channel_base=512,
            lr=0.005,
            ema_decay=0.99,
            stable_steps=150,
            fade_steps=75,
        ),
        n_steps_project=240,
        n_steps_toy=400,
    ),
    "full": Config(
        adain=StyleGANConfig(
            n_steps=3_000,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=4,
            mapping_lr=0.1,
            channel_base=1_024,
            channel_max=96,
            d_channel_base=512,
            lr=0.005,
            ema_decay=0.99,
            stable_steps=150,
            fade_steps=75,
        ),
        n_steps_project=1_000,
        n_steps_toy=2_000,
        n_swaps=2_000,
        n_codes=10_000,
        n_paths=2_000,
        n_edits=256,
        n_pictures=20_000,
    ),
}
