"""What all commands share: one line for bad input, and another for Ctrl-C."""

import argparse
import json
import os
import signal
import subprocess
import sys

import pytest

from benchmarks import __main__ as benchmarks
from gan_course.commands.parsing import OneLineParser, hold_interrupt, run_command, whole
from gan_course.errors import CourseError, Stopped
from gan_course.lessons import results as records
from maintain import calibration, notebooks
from maintain import readme as results
from maintain.studies import cyclegan_ablations as ablations
from maintain.studies import reader_sensitivity as sensitivity
from maintain.studies import stylegan_ladder as ladder

MAINS = {
    ablations: "run",
    benchmarks: "run",
    calibration: "calibrate",
    ladder: "run",
    notebooks: "build_notebooks",
    results: "update_prose",
    sensitivity: "measure_world",
}
ANY_COMMAND = pytest.mark.parametrize("module", MAINS, ids=lambda module: module.__name__)


def raising(error):
    def work(*_):
        raise error

    return work


def one_line(capsys):
    err = capsys.readouterr().err
    assert err.startswith("gan_course: ") and err.count("\n") == 1, err
    return err


def ordinary(module, tmp_path):
    if module is ablations:
        return ["cycle-prior"]
    return ["--out", str(tmp_path)] if module is benchmarks else []


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (CourseError("x is bad: choose y"), 2, "x is bad: choose y"),
        (KeyboardInterrupt(), 130, "stopped"),
        (Stopped(15, "stopped after step 3"), 143, "stopped after step 3"),
        (
            PermissionError(13, "Permission denied", "a/b"),
            2,
            "'a/b': check the name and its permissions",
        ),
        (OSError(28, "No space left on device"), 2, "free some space"),
        (MemoryError(), 2, "not enough memory: close other programs"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_how_a_command_ends(capsys, error, code, words):
    assert run_command(OneLineParser(), [], raising(error)) == code
    assert words in one_line(capsys)


def test_a_fault_of_ours_shows_itself():
    with pytest.raises(RuntimeError, match="shape"):
        run_command(OneLineParser(), [], raising(RuntimeError("shape")))


def test_streams_that_the_shell_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert run_command(OneLineParser(), [], lambda _: print("said to nobody") or 0) == 0
    assert run_command(OneLineParser(), [], raising(CourseError("said to nobody"))) == 2


@pytest.fixture
def heard():
    """Ctrl-C is heard, though a shell that starts the tests with & has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_waits_for_an_import(heard):
    done = []
    with pytest.raises(KeyboardInterrupt), hold_interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        done.append(True)
    assert done and signal.getsignal(signal.SIGINT) is signal.default_int_handler


INTERRUPTED = """
import os, signal, sys
# it may be ignored, as for the tests themselves
signal.signal(signal.SIGINT, signal.default_int_handler)
class Finder:
    def find_spec(self, name, *_):
        if name == "numpy":  # as torch imports it
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from gan_course.cli import main
sys.exit(main(["train"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
def test_ctrl_c_while_torch_is_imported():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "gan_course: stopped; what was saved stays\n"


def called(module):
    """What is written after python -m for a module with a `main`."""
    room, _, name = module.__name__.removesuffix(".__main__").rpartition(".")
    return (
        f"maintain {name}"
        if room.startswith("maintain")
        else module.__name__.removesuffix(".__main__")
    )


@ANY_COMMAND
@pytest.mark.parametrize("argument", ["--nonsense", "--help"])
def test_arguments_are_read_before_any_work(module, argument, capsys, monkeypatch):
    monkeypatch.setattr(module, MAINS[module], raising(AssertionError("it works already")))
    with pytest.raises(SystemExit) as stop:
        module.main([argument])
    if argument == "--help":
        assert stop.value.code == 0 and f"python -m {called(module)} " in capsys.readouterr().out
    else:
        assert stop.value.code == 2
        one_line(capsys)


@ANY_COMMAND
@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (CourseError("bad"), 2), (PermissionError(13, "no"), 2)],
)
def test_how_each_maintainer_s_command_ends(module, error, code, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(module, MAINS[module], raising(error))
    assert module.main(ordinary(module, tmp_path)) == code
    one_line(capsys)


@pytest.mark.parametrize(
    ("main", "arguments", "words"),
    [
        (ablations.main, ["nope"], "invalid choice: 'nope'"),
        (
            ladder.main,
            ["nope"],
            "unrecognized arguments: nope (see python -m maintain stylegan_ladder --help)",
        ),
        (results.main, ["nonsense"], "unrecognized arguments: nonsense"),
        (benchmarks.main, ["--rounds", "a"], "--rounds: 'a' is not a whole number"),
        (benchmarks.main, ["--rounds", "0"], "--rounds: '0' is not a whole number"),
    ],
)
def test_a_bad_argument_is_one_line(main, arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert words in one_line(capsys)


def test_a_missing_data_folder_is_one_line(capsys, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_DATA", "/nope")
    assert sensitivity.main([]) == 2
    assert "no folder /nope" in one_line(capsys)


def test_a_number_of_thousands_of_digits_is_shortened():
    with pytest.raises(
        argparse.ArgumentTypeError, match=r"^'9{12}\.\.\.9{13}' is not a whole number"
    ):
        whole("9" * 5_000)
    assert whole("0" * 5_000 + "7") == 7


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"rows": [1]}', '{"rows": 1}', "[" * 100_000])
def test_a_broken_table_is_named(text, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    for name, command in (
        ("cycle-prior", lambda: ablations.main(["cycle-prior"])),
        ("style-ladder", lambda: ladder.main([])),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        assert command() == 2
        assert f"{path} is not a table of results" in one_line(capsys)
        assert path.read_text() == text


LESSON = {"name": "01_a", "seconds": 1.0, "peak_mb": 1, "claims": []}


@pytest.mark.parametrize(
    "text",
    ["{", "{}", "[]", '{"lessons": [1]}', '{"lessons": [{"name": "01_a"}]}', "[" * 100_000],
    ids=lambda text: text[:30],
)
def test_a_broken_record_is_named(text, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    path = tmp_path / "course-fast-bfloat16.json"
    path.write_text(json.dumps({"lessons": [LESSON]}))
    assert results.read_results("fast") == {"01_a": LESSON}
    path.write_text(text)
    assert results.main([]) == 2
    assert f"{path} is not what run --record writes" in one_line(capsys)


def test_a_missing_page_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    assert results.main([]) == 2
    assert "README.md" in one_line(capsys)
