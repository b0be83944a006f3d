"""On a GPU, the work of a whole training step recorded once, and launched as one from then on."""

from collections.abc import Callable, Hashable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from gan_course.runtime import Runtime

Losses = dict[str, Tensor]


class Recorder:
    """Calls a step's work; on a GPU, from its second call of a kind on, by replaying a CUDA graph.

    The course's networks are narrow: a GPU is done with most of their thousand operations before
    Python has asked for the next. A graph asks for all of them at once. The first call of each kind
    runs as written, the second is recorded, and all later ones replay it, on new pictures and new
    random numbers.

    So the work must be the same operations on the same tensors at every call of its kind: state is
    changed in place, and nothing is read back from the GPU. On a CPU, the work is simply called.

    Args:
        runtime: decides whether there is a GPU.
        generator: the one that the work draws its random numbers from.
    """

    def __init__(self, runtime: Runtime, generator: torch.Generator) -> None:
        # several processes exchange gradients within a step, which no graph records
        self.is_used = runtime.device.startswith("cuda") and not dist.is_initialized()
        self.generator = generator
        self.stream = torch.cuda.Stream(torch.device(runtime.device)) if self.is_used else None
        self.forget()

    def forget(self) -> None:
        """Record anew: the tensors are others now, as after loading a state."""
        self.seen: set[Hashable] = set()
        self.graphs: dict[Hashable, tuple[torch.cuda.CUDAGraph, Tensor, Losses]] = {}

    def __call__(self, kind: Hashable, work: Callable[[Tensor], Losses], batch: Tensor) -> Losses:
        """`work(batch)`: its losses, detached.

        Args:
            kind: all that decides which operations the work consists of.
            work: one step on a batch.
            batch: of one shape for each kind, on the device.
        """
        if not self.is_used or self.stream is None:
            return work(batch)
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            losses = self._run(kind, work, batch)
        torch.cuda.current_stream().wait_stream(self.stream)
        return losses

    def _run(self, kind: Hashable, work: Callable[[Tensor], Losses], batch: Tensor) -> Losses:
        if kind not in self.seen:
            self.seen.add(kind)
            return work(batch)
        if kind not in self.graphs:
            self.graphs[kind] = self._record(work, batch)
        graph, held, losses = self.graphs[kind]
        held.copy_(batch)
        graph.replay()
        # the next replay writes over them
        return {name: value.clone() for name, value in losses.items()}

    def _record(
        self, work: Callable[[Tensor], Losses], batch: Tensor
    ) -> tuple[Any, Tensor, Losses]:
        graph, held = torch.cuda.CUDAGraph(), batch.clone()
        graph.register_generator_state(self.generator)
        with torch.cuda.graph(graph, stream=self.stream):
            losses = work(held)
        return graph, held, losses
