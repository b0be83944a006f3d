"""Resolves a data name on the command line: a bundled set, or a folder of the user's own."""

from collections.abc import Collection
from pathlib import Path

from gan_course.data.folder import left_out
from gan_course.errors import CourseError


def own_folder(name: str, bundled: Collection[str]) -> Path | None:
    """The folder that a name stands for; prints what in it will not be read.

    Args:
        name: as it was written.
        bundled: names of the bundled sets that the command takes.

    Returns:
        The folder, or None where the name is that of a bundled set.

    Raises:
        CourseError: the name is that of neither, or of both.
    """
    refuse_two_meanings(name, bundled)
    if name in bundled:
        return None
    if not _is_folder(name):
        raise CourseError(
            f"no data named {name!r}, and no such folder: choose {', '.join(bundled)}, or a folder"
        )
    say_what_is_left_out(Path(name))
    return Path(name)


def refuse_two_meanings(name: str, bundled: Collection[str]) -> None:
    """Refuse the name of a bundled set where a folder here has it too.

    Raises:
        CourseError: the name has both meanings.
    """
    if name in bundled and _is_folder(name):
        raise CourseError(
            f"{name!r} is a bundled set and also a folder here: write ./{name} for the folder, "
            "or call from another folder for the bundled set"
        )


def say_what_is_left_out(folder: Path) -> None:
    """Print which files and folders in a folder will not be read as its pictures."""
    words = left_out(folder)
    if words:
        print(f"in {folder}: {words}")


def _is_folder(name: str) -> bool:
    return bool(name.strip()) and Path(name).is_dir()
