"""A tiny diffusion model beside the DCGAN of lesson 14: the same pictures, the same minutes.

`python -m maintain diffusion` trains what is missing in docs/results/diffusion.json, and writes
docs/results/diffusion.md and, of each training, eight pictures.
"""

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, mse_loss, silu

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.batches import Batches, to_bytes, to_float
from gan_course.data.cats import load_cats
from gan_course.evaluation.features import features_of
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.readers import load_reader
from gan_course.files import atomic_write
from gan_course.inference import generate
from gan_course.lessons.l14_your_own_pictures.config import PROFILES
from gan_course.lessons.results import recorded, results_file
from gan_course.runtime import Runtime, choose_runtime
from gan_course.training.dcgan import build_dcgan
from gan_course.training.ema import make_ema, update_ema
from maintain.studies.strips import keep_strip, save_sheet
from maintain.studies.table import Row, fill

NAME = "diffusion"
MINUTES = (1, 3)
MODELS = ("GAN", "diffusion")
N_TRAIN, N_TEST, N_SHOWN = 20_000, 500, 8
N_SAMPLING = 20  # steps of the sampler
WIDTHS, BATCH_SIZE, LR, DECAY = (16, 32, 64), 16, 1e-3, 0.995


class Block(nn.Module):
    """Two convolutions with group norm, the time added between them, around a shortcut."""

    def __init__(self, n_in: int, n_out: int, n_time: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.GroupNorm(8, n_in), nn.GroupNorm(8, n_out)])
        self.convs = nn.ModuleList(
            [nn.Conv2d(n_in, n_out, 3, padding=1), nn.Conv2d(n_out, n_out, 3, padding=1)]
        )
        self.time = nn.Linear(n_time, n_out)
        self.shortcut = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Features (N, n_in, H, W) and embedded times (N, n_time) to (N, n_out, H, W)."""
        y = self.convs[0](silu(self.norms[0](x))) + self.time(t)[:, :, None, None]
        return self.shortcut(x) + self.convs[1](silu(self.norms[1](y)))


class Denoiser(nn.Module):
    """A U-Net from a noisy picture and its time to the noise in it."""

    def __init__(self, widths: Sequence[int] = WIDTHS, n_time: int = 128) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(64, n_time), nn.SiLU(), nn.Linear(n_time, n_time))
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down = nn.ModuleList([Block(widths[0], widths[0], n_time)])
        self.down.extend(Block(a, b, n_time) for a, b in pairwise(widths))
        self.middle = Block(widths[-1], widths[-1], n_time)
        wide = [*reversed(widths)]
        self.up = nn.ModuleList([Block(2 * widths[-1], widths[-1], n_time)])
        self.up.extend(Block(a + b, b, n_time) for a, b in pairwise(wide))
        self.last = nn.Sequential(
            nn.GroupNorm(8, widths[0]), nn.SiLU(), nn.Conv2d(widths[0], 3, 3, padding=1)
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Noisy pictures (N, 3, H, W) and times (N,) in [0, 1] to noise of the same shape."""
        rates = torch.exp(torch.linspace(0, math.log(1_000), 32, device=x.device))
        angles = t[:, None] * rates
        embedded = silu(self.time(torch.cat([angles.sin(), angles.cos()], 1)))
        x, kept = self.first(x), []
        for k, block in enumerate(self.down):
            x = block(nn.functional.avg_pool2d(x, 2) if k else x, embedded)
            kept.append(x)
        x = self.middle(x, embedded)
        for k, block in enumerate(self.up):
            x = interpolate(x, scale_factor=2.0) if k else x
            x = block(torch.cat([x, kept.pop()], 1), embedded)
        return self.last(x)


def mix(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """A picture at time t (N,): cos(t pi / 2) of it, sin(t pi / 2) of noise."""
    angle = (t * math.pi / 2)[:, None, None, None]
    return angle.cos() * clean + angle.sin() * noise


@torch.no_grad()
def sample(denoiser: nn.Module, noise: Tensor, *, n_steps: int = N_SAMPLING) -> Tensor:
    """From noise (N, 3, H, W) to pictures in [-1, 1], without chance on the way.

    Source: Song et al. 2021 (arXiv:2010.02502), equation 12 with sigma = 0 (DDIM).
    """
    x, times = noise, torch.linspace(0.98, 0, n_steps + 1, device=noise.device)
    for t, following in pairwise(times):
        found = denoiser(x, t.expand(len(x))).float()
        angle, after = t * math.pi / 2, following * math.pi / 2
        clean = ((x - angle.sin() * found) / angle.cos()).clamp(-1, 1)
        found = (x - angle.cos() * clean) / angle.sin()
        x = after.cos() * clean + after.sin() * found
    return x.clamp(-1, 1)


def train_diffusion(
    images: Tensor, *, seconds: float, seed: int, runtime: Runtime
) -> tuple[Callable[[int], Tensor], int]:
    """Train for so many seconds; returns what draws n pictures, and the steps that were taken.

    Source: Ho et al. 2020 (arXiv:2006.11239), equation 14.
    """
    torch.manual_seed(seed)
    denoiser = runtime.place(Denoiser())
    averaged = make_ema(denoiser)
    optimizer = torch.optim.Adam(denoiser.parameters(), LR)
    batches, generator = Batches(images, BATCH_SIZE, seed=seed), runtime.generator(seed)
    n_done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        clean = next(batches).to(runtime.device)
        noise = torch.randn(clean.shape, device=clean.device, generator=generator)
        t = torch.rand(len(clean), device=clean.device, generator=generator)
        with runtime.autocast():
            found = denoiser(mix(clean, noise, t), t)
        loss = mse_loss(found.float(), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update_ema(averaged, denoiser, decay=min(DECAY, (n_done + 1) / (n_done + 10)))
        n_done += 1

    def draw(n: int) -> Tensor:
        made = []
        for part in torch.randn(n, 3, 32, 32, generator=torch.Generator().manual_seed(1)).split(
            250
        ):
            with runtime.autocast():
                made.append(sample(averaged, part.to(runtime.device)).cpu())
        return torch.cat(made)

    return draw, n_done


def train_gan(
    images: Tensor, *, seconds: float, seed: int, runtime: Runtime
) -> tuple[Callable[[int], Tensor], int]:
    """Train lesson 14's DCGAN for so many seconds; returns as `train_diffusion`."""
    config = PROFILES["fast"].dcgan
    training = build_dcgan(config, images, seed=seed, runtime=runtime)
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        training.step(next(training.batches))

    def draw(n: int) -> Tensor:
        z = generate.latents(range(n), config.z_dim).to(runtime.device)
        return torch.cat([training.step.preview(part).float().cpu() for part in z.split(250)])

    return draw, training.step.n_done


def train_and_measure(row: Row) -> Row:
    """One training: its distance from real cats, and the time that a picture takes."""
    runtime = choose_runtime()
    images, _ = load_cats(n=N_TRAIN, resolution=32, seed=row["seed"])
    train = {"GAN": train_gan, "diffusion": train_diffusion}[row["model"]]
    draw, n_steps = train(images, seconds=60 * row["minutes"], seed=row["seed"], runtime=runtime)
    draw(250)
    start = time.perf_counter()
    drawn = draw(N_TEST)
    seconds = time.perf_counter() - start
    held_out, _ = load_cats("test", n=N_TEST, resolution=32)
    reader = load_reader("cats").requires_grad_(False)
    known, made = (
        features_of(reader, interpolate(some, size=64)) for some in (to_float(held_out), drawn)
    )
    keep_strip(NAME, f"{row['model']}-{row['minutes']}", to_bytes(drawn[:N_SHOWN]))
    return {
        "steps": n_steps,
        "distance": round(frechet_distance(known, made), 1),
        "milliseconds a picture": round(1_000 * seconds / N_TEST, 2),
    }


def page(table: Mapping[str, Any]) -> str:
    """The recorded table as Markdown."""
    columns = ("model", "minutes", "seed", "steps", "distance", "milliseconds a picture")
    lines = [
        "# A GAN and a diffusion model, minute for minute",
        "",
        f"Written by `{table['command']}` at commit {table['commit']} on {table['hardware']}.",
        f"The world is {table['world']} at {table['img_resolution']} px; the GAN is lesson 14's,",
        f"the diffusion model a small U-Net, sampled in {table['sampling steps']} steps. Distance:",
        f"Frechet over {table['samples']:,} pictures, by the feature network of cats.",
        "",
        "| " + " | ".join(columns) + " |",
        "| " + " | ".join("---" for _ in columns) + " |",
    ]
    lines += ["| " + " | ".join(str(row[name]) for name in columns) + " |" for row in table["rows"]]
    return "\n".join(lines) + "\n"


def run() -> None:
    """Train and measure every row that the table lacks, in turn, and write the page."""
    rows = [
        {"model": model, "minutes": minutes, "seed": 0} for minutes in MINUTES for model in MODELS
    ]
    facts = {
        "world": "cats",
        "img_resolution": 32,
        "samples": N_TEST,
        "sampling steps": N_SAMPLING,
    }
    fill(NAME, rows, train_and_measure, facts, "python -m maintain diffusion")
    with atomic_write(results_file(NAME).with_suffix(".md")) as temporary:
        temporary.write_text(page(recorded(NAME)), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain diffusion", description=__doc__.splitlines()[0])
    return run_command(parser, arguments, _run_table)


def _run_table(_: argparse.Namespace) -> int:
    run()
    save_sheet(NAME, [f"{model}-{minutes}" for minutes in MINUTES for model in MODELS])
    return 0
