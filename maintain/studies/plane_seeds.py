"""Which maps do CycleGANs between two rings find? Lesson 06's four arms, each from 64 seeds.

`python -m maintain plane_seeds` trains the arms that docs/results/plane-seeds.json lacks. The
lesson reads the file.
"""

import argparse
from collections.abc import Sequence

import torch
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.lessons.l06_cycle_consistency.config import PROFILES
from gan_course.training.toy_cyclegans import PlaneStep, build_plane, plane_table
from maintain.studies.table import Row, fill

NAME = "plane-seeds"
N_SEEDS, N_POINTS = 64, 40  # points a cluster
CONFIG = PROFILES["fast"]
MOST = 0.95  # share of points from which on a map counts as right, or as coming home


def train_and_count(row: Row) -> Row:
    """One arm from all seeds at once, and how many of its maps are of each kind."""
    gans = plane_table(CONFIG.plane_cycle, range(N_SEEDS))[row["arm"]]
    plane = build_plane(CONFIG.plane, gans)
    for _ in range(CONFIG.n_steps_plane):
        plane()
    return count_maps(plane)


@torch.no_grad()
def count_maps(plane: PlaneStep) -> Row:
    """Of all GANs of a step, how many maps reach every cluster, come home, are symmetries, right.

    A cluster of A is sent where most of its points land. A map is a symmetry if it is the ring
    turned or mirrored: one-to-one, with neighbours sent to neighbours.
    """
    n_modes = len(plane.centres_A)
    colour = torch.arange(n_modes).repeat_interleave(N_POINTS)
    noise = torch.randn(len(colour), 2, generator=torch.Generator().manual_seed(1))
    points = plane.centres_A[colour] + plane.config.std * noise
    there = plane.to_B(points.expand(len(plane.gans), -1, -1))
    back = plane.to_A(there)
    landed, returned = _nearest(there, plane.centres_B), _nearest(back, plane.centres_A)
    order = torch.stack([one.view(n_modes, -1).mode(1).values for one in landed])
    onward = (order.roll(-1, 1) - order) % n_modes
    kinds = {
        "reach every cluster": torch.tensor([len(one.unique()) == n_modes for one in landed]),
        "come home": (returned == colour).float().mean(1) > MOST,
        "turned or mirrored": (onward == 1).all(1) | (onward == n_modes - 1).all(1),
        "right": (landed == colour).float().mean(1) > MOST,
    }
    return {name: int(found.sum()) for name, found in kinds.items()}


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    return torch.cdist(points, centres.expand(len(points), -1, -1)).argmin(-1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(
        prog="python -m maintain plane_seeds", description=__doc__.splitlines()[0]
    )
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    rows = [{"arm": arm} for arm in plane_table(CONFIG.plane_cycle, ())]
    facts = {"seeds": N_SEEDS, "n_steps": CONFIG.n_steps_plane, "share": MOST}
    fill(NAME, rows, train_and_count, facts, "python -m maintain plane_seeds")
    return 0
