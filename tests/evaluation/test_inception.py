"""Without a network: what is said when something is missing, and what reaches torch-fidelity."""

import sys
import types

import pytest
import torch

from gan_course.errors import CourseError
from gan_course.evaluation.inception import inception_fid


def pictures(n=2_049, channels=1):
    return torch.zeros(n, channels, 4, 4, dtype=torch.uint8)


def with_fidelity(monkeypatch, calculate):
    monkeypatch.setitem(sys.modules, "torch_fidelity", types.SimpleNamespace(calculate_metrics=calculate))


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
    with pytest.raises(CourseError, match=r"pip install 'gan-course\[metrics\]'"):
        inception_fid(pictures(), pictures())


def test_too_few_and_not_finite():
    with pytest.raises(ValueError, match="fake has 100 pictures: FID needs more than its 2048 features"):
        inception_fid(pictures(), pictures(100))
    with pytest.raises(ValueError, match="give finite pictures"):
        inception_fid(torch.full((2_049, 1, 4, 4), torch.nan), pictures())
