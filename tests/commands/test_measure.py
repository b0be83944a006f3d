"""`measure`: a sample that no name decides, each instrument's own picture size, and ways out that
are there.
"""

import math
import re
import shutil
import sys
import types

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from gan_course.cli import main
from gan_course.commands import measure as measure_command
from gan_course.data import folder as data_folder
from gan_course.data.cats import load_cats
from gan_course.data.fashion import load_fashion
from gan_course.evaluation import inception


def measure(real, fake, *more):
    return main(["measure", "--real", str(real), "--fake", str(fake), *map(str, more)])


def refused(capsys, code, *words):
    error = capsys.readouterr().err
    assert code == 2 and error.strip().count("\n") == 0 and all(word in error for word in words), (
        error
    )


def figures(text):
    """Measure -> what the generated and the real pictures get."""
    return {
        name: tuple(math.nan if x == "-" else float(x) for x in (a, b))
        for name, a, b in re.findall(r"^(\w+) +(\S+) +(\S+)$", text, re.MULTILINE)
    }


def write(folder, images, names):
    folder.mkdir()
    for image, name in zip(images, names, strict=True):
        Image.fromarray(image[0].numpy()).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def kinds():
    """600 trousers and 300 boots."""
    images, labels = load_fashion("train")
    return images[labels == 1][:600], images[labels == 9][:300]


def test_names_do_not_decide_the_figures(kinds, tmp_path, capsys):
    trousers, boots = kinds
    images = torch.cat([trousers[:300], boots])
    fake = write(tmp_path / "fake", trousers[300:], range(300))
    found = {}
    for which, names in (
        ("by kind", [f"{'ab'[k // 300]}{k:04d}" for k in range(600)]),
        (
            "by chance",
            [
                f"{k:04d}"
                for k in torch.randperm(600, generator=torch.Generator().manual_seed(0)).tolist()
            ],
        ),
    ):
        real = write(tmp_path / which, images, names)
        assert measure(real, fake, "--reader", "fashion") == 0
        found[which] = figures(capsys.readouterr().out)
    for measured in found.values():  # the generator lost the boots, and new real pictures hold both
        assert measured["recall"][0] < 0.65 < measured["recall"][1]
        assert measured["frechet"][0] > 5 * measured["frechet"][1]


def test_the_sample_is_drawn_from_all_files_and_is_the_same_each_time(kinds, tmp_path):
    folder = write(
        tmp_path / "real",
        torch.cat([kinds[0][:150], kinds[1][:150]]),
        [f"{k:03d}" for k in range(300)],
    )
    options = types.SimpleNamespace(n=100)
    drawn = measure_command._draw_files(str(folder), options)
    assert len(set(drawn)) == 100 and drawn == measure_command._draw_files(str(folder), options)
    for part in (drawn, drawn[:50]):
        assert 0.3 < np.mean([int(file.stem) < 150 for file in part]) < 0.7


def test_no_more_files_are_read_than_are_measured(kinds, tmp_path, capsys, monkeypatch):
    real = write(tmp_path / "real", kinds[0], range(600))
    fake = write(tmp_path / "fake", kinds[1], range(300))
    read, square = [], data_folder._square
    monkeypatch.setattr(
        data_folder, "_square", lambda file, *rest: read.append(file) or square(file, *rest)
    )
    assert measure(real, fake, "--reader", "fashion", "--n", "520") == 0
    assert "N = 260 against 260 real pictures" in capsys.readouterr().out
    assert len(read) == len(set(read)) == 520 + 300


@pytest.fixture
def fidelity(monkeypatch):
    """A stand-in for torch-fidelity, which needs a network.

    What it was given, and no need of thousands.
    """
    seen = {}

    def calculate(**settings):
        loaders = (
            DataLoader(settings[name], batch_size=settings["batch_size"])
            for name in ("input1", "input2")
        )
        seen["fake"], seen["real"] = (
            [image for batch in loader for image in batch] for loader in loaders
        )
        return {"frechet_inception_distance": 12.5}

    monkeypatch.setitem(
        sys.modules, "torch_fidelity", types.SimpleNamespace(calculate_metrics=calculate)
    )
    monkeypatch.setattr(inception, "N_FEATURES", 3)
    return seen


def squares(folder, sides):
    """A checkerboard of single pixels for each side."""
    folder.mkdir()
    for k, side in enumerate(sides):
        board = np.indices((side, side)).sum(0) % 2 * 255
        Image.fromarray(board.astype(np.uint8)).save(folder / f"{k}.png")
    return folder


def test_inception_is_given_pictures_at_their_own_size(tmp_path, capsys, fidelity):
    real, fake = squares(tmp_path / "real", [256] * 5), squares(tmp_path / "fake", [32] * 4)
    assert measure(real, fake, "--inception") == 0
    assert "FID (Inception, 4 against 5 pictures) 12.50" in capsys.readouterr().out
    assert {image.shape for image in fidelity["real"]} == {(3, 256, 256)} and len(
        fidelity["real"]
    ) == 5
    assert all(
        image.dtype == torch.uint8 and set(image.unique().tolist()) == {0, 255}
        for image in fidelity["real"]
    )
    assert {image.shape for image in fidelity["fake"]} == {(3, 32, 32)}


def test_inception_is_given_pictures_of_many_sizes(tmp_path, fidelity):
    real, fake = squares(tmp_path / "real", [20, 64, 300, 20]), squares(tmp_path / "fake", [32] * 5)
    Image.new("RGB", (50, 20)).save(real / "wide.png")
    assert measure(real, fake, "--inception") == 0
    assert sorted(tuple(image.shape[1:]) for image in fidelity["real"]) == [
        (20, 20), (20, 20), (20, 50), (64, 64), (300, 300)
    ]  # fmt: skip


def test_inception_takes_a_sample_of_the_files_too(tmp_path, fidelity):
    real, fake = squares(tmp_path / "real", [8] * 9), squares(tmp_path / "fake", range(8, 17))
    assert measure(real, fake, "--inception", "--n", "5") == 0
    assert len(fidelity["real"]) == len(fidelity["fake"]) == 5
    assert sorted(len(image[0]) for image in fidelity["fake"]) != list(range(8, 13))


def test_a_damaged_file_is_one_line_with_inception_too(tmp_path, capsys, fidelity):
    real, fake = squares(tmp_path / "real", [8] * 4), squares(tmp_path / "fake", [8] * 4)
    Image.new("RGB", (64, 64), "red").save(fake / "a.jpg")
    (fake / "a.jpg").write_bytes((fake / "a.jpg").read_bytes()[:-100])  # its header is whole
    refused(capsys, measure(real, fake, "--inception"), "a.jpg is damaged")


def test_a_picture_too_small_for_a_reader_has_a_way_out(tmp_path, capsys, fidelity):
    folder = squares(tmp_path / "p32", [32] * 4)
    refused(
        capsys,
        measure(folder, folder),
        "is 32 x 32, smaller than 64: remove it, or add --resolution 32 or --inception",
        "the reader photos compares at 64 px",
        "3 other pictures",
    )
    assert measure(folder, folder, "--inception") == 0
    more = squares(tmp_path / "more", [32] * 20)
    assert measure(more, more, "--resolution", "32") == 0


def test_few_small_pictures_are_measured_without_a_covariance(tmp_path, capsys):
    cats = to_cats(tmp_path, train=60, held_out=20)
    same = shutil.copytree(cats[1], tmp_path / "same")
    assert (
        measure(cats[0], same, "--held-out", cats[1], "--reader", "cats", "--resolution", "32") == 0
    )
    out = capsys.readouterr().out
    assert "N = 20 against 60 real pictures" in out
    found = figures(out)
    assert np.isnan(found["frechet"]).all() and "read kernel instead" in out
    assert found["kernel"][0] == found["kernel"][1]  # the same held-out pictures
    assert found["copied"][0] < 0.2
    assert (
        measure(cats[0], cats[0], "--held-out", cats[1], "--reader", "cats", "--resolution", "32")
        == 0
    )
    assert figures(capsys.readouterr().out)["copied"][0] == 1


def to_cats(folder, train, held_out):
    """Two folders of drawn cats of 32 px."""
    folders = []
    for split, n in (("train", train), ("test", held_out)):
        folders.append(folder / split)
        folders[-1].mkdir()
        for k, cat in enumerate(load_cats(split, n=n, resolution=32)[0]):
            Image.fromarray(cat.permute(1, 2, 0).numpy()).save(folders[-1] / f"{k}.png")
    return folders


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--resolution", "30"], ["--resolution 30: choose 16 or 32 or 64"]),
        (["--inception", "--resolution", "32"], ["--inception compares"]),
        (["--resolution", "16"], ["has too few pictures: 20 or more are needed"]),
        (["--held-out", "gone", "--resolution", "16"], ["gone"]),
        (["--held-out", "SAME", "--resolution", "16"], ["is named twice"]),
    ],
)
def test_what_cannot_be_compared_is_one_line(tmp_path, capsys, options, words):
    folder = squares(tmp_path / "few", [32] * 12)
    options = [str(folder) if option == "SAME" else option for option in options]
    refused(capsys, measure(folder, folder, *options), *words)


def test_a_name_of_two_meanings_is_refused(kinds, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "fashion", kinds[0], range(600))
    arguments = ["--reader", "fashion", "--n", "600"]
    refused(
        capsys,
        measure("fashion", "./fashion", *arguments),
        "'fashion' is a bundled set and also a folder here",
        "write ./fashion for the folder",
    )
    assert measure("./fashion", "./fashion", *arguments) == 0


def test_what_is_not_read_is_named(kinds, tmp_path, capsys):
    real = write(tmp_path / "real", kinds[0], range(600))
    (real / "a.heic").write_bytes(b"x")
    write(real / "boots", kinds[1], range(300))
    assert measure(real, real, "--reader", "fashion") == 0
    out = capsys.readouterr().out
    assert (
        f"in {real}: 1 .heic not read" in out
        and f"{real / 'boots'} has 300 pictures, not read" in out
    )
