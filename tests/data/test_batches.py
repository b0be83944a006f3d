"""Batches that are mirrored by chance; their order is tested beside the cache and in training."""

import torch

from gan_course.data.batches import Batches, to_float


def pictures(n=12):
    return torch.randint(256, (n, 3, 4, 6), dtype=torch.uint8, generator=torch.Generator())


def test_half_of_the_pictures_are_mirrored_and_the_order_stays():
    images = pictures()
    plain, mirrored = (Batches(images, 8, seed=3, mirror=mirror) for mirror in (False, True))
    turned = 0
    for _ in range(50):
        x, y = next(plain), next(mirrored)
        for one, other in zip(x, y, strict=True):
            is_turned = not torch.equal(one, other)
            assert torch.equal(other, one.flip(2) if is_turned else one)
            turned += is_turned
    assert 150 < turned < 250


def test_a_saved_position_mirrors_the_same_pictures_again():
    batches = Batches(pictures(), 5, seed=0, mirror=True)
    next(batches)
    state = batches.state_dict()
    expected = [next(batches) for _ in range(4)]
    again = Batches(pictures(), 5, seed=0, mirror=True)
    again.load_state_dict(state)
    assert all(torch.equal(next(again), batch) for batch in expected)


def test_without_it_pictures_stay():
    images = pictures(5)
    batch = next(Batches(images, 5, seed=0))
    assert sorted(batch.flatten(1).sum(1).tolist()) == sorted(
        to_float(images).flatten(1).sum(1).tolist()
    )
