"""Loads a translator: by shipped name, from a file of weights, or from a training run."""

from pathlib import Path
from typing import Any

from torch import Tensor

from gan_course.errors import CourseError
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.training.cyclegan import CycleGANConfig, make_generator
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
from gan_course.weights.official_cyclegan import from_official, looks_official

GENERATORS = {"AB": "G_AB", "BA": "G_BA"}
FAMILIES = ("cyclegan", "style-transfer")  # whose weights are generators of this kind


def load_translator(name_or_file: str | Path, *, direction: str = "") -> ResnetGenerator:
    """A trained generator from pictures to pictures, in evaluation mode, in float32 on the CPU.

    Args:
        name_or_file: shipped weights such as "photo2vangogh"; a .safetensors file with its card
            (.json) beside it; a run of `train cyclegan`, its folder or `last.pt` in it; or a
            generator of the official CycleGAN repository (.pth).
        direction: "AB" or "BA", for a run, which holds both; empty for everything else.

    Raises:
        CourseError: no such weights; a damaged file; weights of another kind or another
            architecture, or not finite; a file that holds code; a direction that is missing,
            unknown or not wanted.
    """
    if direction not in ("", *GENERATORS):
        raise CourseError(f"unknown direction {direction!r}: choose AB or BA")
    if is_shipped(name_or_file):
        tensors, card = load_weights(str(name_or_file)), read_card(str(name_or_file))
        G = _from_card(tensors, card, str(name_or_file))
        _refuse_direction(direction, name_or_file)
        return G
    path = file_of(name_or_file)
    if not path.is_file():
        raise CourseError(
            f"no weights named {str(name_or_file)!r}, and no such file: choose from"
            f" {_translators()}"
        )
    if path.suffix.lower() == ".safetensors":
        G = _from_card(read_safetensors(path), read_card_beside(path), str(path))
        _refuse_direction(direction, path)
        return G
    state = read_pickled(path)
    if looks_official(state):
        G = from_official(state, str(path))
        _refuse_direction(direction, path)
        return G
    return _from_run(state, path, direction)


def load_official_cyclegan(path: str | Path) -> ResnetGenerator:
    """A generator of the official CycleGAN repository, from its `.pth` file, in evaluation mode.

    Width and number of blocks are read off the tensors. Files of old releases, with running
    statistics of InstanceNorm, are read too; those statistics were never used for pictures.

    Args:
        path: such as `latest_net_G.pth`, written by the official code.

    Raises:
        CourseError: no such file, a damaged one, one that holds code, or another network's.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"no file {path}: check the name")
    return from_official(read_pickled(path), str(path))


def _from_card(tensors: dict[str, Tensor], card: dict[str, Any], name: str) -> ResnetGenerator:
    saved = card.get("generator", card.get("config"))  # older cards hold the generator's own
    if card.get("family") not in FAMILIES or not isinstance(saved, dict):
        raise CourseError(
            f"{name} is not a translator but {card.get('what', 'something else')}: choose"
            f" {_translators()}"
        )
    return _build(saved, tensors, name)


def _from_run(state: dict[str, Any], path: Path, direction: str) -> ResnetGenerator:
    if not isinstance(state.get("config"), dict) or not isinstance(state.get("step"), dict):
        raise CourseError(
            f"{path} is neither a run of this course nor an official generator: check the file"
        )
    if state.get("family") != "cyclegan":
        raise CourseError(
            f"{path} is a {state.get('family')} run, not cyclegan: choose another file"
        )
    if not direction:
        raise CourseError(f"{path} holds both directions: add --direction AB or --direction BA")
    step, name = state["step"], GENERATORS[direction]
    averages = step.get("averages")
    tensors = averages[name] if isinstance(averages, dict) and name in averages else step.get(name)
    if not isinstance(tensors, dict):
        raise CourseError(f"{path} holds no {name}: the run is not complete, take another copy")
    return _build(state["config"], tensors, str(path))


def _build(saved: dict[str, Any], tensors: dict[str, Tensor], name: str) -> ResnetGenerator:
    config = config_from(CycleGANConfig, saved)
    return build_and_load(lambda: make_generator(config), tensors, name, n_layers=config.n_blocks)


def _refuse_direction(direction: str, name: str | Path) -> None:
    if direction:
        raise CourseError(f"{name} holds one direction only: leave --direction out")


def _translators() -> str:
    names = [name for name in weight_names() if read_card(name).get("family") in FAMILIES]
    return ", ".join(names) or "none yet"
