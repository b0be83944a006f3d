import math

import numpy as np
import torch
from torch.nn.functional import one_hot

from gan_course.evaluation import disentanglement
from gan_course.lessons.l12_control import exercises as lesson
from gan_course.training.penalties import path_lengths

TO_RGB = lesson.TO_RGB
ALIKE = {
    "prediction": "1 on average, but not in each",
    "figures": {
        "independent": np.linspace(0.95, 1.05, 16),
        "one pattern": torch.linspace(0.6, 1.4, 16),
    },
    "conclusion": "1 on average, but not in each",
}
WITHOUT = ALIKE["figures"] | {"independent": np.linspace(5, 6, 16)}
STRONG = ALIKE["figures"] | {"one pattern": np.linspace(3, 7, 16)}
NARROW = ALIKE["figures"] | {"one pattern": np.linspace(0.98, 1.02, 16)}


def chance(shares):
    return 1 - shares.square().sum()


def interval(share, n, z=1.96):
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def wald(share, n, z=1.96):
    half = z * math.sqrt(share * (1 - share) / n)
    return share - half, share + half


def without_z(share, n, z=1.96):
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n)
    return middle - half, middle + half


def readability(codes, answers, *, fit="first", told="second", bias=True, hot=True):
    half = len(codes) // 2
    parts = {"first": slice(half), "second": slice(half, None), "all": slice(None)}
    X = torch.cat([codes, torch.ones(len(codes), int(bias))], 1)
    Y = one_hot(answers).to(X.dtype) if hot else answers[:, None].to(X.dtype)
    weights = torch.linalg.lstsq(X[parts[fit]], Y[parts[fit]]).solution
    scores = X @ weights
    said = scores.argmax(1) if hot else scores[:, 0].round().clamp(0, answers.max()).long()
    return (said == answers)[parts[told]].double().mean().item()


def nearest_mean(codes, answers):
    half, kinds = len(codes) // 2, range(int(answers.max()) + 1)
    means = torch.stack([codes[:half][answers[:half] == kind].mean(0) for kind in kinds])
    return (torch.cdist(codes[half:], means).argmin(1) == answers[half:]).double().mean()


def reads(fit="first", **how):
    return lambda codes, answers: readability(codes, answers, fit=fit, **how)


def slerp(a, b, t, *, unit=True):
    if unit:
        a, b = (x / x.norm(dim=1, keepdim=True) for x in (a, b))
    angle, t = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos(), t[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def angle_of_units(a, b, t):
    """The angle is right, and a and b keep their lengths."""
    angle = torch.nn.functional.cosine_similarity(a, b).acos()[:, None]
    t = t[:, None]
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


def eps_outside(weight, style):
    w = modulated(weight, style)
    return w / (w.square().sum((2, 3, 4), keepdim=True).sqrt() + 1e-8)


def norm_detached(weight, style):
    w = modulated(weight, style)
    return w / (w.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt().detach()


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


def by_paths(images, ws, noise, mean):
    return (path_lengths(images, ws, noise=noise) - mean).pow(2).mean()


def half_history(images, ws, noise, mean):
    """The right value, and a gradient that comes from somewhere else."""
    return detached(images, ws, noise, mean) + images.mean() - images.mean().detach()


def noise_in_place(images, ws, noise, mean):
    noise /= (images.shape[2] * images.shape[3]) ** 0.5
    return path_penalty(images, ws, noise, mean, scale=False)


def square_pictures(images, ws, noise, mean):
    """Divided by H in the place of the root of H W."""
    return path_penalty(images, ws, noise / images.shape[2], mean, scale=False)


def to_zero(images, ws, noise, mean):
    return path_penalty(images, ws, noise, 0 * mean)


RIGHT = [
    (lesson.check_to_rgb, TO_RGB),
    (lesson.check_to_rgb, {side: torch.tensor(slot) for side, slot in TO_RGB.items()}),
    (lesson.check_to_rgb, {side: np.array([slot]) for side, slot in TO_RGB.items()}),
    (lesson.check_chance, chance),
    (lesson.check_interval, interval),
    (lesson.check_interval, lambda share, n, z: disentanglement.interval(share, n, z=z)),
    (lesson.check_interval, lambda *given: np.array(interval(*given))),
    (lesson.check_interval, lambda *given: torch.tensor(interval(*given), dtype=torch.float64)),
    (lesson.check_readability, reads()),
    (lesson.check_readability, disentanglement.linear_readability),
    (lesson.check_readability, lambda codes, answers: np.float32(readability(codes, answers))),
    (lesson.check_slerp, slerp),
    (lesson.check_slerp, disentanglement.slerp),
    (lesson.check_directions, directions),
    (lesson.check_directions, by_svd),
    (lesson.check_directions, lambda w, n: np.linalg.svd(w.numpy())[2][:n]),
    (lesson.check_directions, lambda weights, n: -directions(weights, n)),
    (lesson.check_directions, disentanglement.closed_form_directions),
    (lesson.check_demodulated, demodulated),
    (lesson.check_alike, ALIKE),
    (lesson.check_path_penalty, path_penalty),
    (
        lesson.check_path_penalty,
        lambda images, ws, noise, mean: path_penalty(images, ws, noise, mean.item()),
    ),
    (lesson.check_path_penalty, by_paths),
]

WRONG = [
    (
        lesson.check_to_rgb,
        {side: slot - 1 for side, slot in TO_RGB.items()},
        "which one comes next",
    ),
    (lesson.check_to_rgb, {side: slot + 1 for side, slot in TO_RGB.items()}, "5 of 5"),
    (lesson.check_to_rgb, TO_RGB | {"64 px": 8}, "no layer comes next"),
    (lesson.check_to_rgb, TO_RGB | {"16 px": 4}, "behind the second layer of 16 px"),
    (lesson.check_to_rgb, TO_RGB | {"16 px": {5, 6}}, "each is one of"),
    (lesson.check_to_rgb, [1, 3, 5, 7, 9], "answer with"),
    (lesson.check_chance, lambda shares: shares.square().sum(), "alike"),
    (lesson.check_chance, lambda shares: 1 - 1 / len(shares), "equally common"),
    (lesson.check_chance, lambda shares: 1 - shares.max(), "commonest"),
    (lesson.check_chance, lambda shares: -(shares * shares.log()).sum(), "entropy"),
    (lesson.check_chance, lambda shares: 0.62, "eight equal"),
    (lesson.check_chance, lambda shares: 0.1, "too small"),
    (lesson.check_interval, wald, "Wald's"),
    (
        lesson.check_interval,
        lambda share, n, z: interval(share, n, z=1.0),
        "one standard deviation",
    ),
    (lesson.check_interval, lambda share, n, z: interval(share, n, z)[::-1], "comes first"),
    (lesson.check_interval, lambda share, n, z: interval(share, n), "`z` is an argument"),
    (lesson.check_interval, without_z, "the middle is right"),
    (lesson.check_interval, lambda share, n, z: share, "return (lower, upper)"),
    (
        lesson.check_interval,
        lambda *given: wald(*given) if given[0] == 0 else interval(*given),
        "at a share of 0",
    ),
    (lesson.check_interval, lambda share, n, z: (0.0, 1.0), "too small"),
    (lesson.check_readability, reads(told="first"), "that it was fitted to"),
    (lesson.check_readability, reads(fit="all", told="all"), "fitted to all codes"),
    (lesson.check_readability, reads(fit="all"), "judged on, too"),
    (lesson.check_readability, reads(fit="second", told="first"), "other way round"),
    (lesson.check_readability, reads(hot=False), "kinds are not amounts"),
    (lesson.check_readability, lambda codes, answers: 1 - reads()(codes, answers), "wrong answers"),
    (lesson.check_readability, lambda codes, answers: (0.5, 0.5), "one number"),
    (lesson.check_readability, lambda codes, answers: 0.01, "too small"),
    (lesson.check_readability, nearest_mean, "too small"),
    (
        lesson.check_readability,
        lambda c, a: disentanglement.linear_readability(c, a, ridge=10.0),
        "too small",
    ),
    (lesson.check_readability, lambda c, a: readability(c[:, :20], a), "too"),
    (lesson.check_slerp, lambda a, b, t: torch.lerp(a, b, t[:, None]), "leaves the sphere"),
    (lesson.check_slerp, straight, "shorter than 1"),
    (lesson.check_slerp, projected, "even pace"),
    (lesson.check_slerp, lambda a, b, t: slerp(b, a, t), "b comes first"),
    (lesson.check_slerp, lambda a, b, t: slerp(a, b, t, unit=False), "unit vectors"),
    (lesson.check_slerp, lambda a, b, t: 2 * slerp(a, b, t), "values are off"),
    (lesson.check_slerp, angle_of_units, "have length 1"),
    (lesson.check_slerp, lambda a, b, t: slerp(a, b, t[:1].expand_as(t)), "one t for all rows"),
    (lesson.check_slerp, lambda a, b, t: slerp(a, b, t**2), "values are off"),
    (lesson.check_slerp, lambda a, b, t: t, "of shape (6, 5)"),
    (
        lesson.check_directions,
        lambda w, n: torch.linalg.eigh(w.T @ w)[1][:, :n].T,
        "small to large",
    ),
    (lesson.check_directions, lambda w, n: torch.linalg.eigh(w.T @ w)[1][:, -n:].T, "weaker first"),
    (lesson.check_directions, lambda w, n: torch.linalg.eigh(w.T @ w)[1][-n:].flip(0), "columns"),
    (lesson.check_directions, lambda w, n: torch.linalg.eigh(w.T @ w)[1][:n], "columns"),
    (lesson.check_directions, pca, "that is PCA"),
    (lesson.check_directions, lambda w, n: directions(w.T, n), "as many numbers as w"),
    (lesson.check_directions, lambda w, n: 2 * directions(w, n), "length 1"),
    (lesson.check_directions, lambda w, n: directions(w, n).T, "directions as rows"),
    (lesson.check_directions, lambda w, n: torch.eye(w.shape[1])[:n], "values are off"),
    (lesson.check_directions, lambda w, n: directions(w, 2), "return n directions"),
    (lesson.check_demodulated, modulated, "not demodulated"),
    (lesson.check_demodulated, lambda *parts: demodulated(*parts, onto="out"), "*input* channels"),
    (
        lesson.check_demodulated,
        lambda *parts: demodulated(*parts, dims=(1, 2, 3, 4)),
        "not over the outputs",
    ),
    (
        lesson.check_demodulated,
        lambda *parts: demodulated(*parts, dims=(0, 1, 2, 3, 4)),
        "its own style",
    ),
    (lesson.check_demodulated, lambda *parts: demodulated(*parts, dims=(3, 4)), "kernel alone"),
    (lesson.check_demodulated, lambda *parts: demodulated(*parts, dims=(2,)), "kernel too"),
    (lesson.check_demodulated, lambda *parts: demodulated(*parts, root=1), "by its root"),
    (
        lesson.check_demodulated,
        lambda *parts: demodulated(*parts, dims=(1, 3, 4)),
        "whose weights",
    ),
    (
        lesson.check_demodulated,
        lambda *parts: (parts[0][0].numel()) ** 0.5 * demodulated(*parts),
        "not their sum",
    ),
    (lesson.check_demodulated, lambda *parts: 2 * demodulated(*parts), "values are off"),
    (lesson.check_demodulated, lambda weight, style: weight, "for each picture"),
    (lesson.check_demodulated, lambda *parts: demodulated(*parts).detach(), "no graph"),
    (lesson.check_demodulated, lambda w, s: demodulated(w, s.detach()), "reaches `style`"),
    (lesson.check_demodulated, lambda w, s: demodulated(w, 1 + s), "no 1 is added"),
    (lesson.check_demodulated, lambda w, s: demodulated(w, s.abs()), "may be negative"),
    (lesson.check_demodulated, eps_outside, "stands in the root"),
    (lesson.check_demodulated, norm_detached, "its gradient for `weight` is not"),
    (lesson.check_alike, ALIKE | {"conclusion": "1 in each channel"}, "does not follow"),
    (lesson.check_alike, ALIKE | {"figures": STRONG}, "does not follow"),
    (lesson.check_alike, ALIKE | {"figures": NARROW}, "does not follow"),
    (lesson.check_alike, ALIKE | {"figures": WITHOUT}, "a sum of squares of 1"),
    (
        lesson.check_alike,
        ALIKE | {"figures": {"independent": [1, 1.1], "one pattern": [1, 2]}},
        "16 runs",
    ),
    (lesson.check_path_penalty, published, "as published"),
    (lesson.check_path_penalty, detached, "has no history"),
    (
        lesson.check_path_penalty,
        lambda *parts: path_penalty(*parts, graph=False),
        "has no history",
    ),
    (
        lesson.check_path_penalty,
        lambda *parts: path_penalty(*parts, where="component"),
        "whose mean is it",
    ),
    (lesson.check_path_penalty, lambda *parts: path_penalty(*parts, scale=False), "root of H W"),
    (lesson.check_path_penalty, lambda *parts: path_penalty(*parts, layers="sum"), "not the sum"),
    (lesson.check_path_penalty, lambda *parts: path_penalty(*parts, root=False), "not its square"),
    (lesson.check_path_penalty, to_zero, "to their mean"),
    (lesson.check_path_penalty, lambda images, ws, noise, mean: ws, "one number"),
    (
        lesson.check_path_penalty,
        lambda *parts: 3 * path_penalty(*parts),
        "too large",
    ),
    (lesson.check_path_penalty, half_history, "its gradient for `weights_of_G` is not"),
    (lesson.check_path_penalty, noise_in_place, "you changed `noise` itself"),
    (lesson.check_path_penalty, square_pictures, "too large"),
]


def test_an_empty_table_is_not_attempted():
    assert lesson.check_to_rgb(dict.fromkeys(TO_RGB, ...)).status == "not attempted yet"
    assert lesson.check_to_rgb(TO_RGB | {"64 px": ...}).status == "not yet"
