import pytest
import torch

from gan_course.data.emoji import load_emoji


@pytest.fixture(scope="module")
def splits():
    return {split: load_emoji(split) for split in ("train", "test")}


@pytest.mark.parametrize(("split", "n"), [("train", 1_435), ("test", 159)])
def test_shapes_and_types(splits, split, n):
    colour, drawing, names = splits[split]
    assert colour.shape == (n, 3, 64, 64) and drawing.shape == (n, 1, 64, 64) and len(names) == n
    assert colour.dtype == drawing.dtype == torch.uint8


def test_every_tenth_by_name_is_held_out(splits):
    train, test = splits["train"][2], splits["test"][2]
    assert len(set(train) | set(test)) == 1_594
    assert test == sorted(train + test)[9::10]


def test_every_cell_holds_something_on_white(splits):
    for colour, drawing, _ in splits.values():
        assert ((drawing < 128).flatten(1).sum(1) > 30).all()
        assert (colour[:, :, 0, 0] > 250).all() and (drawing[:, :, 0, 0] == 255).all()
        assert ((colour < 245).any(1).flatten(1).sum(1) > 100).all()


def test_pairs_show_the_same_thing(splits):
    colour, drawing, _ = splits["test"]
    filled = (colour < 235).any(1)
    ink = drawing[:, 0] < 128
    true_pairs = (ink & filled).sum() / ink.sum()
    others = (ink & filled.roll(1, 0)).sum() / ink.sum()
    assert true_pairs > 0.8 and true_pairs > others + 0.15


def test_the_distance_of_a_colour_emoji_to_its_drawing(splits):
    colour, drawing, _ = splits["train"]
    assert ((colour.float() - drawing.float()).abs().mean() / 255).item() == pytest.approx(
        0.214, abs=0.005
    )


def test_names_belong_to_their_pictures(splits):
    colour, _, names = splits["train"]
    red, green, blue = colour[names.index("avocado")].float().mean((1, 2))
    assert green > red and green > blue
    red, green, blue = (
        colour[names.index("blue-heart") if "blue-heart" in names else 0].float().mean((1, 2))
    )
    assert blue > red


def test_an_unknown_split():
    with pytest.raises(ValueError, match="split is 'all'"):
        load_emoji("all")
