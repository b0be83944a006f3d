import math

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from gan_course.evaluation import disentanglement
from gan_course.lessons.l12_control import exercises as lesson
from gan_course.lessons.l12_control import exercises as repairs

LEVELS, SPREADS = dict(lesson.LEVELS), dict(repairs.SPREADS)


def chance(shares):
    return 1 - shares.square().sum()


def interval(share, n, z=1.96):
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def wald(share, n, z=1.96):
    half = z * math.sqrt(share * (1 - share) / n)
    return share - half, share + half


def without_z(share, n):
    middle = (share + 1.96**2 / (2 * n)) / (1 + 1.96**2 / n)
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    return middle - half, middle + half


def readability(codes, answers, *, fit="first", told=None, bias=True, hot=True):
    half = len(codes) // 2
    X = torch.cat([codes, torch.ones(len(codes), int(bias))], 1)
    Y = one_hot(answers).to(X.dtype) if hot else answers[:, None].to(X.dtype)
    first, second = slice(None, half), slice(half, None)
    fit, told = (
        {"first": first, "second": second, "all": slice(None)}[fit],
        second if told is None else told,
    )
    weights = torch.linalg.lstsq(X[fit], Y[fit]).solution
    said = (X @ weights).argmax(1) if hot else (X @ weights)[:, 0].round().clamp(0, 2).long()
    return (said == answers)[told].double().mean().item()


def reads(fit="first", **how):
    return lambda codes, answers: readability(codes, answers, fit=fit, **how)


def slerp(a, b, t, *, unit=True):
    if unit:
        a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    angle, t = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos(), t[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def straight(a, b, t):
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    return torch.lerp(a, b, t[:, None])


def projected(a, b, t):
    return straight(a, b, t) / straight(a, b, t).norm(dim=1, keepdim=True)


def directions(weights, n):
    return torch.linalg.eigh(weights.T @ weights)[1].flip(1)[:, :n].T


def by_svd(weights, n):
    return torch.linalg.svd(weights)[2][:n]


def pca(weights, n):
    return directions(weights - weights.mean(0), n)


def demodulated(weight, style, *, dims=(2, 3, 4), onto="in", root=0.5):
    w = weight * (style[:, None, :, None, None] if onto == "in" else style[:, :, None, None, None])
    return w / (w.square().sum(dims, keepdim=True) + 1e-8) ** root


def modulated(weight, style):
    return weight * style[:, None, :, None, None]


def path_penalty(
    images, ws, noise, mean, *, graph=True, scale=True, layers="mean", where="length", root=True
):
    size = (images.shape[2] * images.shape[3]) ** 0.5 if scale else 1.0
    (slopes,) = torch.autograd.grad((images * noise).sum() / size, ws, create_graph=graph)
    if where == "component":
        return (slopes - mean).square().mean()
    squares = slopes.square().sum(2)
    squares = squares.mean(1) if layers == "mean" else squares.sum(1)
    lengths = squares.sqrt() if root else squares
    return (lengths - mean).square().mean()


def published(images, ws, noise, mean):
    """No graph, and the mean subtracted from every component of the gradient."""
    return path_penalty(images, ws, noise, mean, graph=False, scale=False, where="component")


def detached(images, ws, noise, mean):
    return path_penalty(images, ws, noise, mean).detach()


def to_zero(images, ws, noise, mean):
    return path_penalty(images, ws, noise, 0 * mean)


RIGHT = [
    (lesson.check_levels, LEVELS),
    (
        lesson.check_levels,
        {name: range(numbers[0], numbers[-1] + 1) for name, numbers in LEVELS.items()},
    ),
    (lesson.check_chance, chance),
    (lesson.check_interval, interval),
    (lesson.check_interval, disentanglement.interval),
    (lesson.check_interval, lambda share, n: np.array(interval(share, n))),
    (lesson.check_interval, lambda share, n: torch.tensor(interval(share, n), dtype=torch.float64)),
    (lesson.check_readability, reads()),
    (lesson.check_readability, disentanglement.linear_readability),
    (lesson.check_readability, lambda codes, answers: np.float32(readability(codes, answers))),
    (lesson.check_slerp, slerp),
    (lesson.check_slerp, disentanglement.slerp),
    (lesson.check_directions, directions),
    (lesson.check_directions, by_svd),
    (lesson.check_directions, lambda weights, n: -directions(weights, n)),
    (lesson.check_directions, disentanglement.closed_form_directions),
    (repairs.check_demodulated, demodulated),
    (repairs.check_spreads, SPREADS),
    (repairs.check_path_penalty, path_penalty),
]

WRONG = [
    (
        lesson.check_levels,
        {"coarse": range(4), "middle": range(4, 6), "fine": range(6, 10)},
        "are StyleGAN's",
    ),
    (lesson.check_levels, LEVELS | {"fine": range(5, 9)}, "the last one"),
    (
        lesson.check_levels,
        {name: [k + 1 for k in one] for name, one in LEVELS.items()},
        "count from 0",
    ),
    (lesson.check_levels, LEVELS | {"middle": [3, 4, 5]}, "each of the ten"),
    (
        lesson.check_levels,
        LEVELS | {"middle": [3, 4, 5], "fine": [6, 7, 8, 9]},
        "each later resolution two",
    ),
    (lesson.check_levels, [0, 1, 2], "give the numbers"),
    (lesson.check_chance, lambda shares: shares.square().sum(), "alike"),
    (lesson.check_chance, lambda shares: 1 - 1 / len(shares), "equally common"),
    (lesson.check_chance, lambda shares: 1 - shares.max(), "commonest"),
    (lesson.check_chance, lambda shares: -(shares * shares.log()).sum(), "entropy"),
    (lesson.check_chance, lambda shares: 0.62, "eight equal"),
    (lesson.check_chance, lambda shares: 0.1, "it is 0.62"),
    (lesson.check_interval, wald, "Wald's"),
    (lesson.check_interval, lambda share, n: interval(share, n, z=1.0), "z = 1.96"),
    (lesson.check_interval, lambda share, n: interval(share, n)[::-1], "comes first"),
    (lesson.check_interval, without_z, "the middle is right"),
    (lesson.check_interval, lambda share, n: share, "two numbers"),
    (
        lesson.check_interval,
        lambda share, n: wald(share, n) if share == 0 else interval(share, n),
        "at a share of 0",
    ),
    (lesson.check_interval, lambda share, n: (0.0, 1.0), "yours is"),
    (lesson.check_readability, reads(told=slice(0, 80)), "that it was fitted to"),
    (lesson.check_readability, reads(fit="all", told=slice(None)), "fitted to all codes"),
    (lesson.check_readability, reads(fit="all"), "judged on, too"),
    (lesson.check_readability, reads(fit="second", told=slice(0, 80)), "other way round"),
    (lesson.check_readability, reads(hot=False), "one-hot"),
    (lesson.check_readability, lambda codes, answers: 1 - reads()(codes, answers), "wrong answers"),
    (lesson.check_readability, lambda codes, answers: (0.5, 0.5), "one number"),
    (lesson.check_readability, lambda codes, answers: 0.01, "yours is"),
    (lesson.check_slerp, lambda a, b, t: torch.lerp(a, b, t[:, None]), "leaves the sphere"),
    (lesson.check_slerp, straight, "shorter than 1"),
    (lesson.check_slerp, projected, "even pace"),
    (lesson.check_slerp, lambda a, b, t: slerp(b, a, t), "b comes first"),
    (lesson.check_slerp, lambda a, b, t: slerp(a, b, t, unit=False), "unit vectors"),
    (lesson.check_slerp, lambda a, b, t: 2 * slerp(a, b, t), "have length 1"),
    (lesson.check_slerp, lambda a, b, t: slerp(a, b, t**2), "share t"),
    (lesson.check_slerp, lambda a, b, t: t, "shape of a"),
    (
        lesson.check_directions,
        lambda w, n: torch.linalg.eigh(w.T @ w)[1][:, :n].T,
        "small to large",
    ),
    (lesson.check_directions, lambda w, n: torch.linalg.eigh(w.T @ w)[1][:, -n:].T, "weaker first"),
    (lesson.check_directions, lambda w, n: torch.linalg.eigh(w.T @ w)[1][-n:].flip(0), "columns"),
    (lesson.check_directions, lambda w, n: torch.linalg.eigh(w.T @ w)[1][:n], "columns"),
    (lesson.check_directions, pca, "that is PCA"),
    (lesson.check_directions, lambda w, n: directions(w.T, n), "among the styles"),
    (lesson.check_directions, lambda w, n: 2 * directions(w, n), "length 1"),
    (lesson.check_directions, lambda w, n: directions(w, n).T, "one a row"),
    (lesson.check_directions, lambda w, n: torch.eye(5)[:n], "do not change the styles most"),
    (repairs.check_demodulated, modulated, "not demodulated"),
    (repairs.check_demodulated, lambda *parts: demodulated(*parts, onto="out"), "*input* channels"),
    (
        repairs.check_demodulated,
        lambda *parts: demodulated(*parts, dims=(1, 2, 3, 4)),
        "not over the output",
    ),
    (
        repairs.check_demodulated,
        lambda *parts: demodulated(*parts, dims=(0, 1, 2, 3, 4)),
        "its own style",
    ),
    (repairs.check_demodulated, lambda *parts: demodulated(*parts, dims=(3, 4)), "kernel alone"),
    (repairs.check_demodulated, lambda *parts: demodulated(*parts, dims=(2,)), "kernel too"),
    (repairs.check_demodulated, lambda *parts: demodulated(*parts, root=1), "by its root"),
    (
        repairs.check_demodulated,
        lambda *parts: demodulated(*parts, dims=(1, 3, 4)),
        "axes 1, 3 and 4",
    ),
    (repairs.check_demodulated, lambda *parts: 6 * demodulated(*parts), "not their sum"),
    (repairs.check_demodulated, lambda *parts: 2 * demodulated(*parts), "sum of squares of 1"),
    (repairs.check_demodulated, lambda weight, style: weight, "weights of its own"),
    *[
        (repairs.check_spreads, SPREADS | {name: "5"}, reason)
        for name, reason in zip(
            SPREADS,
            ("variances add", "divides it out", "not told", "average out", "does not know"),
            strict=True,
        )
    ],
    (repairs.check_spreads, SPREADS | {"one pattern in all channels": "2"}, "each answer"),
    (repairs.check_spreads, "1", "each of the five"),
    (repairs.check_path_penalty, published, "as published"),
    (repairs.check_path_penalty, detached, "regularises nothing"),
    (
        repairs.check_path_penalty,
        lambda *parts: path_penalty(*parts, graph=False),
        "regularises nothing",
    ),
    (
        repairs.check_path_penalty,
        lambda *parts: path_penalty(*parts, where="component"),
        "belongs to the length",
    ),
    (repairs.check_path_penalty, lambda *parts: path_penalty(*parts, scale=False), "root of H W"),
    (repairs.check_path_penalty, lambda *parts: path_penalty(*parts, layers="sum"), "not the sum"),
    (repairs.check_path_penalty, lambda *parts: path_penalty(*parts, root=False), "not its square"),
    (repairs.check_path_penalty, to_zero, "to their mean"),
    (repairs.check_path_penalty, lambda images, ws, noise, mean: ws, "one number"),
    (
        repairs.check_path_penalty,
        lambda *parts: 3 * path_penalty(*parts),
        "for the checker's generator",
    ),
]


@pytest.mark.parametrize(
    ("check", "empty"), [(lesson.check_levels, LEVELS), (repairs.check_spreads, SPREADS)]
)
def test_an_empty_table_is_not_attempted(check, empty):
    assert check(dict.fromkeys(empty, ...)).status == "not attempted yet"
    assert check(empty | {next(iter(empty)): ...}).status == "not yet"
