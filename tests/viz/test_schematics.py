import itertools
import warnings

import matplotlib.pyplot as plt
import pytest
import torch

from gan_course import viz
from gan_course.models.cyclegan import PatchDiscriminator
from gan_course.viz import schematics

LESSONS = {
    "00": ("Start here", 30),
    "01": ("The game", 110),
    "02": ("Images", 115),
    "03": ("Why training breaks", 125),
    "04": ("Measuring", 140),
    "05": ("Pairs", 120),
    "06": ("Cycle consistency", 135),
    "07": ("CycleGAN", 140),
    "08": ("Use and misuse", 135),
    "09": ("Growing", 150),
    "10": ("AdaIN", 130),
    "11": ("StyleGAN", 160),
    "12": ("Control", 155),
    "13": ("Reading the article", 100),
}
PICTURE = torch.randint(256, (3, 64, 64), generator=torch.Generator().manual_seed(0))
DRAWINGS = {  # name -> how it is drawn, and how many arrows end in the open
    "gan": (viz.show_gan, 0),
    "transposed convolution": (viz.show_transposed_convolution, 0),
    "U-Net": (viz.show_unet, 0),
    "patch": (lambda: viz.show_patch_field(PICTURE.byte()), 0),
    "patch of 16": (lambda: viz.show_patch_field(PICTURE / 127.5 - 1, n_layers=1, score=(0, 3)), 0),
    "cyclegan": (viz.show_cyclegan, 2),  # scores
    "growing": (viz.show_growing, 0),
    "adain": (viz.show_adain, 0),
    "stylegan": (viz.show_stylegan, 0),
    "stylegan2": (viz.show_stylegan2, 0),
    "modulation": (viz.show_modulation, 2),  # on to the next layer
    "map": (lambda: viz.show_course_map(LESSONS), 0),
    "map of two lessons": (lambda: viz.show_course_map({k: LESSONS[k] for k in ("01", "05")}), 0),
}


@pytest.fixture(params=DRAWINGS, scope="module")  # each is drawn once
def drawing(request):
    """A drawn figure, its axes, and the number of arrows that end in the open."""
    plt.close("all")
    draw, n_open = DRAWINGS[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert draw() is None
        fig = plt.gcf()
        fig.canvas.draw()
    (ax,) = fig.axes
    yield fig, ax, n_open
    plt.close("all")


def test_a_drawing_has_no_axis_and_fits_a_notebook(drawing):
    fig, ax, _ = drawing
    assert not ax.axison
    assert fig.get_size_inches()[0] == 9.6 and fig.dpi == viz.DPI
    assert all(text.get_fontsize() >= 10 for text in ax.texts)


def test_no_text_leaves_the_figure_and_no_two_overlap(drawing):
    fig, ax, _ = drawing
    extents = {text: text.get_window_extent() for text in ax.texts}
    for text, box in extents.items():
        assert fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1, text
        assert fig.bbox.y0 <= box.y0 and box.y1 <= fig.bbox.y1, text
    for (one, box), (other, at) in itertools.combinations(extents.items(), 2):
        assert not box.overlaps(at), (one, other)


def test_a_text_in_a_box_has_room_there(drawing):
    _, ax, _ = drawing
    boxes = [patch.get_window_extent() for patch in ax.patches if patch.get_gid() == "box"]
    for text in ax.texts:
        extent = text.get_window_extent()
        for box in boxes:
            if box.contains(*(extent.min + extent.max) / 2):
                assert box.x0 <= extent.x0 and extent.x1 <= box.x1, text
                assert box.y0 <= extent.y0 and extent.y1 <= box.y1, text


def meets(patch, tip):
    """Whether a point of the screen lies on the outline of a patch, to three pixels."""
    outline = patch.get_path().transformed(patch.get_transform())
    around = [outline.contains_point(tip + step) for step in torch.tensor(STEPS).numpy()]
    return any(around) and not all(around)


STEPS = [(3.0, 0.0), (-3.0, 0.0), (0.0, 3.0), (0.0, -3.0)]


def test_arrows_meet_boxes(drawing):
    _, ax, n_open = drawing
    heads = [patch for patch in ax.patches if patch.get_gid() == "head"]
    others = [patch for patch in ax.patches if patch.get_gid() != "head"]
    tips = [ax.transData.transform(head.get_xy()[0]) for head in heads]
    assert sum(not any(meets(patch, tip) for patch in others) for tip in tips) == n_open


@pytest.mark.parametrize(("n_layers", "score"), [(1, (5, 9)), (2, (7, 6)), (2, (0, 13))])
def test_the_patch_that_is_drawn_is_the_one_that_a_score_depends_on(n_layers, score):
    D = PatchDiscriminator(img_channels=1, base_channels=4, n_layers=n_layers, norm="none")
    picture = torch.randn(1, 1, 64, 64, requires_grad=True)
    scores = D(picture)
    n_scores, step, first, seen = schematics.patch_geometry(64, n_layers)
    assert scores.shape[-2:] == (n_scores, n_scores)
    scores[0, 0, score[0], score[1]].backward()
    row, column = (max(0, first + step * place) for place in score)
    ends = [min(64, first + step * place + seen) for place in score]
    depends = picture.grad[0, 0] != 0
    assert depends[row : ends[0], column : ends[1]].double().mean() > 0.95
    depends[row : ends[0], column : ends[1]] = False
    assert not depends.any()


def test_a_score_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="there are 14 x 14"):
        viz.show_patch_field(PICTURE.byte(), score=(14, 0))


def test_the_features_drawn_are_those_of_the_unet_of_lesson_05():
    from gan_course.models.pix2pix import UnetGenerator

    G = UnetGenerator(base_channels=16, n_halvings=5, norm="instance")
    shapes = []
    for layer in (*G.down, *G.up):
        layer.register_forward_hook(
            lambda layer, given, out: shapes.append((given[0].shape[1], out.shape[1:]))
        )
    with torch.no_grad():
        G(torch.zeros(1, 3, 64, 64))
    viz.show_unet()
    written = {text.get_text() for text in plt.gcf().axes[0].texts}
    plt.close("all")
    for k, (n_in, (n_out, height, width)) in enumerate(shapes):
        if k < 5:
            assert f"{n_out}\n{height} × {width}" in written
        elif k > 5:  # the layers on the way up that are given a skip
            assert f"{n_in // 2} + {n_in // 2}\n{height // 2} × {width // 2}" in written


def test_the_styles_drawn_are_those_that_the_synthesis_network_of_stylegan2_takes():
    from gan_course.models.stylegan2 import ModulatedConv2d, SynthesisNetwork2

    network = SynthesisNetwork2(
        img_resolution=64, w_dim=2, channel_base=64, channel_max=4, positions=True
    )
    taken = []  # by the layers and the ToRGBs, in their order: name, style
    for module in network.modules():
        if isinstance(module, ModulatedConv2d):
            name = "ToRGB" if module.padding == 0 else "double" if module.up else "convolution"
            module.register_forward_hook(
                lambda _, given, out, name=name: taken.append((name, given[1][0, 0].item()))
            )
    network.requires_grad_(False)(torch.arange(10.0)[None, :, None].expand(1, -1, 2))

    viz.show_stylegan2()
    texts = [(text.get_text(), *text.get_position()) for text in plt.gcf().axes[0].texts]
    plt.close("all")
    drawn = []
    for number, x, y in [text for text in texts if text[0].isdigit()]:
        if x > 5:  # above a ToRGB
            (name,) = [name for name, at, low in texts if at == x and 0.3 < y - low < 0.5]
        else:  # left of a layer
            (name,) = [name for name, at, low in texts if x + 1 < at < 5 and low == y]
        drawn.append((name.split(",")[0], int(number)))
    assert drawn == taken
    assert sum(name == "positions" for name, *_ in texts) == len(network.positions)


def test_an_unknown_lesson_is_not_on_the_map():
    with pytest.raises(KeyError):
        viz.show_course_map({"15": ("Another", 10)})
    plt.close("all")
