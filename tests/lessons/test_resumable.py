from dataclasses import replace

import pytest
import torch

from gan_course.commands.train import DCGAN
from gan_course.errors import CourseError
from gan_course.lessons.resumable import fit_resumable, lesson_folder
from gan_course.locks import run_folder
from gan_course.training.dcgan import build_dcgan


class PulledPlugError(Exception):
    pass


def test_an_interrupted_lesson_goes_on_as_if_nothing_had_happened(tmp_path, fashion, cpu, capsys):
    def build():
        return build_dcgan(DCGAN["smoke"], fashion, seed=0, runtime=cpu)

    straight, broken, again = build(), build(), build()
    expected = fit_resumable(straight, n_steps=6, folder=None)

    def pull_the_plug(n_done, rows):
        if n_done == 4:
            raise PulledPlugError

    folder = tmp_path / "lesson"
    with pytest.raises(PulledPlugError):
        fit_resumable(broken, n_steps=6, folder=folder, hook=pull_the_plug, hook_every=2)
    rows = fit_resumable(again, n_steps=6, folder=folder, hook_every=2)
    assert rows == expected
    assert torch.equal(again.preview(), straight.preview())
    assert "going on from step 4" in capsys.readouterr().out
    assert not folder.exists()  # complete: the next run starts anew


def test_a_checkpoint_of_another_configuration_is_left_aside(tmp_path, fashion, cpu, capsys):
    def pull_the_plug(n_done, rows):
        raise PulledPlugError

    for batch_size in (8, 4):
        training = build_dcgan(
            replace(DCGAN["smoke"], batch_size=batch_size), fashion, seed=0, runtime=cpu
        )
        with pytest.raises(PulledPlugError):
            fit_resumable(training, n_steps=4, folder=tmp_path, hook=pull_the_plug, hook_every=2)
        assert training.step.n_done == 2
    assert capsys.readouterr().out.count("has another configuration: a new one begins") == 1


def test_only_full_lessons_keep_checkpoints(monkeypatch):
    assert lesson_folder("02_images", "fast") is None
    assert lesson_folder("02_images", "full").name == "02_images"
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    assert lesson_folder("02_images", "full") is None


def test_a_lesson_that_runs_twice_is_refused(tmp_path, fashion, cpu):
    training = build_dcgan(DCGAN["smoke"], fashion, seed=0, runtime=cpu)
    with run_folder(tmp_path / "lesson"), pytest.raises(CourseError, match="a run is going on in"):
        fit_resumable(training, n_steps=2, folder=tmp_path / "lesson")
    assert training.step.n_done == 0
    assert len(fit_resumable(training, n_steps=2, folder=tmp_path / "lesson")) == 2
