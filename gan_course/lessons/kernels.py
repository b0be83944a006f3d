"""The Python that a notebook runs in.

Jupyter goes by names, and another program may be called python3.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "python3"  # in every stored notebook


@contextmanager
def this_python() -> Iterator[dict[str, str]]:
    """Make Jupyter's python3 the Python that runs here; yields the environment variables for it."""
    from ipykernel.kernelspec import get_kernel_dict

    with tempfile.TemporaryDirectory(prefix="gan_course_") as folder:
        kernel = Path(folder) / "kernels" / NAME
        kernel.mkdir(parents=True)
        (kernel / "kernel.json").write_text(json.dumps(get_kernel_dict()))
        # before all other places that Jupyter looks at
        first = [folder, os.environ.get("JUPYTER_PATH")]
        yield {"JUPYTER_PATH": os.pathsep.join(filter(None, first))}


def jupyter_python() -> tuple[str, Path] | None:
    """The program that JupyterLab starts as python3, and its folder; None for this Python."""
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec(NAME)
    program = spec.argv[0]
    is_bare_name = re.fullmatch(r"python(3(\.\d+)?)?", program)  # for which Jupyter takes its own
    if is_bare_name or _is_this_python(program):
        return None
    return program, Path(spec.resource_dir)


def _is_this_python(program: str) -> bool:
    """A link in another environment leads to the same file and is another Python all the same."""
    ours, theirs = Path(sys.executable).absolute(), Path(program).absolute()
    return ours.parent == theirs.parent and ours.resolve() == theirs.resolve()
