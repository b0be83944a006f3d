import errno
import os
import stat

import pytest
import torch

from gan_course import files
from gan_course.errors import CourseError


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), files.atomic_write(path) as temporary:
        temporary.write_text("half of the n")
        raise KeyError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("[enforce fail at inline_container] file write failed"),
    ],
)
def test_a_full_disk_is_one_clear_line(tmp_path, error):
    path = tmp_path / "a.pt"
    path.write_text("old")
    with (
        pytest.raises(CourseError, match=r"no space left to write .*a.pt"),
        files.atomic_write(path),
    ):
        raise error
    assert path.read_text() == "old"


def test_a_full_disk_during_torch_save(tmp_path, monkeypatch):
    def full(state, path):
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/3: file write failed")

    from gan_course.training import checkpoints

    checkpoints.save_checkpoint(tmp_path, {"step": 1})
    before = (tmp_path / "last.pt").read_bytes()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CourseError, match="no space left"):
        checkpoints.save_checkpoint(tmp_path, {"step": 2})
    assert (tmp_path / "last.pt").read_bytes() == before
    assert checkpoints.load_checkpoint(tmp_path / "last.pt") == {"step": 1}


def test_an_output_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(CourseError, match="is a file, not a folder"):
        files.output_folder(tmp_path / "out")


def test_an_output_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    with pytest.raises(CourseError, match=r"Permission denied.*choose a folder"):
        files.output_folder(tmp_path / "out")


def test_a_name_as_long_as_a_name_can_be(tmp_path):
    path = tmp_path / ("n" * 251 + ".txt")
    with files.atomic_write(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new" and len(list(tmp_path.iterdir())) == 1


def test_an_error_without_a_number_says_what_it_is(tmp_path):
    path = tmp_path / "a.jpg"
    with (
        pytest.raises(CourseError, match=r"cannot write .*a\.jpg \(encoder error -2\)"),
        files.atomic_write(path),
    ):
        raise OSError("encoder error -2")


def test_damage_in_a_zip_is_found(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"w": torch.ones(1000)}, path)
    assert files.damage_in_zip(path) == ""
    whole = path.read_bytes()
    path.write_bytes(whole.replace(torch.ones(8).numpy().tobytes(), bytes(32), 1))
    assert files.damage_in_zip(path).startswith("checksum of a/data")
    path.write_bytes(whole[:-9])
    assert files.damage_in_zip(path) == "File is not a zip file"


@pytest.fixture
def bare_file_system(monkeypatch):
    """One that keeps no permissions, syncs no folder and has no hard links: SMB, WSL's /mnt/c,
    VirtualBox.
    """
    fsync = os.fsync

    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def sync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    for name in ("chmod", "utime", "link"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(os, "fsync", sync)


def test_a_file_system_without_permissions_is_written_all_the_same(tmp_path, bare_file_system):
    from gan_course.lessons.workbook import write_workbook
    from gan_course.training.checkpoints import load_checkpoint, save_checkpoint

    with files.atomic_write(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"
    for number in (1, 2):
        save_checkpoint(tmp_path, {"step": number})
    assert load_checkpoint(tmp_path / "last.pt") == {"step": 2}
    assert load_checkpoint(tmp_path / "previous.pt") == {"step": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "last.pt", "previous.pt"]
    write_workbook(tmp_path / "work")
    assert (tmp_path / "work" / "images" / "01_the_game.jpg").stat().st_size > 1000


def test_bytes_that_do_not_reach_the_disk_are_an_error(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "a.txt").write_text("old")
    with (
        pytest.raises(CourseError, match="no space left"),
        files.atomic_write(tmp_path / "a.txt") as temporary,
    ):
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_where_there_are_permissions_they_are_the_usual_ones(tmp_path):
    with files.atomic_write(tmp_path / "a.txt"):
        pass
    (tmp_path / "b.txt").touch()
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode
