"""From the sources that people edit to the notebooks that people open."""

import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat

from gan_course.course.gallery import best_picture
from gan_course.course.lessons import NOTEBOOKS
from gan_course.course.runner import run_lessons
from gan_course.errors import CourseError
from gan_course.files import atomic_write

KEPT_CELL_METADATA = ("tags", "mystnb")


def source_names() -> list[str]:
    """Names of all lessons that have a source, in order."""
    return sorted(path.stem for path in (NOTEBOOKS / "source").glob("[0-9][0-9]_*.py"))


def read_source(name: str) -> nbformat.NotebookNode:
    """A lesson's source as a notebook without outputs, its cells numbered so that two conversions are equal."""
    notebook = jupytext.read(NOTEBOOKS / "source" / f"{name}.py")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03d}"
        cell.metadata = _kept(cell)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def build_notebooks(names: list[str]) -> None:
    """Write each notebook from its source, execute it in the fast profile, and store its outputs.

    Raises:
        CourseError: a lesson has no source, or failed; its stored notebook is untouched.
    """
    for name in names:
        if name not in source_names():
            raise CourseError(f"no source notebooks/source/{name}.py: choose from {', '.join(source_names())}")
        path = NOTEBOOKS / f"{name}.ipynb"
        before = path.read_bytes() if path.exists() else None
        _write(read_source(name), path)
        with tempfile.TemporaryDirectory() as folder:
            summary = run_lessons([name], profile="fast", device="cpu", out=Path(folder))
            executed = Path(folder) / f"{name}.ipynb"
            if summary["lessons"][0]["status"] != "passed":
                path.unlink() if before is None else path.write_bytes(before)
                raise CourseError(f"lesson {name} failed ({summary['lessons'][0]['error']}): its notebook is unchanged")
            _write(_stripped(nbformat.read(executed, as_version=4)), path)
            _keep_picture(name, executed)


def _kept(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.from_dict({key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)})


def _stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook.metadata.pop("papermill", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = _kept(cell)
    return notebook


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    nbformat.validate(notebook)
    with atomic_write(path) as temporary:
        temporary.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _keep_picture(name: str, executed: Path) -> None:
    picture = best_picture(executed)
    if picture:
        from io import BytesIO

        from PIL import Image

        folder = NOTEBOOKS / "images"
        folder.mkdir(exist_ok=True)
        with atomic_write(folder / f"{name}.jpg") as temporary:
            Image.open(BytesIO(picture[1])).convert("RGB").save(temporary, format="JPEG", quality=88)


if __name__ == "__main__":
    try:
        build_notebooks(sys.argv[1:] or source_names())
    except CourseError as error:
        print(f"gan_course: {error}", file=sys.stderr)
        raise SystemExit(2) from None
