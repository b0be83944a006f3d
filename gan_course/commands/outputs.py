"""Checks and writes results, for the commands that make pictures."""

from pathlib import Path

from PIL import Image
from torch import Tensor

from gan_course.data.batches import to_bytes
from gan_course.errors import CourseError
from gan_course.files import atomic_write


def check_finite(values: Tensor, weights: str) -> None:
    """Refuse the output of a damaged network.

    Raises:
        CourseError: a value is not finite.
    """
    if not values.isfinite().all():
        raise CourseError(f"{weights} makes values that are not finite: download or save it again")


def check_free(paths: list[Path], overwrite: bool) -> None:
    """Refuse to replace a result.

    Raises:
        CourseError: one is there already, and the user did not ask to overwrite.
    """
    for path in paths:
        if path.exists() and not overwrite:
            raise CourseError(f"{path} is there already: add --overwrite, or choose another --out")


def write_png(image: Tensor, path: Path) -> None:
    """Write a picture (3 or 1, H, W) in [-1, 1]."""
    image = image.expand(3, -1, -1)
    with atomic_write(path) as temporary:
        Image.fromarray(to_bytes(image).permute(1, 2, 0).contiguous().numpy()).save(
            temporary, format="PNG"
        )
