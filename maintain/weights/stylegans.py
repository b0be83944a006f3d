"""The shipped StyleGANs: which world, which recipe, and what is measured afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_course.data import cats
from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import FeatureReader, answer_shares, features_of
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.inference.generate import generate, latents, styles
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.bundle import Training
from gan_course.training.conditional import build_conditional_stylegan, enlarge
from gan_course.training.stylegan import StyleGANConfig, build_stylegan, make_stylegan
from gan_course.weights.files import load_into
from gan_course.weights.starts import CRITIC
from gan_course.weights.stylegans import load_stylegan
from maintain.weights.train_and_ship import recipe, ship, train

N_TRAIN = {"critters": 50_000, "toons": 20_000, "cats": 60_000}
SAVE_EVERY = 250
ASKED = {
    "critters": ("shape", "texture", "body_colour", "background", "top", "eyes", "mouth"),
    "toons": ("hair", "skin", "background"),
    "cats": ("body", "colour", "fur", "eyes", "mouth", "accessory", "background", "lamp"),
}
# Narrow networks. StyleGAN2's, which learnt faster here than AdaIN's at the same budget, with
# lesson 03's relativistic loss and both penalties: 1.5 times fewer pictures to the same Frechet
# distance.
STYLEGANS = {
    # Critters have nineteen eyes and nineteen mouths: two million pictures, which is minutes on a
    # GPU alone.
    "critters": StyleGANConfig(
        n_steps=64_000,
        architecture="stylegan2",
        batch_size=32,
        z_dim=64,
        w_dim=64,
        n_mapping=4,
        mapping_lr=0.1,
        channel_base=1_024,
        channel_max=96,
        positions=True,
        lr=0.005,
        lr_constant=0.5,
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        ema_decay=0.999,
    ),
    "toons": StyleGANConfig(
        n_steps=22_000,
        architecture="stylegan2",
        z_dim=64,
        w_dim=64,
        n_mapping=4,
        mapping_lr=0.1,
        channel_base=1_024,
        channel_max=96,
        d_channel_base=1_024,
        lr=0.005,
        lr_constant=0.5,
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
    ),
    # Noise inputs off, as in the minute of lesson 11, and both networks told the factors: without
    # them 512,000 pictures left half of the furs hardly drawn. Learned positions end at 32 px: at
    # 64 px they turned into grain.
    "cats": StyleGANConfig(
        n_steps=6_600,
        architecture="stylegan2",
        batch_size=32,
        z_dim=64,
        w_dim=128,
        n_mapping=4,
        mapping_lr=0.1,
        channel_base=2_048,
        channel_max=96,
        d_channel_base=1_024,
        noise=False,
        positions=True,
        position_rate=1.0,
        top_position=32,
        factors=cats.SPACE.sizes,
        d_first=300,
        lr=0.005,
        lr_constant=0.5,
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        ema_decay=0.999,
    ),
}
BEFORE = {
    # At half the size, where a picture costs half as much, the cats learn what belongs to what.
    "cats": StyleGANConfig(
        n_steps=8_500,
        architecture="stylegan2",
        batch_size=32,
        img_resolution=32,
        z_dim=64,
        w_dim=128,
        n_mapping=4,
        mapping_lr=0.1,
        channel_base=2_048,
        channel_max=96,
        d_channel_base=1_024,
        noise=False,
        positions=True,
        position_rate=1.0,
        factors=cats.SPACE.sizes,
        lr=0.005,
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        ema_decay=0.999,
    ),
}
"""Recipes of the training of half the size that comes first, by world."""
STYLEGAN_NAMES: Mapping[str, str] = {f"stylegan-{world}64": world for world in STYLEGANS}
"""Shipped name -> world."""
WITH_CRITIC = ("stylegan-cats64",)
"""Whose discriminator ships, too: both are needed to start another training from (lesson 14)."""
NAMES = (*STYLEGAN_NAMES, *(name + CRITIC for name in WITH_CRITIC))


@dataclass(frozen=True)
class Coverage:
    """What a reader finds in generated pictures, beside real ones.

    Attributes:
        precision: share of fakes among the real pictures, over that of new real pictures.
        recall: share of real pictures among the fakes, likewise.
        missing: values of the asked attributes that hardly appear: under a tenth of their share in
            real pictures.
        halved: values with less than half of their share.
    """

    precision: float
    recall: float
    missing: tuple[str, ...]
    halved: tuple[str, ...]


def make(name: str) -> None:
    """Train the StyleGAN of a world anew and ship it, some with their discriminator."""
    name = name.removesuffix(CRITIC)
    world = STYLEGAN_NAMES[name]
    config = STYLEGANS[world]
    training = _build(world, config)
    facts = {
        "what": f"{_name(config)} generator (averaged weights), {world}",
        "family": "stylegan",
        "seed": 0,
    }
    facts |= {"data": WORLDS[world].data} | recipe(config)
    first, minutes = BEFORE.get(world), {}
    if first:
        smaller = _build(world, first)
        minutes = train(
            smaller, f"{name}-{first.img_resolution}", n_steps=first.n_steps, save_every=SAVE_EVERY
        )
        enlarge(smaller.step, training.step)
        before = first.n_steps * first.batch_size
        facts["before"] = f"{before:,} pictures of {first.img_resolution} px"
        facts["pictures"] += before
    facts |= _both(minutes, train(training, name, n_steps=config.n_steps, save_every=SAVE_EVERY))
    ship(name, training.step.G_ema.state_dict(), facts)
    if name in WITH_CRITIC:
        facts |= {"what": f"{_name(config)} discriminator, {world}", "family": "stylegan-D"}
        ship(name + CRITIC, training.step.D.state_dict(), facts)


def _build(world: str, config: StyleGANConfig) -> Training:
    runtime = choose_runtime()
    if config.factors:
        images, values = cats.load_cats(n=N_TRAIN[world], resolution=config.img_resolution)
        return build_conditional_stylegan(config, images, values, seed=0, runtime=runtime)
    images, _ = WORLDS[world].load("train", N_TRAIN[world], 0)
    return build_stylegan(config, images, seed=0, runtime=runtime)


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """How long two trainings took together."""
    sums = {key: round(one.get(key, 0) + other[key], 1) for key in other if "of" not in key}
    return one | other | sums


def measure(name: str, *, n: int = 10_000) -> dict[str, dict[str, Any]]:
    """The figures of a card: coverage over n samples without truncation; a discriminator's."""
    name = name.removesuffix(CRITIC)
    world, fake = STYLEGAN_NAMES[name], sample(load_stylegan(name), n)
    found = coverage(world, fake, n=n)
    critic = {name + CRITIC: real_above_fake(name, fake[:1_000])} if name in WITH_CRITIC else {}
    return critic | {
        name: {
            "precision / real": round(found.precision, 3),
            "recall / real": round(found.recall, 3),
            "values missing": ", ".join(found.missing) or "none",
            "values under half": ", ".join(found.halved) or "none",
            "samples": n,
        }
    }


@torch.no_grad()
def real_above_fake(name: str, fake: Tensor) -> dict[str, float]:
    """How often the shipped discriminator ranks a held-out picture above a generated one."""
    world = STYLEGAN_NAMES[name]
    held_out, _ = WORLDS[world].load("test", len(fake), 0)
    _, D = make_stylegan(STYLEGANS[world])
    load_into(D, name + CRITIC)
    real_scores, fake_scores = (
        torch.cat([D(to_float(part)) for part in some.split(200)])  # whole groups of D's deviation
        for some in (held_out, fake)
    )
    return {"real above fake": round(float((real_scores > fake_scores).double().mean()), 3)}


def sample(G: StyleGANGenerator, n: int, *, first_seed: int = 0) -> Tensor:
    """Pictures of the seeds from `first_seed` on, without truncation: (n, 3, H, W) uint8."""
    parts = range(first_seed, first_seed + n, 500)
    return torch.cat(
        [
            to_bytes(
                generate(G, styles(G, latents(range(k, min(k + 500, first_seed + n)), G.z_dim)))
            )
            for k in parts
        ]
    )


def coverage(
    world: str, images: Tensor, *, n: int, reader: FeatureReader | None = None
) -> Coverage:
    """Compare generated pictures of a world with as many real ones.

    Args:
        world: a key of `WORLDS` whose reader names attributes.
        images: (n, 3, H, W) uint8.
        n: real pictures in each of two sets: one stands for the truth, the other for a perfect
            generator.
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
    missing, halved = (
        tuple(key for key, part in fractions.items() if part < least) for least in (0.1, 0.5)
    )
    return Coverage(made[0] / real[0], made[1] / real[1], missing, halved)


def _name(config: StyleGANConfig) -> str:
    return {"stylegan": "StyleGAN", "stylegan2": "StyleGAN2"}[config.architecture]
