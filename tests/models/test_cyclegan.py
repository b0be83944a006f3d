import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import pad, relu

from gan_course.models.cyclegan import PatchDiscriminator, ResnetBlock, ResnetGenerator
from gan_course.models.layers import InstanceNorm, set_memory_format

SMALL = {"base_channels": 4, "n_blocks": 1}


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("size", [(32, 32), (36, 64)])
@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"padding": "zeros"},
        {"residual": True},
        {"coordinates": 3},
        {"upsampling": "resize"},
        {"norm": "none"},
    ],
)
def test_pictures_keep_their_size_and_range(size, switches):
    y = ResnetGenerator(**SMALL, **switches)(noise(2, 3, *size))
    assert y.shape == (2, 3, *size) and y.dtype == torch.float32 and y.abs().max() <= 1


def test_a_residual_starts_from_no_change():
    x = noise(2, 3, 16, 16)
    x[0, 0, 0, :2] = torch.tensor([-1.0, 1.0])
    G = ResnetGenerator(**SMALL, residual=True)
    assert (G(x) - x).abs().max() < 1 / 127.5, "less than one grey step, black and white included"
    G(x).square().mean().backward()
    assert G.model[-1].weight.grad.abs().max() > 0 and G(x).isfinite().all()


def test_from_grey_to_colour():
    G = ResnetGenerator(img_channels=1, out_channels=3, **SMALL)
    assert G(noise(1, 1, 16, 16)).shape == (1, 3, 16, 16)
    with pytest.raises(ValueError, match="1 in, 3 out"):
        ResnetGenerator(img_channels=1, out_channels=3, residual=True)


def test_with_reflection_alone_a_generator_does_not_know_where_it_is():
    """Off the border, a shifted input gives the shifted output; with coordinates it does not."""
    torch.manual_seed(0)
    x = noise(1, 3, 64, 64)
    for octaves, moves_along in ((0, True), (2, False)):
        G = ResnetGenerator(**SMALL, norm="none", coordinates=octaves)
        y, shifted = G(x), G(x.roll((8, 8), (2, 3)))
        inside = slice(28, 36)
        same = torch.allclose(
            y.roll((8, 8), (2, 3))[..., inside, inside], shifted[..., inside, inside], atol=1e-5
        )
        assert same == moves_along


def test_without_a_norm_there_is_none_and_the_scores_are_of_a_useful_size():
    torch.manual_seed(0)
    D = PatchDiscriminator(base_channels=16, norm="none")
    assert not any(isinstance(module, InstanceNorm) for module in D.modules())
    scores = D(noise(4, 3, 64, 64))
    assert 0.05 < scores.std() < 5


def test_instance_norm_hides_the_contrast_from_d_and_its_absence_does_not():
    """What a residual generator that starts from no change runs into: a fainter pattern scores
    nearly the same.
    """
    torch.manual_seed(0)
    pattern = noise(8, 3, 64, 64) / 2
    change = {}
    for norm in ("instance", "none"):
        D = PatchDiscriminator(base_channels=16, n_layers=2, norm=norm)
        full, faint = D(pattern), D(pattern / 4)
        change[norm] = float((full - faint).abs().mean() / full.std())
    assert change["instance"] < 0.3 * change["none"]


def test_a_block_adds_a_branch_that_has_no_relu_at_its_end():
    torch.manual_seed(0)
    block, x, border = ResnetBlock(8, padding="reflect"), noise(2, 8, 8, 8), (1, 1, 1, 1)
    convolutions = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 2
    for layer in convolutions:
        nn.init.normal_(layer.weight)
    norm = InstanceNorm()
    y = relu(norm(convolutions[0](pad(x, border, mode="reflect"))))
    y = norm(convolutions[1](pad(y, border, mode="reflect")))
    assert torch.allclose(block(x), x + y, atol=1e-5)


@pytest.mark.parametrize(
    "make", [lambda: ResnetGenerator(base_channels=16, n_blocks=3), PatchDiscriminator]
)
def test_the_first_weights_are_those_of_the_paper(make):
    """Zhu et al. 2017, appendix 7.1: a Gaussian of mean 0 and standard deviation 0.02."""
    torch.manual_seed(0)
    layers = [m for m in make().modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    weights = torch.cat([layer.weight.flatten() for layer in layers])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert weights.mean().abs() < 1e-3
    assert all(layer.bias is None or not layer.bias.any() for layer in layers)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ResnetGenerator(padding="same"), "padding is 'same'"),
        (lambda: ResnetGenerator(upsampling="nearest"), "upsampling is 'nearest'"),
        (lambda: ResnetGenerator(norm="batch"), "norm is 'batch'"),
        (lambda: PatchDiscriminator(norm="batch"), "norm is 'batch'"),
        (lambda: PatchDiscriminator(n_layers=0), "n_layers is 0"),
    ],
)
def test_unknown_choices_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    "network", [ResnetGenerator(**SMALL), PatchDiscriminator(base_channels=4)], ids=["G", "D"]
)
def test_both_memory_formats_compute_the_same(network):
    other = copy.deepcopy(network)
    set_memory_format(network, torch.channels_last)
    set_memory_format(other, torch.contiguous_format)
    x, seen = noise(2, 3, 32, 32), []
    for part in (*network.modules(), *other.modules()):
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(lambda _, given, made: seen.append(made))
    torch.testing.assert_close(network(x), other(x), rtol=0, atol=1e-4)
    half = len(seen) // 2
    assert all(made.is_contiguous(memory_format=torch.channels_last) for made in seen[:half])
    assert all(made.is_contiguous() for made in seen[half:])
