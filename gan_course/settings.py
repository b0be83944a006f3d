"""Numbers that users write, on the command line and in environment variables."""


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
