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
