import pytest

from gan_course import config
from gan_course.errors import CourseError


def test_the_profile_travels_in_the_environment(monkeypatch):
    assert config.resolve_profile() == "fast"
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    assert config.resolve_profile() == "smoke"
    assert config.resolve_profile("full") == "full"


def test_an_unknown_profile_is_named(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "fats")
    with pytest.raises(CourseError, match=r"'fats'.*smoke, fast or full"):
        config.resolve_profile()


def test_the_cap_reaches_nested_step_counts_and_nothing_else(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    full = config.config_for(config.IMAGES, "full")
    assert full.dcgan.n_steps == 2
    assert full.dcgan.base_channels == config.IMAGES["full"].dcgan.base_channels
    game = config.config_for(config.GAME, "full")
    assert {game.n_steps_line, game.n_steps_ring} == {2}


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "9" * 5_000])
def test_a_bad_cap_is_named(monkeypatch, text):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", text)
    with pytest.raises(CourseError, match="GAN_COURSE_MAX_STEPS") as caught:
        config.max_steps()
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("table", [config.GAME, config.DCGAN, config.IMAGES, config.BREAKS])
def test_every_family_has_every_profile(table):
    assert tuple(table) == config.PROFILES
