"""The shipped translators: which domains, which recipe, and what is measured afterwards."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_course.config import TRANSLATORS, CycleGANConfig
from gan_course.data import critters
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.evaluation.features import features_of
from gan_course.evaluation.frechet import kernel_distance
from gan_course.evaluation.paired import (
    colour_error,
    edge_correlation,
    intersection_over_union,
    l1_error,
    l1_up_to_shift,
    sea_mask,
    to_lab,
)
from gan_course.evaluation.readers import load_reader
from gan_course.runtime import choose_runtime
from gan_course.training.checkpoints import LAST
from gan_course.training.families import build_cyclegan
from gan_course.training.run import run_training

N_TRAIN = 8_000
N_TEST = 500
SAVE_EVERY = 250
Metrics = dict[str, float]
Translate = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Translation:
    """Two domains, and the names under which both directions ship.

    Attributes:
        A: a key of `DOMAINS`.
        B: another.
        names: of the shipped weights of G_AB and of G_BA; "" where a direction does not ship.
        data: both sets in words, with their licence.
        config: the recipe.
        measure: from a generator of each direction, as `translate` runs it, to the figures of each direction.
    """

    A: str
    B: str
    names: tuple[str, str]
    data: str
    config: CycleGANConfig
    measure: Callable[[Translate, Translate], tuple[Metrics, Metrics]]

    @property
    def ends(self) -> tuple[str, str]:
        """A and B."""
        return self.A, self.B


def translation_of(name: str) -> str:
    """The key in `TRANSLATIONS` of the translation that ships under a name; "" where there is none."""
    return next((key for key, translation in TRANSLATIONS.items() if name in translation.names), "")


def make_translation(name: str) -> dict[str, dict[str, Any]]:
    """Train a translation with its recipe; a training that was cut off goes on from its last checkpoint.

    Args:
        name: a key of `TRANSLATIONS`.

    Returns:
        For each shipped name: "tensors" (of the generator) and "facts" for its card.
    """
    chosen, runtime, folder = TRANSLATIONS[name], choose_runtime(), Path("runs") / "weights" / name
    size, config = {"n": N_TRAIN, "resolution": chosen.config.img_resolution}, chosen.config
    training = build_cyclegan(
        config,
        load_domain(chosen.A, seed=0, **size),
        load_domain(chosen.B, seed=1, **size),
        seed=0,
        runtime=runtime,
    )
    resume = (folder / LAST).exists()
    wall, busy = time.perf_counter(), time.process_time()
    run_training(training, folder, n_steps=config.n_steps, save_every=SAVE_EVERY, resume=resume)
    minutes = [round((now - then) / 60, 1) for now, then in ((time.perf_counter(), wall), (time.process_time(), busy))]
    facts = {"family": "cyclegan", "config": asdict(config), "seed": 0, "data": chosen.data, "steps": config.n_steps}
    facts |= {"generator": generator_shape(config), "pictures": config.n_steps * config.batch_size}
    facts |= {"minutes": minutes[0], "processor minutes": minutes[1]}
    if resume:
        facts["minutes of"] = "the last part of a resumed run"
    made = {}
    for shipped, letters, ends in zip(chosen.names, ("G_AB", "G_BA"), (chosen.ends, chosen.ends[::-1]), strict=True):
        if shipped:
            what = {"what": f"CycleGAN generator, {ends[0]} to {ends[1]}", "from": ends[0], "to": ends[1]}
            made[shipped] = {"tensors": training.step.best(letters).state_dict(), "facts": what | facts}
    return made


def measure_translation(name: str, G_AB: nn.Module, G_BA: nn.Module) -> tuple[Metrics, Metrics]:
    """The figures of both directions of a translation, on held-out pictures.

    Args:
        name: a key of `TRANSLATIONS`.
        G_AB: from A to B; the very same as `G_BA` where only one direction is wanted.
        G_BA: from B to A.
    """
    return TRANSLATIONS[name].measure(*(lambda images, G=G: in_parts(G, images) for G in (G_AB, G_BA)))


@torch.no_grad()
def in_parts(G: nn.Module, images: Tensor, size: int = 50) -> Tensor:
    """A generator's translation of many pictures (N, 3, H, W) in [-1, 1], some at a time."""
    return torch.cat([G(part).float() for part in images.split(size)])


def generator_shape(config: CycleGANConfig) -> dict[str, Any]:
    """The arguments of `ResnetGenerator` that a configuration stands for."""
    names = ("base_channels", "n_blocks", "upsampling", "padding", "residual", "coordinates", "norm")
    return {name: getattr(config, name) for name in names}


def critter_metrics(to_striped: Translate, to_plain: Translate) -> tuple[Metrics, Metrics]:
    """The error against the twin that differs in the stripes alone, and what doing nothing would give."""
    plain, factors = critters.load_critters("test", n=N_TEST, seed=0, texture="plain")
    striped = to_float(critters.draw_critters(critters.twin(factors, "texture", "stripes")))
    plain = to_float(plain)
    nothing = {"L1, doing nothing": _mean(l1_error(plain, striped))}
    made = to_striped(plain)
    shifted = {"L1, stripes shifted at will": _mean(l1_up_to_shift(made, striped, most=4))}
    there = {"L1 to the twin": _mean(l1_error(made, striped))} | shifted | nothing
    return there, {"L1 to the twin": _mean(l1_error(to_plain(striped), plain))} | nothing


def earth_metrics(to_map: Translate, to_satellite: Translate) -> tuple[Metrics, Metrics]:
    """The error against the other view of the same hidden place, and that of its mean colour; the sea's overlap."""
    satellite, chart = (
        to_float(load_domain(name, "test", n=N_TEST, seed=0)) for name in ("earth-satellite", "earth-map")
    )
    tables = []
    for translate, source, truth, name in (
        (to_map, satellite, chart, "earth-map"),
        (to_satellite, chart, satellite, "earth-satellite"),
    ):
        made = translate(source)
        colour = to_float(load_domain(name, n=1_000, seed=0)).mean((0, 2, 3), keepdim=True).expand_as(truth)
        table = {"L1": _mean(l1_error(made, truth)), "L1, mean colour": _mean(l1_error(colour, truth))}
        overlap = intersection_over_union(sea_mask(made), sea_mask(truth))
        tables.append(table | {"sea IoU": round(overlap, 3)})
    return tables[0], tables[1]


def painting_metrics(to_painting: Translate, to_photo: Translate) -> tuple[Metrics, Metrics]:
    """The kernel distance to the other domain, before and after, and how much of the edges is kept."""
    reader = load_reader("photos")
    photos, paintings = (load_domain(name, "test", n=N_TEST, seed=0) for name in ("photos", "paintings"))
    tables = []
    for translate, source, target in ((to_painting, photos, paintings), (to_photo, paintings, photos)):
        made = translate(to_float(source))
        wanted = features_of(reader, target)
        table = {"KID x 1000": kernel_distance(wanted, features_of(reader, made))}
        table |= {"KID x 1000, untranslated": kernel_distance(wanted, features_of(reader, source))}
        table = {name: round(1_000 * value, 2) for name, value in table.items()}
        tables.append(table | {"edges kept": _mean(edge_correlation(made, to_float(source)))})
    return tables[0], tables[1]


def colour_metrics(to_colour: Translate, _: Translate) -> tuple[Metrics, Metrics]:
    """The error in a* and b* against the colours that were taken away, and the change of lightness."""
    grey, colour = (to_float(load_domain(name, "test", n=N_TEST, seed=0)) for name in ("earth-grey", "earth-satellite"))
    made = to_colour(grey)
    mean = to_lab(to_float(load_domain("earth-satellite", n=1_000, seed=0))).mean((0, 2, 3))[1:]
    truth = to_lab(colour)[:, 1:]
    flat = (truth - mean[:, None, None]).square().sum(1).sqrt().mean()
    weights = colour.new_tensor([0.299, 0.587, 0.114])[:, None, None]
    return {
        "error in ab": _mean(colour_error(made, colour)),
        "error in ab, grey": _mean(colour_error(grey, colour)),
        "error in ab, mean colour": round(float(flat), 4),
        "luminance L1": _mean(l1_error((weights * made).sum(1, keepdim=True), grey[:, :1])),
    }, {}


def _mean(values: Tensor) -> float:
    return round(float(values.mean()), 4)


TRANSLATIONS: Mapping[str, Translation] = {
    "critters": Translation(
        "critters-plain",
        "critters-striped",
        ("critters-plain2striped", "critters-striped2plain"),
        "critters as bundled, drawn at 64 px (CC0)",
        TRANSLATORS["critters"],
        critter_metrics,
    ),
    "earth": Translation(
        "earth-satellite",
        "earth-map",
        ("earth-satellite2map", "earth-map2satellite"),
        "satellite and relief as bundled, tiles of 32 px, no pairs (public domain, MIT)",
        TRANSLATORS["earth"],
        earth_metrics,
    ),
    "vangogh": Translation(
        "photos",
        "paintings",
        ("photo2vangogh", "vangogh2photo"),
        "landmark photographs and Van Gogh paintings as bundled, crops of 64 px (public domain, CC0)",
        TRANSLATORS["vangogh"],
        painting_metrics,
    ),
    "grey": Translation(
        "earth-grey",
        "earth-satellite",
        ("grey2colour", ""),
        "satellite view as bundled, tiles of 32 px, with and without colour, no pairs (public domain)",
        TRANSLATORS["grey"],
        colour_metrics,
    ),
}
