import pytest
import torch

from gan_course.evaluation.memorisation import copied_share, nearest


def sets():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(n, 8, generator=generator) for n in (900, 500, 500)]


def test_the_nearest_by_loops():
    train, _, samples = sets()
    distance, index = nearest(train, samples[:5])
    for row in range(5):
        all_distances = (train - samples[row]).norm(dim=1)
        assert int(index[row]) == int(all_distances.argmin())
        assert float(distance[row]) == pytest.approx(float(all_distances.min()), rel=1e-5)


def test_a_copy_has_no_distance():
    train, *_ = sets()
    distance, index = nearest(train, train[100:200])
    assert distance.max() < 1e-5 and torch.equal(index, torch.arange(100, 200))


@pytest.mark.parametrize(
    ("n_copies", "low", "high"), [(0, 0.0, 0.03), (50, 0.1, 0.13), (500, 1.0, 1.0)]
)
def test_the_share_of_copies_is_found(n_copies, low, high):
    train, held_out, fake = sets()
    fake = torch.cat([train[:n_copies], fake[n_copies:]])
    assert low <= copied_share(train, held_out, fake) <= high


def test_nearly_copies_count_and_spoilt_pictures_do_not():
    train, held_out, fake = sets()
    near = train[:500] + 0.01 * torch.randn(500, 8, generator=torch.Generator().manual_seed(1))
    assert copied_share(train, held_out, near) == 1.0
    assert copied_share(train, held_out, 5 * fake) <= 0.01


def test_an_empty_set_is_named():
    train, _, samples = sets()
    with pytest.raises(ValueError, match="samples is empty"):
        nearest(train, samples[:0])
    with pytest.raises(ValueError, match="train has 8 features and samples 3"):
        nearest(train, samples[:, :3])


def test_a_quantile_that_is_none():
    with pytest.raises(ValueError, match="quantile is 1"):
        copied_share(*sets(), quantile=1)
