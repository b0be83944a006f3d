"""Device, precision, memory format, threads and seeds of a run."""

import os
import random
import reprlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from numbers import Integral
from typing import TypeVar

import numpy as np
import psutil
import torch
from torch import nn

from gan_course.errors import CourseError
from gan_course.settings import whole_number

PRECISIONS = ("float32", "bfloat16")
# What makes torch compute as on a processor with AVX2 alone: read when torch is loaded.
OLD_MACHINE = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "GAN_COURSE_PRECISION": "float32",
}
Network = TypeVar("Network", bound=nn.Module)
MAX_THREADS = 1024
WIDE = 128  # channels
LOOK = 0.4  # seconds in which to see how busy the cores are


@dataclass(frozen=True)
class Runtime:
    """Device, precision and threads of a run, and why; made by `choose_runtime`."""

    device: str
    precision: str
    threads: int
    why: str

    @property
    def memory_format(self) -> torch.memory_format:
        """Channels last: the faster order for all lessons' networks on every processor tried."""
        return torch.channels_last

    def memory_format_for(self, width: int) -> torch.memory_format:
        """The order in which a network of convolutions and InstanceNorm runs faster here.

        Args:
            width: channels of its widest layers.

        Returns:
            Torch's own order for wide layers in float32 on a processor with AVX2 alone, where it
            was measured to be faster (`make bench`); else channels last. It is looked up, not timed
            at the start of each run: orders differ in the last bits, and the same seed is to give
            the same run.
        """
        wide = self.device == "cpu" and self.precision == "float32" and width >= WIDE
        has_avx2_alone = torch.backends.cpu.get_cpu_capability() == "AVX2"
        return torch.contiguous_format if wide and has_avx2_alone else torch.channels_last

    def place(self, module: Network) -> Network:
        """Move a network to the device and the memory format of this runtime."""
        return module.to(self.device).to(memory_format=self.memory_format)

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
    `GAN_COURSE_THREADS`), which overrides the choice made by looking: CUDA where a GPU is really
    there, else the CPU; bfloat16 where the hardware computes it natively, else float32; as many
    threads as cores are free. Sets torch's thread count, and asks oneDNN for the kernels of which
    it promises the same bits from run to run.

    Args:
        device: "cpu", "cuda", "cuda:1" or "mps"; empty to look. "mps" is never chosen by itself.
        precision: "float32" or "bfloat16"; empty to look.
        threads: CPU threads, 1 or more; empty to look: one for each core that nobody else keeps
            busy, and at most torch's own count. The first look of a process counts for all of it.

    Raises:
        CourseError: the device is not there, or an unknown device or precision, or threads below 1.
    """
    asked = device or os.environ.get("GAN_COURSE_DEVICE", "")
    device = _check_device(asked) if asked else ("cuda" if torch.cuda.is_available() else "cpu")
    asked_precision = precision or os.environ.get("GAN_COURSE_PRECISION", "")
    precision, why = _choose_precision(device, asked_precision)
    # torch declares this switch by its descriptor, not by what it holds
    torch.backends.mkldnn.deterministic = True  # type: ignore[assignment]
    count, busy = _set_threads(
        str(threads or os.environ.get("GAN_COURSE_THREADS", "")), look=device == "cpu"
    )
    source = "as asked" if asked else ("a GPU is there" if device == "cuda" else "no GPU found")
    return Runtime(device, precision, count, "; ".join(filter(None, [source, why, busy])))


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch once, before networks are built.

    Raises:
        CourseError: the seed is not a whole number, as papermill's `-p SEED abc` would have it.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise CourseError(f"SEED is {seed!r}: give a whole number")
    seed = int(seed)  # Python's own generator takes no integer of NumPy
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def native_bfloat16(device: str) -> str:
    """The hardware's own bfloat16 arithmetic by name, or "" where it would be emulated.

    On a CPU both the processor (AMX or AVX512-BF16) and torch's convolution library must offer it:
    the library honours `ONEDNN_MAX_CPU_ISA`, the processor's flags do not.
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
                raise CourseError(
                    f"device {name!r} is not there (CUDA finds no GPU): leave it out, or choose cpu"
                )
            if device.index is not None and device.index >= torch.cuda.device_count():
                raise CourseError(
                    f"device {name!r} is not there: this machine has {torch.cuda.device_count()}"
                    " GPU(s)"
                )
            return name
        case "mps":
            if not torch.backends.mps.is_available():
                raise CourseError("device 'mps' is not there: leave it out, or choose cpu")
            return name
    raise CourseError(f"unknown device {name!r}: choose cpu, cuda or mps")


def _set_threads(asked: str, *, look: bool) -> tuple[int, str]:
    """Sets torch's thread count; returns it, and in words why it is less than torch's own."""
    n_default, why = own_threads(), ""
    if asked:
        count = whole_number(asked, 1, MAX_THREADS)
        if count is None:
            raise CourseError(
                f"GAN_COURSE_THREADS or threads is {reprlib.repr(asked)}: choose a whole number"
                f" from 1 to {MAX_THREADS}"
            )
        torch.set_num_threads(count)
    elif look:
        torch.set_num_threads(min(n_default, free_cores()))
        why = "other programs keep cores busy" if free_cores() < n_default else ""
    return torch.get_num_threads(), why


def keep_threads(count: int) -> None:
    """Go on with as many threads as a saved run had, unless `GAN_COURSE_THREADS` asks for others.

    Raises:
        ValueError: not a whole number from 1 to MAX_THREADS.
    """
    if type(count) is not int or not 1 <= count <= MAX_THREADS:
        raise ValueError(f"threads is {count!r}: a whole number from 1 to {MAX_THREADS} is needed")
    if not os.environ.get("GAN_COURSE_THREADS"):
        torch.set_num_threads(count)


@cache
def own_threads() -> int:
    """Torch's own count, from before anybody changed it."""
    return torch.get_num_threads()


@cache
def free_cores() -> int:
    """Cores that no other program keeps busy, looked at once a process; at least 1.

    Torch's threads wait for each other many times in a step. On a core that is shared, all wait for
    the one that does not run: with a busy neighbour on two cores, one thread is much faster than
    two (`make bench` measures it).
    """
    busy = psutil.cpu_percent(LOOK, percpu=True)
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(busy))
    return max(1, round(sum(1 - busy[core] / 100 for core in mine if core < len(busy))))


def _cpu_flag(name: str) -> bool:
    probe = getattr(torch.cpu, name, None)  # private, and renamed between versions: absent means no
    return bool(probe and probe())


def _library_has_bfloat16() -> bool:
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False
