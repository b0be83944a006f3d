"""Loads a StyleGAN: by shipped name, from a file of weights with its card, or from a run."""

from pathlib import Path
from typing import Any

from torch import Tensor

from gan_course.errors import CourseError
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.training.stylegan import StyleGANConfig, make_stylegan
from gan_course.weights.cards import read_card, weight_names
from gan_course.weights.files import (
    build_and_load,
    config_from,
    file_of,
    is_shipped,
    load_weights,
    read_card_beside,
    read_pickled,
    read_safetensors,
)

FAMILY = "stylegan"


def load_stylegan(name_or_file: str | Path) -> StyleGANGenerator:
    """A trained generator (its averaged weights), in evaluation mode, in float32 on the CPU.

    Args:
        name_or_file: shipped weights such as "stylegan-critters64"; a .safetensors file with its
            card (.json) beside it; or a run of `train stylegan`: its folder, or `last.pt` in it.

    Raises:
        CourseError: no such weights; a damaged file; weights of another kind, another architecture
            or another resolution than their card says; weights that are not finite; a file that
            holds code.
    """
    name = str(name_or_file)
    if is_shipped(name_or_file):
        return _from_card(load_weights(name), read_card(name), name)
    path = file_of(name_or_file)
    if not path.is_file():
        raise CourseError(
            f"no weights named {name!r}, and no such file: choose from {stylegan_names()}"
        )
    if path.suffix.lower() == ".safetensors":
        return _from_card(read_safetensors(path), read_card_beside(path), name)
    state = read_pickled(path)
    if not isinstance(state.get("config"), dict) or not isinstance(state.get("step"), dict):
        raise CourseError(f"{path} is not a run of this course: give last.pt of `train stylegan`")
    if state.get("family") != FAMILY:
        raise CourseError(
            f"{path} is a {state.get('family')} run, not {FAMILY}: choose another file"
        )
    return _build(state["config"], state["step"].get("G_ema"), name)


def stylegan_names() -> str:
    """Names of the shipped StyleGANs, for a message."""
    return (
        ", ".join(name for name in weight_names() if read_card(name).get("family") == FAMILY)
        or "none yet"
    )


def _from_card(tensors: dict[str, Tensor], card: dict[str, Any], name: str) -> StyleGANGenerator:
    if card.get("family") != FAMILY or not isinstance(card.get("config"), dict):
        raise CourseError(
            f"{name} is not a StyleGAN but {card.get('what', 'something else')}: choose"
            f" {stylegan_names()}"
        )
    return _build(card["config"], tensors, name)


def _build(saved: dict[str, Any], tensors: Any, name: str) -> StyleGANGenerator:
    config = config_from(StyleGANConfig, saved)
    return build_and_load(
        lambda: make_stylegan(config)[0], tensors, name, n_layers=config.n_mapping
    )
