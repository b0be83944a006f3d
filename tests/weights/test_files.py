"""Weights are compared with their card before a network takes memory."""

import pytest
import torch
from torch import nn

from gan_course.errors import CourseError
from gan_course.weights.files import build_and_load
from gan_course.weights.stylegans import load_stylegan
from gan_course.weights.translators import load_translator


def test_a_network_of_other_sizes_than_the_file_s_is_never_really_built():
    built_on = []

    def wide():
        built_on.append(torch.get_default_device().type)
        return nn.Linear(4_000, 4_000)

    with pytest.raises(
        CourseError, match=r"own.safetensors does not fit the generator .*size mismatch"
    ):
        build_and_load(wide, nn.Linear(4, 4).state_dict(), "own.safetensors", n_layers=1)
    assert built_on == ["meta"]


def test_one_that_fits_is():
    layer = nn.Linear(4, 4)
    found = build_and_load(
        lambda: nn.Linear(4, 4), layer.state_dict(), "own.safetensors", n_layers=1
    )
    assert torch.equal(found.weight, layer.weight) and found.weight.device.type == "cpu"


@pytest.mark.parametrize("load", [load_translator, load_stylegan])
def test_a_name_that_means_two_things_is_refused(tmp_path, monkeypatch, load):
    name = {load_translator: "photo2vangogh", load_stylegan: "stylegan-critters64"}[load]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    load(name)  # a folder of results has no second meaning
    (tmp_path / name / "last.pt").write_bytes(b"a run")
    with pytest.raises(CourseError, match=rf"write \./{name} for what is here"):
        load(name)
    with pytest.raises(CourseError, match=r"last\.pt"):  # the way out leads to the run
        load(f"./{name}")
