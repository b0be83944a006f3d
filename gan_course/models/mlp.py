"""Fully connected networks for points of a line or a plane."""

from itertools import pairwise

from torch import nn


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
