import math

import pytest
import torch

from gan_course.training import losses


@pytest.fixture
def logits():
    return torch.linspace(-5, 5, 11, dtype=torch.float64), torch.linspace(-3, 6, 11, dtype=torch.float64)


def test_against_the_textbook(logits):
    real, fake = (score.sigmoid() for score in logits)
    assert losses.d_logistic(*logits) == pytest.approx(float(-real.log().mean() - (1 - fake).log().mean()))
    assert losses.g_minimax(logits[1]) == pytest.approx(float((1 - fake).log().mean()))
    assert losses.g_nonsaturating(logits[1]) == pytest.approx(float(-fake.log().mean()))


def test_d_says_one_half():
    assert losses.d_logistic(torch.zeros(3), torch.zeros(3)) == pytest.approx(2 * math.log(2))


def test_directions():
    score = torch.zeros(4, requires_grad=True)
    for loss, sign in ((losses.d_logistic(score, torch.zeros(4)), -1), (losses.d_logistic(torch.zeros(4), score), 1)):
        assert (torch.autograd.grad(loss, score)[0].sign() == sign).all()
    for loss in (losses.g_minimax(score), losses.g_nonsaturating(score)):
        assert (torch.autograd.grad(loss, score)[0] < 0).all()  # G wants higher scores


@pytest.mark.parametrize("size", [-200.0, 200.0])
def test_no_overflow(size):
    score = torch.full((2,), size)
    for value in (losses.d_logistic(score, score), losses.g_minimax(score), losses.g_nonsaturating(score)):
        assert torch.isfinite(value)


def test_saturation():
    """Where D is sure of a fake, the minimax gradient vanishes and the non-saturating one does not."""
    score = torch.tensor([-10.0], requires_grad=True)
    (flat,) = torch.autograd.grad(losses.g_minimax(score), score)
    (steep,) = torch.autograd.grad(losses.g_nonsaturating(score), score)
    assert abs(flat) < 1e-4 < 0.99 < abs(steep)
