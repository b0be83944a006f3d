"""Names of the lessons."""

from gan_course.errors import CourseError
from gan_course.paths import NOTEBOOKS


def lesson_names() -> list[str]:
    """Names of all lessons in order, such as "01_the_game".

    Raises:
        CourseError: the notebooks are not there.
    """
    names = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if not names:
        raise CourseError(f"no lessons in {NOTEBOOKS}: run from a clone of the course's repository")
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
