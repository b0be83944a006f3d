"""Claims: statements that a lesson measures and checks where it makes them."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

from gan_course.lessons.profiles import max_steps, resolve_profile

VERDICT = r"(?:True|False|not judged without training)"
MEASURED = r"\S+ [<>] \S+"


def claim(
    text: str,
    value: Any,
    *,
    above: float | None = None,
    below: float | None = None,
    needs_training: bool = False,
    key: str = "",
) -> None:
    """State a claim, print what was measured and whether it holds, and record it.

    `claim("with the cycle the error is under two thirds", 0.44, below=2 / 3)` prints

        CLAIM with the cycle the error is under two thirds: 0.44 < 0.67: True

    and `claim("G and G_ema differ", True)` prints "CLAIM G and G_ema differ: True". A claim that
    fails never stops a lesson: what comes after it is still drawn. Under the runner, which sets
    `GAN_COURSE_CLAIMS` to a file, it is recorded there and fails the run.

    Args:
        text: what is claimed, the same in every run: no measured number stands in it.
        value: what was measured, a number of Python, NumPy or torch; without a bound, whether the
            claim holds.
        above: the claim holds where `value` is greater.
        below: the claim holds where `value` is less.
        needs_training: the claim is about a trained network, and is not judged in the smoke profile
            or under `GAN_COURSE_MAX_STEPS`, where nothing is trained.
        key: under what name the calibration keeps the claim, where its text may be reworded;
            default: the text.

    Raises:
        ValueError: both bounds, or a text of more than one line.
    """
    if above is not None and below is not None:
        raise ValueError(f"claim {text!r} has two bounds: give above or below")
    if "\n" in text:
        raise ValueError(f"claim {text!r} has more than one line")
    judged = not (needs_training and (resolve_profile() == "smoke" or max_steps() is not None))
    entry: dict[str, Any] = {
        "key": key or text,
        "text": text,
        "value": None,
        "sign": None,
        "bound": None,
        "margin": None,
    }
    bound = below if above is None else above
    if bound is None:
        held, measured = bool(value), ""
    else:
        sign, bound = "<" if above is None else ">", float(bound)
        number = float(value.detach() if hasattr(value, "detach") else value)
        margin = bound - number if above is None else number - bound
        held, measured = margin > 0, f" {_comparison(number, sign, bound)}:"
        entry |= {"value": number, "sign": sign, "bound": bound, "margin": margin}
    entry["held"] = held if judged else None
    print(f"CLAIM {text}:{measured} {held if judged else 'not judged without training'}")
    if record := os.environ.get("GAN_COURSE_CLAIMS"):
        with Path(record).open("a") as file:
            file.write(json.dumps(entry) + "\n")
    elif entry["held"] is False:
        print(
            "It did not hold in this run. Was a cell above changed, skipped, or run twice? If not,"
            " the claim has"
        )
        print(
            "too little room: please report it to the course's repository, with what `make doctor`"
            " prints."
        )


def in_words(entry: dict) -> str:
    """A recorded claim with its numbers: "the error is under two thirds (0.71, not < 0.67)"."""
    if entry["bound"] is None:
        return entry["text"]
    number, sign, bound = _comparison(entry["value"], entry["sign"], entry["bound"]).split(" ")
    return f"{entry['text']} ({number}, {'not ' if entry['held'] is False else ''}{sign} {bound})"


def read_claims(path: Path) -> list[dict]:
    """Read the claims recorded in a file, in their order; none where there is no file."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def stored_claims(notebook: Path) -> list[str]:
    """The texts of the claims that a notebook's stored outputs state, in their order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = [
        "".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", [])
    ]
    line = re.compile(rf"^CLAIM (.*?):(?: {MEASURED}:)? {VERDICT}$", re.MULTILINE)
    return [claim_text for text in texts for claim_text in line.findall(text)]


def _comparison(number: float, sign: str, bound: float) -> str:
    """Both numbers with two significant digits, or as many more as tell them apart."""
    for digits in range(2, 17):
        number_text, bound_text = _format_number(number, digits), format_bound(bound, digits)
        if number_text != bound_text or number == bound:
            break
    return f"{number_text} {sign} {bound_text}"


def _format_number(number: float, digits: int) -> str:
    if not math.isfinite(number):
        return str(number)
    if number == int(number) and abs(number) < 1e6:
        return str(int(number))
    if 1e-3 <= abs(number) < 1e6:  # in plain digits: 1234.5, and never 1.2e+03
        places = max(0, digits - 1 - math.floor(math.log10(abs(number))))
        return f"{number:.{places}f}"
    return f"{number:.{digits - 1}e}"


def format_bound(bound: float, digits: int) -> str:
    """A bound as one would write it: 0.5, 1.25, 1e-04; and 0.67 for two thirds."""
    if bound == 0 or not math.isfinite(bound):
        return _format_number(bound, digits)
    text = f"{bound:.1e}".replace(".0e", "e") if abs(bound) < 1e-3 else f"{bound:.4g}"
    return text if float(text) == bound and abs(bound) < 1_000 else _format_number(bound, digits)
