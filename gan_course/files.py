"""Writes files atomically: whole or not at all."""

import errno
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gan_course.errors import CourseError

TEMPORARY = ".new_"  # short, whatever the file's own name: that may be as long as a name can be


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; put it in place only if the block succeeds.

    The new bytes are flushed to the disk before the name changes hands, so that a crash, a kill or
    a full disk leaves either the old file or the new one, never half of either. Permissions, and
    the flush of the folder, are asked for and not insisted on: some file systems have neither.

    Args:
        path: the file to write; its folder must exist.

    Yields:
        The temporary path to write to.

    Raises:
        CourseError: the folder cannot be written, or the disk is full. The old file is untouched.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=".tmp", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise CourseError(_cannot_write(path, error)) from error
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        with suppress(OSError):  # a file system without permissions, such as SMB or WSL's /mnt/c
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CourseError(_cannot_write(path, error)) from error
    except RuntimeError as error:  # torch.save reports a full disk as a RuntimeError
        if "file write failed" in str(error) or "unexpected pos" in str(error):
            raise CourseError(_cannot_write(path, error)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def output_folder(path: Path | str) -> Path:
    """Make a folder for results and prove that it can be written, before any work is done.

    Raises:
        CourseError: `path` is a file, or the folder cannot be made or written.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_dir():
            raise CourseError(f"{path} is a file, not a folder: choose another output folder")
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"x")
    except OSError as error:
        raise CourseError(_cannot_write(path, error)) from error
    return path


def sha256(path: Path | str) -> str:
    """The file's SHA-256, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damage_in_zip(path: Path | str) -> str:
    """The damage in a zip archive, such as a file of `torch.save`.

    Torch writes checksums, but does not read them.

    Returns:
        The reason; empty where nothing is damaged.

    Raises:
        PermissionError: the file may not be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except PermissionError:
        raise
    except Exception as error:  # zipfile raises almost anything on damaged bytes
        return str(error) or type(error).__name__
    return f"checksum of {damaged}" if damaged else ""


def _cannot_write(path: Path, error: Exception) -> str:
    if isinstance(error, RuntimeError) or getattr(error, "errno", None) == errno.ENOSPC:
        return f"no space left to write {path}: free some space or choose another folder"
    reason = getattr(error, "strerror", None) or error  # Pillow's own OSErrors have none
    return f"cannot write {path} ({reason}): choose a folder that you may write to"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Flush the folder, so that the new name reaches the disk too.

    The file is in place already: a refusal loses nothing.
    """
    with suppress(OSError):  # Windows opens no folder; SMB, VirtualBox and some FUSE sync none
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
