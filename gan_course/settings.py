"""Numbers that users write, on the command line and in environment variables."""

import os


def as_word(value: object) -> str:
    """A value as it is typed: numbers that belong together with commas between them."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def whole_number(text: str, lowest: int, highest: int) -> int | None:
    """The number that a text of digits gives; None where it is not from `lowest` to `highest`.

    A text of thousands of digits, which `int` refuses, gives None too.
    """
    if not text.isdecimal() or len(text.lstrip("0")) > len(str(highest)):
        return None
    number = int(text.lstrip("0") or "0")
    return number if lowest <= number <= highest else None


def process_count() -> int:
    """How many processes were started to work together, as torchrun says it; 1 without it."""
    return whole_number(os.environ.get("WORLD_SIZE", ""), 1, 2**20) or 1


def process_rank() -> int:
    """The number of this process among those; 0 is the first."""
    return whole_number(os.environ.get("RANK", ""), 0, 2**20) or 0
