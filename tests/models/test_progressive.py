import math

import by_hand
import pytest
import torch
from by_hand import drawn, shaken
from torch.autograd import gradcheck, gradgradcheck

from gan_course.models.progressive import (
    Blur,
    EqualConv2d,
    EqualLinear,
    MinibatchStd,
    PixelNorm,
    _blurring,
    _doubling,
    lrelu,
    rows_and_columns,
    upsample,
)


@pytest.fixture
def in_float64(monkeypatch):
    """`.float()` lifts bfloat16; here it must keep float64, or rounding would hide the formula."""
    monkeypatch.setattr(torch.Tensor, "float", lambda x: x)


def same(found, expected):
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=1e-10, atol=1e-10), (found - expected).abs().max()


@pytest.mark.parametrize("lr_multiplier", [1.0, 0.01])
@pytest.mark.parametrize("gain", [1.0, math.sqrt(2)])
def test_a_dense_layer_by_hand(gain, lr_multiplier):
    layer = shaken(EqualLinear(5, 3, gain=gain, lr_multiplier=lr_multiplier, bias=1.5))
    x = drawn(4, 5)
    weight, bias = layer.weight * gain / math.sqrt(5) * lr_multiplier, layer.bias * lr_multiplier
    same(layer(x), by_hand.dense(x, weight, bias))


def test_a_dense_layer_starts_with_its_bias_whatever_the_multiplier():
    for lr_multiplier in (1.0, 0.01):
        assert (
            EqualLinear(5, 3, lr_multiplier=lr_multiplier, bias=1.5)(torch.zeros(2, 5)).tolist()
            == [pytest.approx([1.5] * 3)] * 2
        )


def test_all_stored_weights_have_size_one_whatever_the_fan_in():
    torch.manual_seed(0)
    for layer in (
        EqualLinear(4, 5_000),
        EqualLinear(1_000, 20),
        EqualConv2d(2, 1_000, 3),
        EqualConv2d(100, 20, 3),
    ):
        # 20,000 draws: 1 within 0.005 * 3
        assert layer.weight.std().item() == pytest.approx(1, abs=0.03)


def test_the_multiplier_changes_how_fast_a_layer_learns_and_not_what_it_starts_with():
    """Adam's first step moves every stored weight by the rate.

    The output moves that many times the multiplier.
    """
    torch.manual_seed(0)
    moves, sizes = [], []
    for lr_multiplier in (1.0, 0.01):
        layer, x = EqualLinear(400, 200, lr_multiplier=lr_multiplier), torch.randn(64, 400)
        adam = torch.optim.Adam(layer.parameters(), lr=1e-3, betas=(0.0, 0.99))
        before = layer(x).detach()
        sizes.append(before.std().item())
        layer(x).square().mean().backward()
        adam.step()
        moves.append((layer(x) - before).abs().mean().item())
    assert sizes == pytest.approx([1, 1], abs=0.05)
    assert moves[1] / moves[0] == pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kernel", [1, 3])
def test_a_convolution_by_hand(kernel, bias, down):
    layer = shaken(EqualConv2d(3, 2, kernel, gain=1.3, down=down, bias=bias))
    x = drawn(2, 3, 4, 6)
    expected = by_hand.convolved(x, layer.weight * 1.3 / math.sqrt(3 * kernel**2), layer.bias)
    same(layer(x), by_hand.halved(expected) if down else expected)
    same(layer(x.contiguous(memory_format=torch.channels_last)), layer(x))


def test_equalised_layers_keep_the_size_of_what_flows_through_them():
    """Ten layers with leaky units: each keeps the mean square but for (1 + 0.2^2), which He's gain
    leaves out.
    """
    torch.manual_seed(0)
    x = torch.randn(256, 300)
    for _ in range(10):
        x = lrelu(EqualLinear(300, 300, gain=math.sqrt(2))(x))
    assert x.square().mean().item() == pytest.approx(1.04**10, rel=0.25)
    y = lrelu(EqualConv2d(60, 200, 3)(torch.randn(8, 60, 12, 12)))[..., 1:-1, 1:-1]
    assert y.square().mean().item() == pytest.approx(1.04, rel=0.08)
    y = EqualConv2d(60, 200, 3, gain=1.0)(torch.randn(8, 60, 12, 12))[..., 1:-1, 1:-1]
    assert y.var().item() == pytest.approx(1, rel=0.08)


@pytest.mark.parametrize("shape", [(3, 5), (2, 4, 3, 2)])
def test_pixel_norm_by_hand(in_float64, shape):
    x = 3 * drawn(*shape) + 1
    same(PixelNorm()(x), by_hand.pixel_normed(x))
    assert torch.allclose(PixelNorm()(x).square().sum(1), torch.tensor(float(shape[1])).double())
    assert PixelNorm()(torch.zeros(2, 3)).abs().max() == 0  # no division by zero


@pytest.mark.parametrize(
    ("n", "group", "together"),
    [(8, 4, 4), (8, None, 8), (4, 4, 4), (3, 4, 3), (6, 2, 2), (1, 4, 1)],
)
def test_minibatch_deviation_by_hand(in_float64, n, group, together):
    x = drawn(n, 2, 3, 2) * torch.arange(1, n + 1)[:, None, None, None]
    expected = by_hand.with_deviation(x, together)
    same(MinibatchStd(group)(x), expected)
    same(MinibatchStd(group)(x.contiguous(memory_format=torch.channels_last)), expected)


def test_minibatch_deviation_sees_a_collapse_and_which_group_collapsed():
    x = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    x[2::2] = x[0]  # group 0 is 0, 2, 4, 6
    seen = MinibatchStd(4)(x)[:, 3, 0, 0]
    assert seen[::2].max() <= 1.1e-4 and seen[1::2].min() > 0.5


def test_minibatch_deviation_refuses_what_cannot_differ_and_broken_groups():
    with pytest.raises(ValueError, match="group is 1"):
        MinibatchStd(1)
    with pytest.raises(ValueError, match="6 pictures do not make groups of 4"):
        MinibatchStd(4)(torch.zeros(6, 1, 2, 2))


def test_blur_by_hand(in_float64):
    x = drawn(2, 3, 5, 4)
    same(Blur()(x), by_hand.blurred(x))
    same(Blur()(x.contiguous(memory_format=torch.channels_last)), by_hand.blurred(x))


def test_blur_keeps_what_is_even_and_removes_the_finest_pattern():
    rows, columns = torch.meshgrid(torch.arange(6), torch.arange(6), indexing="ij")
    checks = ((-1.0) ** (rows + columns)).expand(1, 2, 6, 6)
    assert Blur()(checks)[..., 1:-1, 1:-1].abs().max() < 1e-6
    assert torch.allclose(Blur()(torch.ones(1, 2, 6, 6))[..., 1:-1, 1:-1], torch.ones(4, 4))


@pytest.mark.parametrize("smooth", [False, True])
def test_doubling_by_hand(smooth):
    x = drawn(2, 2, 3, 4)
    same(upsample(x, smooth=smooth), by_hand.doubled(x, smooth=smooth))


def test_where_doubling_leaves_the_official_filter():
    """The official code finds zeros beyond the border: a white picture gets a grey frame there, and
    not here.
    """
    white = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    official = by_hand.blurred(by_hand.doubled(white, smooth=False))
    assert torch.allclose(upsample(white), torch.ones(8, 8).double())
    assert (
        official[0, 0, 0, 3] == 0.75
        and (official - upsample(white))[..., 1:-1, 1:-1].abs().max() == 0
    )


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("matrix", "filtered"), [(_blurring, Blur()), (_doubling, upsample)])
def test_the_filters_as_matrix_products(in_float64, matrix, filtered, order):
    """A GPU's way of computing them, here on the CPU: the same numbers, derivatives and order of
    channels.
    """
    x = drawn(2, 3, 8, 6).contiguous(memory_format=order)
    found = rows_and_columns(x, matrix)
    same(found, filtered(x))
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert double_checked(lambda x: rows_and_columns(x, matrix), drawn(1, 2, 4, 3))


def double_checked(operation, *inputs):
    inputs = [x.requires_grad_() for x in inputs]
    return gradcheck(operation, inputs) and gradgradcheck(operation, inputs)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(
    "operation",
    [
        PixelNorm(),
        MinibatchStd(2),
        MinibatchStd(None),
        Blur(),
        upsample,
        lambda x: upsample(x, smooth=False),
    ],
    ids=["pixel norm", "groups of 2", "whole batch", "blur", "bilinear", "nearest"],
)
def test_first_and_second_derivatives(in_float64, operation, channels_last):
    """R1 and the path lengths differentiate twice."""
    order = torch.channels_last if channels_last else torch.contiguous_format
    assert double_checked(operation, drawn(4, 2, 2, 3).contiguous(memory_format=order))


@pytest.mark.parametrize("kernel", [1, 3])
def test_first_and_second_derivatives_of_a_halving_convolution(kernel):
    layer = EqualConv2d(2, 2, kernel, down=True).double()

    def operation(x, weight, bias):
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (x,))

    assert double_checked(
        operation, drawn(1, 2, 4, 4), drawn(2, 2, kernel, kernel, seed=1), drawn(2, seed=2)
    )


@pytest.mark.parametrize(
    "operation", [PixelNorm(), MinibatchStd(4), Blur(), EqualConv2d(3, 4, 3, down=True)]
)
def test_bfloat16_in_channels_last_order_is_near(operation):
    """Inputs and outputs are rounded to one part in 256; sums in between are kept longer."""
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        y = operation(x.bfloat16().contiguous(memory_format=torch.channels_last))
    assert y.dtype == torch.bfloat16
    assert (y.float() - operation(x)).abs().max() < 3 / 256 * operation(x).abs().max()
