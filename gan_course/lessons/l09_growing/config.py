"""Sizes of lesson 09: a progressive GAN from 4 to 32 px, and one at 32 px from the start."""

from dataclasses import dataclass

from gan_course.training.stylegan import StyleGANConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    stylegan: StyleGANConfig
    # at full size from the start: in all, about as much computing as the growing one
    n_steps_flat: int
    n_steps_joint: int  # of 8 px growing into 16, with a fade and without
    n_steps_reader: int  # of a small reader of shrunken pictures
    n_steps_judge: int  # of a D that looks for collapsed batches
    n_pictures: int = 10_000
    n_samples: int = 1_000  # to measure on


# The progressive GAN, narrow: no mapping, no styles, no noise; pixel norm; filters before halving
# and after doubling, which are StyleGAN's; the relativistic loss with R1 and R2. On cats it got
# nearer to the data in its minute than the logistic loss with R1 (docs/results/minutes.md).
PROFILES = {
    "smoke": Config(
        stylegan=StyleGANConfig(
            n_steps=16,
            batch_size=4,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=0,
            channel_base=512,
            channel_max=8,
            d_channel_base=512,
            styles=False,
            constant=False,
            noise=False,
            mixing=0.0,
            lr=0.005,
            loss="relativistic",
            r1_gamma=2.0,
            r2_gamma=2.0,
            ema_decay=0.99,
            start_resolution=4,
            stable_steps=2,
            fade_steps=2,
        ),
        n_steps_flat=3,
        n_steps_joint=4,
        n_steps_reader=4,
        n_steps_judge=4,
        n_pictures=400,
        n_samples=300,
    ),
    "fast": Config(
        stylegan=StyleGANConfig(
            n_steps=1_000,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=0,
            channel_base=512,
            channel_max=48,
            d_channel_base=512,
            styles=False,
            constant=False,
            noise=False,
            mixing=0.0,
            lr=0.005,
            loss="relativistic",
            r1_gamma=2.0,
            r2_gamma=2.0,
            ema_decay=0.99,
            start_resolution=4,
            stable_steps=120,
            fade_steps=80,
        ),
        n_steps_flat=720,
        n_steps_joint=120,
        n_steps_reader=300,
        n_steps_judge=300,
        n_samples=600,
    ),
    "full": Config(
        stylegan=StyleGANConfig(
            n_steps=20_000,
            img_resolution=32,
            z_dim=64,
            w_dim=64,
            n_mapping=0,
            styles=False,
            constant=False,
            noise=False,
            mixing=0.0,
            loss="relativistic",
            r1_gamma=2.0,
            r2_gamma=2.0,
            start_resolution=4,
            stable_steps=2_000,
            fade_steps=1_000,
        ),
        n_steps_flat=16_000,
        n_steps_joint=1_000,
        n_steps_reader=1_000,
        n_steps_judge=500,
        n_pictures=50_000,
    ),
}
