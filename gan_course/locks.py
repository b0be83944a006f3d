"""Locks a run's folder: one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gan_course.errors import CourseError
from gan_course.files import output_folder

LOCK = ".lock"


@contextmanager
def run_folder(path: Path | str) -> Iterator[Path]:
    """Make a folder for a run, and hold it until the block ends.

    The system itself keeps the lock (flock, or Windows' own) and drops it when the process ends,
    however that comes about: the file `.lock` stays behind and says nothing. A file system without
    locks leaves the run unguarded.

    Args:
        path: the folder; made where it does not exist.

    Yields:
        The folder.

    Raises:
        CourseError: another process holds the folder, or it cannot be written.
    """
    folder = output_folder(path)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise CourseError(
            f"a run is going on in {folder}: wait until it has ended, or stop it first"
        ) from None
    except (OSError, NotImplementedError):  # no locks there
        pass
    try:
        yield folder
    finally:
        lock.release()


def new_folder(parent: Path | str, name: str) -> Path:
    """Make a new folder: `name`, or `name_2`, `name_3` and so on where that is taken.

    Raises:
        CourseError: it cannot be made.
    """
    parent = output_folder(parent)
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}_{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
        number += 1
