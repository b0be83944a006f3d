from gan_course.course import results

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
    recorded = {"fast": {"07_a": {"seconds": 41.6}}, "full": {}}
    monkeypatch.setattr(results, "read_results", lambda profile: recorded[profile])
    once = results.with_computing_time("07_a", SOURCE)
    assert "computing: fast 42 s |" in once
    assert results.with_computing_time("07_a", once) == once


def test_the_table_replaces_what_stands_between_the_markers():
    text = "a\n<!-- lessons:begin -->\nold\n<!-- lessons:end -->\nb\n"
    new = results.with_lesson_table(text)
    assert "old" not in new and "01 · The game" in new
    assert new.startswith("a\n<!-- lessons:begin -->\n") and new.endswith("\n<!-- lessons:end -->\nb\n")
    assert results.with_lesson_table(new) == new
