import math
from types import SimpleNamespace

import pytest
import torch

from gan_course.training.toy_cyclegans import PlaneConfig, plane_centres
from maintain.studies.plane_seeds import count_maps


def turn(degrees, mirrored=False):
    """(2, 2): points as rows, times this, are turned counterclockwise, and mirrored before."""
    angle = math.radians(degrees)
    turned = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return torch.diag(torch.tensor([-1.0, 1.0])) @ turned if mirrored else turned


def plane(to_B, to_A=None):
    """A step of two GANs with one map each way."""
    centres_A, centres_B = plane_centres(15.0)
    return SimpleNamespace(
        gans=(0, 1),
        config=PlaneConfig(),
        centres_A=centres_A,
        centres_B=centres_B,
        to_B=lambda points: points @ to_B,
        to_A=lambda points: points @ (torch.linalg.inv(to_B) if to_A is None else to_A),
    )


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (plane(turn(15)), (2, 2, 2, 2)),
        (plane(turn(60)), (2, 2, 2, 0)),
        (plane(turn(15, mirrored=True)), (2, 2, 2, 0)),
        (plane(turn(15), turn(30)), (2, 0, 2, 2)),  # there and not home
        (plane(torch.zeros(2, 2), torch.eye(2)), (0, 0, 0, 0)),
    ],
    ids=["true", "turned on", "mirrored", "no way home", "all to one place"],
)
def test_maps_are_counted_by_kind(step, expected):
    assert tuple(count_maps(step).values()) == expected
