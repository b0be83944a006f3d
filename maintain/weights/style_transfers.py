"""The shipped painter of photographs: style loss on pretrained features, which is no GAN."""

from gan_course.data.domains import load_domain
from gan_course.inference.translate import in_parts
from gan_course.runtime import choose_runtime
from gan_course.training.style_transfer import StyleTransferConfig, build_style_transfer
from gan_course.weights.translators import load_translator
from gan_course.weights.trunk import TRUNK, load_trunk
from maintain.weights.train_and_ship import recipe, ship, train
from maintain.weights.translators import Metrics, paint_metrics

NAMES = ("photo2vangogh",)
SOURCE, STYLE = "photos", "paintings-near"
N_TRAIN, N_TEST = 4_000, 500
SAVE_EVERY = 250
CONFIG = StyleTransferConfig(n_steps=6_000, lambda_content=1.0, lambda_style=18.0)


def make(name: str) -> None:
    """Train the painter anew and ship it."""
    images, styled = (
        load_domain(domain, n=N_TRAIN, resolution=CONFIG.img_resolution, seed=seed)
        for seed, domain in enumerate((SOURCE, STYLE))
    )
    training = build_style_transfer(
        CONFIG, images, styled, trunk=load_trunk(), seed=0, runtime=choose_runtime()
    )
    facts = {
        "what": "generator of style transfer, photos to paintings: style and content loss, no GAN",
        "from": "photos",
        "to": "paintings",
        "family": "style-transfer",
        "seed": 0,
        "data": "landmark photographs and Van Gogh paintings as bundled, crops of 96 px, those of"
        " the paintings at their own size (public domain, CC0)",
        "trunk": f"{TRUNK} (Apache-2.0), frozen",
    } | recipe(CONFIG)
    facts |= train(training, name, n_steps=CONFIG.n_steps, save_every=SAVE_EVERY)
    ship(name, training.step.best().state_dict(), facts)


def measure(name: str) -> dict[str, Metrics]:
    """The figures of its card, on held-out pictures."""
    photos, paintings = (
        load_domain(domain, "test", n=N_TEST, seed=0) for domain in ("photos", "paintings")
    )
    G = load_translator(name)
    return {name: paint_metrics(lambda images: in_parts(G, images), photos, paintings)}
