import json

import pytest
import torch

from gan_course.evaluation.features import FeatureReader
from maintain.studies import reader_sensitivity as sensitivity


def grey(n=6, size=16, seed=0):
    return torch.randint(
        256, (n, 3, size, size), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


def test_noise_has_the_stated_sigma():
    even = torch.full((20, 3, 32, 32), 128, dtype=torch.uint8)
    spoilt = sensitivity.add_noise(even, sigma=0.05, seed=0).float() / 255
    assert float(spoilt.std()) == pytest.approx(0.05, rel=0.02)


def test_blur_keeps_the_mean_and_spreads_a_point():
    point = torch.zeros(1, 1, 33, 33, dtype=torch.uint8)
    point[..., 16, 16] = 255
    even = torch.full((1, 1, 9, 9), 77, dtype=torch.uint8)
    assert torch.equal(sensitivity.blur(even, sigma=2.0), even)
    row = sensitivity.blur(point.repeat(1, 1, 1, 1), sigma=2.0)[0, 0, 16].float()
    # the peak of a Gaussian of width 2
    assert row[16] == pytest.approx(255 / (2 * torch.pi * 4), abs=0.6)


def test_jpeg_changes_grey_and_colour_and_keeps_the_shape():
    for images in (grey(), grey()[:, :1]):
        spoilt = sensitivity.through_jpeg(images, quality=30)
        assert (
            spoilt.shape == images.shape
            and spoilt.dtype == torch.uint8
            and not torch.equal(spoilt, images)
        )


def test_copies_are_a_tenth():
    images, train = grey(50), grey(80, seed=1)
    mixed = sensitivity.with_copies(images, train, share=0.1, seed=0)
    copied = (mixed.flatten(1)[:, None] == train.flatten(1)[None]).all(2).any(1)
    assert len(mixed) == 50 and int(copied.sum()) == 5


def test_a_pool_that_is_too_small():
    panel = sensitivity.Panel(FeatureReader({"a": 2}).eval(), grey(20), grey(20, seed=1))
    with pytest.raises(ValueError, match="too few draws of 10"):
        sensitivity.sensitivity(panel, grey(20), grey(20), torch.zeros(20, dtype=torch.bool), n=10)


def test_the_recorded_table_has_no_failure_unnoticed():
    from gan_course.evaluation.readers import WORLDS
    from maintain.studies.reader_sensitivity import RESULTS_FILE

    table = json.loads(RESULTS_FILE.read_text())["worlds"]
    assert table.keys() == WORLDS.keys()
    for world, failures in table.items():
        assert len(failures) == 6
        for failure, readings in failures.items():
            noticed = [
                name
                for name, reading in readings.items()
                if reading["deviations"] >= sensitivity.NOTICED
            ]
            if failure == "real, twice":
                assert not noticed
            else:
                assert noticed, f"{world}: nothing notices {failure}"


@pytest.mark.slow
def test_the_shipped_fashion_reader_notices_every_failure():
    """Measured anew, not read from the table."""
    from maintain.studies.reader_sensitivity import measure_world

    for failure, readings in measure_world("fashion").items():
        noticed = [name for name, reading in readings.items() if reading.noticed]
        assert bool(noticed) == (failure != "real, twice"), failure


def test_the_page_is_that_of_the_table():
    from maintain.studies.reader_sensitivity import RESULTS_FILE, as_markdown

    table = json.loads(RESULTS_FILE.read_text())
    assert RESULTS_FILE.with_suffix(".md").read_text() == as_markdown(
        table["worlds"], table["commit"]
    )
