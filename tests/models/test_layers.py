import math

import pytest
import torch
from torch import nn
from torch.nn.functional import instance_norm

from gan_course.models.layers import InstanceNorm, Pad, with_coordinates


def pictures(*, channels_last, dtype=torch.float32):
    x = torch.randn(3, 5, 6, 8, generator=torch.Generator().manual_seed(0)) * 4 + 2
    order = torch.channels_last if channels_last else torch.contiguous_format
    return x.to(dtype).contiguous(memory_format=order).requires_grad_()


@pytest.mark.parametrize("channels_last", [False, True])
def test_both_ways_of_instance_norm_are_torch_s_own(channels_last):
    x, plain = pictures(channels_last=channels_last), pictures(channels_last=False)
    y, expected = InstanceNorm()(x), instance_norm(plain, eps=1e-5)
    assert torch.allclose(y, expected, atol=1e-5)
    weights = torch.arange(y.numel()).reshape(y.shape) / y.numel()
    (y * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(x.grad, plain.grad, atol=1e-5)


def test_the_fast_way_keeps_the_order_and_is_near_in_bfloat16():
    y = InstanceNorm()(pictures(channels_last=True, dtype=torch.bfloat16))
    assert y.is_contiguous(memory_format=torch.channels_last) and y.dtype == torch.bfloat16
    assert torch.allclose(y.float(), instance_norm(pictures(channels_last=False)), atol=0.03)


def test_each_picture_is_normalised_alone():
    x = pictures(channels_last=True)
    both = InstanceNorm()(x)
    assert torch.allclose(both[1:2], InstanceNorm()(x[1:2]), atol=1e-6)
    assert both.mean((2, 3)).abs().max() < 1e-5
    assert torch.allclose(both.var((2, 3), correction=0), torch.ones(3, 5), atol=1e-4)


@pytest.mark.parametrize(
    ("mode", "torch_s"), [("reflect", nn.ReflectionPad2d(2)), ("zeros", nn.ZeroPad2d(2))]
)
def test_pad_is_torch_s_own(mode, torch_s):
    x = pictures(channels_last=False)
    assert torch.equal(Pad(2, mode)(x), torch_s(x))


def test_under_autocast_the_border_is_added_in_the_convolution_s_precision():
    x = pictures(channels_last=False)
    with torch.autocast("cpu", torch.bfloat16):
        padded = Pad(1, "reflect")(x)
        assert padded.dtype == torch.bfloat16
        assert nn.Conv2d(5, 2, 3)(padded).dtype == torch.bfloat16
    assert torch.equal(padded, nn.ReflectionPad2d(1)(x.to(torch.bfloat16)))


def test_an_unknown_border_is_refused():
    with pytest.raises(ValueError, match="'wrap': choose 'reflect' or 'zeros'"):
        Pad(1, "wrap")


def test_coordinates_are_clocks():
    x = torch.zeros(2, 3, 4, 8)
    y = with_coordinates(x, 2)
    assert y.shape == (2, 3 + 8, 4, 8) and torch.equal(y[:, :3], x)
    first_row = (0 + 0.5) / 4
    rows = [math.sin(2 * math.pi * first_row), math.sin(4 * math.pi * first_row)]
    assert y[0, 3:5, 0, 5].tolist() == pytest.approx(rows)
    last_column = (7 + 0.5) / 8
    assert y[1, 10, 2, 7].item() == pytest.approx(math.cos(4 * math.pi * last_column))
    assert with_coordinates(x, 0) is x
