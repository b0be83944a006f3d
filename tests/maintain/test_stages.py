import json
import re

import pytest

from gan_course.lessons.names import lesson_names
from gan_course.paths import RESULTS, ROOT
from gan_course.runtime import Runtime
from maintain import stages


def test_every_lesson_s_outputs_are_compared_once():
    compared = [
        word for stage in stages.stages() if "outputs" in stage.name for word in stage.commands[0]
    ]
    notebooks = [word for word in compared if word.endswith(".ipynb")]
    assert sorted(notebooks) == [f"notebooks/{name}.ipynb" for name in lesson_names()]
    assert all((ROOT / notebook).is_file() for notebook in notebooks)


def test_ci_runs_the_stages_of_both_commands():
    script = (ROOT / ".ci" / "run").read_text()
    assert script.index("make test") < script.index("make verify")
    makefile = (ROOT / "Makefile").read_text()
    assert {stage.of for stage in stages.stages()} == set(
        re.findall(r"maintain stages (\w+)", makefile)
    )


@pytest.fixture
def three(monkeypatch, tmp_path):
    """Three stages of "test", the second of which fails or not."""

    def make(code):
        write = f"open({str(tmp_path / 'ran')!r}, 'a').write"
        monkeypatch.setattr(
            stages,
            "stages",
            lambda: [
                stages.Stage("test", "one", (("-c", f"{write}('1')"),), "a"),
                stages.Stage(
                    "test", "two", (("-c", f"{write}('2'); raise SystemExit({code})"),), "b"
                ),
                stages.Stage("verify", "outputs", (("-c", f"{write}('v')"),), "c"),
                stages.Stage("test", "three", (("-c", f"{write}('3')"),), "d"),
            ],
        )
        return tmp_path / "ran"

    return make


def test_stages_run_in_order_up_to_the_first_that_fails(three, capfd):
    ran = three(1)
    assert stages.main(["test"]) == 1
    assert ran.read_text() == "12"
    assert "--- two: b" in capfd.readouterr().out


def test_one_stage_alone(three, capfd):
    ran = three(0)
    assert stages.main(["test", "--only", "three"]) == 0
    assert ran.read_text() == "3"
    assert stages.main(["test", "--only", "outputs"]) == 2
    assert "test has no stage 'outputs': choose from one, two, three" in capfd.readouterr().err


def test_times_are_kept_by_kind_of_machine(three, tmp_path, monkeypatch, capfd):
    ran = three(0)
    monkeypatch.setattr(stages.record, "__defaults__", (tmp_path,))
    for precision in ("bfloat16", "float32"):
        monkeypatch.setattr(
            stages, "choose_runtime", lambda _, now=precision: Runtime("cpu", now, 2, "made up")
        )
        assert stages.main(["test", "--record"]) == 0
    assert stages.main(["verify", "--record"]) == 0
    assert ran.read_text() == "123123v"
    kept = json.loads((tmp_path / "stages.json").read_text())
    assert kept["bfloat16"]["seconds"].keys() == {"one", "two", "three"}
    assert kept["float32"]["seconds"].keys() == {"one", "two", "three", "outputs"}
    page = (tmp_path / "stages.md").read_text()
    assert (
        "| command | stage | protects | bfloat16 | float32 |" in page
        and "| `make test` | one | a | " in page
    )
    assert "| `make verify` | outputs | c | not yet measured | " in page


def test_a_stage_knows_nothing_of_threads_and_profiles_left_in_the_shell(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    monkeypatch.setenv("GAN_COURSE_THREADS", "7")
    (light,) = (stage for stage in stages.stages() if stage.name == "light outputs")
    environment = stages._environment(light)
    assert (environment["GAN_COURSE_PROFILE"], environment["GAN_COURSE_THREADS"]) == ("fast", "1")


@pytest.mark.skipif(not (RESULTS / "stages.json").is_file(), reason="no times are recorded yet")
def test_the_stored_page_is_that_of_the_stored_times():
    kept = json.loads((RESULTS / "stages.json").read_text())
    assert (RESULTS / "stages.md").read_text() == stages.as_markdown(kept)
