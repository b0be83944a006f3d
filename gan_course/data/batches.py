"""Endless batches whose order is a pure function of a seed and a position."""

from collections.abc import Iterator
from itertools import count

import torch
from torch import Tensor

from gan_course.data.cache import PictureCache, Pictures

HIGHEST = 2**40  # of seeds and positions: what a generator is seeded with stays below 2**63


class Batches:
    """Shuffled batches of pictures, without end.

    The k-th picture drawn is picture `permutation(seed, k // N)[k % N]`: each epoch sees every
    picture once, and the order is known from the seed and the number of batches drawn alone. That
    is all the state there is.

    Args:
        images: (N, C, H, W) uint8 in 0..255, N >= 1; kept as they are, on their device. Of a
            `PictureCache`, which is a file, other processes read batches ahead.
        batch_size: pictures per batch, at least 1; may exceed N.
        seed: decides the order, and which pictures are mirrored.
        mirror: mirror about half of each batch, by chance.

    Raises:
        ValueError: no pictures, another dtype, or a batch size below 1.
    """

    def __init__(
        self, images: Pictures, batch_size: int, *, seed: int, mirror: bool = False
    ) -> None:
        if images.dtype != torch.uint8 or len(images) == 0:
            raise ValueError(
                f"images must be uint8 and at least one; got {tuple(images.shape)} of"
                f" {images.dtype}"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: at least 1 is needed")
        self.images, self.batch_size, self.seed, self.mirror = images, batch_size, seed, mirror
        self.position = 0
        self.rank, self.count = 0, 1
        self._reader: Iterator[Tensor] | None = None
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.long)

    def __iter__(self) -> Iterator[Tensor]:
        """The batches themselves."""
        return self

    def __next__(self) -> Tensor:
        """The next batch: (batch_size, C, H, W) float32 in [-1, 1]."""
        if self._reader is None:
            self._reader = self._read_from(self.position)
        images = to_float(next(self._reader))
        if self.mirror:
            images = self._mirror_half(images)
        self.position += 1
        return images

    def share(self, rank: int, count: int) -> None:
        """Hand out every `count`-th batch alone, from that of number `rank` on.

        So `count` processes with one seed draw every picture once in an epoch between them.
        """
        self.rank, self.count, self._reader = rank, count, None

    def state_dict(self) -> dict[str, int]:
        """Seed and position."""
        return {"seed": self.seed, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a saved position.

        Raises:
            ValueError: seed or position is not a whole number from 0.
        """
        for name in ("seed", "position"):
            if type(state[name]) is not int or not 0 <= state[name] < HIGHEST:
                raise ValueError(f"{name} is {state[name]!r}: a whole number from 0 is needed")
        self.seed, self.position, self._epoch = state["seed"], state["position"], -1
        self._reader = None

    def _mirror_half(self, images: Tensor) -> Tensor:
        """Mirror some pictures; which ones, seed and position alone decide."""
        number = self.position * self.count + self.rank
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        chance = torch.rand(len(images), generator=generator).to(images.device)
        return torch.where((chance < 0.5)[:, None, None, None], images.flip(3), images)

    def _read_from(self, position: int) -> Iterator[Tensor]:
        """Batches of bytes without end, from a position on."""
        order = map(self.indices, count(position))
        if isinstance(self.images, PictureCache):
            return self.images.read(indices.tolist() for indices in order)
        images = self.images
        return (images[indices.to(images.device)] for indices in order)

    def indices(self, position: int) -> Tensor:
        """The pictures of a batch, by their numbers: (batch_size,) int64."""
        start = (position * self.count + self.rank) * self.batch_size
        return torch.cat([self._slice(k) for k in self._spans(start, start + self.batch_size)])

    def _spans(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        n = len(self.images)
        while start < end:
            epoch, offset = divmod(start, n)
            count = min(end - start, n - offset)
            yield epoch, offset, count
            start += count

    def _slice(self, span: tuple[int, int, int]) -> Tensor:
        epoch, offset, count = span
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._epoch, self._order = epoch, torch.randperm(len(self.images), generator=generator)
        return self._order[offset : offset + count]


class Unpaired:
    """Two endless streams side by side: a batch of A and a batch of B, each in its own order.

    Args:
        A: batches of one domain.
        B: batches of the other, with another seed.
    """

    def __init__(self, A: Batches, B: Batches) -> None:
        self.A, self.B, self.batch_size = A, B, A.batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches themselves."""
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """The next batch of each: (batch_size, C, H, W) float32 in [-1, 1], twice."""
        return next(self.A), next(self.B)

    def share(self, rank: int, count: int) -> None:
        """Hand out every `count`-th batch alone, from that of number `rank` on."""
        self.A.share(rank, count)
        self.B.share(rank, count)

    def state_dict(self) -> dict[str, dict[str, int]]:
        """Seed and position of both."""
        return {"A": self.A.state_dict(), "B": self.B.state_dict()}

    def load_state_dict(self, state: dict[str, dict[str, int]]) -> None:
        """Go on from saved positions."""
        self.A.load_state_dict(state["A"])
        self.B.load_state_dict(state["B"])


class Paired:
    """An endless stream of pairs: picture k of A comes with picture k of B, always.

    Args:
        A: (N, C, H, W) uint8 in 0..255, N >= 1.
        B: (N, D, H, W) uint8; picture k shows what picture k of A shows.
        batch_size: pairs per batch, at least 1; may exceed N.
        seed: decides the order.

    Raises:
        ValueError: A and B differ in number or size; or as for `Batches`.
    """

    def __init__(self, A: Pictures, B: Pictures, batch_size: int, *, seed: int) -> None:
        if len(A) != len(B) or A.shape[2:] != B.shape[2:]:
            raise ValueError(
                f"pairs need as many pictures of one size: {tuple(A.shape)} of A, {tuple(B.shape)}"
                " of B"
            )
        # the order depends on the seed and the number of pictures alone, so it is the same in both
        self.A, self.B = (Batches(images, batch_size, seed=seed) for images in (A, B))
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches themselves."""
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """The next pairs: (batch_size, C, H, W) and (batch_size, D, H, W) float32 in [-1, 1]."""
        return next(self.A), next(self.B)

    def share(self, rank: int, count: int) -> None:
        """Hand out every `count`-th batch alone, from that of number `rank` on."""
        self.A.share(rank, count)
        self.B.share(rank, count)

    def state_dict(self) -> dict[str, int]:
        """Seed and position."""
        return self.A.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a saved position."""
        self.A.load_state_dict(state)
        self.B.load_state_dict(state)


class Labelled:
    """Shuffled batches of pictures with the values of their factors, without end.

    Args:
        images: (N, C, H, W) uint8 in 0..255, N >= 1.
        values: (N, factors) int64; row k belongs to picture k.
        batch_size: pictures per batch, at least 1; may exceed N.
        seed: decides the order.

    Raises:
        ValueError: there are not as many rows as pictures; or as for `Batches`.
    """

    def __init__(self, images: Tensor, values: Tensor, batch_size: int, *, seed: int) -> None:
        if len(images) != len(values):
            raise ValueError(f"{len(images)} pictures, and values of {len(values)}")
        self.batches, self.values = Batches(images, batch_size, seed=seed), values
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches themselves."""
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """The next batch: (batch_size, C, H, W) float32 in [-1, 1], and (batch_size, factors)."""
        which = self.batches.indices(self.batches.position)
        return next(self.batches), self.values[which]

    def share(self, rank: int, count: int) -> None:
        """Hand out every `count`-th batch alone, from that of number `rank` on."""
        self.batches.share(rank, count)

    def state_dict(self) -> dict[str, int]:
        """Seed and position."""
        return self.batches.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a saved position."""
        self.batches.load_state_dict(state)


def to_float(images: Tensor) -> Tensor:
    """Pictures of bytes 0..255 to float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def to_bytes(images: Tensor) -> Tensor:
    """Pictures in [-1, 1] to bytes 0..255, rounded; values beyond are cut."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
