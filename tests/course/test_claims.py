import json

import pytest
import torch

from gan_course.course.claims import ClaimFailed, claim, read_claims, stored_claims


@pytest.fixture
def record(tmp_path, monkeypatch):
    path = tmp_path / "claims.jsonl"
    monkeypatch.setenv("GAN_COURSE_CLAIMS", str(path))
    return path


def test_a_claim_is_printed_and_recorded(record, capsys):
    claim("two is two", torch.tensor(2) == 2, margin=torch.tensor(0.5))
    assert capsys.readouterr().out == "CLAIM two is two: True\n"
    assert read_claims(record) == [{"text": "two is two", "held": True, "margin": 0.5}]


def test_under_the_runner_a_failed_claim_stops_the_lesson(record):
    with pytest.raises(ClaimFailed, match="two is three"):
        claim("two is three", 2 == 3)
    assert [json.loads(line)["held"] for line in record.read_text().splitlines()] == [False]


def test_a_calibration_goes_on_and_records_what_failed(record, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_CLAIMS_GO_ON", "1")
    claim("two is three", 2 == 3, margin=-1)
    claim("two is two", True)
    assert [(entry["held"], entry["margin"]) for entry in read_claims(record)] == [(False, -1.0), (True, None)]


@pytest.mark.parametrize("value", ["0", ""])
def test_only_a_one_lets_claims_go_on(record, monkeypatch, value):
    monkeypatch.setenv("GAN_COURSE_CLAIMS_GO_ON", value)
    with pytest.raises(ClaimFailed):
        claim("two is three", False)


def test_a_learner_s_kernel_goes_on(monkeypatch, capsys):
    monkeypatch.delenv("GAN_COURSE_CLAIMS", raising=False)
    claim("two is three", False)
    assert "CLAIM two is three: False" in capsys.readouterr().out


def test_without_training_a_claim_about_training_is_not_judged(record, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    claim("trained", False, needs_training=True)
    monkeypatch.setenv("GAN_COURSE_PROFILE", "full")
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    claim("trained", False, needs_training=True)
    assert [entry["held"] for entry in read_claims(record)] == [None, None]


@pytest.mark.parametrize("profile", ["fast", "full"])
def test_with_training_it_is(record, monkeypatch, profile):
    monkeypatch.setenv("GAN_COURSE_PROFILE", profile)
    with pytest.raises(ClaimFailed):
        claim("trained", False, needs_training=True)


def test_other_claims_are_judged_in_smoke_too(record, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    with pytest.raises(ClaimFailed):
        claim("exact", False)


def test_stored_claims_are_read_from_a_notebooks_outputs(tmp_path):
    outputs = [
        {"text": ["CLAIM a: b: True\n", "other\n"]},
        {"data": {}},
        {"text": "CLAIM c: not judged without training\n"},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}, {"source": "CLAIM d: True"}]}))
    assert stored_claims(tmp_path / "n.ipynb") == ["a: b", "c"]
