"""Twenty steps straight equal eleven, a kill, and nine more: bit for bit."""

import os
import signal
import subprocess
import sys

import pytest
import torch

from gan_course.cli import main

KILLED = """
import os, signal, sys
from gan_course.config import DCGAN
from gan_course.data.fashion import load_fashion
from gan_course.runtime import choose_runtime
from gan_course.training.families import build_dcgan
from gan_course.training.run import run_training

training = build_dcgan(DCGAN["smoke"], load_fashion()[0], seed=4, runtime=choose_runtime("cpu"))
one_step = training.step.update_D

def update_D(real):
    if training.step.n_done == 15:
        os.kill(os.getpid(), signal.SIGKILL)
    return one_step(real)

training.step.update_D = update_D
run_training(training, sys.argv[1], n_steps=20, save_every=11, quiet=True)
"""
TRAIN = ["train", "dcgan", "--data", "fashion", "--profile", "smoke", "--seed", "4", "--device", "cpu"]


def flat(value, prefix=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{prefix}/{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from flat(item, f"{prefix}/{number}")
    else:
        yield prefix, value


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_THREADS", "2")  # another number of threads adds in another order
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert main([*TRAIN, "--steps", "20", "--save-every", "11", "--out", str(straight)]) == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, str(broken)], env=os.environ | {"GAN_COURSE_HEADLESS": "1"})
    assert killed.returncode == -signal.SIGKILL
    assert torch.load(broken / "last.pt", weights_only=True)["step"]["n_done"] == 11
    assert main([*TRAIN, "--steps", "20", "--save-every", "11", "--out", str(broken), "--resume"]) == 0
    expected = dict(flat(torch.load(straight / "last.pt", weights_only=True)))
    found = dict(flat(torch.load(broken / "last.pt", weights_only=True)))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        same = torch.equal(value, found[name]) if isinstance(value, torch.Tensor) else value == found[name]
        assert same, name
    assert (straight / "metrics.csv").read_bytes() == (broken / "metrics.csv").read_bytes()
    assert len((straight / "metrics.csv").read_text().splitlines()) == 21
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
