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


def test_the_cap_makes_steps_and_counts_small_and_leaves_the_networks(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    full, smoke, whole = config.config_for(config.GROWING, "full"), config.GROWING["smoke"], config.GROWING["full"]
    assert {full.stylegan.n_steps, full.n_steps_flat, full.n_steps_joint} == {2}
    assert (full.n_pictures, full.stylegan.batch_size) == (smoke.n_pictures, smoke.stylegan.batch_size)
    kept = ("img_resolution", "channel_base", "channel_max", "n_mapping", "stable_steps", "lr")
    assert all(getattr(full.stylegan, name) == getattr(whole.stylegan, name) for name in kept)
    translate = config.config_for(config.TRANSLATE, "full")
    assert (translate.cyclegan.n_blocks, translate.n_hidden) == (config.TRANSLATE["full"].cyclegan.n_blocks, 16)
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
