"""Twenty steps straight equal eleven, a kill, and nine more: bit for bit."""

import signal
import subprocess
import sys

import pytest
import torch
from torchvision.utils import save_image

from gan_course.cli import main

KILLED = """
import os, signal, sys
from gan_course.cli import main
from gan_course.training.steps import cyclegan, dcgan, pix2pix, stylegan

def dying(step_class):
    whole = step_class.update_D

    def update_D(self, *batch):
        if self.n_done == 15:  # in the middle of the step: other networks have moved on already
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, *batch)

    step_class.update_D = update_D

for step_class in (dcgan.DCGANStep, pix2pix.Pix2PixStep, cyclegan.CycleGANStep, stylegan.StyleGANStep):
    dying(step_class)
main(sys.argv[1:])
"""
SMOKE = ["--profile", "smoke", "--seed", "4", "--device", "cpu"]
TRAIN = ["train", "dcgan", "--data", "fashion", *SMOKE]


def flat(value, prefix=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{prefix}/{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from flat(item, f"{prefix}/{number}")
    else:
        yield prefix, value


@pytest.fixture
def two_folders(tmp_path):
    """Eight pictures each, under the same names."""
    generator = torch.Generator().manual_seed(0)
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        for number in range(8):
            save_image(torch.rand(3, 64, 64, generator=generator), tmp_path / name / f"{number}.png")
    return [str(tmp_path / "A"), str(tmp_path / "B")]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("family", ["dcgan", "pix2pix", "cyclegan", "stylegan"])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, monkeypatch, family, two_folders):
    monkeypatch.setenv("GAN_COURSE_THREADS", "2")  # another number of threads adds in another order
    monkeypatch.setenv("GAN_COURSE_PRECISION", "float32")  # so that the test means the same on every machine
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    data = {"dcgan": ["fashion"], "stylegan": two_folders[:1]}.get(family, two_folders)
    size = "8" if family == "stylegan" else "6"
    train = ["train", family, "--data", *data, *SMOKE, "--batch-size", size, "--steps", "20", "--save-every", "11"]
    assert main([*train, "--out", str(straight)]) == 0
    command = [sys.executable, "-c", KILLED, *train, "--out", str(broken)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert torch.load(broken / "last.pt", weights_only=True)["step"]["n_done"] == 11
    assert main([*train, "--out", str(broken), "--resume"]) == 0
    rows = [(folder / "metrics.csv").read_text().splitlines() for folder in (straight, broken)]
    assert rows[0] == rows[1]  # first, because it shows at which step the two part
    assert len(rows[0]) == 21
    end = torch.load(straight / "last.pt", weights_only=True)
    if family == "cyclegan":  # the pools were full before the kill, and the rate was falling
        assert [len(end["step"][pool]["images"]) for pool in ("pool_A", "pool_B")] == [50, 50]
        assert end["step"]["opt_G"]["param_groups"][0]["lr"] == pytest.approx(2e-4 / 10)
    expected = dict(flat(end))
    found = dict(flat(torch.load(broken / "last.pt", weights_only=True)))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        same = torch.equal(value, found[name]) if isinstance(value, torch.Tensor) else value == found[name]
        assert same, name
    last = "samples/step_000020.jpg"
    assert (straight / last).read_bytes() == (broken / last).read_bytes()


def test_a_loss_that_diverges_names_the_last_good_checkpoint(tmp_path, monkeypatch, capsys):
    from gan_course.training.steps import dcgan

    real_loss, calls = dcgan.g_nonsaturating, []

    def diverging(logits):
        calls.append(1)
        return real_loss(logits) * (float("inf") if len(calls) == 8 else 1.0)

    monkeypatch.setattr(dcgan, "g_nonsaturating", diverging)
    assert main([*TRAIN, "--steps", "20", "--save-every", "5", "--out", str(tmp_path / "run")]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "loss_G is inf at step 8" in line and "last.pt" in line
    assert torch.load(tmp_path / "run" / "last.pt", weights_only=True)["step"]["n_done"] == 5
