from dataclasses import replace

import pytest
from PIL import Image

from gan_course.data.domains import DOMAINS
from gan_course.lessons import results
from gan_course.training.style_transfer import StyleTransferConfig
from maintain.studies import painting


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Trainings of a few steps of small networks, written below a folder of their own."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(painting, "FOLDER", tmp_path / "painting")
    monkeypatch.setattr(painting, "PICTURE", tmp_path / "strip.jpg")
    for name, value in {"N_TRAIN": 6, "N_TEST": 12, "MINUTES": 0, "WARM_UP": 1, "TIMED": 1}.items():
        monkeypatch.setattr(painting, name, value)
    arms = {
        name: replace(
            arm,
            config=replace(
                arm.config,
                batch_size=1,
                img_resolution=32,
                base_channels=4,
                n_blocks=1,
                **({} if name == "style loss" else {"d_base_channels": 4}),
            ),
        )
        for name, arm in painting.ARMS.items()
    }
    monkeypatch.setattr(painting, "ARMS", arms)
    return tmp_path


def test_every_arm_is_trained_and_shown(small):
    assert painting.main([]) == 0
    rows = results.recorded("painting")["rows"]
    assert [row["arm"] for row in rows] == [*painting.ARMS, painting.SHIPPED]
    for row in rows:
        low, high = row["KID ratio, interval"]
        assert low <= row["KID ratio"] <= high and len(row["KID ratio, draws"]) == 3
        assert -1 <= row["edges kept"] <= 1 and row["weights of G"] > 0
    assert [row["steps"] for row in rows[:-1]] == [1] * len(painting.ARMS)
    side, rows_shown = painting.SIDE, 1 + len(painting.ARMS)
    with Image.open(small / "strip.jpg") as strip:
        assert strip.size == (side * len(painting.PARTS), side * rows_shown)


def test_the_photographs_themselves_score_one():
    photographs = painting.nn.Identity()
    row = painting.figures(photographs)
    assert row["KID ratio"] == 1 and row["edges kept"] == 1


def test_arms_differ_in_what_they_say_and_fit_their_networks():
    assert all({arm.A, arm.B} <= DOMAINS.keys() for arm in painting.ARMS.values())
    kinds = {
        name: getattr(arm.config, "discriminator", "none") for name, arm in painting.ARMS.items()
    }
    assert list(kinds.values()) == ["pixels", "pixels", "projected", "none"]
    assert isinstance(painting.ARMS["style loss"].config, StyleTransferConfig)
