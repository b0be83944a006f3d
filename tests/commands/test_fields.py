"""Fields of a configuration on the command line."""

from dataclasses import fields, replace

import pytest
import torch

from gan_course.cli import main
from gan_course.commands.fields import field_words, set_fields, show_fields
from gan_course.commands.train import TABLES
from gan_course.errors import CourseError
from gan_course.training.cyclegan import CycleGANConfig
from gan_course.training.stylegan import StyleGANConfig

CONFIG = CycleGANConfig(n_steps=10)
STYLEGAN2 = ["architecture=stylegan2", "start_resolution=0"]


def test_fields_are_read_by_their_types():
    settings = ["lr=1e-4", "lambda_cycle=5", "betas=0.9,0.99", "forward=False", "norm=none"]
    expected = replace(
        CONFIG, lr=1e-4, lambda_cycle=5.0, betas=(0.9, 0.99), forward=False, norm="none"
    )
    found = set_fields(CONFIG, settings)
    assert found == expected
    assert isinstance(found.lambda_cycle, float) and isinstance(found.forward, bool)
    assert set_fields(CONFIG, []) is not None and set_fields(CONFIG, []) == CONFIG


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("lambda_cycel=5", "there is no such field; did you mean lambda_cycle"),
        ("qqqqqq=5", "there is no such field; --show lists all fields"),
        ("lr", "write FIELD=VALUE"),
        ("lr=fast", "lr='fast': write a number"),
        ("lr=nan", "lr='nan': write a number from 1e-30 to 1000"),
        ("lr=-1", "lr='-1': write a number from 1e-30 to 1000"),
        ("n_blocks=2.5", "n_blocks='2.5': write a whole number"),
        ("n_blocks=1_0", "write a whole number"),
        ("n_blocks=" + "9" * 5_000, "write a whole number"),
        ("forward=1", "forward='1': choose true or false"),
        ("norm=batch", "norm='batch': choose instance or none"),
        ("betas=0.5", "betas='0.5': write 2 numbers, such as 0.5,0.999"),
        ("betas=0.5,x", "betas='x': write a number"),
        ("lr_constant=2", "write a number from 0 to 1"),
        ("ema_decay=1", "write a number from 0 to 0.999999"),
        ("n_layers=" + "9" * 20, "write a number from 0 to 16"),
        ("coordinates=200", "write a number from 0 to 16"),
        ("base_channels=10000000", "write a number from 1 to 65536"),
        ("norm=a\nb", "choose instance or none"),
        ("norm=" + "x" * 20_000, "choose instance or none"),
    ],
    ids=lambda text: text[:20],
)
def test_a_bad_setting_is_named_with_the_way_out(setting, words):
    with pytest.raises(CourseError) as caught:
        set_fields(CONFIG, [setting])
    assert words in str(caught.value) and len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_a_field_twice():
    with pytest.raises(CourseError, match="lr: given twice"):
        set_fields(CONFIG, ["lr=1", "lr=2"])


@pytest.mark.parametrize("family", list(TABLES))
def test_the_configuration_is_shown_and_can_be_given_back(family, capsys):
    assert main(["train", family, "--show"]) == 0
    config, out = TABLES[family]["full"], capsys.readouterr().out
    settings = [line.split()[0] for line in out.splitlines()]
    assert [setting.partition("=")[0] for setting in settings] == [f.name for f in fields(config)]
    assert all(field_words(type(config)).values())
    assert set_fields(config, settings) == config


def test_the_words_are_the_comments_of_the_source():
    words = field_words(StyleGANConfig)
    assert words["n_mapping"] == "layers of the mapping network" and all(words.values())
    assert words["positions"].startswith("learned positions at every resolution")
    line = next(line for line in show_fields(CONFIG).splitlines() if line.startswith("forward="))
    assert line.split()[0] == "forward=True" and line.endswith("starts in A")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["n_steps=3"], "--set n_steps: write --steps instead"),
        (["img_resolution=64"], "--set img_resolution: write --resolution instead"),
        (["base_channels=0"], "--set base_channels='0': write a number from 1"),
        (["betas=2,2"], "does not make a dcgan"),
        (["img_channels=3"], "does not make a dcgan"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_trained_ends_in_one_line(settings, words, capsys, tmp_path):
    arguments = ["--profile", "smoke", "--device", "cpu", "--out", str(tmp_path / "x")]
    assert main(["train", "dcgan", *arguments, "--set", *settings]) == 2
    err = capsys.readouterr().err.strip()
    assert words in err and len(err.splitlines()) == 1
    assert not (tmp_path / "x").exists()


def test_a_setting_reaches_the_training(capsys, tmp_path):
    arguments = ["--profile", "smoke", "--device", "cpu", "--steps", "1"]
    out = tmp_path / "run"
    assert main(["train", "dcgan", *arguments, "--out", str(out), "--set", "lr=0.5"]) == 0
    capsys.readouterr()
    assert main(["train", "dcgan", *arguments, "--out", str(out), "--resume"]) == 2
    assert "add --set lr=0.5" in capsys.readouterr().err


def test_a_training_needs_a_folder(capsys):
    assert main(["train", "dcgan"]) == 2
    assert "add --out DIR" in capsys.readouterr().err


def test_settings_in_several_places_all_count(capsys):
    assert main(["train", "cyclegan", "--set", "lr=0.5", "--show", "--set", "n_blocks=2"]) == 0
    shown = capsys.readouterr().out
    assert "\nlr=0.5 " in shown and "\nn_blocks=2 " in shown


@pytest.mark.parametrize(
    ("family", "settings", "words"),
    [
        ("cyclegan", ["lambda_gan=0", "forward=false", "backward=false"], "nothing to learn"),
        ("stylegan", ["n_mapping=0", "pl_weight=1", *STYLEGAN2], "choose n_mapping from 1"),
        ("cyclegan", ["coordinates=6"], "at 32 px choose at most 5"),
        ("stylegan", ["architecture=stylegan2"], "choose start_resolution=0, not 8"),
    ],
)
def test_fields_that_do_not_go_together(family, settings, words, capsys, tmp_path):
    data = ["--data", "photos", "paintings"] if family == "cyclegan" else []
    arguments = ["--profile", "smoke", "--device", "cpu", "--out", str(tmp_path / "x")]
    assert main(["train", family, *data, *arguments, "--set", *settings]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_the_way_out_of_a_pair_of_numbers_can_be_typed(capsys, tmp_path):
    train = ["train", "dcgan", "--profile", "smoke", "--device", "cpu", "--steps", "1"]
    train += ["--out", str(tmp_path / "run")]
    assert main([*train, "--set", "betas=0.3,0.9"]) == 0
    assert main([*train, "--resume"]) == 2
    assert "add --set betas=0.3,0.9" in capsys.readouterr().err
    assert main([*train, "--resume", "--set", "betas=0.3,0.9"]) == 0


def test_the_family_after_the_settings_is_not_taken_for_one(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "--set", "lr=1e-4", "dcgan"])
    error = capsys.readouterr().err.strip()
    assert stop.value.code == 2 and len(error.splitlines()) == 1
    assert "dcgan is a family: write it first, as in train dcgan --set lr=1e-4" in error


def test_the_size_of_a_folder_is_shown(two_folders, capsys):
    train = ["train", "dcgan", "--profile", "smoke", "--show"]
    assert main(train) == 0
    assert "img_resolution=28 " in capsys.readouterr().out
    assert main([*train, "--data", two_folders[0]]) == 0
    out = capsys.readouterr().out
    assert "img_resolution=64 " in out and "img_channels=3 " in out
    assert main([*train, "--data", two_folders[0], "--resolution", "40"]) == 0
    assert "img_resolution=40 " in capsys.readouterr().out
    assert main([*train, "--data", "nowhere"]) == 2
    assert "no data named 'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize(("setting", "channels"), [([], 3), (["--set", "img_channels=1"], 1)])
def test_the_pictures_of_a_folder_have_the_channels_that_were_set(
    two_folders, setting, channels, capsys, tmp_path
):
    train = ["train", "dcgan", "--profile", "smoke", "--device", "cpu", "--resolution", "16"]
    train += ["--data", two_folders[0], *setting]
    assert main([*train, "--show"]) == 0
    assert f"img_channels={channels} " in capsys.readouterr().out
    assert main([*train, "--steps", "1", "--out", str(tmp_path / "run")]) == 0
    state = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    assert state["config"]["img_channels"] == channels
    assert f"({channels}, 16, 16)" in capsys.readouterr().out


def test_channels_that_no_picture_has(two_folders, capsys, tmp_path):
    train = ["train", "dcgan", "--profile", "smoke", "--device", "cpu", "--data", two_folders[0]]
    assert main([*train, "--set", "img_channels=2", "--out", str(tmp_path / "x")]) == 2
    assert "choose 3 for colour or 1 for grey" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("family", "settings", "words"),
    [
        ("cyclegan", ["n_layers=5"], "choose a multiple of 4, at least 96, or a smaller --set n_l"),
        ("pix2pix", ["n_halvings=7"], "multiple of 128, at least 128, or a smaller --set n_halv"),
    ],
)
def test_networks_too_deep_for_the_pictures(family, settings, words, capsys, tmp_path):
    train = ["train", family, "--profile", "smoke", "--data", "earth-map", "earth-satellite"]
    assert main([*train, "--out", str(tmp_path / "x"), "--set", *settings]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
