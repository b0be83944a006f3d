"""What the steps of all families do with an optimiser."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """One update: forget the old gradients, compute the new ones, step."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """The learning rate of every parameter, from the next step on."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def adjustable(optimizer: torch.optim.Adam, lr: float, device: str) -> None:
    """Keep the learning rate where a recorded step reads it: on a GPU in a tensor there, else as a
    number.
    """
    for group in optimizer.param_groups:
        group["capturable"] = device.startswith("cuda")
        group["lr"] = torch.tensor(lr, device=device) if group["capturable"] else lr


def decayed(lr: float, n_done: int, n_steps: int, constant: float = 0.5) -> float:
    """Constant, then linear to zero: the rate of step `n_done + 1` of `n_steps`.

    Args:
        lr: the rate at the start.
        n_done: steps done before this one.
        n_steps: steps in all.
        constant: share of the steps before the decay begins; 1 for no decay.

    Source: Zhu et al. 2017, section 4: 100 epochs at the initial rate, then linear to zero over 100
        more.
    """
    left = (n_steps - n_done) / (n_steps * (1 - constant)) if constant < 1 else 1.0
    return lr * min(1.0, max(0.0, left))


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Within: gradients flow through the networks to their input, but not into their weights."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)
