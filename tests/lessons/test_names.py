import nbformat

from gan_course.lessons import names
from maintain import readme


def test_study_times_are_those_of_the_first_cells():
    times = names.study_times()
    assert list(times) == [name[:2] for name in names.lesson_names()]
    assert times["01"][0] == "The game"
    assert all(10 <= minutes <= 300 and minutes % 5 == 0 for _, minutes in times.values())
    for name in names.lesson_names():
        source = (names.NOTEBOOKS / "source" / f"{name}.py").read_text()
        assert f"# {name[:2]} · {times[name[:2]][0]}\n" in source
        assert readme.study_minutes(source) > 0


def test_a_lesson_without_them_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(names, "NOTEBOOKS", tmp_path)
    for name, text in {
        "01_a": "# 01 · A b\n\n| time | study 35 min; computing: not yet measured |",
        "02_c": "# 02 · C\n\n| time | a while |",
    }.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    assert names.study_times() == {"01": ("A b", 35)}
