from itertools import pairwise

import pytest
import torch
from torch import nn

from gan_course.training.optim import descend, freeze, lr_at, set_lr


def test_the_rate_is_constant_then_falls_in_a_line_to_nought():
    """Zhu et al. 2017: 100 epochs at 2e-4, then 100 epochs linear to zero."""
    rates = [lr_at(2e-4, done, 200) for done in range(201)]
    assert rates[:101] == [2e-4] * 101
    falls = [before - after for before, after in pairwise(rates[100:])]
    assert falls == pytest.approx([2e-6] * 100)
    assert rates[200] == 0


def test_no_step_is_taken_at_a_rate_of_nought():
    assert all(
        lr_at(1.0, done, n, constant) > 0
        for n in (1, 2, 7)
        for done in range(n)
        for constant in (0.0, 0.5, 1)
    )


@pytest.mark.parametrize(
    ("constant", "done", "rate"),
    [(0, 50, 0.5), (0, 0, 1), (1, 99, 1), (0.9, 95, 0.5), (0.5, 300, 0)],
)
def test_the_share_that_is_constant_is_the_caller_s(constant, done, rate):
    assert lr_at(1.0, done, 100, constant) == pytest.approx(rate)


def test_the_rate_is_set_for_every_parameter():
    parameters = [nn.Parameter(torch.ones(1)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [parameters[0]]}, {"params": [parameters[1]]}], 1.0)
    set_lr(optimizer, 0.25)
    descend(sum(parameters).sum(), optimizer)
    assert [one.item() for one in parameters] == [0.75, 0.75]


def test_descend_forgets_the_gradients_of_before():
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], 1.0)
    parameter.grad = torch.full((1,), 100.0)
    descend((3 * parameter).sum(), optimizer)
    assert parameter.item() == -3


def test_a_frozen_network_passes_gradients_on_and_takes_none():
    network, x = nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    with freeze(network):
        out = network(x).sum()
    out.backward()
    assert x.grad is not None and all(p.grad is None for p in network.parameters())
    assert all(p.requires_grad for p in network.parameters())


def test_a_network_thaws_after_an_error():
    network = nn.Linear(2, 1)
    with pytest.raises(RuntimeError), freeze(network):
        raise RuntimeError
    assert all(p.requires_grad for p in network.parameters())
