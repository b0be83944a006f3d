"""Checkers of lesson 00, and their hints."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from gan_course.lessons.checking import Verdict, checker, judge, judge_number, show_hint

HINTS = {
    "n_numbers": (
        "how many pixels are there?",
        "and how many numbers does a pixel of a colour picture hold?",
    ),
    "standardise": (
        "x.mean takes the number of the axis to average over: which one runs over the rows?",
        "the standard deviation here is the root of the plain mean of squares: correction=0",
    ),
    "slope": (
        "x has to be a tensor that requires a gradient before f is called",
        "torch.autograd.grad wants a single number: what does a sum of f over all entries change?",
    ),
    "descend": (
        "write the loss first: predictions x @ w, their squared errors, a mean",
        "the gradient of the loss points uphill",
        "w.detach().requires_grad_() is a w of your own to differentiate by",
    ),
    "conv_size": (
        "the picture is size + 2 * padding wide. How far can the kernel move in it?",
        "a move that does not reach a whole stride gives no output: round down, then count the"
        " place at which it began",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_n_numbers(n_numbers: int) -> Verdict:
    """Exercise 1: the numbers in a colour picture of 64 x 64 pixels."""
    return judge_number(
        n_numbers,
        3 * 64 * 64,
        {
            "that is the number of pixels, and a pixel of a colour picture is more than one"
            " number": 64 * 64,
            "that counts one row of the picture": 3 * 64,
            "that is a side alone: a picture has rows and columns": 64,
            "that would be with a fourth channel, such as transparency": 4 * 64 * 64,
        },
        "count the pixels, then the numbers in each",
    )


@checker
def check_standardise(standardise: Callable[[Tensor], Tensor]) -> Verdict:
    """Exercise 2: columns with mean 0 and standard deviation 1."""
    source = torch.Generator().manual_seed(0)
    tall = torch.randn(6, 3, generator=source) * torch.tensor([1.0, 5.0, 0.2]) + 2
    wide = torch.randn(4, 5, generator=source) - 3
    return judge(
        standardise,
        _standardise,
        {"for 6 rows and 3 columns": (tall,), "for 4 rows and 5 columns": (wide,)},
        mistakes={
            "that makes rows alike; it is the columns that are to have mean 0": (
                partial(_standardise, axis=1)
            ),
            "one mean and one spread for the whole table: each column is to have its own": (
                lambda x: (x - x.mean()) / x.std(correction=0)
            ),
            "the means are 0, the standard deviations are not 1 yet": (
                lambda x: x - x.mean(0, keepdim=True)
            ),
            "the standard deviations are 1, the means are not 0": (
                lambda x: x / x.std(0, keepdim=True, correction=0)
            ),
            "that is the estimate with N - 1; take the plain mean of squares": (
                partial(_standardise, correction=1)
            ),
            "you divided by the variance: its root is the standard deviation": (
                lambda x: (x - x.mean(0)) / x.var(0, correction=0)
            ),
        },
    )


@checker
def check_slope(slope: Callable[[Callable, Tensor], Tensor]) -> Verdict:
    """Exercise 3: the derivative of a function at each entry of a tensor."""
    return judge(
        slope,
        _slope,
        {
            "for x ** 3 at three places": (_cube, torch.tensor([-1.0, 0.5, 2.0])),
            "for sin(2 x) at four": (_wave, torch.tensor([0.0, 0.3, -0.7, 1.9])),
        },
        mistakes={
            "that is the value of f, not its derivative": lambda f, x: f(x),
            "that is one number: the sum of all slopes, and each entry of x has its own": (
                lambda f, x: _slope(f, x).sum().expand_as(x)
            ),
            "that is the mean's slope: it is smaller by the number of entries": (
                lambda f, x: _slope(f, x) / x.numel()
            ),
            "that is a difference quotient of wide step; autograd gives the exact slope": (
                lambda f, x: (f(x + 0.1) - f(x)) / 0.1
            ),
        },
    )


@checker
def check_descend(descend: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Verdict:
    """Exercise 4: one step of gradient descent on a mean squared error."""
    source = torch.Generator().manual_seed(1)
    x, w, y = (torch.randn(size, generator=source) for size in ((7, 3), (3,), (7,)))
    return judge(
        descend,
        _descend,
        {
            "for 7 points and 3 weights": (w, x, y, 0.1),
            "for 4 points and 2 weights": (w[:2], x[:4, :2], y[3:], 0.03),
        },
        mistakes={
            "w moved uphill: the gradient says where the loss grows": (
                lambda w, x, y, lr: _descend(w, x, y, -lr)
            ),
            "that is the gradient itself; return the new w": (
                lambda w, x, y, lr: w - _descend(w, x, y, 1.0)
            ),
            "that is what w moved by; return the new w": (
                lambda w, x, y, lr: _descend(w, x, y, lr) - w,
                lambda w, x, y, lr: w - _descend(w, x, y, lr),
            ),
            "the step is to be lr times the gradient": lambda w, x, y, lr: _descend(w, x, y, 1.0),
            "you summed the squared errors: the loss is their mean": (
                lambda w, x, y, lr: _descend(w, x, y, lr * len(y))
            ),
            "half the slope: the loss is the mean of squares, without a factor 1/2": (
                lambda w, x, y, lr: _descend(w, x, y, lr / 2)
            ),
            "w has not moved": lambda w, x, y, lr: w,
        },
    )


@checker
def check_conv_size(conv_size: Callable[[int, int, int, int], int]) -> Verdict:
    """Exercise 5: the side of a convolution's output."""
    return judge(
        conv_size,
        _conv_size,
        {
            "for side 20, kernel 3, stride 2, padding 4": (20, 3, 2, 4),
            "for side 28, kernel 4, stride 2, padding 1": (28, 4, 2, 1),
            "for side 64, kernel 7, stride 1, padding 3": (64, 7, 1, 3),
            "for side 15, kernel 4, stride 2, padding 0": (15, 4, 2, 0),
        },
        mistakes={
            "padding is added at both ends": (
                lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1
            ),
            "one too few: the place where the kernel begins counts, too": (
                lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride
            ),
            "a part of an output is none: round down": (
                lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1
            ),
            "one too many where the last move does not fit: round down": (
                lambda size, kernel, stride, padding: -((kernel - size - 2 * padding) // stride) + 1
            ),
            "that is the size with stride 1": (
                lambda size, kernel, stride, padding: size + 2 * padding - kernel + 1
            ),
            "that is the rule of a transposed convolution, which enlarges": (
                lambda size, kernel, stride, padding: (size - 1) * stride + kernel - 2 * padding
            ),
        },
        form="one whole number",
    )


def _standardise(x: Tensor, axis: int = 0, correction: int = 0) -> Tensor:
    std, mean = torch.std_mean(x, axis, correction=correction, keepdim=True)
    return (x - mean) / std


def _cube(x: Tensor) -> Tensor:
    return x**3


def _wave(x: Tensor) -> Tensor:
    return torch.sin(2 * x)


def _slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x)
    return gradient


def _descend(w: Tensor, x: Tensor, y: Tensor, lr: float) -> Tensor:
    w = w.detach().clone()
    return w - lr * 2 * x.T @ (x @ w - y) / len(y)


def _conv_size(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1
