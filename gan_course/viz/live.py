"""The live display of a training: it moves in JupyterLab, and leaves a film strip everywhere."""

import base64
import io
import os
import time
from collections.abc import Callable, Mapping, Sequence

import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from gan_course.viz.figures import show_rows

EVERY = 3.0  # seconds between two frames, at least
SHARE = 0.03  # of a training's time, at most, for the frames


class LiveDisplay:
    """Shows a training while it runs: samples, losses, pictures a second, and the time left.

    A hook for `fit`. In a notebook that somebody looks at, one frame is redrawn in place every few
    seconds. Without a reader (GAN_COURSE_HEADLESS) nothing moves. Some moments are kept either way,
    for `show_strip`.

    Args:
        sample: draws the pictures to watch, (N, C, H, W) in [-1, 1], always of the same inputs.
        n_steps: steps in all.
        batch_size: pictures in a step, for the pictures a second.
        n_moments: rows of the film strip; the first is taken here, before the first step.
        zoom: screen pixels per picture pixel; a whole number.
        n_columns: pictures in a row of a frame.
    """

    def __init__(
        self,
        sample: Callable[[], Tensor],
        *,
        n_steps: int,
        batch_size: int,
        n_moments: int = 6,
        zoom: int = 3,
        n_columns: int = 8,
    ) -> None:
        self.sample, self.n_steps, self.batch_size = sample, n_steps, batch_size
        self.zoom, self.n_columns = zoom, n_columns
        self.moments = [round(k * n_steps / (n_moments - 1)) for k in range(n_moments)]
        self.film = {0: sample().cpu()}
        self.handle = _handle()
        self.begun = self.shown = time.perf_counter()
        self.n_before: int | None = None  # steps done before this display saw the first
        self.spent = 0.0  # seconds on frames

    def __call__(self, n_done: int, rows: Sequence[Mapping[str, float]]) -> None:
        """Take note of a reading of losses; draw a frame where it is time."""
        if self.n_before is None:
            self.n_before = n_done - len(rows)
        now = time.perf_counter()
        is_moment = any(max(self.film) < moment <= n_done for moment in self.moments)
        is_time = now - self.shown >= EVERY and self.spent <= SHARE * (now - self.begun)
        is_shown = self.handle is not None and (is_time or n_done >= self.n_steps)
        if not (is_moment or is_shown):
            return
        images = self.sample().cpu()
        if is_moment:
            self.film[n_done] = images
        if is_shown and self.handle is not None:
            self.handle.update(_html(self.words(n_done, rows, now), self.jpeg(images)))
            self.shown = time.perf_counter()
            self.spent += self.shown - now

    def words(self, n_done: int, rows: Sequence[Mapping[str, float]], now: float) -> str:
        """The line below the pictures."""
        n_seen = n_done - (self.n_before or 0)
        rate = n_seen / max(now - self.begun, 1e-9)
        parts = [
            f"step {n_done:,} of {self.n_steps:,}",
            f"{rate * self.batch_size:.0f} pictures a second",
            f"{(self.n_steps - n_done) / rate:.0f} s left",
        ]
        losses = rows[-1] if rows else {}
        parts += [f"{name} {value:.2f}" for name, value in losses.items() if name != "step"]
        return " · ".join(parts)

    def jpeg(self, images: Tensor) -> bytes:
        """A frame of pictures as a JPEG."""
        tile = make_grid(images.float().add(1).div(2).clamp(0, 1), nrow=self.n_columns, padding=1)
        pixels = tile.mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        picture = Image.fromarray(pixels)
        size = (picture.width * self.zoom, picture.height * self.zoom)
        data = io.BytesIO()
        picture.resize(size, Image.Resampling.NEAREST).save(data, format="jpeg", quality=85)
        return data.getvalue()

    def show_strip(self, *, quality: int = 66) -> None:
        """Show the kept moments as rows, from before the first step to the last one seen."""
        rows = {
            f"step {n_done:,}": images[: self.n_columns] for n_done, images in self.film.items()
        }
        show_rows(rows, zoom=self.zoom, quality=quality)


def _handle():
    """A place in the notebook's output that can be written anew; None where nobody looks."""
    from IPython import get_ipython
    from IPython.display import HTML, display

    if get_ipython() is None or os.environ.get("GAN_COURSE_HEADLESS"):
        return None
    return display(HTML(""), display_id=True)


def _html(words: str, jpeg: bytes):
    from IPython.display import HTML

    data = base64.b64encode(jpeg).decode()
    return HTML(f'<img alt="samples" src="data:image/jpeg;base64,{data}"><pre>{words}</pre>')
