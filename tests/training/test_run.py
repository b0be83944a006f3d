"""What a run's folder holds is checked before a resumed run writes to it."""

import shutil

import pytest
import torch

from gan_course.cli import main
from gan_course.locks import run_folder
from gan_course.training.checkpoints import save_checkpoint

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


def test_a_lost_table_of_losses_is_begun_anew(out, capsys):
    (out / "metrics.csv").unlink()
    assert resumed(out) == 0
    assert "metrics.csv is not there: a new one begins with step 3" in capsys.readouterr().out
    assert [line[:2] for line in (out / "metrics.csv").read_text().splitlines()] == ["st", "3,"]
    # and that one is whole
    assert main([*TRAIN, "--steps", "5", "--out", str(out), "--resume"]) == 0
    assert [line[:2] for line in (out / "metrics.csv").read_text().splitlines()[1:]] == [
        "3,",
        "4,",
        "5,",
    ]
    assert "a new one begins" not in capsys.readouterr().out


BROKEN = {
    "empty": lambda whole: b"",
    "a word for a step": lambda whole: b"step,loss_D,loss_G\nx,1,2\n",
    "no text": lambda whole: b"\xff\xfe",
    "too short": lambda whole: whole[: whole.rindex(b"2,")],
    "cut in a row": lambda whole: whole[:-3],
    "without the last line's end": lambda whole: whole[:-1],
    "without a column": lambda whole: whole[: whole.rindex(b",")] + b"\n",
    "a step that comes twice": lambda whole: whole + whole[whole.index(b"1,") :],
    "semicolons": lambda whole: whole.replace(b".", b"%").replace(b",", b";").replace(b"%", b","),
    "two columns": lambda whole: whole.replace(b"step,", b"step,more,"),
    "an infinite step": lambda whole: whole.replace(b"\n1,", b"\ninf,"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_table_of_losses_is_kept_aside(out, capsys, how):
    whole = (out / "metrics.csv").read_bytes()
    (out / "metrics_old1.csv").write_text("an older one")
    broken = BROKEN[how](whole)
    (out / "metrics.csv").write_bytes(broken)
    assert resumed(out) == 0
    if how == "a step that comes twice":  # written after the checkpoint, perhaps: cut off
        assert (out / "metrics.csv").read_bytes().startswith(whole)
        return
    assert "does not hold the losses up to step 2: it is now" in capsys.readouterr().out
    assert (out / "metrics_old1.csv").read_text() == "an older one"
    assert (out / "metrics_old2.csv").read_bytes() == broken
    assert (out / "metrics.csv").read_text().splitlines()[1].startswith("3,")


def test_two_processes_do_not_share_a_run(out, capsys):
    with run_folder(out):
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
        assert resumed(out) == 2
        assert f"a run is going on in {out}" in last_line(capsys)
        assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert resumed(out) == 0


@pytest.mark.parametrize("family", ["dcgan", "stylegan", "pix2pix"])
def test_random_numbers_of_another_device(tmp_path, capsys, family, two_folders):
    data = {"dcgan": ["fashion"], "stylegan": two_folders[:1]}.get(family, two_folders)
    train = ["train", family, "--data", *data, "--profile", "smoke", "--device", "cpu"]
    train += ["--out", str(tmp_path / "run")]
    if family == "pix2pix":
        train += ["--resolution", "64"]
    same = [] if family == "dcgan" else ["--steps", "2"]
    assert main([*train, "--steps", "2", "--save-every", "1"]) == 0
    path = tmp_path / "run" / "last.pt"
    state = torch.load(tmp_path / "run" / "previous.pt", weights_only=True)
    of_cpu = state["step"]["generator"].shape
    state["step"]["generator"] = torch.zeros(16, dtype=torch.uint8)  # as long as a CUDA generator's
    torch.save(state, path)
    assert main([*train, *(same or ["--steps", "3"]), "--resume"]) == 0
    assert (
        "saved on another kind of device: it goes on with other random numbers"
        in capsys.readouterr().out
    )
    assert torch.load(path, weights_only=True)["step"]["generator"].shape == of_cpu


@pytest.mark.parametrize(
    ("given", "way"),
    [
        (["--batch-size", "5"], ["add", "--batch-size", "8"]),
        (["--seed", "9"], ["add", "--seed", "0"]),
        (
            ["--profile", "fast"],
            [
                "add --batch-size 8; give the same --profile, or add --set base_channels=8"
                " ema_decay=0.999 lr=0.0002"
            ],
        ),
        (
            ["--data", "PICTURES", "--resolution", "28"],
            ["give the same --data; give the same --profile, or add --set img_channels=1"],
        ),
        (["--batch-size", "5", "--seed", "9"], ["add", "--batch-size", "8", "--seed", "0"]),
    ],
)
def test_a_setting_that_differs_comes_with_the_option_that_restores_it(
    out, two_folders, capsys, given, way
):
    given = [two_folders[0] if word == "PICTURES" else word for word in given]
    assert main([*TRAIN, "--steps", "3", "--out", str(out), "--resume", *given]) == 2
    assert f": {' '.join(way)}, or " in last_line(capsys)
    restored = [*given, *way[1:]] if way[0] == "add" else []
    assert main([*TRAIN, "--steps", "3", "--out", str(out), "--resume", *restored]) == 0


def test_all_settings_that_differ_are_named_at_once(out, capsys):
    change = ["--seed", "9", "--set", "lr=0.5", "base_channels=4", "betas=0.1,0.2"]
    assert main([*TRAIN, "--steps", "3", "--out", str(out), "--resume", *change]) == 2
    line = last_line(capsys)
    assert (
        "base_channels = 8, this one has 4; betas = (0.5, 0.999), this one has (0.1, 0.2)" in line
    )
    assert "lr = 0.0002, this one has 0.5; seed = 0, this one has 9: add --seed 0; " in line
    assert "add --set base_channels=8 betas=0.5,0.999 lr=0.0002, or choose another --out" in line


@pytest.mark.parametrize("is_there", [False, True])
def test_nothing_to_resume_leaves_nothing_behind(tmp_path, capsys, is_there):
    out = tmp_path / "pictures"
    if is_there:
        out.mkdir()
        (out / "a.png").write_bytes(b"x")
    assert resumed(out) == 2
    assert "no checkpoint" in last_line(capsys) and out.exists() == is_there
    assert not is_there or [path.name for path in out.iterdir()] == ["a.png"]


@pytest.mark.parametrize("n_steps", [1, 2])
def test_weights_that_are_not_finite_after_the_last_step_are_not_saved(
    tmp_path, capsys, monkeypatch, n_steps
):
    from gan_course.training import dcgan

    update_G = dcgan.DCGANStep.update_G

    def diverging(self, n):
        losses = update_G(self, n)
        if self.n_done == n_steps - 1:
            with torch.no_grad():
                self.G.layers[0].weight[0, 0, 0, 0] = float("inf")
        return losses  # which were finite

    monkeypatch.setattr(dcgan.DCGANStep, "update_G", diverging)
    out = tmp_path / "run"
    assert main([*TRAIN, "--steps", str(n_steps), "--save-every", "1", "--out", str(out)]) == 2
    line = last_line(capsys)
    assert f"G.layers.0.weight is inf at step {n_steps}: training has diverged" in line
    if n_steps == 1:
        assert "no checkpoint was saved before it" in line and not (out / "last.pt").exists()
    else:
        assert f"the last good checkpoint is {out / 'last.pt'}" in line
        assert torch.load(out / "last.pt", weights_only=True)["step"]["n_done"] == 1


def test_another_precision_comes_with_the_variable_that_restores_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PRECISION", "bfloat16")
    out = tmp_path / "run"
    assert main([*TRAIN, "--steps", "1", "--out", str(out)]) == 0
    monkeypatch.setenv("GAN_COURSE_PRECISION", "float32")
    assert resumed(out) == 2
    assert "this one has float32: set GAN_COURSE_PRECISION=bfloat16" in last_line(capsys)
    monkeypatch.setenv("GAN_COURSE_PRECISION", "bfloat16")
    assert resumed(out) == 0


def test_losses_without_a_checkpoint_are_removed_as_the_line_says(out, capsys):
    (out / "last.pt").unlink()
    assert main([*TRAIN, "--steps", "1", "--out", str(out)]) == 2
    assert f"remove {out / 'metrics.csv'}, or choose another --out" in last_line(capsys)
    (out / "metrics.csv").unlink()
    assert main([*TRAIN, "--steps", "1", "--out", str(out)]) == 0


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
        *(
            lambda state, value=value: state["step"].update(n_done=value)
            for value in ("x", 1.5, None, -1, True)
        ),
        *(
            lambda state, value=value: state["batches"].update(seed=value)
            for value in ("x", None, -1, 10**30)
        ),
        *(
            lambda state, value=value: state["batches"].update(position=value)
            for value in ("x", 1.5, -5, 10**30)
        ),
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


def test_a_run_from_before_a_field_was_renamed_goes_on(tmp_path, two_folders):
    out = tmp_path / "run"
    train = ["train", "cyclegan", "--data", *two_folders, "--profile", "smoke", "--device", "cpu"]
    assert main([*train, "--steps", "2", "--out", str(out)]) == 0
    state = torch.load(out / "last.pt", weights_only=True)
    state["config"]["constant"] = state["config"].pop("lr_constant")
    save_checkpoint(out, state)
    assert main([*train, "--steps", "2", "--out", str(out), "--resume"]) == 0
