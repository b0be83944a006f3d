"""The folders of a clone: root, data, notebooks, runs, results."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
NOTEBOOKS = ROOT / "notebooks"
RESULTS = ROOT / "docs" / "results"  # tables that runs wrote
RUNS = ROOT / "runs"
