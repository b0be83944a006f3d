"""Fully connected networks for points of a line or a plane."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu


def mlp(n_in: int, n_out: int, *, hidden: int = 64, n_hidden: int = 2) -> nn.Sequential:
    """A fully connected network with LeakyReLU(0.2) between its layers and none after the last.

    Args:
        n_in: size of an input vector.
        n_out: size of an output vector; 1 for a discriminator, which returns raw scores.
        hidden: width of each hidden layer.
        n_hidden: number of hidden layers, at least 1.

    Returns:
        A module from (N, n_in) to (N, n_out).

    Raises:
        ValueError: `n_hidden` is below 1.
    """
    if n_hidden < 1:
        raise ValueError(f"n_hidden is {n_hidden}: at least 1 is needed")
    widths = [n_in] + [hidden] * n_hidden
    layers: list[nn.Module] = []
    for wide_in, wide_out in pairwise(widths):
        layers += [nn.Linear(wide_in, wide_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))


class MLPStack(nn.Module):
    """Many networks of the shape of `mlp` as one, by batched matrix products.

    The networks share nothing. A loss that is a sum over them gives each the gradient of its own
    term, and an optimiser that works element by element, such as Adam, then moves each as if it
    were alone.

    Args:
        networks: made by `mlp`, all with the same sizes; their weights are copied.

    Raises:
        ValueError: no network, or sizes that differ.
    """

    def __init__(self, networks: Sequence[nn.Sequential]) -> None:
        super().__init__()
        linears = [
            [layer for layer in network if isinstance(layer, nn.Linear)] for network in networks
        ]
        sizes = {tuple(layer.weight.shape for layer in layers) for layers in linears}
        if len(sizes) != 1:
            raise ValueError(
                f"{len(networks)} networks of {len(sizes)} different sizes: one size is needed"
            )
        layers = list(zip(*linears, strict=True))
        self.weights = nn.ParameterList(
            torch.stack([linear.weight.detach().T for linear in layer]) for layer in layers
        )
        self.biases = nn.ParameterList(
            torch.stack([linear.bias.detach()[None] for linear in layer]) for layer in layers
        )

    def forward(self, x: Tensor, which: Tensor | None = None) -> Tensor:
        """Each network on its own batch.

        Args:
            x: (M, N, n_in): M batches, one for each network.
            which: (M,) numbers of the networks to run; None runs all of them in their order.

        Returns:
            (M, N, n_out).
        """
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if number > 0:
                x = leaky_relu(x, 0.2)
            if which is not None:
                weight, bias = weight[which], bias[which]
            x = torch.baddbmm(bias, x, weight)
        return x
