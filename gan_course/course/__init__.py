"""Running lessons, and the claims that they make."""

from gan_course.course.claims import claim

__all__ = ["claim"]
