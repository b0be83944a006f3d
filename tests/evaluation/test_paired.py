import pytest
import torch

from gan_course.data import earth
from gan_course.data.batches import to_float
from gan_course.evaluation.paired import (
    colour_error,
    edge_correlation,
    intersection_over_union,
    l1_error,
    l1_up_to_shift,
    sea_mask,
    to_lab,
)


def flat(*rgb, side=4):
    """One picture of one colour, from bytes 0..255."""
    return to_float(
        torch.tensor(rgb, dtype=torch.uint8)[None, :, None, None].expand(1, 3, side, side)
    )


@pytest.fixture(scope="module")
def hidden():
    """Satellite, map and land mask of hidden tiles."""
    where = earth.crop_positions(200, split="test", tile=64, seed=3)
    views = [
        to_float(earth.crop(earth.load_view(name, 2), where, 64))
        for name in ("satellite", "relief")
    ]
    return *views, earth.crop(earth.load_land()[None], where, 64)[:, 0]


def test_l1_is_a_share_of_the_range():
    assert l1_error(flat(0, 0, 0), flat(255, 255, 255)).tolist() == [1]
    assert l1_error(flat(10, 20, 30), flat(10, 20, 30)).tolist() == [0]
    one_channel = l1_error(flat(0, 0, 0), flat(255, 0, 0))
    assert one_channel.item() == pytest.approx(1 / 3)


def test_l1_is_per_picture():
    batch = torch.cat([flat(0, 0, 0), flat(51, 51, 51)])
    assert l1_error(batch, flat(0, 0, 0).expand_as(batch)).tolist() == pytest.approx([0, 0.2])


def test_a_shift_of_the_stripes_is_forgiven_up_to_the_limit():
    stripes = torch.where(torch.arange(24) % 12 < 6, 1.0, -1.0)[None, None, :, None].expand(
        1, 3, 24, 24
    )
    shifted = stripes.roll(3, 2)
    assert l1_error(shifted, stripes).item() == 0.5
    assert l1_up_to_shift(shifted, stripes, most=3).item() == 0
    assert l1_up_to_shift(shifted, stripes, most=2).item() == pytest.approx(1 / 6)
    assert l1_up_to_shift(shifted, stripes, most=0).item() == 0.5


@pytest.mark.parametrize("view", [0, 1])
def test_the_sea_rule_reaches_the_overlap_its_docstring_claims(hidden, view):
    overlap = intersection_over_union(sea_mask(hidden[view]), ~hidden[2])
    assert 0.92 < overlap < 0.96


def test_the_sea_of_both_views_is_almost_the_same(hidden):
    assert 0.92 < intersection_over_union(sea_mask(hidden[0]), sea_mask(hidden[1])) < 0.97


def test_sea_is_blue_and_grey_is_not():
    assert sea_mask(flat(20, 40, 90)).all() and sea_mask(flat(150, 190, 230)).all()
    assert not any(
        sea_mask(flat(*colour)).any()
        for colour in ((128,) * 3, (255,) * 3, (60, 90, 40), (0, 200, 200))
    )


def test_the_rule_s_two_bounds():
    """Blue above red by more than 30 and above green by more than 10."""
    assert sea_mask(flat(100, 100, 131)).all() and not sea_mask(flat(100, 100, 129)).any()
    assert sea_mask(flat(50, 100, 111)).all() and not sea_mask(flat(50, 100, 109)).any()


def test_overlap_of_known_masks():
    left, lower = torch.zeros(2, 4, 4).bool(), torch.zeros(2, 4, 4).bool()
    left[:, :, :2], lower[:, 2:] = True, True
    assert intersection_over_union(left, left) == 1
    assert intersection_over_union(left, lower) == pytest.approx(1 / 3)
    assert intersection_over_union(left, ~left) == 0
    assert intersection_over_union(left & ~left, left & ~left) == 1


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0, 0)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    assert to_lab(flat(*rgb))[0, :, 0, 0].tolist() == pytest.approx(lab, abs=0.03)


def test_lab_of_colours_too_dark_for_the_cube_root():
    """Below t = (6/29)^3 the curve is a line, and L* is 903.3 Y."""
    grey = to_lab(flat(5, 5, 5))[0, 0, 0, 0].item()
    assert grey == pytest.approx(903.3 * 5 / 255 / 12.92, abs=0.01)


def test_lightness_has_no_say_in_the_colour_error():
    assert colour_error(flat(40, 40, 40), flat(200, 200, 200)).item() == pytest.approx(0, abs=0.05)
    error = colour_error(flat(255, 0, 0), flat(119, 119, 119)).item()
    assert error == pytest.approx((80.09**2 + 67.20**2) ** 0.5, abs=0.05)


def test_edges_correlate_with_themselves_and_not_with_noise():
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(4, 3, 24, 24, generator=generator) * 2 - 1
    other = torch.rand(4, 3, 24, 24, generator=generator) * 2 - 1
    assert edge_correlation(pictures, pictures).tolist() == pytest.approx([1] * 4, abs=1e-4)
    assert edge_correlation(pictures, -0.5 * pictures).tolist() == pytest.approx([1] * 4, abs=1e-4)
    assert (edge_correlation(pictures, other).abs() < 0.3).all()


def test_a_picture_without_edges_correlates_with_nothing():
    assert edge_correlation(flat(9, 9, 9), flat(9, 9, 9)).item() == 0


@pytest.mark.parametrize(
    "measure",
    [
        l1_error,
        colour_error,
        edge_correlation,
        intersection_over_union,
        lambda a, b: l1_up_to_shift(a, b, most=1),
    ],
)
def test_a_picture_and_its_truth_need_one_shape(measure):
    with pytest.raises(ValueError, match="one shape"):
        measure(flat(0, 0, 0), flat(0, 0, 0, side=5))
