"""Checkers of lesson 02."""

import copy
import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from gan_course.lessons.checking import PASSED, Verdict, checker, not_yet


@checker
def check_transposed_size(transposed_size: Callable[[int, int, int, int], int]) -> Verdict:
    """Exercise 1: the output size of a transposed convolution."""
    for size, kernel, stride, padding in (
        (7, 4, 2, 1),
        (1, 7, 1, 0),
        (14, 4, 2, 1),
        (5, 3, 2, 1),
        (6, 2, 2, 0),
    ):
        layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding)
        truth = layer(torch.zeros(1, 1, size, size)).shape[-1]
        answer = transposed_size(size, kernel, stride, padding)
        if answer == (size + 2 * padding - kernel) // stride + 1:
            return not_yet(
                "that is the size after an ordinary convolution; this one runs the other way"
            )
        if answer != truth:
            asked = f"size {size}, kernel {kernel}, stride {stride}, padding {padding}"
            return not_yet(f"for {asked} PyTorch gives {truth}, you {answer}")
    return PASSED


@checker
def check_article_size(answer: object) -> Verdict:
    """Exercise 2: the height at which the article's generator ends, from 4 by two strides of 2."""
    match answer:
        case 1:
            return PASSED
        case 2:
            return not_yet("that would be from a height of 8; start from 4")
        case 16:
            return not_yet("16 would need upsampling; look at which layer the article strides with")
        case 4:
            return not_yet("'same' padding keeps the size only at stride 1")
    return not_yet(
        "follow the height through the layers: a stride of 2 with 'same' padding halves it"
    )


@checker
def check_make_norm(make_norm: Callable[[int], nn.Module]) -> Verdict:
    """Exercise 3: BatchNorm with the running average that Keras calls momentum 0.8."""
    norm = make_norm(6)
    if not isinstance(norm, nn.BatchNorm2d) or norm.num_features != 6:
        return not_yet("return an nn.BatchNorm2d for as many channels as asked")
    if norm.eps > 1e-2:
        return not_yet(
            f"eps is {norm.eps}: the second place in PyTorch is eps, so small variances vanish"
            " under it"
        )
    if norm.momentum is None or math.isclose(norm.momentum, 0.8):
        return not_yet(
            "Keras keeps 0.8 of the old value; PyTorch's momentum is the weight of the new one"
        )
    if not norm.track_running_stats:
        return not_yet(
            "without running statistics there is no average to take in to, and none for evaluation"
        )
    if not math.isclose(norm.momentum, 0.2):
        return not_yet(
            f"momentum is {norm.momentum}: how much of the new value does Keras' 0.8 take in?"
        )
    return PASSED


@checker
def check_draw(draw: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    """Exercise 4: samples that depend on their own latent vector alone, and leave G as it was."""
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    for _ in range(20):
        G(torch.randn(32, 3) * 2 + 1)
    G.train()
    before = copy.deepcopy(G.state_dict())
    z = torch.randn(8, 3)
    samples = draw(G, z)
    if not isinstance(samples, Tensor) or samples.shape != (8, 2):
        return not_yet("return G's samples, one for each latent vector")
    if any(not torch.equal(before[name], value) for name, value in G.state_dict().items()):
        return not_yet("drawing changed G: its running statistics moved, so G was in training mode")
    if not all(parameter.requires_grad for parameter in G.parameters()):
        return not_yet(
            "G's parameters no longer take gradients: training would stop without a word"
        )
    if not torch.allclose(draw(G, z[:2]), samples[:2], atol=1e-6):
        return not_yet(
            "a sample depends on its neighbours in the batch: G is in training mode while you draw"
        )
    if not G.training:
        return not_yet(
            "G was in training mode before and is not now: training would go on with frozen"
            " statistics"
        )
    G.eval()
    draw(G, z)
    if G.training:
        return not_yet(
            "G was in evaluation mode before and is in training mode now: give back the mode you"
            " found"
        )
    if samples.requires_grad:
        return not_yet("the samples carry a graph: draw under torch.no_grad()")
    return PASSED


@checker
def check_update_average(
    update_average: Callable[[nn.Module, nn.Module, float], object],
) -> Verdict:
    """Exercise 5: the running average of a generator, its buffers included."""
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    slow = copy.deepcopy(G)
    with torch.no_grad():
        for parameter in G.parameters():
            parameter.add_(1.0)
    G(torch.randn(16, 3) + 3)
    before, current = copy.deepcopy(slow.state_dict()), copy.deepcopy(G.state_dict())
    returned = update_average(slow, G, 0.9)
    after = slow.state_dict()
    if any(not torch.equal(current[name], value) for name, value in G.state_dict().items()):
        return not_yet("G itself has changed: only the average may")
    if all(torch.equal(before[name], after[name]) for name in before):
        return not_yet("nothing changed: update the average in place, under torch.no_grad()")
    learnt = [name for name, _ in G.named_parameters()]
    weight = "0.weight"
    if torch.allclose(after[weight], 0.1 * before[weight] + 0.9 * current[weight], atol=1e-5):
        return not_yet("the two weights are exchanged: a decay of 0.9 keeps 0.9 of the average")
    for name in learnt:
        if not torch.allclose(after[name], 0.9 * before[name] + 0.1 * current[name], atol=1e-5):
            return not_yet(f"{name} is not 0.9 of the average plus 0.1 of G's")
    if after["1.num_batches_tracked"] != current["1.num_batches_tracked"]:
        return not_yet(
            "the counter of batches is not G's: parameters() leaves out the buffers; copy them all"
        )
    for name in ("1.running_mean", "1.running_var"):
        if not torch.allclose(after[name], current[name], atol=1e-6):
            return not_yet(f"{name} is not G's: parameters() leaves out the buffers; copy them all")
    if returned is not slow:
        return not_yet("`slow` is right, and you return something else: return `slow` itself")
    G(torch.randn(16, 3) - 5)
    if not torch.equal(slow.state_dict()["1.running_mean"], current["1.running_mean"]):
        return not_yet("the average shares its buffers with G and moved with it: copy the values")
    return PASSED


@checker
def check_slerp(slerp: Callable[[Tensor, Tensor, float], Tensor]) -> Verdict:
    """Exercise 6: interpolation on a sphere."""
    a, b = torch.tensor([2.0, 0.0, 0.0]), torch.tensor([0.0, 2.0, 0.0])
    if not torch.allclose(slerp(a, b, 0.0), a, atol=1e-5) or not torch.allclose(
        slerp(a, b, 1.0), b, atol=1e-5
    ):
        return not_yet("t = 0 must give the first vector, t = 1 the second")
    middle = slerp(a, b, 0.5)
    if torch.allclose(middle, (a + b) / 2, atol=1e-5):
        return not_yet(
            "halfway lies on the chord, shorter than both ends: that is linear interpolation"
        )
    if not torch.isclose(middle.norm(), torch.tensor(2.0), atol=1e-4):
        return not_yet(
            f"halfway between two vectors of length 2 the length is {float(middle.norm()):.2f}"
        )
    third = slerp(a, b, 1 / 3)
    if not torch.allclose(third, torch.tensor([math.sqrt(3.0), 1.0, 0.0]), atol=1e-4):
        return not_yet(
            "a third of the way is not a third of the angle: do not merely rescale the chord"
        )
    same = slerp(a, a.clone(), 0.5)
    if not torch.isfinite(same).all():
        return not_yet("between a vector and itself it is not finite: sin of the angle is 0 there")
    if not torch.allclose(same, a, atol=1e-3):
        return not_yet(
            "between a vector and itself there is only that vector: mind sin of the angle, which is"
            " 0 there"
        )
    c = torch.tensor([1.0, math.sqrt(3.0), 0.0])  # 60 degrees from a
    if not torch.allclose(slerp(a, c, 0.5), torch.tensor([math.sqrt(3.0), 1.0, 0.0]), atol=1e-4):
        return not_yet(
            "it is right at 90 degrees and not at 60: divide by both lengths to get the cosine of"
            " the angle"
        )
    return PASSED


@checker
def check_even_kernels(answer: Iterable[int]) -> Verdict:
    """Exercise 7: kernel sizes of 2 to 6 whose overlaps are even at stride 2."""
    try:
        sizes = set(answer)
    except TypeError:
        return not_yet("give a set of sizes, such as {2, 3}")
    if sizes == {2, 4, 6}:
        return PASSED
    if 3 in sizes or 5 in sizes:
        return not_yet(
            "with an odd kernel some pixels lie under more taps than their neighbours: count at"
            " stride 2"
        )
    if not sizes <= {2, 3, 4, 5, 6}:
        return not_yet("only sizes from 2 to 6 are asked for")
    return not_yet("a size is missing: every kernel that the stride divides overlaps evenly")
