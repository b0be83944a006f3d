import pytest
import torch

from gan_course.data import earth
from gan_course.data.domains import DOMAINS, load_domain
from gan_course.data.pictures import to_grey


@pytest.mark.parametrize("name", DOMAINS)
def test_every_domain_has_pictures_of_both_splits(name):
    for split in ("train", "test"):
        images = load_domain(name, split, n=3, resolution=32, seed=1)
        assert images.shape == (3, 3, 32, 32) and images.dtype == torch.uint8
    assert not torch.equal(images, load_domain(name, "test", n=3, resolution=32, seed=2))


def test_one_seed_shows_one_place_in_every_view():
    grey, colour = (
        load_domain(name, "test", n=4, seed=3) for name in ("earth-grey", "earth-satellite")
    )
    assert torch.equal(grey[:, :1], to_grey(colour)) and torch.equal(grey[:, 0], grey[:, 2])
    chart = load_domain("earth-map", "test", n=4, seed=3).float().mean(1).flatten(1)
    here, there = (
        load_domain("earth-satellite", "test", n=4, seed=s).float().mean(1).flatten(1)
        for s in (3, 4)
    )
    assert abs(torch.corrcoef(torch.cat([chart, here]))[:4, 4:].diagonal()).mean() > 0.2
    assert not torch.equal(here, there)


def test_two_seeds_share_as_many_places_as_the_docstring_says():
    first, second = (
        {
            tuple(place)
            for place in earth.crop_positions(4_000, split="train", tile=32, seed=seed).tolist()
        }
        for seed in (0, 1)
    )
    assert len(first & second) == 32


def test_critters_are_of_one_texture_and_unpaired():
    plain, striped = (
        load_domain("critters-plain", n=50, seed=0),
        load_domain("critters-striped", n=50, seed=0),
    )
    assert (plain.float() - striped.float()).abs().flatten(1).mean(1).min() > 5, (
        "no creature met its twin"
    )


def test_an_unknown_domain_is_named():
    with pytest.raises(ValueError, match="domain is 'horses': choose one of critters-plain"):
        load_domain("horses", n=1)


def test_one_seed_shows_the_same_emoji_in_colour_and_in_black():
    colour, drawing = (
        load_domain(name, "test", n=200, seed=1) for name in ("emoji", "emoji-drawing")
    )
    filled, ink = (colour < 235).any(1), drawing[:, 0] < 128
    true_pairs = (ink & filled).sum() / ink.sum()
    assert true_pairs > 0.8 and true_pairs > (ink & filled.roll(1, 0)).sum() / ink.sum() + 0.15
    assert torch.equal(colour[0].unique(), load_domain("emoji", "test", n=1, seed=1)[0].unique())
    with pytest.raises(ValueError, match="emoji have 64 pixels a side: choose 64 or fewer"):
        load_domain("emoji", n=1, resolution=96)
