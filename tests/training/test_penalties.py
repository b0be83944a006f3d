import pytest
import torch
from torch import nn

from gan_course.training.penalties import gradient_penalty, interpolates, r1_penalty, r2_penalty


def test_r1_of_a_linear_and_of_a_quadratic_score():
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    w = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    # the squared length of w; no factor gamma / 2
    assert r1_penalty(x, x @ w).item() == pytest.approx(14.0)
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


def test_r2_is_r1_at_the_fakes():
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    w = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert r2_penalty(x, x @ w).item() == pytest.approx(14.0)
    assert r2_penalty(x, x.square().sum(1)).item() == pytest.approx(
        r1_penalty(x, x.square().sum(1)).item()
    )


def test_the_gradient_penalty_wants_slopes_of_one():
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    for w, expected in (
        ([3.0, 4.0], 16.0),
        ([0.6, 0.8], 0.0),
        ([0.3, 0.4], 0.25),
        ([0.0, 0.0], 1.0),
    ):
        assert gradient_penalty(
            x, x @ torch.tensor(w, dtype=torch.float64)
        ).item() == pytest.approx(expected)


@pytest.mark.parametrize("penalty", [r2_penalty, gradient_penalty])
def test_each_reaches_the_discriminator(penalty):
    D = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    penalty(x, D(x)).backward()
    assert D[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize(("penalty", "name"), [(r2_penalty, "fake"), (gradient_penalty, "mixed")])
def test_each_refuses_what_it_cannot_see(penalty, name):
    with pytest.raises(ValueError, match=f"{name}.requires_grad_"):
        penalty(torch.randn(2, 3), torch.randn(2))
    x = torch.randn(2, 3, requires_grad=True)
    with pytest.raises(ValueError, match="one batch"):
        penalty(x, x.sum(1)[:1])


def test_interpolates_lie_between_their_pairs():
    real, fake = torch.ones(3, 2, 2), torch.zeros(3, 2, 2)
    mixed = interpolates(real, fake, share=torch.tensor([0.0, 0.25, 1.0]))
    assert mixed.requires_grad and mixed.is_leaf
    assert mixed.flatten(1).tolist() == [[0.0] * 4, [0.25] * 4, [1.0] * 4]
    with pytest.raises(ValueError, match="share"):
        interpolates(real, fake, share=torch.zeros(2))
    with pytest.raises(ValueError, match="fake"):
        interpolates(real, fake[:2], share=torch.zeros(3))
