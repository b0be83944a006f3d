"""What paints strokes: four ways from photograph to Van Gogh, each for as many minutes.

`python -m maintain painting` runs what is missing in docs/results/painting.json, and draws
notebooks/images/08_painting.jpg. Lesson 08 shows both.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torchvision.transforms.functional import to_pil_image

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.data.vangogh import load_photos
from gan_course.evaluation.features import features_of
from gan_course.evaluation.frechet import kernel_distance
from gan_course.evaluation.paired import edge_correlation
from gan_course.evaluation.readers import load_reader
from gan_course.files import atomic_write, output_folder
from gan_course.inference.translate import in_parts, translate_picture
from gan_course.lessons.results import current_commit
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.paths import ROOT, RUNS
from gan_course.runtime import choose_runtime
from gan_course.training.bundle import Training
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan
from gan_course.training.loop import fit
from gan_course.training.style_transfer import StyleTransferConfig, build_style_transfer
from gan_course.weights.cards import read_card
from gan_course.weights.translators import load_translator
from gan_course.weights.trunk import load_trunk
from maintain.studies.table import Row, fill

MINUTES = 2  # of a processor's time for each training
WARM_UP, TIMED = 3, 12  # steps before the clock runs, and on the clock
N_TRAIN, N_TEST, N_DRAWS = 3_000, 500, 3
T_975 = 4.303  # Student's t with 2 degrees of freedom: 95 % of three draws' means
SHIPPED = "as shipped"
FOLDER = RUNS / "painting"
PICTURE = ROOT / "notebooks" / "images" / "08_painting.jpg"
# parts of held-out photographs: top, left; shown at the size at which they were painted
PARTS = {"citedeCarcassonne": (60, 0), "goldenTemple": (60, 120), "rangGhar": (60, 160)}
SIDE = 256
Config = CycleGANConfig | StyleTransferConfig


@dataclass(frozen=True)
class Arm:
    """One way to paint: its pictures of A and of B, and its configuration, the length left open."""

    A: str
    B: str
    config: Config


ARMS: Mapping[str, Arm] = {
    "pixels, 64 px": Arm(
        "photos",
        "paintings",
        CycleGANConfig(
            n_steps=0,
            batch_size=4,
            base_channels=16,
            n_blocks=3,
            d_base_channels=24,
            n_layers=2,
            d_norm="none",
            r1_gamma=2.0,
            lr=5e-4,
            lambda_cycle=5.0,
            lambda_identity=0.5,
            residual=True,
            ema_decay=0.995,
        ),
    ),
    "pixels, strokes": Arm(
        "photos",
        "paintings-near",
        CycleGANConfig(
            n_steps=0,
            batch_size=2,
            img_resolution=96,
            base_channels=16,
            n_blocks=3,
            d_base_channels=32,
            n_layers=2,
            d_norm="none",
            r1_gamma=1.0,
            lr=5e-4,
            lambda_cycle=5.0,
            lambda_identity=1.0,
            upsampling="resize",
            ema_decay=0.99,
        ),
    ),
    "projected": Arm(
        "photos",
        "paintings-near",
        CycleGANConfig(
            n_steps=0,
            batch_size=2,
            img_resolution=96,
            base_channels=16,
            n_blocks=3,
            d_norm="none",
            lr=5e-4,
            lambda_cycle=10.0,
            lambda_identity=1.0,
            upsampling="resize",
            ema_decay=0.99,
            discriminator="projected",
        ),
    ),
    "style loss": Arm("photos", "paintings-near", StyleTransferConfig(n_steps=0)),
}


def measure(row: Row) -> Row:
    """Train the arm of a row for its minutes, keep its generator, and measure it."""
    name = row["arm"]
    if name == SHIPPED:
        card = read_card("photo2vangogh")
        kept = ("steps", "pictures", "minutes", "processor minutes", "commit")
        return {key: card[key] for key in kept} | figures(load_translator("photo2vangogh"))
    arm, trained_at = ARMS[name], current_commit()
    training = start(replace(arm.config, n_steps=WARM_UP + TIMED), arm)
    fit(training.step, training.batches, n_steps=WARM_UP)
    begun = time.process_time()
    fit(training.step, training.batches, n_steps=WARM_UP + TIMED)
    n_steps = max(1, round(60 * MINUTES * TIMED / (time.process_time() - begun)))
    training = start(replace(arm.config, n_steps=n_steps), arm)
    wall, busy = time.perf_counter(), time.process_time()
    fit(training.step, training.batches, n_steps=n_steps)
    cost = {
        "steps": n_steps,
        "pictures": n_steps * arm.config.batch_size,
        "minutes": round((time.perf_counter() - wall) / 60, 1),
        "processor minutes": round((time.process_time() - busy) / 60, 1),
        "commit": trained_at,
    }
    G = training.step.best("G_AB").eval()
    torch.save(G.state_dict(), output_folder(FOLDER) / f"{name}.pt")
    return cost | figures(G)


def start(config: Config, arm: Arm) -> Training:
    """A new training of an arm, from seed 0."""
    A, B = (
        load_domain(name, n=N_TRAIN, resolution=config.img_resolution, seed=seed)
        for seed, name in enumerate((arm.A, arm.B))
    )
    runtime = choose_runtime()
    if isinstance(config, StyleTransferConfig):
        return build_style_transfer(config, A, B, trunk=load_trunk(), seed=0, runtime=runtime)
    return build_cyclegan(config, A, B, seed=0, runtime=runtime, trunk=load_trunk())


def figures(G: nn.Module) -> Row:
    """What held-out photographs become: KID to held-out paintings, over the photographs' own.

    By the feature network of lesson 08, which no training here has used; over three draws of crops,
    with the 95 % interval of their mean.
    """
    reader = load_reader("photos")
    ratios, edges = [], []
    for seed in range(N_DRAWS):
        photos, paintings = (
            load_domain(name, "test", n=N_TEST, seed=seed) for name in ("photos", "paintings")
        )
        wanted = features_of(reader, paintings)
        made = in_parts(G, to_float(photos))
        before, after = (
            kernel_distance(wanted, features_of(reader, images)) for images in (photos, made)
        )
        ratios.append(after / before)
        edges.append(float(edge_correlation(made, to_float(photos)).mean()))
    half = T_975 * statistics.stdev(ratios) / N_DRAWS**0.5
    mean = statistics.mean(ratios)
    return {
        "KID ratio": round(mean, 3),
        "KID ratio, interval": [round(mean - half, 3), round(mean + half, 3)],
        "KID ratio, draws": [round(ratio, 3) for ratio in ratios],
        "edges kept": round(statistics.mean(edges), 3),
        "weights of G": sum(weight.numel() for weight in G.parameters()),
    }


def draw_strip() -> None:
    """Parts of three held-out photographs, and below them what each arm makes of them, by name."""
    photos = dict(load_photos("test"))
    rows = [[part(photos[name], name) for name in PARTS]]
    for name, arm in ARMS.items():
        G = ResnetGenerator(
            base_channels=arm.config.base_channels,
            n_blocks=arm.config.n_blocks,
            upsampling=arm.config.upsampling,
            residual=arm.config.residual,
        )
        G.load_state_dict(torch.load(FOLDER / f"{name}.pt", weights_only=True))
        rows.append([part(translate_picture(G, photos[key]), key) for key in PARTS])
    sheet = to_pil_image(torch.cat([torch.cat(row, 2) for row in rows], 1))
    label_rows(sheet, ["photograph", *ARMS])
    with atomic_write(PICTURE) as temporary:
        sheet.save(temporary, "JPEG", quality=80)


def label_rows(sheet: Image.Image, names: Sequence[str]) -> None:
    """Write the name of each row into its upper left corner."""
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=17)
    for number, name in enumerate(names):
        place = (10, number * SIDE + 8)
        left, top, right, bottom = draw.textbbox(place, name, font=font)
        draw.rectangle((left - 5, top - 4, right + 5, bottom + 4), fill="white")
        draw.text(place, name, fill="black", font=font)


def part(picture: Tensor, name: str) -> Tensor:
    """The square of a picture (3, H, W) that the strip shows."""
    top, left = PARTS[name]
    return picture[:, top : top + SIDE, left : left + SIDE]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain painting", description=__doc__)
    return run_command(parser, arguments, _run)


def _run(_: argparse.Namespace) -> int:
    rows = [{"arm": name} for name in (*ARMS, SHIPPED)]
    facts = {"processor minutes of each training": MINUTES, "crops in a draw": N_TEST, "seed": 0}
    fill("painting", rows, measure, facts, "python -m maintain painting")
    if all((FOLDER / f"{name}.pt").is_file() for name in ARMS):
        draw_strip()
    return 0
