"""Checkers of lesson 08, and their hints."""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.corruptions import add_noise
from gan_course.evaluation.paired import colour_error, l1_error, to_lab
from gan_course.lessons.checking import (
    PASSED,
    Verdict,
    checker,
    judge,
    judge_experiment,
    judge_table,
    not_yet,
    same,
    show_hint,
)

ORIENTATION = 274  # the number of EXIF's entry
MIRRORED = (2, 4, 5, 7)  # orientations that no turn puts right
USES = {  # what is proposed -> the answer
    "A": "taste",
    "B": "evidence",
    "C": "message",
    "D": "shape",
    "E": "tested",
    "F": "evidence",
}
CLUES = {
    "A": "A: who would be misled by a print, and about what?",
    "B": "B: the doctor reads what the second set of pictures makes likely, not what was scanned",
    "C": "C: what would G_BA read from a true map? And what does a drawn one carry besides?",
    "D": "D: compare the outlines of a dog and a cat, then look at the domes that should be towers",
    "E": "E: what decides whether the translated pictures are kept, and is the truth known there?",
    "F": "F: two cars of different paint can have the same grey: where would the colour come from?",
}

HINTS = {
    "any_size": (
        "how many pixels are missing to the next multiple of 4, and is it 0 for 16?",
        "-width % 4 is that number",
        "`pad` has four modes. Which of them shows G nothing but the picture's own colours?",
    ),
    "upright": (
        "eight numbers, four of them mirrored: somebody has written that table before",
        "look for `exif` among the functions of PIL.ImageOps",
    ),
    "read_back": (
        "two round trips, with the same translation: one file is disturbed, the other is not",
        "a file holds bytes: to_bytes before it is disturbed, to_float before G_BA reads it",
        "both round trips are compared with the picture that set out",
    ),
    "uses": (
        "ask of each: who believes the picture, and what if it is wrong?",
        "where nobody has to believe it, the use is sound",
    ),
    "border": (
        "one G for all, never trained, with InstanceNorm; torch.no_grad() around it",
        "a frame of 8 px: cut it off again before you compare, then take the middle",
        "compare picture by picture: on which side is the larger figure, each time?",
    ),
    "load_image": (
        "what does `paste` return, and what does it change?",
        "which modes can hold transparency? Pillow knows: image.has_transparency_data",
        "convert to RGBA first, then Image.alpha_composite over a white canvas",
    ),
    "ab_error": (
        "L* is lightness, and the text leaves it out",
        "each pixel has a point (a*, b*) in a plane, and another one: how far apart are they?",
        "first the distance at each pixel, then the mean over all of them",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_any_size(translate: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    """Exercise 1: pictures of any size through a generator that wants multiples of 4."""
    generator = torch.Generator().manual_seed(0)
    for n, channels, height, width in ((1, 3, 13, 18), (2, 3, 16, 20), (3, 1, 17, 11)):
        x = torch.rand(n, channels, height, width, generator=generator) * 1.6 - 0.8
        G = _Picky()
        answer = translate(G, x)
        if G.seen is None or not isinstance(answer, Tensor | np.ndarray):
            return not_yet("call G on the padded picture and return what it makes, as a tensor")
        answer, seen = torch.as_tensor(answer), G.seen.to(x.dtype)
        if answer.shape != x.shape:
            return not_yet(
                f"{tuple(x.shape)} went in and {tuple(answer.shape)} came out: crop to the input's"
                " size"
            )
        if not same(answer, -x):
            return not_yet(
                "the pixels have changed on the way: pad with a border, and do not resize"
                if _place(x, seen) is None
                else "it went in whole, but another part of G's answer comes out: crop where you"
                " put it"
            )
        if (height % 4, width % 4) == (0, 0) and seen.shape != x.shape:
            return not_yet(
                "a size that already fits should go in as it is: how much does your formula add"
                " to 16?"
            )
        border = _border(seen, x)
        if border.numel() and (border.amax(2) - border.amin(2)).max() < 1e-6:
            return not_yet(
                "your border is of one colour, and InstanceNorm counts it in. Which border would"
                " have the spread of the picture, too?"
            )
        if not torch.isin(border, x).all():
            return not_yet("your border has colours that the picture has not")
    return PASSED


@checker
def check_border(experiment: Mapping[str, object]) -> Verdict:
    """Exercise 5: which border InstanceNorm notices less."""
    mirrored, mean = "mirrored", "mean colour"

    def says(figures: dict) -> str:
        pairs = list(zip(figures[mirrored], figures[mean], strict=True))
        if all(a < b for a, b in pairs):
            return mirrored
        return mean if all(a > b for a, b in pairs) else "no clear difference"

    def doubt(figures: dict) -> str:
        if len(figures[mirrored]) != len(figures[mean]):
            return "the same pictures with both borders: as many figures of each"
        if min(figures[mirrored] + figures[mean]) < 0:
            return "a mean of absolute differences is not negative"
        if max(figures[mirrored] + figures[mean]) < 1e-6:
            return "nothing changes in the middle at all: has your G an InstanceNorm?"
        return ""

    return judge_experiment(
        experiment,
        outcomes=(mirrored, mean, "no clear difference"),
        settings=(mirrored, mean),
        n_runs=5,
        says=says,
        doubt=doubt,
        look="a difference is clear where it has one sign in every picture",
    )


@checker
def check_upright(upright: Callable[[Path], Any]) -> Verdict:
    """Exercise 2: a photograph the way the camera was held."""
    with tempfile.TemporaryDirectory() as folder:
        for truth in (scene(), scene()[:, ::-1, ::-1].copy()[:5, :7]):
            for orientation, stored in as_stored(truth).items():
                path = Path(folder) / f"{len(truth)}-{orientation}.png"
                exif = Image.Exif()
                if orientation:
                    exif[ORIENTATION] = orientation
                Image.fromarray(stored).save(path, exif=exif)
                answer = upright(path)
                is_image = isinstance(answer, Image.Image)
                pixels = np.asarray(answer.convert("RGB") if is_image else answer)
                if reason := _flaw_of_turn(pixels, truth, stored, orientation):
                    what = f"orientation {orientation}" if orientation else "no orientation stored"
                    return not_yet(f"{what}: {reason}")
    return PASSED


def _flaw_of_turn(
    pixels: np.ndarray, truth: np.ndarray, stored: np.ndarray, orientation: int
) -> str:
    if np.array_equal(pixels, truth):
        return ""
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        return f"return an image or an array (height, width, 3), not of shape {pixels.shape}"
    if not np.array_equal(np.sort(pixels, axis=None), np.sort(stored, axis=None)):
        return "these pixels are not those of the file"
    if np.array_equal(pixels, stored):
        return "the pixels come as the sensor stored them, and EXIF's advice is ignored" + (
            ": this one is mirrored" if orientation in MIRRORED else ""
        )
    if orientation in MIRRORED:
        return "this one is mirrored, which no turn mends; ask Pillow for all eight at once"
    if np.array_equal(pixels, truth[::-1, ::-1]):
        return "upside down; the turn went the wrong way"
    if orientation in (0, 1):
        return "this picture was upright already; turn only what asks for it"
    return f"the picture should be {truth.shape[1]} x {truth.shape[0]} and upright"


@checker
def check_load_image(load_image: Callable[[Path], Image.Image]) -> Verdict:
    """Exercise 6: grey, palette and transparent files, where a published reader returns None."""
    with tempfile.TemporaryDirectory() as folder:
        read: Callable = load_image
        for kind, (image, expected) in odd_files().items():
            path = Path(folder) / f"{kind}.png"
            image.save(path)
            try:
                answer = read(path)
            except Exception as error:
                if read is load_image:  # the first: perhaps an empty stub
                    raise
                return not_yet(f"{kind}: your code raised {type(error).__name__}: {error}")
            # past the watch, which would answer None in its own words
            read = vars(load_image)["__wrapped__"]
            if answer is None:
                return not_yet(f"{kind}: None comes out. What does `paste` return?")
            pixels = np.asarray(answer)
            mode = getattr(answer, "mode", f"an array of shape {pixels.shape}")
            if mode != "RGB" and (isinstance(answer, Image.Image) or pixels.shape[2:] != (3,)):
                return not_yet(f"{kind}: return an image of mode RGB, not {mode}")
            if pixels.shape == expected.shape and np.abs(pixels - expected.astype(int)).max() <= 1:
                continue
            if not kind.startswith("transparent"):
                return not_yet(f"{kind}: the colours of the pixels are not those of the file")
            opaque = image.mode == "P" or np.asarray(image)[..., -1] == 255
            if kind == "transparent" and (pixels == expected)[opaque].all():
                return not_yet(f"{kind}: a pixel may be half there, and white shines through it")
            note = (
                ""
                if kind == "transparent"
                else f" (mode {image.mode} has such places too, not RGBA alone)"
            )
            return not_yet(
                f"{kind}: places that are not there show a colour; put white behind them{note}"
            )
    return PASSED


@checker
def check_ab_error(ab_error: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 7: how wrong are the colours, whatever the lightness?"""
    generator = torch.Generator().manual_seed(0)

    def pictures(*shape: int) -> tuple[Tensor, Tensor]:
        images, truth = torch.rand(2, *shape, generator=generator).mul(2).sub(1).unbind(0)
        return images, truth

    def of(reduce: Callable[[Tensor], Tensor], channels: slice = slice(1, 3)) -> Callable:
        return lambda images, truth: reduce((to_lab(images) - to_lab(truth))[:, channels])

    return judge(
        ab_error,
        lambda images, truth: colour_error(images, truth).mean(),
        {"for four pictures": pictures(4, 3, 8, 6), "for two others": pictures(2, 3, 5, 9)},
        mistakes={
            "lightness has a say in yours: leave out L*": of(
                lambda d: d.square().sum(1).sqrt().mean(), slice(0, 3)
            ),
            "those are a* and b* each for itself: how far apart are two points of their plane?": of(
                lambda d: d.abs().mean()
            ),
            "that adds |a*| and |b*|, a way round a corner: the straight way is shorter": of(
                lambda d: d.abs().sum(1).mean()
            ),
            "the root is missing": of(lambda d: d.square().sum(1).mean()),
            "first each pixel's root, then the mean: the other way large errors count double": (
                of(lambda d: d.square().sum(1).mean().sqrt())
            ),
            "the mean of the two squares, where their sum is meant": of(
                lambda d: d.square().mean(1).sqrt().mean()
            ),
            "that is a distance in red, green and blue: `to_lab` first": lambda images, truth: (
                (images - truth).square().sum(1).sqrt().mean()
            ),
            "those are L* and a*: in L*a*b* the first channel is lightness": of(
                lambda d: d.square().sum(1).sqrt().mean(), slice(0, 2)
            ),
        },
        form="one number, the mean over all pixels of all pictures",
        result=lambda answer, images, truth: _mean_over(answer, images),
    )


@checker
def check_read_back(lost: Callable[..., Tensor]) -> Verdict:
    """Exercise 3: what a disturbance of the translation costs the way back."""

    def case(seed: int, shape: tuple[int, ...], faint: float, sigma: float) -> tuple:
        def disturb(images: Tensor) -> Tensor:
            if images.dtype != torch.uint8:
                raise TypeError("disturb takes bytes, as a file holds them: to_bytes first")
            return add_noise(images, sigma=sigma, seed=seed)

        generator = torch.Generator().manual_seed(seed)
        a = torch.randint(0, 256, shape, generator=generator).to(torch.uint8)
        return partial(_hide, faint=faint), partial(_seek, faint=faint), a, disturb

    def send(G_AB: Callable, G_BA: Callable, a: Tensor) -> tuple[Tensor, Tensor, Callable]:
        x = to_float(a)
        return x, to_bytes(G_AB(x)), lambda message: G_BA(to_float(message))

    def error(images: Tensor, truth: Tensor) -> Tensor:
        return l1_error(images, truth).mean()

    def right(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        x, message, read = send(G_AB, G_BA, a)
        return error(read(disturb(message)), x) - error(read(message), x)

    def after(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        x, message, read = send(G_AB, G_BA, a)
        return error(read(disturb(message)), x)

    def before(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        x, message, read = send(G_AB, G_BA, a)
        return error(read(message), x)

    def early(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        disturbed, x = send(G_AB, G_BA, disturb(a)), to_float(a)
        return error(disturbed[2](disturbed[1]), x) - before(G_AB, G_BA, a, disturb)

    def late(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        x, message, read = send(G_AB, G_BA, a)
        return error(to_float(disturb(to_bytes(read(message)))), x) - error(read(message), x)

    def against_message(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        x, message, read = send(G_AB, G_BA, a)
        return error(read(disturb(message)), G_AB(x)) - error(read(message), G_AB(x))

    def of_floats(G_AB: Callable, G_BA: Callable, a: Tensor, disturb: Callable) -> Tensor:
        return after(G_AB, G_BA, a, disturb) - error(G_BA(G_AB(to_float(a))), to_float(a))

    return judge(
        lost,
        right,
        {
            "for six pictures": case(0, (6, 3, 16, 16), 0.1, 0.05),
            "for other translators and pictures": case(1, (3, 3, 12, 20), 0.2, 0.1),
        },
        mistakes={
            "the sign is turned": lambda *given: -right(*given),
            "that is the error after the disturbance; what would the round trip cost without it?": (
                after
            ),
            "that is the round trip without any disturbance": before,
            "a difference was asked for, not a ratio": lambda *given: (
                after(*given) / before(*given)
            ),
            "you disturb the picture before it is translated; disturb the translation": early,
            "you disturb what came back; disturb the translation, before G_BA reads it": late,
            "compare with the picture that set out, not with its translation": against_message,
            "your undisturbed message never became bytes: a file would have rounded it": of_floats,
            "twice as large: `l1_error` is a share of the range, and that goes from -1 to 1": (
                lambda *given: 2 * right(*given)
            ),
        },
        form="one number: the mean over the pictures",
        result=lambda answer, G_AB, G_BA, a, disturb: _mean_over(answer, a),
    )


@checker
def check_uses(decisions: Mapping[str, str]) -> Verdict:
    """Exercise 4: which proposed use is sound, and why."""
    return judge_table(decisions, USES, CLUES)


def _mean_over(answer: object, images: Tensor) -> object:
    """The mean of an answer that has one number a picture; any other answer as it is."""
    if isinstance(answer, Tensor | np.ndarray) and answer.shape == (len(images),):
        return answer.mean()
    return answer


class _Picky(nn.Module):
    """A generator that keeps what it was shown and refuses sizes that are not multiples of 4."""

    seen: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        if height % 4 or width % 4:
            raise ValueError(f"G was given {height} x {width}: it needs multiples of 4")
        self.seen = x.detach()
        return -x


def _place(x: Tensor, seen: Tensor) -> tuple[int, int] | None:
    """Row and column at which a picture lies whole in a padded one; None where it does not."""
    height, width = x.shape[2:]
    for top in range(seen.shape[2] - height + 1):
        for left in range(seen.shape[3] - width + 1):
            if same(seen[:, :, top : top + height, left : left + width], x):
                return top, left
    return None


def _border(seen: Tensor, x: Tensor) -> Tensor:
    place = _place(x, seen)
    if place is None or seen.shape == x.shape:
        return torch.empty(0)
    outside = torch.ones(seen.shape[2:], dtype=torch.bool)
    outside[place[0] : place[0] + x.shape[2], place[1] : place[1] + x.shape[3]] = False
    return seen[:, :, outside]


def _coarse(x: Tensor) -> Tensor:
    return avg_pool2d(x, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)


def _hide(x: Tensor, faint: float) -> Tensor:
    """A toy translator: the coarse picture, and the fine one in faint lines."""
    return 0.7 * _coarse(x) + faint * (x - _coarse(x))


def _seek(y: Tensor, faint: float) -> Tensor:
    """The way back from `_hide`, not quite exact."""
    return (_coarse(y) / 0.75 + (y - _coarse(y)) / faint).clamp(-1, 1)


def scene() -> np.ndarray:
    """Sky over grass with a sun at the left: no turn or mirror image of it is itself."""
    scene = np.zeros((6, 9, 3), np.uint8)
    scene[:3], scene[3:] = (90, 150, 250), (60, 140, 50)
    scene[1, 1] = (250, 220, 70)
    return scene


def as_stored(truth: np.ndarray) -> dict[int, np.ndarray]:
    """A camera's stored pixels for each orientation, so that the viewer's turn gives `truth`.

    0 stands for no entry.
    """
    return {
        0: truth,
        1: truth,
        6: np.rot90(truth, 1).copy(),
        8: np.rot90(truth, -1).copy(),
        3: np.rot90(truth, 2).copy(),
        2: truth[:, ::-1].copy(),
        4: truth[::-1].copy(),
        5: truth.transpose(1, 0, 2).copy(),
        7: truth[::-1, ::-1].transpose(1, 0, 2).copy(),
    }


def odd_files() -> dict[str, tuple[Image.Image, np.ndarray]]:
    """Pictures as files may hold them, each with the pixels (H, W, 3) that a viewer shows."""
    colour = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    grey = colour[:, :, 0]
    palette = Image.fromarray((np.arange(20) % 3).astype(np.uint8).reshape(4, 5), "P")
    table = np.array([(200, 30, 30), (30, 160, 60), (40, 60, 200)], np.uint8)
    palette.putpalette(table.flatten().tolist())
    palette_pixels = table[np.arange(20).reshape(4, 5) % 3]
    holes = palette.copy()
    holes.info["transparency"] = 1  # the number of the colour that is not there; a file keeps it
    alpha = np.full((4, 5), 255, np.uint8)
    alpha[:2], alpha[2, :3] = 0, 100
    grey_pixels = np.repeat(grey[:, :, None], 3, 2)

    def over_white(pixels: np.ndarray, share: np.ndarray) -> np.ndarray:
        return (255 + share[:, :, None] * (pixels - 255.0)).round().astype(np.uint8)

    return {
        "colour": (Image.fromarray(colour), colour),
        "grey": (Image.fromarray(grey), grey_pixels),
        "palette": (palette, palette_pixels),
        "transparent": (
            Image.fromarray(np.dstack([colour, alpha])),
            over_white(colour, alpha / 255),
        ),
        "transparent grey": (
            Image.fromarray(np.dstack([grey, alpha])),
            over_white(grey_pixels, alpha / 255),
        ),
        "transparent palette": (holes, over_white(palette_pixels, np.asarray(palette) != 1)),
    }
