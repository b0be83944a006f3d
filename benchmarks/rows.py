"""What is measured: each row is a step of the course and a plain reference that does the same."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from benchmarks.cyclegan import cyclegan_pair
from benchmarks.dcgan import dcgan_pair
from benchmarks.machine import convolution
from benchmarks.rings import rings_pair
from benchmarks.stylegan import stylegan_pair
from gan_course.lessons.l02_images.config import PROFILES as IMAGES
from gan_course.lessons.l03_why_training_breaks.config import PROFILES as BREAKS
from gan_course.runtime import Runtime
from gan_course.training.cyclegan import CycleGANConfig
from gan_course.training.stylegan import StyleGANConfig
from gan_course.training.toy_gans import ring_table


@dataclass(frozen=True)
class Row:
    """One line of the table, ready to be timed."""

    title: str
    sizes: str
    course: Callable[[], object]  # one step as the course takes it
    reference: Callable[[], object]  # the same step, plainly
    inner: int  # steps in one timing
    # the course's side uses the runtime's precision and layout; else float32
    fast_path: bool = True


def convolution_row(runtime: Runtime) -> Row:
    """The machine's own rate, which the other rows are held against; always measured."""
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[runtime.precision]
    course = convolution(runtime.device, dtype, runtime.memory_format)
    plain = convolution(runtime.device, torch.float32, torch.contiguous_format)
    return Row("convolution alone", "see below", course, plain, inner=5)


def dcgan_row(runtime: Runtime) -> Row:
    """The runtime's precision, channels last and fused Adam against plain float32 and NCHW."""
    config = IMAGES["fast"].dcgan
    step, plain, real = dcgan_pair(config, runtime)
    sizes = (
        f"{config.img_resolution} pixels, batch {config.batch_size}, {config.base_channels} base"
        " channels"
    )
    return Row("DCGAN step", sizes, lambda: step(real), lambda: plain(real), inner=2)


def cyclegan_row(runtime: Runtime) -> Row:
    """The paper's networks for 256 px on one picture of 128 px, beside float32 and NCHW."""
    config = CycleGANConfig(n_steps=1_000, img_resolution=128, n_blocks=9)
    return _cyclegan_row("CycleGAN step, the paper's networks", config, runtime, inner=1)


def lesson_cyclegan_row(runtime: Runtime) -> Row:
    """The networks of the lessons' ablations, without what the plain step leaves out."""
    config = CycleGANConfig(
        n_steps=500,
        batch_size=8,
        img_resolution=32,
        base_channels=16,
        n_blocks=3,
        norm="none",
        d_base_channels=32,
        n_layers=2,
        d_norm="none",
        lr=6e-4,
        lambda_identity=2.0,
        residual=True,
        coordinates=4,
    )
    return _cyclegan_row("CycleGAN step, the lessons' networks", config, runtime, inner=2)


def _cyclegan_row(title: str, config: CycleGANConfig, runtime: Runtime, inner: int) -> Row:
    step, plain, batch = cyclegan_pair(config, runtime)
    sizes = (
        f"{config.img_resolution} pixels, batch {config.batch_size}, {config.base_channels} base"
        " channels"
    )
    return Row(
        title,
        f"{sizes}, {config.n_blocks} blocks",
        lambda: step(batch),
        lambda: plain(*batch),
        inner,
    )


# as wide as the shipped weights
STYLEGAN_64 = StyleGANConfig(
    n_steps=22_000,
    z_dim=64,
    w_dim=64,
    n_mapping=4,
    mapping_lr=0.1,
    channel_base=1_024,
    channel_max=96,
    d_channel_base=1_024,
    lr=0.005,
    lr_constant=0.5,
    r1_gamma=2.0,
)


def stylegan_row(runtime: Runtime) -> Row:
    """StyleGAN as wide as the shipped weights, at full size.

    Sixteen steps in a timing, so that each has its R1.
    """
    config = STYLEGAN_64
    step, plain, real = stylegan_pair(config, runtime)
    plain(real)  # the step that is counted comes next: without R1, which the counter cannot follow
    sizes = (
        f"{config.img_resolution} pixels, batch {config.batch_size}, at most {config.channel_max}"
        " channels"
    )
    return Row(
        "StyleGAN step", sizes, lambda: step(real), lambda: plain(real), inner=config.r1_every
    )


def rings_row(runtime: Runtime) -> Row:
    """Lesson 03's whole table in one batched step against the same GANs one after another.

    Float32 on the CPU.
    """
    lesson = BREAKS["fast"]
    config, table = lesson.rings, ring_table(lesson.gamma, range(lesson.n_seeds))
    gans = [gan for column in table.values() for row in column for gan in row]
    step, plain = rings_pair(config, gans)
    sizes = (
        f"{len(gans)} GANs, batch {config.batch_size}, {config.n_hidden} hidden layers of"
        f" {config.hidden}"
    )
    return Row("ring step", sizes, step, lambda: [one() for one in plain], inner=1, fast_path=False)


ROWS: dict[str, Callable[[Runtime], Row]] = {
    "dcgan": dcgan_row,
    "rings": rings_row,
    "cyclegan": cyclegan_row,
    "cyclegan-lesson": lesson_cyclegan_row,
    "stylegan": stylegan_row,
}
