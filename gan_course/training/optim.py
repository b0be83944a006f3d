"""Optimiser helpers: one update, the learning rate, frozen networks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """One update: forget the old gradients, compute the new ones, step."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """The learning rate of every parameter, from the next step on."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def use_tensor_lr(optimizer: torch.optim.Adam, lr: float, device: str) -> None:
    """On a GPU, keep the learning rate in a tensor there, where a recorded step reads it."""
    for group in optimizer.param_groups:
        group["capturable"] = device.startswith("cuda")
        group["lr"] = torch.tensor(lr, device=device) if group["capturable"] else lr


def lr_at(lr: float, n_done: int, n_steps: int, lr_constant: float = 0.5) -> float:
    """The learning rate of step `n_done + 1` of `n_steps`: constant, then linear to zero.

    Args:
        lr: the rate at the start.
        n_done: steps done before this one.
        n_steps: steps in all.
        lr_constant: share of the steps before the decay begins; 1 for no decay.

    Source: Zhu et al. 2017, section 4: 100 epochs at the initial rate, then linear to zero over 100
        more.
    """
    if lr_constant == 1:
        return lr
    share_left = (n_steps - n_done) / (n_steps * (1 - lr_constant))
    return lr * min(1.0, max(0.0, share_left))


@contextmanager
def freeze(*networks: nn.Module) -> Iterator[None]:
    """Within: gradients flow through the networks to their input, but not into their weights."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)
