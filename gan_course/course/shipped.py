"""How the shipped weights are made: one recipe each, and the card that says what came of it."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from gan_course.config import DCGAN
from gan_course.course.results import current_commit
from gan_course.course.stylegans import STYLEGAN_NAMES, make_stylegan_weights, measure_stylegan
from gan_course.course.translations import TRANSLATIONS, make_translation, measure_translation, translation_of
from gan_course.data.fashion import CLASS_NAMES, load_fashion
from gan_course.errors import CourseError
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import answer_shares, features_of, read_answers
from gan_course.evaluation.readers import WORLDS, fit_reader, load_reader, turned
from gan_course.inference.stylegans import load_stylegan
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.checkpoints import LAST
from gan_course.training.families import build_dcgan, make_dcgan
from gan_course.training.run import run_training
from gan_course.weights import WAY_OUT, load_into, read_card, save_weights, update_card, weight_names

RUNS = Path("runs") / "weights"
SAVE_EVERY = 500


def make_weights(name: str) -> None:
    """Train shipped weights anew with their recipe, measure them, and put them into data/weights/.

    A training that was cut off goes on from its last checkpoint in runs/weights/NAME.

    Raises:
        CourseError: no recipe of that name.
    """
    _check_name(name)
    if name == "dcgan-fashion":
        _make_dcgan_fashion(name)
    elif name in STYLEGAN_NAMES:
        made = make_stylegan_weights(STYLEGAN_NAMES[name])
        save_weights(name, made["tensors"], _card(name, made["facts"], {}))
        measure_weights(name)
    elif translation := translation_of(name):
        for shipped, made in make_translation(translation).items():
            save_weights(shipped, made["tensors"], _card(shipped, made["facts"], {}))
        _measure_translation(translation)
    else:
        _make_reader(name)


def measure_weights(name: str) -> None:
    """Measure shipped weights anew and write the figures into their card; the weights stay as they are.

    Raises:
        CourseError: no recipe of that name, or the weights are missing.
    """
    _check_name(name)
    if translation := translation_of(name):
        _measure_translation(translation)
        return
    if name == "dcgan-fashion":
        metrics = fashion_metrics(load_dcgan_fashion())
    elif name in STYLEGAN_NAMES:
        metrics = measure_stylegan(STYLEGAN_NAMES[name], load_stylegan(name))
    else:
        metrics = reader_metrics(name.removesuffix("-reader"))
    update_card(name, {"metrics": metrics, "measured at": current_commit()})


def print_cards() -> None:
    """Print one line per shipped file, and its card's main points.

    Raises:
        CourseError: a card lacks one of them.
    """
    for name in weight_names():
        try:
            print(_as_text(name, read_card(name)))
        except (KeyError, TypeError, AttributeError) as error:
            raise CourseError(f"the card of {name} is incomplete ({error}): {WAY_OUT}") from error


def _as_text(name: str, card: dict[str, Any]) -> str:
    figures = ", ".join(f"{key} {value}" for key, value in card["metrics"].items())
    return (
        f"{name}: {card['what']} ({card['bytes'] / 2**20:.1f} MB)\n"
        f"  trained on {card['data']}; {card['steps']} steps in {card['minutes']} minutes on {card['hardware']}\n"
        f"  {figures}\n"
        f"  commit {card['commit']}; reproduce: {card['command']}; sha256 {card['sha256'][:12]}"
    )


def load_shipped_translator(name: str) -> torch.nn.Module:
    """A shipped generator of CycleGAN, in evaluation mode, in float32 on the CPU.

    Raises:
        CourseError: no such weights, their bytes have changed, or they are not what their card says.
    """
    try:
        G = ResnetGenerator(**read_card(name)["generator"])
    except (KeyError, TypeError, ValueError) as error:
        raise CourseError(f"the card of {name} describes no generator ({error}): {WAY_OUT}") from error
    return load_into(G, name)


def load_dcgan_fashion() -> torch.nn.Module:
    """The shipped generator of Fashion-MNIST pictures, in evaluation mode."""
    G, _ = make_dcgan(DCGAN["full"])
    return load_into(G, "dcgan-fashion")


def reader_metrics(world: str) -> dict[str, float]:
    """The share of right answers of a shipped reader to each question, over 1,000 held-out pictures."""
    images, answers = turned(WORLDS[world], *WORLDS[world].load("test", 1_000, 0), seed=0)
    told = read_answers(load_reader(world), images)
    shares = {}
    for column, (name, answer) in enumerate(told.items()):
        known = answers[:, column] >= 0
        shares[name] = round(float((answer == answers[:, column])[known].double().mean()), 3)
    return shares


def _measure_translation(key: str) -> None:
    names = TRANSLATIONS[key].names
    networks = [load_shipped_translator(name or names[0]) for name in names]
    for name, metrics in zip(names, measure_translation(key, *networks), strict=True):
        if name:
            update_card(name, {"metrics": metrics, "measured at": current_commit()})


def _make_reader(name: str) -> None:
    world = WORLDS[name.removesuffix("-reader")]
    started = time.perf_counter()
    reader = fit_reader(world, seed=0, runtime=choose_runtime())
    minutes = round((time.perf_counter() - started) / 60, 1)
    facts = {"what": f"feature network: answers {', '.join(world.questions)}", "family": "reader", "seed": 0}
    facts |= {"data": world.data, "steps": world.n_steps, "minutes": minutes}
    save_weights(name, reader.state_dict(), _card(name, facts, {}))
    measure_weights(name)


def _make_dcgan_fashion(name: str) -> None:
    config, runtime, folder = DCGAN["full"], choose_runtime(), RUNS / name
    images, _ = load_fashion("train")
    training = build_dcgan(config, images, seed=0, runtime=runtime)
    resume = (folder / LAST).exists()
    started = time.perf_counter()
    run_training(training, folder, n_steps=config.n_steps, save_every=SAVE_EVERY, resume=resume)
    minutes = round((time.perf_counter() - started) / 60, 1)
    facts = {"what": "DCGAN generator (averaged weights)", "family": "dcgan", "config": asdict(config), "seed": 0}
    facts |= {"data": WORLDS["fashion"].data, "steps": config.n_steps, "pictures": config.n_steps * config.batch_size}
    facts |= {"minutes": f"{minutes} (the last part of a resumed run)" if resume else minutes}
    save_weights(name, training.step.G_ema.state_dict(), _card(name, facts, {}))
    measure_weights(name)


@torch.no_grad()
def fashion_metrics(G: torch.nn.Module, *, n: int = 1_000, seed: int = 1) -> dict[str, float]:
    """What the shipped reader sees in n samples of a generator of clothing, against the 1,000 held-out pictures.

    Precision and recall (k = 3) are given beside those of n training pictures against the same held-out ones:
    that is what a perfect generator would reach.
    """
    reader = load_reader("fashion")
    z = torch.randn(n, G.z_dim, generator=torch.Generator().manual_seed(seed))
    fake = torch.cat([G(part) for part in z.to(next(G.parameters()).device).split(250)]).float().cpu()
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


def _check_name(name: str) -> None:
    if name not in RECIPES:
        raise CourseError(f"no recipe for weights {name!r}: choose from {', '.join(RECIPES)}")


def _card(name: str, facts: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        **facts,
        "metrics": metrics,
        "hardware": f"{_processor()}, {choose_runtime()}",
        "torch": torch.__version__,
        "commit": current_commit(),
        "command": f"python -m gan_course weights --make {name}",
        "licence": "MIT",
    }


def _processor() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        import platform

        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")


RECIPES = (
    *(f"{world}-reader" for world in WORLDS),
    "dcgan-fashion",
    *(name for translation in TRANSLATIONS.values() for name in translation.names if name),
    *STYLEGAN_NAMES,
)
