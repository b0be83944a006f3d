"""Where and how things run: device, precision, memory format, threads, seeds."""

import os
import random
import reprlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import torch
from torch import nn

from gan_course.config.choosing import whole_number
from gan_course.errors import CourseError

PRECISIONS = ("float32", "bfloat16")
MAX_THREADS = 1024


@dataclass(frozen=True)
class Runtime:
    """What was decided, and why. Made by `choose_runtime`."""

    device: str
    precision: str
    threads: int
    why: str

    @property
    def memory_format(self) -> torch.memory_format:
        """Channels last: the layout in which convolutions ran faster on every processor tried."""
        return torch.channels_last

    def place(self, module: nn.Module) -> nn.Module:
        """The network, on the device and in the memory format of this runtime."""
        return module.to(self.device, memory_format=self.memory_format)

    def autocast(self) -> AbstractContextManager:
        """A context in which convolutions and matrix products use this runtime's precision."""
        return torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bfloat16")

    def generator(self, seed: int) -> torch.Generator:
        """A random generator of its own, on the device."""
        return torch.Generator(self.device).manual_seed(seed)

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.device} · {self.precision} · channels last · {threads} ({self.why})"


def choose_runtime(device: str = "", precision: str = "", threads: int | str = "") -> Runtime:
    """Decide where and how to run.

    Each argument overrides its environment variable (`GAN_COURSE_DEVICE`, `GAN_COURSE_PRECISION`,
    `GAN_COURSE_THREADS`), which overrides the choice made by looking: CUDA where a GPU is really there, else the
    CPU; bfloat16 where the hardware computes it natively, else float32. Sets torch's thread count, and asks oneDNN
    for the kernels of which it promises the same bits from run to run.

    Args:
        device: "cpu", "cuda", "cuda:1" or "mps"; empty to look. "mps" is never chosen by itself.
        precision: "float32" or "bfloat16"; empty to look.
        threads: CPU threads, 1 or more; empty for torch's own count.

    Raises:
        CourseError: the device is not there, or an unknown device or precision, or threads below 1.
    """
    asked = device or os.environ.get("GAN_COURSE_DEVICE", "")
    device = _check_device(asked) if asked else ("cuda" if torch.cuda.is_available() else "cpu")
    asked_precision = precision or os.environ.get("GAN_COURSE_PRECISION", "")
    precision, why = _choose_precision(device, asked_precision)
    torch.backends.mkldnn.deterministic = True
    count = _set_threads(str(threads or os.environ.get("GAN_COURSE_THREADS", "")))
    found = "as asked" if asked else ("a GPU is there" if device == "cuda" else "no GPU found")
    return Runtime(device, precision, count, f"{found}; {why}")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch once, at the start of a lesson or run, before networks are built.

    Raises:
        CourseError: the seed is no whole number, as papermill's `-p SEED abc` would have it.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise CourseError(f"SEED is {seed!r}: give a whole number")
    seed = int(seed)  # Python's own generator takes no integer of NumPy
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def native_bfloat16(device: str) -> str:
    """The hardware's own bfloat16 arithmetic by name, or "" where it would be emulated.

    On a CPU both the processor (AMX or AVX512-BF16) and torch's convolution library must offer it: the library
    honours `ONEDNN_MAX_CPU_ISA`, the processor's flags do not.
    """
    if device.startswith("cuda"):
        return "bfloat16 on the GPU" if torch.cuda.get_device_capability(device)[0] >= 8 else ""
    if device != "cpu" or not _library_has_bfloat16():
        return ""
    if _cpu_flag("_is_amx_tile_supported"):
        return "AMX"
    return "AVX512-BF16" if _cpu_flag("_is_avx512_bf16_supported") else ""


def _choose_precision(device: str, asked: str) -> tuple[str, str]:
    if asked:
        if asked not in PRECISIONS:
            raise CourseError(f"unknown precision {asked!r}: choose float32 or bfloat16")
        return asked, f"{asked} as asked"
    native = native_bfloat16(device)
    if native:
        return "bfloat16", f"{native} computes bfloat16 natively"
    return "float32", "no native bfloat16"


def _check_device(name: str) -> str:
    try:
        device = torch.device(name)
    except RuntimeError:
        raise CourseError(f"unknown device {name!r}: choose cpu, cuda or mps") from None
    match device.type:
        case "cpu":
            return "cpu"
        case "cuda":
            if not torch.cuda.is_available():
                raise CourseError(f"device {name!r} is not there (CUDA finds no GPU): leave it out, or choose cpu")
            if device.index is not None and device.index >= torch.cuda.device_count():
                raise CourseError(f"device {name!r} is not there: this machine has {torch.cuda.device_count()} GPU(s)")
            return name
        case "mps":
            if not torch.backends.mps.is_available():
                raise CourseError("device 'mps' is not there: leave it out, or choose cpu")
            return name
    raise CourseError(f"unknown device {name!r}: choose cpu, cuda or mps")


def _set_threads(asked: str) -> int:
    if asked:
        count = whole_number(asked, 1, MAX_THREADS)
        if count is None:
            raise CourseError(
                f"GAN_COURSE_THREADS or threads is {reprlib.repr(asked)}: choose a whole number from 1 to {MAX_THREADS}"
            )
        torch.set_num_threads(count)
    return torch.get_num_threads()


def _cpu_flag(name: str) -> bool:
    probe = getattr(torch.cpu, name, None)  # private, and renamed between versions: absent means no
    return bool(probe and probe())


def _library_has_bfloat16() -> bool:
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False
