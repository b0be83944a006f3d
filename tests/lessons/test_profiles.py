from importlib import import_module

import pytest

from gan_course.errors import CourseError
from gan_course.lessons import profiles
from gan_course.lessons.l01_the_game.config import PROFILES as GAME
from gan_course.lessons.l07_cyclegan.config import PROFILES as TRANSLATE
from gan_course.lessons.l09_growing.config import PROFILES as GROWING
from gan_course.lessons.names import lesson_names


def test_the_profile_travels_in_the_environment(monkeypatch):
    assert profiles.resolve_profile() == "fast"
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    assert profiles.resolve_profile() == "smoke"
    assert profiles.resolve_profile("full") == "full"


def test_an_unknown_profile_is_named(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "fats")
    with pytest.raises(CourseError, match=r"'fats'.*smoke, fast or full"):
        profiles.resolve_profile()


def test_the_cap_makes_steps_and_counts_small_and_leaves_the_networks(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    full, smoke, whole = profiles.config_for(GROWING, "full"), GROWING["smoke"], GROWING["full"]
    assert {full.stylegan.n_steps, full.n_steps_flat, full.n_steps_joint} == {2}
    assert (full.n_pictures, full.stylegan.batch_size) == (
        smoke.n_pictures,
        smoke.stylegan.batch_size,
    )
    kept = ("img_resolution", "channel_base", "channel_max", "n_mapping", "stable_steps", "lr")
    assert all(getattr(full.stylegan, name) == getattr(whole.stylegan, name) for name in kept)
    translate = profiles.config_for(TRANSLATE, "full")
    assert (translate.cyclegan.n_blocks, translate.n_hidden) == (
        TRANSLATE["full"].cyclegan.n_blocks,
        16,
    )
    game = profiles.config_for(GAME, "full")
    assert {game.n_steps_line, game.n_steps_ring} == {2}


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "9" * 5_000])
def test_a_bad_cap_is_named(monkeypatch, text):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", text)
    with pytest.raises(CourseError, match="GAN_COURSE_MAX_STEPS") as caught:
        profiles.max_steps()
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("name", lesson_names())
def test_every_lesson_has_every_profile(name):
    table = import_module(f"gan_course.lessons.l{name}.config").PROFILES
    assert tuple(table) == profiles.PROFILES
