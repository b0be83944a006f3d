"""Two processes against one that computes the same two halves of a batch and averages gradients.

Run by torchrun, this file is one of the processes: `torchrun ... test_distributed.py FOLDER`.
"""

import itertools
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest
import torch

from gan_course.cli import main
from gan_course.commands import train
from gan_course.data.batches import Batches
from gan_course.runtime import choose_runtime
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan
from gan_course.training.dcgan import DCGANConfig, build_dcgan
from gan_course.training.distributed import process_group, share_out
from gan_course.training.loop import fit
from gan_course.training.pix2pix import Pix2PixConfig, build_pix2pix
from gan_course.training.stylegan import StyleGANConfig, build_stylegan

SHARE = 4  # pictures of a batch that one process computes
N_STEPS = 20


def pictures(seed, side, channels=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (21, channels, side, side), dtype=torch.uint8, generator=generator)


def dcgan(runtime):
    config = DCGANConfig(n_steps=N_STEPS, batch_size=SHARE, base_channels=4, r1_gamma=1.0)
    return build_dcgan(config, pictures(0, 28, 1), seed=3, runtime=runtime)


def pix2pix(runtime):
    """With BatchNorm and dropout."""
    config = Pix2PixConfig(
        n_steps=N_STEPS,
        batch_size=SHARE,
        img_resolution=32,
        base_channels=4,
        n_halvings=3,
        d_base_channels=4,
        n_layers=1,
    )
    return build_pix2pix(config, pictures(0, 32), pictures(1, 32), seed=3, runtime=runtime)


def cyclegan(runtime):
    """With pools that fill within the run, R1, the identity loss and averages."""
    config = CycleGANConfig(
        n_steps=N_STEPS,
        batch_size=SHARE,
        img_resolution=32,
        base_channels=4,
        n_blocks=1,
        d_base_channels=4,
        n_layers=1,
        pool_size=10,
        r1_gamma=1.0,
        lambda_identity=5.0,
        ema_decay=0.9,
    )
    return build_cyclegan(config, pictures(0, 32), pictures(1, 32), seed=3, runtime=runtime)


SMALL = {"z_dim": 8, "w_dim": 8, "n_mapping": 2, "channel_base": 64, "channel_max": 8}


def stylegan(runtime):
    """Growing, with mixed styles and R1."""
    config = StyleGANConfig(
        n_steps=N_STEPS,
        batch_size=SHARE,
        img_resolution=16,
        r1_every=4,
        start_resolution=8,
        stable_steps=6,
        fade_steps=6,
        d_channel_base=64,
        **SMALL,
    )
    return build_stylegan(config, pictures(0, 16), seed=3, runtime=runtime)


def stylegan2(runtime):
    """With path lengths, R1 and R2, and the relativistic loss."""
    config = StyleGANConfig(
        n_steps=N_STEPS,
        architecture="stylegan2",
        batch_size=SHARE,
        img_resolution=16,
        loss="relativistic",
        r2_gamma=1.0,
        r1_every=4,
        pl_weight=2.0,
        pl_every=4,
        d_channel_base=64,
        **SMALL,
    )
    return build_stylegan(config, pictures(0, 16), seed=3, runtime=runtime)


FAMILIES = (dcgan, pix2pix, cyclegan, stylegan, stylegan2)


def optimizers_of(step):
    return [part for part in vars(step).values() if isinstance(part, torch.optim.Optimizer)]


def note_first_gradients(step):
    """What each optimiser steps with the first time, as one vector each."""
    noted = {}

    def note(optimizer, *_):
        gradients = [
            parameter.grad.flatten()
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        noted.setdefault(id(optimizer), torch.cat(gradients).clone())

    for optimizer in optimizers_of(step):
        optimizer.register_step_pre_hook(note)
    return noted


def run(training):
    noted = note_first_gradients(training.step)
    rows = fit(training.step, training.batches, n_steps=N_STEPS)
    return {"rows": rows, "gradients": list(noted.values())}


def in_a_process(folder):
    """One of the processes: every family, with the package's own way of sharing."""
    torch.set_num_threads(1)
    runtime = choose_runtime("cpu", "float32")
    with process_group():
        results = {family.__name__: run(share_out(family(runtime))) for family in FAMILIES}
        torch.save(results, Path(folder) / f"{torch.distributed.get_rank()}.pt")


def in_turn(family, runtime):
    """One process for both: each half in a thread, which waits for the other at each update."""
    barrier, gradients, results = threading.Barrier(2, timeout=60), [None, None], [None, None]
    # one after the other, because the first weights come from torch's global generator
    trainings = [family(runtime) for _ in range(2)]

    def work(number):
        training = trainings[number]
        training.batches.share(number, 2)
        training.step.change_chance(number)

        def average(optimizer, *_):
            own = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            own = [parameter for parameter in own if parameter.grad is not None]
            gradients[number] = [parameter.grad.clone() for parameter in own]
            barrier.wait()
            for parameter, one, other in zip(own, *gradients, strict=True):
                parameter.grad.copy_((one + other) / 2)
            barrier.wait()

        for optimizer in optimizers_of(training.step):
            optimizer.register_step_pre_hook(average)
        results[number] = run(training)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def torchrun(*words, cwd=None, count=2):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    environment = os.environ | {"GAN_COURSE_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [*command, "--nproc-per-node", str(count), *map(str, words)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lines_of_the_course(output):
    return re.findall(r"^gan_course: .*$", output, re.MULTILINE)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two_processes")
    job = torchrun(__file__, folder)
    output, _ = job.communicate(timeout=300)
    assert job.returncode == 0, output
    return [torch.load(folder / f"{number}.pt", weights_only=True) for number in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_two_processes_compute_what_one_would(two_processes, cpu, family):
    expected = in_turn(family, cpu)
    for number in range(2):
        result = two_processes[number][family.__name__]
        for gradient, reference in zip(
            result["gradients"], expected[number]["gradients"], strict=True
        ):
            assert (gradient - reference).norm() <= 1e-5 * reference.norm()
        for row, reference in zip(result["rows"], expected[number]["rows"], strict=True):
            for name, value in reference.items():
                assert row[name] == pytest.approx(value, rel=1e-4, abs=1e-4), (name, row["step"])


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_processes_draw_and_judge_other_pictures(two_processes, family):
    """Else two processes would learn from one half twice."""
    one, other = (result[family.__name__]["rows"] for result in two_processes)
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_an_epoch_is_shared_without_repeats():
    numbered = torch.arange(24, dtype=torch.uint8).view(24, 1, 1, 1)
    shares = [Batches(numbered, 3, seed=7) for _ in range(2)]
    for number, share in enumerate(shares):
        share.share(number, 2)
    drawn = torch.cat([next(share) for _ in range(4) for share in shares])
    alone = Batches(numbered, 6, seed=7)
    assert torch.equal(drawn, torch.cat([next(alone) for _ in range(4)]))
    assert len(drawn.unique()) == 24


# Killed and resumed.


TRAIN = ["-m", "gan_course", "train"]
CYCLE = [*TRAIN, "cyclegan", "--profile", "smoke", "--device", "cpu", "--save-every", "20"]
CYCLE += ["--steps", "300", "--data", "earth-satellite", "earth-map", "--set", "pool_size=8"]


def steps_done(out):
    table = out / "metrics.csv"
    return len(table.read_text().splitlines()) - 1 if table.exists() else 0


def kill_one(job, number):
    for child in psutil.Process(job.pid).children():
        if child.environ().get("RANK") == str(number):
            child.kill()


def killed(out, number, at_step, *more):
    """Start a run, kill one process of it at a step; what it printed."""
    job = torchrun(*CYCLE, "--out", out, *more)
    deadline = time.monotonic() + 120
    while steps_done(out) < at_step and job.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    kill_one(job, number)
    output, _ = job.communicate(timeout=120)
    assert job.returncode != 0
    return output


def state_of(out):
    return torch.load(out / "last.pt", weights_only=True)


def flat(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}/{key}")
    elif isinstance(value, list | tuple):
        for key, inner in enumerate(value):
            yield from flat(inner, f"{path}/{key}")
    else:
        yield path, value


def same_state(a, b):
    pairs = list(itertools.zip_longest(flat(a), flat(b)))
    return len(pairs) > 100 and all(
        torch.equal(one[1], other[1]) if isinstance(one[1], torch.Tensor) else one == other
        for one, other in pairs
    )


def finished(out, *more):
    job = torchrun(*CYCLE, "--out", out, *more)
    output, _ = job.communicate(timeout=300)
    assert job.returncode == 0, output
    return output


@pytest.mark.slow
def test_a_killed_process_ends_all_with_one_line_and_the_run_goes_on(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    output = finished(whole)
    assert output.count("300 steps done") == 1
    for number, more in ((1, []), (0, ["--resume"])):
        output = killed(broken, number, 40 + 100 * (1 - number), *more)
        (line,) = lines_of_the_course(output)
        assert "another process of this training has ended" in line and "--resume" in line
    finished(broken, "--resume")
    assert same_state(state_of(whole), state_of(broken))
    assert (whole / "metrics.csv").read_text() == (broken / "metrics.csv").read_text()


@pytest.mark.skipif("GAN_COURSE_KILLS" not in os.environ, reason="set GAN_COURSE_KILLS=10")
def test_killed_at_random_moments(tmp_path):
    """Ten by hand: two minutes and more."""
    finished(tmp_path / "whole")
    chance = random.Random(0)
    for number in range(int(os.environ["GAN_COURSE_KILLS"])):
        out = tmp_path / f"broken{number}"
        killed(out, chance.randrange(2), chance.randrange(21, 290))
        finished(out, "--resume")
        assert same_state(state_of(tmp_path / "whole"), state_of(out)), number


# Bad input. Two processes are started by hand, as a cluster might: each with its own command.


def start_by_hand(commands, port):
    jobs = []
    for number, words in enumerate(commands):
        environment = os.environ | {
            "RANK": str(number),
            "WORLD_SIZE": str(len(commands)),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "GAN_COURSE_THREADS": "1",
        }
        jobs.append(
            subprocess.Popen(
                [sys.executable, "-m", "gan_course", *words],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    ends = [(job.communicate(timeout=120), job.returncode) for job in jobs]
    return "".join(error for (_, error), _ in ends), [code for _, code in ends]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


DCGAN = ["train", "dcgan", "--profile", "smoke", "--device", "cpu"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([[], ["--seed", "1"]], "process 1 has seed = 1, process 0 has 0"),
        ([["--steps", "4"], []], "process 1 has steps = 2, process 0 has 4"),
        ([[], ["--data", "nowhere"]], "in process 1: no data named 'nowhere'"),
    ],
)
def test_processes_that_cannot_work_together(tmp_path, changes, words):
    out = ["--out", str(tmp_path / "run")]
    error, codes = start_by_hand([[*DCGAN, *out, *change] for change in changes], free_port())
    (line,) = lines_of_the_course(error)
    assert words in line
    assert codes == [2, 2]
    assert not (tmp_path / "run" / "last.pt").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["dcgan", "--batch-size", "7"], "a batch of 7 cannot be shared by 2 processes"),
        (["stylegan", "--batch-size", "12"], "(6 in each of 2 processes): choose a multiple of 8"),
        (["dcgan", "--device", "cuda:7"], "--device cuda:7 with 2 processes"),
    ],
)
def test_options_that_do_not_fit_several_processes(monkeypatch, capsys, tmp_path, words, line):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(train, "process_group", nullcontext)  # nothing to connect to
    assert main(["train", "--out", str(tmp_path), "--profile", "smoke", *words]) == 2
    assert line in capsys.readouterr().err


@pytest.mark.slow
def test_only_the_first_process_needs_the_folder(tmp_path):
    (tmp_path / "a file").write_text("")
    outs = [tmp_path / "run", tmp_path / "a file" / "run"]
    error, codes = start_by_hand([[*DCGAN, "--out", str(out)] for out in outs], free_port())
    assert codes == [0, 0], error
    assert (tmp_path / "run" / "last.pt").exists()

    # and another number of processes is refused
    error, codes = start_by_hand([[*DCGAN, "--out", str(outs[0]), "--resume"]], free_port())
    (line,) = lines_of_the_course(error)
    assert "processes = 2, this one has 1" in line and codes == [2]


@pytest.mark.slow
def test_a_folder_that_the_first_process_cannot_use(tmp_path):
    (tmp_path / "a file").write_text("")
    outs = [tmp_path / "a file", tmp_path / "run"]
    error, codes = start_by_hand([[*DCGAN, "--out", str(out)] for out in outs], free_port())
    (line,) = lines_of_the_course(error)
    assert "a file is a file" in line and codes == [2, 2]


@pytest.mark.slow
def test_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # the process that would open it finds out, before it waits for another
        environment = os.environ | {
            "RANK": "0",
            "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(taken.getsockname()[1]),
        }
        job = subprocess.run(
            [sys.executable, "-m", "gan_course", *DCGAN, "--out", str(tmp_path / "run")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    (line,) = lines_of_the_course(job.stderr)
    assert "cannot reach the others" in line and "docs/scaling.md" in line
    assert job.returncode == 2


@pytest.mark.slow
def test_a_command_that_does_not_train():
    error, codes = start_by_hand([["weights"], ["weights"]], free_port())
    assert lines_of_the_course(error) == [
        "gan_course: weights is the work of one process: call it without torchrun"
    ]
    assert codes == [2, 2]


if __name__ == "__main__":
    in_a_process(sys.argv[1])
