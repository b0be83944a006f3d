"""Checkers of lesson 05."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    is_same,
    not_yet,
    numbers,
)

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


@checker
def check_best_guess(best_guess: Callable[[Tensor], Sequence[Tensor]]) -> Verdict:
    """Exercise 1: the one answer that costs least when several are right."""
    answers = torch.tensor([0.9, 0.1, 0.85, 0.0, 0.05], dtype=torch.float64)
    guess = numbers(best_guess(answers), 2)
    if guess is None:
        return not_yet("return two numbers: the best guess for L1, then the one for L2")
    for_l1, for_l2 = guess
    median, mean = answers.median().item(), answers.mean().item()
    if _near(for_l1, median) and _near(for_l2, mean):
        for answers in (torch.tensor([2.0, 7.0, 3.0]), torch.tensor([-1.0])):
            guess = numbers(best_guess(answers), 2)
            if guess is None or not (
                _near(guess[0], answers.median().item()) and _near(guess[1], answers.mean().item())
            ):
                return not_yet(
                    "right for the first answers; compute it from `answers`, for any odd number of"
                    " them"
                )
        return PASSED
    if _near(for_l1, mean) and _near(for_l2, median):
        return not_yet(
            "the two are exchanged: L1 counts how many answers lie on either side, L2 how far away"
            " they are"
        )
    if _near(for_l1, mean):
        return not_yet(
            "the mean is best for L2; the slope of |guess - answer| is +1 or -1, however far away"
            " answer is"
        )
    if _near(for_l2, median):
        return not_yet("for L2 the slope is 2 (guess - answer): where do these add up to 0?")
    if _near(for_l1, 0.45):
        return not_yet("the middle of the range hears only the two extremes; L1 hears each answer")
    if _near(for_l1, 0.85):
        return not_yet("the middle of the list is not the middle answer: sort them first")
    return not_yet(
        f"for the answers 0.9, 0.1, 0.85, 0, 0.05 the best are {median:.2f} for L1 and {mean:.2f}"
        f" for L2; you say {for_l1:.2f} and {for_l2:.2f}"
    )


@checker
def check_d_loss(d_loss: Callable[..., Tensor]) -> Verdict:
    """Exercise 2: the objective of pix2pix's discriminator."""
    generator = torch.Generator().manual_seed(0)
    real_A, real_B, fake_B = (
        torch.randn(2, 3, 4, 4, generator=generator, dtype=torch.float64) for _ in range(3)
    )
    slopes = torch.tensor([0.9, -0.4, 0.7, 1.1, 0.3, -0.8], dtype=torch.float64)
    seen: list[Tensor] = []

    def D(x: Tensor) -> Tensor:
        seen.append(x)
        return torch.einsum("c,nchw->nhw", slopes[: x.shape[1]], x)[:, None] + 0.3

    fake_B.requires_grad_()
    loss = d_loss(D, real_A, real_B, fake_B)
    if not torch.is_tensor(loss) or loss.shape != ():
        return not_yet("return one number: a tensor of shape ()")
    if any(x.shape[1] == 3 for x in seen):
        return not_yet(
            "that D sees the output alone: an unconditional GAN. Show it the input beside the"
            " output"
        )
    pair = {
        "AB": (real_A, real_B),
        "Af": (real_A, fake_B),
        "BA": (real_B, real_A),
        "fA": (fake_B, real_A),
    }
    scores = {name: D(torch.cat(parts, 1)).detach() for name, parts in pair.items()}
    right = _d_logistic(scores["AB"], scores["Af"]) / 2
    if is_same(loss, right):
        if (
            loss.requires_grad
            and torch.autograd.grad(loss, fake_B, allow_unused=True)[0] is not None
        ):
            return not_yet(
                "the value is right, but its gradient reaches G through fake_B: detach it"
            )
        return PASSED
    if is_same(loss, 2 * right):
        return not_yet("the two halves are right; the paper divides D's objective by 2")
    if is_same(loss, _d_logistic(scores["Af"], scores["AB"]) / 2) or is_same(
        loss, _d_logistic(scores["Af"], scores["AB"])
    ):
        return not_yet("real and fake are exchanged: D wants high scores for true pairs")
    if is_same(loss, _d_logistic(scores["BA"], scores["fA"]) / 2):
        return not_yet(
            "the input comes first: cat([A, B], 1), as the lesson's D was built and is given them"
        )
    mixed = D(torch.cat([fake_B, real_B], 1)).detach()
    if any(is_same(loss, _d_logistic(scores["AB"], mixed) / factor) for factor in (1, 2)):
        return not_yet("the fake pair is (real_A, fake_B): the input stays, the output is replaced")
    if is_same(loss, softplus(-scores["Af"]).mean()) or is_same(
        loss, softplus(-scores["Af"]).mean() / 2
    ):
        return not_yet("that is G's loss")
    if is_same(loss, softplus(-scores["AB"]).mean() / 2) or is_same(
        loss, softplus(scores["Af"]).mean() / 2
    ):
        return not_yet("one of the two halves is missing: D judges true pairs and generated ones")
    real, fake = scores["AB"], scores["Af"]
    if is_same(loss, ((real - 1).square().mean() + fake.square().mean()) / 2):
        return not_yet("least squares is CycleGAN's loss; pix2pix has the logistic one")
    return not_yet(f"for the checker's D it is {right:.4f}, yours is {loss:.4f}")


@checker
def check_field(field: Callable[[Layers], int]) -> Verdict:
    """Exercise 3: the receptive field of a stack of convolutions."""
    for layers in (
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(4, 2), (3, 2), (4, 1)],
        [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)],
        [(7, 1), (4, 2)],
    ):
        answer, right = numbers(field(layers), 1), _field(layers)
        if answer is None or not answer[0].is_integer():
            return not_yet("return a whole number of pixels")
        pixels = int(answer[0])
        if pixels == right:
            continue
        if len(layers) > 1 and pixels == _field(layers[::-1]):
            return not_yet(
                f"layers come from the picture to the scores: {layers} gives {right}, you walk the"
                " other way"
            )
        if pixels == 1 + sum(kernel - 1 for kernel, _ in layers):
            return not_yet(
                f"strides count: after a stride of 2 a step is two pixels wide. {layers} gives"
                f" {right}"
            )
        if pixels == sum(kernel for kernel, _ in layers):
            return not_yet(
                f"neighbouring kernels overlap: each adds its width less one. {layers} gives"
                f" {right}"
            )
        if pixels == right + 1:
            return not_yet(
                "one too many: a stack of no layers sees one pixel, and each kernel adds its width"
                " less one"
            )
        if pixels == right - 1:
            return not_yet("one too few: a stack of no layers sees one pixel, not none")
        if pixels == _eager(layers):
            return not_yet(
                f"a layer's own stride widens the steps of later layers, not its own. {layers}"
                f" gives {right}"
            )
        return not_yet(f"{layers} sees {right} pixels, you say {pixels}")
    return PASSED


@checker
def check_strides(strides: Sequence[int]) -> Verdict:
    """Exercise 4: the strides of a PatchGAN that sees what its paper says."""
    if (
        isinstance(strides, tuple | list)
        and len(strides) == 5
        and all(stride is ... for stride in strides)
    ):
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
            "that is the published reading, and it sees 94 pixels: which of the four has to stop"
            " striding?"
        )
    if seen != 70:
        return not_yet(f"that D sees {seen} pixels, not 70")
    if size != 30:
        return not_yet(
            f"it sees 70 pixels, but makes {size} x {size} scores of 256 pixels, not 30 x 30"
        )
    return PASSED


@checker
def check_draw(draw: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    """Exercise 6: a translation with the noise that was lost."""
    torch_state = torch.get_rng_state()
    try:
        return _judge_draw(draw)
    finally:
        torch.set_rng_state(torch_state)


@checker
def check_ranking(ranking: Mapping[str, str]) -> Verdict:
    """Exercise 5: a prediction about four trainings."""
    if not isinstance(ranking, Mapping) or set(ranking) != set(RANKING):
        return not_yet(
            'answer with {"lowest error": ..., "highest error": ..., "least detail": ...}'
        )
    if all(word is ... for word in ranking.values()):
        return NOT_ATTEMPTED
    if any(word is ... for word in ranking.values()):
        return not_yet("three predictions are asked for")
    answers = {name: " ".join(str(word).split()) for name, word in ranking.items()}
    if not set(answers.values()) <= set(ARMS):
        return not_yet(f"each is one of: {', '.join(ARMS)}")
    if answers["lowest error"] != "L1":
        return not_yet("the error is L1: which of the four minimises nothing else?")
    if answers["least detail"] != "L1":
        return not_yet("look at the stripes again: which loss answers doubt with grey?")
    if answers["highest error"] != "unconditional GAN":
        return not_yet(
            "one of the four is never told, by any loss, that its output belongs to its input"
        )
    return PASSED


@checker
def check_tasks(tasks: Mapping[str, str]) -> Verdict:
    """Exercise 7: for which tasks pairs exist."""
    if not isinstance(tasks, Mapping) or set(tasks) != set(TASKS):
        return not_yet(f"answer for each of: {', '.join(TASKS)}")
    if all(word is ... for word in tasks.values()):
        return NOT_ATTEMPTED
    if any(word is ... for word in tasks.values()):
        return not_yet('five answers are asked for, each "paired" or "unpaired"')
    answers = {name: str(word).strip().lower() for name, word in tasks.items()}
    if not set(answers.values()) <= {"paired", "unpaired"}:
        return not_yet('each is "paired" or "unpaired"')
    if answers["grey photo -> colour"] != "paired":
        return not_yet(
            "that is the article's mistake. Take any colour photo: can you make its grey partner"
            " yourself?"
        )
    if answers["edges of a photo -> the photo"] != "paired":
        return not_yet("an edge detector makes the input from the output: the pairs are free")
    if answers["satellite tile -> map tile"] != "paired":
        return not_yet("two tiles of the same coordinates are a pair; this lesson trains on them")
    wrong = [name for name, word in answers.items() if word != TASKS[name]]
    if wrong:
        return not_yet(
            f"{wrong[0]}: nobody has both pictures of the same moment. Who would have taken the"
            " second?"
        )
    return PASSED


def _judge_draw(draw: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(8)
    G = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        norm,
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Conv2d(8, 3, 1),
    )
    A = torch.randn(4, 3, 8, 8)
    assert norm.running_mean is not None
    for mode in (True, False):
        G.train(mode)
        norm.running_mean.fill_(-1_000.0)  # of some other batch: whoever uses it makes huge values
        first, second = draw(G, A), draw(G, A)
        if not torch.is_tensor(first) or first.shape != A.shape:
            return not_yet("return the translations, as many as inputs")
        if first.requires_grad:
            return not_yet("the graph is kept: nothing here will be differentiated")
        if any(module.training != mode for module in G.modules()):
            return not_yet("G goes back in another mode than it came in")
        if torch.equal(first, second):
            return not_yet(
                "two draws are equal: dropout is off, and with it the only noise that pix2pix has"
            )
        if first.abs().max() > 50:
            return not_yet(
                "dropout is on, but BatchNorm uses running statistics: run all of G as in training"
            )
    return PASSED


def _field(layers: Layers) -> int:
    seen, jump = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * jump
        jump *= stride
    return seen


def _eager(layers: Layers) -> int:
    seen, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        seen += (kernel - 1) * jump
    return seen


def _d_logistic(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def _near(a: float, b: float) -> bool:
    return abs(a - b) < 1e-6
