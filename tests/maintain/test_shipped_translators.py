import pytest
import torch

from gan_course.data.domains import DOMAINS
from gan_course.inference.translate import in_parts
from gan_course.training.cyclegan import make_generator
from gan_course.training.style_transfer import make_generator as make_painter
from gan_course.weights.cards import read_card
from gan_course.weights.translators import load_translator
from gan_course.weights.trunk import TRUNK
from maintain import shipped
from maintain.weights import style_transfers
from maintain.weights import translators as translations
from maintain.weights.translators import TRANSLATIONS, translation_of


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(translations, "N_TEST", 12)


def same(images):
    return images


def test_every_shipped_translator_has_a_recipe_and_known_domains():
    names = [name for translation in TRANSLATIONS.values() for name in translation.names if name]
    assert set(names) < set(shipped.names())
    assert all(
        {translation.A, translation.B} <= DOMAINS.keys() for translation in TRANSLATIONS.values()
    )
    assert (
        translation_of("earth-map2satellite") == "earth" and translation_of("dcgan-fashion") == ""
    )


@pytest.mark.parametrize("name", translations.NAMES)
def test_the_shipped_card_describes_the_generator_of_the_recipe(name):
    recipe = make_generator(TRANSLATIONS[translation_of(name)].config)
    loaded = load_translator(name)
    assert str(loaded) == str(recipe)
    assert (loaded.residual, loaded.coordinates) == (recipe.residual, recipe.coordinates)


def test_the_painter_of_photographs_is_that_of_its_recipe():
    recipe = make_painter(style_transfers.CONFIG)
    loaded, card = load_translator("photo2vangogh"), read_card("photo2vangogh")
    assert str(loaded) == str(recipe) and not loaded.residual and not loaded.coordinates
    assert card["family"] == "style-transfer" and card["steps"] == style_transfers.CONFIG.n_steps
    assert card["trunk"].startswith(TRUNK)


def test_the_painter_s_photographs_left_alone_keep_their_distance(monkeypatch):
    monkeypatch.setattr(style_transfers, "N_TEST", 40)
    monkeypatch.setattr(style_transfers, "load_translator", lambda name: torch.nn.Identity())
    table = style_transfers.measure("photo2vangogh")["photo2vangogh"]
    assert table["KID x 1000"] == table["KID x 1000, untranslated"] > 0
    assert table["edges kept"] == pytest.approx(1, abs=1e-3)


def test_doing_nothing_scores_as_doing_nothing():
    there, back = TRANSLATIONS["critters"].measure(same, same)
    assert there["L1 to the twin"] == there["L1, doing nothing"] == back["L1 to the twin"]
    assert 0.04 < there["L1, doing nothing"] < 0.08
    to_map, to_satellite = TRANSLATIONS["earth"].measure(same, same)
    assert to_map["L1"] == to_satellite["L1"] > 2 * to_satellite["L1, mean colour"] > 0.2
    grey, _ = TRANSLATIONS["grey"].measure(same, same)
    assert grey["error in ab"] == grey["error in ab, grey"] > 10 and grey["luminance L1"] < 0.005


def test_photos_left_alone_keep_their_distance_and_all_their_edges(monkeypatch):
    monkeypatch.setattr(translations, "N_TEST", 40)
    there, back = TRANSLATIONS["vangogh"].measure(same, same)
    for table in (there, back):
        assert table["KID x 1000"] == table["KID x 1000, untranslated"] > 0
        assert table["edges kept"] == pytest.approx(1, abs=1e-3)


def test_the_truth_scores_best():
    satellite, chart = (
        translations.to_float(translations.load_domain(n, "test", n=12))
        for n in ("earth-satellite", "earth-map")
    )
    to_map, to_satellite = TRANSLATIONS["earth"].measure(lambda _: chart, lambda _: satellite)
    assert (to_map["L1"], to_map["sea IoU"], to_satellite["L1"]) == (0, 1, 0)


def test_parts_are_put_together_again():
    images = torch.arange(7.0)[:, None]
    assert torch.equal(in_parts(lambda part: 2 * part, images, size=3), 2 * images)
