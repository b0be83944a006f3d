"""Loads the trunk of pretrained features."""

from gan_course.models.efficientnet import EfficientNetTrunk
from gan_course.weights.files import load_into

TRUNK = "efficientnet-lite0-trunk"


def load_trunk(name: str = TRUNK) -> EfficientNetTrunk:
    """The shipped trunk, frozen, in evaluation mode, in float32 on the CPU.

    Args:
        name: of the weights.

    Raises:
        CourseError: no such weights, their bytes have changed, or they are those of another
            network.
    """
    return load_into(EfficientNetTrunk(), name).requires_grad_(False)
