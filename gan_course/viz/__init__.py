"""Figures of a fixed size, and the live display of a training."""

from gan_course.viz.figures import (
    COLOURS,
    DPI,
    FAKE,
    GAP,
    REAL,
    SCORE,
    figure,
    scatter,
    show_grid,
    show_grids,
    show_heat_map,
    show_heat_maps,
    show_jpeg,
    show_losses,
    show_rows,
)
from gan_course.viz.live import LiveDisplay

__all__ = [
    "COLOURS",
    "DPI",
    "FAKE",
    "GAP",
    "REAL",
    "SCORE",
    "LiveDisplay",
    "figure",
    "scatter",
    "show_grid",
    "show_grids",
    "show_heat_map",
    "show_heat_maps",
    "show_jpeg",
    "show_losses",
    "show_rows",
]
