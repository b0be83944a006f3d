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


RANKING = {"lowest error": "L1", "highest error": "unconditional GAN", "least detail": "L1"}
TASKS = {
    "grey photo -> colour": "paired",
    "edges of a photo -> the photo": "paired",
    "horse -> zebra": "unpaired",
    "photo -> Van Gogh": "unpaired",
    "satellite tile -> map tile": "paired",
}

RIGHT = [
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
    (lesson.check_ranking, RANKING),
    (lesson.check_ranking, {name: f" {word}" for name, word in RANKING.items()}),
    (lesson.check_tasks, TASKS),
    (lesson.check_tasks, {name: word.upper() for name, word in TASKS.items()}),
]

WRONG = [
    (lesson.check_best_guess, lambda a: (a.mean(), a.median()), "exchanged"),
    (lesson.check_best_guess, lambda a: (a.mean(), a.mean()), "however far away"),
    (lesson.check_best_guess, lambda a: (a.median(), a.median()), "add up to 0"),
    (lesson.check_best_guess, lambda a: ((a.min() + a.max()) / 2, a.mean()), "two extremes"),
    (lesson.check_best_guess, lambda a: (a[len(a) // 2], a.mean()), "sort them first"),
    (lesson.check_best_guess, lambda a: (0.1, 0.38), "for any odd number"),
    (lesson.check_best_guess, lambda a: (a.max(), a.mean()), "the best are 0.10 for L1"),
    (lesson.check_best_guess, lambda a: a.median(), "two numbers"),
    (lesson.check_d_loss, unconditional, "unconditional"),
    (lesson.check_d_loss, with_gradient, "detach it"),
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
        "for the checker's D it is",
    ),
    (lesson.check_d_loss, lambda D, A, B, f: D(torch.cat([A, B], 0)).mean(), "unconditional"),
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
    (lesson.check_field, lambda layers: 70, "you say 70"),
    (lesson.check_field, lambda layers: field(layers) + 0.5, "whole number"),
    (lesson.check_field, lambda layers: str(field(layers)), "whole number"),
    (lesson.check_field, lambda layers: [field(layers)] * 2, "whole number"),
    (lesson.check_field, lambda layers: True, "whole number"),
    (lesson.check_field, lambda layers: np.int64(94), "you say 94"),
    (lesson.check_strides, [2, 2, 2, 2, 1], "sees 94"),
    (lesson.check_strides, [2, 2, 2, 1, 2], "not 30 x 30"),
    (lesson.check_strides, [2, 2, 1, 1, 1], "sees 46 pixels"),
    (lesson.check_strides, [2, 2, 2, 1], "five numbers"),
    (lesson.check_strides, [], "five numbers"),
    (lesson.check_strides, [2, 2, 2, 1.5, 1], "whole numbers from 1"),
    (lesson.check_strides, [..., 2, 2, 1, 1], "five numbers"),
    (lesson.check_strides, [2, 2, 2, 0, 1], "whole numbers from 1"),
    (lesson.check_draw, published_draw, "dropout is off"),
    (lesson.check_draw, only_dropout, "running statistics"),
    (lesson.check_draw, forgets_the_mode, "another mode"),
    (lesson.check_draw, keeps_the_graph, "graph"),
    (lesson.check_draw, lambda G, A: draw(G, A)[:1], "as many as inputs"),
    (lesson.check_ranking, RANKING | {"lowest error": "L1 + GAN"}, "minimises nothing else"),
    (lesson.check_ranking, RANKING | {"highest error": "conditional GAN"}, "belongs to its input"),
    (lesson.check_ranking, RANKING | {"least detail": "unconditional GAN"}, "stripes"),
    (lesson.check_ranking, RANKING | {"least detail": "L2"}, "each is one of"),
    (lesson.check_ranking, RANKING | {"least detail": ...}, "three predictions"),
    (lesson.check_ranking, ["L1"], "answer with"),
    (lesson.check_tasks, TASKS | {"grey photo -> colour": "unpaired"}, "article's mistake"),
    (lesson.check_tasks, TASKS | {"edges of a photo -> the photo": "unpaired"}, "edge detector"),
    (lesson.check_tasks, TASKS | {"satellite tile -> map tile": "unpaired"}, "coordinates"),
    (lesson.check_tasks, TASKS | {"horse -> zebra": "paired"}, "horse -> zebra: nobody"),
    (lesson.check_tasks, TASKS | {"photo -> Van Gogh": "sometimes"}, 'each is "paired"'),
    (lesson.check_tasks, TASKS | {"horse -> zebra": ...}, "five answers"),
    (lesson.check_tasks, {"horse -> zebra": "paired"}, "answer for each"),
]


def test_checking_a_draw_leaves_the_global_random_state():
    torch.manual_seed(3)
    expected = torch.randn(2)
    torch.manual_seed(3)
    lesson.check_draw(draw)
    assert torch.equal(torch.randn(2), expected)


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
