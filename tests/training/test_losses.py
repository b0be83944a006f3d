import math

import pytest
import torch

from gan_course.training import losses


@pytest.fixture
def logits():
    return torch.linspace(-5, 5, 11, dtype=torch.float64), torch.linspace(
        -3, 6, 11, dtype=torch.float64
    )


def test_against_the_textbook(logits):
    real, fake = (score.sigmoid() for score in logits)
    assert losses.d_logistic(*logits) == pytest.approx(
        float(-real.log().mean() - (1 - fake).log().mean())
    )
    assert losses.g_minimax(logits[1]) == pytest.approx(float((1 - fake).log().mean()))
    assert losses.g_nonsaturating(logits[1]) == pytest.approx(float(-fake.log().mean()))


def test_d_says_one_half():
    assert losses.d_logistic(torch.zeros(3), torch.zeros(3)) == pytest.approx(2 * math.log(2))


def test_directions():
    score = torch.zeros(4, requires_grad=True)
    for loss, sign in (
        (losses.d_logistic(score, torch.zeros(4)), -1),
        (losses.d_logistic(torch.zeros(4), score), 1),
    ):
        assert (torch.autograd.grad(loss, score)[0].sign() == sign).all()
    for loss in (losses.g_minimax(score), losses.g_nonsaturating(score)):
        assert (torch.autograd.grad(loss, score)[0] < 0).all()  # G wants higher scores


@pytest.mark.parametrize("size", [-200.0, 200.0])
def test_no_overflow(size):
    score = torch.full((2,), size)
    for value in (
        losses.d_logistic(score, score),
        losses.g_minimax(score),
        losses.g_nonsaturating(score),
    ):
        assert torch.isfinite(value)


def test_saturation():
    """Where D is sure of a fake, the minimax gradient vanishes, the non-saturating one does not."""
    score = torch.tensor([-10.0], requires_grad=True)
    (flat,) = torch.autograd.grad(losses.g_minimax(score), score)
    (steep,) = torch.autograd.grad(losses.g_nonsaturating(score), score)
    assert abs(flat) < 1e-4 < 0.99 < abs(steep)


NAIVE = {
    losses.d_least_squares: lambda r, f: 0.5 * (r - 1) ** 2 + 0.5 * f**2,
    losses.d_hinge: lambda r, f: max(0.0, 1 - r) + max(0.0, 1 + f),
    losses.d_wasserstein: lambda r, f: f - r,
    losses.d_relativistic: lambda r, f: -math.log(1 / (1 + math.exp(f - r))),
    losses.g_least_squares: lambda r, f: 0.5 * (f - 1) ** 2,
    losses.g_hinge: lambda r, f: -f,
    losses.g_wasserstein: lambda r, f: -f,
    losses.g_relativistic: lambda r, f: -math.log(1 / (1 + math.exp(r - f))),
}
OF_PAIRS = [
    losses.d_least_squares,
    losses.d_hinge,
    losses.d_wasserstein,
    losses.d_relativistic,
    losses.g_relativistic,
]


def value(loss, real, fake):
    return loss(real, fake) if loss in OF_PAIRS else loss(fake)


@pytest.mark.parametrize("loss", NAIVE, ids=lambda loss: loss.__name__)
def test_against_a_loop(loss, logits):
    loop = (
        sum(NAIVE[loss](r, f) for r, f in zip(*(score.tolist() for score in logits), strict=True))
        / 11
    )
    assert value(loss, *logits).item() == pytest.approx(loop, rel=1e-12)
    assert value(loss, *logits).shape == ()
    assert value(loss, logits[0][:, None], logits[1][:, None]).item() == pytest.approx(
        loop, rel=1e-12
    )


@pytest.mark.parametrize("loss", NAIVE, ids=lambda loss: loss.__name__)
def test_which_way_each_loss_pulls(loss):
    """D lowers fakes and raises real samples; G raises fakes."""
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    value(loss, real, fake).backward()
    if loss.__name__.startswith("d_"):
        assert (real.grad < 0).all()
        least_squares_starts_at_its_label = loss is losses.d_least_squares
        assert least_squares_starts_at_its_label or (fake.grad > 0).all()
    else:
        assert (fake.grad < 0).all()


@pytest.mark.parametrize(
    ("loss", "at_constant"),
    [
        (losses.d_hinge, 2.0),
        (losses.d_wasserstein, 0.0),
        (losses.d_relativistic, math.log(2)),
        (losses.g_relativistic, math.log(2)),
    ],
)
def test_a_score_that_tells_nothing(loss, at_constant):
    assert value(loss, torch.zeros(5), torch.zeros(5)).item() == pytest.approx(at_constant)


def test_least_squares_is_least_at_the_labels():
    a, b, c = -1.0, 2.0, 0.5
    assert losses.d_least_squares(torch.full((3,), b), torch.full((3,), a), a=a, b=b) == 0
    assert losses.g_least_squares(torch.full((3,), c), c=c) == 0
    half = torch.full((3,), (a + b) / 2)
    assert losses.d_least_squares(half, half, a=a, b=b).item() == pytest.approx((b - a) ** 2 / 4)
    too_high = torch.tensor([3.0], requires_grad=True)
    losses.g_least_squares(too_high).backward()
    assert too_high.grad > 0  # it pulls a score above c down again


def test_hinge_leaves_alone_who_is_beyond_the_margin_and_wasserstein_nobody():
    real, fake = (
        torch.tensor([0.9, 1.1], requires_grad=True),
        torch.tensor([-0.9, -1.1], requires_grad=True),
    )
    losses.d_hinge(real, fake).backward()
    assert real.grad.tolist() == [-0.5, 0.0] and fake.grad.tolist() == [0.5, 0.0]
    real.grad = fake.grad = None
    losses.d_wasserstein(real, fake).backward()
    assert real.grad.tolist() == [-0.5, -0.5] and fake.grad.tolist() == [0.5, 0.5]


def test_only_differences_count_to_wasserstein_and_the_relativistic(logits):
    shifted = logits[0] + 7, logits[1] + 7
    for loss in (losses.d_wasserstein, losses.d_relativistic, losses.g_relativistic):
        assert loss(*shifted).item() == pytest.approx(loss(*logits).item())
    assert losses.d_hinge(*shifted) != losses.d_hinge(*logits)


def test_the_relativistic_players_are_mirrors(logits):
    assert losses.g_relativistic(*logits) == losses.d_relativistic(logits[1], logits[0])


def test_pairs_need_one_shape():
    for loss in (losses.d_relativistic, losses.g_relativistic):
        with pytest.raises(ValueError, match="pairs need one shape"):
            loss(torch.zeros(4), torch.zeros(4, 1))
        assert torch.isfinite(loss(torch.tensor([200.0]), torch.tensor([-200.0])))
