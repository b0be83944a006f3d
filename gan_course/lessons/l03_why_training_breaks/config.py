"""Sizes of lesson 03: Dirac-GANs, which need none, and a table of GANs on the ring."""

from dataclasses import dataclass

from gan_course.training.toy_gans import RingsConfig


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    rings: RingsConfig
    n_steps_rings: int  # the whole table at once
    n_steps_collapse: int  # updates of D in the run that collapses on purpose
    gamma: float = 1.0  # of R1 and of R2, where a GAN of the table has them
    n_seeds: int = 3


PROFILES = {
    "smoke": Config(RingsConfig(batch_size=16), n_steps_rings=10, n_steps_collapse=8),
    "fast": Config(RingsConfig(), n_steps_rings=4_000, n_steps_collapse=120),
    "full": Config(
        RingsConfig(batch_size=256), n_steps_rings=20_000, n_steps_collapse=400, n_seeds=8
    ),
}
