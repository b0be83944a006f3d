"""A folder that does not fit into memory: decoded once, read from a file, the same batches."""

import os
import shutil
from itertools import islice
from pathlib import Path

import pytest
import torch

from gan_course.cli import main
from gan_course.data import cache as module
from gan_course.data.batches import Batches, Paired
from gan_course.data.cache import PictureCache, read_folder
from gan_course.data.folder import load_folder
from gan_course.errors import CourseError

TRAIN = ["--profile", "smoke", "--device", "cpu", "--steps", "4", "--save-every", "2"]


@pytest.fixture
def folder(two_folders):
    return Path(two_folders[0])


def test_a_folder_that_fits_stays_in_memory(folder):
    images, names = read_folder(folder, resolution=32)
    assert isinstance(images, torch.Tensor)
    assert names == load_folder(folder, resolution=32)[1]


def test_a_folder_that_does_not_fit_is_read_from_a_file(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARE", 0.0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    images, _ = read_folder(folder, resolution=32)
    assert isinstance(images, PictureCache)
    assert images.path.parent == tmp_path / "home" / "gan_course"


def test_batches_are_those_of_memory(folder, tmp_path):
    images, _ = load_folder(folder, resolution=32)
    cached, _ = read_folder(folder, resolution=32, cache=tmp_path / "cache")
    in_memory, from_file = (Batches(of, 3, seed=5) for of in (images, cached))
    for expected, batch in islice(zip(in_memory, from_file, strict=True), 7):
        assert torch.equal(expected, batch)

    # and from a position in the middle
    state = from_file.state_dict()
    expected = [next(from_file) for _ in range(3)]
    again = Batches(cached, 3, seed=0)
    next(again)  # its reader is ahead already
    again.load_state_dict(state)
    assert all(torch.equal(batch, next(again)) for batch in expected)


def test_pairs_stay_pairs(folder, tmp_path):
    images, _ = load_folder(folder, resolution=32)
    cached, _ = read_folder(folder, resolution=32, cache=tmp_path / "cache")
    order = [3, 1, 0, 2, 7, 6, 5, 4]
    in_memory = Paired(images, images[order], 3, seed=1)
    from_file = Paired(cached, cached.take(order), 3, seed=1)
    for expected, batch in islice(zip(in_memory, from_file, strict=True), 5):
        assert all(map(torch.equal, expected, batch))


def test_pictures_are_decoded_once_and_again_where_the_folder_changed(
    folder, tmp_path, monkeypatch
):
    decoded = []
    decode = module._decode
    monkeypatch.setattr(
        module, "_decode", lambda files, *rest: (decoded.append(len(files)), decode(files, *rest))
    )
    for _ in range(2):
        read_folder(folder, resolution=32, cache=tmp_path / "cache")
    shutil.copy(folder / "0.png", folder / "new.png")
    images, _ = read_folder(folder, resolution=32, cache=tmp_path / "cache")
    assert decoded == [8, 9] and len(images) == 9


@pytest.mark.parametrize("family", ["stylegan", "cyclegan", "pix2pix", "dcgan"])
def test_a_training_is_that_of_memory_bit_for_bit(two_folders, tmp_path, family):
    data = two_folders if family in ("cyclegan", "pix2pix") else two_folders[:1]
    size = ["--resolution", "64"] if family == "pix2pix" else ["--resolution", "32"]
    for name, extra in (("memory", []), ("file", ["--cache", str(tmp_path / "cache")])):
        out = ["--out", str(tmp_path / name), "--data", *data]
        assert main(["train", family, *TRAIN, *size, *out, *extra]) == 0
    rows = [(tmp_path / name / "metrics.csv").read_text() for name in ("memory", "file")]
    assert rows[0] == rows[1]


def test_unusable_pictures_are_named_and_leave_nothing(folder, tmp_path):
    (folder / "3.png").write_bytes(b"no picture")
    (folder / "5.png").write_bytes(b"none either")
    with pytest.raises(CourseError, match=r"3\.png.*1 other picture"):
        read_folder(folder, resolution=32, cache=tmp_path / "cache")
    assert not [name for name in os.listdir(tmp_path / "cache") if not name.endswith(".lock")]


def test_a_disk_without_room_is_told_before_decoding(folder, tmp_path, monkeypatch):
    usage = shutil._ntuple_diskusage(10, 9, 1)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CourseError, match="choose a lower --resolution, or another --cache"):
        read_folder(folder, resolution=32, cache=tmp_path / "cache")


def test_a_cut_file_is_told(folder, tmp_path):
    cached, _ = read_folder(folder, resolution=32, cache=tmp_path / "cache")
    cached.path.write_bytes(cached.path.read_bytes()[:-1])
    with pytest.raises(CourseError, match="is damaged: remove"):
        read_folder(folder, resolution=32, cache=tmp_path / "cache")
