import pytest
import torch

from gan_course.training.image_pool import ImagePool


def pool(size, seed=0):
    return ImagePool(size, generator=torch.Generator().manual_seed(seed))


def numbered(first, n):
    """Pictures that can be told apart: picture k is filled with k."""
    return torch.arange(first, first + n).float()[:, None, None, None].expand(n, 3, 2, 2).clone()


def numbers(pictures):
    return pictures[:, 0, 0, 0].int().tolist()


def run(memory, n_calls, batch=4):
    """What D is shown at each call."""
    return [numbers(memory.query(numbered(batch * call, batch))) for call in range(n_calls)]


def test_it_hands_back_what_it_is_given_until_it_is_full():
    memory = pool(8)
    assert run(memory, 2) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(memory.images) == 8


def test_half_of_what_it_hands_back_are_pictures_of_earlier_calls():
    shown = run(pool(50), 500)
    old = [
        number // 4 < call
        for call, numbers_ in enumerate(shown)
        for number in numbers_
        if call > 12
    ]
    assert 0.45 < sum(old) / len(old) < 0.55


def test_an_old_picture_is_about_a_hundred_pictures_old():
    """Each swap throws out one of 50 at random, and every second picture swaps: 100 pictures on
    average.
    """
    ages = [
        4 * call + place - number
        for call, row in enumerate(run(pool(50), 3_000))
        for place, number in enumerate(row)
    ]
    older = [age for age in ages if age > 0]
    assert 85 < sum(older) / len(older) < 115


def test_once_the_pool_is_full_no_picture_is_shown_twice():
    """It is handed back at once and not kept, or later, when another takes its place."""
    later = [number for row in run(pool(50), 500) for number in row][50:]
    assert len(set(later)) == len(later)


def test_it_never_holds_more_than_its_size():
    memory = pool(6)
    run(memory, 40, batch=5)
    assert len(memory.images) == 6


def test_size_nought_hands_back_every_picture():
    given = numbered(0, 4)
    assert torch.equal(pool(0).query(given), given)


@pytest.mark.parametrize("size", [0, 3])
def test_no_gradient_flows_back_through_it(size):
    assert not pool(size).query(numbered(0, 4).requires_grad_()).requires_grad


def test_the_seed_alone_decides():
    torch.manual_seed(1)
    first = run(pool(5), 30)
    torch.manual_seed(2)
    assert run(pool(5), 30) == first != run(pool(5, seed=1), 30)


def test_a_saved_pool_goes_on_as_if_nothing_had_happened():
    memory, other = pool(5), pool(5, seed=9)
    run(memory, 10)
    state = memory.state_dict()
    other.load_state_dict(state)
    assert run(memory, 20) == run(other, 20)
    # a copy, not the pool itself
    assert numbers(torch.stack(state["images"])) != numbers(torch.stack(memory.images))
