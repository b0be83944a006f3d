"""The shipped StyleGANs: which world, which recipe, and what is measured afterwards."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_course.config import STYLEGANS, StyleGANConfig
from gan_course.data.batches import to_bytes
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import FeatureReader, answer_shares, features_of
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.inference.generating import generate, latents, styles
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.checkpoints import LAST
from gan_course.training.families import build_stylegan
from gan_course.training.run import run_training

N_TRAIN = {"critters": 50_000, "toons": 20_000}
SAVE_EVERY = 250
ASKED = {
    "critters": ("shape", "texture", "body_colour", "background", "top", "eyes", "mouth"),
    "toons": ("hair", "skin", "background"),
}
STYLEGAN_NAMES: Mapping[str, str] = {f"stylegan-{world}64": world for world in STYLEGANS}
"""Shipped name -> world."""


@dataclass(frozen=True)
class Coverage:
    """What a reader finds in generated pictures, beside real ones.

    Attributes:
        precision: share of fakes among the real pictures, over that of new real pictures.
        recall: share of real pictures among the fakes, likewise.
        missing: values of the asked attributes that hardly appear: under a tenth of their share in real pictures.
        halved: values with less than half of their share.
    """

    precision: float
    recall: float
    missing: tuple[str, ...]
    halved: tuple[str, ...]


def make_stylegan_weights(world: str) -> dict[str, Any]:
    """Train the StyleGAN of a world with its recipe; a training that was cut off goes on from its last checkpoint.

    Args:
        world: a key of `STYLEGANS`.

    Returns:
        "tensors" (of the averaged generator) and "facts" for the card.
    """
    config, runtime, folder = STYLEGANS[world], choose_runtime(), Path("runs") / "weights" / f"stylegan-{world}"
    images, _ = WORLDS[world].load("train", N_TRAIN[world], 0)
    training = build_stylegan(config, images, seed=0, runtime=runtime)
    resume = (folder / LAST).exists()
    wall, busy = time.perf_counter(), time.process_time()
    run_training(training, folder, n_steps=config.n_steps, save_every=SAVE_EVERY, resume=resume)
    minutes = [round((now - then) / 60, 1) for now, then in ((time.perf_counter(), wall), (time.process_time(), busy))]
    facts = {"what": f"{_name(config)} generator (averaged weights), {world}", "family": "stylegan"}
    facts |= {"config": asdict(config), "seed": 0, "data": WORLDS[world].data, "steps": config.n_steps}
    facts |= {"pictures": config.n_steps * config.batch_size}
    facts |= {"minutes": minutes[0], "processor minutes": minutes[1]}
    if resume:
        facts["minutes of"] = "the last part of a resumed run"
    return {"tensors": training.step.G_ema.state_dict(), "facts": facts}


def measure_stylegan(world: str, G: StyleGANGenerator, *, n: int = 10_000) -> dict[str, Any]:
    """The figures of a card: coverage over n samples without truncation."""
    found = coverage(world, sample(G, n), n=n)
    return {
        "precision / real": round(found.precision, 3),
        "recall / real": round(found.recall, 3),
        "values missing": ", ".join(found.missing) or "none",
        "values under half": ", ".join(found.halved) or "none",
        "samples": n,
    }


def sample(G: StyleGANGenerator, n: int, *, first_seed: int = 0) -> Tensor:
    """Pictures of the seeds from `first_seed` on, without truncation: (n, 3, H, W) uint8."""
    parts = range(first_seed, first_seed + n, 500)
    return torch.cat(
        [to_bytes(generate(G, styles(G, latents(range(k, min(k + 500, first_seed + n)), G.z_dim)))) for k in parts]
    )


def coverage(world: str, images: Tensor, *, n: int, reader: FeatureReader | None = None) -> Coverage:
    """Compare generated pictures of a world with as many real ones.

    Args:
        world: a key of `WORLDS` whose reader names attributes.
        images: (n, 3, H, W) uint8.
        n: real pictures in each of two sets: one stands for the truth, the other for a perfect generator.
        reader: the world's; loaded where it is None.
    """
    reader = load_reader(world) if reader is None else reader
    truth, perfect = (WORLDS[world].load("train", n, seed)[0] for seed in (1, 2))
    known = features_of(reader, truth)
    real, made = (precision_recall(known, features_of(reader, some)) for some in (perfect, images))
    shares, wanted = answer_shares(reader, images), answer_shares(reader, perfect)
    fractions = {
        f"{name} {value}": float(shares[name][value] / wanted[name][value].clamp_min(1 / n))
        for name in ASKED[world]
        for value in range(len(wanted[name]))
    }
    missing, halved = (tuple(key for key, part in fractions.items() if part < least) for least in (0.1, 0.5))
    return Coverage(made[0] / real[0], made[1] / real[1], missing, halved)


def _name(config: StyleGANConfig) -> str:
    return {"stylegan": "StyleGAN", "stylegan2": "StyleGAN2"}[config.architecture]
