"""Running lessons: their sizes, their claims, their exercises, the runner."""

from gan_course.lessons.claims import claim
from gan_course.lessons.profiles import config_for

__all__ = ["claim", "config_for"]
