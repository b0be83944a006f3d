"""Which Python Jupyter starts as python3, and which one the doctor names."""

import json
import os
import sys
from pathlib import Path

import pytest

from gan_course.cli import main
from gan_course.lessons.kernels import jupyter_python, this_python


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A function that makes Jupyter's python3 another program; it gives the folder that says so."""

    def make(program):
        folder = tmp_path / "kernels" / "python3"
        folder.mkdir(parents=True)
        spec = {
            "argv": [program, "{connection_file}"],
            "display_name": "Python 3",
            "language": "python",
        }
        (folder / "kernel.json").write_text(json.dumps(spec))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
        return folder

    return make


def test_another_program_is_named_with_its_folder(kernel, tmp_path, capsys):
    other = tmp_path / "bin" / "python3"
    other.parent.mkdir()
    try:
        # the same file, and yet another environment
        other.symlink_to(os.path.realpath(sys.executable))
    except OSError:
        pytest.skip("no links here")
    folder = kernel(str(other))
    assert jupyter_python() == (str(other), folder)
    main(["doctor"])
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("kernel"))
    assert (
        line.split(maxsplit=1)[1]
        == f"run: {sys.executable}; JupyterLab: {other}, by {folder}: remove that folder if lessons"
        " fail there"
    )


@pytest.mark.parametrize("program", ["python", "python3", "python3.11", sys.executable])
def test_this_python_by_any_name(kernel, program, capsys):
    kernel(program)
    assert jupyter_python() is None
    main(["doctor"])
    assert f"kernel    {sys.executable}\n" in capsys.readouterr().out


def test_this_python_comes_before_what_was_there(kernel, monkeypatch):
    before = kernel("/bin/false")
    with this_python() as environment:
        first, second = environment["JUPYTER_PATH"].split(os.pathsep)
        assert Path(second) == before.parents[1]
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        assert jupyter_python() is None
    assert not Path(first).exists()


def test_a_kernel_that_cannot_be_read_is_said(kernel, capsys):
    (kernel("python") / "kernel.json").write_text("{")
    main(["doctor"])
    assert "JupyterLab's cannot be found" in capsys.readouterr().out
