import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn.functional import interpolate, l1_loss, pad

from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.paired import colour_error, l1_error, to_lab
from gan_course.lessons.l08_use_and_misuse import exercises as lesson


def any_size(G, x, mode="reflect"):
    height, width = x.shape[2:]
    return G(pad(x, (0, -width % 4, 0, -height % 4), mode=mode))[:, :, :height, :width]


def both_sides(G, x):
    height, width = x.shape[2:]
    top, left = (-height % 4) // 2, (-width % 4) // 2
    border = (left, -width % 4 - left, top, -height % 4 - top)
    return G(pad(x, border, mode="replicate"))[:, :, top : top + height, left : left + width]


def resized(G, x):
    height, width = x.shape[2:]
    return interpolate(G(interpolate(x, (16, 20))), (height, width))


def too_much(G, x):
    height, width = x.shape[2:]
    return G(pad(x, (0, 4 - width % 4, 0, 4 - height % 4), mode="reflect"))[:, :, :height, :width]


def moved(G, x):
    height, width = x.shape[2:]
    return G(pad(x, (-width % 4, 0, -height % 4, 0), mode="reflect"))[:, :, :height, :width]


def uncropped(G, x):
    return G(pad(x, (0, -x.shape[3] % 4, 0, -x.shape[2] % 4), mode="reflect"))


def mean_colour(G, x):
    """A border in the picture's mean colour."""
    mean = x.mean((2, 3), keepdim=True)
    return any_size(lambda framed: G(framed + mean), x - mean, "constant")


def noisy_border(G, x):
    height, width = x.shape[2:]
    framed = torch.linspace(2, 3, (height + 3) * (width + 3)).view(height + 3, width + 3)
    framed = framed.repeat(*x.shape[:2], 1, 1)
    framed[:, :, :height, :width] = x
    return G(framed[:, :, : height - height % -4, : width - width % -4])[:, :, :height, :width]


def upright(path):
    return np.asarray(ImageOps.exif_transpose(Image.open(path)))


def only_the_phone(path):
    image = Image.open(path)
    return image.transpose(Image.Transpose.ROTATE_270) if image.getexif().get(274) == 6 else image


def wrong_way(path):
    image = Image.open(path)
    return image.transpose(Image.Transpose.ROTATE_90) if image.getexif().get(274) == 6 else image


def turns_only(path):
    image = Image.open(path)
    turns = {
        6: Image.Transpose.ROTATE_270,
        8: Image.Transpose.ROTATE_90,
        3: Image.Transpose.ROTATE_180,
    }
    turn = turns.get(image.getexif().get(274))
    return image if turn is None else image.transpose(turn)


def not_transposed(path):
    """Six of the eight: those that keep width and height, and the two turns of a phone."""
    image = Image.open(path)
    return image if image.getexif().get(274) in (5, 7) else ImageOps.exif_transpose(image)


def load_image(path):
    image = Image.open(path).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def load_asked(path):
    image = Image.open(path)
    return load_image(path) if image.has_transparency_data else image.convert("RGB")


def only_rgba(path):
    image = Image.open(path)
    return load_image(path) if image.mode == "RGBA" else image.convert("RGB")


def with_an_alpha_channel(path):
    image = Image.open(path)
    return load_image(path) if "A" in image.mode else image.convert("RGB")


def all_or_nothing(path):
    """Whatever is not quite there is white."""
    image = Image.open(path)
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    mask = image.getchannel("A").point(lambda value: 255 * (value > 50))
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=mask)
    return canvas


def published_load_image(path):
    """As published in an annotated implementation."""
    image = Image.open(path)
    if image.mode != "RGB":
        image = Image.new("RGB", image.size).paste(image)
    return image


def pasted(path):
    image = Image.open(path)
    if image.mode == "RGB":
        return image
    canvas = Image.new("RGB", image.size)
    canvas.paste(image)
    return canvas


def ab(made, truth):
    return (to_lab(made) - to_lab(truth))[:, 1:]


def ab_error(made, truth):
    return ab(made, truth).square().sum(1).sqrt().mean()


def lost(G_AB, G_BA, a, disturb):
    x = to_float(a)
    sent = to_bytes(G_AB(x))
    clean, disturbed = (G_BA(to_float(part)) for part in (sent, disturb(sent)))
    return (l1_error(disturbed, x) - l1_error(clean, x)).mean()


def _after(G_AB, G_BA, a, disturb):
    return l1_error(G_BA(to_float(disturb(to_bytes(G_AB(to_float(a)))))), to_float(a)).mean()


def _before(G_AB, G_BA, a):
    return l1_error(G_BA(to_float(to_bytes(G_AB(to_float(a))))), to_float(a)).mean()


def disturbs_the_source(G_AB, G_BA, a, disturb):
    read = G_BA(to_float(to_bytes(G_AB(to_float(disturb(a))))))
    return l1_error(read, to_float(a)).mean() - _before(G_AB, G_BA, a)


def disturbs_the_answer(G_AB, G_BA, a, disturb):
    read = to_float(disturb(to_bytes(G_BA(to_float(to_bytes(G_AB(to_float(a))))))))
    return l1_error(read, to_float(a)).mean() - _before(G_AB, G_BA, a)


def against_the_translation(G_AB, G_BA, a, disturb):
    x = G_AB(to_float(a))
    read = [G_BA(to_float(part)) for part in (disturb(to_bytes(x)), to_bytes(x))]
    return l1_error(read[0], x).mean() - l1_error(read[1], x).mean()


def never_saved(G_AB, G_BA, a, disturb):
    return _after(G_AB, G_BA, a, disturb) - l1_error(G_BA(G_AB(to_float(a))), to_float(a)).mean()


def by_another_measure(G_AB, G_BA, a, disturb):
    """F.l1_loss in the place of l1_error."""
    x = to_float(a)
    sent = to_bytes(G_AB(x))
    clean, disturbed = (l1_loss(G_BA(to_float(part)), x) for part in (sent, disturb(sent)))
    return disturbed - clean


BORDER = {
    "prediction": "mirrored",
    "figures": {
        "mirrored": np.array([0.13, 0.21, 0.12, 0.09, 0.12]),
        "mean colour": torch.tensor([0.26, 0.35, 0.3, 0.27, 0.36]),
    },
    "conclusion": "mirrored",
}
CROSSED = {"mirrored": [0.1, 0.2, 0.1, 0.2, 0.5], "mean colour": [0.2, 0.3, 0.2, 0.3, 0.4]}
UNEVEN = {"mirrored": [0.1, 0.2, 0.1, 0.2, 0.5, 0.3], "mean colour": [0.2, 0.3, 0.2, 0.3, 0.4]}


def both(figures):
    return {border: figures for border in CROSSED}


USES = {"A": "taste", "B": "evidence", "C": "message", "D": "shape", "E": "tested", "F": "evidence"}

RIGHT = [
    (lesson.check_any_size, any_size),
    (lesson.check_any_size, both_sides),
    (lesson.check_any_size, lambda G, x: any_size(G, x.double()).numpy()),
    (lesson.check_border, BORDER),
    (lesson.check_upright, upright),
    (lesson.check_upright, lambda path: ImageOps.exif_transpose(Image.open(path))),
    (lesson.check_upright, lambda path: torch.tensor(upright(path))),
    (lesson.check_load_image, load_image),
    (lesson.check_load_image, load_asked),
    (lesson.check_load_image, lambda path: np.asarray(load_asked(path))),
    (lesson.check_ab_error, ab_error),
    (lesson.check_ab_error, colour_error),
    (lesson.check_ab_error, lambda made, truth: ab_error(made, truth).numpy()),
    (lesson.check_read_back, lost),
    (lesson.check_read_back, lambda F, G, a, d: float(lost(F, G, a, d))),
    (lesson.check_uses, USES),
    (lesson.check_uses, {use: f" {word.upper()}" for use, word in USES.items()}),
]

WRONG = [
    (lesson.check_any_size, lambda G, x: G(x), "needs multiples of 4"),
    (lesson.check_any_size, lambda G, x: x, "call G"),
    (lesson.check_any_size, uncropped, "crop to the input's size"),
    (lesson.check_any_size, resized, "do not resize"),
    (lesson.check_any_size, too_much, "should go in as it is"),
    (lesson.check_any_size, moved, "another part of G's answer"),
    (lesson.check_any_size, lambda G, x: any_size(G, x, "constant"), "of one colour"),
    (lesson.check_any_size, lambda G, x: any_size(G, x[:1]), "(1, 3, 16, 20) came out"),
    (lesson.check_any_size, mean_colour, "of one colour"),
    (lesson.check_any_size, noisy_border, "colours that the picture has not"),
    (lesson.check_any_size, lambda G, x: any_size(G.eval(), x), "came in training mode"),
    (lesson.check_any_size, lambda G, x: x.neg_(), "you changed `x`"),
    (lesson.check_border, BORDER | {"conclusion": "mean colour"}, "does not follow"),
    (lesson.check_border, BORDER | {"figures": CROSSED}, "does not follow"),
    (lesson.check_border, BORDER | {"figures": UNEVEN}, "as many figures"),
    (
        lesson.check_border,
        BORDER | {"figures": both([0, 0, 0, 0, 1e-9])},
        "InstanceNorm",
    ),
    (
        lesson.check_border,
        BORDER | {"figures": both([-1, 0, 1, 2, 3])},
        "not negative",
    ),
    (
        lesson.check_border,
        BORDER | {"figures": both([0.1, 0.2])},
        "5 runs at least",
    ),
    (lesson.check_upright, lambda path: np.asarray(Image.open(path)), "advice is ignored"),
    (
        lesson.check_upright,
        lambda path: np.rot90(np.asarray(Image.open(path)), -1),
        "upright already",
    ),
    (lesson.check_upright, lambda path: upright(path).transpose(2, 0, 1), "of shape (3, 6, 9)"),
    (lesson.check_upright, lambda path: upright(path)[..., 0], "of shape (6, 9)"),
    (lesson.check_upright, lambda path: lesson.scene(), "not those of the file"),
    (lesson.check_upright, only_the_phone, "orientation 8"),
    (lesson.check_upright, wrong_way, "upside down"),
    (lesson.check_upright, turns_only, "sensor stored them"),
    (lesson.check_upright, not_transposed, ": this one is mirrored"),
    (lesson.check_load_image, published_load_image, "None comes out"),
    (lesson.check_load_image, pasted, "transparent"),
    (lesson.check_load_image, only_rgba, "transparent grey: places"),
    (lesson.check_load_image, all_or_nothing, "half there"),
    (lesson.check_load_image, with_an_alpha_channel, "transparent palette: places"),
    (lesson.check_load_image, Image.open, "not L"),
    (
        lesson.check_load_image,
        lambda path: Image.open(path).convert("L").convert("RGB"),
        "colour: the colours",
    ),
    (
        lesson.check_load_image,
        lambda path: np.asarray(Image.open(path)),
        "mode RGB, not an array of shape (4, 5)",
    ),
    (
        lesson.check_ab_error,
        lambda m, t: (to_lab(m) - to_lab(t)).square().sum(1).sqrt().mean(),
        "leave out L*",
    ),
    (lesson.check_ab_error, lambda m, t: ab(m, t).abs().mean(), "each for itself"),
    (lesson.check_ab_error, lambda m, t: ab(m, t).abs().sum(1).mean(), "a way round a corner"),
    (lesson.check_ab_error, lambda m, t: ab(m, t).square().sum(1).mean(), "root is missing"),
    (
        lesson.check_ab_error,
        lambda m, t: ab(m, t).square().sum(1).mean().sqrt(),
        "large errors count double",
    ),
    (
        lesson.check_ab_error,
        lambda m, t: ab(m, t).square().mean(1).sqrt().mean(),
        "their sum is meant",
    ),
    (lesson.check_ab_error, lambda m, t: (m - t).square().sum(1).sqrt().mean(), "to_lab"),
    (
        lesson.check_ab_error,
        lambda m, t: (to_lab(m) - to_lab(t))[:, :2].square().sum(1).sqrt().mean(),
        "first channel",
    ),
    (lesson.check_ab_error, ab, "one number"),
    (lesson.check_ab_error, lambda m, t: 0.0, "too small"),
    (lesson.check_read_back, lambda F, G, a, d: -lost(F, G, a, d), "sign is turned"),
    (lesson.check_read_back, _after, "cost without it"),
    (lesson.check_read_back, lambda F, G, a, d: _before(F, G, a), "without any disturbance"),
    (
        lesson.check_read_back,
        lambda F, G, a, d: _after(F, G, a, d) / _before(F, G, a),
        "not a ratio",
    ),
    (lesson.check_read_back, disturbs_the_source, "before it is translated"),
    (lesson.check_read_back, disturbs_the_answer, "before G_BA reads it"),
    (lesson.check_read_back, against_the_translation, "that set out"),
    (lesson.check_read_back, never_saved, "never became bytes"),
    (lesson.check_read_back, lambda F, G, a, d: G(d(F(to_float(a)))), "to_bytes first"),
    (lesson.check_read_back, lambda F, G, a, d: a, "one number"),
    (lesson.check_read_back, by_another_measure, "twice as large"),
    (lesson.check_read_back, lambda F, G, a, d: 0.1, "too"),
    (lesson.check_uses, USES | {"A": "evidence"}, "A: who would be misled"),
    (lesson.check_uses, USES | {"B": "taste"}, "B: the doctor"),
    (lesson.check_uses, USES | {"C": "tested"}, "C: what would G_BA read"),
    (lesson.check_uses, USES | {"D": "taste"}, "D: compare the outlines"),
    (lesson.check_uses, USES | {"E": "evidence"}, "E: what decides"),
    (lesson.check_uses, USES | {"F": "message"}, "F: two cars"),
    (lesson.check_uses, USES | {"F": ...}, "1 of 6 entries"),
    (lesson.check_uses, {"A": "taste"}, "answer with"),
]
