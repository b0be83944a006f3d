"""What the pages for people name is there: files, commands, forms, versions."""

import json
import re
import tomllib

import pytest
import yaml

from gan_course.cli import COMMANDS
from gan_course.paths import ROOT
from maintain import __main__ as maintain

PAGES = ("README.md", "README.zh.md", "CONTRIBUTING.md", "docs/overview.md")
FORM_FILES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
TEMPLATE = ".github/PULL_REQUEST_TEMPLATE.md"
BASES = (ROOT, ROOT / "data", ROOT / "notebooks")  # the README's tables name what is in these
AT_RUN_TIME = ("site/", "runs/", "work/", ".venv/", "docs/results/course-gpu.json")
IN_A_RUN = ("last.pt", "metrics.csv", "samples/", "sheets/", "strip.jpg", "film.gif")
OF_A_USER = ("my/", "./", "/", "http")
ENDINGS = r"py|md|json|ipynb|toml|txt|ya?ml|cff|cfg|csv|pt"
FILE = re.compile(rf"[\w.*/-]*/[\w.*/-]*|[\w*-]+\.(?:{ENDINGS})")
PLACEHOLDERS = {"NN_slug": "[0-9][0-9]_*", "NAME": "*"}


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def codes(text):
    """What stands between backticks, and the lines of blocks for a shell."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        if language == "sh":
            yield from (line.split(" #")[0] for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def paths(text):
    for code in codes(text):
        for word in re.split(r"[\s=,;]+", code):
            name = word.partition("::")[0].strip("'\"()")
            if FILE.fullmatch(name) and not name.startswith(OF_A_USER):
                yield name


def is_there(name):
    if name.startswith(AT_RUN_TIME) or name in IN_A_RUN:
        return True
    for word, pattern in PLACEHOLDERS.items():
        name = name.replace(word, pattern)
    return any(any(base.glob(name.rstrip("/"))) for base in BASES)


@pytest.mark.parametrize("page", [*PAGES, TEMPLATE])
def test_a_path_in_backticks_exists(page):
    assert not [name for name in paths(read(page)) if not is_there(name)]


def test_paths_are_found_and_missed():
    text = "`gan_course/gone.py` and `cd x; make ONLY=notebooks/source/NN_slug.py`, `CHANGELOG.md`"
    found = ["gan_course/gone.py", "notebooks/source/NN_slug.py", "CHANGELOG.md"]
    assert list(paths(text)) == found
    assert [is_there(name) for name in found] == [False, True, True]
    assert list(paths("```sh\npython data/build/rebuild.py  # not/this\n```\n")) == [
        "data/build/rebuild.py"
    ]
    assert sum(len(list(paths(read(page)))) for page in PAGES) > 50


@pytest.mark.parametrize("page", [*(path.name for path in ROOT.glob("*.md")), "docs/overview.md"])
def test_a_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(page))
    here = (ROOT / page).parent
    assert not [link for link in links if "://" not in link and not (here / link).exists()]


@pytest.mark.parametrize("page", [*PAGES, "docs/teaching.md", TEMPLATE])
def test_a_command_exists(page):
    targets = re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE)
    known = {"make": targets, "gan_course": COMMANDS, "maintain": [*maintain.names(), "NAME"]}
    said = "\n".join(codes(read(page)))
    named = {
        "make": re.findall(r"\bmake ([a-z][a-z-]*)", said),
        "gan_course": re.findall(r"-m gan_course (\w+)", said),
        "maintain": re.findall(r"-m maintain (\w+)", said),
    }
    assert not {(tool, name) for tool in known for name in named[tool] if name not in known[tool]}


def test_the_chinese_readme_has_the_commands_and_the_lessons_of_the_english_one():
    english, chinese = read("README.md"), read("README.zh.md")
    assert "](README.zh.md)" in english[:200] and "](README.md)" in chinese[:200]
    shells = [
        [
            [line.split(" #")[0].rstrip() for line in block.splitlines()]
            for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
        ]
        for page in (english, chinese)
    ]
    assert shells[0] == shells[1] and len(shells[0]) > 3
    for form in (
        r"`((?:make|python -m|pip|torchrun) [^`]+)`",  # commands in the text
        r"\[(\d\d · [^\]]+)\]",  # lessons
        r"\]\(((?:notebooks|docs|data)/[^)]+)\)",  # what both lead to
    ):
        found = [sorted(set(re.findall(form, page))) for page in (english, chinese)]
        assert found[0] == found[1] and found[0]


def test_every_form_asks_for_something():
    forms = [yaml.safe_load(read(path)) for path in FORM_FILES if path.stem != "config"]
    assert len(forms) == 3
    for form in forms:
        assert form["name"] and form["description"] and form["title"]
        asked = [field for field in form["body"] if field["type"] != "markdown"]
        ids = [field["id"] for field in asked]
        assert len(ids) == len(set(ids)) >= 3
        assert all(field["attributes"]["label"] for field in asked)
        assert any(field.get("validations", {}).get("required") for field in asked)


def test_a_failed_claim_is_reported_with_the_machine():
    (claim,) = [yaml.safe_load(read(path)) for path in FORM_FILES if path.stem == "claim"]
    required = {
        field["id"] for field in claim["body"] if field.get("validations", {}).get("required")
    }
    assert {"lesson", "claim", "doctor"} <= required


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert citation["cff-version"] == "1.2.0" and citation["message"] and citation["authors"]
    assert citation["title"].startswith(project["name"])
    assert citation["abstract"] == project["description"]
    assert str(citation["version"]) == project["version"]
    assert citation["license"] == ["MIT", "CC-BY-4.0"]


def test_the_changelog_begins_with_what_is_unreleased_and_runs_backwards():
    headings = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased" and len(headings) > 1
    dates = [re.search(r"\d{4}-\d\d-\d\d$", heading)[0] for heading in headings[1:]]
    assert dates == sorted(dates, reverse=True)


def test_the_container_builds_make_s_environment():
    container = json.loads(read(".devcontainer/devcontainer.json"))
    assert container["postCreateCommand"].startswith("make .venv/ready TORCH_INDEX_URL=https://")
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
