import json
import shutil
from pathlib import Path

import pytest

from gan_course.data import manifest
from gan_course.data.manifest import (
    bundled,
    bundled_names,
    data_root,
    read_manifest,
    write_manifest,
)
from gan_course.errors import CourseError

LABELS = "fashion/t10k-labels-idx1-ubyte.gz"
REAL = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data folder with one file of the real one, and the real manifest."""
    (tmp_path / "fashion").mkdir()
    shutil.copy(REAL / LABELS, tmp_path / LABELS)
    shutil.copy(REAL / "manifest.json", tmp_path)
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path))
    manifest._check.cache_clear()
    return tmp_path


def test_the_variable_chooses_the_folder(root):
    assert data_root() == root
    assert bundled(LABELS) == root / LABELS


def test_without_the_variable_it_is_the_repositorys(monkeypatch):
    monkeypatch.delenv("GAN_COURSE_DATA", raising=False)
    assert data_root() == REAL


def test_every_bundled_file_is_as_the_manifest_says(monkeypatch):
    monkeypatch.delenv("GAN_COURSE_DATA", raising=False)
    names = read_manifest(REAL)
    assert len(names) > 60
    for name, entry in names.items():
        assert bundled(name).stat().st_size == entry["bytes"]


def test_names_below_a_folder():
    assert bundled_names("toons") == [f"toons/parts_{size}.npz" for size in (128, 256, 64)]
    assert bundled_names("toon") == []


def test_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(CourseError, match="nowhere: set GAN_COURSE_DATA"):
        bundled(LABELS)


def test_a_missing_file(root):
    (root / LABELS).unlink()
    with pytest.raises(CourseError, match=f"{LABELS} is missing: restore it"):
        bundled(LABELS)


def test_a_changed_byte(root):
    data = bytearray((root / LABELS).read_bytes())
    data[100] ^= 1
    (root / LABELS).write_bytes(data)
    with pytest.raises(CourseError, match=f"{LABELS} has changed"):
        bundled(LABELS)


def test_a_file_that_the_manifest_does_not_know(root):
    (root / "fashion" / "more.gz").write_bytes(b"x")
    with pytest.raises(CourseError, match=r"more\.gz is not in"):
        bundled("fashion/more.gz")


@pytest.mark.parametrize("content", [None, "{", ""])
def test_a_manifest_that_cannot_be_read(root, content):
    if content is None:
        (root / "manifest.json").unlink()
    else:
        (root / "manifest.json").write_text(content)
    with pytest.raises(CourseError, match=r"manifest.json cannot be read .*restore it"):
        bundled(LABELS)


def test_errors_are_one_line(root):
    (root / LABELS).write_bytes(b"")
    with pytest.raises(CourseError) as caught:
        bundled(LABELS)
    assert "\n" not in str(caught.value)


def test_writing_the_manifest(root):
    (root / "build").mkdir()
    (root / "build" / "notes.txt").write_text("not data")
    (root / "ATTRIBUTION.md").write_text("not data")
    (root / "fashion" / ".hidden").write_text("not data")
    written = write_manifest(root)
    assert list(written) == [LABELS]
    assert written[LABELS] == read_manifest(REAL)[LABELS]
    assert json.loads((root / "manifest.json").read_text()) == written


def test_a_manifest_of_brackets_alone_is_named(root):
    (root / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(CourseError, match=r"manifest\.json cannot be read .*git checkout"):
        read_manifest(root)
