import numpy as np
import pytest
import torch

from gan_course.data import cats
from gan_course.data.cats import FACTORS, SMALL, SPACE, draw_cats, load_cats, twin
from gan_course.data.manifest import bundled


def one(**named):
    """One cat: the first value of every factor, but for those named."""
    table = torch.zeros(1, len(FACTORS), dtype=torch.int64)
    for name, value in named.items():
        table = twin(table, name, value)
    return table


def test_shapes_types_and_ranges():
    pictures, table = load_cats(n=200)
    assert pictures.shape == (200, 3, 64, 64) and pictures.dtype == torch.uint8
    assert table.shape == (200, 8) and table.dtype == torch.int64
    for column, names in enumerate(FACTORS.values()):
        assert len(table[:, column].unique()) == len(names)


def test_factor_names_are_those_of_the_stored_layers():
    with np.load(bundled("cats/parts.npz")) as stored:
        for name in ("body", "fur", "eyes", "mouth", "accessory"):
            values = tuple(value for value in FACTORS[name] if value != "none")
            assert tuple(stored[f"{name}_names"]) == values
            assert len(stored[name]) == len(values)


def test_the_same_seed_draws_the_same_and_another_seed_another():
    pictures, table = load_cats(n=30, seed=3)
    again, table_again = load_cats(n=30, seed=3)
    assert torch.equal(pictures, again) and torch.equal(table, table_again)
    assert not torch.equal(table, load_cats(n=30, seed=4)[1])


def test_train_and_test_share_nothing_not_even_twins():
    train = SPACE.sample(20_000, split="train", seed=0)
    test = SPACE.sample(5_000, split="test", seed=9, fixed={"fur": "none"})
    for name in ("fur", "lamp"):
        for value in FACTORS[name]:
            assert not SPACE.held_out(twin(train, name, value)).any()
            assert SPACE.held_out(twin(test, name, value)).all()


def test_the_small_world_has_its_values_and_all_of_them_as_often():
    _, table = load_cats(n=6_000, resolution=32, small=True)
    assert not SPACE.held_out(table).any()
    for column, (name, names) in enumerate(FACTORS.items()):
        values = SMALL.get(name, names)
        counts = torch.bincount(table[:, column], minlength=len(names))
        codes = [names.index(value) for value in values]
        assert counts[codes].sum() == 6_000
        assert (counts[codes] / 6_000 * len(values) - 1).abs().max() < 0.25
    _, by_lamp = load_cats(n=10, small=True, lamp="left", fur="tabby")
    assert (by_lamp[:, -1] == 1).all() and (by_lamp[:, 2] == 1).all()


def test_drawing_by_day_is_the_formula_written_out():
    pictures, table = load_cats(n=8, resolution=128, seed=11, lamp="day")
    colours, grounds = (
        np.array(list(palette.values()), float) for palette in (cats.COLOURS, cats.BACKGROUNDS)
    )
    with np.load(bundled("cats/parts.npz")) as stored:
        layers = {name: stored[name] / 255 for name in FACTORS if name in stored}
    for picture, codes in zip(pictures, table.tolist(), strict=True):
        body, colour, fur, eyes, mouth, accessory, ground, _ = codes
        shade, alpha = layers["body"][body][..., :1], layers["body"][body][..., 1:]
        expected = (1 - alpha) * grounds[ground] + shade * colours[colour]
        for name, code in (
            ("fur", fur - 1),
            ("eyes", eyes),
            ("mouth", mouth),
            ("accessory", accessory - 1),
        ):
            if code >= 0:  # "none" paints nothing
                layer = layers[name][code]
                expected = expected * (1 - layer[..., 3:]) + 255 * layer[..., :3]
        assert np.abs(picture.permute(1, 2, 0).numpy() - expected.clip(0, 255)).max() < 0.51


def test_tabby_changes_the_fur_alone():
    _, table = load_cats(n=32, resolution=128, fur="none", lamp="day")
    plain = draw_cats(table, resolution=128).int()
    tabby = draw_cats(twin(table, "fur", "tabby"), resolution=128).int()
    differs = ((plain - tabby).abs() > 1).any(1)
    with np.load(bundled("cats/parts.npz")) as stored:
        marks = torch.from_numpy(stored["fur"][0, ..., 3]) > 0
    assert not (differs & ~marks).any()
    assert differs.float().mean() > 0.02


def test_a_lamp_lights_the_side_it_stands_on():
    _, table = load_cats(n=64, resolution=64, lamp="day", seed=5)
    day = draw_cats(table).float()
    sides = {}
    for lamp in ("left", "right"):
        ratio = draw_cats(twin(table, "lamp", lamp)).float().mean(1) / day.mean(1).clamp(min=1)
        sides[lamp] = ratio[..., :32].mean((1, 2)) / ratio[..., 32:].mean((1, 2))
    assert (sides["left"] > 1).all() and (sides["right"] < 1).all()


def test_every_body_takes_every_colour():
    """A grey body, too: its shade says nothing of its own colour."""
    for body in FACTORS["body"]:
        red, blue = (draw_cats(one(body=body, colour=name))[0].float() for name in ("red", "blue"))
        inside = (red - blue).abs().sum(0) > 30
        assert inside.float().mean() > 0.2
        assert (red[0] > red[2])[inside].float().mean() > 0.95
        assert (blue[2] > blue[0])[inside].float().mean() > 0.95


@pytest.mark.parametrize("resolution", [32, 64])
def test_resolutions_show_the_same_picture(resolution):
    _, table = load_cats(n=12, seed=5)
    small = draw_cats(table, resolution=resolution)
    large = draw_cats(table, resolution=128)
    shrunk = torch.nn.functional.avg_pool2d(large.float(), 128 // resolution)
    # layers are averaged before they are painted over each other
    assert (shrunk - small.float()).abs().mean() < 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_cats("valid", n=1), "split is 'valid'"),
        (lambda: load_cats(n=1, fur="plaid"), "fur is 'plaid': choose one of none, tabby"),
        (lambda: load_cats(n=1, lamp="above"), "lamp is 'above': choose one of day, left, right"),
        (lambda: load_cats(n=0), "n is 0"),
        (lambda: load_cats(n=1, resolution=256), "resolution is 256: choose one of"),
        (lambda: draw_cats(torch.zeros(1, 7, dtype=torch.int64)), r"give \(N, 8\) int64"),
        (lambda: draw_cats(one() + 15), "body is 15 in row 0: it goes from 0 to 14"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
