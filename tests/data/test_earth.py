import pytest
import torch

from gan_course.data import earth
from gan_course.data.earth import crop, crop_positions, hidden_regions, load_land, load_view
from gan_course.data.pictures import to_grey


@pytest.fixture(scope="module")
def halves():
    return {name: load_view(name, 2) for name in ("satellite", "relief")}


@pytest.fixture(scope="module")
def train():
    return crop_positions(2_000, split="train", tile=64, seed=0)


@pytest.fixture(scope="module")
def test():
    return crop_positions(300, split="test", tile=64, seed=0)


def degrees(positions, tile):
    """West and east edge of each tile, in degrees east, from pixels of scale 2."""
    return positions[:, 1] / 7.5 - 180, (positions[:, 1] + tile) / 7.5 - 180


def test_views_have_their_sizes(halves):
    full = load_view("satellite")
    assert full.shape == (3, 1995, 5400) and full.dtype == torch.uint8
    assert all(
        view.shape == (3, 997, 2700) and view.dtype == torch.uint8 for view in halves.values()
    )
    land = load_land()
    assert land.shape == (997, 2700) and land.dtype == torch.bool
    assert (
        land[int((75 - 47) * 7.5), int((180 + 8) * 7.5)] and not land[int(75 * 7.5), int(150 * 7.5)]
    )  # Bern; Atlantic


def test_land_lies_where_the_relief_map_has_no_sea(halves):
    red, _, blue = halves["relief"].int()
    sea = blue > red + 30
    assert (sea == ~load_land()).float().mean() > 0.97


def test_both_scales_show_the_same_window():
    full, half = load_view("relief", 1), load_view("relief", 2)
    large = crop_positions(20, split="train", tile=128, seed=4, scale=1)
    small = crop_positions(20, split="train", tile=64, seed=4, scale=2)
    assert torch.equal(large, 2 * small)
    reduced = torch.nn.functional.avg_pool2d(crop(full, large, 128).float(), 2)
    assert (reduced - crop(half, small, 64).float()).abs().max() <= 1


@pytest.mark.parametrize("tile", [32, 64, 100])
def test_no_train_tile_touches_a_hidden_longitude(tile):
    west, east = degrees(crop_positions(1_000, split="train", tile=tile, seed=2), tile)
    for hidden_west, hidden_east in ((5, 20), (125, 143), (-82, -66)):
        assert ((east <= hidden_west) | (west >= hidden_east)).all()


def test_test_tiles_lie_inside_the_hidden_longitudes(test):
    west, east = degrees(test, 64)
    inside = torch.stack(
        [(west >= low) & (east <= high) for low, high in ((5, 20), (125, 143), (-82, -66))]
    )
    assert inside.any(0).all() and inside.any(1).all()


def test_tiles_keep_the_rule(halves, train):
    tiles = train[:200]
    assert (crop(load_land()[None], tiles, 64).float().mean((1, 2, 3)) >= 0.2).all()
    for view in halves.values():
        assert (to_grey(crop(view, tiles, 64)).double().flatten(1).std(1, correction=0) > 9).all()


def test_every_kept_place_can_be_drawn_in_proportion_to_its_area(train):
    kept = earth._find_valid(64, ("satellite", "relief"))
    columns = earth._columns(64, test=False)
    latitude = torch.deg2rad(75 - (torch.arange(kept.shape[0]) + 32) / 7.5)
    weight = kept[:, columns].sum(1) * latitude.cos()
    expected = (weight * latitude).sum() / weight.sum()
    drawn = latitude[train[:, 0]]
    assert abs(drawn.mean() - expected) < 3 * drawn.std() / len(drawn) ** 0.5


def test_positions_repeat_with_their_seed_and_only_with_it(train):
    assert len(train.unique(dim=0)) == 2_000
    assert torch.equal(crop_positions(50, split="train", tile=64, seed=0), train[:50])
    other = crop_positions(2_000, split="train", tile=64, seed=1)
    assert len({tuple(p) for p in train.tolist()} & {tuple(p) for p in other.tolist()}) < 20


def test_crop_takes_the_pixels_of_its_window(halves):
    view = halves["satellite"]
    positions = torch.tensor([[0, 0], [500, 1200], [997 - 48, 2700 - 48]])
    tiles = crop(view, positions, 48)
    assert tiles.shape == (3, 3, 48, 48) and tiles.dtype == torch.uint8 and tiles.is_contiguous()
    for tile, (row, column) in zip(tiles, positions.tolist(), strict=True):
        assert torch.equal(tile, view[:, row : row + 48, column : column + 48])


@pytest.mark.parametrize("scale", [1, 2])
def test_hidden_regions_are_the_hidden_longitudes(scale):
    per_degree = 15 / scale
    regions = hidden_regions(scale)
    for box, (west, east) in zip(regions, ((-82, -66), (5, 20), (125, 143)), strict=True):
        assert 0 <= box.left / per_degree - 180 - west < 1 / per_degree
        assert 0 <= east - (box.right / per_degree - 180) < 1 / per_degree
        assert (box.top, box.bottom) == (0, 1995 if scale == 1 else 997)


def test_the_distance_between_true_pairs(halves, test):
    satellite, relief = (crop(view, test, 64).float() for view in halves.values())
    assert ((satellite - relief).abs().mean() / 255).item() == pytest.approx(0.388, abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_view("map"), "view is 'map': choose one of satellite, relief, night"),
        (lambda: load_view("relief", 3), "scale is 3"),
        (lambda: hidden_regions(0), "scale is 0"),
        (lambda: crop_positions(1, split="valid", tile=64, seed=0), "split is 'valid'"),
        (lambda: crop_positions(1, split="test", tile=160, seed=0), "does not fit in test"),
        (lambda: crop_positions(1, split="train", tile=1_200, seed=0), "does not fit in train"),
        (lambda: crop_positions(1, split="train", tile=65, seed=0, scale=1), "multiple of 2"),
        (
            lambda: crop_positions(1, split="train", tile=64, seed=0, views=("map",)),
            "view is 'map'",
        ),
        (lambda: crop_positions(0, split="train", tile=64, seed=0), "n is 0"),
        (lambda: crop(torch.zeros(3, 10, 10), torch.tensor([[5, 0]]), 8), "partly outside"),
        (lambda: crop(torch.zeros(3, 10, 10), torch.tensor([[0, -1]]), 8), "partly outside"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
