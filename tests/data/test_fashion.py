import shutil
from pathlib import Path

import pytest
import torch

from gan_course.data import manifest
from gan_course.data.fashion import CLASS_NAMES, load_fashion
from gan_course.errors import CourseError

REAL = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the set, to be damaged."""
    shutil.copytree(REAL / "fashion", tmp_path / "fashion")
    shutil.copy(REAL / "manifest.json", tmp_path)
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path))
    manifest._check.cache_clear()
    return tmp_path / "fashion"


@pytest.mark.parametrize(("split", "n"), [("train", 9_000), ("test", 1_000)])
def test_shapes_and_types(split, n):
    images, labels = load_fashion(split)
    assert images.shape == (n, 1, 28, 28) and images.dtype == torch.uint8
    assert labels.shape == (n,) and labels.dtype == torch.int64
    assert labels.unique().tolist() == list(range(len(CLASS_NAMES)))
    # the mean of the published set is 0.286
    assert images.float().mean() / 255 == pytest.approx(0.287, abs=0.01)


def test_the_splits_share_no_picture():
    train, test = (
        {image.numpy().tobytes() for image in load_fashion(split)[0]} for split in ("train", "test")
    )
    assert not train & test


def test_labels_belong_to_their_pictures():
    images, labels = load_fashion()
    means = {
        name: images[labels == kind].float().mean(0)[0] for kind, name in enumerate(CLASS_NAMES)
    }
    legs = means["trousers"][20:, 13:15].mean()  # the gap between the legs
    assert legs < 0.6 * means["trousers"][20:, 9:12].mean()
    assert means["sandal"].mean() < means["ankle boot"].mean() < means["pullover"].mean()


def test_what_is_returned_may_be_written_to():
    images, _ = load_fashion("test")
    images[0] = 7
    assert not (load_fashion("test")[0][0] == 7).all()


def test_an_unknown_split():
    with pytest.raises(ValueError, match="split is 'validation'"):
        load_fashion("validation")


@pytest.mark.parametrize("file", ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_missing_and_a_changed_file(copied, file):
    data = bytearray((copied / file).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / file).write_bytes(data)
    with pytest.raises(CourseError, match=f"{file} has changed"):
        load_fashion()
    (copied / file).unlink()
    with pytest.raises(CourseError, match=f"{file} is missing"):
        load_fashion()
