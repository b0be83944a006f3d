"""Loads a StyleGAN: by shipped name, from a file of weights with its card, or from a run."""

from pathlib import Path

from gan_course.models.stylegan import StyleGANGenerator
from gan_course.training.stylegan import StyleGANConfig, make_stylegan
from gan_course.weights.files import build_and_load, config_from
from gan_course.weights.saved import SavedGenerator, read_saved

FAMILY = "stylegan"


def load_stylegan(name_or_file: str | Path) -> StyleGANGenerator:
    """A trained generator (its averaged weights), in evaluation mode, in float32 on the CPU.

    Args:
        name_or_file: shipped weights such as "stylegan-critters64"; a .safetensors file with its
            card (.json) beside it; or a run of `train stylegan`: its folder, or `last.pt` in it.

    Raises:
        CourseError: no such weights; a damaged file; weights of another kind, another architecture
            or another resolution than their card says; weights that are not finite; a file that
            holds code.
    """
    return build_stylegan_generator(read_saved(name_or_file, FAMILY))


def build_stylegan_generator(saved: SavedGenerator) -> StyleGANGenerator:
    """The generator of a saved StyleGAN; see `load_stylegan` for what is refused."""
    config = config_from(StyleGANConfig, saved.config)
    return build_and_load(
        lambda: make_stylegan(config)[0], saved.tensors, saved.name, n_layers=config.n_mapping
    )
