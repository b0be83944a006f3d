import nbformat
import pytest

from gan_course.cli import main
from gan_course.errors import CourseError
from gan_course.lessons.names import lesson_names
from gan_course.lessons.workbook import write_workbook
from gan_course.paths import NOTEBOOKS


def test_the_copies_are_the_lessons_without_outputs(tmp_path):
    assert write_workbook(tmp_path / "work") == lesson_names()
    for name in lesson_names():
        copy, lesson = (
            nbformat.read(path / f"{name}.ipynb", as_version=4)
            for path in (tmp_path / "work", NOTEBOOKS)
        )
        assert [cell.source for cell in copy.cells] == [cell.source for cell in lesson.cells]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy.cells)
    assert (tmp_path / "work" / "images" / "01_the_game.jpg").is_file()


def test_what_a_learner_wrote_is_left_alone(tmp_path):
    mine = tmp_path / "01_the_game.ipynb"
    mine.write_text("my answers")
    others = [name for name in lesson_names() if name != "01_the_game"]
    assert write_workbook(tmp_path) == others
    assert mine.read_text() == "my answers"
    assert write_workbook(tmp_path) == []


def test_the_lessons_themselves_are_refused():
    with pytest.raises(CourseError, match="holds the lessons themselves: choose another folder"):
        write_workbook(NOTEBOOKS)


def test_the_command_says_what_it_did_and_refuses_in_one_line(tmp_path, capsys):
    assert main(["workbook", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"{len(lesson_names())} lessons copied to {tmp_path}")
    assert main(["workbook", str(NOTEBOOKS)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
