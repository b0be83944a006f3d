import pytest
import torch
from torch import nn

from gan_course.training.penalties import r1_penalty


def test_r1_of_a_linear_and_of_a_quadratic_score():
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    w = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert r1_penalty(x, x @ w).item() == pytest.approx(14.0)  # the squared length of w; no factor gamma / 2
    expected = (4 * x.detach().square()).sum(1).mean()
    assert r1_penalty(x, x.square().sum(1)).item() == pytest.approx(expected.item())


def test_r1_reaches_the_discriminator():
    D = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    r1_penalty(x, D(x)).backward()
    assert D[0].weight.grad.abs().sum() > 0


def test_r1_refuses_what_it_cannot_see():
    with pytest.raises(ValueError, match="requires_grad_"):
        r1_penalty(torch.randn(2, 3), torch.randn(2))
    x = torch.randn(2, 3, requires_grad=True)
    with pytest.raises(ValueError, match="one batch"):
        r1_penalty(x, x.sum(1)[:1])
