"""Domains to translate between, by name: one side of a translation each."""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torchvision.transforms.functional import resize

from gan_course.data import cats, critters, earth
from gan_course.data.emoji import CELL, load_emoji
from gan_course.data.splits import Split
from gan_course.data.vangogh import load_paintings, load_photos, random_crops, to_grey

Load = Callable[[Split, int, int, int], Tensor]  # split, n, resolution, seed


def load_domain(
    name: str, split: Split = "train", *, n: int, resolution: int = 64, seed: int = 0
) -> Tensor:
    """Pictures of one domain.

    Args:
        name: a key of `DOMAINS`.
        split: "train" or "test".
        n: how many.
        resolution: side of the pictures.
        seed: another seed, another draw. Two domains drawn with different seeds are independent:
            nothing marks a pair, but the same place or creature may be in both (of 4,000 tiles of
            32 px in each view of the earth, 32 show a place of the other at seeds 0 and 1). Drawn
            with the same seed, the tiles of both views of the earth show the same places, grey
            pictures are the colour pictures without colour, and emoji are the same.

    Returns:
        (n, 3, resolution, resolution) uint8 in 0..255.

    Raises:
        ValueError: no such domain, split or resolution.
        CourseError: a bundled file is missing or has changed.
    """
    if name not in DOMAINS:
        raise ValueError(f"domain is {name!r}: choose one of {', '.join(DOMAINS)}")
    return DOMAINS[name](split, n, resolution, seed)


def _critters(texture: Literal["plain", "stripes"]) -> Load:
    def load(split: Split, n: int, resolution: int, seed: int) -> Tensor:
        return critters.load_critters(
            split, n=n, resolution=resolution, seed=seed, texture=texture
        )[0]

    return load


def _cats(fur: Literal["none", "tabby"]) -> Load:
    def load(split: Split, n: int, resolution: int, seed: int) -> Tensor:
        return cats.load_cats(split, n=n, resolution=resolution, seed=seed, fur=fur, lamp="day")[0]

    return load


def _earth(view: Literal["satellite", "relief"]) -> Load:
    def load(split: Split, n: int, resolution: int, seed: int) -> Tensor:
        corners = earth.crop_positions(n, split=split, tile=resolution, seed=seed)
        return earth.crop(earth.load_view(view, 2), corners, resolution)

    return load


def _photos(split: Split, n: int, resolution: int, seed: int) -> Tensor:
    return random_crops(load_photos(split), n, size=resolution, seed=seed)


def _paintings(split: Split, n: int, resolution: int, seed: int) -> Tensor:
    return random_crops(load_paintings(split), n, size=resolution, seed=seed)


def _paintings_near(split: Split, n: int, resolution: int, seed: int) -> Tensor:
    """Parts of the paintings at their own size or a little less: strokes keep their width."""
    largest = resolution * 3 // 2
    return random_crops(load_paintings(split), n, size=resolution, largest=largest, seed=seed)


def _emoji(part: Literal[0, 1]) -> Load:
    """The colours (0) or the drawings (1); beyond one round of all emoji, they come again."""

    def load(split: Split, n: int, resolution: int, seed: int) -> Tensor:
        if resolution > CELL:
            raise ValueError(f"emoji have {CELL} pixels a side: choose {CELL} or fewer")
        images = load_emoji(split)[part].expand(-1, 3, -1, -1)
        generator = torch.Generator().manual_seed(seed)
        rounds = [
            torch.randperm(len(images), generator=generator) for _ in range(-(-n // len(images)))
        ]
        images = images[torch.cat(rounds)[:n]]
        return images if resolution == CELL else resize(images, [resolution, resolution])

    return load


def _colourless(split: Split, n: int, resolution: int, seed: int) -> Tensor:
    colour = DOMAINS["earth-satellite"](split, n, resolution, seed)
    return to_grey(colour).expand(-1, 3, -1, -1).contiguous()


DOMAINS: Mapping[str, Load] = {
    "critters-plain": _critters("plain"),
    "critters-striped": _critters("stripes"),
    "cats-plain": _cats("none"),
    "cats-tabby": _cats("tabby"),
    "earth-satellite": _earth("satellite"),
    "earth-map": _earth("relief"),
    "photos": _photos,
    "paintings": _paintings,
    "paintings-near": _paintings_near,
    "earth-grey": _colourless,  # the satellite's view without colour
    "emoji": _emoji(0),
    "emoji-drawing": _emoji(1),  # the same in black
}
