"""Penalties on gradients: what keeps a discriminator from growing without bound."""

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
    if not real.requires_grad:
        raise ValueError("real does not require grad: call real.requires_grad_() before D(real)")
    if len(real) != len(logits_real):
        raise ValueError(f"real has {len(real)} samples and logits_real {len(logits_real)}: they must be one batch")
    (gradient,) = torch.autograd.grad(logits_real.sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
