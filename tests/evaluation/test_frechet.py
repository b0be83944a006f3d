"""Distances against closed forms, loops, and two published libraries on the same features."""

import math

import pytest
import torch
from torch import nn

from gan_course.evaluation.coverage import precision_recall
from gan_course.evaluation.frechet import (
    frechet_distance,
    frechet_from_moments,
    kernel_distance,
    moments,
)


def draw(n, d, seed, shift=0.0, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    mix = (
        torch.randn(d, d, generator=torch.Generator().manual_seed(9), dtype=torch.float64) / d**0.5
    )
    return shift + scale * torch.randn(n, d, generator=generator, dtype=torch.float64) @ mix


def test_two_gaussians_of_a_line():
    real = torch.tensor([0.0]).double(), torch.tensor([[4.0]]).double()
    fake = torch.tensor([3.0]).double(), torch.tensor([[1.0]]).double()
    assert frechet_from_moments(real, fake) == pytest.approx(3**2 + (2 - 1) ** 2)


def test_covariances_that_do_not_commute():
    """tr (A B)^(1/2) for 2 x 2 matrices in closed form: sqrt(tr(AB) + 2 sqrt(det(AB)))."""
    a = torch.tensor([[2.0, 0.9], [0.9, 1.0]]).double()
    b = torch.tensor([[1.0, -0.5], [-0.5, 3.0]]).double()
    zero = torch.zeros(2).double()
    middle = math.sqrt((a @ b).trace() + 2 * math.sqrt(torch.det(a @ b)))
    expected = float(a.trace() + b.trace()) - 2 * middle
    assert frechet_from_moments((zero, a), (zero, b)) == pytest.approx(expected, abs=1e-12)


def test_a_set_against_itself_and_a_shift():
    real = draw(200, 6, 0)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(real, real + 2) == pytest.approx(6 * 4, abs=1e-9)
    assert frechet_distance(real, draw(300, 6, 1)) == pytest.approx(
        frechet_distance(draw(300, 6, 1), real), abs=1e-9
    )


def test_the_kernel_distance_against_loops():
    real, fake = draw(5, 3, 0), draw(4, 3, 1, shift=1)

    def k(x, y):
        return (float(x @ y) / 3 + 1) ** 3

    within_real = (
        sum(k(x, y) for i, x in enumerate(real) for j, y in enumerate(real) if i != j) / 20
    )
    within_fake = (
        sum(k(x, y) for i, x in enumerate(fake) for j, y in enumerate(fake) if i != j) / 12
    )
    between = sum(k(x, y) for x in real for y in fake) / 20
    assert kernel_distance(real, fake) == pytest.approx(
        within_real + within_fake - 2 * between, rel=1e-12
    )


def test_the_kernel_distance_has_no_bias():
    values = torch.tensor(
        [kernel_distance(draw(60, 4, seed), draw(60, 4, 1_000 + seed)) for seed in range(60)]
    )
    assert abs(values.mean()) < 3 * values.std() / 60**0.5
    assert values.min() < 0 < values.max()


class Flat(nn.Module):
    """A feature network for torchmetrics: eight numbers of a picture, as they are."""

    num_features = 8

    def forward(self, images):
        return images.flatten(1)[:, :8].float()


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(3)
    real = torch.randint(256, (300, 3, 4, 4), generator=generator, dtype=torch.uint8)
    fake = (torch.randint(200, (260, 3, 4, 4), generator=generator, dtype=torch.uint8) + 40).clamp(
        max=255
    )
    return real, fake


def vectors(images):
    return images.flatten(1)[:, :8].double()


def test_torchmetrics_agrees(pictures):
    fid = pytest.importorskip("torchmetrics.image.fid").FrechetInceptionDistance(feature=Flat())
    for real, images in zip((True, False), pictures, strict=True):
        fid.update(images, real=real)
    ours = frechet_distance(*map(vectors, pictures))
    assert float(fid.compute()) == pytest.approx(ours, rel=1e-3)


def test_torchmetrics_agrees_on_the_kernel(pictures):
    real, fake = pictures[0][:200], pictures[1][:200]
    module = pytest.importorskip("torchmetrics.image.kid")
    kid = module.KernelInceptionDistance(feature=Flat(), subsets=1, subset_size=200)
    kid.update(real, real=True)
    kid.update(fake, real=False)
    assert float(kid.compute()[0]) == pytest.approx(
        kernel_distance(vectors(real), vectors(fake)), rel=1e-3
    )


def test_torch_fidelity_agrees(pictures):
    pytest.importorskip("torch_fidelity")
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    real, fake = map(vectors, pictures)
    statistics = [fid_features_to_statistics(part) for part in (real, fake)]
    theirs = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(real, fake) == pytest.approx(theirs, rel=1e-3)
    settings = {"kid_subsets": 1, "kid_subset_size": 200, "verbose": False}
    theirs = kid_features_to_metric(real[:200], fake[:200], **settings)[
        "kernel_inception_distance_mean"
    ]
    assert kernel_distance(real[:200], fake[:200]) == pytest.approx(theirs, rel=1e-3)
    # torch-fidelity names the generated set first
    theirs = prc_features_to_metric(fake, real, prc_neighborhood=3, verbose=False)
    assert precision_recall(real, fake)[0] == pytest.approx(theirs["precision"], rel=1e-3)
    assert precision_recall(real, fake)[1] == pytest.approx(theirs["recall"], rel=1e-3)


def test_a_shipped_network_in_torchmetrics():
    """The whole way with a feature network of the course, on real and on spoilt pictures."""
    module = pytest.importorskip("torchmetrics.image.fid")
    from gan_course.data.batches import to_float
    from gan_course.data.fashion import load_fashion
    from gan_course.evaluation.features import features_of
    from gan_course.evaluation.readers import load_reader

    reader = load_reader("fashion")

    class Theirs(nn.Module):
        num_features = reader.n_features

        def forward(self, images):
            with torch.no_grad():
                return reader.features(to_float(images[:, :1]))

    images, _ = load_fashion("train")
    real, fake = images[:400], images[400:800].flip(3)
    fid = module.FrechetInceptionDistance(feature=Theirs(), input_img_size=(3, 28, 28))
    fid.update(real.expand(-1, 3, -1, -1), real=True)
    fid.update(fake.expand(-1, 3, -1, -1), real=False)
    ours = frechet_distance(features_of(reader, real), features_of(reader, fake))
    assert float(fid.compute()) == pytest.approx(ours, rel=1e-3)


@pytest.mark.parametrize("measure", [frechet_distance, kernel_distance, precision_recall])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda real: (real, real[:0]), "fake is empty"),
        (lambda real: (real[:0], real), "real is empty"),
        (lambda real: (real, real[:, :4]), "real has 6 features and fake 4"),
        (lambda real: (real, real[:1]), "fake has 1 samples: more than"),
        (lambda real: (real, real.index_fill(0, torch.tensor([7]), math.nan)), "row 7"),
        (lambda real: (real * math.inf, real), "real is not finite"),
        (lambda real: (real, real[None]), r"fake is \(1, 40, 6\): give feature vectors"),
    ],
    ids=["no fakes", "no real", "widths", "one sample", "nan", "inf", "shape"],
)
def test_what_cannot_be_measured_says_why(measure, change, message):
    with pytest.raises(ValueError, match=message) as error:
        measure(*change(draw(40, 6, 0)))
    assert "\n" not in str(error.value)


def test_fewer_samples_than_dimensions():
    with pytest.raises(ValueError, match="fake has 6 samples: more than 6 are needed"):
        frechet_distance(draw(40, 6, 0), draw(6, 6, 1))


def test_moments_of_a_single_column():
    mean, covariance = moments(torch.tensor([[1.0], [3.0]]))
    assert mean.tolist() == [2.0] and covariance.tolist() == [[2.0]]
