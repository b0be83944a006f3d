"""The game of lesson 01 in the plane, a step at a time."""

from typing import Any

import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import softplus

from gan_course.data.toy import ring_centres, sample_ring
from gan_course.evaluation.coverage import modes_covered
from gan_course.models.mlp import mlp
from gan_course.viz.explorers.panel import image_to_png, is_watched

SIDE, REACH, STD, Z_DIM = 440, 3.0, 0.15, 4
BLUE, RED, INK = (31, 111, 178), (200, 64, 79), (40, 40, 40)


class Game:
    """G and D on the ring of eight Gaussians, as in lesson 01.

    Args:
        seed: decides the first weights and all random numbers.
    """

    def __init__(self, seed: int = 0) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.G, self.D = mlp(Z_DIM, 2), mlp(2, 1)
        self.random = torch.Generator().manual_seed(seed)
        self.opt_G, self.opt_D = (
            torch.optim.Adam(net.parameters(), 1e-3, betas=(0.0, 0.9)) for net in (self.G, self.D)
        )
        self.z = torch.randn(500, Z_DIM, generator=self.random)
        self.real = sample_ring(500, std=STD, generator=self.random)
        self.n_done = 0

    def step(self, rate_G: float = 1e-3, rate_D: float = 1e-3, n: int = 128) -> None:
        """One turn of D, then one of G, at these rates."""
        self.opt_G.param_groups[0]["lr"], self.opt_D.param_groups[0]["lr"] = rate_G, rate_D
        fake = self.G(torch.randn(n, Z_DIM, generator=self.random))
        real = sample_ring(n, std=STD, generator=self.random)
        loss_D = softplus(-self.D(real)).mean() + softplus(self.D(fake.detach())).mean()
        self.opt_D.zero_grad()
        loss_D.backward()
        self.opt_D.step()
        loss_G = softplus(-self.D(fake)).mean()
        self.opt_G.zero_grad()
        loss_G.backward()
        self.opt_G.step()
        self.n_done += 1

    def draw(self) -> bytes:
        """Data, generated points, D's opinion and the arrows that it gives to G, as a PNG."""
        axis = REACH * (2 * (torch.arange(55) + 0.5) / 55 - 1)
        plane = torch.stack(torch.meshgrid(-axis, axis, indexing="ij"), -1).flip(-1).flatten(0, 1)
        with torch.no_grad():
            opinion = self.D(plane).sigmoid().view(55, 55, 1)
            points = self.G(self.z)
        tint = torch.where(opinion > 0.5, torch.tensor(BLUE), torch.tensor(RED)).float()
        ground = 255 + (tint - 255) * (opinion - 0.5).abs()
        image = Image.fromarray(ground.byte().numpy()).resize((SIDE, SIDE))
        canvas = ImageDraw.Draw(image)
        for cloud, colour in ((self.real, BLUE), (points, RED)):
            for x, y in _pixels(cloud):
                canvas.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)
        places = torch.cartesian_prod(axis[3::8], axis[3::8]).requires_grad_()
        (slope,) = torch.autograd.grad(softplus(-self.D(places)).sum(), places)
        arrows = -slope / slope.norm(dim=1).quantile(0.95).clamp_min(1e-12)
        arrows = 0.35 * arrows / arrows.norm(dim=1, keepdim=True).clamp_min(1)
        ends = (places + arrows).detach()
        for start, end in zip(_pixels(places.detach()), _pixels(ends), strict=True):
            canvas.line((*start, *end), fill=INK, width=1)
            canvas.ellipse((end[0] - 2, end[1] - 2, end[0] + 2, end[1] + 2), fill=INK)
        covered, _ = modes_covered(points, ring_centres(), radius=3 * STD)
        canvas.text((8, 6), f"step {self.n_done}: {covered} of 8 modes", fill=INK)
        return image_to_png(image)


def _pixels(points: Tensor) -> list[tuple[float, float]]:
    x, y = ((1 + sign * points[:, k] / REACH) * SIDE / 2 for k, sign in ((0, 1), (1, -1)))
    return list(zip(x.tolist(), y.tolist(), strict=True))


def explore_game(seed: int = 0) -> None:
    """Show the plane with buttons for one step, for fifty, and for a new start."""
    if not is_watched():
        return
    import ipywidgets as widgets
    from IPython.display import display

    game, picture = Game(seed), widgets.Image(format="png")
    rates = [
        widgets.FloatLogSlider(1e-3, base=10, min=-4, max=-2, description=f"rate of {name}")
        for name in ("G", "D")
    ]

    def advance(n: int) -> Any:
        def act(_: Any) -> None:
            for _ in range(n):
                game.step(*(rate.value for rate in rates))
            picture.value = game.draw()

        return act

    def restart(_: Any) -> None:
        nonlocal game
        game = Game(seed)
        picture.value = game.draw()

    buttons = [widgets.Button(description=f"{n} steps" if n > 1 else "1 step") for n in (1, 50)]
    for button, n in zip(buttons, (1, 50), strict=True):
        button.on_click(advance(n))
    again = widgets.Button(description="start again")
    again.on_click(restart)
    picture.value = game.draw()
    display(widgets.VBox([widgets.HBox([*buttons, again]), widgets.HBox(rates), picture]))
