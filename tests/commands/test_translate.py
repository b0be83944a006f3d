import errno
import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from gan_course.cli import main
from gan_course.data import pictures as data_pictures
from gan_course.models.cyclegan import ResnetGenerator


@pytest.fixture
def weights(tmp_path):
    """A translator that changes nothing."""
    G = ResnetGenerator(base_channels=4, n_blocks=1, residual=True)
    save_file(
        {key: value.contiguous() for key, value in G.state_dict().items()},
        tmp_path / "same.safetensors",
    )
    card = {
        "family": "cyclegan",
        "generator": {"base_channels": 4, "n_blocks": 1, "residual": True},
    }
    (tmp_path / "same.json").write_text(json.dumps(card))
    return str(tmp_path / "same.safetensors")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    values = np.random.default_rng(0).integers(0, 256, (30, 41, 3), dtype=np.uint8)
    Image.fromarray(values).save(folder / "b.png")
    Image.fromarray(values[:17]).save(folder / "a.jpg")
    Image.fromarray(values[:, :, 0]).save(folder / "grey.bmp")
    return folder


def translate(weights, source, target, *more):
    return main(
        ["translate", "--weights", weights, "--input", str(source), "--output", str(target), *more]
    )


def refused(capsys, code, *words):
    error = capsys.readouterr().err
    assert code == 2 and error.count("\n") == 1 and all(word in error for word in words), error


def test_every_picture_of_a_folder_keeps_its_name_and_size(weights, pictures, tmp_path, capsys):
    assert translate(weights, pictures, tmp_path / "out") == 0
    made = {path.name: Image.open(path).size for path in (tmp_path / "out").iterdir()}
    assert made == {"a.jpg": (41, 17), "b.png": (41, 30), "grey.png": (41, 30)}
    before, after = (
        np.array(Image.open(f / "b.png")).astype(int) for f in (pictures, tmp_path / "out")
    )
    assert np.abs(before - after).max() <= 1
    assert "3 pictures translated" in capsys.readouterr().out
    assert Image.open(tmp_path / "out" / "grey.png").mode == "RGB"


def test_the_camera_s_rotation_is_applied_and_transparency_is_white(weights, tmp_path):
    source = tmp_path / "turned.jpg"
    image, exif = Image.new("RGB", (40, 20), "red"), Image.Exif()
    exif[0x0112] = 6
    image.save(source, exif=exif)
    assert translate(weights, source, tmp_path / "out") == 0
    assert Image.open(tmp_path / "out" / "turned.jpg").size == (20, 40)
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert translate(weights, tmp_path / "clear.png", tmp_path / "out") == 0
    assert np.array(Image.open(tmp_path / "out" / "clear.png")).min() >= 254


def test_the_shorter_side_can_be_chosen(weights, pictures, tmp_path):
    assert translate(weights, pictures / "b.png", tmp_path / "out", "--size", "60") == 0
    assert Image.open(tmp_path / "out" / "b.png").size == (82, 60)


def test_a_size_beyond_all_bounds_is_refused_first(weights, tmp_path, capsys):
    Image.new("RGB", (9_000, 2)).save(tmp_path / "line.png")
    refused(
        capsys,
        translate(weights, tmp_path / "line.png", tmp_path / "out", "--size", "500"),
        "2250000 x 500",
    )
    assert not (tmp_path / "out").exists()


def test_a_generator_of_other_channels_is_named(pictures, tmp_path, capsys):
    torch.save(
        ResnetGenerator(base_channels=4, n_blocks=1, img_channels=1).state_dict(),
        tmp_path / "net.pth",
    )
    refused(
        capsys,
        translate(str(tmp_path / "net.pth"), pictures, tmp_path / "out"),
        "goes from 1 to 1 channels",
    )


def test_results_are_never_overwritten_unasked(weights, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert translate(weights, pictures / "b.png", out) == 0
    before = (out / "b.png").read_bytes()
    capsys.readouterr()
    refused(capsys, translate(weights, pictures, out), "b.png is there already", "--overwrite")
    assert (out / "b.png").read_bytes() == before and not (out / "a.jpg").exists()
    assert translate(weights, pictures, out, "--overwrite") == 0
    capsys.readouterr()
    refused(
        capsys, translate(weights, pictures, pictures, "--overwrite"), "would replace its own input"
    )


def test_two_results_of_one_name_are_refused(weights, pictures, tmp_path, capsys):
    Image.new("RGB", (9, 9)).save(pictures / "grey.png")
    refused(
        capsys, translate(weights, pictures, tmp_path / "out"), "grey.bmp", "grey.png", "rename one"
    )


def test_a_damaged_picture_is_named_before_anything_is_written(weights, pictures, tmp_path, capsys):
    (pictures / "c.png").write_bytes((pictures / "b.png").read_bytes()[:900])
    refused(capsys, translate(weights, pictures, tmp_path / "out"), "c.png is damaged")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_whole_pictures_and_says_how_many(
    weights, pictures, tmp_path, capsys, monkeypatch
):
    save, calls = Image.Image.save, []

    def full(self, *args, **options):
        calls.append(args)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(self, *args, **options)

    monkeypatch.setattr(Image.Image, "save", full)
    refused(
        capsys,
        translate(weights, pictures, tmp_path / "out"),
        "no space left",
        "1 of 3 pictures are complete",
        "a.jpg",
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.jpg"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": "nobody"}, "no weights named 'nobody'"),
        ({"source": "nowhere"}, "no file or folder nowhere"),
        ({"more": ["--size", "3"]}, "'3' is not a whole number from 8"),
        ({"more": ["--direction", "AB"]}, "one direction only"),
        ({"more": ["--device", "abacus"]}, "unknown device 'abacus'"),
    ],
)
def test_bad_input_is_one_line(weights, pictures, tmp_path, capsys, change, words):
    try:
        code = translate(
            change.get("weights", weights),
            change.get("source", pictures),
            tmp_path / "out",
            *change.get("more", []),
        )
    except SystemExit as stop:
        code = stop.code
    refused(capsys, code, words)


def test_an_empty_folder_is_named(weights, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    refused(
        capsys, translate(weights, tmp_path / "empty", tmp_path / "out"), "no pictures in", "empty"
    )
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", ["", " "])
def test_no_input_is_not_the_current_folder(weights, pictures, tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(pictures)
    refused(
        capsys,
        translate(weights, name, tmp_path / "out"),
        "--input is empty: give a picture, or a folder",
    )
    assert not (tmp_path / "out").exists()


def test_a_jpeg_longer_than_a_jpeg_can_be_is_refused_first(weights, tmp_path, capsys):
    Image.new("RGB", (9_000, 1)).save(tmp_path / "line.jpg")
    code = translate(weights, tmp_path / "line.jpg", tmp_path / "out", "--size", "8")
    refused(
        capsys, code, "line.jpg would become 72000 x 8", "choose a smaller --size, or give a PNG"
    )
    assert not (tmp_path / "out").exists()


def test_a_long_name_is_kept(weights, pictures, tmp_path):
    name = "n" * 251 + ".png"
    (pictures / "b.png").rename(pictures / name)
    assert translate(weights, pictures / name, tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


def test_every_ending_of_a_jpeg_is_translated_and_the_rest_is_named(weights, tmp_path, capsys):
    folder = tmp_path / "in"
    (folder / "cats").mkdir(parents=True)
    for name in ("a.jpg", "b.jfif", "c.jpe", "cats/x.jpg"):
        Image.new("RGB", (20, 20), "red").save(folder / name, "JPEG")
    for name in ("d.heic", "e.ppm"):
        (folder / name).write_bytes(b"x")
    assert translate(weights, folder, tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.jpg",
        "b.jfif",
        "c.jpe",
    ]
    assert all(Image.open(path).format == "JPEG" for path in (tmp_path / "out").iterdir())
    out = capsys.readouterr().out
    assert (
        f"in {folder}: 1 .heic, 1 .ppm not read" in out
        and f"{folder / 'cats'} has 1 picture, not read" in out
    )
    assert "3 pictures translated" in out


def test_a_phone_s_photograph_is_translated_with_a_size_and_says_which(
    weights, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(data_pictures, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(data_pictures, "MAX_JPEG_PIXELS", 40_000)
    Image.new("RGB", (221, 161), "red").save(tmp_path / "phone.jpg")
    for more in ((), ("--size", "81")):
        code = translate(weights, tmp_path / "phone.jpg", tmp_path / "out", *more)
        refused(capsys, code, "phone.jpg has more than", "million pixels: add --size 80 or less")
    assert not (tmp_path / "out").exists()
    assert translate(weights, tmp_path / "phone.jpg", tmp_path / "out", "--size", "80") == 0
    assert Image.open(tmp_path / "out" / "phone.jpg").size == (110, 80)
    Image.new("RGB", (221, 161), "red").save(tmp_path / "phone.png")
    code = translate(weights, tmp_path / "phone.png", tmp_path / "out", "--size", "80")
    refused(capsys, code, "phone.png has more than", "make it smaller")
