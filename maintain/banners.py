"""Draws the pictures at the head of lessons whose best picture would give a prediction away, and
the README's cats.

That of lesson 13 is drawn by hand: its Chinese needs a font that few machines have.
"""

import argparse
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from matplotlib.axes import Axes
from PIL import Image, ImageDraw
from torch import Tensor
from torchvision.utils import make_grid

from gan_course import viz
from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.batches import to_bytes
from gan_course.data.earth import load_view
from gan_course.data.toy import sample_ring
from gan_course.files import atomic_write
from gan_course.inference.generate import generate, latents, styles
from gan_course.paths import NOTEBOOKS
from gan_course.runtime import choose_runtime
from gan_course.training.toy_gans import RULES, RingGAN, RingsConfig, RingsStep, build_rings
from gan_course.weights.stylegans import load_stylegan

SIZE = (900, 330)  # pixels, for those that are no plots


def three_rings() -> Image.Image:
    """Lesson 03: three non-saturating GANs on the ring, without a word on what differs."""
    rule, config = next(rule for rule in RULES if rule.name == "non-saturating"), RingsConfig()
    chase = build_rings(replace(config, lr_ratio=1.0), [RingGAN(rule)])
    for _ in range(50):
        chase.update_D()
        for _ in range(20):
            chase.update_G()
    free = build_rings(config, [RingGAN(rule)])
    bounded = build_rings(config, [RingGAN(rule, r1_gamma=1.0, r2_gamma=1.0)])
    for step in (free, bounded):
        for _ in range(4_000):
            step()
    figure, axes = viz.figure(9, 3, n_axes=3)
    for ax, step in zip(axes, (chase, free, bounded), strict=True):
        _draw_ring(ax, step, config.std)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return Image.open(drawn).convert("RGB")


@torch.no_grad()
def _draw_ring(ax: Axes, step: RingsStep, std: float) -> None:
    source = torch.Generator().manual_seed(1)
    axis = torch.linspace(-3.2, 3.2, 97)
    opinion = step.D(torch.cartesian_prod(axis, axis)[None]).sigmoid().view(97, 97)
    far = (opinion - 0.5).abs().max().clamp(max=0.5).item()
    levels = np.linspace(0.5 - far, 0.5 + far, 14)
    ax.contourf(axis, axis, opinion.T, levels=levels, cmap="RdBu", alpha=0.6, extend="both")
    fakes = step.G(torch.randn(1, 500, step.config.z_dim, generator=source))[0]
    real = sample_ring(1_500, std=std, generator=source)
    ax.scatter(*real.T, s=4, color=viz.REAL, linewidths=0)
    ax.scatter(*fakes.T, s=5, color="black", alpha=0.7, linewidths=0)
    ax.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), aspect="equal")
    ax.axis("off")


def slanted_earth() -> Image.Image:
    """Lesson 05: southern Europe in slanted strips of both views."""
    satellite, relief = (_view(name) for name in ("satellite", "relief"))
    mask = Image.new("L", SIZE)
    draw = ImageDraw.Draw(mask)
    width, height = SIZE
    edges = [-60 + k * (width + 120) // 4 for k in range(5)]
    for k in (1, 3):
        left, right = edges[k], edges[k + 1]
        strip = [(left + 60, 0), (right + 60, 0), (right - 20, height), (left - 20, height)]
        draw.polygon(strip, fill=255)
    picture = Image.composite(relief, satellite, mask)
    for left in edges[1:4]:
        ImageDraw.Draw(picture).line([(left + 60, 0), (left - 20, height)], "white", 4)
    return picture


def _view(name: str) -> Image.Image:
    """Its pixels from Ireland to the Caspian Sea, at `SIZE`."""
    view: Tensor = load_view(name, scale=2)
    rows, columns = slice(225, 225 + SIZE[1]), slice(1275, 1275 + SIZE[0])
    part = view[:, rows, columns].permute(1, 2, 0).contiguous()
    return Image.fromarray(part.numpy())


def forty_cats() -> Image.Image:
    """The README's: what the shipped StyleGAN2 draws for the seeds 0 to 39."""
    G = load_stylegan("stylegan-cats64")
    drawn = generate(G, styles(G, latents(range(40), G.z_dim)))
    grid = make_grid(to_bytes(drawn), nrow=10, padding=2, pad_value=255)
    picture = Image.fromarray(grid.permute(1, 2, 0).numpy())
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST)


PICTURES: Mapping[str, Callable[[], Image.Image]] = {
    "03_banner": three_rings,
    "05_banner": slanted_earth,
    "12_cats": forty_cats,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the banners; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain banners", description=__doc__)
    return run_command(parser, arguments, _draw_all)


def _draw_all(_: argparse.Namespace) -> int:
    choose_runtime("cpu", "float32")
    for name, draw in PICTURES.items():
        path = NOTEBOOKS / "images" / f"{name}.jpg"
        picture = draw()
        with atomic_write(path) as temporary:
            picture.save(temporary, format="JPEG", quality=88)
        print(f"wrote {path}")
    return 0
