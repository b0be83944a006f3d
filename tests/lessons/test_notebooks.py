"""The form of every lesson, and that its stored notebook is its source."""

import ast
import re

import nbformat
import pytest

from gan_course.errors import CourseError, Stopped
from gan_course.lessons import claims
from gan_course.paths import NOTEBOOKS
from maintain import notebooks
from maintain import readme as results

NAMES = notebooks.source_names()
SKIPPED = {"nbval-skip", "nbval-ignore-output"}


def read(name):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def test_sources_and_notebooks_are_the_same_lessons():
    assert sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb")) == NAMES and NAMES


def test_the_notebook_is_its_source(name):
    source, stored = notebooks.read_source(name), read(name)
    assert [(c.cell_type, c.source, dict(c.metadata)) for c in source.cells] == [
        (c.cell_type, c.source, dict(c.metadata)) for c in stored.cells
    ], f"run make notebooks ONLY={name}"


def test_stored_outputs_are_whole(name):
    notebook = read(name)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert "injected-parameters" not in tags(cell)
        assert not any(output.output_type == "error" for output in cell.outputs)
    compared = [cell for cell in cells if not tags(cell) & SKIPPED and cell.outputs]
    assert len(compared) >= 10, "nbval would compare next to nothing"
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < 1_200_000


def test_the_first_three_cells(name):
    cells = [cell for cell in read(name).cells if tags(cell) != {"fetch"}]
    first, parameters, imports = cells[:3]
    assert first.source.startswith("# ") and "| time |" in first.source
    picture = re.search(r"!\[([^\]]{20,})\]\((images/\S+)\)", first.source)
    assert picture and (NOTEBOOKS / picture[2]).is_file()
    assert tags(parameters) == {"parameters"} and tags(imports) == {"imports"}
    assigned = ast.parse(parameters.source).body
    assert [node.targets[0].id for node in assigned] == ["PROFILE", "SEED"]
    assert all(isinstance(node.value, ast.Constant) for node in assigned)
    assert "config_for(" in imports.source


def test_the_first_picture_is_described_as_where_it_is_drawn(name):
    cells = read(name).cells
    alt, file = re.search(r"!\[([^\]]+)\]\(images/(\S+)\)", cells[0].source).groups()
    drawn = [cell for cell in cells if "best-picture" in tags(cell)]
    if drawn and file == f"{name}.jpg":  # not a banner, which stands nowhere else
        assert alt == drawn[0].metadata["mystnb"]["image"]["alt"]


def test_cells_are_short_and_safe(name):
    for cell in code_cells(read(name)):
        assert len(cell.source.splitlines()) <= 25
        assert not re.search(r"^[!%]|sys\.path|chdir|raises-exception", cell.source, re.MULTILINE)


def test_every_stored_figure_has_alt_text(name):
    for cell in code_cells(read(name)):
        if any(
            "image/png" in out.get("data", {}) or "image/jpeg" in out.get("data", {})
            for out in cell.outputs
        ):
            assert len(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")) > 20, (
                cell.source
            )


def test_every_claim_of_the_source_is_stored_as_held(name):
    stated = sum(
        len(re.findall(r"^\s*claim\(", cell.source, re.MULTILINE))
        for cell in code_cells(read(name))
    )
    texts = [out.get("text", "") for cell in code_cells(read(name)) for out in cell.outputs]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("CLAIM ")]
    assert 15 >= len(lines) >= stated >= 3
    assert all(line.endswith(": True") for line in lines)


def test_stored_bounds_are_written_as_the_package_writes_them(name):
    texts = [out.get("text", "") for cell in code_cells(read(name)) for out in cell.outputs]
    bounds = re.findall(r"^CLAIM .*: \S+ [<>] (\S+): True$", "\n".join(texts), re.MULTILINE)
    assert bounds and all(claims.format_bound(float(bound), 2) == bound for bound in bounds), (
        "make notebooks"
    )


def exercises(notebook):
    """The number and the source of each exercise cell, and the Markdown after it."""
    cells = notebook.cells
    for number, cell in enumerate(cells):
        if "exercise" in tags(cell):
            yield number, cell.source, cells[number + 1].source


def test_at_least_five_exercises_each_with_its_header_stub_and_answer(name):
    notebook = read(name)
    found = list(exercises(notebook))
    assert len(found) >= 5
    for number, stub, after in found:
        before = notebook.cells[number - 1].source
        assert re.search(
            r"\*\*Exercise \d+\.[^*]+\*\* \((easy|medium|hard), \d+ minutes: [^)]+\)", before
        ), before
        assert "..." in stub
        assert "<details>" in after and "```python" in after


def test_stored_exercises_are_not_attempted(name):
    for cell in code_cells(read(name)):
        if "exercise" in tags(cell):
            assert cell.outputs[-1].data["text/plain"] == "not attempted yet"


def test_measured_figures_in_the_prose_are_those_of_the_results():
    readme = (results.ROOT / "README.md").read_text()
    assert results.with_lesson_table(readme) == readme, "run make readme"
    for lesson in NAMES:
        source = (NOTEBOOKS / "source" / f"{lesson}.py").read_text()
        assert results.with_times(lesson, source, source) == source, "run make readme"
    teaching = (results.ROOT / "docs" / "teaching.md").read_text()
    assert results.with_waiting_table(teaching) == teaching, "run make readme"
    assert results.lesson_table() in readme and results.waiting_table() in teaching


def test_the_code_that_a_lesson_teaches_stands_in_its_cells():
    for path in (NOTEBOOKS / "source").glob("*.py"):
        assert "getsource" not in path.read_text(encoding="utf-8"), path.name


def test_lessons_to_write_are_chosen_by_name_or_number():
    assert notebooks.chosen_sources([]) == notebooks.source_names()
    assert notebooks.chosen_sources(["2,03", "11_stylegan"]) == [
        "02_images",
        "03_why_training_breaks",
        "11_stylegan",
    ]
    with pytest.raises(CourseError, match=r"no source notebooks/source/99\.py: choose from 0"):
        notebooks.chosen_sources(["02", "99"])


@pytest.fixture
def one_lesson(tmp_path, monkeypatch):
    """A folder with one lesson, its notebook stored with an output."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_a.py").write_text("# %% [markdown]\n# # 01\n\n# %%\nprint(1)\n")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    stored = notebooks.read_source("01_a")
    stored.cells[1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    nbformat.write(stored, tmp_path / "01_a.ipynb")
    return tmp_path / "01_a.ipynb"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (KeyboardInterrupt(), 130),
        (Stopped(15, "stopped"), 143),
        (CourseError("no folder /nope: set GAN_COURSE_DATA"), 2),
        (OSError("disk"), 2),
        ({"lessons": [{"status": "failed", "error": "a claim"}]}, 2),
    ],
    ids=["ctrl-c", "sigterm", "no data", "disk", "failed"],
)
@pytest.mark.parametrize("was_there", [True, False])
def test_a_build_that_ends_early_leaves_the_notebook_as_it_was(
    one_lesson, monkeypatch, capsys, end, code, was_there
):
    before = one_lesson.read_bytes()
    if not was_there:
        one_lesson.unlink()

    def run_lessons(names, **_):
        assert b'"outputs": []' in one_lesson.read_bytes()  # the runner takes it from there
        if isinstance(end, BaseException):
            raise end
        return end

    monkeypatch.setattr(notebooks, "run_lessons", run_lessons)
    assert notebooks.main(["01_a"]) == code
    assert capsys.readouterr().err.count("\n") == 1
    assert one_lesson.read_bytes() == before if was_there else not one_lesson.exists()
    assert sorted(path.name for path in one_lesson.parent.iterdir()) == [
        "01_a.ipynb"
    ] * was_there + ["source"]


def test_an_unknown_lesson_is_found_before_the_first_is_built(one_lesson, monkeypatch, capsys):
    before = one_lesson.read_bytes()
    assert notebooks.main(["01_a", "99_b"]) == 2
    assert "no source notebooks/source/99_b.py" in capsys.readouterr().err
    assert one_lesson.read_bytes() == before
