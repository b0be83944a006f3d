import math

import pytest
import torch

from gan_course.models.stylegan import StyleGANGenerator
from gan_course.models.stylegan2 import SynthesisNetwork2
from gan_course.training.penalties import path_lengths


def small_generator(seed=0):
    torch.manual_seed(seed)
    synthesis = SynthesisNetwork2(img_resolution=8, channel_base=32, channel_max=4, w_dim=3)
    return StyleGANGenerator(synthesis, z_dim=3, n_mapping=1)


@pytest.fixture
def in_float64(monkeypatch):
    """`.float()` lifts bfloat16; here it must keep float64, or rounding would hide the formula."""
    monkeypatch.setattr(torch.Tensor, "float", lambda x: x)


def test_path_lengths_of_a_linear_picture():
    """x = A w in every layer alike: J^T y is A^T y, once a layer."""
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(2 * 4 * 4, 3, generator=generator, dtype=torch.float64)
    ws = torch.randn(5, 6, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randn(5, 2, 4, 4, generator=generator, dtype=torch.float64)
    images = (ws.sum(1) @ A.T).view(5, 2, 4, 4)
    # 4 = sqrt(4 * 4)
    expected = [math.dist((A.T @ y[n].flatten()).tolist(), [0, 0, 0]) / 4 for n in range(5)]
    assert path_lengths(images, ws, noise=y).tolist() == pytest.approx(expected)


def lengths_by_hand(G, ws, y, step=1e-6):
    """Equation 4 by finite differences: one number of one picture's styles at a time."""
    lengths = []
    for n in range(len(ws)):
        squares = torch.zeros(ws.shape[1], dtype=torch.float64)
        for layer in range(ws.shape[1]):
            for k in range(ws.shape[2]):
                values = []
                for sign in (1, -1):
                    moved = ws[n : n + 1].clone()
                    moved[0, layer, k] += sign * step
                    values.append((G.synthesis(moved, noise="const") * y[n : n + 1]).sum().item())
                squares[layer] += ((values[0] - values[1]) / (2 * step)) ** 2
        lengths.append(math.sqrt(squares.mean().item() / (y.shape[2] * y.shape[3])))
    return lengths


def test_path_lengths_of_a_network_by_finite_differences(in_float64):
    G = small_generator().double()
    generator = torch.Generator().manual_seed(0)
    ws = torch.randn(2, G.num_ws, 3, generator=generator, dtype=torch.float64)
    y = torch.randn(2, 3, 8, 8, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        expected = lengths_by_hand(G, ws, y)
    ws.requires_grad_()
    assert path_lengths(G.synthesis(ws, noise="const"), ws, noise=y).tolist() == pytest.approx(
        expected, rel=1e-6
    )


def test_path_lengths_reach_the_weights_with_the_right_gradient(in_float64):
    """The GANs Specialization of deeplearning.ai leaves the graph out: `penalty.requires_grad` is
    False there.
    """
    G = small_generator().double()
    generator = torch.Generator().manual_seed(0)
    ws = torch.randn(2, G.num_ws, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randn(2, 3, 8, 8, generator=generator, dtype=torch.float64)

    def penalty():
        return (path_lengths(G.synthesis(ws, noise="const"), ws, noise=y) - 0.7).square().mean()

    (published,) = torch.autograd.grad((G.synthesis(ws, noise="const") * y).sum(), ws)
    assert penalty().requires_grad and not published.requires_grad
    weight = G.synthesis.layers[0].conv.weight
    (gradient,) = torch.autograd.grad(penalty(), weight)
    for place in ((0, 0, 1, 1), (2, 3, 0, 2)):
        values = []
        for sign in (1, -1):
            weight.data[place] += sign * 1e-6
            values.append(penalty().item())
            weight.data[place] -= sign * 1e-6
        assert gradient[place].item() == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4)
        assert gradient[place] != 0


def test_a_is_taken_from_the_norm_and_not_from_each_part_of_the_gradient():
    """The second mistake there: a network whose paths all have length a costs nothing here, and
    much there.
    """
    ws = torch.randn(4, 2, 3, requires_grad=True)
    images = ws.sum((1, 2))[:, None, None, None].expand(4, 1, 1, 1)
    lengths = path_lengths(images, ws, noise=torch.ones(4, 1, 1, 1))
    assert lengths.tolist() == pytest.approx([math.sqrt(3)] * 4)
    a = lengths.mean().detach()
    (slopes,) = torch.autograd.grad(images.sum(), ws)
    assert (lengths - a).square().mean() < 1e-9 and (slopes - a).square().mean() > 0.5


def test_path_lengths_refuse_what_they_cannot_see():
    ws = torch.zeros(2, 4, 3)
    with pytest.raises(ValueError, match="ws does not require grad"):
        path_lengths(torch.zeros(2, 3, 8, 8), ws, noise=torch.zeros(2, 3, 8, 8))
    with pytest.raises(ValueError, match=r"noise is \(2, 3, 4, 4\)"):
        path_lengths(torch.zeros(2, 3, 8, 8), ws.requires_grad_(), noise=torch.zeros(2, 3, 4, 4))
