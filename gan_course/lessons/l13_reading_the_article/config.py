"""Sizes of lesson 13: pictures for the small experiments; nothing is trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """How many pictures each experiment looks at."""

    n_translated: int  # creatures that a translator and doing nothing are compared on
    n_unpaired: int  # pictures under the loss of the article's code


PROFILES = {
    "smoke": Config(n_translated=8, n_unpaired=40),
    "fast": Config(n_translated=100, n_unpaired=500),
    "full": Config(n_translated=1_000, n_unpaired=2_000),
}
