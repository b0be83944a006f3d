"""Projection (inversion): the styles whose pictures are nearest to given pictures."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_course.models.stylegan import StyleGANGenerator

N_MEAN = 4_096  # draws of w for its spread


def project(
    G: StyleGANGenerator,
    targets: Tensor,
    *,
    n_steps: int = 300,
    lr: float = 0.05,
    per_layer: bool = True,
    n_starts: int = 64,
    features: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Search for the styles whose pictures match the targets: the best of random starts, then Adam.

    Each picture has a search of its own; they only run side by side.

    The noise stays as it is kept in G: it should not be used to draw the pictures.

    Args:
        G: in evaluation mode, float32.
        targets: (N, 3, H, W) in [-1, 1], of G's resolution.
        n_steps: of Adam; its rate falls to zero along a cosine.
        lr: Adam's rate, in standard deviations of w.
        per_layer: a w of its own for each layer (W+), else one for all (W).
        n_starts: random w among which the nearest picture is the start.
        features: pictures (N, 3, H, W) to vectors (N, F); their L1 distance is added to that of the
            pixels.
        seed: of the starts.

    Returns:
        The styles (N, num_ws, w_dim) and their pictures (N, 3, H, W) in [-1, 1], both detached.

    Raises:
        ValueError: the targets are not of G's resolution.

    Source: Abdal et al. 2019 (arXiv:1904.03189) for W+; Karras et al. 2020, section 5, for a start
        near the mean.
    Differs: pixels and the course's own features in place of VGG's; noise maps are not optimised.
    """
    side = G.synthesis.img_resolution
    height, width = targets.shape[-2:]
    if (height, width) != (side, side):
        raise ValueError(f"the picture is {width} x {height}, G makes {side} x {side}: resize it")
    device = next(G.parameters()).device
    targets = targets.to(device)
    target_features = None if features is None else features(targets).detach()
    with torch.no_grad():
        z = torch.randn(N_MEAN, G.z_dim, generator=torch.Generator().manual_seed(seed)).to(device)
        w = G.mapping(z)
        spread, starts = w.std(0).mean(), w[:n_starts, None].expand(-1, G.num_ws, -1)
        pictures = torch.cat([G.synthesis(part, noise="const") for part in starts.split(32)])
        nearest = torch.cdist(targets.flatten(1), pictures.flatten(1), p=1).argmin(1)
    start = starts[nearest, : G.num_ws if per_layer else 1].clone()
    change = torch.zeros_like(start, requires_grad=True)
    optimizer = torch.optim.Adam([change], lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        ws = (start + spread * change).expand(-1, G.num_ws, -1)
        pictures = G.synthesis(ws, noise="const")
        # a sum: no search knows how many others there are
        loss = (pictures - targets).abs().mean((1, 2, 3)).sum()
        if features is not None and target_features is not None:
            loss = loss + (features(pictures) - target_features).abs().mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        ws = (start + spread * change).expand(-1, G.num_ws, -1).contiguous()
        return ws.cpu(), G.synthesis(ws, noise="const").clamp(-1, 1).cpu()
