"""A wheel carries what the package reads from a clone: data, lessons and recorded tables.

Everything else about the package stands in pyproject.toml.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONTENT = ("data", "notebooks", "docs/results")
LEFT_OUT = ("build", "source", "__pycache__", ".*")  # what only a maintainer needs


class BuildWithContent(build_py):
    """Copies the content to gan_course/bundle; an editable install reads it from the clone."""

    def run(self):
        """Build the modules, then copy the content beside them."""
        super().run()
        if not self.editable_mode:
            bundle = Path(self.build_lib) / "gan_course" / "bundle"
            shutil.rmtree(bundle, ignore_errors=True)  # of an earlier build
            for folder in CONTENT:
                shutil.copytree(
                    folder,
                    bundle / folder,
                    ignore=shutil.ignore_patterns(*LEFT_OUT),
                )


setup(cmdclass={"build_py": BuildWithContent})
