from dataclasses import replace

from gan_course.training.stylegan import make_stylegan
from maintain.studies import minutes


def test_every_recipe_builds_and_differs_from_the_lesson_where_it_says():
    for lesson, recipes in minutes.RECIPES.items():
        config = minutes.LESSONS[lesson]
        for recipe, changes in recipes.items():
            assert (replace(config, **changes) == config) == (recipe == "the lesson's")
            make_stylegan(replace(config, **changes))


def test_a_row_is_measured_and_the_page_shows_it(monkeypatch):
    monkeypatch.setattr(minutes, "N_TRAIN", 70)
    monkeypatch.setattr(minutes, "N_TEST", 300)
    config = replace(minutes.LESSONS["11"], n_steps=1, channel_max=4, batch_size=4)
    row = minutes.train_and_measure(config, seed=0)
    assert row["steps"] == 1 and row["frechet"] > 100  # noise is far from cats
    assert row["share of the Gaussian's"] > 1 and 0 <= row["colours of six"] <= 6
    row |= {"lesson": "11", "recipe": "tiny", "seed": 0}
    table = {"rows": [row], "command": "a command", "commit": "abc", "hardware": "a machine"}
    page = minutes.page(table | {"world": "cats-small", "img_resolution": 32, "samples": 300})
    assert f"| 11 | tiny | 0 | 1 | {row['frechet']} |" in page
    assert "at commit abc on a machine" in page
