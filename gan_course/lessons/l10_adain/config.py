"""Sizes of lesson 10: statistics moved between pictures, by changing the pixels of one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    n_steps_move: int  # of the pixels, for each depth
    n_steps_judge: int  # of a network that reads the result and had no part in it
    n_pairs: int = 32  # of creatures that have nothing to do with each other
    n_twins: int = 10  # for each factor that twins differ in
    n_photos: int = 12
    n_pictures: int = 4_000  # that the judge is trained on


PROFILES = {
    "smoke": Config(
        n_steps_move=2, n_steps_judge=4, n_pairs=4, n_twins=2, n_photos=3, n_pictures=400
    ),
    "fast": Config(n_steps_move=80, n_steps_judge=250),
    "full": Config(
        n_steps_move=300,
        n_steps_judge=1_000,
        n_pairs=128,
        n_twins=64,
        n_photos=64,
        n_pictures=20_000,
    ),
}
