"""Trained networks to start another training from: `train --init`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gan_course.errors import CourseError
from gan_course.training.bundle import Training
from gan_course.weights.cards import read_card, weight_names
from gan_course.weights.files import file_of, is_shipped, load_weights, read_pickled

CRITIC = "-D"  # what the name of a shipped discriminator adds to its generator's
FAMILIES = ("dcgan", "stylegan")  # whose shipped generators a training can start from


@dataclass(frozen=True)
class Start:
    """Where a training starts.

    Attributes:
        name: as it was given.
        config: of that training, field by field.
        networks: name of a network in a step, such as "G" -> its state dict.
    """

    name: str
    config: dict[str, Any]
    networks: dict[str, dict[str, Tensor]]

    def load_into(self, training: Training) -> list[str]:
        """Load the networks into a training that has taken no step; its optimisers stay new.

        Returns:
            Names of networks of the step that are not among them, and so begin anew.

        Raises:
            CourseError: they are of another shape than the step's, or not all of them are finite.
        """
        missing = []
        for name in getattr(training.step, "PARTS", ()):
            network = getattr(training.step, name)
            if not isinstance(network, nn.Module):
                continue
            if name not in self.networks:
                missing.append(name)
                continue
            try:
                network.load_state_dict(self.networks[name])
            except (RuntimeError, TypeError, AttributeError) as error:
                reason = " ".join(str(error).split("\n\t")[-1].split())[:160]
                raise CourseError(
                    f"--init {self.name}: its {name} does not fit ({reason}): leave out what --set"
                    " changes of its size, or choose other weights"
                ) from error
            if not all(value.isfinite().all() for value in network.state_dict().values()):
                raise CourseError(
                    f"--init {self.name}: not all of its {name} is finite: choose an earlier"
                    " checkpoint"
                )
        return missing


def load_start(name_or_file: str | Path, family: str) -> Start:
    """The networks of a run, or of shipped weights with their discriminator where it ships, too.

    Args:
        name_or_file: shipped weights such as "stylegan-cats64"; or a run of `train`: its folder,
            or `last.pt` in it.
        family: of the training that is to start, such as "stylegan".

    Raises:
        CourseError: no such weights; a damaged file; or weights of another family.
    """
    name = str(name_or_file)
    if is_shipped(name_or_file):
        card = read_card(name)
        if card.get("family") != family or family not in FAMILIES:
            raise _other_family(name, str(card.get("what", "something else")), family)
        tensors = load_weights(name)
        networks = {"G": tensors, "G_ema": tensors}
        if name + CRITIC in weight_names():
            networks["D"] = load_weights(name + CRITIC)
        return Start(name, card["config"], networks)
    path = file_of(name_or_file)
    if not path.is_file():
        raise CourseError(f"--init {name}: no such weights, and no such run: {_ways(family)}")
    state = read_pickled(path)
    config, step = state.get("config"), state.get("step")
    if not isinstance(config, dict) or not isinstance(step, dict):
        raise CourseError(f"{path} is not a run of this course: give last.pt of `train {family}`")
    if state.get("family") != family:
        raise _other_family(str(path), f"a {state.get('family')} run", family)
    return Start(name, config, {k: v for k, v in step.items() if isinstance(v, dict)})


def _other_family(name: str, what: str, family: str) -> CourseError:
    return CourseError(f"--init {name} is {what}, not a {family}: {_ways(family)}")


def _ways(family: str) -> str:
    names = [
        name
        for name in weight_names()
        if family in FAMILIES and read_card(name).get("family") == family
    ]
    return f"choose {', '.join([*names, f'the folder of a {family} run'])}"
