import subprocess
import sys

import pytest
import torch
from torch import nn

from gan_course.data.batches import to_bytes, to_float
from gan_course.inference import streaming
from gan_course.inference.streaming import stream
from gan_course.inference.translate import translate_picture
from gan_course.models.cyclegan import ResnetGenerator


def generator(**switches):
    torch.manual_seed(0)
    G = ResnetGenerator(**({"base_channels": 4, "n_blocks": 2} | switches)).eval()
    if switches.get("residual"):
        nn.init.normal_(G.model[-1].weight, 0, 0.1)  # else it would change nothing
    return G


def picture(height, width):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8, generator=generator)


SWITCHES = [
    {},
    {"padding": "zeros"},
    {"residual": True},
    {"coordinates": 2},
    {"upsampling": "resize"},
    {"norm": "none"},
    {"padding": "zeros", "upsampling": "resize"},
]


@pytest.mark.parametrize("band", [3, 16, 64])
@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_streaming_equals_the_plain_pass(switches, band, monkeypatch):
    monkeypatch.setattr(streaming, "BAND", 2 * band)
    G, x = generator(**switches), to_float(picture(76, 40)[None])
    with torch.no_grad():
        assert torch.allclose(stream(G, x), G(x), atol=1e-4)


@pytest.mark.parametrize("size", [(97, 131), (64, 200), (30, 33)])
def test_streamed_pictures_are_equal_to_two_grey_steps(size):
    G = generator(residual=True)
    plain, streamed = (
        translate_picture(G, picture(*size), streamed=way).int() for way in (False, True)
    )
    assert (plain - streamed).abs().max() <= 2


@pytest.mark.parametrize(("width", "blocks"), [(8, 2), (64, 9)])
def test_half_precision_maps_are_near_enough(monkeypatch, width, blocks):
    G = generator(base_channels=width, n_blocks=blocks)
    # outputs of any colour, as trained ones are
    nn.init.normal_(G.model[-1].weight, 0, width**-0.5 / 7)
    assert translate_picture(G, picture(90, 110)).float().std() > 50
    plain = translate_picture(G, picture(90, 110), streamed=False).int()
    monkeypatch.setattr(streaming, "LARGE_MAP", 0)
    assert (translate_picture(G, picture(90, 110), streamed=True).int() - plain).abs().max() <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 5), (4, 4), (17, 9), (64, 64), (101, 67)])
@pytest.mark.parametrize("streamed", [False, True])
def test_every_size_is_kept(size, streamed):
    assert translate_picture(generator(), picture(*size), streamed=streamed).shape == (3, *size)


def test_a_size_that_fits_is_not_touched():
    G, one = generator(), picture(32, 48)
    with torch.no_grad():
        assert torch.equal(translate_picture(G, one), to_bytes(G(to_float(one[None])))[0])


def test_large_pictures_are_streamed_by_themselves(monkeypatch):
    sizes = []
    monkeypatch.setattr(
        "gan_course.inference.translate.stream", lambda G, x: sizes.append(x.shape[2:]) or G(x)
    )
    translate_picture(generator(), picture(64, 64))
    translate_picture(generator(), picture(600, 900))
    assert sizes == [(600, 900)]


@pytest.mark.parametrize("bad", [torch.zeros(3, 8, 8), torch.zeros(1, 8, 8, dtype=torch.uint8)])
def test_what_is_no_picture_is_refused(bad):
    with pytest.raises(ValueError, match="give \\(3, H, W\\) uint8"):
        translate_picture(generator(), bad)


def test_unknown_layers_and_batches_are_refused():
    G = generator()
    with pytest.raises(ValueError, match="one by one"):
        stream(G, torch.zeros(2, 3, 16, 16))
    G.model[3] = nn.GELU()
    with pytest.raises(ValueError, match="GELU cannot be streamed"):
        stream(G, torch.zeros(1, 3, 16, 16))


LARGE = """
import resource, sys, torch
from gan_course.inference.translate import translate_picture
from gan_course.models.cyclegan import ResnetGenerator
torch.set_num_threads(2)
width, blocks = map(int, sys.argv[1:])
picture = torch.zeros(3, 1995, 5400, dtype=torch.uint8)
translate_picture(ResnetGenerator(base_channels=width, n_blocks=blocks), picture)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
@pytest.mark.parametrize(("width", "blocks"), [(24, 4)])
def test_the_map_of_the_earth_fits_in_four_gib(width, blocks):
    command = [sys.executable, "-c", LARGE, str(width), str(blocks)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 4
