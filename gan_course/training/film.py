"""A film strip and a GIF of a run, made of the samples that it saved."""

from pathlib import Path

from PIL import Image

from gan_course.errors import CourseError
from gan_course.files import atomic_write

N_MOMENTS = 6  # rows of a strip
N_FRAMES = 60  # of a film, at most
SECONDS = 0.15  # a frame
LAST_SECONDS = 1.5  # the last one
STRIP, FILM = "strip.jpg", "film.gif"


def sample_files(samples: Path) -> list[Path]:
    """The sheets of a run, from its first step to its last."""
    return sorted(samples.glob("step_*.jpg"), key=lambda file: (len(file.name), file.name))


def save_strip(samples: Path, out: Path, *, top: int, height: int) -> None:
    """Write `out/strip.jpg`: one row of some sheets, the earliest on top.

    Args:
        samples: the run's sheets.
        out: the run's folder.
        top: where the row begins in a sheet, in pixels.
        height: of the row.

    Raises:
        CourseError: it cannot be written.
    """
    sheets = [_read(file) for file in _spread(sample_files(samples), N_MOMENTS)]
    strip = Image.new("RGB", (sheets[-1].width, height * len(sheets)))
    for k, sheet in enumerate(sheets):
        strip.paste(sheet.crop((0, top, sheet.width, top + height)), (0, height * k))
    with atomic_write(out / STRIP) as temporary:
        strip.save(temporary, format="jpeg", quality=92)


def save_film(samples: Path, out: Path) -> None:
    """Write `out/film.gif`: the sheets one after the other.

    Raises:
        CourseError: it cannot be written.
    """
    frames = [_read(file) for file in _spread(sample_files(samples), N_FRAMES)]
    durations = [round(1000 * SECONDS)] * (len(frames) - 1) + [round(1000 * LAST_SECONDS)]
    with atomic_write(out / FILM) as temporary:
        frames[0].save(
            temporary,
            format="gif",
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            loop=0,
        )


def _spread(files: list[Path], n: int) -> list[Path]:
    """At most n of some files, the first and the last among them, evenly spread."""
    if len(files) <= n:
        return files
    return [files[round(k * (len(files) - 1) / (n - 1))] for k in range(n)]


def _read(file: Path) -> Image.Image:
    try:
        with Image.open(file) as image:
            return image.convert("RGB")
    except OSError as error:
        raise CourseError(f"{file} cannot be read ({error}): remove it") from error
