import pytest
import torch
from torch import nn

from gan_course.models.layers import InstanceNorm
from gan_course.models.pix2pix import UnetGenerator, drop

SMALL = {"base_channels": 4, "n_halvings": 4}


def numbers(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(("side", "halvings"), [(32, 5), (64, 6), (128, 7), (256, 8), (48, 4), (64, 2)])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_sizes(side, halvings, norm):
    G = UnetGenerator(base_channels=2, n_halvings=halvings, norm=norm)
    fake = G(torch.randn(2, 3, side, side), generator=torch.Generator().manual_seed(0))
    assert fake.shape == (2, 3, side, side) and fake.dtype == torch.float32
    assert fake.abs().max() <= 1


def test_a_wide_picture_and_other_channels():
    assert UnetGenerator(img_channels=1, out_channels=2, **SMALL)(torch.randn(1, 1, 16, 80)).shape == (1, 2, 16, 80)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_parameters_of_the_paper_s_network(norm):
    """Counted again from the appendix: C64-C128-C256-C512 five times, and back with skips."""
    encoder = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    decoder = [512, 512, 512, 512, 256, 128, 64, 3]
    given = [512, 1024, 1024, 1024, 1024, 512, 256, 128]  # what comes from below and over the skip
    down = [a * b * 16 for a, b in zip(encoder[:-1], encoder[1:], strict=True)]
    up = [a * b * 16 for a, b in zip(given, decoder, strict=True)]
    normalised = encoder[2:-1] + decoder[:-1]
    unnormalised = [encoder[1], encoder[-1], decoder[-1]]
    if norm == "batch":  # scale and shift where there is a norm; the layers there have no bias, nor two of the others
        expected = sum(down + up) + 2 * sum(normalised) + 3
        assert expected == 54_414_531 - 0  # the count that the official code prints as 54.414 M
    else:
        expected = sum(down + up) + sum(normalised) + sum(unnormalised)
    assert numbers(UnetGenerator(norm=norm)) == expected
