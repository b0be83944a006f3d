"""Checkers of lesson 02, and their hints."""

import copy
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    compare_runs,
    judge,
    judge_experiment,
    not_yet,
    numbers,
    outside,
    show_hint,
)

HINTS = {
    "transposed_size": (
        "draw it: where does the first kernel begin, and where does the last one begin?",
        "between the first and the last begin `size - 1` steps; the last kernel has a width too",
        "the padding comes off at both ends",
    ),
    "draw": (
        "what in G depends on the other samples of a batch, and when?",
        "write down the mode before you change it; a network knows its own",
        "samples that nobody will differentiate need no graph: `with torch.no_grad()`",
    ),
    "update_average": (
        "a network has two kinds of tensors: those that are learnt, and those that are counted",
        "`parameters()` and `buffers()` list the two; only the first are averaged",
        "`lerp_` moves a tensor part of the way to another, in place; `copy_` all the way",
    ),
    "slerp": (
        "the cosine of the angle is the product of the two vectors over both lengths",
        "rounding can push a cosine past 1: clamp it before acos",
        "where the angle is 0, sin of it is 0 too. Which simpler formula is as good there?",
    ),
    "running_average": (
        "a forward pass in training mode is all that moves the averages",
        "use the same latent vectors in both modes, in one batch",
        "the difference of two batches of pictures: absolute, then the mean",
    ),
    "make_norm": (
        "say it by keyword: then no number lands in the wrong place",
        "if 0.8 of the old value is kept, how much of the new one comes in?",
    ),
    "even_kernels": (
        "paint a row at stride 2 with a kernel of 3, and count the strokes on each pixel",
        "each pixel should lie under equally many taps: what must the stride do to the kernel?",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_transposed_size(transposed_size: Callable[[int, int, int, int], int]) -> Verdict:
    """Exercise 1: the output size of a transposed convolution."""
    inputs = ((7, 4, 2, 1), (1, 7, 1, 0), (5, 3, 2, 1), (6, 2, 2, 0), (5, 2, 3, 0), (4, 5, 3, 2))
    return judge(
        transposed_size,
        lambda size, kernel, stride, padding: (size - 1) * stride + kernel - 2 * padding,
        {
            f"for size {size}, kernel {kernel}, stride {stride}, padding {padding}": (
                size,
                kernel,
                stride,
                padding,
            )
            for size, kernel, stride, padding in inputs
        },
        mistakes={
            "that is the size after an ordinary convolution; this one runs the other way": (
                lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1
            ),
            "the padding is cut from both ends": (
                lambda size, kernel, stride, padding: (size - 1) * stride + kernel - padding
            ),
            "between the beginnings of `size` kernels lie `size - 1` steps": (
                lambda size, kernel, stride, padding: size * stride + kernel - 2 * padding
            ),
            "where the stride is wider than the kernel, PyTorch paints no last gap; Keras does": (
                lambda size, kernel, stride, padding: (
                    size * stride + max(kernel - stride, 0) - 2 * padding
                )
            ),
        },
        form="a whole number",
    )


@checker
def check_running_average(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 5: how far evaluation is from training, after 1 batch and after 50."""
    return judge_experiment(
        experiment,
        settings=(1, 50),
        n_runs=3,
        says=lambda figures: compare_runs(*figures.values()),
        doubt=lambda figures: outside(figures, 0, 2),
    )


@checker
def check_make_norm(make_norm: Callable[[int], nn.Module]) -> Verdict:
    """Exercise 6: BatchNorm with the running average that Keras calls momentum 0.8."""
    for n in (6, 11):
        norm = make_norm(n)
        if not isinstance(norm, nn.BatchNorm2d) or norm.num_features != n:
            return not_yet("return an nn.BatchNorm2d for as many channels as asked")
        if norm.eps > 1e-2:
            return not_yet(
                f"eps is {norm.eps}: the second place in PyTorch is eps, so small variances vanish"
                " under it"
            )
        if norm.eps <= 0:
            return not_yet("eps is 0: a channel that never changes would be divided by zero")
        if norm.momentum is None or math.isclose(norm.momentum, 0.8):
            return not_yet(
                "Keras keeps 0.8 of the old value; PyTorch's momentum is the weight of the new one"
            )
        if not norm.track_running_stats:
            return not_yet(
                "without running statistics there is no average to take in to, and none for"
                " evaluation"
            )
        if not math.isclose(norm.momentum, 0.2):
            return not_yet(
                f"momentum is {norm.momentum}: how much of the new value does Keras' 0.8 take in?"
            )
        if not norm.affine:
            return not_yet("Keras' layer learns a scale and a shift, and yours has none")
        if not norm.training:
            return not_yet("a new layer is in training mode, and yours is in evaluation mode")
    return PASSED


@checker
def check_draw(draw: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    """Exercise 2: samples that depend on their own latent vector alone, and leave G as it was."""
    other, z = _trained_generator(1)
    return judge(
        draw,
        _draw,
        {
            "from a G in training mode": _trained_generator(0),
            "from a G in evaluation mode": (other.eval(), z[:3]),
        },
        result=lambda samples, G, z: (samples, _has_graph(samples)),
        mistakes={
            "the samples carry a graph: draw under torch.no_grad()": lambda G, z: copy.deepcopy(
                G
            ).eval()(z),
            "a sample depends on its neighbours in the batch: G is in training mode while you"
            " draw": lambda G, z: copy.deepcopy(G).train()(z).detach(),
        },
        form="G's samples, one for each latent vector",
        names=("the samples", "their graph"),
    )


@checker(changes=(0,))
def check_update_average(
    update_average: Callable[[nn.Module, nn.Module, float], object],
) -> Verdict:
    """Exercise 3: the running average of a generator, its buffers included."""
    average = _update_average
    return judge(
        update_average,
        average,
        {
            "at a decay of 0.9": partial(_two_networks, 0, 0.9),
            "at a decay of 0.6": partial(_two_networks, 1, 0.6),
        },
        result=_look_at_average,
        mistakes={
            "nothing changed: update the average in place, under torch.no_grad()": (
                lambda slow, G, decay: slow,
                lambda slow, G, decay: copy.deepcopy(slow),
            ),
            "the two weights are exchanged: a decay of 0.9 keeps 0.9 of the average": (
                lambda slow, G, decay: average(slow, G, 1 - decay),
                lambda slow, G, decay: average(slow, G, 1 - decay, buffers="left"),
            ),
            "parameters() leaves out the buffers, and yours are as they were; copy them all": (
                partial(average, buffers="left")
            ),
            "the buffers are averaged too: the text asks for copies": (
                partial(average, buffers="averaged"),
                partial(average, buffers="floats averaged"),
            ),
            "the average shares its buffers with G and moved with it: copy the values": (
                partial(average, buffers="shared")
            ),
            "`slow` is right, and you return something else: return `slow` itself": (
                lambda slow, G, decay: average(slow, G, decay) and G
            ),
        },
        names=("the parameters of the average", "its buffers", "what is returned"),
    )


@checker
def check_slerp(slerp: Callable[[Tensor, Tensor, float], Tensor]) -> Verdict:
    """Exercise 4: interpolation on a sphere."""
    source = torch.Generator().manual_seed(0)
    a, b = torch.tensor([2.0, 0.0, 0.0]).double(), torch.tensor([0.0, 2.0, 0.0]).double()
    near = torch.tensor([1.0, math.sqrt(3.0), 0.0]).double()  # 60 degrees from a
    far = torch.tensor([-1.5, 0.0, 1.5 * math.sqrt(3.0)]).double()  # 120 degrees, and longer
    many = torch.randn(2, 64, generator=source, dtype=torch.float64)
    rounded = torch.randn(8, generator=torch.Generator().manual_seed(11)).double()
    return judge(
        slerp,
        _slerp,
        {
            "at t = 0": (a, far, 0.0),
            "at t = 1": (a, far, 1.0),
            "halfway between two vectors at a right angle": (a, b, 0.5),
            "a third of the way": (a, b, 1 / 3),
            "between two vectors 60 degrees apart": (near, a, 0.25),
            "between two vectors 120 degrees apart, one longer than the other": (a, far, 0.4),
            "in 64 dimensions": (*many, 0.7),
            "between a vector and itself": (a, a.clone(), 0.5),
            "between a vector and itself, where rounding makes its cosine exceed 1": (
                rounded,
                rounded.clone(),
                0.3,
            ),
        },
        mistakes={
            "halfway lies on the chord, shorter than both ends: that is linear interpolation": (
                lambda a, b, t: (1 - t) * a + t * b
            ),
            "a third of the way is not a third of the angle: do not merely rescale the chord": (
                _rescaled_chord
            ),
            "beyond 90 degrees the other vector is turned round: that is for quaternions, where b"
            " and -b are one rotation": lambda a, b, t: _slerp(a, b * (a * b).sum().sign(), t),
            "the result has the length of the first vector; the formula weighs both as they are": (
                lambda a, b, t: _slerp(a / a.norm(), b / b.norm(), t) * a.norm()
            ),
            "the cosine of the angle takes both lengths": (
                partial(_slerp, cosine=lambda a, b: (a * b).sum() / a.norm() ** 2),
                partial(_slerp, cosine=lambda a, b: (a * b).sum()),
            ),
            "asin knows no angle beyond 90 degrees": partial(
                _slerp,
                cosine=lambda a, b: ((a * b).sum() / a.norm() / b.norm()).abs(),
            ),
            "between a vector and itself there is only that vector: mind sin of the angle, which is"
            " 0 there": (
                lambda a, b, t: 0 * a / 0,
                lambda a, b, t: 0 * a,
            ),
        },
    )


@checker
def check_even_kernels(answer: Collection[int]) -> Verdict:
    """Exercise 7: kernel sizes of 2 to 6 whose overlaps are even at stride 2."""
    if not hasattr(answer, "__len__") or isinstance(answer, str | dict):
        return not_yet("give a set of sizes, such as {2, 3}")
    sizes = numbers(list(answer), len(answer))
    if sizes is None:
        return not_yet("give sizes as whole numbers")
    if not set(sizes) <= {2, 3, 4, 5, 6}:
        return not_yet("only sizes from 2 to 6 are asked for")
    if 3 in sizes or 5 in sizes:
        return not_yet(
            "with an odd kernel some pixels lie under more taps than their neighbours: count at"
            " stride 2"
        )
    if len(set(sizes)) < 3:
        return not_yet("a size is missing: count the strokes for each size you left out")
    return PASSED


def _trained_generator(seed: int) -> tuple[nn.Module, Tensor]:
    """A G whose running statistics have seen other batches, and latent vectors for it."""
    source = torch.Generator().manual_seed(seed)
    G = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).double()
    for weight in G.parameters():
        weight.data = torch.randn(weight.shape, generator=source, dtype=torch.float64)
    for _ in range(20):
        G(torch.randn(32, 3, generator=source, dtype=torch.float64) * 2 + 1)
    return G, torch.randn(8, 3, generator=source, dtype=torch.float64)


def _has_graph(value: object) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _draw(G: nn.Module, z: Tensor) -> Tensor:
    was_training = G.training
    G.eval()
    with torch.no_grad():
        samples = G(z)
    G.train(was_training)
    return samples


def _two_networks(seed: int, decay: float) -> tuple[nn.Module, nn.Module, float]:
    source = torch.Generator().manual_seed(seed)
    slow = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    for weight in slow.parameters():
        weight.data = torch.randn(weight.shape, generator=source)
    G = copy.deepcopy(slow)
    for weight in G.parameters():
        weight.data += torch.rand(weight.shape, generator=source)
    G(torch.randn(16, 3, generator=source) + 3)
    return slow, G, decay


@torch.no_grad()
def _update_average(
    slow: nn.Module, G: nn.Module, decay: float, *, buffers: str = "copied"
) -> nn.Module:
    for average, current in zip(slow.parameters(), G.parameters(), strict=True):
        average.lerp_(current, 1 - decay)
    for mine, theirs in zip(slow.buffers(), G.buffers(), strict=True):
        if buffers == "shared":
            mine.data = theirs.data
        elif buffers == "averaged" or (buffers == "floats averaged" and mine.is_floating_point()):
            mine.copy_(decay * mine + (1 - decay) * theirs)
        elif buffers != "left":
            mine.copy_(theirs)
    return slow


def _look_at_average(
    returned: object, slow: nn.Module, G: nn.Module, decay: float
) -> tuple[Tensor, Tensor, bool]:
    for buffer in G.buffers():
        buffer += 1  # an average that shares its buffers would move too
    buffers = torch.cat([buffer.double().flatten() for buffer in slow.buffers()])
    return parameters_to_vector(slow.parameters()), buffers, returned is slow


def _slerp(
    a: Tensor,
    b: Tensor,
    t: float,
    *,
    cosine: Callable[[Tensor, Tensor], Tensor] = lambda a, b: (a * b).sum() / a.norm() / b.norm(),
) -> Tensor:
    angle = torch.acos(cosine(a, b).clamp(-1, 1))
    if angle < 1e-4:
        return (1 - t) * a + t * b
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def _rescaled_chord(a: Tensor, b: Tensor, t: float) -> Tensor:
    chord = (1 - t) * a + t * b
    return chord / chord.norm() * ((1 - t) * a.norm() + t * b.norm())
