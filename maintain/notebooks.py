"""From the sources that people edit to the notebooks that people open."""

import argparse
import base64
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from PIL import Image

from gan_course.commands.parsing import OneLineParser, run_command, termination_like_ctrl_c
from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.lessons.gallery import best_picture
from gan_course.lessons.runner import run_lessons
from gan_course.paths import NOTEBOOKS
from maintain.doors import open_doors, repository

KEPT_CELL_METADATA = ("tags", "mystnb")


def source_names() -> list[str]:
    """Names of all lessons that have a source, in order."""
    return sorted(path.stem for path in (NOTEBOOKS / "source").glob("[0-9][0-9]_*.py"))


def chosen_sources(words: Sequence[str]) -> list[str]:
    """Names of the lessons meant by names or numbers, such as "02_images", "02" or "2,3"; or all.

    Raises:
        CourseError: a word that means no lesson with a source.
    """
    names, chosen = source_names(), []
    for word in " ".join(words).replace(",", " ").split():
        meant = [name for name in names if word == name or word.zfill(2) == name[:2]]
        if not meant:
            raise CourseError(
                f"no source notebooks/source/{word}.py: choose from {', '.join(names)}"
            )
        chosen += meant
    return chosen or names


def read_source(name: str) -> nbformat.NotebookNode:
    """A lesson's source as a notebook without outputs, its cells numbered.

    Two conversions are equal.
    """
    notebook = jupytext.read(NOTEBOOKS / "source" / f"{name}.py")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    open_doors(notebook, repository(), name)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03d}"
        cell.metadata = _kept(cell)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def build_notebooks(names: list[str]) -> None:
    """Write each notebook from its source, execute it in the fast profile, and store its outputs.

    Raises:
        CourseError: a lesson failed; its stored notebook is as it was.
    """
    for name in names:
        path = NOTEBOOKS / f"{name}.ipynb"
        with (
            tempfile.TemporaryDirectory() as folder,
            _kept_unless_done(path),
            termination_like_ctrl_c(),
        ):
            _write(read_source(name), path)  # the runner takes it from there
            summary = run_lessons([name], profile="fast", device="cpu", out=Path(folder))
            executed = Path(folder) / f"{name}.ipynb"
            (lesson,) = summary["lessons"]
            if lesson["status"] != "passed":
                why = lesson.get("error") or "the claim above"
                raise CourseError(f"lesson {name} failed ({why}): its notebook is unchanged")
            _write(_stripped(nbformat.read(executed, as_version=4)), path)
            _keep_picture(name, executed)


def rewrite_sources(names: list[str]) -> None:
    """Write the sources into the stored notebooks and keep the outputs: for changes of form alone.

    Raises:
        CourseError: a lesson has other cells than its notebook.
    """
    for name in names:
        path = NOTEBOOKS / f"{name}.ipynb"
        source, stored = read_source(name), nbformat.read(path, as_version=4)
        if [cell.cell_type for cell in source.cells] != [cell.cell_type for cell in stored.cells]:
            raise CourseError(
                f"{name} has other cells than its notebook: run make notebooks ONLY={name}"
            )
        for cell, old in zip(source.cells, stored.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = old.outputs, old.execution_count
        _write(source, path)


@contextmanager
def _kept_unless_done(path: Path) -> Iterator[None]:
    """Whatever ends the block early, also Ctrl-C: the file is as it was before."""
    before = path.read_bytes() if path.exists() else None
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            with atomic_write(path) as temporary:
                temporary.write_bytes(before)
        raise


def _kept(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.from_dict(
        {key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)}
    )


def _stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook.metadata.pop("papermill", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = _kept(cell)
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = _with_palette(output.data["image/png"])
    return notebook


def _with_palette(png: str) -> str:
    """A plot in base64 with a palette of 256 colours, a quarter of the bytes."""
    smaller = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(smaller, format="PNG", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    nbformat.validate(notebook)
    with atomic_write(path) as temporary:
        temporary.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _keep_picture(name: str, executed: Path) -> None:
    picture = best_picture(executed)
    source = (NOTEBOOKS / "source" / f"{name}.py").read_text(encoding="utf-8")
    if picture and f"(images/{name}.jpg)" in source:
        folder = NOTEBOOKS / "images"
        folder.mkdir(exist_ok=True)
        with atomic_write(folder / f"{name}.jpg") as temporary:
            Image.open(io.BytesIO(picture[1])).convert("RGB").save(
                temporary, format="JPEG", quality=88
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the notebooks named, or all; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain notebooks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="such as 02_images or 02 (default: all)"
    )
    parser.add_argument(
        "--keep-outputs",
        action="store_true",
        help="execute nothing: the change is one of form alone",
    )
    return run_command(parser, arguments, _build)


def _build(options: argparse.Namespace) -> int:
    names = chosen_sources(options.names)
    (rewrite_sources if options.keep_outputs else build_notebooks)(names)
    return 0
