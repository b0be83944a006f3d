"""`python -m gan_course train`: from names and folders to a run."""

import argparse
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from gan_course.config import DCGAN, DCGANConfig, config_for, max_steps
from gan_course.data.fashion import load_fashion
from gan_course.data.folder import load_folder
from gan_course.errors import CourseError
from gan_course.models.dcgan import split_resolution
from gan_course.runtime import choose_runtime
from gan_course.training.families import build_dcgan
from gan_course.training.run import run_training


def train_from_options(options: argparse.Namespace) -> None:
    """Train the family that the options name, and say where the results are.

    Raises:
        CourseError: bad options, bad pictures, or a folder that cannot be used.
    """
    runtime = choose_runtime(options.device)
    images, config = _pictures(options, config_for(DCGAN, options.profile))
    config = replace(config, batch_size=options.batch_size or config.batch_size)
    n_steps = min(options.steps or config.n_steps, max_steps() or 10**12)
    print(f"{len(images)} pictures of {tuple(images.shape[1:])} · {runtime}")
    training = build_dcgan(config, images, seed=options.seed, runtime=runtime)
    run_training(training, options.out, n_steps=n_steps, save_every=options.save_every, resume=options.resume)
    if training.step.n_done > n_steps:
        print(f"{options.out} already has {training.step.n_done} steps: nothing was added")
    else:
        print(f"{training.step.n_done} steps done: {options.out}/last.pt, metrics.csv and samples/")


def _pictures(options: argparse.Namespace, config: DCGANConfig) -> tuple[Tensor, DCGANConfig]:
    if len(options.data) != 1:
        raise CourseError(f"dcgan learns from one set of pictures, not {len(options.data)}: name one after --data")
    name = options.data[0]
    if name == "fashion":
        if options.resolution not in (None, config.img_resolution):
            raise CourseError(f"fashion is {config.img_resolution} px: leave --resolution out")
        return load_fashion()[0], config
    if not name.strip() or not Path(name).is_dir():
        raise CourseError(f"no data named {name!r}, and no such folder: choose fashion, or a folder of pictures")
    resolution = options.resolution or 64
    try:
        split_resolution(resolution)
    except ValueError as error:
        raise CourseError(f"--resolution {resolution}: {error}") from error
    images, _ = load_folder(name, resolution=resolution)
    return images, replace(config, img_resolution=resolution, img_channels=images.shape[1])
