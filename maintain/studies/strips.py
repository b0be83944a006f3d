"""Pictures beside a recorded table: a strip of samples a training, and all strips as one sheet."""

from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from gan_course.files import atomic_write, output_folder
from gan_course.lessons.results import results_file
from gan_course.paths import RUNS


def keep_strip(study: str, name: str, images: Tensor) -> None:
    """Keep the samples (N, 3, H, W) uint8 of one training side by side, in runs/STUDY/."""
    strip = images.permute(2, 0, 3, 1).flatten(1, 2).numpy()
    Image.fromarray(strip).save(output_folder(RUNS / study) / f"{name}.png")


def save_sheet(study: str, names: Sequence[str]) -> None:
    """Write the named strips below each other to docs/results/STUDY.png."""
    strips = [Image.open(RUNS / study / f"{name}.png") for name in names]
    width, height = strips[0].size
    sheet = Image.new("RGB", (width, height * len(strips)))
    for k, strip in enumerate(strips):
        sheet.paste(strip, (0, k * height))
    with atomic_write(results_file(study).with_suffix(".png")) as temporary:
        sheet.save(temporary, format="png", optimize=True)
