import json
import math
import re
from configparser import ConfigParser

import numpy as np
import pytest
import torch

from gan_course.lessons.claims import claim, in_words, read_claims, stored_claims
from gan_course.paths import ROOT


@pytest.fixture
def record(tmp_path, monkeypatch):
    path = tmp_path / "claims.jsonl"
    monkeypatch.setenv("GAN_COURSE_CLAIMS", str(path))
    return path


def said(capsys):
    return capsys.readouterr().out.removesuffix("\n")


def test_a_claim_prints_what_was_measured_beside_its_bound(record, capsys):
    claim("the error is under two thirds", 0.4375, below=2 / 3)
    assert said(capsys) == "CLAIM the error is under two thirds: 0.44 < 0.67: True"
    (entry,) = read_claims(record)
    margin = entry.pop("margin")
    assert margin == pytest.approx(2 / 3 - 0.4375)
    assert entry == {
        "key": "the error is under two thirds",
        "text": "the error is under two thirds",
        "value": 0.4375,
        "sign": "<",
        "bound": 2 / 3,
        "held": True,
    }


def test_a_truth_value_needs_no_bound(record, capsys):
    claim("two is two", torch.tensor(2) == 2, key="two")
    assert said(capsys) == "CLAIM two is two: True"
    (entry,) = read_claims(record)
    assert (entry["key"], entry["held"], entry["margin"]) == ("two", True, None)


@pytest.mark.parametrize(
    ("value", "bounds", "held"),
    [
        (2, {"above": 1}, True),
        (1, {"above": 1}, False),
        (1, {"below": 1}, False),
        (0.5, {"below": 1}, True),
        (np.float32(0.5), {"above": 0}, True),
        (torch.tensor(0.5, requires_grad=True), {"above": 0}, True),
        (math.nan, {"above": 0}, False),
        (math.nan, {"below": 0}, False),
        (math.inf, {"below": 1}, False),
    ],
    ids=str,
)
def test_a_claim_holds_strictly_on_its_side_of_the_bound(record, value, bounds, held):
    claim("a", value, **bounds)
    assert read_claims(record)[0]["held"] is held


@pytest.mark.parametrize(
    ("value", "bounds", "shown"),
    [
        (0.66664, {"below": 2 / 3}, "0.6666 < 0.6667"),  # as many digits as tell them apart
        (7, {"above": 5}, "7 > 5"),
        (1234.5678, {"above": 1}, "1235 > 1"),
        (0.00012, {"below": 1e-3}, "1.2e-04 < 0.001"),
        (0.0, {"below": 1e-9}, "0 < 1e-09"),
        (0.0, {"below": 1e-4}, "0 < 1e-04"),
        (2.5, {"above": 0}, "2.5 > 0"),
        (math.inf, {"above": 3}, "inf > 3"),
        (-0.25, {"below": -0.125}, "-0.25 < -0.125"),
        (1.125, {"below": 1.25}, "1.1 < 1.25"),
        (9_999, {"below": 12_500}, "9999 < 12500"),
    ],
    ids=lambda given: str(given),
)
def test_numbers_are_short_and_told_apart(capsys, monkeypatch, value, bounds, shown):
    monkeypatch.delenv("GAN_COURSE_CLAIMS", raising=False)
    claim("a", value, **bounds)
    assert said(capsys).splitlines()[0] == f"CLAIM a: {shown}: True"


@pytest.mark.parametrize("text", ["a\nb", "a"])
def test_two_bounds_or_two_lines_are_refused(text):
    with pytest.raises(ValueError, match=r"two bounds|more than one line"):
        claim(text, 1, above=0, below=2 if text == "a" else None)


def test_a_failed_claim_stops_nothing_and_is_recorded(record, capsys):
    claim("two is three", 2, above=3)
    claim("two is two", True)
    assert [entry["held"] for entry in read_claims(record)] == [False, True]
    assert said(capsys) == "CLAIM two is three: 2 > 3: False\nCLAIM two is two: True"


def test_a_learner_is_told_what_a_failed_claim_means(monkeypatch, capsys):
    monkeypatch.delenv("GAN_COURSE_CLAIMS", raising=False)
    claim("two is three", False)
    assert said(capsys).startswith("CLAIM two is three: False\nIt did not hold in this run.")


def test_without_training_a_claim_about_training_is_not_judged(record, monkeypatch, capsys):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    claim("trained", 1, above=2, needs_training=True)
    assert said(capsys) == "CLAIM trained: 1 > 2: not judged without training"
    monkeypatch.setenv("GAN_COURSE_PROFILE", "full")
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", "2")
    claim("trained", False, needs_training=True)
    assert [entry["held"] for entry in read_claims(record)] == [None, None]


@pytest.mark.parametrize("profile", ["fast", "full"])
def test_with_training_it_is(record, monkeypatch, profile):
    monkeypatch.setenv("GAN_COURSE_PROFILE", profile)
    claim("trained", False, needs_training=True)
    assert read_claims(record)[0]["held"] is False


def test_other_claims_are_judged_in_smoke_too(record, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_PROFILE", "smoke")
    claim("exact", False)
    assert read_claims(record)[0]["held"] is False


def test_in_words_a_claim_has_its_numbers(record):
    claim("the error is small", 0.71, below=2 / 3)
    claim("the error is small", 0.5, below=2 / 3)
    claim("two is three", False)
    words = [in_words(entry) for entry in read_claims(record)]
    assert words == [
        "the error is small (0.71, not < 0.67)",
        "the error is small (0.50, < 0.67)",
        "two is three",
    ]


def test_stored_claims_are_read_from_a_notebooks_outputs(tmp_path):
    outputs = [
        {"text": ["CLAIM a: b: True\n", "other\n"]},
        {"data": {}},
        {"text": "CLAIM c: not judged without training\nCLAIM d: e: 0.44 < 0.67: True\n"},
        {"text": "CLAIM f: -1.0e-09 > -inf: False\n"},
    ]
    cells = [{"outputs": outputs}, {"source": "CLAIM g: True"}]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    assert stored_claims(tmp_path / "n.ipynb") == ["a: b", "c", "d: e", "f"]


def masked(line):
    """A line of output, as nbval compares it."""
    rules = ConfigParser(interpolation=None)
    rules.read(ROOT / "tests" / "nbval.cfg")
    for name in rules.sections():
        line = re.sub(rules[name]["regex"], rules[name]["replace"], line)
    return line


def test_nbval_masks_what_was_measured_and_compares_bound_and_verdict():
    assert masked("CLAIM a: 0.44 < 0.67: True") == masked("CLAIM a: 1.5e-03 < 0.67: True")
    assert masked("CLAIM a 2 > 1 b: 0.44 < 0.67: True") == masked(
        "CLAIM a 2 > 1 b: -3 < 0.67: True"
    )
    for other in (
        "CLAIM a: 0.44 < 0.68: True",
        "CLAIM a: 0.44 < 0.67: False",
        "CLAIM b: 0.44 < 0.67: True",
    ):
        assert masked("CLAIM a: 0.44 < 0.67: True") != masked(other)
    assert masked("error: 0.44 < 0.67") == "error: 0.44 < 0.67"
