"""Reads a generator's configuration and tensors: by shipped name, from a file with its card, or
from a run.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_course.errors import CourseError
from gan_course.weights.cards import read_card, weight_names
from gan_course.weights.files import (
    file_of,
    is_shipped,
    load_weights,
    read_card_beside,
    read_pickled,
    read_safetensors,
)


@dataclass(frozen=True)
class SavedGenerator:
    """What is known of a generator before it is built.

    Attributes:
        name: as it was given.
        family: of its training, such as "stylegan"; "" where nothing says it.
        what: the same in words, for messages.
        config: of its training, field by field; what should be a dict.
        tensors: by parameter name, averaged weights; what should be a state dict.
    """

    name: str
    family: str
    what: str
    config: Any
    tensors: Any


def read_saved(name_or_file: str | Path, *families: str) -> SavedGenerator:
    """Read a generator that its training averaged, without building it.

    Args:
        name_or_file: shipped weights such as "stylegan-critters64"; a .safetensors file with its
            card (.json) beside it; or a run of `train`: its folder, or `last.pt` in it.
        families: that will do, such as "stylegan".

    Raises:
        CourseError: no such weights; a damaged file; one that holds code; or another family.
    """
    saved = _read(name_or_file, families)
    if saved.family not in families or not isinstance(saved.config, dict):
        kinds = " or ".join(_WORDS[family] for family in families)
        raise CourseError(
            f"{saved.name} is not a {kinds} but {saved.what}: choose {names_of(*families)}"
        )
    return saved


def names_of(*families: str) -> str:
    """Names of the shipped generators of some families, for a message."""
    return (
        ", ".join(name for name in weight_names() if read_card(name).get("family") in families)
        or "none yet"
    )


_WORDS = {"stylegan": "StyleGAN", "dcgan": "DCGAN"}


def _read(name_or_file: str | Path, families: tuple[str, ...]) -> SavedGenerator:
    name = str(name_or_file)
    if is_shipped(name_or_file):
        return _with_card(name, read_card(name), load_weights(name))
    path = file_of(name_or_file)
    if not path.is_file():
        raise CourseError(
            f"no weights named {name!r}, and no such file: choose from {names_of(*families)}"
        )
    if path.suffix.lower() == ".safetensors":
        tensors = read_safetensors(path)
        return _with_card(name, read_card_beside(path), tensors)
    state = read_pickled(path)
    if not isinstance(state.get("config"), dict) or not isinstance(state.get("step"), dict):
        raise CourseError(
            f"{path} is not a run of this course: give last.pt of `train {families[0]}`"
        )
    family = str(state.get("family"))
    tensors = state["step"].get("G_ema")
    return SavedGenerator(name, family, f"a {family} run", state["config"], tensors)


def _with_card(name: str, card: dict[str, Any], tensors: dict[str, Tensor]) -> SavedGenerator:
    what = str(card.get("what", "something else"))
    return SavedGenerator(name, str(card.get("family", "")), what, card.get("config"), tensors)
