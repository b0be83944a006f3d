"""`python -m gan_course`."""

import sys

if __name__ == "__main__":
    try:
        from gan_course.cli import main

        code = main()
    except KeyboardInterrupt:  # before `main` could answer it
        print("gan_course: stopped; what was saved stays", file=sys.stderr)
        code = 130
    raise SystemExit(code)
