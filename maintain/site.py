"""Builds the site: lessons as they are stored, the page that draws, the guides, results and API.

Sphinx with myst-nb and the book theme turns what lies in notebooks/ and docs/ into pages; nothing
is executed. The site works from a file and from a sub-path.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.errors import CourseError
from gan_course.lessons.names import lesson_names
from gan_course.paths import NOTEBOOKS, ROOT
from maintain import page

SOURCES = ROOT / "build" / "site"
# myst-nb writes a folder of its own beside the pages, so they are made here and copied
HTML = ROOT / "build" / "html"
PAGES = ("teaching", "overview", "references", "glossary", "scaling")
INSTALL = "pip install -e '.[site]' in the course's folder"
CONFIGURATION = """
project = "A course on GANs"
author = "the course's authors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_title = "GANs, trained and measured"
html_extra_path = ["extra"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which a browser forbids from a file
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "home_page_in_toc": True,
}
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "myst.xref_missing", "mystnb.unknown_mime_type"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
"""


def stage(folder: Path) -> None:
    """Write what Sphinx reads into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "extra").mkdir(parents=True)
    (folder / "conf.py").write_text(CONFIGURATION)
    shutil.copytree(NOTEBOOKS / "images", folder / "lessons" / "images")
    for name in lesson_names():
        shutil.copy(NOTEBOOKS / f"{name}.ipynb", folder / "lessons")
    for name in PAGES:
        _copy_page(ROOT / "docs" / f"{name}.md", folder / f"{name}.md")
    (folder / "results").mkdir()
    results = sorted((ROOT / "docs" / "results").glob("*.md"))
    for path in results:
        _copy_page(path, folder / "results" / path.name)
    (folder / "extra" / "play.html").write_text(page.page(), encoding="utf-8")
    (folder / "api.md").write_text(_api())
    (folder / "index.md").write_text(_index([path.stem for path in results]))
    (folder / "README.zh.md").write_text(_face("README.zh.md", "## 两条命令"))


def _copy_page(source: Path, target: Path) -> None:
    """A page whose links to notebooks and results lead to the site's own pages."""
    text = source.read_text(encoding="utf-8")
    text = re.sub(r"\]\((?:\.\./)*(?:docs/)?results/([\w-]+)\.md", r"](results/\1.md", text)
    text = re.sub(r"\]\((?:\.\./)*notebooks/(\w+)\.ipynb", r"](lessons/\1.ipynb", text)
    target.write_text(text, encoding="utf-8")


def _index(results: list[str]) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    face = readme.split("To begin, with Python")[0].replace(
        "(notebooks/images/", "(lessons/images/"
    )
    trees = {
        "Lessons": [f"lessons/{name}" for name in lesson_names()],
        "Guides": [*PAGES, "api", "README.zh"],
        "Results": [f"results/{name}" for name in results],
    }
    parts = [face, "**[Play first](play.html)**: a page that draws, translates and plays.\n"]
    for caption, names in trees.items():
        lines = "\n".join(names)
        parts.append(
            f"```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n:hidden:\n\n{lines}\n```\n"
        )
    return "\n".join(parts)


def _face(name: str, end: str) -> str:
    """The first part of a README, up to the words with which the installation begins."""
    text = (ROOT / name).read_text(encoding="utf-8").split(end)[0]
    return text.replace("(notebooks/images/", "(lessons/images/").replace(
        "(README.md)", "(index.md)"
    )


def _api() -> str:
    """A page with the docstrings of every public module of the package."""
    package = ROOT / "gan_course"
    modules = []
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if "lessons.l" not in name and "._" not in name and not name.endswith("__main__"):
            modules.append(name)
    blocks = [f"## {name}\n\n```{{automodule}} {name}\n:members:\n```\n" for name in modules]
    return "# The package\n\n" + "\n".join(blocks)


def build(out: Path) -> int:
    """Build the site into a folder; returns how many pages it has.

    Raises:
        CourseError: Sphinx is not installed, or it found something wrong.
    """
    stage(SOURCES)
    shutil.rmtree(HTML, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(SOURCES), str(HTML)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named" in done.stderr:
        raise CourseError(f"the site needs Sphinx, myst-nb and sphinx-book-theme: {INSTALL}")
    if done.returncode:
        raise CourseError(f"Sphinx found a fault: {done.stderr.strip().splitlines()[-1]}")
    if done.stderr.strip():
        print(done.stderr.strip(), file=sys.stderr)
    shutil.copytree(HTML, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".doctrees"))
    return len(list(out.rglob("*.html")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site."""
    parser = OneLineParser(prog="python -m maintain site", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "site", metavar="DIR")
    return run_command(parser, arguments, _build)


def _build(options: argparse.Namespace) -> int:
    n_pages = build(options.out)
    print(f"{options.out / 'index.html'}: {n_pages} pages")
    return 0
