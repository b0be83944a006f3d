"""Names of the lessons, and how long to study each."""

import json
import re

from gan_course.errors import CourseError
from gan_course.paths import NOTEBOOKS, restore


def lesson_names() -> list[str]:
    """Names of all lessons in order, such as "01_the_game".

    Raises:
        CourseError: the notebooks are not there.
    """
    names = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if not names:
        raise CourseError(f"no lessons in {NOTEBOOKS}: {restore('notebooks')}")
    return names


def select_lessons(only: str = "") -> list[str]:
    """Select lessons by number or name, separated by commas; all where none is named.

    Args:
        only: such as "02", "2", "02_images" or "01,02"; empty for all.

    Raises:
        CourseError: a word that names no lesson.
    """
    names = lesson_names()
    if not only.strip():
        return names
    selection: list[str] = []
    for word in only.replace(",", " ").split():
        matches = [name for name in names if word in (name, name[:2]) or word.zfill(2) == name[:2]]
        if not matches:
            raise CourseError(f"no lesson {word!r}: choose from {', '.join(names)}")
        selection += matches
    if not selection:
        raise CourseError(f"no lesson in {only!r}: choose from {', '.join(names)}")
    return [name for name in names if name in selection]


def study_times() -> dict[str, tuple[str, int]]:
    """Title and minutes of study of every lesson, by its number, as its first cell gives them.

    For example {"01": ("The game", 110)}. A lesson that does not give them is left out.
    """
    times = {}
    for name in lesson_names():
        cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        first = "".join(cells[0]["source"])
        title = re.search(r"^# \d\d · (.+)$", first, re.MULTILINE)
        minutes = re.search(r"study (\d+) min", first)
        if title and minutes:
            times[name[:2]] = title[1], int(minutes[1])
    return times
