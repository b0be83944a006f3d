import numpy as np
import pytest
import torch

from gan_course.data import factors, toons
from gan_course.data.manifest import bundled
from gan_course.data.toons import FACTORS, SPACE, draw_toons, load_toons, twin

LAYERS = {
    "hair": "hair",
    "rear_hair": "rearHair",
    "beard": "beard",
    "clothes": "clothes",
    "eyes": "eyes",
} | {
    "brows": "eyebrows",
    "mouth": "mouth",
}


def one(**named):
    """One head: the first value of every factor, but for those named."""
    table = torch.zeros(1, len(FACTORS), dtype=torch.int64)
    for name, value in named.items():
        table = twin(table, name, value)
    return table


def test_shapes_types_and_ranges():
    pictures, table = load_toons(n=200)
    assert pictures.shape == (200, 3, 64, 64) and pictures.dtype == torch.uint8
    assert table.shape == (200, 11) and table.dtype == torch.int64
    for column, names in enumerate(FACTORS.values()):
        assert len(table[:, column].unique()) == len(names)


@pytest.mark.parametrize("resolution", [64, 128, 256])
def test_factor_names_are_those_of_the_stored_layers(resolution):
    with np.load(bundled(f"toons/parts_{resolution}.npz")) as stored:
        for factor, layer in LAYERS.items():
            assert tuple(stored[f"{layer}_names"]) == tuple(
                name for name in FACTORS[factor] if name != "none"
            )


def test_the_same_seed_draws_the_same_and_another_seed_another():
    pictures, table = load_toons(n=30, seed=3)
    again, table_again = load_toons(n=30, seed=3)
    assert torch.equal(pictures, again) and torch.equal(table, table_again)
    assert not torch.equal(table, load_toons(n=30, seed=4)[1])


def test_train_and_test_share_nothing_not_even_twins():
    train = SPACE.sample(20_000, split="train", seed=0)
    test = SPACE.sample(5_000, split="test", seed=9, fixed={"beard": "none"})
    assert len(train.unique(dim=0)) == 20_000 and len(test.unique(dim=0)) == 5_000
    for name in ("beard", "hair_colour"):
        for value in FACTORS[name]:
            assert not SPACE.held_out(twin(train, name, value)).any()
            assert SPACE.held_out(twin(test, name, value)).all()


def test_beard_and_hair_colour_can_be_fixed():
    _, table = load_toons(n=20, beard="fullBeard", hair_colour="ginger")
    assert (table[:, SPACE.column("beard")] == FACTORS["beard"].index("fullBeard")).all()
    assert (table[:, SPACE.column("hair_colour")] == FACTORS["hair_colour"].index("ginger")).all()


def test_a_twin_differs_only_where_the_beard_is():
    shaven, table = load_toons(n=32, beard="none")
    with np.load(bundled("toons/parts_64.npz")) as stored:
        alpha = dict(
            zip(
                stored["beard_names"].tolist(),
                torch.from_numpy(stored["beard"][..., 6]),
                strict=True,
            )
        )
    for name, covered in alpha.items():
        differs = (draw_toons(twin(table, "beard", name)) != shaven).any(1)
        assert not (differs & (covered == 0)).any()
        assert differs.any(0).sum() > 0.5 * (covered > 128).sum()


def test_drawing_is_the_formula_written_out():
    pictures, table = load_toons(n=6, seed=11)
    palettes = (toons.SKINS, toons.HAIR_COLOURS, toons.CLOTH_COLOURS)
    with np.load(bundled("toons/parts_64.npz")) as stored:
        parts = {name: stored[name] for name in stored.files}
    for picture, row in zip(pictures, table.tolist(), strict=True):
        named = {
            factor: names[value]
            for (factor, names), value in zip(FACTORS.items(), row, strict=True)
        }
        tints = [
            p[named[f]]
            for p, f in zip(palettes, ("skin", "hair_colour", "cloth_colour"), strict=True)
        ]
        expected = np.full((64, 64, 3), toons.BACKGROUNDS[named["background"]], float)
        for layer in parts["order"].tolist():
            factor = next((f for f, name in LAYERS.items() if name == layer), None)
            value = named[factor] if factor else layer
            if value == "none":
                continue
            drawn = parts[layer][parts[f"{layer}_names"].tolist().index(value)].astype(float)
            expected = (
                expected * (1 - drawn[..., 6:] / 255)
                + drawn[..., :3]
                + drawn[..., 3:6] / 255 @ np.array(tints)
            )
        assert np.abs(picture.permute(1, 2, 0).numpy() - expected.clip(0, 255)).max() < 0.51


def test_layers_lie_in_their_order():
    bare, full = (
        one(clothes="shirt"),
        one(clothes="shirt", beard="longBeard", rear_hair="longStraight"),
    )
    bare, full = draw_toons(bare)[0], draw_toons(full)[0]
    with np.load(bundled("toons/parts_64.npz")) as stored:
        names = {"rearHair": 0, "head": 0, "beard": 3, "eyes": 0, "eyebrows": 0, "hair": 0}
        alpha = {name: torch.from_numpy(stored[name][kind][..., 6]) for name, kind in names.items()}
    behind_head = (alpha["rearHair"] == 255) & (alpha["head"] == 255) & (alpha["beard"] == 0)
    assert behind_head.sum() > 100
    assert torch.equal(full[:, behind_head], bare[:, behind_head])
    over = (alpha["eyes"] > 0) | (alpha["eyebrows"] > 0) | (alpha["hair"] > 0)
    foremost = (alpha["beard"] == 255) & ~over
    assert foremost.sum() > 100
    black = torch.tensor(toons.HAIR_COLOURS["black"])[:, None]
    assert ((full[:, foremost].int() - black).abs() <= 10).all()


def test_colours_stand_where_they_belong():
    for ground, rgb in toons.BACKGROUNDS.items():
        assert draw_toons(one(background=ground))[0, :, 0, 0].tolist() == list(rgb)
    for factor, palette in (
        ("skin", toons.SKINS),
        ("hair_colour", toons.HAIR_COLOURS),
        ("cloth_colour", toons.CLOTH_COLOURS),
    ):
        for name, rgb in palette.items():
            picture = draw_toons(one(**{factor: name, "clothes": "turtleNeck"}))[0]
            exact = (picture == torch.tensor(rgb)[:, None, None]).all(0)
            assert exact.sum() > 50, name


@pytest.mark.parametrize(("resolution", "stored"), [(32, 64), (64, 128), (128, 256)])
def test_resolutions_show_the_same_picture(resolution, stored):
    _, table = load_toons(n=8, seed=5)
    small, large = draw_toons(table, resolution=resolution), draw_toons(table, resolution=stored)
    difference = (torch.nn.functional.avg_pool2d(large.float(), 2) - small.float()).abs()
    assert small.shape[-1] == resolution and difference.mean() < 1.5


def test_chunks_do_not_show(monkeypatch):
    _, table = load_toons(n=20, seed=1)
    whole = draw_toons(table)
    monkeypatch.setattr(factors, "PIXELS_A_CHUNK", 7 * 64 * 64)
    assert torch.equal(draw_toons(table), whole)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_toons("all", n=1), "split is 'all'"),
        (lambda: load_toons(n=1, beard="goatee"), "beard is 'goatee': choose one of none, chin"),
        (lambda: load_toons(n=1, hair_colour="mauve"), "hair_colour is 'mauve'"),
        (lambda: load_toons(n=1, resolution=512), "resolution is 512"),
        (lambda: twin(one(), "hat", "none"), "factor is 'hat'"),
        (lambda: draw_toons(torch.zeros(1, 7, dtype=torch.int64)), r"give \(N, 11\) int64"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
