"""What is written from the repository's address, and only from there."""

import importlib.metadata
import importlib.util
import re
import subprocess
import sys

import pytest

from gan_course.errors import CourseError
from gan_course.paths import ROOT
from maintain import doors, notebooks, readme

ADDRESS = "https://github.com/someone/gans"


@pytest.fixture
def opened(monkeypatch):
    for module in (notebooks, readme):
        monkeypatch.setattr(module, "repository", lambda: ADDRESS)


def project(tmp_path, line):
    path = tmp_path / "pyproject.toml"
    path.write_text(f'[project]\nname = "x"\n[project.urls]\n{line}\n')
    return path


def test_without_an_address_there_is_neither_badge_nor_cell(monkeypatch):
    monkeypatch.setattr(notebooks, "repository", lambda: "")
    cells = notebooks.read_source("01_the_game").cells
    assert "colab" not in cells[0].source.lower()
    assert cells[1].metadata["tags"] == ["parameters"]
    assert doors.badges("", "01_the_game") == ""


def test_an_address_opens_each_lesson_in_three_places(opened):
    first, fetch, parameters = notebooks.read_source("07_cyclegan").cells[:3]
    notebook = "blob/main/notebooks/07_cyclegan.ipynb"
    assert f"](https://colab.research.google.com/github/someone/gans/{notebook})" in first.source
    assert f"](https://kaggle.com/kernels/welcome?src={ADDRESS}/{notebook})" in first.source
    assert "](https://codespaces.new/someone/gans)" in first.source
    assert fetch.metadata["tags"] == ["fetch"]
    assert parameters.metadata["tags"] == ["parameters"]
    assert len(fetch.source.splitlines()) <= 25
    assert max(map(len, fetch.source.splitlines())) <= 100


def test_the_readme_gets_them_between_its_markers(opened):
    page = readme.with_badges((ROOT / "README.md").read_text(encoding="utf-8"))
    assert "github/someone/gans/blob/main/notebooks/00_start_here.ipynb" in page[:700]


@pytest.fixture
def commands(monkeypatch):
    run = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: run.append(command))
    return run


def fetch_cell():
    return notebooks.read_source("01_the_game").cells[1].source


def test_the_cell_is_silent_where_the_course_is_installed(opened, commands, capsys):
    exec(fetch_cell(), {})
    assert commands == [] and capsys.readouterr().out == ""


def test_elsewhere_it_installs_what_is_missing_and_leaves_torch(opened, commands, monkeypatch):
    absent = {"gan_course", "safetensors"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in absent else object()
    )
    exec(fetch_cell(), {})
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    assert commands == [[*pip, f"git+{ADDRESS}", "safetensors"]]


PLATFORM = {"torch", "torchvision", "numpy", "matplotlib", "pillow"}  # of Colab and of Kaggle
SCRIPT = """
import importlib, importlib.metadata, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
owners = importlib.metadata.packages_distributions()
print(*{owner for name in sys.modules for owner in owners.get(name.split(".")[0], [])})
"""


def test_it_knows_whatever_the_lessons_import():
    code = "\n".join(
        cell.source
        for name in notebooks.source_names()
        for cell in notebooks.read_source(name).cells
        if cell.cell_type == "code"
    )
    modules = set(re.findall(r"^(?:from|import) (gan_course[\w.]*)", code, re.MULTILINE))
    command = [sys.executable, "-c", SCRIPT, *modules, "gan_course.viz.explorers"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    declared = {
        re.match(r"[\w-]+", one)[0]
        for one in importlib.metadata.requires("gan-course")
        if "extra" not in one
    }
    imported = declared & set(loaded.stdout.split())
    assert {"matplotlib", "torch"} <= imported <= PLATFORM | set(doors.NEEDED)


def test_the_address_is_taken_without_its_slash(tmp_path):
    assert doors.repository(project(tmp_path, f'Repository = "{ADDRESS}/"')) == ADDRESS
    assert doors.repository(project(tmp_path, "")) == ""


@pytest.mark.parametrize("wrong", ["http://github.com/a/b", "https://github.com/a", "a/b"])
def test_what_colab_cannot_open_is_named(tmp_path, wrong):
    with pytest.raises(CourseError, match=r"pyproject\.toml: Repository = .*OWNER/NAME"):
        doors.repository(project(tmp_path, f'Repository = "{wrong}"'))
