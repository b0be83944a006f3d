"""How a family is trained: its sizes smoke, fast and full, what ships, and what lessons train live or recorded."""

from dataclasses import replace

from gan_course.config.families import CycleGANConfig, DCGANConfig, Pix2PixConfig, StyleGANConfig

DCGAN = {
    "smoke": DCGANConfig(n_steps=2, batch_size=8, base_channels=8),
    "fast": DCGANConfig(n_steps=1_000, lr=1e-3, ema_decay=0.98),
    "full": DCGANConfig(n_steps=12_000, base_channels=96),
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
SHIPPED_STYLEGAN = StyleGANConfig(
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

# Critters have nineteen eyes and nineteen mouths: two million pictures, which is a matter of minutes on a GPU alone.
STYLEGANS = {
    "critters": replace(
        SHIPPED_STYLEGAN,
        n_steps=64_000,
        batch_size=32,
        lr_constant=0.5,
        d_channel_base=2_048,
        positions=True,
        ema_decay=0.999,
    ),
    "toons": replace(SHIPPED_STYLEGAN, n_steps=22_000, lr_constant=0.5),
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
