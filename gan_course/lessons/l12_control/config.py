"""Sizes of lesson 12: the shipped StyleGAN steered and inverted, and toys."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    n_steps_project: int  # of each inversion
    n_steps_toy: int  # of each map of the plane
    n_swaps: int = 400  # creatures whose styles are exchanged
    n_codes: int = 2_500  # for linear readers, and for directions with labels
    n_paths: int = 500
    n_projected: int = 6  # pictures of each kind to invert
    n_edits: int = 64  # creatures that are moved along each direction


PROFILES = {
    "smoke": Config(
        n_steps_project=2,
        n_steps_toy=2,
        n_swaps=16,
        n_codes=160,
        n_paths=8,
        n_projected=2,
        n_edits=4,
    ),
    "fast": Config(
        n_steps_project=240,
        n_steps_toy=400,
    ),
    "full": Config(
        n_steps_project=1_000,
        n_steps_toy=2_000,
        n_swaps=2_000,
        n_codes=10_000,
        n_paths=2_000,
        n_edits=256,
    ),
}
