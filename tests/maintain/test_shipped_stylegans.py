"""Coverage of the shipped StyleGANs: real pictures must pass, and narrow ones must not."""

import itertools

import pytest

from gan_course.data.critters import load_critters
from maintain.studies.stylegan_ladder import STEPS
from maintain.weights.stylegans import STYLEGAN_NAMES, coverage

N = 1_000


def test_real_pictures_cover_everything():
    found = coverage("critters", load_critters(n=N, seed=5)[0], n=N)
    assert found.precision == pytest.approx(1, abs=0.05) and found.recall == pytest.approx(
        1, abs=0.05
    )
    assert found.missing == () and len(found.halved) <= 2


def test_one_texture_is_missed_by_recall_and_by_name():
    found = coverage("critters", load_critters(n=N, seed=5, texture="stripes")[0], n=N)
    assert found.recall < 0.9
    assert {"texture 0", "texture 2", "texture 3"} <= set(found.missing)
    assert not any(name.startswith("background") for name in found.missing)


def test_blurred_pictures_cover_next_to_nothing():
    """Precision alone would not tell: a dull picture lies in the wide balls of odd real ones."""
    blurred = load_critters(n=N, seed=5)[0].float()
    blurred = (
        blurred.unfold(2, 4, 4)
        .unfold(3, 4, 4)
        .mean((4, 5))
        .repeat_interleave(4, 2)
        .repeat_interleave(4, 3)
    )
    found = coverage("critters", blurred.byte(), n=N)
    assert found.recall < 0.1 and len(found.missing) > 10


def test_each_configuration_of_the_ladder_differs_from_the_one_before():
    changes = [dict(fields) for _, fields in STEPS.values()]
    assert (
        all(earlier != later for earlier, later in itertools.pairwise(changes))
        and changes[-1] == {}
    )


def test_names_say_the_world():
    assert STYLEGAN_NAMES["stylegan-critters64"] == "critters"
