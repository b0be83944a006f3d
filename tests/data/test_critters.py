import numpy as np
import pytest
import torch

from gan_course.data import critters, factors
from gan_course.data.critters import FACTORS, SPACE, draw_critters, load_critters, twin
from gan_course.data.manifest import bundled


def one(**named):
    """One creature: the first value of every factor, but for those named."""
    table = torch.zeros(1, len(FACTORS), dtype=torch.int64)
    for name, value in named.items():
        table = twin(table, name, value)
    return table


def test_shapes_types_and_ranges():
    pictures, table = load_critters(n=300)
    assert pictures.shape == (300, 3, 64, 64) and pictures.dtype == torch.uint8
    assert table.shape == (300, 7) and table.dtype == torch.int64
    assert (table >= 0).all() and (
        table < torch.tensor([len(names) for names in FACTORS.values()])
    ).all()
    for column, names in enumerate(FACTORS.values()):
        assert len(table[:, column].unique()) == len(names)


@pytest.mark.parametrize("resolution", [64, 128, 256])
def test_factor_names_are_those_of_the_stored_layers(resolution):
    with np.load(bundled(f"critters/parts_{resolution}.npz")) as stored:
        for name in ("shape", "top", "eyes", "mouth"):
            assert tuple(stored[f"{name}_names"]) == FACTORS[name]


def test_the_same_seed_draws_the_same_and_another_seed_another():
    pictures, table = load_critters(n=40, seed=3)
    again, table_again = load_critters(n=40, seed=3)
    assert torch.equal(pictures, again) and torch.equal(table, table_again)
    assert not torch.equal(table, load_critters(n=40, seed=4)[1])
    assert torch.equal(table[:10], load_critters(n=10, seed=3)[1])


def test_no_creature_comes_twice():
    table = SPACE.sample(20_000, split="train", seed=0, fixed={"texture": "plain"})
    assert len(table.unique(dim=0)) == 20_000
    assert (table[:, 1] == 0).all()


@pytest.mark.parametrize("texture", [None, "plain", "spots"])
def test_train_and_test_share_nothing_not_even_twins(texture):
    train = torch.cat([SPACE.sample(20_000, split="train", seed=seed) for seed in (0, 1)])
    test = torch.cat(
        [SPACE.sample(n, split="test", seed=7, fixed={"texture": texture}) for n in (50, 5_000)]
    )
    for value in FACTORS["texture"]:
        assert not SPACE.held_out(twin(train, "texture", value)).any()
        assert SPACE.held_out(twin(test, "texture", value)).all()


def test_one_in_ten_is_held_out_and_the_choice_never_changes():
    table = torch.stack([torch.randint(size, (50_000,)) for size in SPACE.sizes], dim=1)
    assert SPACE.held_out(table).float().mean().item() == pytest.approx(0.1, abs=0.006)
    row = torch.zeros(40, 7, dtype=torch.int64)
    row[:, 6] = torch.arange(40) % 19
    row[:, 5] = torch.arange(40) // 19
    assert SPACE.held_out(row).nonzero().flatten().tolist() == [17, 34]


def test_two_textures_are_drawn_independently():
    plain, striped = (
        load_critters(n=2_000, resolution=32, texture=name)[1] for name in ("plain", "stripes")
    )
    twins = {tuple(row) for row in twin(plain, "texture", "stripes").tolist()} & {
        tuple(r) for r in striped.tolist()
    }
    assert len(twins) < 10


def test_a_twin_differs_only_where_the_body_is():
    _, table = load_critters(n=64, texture="plain")
    plain, striped = draw_critters(table), draw_critters(twin(table, "texture", "stripes"))
    with np.load(bundled("critters/parts_64.npz")) as stored:
        body = torch.from_numpy(stored["base"][..., 1])[table[:, 0], table[:, 4]] > 0
    differs = (plain != striped).any(1)
    assert not (differs & ~body).any()
    share = differs.sum((1, 2)) / body.sum((1, 2))
    assert (share > 0.3).all() and (share < 0.6).all()


def test_a_twin_leaves_its_original_and_changes_one_column():
    _, table = load_critters(n=5)
    before = table.clone()
    changed = twin(table, "top", "crown")
    assert torch.equal(table, before)
    assert (changed != table).any(0).nonzero().flatten().tolist() in ([], [4])
    assert (changed[:, 4] == FACTORS["top"].index("crown")).all()


def test_colours_stand_where_they_belong():
    for colour, rgb in critters.BODY_COLOURS.items():
        for ground, ground_rgb in critters.BACKGROUNDS.items():
            picture = draw_critters(one(shape="block", body_colour=colour, background=ground))[0]
            assert picture[:, 0, 0].tolist() == list(ground_rgb)
            assert picture[:, 60, 32].tolist() == list(rgb)


def test_drawing_is_the_formula_written_out():
    pictures, table = load_critters(n=6, seed=11, texture="plain")
    bodies, grounds = (
        np.array(list(p.values()), float) for p in (critters.BODY_COLOURS, critters.BACKGROUNDS)
    )
    with np.load(bundled("critters/parts_64.npz")) as stored:
        parts = {name: stored[name] / 255 for name in ("base", "eyes", "mouth")}
    for picture, (shape, _, body, ground, top, eyes, mouth) in zip(
        pictures, table.tolist(), strict=True
    ):
        w = parts["base"][shape, top][..., None]  # (H, W, 4, 1)
        expected = (
            w[:, :, 0] * grounds[ground]
            + w[:, :, 1] * bodies[body]
            + w[:, :, 2] * bodies[(body + 4) % 8]
        )
        expected += w[:, :, 3] * 255 + np.maximum(1 - w.sum(2), 0) * critters.INK
        for layer in (parts["eyes"][eyes], parts["mouth"][mouth]):
            expected = expected * (1 - layer[..., 3:]) + 255 * layer[..., :3]
        assert np.abs(picture.permute(1, 2, 0).numpy() - expected).max() < 0.51


def test_known_pixels():
    picture = draw_critters(one(shape="block", eyes="round", mouth="tongue"), resolution=256)[0]
    colours = {tuple(c) for c in picture.flatten(1).T.unique(dim=0).tolist()}
    # the eyes' white, the tongue, the ink
    assert {(255, 255, 255), (251, 113, 133), critters.INK} <= colours


def test_stripes_have_their_period_and_stay_on_the_canvas():
    rows = {}
    for shape in ("block", "dome"):
        picture = draw_critters(one(shape=shape, texture="stripes"))[0]
        rows[shape] = picture[:, 48:64, 32]
        assert torch.equal(picture[:, 48:56, 32], picture[:, 56:64, 32])  # 12.5 units are 8 pixels
        assert len(picture[:, 56:64, 32].unique(dim=1).T) == 2
    assert torch.equal(rows["block"], rows["dome"])


@pytest.mark.parametrize(("resolution", "stored"), [(32, 64), (64, 128), (128, 256)])
def test_resolutions_show_the_same_picture(resolution, stored):
    _, table = load_critters(n=12, seed=5)
    small = draw_critters(table, resolution=resolution)
    large = draw_critters(table, resolution=stored)
    assert small.shape[-1] == resolution
    difference = (torch.nn.functional.avg_pool2d(large.float(), 2) - small.float()).abs()
    assert difference.mean() < 1.5
    if resolution == 32:
        assert difference.max() <= 1


def test_the_distance_to_the_striped_twin():
    plain, table = load_critters("test", n=400, resolution=32, texture="plain")
    striped = draw_critters(twin(table, "texture", "stripes"), resolution=32)
    distance = (plain.float() - striped.float()).abs().mean().item() / 255
    assert distance == pytest.approx(0.061, abs=0.002)


def test_chunks_do_not_show(monkeypatch):
    _, table = load_critters(n=30, seed=1)
    whole = draw_critters(table)
    monkeypatch.setattr(factors, "PIXELS_A_CHUNK", 7 * 64 * 64)
    assert torch.equal(draw_critters(table), whole)


def test_layers_are_read_once(monkeypatch):
    reads, load = [], np.load
    monkeypatch.setattr(critters.np, "load", lambda path: reads.append(path) or load(path))
    critters._parts.cache_clear()
    draw_critters(one())
    draw_critters(one(), resolution=32)
    assert len(reads) == 1


def test_nothing_to_draw_is_an_empty_result():
    assert draw_critters(torch.empty(0, 7, dtype=torch.int64)).shape == (0, 3, 64, 64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_critters("valid", n=1), "split is 'valid'"),
        (
            lambda: load_critters(n=1, texture="tartan"),
            "texture is 'tartan': choose one of plain, stripes",
        ),
        (lambda: load_critters(n=0), "n is 0"),
        (lambda: load_critters(n=1, resolution=48), "resolution is 48: choose one of 32, 64"),
        (lambda: twin(one(), "colour", "red"), "factor is 'colour'"),
        (lambda: twin(one(), "top", "hat"), "top is 'hat'"),
        (lambda: draw_critters(torch.zeros(1, 6, dtype=torch.int64)), r"give \(N, 7\) int64"),
        (lambda: draw_critters(torch.zeros(1, 7)), r"give \(N, 7\) int64"),
        (lambda: draw_critters(one() + 14), "shape is 14 in row 0: it goes from 0 to 13"),
        (lambda: draw_critters(one() - 1), "shape is -1 in row 0"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_asking_for_more_than_there_is():
    fixed = {
        "shape": "dome",
        "texture": "plain",
        "body_colour": "red",
        "background": "navy",
        "top": "none",
    }
    with pytest.raises(ValueError, match="choose a smaller n"):
        SPACE.sample(1_000, split="train", seed=0, fixed=fixed)
    assert len(SPACE.sample(300, split="train", seed=0, fixed=fixed)) == 300
