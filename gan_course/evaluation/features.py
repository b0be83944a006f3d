"""Feature networks: small classifiers that the course trains to judge generated pictures."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gan_course.data.batches import to_float
from gan_course.runtime import Runtime

WIDTHS = (16, 32, 48, 64, 96)
Draw = Callable[[torch.Generator], tuple[Tensor, Tensor]]


class FeatureReader(nn.Module):
    """A small classifier that answers several questions; its pooled channels are the features.

    Five convolutions, the last four halving the resolution, each with BatchNorm and ReLU. A feature
    is the mean of one channel over the picture, from every depth: early channels see noise, blur
    and compression, late ones see shapes. Features are centred and scaled over real pictures so
    that all channels of one depth vary alike, and every depth as much in all as any other: no depth
    drowns another.

    Args:
        questions: name of each question -> number of its answers, such as {"kind": 10}.
        img_channels: of its pictures.
        widths: channels of each convolution.

    Attributes:
        n_features: length of a feature vector, the sum of `widths`.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        questions: Mapping[str, int],
        *,
        img_channels: int = 3,
        widths: tuple[int, ...] = WIDTHS,
    ) -> None:
        super().__init__()
        self.questions, self.img_channels, self.widths = dict(questions), img_channels, widths
        self.n_features = sum(widths)
        self.blocks = nn.ModuleList()
        for depth, (n_in, n_out) in enumerate(zip((img_channels, *widths), widths, strict=False)):
            conv = nn.Conv2d(n_in, n_out, 3, 2 if depth else 1, 1, bias=False)
            self.blocks.append(nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.ReLU()))
        self.hidden = nn.Sequential(nn.Linear(self.n_features, 128), nn.ReLU())
        self.answers = nn.ModuleDict(
            {name: nn.Linear(128, size) for name, size in self.questions.items()}
        )
        self.register_buffer("mean", torch.zeros(self.n_features))
        self.register_buffer("std", torch.ones(self.n_features))

    def features(self, x: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] to feature vectors (N, n_features)."""
        return (self._pool(x) - self.mean) / self.std

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Pictures (N, C, H, W) in [-1, 1] to scores (N, answers) for each question."""
        hidden = self.hidden(self._pool(x))
        return {name: layer(hidden) for name, layer in self.answers.items()}

    @torch.no_grad()
    def set_scale(self, images: Tensor, *, batch_size: int = 500) -> None:
        """Take mean and spread of the features from real pictures (N, C, H, W) uint8.

        The features' variances then sum to `n_features`, an equal part of it at each depth.
        """
        pooled = torch.cat(
            [self._pool(to_float(part)) for part in images.split(batch_size)]
        ).double()
        n_depths = len(self.widths)
        depths = torch.cat(
            [torch.full((width,), width * n_depths / self.n_features) for width in self.widths]
        )
        self.mean.copy_(pooled.mean(0))
        self.std.copy_(pooled.std(0).clamp_min(1e-3) * depths.sqrt())

    def _pool(self, x: Tensor) -> Tensor:
        means = []
        for block in self.blocks:
            x = block(x)
            means.append(x.mean((2, 3)))
        return torch.cat(means, 1)


def train_reader(
    questions: Mapping[str, int],
    draw: Draw,
    *,
    n_steps: int,
    img_channels: int = 3,
    lr: float = 2e-3,
    seed: int = 0,
    runtime: Runtime,
) -> FeatureReader:
    """Train a reader with AdamW under one cycle of the learning rate.

    Args:
        questions: as for `FeatureReader`.
        draw: given a generator, returns pictures (N, C, H, W) uint8 and answers (N, questions)
            int64, columns in the order of `questions`; an answer of -1 is not asked for.
        n_steps: batches.
        img_channels: of the pictures.
        lr: largest learning rate.
        seed: decides the first weights and what is drawn.
        runtime: device and precision.

    Returns:
        The reader, in evaluation mode, in float32 on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = runtime.place(FeatureReader(questions, img_channels=img_channels))
    optimizer = torch.optim.AdamW(reader.parameters(), lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=n_steps)
    for _ in range(n_steps):
        images, answers = (part.to(runtime.device) for part in draw(generator))
        with runtime.autocast():
            scores = reader(to_float(images))
        losses = [_loss(scores[name].float(), answers[:, k]) for k, name in enumerate(questions)]
        loss = sum(losses, start=torch.zeros(()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return reader.cpu().eval()


@torch.no_grad()
def features_of(reader: FeatureReader, images: Tensor, *, batch_size: int = 500) -> Tensor:
    """Feature vectors of many pictures.

    Args:
        reader: in evaluation mode.
        images: (N, C, H, W), uint8 in 0..255 or float in [-1, 1]; N >= 1, finite.
        batch_size: pictures read at once.

    Returns:
        (N, n_features) float64 on the CPU.

    Raises:
        ValueError: no pictures, another number of channels, or pictures that are not finite.
    """
    return (
        torch.cat([reader.features(part) for part in _parts(reader, images, batch_size)])
        .double()
        .cpu()
    )


@torch.no_grad()
def read_answers(
    reader: FeatureReader, images: Tensor, *, batch_size: int = 500
) -> dict[str, Tensor]:
    """The likeliest answer to each question, for many pictures.

    Args:
        reader: in evaluation mode.
        images: as for `features_of`.
        batch_size: pictures read at once.

    Returns:
        Question -> (N,) int64 on the CPU.

    Raises:
        ValueError: as for `features_of`.
    """
    scores = [reader(part) for part in _parts(reader, images, batch_size)]
    return {
        name: torch.cat([part[name].argmax(1) for part in scores]).cpu()
        for name in reader.questions
    }


def answer_shares(reader: FeatureReader, images: Tensor) -> dict[str, Tensor]:
    """The share of each answer to each question, over many pictures.

    Args:
        reader: in evaluation mode.
        images: as for `features_of`.

    Returns:
        Question -> (answers,) float64, its sum 1.

    Raises:
        ValueError: as for `features_of`.
    """
    return {
        name: torch.bincount(answers, minlength=reader.questions[name]).double() / len(answers)
        for name, answers in read_answers(reader, images).items()
    }


def check_features(
    real: Tensor, fake: Tensor, *, more_than: int, names: tuple[str, str] = ("real", "fake")
) -> None:
    """Refuse sets that a distance cannot be computed from, with a line that says why.

    Args:
        real: should be (N, d).
        fake: should be (M, d).
        more_than: N and M must exceed this.
        names: of the two sets, for the message.

    Raises:
        ValueError: not so, or values that are not finite.
    """
    for name, features in zip(names, (real, fake), strict=True):
        if features.ndim != 2 or features.shape[1] == 0:
            raise ValueError(f"{name} is {tuple(features.shape)}: give feature vectors (N, d)")
        if len(features) == 0:
            raise ValueError(f"{name} is empty: give at least {more_than + 1} feature vectors")
    if real.shape[1] != fake.shape[1]:
        widths = f"{names[0]} has {real.shape[1]} features and {names[1]} {fake.shape[1]}"
        raise ValueError(f"{widths}: read both with one network")
    for name, features in zip(names, (real, fake), strict=True):
        if len(features) <= more_than:
            raise ValueError(
                f"{name} has {len(features)} samples: more than {more_than} are needed"
            )
        if not torch.isfinite(features).all():
            row = int((~torch.isfinite(features).all(1)).nonzero()[0])
            raise ValueError(f"{name} is not finite: row {row} is the first that is not")


def _loss(scores: Tensor, answers: Tensor) -> Tensor:
    is_known = answers >= 0
    if not is_known.any():  # the mean over no answer at all would be NaN
        return scores.sum() * 0
    return cross_entropy(scores[is_known], answers[is_known])


def _parts(reader: FeatureReader, images: Tensor, batch_size: int) -> list[Tensor]:
    channels = reader.img_channels
    if images.ndim != 4 or images.shape[1] != channels or len(images) == 0:
        raise ValueError(
            f"images are {tuple(images.shape)}: give (N, {channels}, H, W), at least one"
        )
    if not torch.isfinite(images).all():
        raise ValueError(
            f"images are not finite: picture {_first_bad(images)} is the first that is not"
        )
    device = next(reader.parameters()).device
    parts = images.split(batch_size)
    return [
        (to_float(part) if part.dtype == torch.uint8 else part.float()).to(device) for part in parts
    ]


def _first_bad(images: Tensor) -> int:
    return int((~torch.isfinite(images).flatten(1).all(1)).nonzero()[0])
