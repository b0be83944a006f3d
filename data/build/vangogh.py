"""Photographs of landmarks and paintings by Vincent van Gogh, from two activities of GCompris.

The README inside each resource file says, file by file, who made it, its licence and its source.
Only what it calls public domain or CC0 is taken, and SOURCES.csv repeats what it says.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from qt_resources import read_resources

FOLDER = "usr/share/gcompris-qt/rcc"
MONUMENTS, DETAILS = f"{FOLDER}/explore_monuments.rcc", f"{FOLDER}/details.rcc"
INPUTS = {"gcompris-qt-data": (MONUMENTS, DETAILS)}
MODULES = ()  # of data/build/requirements.txt
PHOTOS_IN = "gcompris/src/activities/explore_monuments/resource"
PAINTINGS_IN = "gcompris/src/activities/details/resource/image"
FREE = ("Public Domain", "CC0-1.0")
# black and white; with a sculpture, a work of its own
LEFT_OUT = ("castleClinton", "wormsCathedral")
LONG_SIDE = 576
BORDER = 2  # pixels of canvas edge and scan that are cut from each side of a painting
BORDERS = {  # left, top, right, bottom, where it is wider
    "VincentVanGogh0012": (2, 2, 2, 6),
    "VincentVanGogh0019": (2, 7, 2, 6),
    "VincentVanGoghBridge": (2, 2, 2, 3),
}
TITLES = {
    "Eglise_dAuvers-sur-Oise": "The Church at Auvers-sur-Oise (1890)",
    "Gogh4": "Cafe Terrace at Night (1888)",
    "PortraitOfPereTanguy": "Portrait of Pere Tanguy (1887-88)",
    "Van_Gogh_The_Night_Cafe": "The Night Cafe (1888)",
    "VincentVanGogh0012": "Entrance Hall of Saint-Paul Hospital (1889)",
    "VincentVanGogh0013": "Painter on His Way to Work (1888)",
    "VincentVanGogh0019": "The Harvest (1888)",
    "VincentVanGoghBridge": "The Bridge of Langlois at Arles (1888)",
}
COLUMNS = ("file", "author", "license", "source", "width", "height")


class Credit(NamedTuple):
    """What a README says of one file."""

    file: str
    author: str
    licence: str
    source: str


def build(sources: Mapping[str, Path], out: Path) -> None:
    """Write photos/*.jpg, paintings/*.jpg and SOURCES.csv.

    Args:
        sources: folder of each unpacked archive of `INPUTS`.
        out: folder of the set; must exist.

    Raises:
        CourseError: a resource file cannot be read.
    """
    archive = sources["gcompris-qt-data"]
    rows = []
    for kind, resource, folder in (
        ("photos", MONUMENTS, PHOTOS_IN),
        ("paintings", DETAILS, PAINTINGS_IN),
    ):
        (out / kind).mkdir()
        files = read_resources((archive / resource).read_bytes())
        credits = read_credits(files[f"{folder}/README"].decode())
        chosen = chosen_photos(credits, files) if kind == "photos" else chosen_paintings(credits)
        for name, credit in chosen.items():
            image = Image.open(io.BytesIO(files[f"{folder}/{credit.file}"])).convert("RGB")
            image = fitted(image) if kind == "photos" else trimmed(image, name)
            image.save(out / kind / f"{name}.jpg", quality=88 if kind == "photos" else 90)
            rows.append((f"{kind}/{name}.jpg", *credit[1:], *image.size))
    with open(out / "SOURCES.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


def read_credits(readme: str) -> list[Credit]:
    """Read a README of GCompris: blocks of "Key: value" lines and file names, with empty lines
    between.

    Returns:
        A credit for each file, in order. Where a block has no "Source", its "Comment" stands for
        it.
    """
    credits = []
    for block in readme.split("\n\n"):
        lines = [line.strip() for line in block.splitlines()]
        said = dict(line.split(": ", 1) for line in lines if ": " in line)
        source = said.get("Source", said.get("Comment", ""))
        files = [line for line in lines if line and ":" not in line]
        credits += [
            Credit(file, said.get("Copyright", ""), said.get("License", ""), source)
            for file in files
        ]
    return credits


def chosen_photos(credits: list[Credit], files: Mapping[str, bytes]) -> dict[str, Credit]:
    """The free photographs by name.

    One that the README misspells has no sure licence, and stays out.
    """
    free = [
        c
        for c in credits
        if c.licence in FREE and c.file.endswith(".webp") and f"{PHOTOS_IN}/{c.file}" in files
    ]
    return {Path(c.file).stem: c for c in free if Path(c.file).stem not in LEFT_OUT}


def chosen_paintings(credits: list[Credit]) -> dict[str, Credit]:
    """The whole paintings by name, each with its painter and title in place of the author of the
    activity.
    """
    by_file = {credit.file.removesuffix("_background.webp"): credit for credit in credits}
    return {
        name: by_file[name]._replace(author=f"Vincent van Gogh, {title}")
        for name, title in TITLES.items()
        if by_file[name].licence == "Public domain"
    }


def fitted(image: Image.Image) -> Image.Image:
    """The picture with its longer side brought to LONG_SIDE."""
    scale = LONG_SIDE / max(image.size)
    return image.resize([round(side * scale) for side in image.size], Image.Resampling.LANCZOS)


def trimmed(image: Image.Image, name: str) -> Image.Image:
    """The painting without its borders."""
    left, top, right, bottom = BORDERS.get(name, (BORDER,) * 4)
    return image.crop((left, top, image.width - right, image.height - bottom))
