"""Profiles (smoke, fast, full) and a lesson's configuration in each."""

import os
import reprlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from gan_course.errors import CourseError
from gan_course.settings import whole_number

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PROFILES = ("smoke", "fast", "full")
DEPTHS = ("n_blocks", "n_layers", "n_mapping", "n_halvings")  # what a network is made of
HIGHEST_CAP = 10**12
Config = TypeVar("Config", bound="DataclassInstance")


def resolve_profile(name: str = "") -> str:
    """The profile to use: `name`, else the variable `GAN_COURSE_PROFILE`, else "fast".

    Raises:
        CourseError: no such profile.
    """
    profile = name or os.environ.get("GAN_COURSE_PROFILE") or "fast"
    if profile not in PROFILES:
        raise CourseError(f"unknown profile {profile!r}: choose smoke, fast or full")
    return profile


def config_for(table: Mapping[str, Config], profile: str = "") -> Config:
    """The configuration of one profile, shrunk by `GAN_COURSE_MAX_STEPS` where that is set.

    Then step counts are capped, and pictures, batches and repetitions are at most as many as in the
    smoke profile; widths, depths and sizes stay. So a test walks through a full lesson with its own
    networks in two steps.

    Raises:
        CourseError: no such profile, or the cap is not a positive whole number.
    """
    config = table[resolve_profile(profile)]
    cap = max_steps()
    return config if cap is None else _shrink(config, table["smoke"], cap)


def max_steps() -> int | None:
    """The cap on every step count, from `GAN_COURSE_MAX_STEPS`; None where it is not set."""
    text = os.environ.get("GAN_COURSE_MAX_STEPS", "")
    if not text:
        return None
    cap = whole_number(text, 1, HIGHEST_CAP)
    if cap is None:
        raise CourseError(
            f"GAN_COURSE_MAX_STEPS is {reprlib.repr(text)}: set it to a whole number from 1 to"
            f" {HIGHEST_CAP}, or unset it"
        )
    return cap


def _shrink(config: Config, smoke: Config, cap: int) -> Config:
    changes: dict[str, Any] = {}
    for field in fields(config):
        name, value = field.name, getattr(config, field.name)
        if is_dataclass(value):
            changes[name] = _shrink(value, getattr(smoke, name), cap)
        elif name.startswith("n_steps"):
            changes[name] = min(value, cap)
        elif (
            (name.startswith("n_") and name not in DEPTHS)
            or name.endswith("batch")
            or name == "batch_size"
        ):
            changes[name] = min(value, getattr(smoke, name))
    return replace(config, **changes)
