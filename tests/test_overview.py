"""The overview of files is what its generator writes, and leaves no file out."""

from gan_course.paths import ROOT
from maintain import readme
from maintain.readme import overview_table, with_overview

OVERVIEW = ROOT / "docs" / "overview.md"
ROOMS = ("gan_course", "maintain", "benchmarks")


def modules():
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix() for path in paths if path.name != "__init__.py"}


def lines():
    """Each file that the tables name, and its line."""
    rows = [row.split(" | ", 1) for row in overview_table().splitlines() if "](../" in row]
    return {link.partition("(../")[2].rstrip(")"): line.rstrip(" |") for link, line in rows}


def test_the_page_is_what_the_generator_writes():
    page = OVERVIEW.read_text(encoding="utf-8")
    assert overview_table() in page and with_overview(page) == page, "run make readme"


def test_every_module_has_a_line():
    found = lines()
    assert found.keys() == modules()
    assert not [path for path, line in found.items() if not line]


def test_a_line_is_the_first_paragraph_of_the_docstring(tmp_path, monkeypatch):
    room = tmp_path / "gan_course" / "data"
    (room / "inner").mkdir(parents=True)
    (room / "__init__.py").write_text('"""Pictures."""\n')
    (room / "inner" / "a.py").write_text('"""A | b, over\ntwo lines.\n\nAnd more.\n"""\n')
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    assert readme.overview_table().splitlines() == [
        "## `gan_course/data/`",
        "",
        "Pictures.",
        "",
        "| file | what it is |",
        "| --- | --- |",
        r"| [inner/a.py](../gan_course/data/inner/a.py) | A \| b, over two lines. |",
    ]
