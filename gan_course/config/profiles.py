"""The sizes smoke, fast and full of every lesson and family, and the recipes of what ships."""

from dataclasses import replace

from gan_course.config.families import CycleGANConfig, DCGANConfig, Pix2PixConfig, StyleGANConfig
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

GAME = {
    "smoke": GameConfig(n_steps_line=20, n_steps_ring=20, batch_size=64),
    "fast": GameConfig(n_steps_line=1_500, n_steps_ring=4_000),
    "full": GameConfig(n_steps_line=5_000, n_steps_ring=10_000, batch_size=512, hidden=128),
}

DCGAN = {
    "smoke": DCGANConfig(n_steps=2, batch_size=8, base_channels=8),
    "fast": DCGANConfig(n_steps=1_000, lr=1e-3, ema_decay=0.98),
    "full": DCGANConfig(n_steps=12_000, base_channels=96),
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

# No norm: InstanceNorm hides from G how bright a picture is, and from D how strong a pattern. R1 holds such a D.
CRITTERS_LIVE = CycleGANConfig(
    n_steps=850,
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
)

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

# The shipped translators. What is not the paper's, and why: 64 px and a CPU ask for narrow networks, few blocks and a
# higher rate; G is averaged; D has no norm, so that it sees brightness and contrast, and R1 instead. Critters and the
# earth keep their colours because their G has no norm either and starts from no change; critters need to know where.
_TRANSLATOR = CycleGANConfig(
    n_steps=5_000,
    batch_size=4,
    base_channels=16,
    n_blocks=3,
    d_base_channels=24,
    d_norm="none",
    r1_gamma=2.0,
    lr=5e-4,
    ema_decay=0.995,
)

_HUE_KEPT = replace(
    _TRANSLATOR,
    batch_size=8,
    img_resolution=32,
    norm="none",
    n_layers=2,
    lr=1e-3,
    r1_gamma=1.0,
    residual=True,
    lambda_cycle=5.0,
)

TRANSLATORS = {
    "critters": replace(_TRANSLATOR, norm="none", residual=True, coordinates=4, lambda_identity=2.0),
    # Transposed, it dotted the Sahara; resized, it diverged at twice this rate.
    "earth": replace(_HUE_KEPT, n_steps=9_000, upsampling="resize", lr=5e-4, constant=0.6),
    "vangogh": replace(_TRANSLATOR, n_steps=4_000, residual=True, lambda_cycle=5.0, lambda_identity=0.5, n_layers=2),
    "grey": replace(_HUE_KEPT, n_steps=4_000),
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

# The ablations of the translation lessons, at 32 px, so that a table takes minutes a column.
_ABLATION = replace(_TRANSLATOR, n_steps=500, img_resolution=32, batch_size=8, n_layers=2, ema_decay=0.98)

ABLATIONS = {
    "cycle-prior": replace(
        _ABLATION,
        d_base_channels=32,
        r1_gamma=3.0,
        lr=6e-4,
        norm="none",
        residual=True,
        coordinates=4,
        lambda_identity=2.0,
    ),
    "earth-ablation": _ABLATION,  # no prior, and no identity loss, as in the paper's own ablation
}

CYCLEGAN = {
    "smoke": CycleGANConfig(
        n_steps=2, batch_size=2, img_resolution=32, base_channels=4, n_blocks=1, d_base_channels=4, n_layers=2
    ),
    "fast": CycleGANConfig(n_steps=1_000, batch_size=4, base_channels=16, n_blocks=3, d_base_channels=16),
    "full": CycleGANConfig(n_steps=40_000),
}

STYLEGAN = {
    "smoke": StyleGANConfig(
        n_steps=2,
        batch_size=4,
        img_resolution=32,
        z_dim=8,
        w_dim=8,
        n_mapping=2,
        channel_base=128,
        channel_max=8,
        d_channel_base=128,
        r1_every=4,
        start_resolution=8,
        stable_steps=4,
        fade_steps=4,
    ),
    "fast": StyleGANConfig(n_steps=600, img_resolution=32, channel_base=1_024, d_channel_base=1_024),
    "full": StyleGANConfig(n_steps=30_000, batch_size=32),
}

# The shipped StyleGANs: narrow networks. StyleGAN2's, which learnt faster here than AdaIN's at the same budget, with
# lesson 03's relativistic loss and both penalties: 1.5 times fewer pictures to the same Frechet distance.
_SHIPPED_STYLEGAN = StyleGANConfig(
    n_steps=22_000,
    architecture="stylegan2",
    z_dim=64,
    w_dim=64,
    n_mapping=4,
    mapping_lr=0.1,
    channel_base=1_024,
    channel_max=96,
    d_channel_base=1_024,
    lr=5e-3,
    loss="relativistic",
    r1_gamma=2.0,
    r2_gamma=2.0,
    ema_decay=0.998,
)
STYLEGANS = {
    "critters": replace(_SHIPPED_STYLEGAN, n_steps=40_000, lr_constant=0.5),
    "toons": replace(_SHIPPED_STYLEGAN, n_steps=22_000, lr_constant=0.5),
}

# Lesson 11's configurations A to F are this one, with the paper's loss, with parts taken away.
LADDER = StyleGANConfig(
    n_steps=1_200,
    img_resolution=32,
    z_dim=64,
    w_dim=64,
    n_mapping=4,
    mapping_lr=0.1,
    channel_base=512,
    channel_max=48,
    d_channel_base=512,
    lr=5e-3,
    ema_decay=0.99,
    start_resolution=8,
    stable_steps=150,
    fade_steps=75,
)

PIX2PIX = {
    "smoke": Pix2PixConfig(
        n_steps=2, batch_size=2, img_resolution=64, base_channels=4, n_halvings=4, d_base_channels=4, n_layers=1
    ),
    "fast": Pix2PixConfig(
        n_steps=600,
        batch_size=8,
        img_resolution=64,
        base_channels=16,
        n_halvings=5,
        norm="instance",
        d_base_channels=16,
        n_layers=2,
        lr=5e-4,
    ),
    "full": Pix2PixConfig(n_steps=40_000, batch_size=4, img_resolution=64, n_halvings=5, norm="instance"),
}

PAIRED = {
    "smoke": PairedConfig(PIX2PIX["smoke"], n_pairs=16, n_hidden=16),
    "fast": PairedConfig(PIX2PIX["fast"]),
    "full": PairedConfig(PIX2PIX["full"], n_pairs=20_000, n_hidden=512),
}

# For a minute: the paper's InstanceNorm in G finds the map's colours within a few hundred steps, where the shipped
# recipe, which starts from no change, needs thousands; the identity loss keeps sea from being painted as land.
EARTH_LIVE = replace(
    _TRANSLATOR,
    n_steps=600,
    batch_size=8,
    img_resolution=32,
    n_layers=2,
    lr=1e-3,
    lambda_identity=3.0,
    ema_decay=0.98,
)

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
    n_steps=1_500,
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
    stable_steps=200,
    fade_steps=120,
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
        _GROWING, n_steps_flat=1_050, n_steps_joint=120, n_steps_reader=300, n_steps_judge=300, n_samples=600
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
    _SHIPPED_STYLEGAN,
    n_steps=1_200,
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
        n_edits=4,
        n_pictures=64,
    ),
    "fast": ControlConfig(_ADAIN, n_steps_project=300, n_steps_toy=400),
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
