import json
import re

import pytest
import torch

from gan_course.cli import main
from gan_course.data.manifest import data_root
from gan_course.errors import CourseError
from gan_course.evaluation.readers import load_reader
from gan_course.files import sha256
from gan_course.lessons.l02_images.config import PROFILES
from gan_course.weights import cards
from gan_course.weights.dcgan import load_dcgan
from gan_course.weights.files import load_weights
from gan_course.weights.translators import load_translator
from maintain import shipped
from maintain.weights.dcgan import CONFIG, fashion_metrics

CARD_KEYS = set(
    [
        "name",
        "file",
        "bytes",
        "sha256",
        "what",
        "data",
        "steps",
        "minutes",
        "hardware",
        "torch",
        "commit",
        "command",
        "metrics",
        "licence",
        "seed",
    ]
)


@pytest.mark.parametrize("name", shipped.names())
def test_every_shipped_file_has_its_card(name):
    card = cards.read_card(name)
    assert card.keys() >= CARD_KEYS
    path = data_root() / "weights" / card["file"]
    assert sha256(path) == card["sha256"] and path.stat().st_size == card["bytes"]
    assert card["command"].endswith(name)


def test_all_shipped_weights_fit_the_budget():
    assert sum(cards.read_card(name)["bytes"] for name in cards.weight_names()) <= 24 * 2**20


def test_the_shipped_generator_is_that_of_the_full_profile():
    from dataclasses import asdict

    card = cards.read_card("dcgan-fashion")
    later = {"augment": False, "mirror": False}  # fields that came after it was trained
    assert later | card["config"] == json.loads(json.dumps(asdict(CONFIG)))
    assert PROFILES["full"].dcgan == CONFIG


def test_the_card_s_figures_are_those_of_the_file():
    card = cards.read_card("dcgan-fashion")
    measured = fashion_metrics(load_dcgan())
    for name in ("precision", "recall"):
        assert measured[name] == pytest.approx(card["metrics"][name], abs=0.02)
        assert measured[name] >= 0.75 * measured[f"{name} of real pictures"]


def test_unknown_weights():
    with pytest.raises(
        CourseError, match=r"no shipped weights named 'x': choose from .*dcgan-fashion"
    ):
        cards.read_card("x")


def test_saved_weights_come_back(tmp_path, monkeypatch):
    (tmp_path / "manifest.json").write_text("{}")
    tensors = {"w": torch.tensor([0.5, -2.0]), "n": torch.tensor(7)}
    cards.save_weights("mine", tensors, {"metrics": {}}, root=tmp_path)
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path))
    assert cards.weight_names() == ["mine"]
    loaded = load_weights("mine")
    assert loaded["w"].dtype == torch.float32 and torch.equal(loaded["w"], tensors["w"])
    assert loaded["n"] == 7 and loaded["n"].dtype == torch.int64


def test_a_recipe_for_each_shipped_name():
    assert set(cards.weight_names()) == set(shipped.names())


def test_measuring_anew_changes_the_card_alone(tmp_path, monkeypatch):
    import shutil

    shutil.copytree(data_root(), tmp_path / "data", ignore=shutil.ignore_patterns("build"))
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "weights" / "fashion-reader.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"metrics": {"kind": 0.5}}))
    cards.write_manifest(tmp_path / "data")
    shipped.measure_weights("fashion-reader")
    measured = cards.read_card("fashion-reader")
    assert measured["metrics"]["kind"] == pytest.approx(card["metrics"]["kind"], abs=0.02)
    assert {
        key: value for key, value in measured.items() if key not in ("metrics", "measured at")
    } == {key: value for key, value in card.items() if key not in ("metrics", "measured at")}


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    """A copy of the shipped weights in a data folder of its own, and a function that spoils a file
    there.
    """
    import shutil

    shutil.copytree(data_root() / "weights", tmp_path / "weights")
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path))

    def spoil(file, content):
        (tmp_path / "weights" / file).write_bytes(content)
        cards.write_manifest(tmp_path)

    spoil("more.txt", b"")
    return spoil


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"1", b"\xff", b"[" * 100_000], ids=lambda content: str(content[:9])
)
def test_a_card_that_is_none(own_data, content):
    own_data("dcgan-fashion.json", content)
    with pytest.raises(CourseError, match=r"dcgan-fashion\.json is not a card.*git checkout"):
        load_weights("dcgan-fashion")


@pytest.mark.parametrize(
    "content", [{}, {"metrics": []}, {"metrics": {}, "what": "x", "bytes": "many"}], ids=str
)
def test_a_card_that_is_incomplete(own_data, content, capsys):
    own_data("dcgan-fashion.json", json.dumps(content).encode())
    assert main(["weights"]) == 2
    assert re.search(
        r"the card of dcgan-fashion is incomplete .*git checkout", capsys.readouterr().err
    )


@pytest.mark.parametrize("generator", [{}, {"generator": {"norm": 1}}, {"generator": 3}], ids=str)
def test_a_card_that_describes_no_generator(own_data, generator):
    own_data("photo2vangogh.json", json.dumps({"family": "cyclegan"} | generator).encode())
    with pytest.raises(CourseError, match=r"photo2vangogh (is not a translator|does not fit)"):
        load_translator("photo2vangogh")


@pytest.mark.parametrize("config", [{}, {"config": {"upsampling": "none"}}, {"config": 3}], ids=str)
def test_a_card_that_describes_no_dcgan(own_data, config):
    own_data("dcgan-fashion.json", json.dumps({"family": "dcgan"} | config).encode())
    with pytest.raises(CourseError, match=r"dcgan-fashion (is not a DCGAN|does not fit)"):
        load_dcgan()


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 64], ids=str)
def test_tensors_that_are_none(own_data, content):
    own_data("fashion-reader.safetensors", content)
    with pytest.raises(
        CourseError, match=r"fashion-reader\.safetensors holds no weights .*git checkout"
    ):
        load_reader("fashion")


def test_tensors_of_another_network(own_data):
    own_data(
        "fashion-reader.safetensors",
        (data_root() / "weights" / "earth-reader.safetensors").read_bytes(),
    )
    with pytest.raises(
        CourseError, match=r"the weights fashion-reader do not fit their network: .*git checkout"
    ):
        load_reader("fashion")
