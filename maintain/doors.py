"""Badges that open a lesson elsewhere, and the cell that fetches the course there.

Both are written from the repository's address, which stands once: `Repository` in `[project.urls]`
of pyproject.toml. While it is absent, so are they.
"""

import json
import re
import tomllib
from pathlib import Path

import nbformat

from gan_course.errors import CourseError
from gan_course.paths import ROOT

# What lessons import and neither Colab nor Kaggle is sure to have.
NEEDED = ["filelock", "ipywidgets", "psutil", "safetensors", "tqdm"]

CELL = """\
# In Colab or Kaggle this fetches the course; where it is installed, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("gan_course") is None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]  # their torch stays
    needed = {needed}
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    subprocess.run([*pip, "git+{address}", *missing], check=True)
    importlib.invalidate_caches()
"""


def repository(pyproject: Path = ROOT / "pyproject.toml") -> str:
    """The repository's address, without a slash at its end; "" while there is none.

    Raises:
        CourseError: it is not the address of a repository on GitHub, from which Colab, Kaggle and
            Codespaces open notebooks.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    address = project.get("urls", {}).get("Repository", "").removesuffix("/")
    if address and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address):
        raise CourseError(
            f"{pyproject}: Repository = {address!r} is not of the form"
            " https://github.com/OWNER/NAME: correct it, or remove the line"
        )
    return address


def badges(address: str, lesson: str) -> str:
    """Links that open a lesson in Colab, Kaggle and Codespaces, on one line of Markdown."""
    if not address:
        return ""
    path = address.removeprefix("https://github.com/")
    notebook = f"blob/main/notebooks/{lesson}.ipynb"
    links = {
        "Colab": f"https://colab.research.google.com/github/{path}/{notebook}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src={address}/{notebook}",
        "Codespaces": f"https://codespaces.new/{path}",
    }
    return "Open in " + " · ".join(f"[{name}]({link})" for name, link in links.items())


def open_doors(notebook: nbformat.NotebookNode, address: str, lesson: str) -> None:
    """Put the badges under the first cell's text, and the cell that fetches the course below it."""
    if address:
        notebook.cells[0].source += f"\n\n{badges(address, lesson)}"
        source = CELL.format(needed=json.dumps(NEEDED), address=address).rstrip()
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["fetch"]})
        notebook.cells.insert(1, cell)
