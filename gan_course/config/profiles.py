"""The sizes smoke, fast and full of every lesson."""

from dataclasses import replace

from gan_course.config.families import CycleGANConfig, StyleGANConfig
from gan_course.config.lessons import (
    BreaksConfig,
    ControlConfig,
    CycleConfig,
    GameConfig,
    GrowingConfig,
    ImagesConfig,
    MeasuringConfig,
    PairedConfig,
    StatisticsConfig,
    StylesConfig,
    TranslateConfig,
    UseConfig,
)
from gan_course.config.recipes import CRITTERS_LIVE, DCGAN, EARTH_LIVE, LADDER, PIX2PIX, SHIPPED_STYLEGAN

GAME = {
    "smoke": GameConfig(n_steps_line=20, n_steps_ring=20, batch_size=64),
    "fast": GameConfig(n_steps_line=1_500, n_steps_ring=4_000),
    "full": GameConfig(n_steps_line=5_000, n_steps_ring=10_000, batch_size=512, hidden=128),
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

PAIRED = {
    "smoke": PairedConfig(PIX2PIX["smoke"], n_pairs=16, n_hidden=16),
    "fast": PairedConfig(PIX2PIX["fast"]),
    "full": PairedConfig(PIX2PIX["full"], n_pairs=20_000, n_hidden=512),
}

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

# The progressive GAN, narrow: no mapping, no styles, no noise; pixel norm; filters before halving and after doubling,
# and a loss with R1, which are StyleGAN's.
_GROWING = StyleGANConfig(
    n_steps=1_200,
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
    lr=5e-3,
    ema_decay=0.99,
    start_resolution=4,
    stable_steps=160,
    fade_steps=100,
)

GROWING = {
    "smoke": GrowingConfig(
        replace(_GROWING, n_steps=16, batch_size=4, channel_max=8, stable_steps=2, fade_steps=2),
        n_steps_flat=3,
        n_steps_joint=4,
        n_steps_reader=4,
        n_steps_judge=4,
        n_pictures=400,
        n_samples=300,
    ),
    "fast": GrowingConfig(
        _GROWING, n_steps_flat=840, n_steps_joint=120, n_steps_reader=300, n_steps_judge=300, n_samples=600
    ),
    "full": GrowingConfig(
        replace(
            _GROWING,
            n_steps=20_000,
            channel_base=2_048,
            channel_max=128,
            d_channel_base=2_048,
            lr=2e-3,
            ema_decay=0.998,
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

STATISTICS = {
    "smoke": StatisticsConfig(n_steps_move=2, n_steps_judge=4, n_pairs=4, n_twins=2, n_photos=3, n_pictures=400),
    "fast": StatisticsConfig(n_steps_move=80, n_steps_judge=250),
    "full": StatisticsConfig(
        n_steps_move=300, n_steps_judge=1_000, n_pairs=128, n_twins=64, n_photos=64, n_pictures=20_000
    ),
}

# What gets furthest in a minute: narrow networks and a high rate, with the layers of StyleGAN2. AdaIN's, grown from
# 4 px like lesson 09's, got nearly as far at best, and no further than a Gaussian of the pixels at worst.
_STYLES = replace(
    SHIPPED_STYLEGAN,
    n_steps=1_000,
    img_resolution=32,
    channel_base=512,
    channel_max=48,
    d_channel_base=512,
    lr=4e-3,
    ema_decay=0.99,
)

STYLES = {
    "smoke": StylesConfig(
        replace(_STYLES, n_steps=6, batch_size=4, channel_max=8),
        n_pictures=320,
        n_samples=280,
        n_shipped=280,
        n_noises=3,
    ),
    "fast": StylesConfig(_STYLES),
    "full": StylesConfig(
        replace(
            _STYLES,
            n_steps=20_000,
            channel_base=2_048,
            channel_max=128,
            d_channel_base=2_048,
            lr=2e-3,
            ema_decay=0.998,
        ),
        n_pictures=50_000,
        n_samples=5_000,
        n_shipped=5_000,
        n_noises=100,
    ),
}

# A StyleGAN with AdaIN for seconds: not to draw, but to look for droplets in its features.
_ADAIN = replace(
    LADDER, n_steps=120, batch_size=8, channel_base=512, channel_max=32, d_channel_base=512, start_resolution=0
)

CONTROL = {
    "smoke": ControlConfig(
        replace(_ADAIN, n_steps=1, batch_size=4, channel_max=8),
        n_steps_project=2,
        n_steps_toy=2,
        n_swaps=16,
        n_codes=160,
        n_paths=8,
        n_projected=2,
        n_edits=4,
        n_pictures=64,
    ),
    "fast": ControlConfig(_ADAIN, n_steps_project=240, n_steps_toy=400),
    "full": ControlConfig(
        replace(_ADAIN, n_steps=3_000, batch_size=16, channel_base=1_024, channel_max=96),
        n_steps_project=1_000,
        n_steps_toy=2_000,
        n_swaps=2_000,
        n_codes=10_000,
        n_paths=2_000,
        n_edits=256,
        n_pictures=20_000,
    ),
}
