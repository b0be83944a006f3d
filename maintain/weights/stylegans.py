"""The shipped StyleGANs: which world, which recipe, and what is measured afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import FeatureReader, answer_shares, features_of
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.inference.generate import generate, latents, styles
from gan_course.models.stylegan import StyleGANGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.stylegan import StyleGANConfig, build_stylegan, make_stylegan
from gan_course.weights.files import load_weights
from gan_course.weights.starts import CRITIC
from gan_course.weights.stylegans import load_stylegan
from maintain.weights.train_and_ship import recipe, ship, train

N_TRAIN = {"critters": 50_000, "toons": 20_000, "cats": 20_000}
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
    "stylegan-critters64": StyleGANConfig(
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
    "stylegan-toons64": StyleGANConfig(
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
    # As the minute of lesson 11: noise inputs off, and positions that move like other weights.
    "stylegan-cats64": StyleGANConfig(
        n_steps=12_000,
        architecture="stylegan2",
        batch_size=16,
        z_dim=64,
        w_dim=64,
        n_mapping=4,
        mapping_lr=0.1,
        channel_base=1_024,
        channel_max=64,
        d_channel_base=1_024,
        noise=False,
        positions=True,
        position_rate=1.0,
        lr=0.005,
        lr_constant=0.5,
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        ema_decay=0.999,
    ),
    # To start from where pictures are few (lesson 14): the networks of lesson 11's minute.
    "stylegan-critters32": StyleGANConfig(
        n_steps=3_000,
        architecture="stylegan2",
        batch_size=16,
        img_resolution=32,
        z_dim=64,
        w_dim=64,
        n_mapping=4,
        mapping_lr=0.1,
        channel_base=512,
        channel_max=48,
        d_channel_base=512,
        noise=False,
        positions=True,
        position_rate=1.0,
        lr=6e-3,
        lr_constant=0.5,
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        ema_decay=0.99,
    ),
}
STYLEGAN_NAMES: Mapping[str, str] = {
    name: name.removeprefix("stylegan-").rstrip("0123456789") for name in STYLEGANS
}
"""Shipped name -> world."""
WITH_D = ("stylegan-critters32",)  # whose discriminators ship, to train on
NAMES = (*STYLEGAN_NAMES, *(name + CRITIC for name in WITH_D))


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
    """Train a StyleGAN anew and ship it, with its discriminator where that ships, too."""
    name = name.removesuffix(CRITIC)
    world, config = STYLEGAN_NAMES[name], STYLEGANS[name]
    images = real_pictures(name, N_TRAIN[world], seed=0)
    training = build_stylegan(config, images, seed=0, runtime=choose_runtime())
    facts = {
        "what": f"{_name(config)} generator (averaged weights), {world}",
        "family": "stylegan",
        "seed": 0,
    }
    facts |= {"data": WORLDS[world].data} | recipe(config)
    facts |= train(training, name, n_steps=config.n_steps, save_every=SAVE_EVERY)
    ship(name, training.step.G_ema.state_dict(), facts)
    if name in WITH_D:
        facts |= {"what": f"{_name(config)} discriminator, {world}", "family": "stylegan-D"}
        ship(name + CRITIC, training.step.D.state_dict(), facts)


def measure(name: str, *, n: int = 10_000) -> dict[str, dict[str, Any]]:
    """The figures of the cards: coverage over n samples without truncation; and of a D, if any."""
    name = name.removesuffix(CRITIC)
    images = sample(load_stylegan(name), n)
    found = coverage(name, images, n=n)
    of_D = {name + CRITIC: {"real above fake": told_apart(name, images[:1_000])}}
    return (of_D if name in WITH_D else {}) | {
        name: {
            "precision / real": round(found.precision, 3),
            "recall / real": round(found.recall, 3),
            "values missing": ", ".join(found.missing) or "none",
            "values under half": ", ".join(found.halved) or "none",
            "samples": n,
        }
    }


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


@torch.no_grad()
def told_apart(name: str, fakes: Tensor) -> float:
    """The share of pairs of a new real picture and a fake that the shipped D ranks right."""
    _, D = make_stylegan(STYLEGANS[name])
    D.load_state_dict(load_weights(name + CRITIC))
    reals = real_pictures(name, len(fakes), seed=1)
    scores = [
        torch.cat([D.eval()(to_float(part)) for part in some.split(200)]) for some in (reals, fakes)
    ]
    return round(float((scores[0] > scores[1]).double().mean()), 3)


def real_pictures(name: str, n: int, *, seed: int) -> Tensor:
    """Training pictures of a shipped StyleGAN's world, at its size: (n, 3, H, W) uint8."""
    images = WORLDS[STYLEGAN_NAMES[name]].load("train", n, seed)[0]
    times = images.shape[-1] // STYLEGANS[name].img_resolution
    return images if times == 1 else avg_pool2d(images.float(), times).round().byte()


def coverage(name: str, images: Tensor, *, n: int, reader: FeatureReader | None = None) -> Coverage:
    """Compare generated pictures with as many real ones of their world.

    Args:
        name: of a shipped StyleGAN, whose world has a reader that names attributes.
        images: (n, 3, H, W) uint8.
        n: real pictures in each of two sets: one stands for the truth, the other for a perfect
            generator.
        reader: the world's; loaded where it is None.
    """
    world = STYLEGAN_NAMES[name]
    reader = load_reader(world) if reader is None else reader
    images = _at_size_of_reader(images)
    truth, perfect = (_at_size_of_reader(real_pictures(name, n, seed=seed)) for seed in (1, 2))
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


def _at_size_of_reader(images: Tensor) -> Tensor:
    """Smaller pictures enlarged to the readers' 64 px, each pixel a square."""
    times = 64 // images.shape[-1]
    return images.repeat_interleave(times, 2).repeat_interleave(times, 3)


def _name(config: StyleGANConfig) -> str:
    return {"stylegan": "StyleGAN", "stylegan2": "StyleGAN2"}[config.architecture]
