from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_course.lessons import results
from gan_course.training.dcgan import make_dcgan
from maintain.studies import dcgan_parts, strips


def test_one_part_is_measured_and_its_pictures_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(strips, "RUNS", tmp_path)
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    small = replace(dcgan_parts.CONFIG, n_steps=2, batch_size=8, base_channels=8)
    monkeypatch.setattr(dcgan_parts, "CONFIG", small)
    monkeypatch.setattr(dcgan_parts, "N_SAMPLES", 40)
    found = dcgan_parts.train_and_measure({"arm": "no BatchNorm", "seed": 0})
    assert list(found) == ["G_ema", "G"]
    assert all(0 <= value <= 1 for row in found.values() for value in row.values())
    dcgan_parts.save_sheet(dcgan_parts.NAME, ["no BatchNorm"])
    assert results.recorded_strips(dcgan_parts.NAME, side=28).shape == (1, 8, 3, 28, 28)


@pytest.mark.parametrize("network", [0, 1], ids=["G", "D"])
def test_a_part_is_changed_and_nothing_else(network):
    net = make_dcgan(dcgan_parts.CONFIG)[network]
    before = [parameter.clone() for parameter in net.parameters() if parameter.dim() == 4]
    dcgan_parts.change(net, "as in the lesson")
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in net.layers)
    dcgan_parts.change(net, "no BatchNorm")
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in net.layers)
    dcgan_parts.change(net, "first weights of 0.2")
    weights = [parameter for parameter in net.parameters() if parameter.dim() == 4]
    for old, new in zip(before, weights, strict=True):
        torch.testing.assert_close(new, 10 * old)
        assert 0.15 < float(new.detach().std()) < 0.25
