"""The site, built from what is stored: complete, searchable, and readable from a file."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest

from gan_course.lessons.names import lesson_names
from maintain import site as site_builder

pytestmark = pytest.mark.slow
for package in ("sphinx", "myst_nb", "sphinx_book_theme"):
    pytest.importorskip(package, reason="pip install -e '.[site]'")


class Tags(HTMLParser):
    """The links, pictures and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.pictures, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img":
            self.pictures.append(values)
        self.anchors.add(values.get("id"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("around") / "site"
    assert site_builder.main(["--out", str(folder)]) == 0
    return folder


def test_nothing_is_left_beside_the_site(site):
    assert list(site.parent.iterdir()) == [site]


@pytest.fixture(scope="module")
def tags(site):
    return {
        path: Tags(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.parts and path.name != "play.html"
    }


def test_every_lesson_has_a_page_with_its_stored_outputs(site):
    for name in lesson_names():
        text = (site / "lessons" / f"{name}.html").read_text(encoding="utf-8")
        assert "cell_output" in text and "CLAIM" in text, name


def test_every_link_answers(tags):
    missing = []
    for path, page in tags.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("#"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                missing.append((path.name, link))
    assert missing == []


def test_every_picture_has_its_words(tags):
    bare = [(path.name, one) for path, page in tags.items() for one in page.pictures
            if not one.get("alt")]  # fmt: skip
    assert bare == []


def test_lessons_lead_to_the_next_and_back(site):
    names = lesson_names()
    for before, name in pairwise(names):
        text = (site / "lessons" / f"{name}.html").read_text(encoding="utf-8")
        assert re.search(rf'class="left-prev"[^>]*href="{before}\.html"', text), name


@pytest.fixture
def page(browser, site):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda it: it.url.startswith("http") and complaints.append(it.url))
    yield page
    page.close()
    assert complaints == []


@pytest.mark.parametrize("name", ["index", "lessons/01_the_game", "lessons/13_reading_the_article",
                                  "glossary", "api", "results/calibration"])  # fmt: skip
def test_pages_open_from_a_file_without_a_network(page, site, name):
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state("load")


def test_formulas_are_set(page, site):
    page.goto((site / "lessons" / "01_the_game.html").as_uri())
    page.wait_for_selector("mjx-container", timeout=20_000)


def test_search_finds_adain(page, site):
    page.goto((site / "search.html").as_uri() + "?q=AdaIN")
    page.wait_for_selector("#search-results li a", timeout=20_000)
    assert "10 · AdaIN" in page.inner_text("#search-results")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(page, site, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    for name in ("index", "glossary"):
        page.goto((site / f"{name}.html").as_uri())
        found = axe.run(page, "article", {"preload": False}).response["violations"]
        assert found == [], json.dumps([(one["id"], one["nodes"][0]["html"]) for one in found])


def test_the_page_that_draws_is_part_of_it(page, site):
    page.goto((site / "play.html").as_uri())
    page.wait_for_function("document.getElementById('draw-time').textContent !== ''")
