"""Writes into the prose what runs measured, and what each file is."""

import argparse
import ast
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.files import atomic_write
from gan_course.lessons.results import GPU_FILE, read_results
from gan_course.paths import NOTEBOOKS, ROOT
from maintain.doors import badges, repository

MACHINES = {
    ("fast", "bfloat16"): "on a newer processor",
    ("fast", "float32"): "on an older one",
    ("full", "gpu"): "in the full profile on a GPU",
}
"""How a lesson's first table calls a profile on a kind of machine."""


def computing_time(name: str) -> str:
    """How long a lesson computes, by kind of machine, in words, as far as it is recorded."""
    lessons = {words: read_results(*which).get(name) for which, words in MACHINES.items()}
    found = [f"{lesson['seconds']:.0f} s {words}" for words, lesson in lessons.items() if lesson]
    return ", ".join(found) or "not yet measured"


def _seconds(lesson: dict | None) -> str:
    return f"{lesson['seconds']:.0f} s" if lesson else "not yet measured"


def lesson_table() -> str:
    """The README's table of lessons, as Markdown."""
    lines = [
        "| lesson | you see | study | bfloat16 | float32 | memory | claims |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    fast, old = read_results("fast"), read_results("fast", "float32")
    for path in sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py")):
        source, lesson = path.read_text(), fast.get(path.stem)
        title, promise = _title_and_promise(source)
        times = f"{study_minutes(source)} min | {_seconds(lesson)} | {_seconds(old.get(path.stem))}"
        rest = " | "
        if known := lesson or old.get(path.stem):
            held = sum(claim["held"] is True for claim in known["claims"])
            rest = f"{known['peak_mb']} MB | {held} checked"
        lines.append(f"| [{title}](notebooks/{path.stem}.ipynb) | {promise} | {times} | {rest} |")
    return "\n".join(lines)


def with_lesson_table(readme: str) -> str:
    """The README's text with its table made anew between the two markers."""
    return _between("lessons", lesson_table(), readme)


def waiting_table() -> str:
    """The teacher's table of the cells that a class has to wait for, as Markdown."""
    lines = [
        (
            "| lesson | study | bfloat16 | float32 | cells of ten seconds and more, by heading"
            " (bfloat16) |"
        ),
        "| --- | --- | --- | --- | --- |",
    ]
    fast, old = read_results("fast"), read_results("fast", "float32")
    for path in sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py")):
        title, lesson = _title_and_promise(path.read_text())[0], fast.get(path.stem, {})
        waits = "; ".join(
            f"{wait['under']}: {wait['seconds']} s" for wait in lesson.get("waits", [])
        )
        times = f"{_seconds(lesson)} | {_seconds(old.get(path.stem))}"
        lines.append(
            f"| {title} | {study_minutes(path.read_text())} min | {times} | {waits or 'none'} |"
        )
    return "\n".join(lines)


def with_waiting_table(page: str) -> str:
    """The teacher's page with its table made anew between the two markers."""
    return _between("waits", waiting_table(), page)


def study_minutes(source: str) -> int:
    """Study time of a lesson for one reader: a rule of thumb, rounded up to five minutes.

    Of the main line: what stands under the heading "Further" is not counted. The exercises' own
    minutes; 200 words of prose a minute, answers under a fold left out; 30 lines of code a minute;
    a minute for each prediction.
    """
    main_line = source.split("\n# ## Further\n")[0]
    cells = re.split(
        r"^# %%",
        re.sub(r"<details>.*?</details>", "", main_line, flags=re.DOTALL),
        flags=re.MULTILINE,
    )
    prose = " ".join(cell for cell in cells if cell.startswith(" [markdown]"))
    exercises = sum(
        int(one) for one in re.findall(r"\*\*Exercise \d+\.[^*]+\*\* \(\w+, (\d+) minutes", prose)
    )
    words, predictions = len(re.findall(r"[A-Za-z]{2,}", prose)), prose.count("**Predict")
    lines = sum(len(cell.splitlines()) for cell in cells if not cell.startswith(" [markdown]"))
    return 5 * math.ceil((exercises + words / 200 + lines / 30 + predictions) / 5)


def with_times(name: str, text: str, source: str) -> str:
    """A lesson's text with the times of its first table made anew.

    Args:
        name: of the lesson.
        text: of its source or of its notebook.
        source: its source.
    """
    times = f"study {study_minutes(source)} min; computing: {computing_time(name)} |"
    return re.sub(r"(\| \*?time\*? \| )[^|]*\|", rf"\g<1>{times}", text, count=1)


def update_prose() -> list[Path]:
    """Write measured figures into the README and the lessons' first cells, and the overview of
    files; returns the files that changed.
    """
    teaching, overview = ROOT / "docs" / "teaching.md", ROOT / "docs" / "overview.md"
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    texts = {english: with_badges(with_gpu_line(with_lesson_table(english.read_text())))}
    texts[chinese] = with_badges(chinese.read_text(encoding="utf-8"))
    texts[teaching] = with_waiting_table(teaching.read_text())
    texts[overview] = with_overview(overview.read_text(encoding="utf-8"))
    for path in sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py")):
        source, notebook = path.read_text(), NOTEBOOKS / f"{path.stem}.ipynb"
        texts[path] = with_times(path.stem, source, source)
        texts[notebook] = with_times(path.stem, notebook.read_text(), source)
    changed = [path for path, text in texts.items() if path.read_text() != text]
    for path in changed:
        with atomic_write(path) as temporary:
            temporary.write_text(texts[path])
    return changed


def gpu_line() -> str:
    """When all lessons last ran on a GPU, in a sentence."""
    if not GPU_FILE.is_file():
        return (
            "All lessons in the full profile on a GPU, trainings cut short (`make gpu`): never run"
            " yet."
        )
    record = json.loads(GPU_FILE.read_text())
    outcome = "passed" if record["passed"] else "failed"
    return (
        f"All lessons in the full profile on a GPU, trainings cut short (`make gpu`): {outcome} on"
        f" {record['date']}, commit {record['commit']}, {record['card']}."
    )


def with_gpu_line(readme: str) -> str:
    """The README's text with what was tried on a GPU made anew between the two markers."""
    return _between("gpu", gpu_line(), readme)


def with_badges(readme: str) -> str:
    """The README's text with links that open its first lesson elsewhere, between two markers."""
    return _between("badges", badges(repository(), "00_start_here"), readme)


def overview_table() -> str:
    """A table for each room of the code, with a line on every file, as Markdown.

    The line is the first paragraph of the module's docstring, and so is what stands above a table:
    that of the room's `__init__.py`. An empty `__init__.py` has no line.
    """
    blocks = []
    for room, paths in _rooms().items():
        blocks += [f"## `{room.relative_to(ROOT).as_posix()}/`", _first_paragraph(room)]
        rows = [
            f"| [{path.relative_to(room).as_posix()}](../{path.relative_to(ROOT).as_posix()})"
            f" | {_first_paragraph(path)} |"
            for path in paths
        ]
        blocks.append("\n".join(["| file | what it is |", "| --- | --- |", *rows]))
    return "\n\n".join(block for block in blocks if block)


def with_overview(page: str) -> str:
    """The overview's text with its tables made anew between the two markers."""
    return _between("files", overview_table(), page)


def _rooms() -> dict[Path, list[Path]]:
    """Folder -> its modules, and those of the folders inside that are no rooms of their own."""
    rooms: dict[Path, list[Path]] = {}
    for top in ("gan_course", "maintain", "benchmarks"):
        for path in sorted((ROOT / top).rglob("*.py"), key=lambda path: (path.parent, path)):
            if path.name != "__init__.py":
                inside = path.relative_to(ROOT).parts[:-1]
                rooms.setdefault(ROOT.joinpath(*inside[:2]), []).append(path)
    return rooms


def _first_paragraph(path: Path) -> str:
    """Of the docstring of a module or of a package, on one line of a table."""
    path = path / "__init__.py" if path.is_dir() else path
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(words.partition("\n\n")[0].split()).replace("|", "\\|")


def _between(marker: str, table: str, page: str) -> str:
    """A page with a table in the place of whatever stands between two markers, also of nothing."""
    pattern = rf"(<!-- {marker}:begin -->\n).*?(<!-- {marker}:end -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{table}\n{match[2]}", page, flags=re.DOTALL)


def _title_and_promise(source: str) -> tuple[str, str]:
    """The lesson's title, and the paragraph below it."""
    lines = [line.removeprefix("#").strip() for line in source.splitlines()]
    start = next(index for index, line in enumerate(lines) if line.startswith("# "))
    first = next(index for index in range(start + 1, len(lines)) if lines[index])
    last = lines.index("", first)
    return lines[start].removeprefix("# "), " ".join(lines[first:last])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write measured figures into the prose; the exit code is that of `run_command`."""
    parser = OneLineParser(prog="python -m maintain readme", description=__doc__)
    return run_command(parser, arguments, _update)


def _update(_: argparse.Namespace) -> int:
    for path in update_prose():
        print(f"wrote {path.relative_to(ROOT)}")
    return 0
