"""`export`: ONNX files compute what PyTorch computes, and bad input gets one clear line."""

import builtins

import pytest
import torch
from official import Official

from gan_course.cli import main
from gan_course.commands.export import load_generator

onnxruntime = pytest.importorskip("onnxruntime", reason="pip install -e '.[onnx]'")
pytestmark = pytest.mark.slow
SMOKE = ["--profile", "smoke", "--device", "cpu", "--steps", "1"]
SIZES = ((32, 32), (100, 64), (64, 200))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of tiny runs, by family."""
    folder = tmp_path_factory.mktemp("runs")
    for family, data in {
        "dcgan": ("fashion",),
        "stylegan": ("critters",),
        "pix2pix": ("earth-satellite", "earth-map"),
        "cyclegan": ("earth-satellite", "earth-map"),
    }.items():
        out = ["--data", *data, "--out", str(folder / family)]
        assert main(["train", family, *SMOKE, *out]) == 0
    # A new constant is flat, and AdaIN turns the rounding errors of a flat channel up to full size.
    state = torch.load(folder / "stylegan" / "last.pt", weights_only=True)
    torch.nn.init.normal_(state["step"]["G_ema"]["synthesis.const"])
    torch.save(state, folder / "stylegan" / "last.pt")
    torch.save(Official(8, 2).state_dict(), folder / "latest_net_G_A.pth")
    return folder


def inputs(name, example, free):
    """Twenty inputs of two batch sizes; for translators, of three picture sizes."""
    draw = torch.Generator().manual_seed(0)
    shapes = [example.shape[1:]] if len(free) == 1 else [(3, *size) for size in SIZES]
    for shape in shapes:
        for n in (1, 3, 16):
            x = torch.randn(n, *shape, generator=draw)
            yield x.clamp(-1, 1) if len(shape) == 3 else x


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("stylegan-critters64", ""),
        ("dcgan-fashion", ""),
        ("photo2vangogh", ""),  # InstanceNorm
        ("grey2colour", ""),  # transposed convolutions, residual
        ("run dcgan", ""),
        ("run stylegan", ""),
        ("run pix2pix", ""),
        ("run cyclegan", "BA"),
        ("run latest_net_G_A.pth", ""),  # of the official repository
    ],
)
def test_an_exported_generator_computes_what_pytorch_does(name, direction, runs, tmp_path):
    name = str(runs / name.removeprefix("run ")) if name.startswith("run ") else name
    out = tmp_path / "G.onnx"
    words = ["export", "--weights", name, "--out", str(out)]
    assert main([*words, *(["--direction", direction] if direction else [])]) == 0
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["x"]
    network, example, free = load_generator(name, direction)
    for x in inputs(name, example, free):
        (y,) = session.run(None, {"x": x.numpy()})
        with torch.no_grad():
            expected = network(x)
        assert y.shape == tuple(expected.shape)
        assert (torch.tensor(y) - expected).abs().max() < 1e-4 * expected.abs().max()


def last_error(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--weights", "photo2vangogh", "--format", "h5"], "unknown format 'h5': choose onnx"),
        (["--weights", "nothing"], "no weights named 'nothing'"),
        (["--weights", "cats-reader"], "cats-reader is a"),
        (["--weights", "dcgan-fashion", "--direction", "AB"], "leave --direction out"),
    ],
)
def test_bad_input_gets_one_line_and_writes_nothing(words, line, tmp_path, capsys):
    assert main(["export", *words, "--out", str(tmp_path / "G.onnx")]) == 2
    assert line in last_error(capsys) and not list(tmp_path.iterdir())


def test_bad_targets(runs, tmp_path, capsys):
    words = ["export", "--weights", "dcgan-fashion", "--out"]
    assert main([*words, str(tmp_path / "G.pt")]) == 2
    assert "ends in .onnx" in last_error(capsys)
    assert main([*words, str(tmp_path / "no" / "G.onnx")]) == 2
    assert "make it first" in last_error(capsys)
    (tmp_path / "G.onnx").write_bytes(b"mine")
    assert main([*words, str(tmp_path / "G.onnx")]) == 2
    assert "--overwrite" in last_error(capsys)
    assert (tmp_path / "G.onnx").read_bytes() == b"mine"
    words = ["export", "--weights", str(runs / "cyclegan"), "--out", str(tmp_path / "H.onnx")]
    assert main(words) == 2
    assert "add --direction AB or --direction BA" in last_error(capsys)


def test_without_the_packages_it_says_how_to_get_them(tmp_path, capsys, monkeypatch):
    found = builtins.__import__

    def without_onnx(name, *rest, **named):
        if name == "onnx":
            raise ImportError(name)
        return found(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    out = str(tmp_path / "G.onnx")
    assert main(["export", "--weights", "dcgan-fashion", "--out", out]) == 2
    assert "pip install -e '.[onnx]'" in last_error(capsys)
