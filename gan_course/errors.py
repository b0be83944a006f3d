"""Errors that a user may cause."""


class CourseError(Exception):
    """Bad input: one line that names the file or value, and the way out.

    The command line prints the line and exits with code 2; in a notebook it reads as any other
    exception.
    """


class Stopped(KeyboardInterrupt):
    """A signal asked for an end, and what was done until then is saved: one line says where.

    Args:
        number: of the signal; the command line exits with 128 more, as a shell reports it.
        line: what was saved, and how to go on.
    """

    def __init__(self, number: int, line: str) -> None:
        super().__init__(line)
        self.number = number
