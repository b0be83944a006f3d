"""Folders: of a clone, or of what an installed wheel carries (see setup.py).

From a wheel, what a command writes goes below the folder in which it was started.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLE = _PACKAGE / "bundle"
IN_CLONE = not _BUNDLE.is_dir()

ROOT = _PACKAGE.parent if IN_CLONE else Path.cwd()
RUNS = ROOT / "runs"

_CONTENT = ROOT if IN_CLONE else _BUNDLE
DATA = _CONTENT / "data"
NOTEBOOKS = _CONTENT / "notebooks"
RESULTS = _CONTENT / "docs" / "results"  # tables that runs wrote


def restore(folder: str) -> str:
    """How a changed or missing file below `folder` comes back: the end of many an error line."""
    if IN_CLONE:
        return f"restore it with git checkout -- {folder}"
    return "restore it with pip install --force-reinstall --no-deps, from where gan-course came"
