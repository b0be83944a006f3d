"""Sizes of lesson 00: first pictures from shipped weights, and one line that is fitted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    n_creatures: int
    n_photos: int
    n_steps_line: int  # gradient descent on a line through points
    n_points: int = 200
    photo_size: int = 192
    lr: float = 0.1


PROFILES = {
    "smoke": Config(n_creatures=6, n_photos=2, n_steps_line=20, photo_size=64),
    "fast": Config(n_creatures=24, n_photos=4, n_steps_line=100),
    "full": Config(n_creatures=24, n_photos=4, n_steps_line=100),
}
