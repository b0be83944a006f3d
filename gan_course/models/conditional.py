"""StyleGAN2 of a world whose factors are known: G and D are told which values a picture shows."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from gan_course.models.progressive import EqualLinear
from gan_course.models.stylegan import MappingNetwork
from gan_course.models.stylegan2 import ResidualDiscriminator

UNTOLD = -1  # in place of a value: nothing is said of this factor


class FactorMapping(MappingNetwork):
    """Maps z and one value of each factor to w; without values it reads them from z.

    The first numbers of z, one for each factor, say which value: the line is cut into as many parts
    as there are values, equally likely for a z from N(0, 1). So every z stands for one choice, and
    the generator is drawn from as any other.

    Args:
        sizes: how many values each factor has; at most z_dim factors.
        z_dim: size of z.
        w_dim: size of w.
        n_layers: dense layers, at least 1.
        lr_multiplier: their learning rate, as a multiple of the others'.

    Raises:
        ValueError: more factors than numbers in z, a factor without two values, or no layers.

    Source: Karras et al. 2020 (arXiv:2006.06676), whose official code embeds the class, brings it
        to one length and puts it beside z. Differs: several factors, whose embeddings add up.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        z_dim: int,
        w_dim: int,
        n_layers: int = 8,
        lr_multiplier: float = 0.01,
    ) -> None:
        if not 0 < len(sizes) <= z_dim or min(sizes) < 2 or n_layers == 0:
            raise ValueError(
                f"factors of {tuple(sizes)} values: choose 1 to {z_dim} (z_dim) of two values at"
                " least, and n_mapping from 1"
            )
        super().__init__(
            z_dim=2 * z_dim, w_dim=w_dim, n_layers=n_layers, lr_multiplier=lr_multiplier
        )
        self.z_dim, self.sizes = z_dim, tuple(sizes)
        # each value's vector; so many of them are added that their sum has unit variance
        self.embed = EqualLinear(sum(sizes), z_dim, gain=math.sqrt(sum(sizes) / len(sizes)))
        self.edges: Tensor
        self.register_buffer("edges", value_edges(sizes), persistent=False)

    def values(self, z: Tensor) -> Tensor:
        """The values that latent vectors (N, z_dim) stand for: (N, factors) int64."""
        return (z[:, : len(self.sizes), None] > self.edges).sum(2)

    def forward(self, z: Tensor, values: Tensor | None = None) -> Tensor:
        """(N, z_dim), and (N, factors) int64 or None, to (N, w_dim), in float32."""
        values = self.values(z) if values is None else values
        with torch.autocast(z.device.type, enabled=False):
            told = self.norm(self.embed(many_hot(values, self.sizes)))
            return super().forward(torch.cat([told, self.norm(z.float())], 1))


class ConditionalDiscriminator(ResidualDiscriminator):
    r"""Discriminator that may be told the values of a picture.

    $s(x, c) = s_0(x) + v(c) \cdot h(x)$, where $h$ are the features before the last layer, and
    $v(c)$ adds up one learned vector for each factor's value. A picture of which nothing is told
    has the score $s_0$ alone.

    Args:
        sizes: how many values each factor has.
        channel_max: width of h, as of `ResidualDiscriminator`.
        how: what else `ResidualDiscriminator` takes.

    Source: the projection of Miyato and Koyama 2018 (arXiv:1802.05637), equation 3.
    """

    def __init__(self, sizes: Sequence[int], *, channel_max: int, **how: object) -> None:
        super().__init__(channel_max=channel_max, **how)  # type: ignore[arg-type]
        self.sizes = tuple(sizes)
        gain = math.sqrt(sum(sizes) / len(sizes))
        self.embed = EqualLinear(sum(sizes), self.width, gain=gain)

    def forward(self, x: Tensor, values: Tensor | None = None) -> Tensor:
        """Pictures as `ResidualDiscriminator` takes, and (N, factors) int64 or None, to (N,)."""
        return self.judge(self.features(x), values)

    def judge(self, features: Tensor, values: Tensor | None = None) -> Tensor:
        """Scores (N,) of features (N, width): $s_0$, and how well the values fit."""
        scores = super().judge(features)
        if values is None:
            return scores
        told = many_hot(values, self.sizes)
        fit = (features.float() * self.embed(told)).sum(1) / math.sqrt(self.width)
        return scores + fit * told.amax(1)


def value_edges(sizes: Sequence[int]) -> Tensor:
    """Where the line is cut between two values: (factors, largest size - 1).

    Quantiles of N(0, 1), and infinity behind a factor's last one.
    """
    edges = torch.full((len(sizes), max(sizes) - 1), math.inf)
    for row, size in zip(edges, sizes, strict=True):
        row[: size - 1] = torch.special.ndtri(torch.arange(1.0, size) / size)
    return edges


def many_hot(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Values (N, factors) to (N, sum of sizes): a 1 at each factor's value, none where UNTOLD."""
    parts = [
        one_hot(column.clamp_min(0), size) * (column != UNTOLD)[:, None]
        for column, size in zip(values.unbind(1), sizes, strict=True)
    ]
    return torch.cat(parts, 1).float()
