"""What several processes and folders larger than memory cost: `python -m benchmarks.scaling`.

Writes docs/results/scaling.json and scaling.md. Run by torchrun, it is one of the processes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

import psutil
import torch
from PIL import Image
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import load, machine_line
from benchmarks.rows import STYLEGAN_64
from gan_course.commands.parsing import OneLineParser, folder, run_command, whole
from gan_course.data.cache import read_folder
from gan_course.files import atomic_write, output_folder
from gan_course.lessons.results import current_commit
from gan_course.paths import RESULTS, ROOT
from gan_course.runtime import choose_runtime
from gan_course.training.bundle import Training
from gan_course.training.distributed import process_group, rank, share_out, world_size
from gan_course.training.stylegan import StyleGANConfig, build_stylegan, make_stylegan

WARM, TIMED = 3, 16  # steps: R1's comes once in the timed ones
# Official StyleGAN2's widths; the batch and the pictures shown are the paper's.
PAPER = {"channel_base": 32_768, "channel_max": 512, "z_dim": 512, "w_dim": 512}
KIMG, BATCH = 25_000, 32
RATES = (20e12, 100e12)  # FLOP a second that a GPU reaches: a guess below and one above


def pictures_a_second(training: Training) -> float:
    """How many pictures all processes together train on in a second."""
    for k in range(WARM + TIMED):
        if k == WARM:
            start = time.perf_counter()
        training.step(next(training.batches))
    return TIMED * training.batches.batch_size * world_size() / (time.perf_counter() - start)


def in_a_process(threads: int) -> None:
    """One of the processes; the first prints the rate of all."""
    with process_group():
        runtime = choose_runtime("cpu", threads=threads)
        images = _noise(STYLEGAN_64.img_resolution)
        training = share_out(build_stylegan(STYLEGAN_64, images, seed=0, runtime=runtime))
        rate = pictures_a_second(training)
        if rank() == 0:
            print(rate)


def measure_processes(trials: int) -> dict:
    """Rates of one process with one thread and with two, and of two with one, in turn."""
    kinds = {"1 process, 1 thread": (1, 1), "1 process, 2 threads": (1, 2), "2 processes": (2, 1)}
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(trials):
        for name, (count, threads) in kinds.items():
            rates[name].append(_rate_of(count, threads))
    ratios = {
        name: median(a / b for a, b in zip(rates["2 processes"], rates[name], strict=True))
        for name in list(kinds)[:2]
    }
    return {"rates": {name: median(values) for name, values in rates.items()}, "ratios": ratios}


def _rate_of(count: int, threads: int) -> float:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    words = ["--nproc-per-node", str(count), "-m", "benchmarks.scaling", "--threads", str(threads)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    job = subprocess.run(
        [*torchrun, *words], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return float(job.stdout.split()[-1])


def measure_folder(n_pictures: int, n_in_memory: int, trials: int) -> dict:
    """Decoding, peak memory and rate of a large folder, beside pictures in memory."""
    with tempfile.TemporaryDirectory(dir=ROOT / "runs") as place:
        _write_pictures(Path(place) / "pictures", n_pictures)
        words = ["--in-memory", str(n_in_memory), "--trials", str(trials)]
        job = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scaling", "--folder", place, *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        peak = 0
        while job.poll() is None:
            peak = max(peak, _memory(job.pid))
            time.sleep(0.2)
        assert job.stdout is not None
        measured = json.loads(job.stdout.read().splitlines()[-1])
    return measured | {"pictures": n_pictures, "in_memory": n_in_memory, "peak_bytes": peak}


def with_a_folder(place: Path, n_in_memory: int, trials: int) -> None:
    """Train from a folder of decoded pictures; then, in turn, from memory and from the file."""
    runtime = choose_runtime("cpu")
    start = time.perf_counter()
    cached, _ = read_folder(place / "pictures", resolution=256, cache=place / "cache")
    decoding = time.perf_counter() - start
    config = StyleGANConfig(
        n_steps=100,
        batch_size=8,
        img_resolution=256,
        z_dim=32,
        w_dim=32,
        n_mapping=2,
        channel_base=1_024,
        channel_max=32,
        d_channel_base=1_024,
    )
    build = {"config": config, "seed": 0, "runtime": runtime}
    result = {"decoding_seconds": decoding}
    result["rate"] = pictures_a_second(build_stylegan(images=cached, **build))
    if n_in_memory:
        images = cached[:n_in_memory]
        rates = [
            [pictures_a_second(build_stylegan(images=of, **build)) for of in (cached, images)]
            for _ in range(trials)
        ]
        result["ratio"] = median(a / b for a, b in rates)
    print(json.dumps(result))


def _tree(pid: int) -> list[int]:
    """Bytes that a process and its children have to themselves, shared ones in parts."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    sizes = []
    for process in processes:
        try:
            sizes.append(process.memory_full_info().pss)
        except psutil.Error:  # it has just ended
            continue
    return sizes


def _memory(pid: int) -> int:
    try:
        return sum(_tree(pid))
    except psutil.Error:
        return 0


def _write_pictures(place: Path, n: int, different: int = 1_000) -> None:
    """n JPEG files of 256 px; the later ones are other names of the first thousand."""
    place.mkdir()
    generator = torch.Generator().manual_seed(0)
    for k in range(min(n, different)):
        small = torch.randint(0, 256, (32, 32, 3), dtype=torch.uint8, generator=generator)
        picture = Image.fromarray(small.numpy()).resize((256, 256), Image.Resampling.BICUBIC)
        picture.save(place / f"{k:06d}.jpg", quality=90)
    for k in range(different, n):
        os.link(place / f"{k % different:06d}.jpg", place / f"{k:06d}.jpg")


def arithmetic(img_resolution: int, n_gpus: int) -> dict:
    """FLOP, bytes and hours of StyleGAN2 with the paper's widths, batch and pictures."""
    config = StyleGANConfig(
        n_steps=1,
        architecture="stylegan2",
        batch_size=BATCH // n_gpus,
        img_resolution=img_resolution,
        d_channel_base=PAPER["channel_base"],
        **PAPER,
    )
    with FakeTensorMode():  # shapes and operations alone
        G, D = make_stylegan(config)
        z = torch.randn(config.batch_size, config.z_dim)
        with FlopCounterMode(display=False) as G_flops, _CountSaved() as G_saved:
            images = G(z, noise="random")
        with FlopCounterMode(display=False) as D_flops, _CountSaved() as D_saved:
            D(images)
    # D: forward and backward on real and on fake ones, which one forward of G makes. G: forward and
    # backward, through D to its input. Backward is twice forward: for weights and for the input.
    of_G, of_D = (flops.get_total_flops() / config.batch_size for flops in (G_flops, D_flops))
    step = (of_G + 2 * 3 * of_D) + (3 * of_G + 2 * of_D)
    n_weights = [sum(p.numel() for p in network.parameters()) for network in (G, D)]
    # float32: weights, gradients and Adam's two moments of both, and the average of G
    weights = 4 * (4 * sum(n_weights) + n_weights[0])
    total = step * KIMG * 1_000
    return {
        "img_resolution": img_resolution,
        "gpus": n_gpus,
        "gflop_a_picture": step / 1e9,
        "weights_bytes": weights,
        "activations_bytes": max(G_saved.n_bytes + D_saved.n_bytes, 2 * D_saved.n_bytes),
        "hours": [total / rate / n_gpus / 3600 for rate in RATES],
    }


class _CountSaved:
    """Counts the bytes that autograd keeps for a backward pass, each tensor once."""

    def __init__(self) -> None:
        self.n_bytes, self.seen = 0, set()
        self.hooks = torch.autograd.graph.saved_tensors_hooks(self.note, lambda tensor: tensor)

    def note(self, tensor: Tensor) -> Tensor:
        """Count a tensor that autograd keeps; weights are there anyway."""
        if not isinstance(tensor, nn.Parameter):
            storage = tensor.untyped_storage()
            if storage._cdata not in self.seen:
                self.seen.add(storage._cdata)
                self.n_bytes += storage.nbytes()
        return tensor

    def __enter__(self) -> "_CountSaved":
        self.hooks.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.hooks.__exit__(*error)


def as_page(results: dict) -> str:
    """docs/results/scaling.md."""
    processes, large = results["processes"], results["folder"]
    rates = processes["rates"]
    lines = [
        "# Scaling",
        "",
        f"Written by `python -m benchmarks.scaling` on {results['date']}, commit"
        f" {results['commit']}.",
        "",
        f"Machine: {results['machine']}. Load average before: {results['load']:.2f}.",
        "",
        "## Several processes",
        "",
        "StyleGAN at 64 px, 16 pictures a process and step, in turn:",
        "",
        "| | pictures a second |",
        "| --- | --- |",
        *[f"| {name} | {rate:.1f} |" for name, rate in rates.items()],
        "",
        *[
            f"Two processes of one thread over {name}: {ratio:.2f}."
            for name, ratio in processes["ratios"].items()
        ],
        "",
        "## A folder larger than memory",
        "",
        f"{large['pictures']:,} JPEG files of 256 px, decoded once in"
        f" {large['decoding_seconds'] / 60:.1f} minutes, then a small StyleGAN trained on them.",
        f"Most memory at any moment, of all processes together:"
        f" {large['peak_bytes'] / 2**30:.2f} GiB.",
        f"Pictures a second from the file over those from memory ({large['in_memory']:,} of them):"
        f" {large['ratio']:.2f}.",
        "",
        "## Arithmetic",
        "",
        f"StyleGAN2 with the paper's widths, batch of {BATCH}, {KIMG / 1000:.0f} million pictures;"
        " FLOP counted on the course's own networks, memory in float32.",
        "",
        "| side | GPUs | GFLOP a picture | weights, gradients, moments | kept for backward, a GPU |"
        f" hours at {RATES[0] / 1e12:.0f} TFLOP/s a GPU | at {RATES[1] / 1e12:.0f} |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *[
            f"| {row['img_resolution']} px | {row['gpus']} | {row['gflop_a_picture']:,.0f} |"
            f" {row['weights_bytes'] / 2**30:.2f} GiB |"
            f" {row['activations_bytes'] / 2**30:.1f} GiB |"
            f" {row['hours'][0]:,.0f} | {row['hours'][1]:,.0f} |"
            for row in results["arithmetic"]
        ],
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = OneLineParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--trials", type=whole, default=5)
    parser.add_argument("--pictures", type=whole, default=100_000, help="files in the folder")
    parser.add_argument(
        "--in-memory", type=lambda text: whole(text, 0), default=20_000, help="0 for none"
    )
    parser.add_argument("--out", type=folder, default=RESULTS, metavar="DIR")
    # of the processes that it starts
    parser.add_argument("--threads", type=whole, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=folder, help=argparse.SUPPRESS)
    return run_command(parser, arguments, _work)


def _work(options: argparse.Namespace) -> int:
    if options.threads:
        in_a_process(options.threads)
        return 0
    if options.folder:
        with_a_folder(options.folder, options.in_memory, options.trials)
        return 0
    out = output_folder(options.out)
    output_folder(ROOT / "runs")
    results = {
        "commit": current_commit(),
        "date": date.today().isoformat(),
        "machine": machine_line(choose_runtime("cpu")),
        "load": load(),
        "processes": measure_processes(options.trials),
        "folder": measure_folder(options.pictures, 0, 1),
        "arithmetic": [arithmetic(256, 1), arithmetic(1024, 8)],
    }
    beside = measure_folder(options.in_memory, options.in_memory, options.trials)
    results["folder"] |= {"ratio": beside["ratio"], "in_memory": beside["in_memory"]}
    for name, text in (
        ("scaling.json", json.dumps(results, indent=1)),
        ("scaling.md", as_page(results)),
    ):
        with atomic_write(out / name) as temporary:
            temporary.write_text(text)
    print(as_page(results))
    return 0


def _noise(side: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (64, 3, side, side), dtype=torch.uint8, generator=generator)


if __name__ == "__main__":
    raise SystemExit(main())
