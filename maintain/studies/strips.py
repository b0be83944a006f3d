"""Pictures beside a recorded table: a strip of samples a training, and all strips as one sheet."""

from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.lessons.results import results_file
from gan_course.paths import RUNS


def keep_strip(study: str, name: str, images: Tensor) -> None:
    """Keep the samples (N, 3, H, W) uint8 of one training side by side, in runs/STUDY/."""
    strip = images.permute(2, 0, 3, 1).flatten(1, 2).numpy()
    Image.fromarray(strip).save(output_folder(RUNS / study) / f"{name}.png")


def save_sheet(study: str, names: Sequence[str]) -> None:
    """Write the named strips below each other to docs/results/STUDY.png.

    A training that was recorded in another clone left no strip here: its row stays as it was.

    Raises:
        CourseError: a strip is neither here nor in the sheet.
    """
    path = results_file(study).with_suffix(".png")
    old = Image.open(path) if path.is_file() else None
    strips = [_strip(study, name, old, k, len(names)) for k, name in enumerate(names)]
    width, height = strips[0].size
    sheet = Image.new("RGB", (width, height * len(strips)))
    for k, strip in enumerate(strips):
        sheet.paste(strip, (0, k * height))
    with atomic_write(path) as temporary:
        sheet.save(temporary, format="png", optimize=True)


def _strip(study: str, name: str, old: Image.Image | None, k: int, n: int) -> Image.Image:
    """The k-th of n strips: as kept in runs/, else as the old sheet has it."""
    path = RUNS / study / f"{name}.png"
    if path.is_file():
        return Image.open(path)
    if old is None:
        raise CourseError(f"no {path}: remove that training's row from the table, to train it anew")
    height = old.height // n
    return old.crop((0, k * height, old.width, (k + 1) * height))
