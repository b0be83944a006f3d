"""The shipped DCGANs: their recipes, their data, their figures."""

from typing import Any

import torch
from torch.nn.functional import interpolate

from gan_course.data.batches import to_float
from gan_course.data.critters import load_critters
from gan_course.data.fashion import CLASS_NAMES, load_fashion
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import answer_shares, features_of
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.models.dcgan import DCGANGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.dcgan import DCGANConfig, build_dcgan, make_dcgan
from gan_course.weights.dcgan import load_dcgan
from gan_course.weights.files import load_into
from gan_course.weights.starts import CRITIC
from maintain.weights.train_and_ship import recipe, ship, train

FASHION, CRITTERS = "dcgan-fashion", "dcgan-critters32"
NAMES = (FASHION, CRITTERS, CRITTERS + CRITIC)
CONFIG = DCGANConfig(n_steps=12_000, base_channels=96)
# To start from where pictures are few (lesson 14): G and D.
CRITTERS32 = DCGANConfig(
    n_steps=3_000,
    batch_size=32,
    img_resolution=32,
    img_channels=3,
    base_channels=32,
    lr=5e-4,
    ema_decay=0.98,
)
N_CRITTERS = 20_000
SAVE_EVERY = 500


def make(name: str) -> None:
    """Train the generator of a name anew and ship it; that of critters with its discriminator."""
    if name == FASHION:
        _make_fashion(name)
    else:
        _make_critters(CRITTERS)


def _make_critters(name: str) -> None:
    images, _ = load_critters(n=N_CRITTERS, resolution=32)
    training = build_dcgan(CRITTERS32, images, seed=0, runtime=choose_runtime())
    facts = {"what": "DCGAN generator (averaged weights), critters", "family": "dcgan", "seed": 0}
    facts |= {"data": f"{WORLDS['critters'].data}; at 32 px"} | recipe(CRITTERS32)
    facts |= train(training, name, n_steps=CRITTERS32.n_steps, save_every=SAVE_EVERY)
    ship(name, training.step.G_ema.state_dict(), facts)
    facts |= {"what": "DCGAN discriminator, critters", "family": "dcgan-D"}
    ship(name + CRITIC, training.step.D.state_dict(), facts)


def _make_fashion(name: str) -> None:
    images, _ = load_fashion("train")
    training = build_dcgan(CONFIG, images, seed=0, runtime=choose_runtime())
    facts = {"what": "DCGAN generator (averaged weights)", "family": "dcgan", "seed": 0}
    facts |= {"data": WORLDS["fashion"].data} | recipe(CONFIG)
    facts |= train(training, name, n_steps=CONFIG.n_steps, save_every=SAVE_EVERY)
    ship(name, training.step.G_ema.state_dict(), facts)


def measure(name: str) -> dict[str, dict[str, Any]]:
    """The figures of its card, and those of its discriminator where that ships, too."""
    if name == FASHION:
        return {name: fashion_metrics(load_dcgan(name))}
    return critters_metrics(load_dcgan(CRITTERS))


@torch.no_grad()
def critters_metrics(G: DCGANGenerator, *, n: int = 1_000) -> dict[str, dict[str, Any]]:
    """How far n pictures are from as many held-out critters, and how far D tells them apart."""
    reader = load_reader("critters")
    z = torch.randn(n, G.z_dim, generator=torch.Generator().manual_seed(1))
    fake = torch.cat([G(part) for part in z.split(250)])
    held_out, other = (
        to_float(load_critters("test", n=n, resolution=32, seed=seed)[0]) for seed in (0, 1)
    )
    known, made, real = (
        features_of(reader, interpolate(some, size=64)) for some in (held_out, fake, other)
    )
    _, D = make_dcgan(CRITTERS32)
    D = load_into(D, CRITTERS + CRITIC)
    ranked = D(held_out) > D(fake)
    return {
        CRITTERS: {
            "frechet": round(frechet_distance(known, made), 1),
            "frechet of other real ones": round(frechet_distance(known, real), 1),
        },
        CRITTERS + CRITIC: {"real above fake": round(float(ranked.double().mean()), 3)},
    }


@torch.no_grad()
def fashion_metrics(G: DCGANGenerator, *, n: int = 1_000, seed: int = 1) -> dict[str, float]:
    """Precision, recall and the rarest kind of n samples of a generator of clothing.

    Precision and recall (k = 3) are given beside those of n training pictures against the same
    held-out ones: that is what a perfect generator would reach.
    """
    reader = load_reader("fashion")
    z = torch.randn(n, G.z_dim, generator=torch.Generator().manual_seed(seed))
    fake = (
        torch.cat([G(part) for part in z.to(next(G.parameters()).device).split(250)]).float().cpu()
    )
    held_out = features_of(reader, load_fashion("test")[0])
    real = precision_recall(held_out, features_of(reader, load_fashion("train")[0][:n]))
    made = precision_recall(held_out, features_of(reader, fake))
    shares = answer_shares(reader, fake)["kind"]
    return {
        "precision": round(made[0], 3),
        "precision of real pictures": round(real[0], 3),
        "recall": round(made[1], 3),
        "recall of real pictures": round(real[1], 3),
        "rarest kind": f"{CLASS_NAMES[int(shares.argmin())]} {100 * float(shares.min()):.1f} %",
    }
