"""Trained networks to start from."""

import pytest
import torch

from gan_course.cli import main
from gan_course.commands import train as training_command
from gan_course.errors import CourseError
from gan_course.training.checkpoints import LAST, load_checkpoint
from gan_course.weights.starts import load_start
from gan_course.weights.stylegans import load_stylegan


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setattr(training_command, "N_DRAWN", 12)
    monkeypatch.setattr(training_command, "N_PICTURES", 12)


def train(out, *arguments, family="stylegan"):
    fixed = ["--profile", "smoke", "--device", "cpu", "--out", str(out)]
    return main(["train", family, *fixed, *arguments])


def refused(capsys, code, *words):
    error = capsys.readouterr().err
    assert code == 2 and error.strip().count("\n") == 0, error
    assert all(word in error for word in words), error


def test_a_run_starts_from_the_networks_of_another_with_its_configuration(tmp_path, capsys):
    source, out = tmp_path / "source", tmp_path / "out"
    assert train(source, "--set", "channel_max=6") == 0
    tiny = ["--set", "lr=1e-30", "--steps", "1"]  # a step that moves nothing
    assert train(out, "--init", str(source), "--data", "toons", *tiny) == 0
    assert f"starts from {source}\n" in capsys.readouterr().out
    before, after = (load_checkpoint(path / LAST) for path in (source, out))
    assert after["config"]["channel_max"] == 6 and after["config"]["init"] == str(source)
    for name in ("G", "D", "G_ema"):
        for key, value in before["step"][name].items():
            if key not in ("mapping.w_avg",):
                torch.testing.assert_close(after["step"][name][key], value)
    assert after["step"]["n_done"] == 1


def test_resuming_names_the_start_and_needs_nothing_else(tmp_path, capsys):
    source, out = tmp_path / "source", tmp_path / "out"
    assert train(source, "--set", "channel_max=6") == 0
    assert train(out, "--init", str(source), "--steps", "1") == 0
    assert train(out, "--init", str(source), "--steps", "2", "--resume") == 0
    capsys.readouterr()
    refused(capsys, train(out, "--steps", "3", "--resume"), f"add --init {source}, or choose")
    refused(
        capsys,
        train(source, "--init", str(source), "--steps", "3", "--resume"),
        "leave out --init",
    )


def test_shipped_weights_start_a_run_at_their_own_size(tmp_path, capsys):
    out = tmp_path / "out"
    how = ["--data", "toons", "--steps", "1", "--batch-size", "4", "--set", "lr=1e-30"]
    assert train(out, "--init", "stylegan-toons64", *how) == 0
    assert "with a new D, which stylegan-toons64 lacks" in capsys.readouterr().out
    shipped, trained = load_stylegan("stylegan-toons64"), load_stylegan(out)
    z = torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pictures = [G(z, noise="const") for G in (shipped, trained)]
    torch.testing.assert_close(*pictures, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stylegan-cat", "no such weights, and no such run: choose stylegan-cats64"),
        ("dcgan-fashion", "is DCGAN generator (averaged weights), not a stylegan: choose"),
    ],
)
def test_what_cannot_start_a_run_is_refused(name, words, tmp_path, capsys):
    refused(capsys, train(tmp_path / "out", "--init", name), words)
    assert not (tmp_path / "out" / LAST).exists()


def test_another_size_or_family_is_refused(tmp_path, capsys):
    source = tmp_path / "source"
    assert train(source) == 0
    capsys.readouterr()
    out = tmp_path / "out"
    code = train(out, "--init", str(source), "--resolution", "16")
    refused(capsys, code, "draws pictures of 32 px, not 16: leave --resolution out")
    code = train(out, "--init", str(source), "--set", "channel_max=6")
    refused(capsys, code, "its G does not fit", "leave out what --set changes of its size")
    code = train(out, "--init", str(source), family="dcgan")
    refused(capsys, code, "is a stylegan run, not a dcgan")
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no")
    with pytest.raises(CourseError, match="damaged"):
        load_start(broken, "stylegan")


def test_a_shipped_dcgan_starts_on_a_world_and_not_on_other_sizes(tmp_path, capsys):
    init = ["--init", "dcgan-critters32"]
    assert train(tmp_path / "cats", *init, "--data", "cats", family="dcgan") == 0
    assert "starts from dcgan-critters32\n" in capsys.readouterr().out
    config = load_checkpoint(tmp_path / "cats" / LAST)["config"]
    assert (config["img_resolution"], config["img_channels"]) == (32, 3)
    code = train(tmp_path / "fashion", *init, family="dcgan")
    refused(capsys, code, "fashion is 1 x 28 x 28: name other pictures after --data")


def test_weights_that_are_not_finite_are_refused(tmp_path, capsys):
    source = tmp_path / "source"
    assert train(source) == 0
    state = torch.load(source / LAST, weights_only=True)
    next(iter(state["step"]["D"].values())).fill_(float("nan"))
    torch.save(state, source / LAST)
    capsys.readouterr()
    refused(capsys, train(tmp_path / "out", "--init", str(source)), "not all of its D is finite")


def test_cyclegan_and_dcgan_start_from_runs_too(tmp_path, capsys):
    for family, data in (("cyclegan", ["--data", "earth-map", "earth-satellite"]), ("dcgan", [])):
        source = tmp_path / family
        assert train(source, *data, family=family) == 0
        assert train(tmp_path / f"{family}2", "--init", str(source), *data, family=family) == 0
        assert f"starts from {source}\n" in capsys.readouterr().out


def test_augmentation_and_mirroring_are_for_two_families(tmp_path, capsys):
    for family, data in (("stylegan", "critters"), ("dcgan", "fashion")):
        out = tmp_path / family
        assert train(out, "--augment", "--mirror", "--data", data, family=family) == 0
        config = load_checkpoint(out / LAST)["config"]
        assert config["augment"] is True and config["mirror"] is True
    capsys.readouterr()
    out, data = tmp_path / "out", ["--data", "earth-map", "earth-satellite"]
    for option in ("--augment", "--mirror"):
        refused(capsys, train(out, option, *data, family="cyclegan"), f"{option} is for dcgan and")


def test_a_shipped_discriminator_comes_with_its_generator():
    start = load_start("dcgan-critters32", "dcgan")
    assert set(start.networks) == {"G", "G_ema", "D"}
