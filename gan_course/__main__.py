"""`python -m gan_course`."""

from gan_course.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
