import pytest
import torch

from gan_course.models.mlp import MLPStack, mlp


@pytest.fixture
def networks():
    return [mlp(3, 2, hidden=5, n_hidden=2).double() for _ in range(4)]


def test_the_shape_of_one():
    network = mlp(3, 1, hidden=5, n_hidden=3)
    assert network(torch.randn(7, 3)).shape == (7, 1)
    assert sum(isinstance(layer, torch.nn.Linear) for layer in network) == 4
    with pytest.raises(ValueError, match="n_hidden is 0"):
        mlp(3, 1, n_hidden=0)


def test_a_stack_is_its_networks_and_so_are_its_gradients(networks):
    stack = MLPStack(networks)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    together, alone = (
        stack(x),
        torch.stack([network(one) for network, one in zip(networks, x, strict=True)]),
    )
    torch.testing.assert_close(together, alone)
    together.square().sum().backward()
    alone.square().sum().backward()
    for number, network in enumerate(networks):
        linears = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
        for layer, weight, bias in zip(linears, stack.weights, stack.biases, strict=True):
            torch.testing.assert_close(weight.grad[number].T, layer.weight.grad)
            torch.testing.assert_close(bias.grad[number, 0], layer.bias.grad)


def test_some_of_a_stack(networks):
    stack, which = MLPStack(networks), torch.tensor([2, 0])
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(stack(x, which), torch.stack([networks[2](x[0]), networks[0](x[1])]))
    stack(x, which).sum().backward()
    assert not stack.weights[0].grad[[1, 3]].any() and stack.weights[0].grad[[0, 2]].any()


def test_a_stack_copies_its_networks(networks):
    stack = MLPStack(networks)
    before = stack.weights[0].detach().clone()
    with torch.no_grad():
        networks[0][0].weight.zero_()
    assert torch.equal(stack.weights[0], before)


def test_a_stack_of_unlike_networks_is_refused(networks):
    for unlike in (mlp(3, 2, hidden=6).double(), mlp(3, 2, hidden=5, n_hidden=3).double()):
        with pytest.raises(ValueError, match="2 different sizes"):
            MLPStack([*networks, unlike])
    with pytest.raises(ValueError, match="0 networks"):
        MLPStack([])
