"""`generate` and `project`: results, and one clear line for bad input."""

import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import save_image

from gan_course.cli import main
from gan_course.commands import generate as generate_command
from gan_course.commands.generate import _layers, parse_seeds
from gan_course.data.batches import to_bytes
from gan_course.data.folder import left_out, picture_files
from gan_course.errors import CourseError
from gan_course.training.stylegan import StyleGANConfig, make_stylegan
from gan_course.weights.dcgan import load_dcgan

SMOKE = ["--profile", "smoke", "--device", "cpu", "--steps", "2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`last.pt` of a tiny StyleGAN at 32 px."""
    out = tmp_path_factory.mktemp("stylegan") / "run"
    assert main(["train", "stylegan", *SMOKE, "--out", str(out)]) == 0
    return str(out / "last.pt")


def last_error(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


@pytest.fixture(scope="module")
def dcgan_run(tmp_path_factory):
    """The folder of a tiny DCGAN's run, on grey clothes."""
    out = tmp_path_factory.mktemp("dcgan") / "run"
    assert main(["train", "dcgan", *SMOKE, "--out", str(out)]) == 0
    return str(out)


def test_a_dcgan_draws_what_its_averaged_generator_draws(dcgan_run, tmp_path):
    out = tmp_path / "drawn"
    assert main(["generate", "--weights", dcgan_run, "--seeds", "3,5", "--out", str(out)]) == 0
    G = load_dcgan(dcgan_run)
    z = torch.randn(G.z_dim, generator=torch.Generator().manual_seed(5))
    expected = to_bytes(G(z[None]))[0].expand(3, -1, -1).permute(1, 2, 0).numpy()
    assert np.array_equal(pixels(out / "seed0005.png"), expected)
    assert (out / "sheets" / "grid.png").is_file()


@pytest.mark.parametrize("more", [["--kind", "mix"], ["--kind", "gif"], ["--truncation", "0.5"]])
def test_a_dcgan_has_no_styles(dcgan_run, tmp_path, capsys, more):
    out = tmp_path / "drawn"
    assert main(["generate", "--weights", dcgan_run, "--out", str(out), *more]) == 2
    assert "is a DCGAN, which has no styles" in last_error(capsys)
    assert not out.exists()


def test_pictures_and_a_grid(run, tmp_path, capsys):
    assert main(["generate", "--weights", run, "--seeds", "0-3,9", "--out", str(tmp_path)]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "seed0000.png",
        "seed0001.png",
        "seed0002.png",
        "seed0003.png",
        "seed0009.png",
        "sheets",
    ]
    assert Image.open(tmp_path / "seed0009.png").size == (32, 32)
    before = pixels(tmp_path / "seed0000.png")
    assert main(["generate", "--weights", run, "--seeds", "0", "--out", str(tmp_path)]) == 2
    assert "seed0000.png is there already: add --overwrite" in last_error(capsys)
    assert (
        main(["generate", "--weights", run, "--seeds", "0", "--out", str(tmp_path), "--overwrite"])
        == 0
    )
    # alone or in company: the same picture, but for the rounding of another batch size
    assert np.abs(pixels(tmp_path / "seed0000.png") - before).max() <= 1


def test_mixing_grid_and_walk(run, tmp_path):
    common = ["generate", "--weights", run, "--out", str(tmp_path)]
    assert main([*common, "--seeds", "0-4", "--kind", "mix", "--layers", "fine"]) == 0
    assert Image.open(tmp_path / "sheets" / "mix.png").size == (4 * 34 + 2, 3 * 34 + 2)
    assert main([*common, "--seeds", "0-1", "--kind", "gif"]) == 0
    film = Image.open(tmp_path / "sheets" / "walk.gif")
    assert film.n_frames > 24 and film.size == (256, 256)


def test_nothing_but_samples_counts_as_a_picture_of_the_folder(run, tmp_path):
    common = ["generate", "--weights", run, "--out", str(tmp_path)]
    for more in (
        ["--seeds", "0-3"],
        ["--seeds", "0-4", "--kind", "mix"],
        ["--seeds", "0-1", "--kind", "gif"],
    ):
        assert main([*common, *more]) == 0
    assert [file.name for file in picture_files(tmp_path)] == [f"seed000{k}.png" for k in range(4)]
    assert left_out(tmp_path) == ""
    assert sorted(file.name for file in (tmp_path / "sheets").iterdir()) == [
        "grid.png",
        "mix.png",
        "walk.gif",
    ]


def test_a_mixing_grid_takes_coarse_styles_where_nothing_is_said(run, tmp_path, capsys):
    common = ["generate", "--weights", run, "--seeds", "0-3", "--kind", "mix", "--out"]
    assert main([*common, str(tmp_path / "silent")]) == 0
    assert "coarse styles from the columns" in capsys.readouterr().out
    for level in ("coarse", "fine"):
        assert main([*common, str(tmp_path / level), "--layers", level]) == 0
    silent, coarse, fine = (
        pixels(tmp_path / name / "sheets" / "mix.png") for name in ("silent", "coarse", "fine")
    )
    assert np.array_equal(silent, coarse) and not np.array_equal(silent, fine)


def test_coarse_styles_are_those_up_to_8_px_in_both_architectures():
    small = {
        "z_dim": 8,
        "w_dim": 8,
        "n_mapping": 2,
        "channel_base": 128,
        "channel_max": 8,
        "d_channel_base": 128,
    }
    for architecture, n_coarse in (("stylegan", 4), ("stylegan2", 3)):
        G, _ = make_stylegan(StyleGANConfig(n_steps=0, architecture=architecture, **small))
        assert _layers("coarse", G) == (0, n_coarse)
        assert _layers("middle", G) == (n_coarse, n_coarse + 2)
        assert _layers("fine", G) == (n_coarse + 2, 10)


def test_project_says_what_it_resized(run, tmp_path, capsys):
    save_image(torch.rand(3, 40, 60), tmp_path / "mine.png")
    arguments = ["project", "--weights", run, "--input", str(tmp_path / "mine.png"), "--steps", "3"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    assert (
        "mine.png is 60 x 40: its middle square was resized to 32 x 32" in capsys.readouterr().out
    )
    assert Image.open(tmp_path / "out" / "mine_pair.png").size == (64, 32)
    ws = torch.load(tmp_path / "out" / "mine_ws.pt", weights_only=True)["ws"]
    assert ws.shape == (1, 8, 8)
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert "mine_projected.png is there already" in last_error(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--truncation", "3"], "--truncation is 3.0: choose a number from 0"),
        (["--truncation", "nan"], "--truncation is nan"),
        (["--kind", "film"], "unknown kind 'film': choose pictures, mix, gif, mp4"),
        (["--seeds", "5-2"], "runs from 5 to 2"),
        (["--seeds", "a"], "'a' is not understood: write them as 0-63"),
        (["--seeds", "0-99999"], "more than 10,000"),
        (
            ["--seeds", "9" * 5_000],
            "...9999999999999' has a number of more than 10 digits: choose some below 2^32",
        ),
        (["--seeds", "1-" * 5_000], "is not understood: write them as 0-63"),
        (["--seeds", "1", "--kind", "mix"], "needs two seeds at least"),
        (
            ["--seeds", "0-198", "--kind", "mix"],
            "a mixing grid of 199 seeds is too large: choose at most 198",
        ),
        (
            ["--seeds", "0-3", "--kind", "mix", "--layers", "finest"],
            "unknown styles 'finest': choose coarse",
        ),
        (
            ["--seeds", "0-3", "--kind", "gif", "--layers", "fine"],
            "--layers is for --kind mix, and the kind is gif",
        ),
        (
            ["--seeds", "0-3", "--layers", "finest"],
            "unknown styles 'finest': choose coarse, middle, fine",
        ),
        (["--seeds", "0-400", "--kind", "gif"], "too long: choose at most"),
    ],
)
def test_bad_options_of_generate(run, tmp_path, capsys, arguments, message):
    assert main(["generate", "--weights", run, *arguments, "--out", str(tmp_path / "out")]) == 2
    line = last_error(capsys)
    assert message in line and len(line) < 200
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("nothing", "no weights named 'nothing', and no such file"),
        ("earth-satellite2map", "but CycleGAN generator, earth-satellite to earth-map: choose"),
    ],
)
def test_bad_weights(tmp_path, capsys, weights, message):
    for command in (["generate"], ["project", "--input", "x.png"]):
        assert main([*command, "--weights", weights, "--out", str(tmp_path / "out")]) == 2
        assert message in last_error(capsys)


def test_weights_of_another_resolution_than_the_card_says(run, tmp_path, capsys):
    state = torch.load(run, weights_only=True)
    state["config"]["img_resolution"] = 64
    torch.save(state, tmp_path / "last.pt")
    assert (
        main(["generate", "--weights", str(tmp_path / "last.pt"), "--out", str(tmp_path / "out")])
        == 2
    )
    assert "does not fit the generator that its card describes" in last_error(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resolution", "48"], "--resolution 48: choose a power of two from 8 to 256"),
        (["--resolution", "512"], "--resolution 512: choose a power of two"),
        (["--batch-size", "6"], "--batch-size 6: choose a multiple of 4"),
        (
            ["--data", "dogs"],
            "no data named 'dogs', and no such folder: choose critters, toons, cats,"
            " cats-small, or a folder",
        ),
        (["--data", "critters", "toons"], "stylegan learns from one set of pictures, not 2"),
    ],
)
def test_bad_options_of_train(tmp_path, capsys, arguments, message):
    assert main(["train", "stylegan", *SMOKE, *arguments, "--out", str(tmp_path / "out")]) == 2
    assert message in last_error(capsys)


def test_seeds_are_read_in_order():
    assert parse_seeds("3,0-2,7") == [3, 0, 1, 2, 7]
    with pytest.raises(CourseError, match="not understood"):
        parse_seeds("1,,2")


def test_what_a_mix_or_a_film_needs_is_asked_before_anything_is_written(
    run, tmp_path, capsys, monkeypatch
):
    common = ["generate", "--weights", run, "--seeds", "0-3", "--out", str(tmp_path / "out")]
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert main([*common, "--kind", "mp4"]) == 2
    line = last_error(capsys)
    assert (
        "MP4 needs a package that is not installed: pip install -e '.[video]'" in line
        and "--kind gif" in line
    )
    monkeypatch.setattr(generate_command, "style_resolutions", lambda G: [4, 8])
    assert main([*common, "--kind", "mix", "--layers", "fine"]) == 2
    assert "G has no fine styles" in last_error(capsys)
    assert not (tmp_path / "out").exists()


def no_program():
    raise RuntimeError(
        "No ffmpeg exe could be found. Install ffmpeg on your system,\nor set IMAGEIO_FFMPEG_EXE."
    )


@pytest.fixture
def film(monkeypatch):
    """imageio and its ffmpeg, as far as the command calls them: what each part does can be set."""
    ffmpeg = types.SimpleNamespace(get_ffmpeg_exe=lambda: shutil.which("true"))
    v2 = types.SimpleNamespace(RETURN_BYTES="<bytes>", mimwrite=lambda *_, **__: b"a film")
    monkeypatch.setitem(sys.modules, "imageio", types.SimpleNamespace(v2=v2))
    monkeypatch.setitem(sys.modules, "imageio.v2", v2)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", ffmpeg)
    return types.SimpleNamespace(ffmpeg=ffmpeg, v2=v2)


@pytest.mark.skipif(not shutil.which("true"), reason="needs a program that ends well")
def test_a_film_is_what_imageio_makes(run, film, tmp_path):
    common = ["generate", "--weights", run, "--seeds", "0-1", "--out", str(tmp_path)]
    assert main([*common, "--kind", "mp4"]) == 0
    assert (tmp_path / "sheets" / "walk.mp4").read_bytes() == b"a film"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            no_program,
            (
                "(No ffmpeg exe could be found. Install ffmpeg on your system, or set"
                " IMAGEIO_FFMPEG_EXE.)"
            ),
        ),
        (lambda: "/nowhere/ffmpeg", "/nowhere/ffmpeg"),
        (lambda: shutil.which("false"), "returned non-zero exit status 1"),
    ],
)
def test_no_ffmpeg_is_said_before_anything_is_drawn(
    run, film, tmp_path, capsys, monkeypatch, program, words
):
    film.ffmpeg.get_ffmpeg_exe = program
    common = ["generate", "--weights", run, "--seeds", "0-1", "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        patch.setattr(generate_command, "generate", lambda *_: pytest.fail("it draws already"))
        assert main([*common, "--kind", "mp4"]) == 2
    line = last_error(capsys)
    assert (
        "MP4 needs ffmpeg, which does not run" in line
        and words in line
        and "or choose --kind gif" in line
    )
    assert not (tmp_path / "out").exists()
    assert main([*common, "--kind", "gif"]) == 0  # the way out


@pytest.mark.skipif(not shutil.which("true"), reason="needs a program that ends well")
def test_a_film_that_fails_names_the_film_and_no_folder(run, film, tmp_path, capsys):
    def fail(*_, **__):
        raise BrokenPipeError(32, "Broken pipe")

    film.v2.mimwrite = fail
    common = ["generate", "--weights", run, "--seeds", "0-1", "--out", str(tmp_path)]
    assert main([*common, "--kind", "mp4"]) == 2
    assert (
        "ffmpeg could not make the film ([Errno 32] Broken pipe): choose --kind gif"
        in last_error(capsys)
    )
    assert not list(tmp_path.glob("walk*"))


def test_an_mp4_is_written_whole(run, tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    assert (
        main(
            [
                "generate",
                "--weights",
                run,
                "--seeds",
                "0-1",
                "--kind",
                "mp4",
                "--out",
                str(tmp_path),
            ]
        )
        == 0
    )
    assert (tmp_path / "sheets" / "walk.mp4").read_bytes()[4:8] == b"ftyp"


def damage_flip(path, state):
    data = bytearray(path.read_bytes())
    weights = max((value for value in state["step"]["G"].values()), key=torch.numel)
    data[data.index(weights.numpy().tobytes())] ^= 1
    path.write_bytes(data)


def damage_nan(path, state):
    state["step"]["G_ema"]["mapping.layers.0.bias"][0] = torch.nan
    torch.save(state, path)


def damage_rate(path, state):
    torch.save(state | {"config": state["config"] | {"mapping_lr": torch.inf}}, path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_flip, r"last.pt is damaged (checksum of "),
        (
            damage_nan,
            "holds values that are not finite (mapping.layers.0.bias): download or save it again",
        ),
        (damage_rate, "last.pt makes values that are not finite: download or save it again"),
    ],
)
def test_damaged_weights_are_named(run, tmp_path, capsys, damage, message):
    path = tmp_path / "last.pt"
    shutil.copy(run, path)
    damage(path, torch.load(path, weights_only=True))
    Image.new("RGB", (32, 32)).save(tmp_path / "mine.png")
    for command in (
        ["generate"],
        ["project", "--steps", "1", "--input", str(tmp_path / "mine.png")],
    ):
        assert main([*command, "--weights", str(path), "--out", str(tmp_path / "out")]) == 2
        assert message in last_error(capsys)
        assert not [path for path in tmp_path.glob("out/**/*") if path.is_file()]


@pytest.mark.parametrize(
    "values",
    [
        {"w_dim": 0},
        {"mapping_lr": 0},
        {"channel_base": 1 / 3},
        {"d_channel_base": 0},
        {"n_mapping": 10**30},
    ],
    ids=str,
)
def test_odd_values_in_a_run_are_named(run, tmp_path, capsys, values):
    state = torch.load(run, weights_only=True)
    torch.save(state | {"config": state["config"] | values}, tmp_path / "last.pt")
    assert (
        main(["generate", "--weights", str(tmp_path / "last.pt"), "--out", str(tmp_path / "out")])
        == 2
    )
    assert "last.pt does not fit the generator that its card describes" in last_error(capsys)


@pytest.mark.parametrize("name", ["", " "])
def test_no_input_of_project_is_named(run, tmp_path, capsys, name):
    assert main(["project", "--weights", run, "--input", name, "--out", str(tmp_path / "out")]) == 2
    assert "--input is empty: give a picture" in last_error(capsys)


def test_the_folder_of_a_run_stands_for_its_last_checkpoint(run, tmp_path, capsys):
    folder = Path(run).parent
    assert (
        main(["generate", "--weights", str(folder), "--seeds", "0", "--out", str(tmp_path / "out")])
        == 0
    )
    assert main(["generate", "--weights", str(tmp_path), "--out", str(tmp_path / "no")]) == 2
    line = f"{tmp_path} is a folder without last.pt: give the folder of a run, or a file of weights"
    assert last_error(capsys).endswith(line)
