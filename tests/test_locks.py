"""A run's folder belongs to one process, and a dead one holds nothing."""

import errno
import signal
import subprocess
import sys

import pytest

from gan_course import locks
from gan_course.errors import CourseError
from gan_course.locks import new_folder, run_folder

HOLDER = """
import sys
from gan_course.locks import run_folder

with run_folder(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "run")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_that_another_process_holds(tmp_path, holder):
    with pytest.raises(
        CourseError, match=r"a run is going on in .*run: wait until it has ended, or stop it first"
    ):
        run_folder(tmp_path / "run").__enter__()
    holder.communicate("")  # it ends, as the line says
    with run_folder(tmp_path / "run") as folder:
        assert folder == tmp_path / "run"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_process_holds_nothing(tmp_path, holder):
    holder.kill()
    holder.wait()
    with run_folder(tmp_path / "run"):
        assert (tmp_path / "run" / ".lock").exists()


def test_a_folder_is_given_back_however_the_block_ends(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), run_folder(tmp_path):
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError()], ids=repr
)
def test_a_file_system_without_locks_is_used_all_the_same(tmp_path, monkeypatch, error):
    def refuse(self, *_, **__):
        raise error

    monkeypatch.setattr(locks.FileLock, "acquire", refuse)
    with run_folder(tmp_path / "run") as folder:
        assert folder.is_dir()


def test_two_runs_of_one_second_get_two_folders(tmp_path):
    names = [new_folder(tmp_path / "runs", "12-00-00").name for _ in range(3)]
    assert names == ["12-00-00", "12-00-00_2", "12-00-00_3"]


def test_no_new_folder_in_a_file(tmp_path):
    (tmp_path / "runs").write_text("mine")
    with pytest.raises(CourseError, match="is a file, not a folder"):
        new_folder(tmp_path / "runs", "12-00-00")
