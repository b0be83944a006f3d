import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gan_course.lessons.l05_paired import exercises as lesson


def d_loss(D, A, B, fake):
    real_scores, fake_scores = D(torch.cat([A, B], 1)), D(torch.cat([A, fake.detach()], 1))
    return (softplus(-real_scores).mean() + softplus(fake_scores).mean()) / 2


def d_loss_by_bce(D, A, B, fake):
    real, made = D(torch.cat([A, B], 1)), D(torch.cat([A, fake], 1).detach())
    bce = binary_cross_entropy_with_logits
    return 0.5 * (bce(real, torch.ones_like(real)) + bce(made, torch.zeros_like(made)))


def unconditional(D, A, B, fake):
    return (softplus(-D(B)).mean() + softplus(D(fake.detach())).mean()) / 2


def with_gradient(D, A, B, fake):
    return (
        softplus(-D(torch.cat([A, B], 1))).mean() + softplus(D(torch.cat([A, fake], 1))).mean()
    ) / 2


def squared(D, A, B, fake):
    real, made = D(torch.cat([A, B], 1)), D(torch.cat([A, fake.detach()], 1))
    return ((real - 1).square().mean() + made.square().mean()) / 2


def field(layers):
    seen, jump = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * jump
        jump *= stride
    return seen


def field_backwards(layers):
    seen = 1
    for kernel, stride in reversed(layers):
        seen = seen * stride + kernel - stride
    return seen


def eager_field(layers):
    seen, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        seen += (kernel - 1) * jump
    return seen


def draw(G, A):
    was_training = G.training
    G.train()
    with torch.no_grad():
        fake = G(A)
    G.train(was_training)
    return fake


def published_draw(G, A):
    """As published: the framework's own call for predictions, which switches dropout off."""
    was_training = G.training
    G.eval()
    with torch.no_grad():
        fake = G(A)
    G.train(was_training)
    return fake


def only_dropout(G, A):
    was_training = G.training
    G.eval()
    for module in G.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        fake = G(A)
    G.train(was_training)
    return fake


def forgets_the_mode(G, A):
    with torch.no_grad():
        return G.train()(A)


def keeps_the_graph(G, A):
    was_training = G.training
    fake = G.train()(A)
    G.train(was_training)
    return fake


def halves(real, fake):
    return (softplus(-real).mean() + softplus(fake).mean()) / 2


def fakes_without_grad(D, A, B, fake):
    with torch.no_grad():
        scores = D(torch.cat([A, fake], 1))
    return halves(D(torch.cat([A, B], 1)), scores)


def middle_of_the_unique(answers):
    unique = sorted(set(answers.tolist()))
    return unique[len(unique) // 2], answers.mean()


def sorted_in_place(answers):
    answers.numpy().sort()
    return answers[len(answers) // 2], answers.mean()


def grad_mode_off(G, A):
    was_training = G.training
    G.train()
    torch.set_grad_enabled(False)
    fake = G(A)
    G.train(was_training)
    return fake


def frozen(G, A):
    for weight in G.parameters():
        weight.requires_grad_(False)
    return draw(G, A)


def seeded(G, A):
    torch.manual_seed(1)
    return draw(G, A)


RANKING = {"lowest error": "L1", "highest error": "unconditional GAN", "least detail": "L1"}
TASKS = {
    "grey photo -> colour": "paired",
    "edges of a photo -> the photo": "paired",
    "horse -> zebra": "unpaired",
    "photo -> Van Gogh": "unpaired",
    "satellite tile -> map tile": "paired",
}

ONE_PIXEL = {
    "prediction": "higher",
    "figures": {"shifted": [0.059, 0.059, 0.066, 0.058], "blurred": [0.05, 0.051, 0.055, 0.05]},
    "conclusion": "lower",
}

RIGHT = [
    (lesson.check_one_pixel, ONE_PIXEL),
    (lesson.check_best_guess, lambda a: (a.median(), a.mean())),
    (
        lesson.check_best_guess,
        lambda a: (sorted(a.tolist())[len(a) // 2], sum(a.tolist()) / len(a)),
    ),
    (lesson.check_best_guess, lambda a: np.array([np.median(a.numpy()), a.mean()])),
    (lesson.check_best_guess, lambda a: torch.stack([a.median(), a.mean()])),
    (lesson.check_d_loss, d_loss),
    (lesson.check_d_loss, d_loss_by_bce),
    (lesson.check_field, field),
    (lesson.check_field, field_backwards),
    (lesson.check_field, lambda layers: float(field(layers))),
    (lesson.check_field, lambda layers: np.int64(field(layers))),
    (lesson.check_field, lambda layers: torch.tensor(field(layers))),
    (lesson.check_strides, [2, 2, 2, 1, 1]),
    (lesson.check_strides, (2, 2, 2, 1, 1)),
    (lesson.check_strides, np.array([2, 2, 2, 1, 1])),
    (lesson.check_strides, torch.tensor([2, 2, 2, 1, 1])),
    (lesson.check_draw, draw),
    (lesson.check_best_guess, lambda a: (value for value in (a.median(), a.mean()))),
    (lesson.check_strides, (stride for stride in (2, 2, 2, 1, 1))),
    (lesson.check_ranking, {name: word.lower() for name, word in RANKING.items()}),
    (lesson.check_ranking, RANKING),
    (lesson.check_ranking, {name: f" {word}" for name, word in RANKING.items()}),
    (lesson.check_tasks, TASKS),
    (lesson.check_tasks, {name: word.upper() for name, word in TASKS.items()}),
]

WRONG = [
    (
        lesson.check_one_pixel,
        ONE_PIXEL | {"conclusion": "no clear difference"},
        "does not follow",
    ),
    (lesson.check_one_pixel, ONE_PIXEL | {"figures": ...}, "Now run"),
    (
        lesson.check_one_pixel,
        ONE_PIXEL | {"figures": {"shifted": [0.059], "blurred": [0.05]}},
        "runs at least",
    ),
    (lesson.check_best_guess, lambda a: (a.mean(), a.median()), "exchanged"),
    (lesson.check_best_guess, lambda a: (a.mean(), a.mean()), "however far away"),
    (lesson.check_best_guess, lambda a: (a.median(), a.median()), "add up to 0"),
    (lesson.check_best_guess, lambda a: ((a.min() + a.max()) / 2, a.mean()), "two extremes"),
    (lesson.check_best_guess, lambda a: (a[len(a) // 2], a.mean()), "sort them first"),
    (lesson.check_best_guess, lambda a: (0.1, 0.38), "for the answers 9, 2, 2, 7, 2"),
    (
        lesson.check_best_guess,
        lambda a: (a.max(), a.mean()),
        "the best guess for L1 is 0.9: too large",
    ),
    (lesson.check_best_guess, lambda a: a.median(), "two numbers"),
    (lesson.check_d_loss, unconditional, "unconditional"),
    (lesson.check_d_loss, with_gradient, "through fake_B: detach it"),
    (lesson.check_d_loss, lambda D, A, B, f: 2 * d_loss(D, A, B, f), "divides D's objective by 2"),
    (lesson.check_d_loss, lambda D, A, B, f: d_loss(D, A, f, B.clone()), "exchanged"),
    (
        lesson.check_d_loss,
        lambda D, A, B, f: d_loss(lambda x: D(x.roll(3, 1)), A, B, f),
        "the input comes first",
    ),
    (
        lesson.check_d_loss,
        lambda D, A, B, f: (
            (softplus(-D(torch.cat([A, B], 1))).mean() + softplus(D(torch.cat([f, B], 1))).mean())
            / 2
        ),
        "the fake pair is",
    ),
    (lesson.check_d_loss, lambda D, A, B, f: softplus(-D(torch.cat([A, f], 1))).mean(), "G's loss"),
    (
        lesson.check_d_loss,
        lambda D, A, B, f: softplus(-D(torch.cat([A, B], 1))).mean() / 2,
        "halves is missing",
    ),
    (lesson.check_d_loss, squared, "least squares"),
    (lesson.check_d_loss, lambda D, A, B, f: D(torch.cat([A, B], 1)), "one number"),
    (
        lesson.check_d_loss,
        lambda D, A, B, f: D(torch.cat([A, B], 1)).mean(),
        "for one batch, your answer is",
    ),
    (lesson.check_d_loss, lambda D, A, B, f: D(torch.cat([A, B], 0)).mean(), "your answer is"),
    (lesson.check_field, lambda layers: field(layers[::-1]), "the other way"),
    (
        lesson.check_field,
        lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers),
        "strides count",
    ),
    (lesson.check_field, lambda layers: sum(kernel for kernel, _ in layers), "overlap"),
    (lesson.check_field, eager_field, "not its own"),
    (lesson.check_field, lambda layers: field(layers) + 1, "one too many"),
    (lesson.check_field, lambda layers: field(layers) - 1, "one too few"),
    (lesson.check_field, lambda layers: 70, "for [(3, 1)], your answer is 70: too large"),
    (lesson.check_field, lambda layers: field(layers) + 0.5, "too large"),
    (lesson.check_field, lambda layers: str(field(layers)), "whole number"),
    (lesson.check_field, lambda layers: [field(layers)] * 2, "whole number"),
    (lesson.check_field, lambda layers: True, "whole number"),
    (lesson.check_field, lambda layers: np.int64(94), "your answer is 94: too large"),
    (lesson.check_strides, [2, 2, 2, 2, 1], "sees 94"),
    (lesson.check_strides, [2, 2, 2, 1, 2], "not 30 x 30"),
    (lesson.check_strides, [2, 2, 1, 1, 1], "sees 46 pixels"),
    (lesson.check_strides, [2, 2, 2, 1], "five numbers"),
    (lesson.check_strides, [], "five numbers"),
    (lesson.check_strides, [2, 2, 2, 1.5, 1], "whole numbers from 1"),
    (lesson.check_strides, [..., 2, 2, 1, 1], "five numbers"),
    (
        lesson.check_d_loss,
        lambda D, A, B, f: halves(D(torch.cat([A, B], 1)), D(torch.cat([A, f], 1)).detach()),
        "D learns nothing from fakes",
    ),
    (lesson.check_d_loss, fakes_without_grad, "D learns nothing from fakes"),
    (lesson.check_d_loss, torch.no_grad()(d_loss), "carries no graph"),
    (lesson.check_d_loss, lambda D, A, B, f: d_loss(D, A, B, f.detach_()), "you cut `f` itself"),
    (lesson.check_best_guess, middle_of_the_unique, "for the answers 9, 2, 2, 7, 2"),
    (lesson.check_best_guess, sorted_in_place, "you changed `answers` itself"),
    (lesson.check_field, lambda layers: layers.pop() and 3, "you changed `layers` itself"),
    (lesson.check_draw, grad_mode_off, "off for every later cell"),
    (lesson.check_draw, frozen, "no longer take gradients"),
    (lesson.check_draw, lambda G, A: torch.randn_like(A), "values are off in the translations"),
    (lesson.check_draw, seeded, "seeded torch's global generator"),
    (lesson.check_strides, [2, 2, 2, 0, 1], "whole numbers from 1"),
    (lesson.check_draw, published_draw, "dropout is off"),
    (lesson.check_draw, only_dropout, "running statistics"),
    (lesson.check_draw, forgets_the_mode, "`G` came in evaluation mode"),
    (lesson.check_draw, keeps_the_graph, "graph"),
    (lesson.check_draw, lambda G, A: draw(G, A)[:1], "as many as inputs"),
    (lesson.check_ranking, RANKING | {"lowest error": "L1 + GAN"}, "and nothing else?"),
    (lesson.check_ranking, RANKING | {"highest error": "conditional GAN"}, "belongs to its input"),
    (lesson.check_ranking, RANKING | {"least detail": "unconditional GAN"}, "stripes"),
    (lesson.check_ranking, RANKING | {"least detail": "L2"}, "each is one of"),
    (lesson.check_ranking, RANKING | {"least detail": ...}, "1 of 3 entries"),
    (lesson.check_ranking, ["L1"], "answer with"),
    (lesson.check_tasks, TASKS | {"grey photo -> colour": "unpaired"}, "its grey partner"),
    (lesson.check_tasks, TASKS | {"edges of a photo -> the photo": "unpaired"}, "edge detector"),
    (lesson.check_tasks, TASKS | {"satellite tile -> map tile": "unpaired"}, "coordinates"),
    (
        lesson.check_tasks,
        TASKS | {"horse -> zebra": "paired"},
        "1 of 5 is not right yet. Nobody has",
    ),
    (
        lesson.check_tasks,
        TASKS | {"photo -> Van Gogh": "sometimes"},
        "each is one of: paired, unpaired",
    ),
    (lesson.check_tasks, TASKS | {"horse -> zebra": ...}, "1 of 5 entries"),
    (lesson.check_tasks, {"horse -> zebra": "paired"}, "answer with"),
]


@pytest.mark.parametrize(
    ("check", "stub"),
    [
        (lesson.check_strides, [...] * 5),
        (lesson.check_ranking, dict.fromkeys(RANKING, ...)),
        (lesson.check_tasks, dict.fromkeys(TASKS, ...)),
    ],
)
def test_a_stub_with_its_blanks_is_not_attempted(check, stub):
    assert check(stub).status == "not attempted yet"
