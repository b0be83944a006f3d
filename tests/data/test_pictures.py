"""Pixels decide and metadata does not.

Values mean what the file says; a phone's photograph is not a bomb.
"""

import io
import os
import re
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin, features

from gan_course.data import pictures
from gan_course.data.pictures import open_picture, picture_size, read_picture, readable_endings
from gan_course.errors import CourseError


def colour(path):
    """The one colour of a picture."""
    picture = read_picture(path)
    assert picture.amax((1, 2)).tolist() == picture.amin((1, 2)).tolist()
    return picture[:, 0, 0].tolist()


def complaint(call, *arguments, **options):
    with pytest.raises(CourseError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, rows, *, width, bits, colour_type, trns=None):
    """A PNG from its packed rows."""
    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour_type, 0, 0, 0)
    transparent = chunk(b"tRNS", trns) if trns else b""
    data = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + transparent + data + chunk(b"IEND", b"")
    )
    return path


def tiff(path, packed, *, width, height, bits, photometric, order="<", orientation=1):
    """An uncompressed grey TIFF in one strip."""
    short, long = 3, 4
    entries = [
        (256, long, width),
        (257, long, height),
        (258, short, bits),
        (259, short, 1),
        (262, short, photometric),
        (273, long, 8),
        (274, short, orientation),
        (277, short, 1),
        (278, long, height),
        (279, long, len(packed)),
    ]
    packed += bytes(len(packed) % 2)
    directory = struct.pack(f"{order}H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack(f"{order}HHI", tag, kind, 1)
        directory += (
            struct.pack(f"{order}HH", value, 0)
            if kind == short
            else struct.pack(f"{order}I", value)
        )
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(packed))
    path.write_bytes(start + packed + directory + bytes(4))
    return path


def exif(orientation, *others, order=">"):
    """EXIF with an orientation and entries of (tag, type, count, four bytes)."""
    entries = sorted([(0x0112, 3, 1, struct.pack(f"{order}HH", orientation, 0)), *others])
    packed = b"".join(struct.pack(f"{order}HHI", *entry[:3]) + entry[3] for entry in entries)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(f"{order}H", len(entries)) + packed + bytes(4)


ODD_TAGS = {
    "a width below 0": (0x0100, 9, 1, struct.pack(">i", -1)),
    "a width in bytes": (0x0100, 1, 4, b"\1\2\3\4"),
    "a date that is a float": (0x0132, 11, 1, struct.pack(">f", 1.5)),
    "a resolution without its place": (0x011A, 5, 1, b"\xff\xff\xff\xf0"),
    "a type that there is not": (0x010F, 99, 1, bytes(4)),
}


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("tag", ODD_TAGS.values(), ids=ODD_TAGS)
def test_an_odd_tag_does_not_spoil_a_turned_photograph(tmp_path, ending, tag):
    image = Image.new("RGB", (48, 32), "blue")
    image.paste("red", (0, 0, 16, 16))
    path = tmp_path / f"a.{ending}"
    # a TIFF's own tags are those of its pixels
    image.save(path, exif=exif(6) if ending == "tif" else exif(6, tag))
    picture = read_picture(path)
    assert picture.shape == (3, 48, 32)
    assert picture[0, 0, -1] > 200 and picture[2, 0, -1] < 60
    assert picture_size(path) == (32, 48)


@pytest.mark.parametrize(
    "garbage", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0" + bytes(40)]
)
def test_exif_that_cannot_be_read_says_nothing(tmp_path, garbage):
    Image.new("RGB", (48, 32)).save(tmp_path / "a.jpg", exif=garbage)
    assert read_picture(tmp_path / "a.jpg").shape == (3, 32, 48)
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", "\nexif\n 8\nno hexadecimal")
    Image.new("RGB", (48, 32)).save(tmp_path / "a.png", pnginfo=info)
    assert read_picture(tmp_path / "a.png").shape == (3, 32, 48)


def large_text(how):
    info = PngImagePlugin.PngInfo()
    if how == "iTXt":
        info.add_itxt("note", "x" * 1_100_000, zip=True)
    elif how == "behind the pixels":
        info.add(b"zTXt", b"note\0\0" + zlib.compress(bytes(1_100_000)), after_idat=True)
    elif how == "many":
        for k in range(70):
            info.add_text(f"note {k}", "x" * 1_000_000, zip=True)
    else:
        info.add_text("note", "x" * 1_100_000, zip=True)
    return info


@pytest.mark.parametrize("how", ["zTXt", "iTXt", "behind the pixels", "many", "iCCP"])
def test_text_and_profiles_of_any_sane_size_do_not_spoil_a_png(tmp_path, how):
    profile = {"icc_profile": bytes(1_100_000)} if how == "iCCP" else {"pnginfo": large_text(how)}
    Image.new("RGB", (32, 24), (200, 100, 50)).save(tmp_path / "a.png", **profile)
    assert colour(tmp_path / "a.png") == [200, 100, 50]


def test_pillow_s_own_bounds_are_put_back(tmp_path):
    before = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    read_picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    complaint(read_picture, tmp_path / "b.png")
    after = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    assert after == before


@pytest.mark.parametrize(("bits", "order"), [(8, "<"), (8, ">"), (16, "<"), (12, "<")])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_a_grey_tiff_means_what_its_tags_say(tmp_path, bits, order, white_is_zero):
    values = [0, 2**bits // 5, 2**bits // 2, 2**bits - 1]
    if bits == 12:
        packed = b"".join(
            ((a << 12) | b).to_bytes(3, "big")
            for a, b in zip(values[::2], values[1::2], strict=True)
        )
    else:
        packed = struct.pack(f"{order}4{'B' if bits == 8 else 'H'}", *values)
    photometric = 0 if white_is_zero else 1
    path = tiff(
        tmp_path / "a.tif",
        packed,
        width=4,
        height=1,
        bits=bits,
        photometric=photometric,
        order=order,
    )
    if bits == 12 and white_is_zero:
        # Pillow has no such decoder
        assert "is not a picture that can be read" in complaint(read_picture, path)
        return
    expected = [round(value * 255 / (2**bits - 1)) for value in values]
    assert read_picture(path)[0, 0].tolist() == [
        255 - value if white_is_zero else value for value in expected
    ]


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(("photometric", "mark", "ground"), [(0, 0, 255), (1, 255, 0)])
def test_a_grey_tiff_that_is_turned(tmp_path, bits, photometric, mark, ground):
    packed = struct.pack(f"<6{'B' if bits == 8 else 'H'}", 2**bits - 1, 0, 0, 0, 0, 0)
    path = tiff(
        tmp_path / "a.tif",
        packed,
        width=3,
        height=2,
        bits=bits,
        photometric=photometric,
        orientation=6,
    )
    assert read_picture(path)[0].tolist() == [[ground, mark], [ground, ground], [ground, ground]]


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_grey_is_that_of_the_file(tmp_path, bits):
    """Two pixels: the grey that is declared transparent, and the one below it."""
    value = 1 if bits == 1 else 2
    rows = [((value << bits | value - 1) << (-2 * bits) % 8).to_bytes(-(-2 * bits // 8), "big")]
    settings = {"width": 2, "bits": bits, "colour_type": 0}
    path = png(tmp_path / "a.png", rows, **settings, trns=struct.pack(">H", value))
    assert read_picture(path)[0, 0].tolist() == [255, (value - 1) * 255 // (2**bits - 1)]
    assert read_picture(png(path, rows, **settings))[0, 0, 0] == value * 255 // (2**bits - 1)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour_is_that_of_the_file(tmp_path, bits):
    scale = 257 if bits == 16 else 1
    key, other = [200 * scale, 100 * scale, 50 * scale], [201 * scale, 100 * scale, 50 * scale]
    rows = [struct.pack(f">6{'H' if bits == 16 else 'B'}", *key, *other)]
    path = png(
        tmp_path / "a.png", rows, width=2, bits=bits, colour_type=2, trns=struct.pack(">3H", *key)
    )
    assert read_picture(path)[:, 0].T.tolist() == [[255, 255, 255], [201, 100, 50]]


@pytest.mark.parametrize("ending", pictures.FORMATS["JPEG"])
def test_a_jpeg_of_any_usual_ending(tmp_path, ending):
    Image.new("RGB", (16, 16), "white").save(tmp_path / f"a{ending}", "JPEG")
    assert ending in readable_endings() and colour(tmp_path / f"a{ending}") == [255, 255, 255]


def test_avif_and_heif_are_read_where_pillow_can(tmp_path, monkeypatch):
    assert (".avif" in readable_endings()) == features.check("avif")
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    assert ".heic" not in readable_endings()
    monkeypatch.setitem(Image.OPEN, "HEIF", Image.OPEN["PNG"])  # as pillow-heif registers itself
    assert ".heic" in readable_endings()
    monkeypatch.setattr(features, "check", lambda name: False)
    assert ".avif" not in readable_endings()


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_an_avif_is_read(tmp_path):
    Image.new("RGB", (16, 16), "white").save(tmp_path / "a.avif")
    assert read_picture(tmp_path / "a.avif").float().mean() > 250


def test_a_link_to_itself_is_named(tmp_path):
    os.symlink(tmp_path / "a.png", tmp_path / "a.png")
    expected = f"{tmp_path / 'a.png'} is a link that leads back to itself: remove it"
    assert (
        complaint(read_picture, tmp_path / "a.png")
        == complaint(picture_size, tmp_path / "a.png")
        == expected
    )


def test_what_the_system_cannot_read_is_not_called_damaged(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(pictures.Image, "open", broken)
    line = complaint(read_picture, tmp_path / "a.png")
    assert (
        line
        == f"{tmp_path / 'a.png'} cannot be read (Input/output error): copy it anew, or remove it"
    )


@pytest.fixture
def small_bounds(monkeypatch):
    """Bounds of 10,000 pixels, and of 40,000 for a JPEG that is decoded smaller."""
    monkeypatch.setattr(pictures, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(pictures, "MAX_JPEG_PIXELS", 40_000)


def photograph(path, width, height, **options):
    """Left red, right blue."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    image.save(path, quality=95, **options)
    return path


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"exif": exif(6)}],
    ids=["plain", "progressive", "turned"],
)
@pytest.mark.parametrize("side", [10, 33, 64, 80])
def test_a_phone_s_photograph_is_decoded_smaller(tmp_path, small_bounds, options, side):
    path = photograph(tmp_path / "phone.jpg", 221, 161, **options)
    image = open_picture(path, side=side)
    assert (
        side <= min(image.size) <= max(161 // 2 + 1, side) and image.width * image.height <= 10_000
    )
    assert max(image.size) / min(image.size) == pytest.approx(221 / 161, rel=0.05)
    pixels = np.asarray(image)
    if "exif" in options:
        assert image.height > image.width and pixels[2, 2, 0] > 200 and pixels[-3, 2, 2] > 200
    else:
        assert pixels[2, 2, 0] > 200 and pixels[2, -3, 2] > 200
    assert picture_size(path) == ((161, 221) if "exif" in options else (221, 161))


def test_what_is_too_large_says_up_to_which_side_it_can_be_read(tmp_path, small_bounds):
    path = photograph(tmp_path / "phone.jpg", 221, 161)
    for options in ({}, {"side": 81}):
        with pytest.raises(pictures.PictureTooLargeError) as caught:
            open_picture(path, **options)
        assert caught.value.largest_side == 80
    for other in (
        photograph(tmp_path / "bomb.jpg", 221, 182),
        photograph(tmp_path / "a.png", 221, 161),
    ):
        with pytest.raises(pictures.PictureTooLargeError) as caught:
            open_picture(other, side=8)
        assert caught.value.largest_side == 0 and str(caught.value).endswith(": make it smaller")


@pytest.mark.parametrize("size", [(16_001, 16_000), (65_000, 65_000)])
def test_a_jpeg_that_is_a_bomb_is_refused_before_it_unpacks(tmp_path, size):
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    frame = re.search(rb"\xff\xc0\0\x11\x08(....)", file.getvalue(), re.DOTALL)
    data = bytearray(file.getvalue())
    data[slice(*frame.span(1))] = struct.pack(">HH", *size[::-1])
    path = tmp_path / "bomb.jpg"
    path.write_bytes(data)
    for side in (None, 8):
        line = complaint(open_picture, path, side=side)
        assert line == f"{path} has more than 64 million pixels: make it smaller"


def test_a_picture_within_the_bound_is_decoded_whole(tmp_path):
    path = photograph(tmp_path / "a.jpg", 221, 161)
    assert open_picture(path, side=8).size == (221, 161)
    assert torch.equal(
        torch.from_numpy(np.array(open_picture(path, side=8))), read_picture(path).permute(1, 2, 0)
    )
