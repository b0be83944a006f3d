"""Twenty steps straight equal eleven, a kill, and nine more: bit for bit."""

import signal
import subprocess
import sys

import pytest
import torch

from gan_course.cli import main

KILLED = """
import os, signal, sys
from gan_course.cli import main
from gan_course.training import cyclegan, dcgan, pix2pix, stylegan

# A shell that starts the tests with & or nohup ignores some signals, and so would we.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

def dying(step_class):
    whole = step_class.update_D

    def update_D(self, *batch):
        if self.n_done == 15:  # in the middle of the step: other networks have moved on already
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        return whole(self, *batch)

    step_class.update_D = update_D

dying(dcgan.DCGANStep)
dying(pix2pix.Pix2PixStep)
dying(cyclegan.CycleGANStep)
dying(stylegan.StyleGANStep)
sys.exit(main(sys.argv[2:]))
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


FAMILIES = pytest.mark.parametrize("family", ["dcgan", "pix2pix", "cyclegan", "stylegan"])


@pytest.fixture
def train(family, two_folders, monkeypatch):
    """A command for a run of twenty steps; its folder is still to be named."""
    monkeypatch.setenv("GAN_COURSE_THREADS", "2")  # another number of threads adds in another order
    # so that the test means the same on every machine
    monkeypatch.setenv("GAN_COURSE_PRECISION", "float32")
    data = {"dcgan": ["fashion"], "stylegan": two_folders[:1]}.get(family, two_folders)
    size = ["--batch-size", "8" if family == "stylegan" else "6"]
    return ["train", family, "--data", *data, *SMOKE, *size, "--steps", "20", "--save-every", "11"]


def check_equal(straight, broken):
    """The two runs ended with the same losses, the same state and the same pictures."""
    rows = [(folder / "metrics.csv").read_text().splitlines() for folder in (straight, broken)]
    assert rows[0] == rows[1]  # first, because it shows at which step the two part
    assert len(rows[0]) == 21
    expected, found = (
        dict(flat(torch.load(run / "last.pt", weights_only=True))) for run in (straight, broken)
    )
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        same = (
            torch.equal(value, found[name])
            if isinstance(value, torch.Tensor)
            else value == found[name]
        )
        assert same, name
    last = "samples/step_000020.jpg"
    assert (straight / last).read_bytes() == (broken / last).read_bytes()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@FAMILIES
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, family, train):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert main([*train, "--out", str(straight)]) == 0
    command = [sys.executable, "-c", KILLED, "SIGKILL", *train, "--out", str(broken)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert torch.load(broken / "last.pt", weights_only=True)["step"]["n_done"] == 11
    assert main([*train, "--out", str(broken), "--resume"]) == 0
    check_equal(straight, broken)
    end = torch.load(straight / "last.pt", weights_only=True)
    if family == "cyclegan":  # the pools were full before the kill, and the rate was falling
        assert [len(end["step"][pool]["images"]) for pool in ("pool_A", "pool_B")] == [50, 50]
        assert end["step"]["opt_G"]["param_groups"][0]["lr"] == pytest.approx(2e-4 / 10)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals are others there")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("family", ["dcgan"])
def test_a_stopped_run_is_saved_and_goes_on_bit_for_bit(tmp_path, name, code, train):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert main([*train, "--out", str(straight)]) == 0
    command = [sys.executable, "-c", KILLED, name, *train, "--out", str(broken)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    last = done.stderr.splitlines()[-1]
    line = (
        f"stopped after step 16, saved in {broken / 'last.pt'}: the same command with --resume"
        " goes on"
    )
    assert last == f"gan_course: {line}"
    assert "stopping after this step; once more to stop at once" in done.stderr
    assert torch.load(broken / "last.pt", weights_only=True)["step"]["n_done"] == 16
    assert len((broken / "metrics.csv").read_text().splitlines()) == 17
    assert main([*train, "--out", str(broken), "--resume"]) == 0
    check_equal(straight, broken)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals are others there")
@pytest.mark.parametrize("family", ["pix2pix", "cyclegan", "stylegan"])
def test_every_family_can_be_stopped(tmp_path, train):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert main([*train, "--out", str(straight)]) == 0
    command = [sys.executable, "-c", KILLED, "SIGTERM", *train, "--out", str(broken)]
    assert subprocess.run(command, capture_output=True).returncode == 143
    assert torch.load(broken / "last.pt", weights_only=True)["step"]["n_done"] == 16
    assert main([*train, "--out", str(broken), "--resume"]) == 0
    check_equal(straight, broken)


def test_a_loss_that_diverges_names_the_last_good_checkpoint(tmp_path, monkeypatch, capsys):
    from gan_course.training import dcgan

    real_loss, calls = dcgan.g_nonsaturating, []

    def diverging(logits):
        calls.append(1)
        return real_loss(logits) * (float("inf") if len(calls) == 8 else 1.0)

    monkeypatch.setattr(dcgan, "g_nonsaturating", diverging)
    assert main([*TRAIN, "--steps", "20", "--save-every", "5", "--out", str(tmp_path / "run")]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "loss_G is inf at step 8" in line and "last.pt" in line
    assert torch.load(tmp_path / "run" / "last.pt", weights_only=True)["step"]["n_done"] == 5
