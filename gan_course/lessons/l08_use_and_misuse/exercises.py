"""Checkers of lesson 08."""

import inspect
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.corruptions import add_noise
from gan_course.evaluation.paired import colour_error, l1_error, to_lab
from gan_course.lessons.checking import PASSED, Verdict, checker, is_same, not_yet

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
NUDGES = {
    "A": "who would be misled by a print, and about what?",
    "B": "the doctor reads what the second set of pictures makes likely, not what the scanner saw",
    "C": "what would G_BA read from a map after JPEG? Look at the figure with the three curves",
    "D": "compare the outlines of a dog and a cat, then look at the critters' silhouettes",
    "E": (
        "what decides here whether the translated pictures are of use? It is measured where the"
        " truth is known"
    ),
    "F": "two cars of different paint can have the same grey: where would the colour come from?",
}


@checker
def check_any_size(translate: Callable[[nn.Module, Tensor], Tensor]) -> Verdict:
    """Exercise 1: pictures of any size through a generator that wants multiples of 4."""
    generator = torch.Generator().manual_seed(0)
    for height, width in ((13, 18), (16, 20), (17, 12)):
        x = torch.rand(1, 3, height, width, generator=generator) * 1.6 - 0.8
        G = _Picky()
        answer = translate(G, x)
        if not torch.is_tensor(answer) or G.seen is None:
            return not_yet("call G on the padded picture and return what it makes, as a tensor")
        if answer.shape != x.shape:
            return not_yet(
                f"{tuple(x.shape)} went in and {tuple(answer.shape)} came out: crop to the input's"
                " size"
            )
        seen = G.seen
        if not torch.allclose(answer, -x, atol=1e-5):
            if _place(x, seen) is not None:
                return not_yet(
                    "it went in whole, but another part of G's answer comes out: crop where you"
                    " put it"
                )
            return not_yet(
                "the pixels have changed on the way: pad with a border, and do not resize"
            )
        if (height % 4, width % 4) == (0, 0) and seen.shape != x.shape:
            return not_yet(
                "a size that already fits should go in as it is: how much does your formula add"
                " to 16?"
            )
        border = _border(seen, x)
        if border.numel() and (border.max() - border.min()) < 1e-6:
            return not_yet(
                "your border is of one colour, and InstanceNorm counts it in: mirror the picture"
                ' ("reflect")'
            )
    return PASSED


@checker
def check_upright(upright: Callable[[Path], Tensor]) -> Verdict:
    """Exercise 2: a photograph the way the camera was held."""
    truth = scene()
    with tempfile.TemporaryDirectory() as folder:
        for orientation, stored in as_stored(truth).items():
            path = Path(folder) / f"{orientation}.png"
            exif = Image.Exif()
            if orientation:
                exif[ORIENTATION] = orientation
            Image.fromarray(stored).save(path, exif=exif)
            answer = upright(path)
            pixels = np.asarray(
                answer.convert("RGB") if isinstance(answer, Image.Image) else answer
            )
            if pixels.shape == truth.shape and (pixels == truth).all():
                continue
            what = f"orientation {orientation}" if orientation else "no orientation in the file"
            if orientation in MIRRORED:
                return not_yet(
                    f"{what}: this one is mirrored, which no turn mends; ask Pillow for all eight"
                    " at once"
                )
            if pixels.shape == stored.shape and (pixels == stored).all():
                return not_yet(
                    f"{what}: the pixels come as the sensor stored them, and EXIF's advice is"
                    " ignored"
                )
            if pixels.shape == truth.shape and (pixels == truth[::-1, ::-1]).all():
                return not_yet(f"{what}: upside down; the turn went the wrong way")
            if not orientation or orientation == 1:
                return not_yet(
                    f"{what}: this picture was upright already; turn only what asks for it"
                )
            return not_yet(
                f"{what}: the picture should be {truth.shape[1]} x {truth.shape[0]} and upright"
            )
    return PASSED


@checker
def check_load_image(load_image: Callable[[Path], Image.Image]) -> Verdict:
    """Exercise 3: grey, palette and transparent files, where a published reader returns None."""
    raw = inspect.unwrap(load_image)
    with tempfile.TemporaryDirectory() as folder:
        first = True
        for kind, (image, expected) in odd_files().items():
            path = Path(folder) / f"{kind}.png"
            image.save(path)
            answer = load_image(path) if first else _try(raw, path)
            first = False
            if answer is None:
                return not_yet(
                    f"{kind}: None comes out, for `paste` changes its image in place and returns"
                    " nothing"
                )
            if isinstance(answer, Exception):
                return not_yet(f"{kind}: your code raised {type(answer).__name__}: {answer}")
            if not isinstance(answer, Image.Image) or answer.mode != "RGB":
                return not_yet(
                    f"{kind}: return an image of mode RGB, not"
                    f" {getattr(answer, 'mode', type(answer).__name__)}"
                )
            pixels = np.asarray(answer)
            if pixels.shape == expected.shape and (pixels == expected).all():
                continue
            if kind.startswith("transparent"):
                note = (
                    ""
                    if kind == "transparent"
                    else f" (mode {image.mode} has such places too, not RGBA alone)"
                )
                return not_yet(
                    f"{kind}: places that are not there show a colour; put white behind them{note}"
                )
            return not_yet(f"{kind}: the colours of the pixels are not those of the file")
    return PASSED


@checker
def check_ab_error(ab_error: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """Exercise 4: how wrong are the colours, whatever the lightness?"""
    generator = torch.Generator().manual_seed(0)
    images, truth = torch.rand(2, 4, 3, 8, 8, generator=generator).mul(2).sub(1).unbind(0)
    answer = torch.as_tensor(ab_error(images, truth)).double()
    right = colour_error(images, truth).double()
    if answer.shape == right.shape:
        answer = answer.mean() if is_same(answer, right) else answer
    if answer.shape != ():
        return not_yet("return one number, the mean over all pixels of all pictures")
    if is_same(answer, right.mean()):
        return PASSED
    difference = (to_lab(images) - to_lab(truth)).double()
    ab = difference[:, 1:]
    mistakes = {
        "lightness has a say in yours: leave out L*": difference.square().sum(1).sqrt().mean(),
        "those are a* and b* each for itself; the distance in their plane is the root of the sum"
        " of squares": ab.abs().mean(),
        "that adds |a*| and |b*|; the distance in their plane is the root of the sum of squares": (
            ab.abs().sum(1).mean()
        ),
        "the root is missing": ab.square().sum(1).mean(),
        "first the root of each pixel, then the mean: the other way large errors count double": (
            ab.square().sum(1).mean().sqrt()
        ),
        "the mean of the two squares, where their sum is meant": ab.square().mean(1).sqrt().mean(),
        "that is a distance in red, green and blue: `to_lab` first": (
            (images - truth).square().sum(1).sqrt().mean()
        ),
        "those are L* and a*: in L*a*b* the first channel is lightness": (
            difference[:, :2].square().sum(1).sqrt().mean()
        ),
    }
    for reason, value in mistakes.items():
        if is_same(answer, value.double()):
            return not_yet(reason)
    return not_yet(
        f"for the checker's pictures it is {right.mean():.3f}; you say {float(answer):.3f}"
    )


@checker
def check_read_back(lost: Callable[..., Tensor]) -> Verdict:
    """Exercise 5: what a disturbance of the translation costs the way back."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(0, 256, (6, 3, 16, 16), generator=generator).to(torch.uint8)
    G_AB, G_BA = _hide, _seek

    def disturb(images: Tensor) -> Tensor:
        if images.dtype != torch.uint8:
            raise TypeError("disturb takes bytes, as a file holds them: to_bytes first")
        return add_noise(images, sigma=0.05, seed=1)

    x = to_float(a)
    answer = lost(G_AB, G_BA, a, disturb)
    answer = torch.as_tensor(answer).double()
    answer = answer.mean() if answer.shape == (len(a),) else answer
    if answer.shape != ():
        return not_yet("return one number: the mean over the pictures")

    def error(images: Tensor, truth: Tensor) -> Tensor:
        return l1_error(images, truth).mean().double()

    message = to_bytes(G_AB(x))
    clean, noisy = error(G_BA(to_float(message)), x), error(G_BA(to_float(disturb(message))), x)
    if is_same(answer, noisy - clean):
        return PASSED
    floats = error(G_BA(G_AB(x)), x)
    mistakes = {
        "the sign is turned: the disturbed one minus the clean one": clean - noisy,
        "that is the error after the disturbance; take off what the round trip costs without it": (
            noisy
        ),
        "that is the round trip without any disturbance": clean,
        "a difference was asked for, not a ratio": noisy / clean,
        "you disturb the picture before it is translated; disturb the translation": (
            error(G_BA(to_float(to_bytes(G_AB(to_float(disturb(a)))))), x) - clean
        ),
        "you disturb what came back; disturb the translation, before G_BA reads it": (
            error(to_float(disturb(to_bytes(G_BA(to_float(message))))), x) - clean
        ),
        "compare with the picture that set out, not with its translation": (
            error(G_BA(to_float(disturb(message))), G_AB(x))
            - error(G_BA(to_float(message)), G_AB(x))
        ),
        "your undisturbed message never became bytes: a file would have rounded it (to_bytes)": (
            noisy - floats
        ),
    }
    for reason, value in mistakes.items():
        if is_same(answer, value):
            return not_yet(reason)
    return not_yet(
        f"for the checker's translators it is {noisy - clean:.4f}; you say {float(answer):.4f}"
    )


@checker
def check_uses(decisions: Mapping[str, str]) -> Verdict:
    """Exercise 6: which proposed use is sound, and why."""
    if not isinstance(decisions, Mapping) or set(decisions) != set(USES):
        return not_yet('answer with {"A": ..., "B": ..., ..., "F": ...}')
    answers = {use: str(word).strip().lower() for use, word in decisions.items()}
    words = sorted(set(USES.values()))
    if "ellipsis" in answers.values() or not set(answers.values()) <= set(words):
        return not_yet(f"each is one of {', '.join(words)}; a word may be used twice")
    for use, word in answers.items():
        if word != USES[use]:
            return not_yet(f"{use}: {NUDGES[use]}")
    return PASSED


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
            if torch.allclose(seen[:, :, top : top + height, left : left + width], x, atol=1e-5):
                return top, left
    return None


def _border(seen: Tensor, x: Tensor) -> Tensor:
    place = _place(x, seen)
    if place is None or seen.shape == x.shape:
        return torch.empty(0)
    outside = torch.ones(seen.shape[2:], dtype=torch.bool)
    outside[place[0] : place[0] + x.shape[2], place[1] : place[1] + x.shape[3]] = False
    return seen[:, :, outside]


def _try(function: Callable, path: Path) -> object:
    try:
        return function(path)
    except Exception as error:
        return error


def _hide(x: Tensor) -> Tensor:
    """A toy translator: the coarse picture, and the fine one in faint lines."""
    coarse = torch.nn.functional.avg_pool2d(x, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
    return 0.7 * coarse + 0.1 * (x - coarse)


def _seek(y: Tensor) -> Tensor:
    """The way back from `_hide`."""
    coarse = torch.nn.functional.avg_pool2d(y, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
    return (coarse / 0.75 + 10 * (y - coarse)).clamp(-1, 1)


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
    alpha[:2] = 0
    grey_pixels = np.repeat(grey[:, :, None], 3, 2)

    def over_white(pixels: np.ndarray, opaque: np.ndarray) -> np.ndarray:
        return np.where(opaque[:, :, None], pixels, 255).astype(np.uint8)

    return {
        "colour": (Image.fromarray(colour), colour),
        "grey": (Image.fromarray(grey), grey_pixels),
        "palette": (palette, palette_pixels),
        "transparent": (Image.fromarray(np.dstack([colour, alpha])), over_white(colour, alpha > 0)),
        "transparent grey": (
            Image.fromarray(np.dstack([grey, alpha])),
            over_white(grey_pixels, alpha > 0),
        ),
        "transparent palette": (holes, over_white(palette_pixels, np.asarray(palette) != 1)),
    }
