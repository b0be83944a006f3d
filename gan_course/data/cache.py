"""Decodes a folder that does not fit into memory once into a file, and reads pictures from it."""

import hashlib
import json
import os
import shutil
import signal
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import psutil
import torch
from filelock import FileLock
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gan_course.data.folder import load_folder, load_pictures, others, picture_files, progress
from gan_course.errors import CourseError
from gan_course.files import atomic_write, output_folder

SHARE = 0.25  # of the free memory, which the pictures of a machine's processes may take
MAX_WORKERS = 2  # processes that read batches ahead
AT_ONCE = 16  # pictures that a worker decodes before it hands them over


class PictureCache(Dataset):
    """Decoded pictures in a file: what training needs of a tensor (N, C, H, W) uint8.

    Args:
        path: of the bytes, one picture after the other.
        shape: (N, C, H, W).
        digest: SHA-256 of all bytes.
        order: which pictures of the file these are, as (N,) int64; None for all, as they stand.
    """

    dtype = torch.uint8
    device = torch.device("cpu")

    def __init__(
        self, path: Path, shape: Sequence[int], digest: str, order: Tensor | None = None
    ) -> None:
        self.path, self.shape, self.digest, self.order = path, torch.Size(shape), digest, order

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: slice) -> Tensor:
        """Some neighbouring pictures, such as `images[:8]`."""
        return torch.stack(self.__getitems__(range(*index.indices(len(self)))))

    def __getitems__(self, indices: Iterable[int]) -> list[Tensor]:
        """The pictures of a batch, as a `DataLoader` asks for them."""
        size, pictures = self.shape[1:].numel(), []
        with self.path.open("rb") as file:
            for index in indices:
                index = int(index if self.order is None else self.order[index])
                file.seek(index * size)
                picture = np.frombuffer(bytearray(file.read(size)), np.uint8)
                pictures.append(torch.from_numpy(picture).view(self.shape[1:]))
        return pictures

    def to(self, device: str) -> "PictureCache":
        """Itself: batches go to the device one by one."""
        return self

    def take(self, order: Sequence[int]) -> "PictureCache":
        """The same pictures in another order."""
        digest = hashlib.sha256(f"{self.digest} {list(order)}".encode()).hexdigest()
        shape = (len(order), *self.shape[1:])
        return PictureCache(self.path, shape, digest, torch.tensor(order))

    def read(self, order: Iterable[list[int]]) -> Iterator[Tensor]:
        """Batches (N, C, H, W) uint8 in the given order, read ahead by other processes."""
        workers = min(MAX_WORKERS, os.cpu_count() or 1)
        return iter(
            DataLoader(
                self,
                batch_sampler=order,
                num_workers=workers,
                collate_fn=torch.stack,
                worker_init_fn=_leave_signals_alone,
            )
        )


Pictures = Tensor | PictureCache


def read_folder(
    folder: Path, *, resolution: int, channels: int = 3, cache: Path | None = None
) -> tuple[Pictures, list[str]]:
    """All pictures of a folder: in memory where they fit, else from a file of decoded ones.

    Args:
        folder: as for `load_folder`.
        resolution, channels: as for `load_folder`.
        cache: where decoded pictures are kept; None for `~/.cache/gan_course`, and that only where
            the pictures would take more than a quarter of the free memory.

    Returns:
        Pictures (N, channels, resolution, resolution) uint8, and the file names, sorted.

    Raises:
        CourseError: as for `load_folder`; or no room for the decoded pictures.
    """
    files = picture_files(folder)
    n_bytes = len(files) * channels * resolution**2
    n_copies = int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # processes on this machine
    if cache is None and n_bytes * n_copies <= SHARE * psutil.virtual_memory().available:
        return load_folder(folder, resolution=resolution, channels=channels)
    names = [file.name for file in files]
    return _decoded(files, resolution, channels, cache or _default_cache()), names


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gan_course"


def _decoded(files: Sequence[Path], resolution: int, channels: int, cache: Path) -> PictureCache:
    """The decoded pictures of some files, decoded now if they are not there yet."""
    stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    folder = files[0].parent.resolve()
    key = hashlib.sha256(repr((str(folder), resolution, channels, stats)).encode()).hexdigest()[:12]
    path = output_folder(cache) / f"{folder.name[:40]}_{resolution}px_{key}.bytes"
    # of several processes of a machine one decodes, and the others wait
    with FileLock(path.with_suffix(".lock")):
        if not path.with_suffix(".json").exists():
            _decode(files, resolution, channels, path)
        card = json.loads(path.with_suffix(".json").read_text())
    if path.stat().st_size != torch.Size(card["shape"]).numel():
        raise CourseError(f"{path} is damaged: remove {path.with_suffix('.json')}, and start again")
    return PictureCache(path, card["shape"], card["sha256"])


def _decode(files: Sequence[Path], resolution: int, channels: int, path: Path) -> None:
    n_bytes = len(files) * channels * resolution**2
    free = shutil.disk_usage(path.parent).free
    if n_bytes > free:
        raise CourseError(
            f"{len(files)} pictures of {resolution} px take {n_bytes / 1e9:.1f} GB, and"
            f" {path.parent} has {free / 1e9:.1f}: choose a lower --resolution, or another --cache"
        )
    loader = DataLoader(
        _Files(files, resolution, channels),
        batch_size=AT_ONCE,
        num_workers=os.cpu_count() or 1,
        collate_fn=list,
        worker_init_fn=_leave_signals_alone,
    )
    digest, errors = hashlib.sha256(), []
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        with progress(files, "decoding") as bar:
            for entry in chain.from_iterable(loader):
                bar.update()
                if isinstance(entry, str):
                    errors.append(entry)
                else:
                    digest.update(data := entry.numpy().tobytes())
                    file.write(data)
        if errors:
            raise CourseError(f"{errors[0]}{others(len(errors) - 1)}")
    card = {"shape": [len(files), channels, resolution, resolution], "sha256": digest.hexdigest()}
    with atomic_write(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card))


class _Files(Dataset):
    """The files of a folder, decoded; of one that cannot be used, the reason in words."""

    def __init__(self, files: Sequence[Path], resolution: int, channels: int) -> None:
        self.files, self.resolution, self.channels = files, resolution, channels

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor | str:
        try:
            return load_pictures(
                [self.files[index]], resolution=self.resolution, channels=self.channels
            )
        except CourseError as error:
            return str(error)


def _leave_signals_alone(_: int) -> None:
    """A worker leaves Ctrl-C to the process that trains, which may still need a batch."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
