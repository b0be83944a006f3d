"""What each lesson trains, at each size: frozen dataclasses, and one table of profiles per lesson family.

A profile is a size of the same lesson. `smoke` takes seconds and proves the path; `fast` trains for about a
minute on a CPU and is what the stored notebooks show; `full` is the real training, meant for a GPU.
"""

from gan_course.config.choosing import PROFILES, config_for, max_steps, resolve_profile
from gan_course.config.families import CycleGANConfig, DCGANConfig, Pix2PixConfig, StyleGANConfig
from gan_course.config.lessons import (
    BreaksConfig,
    CycleConfig,
    GameConfig,
    GrowingConfig,
    ImagesConfig,
    MeasuringConfig,
    PairedConfig,
    TranslateConfig,
    UseConfig,
)
from gan_course.config.profiles import (
    ABLATIONS,
    BREAKS,
    CRITTERS_LIVE,
    CYCLE,
    CYCLEGAN,
    DCGAN,
    EARTH_LIVE,
    GAME,
    GROWING,
    IMAGES,
    LADDER,
    MEASURING,
    PAIRED,
    PIX2PIX,
    STYLEGAN,
    STYLEGANS,
    TRANSLATE,
    TRANSLATORS,
    USE,
)

__all__ = [
    "ABLATIONS",
    "BREAKS",
    "CRITTERS_LIVE",
    "CYCLE",
    "CYCLEGAN",
    "DCGAN",
    "EARTH_LIVE",
    "GAME",
    "GROWING",
    "IMAGES",
    "LADDER",
    "MEASURING",
    "PAIRED",
    "PIX2PIX",
    "PROFILES",
    "STYLEGAN",
    "STYLEGANS",
    "TRANSLATE",
    "TRANSLATORS",
    "USE",
    "BreaksConfig",
    "CycleConfig",
    "CycleGANConfig",
    "DCGANConfig",
    "GameConfig",
    "GrowingConfig",
    "ImagesConfig",
    "MeasuringConfig",
    "PairedConfig",
    "Pix2PixConfig",
    "StyleGANConfig",
    "TranslateConfig",
    "UseConfig",
    "config_for",
    "max_steps",
    "resolve_profile",
]
