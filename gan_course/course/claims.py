"""Claims: what a lesson says is true, stated with a margin and checked where it is said."""

import json
import os
import re
from pathlib import Path

from gan_course.config import max_steps, resolve_profile


class ClaimFailed(AssertionError):
    """A claim did not hold while the course was being checked."""


def claim(text: str, held: bool, *, margin: float | None = None, needs_training: bool = False) -> None:
    """State a claim, say whether it held, and record it.

    Prints "CLAIM text: True". Under the runner (which sets `GAN_COURSE_CLAIMS` to a file) the claim is recorded
    there, and one that fails stops the lesson, unless `GAN_COURSE_CLAIMS_GO_ON` is "1": a calibration wants the
    margins of all claims. In a learner's own kernel a claim that fails says so and goes on.

    Args:
        text: what is claimed, with its bound: "mean error below 0.06 where there is data".
        held: whether it is so; a Python, NumPy or torch truth value.
        margin: how far the measured value is on the right side of its bound, in the claim's own unit; recorded,
            not printed.
        needs_training: the claim is about a trained network, and is not judged in the smoke profile or under
            `GAN_COURSE_MAX_STEPS`, where nothing is trained.

    Raises:
        ClaimFailed: the claim did not hold, and the course is being checked.
    """
    judged = not (needs_training and (resolve_profile() == "smoke" or max_steps() is not None))
    result = bool(held) if judged else None
    print(f"CLAIM {text}: {'not judged without training' if result is None else result}")
    record = os.environ.get("GAN_COURSE_CLAIMS")
    if record:
        with Path(record).open("a") as file:
            file.write(json.dumps({"text": text, "held": result, "margin": _plain(margin)}) + "\n")
    if result is False:
        if record and os.environ.get("GAN_COURSE_CLAIMS_GO_ON") == "1":
            return
        if record:
            raise ClaimFailed(text)
        print("It did not hold in this run. Was a cell above changed, skipped, or run twice? If not, the claim has too")
        print("little room: please report it to the course's repository, with what `make doctor` prints.")


def read_claims(path: Path) -> list[dict]:
    """The claims recorded in a file, in the order in which they were made; none where there is no file."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def stored_claims(notebook: Path) -> list[str]:
    """The texts of the claims that a notebook's stored outputs state, in their order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", [])]
    line = re.compile(r"^CLAIM (.*): (?:True|False|not judged.*)$", re.MULTILINE)
    return [found for text in texts for found in line.findall(text)]


def _plain(margin: object) -> float | None:
    if margin is None:
        return None
    return float(margin.detach() if hasattr(margin, "detach") else margin)
