"""What a score sees, measured; and the sizes that the paper's networks have."""

import pytest
import torch
from torch import nn

from gan_course.models.cyclegan import PatchDiscriminator, ResnetGenerator
from gan_course.models.layers import InstanceNorm


def seen(network, side=160):
    """Height and width of what one score in the middle depends on, by gradient.

    InstanceNorm makes every score depend on the whole picture: it is left out. Positive weights and
    an input that no LeakyReLU can silence keep gradients from cancelling.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 0.1)
            nn.init.zeros_(module.bias)
    network = nn.Sequential(
        *(nn.Identity() if isinstance(m, InstanceNorm) else m for m in network.model)
    ).double()
    picture = torch.ones(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    scores = network(picture)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    touched = picture.grad[0].abs().sum(0) > 0
    return int(touched.any(1).sum()), int(touched.any(0).sum())


@pytest.mark.parametrize(("n_layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_receptive_field(n_layers, field):
    assert seen(PatchDiscriminator(base_channels=2, n_layers=n_layers)) == (field, field)


def test_a_norm_makes_every_score_see_the_whole_picture():
    torch.manual_seed(0)
    picture = torch.randn(1, 3, 160, 160, requires_grad=True)
    PatchDiscriminator(base_channels=4)(picture)[0, 0, 9, 9].backward()
    assert (picture.grad != 0).any(1).float().mean() > 0.95


def test_256_pixels_give_30_by_30_scores():
    assert PatchDiscriminator(base_channels=2)(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (lambda: ResnetGenerator(base_channels=64, n_blocks=9), 11_378_179),
        (lambda: ResnetGenerator(base_channels=64, n_blocks=6), 7_837_699),
        (lambda: PatchDiscriminator(base_channels=64, n_layers=3), 2_764_737),
    ],
)
def test_parameters_of_the_paper_s_networks(network, count):
    assert sum(p.numel() for p in network().parameters()) == count
