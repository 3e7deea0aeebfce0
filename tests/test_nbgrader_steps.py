"""Our steps in nbgrader's pipeline: settings, order, grading, feedback."""

import html
import os
import re
import stat

import nbformat
import pytest
import small_course
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from cnnbook.grading import nbgrader_steps
from cnnbook.grading.assignment import grade_id, role
from cnnbook.grading.gradebook import settings
from cnnbook.grading.release import release

STEM = small_course.STEM
RIGHT = "def twice(x):\n    return x + x\n"
VISIBLE_ONLY = "def twice(x):\n    print('printed by the student')\n    return 2\n"

#: What the stand-ins below were asked.
asked = []


def stand_in_align(notebook, assignment):
    """In the source's order, with the source's checks."""
    asked.append(("align", assignment.name))
    given = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
    cells = [
        given.get(grade_id(cell), cell) if role(cell) != "check" else cell.copy()
        for cell in assignment.cells
    ]
    return nbformat.from_dict({**notebook, "cells": cells}), ["a cell was moved"]


def stand_in_run(notebook, folder, seed):
    """Code and checks in one name space, errors with the check's source in them."""
    asked.append(("run", folder.name, seed))
    space = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = list(outputs(cell, space))
    return notebook


def outputs(cell, space):
    yield nbformat.v4.new_output("stream", text="printed by the run")
    try:
        exec(cell.source, space)
    except Exception as error:
        yield nbformat.v4.new_output(
            "error",
            ename=type(error).__name__,
            evalue=str(error),
            traceback=["Traceback", *cell.source.splitlines()],
        )


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A released course; what the settings put into the environment goes again."""
    course = small_course.build(tmp_path)
    release(root=tmp_path)
    for name in ("GRADING_SEED", "GRADING_DATA", "GRADING_STOCK"):
        monkeypatch.setenv(name, "")
    asked.clear()
    return course


def convert(kind, course):
    """One of nbgrader's steps, with stand-ins for the grader."""
    config = settings(course.root)
    config.CourseDirectory.assignment_id = STEM
    config.Align.function = f"{__name__}.stand_in_align"
    config.SandboxedExecute.function = f"{__name__}.stand_in_run"
    kind(coursedir=CourseDirectory(config=config), config=config).start()


def scores(course, student):
    """Automatic scores by cell, as the gradebook has them."""
    with Gradebook(f"sqlite:///{course.root / 'course' / 'gradebook.db'}") as book:
        notebook = book.find_submission_notebook(STEM, STEM, student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def test_submissions_are_put_in_order_and_run(course):
    notebook = small_course.answered(course, RIGHT)
    notebook.cells.reverse()
    small_course.submit(course, "ada", notebook)
    convert(Autograde, course)
    seed = int((course.root / "course" / "seed").read_text())
    assert asked == [("align", STEM), ("run", STEM, seed)]
    assert scores(course, "ada") == {"twice_check": 1, "twice_hidden": 1, "why": None}


def test_wrong_and_missing_answers(course):
    small_course.submit(course, "bob", small_course.answered(course, VISIBLE_ONLY))
    release_ = course.root / "course" / "release" / STEM / f"{STEM}.ipynb"
    small_course.submit(course, "eve", nbformat.read(release_, as_version=4))
    convert(Autograde, course)
    assert scores(course, "bob") == {"twice_check": 1, "twice_hidden": 0, "why": None}
    # nbgrader knows an answer that was left as it was by its checksum
    assert scores(course, "eve") == {"twice_check": 0, "twice_hidden": 0, "why": 0}


def test_feedback_shows_scores_comments_messages_and_no_hidden_check(course):
    small_course.submit(course, "bob", small_course.answered(course, VISIBLE_ONLY))
    convert(Autograde, course)
    graded = course.root / "course" / "autograded" / "bob" / STEM / f"{STEM}.ipynb"
    assert "twice(3) == 6" in graded.read_text(encoding="utf-8")
    with Gradebook(f"sqlite:///{course.root / 'course' / 'gradebook.db'}") as book:
        book.find_grade("why", STEM, STEM, "bob").manual_score = 2
        comment = book.find_comment("why", STEM, STEM, "bob")
        comment.manual_comment = "Well said."
        book.db.commit()
    convert(GenerateFeedback, course)
    path = course.root / "course" / "feedback" / "bob" / STEM / f"{STEM}.html"
    page = path.read_text(encoding="utf-8")
    assert "(Score: 3.0 / 5.0)" in page
    assert '<a href="#twice_hidden">Test cell</a> (Score: 0.0 / 1.0)' in page
    assert "Well said." in page
    assert "twice_hidden: not for 3" in page
    assert "# Hidden checks here: 1" in page
    assert page.count("printed by the run") == 1  # in the student's own cell
    text = html.unescape(re.sub("<[^>]*>", "", page.partition("<body>")[2]))
    assert "assert twice(1) == 2" in text
    for secret in ("HIDDEN TESTS", "twice(3)", "Traceback"):
        assert secret not in text


def test_what_the_student_sees_of_a_check():
    source = "a = 1\n### BEGIN HIDDEN TESTS\nassert a\nassert a > 0\n"
    source += "### END HIDDEN TESTS"
    data = {"grade": True, "grade_id": "a_check", "locked": True, "points": 1}
    errors = [
        nbformat.v4.new_output("error", ename=name, evalue=value, traceback=["x"])
        for name, value in (
            ("AssertionError", "a is 0"),
            ("AssertionError", ""),
            ("NameError", "no a"),
        )
    ]
    cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": data})
    cell.outputs = [nbformat.v4.new_output("stream", text="secret"), *errors]
    cell, _ = nbgrader_steps.HideChecks().preprocess_cell(cell, {}, 0)
    assert cell.source == "a = 1\n# Hidden checks here: 2"
    assert [error.traceback for error in cell.outputs] == [
        ["a_check: a is 0"],
        ["a_check: AssertionError"],
        ["a_check: NameError: no a"],
    ]


def test_stock_settings_are_nbgraders_own(course, monkeypatch):
    ours = settings(course.root)
    assert nbgrader_steps.SandboxedExecute in ours.Autograde.autograde_preprocessors
    monkeypatch.setenv("GRADING_STOCK", "1")
    stock = settings(course.root)
    assert "autograde_preprocessors" not in stock.Autograde
    assert "sanitize_preprocessors" not in stock.Autograde
    assert "preprocessors" not in stock.GenerateFeedback


def test_settings_alone_make_no_seed(course):
    settings(course.root)
    assert not (course.root / "course" / "seed").exists()
    assert os.environ["GRADING_SEED"] == ""


def test_the_seed_is_made_once_and_is_private(tmp_path):
    first = nbgrader_steps.seed(tmp_path / "course")
    assert nbgrader_steps.seed(tmp_path / "course") == first
    assert 0 <= first < 2**31
    assert len({nbgrader_steps.seed(tmp_path / str(n)) for n in range(9)}) > 1
    mode = stat.S_IMODE((tmp_path / "course" / "seed").stat().st_mode)
    assert os.name != "posix" or mode == 0o600
