"""`python -m gan_course export`: a generator as an ONNX file, for programs without PyTorch."""

import argparse
import warnings
from collections.abc import Callable
from os.path import expanduser
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from gan_course.commands.outputs import check_free
from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.training.pix2pix import Pix2PixConfig, make_pix2pix
from gan_course.weights.cards import read_card
from gan_course.weights.dcgan import load_dcgan
from gan_course.weights.files import (
    build_and_load,
    config_from,
    file_of,
    is_shipped,
    read_card_beside,
    read_pickled,
)
from gan_course.weights.official_cyclegan import looks_official
from gan_course.weights.stylegans import load_stylegan
from gan_course.weights.translators import FAMILIES as TRANSLATORS
from gan_course.weights.translators import load_translator

FORMATS = ("onnx",)
INSTALL = "pip install -e '.[onnx]' in the course's folder"
LONGEST = 4_096  # of a picture's sides, in an exported translator


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = (
        "Pictures are float32 in [-1, 1], (N, 3, H, W). A StyleGAN or DCGAN takes z, (N, z_dim),"
        " a StyleGAN with the noise that is kept in it. A translator takes pictures of any size"
        " whose sides are multiples of 4. The number N is free."
    )
    parser.add_argument(
        "--weights",
        required=True,
        type=expanduser,
        metavar="NAME_OR_FILE",
        help="shipped weights, a run, or an official CycleGAN generator (.pth)",
    )
    parser.add_argument("--format", default="onnx", help="onnx (the only one so far)")
    parser.add_argument("--out", required=True, type=expanduser, metavar="FILE.onnx")
    parser.add_argument("--direction", default="", help="AB or BA, for a run of CycleGAN")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")


def work(options: argparse.Namespace) -> int:
    """Write one generator.

    Raises:
        CourseError: bad options or weights, a file that is there already, or a missing package.
    """
    if options.format not in FORMATS:
        raise CourseError(f"unknown format {options.format!r}: choose {', '.join(FORMATS)}")
    out = Path(options.out)
    if out.suffix.lower() != ".onnx":
        raise CourseError(f"--out is {options.out}: give a file whose name ends in .onnx")
    if not out.parent.is_dir():
        raise CourseError(f"no folder {out.parent} for {out.name}: make it first")
    check_free([out], options.overwrite)
    network, example, free = load_generator(options.weights, options.direction)
    content = to_onnx(network, example, free)
    with atomic_write(out) as temporary:
        temporary.write_bytes(content)
    sizes = " x ".join(str(part) for part in example.shape[1:])
    print(f"{out}: {len(content) / 1e6:.1f} MB; takes float32, N x {sizes}")
    return 0


def to_onnx(network: nn.Module, example: Tensor, free: dict[int, Any]) -> bytes:
    """An ONNX model of a network with one input, called x, and one output, called y.

    Args:
        network: in evaluation mode, on the CPU.
        example: an input, for its shape.
        free: axes of the input whose size stays free -> how, as for `torch.export`.

    Raises:
        CourseError: the packages for ONNX are not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except Exception as error:  # an optional package may raise anything
        raise CourseError(f"ONNX needs the packages onnx and onnxscript: {INSTALL}") from error
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=(free,),
            input_names=["x"],
            output_names=["y"],
            verbose=False,
        )
    assert program is not None
    return program.model_proto.SerializeToString()


class _WithKeptNoise(nn.Module):
    """A StyleGAN as a function of z alone."""

    def __init__(self, G: nn.Module) -> None:
        super().__init__()
        self.G = G

    def forward(self, x: Tensor) -> Tensor:
        return self.G(x, noise="const")


def load_generator(name: str, direction: str) -> tuple[nn.Module, Tensor, dict[int, Any]]:
    """A generator of any family, an input for it, and the free axes of that input.

    Raises:
        CourseError: as the loaders of the families do, or a file of another kind.
    """
    family, state = _family(name)
    if direction and family != "cyclegan":
        raise CourseError(f"{name} holds one direction only: leave --direction out")
    batch = {0: Dim("n", min=1, max=4_096)}
    if family in TRANSLATORS:
        G = load_translator(name, direction=direction)
        side = LONGEST // 4
        free = {2: 4 * Dim("h", min=2, max=side), 3: 4 * Dim("w", min=2, max=side)}
        return G, torch.zeros(2, 3, 48, 64), batch | free
    if family == "stylegan":
        stylegan = load_stylegan(name)
        return _WithKeptNoise(stylegan), torch.zeros(2, stylegan.z_dim) + 0.5, batch
    if family == "dcgan":
        dcgan = load_dcgan(name)
        return dcgan, torch.zeros(2, dcgan.z_dim), batch
    if family == "pix2pix" and state is not None:
        config = config_from(Pix2PixConfig, state["config"])
        G = _from_run(state, name, lambda _: make_pix2pix(config)[0], "G")
        return G, torch.zeros(2, 3, config.img_resolution, config.img_resolution), batch
    raise CourseError(f"{name} is a {family}, not a generator: choose other weights")


def _family(name: str) -> tuple[str, dict[str, Any] | None]:
    """The family of weights, and the state of the run that holds them, if it is a run."""
    if is_shipped(name):
        return str(read_card(name).get("family", "network without a family")), None
    path = file_of(name)
    if not path.is_file():
        raise CourseError(
            f"no weights named {name!r}, and no such file: `python -m gan_course weights` lists"
            " those that ship"
        )
    if path.suffix.lower() == ".safetensors":
        return str(read_card_beside(path).get("family", "network without a family")), None
    state = read_pickled(path)
    if looks_official(state):
        return "cyclegan", None
    if not isinstance(state.get("config"), dict) or not isinstance(state.get("step"), dict):
        raise CourseError(f"{path} is not a run of this course: give last.pt of `train`")
    return str(state.get("family", "run without a family")), state


def _from_run(
    state: dict[str, Any], name: str, build: Callable[[dict[str, Any]], Any], key: str
) -> Any:
    return build_and_load(
        lambda: build(state["config"]), state["step"].get(key), name, n_layers=1, kind="its run's G"
    )
