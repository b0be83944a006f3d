"""Finds the bundled files, and refuses those whose bytes have changed."""

import json
import os
from functools import cache
from pathlib import Path

from gan_course.errors import CourseError
from gan_course.files import atomic_write, sha256
from gan_course.paths import DATA, restore


def data_root() -> Path:
    """The folder of bundled data: `GAN_COURSE_DATA`, else `data/` beside the package.

    Raises:
        CourseError: there is no such folder.
    """
    variable = os.environ.get("GAN_COURSE_DATA")
    root = Path(variable) if variable else DATA
    if not root.is_dir():
        raise CourseError(
            f"no folder {root}: set GAN_COURSE_DATA to the data/ folder of the course's repository"
        )
    return root


def bundled(name: str) -> Path:
    """The path of one bundled file, its SHA-256 checked the first time it is asked for.

    Args:
        name: path below data/, with forward slashes, as in the manifest:
            "fashion/t10k-labels-idx1-ubyte.gz".

    Raises:
        CourseError: the file is missing, is not in the manifest, or its bytes differ from the
            manifest's.
    """
    return _check(data_root(), name)


def bundled_names(folder: str) -> list[str]:
    """Names of all bundled files below one folder of data/, sorted."""
    return sorted(name for name in read_manifest(data_root()) if name.startswith(f"{folder}/"))


def read_manifest(root: Path) -> dict[str, dict]:
    """The manifest: name -> {"sha256": ..., "bytes": ...}.

    Raises:
        CourseError: the manifest cannot be read, or is not of that form.
    """
    path = root / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error
    except (OSError, ValueError, RecursionError) as error:
        raise CourseError(f"{path} cannot be read ({error}): {restore('data')}") from error
    if not isinstance(manifest, dict) or not all(
        isinstance(entry, dict) and "sha256" in entry for entry in manifest.values()
    ):
        raise CourseError(f"{path} is not a manifest: {restore('data')}")
    return manifest


def write_manifest(root: Path) -> dict[str, dict]:
    """Write the manifest of every data file below `root` as it is now.

    For maintainers.
    """
    names = [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and _is_data(path.relative_to(root))
    ]
    manifest = {
        path.relative_to(root).as_posix(): {"sha256": sha256(path), "bytes": path.stat().st_size}
        for path in names
    }
    with atomic_write(root / "manifest.json") as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def _is_data(relative: Path) -> bool:
    return (
        len(relative.parts) > 1
        and relative.parts[0] != "build"
        and not relative.name.startswith(".")
    )


@cache
def _check(root: Path, name: str) -> Path:
    entry = read_manifest(root).get(name)
    path = root / name
    if entry is None:
        raise CourseError(
            f"{name} is not in {root / 'manifest.json'}: see its keys for the bundled files"
        )
    if not path.is_file():
        raise CourseError(f"{path} is missing: {restore('data')}")
    try:
        digest = sha256(path)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}): change its permissions"
        ) from error
    if digest != entry["sha256"]:
        raise CourseError(
            f"{path} has changed (its sha256 is not the manifest's): {restore('data')}"
        )
    return path
