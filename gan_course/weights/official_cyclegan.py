"""Converts generators of the official CycleGAN code, with tensor names old and new."""

from typing import Any

from torch import Tensor

from gan_course.errors import CourseError
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.weights.files import build_and_load

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
FIRST_BLOCK = 10


def looks_official(state: dict[str, Any]) -> bool:
    """Whether a state dict has the names of an official network."""
    return any(str(name).removeprefix("module.").startswith("model.") for name in state)


def from_official(state: dict[str, Any], name: str) -> ResnetGenerator:
    """Convert an official generator to ours.

    Running statistics of old files are dropped, a "module." before every name too, and a second
    convolution that a dropout layer pushed to place 6 of its block is brought back to 5.

    Args:
        state: tensors by name.
        name: of the file, for messages.

    Raises:
        CourseError: these are not the tensors of an official ResNet generator, or not all are
            finite.
    """
    tensors = {
        _our_name(str(key)): value
        for key, value in state.items()
        if not str(key).endswith(STATISTICS)
    }
    first = tensors.get("model.1.weight")
    if not isinstance(first, Tensor) or first.ndim != 4 or first.shape[2:] != (7, 7):
        raise CourseError(
            f"{name} is not an official ResNet generator (no 7 x 7 convolution first): give"
            " latest_net_G.pth"
        )
    blocks = {key.split(".")[1] for key in tensors if ".conv_block." in key}
    last = f"model.{FIRST_BLOCK + len(blocks) + 7}.weight"
    if not blocks or not isinstance(tensors.get(last), Tensor):
        raise CourseError(
            f"{name} is not an official ResNet generator ({len(blocks)} blocks, no {last}): check"
            " the file"
        )

    def build() -> ResnetGenerator:
        return ResnetGenerator(
            img_channels=first.shape[1],
            out_channels=tensors[last].shape[0],
            base_channels=first.shape[0],
            n_blocks=len(blocks),
        )

    return build_and_load(
        build, tensors, name, n_layers=len(blocks), kind="the official ResNet generator"
    )


def _our_name(key: str) -> str:
    parts = key.removeprefix("module.").split(".")
    if "conv_block" in parts[:-2] and parts[-2] == "6":
        parts[-2] = "5"
    return ".".join(parts)
