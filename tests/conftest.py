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


def pytest_make_parametrize_id(config, val, argname):
    """A readable id for a case that pytest would only count."""
    if isinstance(val, str):
        return f"{val[:40]}..." if len(val) > 60 else None
    if isinstance(val, bytes | int | float | bool | None) or callable(val):
        return None
    return readable(val)[:60] or "empty"


def readable(value):
    if isinstance(value, dict):
        return " ".join(f"{key}={readable(inner)}" for key, inner in value.items())
    if isinstance(value, set | frozenset):
        return " ".join(sorted(map(readable, value)))
    if isinstance(value, list | tuple):
        return " ".join(map(readable, value))
    if isinstance(value, str | int | float | bool | None) or type(value).__module__ == "torch":
        return str(value)[:40].replace("\n", " ")
    return getattr(value, "__name__", type(value).__name__)


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
