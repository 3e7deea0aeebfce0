"""One writer that fills nbgrader's gradebook, as `nbgrader autograde` would.

Scores, comments and late penalties are decided by nbgrader's own preprocessors; only
the way to the database is another one: all submissions in one session.
"""

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import nbformat
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from traitlets.config.loader import PyFileConfigLoader

from cnnbook.grading import batch


def settings(root):
    """nbgrader's settings, `exercises/nbgrader_config.py`.

    Raises
    ------
    FileNotFoundError
        The file is not there.
    """
    folder = Path(root) / "exercises"
    if not (folder / "nbgrader_config.py").exists():
        raise FileNotFoundError(f"there is no nbgrader_config.py in {folder}")
    return PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()


@contextmanager
def opened(root):
    """The gradebook of a course."""
    course = CourseDirectory(config=settings(root))
    Path(root, "course").mkdir(exist_ok=True)  # SQLite makes the file, not its folder
    with Gradebook(course.db_url, course.course_id or "default_course") as book:
        yield book


def assignment_in(book, stem):
    """An assignment in the gradebook.

    Raises
    ------
    LookupError
        It was never released.
    """
    try:
        return book.find_assignment(stem)
    except MissingEntry:
        raise LookupError(
            f"{stem} is not in the gradebook; run make assignments first"
        ) from None


def write(results, stem, root, people=None):
    """Write results into the gradebook and notebooks into `course/autograded/`.

    What is there already from the same result is left alone, so that manual grades
    keep their marks; only times and late penalties are always brought up to date.
    Manual scores and comments are never touched.

    Parameters
    ----------
    results : dict of str to dict
        By student; see `grade.grade`.
    stem : str
        The assignment.
    root : path
        The folder that holds `exercises` and `course`.
    people : dict of str to Person, optional
        Names and e-mail addresses by student.

    Returns
    -------
    list of str
        The students whose entries were written.

    Raises
    ------
    LookupError
        The assignment is not in the gradebook.
    """
    course, config = Path(root) / "course", settings(root)
    marks = course / "results" / f"{stem}.json"
    known = json.loads(marks.read_text()) if marks.exists() else {}
    now = {student: _mark(result) for student, result in results.items()}
    with opened(root) as book:
        writer = _Writer(book, stem, course, config)
        writer.add_students(results, people or {})
        same = {name for name in results if known.get(name) == now[name]}
        new = [name for name in results if name not in same or not writer.has(name)]
        for student in new:
            writer.write(student, results[student])
        writer.finish(results)
    known |= {student: now[student] for student in new}
    batch.write_json(marks, known)
    return new


def _mark(result):
    """What tells one result from another."""
    return hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()


class _Writer:
    """Everything of one assignment in memory, written in two commits."""

    def __init__(self, book, stem, course, config):
        self.book, self.course, self.config = book, course, config
        self.directory = CourseDirectory(config=config)
        book.db().expire_on_commit = False  # else every entry is read again
        self.assignment = assignment_in(book, stem)
        self.notebook = next(
            (each for each in self.assignment.notebooks if each.name == stem), None
        )
        if self.notebook is None:
            raise LookupError(f"{stem} has no notebook {stem} in the gradebook")
        self.submissions = {each.student_id: each for each in self._submissions()}
        self.cells = {cell.id: cell.name for cell in self.notebook._base_cells}
        self.sums = {cell.name: cell.checksum for cell in self.notebook.source_cells}
        self.saver = SaveAutoGrades(config=config)

    def _submissions(self):
        wanted = select(SubmittedAssignment).where(
            SubmittedAssignment.assignment_id == self.assignment.id
        )
        notebooks = selectinload(SubmittedAssignment.notebooks)
        loaded = wanted.options(
            notebooks.selectinload(SubmittedNotebook.grades),
            notebooks.selectinload(SubmittedNotebook.comments),
        )
        return self.book.db.scalars(loaded)

    def has(self, student):
        """Whether a student is in the gradebook, with a notebook on disk."""
        return student in self.submissions and self.path(student).exists()

    def path(self, student):
        name = self.assignment.name
        return self.course / "autograded" / student / name / f"{name}.ipynb"

    def add_students(self, students, people):
        old = {each.id: each for each in self.book.students}
        for student in students:
            entry = old.get(student) or Student(id=student)
            if student in people:
                _describe(entry, people[student])
            self.book.db.add(entry)

    def write(self, student, result):
        submission = self.submissions.get(student) or self._new(student)
        mine = next(
            each
            for each in submission.notebooks
            if each.notebook_id == self.notebook.id
        )
        if result["notebook"] is None:
            _zero(mine)
            notebook = _unreadable(result["error"])
        else:
            notebook = nbformat.from_dict(result["notebook"])
            self._save(notebook, mine)
        _write_notebook(self.path(student), notebook, self._stamp(student))

    def _new(self, student):
        """As Gradebook.add_submission, without a commit for each."""
        submission = SubmittedAssignment(
            assignment_id=self.assignment.id, student_id=student
        )
        for notebook in self.assignment.notebooks:
            mine = SubmittedNotebook(notebook_id=notebook.id, assignment=submission)
            for cell in [*notebook.grade_cells, *notebook.task_cells]:
                Grade(cell_id=cell.id, notebook=mine)
            for cell in [*notebook.solution_cells, *notebook.task_cells]:
                Comment(cell_id=cell.id, notebook=mine)
        self.book.db.add(submission)
        self.submissions[student] = submission
        return submission

    def _save(self, notebook, mine):
        """Let nbgrader's SaveAutoGrades decide, on entries that are in memory."""
        grades = {self.cells.get(each.cell_id): each for each in mine.grades}
        comments = {self.cells.get(each.cell_id): each for each in mine.comments}
        self.saver.gradebook = SimpleNamespace(
            find_grade=lambda name, *_: grades[name],
            find_comment=lambda name, *_: comments[name],
            db=SimpleNamespace(commit=lambda: None),
        )
        self.saver.notebook_id = self.saver.assignment_id = self.saver.student_id = ""
        for index, cell in enumerate(notebook.cells):
            if (data := cell.metadata.get("nbgrader")) and data[
                "grade_id"
            ] in self.sums:
                data["checksum"] = self.sums[data["grade_id"]]  # as OverwriteCells
            self.saver.preprocess_cell(cell, {}, index)

    def _stamp(self, student):
        folder = self.course / "submitted" / student / self.assignment.name
        return folder / "timestamp.txt"

    def _timestamp(self, student):
        folder = self._stamp(student).parent
        return self.directory.get_existing_timestamp(str(folder))

    def finish(self, students):
        """Commit the scores; then, since they depend on them, the late penalties.

        Of all students, since a due date may be another one now.
        """
        for student in students:
            submission = self.submissions[student]
            submission.timestamp = self._timestamp(student) or submission.timestamp
        self.book.db.commit()
        penalty = AssignLatePenalties(config=self.config)
        penalty.init_plugin()
        for student in students:
            submission = self.submissions[student]
            for mine in submission.notebooks:
                mine.late_submission_penalty = _penalty(penalty, submission, mine)
        self.book.db.commit()


def _describe(entry, person):
    """Names for the formgrader, "Last, First" or "First Last"."""
    last, comma, first = person.name.partition(",")
    if not comma:
        first, _, last = person.name.rpartition(" ")
    entry.first_name, entry.last_name = first.strip(), last.strip()
    entry.email = person.email or entry.email
    entry.lms_user_id = person.id


def _zero(mine):
    """As nbgrader does with a notebook that is missing."""
    for grade in mine.grades:
        grade.auto_score, grade.needs_manual_grade = 0, False


def _unreadable(error):
    text = f"This file could not be graded: {error}"
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


def _write_notebook(path, notebook, stamp):
    """The notebook, read-only as nbgrader's, and the time beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(nbformat.v4.writes(notebook) + "\n", encoding="utf-8")
    part.chmod(0o444)
    os.replace(part, path)
    copy = path.with_name("timestamp.txt")
    copy.unlink(missing_ok=True)
    if stamp.exists():
        copy.write_bytes(stamp.read_bytes())


def _penalty(penalty, submission, mine):
    """As AssignLatePenalties, on entries that are in memory."""
    late = submission.total_seconds_late
    if late <= 0:
        return None
    points = penalty.plugin_inst.late_submission_penalty(
        submission.student_id, mine.score, late
    )
    return None if points is None else penalty._check_late_penalty(mine, points)


@dataclass(frozen=True)
class Standing:
    """One submission in the gradebook.

    Attributes
    ----------
    score : float
        Points after the late penalty, manual ones included.
    highest : float
    open : bool
        Whether a person still has to grade a part of it.
    """

    score: float
    highest: float
    open: bool


def standings(stem, root):
    """What the gradebook says of an assignment.

    Returns
    -------
    dict of str to Standing
        By student, those who handed in.

    Raises
    ------
    LookupError
        The assignment is not in the gradebook.
    """
    with opened(root) as book:
        assignment = assignment_in(book, stem)
        rows = select(
            SubmittedAssignment.student_id,
            SubmittedAssignment.score,
            SubmittedAssignment.needs_manual_grade,
            SubmittedNotebook.late_submission_penalty,
        ).join(
            SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
        )
        chosen = rows.where(SubmittedAssignment.assignment_id == assignment.id)
        return {
            student: Standing(
                max(0.0, score - (late or 0)), assignment.max_score, bool(open_)
            )
            for student, score, open_, late in book.db.execute(chosen)
        }
