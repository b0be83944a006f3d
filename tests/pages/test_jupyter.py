"""JupyterLab itself, in a browser: a lesson runs, and an explorer's slider moves a picture."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from gan_course.lessons.workbook import write_workbook
from gan_course.paths import ROOT

pytestmark = pytest.mark.slow
MIXER = """\
from gan_course.viz import explorers
from gan_course.weights.stylegans import load_stylegan

explorers.explore_styles(load_stylegan("stylegan-critters64"))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A learner's copies of the lessons, and a notebook with the style mixer alone."""
    folder = tmp_path_factory.mktemp("work")
    write_workbook(folder)
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    mixer = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(MIXER)], metadata=metadata)
    nbformat.write(mixer, folder / "mixer.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(browser, folder, tmp_path_factory):
    """The address of a JupyterLab whose lessons train for seconds, with a token at its end."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GAN_COURSE_PROFILE": "smoke",
        "GAN_COURSE_RUNS": str(home / "runs"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    for name in ("GAN_COURSE_HEADLESS", "MPLBACKEND"):  # the tests' own: nobody watches there
        environment.pop(name, None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *options]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for_answer(f"{address}/api?token={token}", server, home / "log")
        # a workspace each: JupyterLab opens again what was open before
        yield lambda name: f"{address}/lab/workspaces/{name[:2]}/tree/{name}?token={token}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for_answer(address, server, log, seconds=90):
    for _ in range(seconds):
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(1)
    pytest.fail(f"JupyterLab did not answer within {seconds} s:\n{log.read_text()}")


def run_all(page, lab, name):
    """Open a notebook and run all of its cells, as its menu does."""
    page.goto(lab(name))
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_the_first_lesson_runs_and_keeps_what_it_printed(browser, lab, folder):
    path = folder / "01_the_game.ipynb"
    page = browser.new_page()
    run_all(page, lab, path.name)
    cells = []
    for _ in range(120):
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        notebook = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if all(cell.execution_count for cell in cells):
            break
    page.close()
    outputs = [output for cell in cells for output in cell.outputs]
    assert all(cell.execution_count for cell in cells)
    assert [output for output in outputs if output.output_type == "error"] == []
    assert any("CLAIM" in output.get("text", "") for output in outputs)
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_a_slider_of_the_style_mixer_moves_its_picture(browser, lab):
    page = browser.new_page()
    run_all(page, lab, "mixer.ipynb")
    picture = page.locator(".jp-OutputArea img").first
    picture.wait_for(timeout=60_000)
    before = picture.screenshot()
    handle = page.locator(".widget-hslider", has_text="4 px").locator(".noUi-handle").first
    began = time.perf_counter()
    handle.focus()
    page.keyboard.press("End")
    for _ in range(200):
        page.wait_for_timeout(20)
        if picture.screenshot() != before:
            break
    print(f"from key to picture: {1000 * (time.perf_counter() - began):.0f} ms")
    assert picture.screenshot() != before
    page.close()
