import copy
import math

import by_hand
import pytest
import torch
from by_hand import drawn, shaken
from torch.autograd import gradcheck, gradgradcheck

from gan_course.models.stylegan import StyleGANGenerator
from gan_course.models.stylegan2 import (
    POSITION_RATE,
    ModulatedConv2d,
    Positions,
    ResidualBlock,
    ResidualDiscriminator,
    SynthesisLayer2,
    SynthesisNetwork2,
)

SMALL = {"img_resolution": 8, "channel_base": 16, "channel_max": 3}  # 3 features at 4 px, 2 at 8 px
MEDIUM = {"img_resolution": 32, "channel_base": 512, "channel_max": 32}
LEAKY = math.sqrt(2)  # He's gain
ORDERS = [torch.contiguous_format, torch.channels_last]


@pytest.fixture
def in_float64(monkeypatch):
    """`.float()` lifts bfloat16; here it must keep float64, or rounding would hide the formula."""
    monkeypatch.setattr(torch.Tensor, "float", lambda x: x)


def same(found, expected, tolerance=1e-9):
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=tolerance, atol=tolerance), (
        (found - expected).abs().max()
    )


def generator(seed=0, **changes):
    torch.manual_seed(seed)
    return StyleGANGenerator(SynthesisNetwork2(**MEDIUM, w_dim=8, **changes), z_dim=8, n_mapping=2)


# --- The modulated convolution


def by_hand_modulated(conv, x, w):
    style = by_hand.dense(w, conv.affine.weight / math.sqrt(w.shape[1]), conv.affine.bias)
    weight = conv.weight / math.sqrt(conv.weight[0].numel())
    return by_hand.modulated(x, weight, style, demodulate=conv.demodulate)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("kernel", [1, 3])
def test_a_modulated_convolution_by_hand(in_float64, kernel, demodulate, order):
    """Weights of its own for each picture, as the equations say.

    The code scales the pictures instead.
    """
    conv = shaken(ModulatedConv2d(3, 2, kernel, w_dim=5, demodulate=demodulate))
    x, w = drawn(3, 3, 4, 5), drawn(3, 5, seed=1)
    same(conv(x.contiguous(memory_format=order), w), by_hand_modulated(conv, x, w))


@pytest.mark.parametrize("demodulate", [True, False])
def test_first_and_second_derivatives_of_a_modulated_convolution(in_float64, demodulate):
    """The path lengths differentiate twice, with respect to w and to the weights."""
    conv = ModulatedConv2d(2, 2, 3, w_dim=2, demodulate=demodulate).double()

    def operation(x, w, weight, affine):
        parts = {"weight": weight, "affine.weight": affine}
        return torch.func.functional_call(conv, parts, (x, w))

    inputs = [
        drawn(1, 2, 3, 2),
        drawn(1, 2, seed=1),
        drawn(2, 2, 3, 3, seed=2),
        drawn(2, 2, seed=3),
    ]
    inputs = [one.requires_grad_() for one in inputs]
    assert gradcheck(operation, inputs) and gradgradcheck(operation, inputs)


def test_demodulated_features_have_unit_variance_whatever_the_style():
    """Section 2.2: for input of unit variance.

    60 features by 8 pictures by 100 pixels: 1 within 0.05 is 4 sigma.
    """
    torch.manual_seed(0)
    x, w = torch.randn(8, 30, 12, 12), torch.randn(8, 6)
    for strength in (0.1, 1.0, 20.0):
        deviations = {}
        for demodulate in (True, False):
            torch.manual_seed(1)
            conv = ModulatedConv2d(30, 60, 3, w_dim=6, demodulate=demodulate)
            conv.affine.weight.data *= strength
            # of each picture
            deviations[demodulate] = conv(x, w)[..., 1:-1, 1:-1].var((2, 3)).mean(1)
        assert (deviations[True] - 1).abs().max() < 0.15
        assert deviations[True].mean().item() == pytest.approx(1, abs=0.05)
        if strength == 20:
            assert deviations[False].mean() > 50


def test_a_style_s_size_is_lost_and_its_direction_is_not():
    torch.manual_seed(0)
    conv, x, w = ModulatedConv2d(8, 6, 3, w_dim=4), torch.randn(2, 8, 6, 6), torch.randn(2, 4)
    conv.affine.bias.data.zero_()
    assert torch.allclose(conv(x, 10 * w), conv(x, w), atol=1e-5)
    assert not torch.allclose(conv(x, w.flip(0)), conv(x, w), atol=0.1)


def test_styles_begin_near_one():
    torch.manual_seed(0)
    conv = ModulatedConv2d(500, 2, 1, w_dim=64)
    assert torch.equal(conv.affine(torch.zeros(1, 64)), torch.ones(1, 500))


# --- One layer


def by_hand_layer(layer, x, w, noise):
    """Figure 2c of the paper: modulated convolution, noise and bias, leaky units with a gain of
    sqrt(2).
    """
    x = by_hand_modulated(layer.conv, by_hand.doubled(x, smooth=True) if layer.conv.up else x, w)
    if noise is not None and layer.noise_strength is not None:
        x = x + layer.noise_strength.item() * noise
    return by_hand.leaky(x + layer.bias.detach()[None, :, None, None]) * math.sqrt(2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "changes", [{}, {"up": True}, {"noise": False}, {"demodulate": False}], ids=str
)
def test_a_layer_by_hand(in_float64, changes, order):
    side = 8 if changes.get("up") else 4
    layer = shaken(SynthesisLayer2(3, 2, w_dim=5, resolution=side, **changes))
    x, w = drawn(2, 3, 4, 4).contiguous(memory_format=order), drawn(2, 5, seed=1)
    maps = drawn(2, 1, side, side, seed=2)
    same(layer(x, w, maps), by_hand_layer(layer, x, w, maps))
    same(layer(x, w, "none"), by_hand_layer(layer, x, w, None))
    same(layer(x, w, "const"), by_hand_layer(layer, x, w, layer.noise_const[None, None]))
    if "noise" not in changes:
        assert not torch.allclose(layer(x, w, "random"), layer(x, w, "random"), atol=0.01)
        with pytest.raises(ValueError, match="noise is 'fixed'"):
            layer(x, w, "fixed")


# --- The synthesis network


def by_hand_picture(synthesis, ws, maps):
    """Figure 7b: each resolution adds its own to the enlarged sum of those before."""
    x, sums, used = synthesis.const.detach().expand(len(ws), -1, -1, -1), None, 0
    for k, rgb in enumerate(synthesis.to_rgb):
        for i in range(2 if k else 1):
            x = by_hand_layer(synthesis.layers[used], x, ws[:, used], maps[used])
            used += 1
            if synthesis.positions is not None and k and i == 0:
                x = x + POSITION_RATE * synthesis.positions[str(x.shape[-1])].map.detach()
        own = (
            by_hand_modulated(rgb, x, ws[:, used])
            + synthesis.rgb_bias[k].detach()[None, :, None, None]
        )
        sums = own if sums is None else by_hand.doubled(sums, smooth=True) + own
    return sums


@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("noise", [True, False])
def test_a_picture_by_hand(in_float64, noise, positions):
    synthesis = shaken(SynthesisNetwork2(**SMALL, w_dim=3, noise=noise, positions=positions))
    ws = drawn(2, synthesis.num_ws, 3)
    maps = [
        drawn(2, 1, r, r, seed=5 + j)
        for j, r in enumerate(layer.resolution for layer in synthesis.layers)
    ]
    assert [layer.resolution for layer in synthesis.layers] == [4, 8, 8]
    same(synthesis(ws, noise=maps), by_hand_picture(synthesis, ws, maps))


def test_which_style_and_noise_go_where():
    """Seven layers at 32 px, eight styles: a ToRGB shares the style of the layer after it, and the
    last has its own.
    """
    G, layers, colours = generator(), [], []
    for layer in G.synthesis.layers:
        layer.register_forward_pre_hook(lambda _, given: layers.append(given[1:]))
    for layer in G.synthesis.to_rgb:
        layer.register_forward_pre_hook(lambda _, given: colours.append(given[1]))
    ws = torch.randn(2, G.num_ws, 8)
    maps = [torch.randn(2, 1, layer.resolution, layer.resolution) for layer in G.synthesis.layers]
    G.synthesis(ws, noise=maps)
    assert G.num_ws == 8 and len(layers) == 7
    for j, (w, noise) in enumerate(layers):
        assert torch.equal(w, ws[:, j]) and noise is maps[j]
    for w, j in zip(colours, (1, 3, 5, 7), strict=True):
        assert torch.equal(w, ws[:, j])


def test_noise_begins_without_strength_and_is_one_map_a_layer():
    G, z = generator(), torch.randn(4, 8)
    strengths = [p for name, p in G.named_parameters() if name.endswith("noise_strength")]
    assert len(strengths) == 7 and all(p.shape == () and p == 0 for p in strengths)
    assert torch.equal(G(z, noise="random"), G(z, noise="none"))
    consts = [layer.noise_const for layer in G.synthesis.layers]
    assert all((a - b).std() > 1 for a, b in zip(consts[1::2], consts[2::2], strict=True))
    for p in strengths:
        p.data.fill_(0.3)
    assert not torch.allclose(G(z, noise="random"), G(z, noise="random"), atol=0.01)
    assert torch.equal(G(z, noise="const"), G(z, noise="const"))


def test_what_becomes_rgb_is_linear_in_the_features_and_not_demodulated():
    """Twice the features, twice the colours: no LeakyReLU, as in labml's, and no demodulation, as
    in the paper.
    """
    G, given = generator(), {}
    to_rgb = G.synthesis.to_rgb[-1]
    to_rgb.register_forward_hook(
        lambda _, inputs, output: given.update(x=inputs[0], w=inputs[1], y=output)
    )
    image = G(torch.randn(2, 8, generator=torch.Generator().manual_seed(0)))
    x, w, y = given["x"], given["w"], given["y"]
    assert torch.allclose(to_rgb(-2 * x, w), -2 * y, atol=1e-5)
    assert image.min() < -0.3 * image.max()
    assert not any(one.demodulate for one in G.synthesis.to_rgb)
    assert all(layer.conv.demodulate for layer in G.synthesis.layers)


def test_skips_reach_every_resolution_at_once():
    """No growing: a gradient arrives at each ToRGB's weights from the first step on."""
    G = generator()
    G(torch.randn(2, 8)).square().mean().backward()
    assert all(one.weight.grad.abs().max() > 0 for one in G.synthesis.to_rgb)


# --- The discriminator


def by_hand_convolved(layer, x, gain=LEAKY):
    return by_hand.convolved(
        x, layer.weight * gain / math.sqrt(layer.weight[0].numel()), layer.bias
    )


def by_hand_block(block, x):
    """Figure 7c: two convolutions beside one, both halving.

    Over sqrt(2), so that the variance stays.
    """
    y = by_hand.leaky(by_hand_convolved(block.keep, x))
    y = by_hand.leaky(by_hand.halved(by_hand_convolved(block.halve, by_hand.blurred(y))))
    skip = by_hand.halved(by_hand_convolved(block.skip, by_hand.blurred(x), gain=1.0))
    return (y + skip) / math.sqrt(2)


def test_a_residual_block_by_hand():
    block = shaken(ResidualBlock(2, 3))
    x = drawn(2, 2, 6, 4)
    same(block(x), by_hand_block(block, x))


def test_a_residual_block_has_first_and_second_derivatives():
    """With random weights; R1 differentiates D twice."""
    block = shaken(ResidualBlock(2, 2)).requires_grad_(False)
    x = drawn(1, 2, 4, 4).requires_grad_()
    assert gradcheck(block, x) and gradgradcheck(block, x)


@pytest.mark.parametrize("positions", [True, False])
def test_a_score_by_hand(in_float64, positions):
    D = shaken(ResidualDiscriminator(**SMALL, group=2, positions=positions))
    x = drawn(4, 3, 8, 8)
    y = by_hand.leaky(by_hand_convolved(D.from_rgb, x))
    if positions:
        y = y + POSITION_RATE * D.positions["8"].map.detach()
    y = by_hand_block(D.blocks[0], y)
    y = by_hand.leaky(by_hand_convolved(D.conv, by_hand.with_deviation(y, 2))).flatten(1)
    y = by_hand.leaky(by_hand.dense(y, D.dense.weight * math.sqrt(2 / y.shape[1]), D.dense.bias))
    expected = by_hand.dense(y, D.score.weight / math.sqrt(y.shape[1]), D.score.bias).flatten()
    same(D(x), expected)


def test_scores_are_one_number_a_picture_of_any_sign():
    torch.manual_seed(0)
    D = ResidualDiscriminator(**MEDIUM)
    scores = D(torch.randn(8, 3, 32, 32))
    assert scores.shape == (8,) and scores.dtype == torch.float32
    many = torch.stack(
        [ResidualDiscriminator(**MEDIUM)(torch.randn(8, 3, 32, 32)).mean() for _ in range(8)]
    )
    assert many.min() < 0 < many.max()


def test_positions_move_at_their_rate():
    features = torch.zeros(1, 2, 4, 4)
    for rate in (1.0, 4.0):
        positions = Positions(2, 4, rate=rate)
        positions(features).sum().backward()
        assert torch.equal(positions.map.grad, torch.full((1, 2, 4, 4), rate))
    networks = (
        SynthesisNetwork2(**MEDIUM, w_dim=8, positions=True, position_rate=0.5),
        ResidualDiscriminator(**MEDIUM, positions=True, position_rate=0.5),
    )
    assert {one.rate for net in networks for one in net.positions.values()} == {0.5}


def test_positions_are_one_vector_a_pixel_at_every_resolution_and_nothing_at_the_start():
    torch.manual_seed(0)
    synthesis, D = (
        SynthesisNetwork2(**MEDIUM, w_dim=8, positions=True),
        ResidualDiscriminator(**MEDIUM, positions=True),
    )
    shapes = {side: tuple(one.map.shape) for side, one in synthesis.positions.items()}
    assert shapes == {"8": (1, 32, 8, 8), "16": (1, 32, 16, 16), "32": (1, 16, 32, 32)}
    assert set(D.positions) == {"32", "16", "8"}
    ws, x = torch.randn(2, synthesis.num_ws, 8), torch.randn(4, 3, 32, 32)
    with_maps = synthesis(ws, noise="none"), D(x)
    for network, expected in ((synthesis, with_maps[0]), (D, with_maps[1])):
        kept, network.positions = network.positions, None
        assert torch.equal(synthesis(ws, noise="none") if network is synthesis else D(x), expected)
        network.positions = kept
        for one in kept.values():
            one.map.data.normal_()
    assert not torch.allclose(synthesis(ws, noise="none"), with_maps[0], atol=0.1)
    assert not torch.allclose(D(x), with_maps[1], atol=0.1)


# --- Fast paths, and bad input


def test_bfloat16_in_channels_last_order_is_near():
    """7 layers round to one part in 256, three times each.

    Such errors add like a walk, to sqrt(21), here doubled.
    """
    G = generator(noise=False)
    D = ResidualDiscriminator(**MEDIUM)
    z, real = torch.randn(8, 8), torch.randn(8, 3, 32, 32)
    plain, scores = G(z), D(real)
    fast_G, fast_D = (copy.deepcopy(one).to(memory_format=torch.channels_last) for one in (G, D))
    with torch.autocast("cpu", torch.bfloat16):
        fast, fast_scores = fast_G(z), fast_D(real)
    assert fast.dtype == torch.float32
    assert (fast - plain).square().mean().sqrt() < 9 / 256 * plain.std()
    assert (fast_scores.float() - scores).abs().max() < 9 / 256 * max(1, scores.abs().max())


@pytest.mark.parametrize("network", [SynthesisNetwork2, ResidualDiscriminator])
@pytest.mark.parametrize("resolution", [0, 4, 24, 100])
def test_sizes_that_are_no_powers_of_two_are_refused(network, resolution):
    extra = {"w_dim": 4} if network is SynthesisNetwork2 else {}
    with pytest.raises(
        ValueError, match=f"img_resolution is {resolution}: choose a power of two from 8"
    ):
        network(img_resolution=resolution, channel_base=16, channel_max=2, **extra)
