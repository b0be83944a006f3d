"""Schematics of the networks and of what flows through them, all in one style.

A unit of length is an inch of the figure. Blue is real, red is generated, violet is a style, amber
and dashed is a gradient. A generator widens in the direction of the flow, a discriminator narrows.
Each `show_*` ends in `plt.show()` and returns None, as in `figures`.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import wrap

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from torch import Tensor

from gan_course.viz.figures import FAKE, REAL, SCORE
from gan_course.viz.page import GRADIENT, INK, LARGE, PALE, SMALL, STYLE, Page, Point, Shape, tint


def show_gan() -> None:
    """Draw the game: z to G to fakes, D's scores of both kinds, two losses, two gradients."""
    page = Page(9.6, 4.2)
    z = page.box(0.85, 1.5, 0.9, 0.6, "$z$", colour=SCORE, below="(N, z_dim)")
    G = page.network(2.5, 1.5, 1.0, 1.2, "G", colour=FAKE)
    fake, real = page.picture(4.2, 1.5, 1.0), page.picture(4.2, 3.1, 1.0)
    _draw_ring(page, fake, FAKE, spread=0.16)
    _draw_ring(page, real, REAL, spread=0.07)
    page.text(3.62, 3.1, "real\n(N, 2)", colour=REAL, ha="right")
    page.text(4.2, 2.18, "fake (N, 2)", colour=FAKE)
    D = page.network(6.05, 2.3, 1.0, 1.7, "D", opens="left")
    logits = page.box(7.45, 2.3, 0.95, 0.62, "logits", colour=SCORE, below="(N, 1)")
    loss_D = page.box(8.85, 3.1, 1.1, 0.8, "loss_D\nreal up,\nfake down", size=SMALL)
    loss_G = page.box(8.85, 1.5, 1.1, 0.8, "loss_G\nfake up", size=SMALL)
    for source, target in ((z, G), (D, logits)):
        page.arrow(source.right, target.left)
    page.arrow((G.right[0], 1.65), (fake.left[0], 1.65))
    page.arrow(real.right, (5.1, 3.1), (5.1, 2.75), (D.left[0], 2.75), colour=REAL)
    page.arrow((fake.right[0], 1.65), (5.1, 1.65), (5.1, 2.0), (D.left[0], 2.0), colour=FAKE)
    page.arrow((7.925, 2.4), (8.1, 2.4), (8.1, 3.1), loss_D.left)
    page.arrow((7.925, 2.2), (8.1, 2.2), (8.1, 1.5), loss_G.left)

    page.gradient(loss_D.top, (8.85, 3.8), (6.05, 3.8), D.top)
    page.text(7.45, 3.97, "D's turn: the gradient moves D and stops at the fakes", colour=GRADIENT)
    page.gradient(loss_G.bottom, (8.85, 0.7), (6.05, 0.7), D.bottom)
    page.gradient((D.left[0], 1.7), (5.28, 1.7), (5.28, 1.35), (fake.right[0], 1.35))
    page.gradient((fake.left[0], 1.35), (G.right[0], 1.35))
    page.text(5.6, 0.45, "G's turn: back through D and the fakes to G, and it moves G alone",
              colour=GRADIENT)  # fmt: skip
    page.show()


def show_transposed_convolution() -> None:
    """Draw a transposed convolution: 2 x 2 to 4 x 4 with kernel 4, stride 2 and padding 1."""
    page = Page(9.6, 3.7)
    cell, middle = 0.4, 1.95
    corner = (0.75, middle - cell)
    for k, colour in enumerate(_PAINTS):
        x, y = corner[0] + cell * (k % 2), corner[1] + cell * (1 - k // 2)
        page.patch(Rectangle((x, y), cell, cell, fc=tint(colour, 0.55), ec=INK, lw=1))
        page.text(x + cell / 2, y + cell / 2, "abcd"[k], size=LARGE)
    given = Shape(corner[0] + cell, middle, 2 * cell, 2 * cell)
    page.text(given.x, 1.15, "input\n(N, C, 2, 2)")

    left, low = 3.55, middle - 3 * cell
    canvas = Shape(left + 3 * cell, middle, 6 * cell, 6 * cell)
    for row in range(6):
        for column in range(6):
            page.patch(
                Rectangle(
                    (left + cell * column, low + cell * (5 - row)), cell, cell,
                    fc=_overlay(_painters(row, column), 0.3), ec="white", lw=0.6,
                )
            )  # fmt: skip
    for k, colour in enumerate(_PAINTS):
        inset, shift = 0.05, 0.03 * (k - 1.5)  # of one size, and no edge hides another
        x = left + 2 * cell * (k % 2) + inset + shift
        y = low + 2 * cell * (1 - k // 2) + inset + shift
        side = 4 * cell - 2 * inset
        page.patch(Rectangle((x, y), side, side, fc="none", ec=colour, lw=1.6))
        offset = inset + 0.15
        x_name = left + (6 * cell - offset if k % 2 else offset)
        y_name = low + (offset if k // 2 else 6 * cell - offset)
        page.text(x_name, y_name, "abcd"[k], size=LARGE)
    kept = (left + cell, low + cell)
    page.patch(Rectangle(kept, 4 * cell, 4 * cell, fc="none", ec=INK, lw=2, ls=(0, (4, 2))))
    page.text(canvas.x, 0.4, "canvas, 6 × 6: overlaps add up")

    left_out, low_out = 7.35, middle - 2 * cell
    out = Shape(left_out + 2 * cell, middle, 4 * cell, 4 * cell)
    for row in range(4):
        for column in range(4):
            x, y = left_out + cell * column, low_out + cell * (3 - row)
            fill = _overlay(_painters(row + 1, column + 1), 0.3)
            page.patch(Rectangle((x, y), cell, cell, fc=fill, ec=INK, lw=1))
    page.text(out.x, 0.75, "output\n(N, K, 4, 4)")
    for shape in (given, canvas, out):
        page.shapes.append(shape)
    page.arrow(given.right, canvas.left)
    page.text(2.55, middle + 0.4, "each pixel paints\na 4 × 4 kernel,\n2 apart")
    page.arrow(canvas.right, out.left)
    page.text(6.65, middle + 0.38, "padding 1:\ncut off")
    page.show()


_PAINTS = (REAL, FAKE, GRADIENT, STYLE)  # of the four input pixels, by rows


def _painters(row: int, column: int) -> list[str]:
    """The colours of the input pixels whose kernels reach a place of the 6 x 6 canvas."""
    return [
        colour
        for k, colour in enumerate(_PAINTS)
        if 0 <= column - 2 * (k % 2) < 4 and 0 <= row - 2 * (k // 2) < 4
    ]


def show_unet() -> None:
    """Draw lesson 05's U-Net for 64 px: five halvings, five doublings, a skip at each size."""
    page = Page(9.6, 4.9)
    channels = (3, 16, 32, 64, 128, 128)
    heights = (1.0, 0.8, 0.64, 0.5, 0.4, 0.32)
    levels = (4.2, 3.55, 2.9, 2.3, 1.7, 1.1)
    down, up = [], []
    for k, (y, height) in enumerate(zip(levels, heights, strict=True)):
        side = 64 // 2**k
        text = f"{channels[k]}\n{side} × {side}"
        down.append(page.slab(0.55 + 0.85 * k, y, 0.2, height, REAL if k == 0 else SCORE))
        page.text(down[-1].x, y - height / 2 - 0.06, text, va="top")
    for k in range(4, -1, -1):
        y, height, x = levels[k], heights[k], 9.05 - 0.85 * k
        side = 64 // 2**k
        own = page.slab(x + (0.1 if k else 0), y, 0.2, height, SCORE if k else FAKE)
        if k:
            skip = page.slab(x - 0.1, y, 0.2, height, REAL)
            page.arrow(down[k].right, skip.left, colour=REAL)
            own = Shape(x, y, 0.4, height)
            page.shapes.append(own)
        text = f"{channels[k]} + {channels[k]}" if k else "3"
        page.text(x, y - height / 2 - 0.06, f"{text}\n{side} × {side}", va="top")
        up.append(own)
    for above, below in pairwise(down):
        page.arrow((above.right[0], above.y - 0.3 * above.height), below.top_left)
    for below, above in pairwise([down[-1], *up]):
        page.arrow(below.top_right, (above.left[0], above.y - 0.3 * above.height))
    page.text(1.0, 4.5, "input", colour=REAL, ha="left", size=LARGE)
    page.text(8.6, 4.5, "output", colour=FAKE, ha="right", size=LARGE)
    page.text(4.8, 3.78, "skip: the features go past the bottleneck", colour=REAL)
    page.text(0.35, 1.0, "down: convolutions,\nkernel 4, stride 2", ha="left")
    page.text(9.25, 1.0, "up: transposed ones,\nkernel 4, stride 2", ha="right")
    page.text(4.8, 0.38, "bottleneck")
    page.text(0.35, 0.42, "below each: channels, size", ha="left", colour=SCORE)
    page.show()


def show_patch_field(
    picture: Tensor, *, n_layers: int = 2, score: tuple[int, int] = (7, 6)
) -> None:
    """Draw on a picture which pixels one score of a PatchGAN depends on.

    Args:
        picture: (C, H, W), uint8 in 0..255 or float in [-1, 1], H = W.
        n_layers: layers of stride 2, as for `PatchDiscriminator`.
        score: row and column of the score, counted from 0.

    Raises:
        ValueError: there is no such score.
    """
    side = picture.shape[-1]
    n_scores, step, first, seen = patch_geometry(side, n_layers)
    if not all(0 <= place < n_scores for place in score):
        raise ValueError(f"score is {score}: there are {n_scores} x {n_scores}, counted from 0")
    page = Page(9.6, 4.3)
    frame = page.picture(2.5, 2.2, 3.2)
    pixels = picture.float() / 255 if not picture.is_floating_point() else (picture + 1) / 2
    page.image(frame, pixels.permute(1, 2, 0).clamp(0, 1).cpu().numpy())
    scale, top = frame.width / side, frame.top[1]
    left, upper = (first + step * place for place in (score[1], score[0]))
    x, y = frame.left[0] + left * scale, top - (upper + seen) * scale
    for colour, width in (("white", 4.5), (FAKE, 2.5)):
        corner, length = (x, y), seen * scale
        page.patch(Rectangle(corner, length, length, fc="none", ec=colour, lw=width, zorder=6))

    grid = Shape(7.3, 2.2, 2.4, 2.4)
    cell = grid.width / n_scores
    for row in range(n_scores):
        for column in range(n_scores):
            chosen = (row, column) == score
            place = (grid.left[0] + cell * column, grid.top[1] - cell * (row + 1))
            fill = FAKE if chosen else PALE
            page.patch(Rectangle(place, cell, cell, fc=fill, ec=SCORE, lw=0.6))
    to = (grid.left[0] + cell * score[1], grid.top[1] - cell * (score[0] + 0.5))
    for height, end in ((y + seen * scale, cell / 2), (y, -cell / 2)):
        ends = (x + seen * scale, to[0]), (height, to[1] + end)
        page.axes.plot(*ends, color=FAKE, lw=1.2, ls=(0, (4, 2)), zorder=7)
    page.text(frame.x, 4.05, f"picture, {side} × {side}", size=LARGE)
    page.text(grid.x, 3.68, f"scores, {n_scores} × {n_scores}", size=LARGE)
    page.text(frame.x, 0.33, f"one score sees {seen} × {seen} pixels", colour=FAKE)
    page.text(grid.x, 0.72, f"its neighbour: a patch {step} pixels on")
    page.show(pictures=True)


def patch_geometry(side: int, n_layers: int) -> tuple[int, int, int, int]:
    """The scores of a `PatchDiscriminator`: how many, and which pixels they see.

    Args:
        side: of the picture.
        n_layers: layers of stride 2; two of stride 1 follow. All kernels are 4, all paddings 1.

    Returns:
        Scores in a row; pixels from one's patch to the next one's; where the first patch begins
        (before the picture, so below 0); pixels in a row of a patch.
    """
    step, first, seen = 1, 0, 1
    for stride in [2] * n_layers + [1, 1]:
        first, seen = first - step, seen + 3 * step
        side, step = (side + 2 - 4) // stride + 1, step * stride
    return side, step, first, seen


def show_cyclegan() -> None:
    """Draw CycleGAN: both ways round the cycle, with two generators and two discriminators."""
    page = Page(9.6, 6.1)
    _draw_cycle(page, "A", "B", y=4.15, outwards=1, who=(0, 1))
    _draw_cycle(page, "B", "A", y=1.95, outwards=-1, who=(2, 3))
    page.show()


def _draw_cycle(
    page: Page, start: str, target: str, *, y: float, outwards: int, who: tuple[int, int]
) -> None:
    """One way round: real, there, fake, back, reconstruction; the D of the target; the loss.

    `who` travels, and who is the other picture that D sees.
    """
    side = 0.8
    real, fake, back = (page.picture(x, y, side) for x in (1.4, 4.8, 8.2))
    for frame, name, colour, striped in (
        (real, f"real_{start}", REAL, start == "B"),
        (fake, f"fake_{target}", FAKE, target == "B"),
        (back, f"rec_{start}", FAKE, start == "B"),
    ):
        _draw_creature(page, frame, who[0], striped=striped)
        if frame is fake:
            page.text(frame.right[0] + 0.08, y + outwards * 0.55, name, colour=colour, ha="left")
        else:
            page.text(frame.x, y + outwards * 0.57, name, colour=colour)
    there, again = (
        page.network(x, y, 1.05, 0.95, f"G_{names}", colour=colour)
        for x, names, colour in (
            (3.1, start + target, _COLOUR_OF[start + target]),
            (6.5, target + start, _COLOUR_OF[target + start]),
        )
    )
    for one, other in pairwise((real, there, fake, again, back)):
        page.arrow(one.right, other.left)

    # D, which also sees real pictures of its domain
    high = y + outwards * 1.35
    D = page.network(4.8, high, 1.05, 0.85, f"D_{target}", opens="right")
    other = page.picture(6.5, high, 0.6)
    _draw_creature(page, other, who[1], striped=target == "B")
    page.text(6.92, high, f"real_{target}, another picture", colour=REAL, ha="left")
    page.arrow(other.left, D.right, colour=REAL)
    page.arrow(
        fake.top if outwards > 0 else fake.bottom, D.bottom if outwards > 0 else D.top, colour=FAKE
    )
    page.arrow(D.left, (3.55, high))
    page.text(3.47, high, "scores: real or fake?", ha="right")

    # the cycle loss
    low = y - outwards * 0.8
    words = f"cycle loss: mean |rec_{start} − real_{start}|"
    loss = page.box(4.8, low, 3.1, 0.4, words, size=SMALL)
    page.arrow(real.bottom if outwards > 0 else real.top, (real.x, low), loss.left)
    page.arrow(back.bottom if outwards > 0 else back.top, (back.x, low), loss.right)


_COLOUR_OF = {"AB": "#1f7a6d", "BA": "#8a6d1c"}  # each generator has its colour in both rows


def show_growing() -> None:
    """Draw the fade from 8 to 16 px in a growing GAN, in G and in D, and the share's schedule."""
    page = Page(9.6, 5.9)
    high, low = 5.15, 4.15
    # G
    page.text(0.3, 5.62, "G, while 16 px is faded in", size=LARGE, ha="left")
    z = page.box(0.55, high, 0.5, 0.45, "$z$", colour=SCORE)
    first = page.box(1.55, high, 0.8, 0.5, "4 px", colour=FAKE)
    second = page.box(2.75, high, 0.8, 0.5, "8 px", colour=FAKE)
    new = page.box(4.25, high, 1.1, 0.5, "16 px, new", colour=FAKE, dashed=True)
    rgb_new = page.box(5.75, high, 1.05, 0.5, "ToRGB, new", colour=FAKE, dashed=True, size=SMALL)
    rgb_old = page.box(4.25, low, 0.95, 0.5, "ToRGB", colour=FAKE, size=SMALL)
    double = page.box(5.75, low, 0.95, 0.5, "double", size=SMALL)
    total = page.plus(7.6, 4.65)
    picture = page.box(8.75, 4.65, 1.0, 0.6, "picture", colour=FAKE, below="(N, 3, 16, 16)")
    for one, other in pairwise((z, first, second, new, rgb_new)):
        page.arrow(one.right, other.left)
    page.arrow(second.bottom, (2.75, low), rgb_old.left)
    page.arrow(rgb_old.right, double.left)
    page.arrow(rgb_new.right, (7.6, high), total.top)
    page.arrow(double.right, (7.6, low), total.bottom)
    page.arrow(total.right, picture.left)
    page.text(6.95, high + 0.17, r"$\times\ \alpha$", size=LARGE)
    page.text(6.9, low + 0.17, r"$\times\ (1 - \alpha)$", size=LARGE)

    # D
    high, low = 3.0, 2.0
    page.text(0.3, 3.5, "D, its mirror image", size=LARGE, ha="left")
    given = page.box(0.85, 2.5, 1.0, 0.6, "picture", colour=SCORE, below="(N, 3, 16, 16)")
    from_new = page.box(2.55, high, 1.2, 0.5, "FromRGB, new", dashed=True, size=SMALL)
    new = page.box(4.15, high, 1.1, 0.5, "16 px, new", dashed=True)
    halve = page.box(2.55, low, 0.95, 0.5, "halve", size=SMALL)
    from_old = page.box(4.15, low, 0.95, 0.5, "FromRGB", size=SMALL)
    total = page.plus(6.0, 2.5)
    eight, four = page.box(6.95, 2.5, 0.75, 0.5, "8 px"), page.box(8.05, 2.5, 0.75, 0.5, "4 px")
    score = page.box(9.1, 2.5, 0.65, 0.5, "logit", colour=SCORE, below="(N,)", size=SMALL)
    page.arrow(given.right, (1.6, 2.5), (1.6, high), from_new.left)
    page.arrow((1.6, 2.5), (1.6, low), halve.left)
    page.arrow(from_new.right, new.left)
    page.arrow(halve.right, from_old.left)
    page.arrow(new.right, (6.0, high), total.top)
    page.arrow(from_old.right, (6.0, low), total.bottom)
    for one, other in pairwise((total, eight, four, score)):
        page.arrow(one.right, other.left)
    page.text(5.35, high + 0.17, r"$\times\ \alpha$", size=LARGE)
    page.text(5.3, low + 0.17, r"$\times\ (1 - \alpha)$", size=LARGE)

    # the schedule: share of the newest resolution
    left, width, bottom, height = 1.0, 8.3, 0.55, 0.5
    page.text(0.85, bottom + height, "1", ha="right")
    page.text(0.85, bottom, "0", ha="right")
    page.text(0.4, bottom + height / 2, r"$\alpha$", size=LARGE)
    parts = ["4 px", "fade in 8", "8 px", "fade in 16", "16 px", "fade in 32", "32 px"]
    span = width / len(parts)
    for k, name in enumerate(parts):
        x, fades = left + k * span, "fade" in name
        page.patch(
            Rectangle((x, bottom), span, height, fc=tint(FAKE, 0.12) if fades else PALE, lw=0)
        )
        start = bottom if fades else bottom + height
        page.axes.plot([x, x + span], [start, bottom + height], color=FAKE, lw=2, zorder=4)
        page.text(x + span / 2, bottom - 0.17, name)
    page.text(left + width / 2, 1.22, "share of the newest resolution, over a training")
    page.show()


def show_adain() -> None:
    """Draw AdaIN on one channel: its two numbers are taken out, and two others put in."""
    page = Page(9.6, 4.6)
    values = _channel()
    normal = (values - values.mean()) / values.std()
    stages = (
        (1.15, values, "$x$ (N, C, H, W)", r"mean $\mu$, spread $\sigma$"),
        (4.8, normal, "normalised", "mean 0, spread 1"),
        (8.45, 0.5 * normal - 1.2, "output", "new mean, new spread"),
    )
    frames = []
    for x, pixels, name, numbers in stages:
        frame = page.picture(x, 3.35, 1.3)
        page.image(frame, np.clip((pixels + 3) / 6, 0, 1), cmap="gray")
        page.text(x, 4.24, name, size=LARGE)
        _draw_histogram(page, x, 1.75, pixels)
        page.text(x, 1.5, numbers)
        frames.append(frame)
    take = page.box(2.98, 3.35, 1.25, 0.85, r"$-\ \mu(x)$" "\n" r"$\div\ \sigma(x)$")
    put = page.box(6.62, 3.35, 1.25, 0.85, r"$\times\ y_s$" "\n" r"$+\ y_b$", colour=STYLE)
    for one, other in pairwise((frames[0], take, frames[1], put, frames[2])):
        page.arrow(one.right, other.left)
    style = page.box(6.62, 0.75, 1.3, 0.6, r"$y = (y_s, y_b)$", colour=STYLE)
    other = page.box(3.9, 0.75, 2.5, 0.6, "another picture's $\\sigma$ and $\\mu$", size=SMALL)
    learned = page.box(8.6, 0.75, 1.4, 0.6, "A($w$), learned", size=SMALL)
    page.arrow(style.top, put.bottom, colour=STYLE)
    page.arrow(other.right, style.left, colour=STYLE)
    page.arrow(learned.left, style.right, colour=STYLE)
    page.text(other.x, 0.27, "in style transfer")
    page.text(learned.x, 0.27, "in StyleGAN")
    page.text(6.74, 1.22, "(N, 2 C)", colour=STYLE, ha="left")
    page.text(0.3, 0.75, "each channel of each picture\nby itself; dotted: 0", ha="left",
              colour=SCORE)  # fmt: skip
    page.show(pictures=True)


def show_stylegan() -> None:
    """Draw StyleGAN's generator: the mapping network, and the synthesis network that w steers."""
    page = Page(9.6, 7.0)
    page.text(1.75, 6.72, "mapping network", size=LARGE)
    page.text(6.3, 6.72, "synthesis network", size=LARGE)
    z = page.box(1.75, 6.2, 0.9, 0.42, "$z$", colour=SCORE)
    norm = page.box(1.75, 5.4, 1.6, 0.42, "normalise", size=SMALL)
    dense = page.box(1.75, 3.95, 1.6, 1.5, "8 dense layers\nwith LeakyReLU", size=SMALL)
    w = page.box(1.75, 2.55, 0.9, 0.5, "$w$", colour=STYLE)
    for one, other in pairwise((z, norm, dense, w)):
        page.arrow(one.bottom, other.top)
    page.text(1.88, 5.8, "(N, z_dim)", ha="left")
    page.text(1.88, 3.02, "(N, w_dim)", ha="left")

    x, rows = 6.3, 0.415
    names = ["const", "noise", "adain", "conv", "noise", "adain"]
    names += ["up", "noise", "adain", "conv", "noise", "adain"]
    y, styled, chain = 6.2, [], []
    for k, name in enumerate(names):
        if k == 6:
            y -= 0.2
        if name == "const":
            chain.append(page.box(x, y, 2.1, 0.3, "learned constant", size=SMALL))
        elif name == "noise":
            chain.append(page.plus(x, y, radius=0.12))
            B = page.box(x + 1.55, y, 0.36, 0.3, "B", size=SMALL)
            page.arrow(B.left, chain[-1].right)
            page.arrow((x + 2.1, y), B.right, head=0.09)
            page.text(x + 2.16, y, "noise", ha="left", colour=SCORE)
        elif name == "adain":
            chain.append(page.box(x, y, 2.1, 0.3, "LeakyReLU, AdaIN", size=SMALL, colour=STYLE))
            A = page.box(x - 1.6, y, 0.36, 0.3, "A", size=SMALL, colour=STYLE)
            page.arrow(A.right, chain[-1].left, colour=STYLE)
            styled.append(A)
        else:
            text = "convolution 3 × 3" if name == "conv" else "double, convolution 3 × 3"
            chain.append(page.box(x, y, 2.1, 0.3, text, size=SMALL))
        y -= rows
    for one, other in pairwise(chain):
        page.arrow(one.bottom, other.top, head=0.09)
    bus = x - 2.15
    page.line(w.right, (bus, w.y), colour=STYLE)
    page.line((bus, styled[0].y), (bus, styled[-1].y), colour=STYLE)
    for A in styled:
        page.arrow((bus, A.y), A.left, colour=STYLE, head=0.09)
    for top, bottom, text in ((chain[0], chain[5], "4 × 4"), (chain[6], chain[11], "8 × 8")):
        low, high = bottom.y - 0.2, top.y + 0.2
        page.patch(
            FancyBboxPatch(
                (x - 2.0, low), 4.9, high - low, boxstyle="round,pad=0,rounding_size=0.08",
                fc="none", ec="0.75", lw=1, ls=(0, (4, 3)), zorder=0,
            )
        )  # fmt: skip
        page.text(9.3, (low + high) / 2, text, size=LARGE, rotation=90)
    end = page.box(x, 0.55, 3.4, 0.3, "16 × 16 and so on, two styles each; ToRGB", size=SMALL)
    page.arrow(chain[-1].bottom, end.top, head=0.09)
    image = page.box(8.95, 0.55, 1.0, 0.4, "picture", colour=FAKE)
    page.arrow(end.right, image.left)
    page.text(1.75, 1.85, "A: a learned affine map,\n$w$ to the layer's $(y_s, y_b)$", colour=STYLE)
    page.text(1.75, 1.15, "B: a learned strength\nof the noise, per channel")
    page.show()


def show_stylegan2() -> None:
    """Draw StyleGAN2's synthesis network for 64 px: ten styles, and a sum of pictures."""
    page = Page(9.6, 7.1)
    x, x_rgb, x_sum, x_style = 3.75, 6.75, 8.35, 1.35
    page.text(x, 6.87, "features", size=LARGE)
    page.text(x_sum, 6.87, "picture", size=LARGE)
    page.text(0.95, 6.87, "styles", size=LARGE, colour=STYLE)
    column = [page.box(x, 6.4, 3.9, 0.3, "learned constant", size=SMALL)]
    levels = dict.fromkeys(("coarse", "middle", "fine"), (9.0, 0.0))
    start: tuple[Point, ...] = ()
    doubled: Shape | None = None
    y, j = 6.01, 0
    for side in (4, 8, 16, 32, 64):
        top = column[0].y if side == 4 else y
        level = "coarse" if side <= 8 else "middle" if side == 16 else "fine"
        for name in ("layer",) if side == 4 else ("double", "positions", "layer"):
            if name == "positions":
                column.append(page.plus(x, y, radius=0.12))
                learned = page.box(x + 1.45, y, 1.0, 0.3, "positions", size=SMALL)
                page.arrow(learned.left, column[-1].right, head=0.09)
            else:
                text = "double, convolution" if name == "double" else "convolution"
                column.append(_draw_steered(page, x, y, 3.9, f"{text}, noise, LeakyReLU"))
                style = page.box(x_style, y, 0.36, 0.3, str(j), size=SMALL, colour=STYLE)
                page.arrow(style.right, column[-1].left, colour=STYLE, head=0.09)
                levels[level] = (min(levels[level][0], y), max(levels[level][1], y))
                j += 1
            y -= 0.39
        low = y + 0.39
        to_rgb = _draw_steered(page, x_rgb, low, 1.25, "ToRGB")
        style = page.box(x_rgb, low + 0.39, 0.36, 0.3, str(j), size=SMALL, colour=STYLE)
        page.arrow(style.bottom, to_rgb.top, colour=STYLE, head=0.06)
        page.arrow((x + 1.95, low), to_rgb.left, head=0.09)
        if doubled is None:
            start = (to_rgb.right, (x_sum, low))
        else:
            total = page.plus(x_sum, low, radius=0.12)
            page.arrow(*start, doubled.top, head=0.09)
            page.arrow(doubled.bottom, total.top, head=0.09)
            page.arrow(to_rgb.right, total.left, head=0.09)
            start = (total.bottom,)
        page.patch(
            FancyBboxPatch(
                (x - 2.05, low - 0.2), 7.45, top - low + 0.4, fc="none", ec="0.75", lw=1,
                boxstyle="round,pad=0,rounding_size=0.08", ls=(0, (4, 3)), zorder=0,
            )
        )  # fmt: skip
        page.text(9.38, (top + low) / 2, f"{side} × {side}", rotation=90)
        y -= 0.11
        if side < 64:
            doubled = page.box(x_sum, y, 0.85, 0.3, "double", size=SMALL)
    for one, other in pairwise(column):
        page.arrow(one.bottom, other.top, head=0.07)
    image = page.box(x_sum, y + 0.02, 1.0, 0.34, "picture", colour=FAKE, size=SMALL)
    page.arrow(*start, image.top, head=0.09)
    numbers = {"coarse": "0 to 2", "middle": "3 and 4", "fine": "5 to 9"}
    for name, (low, high) in levels.items():
        page.line((0.98, high + 0.12), (0.9, high + 0.12), (0.9, low - 0.12), (0.98, low - 0.12),
                  colour=STYLE)  # fmt: skip
        page.text(0.5, (low + high) / 2, f"{name}\n{numbers[name]}", colour=STYLE)
    words = (
        "A: the affine map of the style, inside of each convolution; with each noise comes a bias"
    )
    page.text(0.35, y + 0.02, words, ha="left")
    page.show()


def _draw_steered(page: Page, x: float, y: float, width: float, text: str) -> Shape:
    """A layer whose convolution has the style's affine map A inside."""
    layer = page.box(x, y, width, 0.3, text, colour=STYLE, size=SMALL)
    page.box(x - width / 2 + 0.2, y, 0.24, 0.22, "A", colour=STYLE, size=SMALL)
    return layer


def show_modulation() -> None:
    """Draw a layer with AdaIN beside one with modulation and demodulation."""
    page = Page(9.6, 5.5)
    left, right = 3.1, 8.0
    page.text(2.5, 5.2, "StyleGAN: AdaIN", size=LARGE)
    page.text(7.2, 5.2, "StyleGAN2: modulation, demodulation", size=LARGE)
    page.line((4.8, 0.35), (4.8, 5.3), colour="0.8")

    w_left = page.box(0.7, 4.6, 0.6, 0.45, "$w$", colour=STYLE)
    A_left = page.box(0.7, 1.55, 0.6, 0.45, "A", colour=STYLE)
    conv = page.box(left, 3.85, 2.5, 0.5, "convolution 3 × 3")
    rest = page.box(left, 3.1, 2.5, 0.5, "+ noise, + bias, LeakyReLU", size=SMALL)
    norm = page.box(left, 2.35, 2.5, 0.5, r"$-\ \mu,\ \div\ \sigma$: measured", colour=SCORE)
    style = page.box(left, 1.55, 2.5, 0.5, r"$\times\ y_s,\ +\ y_b$", colour=STYLE)
    page.arrow((left, 4.6), conv.top)
    page.text(left, 4.73, "$x$ (N, C, H, W)")
    for one, other in pairwise((conv, rest, norm, style)):
        page.arrow(one.bottom, other.top)
    page.arrow(style.bottom, (left, 1.0))
    page.arrow(w_left.bottom, A_left.top, colour=STYLE)
    page.arrow(A_left.right, style.left, colour=STYLE)
    page.text(1.4, 1.74, "(N, 2 D)", colour=STYLE)
    page.text(2.5, 0.62, "divides by the spread that this picture has:\nit looks at every pixel")

    w_right = page.box(5.9, 4.6, 0.6, 0.45, "$w$", colour=STYLE)
    A_right = page.box(5.9, 3.85, 0.6, 0.45, "A", colour=STYLE)
    mod = page.box(5.9, 2.95, 1.7, 0.55, r"$w'_{ijk} = s_i\,w_{ijk}$", colour=STYLE)
    demod = page.box(5.9, 1.85, 1.7, 0.55, r"$w''_{ijk} = w'_{ijk}\,/\,\sigma_j$", colour=SCORE)
    conv = page.box(right, 2.95, 1.8, 0.5, "convolution 3 × 3")
    rest = page.box(right, 1.85, 1.8, 0.6, "+ noise, + bias,\nLeakyReLU", size=SMALL)
    page.arrow(w_right.bottom, A_right.top, colour=STYLE)
    page.arrow(A_right.bottom, mod.top, colour=STYLE)
    page.text(6.03, 3.43, "$s$ (N, C)", colour=STYLE, ha="left")
    page.arrow(mod.bottom, demod.top)
    page.arrow(demod.right, (6.95, 1.85), (6.95, 2.95), conv.left)
    page.arrow((right, 4.6), conv.top)
    page.text(right, 4.73, "$x$ (N, C, H, W)")
    page.arrow(conv.bottom, rest.top)
    page.arrow(rest.bottom, (right, 1.0))
    page.text(7.2, 0.62, "divides by the spread that is to be expected:\n"
              r"$\sigma_j$ comes from the scaled weights alone")  # fmt: skip
    page.text(4.95, 2.4, "weights", ha="left", colour=SCORE)
    page.show()


def show_course_map(lessons: Mapping[str, tuple[str, int]]) -> None:
    """Draw which lesson leads to which, each with its minutes of study.

    Args:
        lessons: number -> title and minutes, as {"01": ("The game", 110)}; a lesson that is not
            named is left out.
    """
    page = Page(9.6, 5.6)
    page.patch(Rectangle((3.16, 3.72), 6.4, 1.62, fc=tint(FAKE, 0.07), lw=0, zorder=0))
    page.patch(Rectangle((3.16, 0.12), 4.3, 1.62, fc=tint(REAL, 0.07), lw=0, zorder=0))
    page.text(3.3, 5.21, "pictures from noise", colour=FAKE, ha="left")
    page.text(3.3, 0.3, "pictures from pictures", colour=REAL, ha="left")
    boxes = {}
    for number, (title, minutes) in lessons.items():
        (column, row, colour) = _PLACES[number]
        text = "\n".join([number, *wrap(title, 11), f"{minutes} min"])
        x, y = 0.49 + 1.075 * column, (1.05, 2.72, 4.4)[row]
        boxes[number] = page.box(x, y, 0.93, 1.08, text, colour=colour, size=SMALL)
    for before, after, bend in _LEADS:
        if before in boxes and after in boxes:
            page.arrow(*_way(boxes[before], boxes[after], bend), colour=SCORE)
    page.show()


_PLACES = {  # column, row from below, colour
    "00": (0, 1, INK), "01": (1, 1, INK), "02": (2, 1, INK), "03": (3, 1, INK),
    "04": (3, 2, FAKE), "05": (3, 0, REAL), "06": (4, 0, REAL), "07": (5, 0, REAL),
    "08": (6, 0, REAL), "09": (4, 2, FAKE), "10": (5, 1, FAKE), "11": (6, 2, FAKE),
    "12": (7, 2, FAKE), "13": (7, 1, INK), "14": (8, 2, FAKE),
}  # fmt: skip
_LEADS = (  # what a lesson builds on, without what follows from the other arrows
    ("00", "01", ""), ("01", "02", ""), ("02", "03", ""), ("02", "04", "up"), ("03", "05", ""),
    ("03", "09", "across"), ("04", "09", ""), ("05", "06", ""), ("06", "07", ""), ("07", "08", ""),
    ("07", "10", ""), ("09", "11", ""), ("10", "11", "across"), ("11", "12", ""),
    ("08", "13", "across"), ("12", "13", ""), ("04", "14", "over"),
)  # fmt: skip


def _way(one: Shape, other: Shape, bend: str) -> list[Point]:
    """From a box to another one: straight, or round corners, first "up", "across" or "over"."""
    if bend == "up":
        return [one.top, (one.x, other.y), other.left]
    if bend == "across":
        return [one.right, (other.x, one.y), other.bottom]
    if bend == "over":
        above = one.top[1] + 0.13
        return [one.top, (one.x, above), (other.x, above), other.top]
    if abs(one.x - other.x) < 0.1:
        return [one.top, other.bottom] if one.y < other.y else [one.bottom, other.top]
    return [one.right, other.left]


def _overlay(colours: Sequence[str], share: float) -> tuple[float, ...]:
    """What translucent colours over each other look like on white."""
    seen = np.ones(3)
    for colour in colours:
        seen = share * np.array(to_rgb(colour)) + (1 - share) * seen
    return tuple(seen.tolist())


def _draw_ring(page: Page, frame: Shape, colour: str, *, spread: float) -> None:
    """Points of lesson 01's ring of eight clusters."""
    source = np.random.default_rng(0)
    angle = np.pi / 4 * source.integers(8, size=240)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) + spread * source.normal(size=(240, 2))
    x, y = (0.34 * frame.width * points + (frame.x, frame.y)).T
    page.axes.scatter(x, y, s=4, color=colour, alpha=0.6, linewidths=0, zorder=5)


_CREATURES = (  # colour; width and height of the body, and where its eyes are, in radii
    (GRADIENT, 2.0, 2.0, (-0.35, 0.35)),
    (STYLE, 1.3, 2.1, (0.0,)),
    ("#3f8f3f", 2.2, 1.6, (-0.55, 0.0, 0.55)),
    ("#c2568f", 1.7, 2.0, (-0.4, 0.4)),
)


def _draw_creature(page: Page, frame: Shape, who: int, *, striped: bool) -> None:
    """One of four creatures, plain or with stripes across."""
    x, y, radius = frame.x, frame.y, 0.38 * frame.width
    colour, *size, eyes = _CREATURES[who]
    width, height = (radius * side for side in size)
    body = FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height,
        boxstyle=f"round,pad=0,rounding_size={min(width, height) / 2}",
        fc=tint(colour, 0.45), ec=INK, lw=1, zorder=5,
    )  # fmt: skip
    page.patch(body)
    if striped:
        for k in range(-2, 3):
            stripe = Rectangle(
                (x - width / 2, y + (0.42 * k - 0.1) * radius), width, 0.2 * radius,
                fc=INK, lw=0, alpha=0.75, zorder=5.5,
            )  # fmt: skip
            page.patch(stripe)
            stripe.set_clip_path(body)
    for place in eyes:
        eye = (x + place * radius, y + 0.3 * radius)
        page.patch(Circle(eye, 0.2 * radius, fc="white", ec=INK, lw=0.6, zorder=6))
        page.patch(Circle(eye, 0.08 * radius, fc=INK, lw=0, zorder=7))


def _channel() -> np.ndarray:
    """A channel of features with something to recognise: a bright disc on a ramp."""
    across, up = np.meshgrid(np.linspace(-1, 1, 24), np.linspace(-1, 1, 24))
    disc = (across**2 + (up + 0.05) ** 2 < 0.4).astype(float)
    return 1.0 + 0.9 * disc + 0.25 * across - 0.2 * up


def _draw_histogram(page: Page, x: float, y: float, values: np.ndarray) -> None:
    """The values of a channel as bars on a number line from -3 to 3, which has a mark at 0.

    The bars share the values' own range, so that moved and stretched values have the same shape.
    """
    width, height = 2.0, 0.75
    counts, edges = np.histogram(values, bins=16)
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            corner = (x + left * width / 6, y)
            size = (right - left) * width / 6, height * count / counts.max()
            page.patch(Rectangle(corner, *size, fc=SCORE, lw=0, zorder=4))
    page.line((x - width / 2, y), (x + width / 2, y), colour=INK)
    page.axes.plot([x, x], [y, y + height], color=FAKE, lw=1, ls=":", zorder=5)
