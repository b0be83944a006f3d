"""Loads a DCGAN: by shipped name, from a file of weights with its card, or from a run."""

from pathlib import Path

from gan_course.models.dcgan import DCGANGenerator
from gan_course.training.dcgan import DCGANConfig, make_dcgan
from gan_course.weights.files import build_and_load, config_from
from gan_course.weights.saved import SavedGenerator, read_saved

FAMILY = "dcgan"


def load_dcgan(name_or_file: str | Path = "dcgan-fashion") -> DCGANGenerator:
    """A trained generator (its averaged weights), in evaluation mode, in float32 on the CPU.

    Args:
        name_or_file: shipped weights such as "dcgan-critters32"; a .safetensors file with its card
            (.json) beside it; or a run of `train dcgan`: its folder, or `last.pt` in it.

    Raises:
        CourseError: no such weights, a damaged file, or weights that are not what their card says.
    """
    return build_dcgan_generator(read_saved(name_or_file, FAMILY))


def build_dcgan_generator(saved: SavedGenerator) -> DCGANGenerator:
    """The generator of a saved DCGAN; see `load_dcgan` for what is refused."""
    config = config_from(DCGANConfig, saved.config)
    return build_and_load(lambda: make_dcgan(config)[0], saved.tensors, saved.name, n_layers=0)
