"""Steps that a GPU replays: the same as steps that it is told one by one."""

from dataclasses import replace

import pytest
import torch

from gan_course.commands.train import STYLEGAN
from gan_course.runtime import choose_runtime
from gan_course.training.cuda_graphs import Recorder
from gan_course.training.loop import fit
from gan_course.training.stylegan import build_stylegan

CONFIG = replace(
    STYLEGAN["smoke"],
    architecture="stylegan2",
    batch_size=8,
    start_resolution=0,
    r2_gamma=1.0,
    r1_every=4,
    lr_constant=0.5,
    n_steps=24,
)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="replaying needs a GPU")


def build(runtime, **changes):
    images = torch.randint(
        0, 256, (40, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    return build_stylegan(replace(CONFIG, **changes), images, seed=0, runtime=runtime)


def test_on_a_cpu_the_work_is_called_each_time():
    recorder, calls = Recorder(choose_runtime("cpu"), torch.Generator()), []

    def work(batch):
        calls.append(batch)
        return {"loss": batch.sum()}

    sums = [recorder("one kind", work, torch.full((2,), float(k)))["loss"].item() for k in range(4)]
    assert sums == [0, 2, 4, 6] and len(calls) == 4


@needs_gpu
@pytest.mark.parametrize(
    "changes", [{}, {"pl_weight": 2.0, "pl_every": 3}, {"loss": "relativistic"}], ids=str
)
def test_replayed_steps_are_the_steps_themselves(changes):
    """Same losses, same weights, at every step: with both penalties, path lengths, mixing, noise
    and a falling rate.
    """
    runs = {}
    for is_used in (True, False):
        training = build(choose_runtime("cuda", "float32"), **changes)
        training.step.recorder.is_used = is_used
        runs[is_used] = fit(training.step, training.batches, n_steps=24), training.step
        assert bool(training.step.recorder.graphs) == is_used
    for told, replayed in zip(runs[False][0], runs[True][0], strict=True):
        assert replayed == pytest.approx(told, rel=0.02, abs=0.002)
    for told, replayed in zip(
        runs[False][1].G_ema.parameters(), runs[True][1].G_ema.parameters(), strict=True
    ):
        assert torch.allclose(told, replayed, rtol=0.02, atol=0.002)


@needs_gpu
def test_replayed_steps_draw_new_numbers_and_end_at_rate_0():
    training = build(choose_runtime("cuda", "float32"))
    rows = fit(training.step, training.batches, n_steps=23)
    assert len({row["loss_G"] for row in rows}) == 23
    before = [weight.clone() for weight in training.step.G.parameters()]
    training.step.n_done = training.step.config.n_steps  # the rate is 0 from here on
    training.step(next(training.batches))
    assert all(
        torch.equal(*pair) for pair in zip(before, training.step.G.parameters(), strict=True)
    )


@needs_gpu
def test_a_state_loaded_into_a_recorded_step_is_the_one_that_goes_on():
    training, other = (build(choose_runtime("cuda", "float32")) for _ in range(2))
    fit(training.step, training.batches, n_steps=12)
    fit(other.step, other.batches, n_steps=9)
    other.load_state_dict(training.state_dict())
    rows = [fit(one.step, one.batches, n_steps=20)[-1] for one in (training, other)]
    assert rows[0] == pytest.approx(rows[1], rel=0.02, abs=0.002)


@needs_gpu
def test_a_checkpoint_of_a_gpu_goes_on_on_a_cpu(tmp_path):
    training = build(choose_runtime("cuda", "float32"))
    fit(training.step, training.batches, n_steps=6)
    torch.save(training.state_dict(), tmp_path / "last.pt")
    other = build(choose_runtime("cpu", "float32"))
    state = torch.load(tmp_path / "last.pt", map_location="cpu", weights_only=True)
    # a GPU's generator is another kind
    state["step"]["generator"] = other.step.generator.get_state()
    other.load_state_dict(state)
    rows = fit(other.step, other.batches, n_steps=10)
    assert [row["step"] for row in rows] == [7, 8, 9, 10]
