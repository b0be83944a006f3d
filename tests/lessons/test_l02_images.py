import copy
import functools
import math

import numpy as np
import torch
from torch import nn

from gan_course.lessons.l02_images import exercises as images


def leaky_draw(G, z):
    with torch.no_grad():
        return G(z)


def forgetful_draw(G, z):
    G.eval()
    with torch.no_grad():
        return G(z)


def always_train_draw(G, z):
    G.eval()
    with torch.no_grad():
        samples = G(z)
    G.train()
    return samples


def graph_draw(G, z):
    was_training = G.training
    G.eval()
    samples = G(z)
    G.train(was_training)
    return samples


def average_without_buffers(slow, G, decay):
    with torch.no_grad():
        for a, b in zip(slow.parameters(), G.parameters(), strict=True):
            a.lerp_(b, 1 - decay)
    return slow


def average_exchanged(slow, G, decay):
    with torch.no_grad():
        for a, b in zip(slow.parameters(), G.parameters(), strict=True):
            a.lerp_(b, decay)
    return slow


def average_nothing(slow, G, decay):
    return copy.deepcopy(slow)


def lerp(a, b, t):
    return (1 - t) * a + t * b


def rescaled_chord(a, b, t):
    c = lerp(a, b, t)
    return c / c.norm() * lerp(a.norm(), b.norm(), t)


def naive_slerp(a, b, t):
    angle = torch.acos((a * b).sum() / a.norm() / b.norm())
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def frozen_draw(G, z):
    was_training = G.training
    G.eval().requires_grad_(False)
    samples = G(z)
    G.train(was_training)
    return samples


def average(slow, G, decay, *, skip=(), alias=False):
    with torch.no_grad():
        for (name, a), b in zip(slow.named_parameters(), G.parameters(), strict=True):
            if name not in skip:
                a.lerp_(b, 1 - decay)
        for (name, a), b in zip(slow.named_buffers(), G.buffers(), strict=True):
            if name not in skip:
                if alias:
                    a.data = b.data
                else:
                    a.copy_(b)
    return slow


def careless_slerp(a, b, t):
    angle = torch.acos(((a * b).sum() / a.norm() / b.norm()).clamp(-1, 1))
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / (torch.sin(angle) + 1e-8)


def right_angle_slerp(a, b, t):
    if torch.equal(a, b):
        return a
    return math.cos(t * math.pi / 2) * a + math.sin(t * math.pi / 2) * b


def draw(G, z):
    was_training = G.training
    G.eval()
    with torch.no_grad():
        samples = G(z)
    G.train(was_training)
    return samples


def top_flag_draw(G, z):
    """Its submodules stay in evaluation mode."""
    was_training = G.training
    G.eval()
    with torch.no_grad():
        samples = G(z)
    G.training = was_training
    return samples


def off_draw(G, z):
    was_training = G.training
    G.eval()
    torch.set_grad_enabled(False)
    samples = G(z)
    G.train(was_training)
    return samples


def seeded_draw(G, z):
    torch.manual_seed(0)
    return draw(G, z)


def average_in_eval(slow, G, decay):
    G.eval()
    return average(slow, G, decay)


def average_without_grad(slow, G, decay):
    torch.set_grad_enabled(False)
    return average(slow, G, decay)


def average_frozen(slow, G, decay):
    G.requires_grad_(False)
    return average(slow, G, decay)


def average_everything(slow, G, decay):
    with torch.no_grad():
        for a, b in zip(slow.state_dict().values(), G.state_dict().values(), strict=True):
            a.copy_(decay * a + (1 - decay) * b)
    return slow


def slerp(a, b, t, cosine=None):
    cosine = (a * b).sum() / (a.norm() * b.norm()) if cosine is None else cosine
    angle = torch.acos(cosine.clamp(-1, 1))
    if angle < 1e-4:
        return (1 - t) * a + t * b
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def quaternion_slerp(a, b, t):
    return slerp(a, b if (a * b).sum() >= 0 else -b, t)


def asin_slerp(a, b, t):
    sine = torch.linalg.cross(a, b).norm() / (a.norm() * b.norm())
    return slerp(a, b, t, cosine=(1 - sine.clamp(-1, 1) ** 2).sqrt())


def published_slerp(a, b, t, threshold=0.9995):
    """In NumPy and float32, as it is passed from notebook to notebook."""
    a, b = a.numpy(), b.numpy()
    dot = np.sum(a * b / (np.linalg.norm(a) * np.linalg.norm(b)))
    if np.abs(dot) > threshold:
        return torch.from_numpy(((1 - t) * a + t * b).astype("float32"))
    angle = np.arccos(dot)
    mix = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return torch.from_numpy(mix.astype("float32"))


RUNNING_AVERAGE = {
    "prediction": "higher",
    "figures": {1: [0.069, 0.086, 0.073], 50: np.array([0.012, 0.013, 0.011])},
    "conclusion": "lower",
}

WRONG = [
    (
        images.check_running_average,
        RUNNING_AVERAGE | {"conclusion": "higher"},
        "does not follow",
    ),
    (images.check_running_average, RUNNING_AVERAGE | {"figures": ...}, "Now run"),
    (
        images.check_running_average,
        RUNNING_AVERAGE | {"figures": {1: [0.069, 0.086, 0.073], 50: [0.012]}},
        "runs at least",
    ),
    (
        images.check_transposed_size,
        lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        "ordinary convolution",
    ),
    (images.check_transposed_size, lambda n, k, s, p: n * s, "your answer is 1: too small"),
    (images.check_transposed_size, lambda n, k, s, p: n / 0, "ZeroDivisionError"),
    # as published 22 times
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, 0.8), "eps is 0.8"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, momentum=0.8), "weight of the new"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n), "momentum is 0.1"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(3, momentum=0.2), "as many channels"),
    (images.check_draw, leaky_draw, "it ran in training mode"),
    (
        images.check_draw,
        forgetful_draw,
        "`G` came in training mode and goes back in evaluation mode",
    ),
    (images.check_draw, always_train_draw, "`G` came in evaluation mode"),
    (images.check_draw, graph_draw, "no_grad"),
    (images.check_update_average, average_without_buffers, "buffers"),
    (images.check_update_average, average_exchanged, "exchanged"),
    (images.check_update_average, average_nothing, "nothing changed"),
    (images.check_slerp, lerp, "linear interpolation"),
    (images.check_slerp, rescaled_chord, "third of the angle"),
    (images.check_slerp, naive_slerp, "only that vector"),
    (images.check_slerp, careless_slerp, "only that vector"),
    (images.check_slerp, right_angle_slerp, "60 degrees apart"),
    (images.check_draw, frozen_draw, "no longer take gradients"),
    (
        images.check_make_norm,
        lambda n: nn.BatchNorm2d(n, momentum=0.2, track_running_stats=False),
        "running statistics",
    ),
    (
        images.check_update_average,
        lambda s, G, d: average(s, G, d, skip=("1.weight", "1.bias")),
        "of 24 values are off in the parameters",
    ),
    (
        images.check_update_average,
        lambda s, G, d: average(s, G, d, skip=("1.running_var",)),
        "4 of 9 values are off in its buffers",
    ),
    (
        images.check_update_average,
        lambda s, G, d: average(s, G, d, alias=True),
        "shares its buffers",
    ),
    (images.check_update_average, lambda s, G, d: average(s, G, d) and G, "return `slow` itself"),
    (
        images.check_update_average,
        lambda s, G, d: copy.deepcopy(average(s, G, d)),
        "return `slow` itself",
    ),
    (images.check_even_kernels, {2, 4, 6, 8}, "only sizes"),
    (images.check_even_kernels, {2, 3, 4}, "odd kernel"),
    (images.check_even_kernels, {4}, "missing"),
    (images.check_even_kernels, 4, "a set"),
    (images.check_even_kernels, {"2", "4", "6"}, "as whole numbers"),
    (
        images.check_transposed_size,
        lambda n, k, s, p: n * s + max(k - s, 0) - 2 * p,
        "Keras does",
    ),
    (
        images.check_transposed_size,
        lambda n, k, s, p: 2 * n - 2 + k - 2 * p,
        "stride 3",
    ),
    (
        images.check_transposed_size,
        lambda n, k, s, p: str((n - 1) * s + k - 2 * p),
        "yours is '14'",
    ),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, momentum=0.2, affine=False), "a scale"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, momentum=0.2).eval(), "evaluation mode"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, eps=0, momentum=0.2), "eps is 0"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(6, momentum=0.2), "as many channels"),
    (images.check_draw, top_flag_draw, "(its Linear) came in training mode"),
    (images.check_draw, off_draw, "off for every later cell"),
    (images.check_draw, seeded_draw, "seeded torch's global generator"),
    (images.check_draw, lambda G, z: draw(G, z)[:1], "one for each latent vector"),
    (
        images.check_draw,
        lambda G, z: copy.deepcopy(G).train()(z).detach(),
        "depends on its neighbours",
    ),
    (images.check_update_average, lambda s, G, d: average(s, G, 0.9), "at a decay of 0.6"),
    (images.check_update_average, average_in_eval, "came in training mode"),
    (images.check_update_average, average_without_grad, "off for every later cell"),
    (images.check_update_average, average_frozen, "no longer take gradients"),
    (images.check_update_average, average_everything, "buffers are averaged too"),
    (images.check_slerp, quaternion_slerp, "for quaternions"),
    (images.check_slerp, lambda a, b, t: slerp(a / a.norm(), b / b.norm(), t) * a.norm(), "length"),
    (images.check_slerp, asin_slerp, "asin knows no angle"),
    (
        images.check_slerp,
        lambda a, b, t: slerp(a, b, t, cosine=(a * b).sum() / a.norm() ** 2),
        "both lengths",
    ),
]

RIGHT = [
    (images.check_running_average, RUNNING_AVERAGE),
    (images.check_transposed_size, lambda n, k, s, p: float((n - 1) * s + k - 2 * p)),
    (images.check_make_norm, functools.partial(nn.BatchNorm2d, momentum=0.2)),
    (images.check_draw, draw),
    (images.check_draw, torch.no_grad()(lambda G, z: copy.deepcopy(G).eval()(z))),
    (images.check_update_average, average),
    (images.check_slerp, slerp),
    (images.check_slerp, lambda a, b, t: slerp(a.double(), b.double(), t)),
    (images.check_slerp, lambda a, b, t: published_slerp(a, b, t).numpy()),
    (images.check_even_kernels, torch.tensor([2, 4, 6])),
    (images.check_even_kernels, [6, 4, 2]),
    (images.check_even_kernels, range(2, 7, 2)),
]
