"""The nine assignments: their form, and checks that tell right from wrong."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from cnnbook.grading import align, answers, assignment
from cnnbook.grading.assignment import grade_id, points, role
from cnnbook.grading.worker import Grader

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
RANDOM = r"checks\.(generator|seed|held_out_digits)\(\)"
# What these do is measured: there is no example to copy
MEASURED = {"design", "mended", "spotter"}
DESIGN = "design"  # its wishes are fixed; in chapter 9 its cell takes long


def slow(stem):
    """A chapter whose answers train networks."""
    return pytest.param(stem, marks=pytest.mark.grading)


exercises = pytest.mark.parametrize("stem", CHAPTERS)


def source(stem):
    """The assignment of a chapter."""
    return assignment.read(ROOT / "exercises" / stem)


# --- Their form -----------------------------------------------------------------------


@exercises
def test_every_chapter_has_an_assignment_of_the_agreed_form(stem):
    made = source(stem)
    first = made.cells[0].source
    assert first.startswith(f"# Assignment {int(stem[:2])}: ")
    total = sum(map(points, made.cells))
    for said in (r"\*\*You will\*\*", rf"\b{total:g} points\b", r"about \d+ minutes"):
        assert re.search(said, first), said
    assert 3 <= len(made.exercises()) <= 6
    assert [role(cell) for cell in made.cells].count("manual") == 1


def test_all_assignments_say_alike_how_to_work():
    firsts = [source(stem).cells[0].source for stem in CHAPTERS]
    said = [re.findall(r"^How to work: .+", first, re.M) for first in firsts]
    assert [len(lines) for lines in said] == [1] * 9
    assert len({line for [line] in said}) == 1


@exercises
def test_the_chapter_says_what_the_assignment_says(stem):
    will = re.search(r"\*\*You will\*\* (.+)", source(stem).cells[0].source)[1]
    chapter = (ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8")
    assert f"you will {will}" in chapter


@exercises
def test_every_exercise_has_visible_and_hidden_checks(stem):
    for name, checks in source(stem).exercises().items():
        assert [grade_id(cell) for cell in checks] == [
            f"{name}_check",
            f"{name}_hidden",
        ]
        visible, hidden = checks
        assert answers.hidden_statements(hidden), name
        assert align.released(visible).strip(), name
        assert name == DESIGN or re.search(RANDOM, hidden.source), name
        assert points(hidden) >= points(visible) > 0, name


@exercises
def test_points_of_the_headings_are_those_of_the_cells(stem):
    made = source(stem)
    said = [
        float(number)
        for cell in made.cells
        if cell.cell_type == "markdown"
        for number in re.findall(r"^## .*\((\d+) points?\)", cell.source, re.M)
    ]
    given = [sum(map(points, checks)) for checks in made.exercises().values()]
    manual = [points(cell) for cell in made.cells if role(cell) == "manual"]
    assert said == given + manual


@exercises
def test_the_manual_question_has_a_rubric_that_adds_up(stem):
    cells = source(stem).cells
    place = next(n for n, cell in enumerate(cells) if role(cell) == "manual")
    rows = re.findall(r"^\| *(\d+|½)\b *\|", cells[place - 1].source, re.M)
    total = sum(0.5 if row == "½" else int(row) for row in rows)
    assert total == points(cells[place])
    assert "BEGIN SOLUTION" in cells[place].source


@exercises
def test_the_tone(stem):
    for cell in source(stem).cells:
        if cell.cell_type == "markdown":
            assert "!" not in re.sub(r"`[^`]*`|!\[", "", cell.source), cell.source


@exercises
def test_the_metadata_is_valid_for_nbgrader(stem):
    validation = pytest.importorskip("nbgrader.nbgraderformat")
    for cell in source(stem).cells:
        validation.MetadataValidator().validate_nb(
            nbformat.v4.new_notebook(cells=[cell])
        )


# --- Right and wrong answers ----------------------------------------------------------


@pytest.mark.parametrize("stem", [*CHAPTERS[:-1], slow(CHAPTERS[-1])])
def test_checks_tell_right_from_wrong(stem):
    assert answers.problems(source(stem), range(20)) == []


@exercises
def test_who_writes_the_visible_examples_down_earns_nothing(stem):
    made = source(stem)
    given = [each for each in answers.read(made) if "written down" in each.idea]
    for answer in given:
        [each] = answers.outcomes(made, answer, [0])
        assert all(outcome.error for outcome in each), answer
    assert {each.exercise for each in given} >= made.exercises().keys() - MEASURED


def submitted(made, path, answer=None, stub=False):
    """Write a submission: the reference, with one answer; or nothing but stubs."""
    notebook = nbformat.from_dict(made.notebook)
    for cell in notebook.cells:
        if answer is not None and grade_id(cell) == answer.exercise:
            cell.source = answer.source
        elif stub or role(cell) == "check" or (answer and grade_id(cell) == DESIGN):
            cell.source = align.released(cell)
    nbformat.write(notebook, path)
    return path


def earned(result):
    """Points by check; what a person grades is left out."""
    scores = {name: each["score"] for name, each in result["scores"].items()}
    return {name: score for name, score in scores.items() if score is not None}


@pytest.mark.grading
@exercises
def test_reference_earns_all_and_release_nothing(stem, tmp_path):
    made = source(stem)
    full = {
        grade_id(cell): points(cell) for cell in made.cells if role(cell) == "check"
    }
    with Grader(made.folder, 7) as grader:
        result = grader.grade(submitted(made, tmp_path / "right.ipynb"))
        assert earned(result) == full
        assert result["notes"] == []
        result = grader.grade(submitted(made, tmp_path / "stub.ipynb", stub=True))
        assert set(earned(result).values()) == {0}


@pytest.mark.grading
@exercises
def test_the_sandbox_says_what_one_kernel_says(stem, tmp_path):
    made = source(stem)
    full = {
        grade_id(cell): points(cell) for cell in made.cells if role(cell) == "check"
    }
    of = {
        grade_id(cell): name
        for name, checks in made.exercises().items()
        for cell in checks
    }
    given = answers.read(made)
    graders = [Grader(made.folder, 7) for _ in range(2)]

    def lost(numbered):
        number, answer = numbered
        path = submitted(made, tmp_path / f"{number}.ipynb", answer)
        scores = earned(graders[number % 2].grade(path))
        return {of[name] for name, score in scores.items() if score < full[name]}

    with ThreadPoolExecutor(2) as pool:
        losses = list(pool.map(lost, enumerate(given)))
    for grader in graders:
        grader.close()
    for answer, loss in zip(given, losses, strict=True):
        expected = set() if answer.right else {answer.exercise}
        if answer.exercise != DESIGN and DESIGN in made.exercises():
            expected.add(DESIGN)
        assert loss == expected, answer.idea
