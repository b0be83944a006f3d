import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torchvision.utils import make_grid

from gan_course import viz


@pytest.fixture(autouse=True)
def clean():
    plt.close("all")
    yield
    plt.close("all")


def written(ax):
    return [text.get_text() for text in ax.texts]


def test_a_heat_map_writes_each_number_in_its_cell():
    viz.show_heat_map(
        torch.tensor([[0.0, 8.0], [2.26, 5.0], [1.0, 1.0]]),
        ["a", "b", "c"],
        ["x", "y"],
        limits=(0, 8),
    )
    (ax,) = plt.gcf().axes
    assert written(ax) == ["0.0", "8.0", "2.3", "5.0", "1.0", "1.0"]
    # legible on light and on dark
    assert [text.get_color() for text in ax.texts][:2] == ["black", "white"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y"]


def test_heat_maps_stand_side_by_side_at_a_fixed_size():
    table = torch.rand(7, 3)
    sizes = []
    for rows in (list("abcdefg"), ["a rather long name of a row", *"bcdefg"]):
        viz.show_heat_maps({"one": (table, (0, 1)), "two": (table, (0, 1))}, rows, list("xyz"))
        sizes.append(tuple(plt.gcf().get_size_inches()))
        assert [ax.get_title() for ax in plt.gcf().axes] == ["one", "two"]
        assert all(label.get_text() == "" for label in plt.gcf().axes[1].get_yticklabels())
        assert all("." in text and len(text) == 4 for text in written(plt.gcf().axes[0]))
        plt.close("all")
    assert sizes[0] == sizes[1]


def test_the_rows_of_a_grid_bear_their_names_at_their_middle():
    viz.show_grids({"": torch.zeros(6, 3, 10, 10)}, n_columns=3, row_names=["above", "below"])
    (ax,) = plt.gcf().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["above", "below"]
    assert ax.get_yticks().tolist() == [6.5, 18.5]  # pixels 2 to 11 and 14 to 23


@pytest.mark.parametrize("zoom", [1, 2])
def test_a_grid_at_a_whole_zoom_shows_every_pixel_alike(zoom):
    images = torch.randint(
        256, (4, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    viz.show_grids({"": images}, n_columns=2, zoom=zoom)
    fig = plt.gcf()
    fig.canvas.draw()
    drawn = torch.from_numpy(np.asarray(fig.canvas.buffer_rgba())[..., :3].copy()).permute(2, 0, 1)
    whole = make_grid(images, nrow=2, padding=2, pad_value=255)
    assert torch.equal(drawn, whole.repeat_interleave(zoom, 1).repeat_interleave(zoom, 2))


def test_rows_of_unequal_length_are_filled_up_with_white():
    viz.show_rows({"two": -torch.ones(2, 3, 8, 8), "one": -torch.ones(1, 3, 8, 8)})
    (ax,) = plt.gcf().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["two", "one"]
    tile = ax.images[0].get_array()
    assert tile[2:10, 12:20].max() == 0  # the second of two
    assert tile[12:20, 12:20].min() == 1  # there is none beside the one


def test_names_of_columns_stand_above_their_middles():
    viz.show_rows({"both": -torch.ones(2, 3, 8, 8)}, column_names=(1, "neighbour"))
    (ax,) = plt.gcf().axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "neighbour"]
    assert list(ax.get_xticks()) == [5.5, 15.5]  # pixels 2 to 9, and 12 to 19


def test_a_family_tree_has_an_arrow_for_each_step_of_a_line():
    papers = {
        "first": (2014, 6, 1, "center"),
        "second": (2015, 1, 1, "left"),
        "third": (2017, 12, 0, "right"),
    }
    viz.show_family_tree(papers, ["first", "second", "third"], ["first", "third"])
    (ax,) = plt.gcf().axes
    names = [text.get_text() for text in ax.texts]
    assert names.count("") == 3  # arrows
    assert set(names) == {"", *papers}
    assert ax.get_xlim() == (2014, 2018)


def test_a_denied_descent_is_crossed_out_in_the_family_tree():
    papers = {"first": (2014, 6, 1, "center"), "second": (2015, 1, 1, "left")}
    viz.show_family_tree(papers, denied=("first", "second"))
    (ax,) = plt.gcf().axes
    assert [line.get_marker() for line in ax.lines].count("x") == 1
    assert [text.get_text() for text in ax.texts].count("") == 1  # its arrow
