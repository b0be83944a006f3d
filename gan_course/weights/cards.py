"""Names, cards and storage of the weights that ship with the course."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_course.data.manifest import bundled, bundled_names, data_root, write_manifest
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder, sha256
from gan_course.paths import restore

FOLDER = "weights"


def weight_names() -> list[str]:
    """Names of all shipped weights, sorted."""
    names = bundled_names(FOLDER)
    return [Path(name).stem for name in names if name.endswith(".safetensors")]


def read_card(name: str) -> dict[str, Any]:
    """The card of shipped weights: what was trained on what, for how long, where, and how well.

    Raises:
        CourseError: no such weights, or their card cannot be read.
    """
    if name not in weight_names():
        raise CourseError(
            f"no shipped weights named {name!r}: choose from"
            f" {', '.join(weight_names()) or 'none yet'}"
        )
    path = bundled(f"{FOLDER}/{name}.json")
    try:
        card = json.loads(path.read_text())
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{path} is not a card ({error}): {restore('data')}") from error
    if not isinstance(card, dict):
        raise CourseError(f"{path} is not a card: {restore('data')}")
    return card


def save_weights(
    name: str, tensors: dict[str, Tensor], card: dict[str, Any], *, root: Path | None = None
) -> Path:
    """Ship weights in half precision, with a card beside them, and list both in the manifest.

    For maintainers.

    Args:
        name: such as "dcgan-fashion".
        tensors: a state dict.
        card: plain values; the file's name, size and sha256 are added here.
        root: the data folder; the course's own where it is None.

    Returns:
        The path of the weights.

    Raises:
        CourseError: the folder cannot be written.
    """
    from safetensors.torch import save_file

    root = root or data_root()
    folder = output_folder(root / FOLDER)
    path = folder / f"{name}.safetensors"
    with atomic_write(path) as temporary:
        save_file({key: _to_half(value) for key, value in tensors.items()}, temporary)
    card = {
        "name": name,
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        **card,
    }
    with atomic_write(folder / f"{name}.json") as temporary:
        temporary.write_text(json.dumps(card, indent=1) + "\n")
    write_manifest(root)
    return path


def update_card(name: str, changes: dict[str, Any]) -> None:
    """Rewrite some entries of a shipped card, and the manifest with it.

    For maintainers.

    Raises:
        CourseError: no such weights.
    """
    card = read_card(name) | changes
    with atomic_write(data_root() / FOLDER / f"{name}.json") as temporary:
        temporary.write_text(json.dumps(card, indent=1) + "\n")
    write_manifest(data_root())


def _to_half(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.is_floating_point() else tensor
