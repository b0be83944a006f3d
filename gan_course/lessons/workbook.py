"""A learner's own copies of the lessons, without outputs that give answers away."""

import shutil
from pathlib import Path

import nbformat

from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder
from gan_course.lessons.names import lesson_names
from gan_course.paths import NOTEBOOKS


def write_workbook(folder: Path) -> list[str]:
    """Copy the lessons that `folder` lacks, without their outputs, and the pictures that they show.

    Args:
        folder: made if it is not there.

    Returns:
        The names of the lessons that were copied.

    Raises:
        CourseError: the folder cannot be written, or is the one with the lessons.
    """
    folder = output_folder(folder)
    if folder.resolve() == NOTEBOOKS.resolve():
        raise CourseError(f"{folder} holds the lessons themselves: choose another folder")
    missing = [name for name in lesson_names() if not (folder / f"{name}.ipynb").exists()]
    for name in missing:
        lesson = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        for cell in lesson.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        with atomic_write(folder / f"{name}.ipynb") as temporary:
            temporary.write_text(nbformat.writes(lesson) + "\n", encoding="utf-8")
    pictures = output_folder(folder / "images")
    for picture in (NOTEBOOKS / "images").iterdir():
        with atomic_write(pictures / picture.name) as temporary:
            # the bytes alone: not every file system keeps permissions
            shutil.copyfile(picture, temporary)
    return missing
