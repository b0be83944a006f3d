import copy
import json
import subprocess

import pytest
import torch

from benchmarks import __main__ as command
from benchmarks import neighbour
from benchmarks.compare import Comparison, compare
from benchmarks.dcgan import dcgan_pair
from benchmarks.machine import CONVOLUTION, convolution, count_flops, machine_line
from benchmarks.report import as_markdown, as_text, row_entry, write_results
from benchmarks.rings import rings_pair
from benchmarks.rows import Row
from gan_course.lessons.l02_images.config import PROFILES as IMAGES
from gan_course.lessons.l03_why_training_breaks.config import PROFILES as BREAKS
from gan_course.training.dcgan import DCGANConfig
from gan_course.training.toy_gans import ring_table


class FakeSteps:
    """Two steps on a clock of their own, each call as long as the next of its times."""

    def __init__(self, times_a, times_b):
        self.now, self.calls, self.times = 0.0, [], {"a": list(times_a), "b": list(times_b)}

    def step(self, name):
        def call():
            self.calls.append(name)
            times = self.times[name]
            self.now += times.pop(0) if len(times) > 1 else times[0]

        return call

    def compare(self, **options):
        fakes = {"clock": lambda: self.now, "wait": lambda: None}
        return compare(self.step("a"), self.step("b"), **fakes, **options)


def test_ratios_are_taken_round_by_round():
    """The machine becomes ten times slower halfway; the ratios do not notice."""
    steps = FakeSteps([1, 1, 10, 10], [2, 3, 20, 30])
    measured = steps.compare(rounds=4, warmup=0)
    assert measured == Comparison([1, 1, 10, 10], [2, 3, 20, 30])
    assert measured.ratios == [2, 3, 2, 3]
    assert (measured.ratio, measured.quartiles) == (2.5, (2, 3))
    assert (measured.median_a, measured.median_b) == (5.5, 11.5)


def test_one_slow_round_does_not_move_the_median():
    assert FakeSteps([1] * 5, [2, 2, 90, 2, 2]).compare(rounds=5, warmup=0).ratio == 2


def test_who_goes_first_alternates():
    steps = FakeSteps([1], [2])
    measured = steps.compare(rounds=3, inner=2, warmup=1)
    assert "".join(steps.calls) == "ab" + "aabb" + "bbaa" + "aabb"
    assert measured.seconds_a == [1, 1, 1]  # a call, not a timing


def test_the_device_is_waited_for_before_each_look_at_the_clock():
    order = []
    fakes = {"clock": lambda: order.append("clock") or 0.0, "wait": lambda: order.append("wait")}
    steps = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    compare(**steps, rounds=1, warmup=0, clock=fakes["clock"], wait=fakes["wait"]).seconds_a
    assert order == ["wait", "clock", "a", "wait", "clock", "wait", "clock", "b", "wait", "clock"]


@pytest.mark.parametrize("options", [{"rounds": 0}, {"inner": 0}])
def test_nothing_to_time_is_refused(options):
    with pytest.raises(ValueError, match="at least 1"):
        FakeSteps([1], [1]).compare(**options)


def test_one_round_has_its_ratio_for_quartiles():
    assert Comparison([1.0], [2.0]).quartiles == (2, 2)


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


SMALL = DCGANConfig(n_steps=1, batch_size=8, base_channels=8)


def test_the_plain_dcgan_takes_the_course_s_first_step(cpu):
    course, plain, real = dcgan_pair(SMALL, cpu)
    assert equal(course.G, plain.G) and equal(course.D, plain.D)
    before = copy.deepcopy((plain.G, plain.D))
    losses, expected = plain(real.clone()), course(real.clone())
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), abs=1e-5)
    assert not equal(before[0], plain.G) and not equal(before[1], plain.D)
    for name in ("G", "D", "G_ema"):
        for a, b in zip(
            getattr(course, name).parameters(), getattr(plain, name).parameters(), strict=True
        ):
            if a.grad is not None:
                assert torch.allclose(a.grad, b.grad, rtol=1e-3, atol=1e-4 * a.grad.abs().max())
            # Adam's first step is lr long whatever the gradient, so where that is nearly zero its
            # sign is rounding: a few weights may go the other way, but not on average.
            assert (a - b).abs().mean() < 0.01 * SMALL.lr
    for slow, fast in zip(course.G_ema.buffers(), plain.G_ema.buffers(), strict=True):
        assert torch.allclose(slow, fast, atol=1e-6)
    for _ in range(3):  # the decay rates of Adam show from the second step on
        losses, expected = plain(real.clone()), course(real.clone())
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(
        {name: value.item() for name, value in expected.items()}, abs=1e-3
    )


def test_both_dcgan_steps_count_the_same_operations(cpu):
    course, plain, real = dcgan_pair(SMALL, cpu)
    assert count_flops(lambda: course(real)) == count_flops(lambda: plain(real)) > 0


def test_the_plain_dcgan_is_plain(cpu):
    course, plain, _ = dcgan_pair(SMALL, cpu)
    weight = next(p for p in plain.D.parameters() if p.ndim == 4 and p.shape[1] > 1)
    assert weight.is_contiguous() and weight.dtype == torch.float32
    assert not plain.opt_G.param_groups[0]["fused"] and course.opt_G.param_groups[0]["fused"]
    assert IMAGES["fast"].dcgan.r1_gamma == 0  # what the row measures
    with pytest.raises(ValueError, match="no R1"):
        dcgan_pair(DCGANConfig(n_steps=1, r1_gamma=1.0), cpu)


def test_the_plain_loop_takes_the_ring_s_first_steps():
    config = BREAKS["smoke"].rings
    table = ring_table(BREAKS["smoke"].gamma, [0, 1])
    gans = [gan for column in table.values() for row in column for gan in row]
    course, plain = rings_pair(config, gans)
    for _ in range(2):
        expected, losses = course(), [one() for one in plain]
        for name, values in expected.items():
            found = torch.stack([loss[name] for loss in losses])
            torch.testing.assert_close(found, values, atol=1e-4, rtol=1e-4)


def test_flops_of_a_convolution():
    """Two an element of the kernel, three times: forward, gradients of input and of weights."""
    once = convolution("cpu", torch.float32, torch.contiguous_format)
    assert CONVOLUTION.startswith("a 3x3 convolution of (16, 64, 32, 32) to 64")
    assert count_flops(once) == 3 * 2 * 16 * 32 * 32 * 64 * 64 * 9


def test_the_machine_is_named_in_one_line(cpu):
    line = machine_line(cpu)
    assert "\n" not in line and f"torch {torch.__version__}" in line and "float32" in line


@pytest.fixture
def results():
    measured = Comparison([0.1, 0.1, 0.1], [0.2, 0.3, 0.4])
    rates = {"course": 100e9, "plain": 20e9}
    row, slow = (
        Row("a step", "small", print, print, inner=1, fast_path=fast) for fast in (True, False)
    )
    rows = [row_entry(row, measured, 10**9, rates), row_entry(slow, measured, 10**9, rates)]
    rows[0] |= {"ratio_old": 1.25, "beside_neighbour": 1.5}
    return {
        "commit": "abc",
        "date": "2020-01-02",
        "machine": "one core",
        "rounds": 3,
        "load": [0.5, 1.5],
        "rates": rates,
        "rows": rows,
        "lessons": {"lesson-06": {"quiet": 0.08, "busy": 0.12, "ratio": 1.5}},
    }


def test_shares_are_of_the_rate_of_each_side_s_own_precision(results):
    fast, slow = results["rows"]
    assert fast["share_course"] == pytest.approx(1e9 / 0.1 / 100e9)
    assert slow["share_course"] == pytest.approx(1e9 / 0.1 / 20e9)
    assert fast["share_plain"] == slow["share_plain"] == pytest.approx(1e9 / 0.3 / 20e9)


def test_the_page_has_all_that_is_needed_to_judge_it(results, tmp_path):
    page = write_results(results, tmp_path).read_text()
    assert (
        "| a step | small | 100.0 ms | 300.0 ms | 3.00 | 2.50 to 3.50 | 1.25 | 1.50 | 1 | 10 % |"
        " 17 % |" in page
    )
    assert (
        "| 2.50 to 3.50 |  |  | 1 |" in page and "lesson 06 80 ms quiet, 120 ms busy (1.50)" in page
    )
    assert "2020-01-02, commit abc, 3\nrounds" in page and "one core" in page
    assert "Load average 0.50 before and 1.50 after" in page
    assert "100 GFLOP/s" in page and CONVOLUTION in page and "believe the ratios" in page
    assert page == as_markdown(results)
    assert json.loads((tmp_path / "speed.json").read_text()) == results
    widths = {len(line) for line in as_text(results).splitlines()}
    assert len(widths) == 1


def test_the_command_measures_the_rows_asked_for(monkeypatch, tmp_path, capsys):
    made = []

    def row(runtime):
        made.append(runtime)
        return Row(
            "a step",
            "small",
            lambda: torch.eye(2) @ torch.eye(2),
            lambda: torch.eye(2) @ torch.eye(2),
            inner=1,
        )

    monkeypatch.setattr(command, "convolution_row", row)
    monkeypatch.setattr(command, "ROWS", {"one": row, "two": row})
    assert command.main(["--rows", "two", "--rounds", "2", "--here", "--out", str(tmp_path)]) == 0
    assert len(made) == 2 and len(json.loads((tmp_path / "speed.json").read_text())["rows"]) == 2
    assert "times as fast" in capsys.readouterr().out


def test_quiet_and_busy_trials_alternate_and_the_neighbour_ends(monkeypatch):
    alive = []

    def trial(name):
        alive.append([process.poll() is None for process in started])
        return 0.3 if alive[-1][-1:] == [True] else 0.2

    started, real = [], subprocess.Popen
    monkeypatch.setattr(neighbour, "_trial", trial)
    monkeypatch.setattr(
        neighbour.subprocess, "Popen", lambda command: started.append(real(command)) or started[-1]
    )
    found = neighbour.beside_neighbour("lesson-06", 2)
    assert alive == [[], [True], [False], [False, True]]
    assert found == {"quiet": 0.2, "busy": 0.3, "ratio": pytest.approx(1.5)}
    assert all(process.poll() is not None for process in started)


@pytest.mark.slow
def test_a_trial_times_a_lesson_s_step_in_a_process_of_its_own():
    assert 0 < neighbour._trial("lesson-06") < 60


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "dgan"], "no row 'dgan': choose from dcgan, rings"),
        (["--rows", ""], "no row ''"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, words, tmp_path, capsys):
    assert command.main([*arguments, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_page_of_the_explorers_names_the_machine_and_every_picture():
    from benchmarks import explorers

    times = {name: 7.4 for name in explorers.drawings()}
    page = explorers.page({name: times for name in explorers.WISHED}, 0.25)
    assert "load 0.25 before" in page and "wished: 100" in page
    assert all(f"| {name} | 7 | 7 |" in page for name in times)
