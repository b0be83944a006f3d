"""The panel: every measure of the course over one feature network."""

import math

from torch import Tensor

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

    def __init__(
        self, reader: FeatureReader, real: Tensor, held_out: Tensor, *, k: int = 3
    ) -> None:
        self.reader, self.k = reader, k
        self.real, self.held_out = features_of(reader, real), features_of(reader, held_out)
        self.shares = answer_shares(reader, real)

    def __call__(self, images: Tensor) -> dict[str, float]:
        """Measure pictures (M, C, H, W), uint8 in 0..255 or float in [-1, 1], M > k.

        Returns:
            "frechet" and "kernel" (distances; "frechet" is nan where there are no more pictures
            than features, too few for a covariance), "precision" and "recall" (M against 1,000
            real, k = 3), "copied" (the share that lies closer to training pictures than real ones
            do), and "rarest": of all answers to all questions the one that is given most rarely, as
            a share of how often real pictures give it.

        Raises:
            ValueError: too few pictures, another number of channels, or pictures that are not
                finite.
        """
        fake = features_of(self.reader, images)
        precision, recall = precision_recall(self.real[:1_000], fake, k=self.k)
        shares = answer_shares(self.reader, images)
        rarest = min(
            float((shares[name] / real)[real > 0].min()) for name, real in self.shares.items()
        )
        enough = min(len(self.real), len(fake)) > fake.shape[1]
        return {
            "frechet": frechet_distance(self.real, fake) if enough else math.nan,
            "kernel": kernel_distance(self.real, fake),
            "precision": precision,
            "recall": recall,
            "copied": copied_share(self.real, self.held_out, fake),
            "rarest": rarest,
        }
