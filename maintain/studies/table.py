"""Runs what is missing of a recorded table, row by row, so that an interrupted study goes on."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gan_course.files import atomic_write
from gan_course.lessons.results import current_commit, recorded, results_file
from gan_course.runtime import choose_runtime

Row = dict[str, Any]


def fill(
    name: str,
    rows: Iterable[Row],
    measure: Callable[[Row], Mapping[str, Any]],
    facts: Mapping[str, Any],
    command: str,
) -> None:
    """Measure every row that docs/results/NAME.json lacks, and write each at once.

    Args:
        name: of the file.
        rows: what names each row, such as {"arm": "full", "seed": 0}, in the order in which they
            are measured.
        measure: from that to the row's figures.
        facts: what the table says of its trainings, beside commit, hardware and command.
        command: writes the table anew.

    Raises:
        CourseError: the file is not one that a study wrote.
    """
    path = results_file(name)
    done = recorded(name)["rows"] if path.is_file() else []
    about = {
        **facts,
        "commit": current_commit(),
        "hardware": str(choose_runtime()),
        "command": command,
    }
    for row in rows:
        if any(old.items() >= row.items() for old in done):
            continue
        done.append(row | measure(row))
        print(done[-1], flush=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps({"rows": done} | about, indent=1) + "\n")
