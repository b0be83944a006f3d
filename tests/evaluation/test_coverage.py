import pytest
import torch

from gan_course.data.toy import ring_centres, sample_ring
from gan_course.evaluation.coverage import modes_covered, precision_recall


def test_modes_of_the_data_and_of_a_collapsed_set():
    centres = ring_centres()
    ring = sample_ring(2_000, std=0.05, generator=torch.Generator().manual_seed(0))
    assert modes_covered(ring, centres, radius=0.2)[0] == 8
    assert modes_covered(centres[:1].repeat(99, 1), centres, radius=0.2) == (1, 1.0)
    assert modes_covered(torch.full((9, 2), 9.0), centres, radius=0.2) == (0, 0.0)


def test_precision_and_recall_by_hand():
    """On a line with k = 1: real 0, 1, 2 reach 1 each way; fakes 0.5, 4, 8 reach 3.5, 3.5, 4."""
    real, fake = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[0.5], [4.0], [8.0]])
    precision, recall = precision_recall(real, fake, k=1)
    assert precision == pytest.approx(1 / 3) and recall == 1.0


def test_a_collapsed_set_is_precise_and_recalls_little():
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(300, 4, generator=generator)
    precision, recall = precision_recall(real, 0.05 * torch.randn(300, 4, generator=generator))
    assert precision == 1.0 and recall < 0.05


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_pictures_that_are_exactly_alike_lie_among_themselves(dtype, scale):
    one = scale * torch.randn(257, generator=torch.Generator().manual_seed(0), dtype=dtype)
    alike = one.expand(280, -1).clone()
    assert precision_recall(alike, alike) == (1.0, 1.0)
    assert precision_recall(alike, alike[:30]) == (1.0, 1.0)
    apart = alike + 0.1 * scale
    assert precision_recall(alike, apart) == (0.0, 0.0)
