"""The page on which schematics are drawn: boxes, networks, pictures, arrows.

A unit of length is an inch of the figure.
"""

from dataclasses import dataclass
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyBboxPatch, Patch, Polygon, Rectangle

from gan_course.viz.figures import DPI, SCORE, show_jpeg

INK, PALE = "#2b2b2b", "#f2f0eb"
STYLE, GRADIENT = "#6a4c93", "#c46a00"
LARGE, SMALL = 12.0, 10.0  # points
HEAD = 0.12  # length of an arrow's head

Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """A box of the drawing, and the points of its outline that arrows meet."""

    x: float
    y: float
    width: float
    height: float
    cut: float = 0.0  # of a network: how much lower its middle is than its wide end, above

    @property
    def left(self) -> Point:
        """The middle of its left side."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        """The middle of its right side."""
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        """The middle of its upper side."""
        return self.x, self.y + self.height / 2 - self.cut

    @property
    def bottom(self) -> Point:
        """The middle of its lower side."""
        return self.x, self.y - self.height / 2 + self.cut

    @property
    def top_left(self) -> Point:
        """On its left side, above the middle."""
        return self.x - self.width / 2, self.y + 0.3 * self.height

    @property
    def top_right(self) -> Point:
        """On its right side, above the middle."""
        return self.x + self.width / 2, self.y + 0.3 * self.height


class Page:
    """A figure of one axes without an axis, an inch to a unit.

    Args:
        width: inches.
        height: inches.
    """

    def __init__(self, width: float, height: float) -> None:
        self.figure = plt.figure(figsize=(width, height), dpi=DPI)
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
        self.axes.set_axis_off()
        self.shapes: list[Shape] = []

    def patch(self, patch: Patch) -> None:
        """Any patch of matplotlib."""
        self.axes.add_patch(patch)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = SMALL,
        colour: str = INK,
        ha: Literal["left", "center", "right"] = "center",
        va: Literal["top", "center", "bottom"] = "center",
        rotation: float = 0,
    ) -> None:
        """A text at (x, y), over all else."""
        self.axes.text(
            x, y, text, fontsize=size, color=colour, ha=ha, va=va, rotation=rotation,
            linespacing=1.25, zorder=8,
        )  # fmt: skip

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str,
        *,
        colour: str = INK,
        size: float = LARGE,
        dashed: bool = False,
        below: str = "",
    ) -> Shape:
        """A rounded box around (x, y), and a line below it, such as its shape."""
        fill = PALE if colour == INK else tint(colour, 0.16)
        self.patch(
            FancyBboxPatch(
                (x - width / 2, y - height / 2), width, height,
                boxstyle="round,pad=0,rounding_size=0.08", fc=fill, ec=colour, gid="box", lw=1.3,
                ls=(0, (4, 2)) if dashed else "-", zorder=5,
            )
        )  # fmt: skip
        self.text(x, y, text, size=size)
        if below:
            self.text(x, y - height / 2 - 0.15, below)
        return self._keep(Shape(x, y, width, height))

    def network(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str,
        *,
        colour: str = SCORE,
        opens: Literal["left", "right"] = "right",
    ) -> Shape:
        """A generator or a discriminator: wide where it `opens`, narrow at the other end."""
        wide, narrow = height / 2, 0.3 * height
        at_left, at_right = (wide, narrow) if opens == "left" else (narrow, wide)
        corners = [
            (x - width / 2, y + at_left),
            (x + width / 2, y + at_right),
            (x + width / 2, y - at_right),
            (x - width / 2, y - at_left),
        ]
        self.patch(
            Polygon(corners, fc=tint(colour, 0.2), ec=colour, lw=1.6, joinstyle="round", zorder=5)
        )
        self.text(x, y, text, size=LARGE + 1)
        return self._keep(Shape(x, y, width, height, cut=(wide - narrow) / 2))

    def picture(self, x: float, y: float, side: float) -> Shape:
        """The frame of a picture."""
        corner = (x - side / 2, y - side / 2)
        self.patch(Rectangle(corner, side, side, fc="white", ec=INK, lw=1.2, zorder=4))
        return self._keep(Shape(x, y, side, side))

    def slab(self, x: float, y: float, width: float, height: float, colour: str) -> Shape:
        """The features of one layer, seen from the side."""
        corner = (x - width / 2, y - height / 2)
        self.patch(
            Rectangle(corner, width, height, fc=tint(colour, 0.35), ec=colour, lw=1.3, zorder=5)
        )
        return self._keep(Shape(x, y, width, height))

    def plus(self, x: float, y: float, *, radius: float = 0.17) -> Shape:
        """A sum."""
        self.patch(Circle((x, y), radius, fc="white", ec=INK, lw=1.3, zorder=5))
        for dx, dy in ((0.55 * radius, 0), (0, 0.55 * radius)):
            self.axes.plot([x - dx, x + dx], [y - dy, y + dy], color=INK, lw=1.3, zorder=6)
        return self._keep(Shape(x, y, 2 * radius, 2 * radius))

    def image(self, frame: Shape, pixels: np.ndarray, **how: Any) -> None:
        """A picture in its frame, its rows from the top."""
        (left, _), (right, _), (_, bottom), (_, top) = (
            frame.left, frame.right, frame.bottom, frame.top,
        )  # fmt: skip
        limits = self.axes.get_xlim(), self.axes.get_ylim()
        self.axes.imshow(
            pixels, extent=(left, right, bottom, top), aspect="auto", zorder=4.5,
            interpolation="nearest", vmin=0, vmax=1, **how,
        )  # fmt: skip
        self.axes.set(xlim=limits[0], ylim=limits[1])

    def line(self, *points: Point, colour: str = INK) -> None:
        """A line along some points."""
        self.axes.plot(*zip(*points, strict=True), color=colour, lw=1.5, zorder=3)

    def arrow(
        self, *points: Point, colour: str = INK, dashed: bool = False, head: float = HEAD
    ) -> None:
        """An arrow along some points; its tip is the last one."""
        end, before = np.array(points[-1]), np.array(points[-2])
        along = (end - before) / np.linalg.norm(end - before)
        across = np.array([-along[1], along[0]])
        neck = end - head * along
        xs, ys = zip(*points[:-1], tuple(neck), strict=True)
        style = (0, (4, 2)) if dashed else "-"
        self.axes.plot(xs, ys, color=colour, lw=1.5, ls=style, zorder=3, solid_joinstyle="round")
        corners = [end, neck + 0.45 * head * across, neck - 0.45 * head * across]
        self.patch(Polygon(corners, fc=colour, ec=colour, lw=0.5, gid="head", zorder=7))

    def gradient(self, *points: Point) -> None:
        """An arrow that a gradient takes."""
        self.arrow(*points, colour=GRADIENT, dashed=True)

    def show(self, *, pictures: bool = False) -> None:
        """End the drawing; `pictures` says that it holds some, and is smaller as JPEG."""
        if pictures:
            show_jpeg()
        else:
            plt.show()

    def _keep(self, shape: Shape) -> Shape:
        self.shapes.append(shape)
        return shape


def tint(colour: str, share: float) -> tuple[float, ...]:
    """A colour in white, which has the rest."""
    return tuple(share * part + 1 - share for part in to_rgb(colour))
