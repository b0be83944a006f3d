"""Explorers: pictures follow the sliders, and nobody's widget is made where nobody looks."""

import io
import sys

import pytest
import torch
from PIL import Image

from gan_course.models.cyclegan import ResnetGenerator
from gan_course.models.stylegan import StyleGANGenerator, SynthesisNetwork
from gan_course.viz import explorers
from gan_course.viz.explorers import adain, cycle, field, game, growing, styles


@pytest.fixture(scope="module")
def G():
    torch.manual_seed(0)
    synthesis = SynthesisNetwork(img_resolution=16, w_dim=8, channel_base=64, channel_max=8)
    torch.nn.init.normal_(synthesis.const)
    return StyleGANGenerator(synthesis, z_dim=8, n_mapping=1).eval().requires_grad_(False)


def size_of(png):
    return Image.open(io.BytesIO(png)).size


def test_a_level_s_slider_changes_the_mixture(G):
    still = {"seed_a": 0, "seed_b": 1, "psi": 1.0, "noise": True, "direction": "none", "amount": 0}
    plain = styles.draw_styles(G, {}, **still)
    assert plain == styles.draw_styles(G, {}, **still, px8=0.0)
    assert plain != styles.draw_styles(G, {}, **still, px8=1.0)
    ways = {"up": torch.ones(8)}
    moved = still | {"direction": "up", "amount": 5.0}
    assert plain != styles.draw_styles(G, ways, **moved)
    width, height = size_of(plain)
    assert width > 2.7 * height and height >= 190


def test_all_levels_at_one_make_the_mixture_the_second_parent(G):
    values = {"seed_a": 0, "seed_b": 1, "psi": 1.0, "noise": True, "direction": "none", "amount": 0}
    sides = {f"px{side}": 1.0 for side in (4, 8, 16)}
    image = Image.open(io.BytesIO(styles.draw_styles(G, {}, **values, **sides)))
    third = image.width // 3
    middle, right = (image.crop((k * third + 24, 24, k * third + 180, 180)) for k in (1, 2))
    close = torch.tensor(list(middle.tobytes())).float() - torch.tensor(list(right.tobytes()))
    assert close.abs().mean() < 20 < torch.tensor(list(image.tobytes())).float().std()


def test_the_cycle_goes_both_ways():
    torch.manual_seed(0)
    there, back = (ResnetGenerator(base_channels=4, n_blocks=1) for _ in range(2))
    A, B = torch.rand(2, 3, 3, 16, 16) * 2 - 1
    pictures = {
        start: cycle.draw_cycle(there, back, A, B, number=1, start=start) for start in ("A", "B")
    }
    assert pictures["A"] != pictures["B"]
    assert size_of(pictures["A"])[0] > 3.5 * size_of(pictures["A"])[1]


def test_growing_shows_every_size_at_full_size(G):
    sizes = {
        size_of(growing.draw_growing(G, size=size, alpha=0.5, seed=0, n=4)) for size in (4, 8, 16)
    }
    assert len(sizes) == 1


def test_depths_call_the_lesson_s_own_function():
    asked = []

    def move(content, style, depth):
        asked.append(depth)
        return content

    pictures = torch.zeros(2, 3, 8, 8)
    adain.draw_depth(move, pictures, pictures, picture=1, painting=0, depth=3)
    assert asked == [3]


@pytest.mark.parametrize(("strided", "seen"), [(1, 16), (2, 34), (3, 70)])
def test_the_field_is_the_papers(strided, seen):
    assert field.field_of([(4, 2)] * strided + [(4, 1)] * 2)[0] == seen
    picture = torch.zeros(3, 64, 64)
    here, there = (
        field.draw_field(picture, strided=strided, row=50, column=column) for column in (20, 80)
    )
    assert here != there and size_of(here) == (384, 384)


def test_the_game_moves_and_is_decided_by_its_seed():
    first, again = game.Game(3), game.Game(3)
    before = first.draw()
    for one in (first, again):
        one.step()
    assert first.draw() == again.draw() != before
    assert size_of(before) == (game.SIDE, game.SIDE)


def explore_all(G):
    draw = torch.Generator().manual_seed(0)
    A, B = torch.rand(2, 3, 3, 64, 64, generator=draw) * 2 - 1
    explorers.explore_game()
    explorers.explore_field(A[0])
    explorers.explore_cycle(lambda x: x / 2, lambda x: -x, A, B)
    explorers.explore_styles(G)
    explorers.explore_growing(G)
    explorers.explore_depths(lambda x, y, depth: x * (1 - depth / 4), A, B, deepest=2)


def test_where_nobody_looks_no_widget_is_made(G, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # importing it would fail
    explore_all(G)


def test_each_explorer_shows_a_picture_that_follows_its_controls(G, monkeypatch):
    widgets = pytest.importorskip("ipywidgets")
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    for module in (adain, cycle, field, game, growing, styles):
        monkeypatch.setattr(module, "is_watched", lambda: True)
    explore_all(G)
    assert len(shown) == 6
    for box in shown:
        rows = [one for part in box.children for one in getattr(part, "children", ())]
        parts = [*box.children, *rows]
        (picture,) = (part for part in parts if isinstance(part, widgets.Image))
        before = bytes(picture.value)
        buttons = [part for part in parts if isinstance(part, widgets.Button)]
        sliders = [p for p in parts if isinstance(p, widgets.FloatSlider | widgets.IntSlider)]
        if buttons:
            buttons[0].click()
        else:
            last = sliders[-1]
            last.value = last.min if last.value == last.max else last.max
        assert before.startswith(b"\x89PNG")
        assert bytes(picture.value) != before
