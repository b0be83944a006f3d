import functools
import math

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import softplus

from gan_course.lessons.l01_the_game import exercises as the_game


def d_loss(logits_real, logits_fake):
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def jsd(p, q, dx):
    middle = (p + q) / 2
    kl_p = torch.xlogy(p, p) - torch.xlogy(p, middle)
    kl_q = torch.xlogy(q, q) - torch.xlogy(q, middle)
    return (kl_p + kl_q).sum() * dx / 2


def d_step(D, G, opt_D, real, z, *, detach=True, clear=True, loss_of=d_loss, step=True):
    fake = G(z).detach() if detach else G(z)
    loss = loss_of(D(real), D(fake))
    if clear:
        opt_D.zero_grad()
    loss.backward()
    if step:
        opt_D.step()
    return loss


def g_step(D, G, opt_G, z, *, loss_of=lambda s: softplus(-s).mean(), clear=True, detach=False):
    fake = G(z).detach() if detach else G(z)
    loss = loss_of(D(fake))
    if clear:
        opt_G.zero_grad()
    loss.backward()
    opt_G.step()
    return loss


def broken(update, **how):
    return lambda *arguments: update(*arguments, **how)


def d_step_without_grad_graph(D, G, opt_D, real, z):
    with torch.no_grad():
        fake = G(z)
    opt_D.zero_grad()
    logits = D(real), D(fake)
    loss = bce(logits[0], torch.ones_like(logits[0])) + bce(logits[1], torch.zeros_like(logits[1]))
    loss.backward()
    opt_D.step()
    return loss.item()


def d_step_that_moves_g(D, G, opt_D, real, z):
    loss = d_step(D, G, opt_D, real, z)
    torch.optim.SGD(G.parameters(), lr=1.0).step()
    return loss


def g_step_that_moves_d(D, G, opt_G, z):
    loss = g_step(D, G, opt_G, z)
    torch.optim.SGD(D.parameters(), lr=1.0).step()
    return loss


def naive_d_loss(real, fake):
    return -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()


def epsilon_d_loss(real, fake):
    return (
        -torch.log(torch.sigmoid(real) + 1e-8).mean()
        - torch.log(1 - torch.sigmoid(fake) + 1e-8).mean()
    )


def clamped_d_loss(real, fake):
    def log_sigmoid(s):
        return torch.where(s < -50, s.detach(), torch.log(torch.sigmoid(s.clamp(-50))))

    return -log_sigmoid(real).mean() - log_sigmoid(-fake).mean()


def naive_jsd(p, q, dx):
    middle = (p + q) / 2
    return ((p * (p / middle).log()).sum() + (q * (q / middle).log()).sum()) * dx / 2


def trapezoid_jsd(p, q, dx):
    middle = (p + q) / 2
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - 2 * torch.xlogy(middle, middle)
    return torch.trapezoid(terms, dx=dx) / 2


def epsilon_jsd(p, q, dx):
    middle = (p + q) / 2 + 1e-3
    return naive_jsd(p + 1e-3, q + 1e-3, dx) + 0 * middle.sum()


def kl(p, q, dx):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() * dx


HEAD_START = {
    "prediction": "higher",
    "figures": {"non-saturating": [0.32, 0.41, 0.31], "minimax": [0.36, 0.4, 0.32]},
    "conclusion": "no clear difference",
}

RIGHT = [
    (the_game.check_head_start, HEAD_START),
    (the_game.check_optimal_discriminator, lambda p, q: p / (p + q)),
    (the_game.check_optimal_discriminator, lambda p, q: 1 / (1 + q / p)),
    (the_game.check_d_loss, d_loss),
    (the_game.check_d_loss, lambda r, f: bce(r, torch.ones_like(r)) + bce(f, torch.zeros_like(f))),
    (the_game.check_jsd, jsd),
    (the_game.check_jsd, lambda p, q, dx: float(jsd(p, q, dx))),
    (the_game.check_jsd, trapezoid_jsd),
    (the_game.check_value_of_a_coin, -1.386),
    (the_game.check_value_of_a_coin, -1.39),
    (the_game.check_value_of_a_coin, 2 * math.log(0.5)),
    (the_game.check_d_step, d_step),
    (the_game.check_d_step, lambda *a: d_step(*a).detach()),
    (the_game.check_d_step, d_step_without_grad_graph),
    (the_game.check_g_step, g_step),
    (the_game.check_where_it_saturates, (0, "generator")),
    (the_game.check_where_it_saturates, [0.0, " Generator"]),
]


def d_step_that_freezes_G(D, G, opt_D, real, z):
    G.requires_grad_(False)
    return d_step(D, G, opt_D, real, z)


def g_step_that_freezes_D(D, G, opt_G, z):
    D.requires_grad_(False)
    return g_step(D, G, opt_G, z)


def and_then(update, after):
    """The step, and something more at its end."""

    @functools.wraps(update)
    def step(*arguments):
        loss = update(*arguments)
        after(*arguments)
        return loss

    return step


def cleared_at_both_ends(D, G, opt, *inputs):
    loss = g_step(D, G, opt, *inputs)
    G.zero_grad()
    D.zero_grad()
    return loss


def d_step_by_hand(D, G, opt_D, real, z):
    """At a rate of 1, whatever the optimiser's."""
    loss = d_loss(D(real), D(G(z).detach()))
    slopes = torch.autograd.grad(loss, list(D.parameters()))
    with torch.no_grad():
        for weight, slope in zip(D.parameters(), slopes, strict=True):
            weight -= slope
    return loss


def in_place(p, q):
    q += p
    p /= q
    return p


RIGHT += [
    (the_game.check_optimal_discriminator, lambda p, q: p.numpy() / (p + q).numpy()),
    (the_game.check_jsd, lambda p, q, dx: jsd(p, q, dx).numpy()),
    (the_game.check_value_of_a_coin, np.float32(-1.386)),
    (the_game.check_g_step, and_then(g_step, lambda D, G, opt, z: opt.zero_grad())),
    (the_game.check_g_step, cleared_at_both_ends),
    (the_game.check_g_step, lambda *a: g_step(*a).item()),
    (the_game.check_where_it_saturates, (torch.tensor(0), "g")),
]

WRONG = [
    (
        the_game.check_head_start,
        HEAD_START | {"conclusion": "higher"},
        "does not follow",
    ),
    (the_game.check_head_start, HEAD_START | {"figures": ...}, "Now run"),
    (
        the_game.check_head_start,
        HEAD_START
        | {"figures": {"non-saturating": [0.32, 0.41, 0.31], "minimax": [0.36, 1.4, 0.32]}},
        "no such run",
    ),
    (the_game.check_optimal_discriminator, in_place, "you changed `p` itself"),
    (
        the_game.check_optimal_discriminator,
        lambda p, q: [0.5, 0.75, 0.25, 0.75, 0, 1],
        "one value a point",
    ),
    (the_game.check_d_loss, lambda r, f: d_loss(r, f).detach(), "carries no graph"),
    (the_game.check_d_loss, lambda r, f: torch.cat([-r, f]).exp().log1p().mean(), "larger one"),
    (the_game.check_jsd, lambda p, q, dx: kl(p, (p + q) / 2, dx), "one of the two KL terms alone"),
    (the_game.check_value_of_a_coin, -1.4, "near enough to be right"),
    (the_game.check_value_of_a_coin, "-1.386", "give one number"),
    (the_game.check_d_step, and_then(d_step, lambda D, G, *_: G.eval()), "`G` came in training"),
    (the_game.check_d_step, and_then(d_step, lambda D, *_: D.eval()), "`D` came in training"),
    (the_game.check_d_step, d_step_by_hand, "after a step at another rate"),
    (the_game.check_d_step, lambda *a: (d_step(*a), 0.0), "yours is 2 values"),
    (the_game.check_g_step, and_then(g_step, lambda D, *_: D.eval()), "`D` came in training"),
    (
        the_game.check_g_step,
        and_then(g_step, lambda *_: torch.set_grad_enabled(False)),
        "off for every later cell",
    ),
    (
        the_game.check_g_step,
        and_then(g_step, lambda *_: torch.manual_seed(0)),
        "seeded torch's global generator",
    ),
    (
        the_game.check_optimal_discriminator,
        lambda p, q: q / (p + q),
        "probability of being generated",
    ),
    (the_game.check_optimal_discriminator, lambda p, q: p / q, "leaves [0, 1]"),
    (
        the_game.check_optimal_discriminator,
        lambda p, q: (p > q).double(),
        "a verdict",
    ),
    (the_game.check_optimal_discriminator, lambda p, q: 0 * p, "5 of 6 values are off"),
    (the_game.check_optimal_discriminator, lambda p, q: 0.5, "one value a point"),
    (the_game.check_d_loss, naive_d_loss, "log(0) is infinite"),
    (
        the_game.check_d_loss,
        lambda r, f: softplus(-r).mean() + softplus(f.detach()).mean(),
        "no gradient reaches `logits_fake`",
    ),
    (the_game.check_d_step, d_step_that_freezes_G, "no longer take gradients"),
    (the_game.check_g_step, g_step_that_freezes_D, "no longer take gradients"),
    (
        the_game.check_d_step,
        lambda *a: d_step(*a, loss_of=lambda r, f: d_loss(f, r), clear=False),
        "two faults",
    ),
    (the_game.check_d_loss, epsilon_d_loss, "digits are lost"),
    (the_game.check_d_loss, clamped_d_loss, "no gradient reaches `logits_real`"),
    (the_game.check_d_loss, lambda r, f: d_loss(f, r), "exchanged"),
    (the_game.check_d_loss, lambda r, f: softplus(r).mean() + softplus(-f).mean(), "exchanged"),
    (the_game.check_d_loss, lambda r, f: -d_loss(r, f), "the sign is turned"),
    (the_game.check_d_loss, lambda r, f: softplus(-r).sum() + softplus(f).sum(), "sums"),
    (the_game.check_d_loss, lambda r, f: d_loss(r, f) / 2, "half of it"),
    (the_game.check_d_loss, lambda r, f: softplus(-r), "one number"),
    (the_game.check_d_loss, lambda r, f: softplus(f).mean() - r.mean(), "for a few scores"),
    (the_game.check_jsd, lambda p, q, dx: jsd(p, q, 1), "sum times dx"),
    (the_game.check_jsd, lambda p, q, dx: 2 * jsd(p, q, dx), "twice too large"),
    (the_game.check_jsd, lambda p, q, dx: jsd(p, q, dx) / math.log(2), "in bits"),
    (the_game.check_jsd, kl, "their mixture"),
    (the_game.check_jsd, lambda p, q, dx: (kl(p, q, dx) + kl(q, p, dx)) / 2, "their mixture"),
    (
        the_game.check_jsd,
        lambda p, q, dx: (kl(p, p + q, dx) + kl(q, p + q, dx)) / 2,
        "not a density",
    ),
    (the_game.check_jsd, naive_jsd, "0 log 0"),
    (the_game.check_jsd, epsilon_jsd, "your answer is 0.311: too small"),
    (the_game.check_jsd, lambda p, q, dx: p + q, "return one number"),
    (the_game.check_value_of_a_coin, 1.386, "never positive"),
    (the_game.check_value_of_a_coin, -0.693, "one of its two terms"),
    (the_game.check_value_of_a_coin, -2, "bits"),
    (the_game.check_value_of_a_coin, 0.5, "what does each become"),
    (the_game.check_d_step, broken(d_step, detach=False), "detach"),
    (the_game.check_d_step, broken(d_step, clear=False), "zero_grad"),
    (the_game.check_d_step, broken(d_step, loss_of=lambda r, f: d_loss(f, r)), "exchanged"),
    (the_game.check_d_step, broken(d_step, loss_of=lambda r, f: -d_loss(r, f)), "sign is turned"),
    (
        the_game.check_d_step,
        broken(d_step, loss_of=lambda r, f: d_loss(r, f) / 2),
        "are off in the weights of D",
    ),
    (the_game.check_d_step, broken(d_step, step=False), "did not move"),
    (the_game.check_d_step, d_step_that_moves_g, "weights of `G` moved"),
    (the_game.check_d_step, lambda *a: d_step(*a) is not None, "return the loss, one number"),
    (the_game.check_g_step, broken(g_step, loss_of=lambda s: softplus(s).mean()), "to be rejected"),
    (the_game.check_g_step, broken(g_step, loss_of=lambda s: -softplus(s).mean()), "minimax"),
    (
        the_game.check_g_step,
        broken(g_step, loss_of=lambda s: -softplus(-s).mean()),
        "to be rejected",
    ),
    (the_game.check_g_step, broken(g_step, detach=True), "no gradient reaches G"),
    (the_game.check_g_step, broken(g_step, clear=False), "zero_grad"),
    (the_game.check_g_step, g_step_that_moves_d, "weights of `D` moved"),
    (the_game.check_where_it_saturates, (1, "discriminator"), "without bound"),  # as published
    (the_game.check_where_it_saturates, (1, "generator"), "without bound"),
    (the_game.check_where_it_saturates, (0, "discriminator"), "Who has much to learn"),
    (the_game.check_where_it_saturates, "generator", "a pair"),
    (the_game.check_where_it_saturates, (0.5, "generator"), "each is one of: 0, 1"),
]
