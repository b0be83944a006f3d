"""The shipped DCGAN: its recipe, its data, its figures."""

from typing import Any

import torch

from gan_course.data.fashion import CLASS_NAMES, load_fashion
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import answer_shares, features_of
from gan_course.evaluation.readers import WORLDS, load_reader
from gan_course.models.dcgan import DCGANGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.dcgan import DCGANConfig, build_dcgan
from gan_course.weights.dcgan import load_dcgan
from maintain.weights.train_and_ship import recipe, ship, train

NAMES = ("dcgan-fashion",)
CONFIG = DCGANConfig(n_steps=12_000, base_channels=96)
SAVE_EVERY = 500


def make(name: str) -> None:
    """Train the generator of Fashion-MNIST pictures anew and ship it."""
    images, _ = load_fashion("train")
    training = build_dcgan(CONFIG, images, seed=0, runtime=choose_runtime())
    facts = {"what": "DCGAN generator (averaged weights)", "family": "dcgan", "seed": 0}
    facts |= {"data": WORLDS["fashion"].data} | recipe(CONFIG)
    facts |= train(training, name, n_steps=CONFIG.n_steps, save_every=SAVE_EVERY)
    ship(name, training.step.G_ema.state_dict(), facts)


def measure(name: str) -> dict[str, dict[str, Any]]:
    """The figures of its card."""
    return {name: fashion_metrics(load_dcgan(name))}


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
