import pytest
import torch
from torch import nn

from gan_course.models.layers import InstanceNorm
from gan_course.models.pix2pix import UnetGenerator, drop

SMALL = {"base_channels": 4, "n_halvings": 4}


@pytest.mark.parametrize(
    ("side", "halvings"), [(32, 5), (64, 6), (128, 7), (256, 8), (48, 4), (64, 2)]
)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_sizes(side, halvings, norm):
    G = UnetGenerator(base_channels=2, n_halvings=halvings, norm=norm)
    fake = G(torch.randn(2, 3, side, side), generator=torch.Generator().manual_seed(0))
    assert fake.shape == (2, 3, side, side) and fake.dtype == torch.float32
    assert fake.abs().max() <= 1


def test_a_wide_picture_and_other_channels():
    assert UnetGenerator(img_channels=1, out_channels=2, **SMALL)(
        torch.randn(1, 1, 16, 80)
    ).shape == (1, 2, 16, 80)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_parameters_of_the_paper_s_network(norm):
    """Counted again from appendix 6.1.1."""
    encoder = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    decoder = [512, 512, 512, 512, 256, 128, 64, 3]
    given = [512, 1024, 1024, 1024, 1024, 512, 256, 128]  # what comes from below, and over the skip
    kernels = sum(
        16 * a * b for a, b in zip(encoder[:-1] + given, encoder[1:] + decoder, strict=True)
    )
    # features without and with a norm
    plain, normalised = 64 + 512 + 3, sum(encoder[2:-1]) + sum(decoder[:-1])
    # scale and shift, or a bias
    expected = kernels + plain + normalised * (2 if norm == "batch" else 1)
    assert sum(p.numel() for p in UnetGenerator(norm=norm).parameters()) == expected
    if norm == "batch":
        assert expected == 54_414_531
        # the official code: no bias in the first and the innermost layer
        assert expected - 64 - 512 == 54_413_955


def test_base_channels_halvings_and_skips_change_the_size_as_said():
    assert [
        layer[0].out_channels for layer in UnetGenerator(base_channels=4, n_halvings=6).down
    ] == [
        4,
        8,
        16,
        32,
        32,
        32,
    ]
    with_skips, without = UnetGenerator(**SMALL), UnetGenerator(**SMALL, skips=False)
    assert [layer[0].in_channels for layer in with_skips.up] == [32, 32, 16, 8]
    assert [layer[0].in_channels for layer in without.up] == [32, 16, 8, 4]


def test_norms_stand_where_the_paper_has_them():
    G = UnetGenerator(norm="instance", **SMALL)
    assert [isinstance(layer[-1], InstanceNorm) for layer in G.down] == [False, True, True, False]
    assert [isinstance(layer[-1], InstanceNorm) for layer in G.up] == [True, True, True, False]


def test_the_norm_of_one_picture_is_the_same_both_ways():
    torch.manual_seed(0)
    instance, batch = (UnetGenerator(norm=norm, **SMALL) for norm in ("instance", "batch"))
    batch.load_state_dict(instance.state_dict(), strict=False)
    for module in batch.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
    x = torch.randn(1, 3, 32, 32)
    assert torch.allclose(instance(x), batch(x), atol=1e-4)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_no_memory(norm):
    """As in the paper, pictures are translated after training exactly as during it."""
    G = UnetGenerator(norm=norm, **SMALL)
    x, before = (
        torch.randn(2, 3, 32, 32),
        {name: value.clone() for name, value in G.state_dict().items()},
    )
    assert torch.equal(G.train()(x), G.eval()(x))
    assert all(torch.equal(before[name], value) for name, value in G.state_dict().items())


@pytest.mark.parametrize("skips", [True, False])
def test_skips_carry_what_the_bottleneck_cannot(skips):
    """With the innermost features silenced, only skips can tell the output about the input."""
    torch.manual_seed(0)
    G = UnetGenerator(norm="instance", skips=skips, **SMALL)
    G.down[-1].register_forward_hook(lambda module, args, output: torch.zeros_like(output))
    one, other = G(torch.randn(1, 3, 32, 32)), G(torch.randn(1, 3, 32, 32))
    assert (not torch.equal(one, other)) == skips


def test_each_skip_is_used():
    torch.manual_seed(0)
    G = UnetGenerator(norm="instance", **SMALL)
    x = torch.randn(1, 3, 32, 32)
    whole = G(x)
    for level in range(1, 4):
        weight = G.up[level][0].weight
        kept = weight.detach().clone()
        with torch.no_grad():
            weight[: len(weight) // 2].zero_()  # the half that reads the way down
            assert not torch.allclose(G(x), whole, atol=1e-6), f"skip at level {level}"
            weight.copy_(kept)


def test_the_way_up_meets_the_way_down_at_the_same_size():
    """The first half of what a layer on the way up is given is the way down's own feature map."""
    G = UnetGenerator(norm="instance", **SMALL)
    down, up = {}, {}
    for level, layer in enumerate(G.down):
        layer.register_forward_hook(
            lambda module, args, output, level=level: down.update({level: output})
        )
    for level, layer in enumerate(G.up):
        layer.register_forward_hook(
            lambda module, args, output, level=level: up.update({level: args[0]})
        )
    G(torch.randn(1, 3, 32, 32))
    for level in range(1, 4):
        skip = down[3 - level]
        assert torch.equal(up[level][:, : skip.shape[1]], skip.relu())


def test_dropout_is_the_noise_and_its_chance_is_given():
    torch.manual_seed(0)
    G, x = UnetGenerator(norm="instance", **SMALL), torch.randn(1, 3, 32, 32)
    state = torch.get_rng_state()
    first, second = (G(x, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert torch.equal(G(x), G(x))
    assert torch.equal(first, G(x, generator=torch.Generator().manual_seed(1)))
    assert not torch.allclose(first, second, atol=1e-4)
    assert torch.equal(torch.get_rng_state(), state)
    silent = UnetGenerator(norm="instance", dropout=0.0, **SMALL)
    assert torch.equal(silent(x, generator=torch.Generator()), silent(x))


def test_dropout_keeps_the_mean():
    dropped = drop(torch.ones(100_000), 0.3, torch.Generator().manual_seed(0))
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"norm": "none"}, "norm is 'none'"),
        ({"n_halvings": 1}, "n_halvings is 1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_wrong_switches(wrong, reason):
    with pytest.raises(ValueError, match=reason):
        UnetGenerator(**wrong)


def test_a_side_that_cannot_be_halved_so_often():
    with pytest.raises(ValueError, match="choose multiples of 16"):
        UnetGenerator(**SMALL)(torch.zeros(1, 3, 32, 40))
