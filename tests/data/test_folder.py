import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan_course.data import folder, pictures
from gan_course.data.folder import (
    SHEETS,
    left_out,
    load_folder,
    load_pictures,
    picture_files,
    read_picture,
)
from gan_course.errors import CourseError

RNG = np.random.default_rng(0)


def noise(width=40, height=30):
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))


def save(image, path, **options):
    image.save(path, **options)
    return path


def png_header(width, height):
    """The beginning of a PNG that claims to be of this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
    )
    return start + struct.pack(">I", 100) + b"IDAT" + bytes(100)


def colour_of(path):
    """The one colour of a picture, which may be off by what JPEG does."""
    picture = read_picture(path)
    assert picture.shape[0] == 3 and picture.dtype == torch.uint8
    return [round(value) for value in picture.float().mean((1, 2)).tolist()]


def complaint(call, *arguments, **options):
    with pytest.raises(CourseError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_picture_comes_back_as_it_was_saved(tmp_path):
    image = noise()
    picture = read_picture(save(image, tmp_path / "a.png"))
    assert picture.shape == (3, 30, 40) and picture.dtype == torch.uint8 and picture.is_contiguous()
    assert torch.equal(picture, torch.from_numpy(np.array(image)).permute(2, 0, 1))


def test_one_channel_is_the_luminance(tmp_path):
    image = noise()
    picture = read_picture(save(image, tmp_path / "a.png"), channels=1)
    assert torch.equal(picture[0], torch.from_numpy(np.array(image.convert("L"))))


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0)), (2, (0, -1)), (5, (0, 0))],
)
def test_the_cameras_rotation_is_applied(tmp_path, orientation, corner):
    image = Image.new("RGB", (48, 32), "blue")
    image.paste("red", (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(save(image, tmp_path / "phone.jpg", exif=exif, quality=95))
    assert picture.shape[1:] == ((48, 32) if orientation >= 5 else (32, 48))
    assert picture[0, corner[0], corner[1]] > 200 and picture[2, corner[0], corner[1]] < 60


def test_transparent_places_show_white(tmp_path):
    hidden = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert colour_of(save(hidden, tmp_path / "rgba.png")) == [255, 255, 255]
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert colour_of(save(half, tmp_path / "half.png")) == [127, 127, 127]
    assert colour_of(save(Image.new("LA", (8, 8), (0, 0)), tmp_path / "la.png")) == [255, 255, 255]
    assert colour_of(save(hidden, tmp_path / "rgba.webp", lossless=True, exact=True)) == [
        255,
        255,
        255,
    ]
    assert colour_of(save(hidden, tmp_path / "rgba.tif")) == [255, 255, 255]


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_a_transparent_palette_entry_shows_white(tmp_path, ending):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 200, 0, 200, 0, 0])
    image.paste(0, (0, 0, 8, 4))
    picture = read_picture(save(image, tmp_path / f"p.{ending}", transparency=1))
    assert picture[:, 0, 0].tolist() == [0, 200, 0] and picture[:, 7, 0].tolist() == [255, 255, 255]


def test_a_transparent_colour_without_alpha_shows_white(tmp_path):
    image = Image.new("RGB", (8, 8), (255, 0, 0))
    assert colour_of(save(image, tmp_path / "key.png", transparency=(255, 0, 0))) == [255, 255, 255]
    assert colour_of(save(Image.new("L", (8, 8), 9), tmp_path / "grey.png", transparency=9)) == [
        255,
        255,
        255,
    ]


def test_palettes_and_bits_become_colour(tmp_path):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 120, 230])
    assert colour_of(save(image, tmp_path / "p.png")) == [10, 120, 230]
    assert colour_of(save(Image.new("1", (8, 8), 1), tmp_path / "bit.png")) == [255, 255, 255]


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_cmyk_becomes_colour(tmp_path, ending):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    red, green, blue = colour_of(save(image, tmp_path / f"print.{ending}"))
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_grey_of_16_bits_is_scaled_not_clipped(tmp_path, ending):
    values = np.linspace(0, 65_535, 64).astype(np.uint16).reshape(8, 8)
    path = save(Image.fromarray(values), tmp_path / f"deep.{ending}")
    picture = read_picture(path)
    assert picture[0].flatten().tolist() == [round(v / 257) for v in values.flatten().tolist()]
    assert torch.equal(picture[0], picture[2])


def test_grey_of_32_bits_is_read_as_16_or_refused(tmp_path):
    values = np.array([[0, 257], [32_896, 65_535]], dtype=np.int32)
    assert read_picture(save(Image.fromarray(values), tmp_path / "i.tif"))[
        0
    ].flatten().tolist() == [0, 1, 128, 255]
    path = save(Image.fromarray(values * 100), tmp_path / "huge.tif")
    assert complaint(read_picture, path).startswith(f"{path} holds values beyond 16 bits: save it")
    path = save(Image.fromarray(values.astype(np.float32)), tmp_path / "float.tif")
    assert complaint(read_picture, path).startswith(f"{path} holds floating-point values: save it")


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_read(tmp_path, ending):
    frames = [Image.new("RGB", (16, 16), name) for name in ("red", "blue")]
    path = save(frames[0], tmp_path / f"film.{ending}", save_all=True, append_images=frames[1:])
    red, _, blue = colour_of(path)
    assert red > 240 and blue < 15


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "tif", "bmp"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_cut_off_file_is_named(tmp_path, ending, share):
    path = save(noise(), tmp_path / f"cut.{ending}")
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert complaint(read_picture, path).startswith(f"{path} is ")


def test_damaged_bytes_are_named(tmp_path):
    path = save(noise(), tmp_path / "a.png")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    path.write_bytes(data)
    assert complaint(read_picture, path).startswith(f"{path} is damaged")


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)
def test_a_file_that_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert complaint(read_picture, path).startswith(
        f"{path} is not a picture that can be read: give PNG, JPEG"
    )


@pytest.mark.parametrize("size", [(9_000, 9_000), (10_000, 10_000), (50_000, 50_000)])
def test_a_decompression_bomb_is_refused_before_it_unpacks(tmp_path, size, recwarn):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    assert (
        complaint(read_picture, path) == f"{path} has more than 64 million pixels: make it smaller"
    )
    assert not recwarn.list


def test_a_missing_file_and_a_folder(tmp_path):
    assert (
        complaint(read_picture, tmp_path / "no.png")
        == f"no file {tmp_path / 'no.png'}: check the name"
    )
    assert "is a folder" in complaint(read_picture, tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_a_file_that_may_not_be_read(tmp_path):
    path = save(noise(), tmp_path / "a.png")
    path.chmod(0)
    assert "may not be read" in complaint(read_picture, path)


@pytest.mark.parametrize("channels", [0, 2, 4])
def test_other_numbers_of_channels(tmp_path, channels):
    with pytest.raises(ValueError, match="choose 3 for colour or 1 for grey"):
        read_picture(tmp_path / "a.png", channels=channels)
    with pytest.raises(ValueError, match="choose 3 for colour or 1 for grey"):
        load_folder(tmp_path, resolution=8, channels=channels)


def test_a_folder_of_every_kind(tmp_path):
    for ending in ("png", "jpg", "JPEG", "webp", "bmp", "gif", "tif", "TIFF"):
        noise(RNG.integers(40, 90), RNG.integers(40, 90)).save(
            tmp_path / f"{ending.lower()}_.{ending}"
        )
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "._png_.png").write_bytes(b"what a Mac leaves on a stick")
    (tmp_path / "more.png").mkdir()
    pictures, names = load_folder(tmp_path, resolution=32)
    assert pictures.shape == (8, 3, 32, 32) and pictures.dtype == torch.uint8
    assert names == sorted(names) and len(names) == 8 and "jpeg_.JPEG" in names
    grey, _ = load_folder(tmp_path, resolution=32, channels=1)
    assert grey.shape == (8, 1, 32, 32)


def test_the_central_square_is_kept(tmp_path):
    image = Image.new("RGB", (100, 40), "blue")
    image.paste("red", (30, 0, 70, 40))
    image.save(tmp_path / "wide.png")
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "tall.png")
    pictures, _ = load_folder(tmp_path, resolution=20)
    assert (pictures[:, 0] == 255).all() and (pictures[:, 2] == 0).all()


def test_reducing_is_antialiased(tmp_path):
    fine = np.zeros((128, 128, 3), np.uint8)
    fine[:, ::2] = 255
    Image.fromarray(fine).save(tmp_path / "fine.png")
    pictures, _ = load_folder(tmp_path, resolution=16)
    assert pictures.float().mean().item() == pytest.approx(127.5, abs=2)
    assert pictures[..., 2:-2].float().std() < 4


def test_a_picture_of_the_right_size_is_left_alone(tmp_path):
    image = noise(32, 32)
    image.save(tmp_path / "a.png")
    pictures, _ = load_folder(tmp_path, resolution=32)
    assert torch.equal(pictures[0], torch.from_numpy(np.array(image)).permute(2, 0, 1))


def test_a_small_picture_is_named(tmp_path):
    path = save(noise(100, 31), tmp_path / "small.png")
    expected = f"{path} is 100 x 31, smaller than 32: choose resolution 31 or less, or remove it"
    assert complaint(load_folder, tmp_path, resolution=32) == expected


def test_one_line_names_the_first_bad_picture_and_counts_the_others(tmp_path):
    noise().save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"bad")
    line = complaint(load_folder, tmp_path, resolution=16)
    assert line.startswith(f"{tmp_path / 'b.png'} is not a picture") and "other" not in line
    noise(8, 8).save(tmp_path / "c.png")
    assert complaint(load_folder, tmp_path, resolution=16).endswith(
        "(1 other picture in the folder cannot be used either)"
    )
    (tmp_path / "d.jpg").write_bytes(b"")
    line = complaint(load_folder, tmp_path, resolution=16)
    assert line.startswith(f"{tmp_path / 'b.png'} is not a picture")
    assert line.endswith("(2 other pictures in the folder cannot be used either)")


def test_a_broken_link_is_not_skipped(tmp_path):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert "no file" in complaint(load_folder, tmp_path, resolution=16)


def test_folders_that_cannot_serve(tmp_path):
    assert (
        complaint(load_folder, tmp_path / "no", resolution=8)
        == f"no folder {tmp_path / 'no'}: check the name"
    )
    file = save(noise(), tmp_path / "a.png")
    assert "is a file: give the folder" in complaint(load_folder, file, resolution=8)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert f"no pictures in {empty}: put files there that end in .png" in complaint(
        load_folder, empty, resolution=8
    )
    (empty / "notes.txt").write_text("still none")
    assert f"no pictures in {empty}" in complaint(load_folder, empty, resolution=8)


def test_a_resolution_below_one(tmp_path):
    with pytest.raises(ValueError, match="resolution is 0"):
        load_folder(tmp_path, resolution=0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_link_to_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.png").symlink_to(tmp_path / "pipe")
    expected = f"{tmp_path / 'a.png'} is not a regular file: remove it"
    assert complaint(load_folder, tmp_path, resolution=16) == expected


def test_damage_that_is_no_error_is_read_without_a_word(tmp_path, recwarn):
    cut_exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03\0\0\0\x01"
    assert read_picture(save(noise(), tmp_path / "a.jpg", exif=cut_exif)).shape == (3, 30, 40)
    path = save(noise(), tmp_path / "cut.tif", compression="tiff_lzw")
    path.write_bytes(path.read_bytes()[:-100])
    assert complaint(read_picture, path).startswith(f"{path} is ")
    assert not recwarn.list


def some(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        noise().save(folder / name, "JPEG")


def test_what_is_not_read_is_counted_by_ending(tmp_path):
    some(tmp_path, ["a.jpg", "b.jfif", "c.JPE"])
    assert left_out(tmp_path) == ""
    for name in ("d.heic", "e.HEIC", "f.ppm", "labels", ".hidden.ppm", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"x")
    assert len(picture_files(tmp_path)) == 3
    assert left_out(tmp_path).startswith(
        "2 .heic, 1 .ppm, 1 without an ending not read (formats that are: PNG, JPEG"
    )


@pytest.mark.parametrize("where", ["cats", "train/cats"])
def test_pictures_in_folders_inside_are_named(tmp_path, where):
    some(tmp_path / where, [f"{k}.jpg" for k in range(5)])
    some(tmp_path / "dogs", ["a.jpg"])
    found = (
        f"{tmp_path / where} has 5 pictures (and other folders inside have some), not read: name"
        " that folder"
    )
    line = complaint(picture_files, tmp_path)
    assert line.startswith(f"no pictures in {tmp_path} itself: {found}")
    some(tmp_path, ["preview.jpg"])
    assert len(picture_files(tmp_path)) == 1
    assert left_out(tmp_path).startswith(found)


def test_hidden_folders_and_our_own_sheets_are_not_spoken_of(tmp_path):
    some(tmp_path / ".thumbnails", ["a.jpg"])
    some(tmp_path / SHEETS, ["grid.jpg"])
    (tmp_path / "empty").mkdir()
    some(tmp_path, ["a.jpg"])
    assert left_out(tmp_path) == ""


def test_a_folder_of_other_files_says_what_is_there(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"x")
    assert complaint(picture_files, tmp_path).startswith(
        f"no pictures in {tmp_path} itself: 1 .heic not read"
    )


def test_the_way_out_for_a_small_picture_can_be_another(tmp_path):
    path = save(noise(100, 31), tmp_path / "small.png")
    line = complaint(load_pictures, [path], resolution=32, if_small="enlarge it from {side}")
    assert line == f"{path} is 100 x 31, smaller than 32: enlarge it from 31"


def test_a_photograph_of_a_phone_is_brought_to_size(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 2_000)
    monkeypatch.setattr(pictures, "MAX_JPEG_PIXELS", 8_000)
    Image.new("RGB", (90, 80), "red").save(tmp_path / "phone.jpg")
    loaded, _ = load_folder(tmp_path, resolution=16)
    assert loaded.shape == (1, 3, 16, 16) and loaded[0, 0].float().mean() > 240
    assert "more than" in complaint(load_folder, tmp_path, resolution=64)


@pytest.mark.parametrize(("headless", "spoken"), [("", True), ("1", False)])
def test_reading_that_takes_long_shows_how_far_it_is(
    tmp_path, monkeypatch, capsys, headless, spoken
):
    some(tmp_path, ["a.jpg", "b.jpg"])
    monkeypatch.setenv("GAN_COURSE_HEADLESS", headless)
    load_folder(tmp_path, resolution=16)
    assert capsys.readouterr().err == ""  # it did not take long
    monkeypatch.setattr(folder, "SILENT_SECONDS", 0)
    load_folder(tmp_path, resolution=16)
    assert ("reading" in capsys.readouterr().err) == spoken
