import pytest
import torch
from torch import nn

from gan_course.training.ema import make_ema, update_ema


@pytest.fixture
def nets():
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    G_ema = make_ema(G)
    with torch.no_grad():
        G[0].weight.add_(1.0)
    G(torch.randn(8, 3) + 2)
    return G, G_ema


def test_parameters_are_averaged(nets):
    G, G_ema = nets
    expected = 0.9 * G_ema[0].weight + 0.1 * G[0].weight
    update_ema(G_ema, G, decay=0.9)
    assert torch.allclose(G_ema[0].weight, expected)


def test_buffers_are_copied(nets):
    G, G_ema = nets
    update_ema(G_ema, G, decay=0.9)
    for slow, fast in zip(G_ema.buffers(), G.buffers(), strict=True):
        assert torch.equal(slow, fast)


def test_the_average_takes_no_gradient_and_stays_in_evaluation(nets):
    _, G_ema = nets
    assert not G_ema.training
    assert not any(p.requires_grad for p in G_ema.parameters())


@pytest.mark.parametrize("decay", [-0.1, 1.0, 1.5])
def test_a_decay_out_of_range(nets, decay):
    with pytest.raises(ValueError, match="decay"):
        update_ema(nets[1], nets[0], decay=decay)
