"""Without a network: what is said when something is missing, and what reaches torch-fidelity."""

import sys
import types

import pytest
import torch

from gan_course.errors import CourseError
from gan_course.evaluation import inception
from gan_course.evaluation.inception import inception_fid, weights_file


def pictures(n=2_049, channels=1):
    return torch.zeros(n, channels, 4, 4, dtype=torch.uint8)


def with_fidelity(monkeypatch, calculate):
    monkeypatch.setitem(
        sys.modules, "torch_fidelity", types.SimpleNamespace(calculate_metrics=calculate)
    )


def test_both_sets_arrive_in_colour(monkeypatch):
    seen = {}

    def calculate(**settings):
        seen.update(settings)
        return {"frechet_inception_distance": 12.5}

    with_fidelity(monkeypatch, calculate)
    real, fake = pictures(), torch.ones(2_050, 3, 4, 4)
    assert inception_fid(real, fake) == 12.5
    first, second = seen["input1"], seen["input2"]
    assert (len(first), len(second)) == (2_050, 2_049)
    assert first[0].dtype == torch.uint8 and first[0].min() == 255 and second[0].shape == (3, 4, 4)


def test_no_network(monkeypatch):
    def calculate(**_):
        raise OSError("no route")

    with_fidelity(monkeypatch, calculate)
    with pytest.raises(CourseError, match=r"could not be fetched \(no route\): connect"):
        inception_fid(pictures(), pictures())


def test_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(
        CourseError, match=r"torch-fidelity cannot be used .*: pip install -e '\.\[metrics\]' in"
    ):
        inception_fid(pictures(), pictures())


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty place for downloaded weights."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 cut off"])
def test_weights_that_were_cut_off_are_named(monkeypatch, hub, content):
    with_fidelity(monkeypatch, lambda **_: pytest.fail("damaged weights were used"))
    weights_file().write_bytes(content)
    with pytest.raises(CourseError) as refused:
        inception_fid(pictures(), pictures())
    assert str(refused.value).startswith(f"{weights_file()} is damaged") and "remove it" in str(
        refused.value
    )
    weights_file().unlink()  # as the line says
    with_fidelity(monkeypatch, lambda **_: {"frechet_inception_distance": 1.0})
    assert inception_fid(pictures(), pictures()) == 1.0


def test_weights_that_are_cut_off_while_they_are_fetched(monkeypatch, hub):
    def calculate(**_):
        weights_file().write_bytes(b"half")
        raise EOFError("Ran out of input")

    with_fidelity(monkeypatch, calculate)
    with pytest.raises(
        CourseError, match="is damaged, perhaps by a download that was cut off: remove it"
    ):
        inception_fid(pictures(), pictures())


def test_whole_weights_are_not_refused(monkeypatch, hub):
    monkeypatch.setattr(inception, "sha256", lambda path: "6726825d" + "0" * 56)
    with_fidelity(monkeypatch, lambda **_: {"frechet_inception_distance": 1.0})
    weights_file().write_bytes(b"whole")
    assert inception_fid(pictures(), pictures()) == 1.0


def test_torch_s_own_check_of_a_download(monkeypatch, hub):
    def calculate(**_):
        raise RuntimeError('invalid hash value (expected "6726825d", got "ab")')

    with_fidelity(monkeypatch, calculate)
    with pytest.raises(CourseError, match=r"came damaged \(invalid hash value .*\): try again"):
        inception_fid(pictures(), pictures())


def test_a_fault_of_another_kind_shows_itself(monkeypatch, hub):
    def calculate(**_):
        raise RuntimeError("shape")

    with_fidelity(monkeypatch, calculate)
    with pytest.raises(RuntimeError, match="shape"):
        inception_fid(pictures(), pictures())


def test_the_name_of_the_weights_is_torch_fidelity_s():
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    assert module.URL_INCEPTION_V3.endswith(f"/{weights_file().name}")


def test_too_few_and_not_finite():
    with pytest.raises(
        ValueError, match="fake has 100 pictures: FID needs more than its 2048 features"
    ):
        inception_fid(pictures(), pictures(100))
    with pytest.raises(ValueError, match="give finite pictures"):
        inception_fid(torch.full((2_049, 1, 4, 4), torch.nan), pictures())
