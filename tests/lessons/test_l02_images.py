import copy
import math

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


WRONG = [
    (
        images.check_transposed_size,
        lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        "ordinary convolution",
    ),
    (images.check_transposed_size, lambda n, k, s, p: n * s, "PyTorch gives"),
    (images.check_transposed_size, lambda n, k, s, p: n / 0, "ZeroDivisionError"),
    (images.check_article_size, 16, "upsampling"),
    (images.check_article_size, 4, "stride 1"),
    # as published 22 times
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, 0.8), "eps is 0.8"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n, momentum=0.8), "weight of the new"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(n), "momentum is 0.1"),
    (images.check_make_norm, lambda n: nn.BatchNorm2d(3, momentum=0.2), "as many channels"),
    (images.check_draw, leaky_draw, "training mode"),
    (images.check_draw, forgetful_draw, "is not now"),
    (images.check_draw, always_train_draw, "give back the mode"),
    (images.check_draw, graph_draw, "no_grad"),
    (images.check_update_average, average_without_buffers, "buffers"),
    (images.check_update_average, average_exchanged, "exchanged"),
    (images.check_update_average, average_nothing, "nothing changed"),
    (images.check_slerp, lerp, "linear interpolation"),
    (images.check_slerp, rescaled_chord, "third of the angle"),
    (images.check_slerp, naive_slerp, "not finite"),
    (images.check_slerp, careless_slerp, "only that vector"),
    (images.check_slerp, right_angle_slerp, "not at 60"),
    (images.check_draw, frozen_draw, "no longer take gradients"),
    (
        images.check_make_norm,
        lambda n: nn.BatchNorm2d(n, momentum=0.2, track_running_stats=False),
        "running statistics",
    ),
    (
        images.check_update_average,
        lambda s, G, d: average(s, G, d, skip=("1.weight", "1.bias")),
        "1.weight",
    ),
    (
        images.check_update_average,
        lambda s, G, d: average(s, G, d, skip=("1.running_var",)),
        "running_var",
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
]


def test_a_right_average_passes():
    assert images.check_update_average(average).status == "passed"
