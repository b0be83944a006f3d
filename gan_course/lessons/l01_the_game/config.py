"""Sizes of lesson 01: GANs on points of a line and of a plane."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    n_steps_line: int  # D against a fixed G, and the one-dimensional GAN
    n_steps_ring: int
    batch_size: int = 256
    hidden: int = 64
    z_dim: int = 4
    lr: float = 1e-3
    betas: tuple[float, float] = (0.0, 0.9)


PROFILES = {
    "smoke": Config(n_steps_line=20, n_steps_ring=20, batch_size=64),
    "fast": Config(n_steps_line=1_500, n_steps_ring=4_000),
    "full": Config(n_steps_line=5_000, n_steps_ring=10_000, batch_size=512, hidden=128),
}
