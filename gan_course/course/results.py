"""Results that runs wrote, and the places in the prose that quote them."""

import json
import re
import subprocess
import sys
from pathlib import Path

from gan_course.course.lessons import NOTEBOOKS, ROOT
from gan_course.files import atomic_write

CODE = ("gan_course", "benchmarks", "notebooks/source", "requirements.txt")
RESULTS = ROOT / "docs" / "results"


def record_run(summary: dict) -> Path:
    """Keep a run's times, memory and claims in docs/results/, with the commit they belong to."""
    path = RESULTS / f"course-{summary['profile']}.json"
    RESULTS.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps({"commit": current_commit(), **summary}, indent=1) + "\n")
    return path


def current_commit() -> str:
    """The short name of the checked-out commit, with "+" where the code differs from it; "unknown" without git."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--", *CODE)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def read_results(profile: str) -> dict[str, dict]:
    """What the recorded run of a profile says of each lesson; empty where none is recorded."""
    path = RESULTS / f"course-{profile}.json"
    if not path.is_file():
        return {}
    return {lesson["name"]: lesson for lesson in json.loads(path.read_text())["lessons"]}


def computing_time(name: str) -> str:
    """How long a lesson computes in fast and full, in words, as far as it is recorded."""
    recorded = {profile: read_results(profile).get(name) for profile in ("fast", "full")}
    words = [f"{profile} {lesson['seconds']:.0f} s" for profile, lesson in recorded.items() if lesson]
    return ", ".join(words) or "not yet measured"


def lesson_table() -> str:
    """The README's table of lessons, as Markdown."""
    lines = ["| lesson | you see | fast, 2 CPU cores | memory | claims |", "| --- | --- | --- | --- | --- |"]
    fast = read_results("fast")
    for path in sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py")):
        title, promise = _title_and_promise(path.read_text())
        lesson = fast.get(path.stem)
        figures = "not yet measured | | "
        if lesson:
            held = sum(claim["held"] is True for claim in lesson["claims"])
            figures = f"{lesson['seconds']:.0f} s | {lesson['peak_mb']} MB | {held} checked"
        lines.append(f"| [{title}](notebooks/{path.stem}.ipynb) | {promise} | {figures} |")
    return "\n".join(lines)


def with_lesson_table(readme: str) -> str:
    """The README's text with its table made anew between the two markers."""
    pattern = r"(<!-- lessons:begin -->\n).*?(\n<!-- lessons:end -->)"
    return re.sub(pattern, lambda match: match[1] + lesson_table() + match[2], readme, flags=re.DOTALL)


def with_computing_time(name: str, source: str) -> str:
    """A lesson's source with the computing times of its first table made anew."""
    return re.sub(r"(\| \*?time\*? \|.*?computing)[^|]*\|", rf"\1: {computing_time(name)} |", source, count=1)


def update_prose() -> list[Path]:
    """Write measured figures into the README and the lessons' first cells; returns the files that changed."""
    texts = {ROOT / "README.md": with_lesson_table((ROOT / "README.md").read_text())}
    for path in sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py")):
        texts[path] = with_computing_time(path.stem, path.read_text())
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        texts[path] = with_computing_time(path.stem, path.read_text())
    changed = [path for path, text in texts.items() if path.read_text() != text]
    for path in changed:
        with atomic_write(path) as temporary:
            temporary.write_text(texts[path])
    return changed


def _title_and_promise(source: str) -> tuple[str, str]:
    """The lesson's title, and the paragraph below it."""
    lines = [line.removeprefix("#").strip() for line in source.splitlines()]
    start = next(index for index, line in enumerate(lines) if line.startswith("# "))
    first = next(index for index in range(start + 1, len(lines)) if lines[index])
    last = lines.index("", first)
    return lines[start].removeprefix("# "), " ".join(lines[first:last])


if __name__ == "__main__":
    for changed_path in update_prose():
        print(f"wrote {changed_path.relative_to(ROOT)}")
    sys.exit(0)
