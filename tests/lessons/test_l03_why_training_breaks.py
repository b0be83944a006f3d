import cmath

import numpy as np
import pytest
import torch
from torch.nn.functional import relu, softplus

from gan_course.lessons.l03_why_training_breaks import exercises as lesson
from gan_course.models.mlp import mlp
from gan_course.training.toy_gans import RULES, RingGAN, RingsConfig, build_rings
from maintain import notebooks


def pull(theta, psi):
    slope = torch.sigmoid(theta * psi)
    return psi * slope, -theta * slope


def eigenvalues(gamma, half=0.5):
    root = cmath.sqrt(gamma**2 / 4 - half**2)
    return -gamma / 2 + root, -gamma / 2 - root


def best_answer(scores):
    shares = torch.zeros_like(scores)
    shares.view(-1)[scores.argmax()] = 1
    return shares


def relativistic(real, fake):
    return softplus(fake - real).mean(), softplus(real - fake).mean()


def published_wasserstein(real, fake):
    """As published under the name Wasserstein, with a comment that it keeps f in [-1, 1]."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def nearly_best(scores):
    return 0.9 * best_answer(scores) + 0.1 / scores.numel()


def detached_wasserstein(real, fake):
    return fake.mean() - real.detach().mean()


def yielded_pull(theta, psi):
    yield psi * torch.sigmoid(theta * psi)
    yield -theta * torch.sigmoid(theta * psi)


def pull_in_place(theta, psi):
    slope = torch.sigmoid(theta * psi)
    theta *= -slope
    psi *= slope
    return psi, theta


def overwritten(scores):
    best = scores.argmax()
    scores.zero_()
    scores.view(-1)[best] = 1
    return scores


def relativistic_in_place(real, fake):
    real -= fake
    return softplus(-real).mean(), softplus(real).mean()


SIGNS = {"first": "D ahead", "second": "balanced", "third": "runs away", "fourth": "balanced"}

BALANCED = {
    "prediction": "higher",
    "figures": {"last": [1, 3, 3, 2, 3, 1], "by the rule": [0, 0, 3, 0, 3, 0]},
    "conclusion": "lower",
}

RIGHT = [
    (lesson.check_balanced, BALANCED),
    (lesson.check_pull, pull),
    (lesson.check_pull, lambda t, p: torch.stack(pull(t, p))),
    (lesson.check_orbits, {"simultaneous": "out", "alternating": "around"}),
    (lesson.check_orbits, {"simultaneous": " Out", "alternating": "AROUND"}),
    (lesson.check_eigenvalues, eigenvalues),
    (lesson.check_eigenvalues, lambda g: eigenvalues(g)[::-1]),
    (
        lesson.check_eigenvalues,
        lambda g: torch.linalg.eigvals(torch.tensor([[0, 0.5], [-0.5, -g]]).double()),
    ),
    (lesson.check_eigenvalues, lambda g: np.linalg.eigvals(np.array([[0, 0.5], [-0.5, -g]]))),
    (
        lesson.check_eigenvalues,
        lambda g: np.linalg.eig(np.array([[0, 0.5], [-0.5, -g]])).eigenvalues,
    ),
    (lesson.check_eigenvalues, lambda g: [torch.tensor(one) for one in eigenvalues(g)]),
    (lesson.check_best_answer, best_answer),
    (lesson.check_best_answer, lambda s: (s == s.max()).double() / (s == s.max()).sum()),
    (lesson.check_best_answer, lambda s: best_answer(s).bool()),
    (lesson.check_best_answer, lambda s: best_answer(s).numpy()),
    (lesson.check_pull, lambda t, p: np.stack([move.numpy() for move in pull(t, p)])),
    (lesson.check_pull, yielded_pull),
    (lesson.check_relativistic, lambda r, f: torch.stack(relativistic(r, f))),
    (lesson.check_relativistic, relativistic),
    (
        lesson.check_relativistic,
        lambda r, f: [-torch.sigmoid(r - f).log().mean(), -torch.sigmoid(f - r).log().mean()],
    ),
    (lesson.check_wasserstein, lambda r, f: f.mean() - r.mean()),
    (lesson.check_wasserstein, lambda r, f: -(r.mean() - f.mean())),
    (lesson.check_line_up, SIGNS),
    (lesson.check_line_up, {panel: word.upper() for panel, word in SIGNS.items()}),
]

WRONG = [
    (
        lesson.check_balanced,
        BALANCED | {"conclusion": "no clear difference"},
        "does not follow",
    ),
    (lesson.check_balanced, BALANCED | {"figures": ...}, "Now run"),
    (
        lesson.check_balanced,
        BALANCED | {"figures": {"last": [1, 3, 3, 2, 3, 1], "by the rule": [0, 0, 3, 0, 9, 0]}},
        "no such run",
    ),
    (lesson.check_pull, lambda t, p: [-one for one in pull(t, p)], "descent goes against"),
    (lesson.check_pull, lambda t, p: pull(t, p)[::-1], "exchanged"),
    (lesson.check_pull, lambda t, p: (pull(t, p)[0], -pull(t, p)[1]), "psi goes the wrong way"),
    (lesson.check_pull, lambda t, p: (-pull(t, p)[0], pull(t, p)[1]), "theta goes the wrong way"),
    (lesson.check_pull, lambda t, p: (p * torch.sigmoid(-t * p), pull(t, p)[1]), "non-saturating"),
    (lesson.check_pull, lambda t, p: (p, -t), "outer one is missing"),
    (lesson.check_pull, lambda t, p: (0 * t, 0 * p), "3 of 3 values are off in the move of theta"),
    (lesson.check_pull, lambda t, p: pull(t, p)[0], "two values"),
    (lesson.check_pull, lambda t, p: (1.0, 2.0), "each of the shape of theta"),
    (lesson.check_orbits, {"simultaneous": "in", "alternating": "in"}, "2 of 2 are not right yet"),
    (lesson.check_orbits, {"simultaneous": "around", "alternating": "around"}, "along a tangent"),
    (lesson.check_orbits, {"simultaneous": "out", "alternating": "out"}, "already made"),
    (
        lesson.check_orbits,
        {"simultaneous": "out", "alternating": "up"},
        "each is one of: out, around, in",
    ),
    (lesson.check_orbits, {"simultaneous": "out", "alternating": ...}, "1 of 2 entries are still"),
    (lesson.check_orbits, "out", "answer with"),
    (lesson.check_eigenvalues, lambda g: [-one for one in eigenvalues(g)], "wrong sign"),
    (lesson.check_eigenvalues, lambda g: eigenvalues(2 * g), "a 2 too many"),
    (lesson.check_eigenvalues, lambda g: (0.5j, -0.5j), "without R1"),
    (
        lesson.check_relativistic,
        lambda r, f: (softplus(-r).mean() + softplus(f).mean(), softplus(-f).mean()),
        "judges real and fake apart",
    ),
    (lesson.check_eigenvalues, lambda g: eigenvalues(g / 2), "half of it"),
    (lesson.check_eigenvalues, lambda g: eigenvalues(g, half=1.0), "a half is missing"),
    (lesson.check_eigenvalues, lambda g: [1j * one for one in eigenvalues(g)], "factor of i"),
    (lesson.check_eigenvalues, lambda g: (-g / 2, -g / 2), "cmath.sqrt"),
    (lesson.check_eigenvalues, lambda g: -g / 2, "both eigenvalues"),
    (
        lesson.check_eigenvalues,
        lambda g: (-g / 2 + (g**2 / 4 - 0.25) ** 0.5, "x"),
        "as two numbers",
    ),
    (lesson.check_eigenvalues, lambda g: np.array([[0, 0.5], [-0.5, -g]]), "as two numbers"),
    (
        lesson.check_eigenvalues,
        lambda g: np.linalg.eig(np.array([[0, 0.5], [-0.5, -g]])),
        "as two numbers",
    ),
    (lesson.check_best_answer, lambda s: torch.softmax(s, 0), "When does that stop"),
    (lesson.check_best_answer, lambda s: s.sigmoid() / s.sigmoid().sum(), "When does that stop"),
    (lesson.check_best_answer, lambda s: torch.full_like(s, 1 / s.numel()), "even spread"),
    (lesson.check_best_answer, lambda s: best_answer(-s), "goes to the lowest"),
    (lesson.check_best_answer, nearly_best, "6 of 6 values are off"),
    (lesson.check_best_answer, lambda s: s, "shares add up to 1"),
    (lesson.check_best_answer, lambda s: s.argmax(), "one share for each place"),
    (
        lesson.check_best_answer,
        lambda s: torch.eye(len(s))[s.argmax()].to(s),
        "of the shape of the scores",
    ),
    (lesson.check_relativistic, lambda r, f: relativistic(f, r), "exchanged"),
    (
        lesson.check_relativistic,
        lambda r, f: (relativistic(r, f)[0], -relativistic(r, f)[0]),
        "saturates",
    ),
    (
        lesson.check_relativistic,
        lambda r, f: (relativistic(r, f)[0], softplus(-f).mean()),
        "fakes alone",
    ),
    (
        lesson.check_relativistic,
        lambda r, f: relativistic(r[:, 0], f),
        "every real sample met every fake",
    ),
    (lesson.check_relativistic, lambda r, f: relativistic(r, f.mean()), "average"),
    (lesson.check_relativistic, lambda r, f: relativistic(r.mean(), f.mean()), "mean inside"),
    (
        lesson.check_relativistic,
        lambda r, f: (softplus(f - r).sum(), softplus(r - f).sum()),
        "a sum grows with the batch",
    ),
    (
        lesson.check_relativistic,
        lambda r, f: (relativistic(r, f)[0], f.mean()),
        "loss_G is -0.0333: too small",
    ),
    (lesson.check_relativistic, lambda r, f: softplus(f - r), "the pair"),
    (lesson.check_relativistic, lambda r, f: (softplus(f - r), softplus(r - f)), "one number"),
    (lesson.check_wasserstein, published_wasserstein, "hinge loss"),
    (lesson.check_wasserstein, lambda r, f: r.mean() - f.mean(), "sign is turned"),
    (lesson.check_wasserstein, lambda r, f: relu(1 - r).mean() - f.mean(), "still hinge"),
    (
        lesson.check_wasserstein,
        lambda r, f: f.clamp(-1, 1).mean() - r.clamp(-1, 1).mean(),
        "slope of f",
    ),
    (lesson.check_wasserstein, lambda r, f: f.tanh().mean() - r.tanh().mean(), "slope of f"),
    (lesson.check_wasserstein, lambda r, f: softplus(-r).mean() + softplus(f).mean(), "logistic"),
    (lesson.check_wasserstein, lambda r, f: f.sum() - r.sum(), "sums"),
    (lesson.check_wasserstein, lambda r, f: f - r[:1], "one number"),
    (lesson.check_wasserstein, lambda r, f: -r.mean(), "for a few scores"),
    (lesson.check_wasserstein, detached_wasserstein, "no gradient reaches `logits_real`"),
    (lesson.check_line_up, SIGNS | {"third": "D ahead"}, "Read the axes"),
    (lesson.check_line_up, SIGNS | {"first": "balanced"}, "who is winning"),
    (lesson.check_line_up, SIGNS | {"second": "D ahead"}, "worth where D pays"),
    (lesson.check_line_up, SIGNS | {"fourth": "runs away"}, "worth where D pays"),
    (
        lesson.check_line_up,
        SIGNS | {"fourth": "fine"},
        "each is one of: D ahead, balanced, runs away",
    ),
    (lesson.check_line_up, SIGNS | {"fourth": ...}, "1 of 4 entries are still open"),
    (lesson.check_pull, pull_in_place, "you changed `theta` itself"),
    (lesson.check_best_answer, overwritten, "you changed `scores` itself"),
    (lesson.check_best_answer, lambda s: (s == s.max()).double(), "two places tie"),
    (lesson.check_best_answer, lambda s: s == s.max(), "two places tie"),
    (lesson.check_relativistic, relativistic_in_place, "you changed `real` itself"),
    (
        lesson.check_relativistic,
        lambda r, f: tuple(loss.item() for loss in relativistic(r, f)),
        "loss_D is right, but it carries no graph",
    ),
    (lesson.check_relativistic, torch.no_grad()(relativistic), "carries no graph"),
    (
        lesson.check_relativistic,
        lambda r, f: (softplus(f.detach() - r).mean(), softplus(r - f).mean()),
        "detached in D's loss",
    ),
    (
        lesson.check_relativistic,
        lambda r, f: (softplus(f - r).mean(), softplus(r - f.detach()).mean()),
        "detached in G's loss",
    ),
    (lesson.check_line_up, {"first": "balanced"}, "answer with"),
]


@pytest.mark.parametrize(
    "gan",
    [
        RingGAN(rule, r1_gamma, seed=3)
        for rule in RULES
        for r1_gamma in (0.0, 1.0)
        if not rule.gp_lambda  # the cell leaves WGAN-GP's penalty to the package
    ],
    ids=lambda gan: f"{gan.rule.name} {gan.r1_gamma}",
)
def test_the_step_of_D_in_the_lesson_is_that_of_the_package(gan):
    """From the same weights and points, both Ds score alike afterwards."""
    cells = notebooks.read_source("03_why_training_breaks").cells
    (source,) = [cell.source for cell in cells if "def update_D(" in cell.source]
    cell = {"torch": torch}
    exec(source, cell)

    config = RingsConfig(batch_size=16, hidden=8)
    step = build_rings(config, [gan])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(gan.seed)
        G, D = (mlp(n, out, hidden=8, n_hidden=config.n_hidden) for n, out in ((4, 2), (2, 1)))
    before = D(torch.zeros(1, 2)).item()
    state = step.generators[0].get_state()
    real = step.real()[0]
    z = step.draw(lambda generator: torch.randn(16, config.z_dim, generator=generator))[0]
    step.generators[0].set_state(state)
    step.update_D()
    optimizer = torch.optim.Adam(D.parameters(), config.lr_ratio * config.lr, config.betas)
    cell["update_D"](D, G, gan.rule, optimizer, real, z, gamma=gan.r1_gamma)
    torch.testing.assert_close(D(real), step.D(real[None])[0], rtol=1e-4, atol=1e-5)
    assert D(torch.zeros(1, 2)).item() != pytest.approx(before, abs=1e-4)
