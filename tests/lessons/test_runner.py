import json
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from gan_course.errors import CourseError
from gan_course.lessons import names as lessons
from gan_course.lessons import runner
from gan_course.lessons.gallery import best_picture, render, write_gallery

CLAIM = "from gan_course.lessons.claims import claim\n"
PICTURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
LESSONS = {
    "01_good": [CLAIM + "claim('one is one', True)", PICTURE],
    "02_raises": ["x = 1", "1 / 0"],
    "03_false": [CLAIM + "claim('one is two', 1, above=2)", PICTURE],
    "04_leaves": ["import sys\nsys.exit(0)", "print('never reached')"],
    "05_dies": ["import os\nos._exit(3)"],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    for name, cells in LESSONS.items():
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells]
        )
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        notebook.cells[-1].metadata["tags"] = ["best-picture"]
        nbformat.write(notebook, folder / f"{name}.ipynb")
    out = tmp_path_factory.mktemp("runs") / "here"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "NOTEBOOKS", folder)
        summary = runner.run_lessons(list(LESSONS), profile="smoke", device="cpu", out=out)
    write_gallery(out, summary)
    return out, {lesson["name"]: lesson for lesson in summary["lessons"]}


pytestmark = pytest.mark.slow


def test_a_good_lesson_passes_with_its_claims(run):
    lesson = run[1]["01_good"]
    assert lesson["status"] == "passed"
    assert [(claim["text"], claim["held"]) for claim in lesson["claims"]] == [("one is one", True)]
    assert lesson["seconds"] > 0 and lesson["peak_mb"] > 10


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("02_raises", "ZeroDivisionError"),
        ("04_leaves", "did not complete"),
        ("05_dies", "died|DeadKernel|dead"),
    ],
)
def test_each_way_to_fail_is_seen_and_the_rest_goes_on(run, name, words):
    import re

    lesson = run[1][name]
    assert lesson["status"] == "failed"
    assert re.search(words, lesson["error"], re.IGNORECASE), lesson["error"]


def test_a_claim_that_fails_stops_neither_its_lesson_nor_the_run(run, capsys):
    lesson = run[1]["03_false"]
    assert lesson["status"] == "claims failed" and "error" not in lesson
    assert best_picture(run[0] / "03_false.ipynb")  # drawn after the claim
    runner.print_missed_claims({"lessons": list(run[1].values())})
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "Claims that did not hold in this run:",
        "  03_false: one is two (1, not > 2)",
    ]
    assert len(said) == 5 and "make doctor" in said[-1]


def test_where_all_claims_held_there_is_nothing_to_say(run, capsys):
    runner.print_missed_claims({"lessons": [run[1]["01_good"]]})
    assert capsys.readouterr().out == ""


def test_the_summary_has_the_promised_form(run):
    summary = json.loads((run[0] / "summary.json").read_text())
    assert summary.keys() == {"profile", "device", "seconds", "lessons"}
    assert summary["profile"] == "smoke"
    for lesson in summary["lessons"]:
        assert {"name", "status", "seconds", "peak_mb", "claims"} <= lesson.keys()


def test_the_gallery_shows_pictures_claims_and_failures(run):
    page = (run[0] / "index.html").read_text()
    assert "1 of 5 lessons passed" in page
    assert page.count("data:image/png;base64") == 2
    assert "one is two (1, not &gt; 2): <b>did not hold</b>" in page
    assert best_picture(run[0] / "01_good.ipynb")[0] == "png"
    assert best_picture(run[0] / "none.ipynb") is None


def test_the_gallery_leads_to_lessons_as_web_pages_with_claims_folded(run):
    page = (run[0] / "index.html").read_text()
    assert 'href="01_good.html"' in page and "<details><summary>" in page
    assert "<details open><summary>" in page  # where a claim did not hold
    rendered = (run[0] / "01_good.html").read_text()
    assert "CLAIM" in rendered and "data:image/png;base64" in rendered


def test_a_notebook_that_cannot_be_rendered_is_linked_itself(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{")
    assert render(tmp_path / "broken.ipynb") == "broken.ipynb"


def test_lessons_are_chosen_by_number_or_name(tmp_path, monkeypatch):
    for name in ("01_a", "02_b", "10_c"):
        (tmp_path / f"{name}.ipynb").write_text("{}")
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    assert lessons.select_lessons("") == ["01_a", "02_b", "10_c"]
    assert lessons.select_lessons("10, 2") == ["02_b", "10_c"]
    assert lessons.select_lessons("01_a") == ["01_a"]
    with pytest.raises(CourseError, match="no lesson '7': choose from 01_a"):
        lessons.select_lessons("7")


def test_cells_to_wait_for_stand_under_the_last_heading_before_them(tmp_path):
    def cell(seconds):
        return nbformat.v4.new_code_cell("train()", metadata={"papermill": {"duration": seconds}})

    prose = nbformat.v4.new_markdown_cell("## Train\n\n```python\n# no heading\n```")
    cells = [cell(30.2), prose, cell(9.9), cell(41.6), nbformat.v4.new_code_cell("never run")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    assert runner._waits(tmp_path / "a.ipynb") == [
        {"under": "", "seconds": 30},
        {"under": "Train", "seconds": 42},
    ]


@pytest.fixture
def one_lesson(tmp_path, monkeypatch):
    """A lesson that says which Python runs it, in a folder whose name papermill would fill in."""
    folder = tmp_path / "course {2025} {pm}"
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell("import sys\nprint(sys.executable)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, folder / "01_a.ipynb")
    monkeypatch.setattr(runner, "NOTEBOOKS", folder)
    return folder


@pytest.fixture
def foreign_python(tmp_path, monkeypatch):
    """A kernel called python3, which Jupyter finds first, that is no Python."""
    kernel = tmp_path / "foreign" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {
        "argv": ["/bin/false", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "foreign"))
    return kernel


def run_one(out):
    summary = runner.run_lessons(["01_a"], profile="smoke", device="cpu", out=out)
    assert summary["lessons"][0]["status"] == "passed", summary
    return nbformat.read(out / "01_a.ipynb", as_version=4)


def test_braces_in_the_names_of_folders_are_kept(one_lesson, tmp_path):
    out = tmp_path / "{group}" / "{0}}"
    run_one(out)
    assert sorted(path.name for path in (tmp_path / "{group}").iterdir()) == ["{0}}"]


def test_a_lesson_runs_in_the_python_that_was_called(one_lesson, foreign_python, tmp_path):
    executed = run_one(tmp_path / "out")
    assert executed.cells[-1].outputs[0].text == f"{sys.executable}\n"
    assert executed.metadata.kernelspec.name == "python3"


def lessons_of(folder, monkeypatch, **cells):
    """Lessons of one code cell each, in a folder that the runner takes for the course's."""
    for name, cell in cells.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, folder / f"{name}.ipynb")
    monkeypatch.setattr(runner, "NOTEBOOKS", folder)


MEET = """
import os, time
from pathlib import Path
Path("{own}").touch()
while not Path("{other}").exists():
    time.sleep(0.05)
assert os.environ["GAN_COURSE_THREADS"] == os.environ["OMP_NUM_THREADS"] == "1"
"""


def test_two_at_a_time_wait_for_each_other_and_are_told_in_order(tmp_path, monkeypatch, capsys):
    cells = {
        "01_a": MEET.format(own="a", other="b"),
        "02_b": MEET.format(own="b", other="a"),
        "03_c": "1 / 0",
    }
    lessons_of(tmp_path, monkeypatch, **cells)
    summary = runner.run_lessons(
        list(cells), profile="smoke", device="cpu", out=tmp_path / "run", jobs=2
    )
    assert [(lesson["name"], lesson["status"]) for lesson in summary["lessons"]] == [
        ("01_a", "passed"),
        ("02_b", "passed"),
        ("03_c", "failed"),
    ]
    assert "[1/3] 01_a ... passed" in capsys.readouterr().out


def test_what_ends_one_lesson_of_two_ends_the_other(tmp_path, monkeypatch):
    lessons_of(
        tmp_path, monkeypatch, **{"01_a": "import time\ntime.sleep(600)", "02_b": "print(1)"}
    )
    monkeypatch.setattr(runner, "_report", lambda *_: (_ for _ in ()).throw(BrokenPipeError))
    with pytest.raises(BrokenPipeError):
        runner.run_lessons(
            ["01_a", "02_b"], profile="smoke", device="cpu", out=tmp_path / "run", jobs=2
        )
    assert not runner._RUNNING


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_sigterm_ends_the_lessons_too(tmp_path, monkeypatch):
    started = tmp_path / "started"
    lessons_of(
        tmp_path,
        monkeypatch,
        **{"01_a": f"import time\nopen({str(started)!r}, 'w')\ntime.sleep(600)"},
    )
    program = (
        "import sys, pathlib\nfrom gan_course.lessons import names, runner\n"
        "names.NOTEBOOKS = runner.NOTEBOOKS = pathlib.Path(sys.argv.pop(1))\n"
        "from gan_course.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    arguments = ["run", "--profile", "smoke", "--device", "cpu", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), *arguments], stderr=subprocess.PIPE
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert said.decode().splitlines()[-1] == "gan_course: stopped; what was saved stays"
    assert children and not psutil.wait_procs(children, timeout=30)[1]
    assert (tmp_path / "run" / "summary.json").is_file()
