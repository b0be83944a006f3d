import pytest
import torch

from gan_course.training.loop import NonFiniteLoss, fit


class Counting:
    def __init__(self, bad_at=None):
        self.n_done, self.bad_at = 0, bad_at

    def __call__(self, batch):
        self.n_done += 1
        return {"loss": torch.tensor(float("nan") if self.n_done == self.bad_at else float(batch))}


def test_rows_and_hooks():
    seen = []
    rows = fit(
        Counting(),
        iter(range(100)),
        n_steps=7,
        hook=lambda n, new: seen.append((n, len(new))),
        hook_every=3,
    )
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["loss"] for row in rows] == [0, 1, 2, 3, 4, 5, 6]
    assert seen == [(3, 3), (6, 3), (7, 1)]


def test_it_goes_on_from_where_the_step_is():
    step = Counting()
    fit(step, iter(range(100)), n_steps=4)
    assert [row["step"] for row in fit(step, iter(range(100)), n_steps=6)] == [5, 6]
    assert fit(step, iter(range(100)), n_steps=6) == []


def test_a_loss_that_is_not_finite_stops_before_the_hook():
    called = []
    with pytest.raises(NonFiniteLoss, match="loss is nan at step 5"):
        fit(
            Counting(bad_at=5),
            iter(range(100)),
            n_steps=9,
            hook=lambda n, rows: called.append(n),
            hook_every=4,
        )
    assert called == [4]


def test_a_bad_cadence_is_refused():
    with pytest.raises(ValueError, match="hook_every is 0"):
        fit(Counting(), iter(range(9)), n_steps=1, hook_every=0)


def test_a_wish_to_stop_is_granted_after_the_step_with_all_losses_read():
    step, seen = Counting(), []
    rows = fit(
        step,
        iter(range(100)),
        n_steps=9,
        hook=lambda n, new: seen.append((n, len(new))),
        hook_every=4,
        should_stop=lambda: step.n_done == 6,
    )
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert seen == [(4, 4), (6, 2)]
