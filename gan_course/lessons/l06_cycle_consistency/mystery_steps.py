"""Five training steps for lesson 06, four of them broken, and questions to them."""

import copy
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

STEPS = ("P", "Q", "R", "S", "T")


class MysteryStep:
    """A step of CycleGAN on points, healthy or with one bug; plain gradient descent.

    Args:
        letter: one of `STEPS`; its bug is named in `cycle_consistency.SYMPTOMS`.
        networks: G_AB, G_BA, D_A, D_B.
        lr: rate of both optimisers.
    """

    def __init__(self, letter: str, networks: tuple[nn.Module, ...], *, lr: float = 0.1) -> None:
        self.letter, (self.G_AB, self.G_BA, self.D_A, self.D_B) = letter, networks
        # bug in R: the generators' optimiser holds the D's too
        trained = networks if letter == "R" else networks[:2]
        self.opt_G = torch.optim.SGD(
            chain.from_iterable(network.parameters() for network in trained), lr
        )
        self.opt_D = torch.optim.SGD(chain(self.D_A.parameters(), self.D_B.parameters()), lr)

    def cycle(self, a: Tensor, b: Tensor) -> Tensor:
        """The cycle loss of this step."""
        if self.letter == "S":  # bug: translations beside pictures that are not their partners
            return l1_loss(self.G_AB(a), b) + l1_loss(self.G_BA(b), a)
        return l1_loss(self.G_BA(self.G_AB(a)), a) + l1_loss(self.G_AB(self.G_BA(b)), b)

    def update_G(self, a: Tensor, b: Tensor) -> None:
        """Both generators."""
        judge_of_AB, judge_of_BA = self.D_B, self.D_A
        # bug: D_A, whom the other half teaches pictures of A, judges what G_AB makes
        if self.letter == "T":
            judge_of_AB, judge_of_BA = judge_of_BA, judge_of_AB
        loss_gan = (judge_of_AB(self.G_AB(a)) - 1).square().mean() + (
            judge_of_BA(self.G_BA(b)) - 1
        ).square().mean()
        self.opt_G.zero_grad()
        (loss_gan + 10 * self.cycle(a, b)).backward()
        self.opt_G.step()

    def update_D(self, a: Tensor, b: Tensor) -> None:
        """Both discriminators."""
        fake_B, fake_A = self.G_AB(a), self.G_BA(b)
        if self.letter != "Q":  # bug in Q: nothing is detached
            fake_B, fake_A = fake_B.detach(), fake_A.detach()
        pairs = ((self.D_B, b, fake_B), (self.D_A, a, fake_A))
        losses = [
            (D(real) - 1).square().mean() / 2 + D(fake).square().mean() / 2
            for D, real, fake in pairs
        ]
        self.opt_D.zero_grad()
        (losses[0] + losses[1]).backward()
        self.opt_D.step()


def interrogate(letter: str) -> tuple[bool, bool, bool, bool]:
    """Four questions to one step of linear networks on random points.

    Args:
        letter: one of `STEPS`.

    Returns:
        Does the generators' half move a D? Does the half of the D's leave a gradient in a G? Does
        another D_B change what G_AB learns? Do maps that change nothing, and so bring everyone
        home, pay in the cycle loss?
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        a, b = torch.randn(2, 16, 2)
        start = tuple(nn.Linear(2, n_out) for n_out in (2, 2, 1, 1))
    networks, changed, identity = (copy.deepcopy(start) for _ in range(3))
    step = MysteryStep(letter, networks)
    step.update_G(a, b)
    moves_D = any(not _same(D, D_start) for D, D_start in zip(networks[2:], start[2:], strict=True))
    G_AB = copy.deepcopy(networks[0])
    step.opt_G.zero_grad()
    step.update_D(a, b)
    leaks = any(
        weight.grad is not None for network in networks[:2] for weight in network.parameters()
    )
    nn.init.ones_(changed[3].weight)  # another D_B
    MysteryStep(letter, changed).update_G(a, b)
    for G in identity[:2]:
        nn.init.eye_(G.weight)
        nn.init.zeros_(G.bias)
    pays = MysteryStep(letter, identity).cycle(a, b) > 1e-6
    return moves_D, leaks, not _same(changed[0], G_AB), bool(pays)


def _same(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return all(torch.allclose(p, q) for p, q in pairs)
