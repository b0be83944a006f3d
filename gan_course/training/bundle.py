"""A training as one object: step, batches, preview; and the base of all steps, which saves them."""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gan_course.data.batches import Batches, Labelled, Paired, Unpaired
from gan_course.data.cache import PictureCache, Pictures
from gan_course.runtime import keep_threads
from gan_course.training.loop import NonFiniteLoss, Step


class TrainingStep(Step, Protocol):
    """The interface of a training step."""

    def preview(self, preview_input: Any) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] to look at."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...

    def change_chance(self, number: int) -> None:
        """Draw other random numbers from now on, which a process's number decides."""
        ...


class SavedStep:
    """Base of all steps: saves and loads what the next step depends on.

    Subclasses name their networks, optimisers and pools in `PARTS`, and count steps in `n_done`; a
    step that draws has a `generator`, or several in `generators`.
    """

    PARTS: tuple[str, ...] = ()
    n_done: int = 0

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        state = {name: getattr(self, name).state_dict() for name in self.PARTS}
        if hasattr(self, "generator"):
            state["generator"] = self.generator.get_state()
        if hasattr(self, "generators"):
            state["generators"] = [generator.get_state() for generator in self.generators]
        return state | {"n_done": self.n_done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for name in self.PARTS:
            getattr(self, name).load_state_dict(state[name])
        if hasattr(self, "generator"):
            self.generator.set_state(state["generator"])
        if hasattr(self, "generators"):
            for generator, saved in zip(self.generators, state["generators"], strict=True):
                generator.set_state(saved)
        self.n_done = state["n_done"]

    def change_chance(self, number: int) -> None:
        """Draw other random numbers from now on, which a process's number decides."""
        if hasattr(self, "generator"):
            reseed(self.generator, number)


def reseed(generator: torch.Generator, number: int) -> None:
    """Seed a generator anew, by its first seed and a number; 0 begins the same numbers again."""
    generator.manual_seed((generator.initial_seed() + 1_000_003 * number) % 2**63)


@dataclass(frozen=True)
class Training:
    """A step, its batches and the input of its previews."""

    family: str
    step: TrainingStep
    batches: Batches | Paired | Unpaired | Labelled
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


def check_finite(step: TrainingStep) -> None:
    """Refuse weights that are infinite or not a number.

    The losses of a step are of the weights before its update, so those of the last step say nothing
    of the weights after it.

    Raises:
        NonFiniteLoss: a network of the step has such a weight; the message names it.
    """
    for name, network in vars(step).items():
        if isinstance(network, nn.Module):
            for part, weight in network.named_parameters():
                odd = weight.detach()[~weight.isfinite()]
                if len(odd):
                    raise NonFiniteLoss(step.n_done, f"{name}.{part}", float(odd[0]))


def check_size(images: Pictures, channels: int, resolution: int) -> None:
    """Refuse pictures of another size than the configuration's.

    Raises:
        ValueError: they are.
    """
    expected = (channels, resolution, resolution)
    if tuple(images.shape[1:]) != expected:
        raise ValueError(
            f"pictures are {tuple(images.shape[1:])}, the configuration says {expected}"
        )


def fingerprint(images: Pictures) -> str:
    """How many pictures there are, and the first digits of their SHA-256."""
    if isinstance(images, PictureCache):
        return f"{len(images)} with sha256 {images.digest[:12]}"
    digest = hashlib.sha256(images.cpu().contiguous().numpy().tobytes()).hexdigest()
    return f"{len(images)} with sha256 {digest[:12]}"
