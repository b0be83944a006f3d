"""The strip and the film of a run."""

import shutil

import pytest
from PIL import Image

from gan_course.cli import main
from gan_course.training import film

TRAIN = ["train", "dcgan", "--profile", "smoke", "--device", "cpu", "--save-every", "1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("film") / "run"
    assert main([*TRAIN, "--steps", "8", "--film", "--out", str(out)]) == 0
    return out


def test_the_strip_goes_from_the_first_step_to_the_last(run):
    sheets = film.sample_files(run / "samples")
    assert [sheet.stem for sheet in sheets] == [f"step_{k:06d}" for k in range(9)]
    strip = Image.open(run / "strip.jpg")
    first, last = Image.open(sheets[0]).convert("RGB"), Image.open(sheets[-1]).convert("RGB")
    assert strip.size == (first.width, 6 * 30)
    for place, sheet in ((0, first), (150, last)):
        row = strip.crop((0, place, strip.width, place + 30))
        difference = [
            abs(a - b)
            for a, b in zip(
                row.tobytes(), sheet.crop((0, 0, sheet.width, 30)).tobytes(), strict=True
            )
        ]
        assert sum(difference) / len(difference) < 4  # JPEG twice


def test_the_film_has_a_frame_for_each_sheet(run):
    with Image.open(run / "film.gif") as gif:
        assert gif.n_frames == 9 and gif.info["duration"] == 150
        gif.seek(8)
        assert gif.info["duration"] == 1500


def test_without_the_option_there_is_no_film(tmp_path):
    assert main([*TRAIN, "--steps", "2", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "strip.jpg").exists() and not (tmp_path / "film.gif").exists()


def test_a_run_whose_samples_were_removed_ends_well(run, tmp_path):
    out = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(out / "samples")
    assert main([*TRAIN, "--steps", "8", "--film", "--resume", "--out", str(out)]) == 0


def test_sheets_are_in_the_order_of_their_steps(tmp_path):
    for step in (999_999, 1_000_000, 25):
        (tmp_path / f"step_{step:06d}.jpg").touch()
    steps = [int(file.stem[5:]) for file in film.sample_files(tmp_path)]
    assert steps == [25, 999_999, 1_000_000]


def test_a_long_run_is_thinned_out():
    files = list(range(1_000))
    spread = film._spread(files, 60)
    assert len(spread) == 60 and spread[0] == 0 and spread[-1] == 999


@pytest.mark.parametrize("family", ["cyclegan", "pix2pix"])
def test_a_translation_shows_its_second_row(two_folders, tmp_path, family):
    words = ["train", family, "--profile", "smoke", "--device", "cpu", "--steps", "2"]
    assert main([*words, "--data", *two_folders, "--out", str(tmp_path / "run")]) == 0
    strip = Image.open(tmp_path / "run" / "strip.jpg").convert("RGB")
    sheet = Image.open(tmp_path / "run" / "samples" / "step_000002.jpg").convert("RGB")
    height = strip.height // 2
    row = strip.crop((0, height, strip.width, 2 * height)).tobytes()
    same = sheet.crop((0, height, sheet.width, 2 * height)).tobytes()
    assert sum(abs(a - b) for a, b in zip(row, same, strict=True)) / len(row) < 4
