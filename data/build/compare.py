"""Comparing rebuilt files with the shipped ones.

Where the packages of the two requirements.txt are installed, all files come out byte for byte.
Other versions of Pillow, NumPy or zlib may encode the same pixels otherwise; what then counts is
how far the content is off.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gan_course.errors import CourseError

# The largest mean difference allowed, in 1/255 of the range; files of any other kind must have the
# same bytes.
TOLERANCES = {".npz": 0.0, ".png": 0.5, ".jpg": 1.0, ".webp": 1.0}


@dataclass(frozen=True)
class Row:
    """One line of the table: `difference` is None for the same bytes, and infinite where none can
    be told.
    """

    file: str
    difference: float | None
    tolerance: float
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the file is as it should be."""
        return self.difference is None or self.difference <= self.tolerance


def compare(rebuilt: Path, shipped: Path, sets: list[str]) -> list[Row]:
    """Compare all files of some sets, those that only one side has included.

    Args:
        rebuilt: folder with one folder a set.
        shipped: the same.
        sets: names of the folders to compare.

    Returns:
        A row for each file, by name.
    """
    names = {
        path.relative_to(root).as_posix()
        for root in (rebuilt, shipped)
        for name in sets
        for path in (root / name).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return [compare_file(rebuilt / name, shipped / name, name) for name in sorted(names)]


def compare_file(rebuilt: Path, shipped: Path, name: str) -> Row:
    """Compare one file; `name` is what the table calls it."""
    tolerance = TOLERANCES.get(shipped.suffix, 0.0)
    for path, note in ((rebuilt, "not rebuilt"), (shipped, "not shipped")):
        if not path.is_file():
            return Row(name, float("inf"), tolerance, note)
    if rebuilt.read_bytes() == shipped.read_bytes():
        return Row(name, None, tolerance)
    if shipped.suffix not in TOLERANCES:
        return Row(name, float("inf"), tolerance, "other bytes")
    difference = _difference(_content(rebuilt), _content(shipped))
    return Row(name, difference, tolerance, "" if np.isfinite(difference) else "other shapes")


def table(rows: list[Row]) -> str:
    """The rows as text: file, difference, tolerance, ok."""
    width = max([len("file"), *(len(row.file) for row in rows)])
    lines = [f"{'file':<{width}}  {'difference':>12}  {'tolerance':>9}  ok"]
    for row in rows:
        difference = "identical" if row.difference is None else row.note or f"{row.difference:.4f}"
        lines.append(
            f"{row.file:<{width}}  {difference:>12}  {row.tolerance:>9g} "
            f" {'yes' if row.ok else 'NO'}"
        )
    identical = sum(row.difference is None for row in rows)
    good = sum(row.ok for row in rows)
    return "\n".join([*lines, f"{identical} of {len(rows)} identical, {good} of {len(rows)} ok"])


def _difference(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> float:
    """The largest of the arrays' mean absolute differences.

    Infinite for other names, shapes or types.
    """
    if list(first) != list(second):
        return float("inf")
    differences = [0.0]
    for a, b in zip(first.values(), second.values(), strict=True):
        if a.shape != b.shape or a.dtype != b.dtype:
            return float("inf")
        if a.dtype.kind == "u":
            differences.append(float(np.abs(a.astype(np.float32) - b).mean()))
        elif not np.array_equal(a, b):
            return float("inf")
    return max(differences)


def _content(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz, or the pixels of a picture."""
    try:
        if path.suffix == ".npz":
            with np.load(path) as stored:
                return {name: stored[name] for name in stored.files}
        with Image.open(path) as image:
            return {"pixels": np.array(image.convert("RGB"))}
    except (OSError, ValueError, KeyError) as error:
        raise CourseError(
            f"{path} cannot be read ({error}): restore it with git checkout -- data"
        ) from error
