"""Fashion-MNIST: the set's own test file, as Debian packages it; not a byte is changed."""

import shutil
from collections.abc import Mapping
from pathlib import Path

FOLDER = "usr/share/datasets/fashion-mnist"
FILES = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
INPUTS = {"dataset-fashion-mnist": tuple(f"{FOLDER}/{name}" for name in FILES)}
MODULES = ()  # of data/build/requirements.txt


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Copy the two files.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.
    """
    for name in FILES:
        shutil.copyfile(sources["dataset-fashion-mnist"] / FOLDER / name, out / name)
