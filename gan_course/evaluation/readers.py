"""The course's feature networks, one for each world of pictures: questions and loading.

Where pictures have labels a reader answers those. The earth and the photographs have none, so their
readers answer a pretext: questions whose answers are known because we cut, turned or shrank the
picture ourselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan_course.data import cats, critters, earth, toons
from gan_course.data.fashion import load_fashion
from gan_course.data.splits import Split
from gan_course.data.vangogh import load_paintings, load_photos, random_crops
from gan_course.evaluation.features import FeatureReader, train_reader
from gan_course.runtime import Runtime
from gan_course.weights.files import load_into

N_TRAIN = 12_000  # pictures that a reader is trained on, or all where there are fewer
BATCH_SIZE = 128
TURNS = 4
BANDS = (50.0, 25.0, 0.0, -25.0)  # degrees north: the limits between five bands of latitude
N_PICTURES = 44  # 36 photographs and 8 paintings to train on
UNKNOWN = -1  # an answer that nobody can know
Labelled = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class World:
    """A set of pictures, and the questions for its reader.

    Attributes:
        data: the set in words, with its licence.
        questions: name of each question -> number of its answers.
        n_steps: batches that its reader is trained for.
        load: split, n and seed to pictures (n, C, H, W) uint8 and answers (n, questions) int64,
            columns in the order of `questions`; -1 where there is no answer.
        img_channels: of its pictures.
    """

    data: str
    questions: Mapping[str, int]
    n_steps: int
    load: Callable[[Split, int, int], Labelled]
    img_channels: int = 3


def load_reader(world: str) -> FeatureReader:
    """Load the shipped reader of one world, in evaluation mode, in float32 on the CPU.

    Args:
        world: a key of `WORLDS`.

    Raises:
        ValueError: no such world.
        CourseError: the weights are missing, have changed, or are those of another network.
    """
    if world not in WORLDS:
        raise ValueError(f"world is {world!r}: choose one of {', '.join(WORLDS)}")
    reader = FeatureReader(WORLDS[world].questions, img_channels=WORLDS[world].img_channels)
    return load_into(reader, f"{world}-reader")


def fit_reader(world: World, *, seed: int, runtime: Runtime) -> FeatureReader:
    """Train the reader of a world on its training pictures.

    Args:
        world: a value of `WORLDS`.
        seed: decides the pictures, the first weights and the order.
        runtime: device and precision.

    Returns:
        The reader, scaled, in evaluation mode, in float32 on the CPU.
    """
    images, answers = world.load("train", N_TRAIN, seed)

    def draw(generator: torch.Generator) -> Labelled:
        indices = torch.randint(len(images), (BATCH_SIZE,), generator=generator)
        turns_seed = int(torch.randint(2**31, (), generator=generator))
        return rotate_randomly(world, images[indices], answers[indices], seed=turns_seed)

    reader = train_reader(
        world.questions,
        draw,
        n_steps=world.n_steps,
        img_channels=world.img_channels,
        seed=seed,
        runtime=runtime,
    )
    reader.set_scale(images)
    return reader


def rotate_randomly(world: World, images: Tensor, answers: Tensor, *, seed: int) -> Labelled:
    """Rotate pictures by random quarter turns, where their world asks for the rotation.

    Args:
        world: of the pictures.
        images: (N, C, H, H); left as they are.
        answers: (N, questions) int64; left as they are.
        seed: decides the turns.

    Returns:
        Pictures and answers; the very same where the world has no question about rotation.
    """
    if "rotation" not in world.questions:
        return images, answers
    turns = torch.randint(TURNS, (len(images),), generator=torch.Generator().manual_seed(seed))
    images, answers = images.clone(), answers.clone()
    for k in range(1, TURNS):
        images[turns == k] = images[turns == k].rot90(k, (2, 3))
    answers[:, list(world.questions).index("rotation")] = turns
    return images, answers


def _fashion(split: Split, n: int, seed: int) -> Labelled:
    images, labels = load_fashion(split)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:n]
    return images[order], labels[order, None]


def _critters(split: Split, n: int, seed: int) -> Labelled:
    return critters.load_critters(split, n=n, resolution=64, seed=seed)


def _cats(split: Split, n: int, seed: int) -> Labelled:
    return cats.load_cats(split, n=n, resolution=64, seed=seed)


def _toons(split: Split, n: int, seed: int) -> Labelled:
    return toons.load_toons(split, n=n, resolution=64, seed=seed)


def _earth(split: Split, n: int, seed: int) -> Labelled:
    """Tiles of 64 px in both views, some shrunk from 128: view, scale, rotation (0), latitude."""
    images, answers = [], []
    for number, view in enumerate(("satellite", "relief")):
        mosaic = earth.load_view(view, 2)
        for scale, tile in enumerate((64, 128)):
            count = (n + 3 - 2 * number - scale) // 4
            corners = earth.crop_positions(count, split=split, tile=tile, seed=seed + number)
            images.append(_shrink(earth.crop(mosaic, corners, tile), tile // 64))
            latitude = earth.NORTH - (corners[:, 0] + tile / 2) * 2 / earth.PIXELS_A_DEGREE
            band = sum((latitude < limit).long() for limit in BANDS)
            answers.append(_columns(count, number, scale, 0, band))
    return _shuffle(images, answers, seed)


def _photos(split: Split, n: int, seed: int) -> Labelled:
    """Crops of 64 px of photographs and paintings: painted, picture, scale, rotation (0)."""
    images, answers, n_earlier = [], [], 0
    for painted, load in enumerate((load_photos, load_paintings)):
        pictures = load(split)
        share = n // 2 if painted else n - n // 2
        for k, picture in enumerate(pictures):
            count = (share + k) // len(pictures)
            # the held-out parts of the paintings are narrow
            smallest = min(96, *picture[1].shape[1:])
            crops = random_crops(
                [picture], count, size=128, smallest=smallest, seed=seed * 1_000 + n_earlier + k
            )
            is_near = torch.arange(count) % 2 == 0
            tiles = _shrink(crops, 2)
            tiles[is_near] = crops[is_near, :, 32:96, 32:96]
            images.append(tiles)
            picture_number = n_earlier + k if split == "train" or painted else UNKNOWN
            answers.append(_columns(count, painted, picture_number, is_near.long(), 0))
        n_earlier = len(load_photos("train"))
    return _shuffle(images, answers, seed)


def _shrink(images: Tensor, times: int) -> Tensor:
    return avg_pool2d(images.float(), times).round().byte() if times > 1 else images


def _columns(n: int, *values: int | Tensor) -> Tensor:
    return torch.stack([torch.as_tensor(value).expand(n) for value in values], 1).long()


def _shuffle(images: list[Tensor], answers: list[Tensor], seed: int) -> Labelled:
    order = torch.randperm(sum(map(len, images)), generator=torch.Generator().manual_seed(seed))
    return torch.cat(images)[order], torch.cat(answers)[order]


WORLDS = {
    "fashion": World(
        "Fashion-MNIST as bundled: 9,000 pictures, 28 px, grey (MIT)",
        {"kind": 10},
        1_000,
        _fashion,
        img_channels=1,
    ),
    "critters": World(
        "critters as bundled, drawn at 64 px (CC0)",
        dict(zip(critters.FACTORS, critters.SPACE.sizes, strict=True)),
        2_000,
        _critters,
    ),
    "cats": World(
        "cats as bundled, drawn at 64 px (David Revoy, CC BY 4.0)",
        dict(zip(cats.FACTORS, cats.SPACE.sizes, strict=True)),
        2_000,
        _cats,
    ),
    "toons": World(
        "toons as bundled, drawn at 64 px (CC BY 4.0)",
        dict(zip(toons.FACTORS, toons.SPACE.sizes, strict=True)),
        2_000,
        _toons,
    ),
    "earth": World(
        "satellite and relief as bundled, tiles of 64 px (public domain, MIT)",
        {"view": 2, "scale": 2, "rotation": TURNS, "latitude": len(BANDS) + 1},
        2_000,
        _earth,
    ),
    "photos": World(
        "landmark photographs and Van Gogh paintings as bundled, crops of 64 px (public domain,"
        " CC0)",
        {"painted": 2, "picture": N_PICTURES, "scale": 2, "rotation": TURNS},
        2_000,
        _photos,
    ),
}
