"""Every way out that a message names is there: options, variables, and what pip is asked to
install.
"""

import ast
import re
import shlex
import tomllib

import pytest

from gan_course.cli import command_parser
from gan_course.paths import ROOT

PACKAGE = ROOT / "gan_course"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SAYING = {"CourseError", "Stopped", "ArgumentTypeError", "print", "error"}
COMMANDS = {  # modules whose messages are read by the user of these commands alone
    "commands/train.py": ["train", "translate", "generate"],  # it says how to use what was trained
    "training/run.py": ["train"],
    "commands/translate.py": ["translate"],
    "weights/translators.py": ["translate"],
    "commands/generate.py": ["generate"],
    "commands/project.py": ["project"],
    "commands/outputs.py": ["generate", "project"],
    "weights/saved.py": ["train", "generate", "project"],
    "commands/measure.py": ["measure"],
    "lessons/runner.py": ["run"],
}


def messages(path):
    """The words that a module's messages are made of."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            if name in SAYING:
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def options_of(command):
    commands = next(
        action.choices
        for action in command_parser(command)._actions
        if isinstance(action.choices, dict)
    )
    return {option for action in commands[command]._actions for option in action.option_strings}


def every_option():
    """All that any parser of the course takes."""
    sources = [
        *SOURCES,
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / "data" / "build").glob("*.py"),
    ]
    sources += (ROOT / "maintain").rglob("*.py")
    return {
        name
        for path in sources
        for name in re.findall(r'add_argument\(\s*"(--[a-z-]+)"', path.read_text())
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_an_option_that_a_message_names_is_taken(path):
    commands = COMMANDS.get(path.relative_to(PACKAGE).as_posix())
    taken = set().union(*map(options_of, commands)) if commands else every_option()
    named = {
        option
        for text in messages(path)
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)
    }
    assert named <= taken


def test_the_messages_are_found():
    """Lest the test above looks at nothing."""
    named = " ".join(text for path in SOURCES for text in messages(path))
    assert {"--out", "--resume", "--kind", "--batch-size"} <= set(re.findall(r"--[a-z-]+", named))
    assert {"--out", "--resume"} <= options_of("train") and "--resume" not in options_of("measure")


def test_a_variable_that_a_message_names_is_read():
    read = {
        name
        for path in SOURCES
        for name in re.findall(r'environ(?:\.get\(|\[)"(GAN_COURSE_[A-Z_]+)', path.read_text())
    }
    named = {
        name
        for path in SOURCES
        for text in messages(path)
        for name in re.findall(r"GAN_COURSE_[A-Z_]+[A-Z]", text)
    }
    assert named and named <= read


def pip_lines():
    for path in (*SOURCES, *PAGES):
        for line in re.findall(r"pip install ((?:-[er] )[^\n\"`,:;]*)", path.read_text()):
            yield pytest.param(
                line.split(" in the course")[0].strip(), id=f"{path.name}: {line[:40]}"
            )


@pytest.mark.parametrize("line", list(pip_lines()))
def test_what_pip_is_asked_to_install_is_there(line):
    """The course is on no index: only its own folder can be named.

    Zsh takes [ ] for a pattern: they are quoted.
    """
    if "[" in line:
        assert re.search(r"'[^']*\[[a-z,]+\]'", line)
    option, what = shlex.split(line)[:2]
    name, _, extras = what.rstrip("]").partition("[")
    if option == "-r":
        assert (ROOT / name).is_file()
    else:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert (
            name == "."
            and set(filter(None, extras.split(","))) <= project["optional-dependencies"].keys()
        )


def test_pip_is_never_asked_for_the_course_by_its_name():
    for path in (*SOURCES, *PAGES):
        assert "gan-course[" not in path.read_text(), path
