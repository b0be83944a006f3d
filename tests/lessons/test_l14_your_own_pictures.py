import torch

from gan_course.lessons.l14_your_own_pictures import exercises as lesson
from gan_course.training.losses import d_logistic, g_nonsaturating

LEAKS = dict(lesson.LEAKS)
FIRST, ALIKE, MIRROR, FRONT, TURNED, SELDOM = LEAKS
POINTS = {
    "prediction": "lower",
    "figures": {20: [0.9, 0.95, 0.85], 2_000: [0.1, 0.05, 0.12]},
    "conclusion": "lower",
}
CARD = {
    "what": "A StyleGAN2 that draws cats of 32 pixels.",
    "data": "My own drawings, made in 2026; licence CC BY 4.0.",
    "licence": "CC BY 4.0",
    "pictures": 200,
    "started from": "dcgan-critters32",
    "measured": {"frechet": 58.0, "copies": 0.03},
    "not for": "Pictures of real cats: it has seen drawings alone.",
}


def needed(rows, remedy, limit):
    counts = sorted({row["pictures"] for row in rows})
    for count in counts:
        found = [r["distance"] for r in rows if (r["pictures"], r["remedy"]) == (count, remedy)]
        if sum(found) / len(found) <= limit:
            return count


def overfitting(train, held_out, fake):
    return (train.mean() - held_out.mean()) / (train.mean() - fake.mean())


def losses(D, real, fake, augment, *, parts="rfg", graph=True):
    see = {part: augment if part in parts else (lambda x: x) for part in "rfg"}
    loss_D = d_logistic(D(see["r"](real)), D(see["f"](fake.detach())))
    return loss_D, g_nonsaturating(D(see["g"](fake if graph else fake.detach())))


def best_step(distances):
    return int(min(distances, key=distances.get))


RIGHT = [
    (lesson.check_needed, needed),
    (lesson.check_overfitting, overfitting),
    (lesson.check_overfitting, lambda *scores: overfitting(*scores).item()),
    (
        lesson.check_overfitting,
        lambda a, b, c: overfitting(*(torch.tensor(x.numpy()) for x in (a, b, c))),
    ),
    (lesson.check_losses, losses),
    (
        lesson.check_losses,
        lambda D, real, fake, augment: (
            torch.nn.functional.softplus(-D(augment(real))).mean()
            + torch.nn.functional.softplus(D(augment(fake).detach())).mean(),
            torch.nn.functional.softplus(-D(augment(fake))).mean(),
        ),
    ),
    (lesson.check_leaks, LEAKS),
    (lesson.check_leaks, {key: word.upper() for key, word in LEAKS.items()}),
    (lesson.check_best_step, best_step),
    (lesson.check_best_step, lambda distances: best_step(distances) * 1.0),
    (lesson.check_points, POINTS),
    (lesson.check_card, CARD),
    (lesson.check_card, CARD | {"measured": {"Frechet": 58, "share of copies": 0}}),
]

WRONG = [
    (lesson.check_needed, lambda rows, remedy, limit: needed(rows, "a", limit), "is an argument"),
    (
        lesson.check_needed,
        lambda rows, remedy, limit: min(
            row["pictures"] for row in rows if row["distance"] <= limit
        ),
        "`remedy` is an argument",
    ),
    (
        lesson.check_needed,
        lambda rows, remedy, limit: min(
            row["pictures"] for row in rows if row["distance"] <= limit and row["remedy"] == remedy
        ),
        "a single row",
    ),
    (lesson.check_overfitting, lambda t, h, f: overfitting(t, f, h), "exchanged"),
    (lesson.check_overfitting, lambda t, h, f: 1 - overfitting(t, h, f), "turn it round"),
    (lesson.check_overfitting, lambda t, h, f: t.mean() - h.mean(), "divide by"),
    (lesson.check_losses, lambda *given: losses(*given, parts="r"), "real pictures alone"),
    (lesson.check_losses, lambda *given: losses(*given, parts="rf"), "G's loss sees the fakes"),
    (lesson.check_losses, lambda *given: losses(*given, parts="rg"), "gives real ones away"),
    (lesson.check_losses, lambda *given: losses(*given, parts="fg"), "real pictures are not"),
    (lesson.check_losses, lambda *given: losses(*given, parts=""), "nothing is augmented"),
    (lesson.check_losses, lambda *given: losses(*given, graph=False), "no gradient"),
    (lesson.check_losses, lambda *given: losses(*given)[::-1], "for darker pictures"),
    (lesson.check_leaks, LEAKS | {MIRROR: "harmless"}, "which way"),
    (lesson.check_leaks, LEAKS | {FRONT: "leaks"}, "look any different"),
    (lesson.check_leaks, LEAKS | {TURNED: "safe", SELDOM: "leaks"}, "2 of 6"),
    (lesson.check_leaks, LEAKS | {FIRST: "safe"}, "take for real"),
    (lesson.check_leaks, LEAKS | {ALIKE: "perhaps"}, "each is one of"),
    (lesson.check_best_step, lambda distances: int([*distances][-1]), "the last step"),
    (lesson.check_best_step, lambda distances: min(distances.values()), "at which step"),
    (
        lesson.check_best_step,
        lambda distances: int(max(distances, key=distances.get)),
        "largest",
    ),
    (lesson.check_points, POINTS | {"conclusion": "higher"}, "does not follow"),
    (lesson.check_points, POINTS | {"figures": {20: [9, 8, 7], 2_000: [1, 2, 3]}}, "no such run"),
    (lesson.check_points, POINTS | {"prediction": ...}, "first the prediction"),
    (lesson.check_card, {"what": "x"}, "answer with"),
    (lesson.check_card, CARD | {"data": ...}, "still open: data"),
    (lesson.check_card, CARD | {"pictures": "200"}, "a whole number"),
    (lesson.check_card, CARD | {"measured": {"frechet": 58.0}}, "two figures"),
    (lesson.check_card, CARD | {"measured": {"frechet": 58.0, "recall": 0.1}}, "copied"),
    (lesson.check_card, CARD | {"measured": {"frechet": "58", "copies": 0.1}}, "is a number"),
    (lesson.check_card, CARD | {"what": 3}, "in words"),
    (lesson.check_card, CARD | {"not for": "nothing"}, "would go wrong"),
]
