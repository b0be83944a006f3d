import pytest
import torch

from gan_course.errors import CourseError
from gan_course.training.checkpoints import load_checkpoint, save_checkpoint


def test_the_one_before_is_kept(tmp_path):
    for number in (1, 2, 3):
        save_checkpoint(tmp_path, {"step": number})
    assert load_checkpoint(tmp_path / "last.pt") == {"step": 3}
    assert load_checkpoint(tmp_path / "previous.pt") == {"step": 2}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last.pt", "previous.pt"]


def test_a_flipped_bit_is_found(tmp_path):
    save_checkpoint(tmp_path, {"w": torch.ones(1000)})
    save_checkpoint(tmp_path, {"w": torch.ones(1000)})
    path = tmp_path / "last.pt"
    data = bytearray(path.read_bytes())
    data[data.find(torch.ones(8).numpy().tobytes()) + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(CourseError, match=r"last.pt is damaged.*copy .*previous.pt over it"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_a_file_that_is_no_checkpoint(tmp_path, content):
    path = tmp_path / "last.pt"
    path.write_bytes(content)
    with pytest.raises(CourseError, match="damaged"):
        load_checkpoint(path)


def test_a_truncated_file(tmp_path):
    path = save_checkpoint(tmp_path, {"w": torch.ones(1000)})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CourseError, match="damaged"):
        load_checkpoint(path)


def test_code_in_a_pickle_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("owned",))

    path = tmp_path / "last.pt"
    torch.save({"w": Evil()}, path)
    with pytest.raises(CourseError, match="holds more than weights"):
        load_checkpoint(path)


def test_no_checkpoint(tmp_path):
    with pytest.raises(CourseError, match=r"no checkpoint .*last.pt"):
        load_checkpoint(tmp_path / "last.pt")
