"""Reads files of weights without running what they hold, and checks them before use."""

import json
import pickle
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from gan_course.data.manifest import bundled
from gan_course.errors import CourseError
from gan_course.files import damage_in_zip
from gan_course.paths import restore
from gan_course.training.checkpoints import LAST
from gan_course.weights.cards import FOLDER, read_card, weight_names

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Network = TypeVar("Network", bound=nn.Module)
Config = TypeVar("Config", bound="DataclassInstance")


def load_weights(name: str) -> dict[str, Tensor]:
    """The tensors of shipped weights by parameter name, in float32 on the CPU.

    Counters stay whole numbers.

    Raises:
        CourseError: no such weights, their bytes have changed, or the file holds no weights.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    read_card(name)
    path = bundled(f"{FOLDER}/{name}.safetensors")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise CourseError(f"{path} holds no weights ({error}): {restore('data')}") from error
    return {
        key: value.float() if value.is_floating_point() else value for key, value in tensors.items()
    }


def load_into(network: Network, name: str) -> Network:
    """Load shipped weights into a network, in evaluation mode, in float32 on the CPU.

    Args:
        network: built as the one that was shipped.
        name: of the weights.

    Raises:
        CourseError: as for `load_weights`, or they are those of another network.
    """
    tensors = load_weights(name)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise CourseError(
            f"the weights {name} do not fit their network: {restore('data')}"
        ) from error
    return network.eval()


def config_from(kind: type[Config], saved: dict[str, Any]) -> Config:
    """A configuration from the fields that a card or a run saved; unknown fields are left out."""
    names = {field.name for field in fields(kind)}
    return kind(**({"n_steps": 0} | {name: saved[name] for name in names & saved.keys()}))


def is_shipped(name_or_file: str | Path) -> bool:
    """Whether a name is that of weights that ship with the course.

    Raises:
        CourseError: it is, and a file or a run here has the same name.
    """
    path = Path(name_or_file)
    if str(name_or_file) not in weight_names():
        return False
    if path.is_file() or (path / LAST).is_file():
        raise CourseError(
            f"{path} is the name of shipped weights and also here: write ./{path} for what is here,"
            " or call from another folder for the shipped weights"
        )
    return True


def file_of(name_or_file: str | Path) -> Path:
    """The file that a name means: `last.pt` where it is the folder of a run.

    Raises:
        CourseError: it is a folder of something else.
    """
    path = Path(name_or_file)
    if not path.is_dir():
        return path
    if not (path / LAST).is_file():
        raise CourseError(
            f"{path} is a folder without {LAST}: give the folder of a run, or a file of weights"
        )
    return path / LAST


def read_pickled(path: Path) -> dict[str, Any]:
    """Read a file of `torch.save` that holds only tensors and plain values; checksums come first.

    Raises:
        CourseError: it is damaged, is not such a file, or holds code.
    """
    # files of old releases are not archives
    if zipfile.is_zipfile(path) and (damage := damage_in_zip(path)):
        raise CourseError(f"{path} is damaged ({damage}): download or save it again")
    try:
        # torch itself opens no name that is not UTF-8
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Weights only load failed" in str(error) and "Unsupported global" in str(error):
            raise CourseError(
                f"{path} holds more than weights and was not opened: use only files you trust"
            ) from error
        raise CourseError(
            f"{path} is damaged or not a file of weights: download or save it again"
        ) from error
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error
    except Exception as error:  # torch raises almost anything on damaged bytes
        raise CourseError(
            f"{path} is damaged or not a file of weights: download or save it again"
        ) from error
    if not isinstance(state, dict):
        raise CourseError(
            f"{path} holds a {type(state).__name__}, not weights by name: give a generator's file"
        )
    return state


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a .safetensors file.

    Raises:
        CourseError: it is damaged, or may not be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        raise CourseError(f"{path} is damaged ({error}): download or save it again") from error
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror or error}): copy it again"
        ) from error


def read_card_beside(path: Path) -> dict[str, Any]:
    """Read the card (.json) beside a .safetensors file.

    Raises:
        CourseError: there is none, or it is not a card.
    """
    file = path.with_suffix(".json")
    try:
        card = json.loads(file.read_text())
    except FileNotFoundError as error:
        raise CourseError(
            f"no card {file} beside {path}: copy both, as they lie in data/weights/"
        ) from error
    except (ValueError, OSError, RecursionError) as error:
        raise CourseError(f"{file} cannot be read as a card: copy it again") from error
    if not isinstance(card, dict):
        raise CourseError(f"{file} is not a card: copy it again")
    return card


def build_and_load(
    build: Callable[[], Network],
    tensors: Any,
    name: str,
    *,
    n_layers: Any,
    kind: str = "the generator that its card describes",
) -> Network:
    """Build a network and load a file's weights into it, in evaluation mode, in float32.

    Args:
        build: makes the network that the file or its card describes.
        tensors: what should be a state dict.
        name: of the file, for messages.
        n_layers: how many layers of one kind the network is to have, as found in the file or its
            card.
        kind: of network, for messages.

    Raises:
        CourseError: these are not the weights of such a network, or not all of them are finite.
    """
    try:
        if n_layers > len(tensors):  # building them might never end
            raise ValueError(f"{n_layers} layers, but {len(tensors)} tensors")
        with warnings.catch_warnings():
            # torch warns of layers of no size; what matters is an error here
            warnings.simplefilter("ignore")
            # sizes alone: a network far too large is refused before it takes memory
            with torch.device("meta"):
                build().load_state_dict(tensors)
            network = build()
            network.load_state_dict(tensors)
    except Exception as error:  # odd sizes and odd names raise almost anything
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise CourseError(f"{name} does not fit {kind} ({reason})") from error
    for key, value in network.state_dict().items():
        if not value.isfinite().all():
            raise CourseError(
                f"{name} holds values that are not finite ({key}): download or save it again"
            )
    return network.float().eval().requires_grad_(False)
