"""Gradient penalties: R1, R2, WGAN-GP's, and path lengths."""

import math

import torch
from torch import Tensor


def r1_penalty(real: Tensor, logits_real: Tensor) -> Tensor:
    r"""Mean squared gradient norm of D at real samples.

    $R_1 = \mathbb{E}_{x \sim p_{data}} \lVert \nabla_x D(x) \rVert_2^2$

    gamma/2 is left to the caller, so that logged values compare between runs.

    Args:
        real: (N, ...) in [-1, 1]; must have required grad before D saw it.
        logits_real: (N,) or (N, 1) raw scores D(real).

    Returns:
        Scalar (), >= 0, differentiable with respect to D's parameters.

    Raises:
        ValueError: `real` does not require grad, or the batch sizes differ.

    Source: Mescheder et al. 2018 (arXiv:1801.04406), the R1 regulariser.
    Differs: the paper's R1 includes gamma/2.
    """
    # Mescheder et al. 2018, equation 9
    return _slopes(real, logits_real, "real").square().sum(1).mean()


def r2_penalty(fake: Tensor, logits_fake: Tensor) -> Tensor:
    r"""Mean squared gradient norm of D at generated samples: R1's mirror.

    $R_2 = \mathbb{E}_{z} \lVert \nabla_x D(G(z)) \rVert_2^2$

    gamma/2 is left to the caller, as with `r1_penalty`.

    Args:
        fake: (N, ...) generated samples, detached from G; must have required grad before D saw
            them.
        logits_fake: (N,) or (N, 1) raw scores D(fake).

    Returns:
        Scalar (), >= 0, differentiable with respect to D's parameters.

    Raises:
        ValueError: `fake` does not require grad, or the batch sizes differ.

    Source: Mescheder et al. 2018, the R2 regulariser.
    Differs: the paper's R2 includes gamma/2.
    """
    # Mescheder et al. 2018, equation 10
    return _slopes(fake, logits_fake, "fake").square().sum(1).mean()


def gradient_penalty(mixed: Tensor, logits_mixed: Tensor) -> Tensor:
    r"""Mean squared distance of D's gradient norm from 1, on the way from fakes to real samples.

    $\mathbb{E}_{\hat x} (\lVert \nabla_{\hat x} D(\hat x) \rVert_2 - 1)^2$

    Two-sided: a slope below 1 costs as one above does. So it does not ask D to be flat where the
    game is won, which R1 and R2 do. lambda is left to the caller.

    Args:
        mixed: (N, ...) from `interpolates`; must have required grad before D saw them.
        logits_mixed: (N,) or (N, 1) raw scores D(mixed).

    Returns:
        Scalar (), >= 0, differentiable with respect to D's parameters.

    Raises:
        ValueError: `mixed` does not require grad, or the batch sizes differ.

    Source: Gulrajani et al. 2017 (arXiv:1704.00028), the second term of their objective.
    Differs: the paper's includes lambda = 10.
    """
    # Gulrajani et al. 2017, equation 3, second term
    slopes = _slopes(mixed, logits_mixed, "mixed")
    return (torch.linalg.vector_norm(slopes, dim=1) - 1).square().mean()


def interpolates(real: Tensor, fake: Tensor, *, share: Tensor) -> Tensor:
    """Points between pairs of a real and a generated sample, ready for `gradient_penalty`.

    Args:
        real: (N, ...) real samples.
        fake: (N, ...) generated samples, detached from G.
        share: (N,) how much of the real sample each takes, drawn uniformly from [0, 1]; one for all
            of a sample.

    Returns:
        (N, ...), requiring grad.

    Raises:
        ValueError: the shapes do not fit.

    Source: Gulrajani et al. 2017, algorithm 1.
    """
    if real.shape != fake.shape or share.shape != real.shape[:1]:
        raise ValueError(
            f"real is {tuple(real.shape)}, fake {tuple(fake.shape)}, share {tuple(share.shape)}"
        )
    share = share.view(-1, *[1] * (real.ndim - 1))
    return (share * real + (1 - share) * fake).detach().requires_grad_()


def _slopes(points: Tensor, logits: Tensor, name: str) -> Tensor:
    if not points.requires_grad:
        raise ValueError(
            f"{name} does not require grad: call {name}.requires_grad_() before D({name})"
        )
    if len(points) != len(logits):
        raise ValueError(
            f"{name} has {len(points)} samples and its logits {len(logits)}: they must be one batch"
        )
    (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return gradient.flatten(1)  # (N, all of a sample)


def path_lengths(images: Tensor, ws: Tensor, *, noise: Tensor) -> Tensor:
    r"""Path lengths: how far each picture moves for a step in w, in a random direction.

    $\lVert J_w^T y \rVert_2$ with $y \sim N(0, I)$, over $\sqrt{H W}$: the norm over w for each
    layer, its root mean square over layers.

    Args:
        images: (N, C, H, W) made from `ws`.
        ws: (N, num_ws, w_dim), requiring grad.
        noise: (N, C, H, W) from N(0, 1).

    Returns:
        (N,) lengths, differentiable with respect to G's parameters.

    Raises:
        ValueError: `ws` does not require grad, or `noise` has another shape.

    Source: Karras et al. 2020 (arXiv:1912.04958), section 3.2, equation 4; scaling and mean as in
        the official code.
    """
    if not ws.requires_grad:
        raise ValueError("ws does not require grad: call ws.requires_grad_() before G(ws)")
    if noise.shape != images.shape:
        raise ValueError(f"noise is {tuple(noise.shape)}, the images are {tuple(images.shape)}")
    # J_w^T y as the gradient of g(w) . y (Karras et al. 2020, equation 4 and the text after it)
    weighted = (images * noise).sum() / math.sqrt(images.shape[2] * images.shape[3])
    (slopes,) = torch.autograd.grad(weighted, ws, create_graph=True)
    return slopes.square().sum(2).mean(1).sqrt()
