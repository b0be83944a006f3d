"""Do the instruments notice? Real pictures are spoilt in known ways, and every measure is read again."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from gan_course.data.batches import to_bytes, to_float
from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.features import FeatureReader, answer_shares, features_of
from gan_course.evaluation.frechet import frechet_distance, kernel_distance
from gan_course.evaluation.memorisation import copied_share

MEASURES = ("frechet", "kernel", "precision", "recall", "copied", "rarest")
WORSE_IS_HIGHER = ("frechet", "kernel", "copied")
NOTICED = 5.0  # standard deviations between draws of real pictures


class Panel:
    """Every measure of the course, over one reader and one set of real pictures.

    Args:
        reader: in evaluation mode.
        real: (N, C, H, W) uint8, the training pictures of the generator that is to be measured.
        held_out: (K, C, H, W) uint8, real pictures that are not among them.
        k: neighbour of precision and recall, which are taken over the first 1,000 of `real`.
    """

    def __init__(self, reader: FeatureReader, real: Tensor, held_out: Tensor, *, k: int = 3) -> None:
        self.reader, self.k = reader, k
        self.real, self.held_out = features_of(reader, real), features_of(reader, held_out)
        self.shares = answer_shares(reader, real)

    def __call__(self, images: Tensor) -> dict[str, float]:
        """Measure pictures (M, C, H, W), uint8 in 0..255 or float in [-1, 1], more than n_features.

        Returns:
            "frechet" and "kernel" (distances), "precision" and "recall" (M against 1,000 real, k = 3), "copied" (the
            share that lies closer to training pictures than real ones do), and "rarest": of all answers to
            all questions the one that is given most rarely, as a share of how often real pictures give it.

        Raises:
            ValueError: too few pictures, another number of channels, or pictures that are not finite.
        """
        fake = features_of(self.reader, images)
        precision, recall = precision_recall(self.real[:1_000], fake, k=self.k)
        shares = answer_shares(self.reader, images)
        rarest = min(float((shares[name] / real)[real > 0].min()) for name, real in self.shares.items())
        return {
            "frechet": frechet_distance(self.real, fake),
            "kernel": kernel_distance(self.real, fake),
            "precision": precision,
            "recall": recall,
            "copied": copied_share(self.real, self.held_out, fake),
            "rarest": rarest,
        }


@dataclass(frozen=True)
class Reading:
    """What one measure says of one failure.

    Attributes:
        value: mean over the draws of spoilt pictures.
        clean: mean over the draws of real ones that it is compared with.
        deviations: how far the first is from the second on the worse side, in standard deviations between real draws.
    """

    value: float
    clean: float
    deviations: float

    @property
    def noticed(self) -> bool:
        """Whether the failure stands out from chance."""
        return self.deviations >= NOTICED


def add_noise(images: Tensor, *, sigma: float, seed: int) -> Tensor:
    """Gaussian noise of standard deviation `sigma`, in units of the full range, on pictures uint8 in 0..255."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    return to_bytes(to_float(images) + 2 * sigma * noise)


def blur(images: Tensor, *, sigma: float) -> Tensor:
    """A Gaussian blur whose standard deviation is `sigma` pixels, on pictures (N, C, H, W) uint8."""
    return gaussian_blur(images.float(), 2 * round(3 * sigma) + 1, sigma).round().clamp(0, 255).to(torch.uint8)


def through_jpeg(images: Tensor, *, quality: int) -> Tensor:
    """Pictures (N, C, H, W) uint8 after JPEG compression of a quality from 1 to 95."""
    return torch.stack([_jpeg(image, quality) for image in images])


def with_copies(images: Tensor, train: Tensor, *, share: float, seed: int) -> Tensor:
    """Pictures with a share of them replaced by training pictures chosen at random."""
    count = round(share * len(images))
    chosen = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[:count]
    return torch.cat([train[chosen], images[count:]])


def sensitivity(
    panel: Panel, real: Tensor, pool: Tensor, dropped: Tensor, *, n: int = 1_000
) -> dict[str, dict[str, Reading]]:
    """Spoil real pictures in five ways, and read every measure.

    Args:
        panel: built on `real`.
        real: (N, C, H, W) uint8, for the copies.
        pool: (M, C, H, W) uint8, real pictures that the panel has not seen; cut into draws of n.
        dropped: (M,) bool, which of the pool belong to the class that is to be left out.
        n: pictures a draw.

    Returns:
        Failure -> measure -> reading. The first, "real, twice", holds no failure: three unspoilt draws, compared with
        the others. The rest are compared with all of them.

    Raises:
        ValueError: fewer than five draws, or three without the dropped class.
    """
    draws, without = _draws(pool, n), _draws(pool[~dropped], n)
    if len(draws) < 5 or len(without) < 3:
        raise ValueError(f"a pool of {len(pool)} gives too few draws of {n}, five and three are needed: make it larger")
    spoilt: dict[str, list[Tensor]] = {}
    failures: dict[str, Callable[[Tensor, int], Tensor]] = {
        "noise, sigma 0.05": lambda images, seed: add_noise(images, sigma=0.05, seed=seed),
        "blur, 2 px": lambda images, seed: blur(images, sigma=2.0),
        "JPEG, quality 30": lambda images, seed: through_jpeg(images, quality=30),
        "10 % copies": lambda images, seed: with_copies(images, real, share=0.1, seed=seed),
    }
    for name, spoil in failures.items():
        spoilt[name] = [spoil(images, seed) for seed, images in enumerate(draws[:3])]
    spoilt["a dropped class"] = without[:3]
    real_rows = [panel(images) for images in draws]
    table = {"real, twice": _readings(real_rows[:3], real_rows[3:])}
    return table | {name: _readings([panel(images) for images in sets], real_rows) for name, sets in spoilt.items()}


def _readings(row: list[dict[str, float]], clean: list[dict[str, float]]) -> dict[str, Reading]:
    readings = {}
    for name in MEASURES:
        before = np.array([values[name] for values in clean])
        value = float(np.mean([values[name] for values in row]))
        worse = (value - before.mean()) * (1 if name in WORSE_IS_HIGHER else -1)
        spread = max(float(before.std(ddof=1)), 1e-9)
        readings[name] = Reading(value, float(before.mean()), worse / spread)
    return readings


def _draws(pool: Tensor, n: int) -> list[Tensor]:
    return [part for part in pool.split(n) if len(part) == n]


def _jpeg(image: Tensor, quality: int) -> Tensor:
    pixels = image.permute(1, 2, 0).cpu().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, "JPEG", quality=quality)
    decoded = np.array(Image.open(file))
    return torch.from_numpy(decoded.reshape(pixels.shape)).permute(2, 0, 1)
