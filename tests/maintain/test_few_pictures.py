"""The studies of lesson 14: their rows are measured, their pages and sheets show them."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from gan_course.data.cats import load_cats
from gan_course.errors import CourseError
from gan_course.lessons import results
from gan_course.runtime import choose_runtime
from gan_course.training.dcgan import build_dcgan
from maintain.studies import diffusion, few_pictures, strips

FACTS = {"command": "a command", "commit": "abc", "hardware": "a machine", "samples": 300}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(strips, "RUNS", tmp_path)
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return tmp_path


def test_few_pictures_are_measured_and_kept(folders, monkeypatch):
    monkeypatch.setattr(few_pictures, "CONFIG", replace(few_pictures.CONFIG, batch_size=4))
    monkeypatch.setattr(few_pictures, "SHEETS", {2: few_pictures.NAME})
    monkeypatch.setattr(few_pictures, "N_MEASURED", 2)
    monkeypatch.setattr(few_pictures, "N_TEST", 300)
    row = {"pictures": 70, "remedy": "from critters", "seed": 0, "steps": 2}
    found = few_pictures.train_and_measure(row)
    assert list(found["distances"]) == ["1", "2"] and found["distance"] == found["distances"]["2"]
    assert 0 <= found["copies"] <= 1
    few_pictures.save_sheet(few_pictures.NAME, ["70-from critters"])
    sheet = results.recorded_strips(few_pictures.NAME)
    assert sheet.shape == (1, 8, 3, 32, 32) and -1 <= sheet.min() < sheet.max() <= 1
    facts = {"world": "cats", "img_resolution": 32, "batch_size": 4}
    page = few_pictures.page(FACTS | facts | {"rows": [row | found]})
    assert f"| 2 | 70 | from critters | 0 | {found['distance']} |" in page


def test_every_remedy_changes_the_configuration_or_the_start():
    changed = {remedy for remedy, fields in few_pictures.CHANGES.items() if fields}
    assert changed == {"mirrored", "augmented"}
    assert list(few_pictures.CHANGES) == list(few_pictures.REMEDIES)


def test_overfitting_is_0_for_a_d_that_is_fair_and_1_for_one_that_is_not():
    images, _ = load_cats(n=8, resolution=32)
    training = build_dcgan(few_pictures.CONFIG, images, seed=0, runtime=choose_runtime("cpu"))
    training.step.D = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32**2, 1))
    fake = images.flip(0)[:4] // 2
    assert few_pictures.overfitting(training, images, images, fake) == pytest.approx(0, abs=1e-5)
    assert few_pictures.overfitting(training, images, fake, fake) == pytest.approx(1)


def test_a_strip_comes_back_as_the_pictures_that_were_kept(folders):
    images = torch.randint(256, (2, 8, 3, 32, 32), dtype=torch.uint8)
    for k in range(2):
        strips.keep_strip("mine", str(k), images[k])
    strips.save_sheet("mine", ["0", "1"])
    assert Image.open(folders / "mine.png").size == (8 * 32, 2 * 32)
    found = results.recorded_strips("mine").add(1).mul(127.5).round().byte()
    assert torch.equal(found, images)


def test_a_sheet_keeps_the_rows_of_trainings_that_ran_elsewhere(folders):
    images = torch.randint(256, (2, 8, 3, 32, 32), dtype=torch.uint8)
    with pytest.raises(CourseError, match="remove that training's row"):
        strips.save_sheet("mine", ["0", "1"])
    for k in range(2):
        strips.keep_strip("mine", str(k), images[k])
    strips.save_sheet("mine", ["0", "1"])
    (folders / "mine" / "0.png").unlink()
    strips.keep_strip("mine", "1", images[0])
    strips.save_sheet("mine", ["0", "1"])
    found = results.recorded_strips("mine").add(1).mul(127.5).round().byte()
    assert torch.equal(found, images[[0, 0]])


def test_noise_is_mixed_in_by_the_time():
    clean, noise = torch.ones(3, 1, 2, 2), torch.full((3, 1, 2, 2), 2.0)
    mixed = diffusion.mix(clean, noise, torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(mixed[0], clean[0])
    torch.testing.assert_close(mixed[1], (clean + noise)[1] * 0.5**0.5)
    torch.testing.assert_close(mixed[2], noise[2])


def test_the_sampler_finds_the_picture_that_a_perfect_denoiser_knows():
    picture = torch.rand(1, 3, 8, 8) * 2 - 1

    def denoiser(x, t):
        angle = (t * torch.pi / 2)[:, None, None, None]
        return (x - angle.cos() * picture) / angle.sin()

    made = diffusion.sample(denoiser, torch.randn(4, 3, 8, 8), n_steps=5)
    torch.testing.assert_close(made, picture.expand(4, -1, -1, -1), atol=1e-4, rtol=0)


def test_both_models_are_trained_for_a_time_and_measured(folders, monkeypatch):
    monkeypatch.setattr(diffusion, "N_TEST", 300)
    monkeypatch.setattr(diffusion, "N_TRAIN", 70)
    monkeypatch.setattr(diffusion, "WIDTHS", (8, 8, 16))
    rows = []
    for model in diffusion.MODELS:
        row = {"model": model, "minutes": 0.001, "seed": 0}
        rows.append(row | diffusion.train_and_measure(row))
        assert rows[-1]["steps"] >= 1 and rows[-1]["distance"] > 50
        assert rows[-1]["milliseconds a picture"] > 0
    facts = {"world": "cats", "img_resolution": 32, "sampling steps": 30}
    assert "| GAN | 0.001 | 0 |" in diffusion.page(FACTS | facts | {"rows": rows})
