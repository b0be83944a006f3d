import json
from statistics import stdev

import pytest
import torch

from gan_course.errors import CourseError
from gan_course.lessons import runner
from gan_course.paths import RESULTS
from gan_course.runtime import OLD_MACHINE, Runtime
from maintain import calibration
from maintain.calibration import Variant, keep, n_flagged, read_calibration, summarise, variants

SEEDS = ["seed 0", "seed 1", "seed 2"]
NATIVE = Runtime("cpu", "bfloat16", 2, "made up")


def claims(**margins):
    """One run's record: claims by text, each held where its margin is not negative."""
    return [
        {
            "key": key,
            "text": f"{key} is so",
            "held": margin is None or margin >= 0,
            "margin": margin,
        }
        for key, margin in margins.items()
    ]


def summary_of(margins, *, more=(), of_seeds=SEEDS):
    """The summary of one claim, from its margin in each run."""
    names = [*of_seeds, *(f"more {number}" for number in range(len(more)))]
    (result,) = summarise(
        {name: claims(a=margin) for name, margin in zip(names, [*margins, *more], strict=True)},
        of_seeds,
    )
    return result


def test_margin_over_spread():
    result = summary_of([3.0, 4.0, 5.0])
    assert (result["held"], result["runs"]) == (3, 3)
    assert (result["margin"], result["spread"], result["margin_over_spread"]) == (4, 1, 4)
    assert result["margins"] == {"seed 0": 3, "seed 1": 4, "seed 2": 5}
    assert result["flag"] == ""


def test_a_margin_below_three_spreads_is_flagged():
    assert summary_of([2.0, 3.0, 4.0])["flag"] == ""  # exactly three
    assert summary_of([1.9, 2.9, 3.9])["flag"] == "margin under 3 spreads"


def test_runs_that_repeat_a_seed_do_not_dilute_the_spread():
    assert summary_of([3.0, 4.0, 5.0], more=[4.0, 4.0])["spread"] == 1
    assert summary_of([4.0, 4.0, 4.0], more=[1.0])["spread"] == pytest.approx(stdev([4, 4, 4, 1]))


def test_without_spread_the_margin_is_exact_unless_it_is_nothing():
    assert summary_of([2.0, 2.0, 2.0])["margin_over_spread"] == "exact"
    assert summary_of([2.0, 2.0, 2.0])["flag"] == ""
    assert summary_of([0.0, 0.0, 0.0])["flag"] == "margin under 3 spreads"


def test_a_claim_without_a_margin_is_only_counted():
    result = summary_of([None, None, None])
    assert (result["held"], result["margin"], result["margin_over_spread"], result["flag"]) == (
        3,
        None,
        None,
        "",
    )


def test_a_claim_that_did_not_hold_or_was_not_reached_is_flagged():
    assert summary_of([10.0, 10.1, -0.1])["flag"] == "held in 2 of 3, margin under 3 spreads"
    found = summarise({"seed 0": claims(a=None, b=None), "seed 1": claims(a=None)}, SEEDS[:2])
    assert [(entry["key"], entry["flag"]) for entry in found] == [
        ("a", ""),
        ("b", "held in 1 of 2"),
    ]


def test_a_margin_that_is_not_a_number_is_flagged():
    result = summary_of([1.0, float("nan"), 1.0])
    assert "a margin is not finite" in result["flag"]
    assert result["margins"]["seed 1"] is None and result["margin"] is None


def test_a_key_stated_twice_counts_as_two_claims():
    record = [*claims(a=1.0), *claims(a=5.0)]
    found = summarise({"seed 0": record, "seed 1": record}, SEEDS[:2])
    assert [(entry["key"], entry["margin"]) for entry in found] == [("a", 1), ("a (2)", 5)]


def test_variants_are_those_that_differ_on_this_machine():
    assert variants([0, 1], NATIVE) == [
        Variant("seed 0", 0),
        Variant("seed 1", 1),
        Variant("old machine, seed 0", 0, OLD_MACHINE),
        Variant("old machine, seed 1", 1, OLD_MACHINE),
        Variant("1 thread", 0, {"GAN_COURSE_THREADS": "1"}),
    ]


@pytest.mark.parametrize(("capability", "n_runs"), [("AVX2", 2), ("AVX512", 4), ("NO AVX", 2)])
def test_an_old_machine_does_not_run_twice_alike(monkeypatch, capability, n_runs):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert len(variants([0, 1], Runtime("cpu", "float32", 1, "made up"))) == n_runs


def entry_of(*margins):
    record = {f"seed {number}": claims(a=margin) for number, margin in enumerate(margins)}
    about = {
        "commit": "abc",
        "date": "2020-01-01",
        "runtime": "here",
        "runs": list(record),
        "errors": {},
    }
    return {**about, "claims": summarise(record, list(record))}


def test_a_rerun_of_one_lesson_keeps_the_others(tmp_path):
    first, second, again = entry_of(1.0, 1.1), entry_of(2.0, 2.1), entry_of(0.1, 3.0)
    keep(tmp_path, "02_b", second)
    keep(tmp_path, "01_a", first)
    keep(tmp_path, "02_b", again)
    assert read_calibration(tmp_path) == {"01_a": first, "02_b": again}
    page = (tmp_path / "calibration.md").read_text()
    assert page.index("## 01_a") < page.index("## 02_b")
    assert page.count("⚠ margin under 3 spreads |") == 1


def test_a_run_that_broke_off_counts_as_flagged():
    entry = entry_of(1.0, 1.1)
    assert n_flagged(entry) == 0
    entry["errors"] = {"seed 1": "died"}
    assert n_flagged(entry) == 1
    assert "⚠ seed 1 broke off: `died`" in calibration.as_markdown({"01_a": entry}, {})


def test_the_page_tells_claims_that_are_gone_and_claims_that_came_since():
    page = calibration.as_markdown({"01_a": entry_of(1.0, 1.1)}, {"01_a": ["b", "c"]})
    assert "| [a is so] | 2 of 2 |" in page
    assert page.endswith("Not calibrated yet: *b*; *c*.\n")
    assert "Not calibrated" not in calibration.as_markdown(
        {"01_a": entry_of(1.0, 1.1)}, {"01_a": ["a is so"]}
    )


def test_the_stored_page_is_that_of_the_stored_lessons(tmp_path):
    stored = RESULTS / "calibration.md"
    (tmp_path / "calibration.json").write_bytes(stored.with_suffix(".json").read_bytes())
    assert calibration.main(["--page", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "calibration.md").read_text() == stored.read_text(), "run make readme"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Two lessons that run at once; the dictionary says what margin a seed gives in each."""
    margins = {"01_a": {0: 9.0, 1: 9.5}, "02_b": {0: 9.0, 1: 9.5}}
    settings = []

    def run_lessons(names, *, out, parameters, **options):
        out.mkdir(parents=True, exist_ok=True)
        margin = margins[names[0]][parameters["SEED"]]
        if isinstance(margin, BaseException):
            raise margin
        settings.append((parameters["SEED"], options["settings"]))
        (out / f"{names[0]}.claims.jsonl").write_text(json.dumps(claims(a=margin)[0]) + "\n")
        return {"lessons": [{"name": names[0], "status": "passed"}]}

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(calibration, "run_lessons", run_lessons)
    monkeypatch.setattr(calibration, "select_lessons", lambda only: only.split() or list(margins))
    monkeypatch.setattr(calibration, "choose_runtime", lambda: NATIVE)
    return margins, settings


def test_all_lessons_in_all_variants(course, tmp_path, capsys):
    assert calibration.main(["--seeds", "0,1", "--out", "results"]) == 0
    plain = [(0, {}), (1, {}), (0, OLD_MACHINE), (1, OLD_MACHINE), (0, {"GAN_COURSE_THREADS": "1"})]
    assert course[1] == plain * 2
    kept = read_calibration(tmp_path / "results")
    old = {"old machine, seed 0": 9, "old machine, seed 1": 9.5}
    expected = {"seed 0": 9, "seed 1": 9.5, **old, "1 thread": 9}
    assert kept["02_b"]["claims"][0]["margins"] == expected
    assert f"01_a: 1 claims over 5 runs ({', '.join(expected)})" in capsys.readouterr().out


def test_a_flag_gives_exit_1(course, capsys):
    course[0]["02_b"] = {0: 1.0, 1: -1.0}
    assert calibration.main(["--seeds", "0,1", "--out", "results"]) == 1
    # an old flag is not counted again
    assert calibration.main(["01_a", "--seeds", "0,1", "--out", "results"]) == 0
    assert "!    3/5" in capsys.readouterr().out


def test_what_is_finished_survives_an_interruption(course, tmp_path):
    course[0]["02_b"] = {0: KeyboardInterrupt()}
    assert calibration.main(["--seeds", "0,1", "--out", "results"]) == 130
    assert list(read_calibration(tmp_path / "results")) == ["01_a"]


@pytest.mark.parametrize("seeds", ["", "0", "0,0", "0,-1", "0,x", "0,1.5", "0,4294967296", "0,,1"])
def test_bad_seeds_are_refused(course, capsys, seeds):
    assert calibration.main([f"--seeds={seeds}", "--out", "results"]) == 2
    assert capsys.readouterr().err.startswith(
        f"gan_course: --seeds is {seeds!r}: give two or more different"
    )
    assert course[1] == []


def test_an_unknown_lesson_is_refused(capsys, tmp_path):
    assert calibration.main(["77", "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert (
        error.startswith("gan_course: no lesson '77': choose from 00_start_here")
        and error.count("\n") == 1
    )


def test_an_unknown_option_is_refused_in_one_line(capsys):
    with pytest.raises(SystemExit) as stop:
        calibration.main(["--sedes", "1"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_file_of_something_else_is_left_alone(course, tmp_path, capsys):
    (tmp_path / "calibration.json").write_text("[1]")
    assert calibration.main(["--out", "."]) == 2
    assert "is not a calibration's file" in capsys.readouterr().err
    assert course[1] == [] and (tmp_path / "calibration.json").read_text() == "[1]"


def test_without_training_nothing_is_calibrated(course, monkeypatch, capsys):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    assert calibration.main(["--out", "results"]) == 2
    assert "unset it" in capsys.readouterr().err
    with pytest.raises(CourseError):
        calibration.calibrate("", [0, 1], calibration.Path("results"))


LESSON = """
import os
from gan_course.lessons.claims import claim
claim("a", SEED, below=0.5)
claim("b", True)
claim("c", os.environ.get("GAN_COURSE_PRECISION") == "float32")
"""


@pytest.mark.slow
def test_a_real_lesson_gets_its_seed_and_settings_and_goes_on(tmp_path, monkeypatch):
    import nbformat

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in ("SEED = 0", LESSON)]
    )
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "01_a.ipynb")
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)
    monkeypatch.delenv("GAN_COURSE_PRECISION", raising=False)  # as it is on an old machine
    runs = [
        Variant("seed 0", 0),
        Variant("seed 1", 1),
        Variant("float32", 0, {"GAN_COURSE_PRECISION": "float32"}),
    ]
    entry = calibration.calibrate_lesson("01_a", runs, tmp_path / "runs", "here")
    assert entry["errors"] == {}
    a, b, c = entry["claims"]
    assert a["margins"] == {"seed 0": 0.5, "seed 1": -0.5, "float32": 0.5} and a["held"] == 2
    assert b["flag"] == "" and c["held"] == 1


def test_runs_beside_each_other_have_one_thread_and_the_last_has_all_alone(monkeypatch):
    monkeypatch.setattr(calibration, "own_threads", lambda: 2)
    runs = variants([0, 1], NATIVE, jobs=2)
    assert [run.name for run in runs] == [
        "seed 0",
        "seed 1",
        "old machine, seed 0",
        "old machine, seed 1",
        "2 threads",
    ]
    assert [run.settings["GAN_COURSE_THREADS"] for run in runs] == ["1"] * 4 + ["2"]
    assert [run.alone for run in runs] == [False] * 4 + [True]


def test_runs_beside_each_other_give_the_same_table(course, tmp_path):
    assert calibration.main(["01_a", "--seeds", "0,1", "--jobs", "2", "--out", "results"]) == 0
    kept = read_calibration(tmp_path / "results")["01_a"]
    assert list(kept["claims"][0]["margins"])[:4] == kept["runs"][:4]
    assert kept["claims"][0]["margins"]["old machine, seed 1"] == 9.5
