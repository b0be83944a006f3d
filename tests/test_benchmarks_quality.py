import pytest

from benchmarks import quality
from benchmarks.quality import Contender, page, train_and_measure


def figures(course: float, plain: float, faster: float) -> dict:
    numbers = {"course": course, **dict(zip(quality.RIVALS, (plain, faster), strict=True))}
    return {name: {"steps": 9, "error": x, "distance": 100 * x} for name, x in numbers.items()}


def test_a_contender_trains_for_its_own_seconds_alone():
    now, steps = [0.0], []

    def step():
        now[0] += 2.0
        steps.append(now[0])

    contender = Contender(step, lambda: None)
    contender.advance(5.0, clock=lambda: now[0])
    now[0] += 100.0  # another's turn
    contender.advance(7.0, clock=lambda: now[0])
    assert (contender.n_steps, contender.seconds, len(steps)) == (4, 8.0, 4)


def test_the_page_compares_with_the_better_rival_and_names_what_doing_nothing_gets():
    rows = [
        {"seed": 0, "marks": [60], "nothing": 0.061, "figures": {"60": figures(0.1, 0.4, 0.2)}},
        {"seed": 1, "marks": [60], "nothing": 0.061, "figures": {"60": figures(0.1, 0.125, 0.2)}},
        {"seed": 0, "marks": [9], "nothing": 0.061, "figures": {"60": figures(0.1, 0.1, 0.1)}},
    ]
    for row, machine in zip(rows, ("two cores", "two cores", "four cores"), strict=True):
        row |= {"machine": machine, "commit": "abc"}
    text = page({"rows": rows, "command": "c"})
    assert "- A, B: two cores; commit abc.\n- C: four cores; commit abc." in text
    assert "| B | 1 | 0 | (the picture itself) | | 0.061 | |" in text
    assert "After 1 min the course's error is 0.65 (A 0.50, B 0.80) of that of the better" in text
    assert "After 1 min the course's error is 1.00 (C 1.00) of that of the better" in text
    assert "After 3 min" not in text


def test_all_contenders_train_and_are_measured_at_each_mark(monkeypatch, capsys):
    monkeypatch.setattr(quality, "N_TRAIN", 16)
    monkeypatch.setattr(quality, "N_TEST", 300)
    row = train_and_measure({"seed": 0, "marks": [0.01, 0.02]})
    assert list(row["figures"]) == ["0.01", "0.02"]
    for at_mark in row["figures"].values():
        assert list(at_mark) == ["course", *quality.RIVALS]
        assert all(one["steps"] >= 1 for one in at_mark.values())
        assert at_mark["course"]["error"] == pytest.approx(row["nothing"], rel=0.5)  # starts there
    capsys.readouterr()
