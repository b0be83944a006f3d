"""Checkers of lesson 07."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    draws_with,
    is_empty,
    not_yet,
)
from gan_course.models.layers import InstanceNorm
from gan_course.training.optim import lr_at

HALVING = {"SGD": "half", "Adam": "the same"}
LOST = {
    "the weights": "kept",
    "Adam's moments": "lost",
    "the step number": "lost",
    "the pools": "lost",
    "the place in the data": "lost",
}


@checker
def check_block(block: Callable[..., Tensor]) -> Verdict:
    """Exercise 1: the residual block of the generator."""
    generator = torch.Generator().manual_seed(0)
    conv1, conv2, norm = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3), InstanceNorm()
    with torch.no_grad():
        for conv in (conv1, conv2):
            assert conv.bias is not None
            conv.weight.normal_(0, 0.5, generator=generator)
            conv.bias.zero_()
        x = torch.randn(2, 4, 6, 6, generator=generator)
        answer = block(x.clone(), conv1, conv2, norm)
        if not torch.is_tensor(answer) or answer.shape != x.shape:
            shape = tuple(answer.shape) if torch.is_tensor(answer) else type(answer).__name__
            return not_yet(
                f"{tuple(x.shape)} came back as {shape}: a 3 x 3 convolution takes one pixel off"
                " each side"
            )

        def branch(
            *, last: bool = False, mode: str = "reflect", second: bool = True, inner: bool = True
        ) -> Tensor:
            y = norm(conv1(pad(x, (1,) * 4, mode=mode)))
            y = conv2(pad(relu(y) if inner else y, (1,) * 4, mode=mode))
            y = norm(y) if second else y
            return relu(y) if last else y

        if _same(answer, x + branch()):
            return PASSED
        if _same(answer, x + branch(last=True)):
            return not_yet(
                "the published bug: with a ReLU at its end, a block can only ever add, never take"
                " away"
            )
        if _same(answer, relu(x + branch())):
            return not_yet(
                "a ReLU after the sum is ResNet's, of 2015; here the sum is handed on as it is"
            )
        if _same(answer, branch()):
            return not_yet("that is the branch; the block adds it to its input")
        if _same(answer, x + branch(mode="constant")):
            return not_yet(
                "that pads with zeros: the paper's blocks mirror the border (mode='reflect')"
            )
        if _same(answer, x + branch(second=False)):
            return not_yet("the second convolution has its InstanceNorm too, before the sum")
        if _same(answer, x + branch(inner=False)):
            return not_yet("without a ReLU between them two convolutions are one")
    return not_yet(
        "the shape is right and the values are not: pad, conv1, norm, ReLU, pad, conv2, norm, and"
        " add x"
    )


@checker
def check_halving(halving: Mapping[str, str]) -> Verdict:
    """Exercise 2: what halving a loss does to a step."""
    if is_empty(halving):
        return NOT_ATTEMPTED
    if not isinstance(halving, Mapping) or set(halving) != set(HALVING):
        return not_yet('answer with {"SGD": ..., "Adam": ...}')
    answers = {name: " ".join(str(word).split()).lower() for name, word in halving.items()}
    if not set(answers.values()) <= {"half", "the same", "double"}:
        return not_yet('each answer is "half", "the same" or "double"')
    if answers["SGD"] != HALVING["SGD"]:
        return not_yet(
            "SGD's step is the rate times the gradient: what does the factor do to the gradient?"
        )
    if answers["Adam"] != HALVING["Adam"]:
        return not_yet(
            "Adam divides the mean of the gradients by the root of the mean of their squares: what"
            " cancels?"
        )
    return PASSED


@checker
def check_query(query: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: the image pool."""
    pool: list[Tensor] = []
    generator = torch.Generator().manual_seed(0)
    first = _pictures(0, 4).requires_grad_()
    answer = query(pool, first, 8, generator)
    if not torch.is_tensor(answer) or answer.shape != first.shape:
        return not_yet("hand back as many pictures as came in, as one tensor")
    if answer.requires_grad or any(image.requires_grad for image in pool):
        return not_yet(
            "the pool holds on to the generator's graph: D's step would train G, and memory would"
            " grow"
        )
    returned = [
        *_numbers(answer),
        *(_numbers(query(pool, _pictures(k, 1), 8, generator))[0] for k in range(4, 1200)),
    ]
    if returned[:8] != list(range(8)):
        return not_yet("while the pool fills, hand back what came in, and keep it")
    if len(pool) > 8:
        return not_yet(f"a pool of 8 holds {len(pool)} pictures")
    ages = [now - number for now, number in enumerate(returned)][8:]
    share = sum(age > 0 for age in ages) / len(ages)
    if share == 0:
        return not_yet("no picture of an earlier call ever comes back: that is not a pool")
    if max(number for now, number in enumerate(returned) if number < now) < 8:
        return not_yet(
            "the old pictures are always the first eight: the new one takes the place of the one"
            " that left"
        )
    if share > 0.9:
        return not_yet("D sees old pictures only: with probability 1/2 hand back the new one")
    if not 0.42 < share < 0.58:
        return not_yet(f"{share:.0%} of the pictures are old ones; the coin says one half")
    if len(set(returned[8:])) < len(returned[8:]):
        return not_yet(
            "a picture came back twice: one that is handed back at once is not kept, one that left"
            " is gone"
        )
    if max(ages) < 45:
        return not_yet(
            "the old pictures are all of about one age: throw out a random one, not the oldest or"
            " the first"
        )
    empty: list[Tensor] = []
    unpooled = [_numbers(query(empty, _pictures(4 * call, 4), 0, generator)) for call in range(3)]
    if unpooled != [[4 * call + k for k in range(4)] for call in range(3)] or empty:
        return not_yet("a pool of size 0 hands back what comes and keeps nothing")
    if not draws_with(lambda generator: _query_one_by_one(query, generator)):
        return not_yet(
            "draw with `generator`: the same one gives the same pictures, and another one others"
        )
    return PASSED


@checker
def check_rate(rate: Callable[[float, int, int], float]) -> Verdict:
    """Exercise 4: constant, then linear to zero."""
    n, lr = 200, 2e-4
    answer = [float(rate(lr, done, n)) for done in range(n)]
    right = [lr_at(lr, done, n) for done in range(n)]
    if _near(answer, right):
        if not _near(
            [float(rate(1.0, done, 8)) for done in range(8)],
            [lr_at(1.0, done, 8) for done in range(8)],
        ):
            return not_yet("right for 200 steps; for 8 the rates are 1, 1, 1, 1, 1, 3/4, 2/4, 1/4")
        return PASSED
    if _near(answer, [lr] * n):
        return not_yet("it never falls")
    if not _near(answer[: n // 2], [lr] * (n // 2)):
        return not_yet("the first half runs at the full rate")
    if answer[-1] <= 0:
        return not_yet(
            "the last step has a rate of 0 or less: it is wasted. The line reaches 0 after n steps"
        )
    if _near(answer[n // 2 :], [lr / 2] * (n // 2)):
        return not_yet("a staircase: the paper's rate falls in a line")
    drops = [a - b for a, b in pairwise(answer[n // 2 :])]
    if max(drops) - min(drops) > 1e-9:
        return not_yet("the second half is not a line")
    if answer[-1] > 2.5 * right[-1]:
        return not_yet(
            f"the last rate is {answer[-1]:.1e}: the line has to end at 0, {right[-1]:.0e} before"
            " its end"
        )
    return not_yet(
        f"at the 151st of 200 steps the rate is {right[150]:.2e}, yours is {answer[150]:.2e}"
    )


@checker
def check_partners(partners: Callable[..., Sequence]) -> Verdict:
    """Exercise 5: which picture of B comes with which picture of A."""
    for n_A, n_B in ((12, 17), (12, 5)):
        answer = _pairs(partners, n_A, n_B, 40, torch.Generator().manual_seed(0))
        if reason := _flaw_of_pairs(answer, n_A, n_B, 40):
            return not_yet(reason)
    if not draws_with(lambda generator: _pairs(partners, 12, 17, 2, generator)):
        return not_yet(
            "draw with the generator that you are given: the same one gives the same pairs, another"
            " others"
        )
    return PASSED


@checker
def check_d_objective(d_objective: Callable[..., Tensor]) -> Verdict:
    """Exercise 6: what both discriminators minimise, where the article has one."""
    generator = torch.Generator().manual_seed(0)
    D_A, D_B = _judge(0.7, 0.2), _judge(-0.4, 0.5)
    real_A, real_B, fake_A, fake_B = (
        torch.randn(2, 3, 4, 4, generator=generator) for _ in range(4)
    )
    fake_A.requires_grad_(), fake_B.requires_grad_()
    answer = d_objective(D_A, D_B, real_A, real_B, fake_A, fake_B)
    if not torch.is_tensor(answer) or answer.shape != ():
        return not_yet("return one number: a tensor of shape ()")

    def d_loss(D: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
        return ((D(real) - 1).square().mean() + D(fake).square().mean()) / 2

    right = d_loss(D_A, real_A, fake_A) + d_loss(D_B, real_B, fake_B)
    if _same(answer, right):
        slopes = (
            torch.autograd.grad(answer, [fake_A, fake_B], allow_unused=True)
            if answer.requires_grad
            else []
        )
        if any(slope is not None and slope.abs().max() > 0 for slope in slopes):
            return not_yet(
                "the value is right, and it trains the generators: to be found out. Detach the"
                " fakes"
            )
        return PASSED
    mistakes = {
        "twice the paper's: each D's objective is halved": 2 * right,
        "one discriminator for both domains, as in the article: D_B must judge pictures of B": (
            d_loss(D_A, real_A, fake_A) + d_loss(D_A, real_B, fake_B)
        ),
        "fake_A in both halves, as in the article's gan_loss_B": (
            d_loss(D_A, real_A, fake_A) + d_loss(D_B, real_B, fake_A)
        ),
        "the letters are exchanged: D_A judges pictures of A": (
            d_loss(D_B, real_A, fake_A) + d_loss(D_A, real_B, fake_B)
        ),
        "each D has the fakes of the other domain": (
            d_loss(D_A, real_A, fake_B) + d_loss(D_B, real_B, fake_A)
        ),
        "the labels are exchanged: real pictures belong at 1": (
            d_loss(D_A, fake_A, real_A) + d_loss(D_B, fake_B, real_B)
        ),
        "only D_A's half": d_loss(D_A, real_A, fake_A),
        "that is what the generators minimise": (
            (D_A(fake_A) - 1).square().mean() + (D_B(fake_B) - 1).square().mean()
        ),
    }
    for reason, value in mistakes.items():
        if _same(answer, value):
            return not_yet(reason)
    difference = D_A(real_A).mean() - D_A(fake_A).mean() + D_B(real_B).mean() - D_B(fake_B).mean()
    if any(_same(answer, factor * difference) for factor in (1, 0.5, -1, -0.5)):
        return not_yet(
            "a difference of means, as in the article: nothing bounds it. Use squares around 1"
            " and 0"
        )
    return not_yet(f"for the checker's pictures it is {right:.4f}, yours is {answer:.4f}")


@checker
def check_lost(lost: Mapping[str, str]) -> Verdict:
    """Exercise 7: what a checkpoint of weights alone keeps."""
    if is_empty(lost):
        return NOT_ATTEMPTED
    if not isinstance(lost, Mapping) or set(lost) != set(LOST):
        return not_yet(f'answer "kept" or "lost" for each of: {", ".join(LOST)}')
    answers = {name: str(word).strip().lower() for name, word in lost.items()}
    if not set(answers.values()) <= {"kept", "lost"}:
        return not_yet('each answer is "kept" or "lost"')
    if answers["the weights"] != "kept":
        return not_yet("the weights are the one thing that is in it")
    wrong = [name for name in LOST if answers[name] != LOST[name]]
    hints = {
        "Adam's moments": (
            "Adam keeps two numbers for each weight: are they in G's or D's state_dict?"
        ),
        "the step number": "how would the schedule know where it stood?",
        "the pools": "the pools are lists of pictures; which network would hold them?",
        "the place in the data": "the order of the pictures begins anew",
    }
    return not_yet(hints[wrong[0]]) if wrong else PASSED


def _judge(slope: float, shift: float) -> Callable[[Tensor], Tensor]:
    weight = torch.tensor([slope, -0.3, 0.2])[:, None, None]
    return lambda images: (weight * images).sum(1) + shift


def _pictures(first: int, n: int) -> Tensor:
    return torch.arange(first, first + n).float()[:, None, None, None].expand(n, 3, 2, 2).clone()


def _numbers(images: Tensor) -> list[int]:
    return [round(value) for value in images[:, 0, 0, 0].tolist()]


def _query_one_by_one(query: Callable[..., Tensor], generator: torch.Generator) -> list[int]:
    """The pictures that a pool of 8 returns for 64 that come one by one."""
    pool: list[Tensor] = []
    return [_numbers(query(pool, _pictures(k, 1), 8, generator))[0] for k in range(64)]


def _pairs(partners: Callable[..., Sequence], *arguments: object) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in partners(*arguments)]


def _flaw_of_pairs(answer: list[tuple[int, int]], n_A: int, n_B: int, n_epochs: int) -> str:
    """The flaw in the partners of some epochs; an empty text if there is none."""
    if len(answer) != n_A * n_epochs:
        fewer = f". B has only {n_B} here, which must do for all of A" if n_B < n_A else ""
        return (
            f"{n_epochs} epochs over {n_A} pictures of A are {n_A * n_epochs} pairs, yours are"
            f" {len(answer)}{fewer}"
        )
    if not all(0 <= a < n_A and 0 <= b < n_B for a, b in answer):
        return f"A has pictures 0 to n_A - 1, and B 0 to n_B - 1, here {n_A - 1} and {n_B - 1}"
    epochs = [answer[n_A * k : n_A * (k + 1)] for k in range(n_epochs)]
    if any(sorted(a for a, _ in epoch) != list(range(n_A)) for epoch in epochs):
        return "each epoch shows every picture of A once"
    if all(a == b for a, b in answer):
        return (
            "the published bug: both take the same index, so each picture has one partner for ever"
        )
    n_partners = [len({b for a, b in answer if a == picture}) for picture in range(n_A)]
    if min(n_partners) == 1:
        return (
            "picture 0 of A meets the same picture of B in every epoch: fixed pairs, only other"
            " ones"
        )
    if {b for _, b in answer} != set(range(n_B)):
        return "some pictures of B are never shown: B may be the larger set"
    if min(n_partners) < min(10, n_B - 1):
        return (
            f"in {n_epochs} epochs a picture of A met only {min(n_partners)} of B: draw B anew each"
            " time"
        )
    if [a for a, _ in epochs[0]] == [a for a, _ in epochs[1]]:
        return "A comes in the same order in every epoch: shuffle it, each time anew"
    return ""


def _near(a: Sequence[float], b: Sequence[float]) -> bool:
    return torch.allclose(torch.tensor(a).double(), torch.tensor(b).double(), rtol=1e-5, atol=1e-12)


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(
        a.detach().double(), b.detach().double(), rtol=1e-4, atol=1e-5
    )
