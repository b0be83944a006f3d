"""Sizes of lesson 11: a small StyleGAN trained live, and pictures to measure it on."""

from dataclasses import dataclass

from gan_course.training.stylegan import StyleGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    stylegan: StyleGANConfig
    n_pictures: int = 8_000
    n_samples: int = 1_000  # to measure the live one on
    n_shipped: int = 300  # of the shipped one, for each truncation
    n_noises: int = 24  # for the same styles


# What draws cats in a minute (docs/results/minutes.md): narrow networks, a high rate, learned
# positions and no noise inputs, on a small world.
PROFILES = {
    "smoke": Config(
        stylegan=StyleGANConfig(
            n_steps=6,
            architecture="stylegan2",
            noise=False,
            positions=True,
            position_rate=1.0,
            batch_size=4,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=4,
            mapping_lr=0.1,
            channel_base=512,
            channel_max=8,
            d_channel_base=512,
            lr=6e-3,
            loss="relativistic",
            r1_gamma=2.0,
            r2_gamma=2.0,
            ema_decay=0.99,
        ),
        n_pictures=320,
        n_samples=280,
        n_shipped=280,
        n_noises=3,
    ),
    "fast": Config(
        stylegan=StyleGANConfig(
            n_steps=850,
            architecture="stylegan2",
            noise=False,
            positions=True,
            position_rate=1.0,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=4,
            mapping_lr=0.1,
            channel_base=512,
            channel_max=48,
            d_channel_base=512,
            lr=6e-3,
            loss="relativistic",
            r1_gamma=2.0,
            r2_gamma=2.0,
            ema_decay=0.99,
        )
    ),
    "full": Config(
        stylegan=StyleGANConfig(
            n_steps=20_000,
            architecture="stylegan2",
            noise=False,
            positions=True,
            position_rate=1.0,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=4,
            mapping_lr=0.1,
            loss="relativistic",
            r1_gamma=2.0,
            r2_gamma=2.0,
        ),
        n_pictures=50_000,
        n_samples=5_000,
        n_shipped=5_000,
        n_noises=100,
    ),
}
