"""Writes site/play.html, the page that draws: one file that needs no server and no network.

Its text, style and code stand in docs/play; this puts them together with the weights, the cards and
two sample pictures.
"""

import argparse
import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from gan_course.commands.parsing import OneLineParser, run_command
from gan_course.data import earth
from gan_course.data.vangogh import load_photos
from gan_course.errors import CourseError
from gan_course.files import atomic_write
from gan_course.lessons.results import recorded
from gan_course.models.conditional import value_edges
from gan_course.models.stylegan2 import POSITION_RATE
from gan_course.paths import DATA, ROOT
from gan_course.weights.cards import read_card

SOURCES = ROOT / "docs" / "play"
LIBRARY = ("tensors.js", "stylegan.js", "translator.js", "game.js")
LARGEST = 6_000_000  # bytes
# Weights -> title, the seeds of the parents that are shown first, and a question.
STYLEGANS: Mapping[str, tuple[str, Mapping[str, int], str]] = {
    "stylegan-critters64": (
        "creatures",
        {"a": 1, "b": 12},
        "which level moves the outline, and which the colours?",
    ),
    "stylegan-cats64": (
        "cats",
        {"a": 12, "b": 36},
        "all sit in one pose. Which level moves the light, and which the colours?",
    ),
}
LEVELS = {"coarse": (4, 8), "middle": (16, 16), "fine": (32, 64)}
N_DIRECTIONS = 8
# Weights -> title, and a word about them.
TRANSLATORS: Mapping[str, tuple[str, str]] = {
    "photo2vangogh": (
        "photograph to painting",
        "Lesson 08 compares four ways to paint; two of them leave strokes, and this is the one that"
        " ships. In a grey sky it may invent things.",
    ),
    "earth-satellite2map": (
        "satellite view to map",
        "A CycleGAN that nobody told which map belongs to which view (lesson 07). Its coasts are"
        " right; its deserts are as orange as the satellite sees them, because height cannot be"
        " seen from above.",
    ),
    "earth-map2satellite": (
        "map to satellite view",
        "The way back. It believes every map: paint a lake into one, and it will photograph it"
        " (lesson 08).",
    ),
}
CREDITS = (
    "Weights: this course, MIT. They learnt from cats by David Revoy (CC BY 4.0) and from creatures"
    " by DiceBear (CC0). Photographs and Earth: public domain or CC0."
)


def page() -> str:
    """The whole page as text."""
    text = _source("play.html")
    cards = {
        "stylegans": [_stylegan(name) for name in STYLEGANS],
        "translators": [_translator(name) for name in TRANSLATORS],
        "credits": CREDITS,
    }
    data = [_script("cards", "application/json", json.dumps(cards).replace("</", "<\\/"))]
    for name in (*STYLEGANS, *TRANSLATORS):
        stored = (DATA / "weights" / f"{name}.safetensors").read_bytes()
        weights = base64.b85encode(stored, pad=True).decode()  # a sixteenth shorter than base64
        data.append(_script(f"weights-{name}", "text/plain", weights))
    parts = {
        "/*STYLE*/": _source("style.css"),
        "<!--DATA-->": "\n".join(data),
        "/*LIBRARY*/": "\n".join(_source(name) for name in LIBRARY),
        "/*APP*/": _source("app.js"),
    }
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _script(name: str, kind: str, text: str) -> str:
    return f'<script id="{name}" type="{kind}">{text}</script>'


def _config(name: str) -> dict[str, Any]:
    config = {"position_rate": POSITION_RATE, "factors": ()} | read_card(name)["config"]
    if config["factors"]:
        edges = value_edges(config["factors"])
        config["edges"] = [row[row.isfinite()].tolist() for row in edges]
    return config


def _stylegan(name: str) -> dict[str, Any]:
    title, seeds, guess = STYLEGANS[name]
    table = recorded("directions")
    rows = [row for row in table["rows"] if row["weights"] == name]
    rows.sort(key=lambda row: -row["works"][row["level"]])
    directions = [
        {
            "name": f"{row['factor'].replace('_', ' ')}: {row['value']}",
            "works": row["works"][row["level"]],
            "layers": _layers(row["level"], _config(name)["img_resolution"]),
            "direction": row["direction"],
        }
        for row in rows[:N_DIRECTIONS]
    ]
    return {
        "name": name,
        "title": title,
        "guess": guess,
        "seeds": dict(seeds),
        "config": _config(name),
        "size": rows[0]["size"] if rows else 1.0,
        "steps": table["steps"],
        "directions": directions,
    }


def _layers(level: str, resolution: int) -> list[int]:
    """Numbers of the styles that a level takes, as `Synthesis` counts them."""
    low, high = LEVELS[level]
    numbers, side, k = [], 4, 0
    while side <= resolution:
        count = 1 if side == 4 else 2
        if low <= side <= high:
            numbers += range(k, k + count)
        k, side = k + count, 2 * side
    return [*numbers, k] if high >= resolution else numbers


def _translator(name: str) -> dict[str, Any]:
    title, about = TRANSLATORS[name]
    return {"name": name, "title": title, "about": about, "config": _config(name)} | {
        "sample": _sample(name)
    }


def _sample(name: str) -> str:
    """A picture that no network was trained on, as a data: address."""
    if name == "photo2vangogh":
        photos = dict(load_photos("test"))
        picture, form = photos["citedeCarcassonne"], "JPEG"
    else:
        view = earth.load_view("satellite" if name == "earth-satellite2map" else "relief", 2)
        box = earth.hidden_regions(2)[1]
        top, left = 156, box.left + 2
        picture, form = view[:, top : top + 144, left : left + 104], "PNG"
    return f"data:image/{form.lower()};base64,{_encoded(picture, form)}"


def _encoded(picture: Tensor, form: str) -> str:
    buffer = io.BytesIO()
    array = picture.permute(1, 2, 0).contiguous().to(torch.uint8).numpy()
    Image.fromarray(array).save(buffer, form, quality=82)
    return base64.b64encode(buffer.getvalue()).decode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = OneLineParser(prog="python -m maintain page", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "site" / "play.html", metavar="FILE")
    return run_command(parser, arguments, _write)


def _write(options: argparse.Namespace) -> int:
    text = page()
    if len(text.encode()) > LARGEST:
        raise CourseError(f"the page has {len(text.encode()):,} bytes: {LARGEST:,} are allowed")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(options.out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{options.out}: {len(text.encode()) / 1e6:.1f} MB")
    return 0
