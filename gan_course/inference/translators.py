"""Finding a translator: by the name of shipped weights, in a file of weights, or in a training run."""

import json
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_course.errors import CourseError
from gan_course.inference.official import from_official, looks_official
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.weights import load_weights, read_card, weight_names

GENERATORS = {"AB": "G_AB", "BA": "G_BA"}
SHAPE = ("base_channels", "n_blocks", "upsampling", "padding", "residual", "coordinates", "norm")


def load_translator(name_or_file: str | Path, *, direction: str = "") -> ResnetGenerator:
    """A trained generator from pictures to pictures, in evaluation mode, in float32 on the CPU.

    Args:
        name_or_file: shipped weights such as "photo2vangogh"; a .safetensors file with its card (.json) beside it;
            `last.pt` of a run of `train cyclegan`; or a generator of the official CycleGAN repository (.pth).
        direction: "AB" or "BA", for a run, which holds both; empty for everything else.

    Raises:
        CourseError: no such weights; a damaged file; weights of another kind or another architecture; a file that
            holds code; a direction that is missing, unknown or not wanted.
    """
    if direction not in ("", *GENERATORS):
        raise CourseError(f"unknown direction {direction!r}: choose AB or BA")
    if str(name_or_file) in weight_names():
        tensors, card = load_weights(str(name_or_file)), read_card(str(name_or_file))
        return _one_way(_from_card(tensors, card, str(name_or_file)), name_or_file, direction)
    path = Path(name_or_file)
    if not path.is_file():
        raise CourseError(f"no weights named {str(name_or_file)!r}, and no such file: choose from {_translators()}")
    if path.suffix == ".safetensors":
        return _one_way(_from_card(read_safetensors(path), read_card_beside(path), str(path)), path, direction)
    state = read_pickled(path)
    if looks_official(state):
        return _one_way(from_official(state, str(path)), path, direction)
    return _from_run(state, path, direction)


def load_official_cyclegan(path: str | Path) -> ResnetGenerator:
    """A generator of the official CycleGAN repository, from its `.pth` file, in evaluation mode.

    Width and number of blocks are read off the tensors. Files of old releases, with running statistics of
    InstanceNorm, are read too; those statistics were never used for pictures.

    Args:
        path: such as `latest_net_G.pth`, written by the official code.

    Raises:
        CourseError: no such file, a damaged one, one that holds code, or another network's.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"no file {path}: check the name")
    return from_official(read_pickled(path), str(path))


def read_pickled(path: Path) -> dict[str, Any]:
    """A file of `torch.save` that holds tensors and plain values only.

    Raises:
        CourseError: it is damaged, is no such file, or holds code.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Weights only load failed" in str(error) and "Unsupported global" in str(error):
            raise CourseError(f"{path} holds more than weights and was not opened: use only files you trust") from error
        raise CourseError(f"{path} is damaged or no file of weights: download or save it again") from error
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error
    except Exception as error:  # torch raises almost anything on damaged bytes
        raise CourseError(f"{path} is damaged or no file of weights: download or save it again") from error
    if not isinstance(state, dict):
        raise CourseError(f"{path} holds a {type(state).__name__}, no weights by name: give a generator's file")
    return state


def _from_card(tensors: dict[str, Tensor], card: dict[str, Any], name: str) -> ResnetGenerator:
    if card.get("family") != "cyclegan" or not isinstance(card.get("generator"), dict):
        raise CourseError(f"{name} is no translator but {card.get('what', 'something else')}: choose {_translators()}")
    return _filled(card["generator"], tensors, name)


def _from_run(state: dict[str, Any], path: Path, direction: str) -> ResnetGenerator:
    if not isinstance(state.get("config"), dict) or not isinstance(state.get("step"), dict):
        raise CourseError(f"{path} is neither a run of this course nor an official generator: check the file")
    if state.get("family") != "cyclegan":
        raise CourseError(f"{path} is a {state.get('family')} run, not cyclegan: choose another file")
    if not direction:
        raise CourseError(f"{path} holds both directions: add --direction AB or --direction BA")
    step, name = state["step"], GENERATORS[direction]
    tensors = step.get("averages", {}).get(name) or step.get(name)
    if not isinstance(tensors, dict):
        raise CourseError(f"{path} holds no {name}: it is no whole run, take another copy")
    shape = {field: state["config"][field] for field in SHAPE if field in state["config"]}
    return _filled(shape, tensors, str(path))


def _filled(shape: dict[str, Any], tensors: dict[str, Tensor], name: str) -> ResnetGenerator:
    try:
        G = ResnetGenerator(**shape)
        G.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CourseError(f"{name} does not fit the generator that its card describes ({reason})") from error
    return G.float().eval().requires_grad_(False)


def _one_way(G: ResnetGenerator, name: str | Path, direction: str) -> ResnetGenerator:
    if direction:
        raise CourseError(f"{name} holds one direction only: leave --direction out")
    return G


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file.

    Raises:
        CourseError: it is damaged, or may not be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise CourseError(f"{path} is damaged ({error}): download or save it again") from error
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error


def read_card_beside(path: Path) -> dict[str, Any]:
    """The card (.json) beside a .safetensors file.

    Raises:
        CourseError: there is none, or it is no card.
    """
    card = path.with_suffix(".json")
    try:
        found = json.loads(card.read_text())
    except FileNotFoundError as error:
        raise CourseError(f"no card {card} beside {path}: copy both, as they lie in data/weights/") from error
    except (ValueError, OSError) as error:
        raise CourseError(f"{card} cannot be read as a card: copy it again") from error
    if not isinstance(found, dict):
        raise CourseError(f"{card} is no card: copy it again")
    return found


def _translators() -> str:
    return ", ".join(name for name in weight_names() if read_card(name).get("family") == "cyclegan") or "none yet"
