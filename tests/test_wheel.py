"""A wheel is enough: data, weights, lessons and recorded tables come with it."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from gan_course.paths import ROOT

pytestmark = pytest.mark.slow
SOURCES = ("gan_course", "data", "notebooks", "docs/results")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, built from a copy of the sources and unpacked."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, source / name)
    wheels = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "-w", wheels, source], check=True)
    (wheel,) = wheels.glob("gan_course-*.whl")
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def gan_course(site, folder, words):
    """The command of the unpacked wheel, started in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("GAN_COURSE_DATA", None)
    return subprocess.run(
        [sys.executable, "-P", "-m", "gan_course", *words.split()],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_it_carries_what_a_learner_needs_and_not_what_makes_it(installed):
    bundle = installed / "gan_course" / "bundle"
    for name in ("data/manifest.json", "docs/results/cycle-prior.json"):
        assert (bundle / name).is_file()
    lessons = {path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert {path.name for path in (bundle / "notebooks").glob("*.ipynb")} == lessons
    assert not (bundle / "data" / "build").exists()
    assert not (bundle / "notebooks" / "source").exists()


def test_it_draws_and_hands_out_lessons(installed, tmp_path):
    drawn = gan_course(
        installed, tmp_path, "generate --weights stylegan-critters64 --seeds 0-1 --out two"
    )
    assert drawn.returncode == 0, drawn.stderr
    assert len(list((tmp_path / "two").glob("*.png"))) == 2
    copied = gan_course(installed, tmp_path, "workbook")
    assert copied.returncode == 0, copied.stderr
    assert (tmp_path / "work" / "01_the_game.ipynb").is_file()


def test_a_lesson_runs_from_it_and_writes_below_the_folder_of_the_start(installed, tmp_path):
    ran = gan_course(installed, tmp_path, "run --profile smoke --only 00")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert list(tmp_path.glob("runs/*/index.html"))


def test_what_needs_a_clone_says_so(installed, tmp_path):
    refused = gan_course(installed, tmp_path, "run --profile smoke --record")
    assert refused.returncode == 2
    assert "--record writes into a clone" in refused.stderr


def test_a_damaged_file_is_brought_back_by_pip(installed, tmp_path):
    table = installed / "gan_course" / "bundle" / "data" / "manifest.json"
    kept = table.read_bytes()
    table.write_text("{")
    try:
        refused = gan_course(installed, tmp_path, "weights")
    finally:
        table.write_bytes(kept)
    assert refused.returncode == 2
    assert "pip install --force-reinstall" in refused.stderr
