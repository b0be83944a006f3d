"""What a run's folder holds is checked before a resumed run writes to it."""

import shutil

import pytest
import torch

from gan_course.cli import main

TRAIN = ["train", "dcgan", "--profile", "smoke", "--device", "cpu"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert main([*TRAIN, "--steps", "2", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def out(finished, tmp_path):
    """A run of two steps, to be spoilt."""
    return shutil.copytree(finished, tmp_path / "run")


def resumed(out):
    return main([*TRAIN, "--steps", "3", "--out", str(out), "--resume"])


def last_line(capsys):
    err = capsys.readouterr().err.strip()
    assert "Traceback" not in err
    return err.splitlines()[-1]


def test_a_whole_run_is_resumed(out):
    assert resumed(out) == 0
    assert len((out / "metrics.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("n_cut", [1, 3, "all of the row"])
def test_losses_that_were_cut_short(out, capsys, n_cut):
    text = (out / "metrics.csv").read_text()
    cut = text[: text.rindex("2,") + 1] if n_cut == "all of the row" else text[:-n_cut]
    (out / "metrics.csv").write_text(cut)
    assert resumed(out) == 2
    assert "metrics.csv does not hold steps 1 to 2" in last_line(capsys)
    assert (out / "metrics.csv").read_text() == cut


def first_moments(state):
    return state["step"]["opt_G"]["state"][0]


def odd_moments(state):
    first_moments(state)["exp_avg"] = first_moments(state)["exp_avg"].flatten()[:1]


def odd_second_moments(state):
    first_moments(state)["exp_avg_sq"] = first_moments(state)["exp_avg_sq"].flatten()[:1]


def odd_count_of_steps(state):
    first_moments(state)["step"] = first_moments(state)["step"].new_zeros(0)


@pytest.mark.parametrize(
    "spoil",
    [
        odd_moments,
        odd_second_moments,
        odd_count_of_steps,
        *(lambda state, value=value: state["step"].update(n_done=value) for value in ("x", 1.5, None, -1, True)),
        *(lambda state, value=value: state["batches"].update(seed=value) for value in ("x", None, -1, 10**30)),
        *(lambda state, value=value: state["batches"].update(position=value) for value in ("x", 1.5, -5, 10**30)),
    ],
)
def test_odd_values_in_a_checkpoint(out, capsys, spoil):
    state = torch.load(out / "last.pt", weights_only=True)
    spoil(state)
    torch.save(state, out / "last.pt")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert resumed(out) == 2
    assert "last.pt does not fit this dcgan: name the run's own folder" in last_line(capsys)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("config", ["number for a name", "tensor for a value"])
def test_odd_configurations_in_a_checkpoint(out, capsys, config):
    state = torch.load(out / "last.pt", weights_only=True)
    state["config"] |= {3: 4} if config == "number for a name" else {"seed": torch.zeros(4)}
    torch.save(state, out / "last.pt")
    assert resumed(out) == 2
    assert "name the run's own folder" in last_line(capsys)
