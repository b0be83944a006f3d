import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1]))  # benchmarks/, which is not installed
for name in ("GAN_COURSE_PROFILE", "GAN_COURSE_MAX_STEPS", "GAN_COURSE_CLAIMS"):
    os.environ.pop(name, None)
os.environ.setdefault("GAN_COURSE_HEADLESS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
# tests run beside each other, and mean the same on a busy machine
os.environ.setdefault("GAN_COURSE_THREADS", "1")


@pytest.fixture(autouse=True)
def keep_threads():
    """A test that sets torch's thread count does not set it for the next one."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def cpu():
    """The CPU in float32, so that a test means the same on every machine."""
    from gan_course.runtime import choose_runtime

    return choose_runtime("cpu", "float32")


@pytest.fixture
def fashion():
    """A few real pictures."""
    from gan_course.data.fashion import load_fashion

    return load_fashion()[0][:64]


@pytest.fixture
def two_folders(tmp_path):
    """Eight pictures each, under the same names."""
    import torch
    from torchvision.utils import save_image

    generator = torch.Generator().manual_seed(0)
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        for number in range(8):
            save_image(
                torch.rand(3, 64, 64, generator=generator), tmp_path / name / f"{number}.png"
            )
    return [str(tmp_path / "A"), str(tmp_path / "B")]
