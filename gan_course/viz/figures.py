"""Figures of a fixed size.

A `show_*` ends in `plt.show()` and returns None, so that stored outputs compare.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor
from torchvision.utils import make_grid

REAL, FAKE, SCORE = "#1b6ca8", "#d1495b", "#5c5c5c"
COLOURS = {"loss_D": REAL, "loss_G": FAKE}  # of curves; any others in turn
DPI = 100
GAP = 12  # screen pixels between grids


def figure(
    width: float = 8.0, height: float = 3.0, *, n_axes: int = 1, share: bool = False
) -> tuple:
    """A figure of fixed size with `n_axes` axes side by side.

    Args:
        width: inches.
        height: inches.
        n_axes: axes in one row.
        share: whether the axes share their ranges.

    Returns:
        The figure, and an array of its axes (n_axes,).
    """
    fig, axes = plt.subplots(
        1,
        n_axes,
        figsize=(width, height),
        dpi=DPI,
        squeeze=False,
        sharex=share,
        sharey=share,
        layout="constrained",
    )
    for ax in axes[0]:
        ax.spines[["top", "right"]].set_visible(False)
    return fig, axes[0]


def show_grid(
    images: Tensor, *, n_columns: int = 8, title: str = "", zoom: float = 1.5, quality: int = 88
) -> None:
    """Show pictures as one grid.

    Args:
        images: (N, C, H, W), uint8 in 0..255 or float in [-1, 1]; 1 or 3 channels.
        n_columns: pictures in a row.
        title: a line above the grid.
        zoom: screen pixels per picture pixel.
        quality: of the JPEG, as for `show_jpeg`.
    """
    show_grids({title: images}, n_columns=n_columns, zoom=zoom, quality=quality)


def show_grids(
    grids: Mapping[str, Tensor],
    *,
    n_columns: int = 8,
    zoom: float = 1.5,
    quality: int = 88,
    row_names: Sequence[str] = (),
    column_names: Sequence[object] = (),
) -> None:
    """Show several sets of pictures side by side, each as a grid under its name.

    Args:
        grids: name -> (N, C, H, W) as for `show_grid`; all of the same shape.
        n_columns: pictures in a row of one grid.
        zoom: screen pixels per picture pixel; whole numbers show every pixel alike.
        quality: of the JPEG, as for `show_jpeg`.
        row_names: what to write beside the rows, once, at the left; none by default.
        column_names: what to write above the columns of the first grid, one for each; none by
            default.
    """
    tiles = [
        make_grid(_unit(images), nrow=n_columns, padding=2, pad_value=1.0)
        for images in grids.values()
    ]
    height, width = (side * zoom for side in tiles[0].shape[1:])
    total = len(tiles) * (width + GAP) - GAP
    # Axes of exactly so many screen pixels: a layout engine would shrink them, and leave out rows
    # of the pictures.
    fig = plt.figure(figsize=(total / DPI, height / DPI), dpi=DPI)
    for k, (name, tile) in enumerate(zip(grids, tiles, strict=True)):
        ax = fig.add_axes((k * (width + GAP) / total, 0, width / total, 1))
        smooth = "nearest" if float(zoom).is_integer() else "hanning"
        ax.imshow(tile.permute(1, 2, 0).cpu().numpy(), interpolation=smooth, aspect="auto")
        ax.set_title(name, fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    if row_names:
        # a row and the 2 pixels below it; 2 more lie above them all
        step = (tiles[0].shape[1] - 2) / len(row_names)
        places = [2 + row * step + (step - 3) / 2 for row in range(len(row_names))]
        fig.axes[0].set_yticks(places, row_names, fontsize=9)
        fig.axes[0].tick_params(length=0)
    if column_names:
        step = (tiles[0].shape[2] - 2) / n_columns
        places = [2 + column * step + (step - 3) / 2 for column in range(n_columns)]
        fig.axes[0].xaxis.tick_top()
        fig.axes[0].set_xticks(places, [str(name) for name in column_names], fontsize=9)
        fig.axes[0].tick_params(length=0)
    show_jpeg(quality=quality)


def show_rows(
    rows: Mapping[str, Tensor],
    *,
    zoom: float = 1.0,
    quality: int = 66,
    column_names: Sequence[object] = (),
) -> None:
    """Show pictures in rows, each row with its name at the left.

    Args:
        rows: name -> (N, C, H, W) as for `show_grid`; N may differ from row to row, the rest not.
        zoom: screen pixels per picture pixel; whole numbers show every pixel alike.
        quality: of the JPEG, as for `show_jpeg`.
        column_names: what to write above the columns, one for each; none by default.
    """
    n_columns = max(len(images) for images in rows.values())
    padded = [
        torch.cat([images, images.new_ones(n_columns - len(images), *images.shape[1:])])
        for images in (_unit(part).cpu() for part in rows.values())
    ]
    show_grids(
        {"": torch.cat(padded) * 2 - 1},
        n_columns=n_columns,
        zoom=zoom,
        quality=quality,
        row_names=list(rows),
        column_names=column_names,
    )


def show_losses(rows: Sequence[Mapping[str, float]], *, smooth: int = 1, title: str = "") -> None:
    """Draw every loss of a training over its steps.

    Args:
        rows: as `fit` returns them.
        smooth: steps of a running mean; 1 draws every value.
        title: a line above.
    """
    _, (ax,) = figure(8, 2.8)
    for name in [name for name in rows[0] if name != "step"]:
        values = np.array([row[name] for row in rows])
        width = min(smooth, len(values))
        mean = np.convolve(values, np.ones(width) / width, mode="valid")
        ax.plot(
            np.arange(width, len(values) + 1), mean, label=name, lw=1.2, color=COLOURS.get(name)
        )
    ax.set(xlabel="step", ylabel="loss", title=title)
    ax.legend(frameon=False)
    plt.show()


def show_family_tree(
    papers: Mapping[str, tuple[int, int, float, str]],
    *lines: Sequence[str],
    denied: tuple[str, str] | None = None,
) -> None:
    """Draw papers on an axis of years, with arrows from what each starts from.

    Args:
        papers: name -> year, month, height in the drawing, and how the name is aligned with its dot
            ("left", "center" or "right").
        lines: each a line of descent, names from the oldest to the newest.
        denied: the two ends of an arrow that is drawn dotted and crossed out.
    """
    at = {name: (year + (month - 0.5) / 12, y) for name, (year, month, y, _) in papers.items()}
    _, (ax,) = figure(8, 2.6)
    for older, newer in (pair for line in lines for pair in pairwise(line)):
        arrow = {"arrowstyle": "-|>", "color": SCORE, "shrinkA": 5, "shrinkB": 5}
        ax.annotate("", at[newer], at[older], arrowprops=arrow)
    if denied:
        (x, y), (x_end, y_end) = (at[name] for name in denied)
        arrow = {"arrowstyle": "-|>", "color": FAKE, "shrinkA": 5, "shrinkB": 5, "ls": ":"}
        ax.annotate("", (x_end, y_end), (x, y), arrowprops=arrow)
        ax.plot((x + x_end) / 2, (y + y_end) / 2, "x", color=FAKE, ms=10)
    for name, (*_, side) in papers.items():
        ax.plot(*at[name], "o", color=REAL, ms=7)
        ax.annotate(name, at[name], xytext=(0, 9), textcoords="offset points", ha=side, fontsize=9)
    years, heights = zip(*at.values(), strict=True)
    ax.set(xlim=(min(years) // 1, max(years) // 1 + 1), yticks=[])
    ax.set_ylim(min(heights) - 0.3, max(heights) + 0.6)
    ax.spines["left"].set_visible(False)
    plt.show()


def scatter(
    ax: Axes, real: Tensor, fake: Tensor | None = None, *, limit: float = 3.0, title: str = ""
) -> None:
    """Draw points of the plane: real ones, and generated ones over them.

    Args:
        ax: where.
        real: (N, 2).
        fake: (M, 2), or None.
        limit: both axes run from -limit to limit.
        title: a line above.
    """
    x, y = real.detach().cpu().T
    ax.scatter(x, y, s=3, color=REAL, alpha=0.35, linewidths=0, label="real")
    if fake is not None:
        x, y = fake.detach().cpu().T
        ax.scatter(x, y, s=3, color=FAKE, alpha=0.5, linewidths=0, label="generated")
    ax.set(
        xlim=(-limit, limit),
        ylim=(-limit, limit),
        title=title,
        aspect="equal",
        xticks=[],
        yticks=[],
    )


def show_heat_map(
    table: Tensor,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    limits: tuple[float, float] = (0, 1),
) -> None:
    """Show a table of numbers as colours, with each number in its cell.

    Args:
        table: (len(rows), len(columns)).
        rows: their names.
        columns: their names.
        title: a line above.
        limits: the numbers that get the lightest and the darkest colour.
    """
    show_heat_maps({title: (table, limits)}, rows, columns)


def show_heat_maps(
    tables: Mapping[str, tuple[Tensor, tuple[float, float]]],
    rows: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Show several tables of the same rows and columns side by side, each as `show_heat_map` does.

    Args:
        tables: title -> a table (len(rows), len(columns)) and the limits of its colours.
        rows: their names, written once.
        columns: their names.
    """
    _, axes = figure(2.2 + 3.1 * len(tables), 0.8 + 0.42 * len(rows), n_axes=len(tables))
    for ax, (title, (table, (low, high))) in zip(axes, tables.items(), strict=True):
        ax.imshow(table.cpu().numpy(), vmin=low, vmax=high, cmap="Blues", aspect="auto")
        digits = 1 if high > 1 else 2
        for (row, column), value in np.ndenumerate(table.cpu().numpy()):
            colour = "white" if value > low + 0.6 * (high - low) else "black"
            ax.text(
                column,
                row,
                f"{value:.{digits}f}",
                ha="center",
                va="center",
                color=colour,
                fontsize=10,
            )
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows if ax is axes[0] else [""] * len(rows))
        ax.set_title(title, fontsize=10)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    plt.show()


def show_jpeg(*, quality: int = 88) -> None:
    """Show the open figures; in a notebook as JPEG, which is far smaller than PNG for pictures.

    Args:
        quality: of the JPEG, from 1 to 95.
    """
    from IPython import get_ipython

    if get_ipython() is None or "inline" not in matplotlib.get_backend():
        plt.show()
        return
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("jpeg", pil_kwargs={"quality": quality})
    plt.show()
    set_matplotlib_formats("png")


def _unit(images: Tensor) -> Tensor:
    images = images.detach()
    if images.dtype == torch.uint8:
        return images.float() / 255
    return (images.float() + 1).div(2).clamp(0, 1)
