"""The gallery of a run: one page with each lesson's time, memory, claims and best picture."""

import base64
import html
from pathlib import Path

import nbformat

from gan_course.files import atomic_write
from gan_course.lessons.claims import in_words
from gan_course.paths import NOTEBOOKS

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #ddd; padding: 1rem 0 1.5rem; }
img { max-width: 100%; display: block; margin: .75rem 0; }
.failed { color: #b3261e; } .passed { color: #1b6c3a; }
li { margin: .15rem 0; } .muted { color: #666; }
summary { cursor: pointer; }
"""


def best_picture(executed: Path) -> tuple[str, bytes, str] | None:
    """The picture of the cell tagged `best-picture`: its ending, its bytes, its alt text.

    None where the notebook does not exist, has no such cell, or that cell drew nothing.
    """
    if not executed.is_file():
        return None
    for cell in nbformat.read(executed, as_version=4).cells:
        if "best-picture" in cell.metadata.get("tags", []):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            for output in cell.get("outputs", []):
                for kind in ("image/png", "image/jpeg"):
                    if kind in output.get("data", {}):
                        return kind.split("/")[1], base64.b64decode(output["data"][kind]), alt
    return None


def render(executed: Path) -> str:
    """Write an executed notebook as a web page beside it; the name of what is to be opened.

    That of the notebook itself where it cannot be rendered.
    """
    try:
        from nbconvert import HTMLExporter

        exporter = HTMLExporter(template_name="lab", embed_images=True)
        # the pictures that cells of text link to lie beside the lessons
        text, _ = exporter.from_notebook_node(
            nbformat.read(executed, as_version=4), {"metadata": {"path": str(NOTEBOOKS)}}
        )
    except Exception:  # a notebook that was cut off, or a converter that has changed
        return executed.name
    with atomic_write(executed.with_suffix(".html")) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return executed.with_suffix(".html").name


def write_gallery(folder: Path, summary: dict) -> Path:
    """Write `folder/index.html`, whose links lead to the executed lessons as web pages.

    Args:
        folder: of the run, with its executed notebooks.
        summary: as `run_lessons` returns it.
    """
    sections = "\n".join(_section(folder, lesson) for lesson in summary["lessons"])
    n_passed = sum(lesson["status"] == "passed" for lesson in summary["lessons"])
    profile, device = html.escape(summary["profile"]), html.escape(summary["device"])
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Course run: {profile}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style></head><body>
<h1>Course run</h1>
<p>{n_passed} of {len(summary["lessons"])} lessons passed · profile {profile} ·
{summary["seconds"]:.0f} s<br><span class="muted">{device}</span></p>
{sections}
</body></html>
"""
    path = folder / "index.html"
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _section(folder: Path, lesson: dict) -> str:
    picture = best_picture(folder / f"{lesson['name']}.ipynb")
    image = ""
    if picture:
        ending, data, alt = picture
        source = f"data:image/{ending};base64,{base64.b64encode(data).decode()}"
        image = f'<img src="{source}" alt="{html.escape(alt, quote=True)}">'
    words = {True: "held", False: "did not hold", None: "not judged"}
    claims = "".join(
        f"<li>{html.escape(in_words(c))}: <b>{words[c['held']]}</b></li>" for c in lesson["claims"]
    )
    n_held = sum(c["held"] is True for c in lesson["claims"])
    is_open = " open" if any(c["held"] is False for c in lesson["claims"]) else ""
    folded = f"{n_held} of {len(lesson['claims'])} claims held"
    claims = f"<details{is_open}><summary>{folded}</summary><ul>{claims}</ul></details>"
    opened = render(folder / f"{lesson['name']}.ipynb")
    status = lesson["status"]
    error = f'<p class="failed">{html.escape(lesson["error"])}</p>' if lesson.get("error") else ""
    return f"""<section><h2><a href="{opened}">{lesson["name"]}</a>
<span class="{"passed" if status == "passed" else "failed"}">{status}</span></h2>
<p class="muted">{lesson["seconds"]:.0f} s · {lesson["peak_mb"]} MB</p>
{error}{image}{claims}</section>"""
