"""The code behind the course: models, training, data, and the running of lessons."""

__version__ = "0.1.0"
