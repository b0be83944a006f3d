"""Checkers of lesson 05, and their hints."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    compare_pairs,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    numbers,
    outside,
    show_hint,
)
from gan_course.training.losses import d_logistic

Layers = Sequence[tuple[int, int]]
ARMS = ("L1", "conditional GAN", "unconditional GAN", "L1 + GAN")
RANKING = {"lowest error": "L1", "highest error": "unconditional GAN", "least detail": "L1"}
TASKS = {
    "grey photo -> colour": "paired",
    "edges of a photo -> the photo": "paired",
    "horse -> zebra": "unpaired",
    "photo -> Van Gogh": "unpaired",
    "satellite tile -> map tile": "paired",
}

HINTS = {
    "best_guess": (
        "move the guess a little to the right: what do the answers on either side cost now?",
        "under L1 each answer pulls with the same force, under L2 with its distance",
        "where do the forces cancel? One of the two is a value that you find by counting",
    ),
    "d_loss": (
        "D judges a pair: an input, and an output that belongs to it or was made for it",
        "`torch.cat` along the channels makes one picture of the pair, the input first",
        "whose weights must D's loss not move? And what does the paper do to slow D down?",
    ),
    "field": (
        "a score that looks at one place sees one pixel, before any layer is counted",
        "each kernel adds its width less one, in steps of that layer's input",
        "how many pixels is one step, after the strides so far? Its own stride comes later",
    ),
    "ranking": (
        "three of the four are told in some way which output belongs to an input",
        "who minimises the very number that the table compares?",
    ),
    "draw": (
        "which layers of G behave differently in training, and which of them is meant here?",
        "remember the mode of G, run it in training, and give the mode back",
        "a forward pass under `torch.no_grad()` keeps no graph; dropout still draws",
    ),
    "tasks": (
        "could you make the input from the output yourself?",
        "or could the same scene have been recorded twice, in both ways?",
    ),
    "one_pixel": (
        "leave the border out of both: compare the inner part of each tile",
        "a slice that begins one column earlier is the map, one pixel aside",
        "`avg_pool2d(tiles, 5, stride=1)` makes no new pixels at the border",
    ),
    "strides": (
        "use your formula of exercise 3: what do five strides of 2 see, what four?",
        "30 scores of 256 pixels: how often is the size halved?",
        "the last convolution, to the scores, does not stride either",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_best_guess(best_guess: Callable[[Tensor], Sequence[Tensor]]) -> Verdict:
    """Exercise 1: the one answer that costs least when several are right."""
    five = torch.tensor([0.9, 0.1, 0.85, 0.0, 0.05], dtype=torch.float64)
    return judge(
        best_guess,
        lambda answers: (answers.median(), answers.mean()),
        {
            "for the answers 0.9, 0.1, 0.85, 0, 0.05": (five,),
            "for the answers 9, 2, 2, 7, 2": (torch.tensor([9.0, 2.0, 2.0, 7.0, 2.0]),),
            "for the one answer -1": (torch.tensor([-1.0]),),
        },
        mistakes={
            "the two are exchanged: L1 counts how many answers lie on either side, L2 how far away"
            " they are": lambda answers: (answers.mean(), answers.median()),
            "the mean is best for L2; the slope of |guess - answer| is +1 or -1, however far away"
            " answer is": lambda answers: (answers.mean(), ...),
            "for L2 the slope is 2 (guess - answer): where do these add up to 0?": (
                lambda answers: (..., answers.median())
            ),
            "the middle of the range hears only the two extremes; L1 hears each answer": (
                lambda answers: ((answers.min() + answers.max()) / 2, ...)
            ),
            "the middle of the list is not the middle answer: sort them first": (
                lambda answers: (answers[len(answers) // 2], ...)
            ),
        },
        names=("the best guess for L1", "the one for L2"),
        form="two numbers: the best guess for L1, then the one for L2",
    )


@checker
def check_d_loss(d_loss: Callable[..., Tensor]) -> Verdict:
    """Exercise 2: the objective of pix2pix's discriminator."""
    return judge(
        d_loss,
        _d_loss,
        {"for one batch": _d_loss_inputs(0, 2), "for another D and batch": _d_loss_inputs(1, 3)},
        gradients=True,
        mistakes={
            "that D sees the output alone: an unconditional GAN. Show it the input beside the"
            " output": lambda D, A, B, fake: d_logistic(D(B), D(fake.detach())) / 2,
            "the value is right, but its gradient reaches G through fake_B: detach it": (
                lambda D, A, B, fake: _halves(D, (A, B), (A, fake)) / 2
            ),
            "D learns nothing from fakes: cut off the fake, not the score that D gives to it": (
                lambda D, A, B, fake: (
                    d_logistic(D(torch.cat([A, B], 1)), D(torch.cat([A, fake], 1)).detach()) / 2
                )
            ),
            "the two halves are right; the paper divides D's objective by 2": (
                lambda *arguments: 2 * _d_loss(*arguments)
            ),
            "real and fake are exchanged: D wants high scores for true pairs": (
                lambda D, A, B, fake: _halves(D, (A, fake.detach()), (A, B)) / 2,
                lambda D, A, B, fake: _halves(D, (A, fake.detach()), (A, B)),
            ),
            "the input comes first: cat([A, B], 1), as the lesson's D is built and is given them": (
                lambda D, A, B, fake: _halves(D, (B, A), (fake.detach(), A)) / 2
            ),
            "the fake pair is (real_A, fake_B): the input stays, the output is replaced": (
                lambda D, A, B, fake: _halves(D, (A, B), (fake.detach(), B)) / 2,
                lambda D, A, B, fake: _halves(D, (A, B), (fake.detach(), B)),
            ),
            "that is G's loss": (
                lambda D, A, B, fake: softplus(-D(torch.cat([A, fake], 1))).mean(),
                lambda D, A, B, fake: softplus(-D(torch.cat([A, fake], 1))).mean() / 2,
            ),
            "one of the two halves is missing: D judges true pairs and generated ones": (
                lambda D, A, B, fake: softplus(-D(torch.cat([A, B], 1))).mean() / 2,
                lambda D, A, B, fake: softplus(D(torch.cat([A, fake.detach()], 1))).mean() / 2,
            ),
            "least squares is CycleGAN's loss; pix2pix has the logistic one": (
                lambda D, A, B, fake: (
                    (
                        (D(torch.cat([A, B], 1)) - 1).square().mean()
                        + D(torch.cat([A, fake.detach()], 1)).square().mean()
                    )
                    / 2
                )
            ),
        },
    )


@checker
def check_field(field: Callable[[Layers], int]) -> Verdict:
    """Exercise 3: the receptive field of a stack of convolutions."""
    stacks: tuple[Layers, ...] = (
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(4, 2), (3, 2), (4, 1)],
        [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)],
        [(7, 1), (4, 2)],
        [(5, 3), (2, 1)],
    )
    return judge(
        field,
        _field,
        {f"for {layers}": (layers,) for layers in stacks},
        mistakes={
            "layers come from the picture to the scores, and you walk the other way": (
                lambda layers: _field(layers[::-1])
            ),
            "strides count: after a stride of 2 a step is two pixels wide": (
                lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers)
            ),
            "neighbouring kernels overlap: each adds its width less one": (
                lambda layers: sum(kernel for kernel, _ in layers)
            ),
            "one too many: a stack of no layers sees one pixel": lambda layers: _field(layers) + 1,
            "one too few: a stack of no layers sees one pixel, not none": (
                lambda layers: _field(layers) - 1
            ),
            "a layer's own stride widens the steps of later layers, not its own": (
                lambda layers: _field(layers, eager=True)
            ),
        },
        form="a whole number of pixels",
    )


@checker
def check_strides(strides: Sequence[int]) -> Verdict:
    """Exercise 8: the strides of a PatchGAN that sees what its paper says."""
    if isinstance(strides, tuple | list) and all(stride is ... for stride in strides) and strides:
        return NOT_ATTEMPTED
    answer = numbers(strides, 5)
    if answer is None:
        return not_yet(
            "give five numbers, a stride for each 4 x 4 convolution, the last one to the scores"
        )
    if not all(stride.is_integer() and stride >= 1 for stride in answer):
        return not_yet("strides are whole numbers from 1")
    strides, size = [int(stride) for stride in answer], 256
    for stride in strides:
        size = (size + 2 - 4) // stride + 1
    seen = _field([(4, stride) for stride in strides])
    if strides == [2, 2, 2, 2, 1]:
        return not_yet(
            "that is the published reading, and it sees 94 pixels: one of the four does not stride"
        )
    if seen != 70:
        return not_yet(f"that D sees {seen} pixels, not 70")
    if size != 30:
        return not_yet(
            f"it sees 70 pixels, but makes {size} x {size} scores of 256 pixels, not 30 x 30"
        )
    return PASSED


@checker
def check_ranking(ranking: Mapping[str, str]) -> Verdict:
    """Exercise 4: a prediction about four trainings."""
    return judge_table(
        ranking,
        RANKING,
        {
            "lowest error": "The error is an L1: who is told to make it small, and nothing else?",
            "least detail": "Look at the stripes again: which loss answers doubt with grey?",
            "highest error": "Who is told by no loss that its output belongs to its input?",
        },
        words=ARMS,
    )


@checker(changes=(0,), draws=True)
def check_draw(draw: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    """Exercise 5: a translation with the noise that was lost."""
    return judge(
        draw,
        _draw,
        {
            "from a G in training mode": partial(_noisy_generator, 0, 4, training=True),
            "from a G in evaluation mode": partial(_noisy_generator, 1, 3, training=False),
        },
        result=lambda fake, G, A: (fake, _has_graph(fake)),
        mistakes={
            "the graph is kept: nothing here will be differentiated": lambda G, A: G.train()(A),
            "two draws are equal: dropout is off, and with it the only noise that pix2pix has": (
                lambda G, A: G.eval()(A).detach(),
                lambda G, A: G.eval()(A),
            ),
            "dropout is on, but BatchNorm uses running statistics: run all of G as in training": (
                _draw_with_dropout_alone
            ),
            "BatchNorm runs as in training, and dropout is off": (
                partial(_draw_with_dropout_alone, others=True)
            ),
        },
        names=("the translations", "their graph"),
        form="the translations, as many as inputs",
    )


@checker
def check_tasks(tasks: Mapping[str, str]) -> Verdict:
    """Exercise 6: for which tasks pairs exist."""
    never = "Nobody has both pictures of the same moment. Who would have taken the second?"
    return judge_table(
        tasks,
        TASKS,
        {
            "grey photo -> colour": "Take a colour photo: can you make its grey partner yourself?",
            "edges of a photo -> the photo": "An edge detector makes inputs from outputs",
            "satellite tile -> map tile": "Two tiles of the same coordinates are a pair; this"
            " lesson trains on them",
            "horse -> zebra": never,
            "photo -> Van Gogh": never,
        },
    )


@checker
def check_one_pixel(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 7: does a shift by one pixel or a blur cost more L1?"""
    return judge_experiment(
        experiment,
        settings=("shifted", "blurred"),
        n_runs=4,
        says=lambda figures: compare_pairs(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 2),
        look="compare run by run",
    )


class _Judge(nn.Module):
    """A D without layers, which takes 3 channels as well as 6."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, generator=generator, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("c,nchw->nhw", self.weight[: x.shape[1]], x)[:, None] + 0.3


def _d_loss_inputs(seed: int, n: int) -> tuple[nn.Module, Tensor, Tensor, Tensor]:
    source = torch.Generator().manual_seed(seed)
    real_A, real_B, fake_B = torch.randn(3, n, 3, 4, 4, generator=source, dtype=torch.float64)
    return _Judge(source), real_A, real_B, fake_B.requires_grad_()


def _halves(D: nn.Module, real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor]) -> Tensor:
    return d_logistic(D(torch.cat(real, 1)), D(torch.cat(fake, 1)))


def _d_loss(D: nn.Module, real_A: Tensor, real_B: Tensor, fake_B: Tensor) -> Tensor:
    return _halves(D, (real_A, real_B), (real_A, fake_B.detach())) / 2


def _field(layers: Layers, *, eager: bool = False) -> int:
    seen, step = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * step * (stride if eager else 1)
        step *= stride
    return seen


def _noisy_generator(seed: int, n: int, *, training: bool) -> tuple[nn.Module, Tensor]:
    """A G with dropout and BatchNorm, an input, and the global generator at a known place."""
    torch.default_generator.manual_seed(seed)
    norm = nn.BatchNorm2d(8)
    G = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), norm, nn.Dropout(0.5), nn.Conv2d(8, 3, 1))
    norm.running_mean = torch.full(
        (8,), -1_000.0
    )  # of other batches: who uses it makes huge values
    return G.train(training), torch.randn(n, 3, 8, 8)


def _has_graph(value: object) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _draw(G: nn.Module, A: Tensor) -> Tensor:
    was_training = G.training
    G.train()
    with torch.no_grad():
        fake = G(A)
    G.train(was_training)
    return fake


def _draw_with_dropout_alone(G: nn.Module, A: Tensor, *, others: bool = False) -> Tensor:
    """With dropout on and the other layers in evaluation mode; with `others` the other way."""
    G.train(others)
    for module in G.modules():
        if isinstance(module, nn.Dropout):
            module.train(not others)
    with torch.no_grad():
        return G(A)
