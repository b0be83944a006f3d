import numpy as np
import torch
from torch.nn.functional import mse_loss

from gan_course.lessons.l00_start_here import exercises as start


def standardise(x):
    return (x - x.mean(0)) / x.std(0, correction=0)


def slope(f, x):
    x = x.clone().requires_grad_()
    f(x).sum().backward()
    return x.grad


def slope_by_entries(f, x):
    return [torch.func.grad(f)(value) for value in x]


def descend(w, x, y, lr):
    w = w.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(((x @ w - y) ** 2).mean(), w)
    return (w - lr * gradient).detach()


def descend_with_sgd(w, x, y, lr):
    w = torch.nn.Parameter(w.clone())
    optimizer = torch.optim.SGD([w], lr=lr)
    mse_loss(x @ w, y).backward()
    optimizer.step()
    return w


def conv_size(size, kernel, stride, padding):
    return torch.nn.Conv1d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, size)).shape[-1]


def conv_size_by_count(size, kernel, stride, padding):
    return len(range(-padding, size + padding - kernel + 1, stride))


RIGHT = [
    (start.check_n_numbers, 12_288),
    (start.check_n_numbers, np.prod((3, 64, 64))),
    (start.check_n_numbers, torch.zeros(3, 64, 64).numel()),
    (start.check_standardise, standardise),
    (start.check_standardise, lambda x: standardise(x.double())),
    (start.check_slope, slope),
    (start.check_slope, slope_by_entries),
    (start.check_descend, descend),
    (start.check_descend, descend_with_sgd),
    (start.check_conv_size, conv_size_by_count),
    (start.check_conv_size, lambda s, k, stride, p: (s + 2 * p - k + stride) // stride),
]

WRONG = [
    (start.check_n_numbers, 4_096, "a pixel of a colour picture"),
    (start.check_n_numbers, 192, "one row"),
    (start.check_n_numbers, 16_384, "fourth channel"),
    (start.check_n_numbers, 5, "count the pixels"),
    (start.check_standardise, lambda x: standardise(x.T).T, "makes rows alike"),
    (start.check_standardise, lambda x: (x - x.mean()) / x.std(correction=0), "each column"),
    (start.check_standardise, lambda x: x - x.mean(0), "are not 1 yet"),
    (start.check_standardise, lambda x: x / x.std(0, correction=0), "means are not 0"),
    (start.check_standardise, lambda x: (x - x.mean(0)) / x.std(0), "N - 1"),
    (start.check_slope, lambda f, x: f(x), "value of f"),
    (start.check_slope, lambda f, x: slope(f, x) / len(x), "the mean's slope"),
    (start.check_slope, lambda f, x: slope(f, x).sum(), "return"),
    (start.check_descend, lambda w, x, y, lr: descend(w, x, y, -lr), "uphill"),
    (start.check_descend, lambda w, x, y, lr: w - descend(w, x, y, 1), "gradient itself"),
    (start.check_descend, lambda w, x, y, lr: descend(w, x, y, lr * len(y)), "you summed"),
    (start.check_descend, lambda w, x, y, lr: descend(w, x, y, lr / 2), "half the slope"),
    (start.check_descend, lambda w, x, y, lr: w, "not moved"),
    (start.check_conv_size, lambda s, k, stride, p: (s + p - k) // stride + 1, "both ends"),
    (start.check_conv_size, lambda s, k, stride, p: (s + 2 * p - k) // stride, "one too few"),
    (start.check_conv_size, lambda s, k, stride, p: (s + 2 * p - k) / stride + 1, "round down"),
    (start.check_conv_size, lambda s, k, stride, p: s + 2 * p - k + 1, "stride 1"),
    (start.check_conv_size, lambda s, k, stride, p: (s - 1) * stride + k - 2 * p, "transposed"),
]


def test_the_rule_of_sizes_is_pytorchs():
    for case in ((28, 4, 2, 1), (64, 7, 1, 3), (15, 4, 2, 0), (10, 3, 3, 2), (9, 2, 4, 1)):
        assert conv_size(*case) == conv_size_by_count(*case) == start._conv_size(*case)
