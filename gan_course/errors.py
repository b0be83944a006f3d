"""The one error that a user may cause."""


class CourseError(Exception):
    """Bad input: one line that names the file or value, and the way out.

    The command line prints the line and exits with code 2; in a notebook it reads as any other exception.
    """
