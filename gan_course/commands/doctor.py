"""`python -m gan_course doctor`: versions, devices, data, and anything that is missing."""

import argparse
import platform
import shutil
import sys
from contextlib import suppress
from importlib import import_module, metadata
from pathlib import Path

import psutil

from gan_course.commands.parsing import hold_interrupt
from gan_course.data.manifest import bundled, data_root, read_manifest
from gan_course.errors import CourseError
from gan_course.lessons.kernels import jupyter_python
from gan_course.lessons.profiles import max_steps, resolve_profile
from gan_course.lessons.results import current_commit

PACKAGES = (
    "torch", "torchvision", "numpy", "matplotlib", "pillow", "safetensors", "jupyterlab",
    "ipykernel", "jupytext", "papermill", "pytest", "nbval", "ruff",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """The doctor takes no options."""


def work(_: argparse.Namespace) -> int:
    """Print versions, the runtime and why, free memory and disk, and the state of the data.

    Returns:
        0 where nothing is missing, else 1.
    """
    with hold_interrupt(), suppress(ImportError):  # the doctor says what is missing
        import_module("torch")
    missing = []
    print(
        f"python    {platform.python_version()} on {platform.system()} {platform.machine()}"
        f" ({sys.executable})"
    )
    versions = {name: _version(name) for name in PACKAGES}
    print(
        "packages  "
        + ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    )
    missing += [f"package {name}" for name, version in versions.items() if not version]
    if versions["torch"]:
        from gan_course.runtime import choose_runtime

        try:
            print(f"runtime   {choose_runtime()}")
        except CourseError as error:
            missing.append(str(error))
    try:
        print(
            f"profile   {resolve_profile()}"
            + (f", at most {max_steps()} steps" if max_steps() else "")
        )
    except CourseError as error:
        missing.append(str(error))
    print(
        f"memory    {psutil.virtual_memory().available / 2**30:.1f} GiB free of"
        f" {_gib(psutil.virtual_memory().total)}"
    )
    print(f"disk      {_gib(shutil.disk_usage(Path.cwd()).free)} free")
    print(f"course    commit {current_commit()}")
    print(f"kernel    {_kernel()}")
    missing += _report_data()
    if missing:
        print("missing   " + "\n          ".join(missing))
        return 1
    print("missing   nothing")
    return 0


def _kernel() -> str:
    """The Python that the lessons run in, by `run` and in JupyterLab."""
    try:
        jupyter = jupyter_python()
    except Exception as error:  # Jupyter is not installed, or has a python3 that cannot be read
        return (
            f"run: {sys.executable}; JupyterLab's cannot be found ({type(error).__name__}: {error})"
        )
    if jupyter is None:
        return sys.executable
    program, folder = jupyter
    return (
        f"run: {sys.executable}; JupyterLab: {program}, by {folder}: remove that folder if"
        " lessons fail there"
    )


def _report_data() -> list[str]:
    problems = []
    try:
        names = list(read_manifest(data_root()))
    except CourseError as error:
        return [str(error)]
    for name in names:
        try:
            bundled(name)
        except CourseError as error:
            problems.append(str(error))
    print(f"data      {len(names) - len(problems)} of {len(names)} files intact in {data_root()}")
    return problems


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.1f} GiB"
