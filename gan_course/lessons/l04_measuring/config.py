"""Sizes of lesson 04: the instruments, on generators whose faults are known."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Sizes, steps and rates of the lesson."""

    n_steps_judge: int  # of a D against pictures that stand still
    base_channels: int = 16


PROFILES = {
    "smoke": Config(n_steps_judge=4),
    "fast": Config(n_steps_judge=200),
    "full": Config(n_steps_judge=1_000, base_channels=64),
}
