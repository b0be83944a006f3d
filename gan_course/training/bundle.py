"""A training as one thing: its step, its batches, its previews."""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from gan_course.data.batches import Batches, Paired, Unpaired
from gan_course.runtime import keep_threads
from gan_course.training.loop import Step


class TrainingStep(Step, Protocol):
    """What a training needs of its step beside the step itself."""

    def preview(self, preview_input: Any) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] to look at."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...


@dataclass
class Training:
    """A step, its batches, and what the outside may ask of them."""

    family: str
    step: TrainingStep
    batches: Batches | Paired | Unpaired
    config: dict[str, Any]  # what must agree when the training is resumed
    preview_input: Any  # always the same latent vectors or pictures, for comparable previews

    def preview(self) -> Tensor:
        """What the generators make of `preview_input`: pictures (N, C, H, W) in [-1, 1]."""
        return self.step.preview(self.preview_input)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, as plain values and tensors."""
        return {
            "family": self.family,
            "config": self.config,
            "step": self.step.state_dict(),
            "batches": self.batches.state_dict(),
            "threads": torch.get_num_threads(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state of the same family and configuration, on as many threads."""
        if "threads" in state:
            keep_threads(state["threads"])
        self.step.load_state_dict(state["step"])
        self.batches.load_state_dict(state["batches"])


def _check_size(images: Tensor, channels: int, resolution: int) -> None:
    expected = (channels, resolution, resolution)
    if tuple(images.shape[1:]) != expected:
        raise ValueError(
            f"pictures are {tuple(images.shape[1:])}, the configuration says {expected}"
        )


def _fingerprint(images: Tensor) -> str:
    digest = hashlib.sha256(images.cpu().contiguous().numpy().tobytes()).hexdigest()
    return f"{len(images)} with sha256 {digest[:12]}"
