"""The Fréchet distance that papers print, over Google's Inception network.

Needs the extra `metrics`, and a network the first time.
"""

from pathlib import Path

import torch
from torch import Tensor

from gan_course.data.batches import to_bytes
from gan_course.errors import CourseError
from gan_course.files import sha256

SHA256 = "6726825d"  # of the weights, its beginning: it is part of their name
INSTALL = "pip install -e '.[metrics]' in the course's folder"
N_FEATURES = 2_048
COMPARABLE = 10_000  # below that many samples the bias in N outweighs most differences between generators


def inception_fid(real: Tensor, fake: Tensor) -> float:
    """Fréchet Inception distance by torch-fidelity, which fetches Inception's weights on first use.

    Args:
        real: (N, C, H, W), uint8 in 0..255 or float in [-1, 1]; 1 or 3 channels; N > 2,048.
        fake: (M, C, H, W), likewise.

    Returns:
        The distance. Name N beside it; compare it with nothing that was measured at another N (in papers mostly
        50,000), and with little below 10,000.

    Raises:
        ValueError: pictures that are not finite, another number of channels, or 2,048 samples or fewer.
        CourseError: torch-fidelity is not installed or does not work, or the weights cannot be fetched or are damaged.

    Source: Heusel et al. 2017 (arXiv:1706.08500); torch-fidelity's port of the original network.
    """
    sets = [_Pictures(images, name) for images, name in ((real, "real"), (fake, "fake"))]
    try:
        from torch_fidelity import calculate_metrics
    except Exception as error:  # a package that is there and broken raises what it likes
        raise CourseError(f"torch-fidelity cannot be used ({_one_line(error)}): {INSTALL}") from error
    _check_weights()
    try:
        values = calculate_metrics(
            input1=sets[1], input2=sets[0], fid=True, cuda=torch.cuda.is_available(), verbose=False, cache=False
        )
    except OSError as error:  # no network, or no place to keep the file
        raise CourseError(f"Inception's weights could not be fetched ({error}): connect, and try again") from None
    except Exception as error:
        _check_weights()  # they may have been fetched just now, and cut off
        if "invalid hash value" in str(error):  # torch.hub has compared them itself, and kept nothing
            raise CourseError(f"Inception's weights came damaged ({_one_line(error)}): try again") from error
        raise
    return float(values["frechet_inception_distance"])


def weights_file() -> Path:
    """Where torch keeps Inception's weights, whether they are there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / f"weights-inception-2015-12-05-{SHA256}.pth"


def _check_weights() -> None:
    """Refuse a download that was cut off: torch never looks at it again."""
    path = weights_file()
    if path.is_file() and not sha256(path).startswith(SHA256):
        raise CourseError(f"{path} is damaged, perhaps by a download that was cut off: remove it, and try again")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


class _Pictures(torch.utils.data.Dataset):
    """Pictures as torch-fidelity takes them: (3, H, W) uint8."""

    def __init__(self, images: Tensor, name: str) -> None:
        if images.ndim != 4 or images.shape[1] not in (1, 3) or not torch.isfinite(images).all():
            raise ValueError(f"{name} is {tuple(images.shape)}: give finite pictures (N, 1 or 3, H, W)")
        if len(images) <= N_FEATURES:
            raise ValueError(f"{name} has {len(images)} pictures: FID needs more than its {N_FEATURES} features")
        images = images if images.dtype == torch.uint8 else to_bytes(images)
        self.images = images.expand(-1, 3, -1, -1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index].contiguous()
