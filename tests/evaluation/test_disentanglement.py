"""Control, readability, path length and directions, on codes whose answer is known."""

import pytest
import torch

from gan_course.evaluation.disentanglement import (
    changed_shares,
    closed_form_directions,
    interval,
    labelled_direction,
    linear_readability,
    path_length,
    slerp,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_changed_shares_counts_picture_by_picture():
    before = {"shape": torch.tensor([0, 1, 2, 3])}
    assert changed_shares(before, {"shape": torch.tensor([0, 1, 3, 2])}) == {"shape": 0.5}
    with pytest.raises(ValueError, match="same questions"):
        changed_shares(before, {"colour": torch.tensor([0, 1, 2, 3])})


def test_wilsons_interval_against_figures_worked_by_hand():
    low, high = interval(0.5, 100)
    assert low == pytest.approx(0.4038, abs=1e-3) and high == pytest.approx(0.5962, abs=1e-3)
    low, high = interval(0.0, 10)
    assert low == pytest.approx(0, abs=1e-9) and high == pytest.approx(0.2775, abs=1e-3)


def test_what_is_linear_is_read_and_what_is_not_is_not(generator):
    codes = torch.randn(4_000, 8, generator=generator)
    linear = (codes[:, 0] > 0).long()
    crossed = (codes[:, 0] * codes[:, 1] > 0).long()
    assert linear_readability(codes, linear) > 0.95
    assert linear_readability(codes, crossed) < 0.56
    assert linear_readability(codes * 1e3 + 7, linear) > 0.95  # neither scale nor place matter
    with pytest.raises(ValueError, match="3 codes and 4 answers"):
        linear_readability(codes[:3], linear[:4])


def test_a_reader_is_judged_on_codes_that_it_was_not_fitted_to(generator):
    codes = torch.randn(200, 95, generator=generator)
    # 96 free numbers fit the first hundred nearly at will
    answers = torch.randint(2, (200,), generator=generator)
    assert 0.3 < linear_readability(codes, answers) < 0.7


def test_path_length_of_a_linear_map_is_its_squared_stretch(generator):
    starts, ends = torch.randn(2, 64, 5, generator=generator).double()
    share = torch.rand(64, generator=generator).double()
    M = torch.randn(5, 3, generator=generator).double()
    lengths = path_length(
        lambda w: w @ M, starts, ends, features=lambda x: x, spherical=False, share=share
    )
    torch.testing.assert_close(lengths, ((ends - starts) @ M).square().sum(1))


def test_slerp_stays_on_the_sphere_and_moves_evenly(generator):
    a, b = torch.randn(2, 16, 6, generator=generator)
    points = [slerp(a, b, torch.full((16,), t)) for t in (0.0, 0.25, 0.5, 1.0)]
    for point in points:
        torch.testing.assert_close(torch.linalg.vector_norm(point, dim=1), torch.ones(16))
    torch.testing.assert_close(points[0], a / torch.linalg.vector_norm(a, dim=1, keepdim=True))
    quarter = (points[0] * points[1]).sum(1).acos(), (points[1] * points[2]).sum(1).acos()
    torch.testing.assert_close(*quarter, rtol=1e-3, atol=1e-3)


def test_the_labelled_direction_is_the_normal_that_made_the_labels(generator):
    codes = torch.randn(3_000, 6, generator=generator)
    normal = torch.tensor([0.6, 0, 0, -0.8, 0, 0])
    found = labelled_direction(codes, codes @ normal > 0.3)
    assert float(found @ normal) > 0.98
    with pytest.raises(ValueError, match="with and without"):
        labelled_direction(codes, torch.ones(3_000, dtype=torch.bool))


def test_the_labelled_direction_is_the_slope_of_a_least_squares_fit(generator):
    codes = torch.randn(500, 6, generator=generator) * torch.tensor([1.0, 2, 3, 1, 1, 1])
    wanted = (
        codes @ torch.tensor([0.6, 0, 0.2, -0.8, 0, 0]) + torch.randn(500, generator=generator)
        > 0.5
    )
    X = torch.cat([codes, torch.ones(500, 1)], 1).double()
    slope = torch.linalg.lstsq(X, wanted.double()[:, None]).solution[:6, 0]
    cosine = labelled_direction(codes, wanted).double() @ slope / torch.linalg.vector_norm(slope)
    assert cosine > 0.999  # its ridge moves it a little


def test_the_closed_form_s_directions_are_right_singular_vectors_the_strongest_first(generator):
    weights = torch.randn(20, 6, generator=generator)
    found = closed_form_directions(weights, 6).double()
    _, _, right = torch.linalg.svd(weights.double())
    torch.testing.assert_close(
        (found @ right.T).abs(), torch.eye(6, dtype=torch.double), rtol=0, atol=1e-5
    )


def test_the_closed_form_finds_the_axes_that_styles_listen_to():
    weights = torch.diag(torch.tensor([0.1, 3.0, 0.5, 1.0]))
    found = closed_form_directions(weights, 2).abs()
    torch.testing.assert_close(
        found, torch.tensor([[0.0, 1, 0, 0], [0, 0, 0, 1]]), rtol=0, atol=1e-6
    )
