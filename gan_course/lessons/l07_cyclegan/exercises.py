"""Checkers and hints of lesson 07."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain, pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    compare_runs,
    draws_with,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    numbers,
    show_hint,
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

HINTS = {
    "block": (
        "a 3 x 3 convolution without padding takes a pixel off each side; `pad` puts one on",
        "how many ReLUs has the branch, and what stands at its end?",
        "write the branch up to its second norm, and only then think of x",
    ),
    "halving": (
        "write one step of each optimiser down, once with g for the gradient, once with g / 2",
        "SGD: w - lr g. Adam: w - lr m / sqrt(v), where m is a mean of g and v one of g squared",
    ),
    "query": (
        "go through the batch picture by picture: each has a coin and a place of its own",
        "three cases: the pool is not full; it is full and the coin says new; it says old",
        "when an old picture leaves, the new one is put into the place where it was",
    ),
    "rate": (
        "should the very last step have a rate of 0, or a little more?",
        "the line passes lr at n_steps / 2, and 0 at n_steps, one step behind the last",
    ),
    "partners": (
        "two kinds of draw: an order of A for each epoch, and a picture of B for each pair",
        "torch.randperm(n_A, generator=generator) is an order. May two pairs share a b?",
    ),
    "d_objective": (
        "how many discriminators are there, and which pictures does each of them meet?",
        "D has to learn from its fakes, and G must not: put the cut before D, not behind it",
    ),
    "swing": (
        "D's step: psi falls by lr * shown * sigmoid(psi * shown), where `shown` is what the pool"
        " hands back; G's step: theta grows by lr * psi * sigmoid(-psi * theta)",
        "only D sees old values. G's step takes the theta of now",
        "with no pool nothing is drawn, so let the three runs begin at three places",
    ),
    "lost": (
        "four files, each a network's state_dict. What else did the run hold in its hands?",
        "ask of each item: is it a parameter or a buffer of G or of D?",
    ),
}
hint = partial(show_hint, HINTS)


def _block(
    x: Tensor,
    conv1: Callable,
    conv2: Callable,
    norm: Callable,
    *,
    mode: str = "reflect",
    inner: Callable = relu,
    second: bool = True,
    last: Callable | None = None,
) -> Tensor:
    y = inner(norm(conv1(pad(x, (1,) * 4, mode=mode))))
    y = conv2(pad(y, (1,) * 4, mode=mode))
    y = norm(y) if second else y
    return x + (last(y) if last else y)


@checker
def check_block(block: Callable[..., Tensor]) -> Verdict:
    """Exercise 1: the residual block of the generator."""
    return judge(
        block,
        _block,
        {
            "with InstanceNorm": (_pictures(0, 2, 4, 5, 7), _conv(1), _conv(2), InstanceNorm()),
            "with another norm handed in": (
                _pictures(3, 1, 4, 6, 5),
                _conv(4),
                _conv(5),
                nn.GroupNorm(2, 4).double(),
            ),
        },
        mistakes={
            "the published bug: with a ReLU at its end, a block can only ever add, never take"
            " away": partial(_block, last=relu),
            "a ReLU after the sum is ResNet's, of 2015; here the sum is handed on as it is": (
                lambda *given: relu(_block(*given))
            ),
            "that is the branch; the block adds it to its input": (
                lambda x, *given: _block(x, *given) - x
            ),
            "that pads with zeros: a black frame that no picture has. Which mode mirrors?": partial(
                _block, mode="constant"
            ),
            "that repeats the border's pixels: it should be mirrored": partial(
                _block, mode="replicate"
            ),
            "the second convolution has its norm too, before the sum": (
                partial(_block, second=False)
            ),
            "without a ReLU between them two convolutions are one": partial(
                _block, inner=nn.Identity()
            ),
            "first the norm, then the ReLU": lambda x, conv1, conv2, norm: _block(
                x, conv1, conv2, lambda y: norm(relu(y)), inner=nn.Identity()
            ),
            "one of the two convolutions is used twice": (
                lambda x, conv1, conv2, norm: _block(x, conv1, conv1, norm),
                lambda x, conv1, conv2, norm: _block(x, conv2, conv2, norm),
            ),
            "the convolutions are exchanged": (
                lambda x, conv1, conv2, norm: _block(x, conv2, conv1, norm)
            ),
            "`norm` is an argument: use the one that is handed in": (
                lambda x, conv1, conv2, norm: _block(x, conv1, conv2, InstanceNorm())
            ),
        },
        gradients=True,
    )


@checker
def check_halving(halving: Mapping[str, str]) -> Verdict:
    """Exercise 2: what halving a loss does to a step."""
    clues = {
        "SGD": "SGD's step is the rate times the gradient: what does the factor do to that?",
        "Adam": (
            "Adam divides the mean of the gradients by the root of the mean of their squares: what"
            " cancels?"
        ),
    }
    return judge_table(halving, HALVING, clues, words=("half", "the same", "double"))


@checker(changes=(0,))
def check_query(query: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: the image pool."""
    pool: list[Tensor] = []
    generator = torch.Generator().manual_seed(0)
    first = _numbered(0, 4).requires_grad_()
    answer = _stacked(query(pool, first, 8, generator))
    if answer is None or answer.shape != first.shape:
        return not_yet("hand back as many pictures as came in, as one tensor")
    if answer.requires_grad or any(torch.as_tensor(image).requires_grad for image in pool):
        return not_yet(
            "the pool holds on to the generator's graph: D's step would train G, and memory would"
            " grow"
        )
    if len(pool) != 4:
        return not_yet(
            f"four pictures came in and should be kept, and the list `kept` holds {len(pool)}:"
            " change the list itself"
        )
    calls = [_numbers(answer)]
    for k in range(4, 724, 12):
        calls.append(_numbers(_stacked(query(pool, _numbered(k, 12), 8, generator))))
    if reason := _flaw_of_pool(calls, pool):
        return not_yet(reason)
    for size in (0, 3):
        small: list[Tensor] = []
        shown = [
            _numbers(_stacked(query(small, _numbered(4 * k, 4), size, generator))) for k in range(3)
        ]
        if len(small) != size:
            return not_yet(f"a pool of size {size} holds {len(small)} pictures: use `size`")
        if size == 0 and list(chain(*shown)) != list(range(12)):
            return not_yet("a pool of size 0 hands back what comes")
    if not draws_with(lambda generator: _three_calls(query, generator)):
        return not_yet(
            "draw with `generator`: the same one gives the same pictures, and another one others"
        )
    return PASSED


@checker
def check_rate(rate: Callable[[float, int, int], float]) -> Verdict:
    """Exercise 4: constant, then linear to zero."""
    for lr, n in ((2e-4, 40), (1.0, 8)):
        given = [numbers(rate(lr, n_done, n), 1) or [np.nan] for n_done in range(n)]
        answer = np.ravel(given) / lr
        if np.isnan(answer).any():
            return not_yet("return one number")
        right = np.array([lr_at(1.0, n_done, n) for n_done in range(n)])
        if np.allclose(answer, right, rtol=1e-5):
            continue
        if n != 40:
            return not_yet(
                f"right for a rate of 2e-4 and 40 steps, but not for {lr:g} and {n}: which number"
                " in your code should be an argument?"
            )
        if np.allclose(answer, 1):
            return not_yet("it never falls")
        if not np.allclose(answer[: n // 2], 1):
            return not_yet("the first half runs at the full rate, and yours does not")
        if answer[-1] <= 0:
            return not_yet("the last step has a rate of 0 or less: it is wasted")
        drops = -np.diff(answer[n // 2 :])
        if len(set(drops.round(9))) > 1 and np.ptp(drops) > 1e-6:
            return not_yet("the second half is not a line")
        if np.allclose(drops, 0):
            return not_yet("a staircase: the paper's rate falls in a line")
        if answer[-1] > 2.5 * right[-1]:
            return not_yet(
                f"the last rate is {lr * answer[-1]:.1e}: continued by a step, would your line be"
                " at 0?"
            )
        return not_yet("a line, but not through `lr` at the half and 0 one step behind the end")
    return PASSED


@checker
def check_partners(partners: Callable[..., Iterable]) -> Verdict:
    """Exercise 5: which picture of B comes with which picture of A."""
    for n_A, n_B, n_epochs in ((12, 17, 40), (9, 5, 30)):
        answer = _pairs(partners, n_A, n_B, n_epochs, torch.Generator().manual_seed(0))
        if reason := _flaw_of_pairs(answer, n_A, n_B, n_epochs):
            return not_yet(reason)
    if not draws_with(lambda generator: _pairs(partners, 12, 17, 2, generator)):
        return not_yet(
            "draw with the generator that you are given: the same one gives the same pairs, another"
            " others"
        )
    return PASSED


def _d_loss(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return ((D(real) - 1).square().mean() + D(fake.detach()).square().mean()) / 2


def _d_objective(
    D_A: nn.Module, D_B: nn.Module, real_A: Tensor, real_B: Tensor, fake_A: Tensor, fake_B: Tensor
) -> Tensor:
    return _d_loss(D_A, real_A, fake_A) + _d_loss(D_B, real_B, fake_B)


@checker
def check_d_objective(d_objective: Callable[..., Tensor]) -> Verdict:
    """Exercise 6: what both discriminators minimise, where a published summary has one."""

    def case(seed: int, n: int) -> tuple:
        pictures = [_pictures(seed + k, n, 3, 4, 5) for k in range(4)]
        fakes = [picture.requires_grad_() for picture in pictures[2:]]  # as they come from G
        return _Judge(0.7, 0.2), _Judge(-0.4, 0.5), *pictures[:2], *fakes

    def difference(
        D_A: nn.Module, D_B: nn.Module, a: Tensor, b: Tensor, fake_A: Tensor, fake_B: Tensor
    ) -> Tensor:
        return D_A(a).mean() - D_A(fake_A).mean() + D_B(b).mean() - D_B(fake_B).mean()

    def connected(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        return ((D(real) - 1).square().mean() + D(fake).square().mean()) / 2

    return judge(
        d_objective,
        _d_objective,
        {"for two pictures of each kind": case(0, 2), "for five of each kind": case(10, 5)},
        mistakes={
            "the value is right, and it trains the generators: to be found out. Where is the"
            " graph of the fakes cut?": lambda A, B, a, b, f, g: (
                connected(A, a, f) + connected(B, b, g)
            ),
            "the cut is behind D, so D learns nothing from fakes: cut before D": (
                lambda A, B, a, b, f, g: (
                    ((A(a) - 1).square().mean() + A(f).detach().square().mean()) / 2
                    + ((B(b) - 1).square().mean() + B(g).detach().square().mean()) / 2
                )
            ),
            "twice the paper's: each D's objective is halved": lambda *given: (
                2 * _d_objective(*given)
            ),
            "one discriminator for both domains: who judges pictures of B?": (
                lambda A, B, *given: _d_objective(A, A, *given),
                lambda A, B, *given: _d_objective(B, B, *given),
            ),
            "the fakes of one domain in both halves": (
                lambda A, B, a, b, f, g: _d_objective(A, B, a, b, f, f),
                lambda A, B, a, b, f, g: _d_objective(A, B, a, b, g, g),
            ),
            "the letters are exchanged: which pictures does D_A judge?": lambda A, B, *given: (
                _d_objective(B, A, *given)
            ),
            "each D has the fakes of the other domain": lambda A, B, a, b, f, g: _d_objective(
                A, B, a, b, g, f
            ),
            "the labels are exchanged: which pictures belong at 1?": lambda A, B, a, b, f, g: (
                _d_objective(A, B, f, g, a, b)
            ),
            "only one domain's half": (
                lambda A, B, a, b, f, g: _d_loss(A, a, f),
                lambda A, B, a, b, f, g: _d_loss(B, b, g),
            ),
            "that is what the generators minimise": lambda A, B, a, b, f, g: (
                (A(f) - 1).square().mean() + (B(g) - 1).square().mean()
            ),
            "a difference of means, as published: nothing bounds it. Where are the squares?": [
                lambda *given, factor=factor: factor * difference(*given)
                for factor in (1, 0.5, -1, -0.5)
            ],
        },
        gradients=True,
    )


@checker
def check_swing(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 7: whether a pool calms the game of lesson 03."""

    def doubt(figures: dict) -> str:
        if min(figures[0] + figures[20]) < 0:
            return "a distance from 0 is not negative: write down the mean of |theta|"
        if figures[0] == figures[20]:
            return "the pool makes no difference in any digit: does D see what it hands back?"
        if min(figures[0]) > 0.5:
            return (
                "without a pool the swing should have shrunk: an alternating game with G's"
                " non-saturating loss, 1000 steps at a rate of 0.1, and the last 200 of them"
            )
        return ""

    words = {"lower": "calmer", "higher": "wilder"}
    return judge_experiment(
        experiment,
        outcomes=("calmer", "no clear difference", "wilder"),
        settings=(0, 20),
        n_runs=3,
        says=lambda figures: words.get(effect := compare_runs(figures[0], figures[20]), effect),
        doubt=doubt,
    )


@checker
def check_lost(lost: Mapping[str, str]) -> Verdict:
    """Exercise 8: what a checkpoint of weights alone keeps."""
    clues = {
        "the weights": "what is in the files, if not that?",
        "Adam's moments": (
            "Adam keeps two numbers for each weight: are they in G's or D's state_dict?"
        ),
        "the step number": "how would the schedule know where it stood?",
        "the pools": "the pools are lists of pictures; which network would hold them?",
        "the place in the data": "who remembers which pictures of this epoch were shown already?",
    }
    return judge_table(lost, LOST, clues)


class _Judge(nn.Module):
    """A D with a few weights: one score for each pixel."""

    def __init__(self, slope: float, shift: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([slope, -0.3, 0.2], dtype=torch.float64))
        self.bias = nn.Parameter(torch.tensor(shift, dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        return (self.weight[:, None, None] * images).sum(1) + self.bias


def _pictures(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _conv(seed: int) -> nn.Conv2d:
    conv = nn.Conv2d(4, 4, 3, bias=False, dtype=torch.float64)
    conv.weight = nn.Parameter(_pictures(seed, 4, 4, 3, 3) / 2)
    return conv


def _numbered(first: int, n: int) -> Tensor:
    """Pictures that carry their number in their first pixel, and a pattern in all others."""
    pattern = torch.linspace(0, 0.4, 12).view(3, 2, 2)
    return torch.arange(first, first + n).float()[:, None, None, None] + pattern


def _stacked(answer: object) -> Tensor | None:
    """Pictures as one tensor, from a tensor, an array or a list of either."""
    if isinstance(answer, list | tuple):
        answer = torch.stack([torch.as_tensor(image) for image in answer])
    return torch.as_tensor(answer) if isinstance(answer, Tensor | np.ndarray) else None


def _numbers(images: Tensor | None) -> list[int]:
    """The numbers of pictures; -1 for one that has changed."""
    assert images is not None
    numbers = images[:, 0, 0, 0].round().detach()
    intact = torch.isclose(images, numbers[:, None, None, None] + _numbered(0, 1), atol=1e-4)
    return torch.where(intact.flatten(1).all(1), numbers, -1).int().tolist()


def _flaw_of_pool(calls: list[list[int]], pool: list) -> str:
    """The flaw in what a pool of 8 handed back for pictures 0, 1, 2, ...; empty if there is none.

    Args:
        calls: for each call, the numbers of the pictures that came back; four in the first call,
            twelve in all others.
        pool: what is kept.
    """
    returned = list(chain(*calls))
    if -1 in returned:
        return "a picture came back changed: hand back what came in, now or earlier"
    if returned[:8] != list(range(8)):
        return "while the pool fills, hand back what came in, and keep it"
    if len(pool) > 8:
        return f"a pool of 8 holds {len(pool)} pictures"
    ages = [now - number for now, number in enumerate(returned)][8:]
    share = sum(age > 0 for age in ages) / len(ages)
    if share == 0:
        return "no picture of an earlier call ever comes back: that is not a pool"
    if max(number for now, number in enumerate(returned) if number < now) < 8:
        return (
            "the old pictures are always the first eight: the new one takes the place of the one"
            " that left"
        )
    if share > 0.9:
        return "D sees old pictures only: with probability 1/2 hand back the new one"
    if not 0.42 < share < 0.58:
        return f"{share:.0%} of the pictures are old ones; the coin says one half"
    later = list(zip(calls[2:], range(16, len(returned), 12), strict=True))
    mixed = sum(
        0 < sum(number < start + k for k, number in enumerate(call)) < 12 for call, start in later
    )
    if mixed < len(later) / 2:  # with a coin for each of twelve pictures it is nearly all
        return "one coin for a whole batch: all its pictures are new, or all are old"
    fresh = [start + k - number for call, start in later for k, number in enumerate(call)]
    if len(set(returned[8:])) < len(returned[8:]):
        return (
            "a picture came back twice: one that is handed back at once is not kept, one that left"
            " is gone"
        )
    if max(ages) < 45:
        return (
            "the old pictures are all of about one age: throw out a random one, not the oldest or"
            " the first"
        )
    if sum(0 < age < 12 for age in fresh) > 0.33 * len(fresh):
        return "the pictures of a batch share one place of the pool: draw a place for each"
    return ""


def _three_calls(query: Callable[..., Tensor], generator: torch.Generator) -> list[list[int]]:
    """The pictures that a pool of 8 hands back for three batches of 12."""
    pool: list[Tensor] = []
    return [_numbers(_stacked(query(pool, _numbered(k, 12), 8, generator))) for k in (0, 12, 24)]


def _pairs(partners: Callable[..., Iterable], *arguments: object) -> list[tuple[int, int]]:
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
    if all(len({b for _, b in epoch}) == 1 for epoch in epochs):
        return "one picture of B for a whole epoch: draw one for each pair"
    if {b for _, b in answer} != set(range(n_B)):
        return "some pictures of B are never shown: B may be the larger set"
    if min(n_partners) < min(10, n_B - 1):
        return (
            f"in {n_epochs} epochs a picture of A met only {min(n_partners)} of B: draw B anew each"
            " time"
        )
    if all([b for _, b in epoch] == [b for _, b in epochs[0]] for epoch in epochs):
        return "B comes in the same order in every epoch"
    if any([a for a, _ in one] == [a for a, _ in two] for one, two in pairwise(epochs)):
        return "A comes in the same order in every epoch: shuffle it, each time anew"
    return ""
