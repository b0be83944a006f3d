"""Loads a DCGAN: shipped weights by name."""

from gan_course.errors import CourseError
from gan_course.models.dcgan import DCGANGenerator
from gan_course.paths import restore
from gan_course.training.dcgan import DCGANConfig, make_dcgan
from gan_course.weights.cards import read_card
from gan_course.weights.files import config_from, load_into

FAMILY = "dcgan"


def load_dcgan(name: str = "dcgan-fashion") -> DCGANGenerator:
    """A shipped generator (its averaged weights), in evaluation mode, in float32 on the CPU.

    Args:
        name: of the weights.

    Raises:
        CourseError: no such weights, their bytes have changed, or they are not what their card
            says.
    """
    card = read_card(name)
    if card.get("family") != FAMILY or not isinstance(card.get("config"), dict):
        raise CourseError(
            f"{name} is not a DCGAN but {card.get('what', 'something else')}: choose dcgan-fashion"
            " or dcgan-critters32"
        )
    try:
        G, _ = make_dcgan(config_from(DCGANConfig, card["config"]))
    except (TypeError, ValueError) as error:
        raise CourseError(
            f"the card of {name} does not describe a generator ({error}): {restore('data')}"
        ) from error
    return load_into(G, name)
