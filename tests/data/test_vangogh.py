import numpy as np
import pytest
import torch
from PIL import Image

from gan_course.data.manifest import bundled, bundled_names
from gan_course.data.vangogh import load_paintings, load_photos, random_crops, to_grey


@pytest.fixture(scope="module")
def photos():
    return {split: load_photos(split) for split in ("train", "test")}


@pytest.fixture(scope="module")
def paintings():
    return {split: load_paintings(split) for split in ("train", "test")}


def ramp(height=100, width=140):
    """Brighter to the right."""
    return torch.linspace(0, 255, width).to(torch.uint8).expand(3, height, width)


def test_every_sixth_photo_is_held_out(photos):
    train, test = ([name for name, _ in photos[split]] for split in ("train", "test"))
    assert (len(train), len(test)) == (36, 7) and not set(train) & set(test)
    everything = sorted(train + test)
    assert [
        name.split("/")[-1].split(".")[0] for name in bundled_names("vangogh/photos")
    ] == everything
    assert test == everything[5::6]


def test_the_right_fifth_of_each_painting_is_held_out(paintings):
    assert len(paintings["train"]) == 8
    for (name, left), (same, right), file in zip(
        paintings["train"], paintings["test"], bundled_names("vangogh/paintings"), strict=True
    ):
        whole = torch.from_numpy(np.array(Image.open(bundled(file)))).permute(2, 0, 1)
        assert name == same and torch.equal(torch.cat([left, right], dim=2), whole)
        assert right.shape[2] / whole.shape[2] == pytest.approx(0.2, abs=0.003)


def test_pictures_are_bytes_in_colour(photos, paintings):
    for _, picture in photos["train"] + photos["test"] + paintings["train"] + paintings["test"]:
        assert (
            picture.dtype == torch.uint8 and picture.shape[0] == 3 and min(picture.shape[1:]) >= 64
        )


@pytest.mark.parametrize("split", ["train", "test"])
def test_crops_of_the_data(photos, paintings, split):
    for pictures in (photos[split], paintings[split]):
        crops = random_crops(pictures, 100, seed=1)
        assert crops.shape == (100, 3, 64, 64) and crops.dtype == torch.uint8
        assert (to_grey(crops).double().flatten(1).std(1, correction=0) >= 12).all()
        assert torch.equal(crops[:20], random_crops(pictures, 20, seed=1))
        assert not torch.equal(crops[:20], random_crops(pictures, 20, seed=2))


def test_crops_come_at_many_scales_and_both_ways_round():
    slope = (
        to_grey(random_crops([("ramp", ramp())], 200, size=32, seed=0))[:, 0]
        .float()
        .diff(dim=2)
        .mean((1, 2))
    )
    assert 0.3 < (slope < 0).float().mean() < 0.7
    step = 255 / 139
    scale = slope.abs() / step  # pixels of the picture to one of the crop: 1 to 100 / 32
    assert scale.min() < 1.1 and scale.max() > 2.8
    straight = to_grey(random_crops([("ramp", ramp())], 50, size=32, seed=0, flip=False))[
        :, 0
    ].float()
    assert (straight.diff(dim=2).mean((1, 2)) > 0).all()


def test_crops_reach_every_corner_and_stay_inside():
    picture = torch.zeros(3, 40, 60, dtype=torch.uint8)
    picture[0, :, :] = torch.arange(60, dtype=torch.uint8)
    picture[1, :, :] = torch.arange(40, dtype=torch.uint8)[:, None]
    crops = random_crops(
        [("grid", picture)], 400, size=8, smallest=8, seed=0, flip=False, min_std=0
    )
    assert (
        crops[:, 0].min() <= 1
        and crops[:, 0].max() >= 58
        and crops[:, 1].min() <= 1
        and crops[:, 1].max() >= 38
    )


def test_enlarging_has_to_be_asked_for():
    small = [("small", ramp(40, 50))]
    with pytest.raises(ValueError, match=r"small is 50 x 40: choose smallest=40 or less"):
        random_crops(small, 1, seed=0)
    assert random_crops(small, 2, seed=0, smallest=30).shape == (2, 3, 64, 64)
    with pytest.raises(ValueError, match="largest is 20: choose at least smallest, which is 30"):
        random_crops(small, 2, seed=0, smallest=30, largest=20)


def test_even_pictures_are_refused():
    with pytest.raises(ValueError, match="lower min_std"):
        random_crops([("sky", torch.full((3, 80, 80), 200, dtype=torch.uint8))], 1, seed=0)
    with pytest.raises(ValueError, match="no pictures"):
        random_crops([], 1, seed=0)


def test_grey_is_pillows_grey():
    pictures = torch.randint(0, 256, (4, 3, 20, 30), dtype=torch.uint8)
    grey = to_grey(pictures)
    assert grey.shape == (4, 1, 20, 30) and grey.dtype == torch.uint8
    for picture, expected in zip(pictures, grey, strict=True):
        pillow = Image.fromarray(picture.permute(1, 2, 0).numpy()).convert("L")
        assert torch.equal(torch.from_numpy(np.array(pillow)), expected[0])
    even = torch.arange(256, dtype=torch.uint8).expand(3, 1, 256)
    assert torch.equal(to_grey(even), even[:1])


@pytest.mark.parametrize("wrong", [torch.zeros(3, 4, 4), torch.zeros(1, 4, 4, dtype=torch.uint8)])
def test_grey_of_something_else(wrong):
    with pytest.raises(ValueError, match="uint8"):
        to_grey(wrong)


@pytest.mark.parametrize("load", [load_photos, load_paintings])
def test_an_unknown_split(load):
    with pytest.raises(ValueError, match="split is 'val'"):
        load("val")


def test_squares_are_at_most_as_large_as_asked():
    """Of a picture that brightens by 2 a column, a square of 8 to 12 px spans 14 to 22."""
    ramp = torch.arange(0, 200, 2, dtype=torch.uint8).expand(3, 100, 100).contiguous()
    crops = random_crops(
        [("ramp", ramp)], 60, size=8, smallest=8, largest=12, seed=0, flip=False, min_std=0
    )
    spans = (crops.amax((1, 2, 3)).int() - crops.amin((1, 2, 3)).int()).tolist()
    assert min(spans) >= 13 and max(spans) <= 23 and max(spans) > min(spans)
