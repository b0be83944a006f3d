"""The builders of the bundled data, on small fixtures.

Without the network, and without what only they need.
"""

import importlib
import io
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_course.errors import CourseError
from gan_course.files import sha256

BUILD = Path(__file__).resolve().parents[2] / "data" / "build"
sys.path.insert(0, str(BUILD))
NAMES = (
    "cats",
    "compare",
    "critters",
    "earth",
    "emoji",
    "fetch",
    "qt_resources",
    "rebuild",
    "rendering",
    "toons",
    "vangogh",
)
cats, compare, critters, earth, emoji, fetch, qt_resources, rebuild, rendering, toons, vangogh = (
    importlib.import_module(name) for name in NAMES
)
sys.path.remove(str(BUILD))

IMAGES, LABELS = (
    f"usr/share/datasets/fashion-mnist/t10k-{name}-ubyte.gz"
    for name in ("images-idx3", "labels-idx1")
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# From drawings to layers


def test_shrinking_takes_the_mean_of_blocks():
    picture = np.arange(16).reshape(4, 4, 1)
    assert rendering.shrink(picture, 2)[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    with pytest.raises(ValueError, match="multiple"):
        rendering.shrink(picture, 3)


def test_bytes_are_rounded_halves_to_even():
    assert rendering.to_bytes(np.array([-0.6, 0.5, 1.5, 2.4, 254.6, 255.6])).tolist() == [
        0,
        0,
        2,
        2,
        255,
        255,
    ]


def test_colours_are_multiplied_by_alpha():
    assert rendering.premultiplied(np.array([[[255, 100, 0, 51]]], np.uint8)).tolist() == [
        [[51, 20, 0, 51]]
    ]


def test_a_body_becomes_its_shade():
    """Fur is 1, the outline the darkest, in every colour; nothing outside."""
    for fur, outline in (((235, 80, 80), (110, 30, 40)), ((90, 90, 90), (50, 50, 50))):
        picture = np.zeros((20, 20, 4), np.uint8)
        picture[2:18, 2:18] = (*outline, 255)
        picture[3:17, 3:17] = (*fur, 255)
        shade = cats.shade(picture)
        assert shade[10, 10].tolist() == [255, 255]
        assert shade[2, 2] == pytest.approx([cats.OUTLINE * 255, 255])
        assert shade[0, 0].tolist() == [0, 0]


def test_the_weights_of_a_critter_are_solved(rng):
    weights = rng.multinomial(255, [0.3, 0.3, 0.2, 0.1, 0.1], size=(6, 6))[..., :4]
    white = weights[..., 3:]
    coloured, black = weights[..., :3] + white, np.repeat(white, 3, axis=2)
    solved = critters.base_weights(coloured.astype(np.uint8), black.astype(np.uint8))
    assert np.array_equal(solved, weights)


def test_the_weights_of_a_toon_are_solved(rng):
    fixed, weights, alpha = (
        rng.uniform(0, 80, (5, 5, 3)),
        rng.uniform(0, 50, (5, 5, 3)),
        rng.uniform(0, 255, (5, 5, 1)),
    )
    black = np.concatenate([fixed, alpha], axis=2)
    coloured = np.concatenate([fixed + weights, alpha], axis=2)
    solved = toons.layer_weights(coloured, black)
    assert np.allclose(solved, np.concatenate([fixed, weights, alpha], axis=2))


def test_the_weights_of_a_drawing_are_solved():
    pytest.importorskip("resvg_py", reason="only with data/build/requirements.txt")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><rect width="2" height="2"'
        ' fill="{0}"/><rect x="1" width="1" height="2" fill="{1}"/><rect width=".5" height="2"'
        ' fill="#fff"/></svg>'
    )
    coloured, black = (
        rendering.render(svg.format(*colours), 4)[..., :3]
        for colours in (("#f00", "#0f0"), ("#000", "#000"))
    )
    weights = rendering.shrink(critters.base_weights(coloured, black), 2)
    assert weights[0].tolist() == [[127.5, 0, 0, 127.5], [0, 255, 0, 0]]


def test_layers_are_made_at_all_resolutions():
    stacks = critters._at_all_resolutions(
        [lambda value=value: np.full((512, 512, 1), value) for value in (1, 2)]
    )
    assert [stack.shape for stack in stacks] == [(2, r, r, 1) for r in critters.RESOLUTIONS]
    assert all(stack.dtype == np.uint8 and stack[1].max() == 2 for stack in stacks)


def test_a_module_that_is_not_installed():
    with pytest.raises(CourseError, match=r"no module no_such_module: pip install -r"):
        rendering.needed("no_such_module")


# Earth


def test_the_tone_curve_lightens_and_keeps_the_ends():
    curve = earth.tone_curve()
    assert curve[[0, 64, 255]].tolist() == [0, 97, 255]
    assert (np.diff(curve.astype(int)) >= 0).all()
    assert np.array_equal(earth.tone_curve(1.0), np.arange(256))


def test_land_is_what_is_not_painted_in_blues():
    colours = {
        "deep": (10, 40, 90),
        "shelf": (150, 190, 190),
        "plain": (90, 150, 80),
        "ice": (250, 250, 255),
    }
    is_land = earth.land(np.array([list(colours.values())], np.uint8))[0]
    assert dict(zip(colours, is_land.tolist(), strict=True)) == {
        "deep": False,
        "shelf": False,
        "plain": True,
        "ice": True,
    }
    edges = np.array(
        [[(100, 120, 120), (100, 121, 121), (100, 126, 121), (100, 125, 121)]], np.uint8
    )
    assert earth.land(edges)[0].tolist() == [True, False, True, False]


def test_the_mask_is_halved():
    mask = np.zeros((4, 8), bool)
    mask[:, 4:] = True
    half = earth.halved(mask, (4, 2))
    assert half.mode == "1" and np.array(half).tolist() == [[False, False, True, True]] * 2


# Van Gogh and emoji

README = """Copyright: Ann
License: CC0-1.0
Source: somewhere: else
Files:
usa/fort.webp
usa/castleClinton.webp

Copyright: Bob
License: CC-BY-SA 4.0
Files:
usa/dam.webp

Copyright: Cid
License: Public Domain
Comment: after a painting
Files:
usa/misspelt.webp
"""


def test_only_free_photographs_that_are_there_are_taken():
    credits = vangogh.read_credits(README)
    assert credits[0] == ("usa/fort.webp", "Ann", "CC0-1.0", "somewhere: else")
    assert credits[-1].source == "after a painting" and len(credits) == 4
    files = {
        f"{vangogh.PHOTOS_IN}/usa/{name}.webp": b"" for name in ("fort", "castleClinton", "dam")
    }
    assert list(vangogh.chosen_photos(credits, files)) == ["fort"]


def test_paintings_get_their_titles():
    credits = [
        vangogh.Credit(f"{name}_background.webp", "x", "Public domain", "y")
        for name in vangogh.TITLES
    ]
    chosen = vangogh.chosen_paintings(credits)
    assert chosen["Gogh4"].author == "Vincent van Gogh, Cafe Terrace at Night (1888)"
    assert len(chosen) == 8


def test_sizes_of_photographs_and_paintings():
    image = Image.new("RGB", (606, 500))
    assert vangogh.fitted(image).size == (576, 475)
    assert vangogh.trimmed(image, "Gogh4").size == (602, 496)
    assert vangogh.trimmed(image, "VincentVanGogh0019").size == (602, 487)


def resource_file(flags=1):
    """A Qt resource file of version 3 with the folder "a" and in it the file "b"."""
    names = b"".join(struct.pack(">HI", 1, 0) + name.encode("utf-16-be") for name in "ab")
    packed = struct.pack(">I", 5) + zlib.compress(b"hello") if flags & 1 else b"hello"
    content = struct.pack(">I", len(packed)) + packed
    root, folder = struct.pack(">IHIIQ", 0, 2, 1, 1, 0), struct.pack(">IHIIQ", 0, 2, 1, 2, 0)
    tree = root + folder + struct.pack(">IHHHIQ", 8, flags, 0, 1, 0, 0)
    start = 24
    places = (start, start + len(tree), start + len(tree) + len(content))
    return struct.pack(">4s4II", b"qres", 3, *places, 0) + tree + content + names


@pytest.mark.parametrize("flags", [0, 1])
def test_reading_a_qt_resource_file(flags):
    assert qt_resources.read_resources(resource_file(flags)) == {"a/b": b"hello"}


@pytest.mark.parametrize("blob", [b"", b"PK" + bytes(40), resource_file()[:40], resource_file(4)])
def test_a_qt_resource_file_that_cannot_be_read(blob):
    with pytest.raises(CourseError, match="Qt resource file"):
        qt_resources.read_resources(blob)


def test_emoji_lie_on_white_in_a_sheet():
    picture = np.array([[[255, 0, 0, 255], [7, 7, 7, 0], [0, 0, 0, 51]]], np.uint8)
    assert emoji.on_white(picture)[0].tolist() == [[255, 0, 0], [255, 255, 255], [204, 204, 204]]
    cells = [np.full((56, 56, 3), number, np.uint8) for number in range(41)]
    sheet = emoji.sheet(cells)
    assert sheet.shape == (128, 2560, 3)
    assert (sheet[4:60, 68:124] == 1).all() and (sheet[68:124, 4:60] == 40).all()
    assert (sheet[:4] == 255).all() and (sheet[64:, 64:] == 255).all()


# Fetching and unpacking


def make_archive(path, files, kind=tarfile.REGTYPE, link=""):
    """A .tgz of files {name: content}, or of links."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, link, len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def fetched_by(script, file="x.tgz", digest="0" * 64):
    return fetch.Archive(file, digest, (sys.executable, "-c", script))


def test_pins_are_whole_and_no_registry_is_named():
    assert all(len(bytes.fromhex(archive.sha256)) == 32 for archive in fetch.ARCHIVES.values())
    assert {name for builder in rebuild.BUILDERS.values() for name in builder.INPUTS} == set(
        fetch.ARCHIVES
    )
    assert not any("://" in part for archive in fetch.ARCHIVES.values() for part in archive.command)


def test_fetching_keeps_the_archive(tmp_path):
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of one letter x
    archive = fetched_by("open('x.tgz', 'w').write('x')", digest=digest)
    assert fetch.fetch(archive, tmp_path).read_text() == "x"
    again = fetched_by("raise SystemExit(1)", digest=digest)
    assert fetch.fetch(again, tmp_path) == tmp_path / "x.tgz"


def test_another_sha256_is_not_kept(tmp_path):
    with pytest.raises(CourseError, match=r"x\.tgz has sha256 2d71.* built from 0000"):
        fetch.fetch(fetched_by("open('x.tgz', 'w').write('x')"), tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_client_that_is_missing(tmp_path):
    with pytest.raises(
        CourseError, match=r"no-such-client is not installed: .* get x\.tgz elsewhere"
    ):
        fetch.fetch(fetch.Archive("x.tgz", "0" * 64, ("no-such-client", "get")), tmp_path)


@pytest.mark.parametrize(
    ("said", "reason"),
    [("notice a\nERROR: no net\nsee the log", "ERROR: no net"), ("gone\n", "gone"), ("", "code 3")],
)
def test_a_client_that_fails(tmp_path, said, reason):
    script = f"import sys; sys.stderr.write({said!r}); sys.exit(3)"
    with pytest.raises(
        CourseError, match=rf"{reason}\): check the network, or get x\.tgz"
    ) as caught:
        fetch.fetch(fetched_by(script), tmp_path)
    assert "see the log" not in str(caught.value).replace(script, "")


def test_unpacking_takes_only_what_is_named(tmp_path):
    tar = make_archive(tmp_path / "x.tgz", {"./a/b": b"1", "a/c": b"2"})
    fetch.unpack(tar, ["a/b"], tmp_path / "tar")
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as archive:
        archive.writestr("a/b", b"1")
        archive.writestr("a/c", b"2")
    fetch.unpack(tmp_path / "x.whl", ["a/b"], tmp_path / "zip")
    for name in ("tar", "zip"):
        assert [p.name for p in (tmp_path / name / "a").iterdir()] == ["b"]


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("../evil", tarfile.REGTYPE, ""),
        ("a/../../evil", tarfile.REGTYPE, ""),
        ("evil", tarfile.SYMTYPE, "/etc/hostname"),
        ("evil", tarfile.SYMTYPE, "../../evil"),
        ("evil", tarfile.CHRTYPE, ""),
    ],
)
def test_an_unsafe_member_is_refused(tmp_path, name, kind, link):
    folder = tmp_path / "deep"
    folder.mkdir()
    tar = make_archive(tmp_path / "x.tgz", {name: b""}, kind, link)
    with pytest.raises(CourseError, match=r"x\.tgz cannot be unpacked"):
        fetch.unpack(tar, [name], folder / "out")
    assert not any(folder.iterdir()) and not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("suffix", ["tgz", "whl"])
def test_a_broken_archive(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(b"no archive")
    with pytest.raises(CourseError, match="cannot be unpacked"):
        fetch.unpack(path, ["a"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_member_that_is_not_there_leaves_nothing(tmp_path):
    tar = make_archive(tmp_path / "x.tgz", {"a": b"1"})
    with pytest.raises(CourseError, match=r"x\.tgz holds no file b"):
        fetch.unpack(tar, ["a", "b"], tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["x.tgz"]


def test_a_debian_package_needs_dpkg(tmp_path, monkeypatch):
    (tmp_path / "x.deb").write_bytes(b"no package")
    monkeypatch.setattr(fetch.shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match="dpkg-deb is not installed: run this on Debian"):
        fetch.unpack(tmp_path / "x.deb", ["a"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Comparing


@pytest.fixture
def two_builds(tmp_path, rng):
    """The same files twice: text, layers, a picture."""
    picture = rng.integers(100, 150, (16, 16, 3), dtype=np.uint8)
    for side in ("new", "old"):
        folder = tmp_path / side / "set"
        folder.mkdir(parents=True)
        (folder / "names.txt").write_text("a\nb\n")
        np.savez_compressed(folder / "parts.npz", base=picture, names=np.array(["x"]))
        Image.fromarray(picture).save(folder / "view.png")
    return tmp_path / "new", tmp_path / "old"


def rows_of(builds):
    return {row.file: row for row in compare.compare(*builds, ["set"])}


def test_the_same_files_are_identical(two_builds):
    rows = rows_of(two_builds)
    assert len(rows) == 3 and all(row.ok and row.difference is None for row in rows.values())
    assert compare.table(list(rows.values())).endswith("3 of 3 identical, 3 of 3 ok")


def test_a_changed_byte_is_reported(two_builds):
    (two_builds[0] / "set" / "names.txt").write_text("a\nc\n")
    rows = rows_of(two_builds)
    assert not rows["set/names.txt"].ok and rows["set/parts.npz"].ok
    text = compare.table(list(rows.values()))
    assert (
        "set/names.txt   other bytes          0  NO" in text
        and "2 of 3 identical, 2 of 3 ok" in text
    )


@pytest.mark.parametrize(("change", "difference", "ok"), [(0, 0.0, True), (3, 3 / 768, False)])
def test_layers_are_compared_by_value(two_builds, change, difference, ok):
    path = two_builds[0] / "set" / "parts.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["base"][0, 0, 0] += change
    np.savez(path, **arrays)  # uncompressed: other bytes
    row = rows_of(two_builds)["set/parts.npz"]
    assert row.difference == pytest.approx(difference) and row.ok == ok


@pytest.mark.parametrize(("change", "ok"), [(0.4, True), (2, False)])
def test_pictures_are_compared_within_a_tolerance(two_builds, change, ok):
    path = two_builds[0] / "set" / "view.png"
    pixels = np.array(Image.open(path)).astype(int)
    pixels[: int(16 * min(change, 1))] += max(1, change)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    row = rows_of(two_builds)["set/view.png"]
    assert row.difference > 0 and row.ok == ok


def test_other_shapes_and_missing_files_are_reported(two_builds):
    new, _ = two_builds
    Image.new("RGB", (8, 8)).save(new / "set" / "view.png")
    (new / "set" / "parts.npz").unlink()
    (new / "set" / "more.txt").write_text("")
    notes = {name: row.note for name, row in rows_of(two_builds).items() if not row.ok}
    assert notes == {
        "set/view.png": "other shapes",
        "set/parts.npz": "not rebuilt",
        "set/more.txt": "not shipped",
    }


# The command


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A small archive in the place of Debian's, its sha256 pinned, and shipped data that was built
    from it.
    """
    inputs, shipped = tmp_path / "inputs", tmp_path / "data"
    inputs.mkdir()
    tar = make_archive(inputs / "x.tgz", {IMAGES: b"images", LABELS: b"labels"})
    archive = fetch.Archive("x.tgz", sha256(tar), ("no-such-client",))
    monkeypatch.setitem(fetch.ARCHIVES, "dataset-fashion-mnist", archive)
    monkeypatch.setenv("GAN_COURSE_DATA", str(shipped))
    (shipped / "fashion").mkdir(parents=True)
    (shipped / "fashion" / Path(IMAGES).name).write_bytes(b"images")
    (shipped / "fashion" / Path(LABELS).name).write_bytes(b"labels")
    return tmp_path


def run(world, *arguments, out="out"):
    return rebuild.main([*arguments, "--out", str(world / out), "--inputs", str(world / "inputs")])


def test_rebuilding(world, capsys):
    assert run(world, "fashion") == 0
    assert "2 of 2 identical, 2 of 2 ok" in capsys.readouterr().out
    assert (world / "out" / "fashion" / Path(LABELS).name).read_bytes() == b"labels"
    assert [p.name for p in (world / "out").iterdir()] == ["fashion"]


def test_rebuilding_what_has_changed(world, capsys):
    (world / "data" / "fashion" / Path(LABELS).name).write_bytes(b"Labels")
    assert run(world, "fashion") == 1
    assert "other bytes" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["data", "data/new", "full"])
def test_what_is_there_is_never_overwritten(world, capsys, out):
    (world / "full").mkdir()
    (world / "full" / "file").write_text("mine")
    before = {path: path.read_bytes() for path in world.rglob("*") if path.is_file()}
    assert run(world, "fashion", out=out) == 2
    assert before == {path: path.read_bytes() for path in world.rglob("*") if path.is_file()}
    assert capsys.readouterr().err.count("\n") == 1


def test_another_archive_is_refused_before_it_is_unpacked(world, capsys):
    (world / "inputs" / "x.tgz").write_bytes(b"another")
    assert run(world, "fashion") == 2
    error = capsys.readouterr().err
    assert error.startswith("rebuild: x.tgz has sha256") and error.count("\n") == 1
    assert not any((world / "out").iterdir())


def test_a_missing_client_is_one_line(world, capsys):
    (world / "inputs" / "x.tgz").unlink()
    assert run(world, "fashion") == 2
    error = capsys.readouterr().err
    assert "no-such-client is not installed" in error and error.count("\n") == 1


def test_a_missing_module_is_said_before_anything_is_fetched(world, capsys, monkeypatch):
    monkeypatch.setattr(rebuild.BUILDERS["fashion"], "MODULES", ("no_such_module",))
    assert run(world, "fashion") == 2
    assert "no module no_such_module: pip install" in capsys.readouterr().err


def test_an_unknown_set(world, capsys):
    with pytest.raises(SystemExit) as caught:
        run(world, "fashoin")
    assert caught.value.code == 2 and "choose from fashion, critters" in capsys.readouterr().err
