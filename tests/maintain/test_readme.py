from maintain import readme as results

SOURCE = """# %% [markdown]
# # 07 · A lesson
#
# One promise
# over two lines.
#
# | time | study 60 min; computing: see README |
"""


def test_title_and_promise():
    assert results._title_and_promise(SOURCE) == ("07 · A lesson", "One promise over two lines.")


def test_times_come_from_the_results_and_may_be_written_twice(monkeypatch):
    recorded = {("fast", "bfloat16"): 41.6, ("fast", "float32"): 80}
    found = lambda *which: {"07_a": {"seconds": recorded[which]}} if which in recorded else {}  # noqa: E731
    monkeypatch.setattr(results, "read_results", found)
    once = results.with_times("07_a", SOURCE, SOURCE)
    times = "computing: 42 s on a newer processor, 80 s on an older one"
    assert f"| time | study 5 min; {times} |" in once
    assert results.with_times("07_a", once, once) == once


def test_study_time_counts_exercises_prose_code_and_predictions_but_no_folded_answer():
    exercise = "# **Exercise 1. One** (easy, 10 minutes: why)\n"
    # 10 minutes, and 2 of reading
    longer = SOURCE + "# %% [markdown]\n" + exercise + "# " + "word " * 400 + "\n"
    assert results.study_minutes(longer) == 15
    assert (
        results.study_minutes(longer + "# <details>\n# " + "word " * 4_000 + "\n# </details>\n")
        == 15
    )
    assert results.study_minutes(longer + "# **Predict:** " * 4) == 20
    assert results.study_minutes(longer + "# %%\n" + "x = 1\n" * 120) == 20
    assert results.study_minutes(longer + "# ## Further\n#\n" + "# word " * 4_000) == 15


def test_the_waiting_table_names_the_cells_of_a_lesson(monkeypatch):
    lesson = {
        "seconds": 41.6,
        "waits": [{"under": "Train", "seconds": 31}, {"under": "Collapse", "seconds": 12}],
    }
    monkeypatch.setattr(
        results,
        "read_results",
        lambda profile, kind="": {"01_the_game": lesson} if not kind else {},
    )
    assert (
        results.with_waiting_table("<!-- waits:begin -->\n<!-- waits:end -->").count(
            "| Train: 31 s"
        )
        == 1
    )
    new = results.with_waiting_table("a\n<!-- waits:begin -->\nold\n<!-- waits:end -->\nb\n")
    assert (
        "| 42 s | not yet measured | Train: 31 s; Collapse: 12 s |" in new
        and "measured | none |" in new
    )
    assert results.with_waiting_table(new) == new


def test_the_table_replaces_what_stands_between_the_markers():
    text = "a\n<!-- lessons:begin -->\nold\n<!-- lessons:end -->\nb\n"
    new = results.with_lesson_table(text)
    assert "old" not in new and "01 · The game" in new
    assert new.startswith("a\n<!-- lessons:begin -->\n") and new.endswith(
        "\n<!-- lessons:end -->\nb\n"
    )
    assert results.with_lesson_table(new) == new
