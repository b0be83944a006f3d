import json

import pytest
import torch

from maintain import gpu
from maintain import readme as results


@pytest.fixture
def card(monkeypatch, tmp_path):
    """A GPU that is pretended, and lessons that end as they are told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")

    def ending(*statuses):
        lessons = [
            {"name": str(number), "status": status, "seconds": 1.0}
            for number, status in enumerate(statuses)
        ]
        asked = []
        monkeypatch.setattr(
            gpu,
            "run_lessons",
            lambda names, **how: asked.append(how) or {"seconds": 9.0, "lessons": lessons},
        )
        return asked

    return ending


def test_a_run_is_kept_with_its_card_and_told_in_the_readme(card, tmp_path, monkeypatch):
    asked, path = card("passed", "passed"), tmp_path / "gpu.json"
    assert gpu.main(["--out", str(path)]) == 0
    assert (asked[0]["profile"], asked[0]["device"], asked[0]["max_steps"]) == ("full", "cuda", 20)
    record = json.loads(path.read_text())
    assert (record["card"], record["passed"], len(record["lessons"])) == ("a card", True, 2)
    monkeypatch.setattr(results, "GPU_FILE", path)
    assert f"passed on {record['date']}, commit {record['commit']}, a card." in results.gpu_line()


def test_a_lesson_that_fails_there_is_kept_too(card, tmp_path):
    card("passed", "claims failed")
    assert gpu.main(["--out", str(tmp_path / "gpu.json")]) == 1
    assert json.loads((tmp_path / "gpu.json").read_text())["passed"] is False


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_nothing_is_written(tmp_path, capsys):
    assert gpu.main(["--out", str(tmp_path / "gpu.json")]) == 2
    assert "no GPU is there" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_never_is_said_where_nothing_was_run(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "GPU_FILE", tmp_path / "none.json")
    assert results.gpu_line().endswith("never run yet.")
    assert results.with_gpu_line("a\n<!-- gpu:begin -->\n<!-- gpu:end -->\n") == (
        f"a\n<!-- gpu:begin -->\n{results.gpu_line()}\n<!-- gpu:end -->\n"
    )
