import numpy as np
import pytest
import torch

from gan_course import runtime
from gan_course.errors import CourseError


def test_one_line_says_what_and_why(monkeypatch):
    for name in ("DEVICE", "PRECISION", "THREADS"):
        monkeypatch.delenv(f"GAN_COURSE_{name}", raising=False)
    line = str(runtime.choose_runtime())
    assert "\n" not in line
    assert ("no GPU found" in line) or ("a GPU is there" in line)


def test_arguments_override_the_environment(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_DEVICE", "cpu")
    monkeypatch.setenv("GAN_COURSE_PRECISION", "bfloat16")
    monkeypatch.setenv("GAN_COURSE_THREADS", "1")
    assert runtime.choose_runtime().precision == "bfloat16"
    chosen = runtime.choose_runtime(precision="float32")
    assert (chosen.device, chosen.precision, chosen.threads) == ("cpu", "float32", 1)


def test_bfloat16_is_not_chosen_where_it_is_emulated(monkeypatch):
    monkeypatch.setattr(runtime, "_library_has_bfloat16", lambda: False)
    monkeypatch.delenv("GAN_COURSE_PRECISION", raising=False)
    assert runtime.choose_runtime("cpu").precision == "float32"
    monkeypatch.setattr(runtime, "_library_has_bfloat16", lambda: True)
    monkeypatch.setattr(runtime, "_cpu_flag", lambda name: name == "_is_amx_tile_supported")
    assert "AMX" in runtime.choose_runtime("cpu").why


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"device": "tpu9000"}, "unknown device 'tpu9000'"),
        ({"device": "xla"}, "unknown device"),
        ({"precision": "float8"}, "unknown precision 'float8'"),
        ({"threads": "many"}, "threads is 'many'"),
        ({"threads": "9" * 5_000}, r"threads is '9{12}\.\.\.9{13}'"),
    ],
)
def test_a_bad_choice_is_named(arguments, words):
    with pytest.raises(CourseError, match=words):
        runtime.choose_runtime(**arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(CourseError, match="'cuda' is not there"):
        runtime.choose_runtime("cuda")


@pytest.mark.parametrize(
    ("capability", "precision", "width", "last"),
    [
        ("AVX2", "float32", 256, False),
        ("AVX2", "float32", 64, True),
        ("AVX512", "float32", 256, True),
        ("AVX512", "bfloat16", 256, True),
    ],
)
def test_wide_layers_take_the_order_that_is_faster_on_their_processor(
    monkeypatch, capability, precision, width, last
):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    chosen = runtime.Runtime("cpu", precision, 1, "made up").memory_format_for(width)
    assert chosen == (torch.channels_last if last else torch.contiguous_format)


@pytest.fixture
def look(monkeypatch):
    """Pretend what a look at the cores finds, in a process that has four threads and has not looked
    yet.
    """
    monkeypatch.delenv("GAN_COURSE_THREADS", raising=False)
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(runtime, "own_threads", lambda: 4)

    def pretend(*busy):
        monkeypatch.setattr(runtime.psutil, "cpu_percent", lambda *_, **__: list(busy))
        runtime.free_cores.cache_clear()

    yield pretend
    runtime.free_cores.cache_clear()


@pytest.mark.parametrize(
    ("busy", "threads"),
    [
        ((0, 0, 0, 0), 4),
        ((100, 0, 0, 0), 3),
        ((50, 50, 0, 0), 3),  # one process that moves between two cores
        ((30, 10, 0, 0), 4),
        ((100, 100, 100, 100), 1),
        ((0, 0, 0, 0, 100, 100), 4),  # cores that this process may not use
    ],
    ids=str,
)
def test_a_thread_for_each_core_that_nobody_else_keeps_busy(look, busy, threads):
    look(*busy)
    chosen = runtime.choose_runtime("cpu")
    assert chosen.threads == torch.get_num_threads() == threads
    assert ("other programs keep cores busy" in chosen.why) == (threads < 4)


def test_the_first_look_counts_for_the_whole_process(look, monkeypatch):
    look(100, 100, 100, 0)
    assert runtime.choose_runtime("cpu").threads == 1
    monkeypatch.setattr(runtime.psutil, "cpu_percent", lambda *_, **__: [0, 0, 0, 0])
    assert runtime.choose_runtime("cpu").threads == 1


def test_who_asks_for_threads_gets_them_on_a_busy_machine_too(look):
    look(100, 100, 100, 100)
    assert runtime.choose_runtime("cpu", threads=3).threads == 3


def test_a_run_goes_on_with_itsown_threads_unless_others_are_asked_for(monkeypatch):
    monkeypatch.delenv("GAN_COURSE_THREADS")
    runtime.keep_threads(2)
    assert torch.get_num_threads() == 2
    monkeypatch.setenv("GAN_COURSE_THREADS", "1")
    runtime.keep_threads(3)
    assert torch.get_num_threads() == 2
    for count in (0, True, "2", 10**9):
        with pytest.raises(ValueError, match="threads is"):
            runtime.keep_threads(count)


@pytest.mark.parametrize("seed", ["abc", 1.5, 2.0, None, True, "3"])
def test_a_seed_that_is_no_whole_number_is_named(seed):
    before = torch.get_rng_state()
    with pytest.raises(CourseError, match=f"^SEED is {seed!r}: give a whole number$"):
        runtime.seed_everything(seed)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seed", [0, -1, 5_000_000_000, np.int64(3)])
def test_any_whole_number_is_a_seed(seed):
    with torch.random.fork_rng(devices=[]):
        runtime.seed_everything(seed)
        first = torch.rand(3)
        runtime.seed_everything(int(seed))
        assert torch.equal(torch.rand(3), first)
