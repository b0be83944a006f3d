import json
from dataclasses import replace

import pytest

from gan_course.errors import CourseError
from gan_course.lessons import results
from maintain.studies import cyclegan_ablations as ablations


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Both tables with trainings of one step, written below a folder of their own."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(ablations, "N_TRAIN", 8)
    monkeypatch.setattr(ablations, "N_TEST", 4)
    monkeypatch.setattr(ablations, "SEEDS", (0,))
    for name, table in ablations.TABLES.items():
        tiny = replace(
            table.config, n_steps=1, batch_size=2, base_channels=4, n_blocks=1, d_base_channels=4
        )
        monkeypatch.setitem(ablations.TABLES, name, replace(table, config=tiny))
    return tmp_path


def test_every_arm_is_trained_once_and_an_interrupted_table_goes_on(small, monkeypatch):
    ablations.run("earth-ablation")
    table = results.recorded("earth-ablation")
    arms = [row["arm"] for row in table["rows"]]
    assert arms == ["cycle alone", "GAN alone", "GAN + forward", "GAN + backward", "full"]
    assert all(0 < row["to_map"] < 1 and 0 <= row["sea_iou"] <= 1 for row in table["rows"])
    assert table["n_steps"] == 1 and table["command"].endswith("cyclegan_ablations earth-ablation")

    path = small / "earth-ablation.json"
    path.write_text(json.dumps(table | {"rows": table["rows"][:3]}))
    trained = []
    monkeypatch.setattr(
        ablations,
        "train_and_measure",
        lambda _, config, seed: trained.append(config) or {"to_map": 0.5},
    )
    ablations.run("earth-ablation")
    assert [(config.forward, config.backward) for config in trained] == [
        (False, True),
        (True, True),
    ]


def test_the_arms_differ_in_what_they_say(small):
    ablations.run("cycle-prior")
    rows = results.recorded("cycle-prior")["rows"]
    assert [(row["prior"], row["lambda_cycle"]) for row in rows] == [
        ("none", 0.0),
        ("none", 10.0),
        ("residual and identity", 0.0),
        ("residual and identity", 10.0),
    ]
    arms = dict(enumerate(changes for _, changes in ablations.TABLES["cycle-prior"].arms))
    assert (
        arms[0]["residual"] is False
        and arms[0]["lambda_identity"] == 0
        and "residual" not in arms[2]
    )


def test_a_missing_table_says_how_to_make_it(small):
    with pytest.raises(CourseError, match=r"cycle-prior\.json: restore it with git checkout"):
        results.recorded("cycle-prior")
