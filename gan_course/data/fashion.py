"""Fashion-MNIST: small grey pictures of clothing, ten kinds."""

import gzip

import numpy as np
import torch
from torch import Tensor

from gan_course.data.manifest import bundled
from gan_course.data.splits import Split, is_test

CLASS_NAMES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "trainer",
    "bag",
    "ankle boot",
)
N_TRAIN = 9_000


def load_fashion(split: Split = "train") -> tuple[Tensor, Tensor]:
    """The pictures and their kinds.

    The bundled file is the set's own test file of 10,000 pictures: its first 9,000 are the course's
    training pictures, its last 1,000 are held out.

    Args:
        split: "train" or "test".

    Returns:
        Pictures (N, 1, 28, 28) uint8 in 0..255, and kinds (N,) int64 in 0..9 that index
        `CLASS_NAMES`.

    Raises:
        ValueError: another split.
        CourseError: a bundled file is missing or has changed.

    Source: Xiao et al. 2017 (arXiv:1708.07747).
    """
    part = slice(N_TRAIN, None) if is_test(split) else slice(N_TRAIN)
    images = _read_idx("fashion/t10k-images-idx3-ubyte.gz", header=16).reshape(-1, 1, 28, 28)
    labels = _read_idx("fashion/t10k-labels-idx1-ubyte.gz", header=8).long()
    return images[part], labels[part]


def _read_idx(name: str, header: int) -> Tensor:
    with gzip.open(bundled(name)) as file:
        return torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=header).copy())
