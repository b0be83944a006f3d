"""What the measurements ran on, and how fast a convolution is there."""

import platform
import re
from collections.abc import Callable
from pathlib import Path

import psutil
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gan_course.runtime import Runtime

CONVOLUTION = "a 3x3 convolution of (16, 64, 32, 32) to 64 channels, forward and backward"


def machine_line(runtime: Runtime) -> str:
    """Processor, cores, GPU, versions and runtime, in one line."""
    parts = [_processor(), f"{psutil.cpu_count(logical=False)} cores, {psutil.cpu_count()} logical"]
    if runtime.device.startswith("cuda"):
        parts.append(torch.cuda.get_device_name(runtime.device))
    return " · ".join([*parts, f"torch {torch.__version__}", str(runtime)])


def load() -> float:
    """Processes that ran or waited to run, on average over the last minute, ours among them."""
    return psutil.getloadavg()[0]


def count_flops(step: Callable[[], object]) -> int:
    """Floating-point operations of one call: convolutions and matrix products, two an element."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def convolution(
    device: str, dtype: torch.dtype, memory_format: torch.memory_format
) -> Callable[[], None]:
    """One call of the convolution of `CONVOLUTION`, all tensors already in `dtype` and layout.

    No conversions, no norm, no optimiser: it is what the machine can do, and a training step
        reaches a share of it.
    """
    layer = nn.Conv2d(64, 64, 3, padding=1).to(device, dtype, memory_format=memory_format)
    x = (
        torch.randn(16, 64, 32, 32, device=device, dtype=dtype)
        .to(memory_format=memory_format)
        .requires_grad_()
    )
    slope = torch.randn_like(x)

    def once() -> None:
        layer.zero_grad()
        x.grad = None
        layer(x).backward(slope)

    return once


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.is_file() else None
    return found[1].strip() if found else platform.processor() or platform.machine()
