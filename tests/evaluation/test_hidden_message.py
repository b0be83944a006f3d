import pytest
import torch

from gan_course.data.pictures import to_grey
from gan_course.evaluation.hidden_message import blur_part, read_error


@pytest.fixture
def images():
    return torch.randint(60, 200, (3, 3, 24, 24), generator=torch.Generator().manual_seed(0)).to(
        torch.uint8
    )


def test_a_message_read_rightly_has_no_error(images):
    assert read_error(lambda x: x, images, images) == 0


def test_the_error_counts_from_black_to_white_as_one(images):
    white = torch.full_like(images, 255)
    assert read_error(lambda x: -x, white, white) == 1


def test_a_blur_of_colour_keeps_the_luminance(images):
    soft = blur_part(images, "colour", sigma=1.0)
    assert (to_grey(soft).int() - to_grey(images).int()).abs().max() <= 2
    assert (soft.int() - images.int()).abs().float().mean() > 5


def test_a_blur_of_luminance_keeps_the_colour(images):
    soft = blur_part(images, "luminance", sigma=1.0)
    differences = [(one[:, 0].int() - one[:, 2].int()).float() for one in (soft, images)]
    assert (differences[0] - differences[1]).abs().mean() < 2
    assert to_grey(soft).float().std() < 0.6 * to_grey(images).float().std()


def test_an_unknown_part_is_refused(images):
    with pytest.raises(ValueError, match="choose luminance or colour"):
        blur_part(images, "hue", sigma=1.0)
