"""Checkers of lesson 14, on few pictures, augmentation and the card of a model, and their hints."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    compare_runs,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    outside,
    show_hint,
)
from gan_course.training.losses import d_logistic, g_nonsaturating

LEAKS = {
    "colours changed, on the real pictures alone": "leaks",
    "colours changed, on real and fake": "safe",
    "real pictures mirrored or not, by a coin, fakes never; all cats look right": "leaks",
    "the same with photographs of buildings seen from the front": "harmless",
    "turned by 0, 90, 180 or 270 degrees, each as likely, on real and fake": "leaks",
    "turned by such an angle one time in ten, on real and fake": "safe",
}
CARD = ("what", "data", "licence", "pictures", "started from", "measured", "not for")

HINTS = {
    "needed": (
        "first the rows of one remedy; several rows may have one number of pictures: their mean",
        "then the numbers in ascending order: the first whose mean is at most the limit",
    ),
    "overfitting": (
        "0 where D scores new pictures as those that it learns from; 1 where as fakes",
        "a difference of means over a difference of means",
    ),
    "losses": (
        "who sees pictures that nobody augmented?",
        "does a gradient come back to G through what you hand to D?",
        "three calls of D on real and fake, and in each its argument is augmented",
    ),
    "leaks": (
        "with real and fake augmented alike: could G draw augmented pictures and never be found"
        " out?",
        "if all four turns are equally likely, what does a turned cat look like after one more"
        " turn?",
    ),
    "best_step": (
        "which entry is least, and at which step was it taken?",
        "the key of the least value, as a whole number; of two, the earlier",
    ),
    "card": (
        "somebody else has to be able to judge it: from what, from where, how well",
        "measured: at least two numbers by name, one of them a share of copies",
    ),
    "points": (
        "20 points: D can put a fence around each",
        "every run: new points, new held-out points, a new D",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_needed(needed: Callable[[Sequence[Mapping], str, float], int]) -> Verdict:
    """Exercise 1: the least number of pictures that reaches a distance."""

    def table(*rows: tuple[int, str, float]) -> list[dict]:
        return [dict(zip(("pictures", "remedy", "distance"), row, strict=True)) for row in rows]

    rows = table(
        (50, "a", 90.0),
        (50, "b", 40.0),
        (200, "a", 52.0),
        (200, "a", 44.0),
        (200, "b", 31.0),
        (1_000, "a", 20.0),
        (1_000, "b", 19.0),
    )

    others = table((1_000, "b", 10.0), (200, "b", 36.0), (200, "a", 5.0), (50, "b", 95.0))

    def first_row(rows: Sequence[Mapping], remedy: str, limit: float) -> int:
        return next(r["pictures"] for r in rows if r["remedy"] == remedy and r["distance"] <= limit)

    def best_of_all(rows: Sequence[Mapping], remedy: str, limit: float) -> int:
        return min(r["pictures"] for r in rows if r["distance"] <= limit)

    def another_remedy(rows: Sequence[Mapping], remedy: str, limit: float) -> int:
        return _needed(rows, "a", limit)

    def largest(rows: Sequence[Mapping], remedy: str, limit: float) -> int:
        return max(r["pictures"] for r in rows if r["remedy"] == remedy and r["distance"] <= limit)

    return judge(
        needed,
        _needed,
        {
            "for a limit of 45 without help": (rows, "a", 45.0),
            "for a limit of 48, which a mean reaches exactly": (rows, "a", 48.0),
            "for another remedy": (rows, "b", 45.0),
            "for another table, in another order": (others, "b", 35.0),
        },
        mistakes={
            "a single row reaches it, and the mean of that number of pictures does not": first_row,
            "`remedy` is an argument: which rows are of it?": (best_of_all, another_remedy),
            "that is the most pictures that reach it: the fewest are asked for": largest,
        },
    )


def _needed(rows: Sequence[Mapping], remedy: str, limit: float) -> int:
    for count in sorted({row["pictures"] for row in rows}):
        found = [
            row["distance"] for row in rows if row["remedy"] == remedy and row["pictures"] == count
        ]
        if found and sum(found) / len(found) <= limit:
            return count
    return 0


@checker
def check_overfitting(overfitting: Callable[[Tensor, Tensor, Tensor], float]) -> Verdict:
    """Exercise 2: how far D takes new real pictures for fakes."""
    scores = torch.tensor([2.0, 4.0, 3.0]), torch.tensor([1.0, 0.5]), torch.tensor([-2.0, 0.0, -4])
    return judge(
        overfitting,
        lambda train, held_out, fake: (
            (train.mean() - held_out.mean()) / (train.mean() - fake.mean())
        ),
        {
            "for a few scores": scores,
            "for a D that has learnt by heart": (scores[0], scores[2], scores[2]),
            "for other scores": (scores[1], scores[0] - 3, 2 * scores[2]),
        },
        mistakes={
            "held-out and fake are exchanged": lambda train, held_out, fake: (
                (train.mean() - fake.mean()) / (train.mean() - held_out.mean())
            ),
            "that is 1 for a D that has learnt nothing by heart: turn it round": (
                lambda train, held_out, fake: (
                    (held_out.mean() - fake.mean()) / (train.mean() - fake.mean())
                )
            ),
            "a difference alone grows with D's scores: divide by how far fakes are": (
                lambda train, held_out, fake: train.mean() - held_out.mean()
            ),
        },
    )


class _Probe(nn.Module):
    """A small D; what it has seen shows in its scores."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, 12))

    def forward(self, x: Tensor) -> Tensor:
        return (x.flatten(1) * self.weight).sum(1) + x.flatten(1).square().mean(1)


@checker
def check_losses(losses: Callable[..., tuple[Tensor, Tensor]]) -> Verdict:
    """Exercise 3: both losses of a GAN whose D sees augmented pictures."""
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(n, 3, 2, 2, generator=generator) for n in (5, 4))

    def darken(x: Tensor) -> Tensor:
        return 0.5 * x - 0.25

    def roll(x: Tensor) -> Tensor:
        return 1.5 * x.roll(1, dims=3)

    def cases(augment: Callable[[Tensor], Tensor]) -> tuple:
        return _Probe(), real.clone().requires_grad_(), fake.clone().requires_grad_(), augment

    def variant(on_real: bool, on_fake: bool, on_g: bool, graph: bool = True) -> Callable:
        def run(D: nn.Module, real: Tensor, fake: Tensor, augment: Callable) -> tuple:
            def see(x: Tensor, is_on: bool) -> Tensor:
                return augment(x) if is_on else x

            of_g = see(fake if graph else fake.detach(), on_g)
            loss_D = d_logistic(D(see(real, on_real)), D(see(fake.detach(), on_fake)))
            return loss_D, g_nonsaturating(D(of_g))

        return run

    return judge(
        losses,
        variant(True, True, True),
        {"for darker pictures": cases(darken), "for shifted ones": cases(roll)},
        gradients=True,
        mistakes={
            "real pictures alone are augmented: G will learn to draw augmented ones": variant(
                True, False, False
            ),
            "G's loss sees the fakes as they are: D knows augmented pictures alone": variant(
                True, True, False
            ),
            "D's fakes are not augmented: the augmentation itself gives real ones away": variant(
                True, False, True
            ),
            "real pictures are not augmented": variant(False, True, True),
            "G's loss is right, but no gradient comes back to the fake": variant(
                True, True, True, graph=False
            ),
            "nothing is augmented": variant(False, False, False),
        },
        names=("loss_D", "loss_G"),
    )


@checker
def check_leaks(leaks: Mapping[str, str]) -> Verdict:
    """Exercise 4: which augmentations G learns to draw."""
    real_alone, alike, mirror, front, turned, seldom = LEAKS
    clues = {
        real_alone: "colours on the real ones alone: which pictures does D take for real?",
        alike: "colours on both: what would D say of a fake that is too bright already?",
        mirror: "mirrored cats: which way do the real ones look then?",
        front: "buildings from the front: does a mirrored one look any different from a real one?",
        turned: "four turns, equally likely: can D tell an upright cat, turned, from one that lies"
        " down?",
        seldom: "one time in ten: which way up are most of the pictures that D sees?",
    }
    return judge_table(leaks, LEAKS, clues)


@checker
def check_best_step(best_step: Callable[[Mapping[str, float]], int]) -> Verdict:
    """Exercise 5: which checkpoint to keep."""
    return judge(
        best_step,
        lambda distances: int(min(distances, key=lambda step: distances[step])),
        {
            "for a run that falls and rises": ({"500": 80.0, "1000": 61.5, "1500": 70.2},),
            "for one that only falls": ({"250": 90.0, "500": 88.0, "1000": 50.0},),
            "for one that only rises": ({"500": 30.0, "1000": 44.0},),
        },
        mistakes={
            "that is the last step": lambda distances: int([*distances][-1]),
            "that is where the distance is largest": (
                lambda distances: int(max(distances, key=lambda step: distances[step]))
            ),
            "that is the least distance: at which step was it taken?": (
                lambda distances: min(distances.values())
            ),
        },
    )


@checker
def check_card(card: Mapping) -> Verdict:
    """Exercise 6: a model card that another person can judge the model by."""
    if not isinstance(card, Mapping) or set(card) != set(CARD):
        return not_yet(f"answer with a table of the entries {', '.join(CARD)}")
    open_ = [name for name in CARD if card[name] is ... or card[name] in (None, "")]
    if open_:
        return (
            NOT_ATTEMPTED if len(open_) == len(CARD) else not_yet(f"still open: {', '.join(open_)}")
        )
    pictures, measured = card["pictures"], card["measured"]
    if isinstance(pictures, bool) or not isinstance(pictures, int) or pictures < 1:
        return not_yet("pictures: how many real ones, as a whole number")
    if not isinstance(measured, Mapping) or len(measured) < 2:
        return not_yet('measured: at least two figures by name, as {"frechet": ..., ...}')
    if any(
        isinstance(value, bool) or not isinstance(value, int | float) for value in measured.values()
    ):
        return not_yet("measured: each figure is a number")
    if not any("cop" in str(name).lower() for name in measured):
        return not_yet("measured: with few pictures, which figure says whether they were copied?")
    texts = {name: card[name] for name in CARD if name not in ("pictures", "measured")}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text.strip()) < 3:
            return not_yet(f"{name}: say it in words")
    if len(texts["not for"].split()) < 3:
        return not_yet("not for: which use would go wrong, and why?")
    return PASSED


@checker
def check_points(points: Mapping) -> Verdict:
    """Exercise 7: an experiment on how many points a D can learn by heart."""
    return judge_experiment(
        points,
        settings=(20, 2_000),
        n_runs=3,
        says=lambda figures: compare_runs(figures[20], figures[2_000]),
        doubt=lambda figures: outside(figures, -1.0, 1.5),
        look="compare the means of 20 and of 2,000 points with the spread of the runs",
    )
