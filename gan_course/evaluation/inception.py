"""FID: the Fréchet distance over Google's Inception network, as papers print it.

Needs the extra `metrics`, and a network the first time.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gan_course.data.batches import to_bytes
from gan_course.data.folder import progress
from gan_course.data.pictures import picture_size, read_picture
from gan_course.errors import CourseError
from gan_course.files import sha256

SHA256 = "6726825d"  # of the weights, its beginning: it is part of their name
INSTALL = "pip install -e '.[metrics]' in the course's folder"
N_FEATURES = 2_048
BATCH_SIZE = 64
# below that many samples the bias in N outweighs most differences between generators
COMPARABLE = 10_000


def inception_fid(real: Tensor | Sequence[Path], fake: Tensor | Sequence[Path]) -> float:
    """Fréchet Inception distance by torch-fidelity, which fetches Inception's weights on first use.

    Pictures are handed over at their own size: torch-fidelity brings them to Inception's 299 px as
    the original does, and the distance hangs on how that is done.

    Args:
        real: (N, C, H, W), uint8 in 0..255 or float in [-1, 1]; 1 or 3 channels; N > 2,048. Or N
            picture files, of one size or many.
        fake: (M, C, H, W) or M files, likewise.

    Returns:
        The distance. Name N beside it; compare it with nothing that was measured at another N (in
        papers mostly 50,000), and with little below 10,000.

    Raises:
        ValueError: pictures that are not finite, another number of channels, or 2,048 samples or
            fewer.
        CourseError: torch-fidelity is not installed or does not work, the weights cannot be fetched
            or are damaged, or a file cannot be read.

    Source: Heusel et al. 2017 (arXiv:1706.08500); torch-fidelity's port of the original network.
    """
    sets = [_pictures(images, name) for images, name in ((real, "real"), (fake, "fake"))]
    try:
        from torch_fidelity import calculate_metrics
    except Exception as error:  # a package that is there and broken raises what it likes
        raise CourseError(
            f"torch-fidelity cannot be used ({_one_line(error)}): {INSTALL}"
        ) from error
    _check_weights()
    try:
        values = calculate_metrics(
            input1=sets[1],
            input2=sets[0],
            fid=True,
            cuda=torch.cuda.is_available(),
            verbose=False,
            cache=False,
            batch_size=BATCH_SIZE if all(images.one_size for images in sets) else 1,
            save_cpu_ram=True,  # no other processes: what a damaged file raises arrives as it is
        )
    except OSError as error:  # no network, or no place to keep the file
        raise CourseError(
            f"Inception's weights could not be fetched ({error}): connect, and try again"
        ) from None
    except Exception as error:
        _check_weights()  # they may have been fetched just now, and cut off
        # torch.hub has compared them itself, and kept nothing
        if "invalid hash value" in str(error):
            raise CourseError(
                f"Inception's weights came damaged ({_one_line(error)}): try again"
            ) from error
        raise
    return float(values["frechet_inception_distance"])


def weights_file() -> Path:
    """The path where torch keeps Inception's weights, whether they are there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / f"weights-inception-2015-12-05-{SHA256}.pth"


def _check_weights() -> None:
    """Refuse a download that was cut off: torch never looks at it again."""
    path = weights_file()
    if path.is_file() and not sha256(path).startswith(SHA256):
        raise CourseError(
            f"{path} is damaged, perhaps by a download that was cut off: remove it, and try again"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _pictures(images: Tensor | Sequence[Path], name: str) -> "_Pictures | _Files":
    return _Pictures(images, name) if isinstance(images, Tensor) else _Files(images, name)


def _check_count(count: int, name: str) -> None:
    if count <= N_FEATURES:
        raise ValueError(
            f"{name} has {count} pictures: FID needs more than its {N_FEATURES} features"
        )


class _Pictures(torch.utils.data.Dataset):
    """Pictures as torch-fidelity takes them: (3, H, W) uint8."""

    one_size = True

    def __init__(self, images: Tensor, name: str) -> None:
        if images.ndim != 4 or images.shape[1] not in (1, 3) or not torch.isfinite(images).all():
            raise ValueError(
                f"{name} is {tuple(images.shape)}: give finite pictures (N, 1 or 3, H, W)"
            )
        _check_count(len(images), name)
        images = images if images.dtype == torch.uint8 else to_bytes(images)
        self.images = images.expand(-1, 3, -1, -1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index].contiguous()


class _Files(torch.utils.data.Dataset):
    """Picture files, read when they are asked for: thousands at once would fill the memory."""

    def __init__(self, files: Sequence[Path], name: str) -> None:
        _check_count(len(files), name)
        self.files = files
        self.one_size = len({picture_size(file) for file in progress(files, "checking")}) == 1

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        return read_picture(self.files[index])
