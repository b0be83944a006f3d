"""Small networks that the course trains itself, to read what a generated picture shows."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gan_course.data.batches import to_float


class SmallReader(nn.Module):
    """A small classifier; the layer before its answer is a feature vector.

    Args:
        img_channels: of its pictures.
        n_classes: kinds that it tells apart.
        n_features: size of the feature vector.
    """

    def __init__(self, *, img_channels: int = 1, n_classes: int = 10, n_features: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for n_in, n_out in ((img_channels, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(n_in, n_out, 3, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, n_features))
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(n_features, n_classes))

    def features(self, x: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] to feature vectors (N, n_features)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] to class scores (N, n_classes)."""
        return self.head(self.body(x))


def train_reader(
    images: Tensor, labels: Tensor, *, n_epochs: int = 8, batch_size: int = 128, seed: int = 0
) -> SmallReader:
    """Train a reader on labelled pictures with AdamW, in float32 on the CPU.

    Args:
        images: (N, C, H, W) uint8.
        labels: (N,) int64 from 0.
        n_epochs: passes over the pictures.
        batch_size: pictures per step.
        seed: decides the first weights and the order.

    Returns:
        The reader, in evaluation mode.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = SmallReader(img_channels=images.shape[1], n_classes=int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(reader.parameters(), 2e-3)
    for _ in range(n_epochs):
        for indices in torch.randperm(len(images), generator=generator).split(batch_size):
            loss = cross_entropy(reader(to_float(images[indices])), labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return reader.eval()


@torch.no_grad()
def class_shares(reader: nn.Module, images: Tensor, *, batch_size: int = 500) -> Tensor:
    """The share of each class among pictures, as the reader sees them.

    Args:
        reader: from pictures in [-1, 1] to class scores; in evaluation mode.
        images: (N, C, H, W) in [-1, 1], N >= 1, finite.
        batch_size: pictures read at once.

    Returns:
        (n_classes,) float64, its sum 1.

    Raises:
        ValueError: no pictures, or pictures that are not finite.
    """
    if len(images) == 0 or not torch.isfinite(images).all():
        raise ValueError("pictures must be finite, and at least one")
    scores = torch.cat([reader(part.float()) for part in images.split(batch_size)])
    return torch.bincount(scores.argmax(1), minlength=scores.shape[1]).double() / len(images)
