"""Grading one submission: a pure function of submission, assignment and seed."""

import ast
import base64
import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import nbformat

from cnnbook.grading import align
from cnnbook.grading.assignment import grade_id, points, read, role
from cnnbook.grading.judge import Judge, error_output, parsed
from cnnbook.grading.remote import SandboxLost, Student
from cnnbook.grading.sandbox import Sandbox
from cnnbook.grading.submission import read as read_submission

KEPT_AT_HOME = ("solutions.py", "*.ipynb", "[0-9]*.py", "__pycache__", ".*")
LOSSES = 20  # times that a submission may end its process


@dataclass(frozen=True)
class Limits:
    """How long things may take, in seconds.

    A cell of the source that trains says so in its metadata, beside nbgrader's:
    {"grading": {"cell_seconds": 180}}. What one cell needs, all of them get.
    """

    call_seconds: float = 5
    cell_seconds: float = 30
    check_seconds: float = 60

    @classmethod
    def of(cls, assignment):
        """The limits of an assignment; ValueError for a name that is none."""
        limits = {field.name: field.default for field in fields(cls)}
        for cell in assignment.cells:
            for name, seconds in cell.metadata.get("grading", {}).items():
                if name not in limits:
                    raise ValueError(
                        f"{assignment.name}: the metadata 'grading' of a cell has "
                        f"{name!r}; known are {', '.join(limits)}"
                    )
                limits[name] = max(limits[name], float(seconds))
        return cls(**limits)


def modules(assignment):
    """The modules that the source's cells import, for the process to have ready."""
    found = []
    for cell in assignment.cells:
        tree = parsed(cell.source) if cell.cell_type == "code" else ast.Module([], [])
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.append(node.module)
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def sandbox_for(assignment, protected=True):
    """A sandbox in which an assignment's imports are done and its data files lie."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        ignored = shutil.ignore_patterns(*KEPT_AT_HOME)
        shutil.copytree(assignment.folder, data, ignore=ignored)
        for path in (Path(folder), data, *data.rglob("*")):  # the sandbox's user reads
            path.chmod(0o755 if path.is_dir() else 0o644)
        needed, private = modules(assignment), assignment.folder
        with Sandbox(data, needed, protected, private) as sandbox:
            yield sandbox


def grade(path, folder, seed, protected=True):
    """Grade one submission, with a sandbox of its own.

    Parameters
    ----------
    path : path
        The student's notebook.
    folder : path
        The assignment, `exercises/<stem>`.
    seed : int
        Of the hidden checks' random inputs.
    protected : bool
        False runs the student's code as the instructor's user, without any wall.

    Returns
    -------
    dict
        `assignment`, `file`, `seed`; `scores`: for each graded cell `score` (None where
        a person grades), `max` and `message`; `score` and `max` in all; `notes` for the
        instructor; `error`, if the file is no notebook; `notebook`, with outputs.
    """
    assignment = read(folder)
    with sandbox_for(assignment, protected) as sandbox:
        return graded(path, assignment, seed, sandbox)


def graded(path, assignment, seed, sandbox, failed=None, tell=None):
    """Grade one submission in a sandbox that is there.

    Parameters
    ----------
    path, seed
        As for `grade`.
    assignment : Assignment
    sandbox : Sandbox
    failed : dict of str to str, optional
        Check cells that are not run, and why they count as failed.
    tell : callable, optional
        Called with the name of each check before it runs.

    Returns
    -------
    dict
        As `grade` gives it.
    """
    result = {"assignment": assignment.name, "file": Path(path).name, "seed": seed}
    try:
        submission = read_submission(path)
    except ValueError as error:
        nothing = {name: _score(cell, str(error)) for name, cell in _graded(assignment)}
        return _summed(result, nothing, [], str(error), None)
    notebook, notes = align.align(submission, assignment)
    notes += run_in(sandbox, notebook, assignment, seed, failed, tell)
    scores = {grade_id(cell): score(cell) for cell in notebook.cells if points(cell)}
    return _summed(result, scores, notes, None, notebook)


def _graded(assignment):
    return [(grade_id(cell), cell) for cell in assignment.cells if points(cell)]


def _score(cell, message):
    return {"score": 0.0, "max": points(cell), "message": message}


def _summed(result, scores, notes, error, notebook):
    return {
        **result,
        "scores": scores,
        "score": sum(each["score"] or 0.0 for each in scores.values()),
        "max": sum(each["max"] for each in scores.values()),
        "notes": notes,
        "error": error,
        "notebook": notebook and nbformat.from_dict(notebook),
    }


def score(cell):
    """What a graded cell with outputs is worth, as nbgrader counts it.

    Returns
    -------
    dict
        `score`, `max`, `message`.
    """
    most = points(cell)
    if role(cell) != "check":
        return {"score": None, "max": most, "message": "A person grades this."}
    for output in cell.outputs:
        if output["output_type"] == "error":
            return _score(cell, output["evalue"])
        if output["output_type"] == "execute_result":
            part = float(output["data"]["text/plain"])
            return {"score": min(max(part, 0.0), most), "max": most, "message": ""}
    return {"score": most, "max": most, "message": ""}


# --- Running a notebook -------------------------------------------------------------


def run(notebook, folder, seed, protected=True):
    """Run a notebook that is in the source's order, with a sandbox of its own.

    Parameters
    ----------
    notebook : NotebookNode
        As `align.align` gives it; its code cells get their outputs.
    folder, seed, protected
        As for `grade`.

    Returns
    -------
    NotebookNode
        The same notebook.
    """
    assignment = read(folder)
    with sandbox_for(assignment, protected) as sandbox:
        run_in(sandbox, notebook, assignment, seed)
    return notebook


def run_in(sandbox, notebook, assignment, seed, failed=None, tell=None):
    """Run the student's cells inside and the check cells outside a sandbox.

    Parameters
    ----------
    notebook
        As for `run`.
    sandbox, assignment, seed, failed, tell
        As for `graded`.

    Returns
    -------
    list of str
        Notes for the instructor.
    """
    os.environ["GRADING_SEED"] = str(seed)
    os.environ["GRADING_DATA"] = str(assignment.folder.parent)
    with contextlib.chdir(assignment.folder):  # as under nbgrader: data files are near
        return _Run(notebook, assignment, seed, sandbox).all(failed or {}, tell)


class _Run:
    """One submission on its way through the sandbox."""

    def __init__(self, notebook, assignment, seed, sandbox):
        self.limits = Limits.of(assignment)
        self.judge = Judge(assignment, seed, self.limits.check_seconds)
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.sandbox, self.skipped, self.losses, self.notes = sandbox, set(), 0, []

    def all(self, failed, tell):
        self.again(0)
        for index, cell in enumerate(self.cells):
            name = grade_id(cell)
            if role(cell) == "check" and name in failed:
                cell.outputs = _nodes([error_output(name, failed[name])])
            elif self.student is None:
                cell.outputs = _nodes([self.stopped(cell)])
            else:
                if tell and role(cell) == "check":
                    tell(name)
                self.cell(index, cell)
        return self.notes

    def cell(self, index, cell):
        """Run one cell; if the process ends or hangs, the rest goes on without it."""
        try:
            cell.outputs = _nodes(self.outputs(cell))
        except SandboxLost as error:
            name = grade_id(cell) or f"code cell {index + 1}"
            cell.outputs = _nodes([error_output(name, str(error))])
            self.notes.append(f"{name}: {error}")
            self.skipped.add(index)
            self.again(index)

    def outputs(self, cell):
        if role(cell) == "check":
            return self.judge.check(cell, self.student)
        outputs = _readable(self.student, cell.source)
        if role(cell) == "given":
            self.judge.given(cell, self.student)
        return outputs

    def again(self, end):
        """A fresh session in which the cells before `end` have run again."""
        self.losses += 1
        self.student = None
        if self.losses > LOSSES:
            self.notes.append(
                f"The process ended {LOSSES} times; the rest was not run."
            )
            return
        limits = self.limits
        connection = self.sandbox.session()
        self.student = Student(connection, limits.call_seconds, limits.cell_seconds)
        for index, cell in enumerate(self.cells[:end]):
            if role(cell) == "check" or index in self.skipped:
                continue
            try:
                self.student.run(cell.source)
            except SandboxLost as error:
                self.notes.append(f"code cell {index + 1}, run again: {error}")
                self.skipped.add(index)
                return self.again(end)

    def stopped(self, cell):
        return error_output(grade_id(cell) or "cell", "It was not run.")


def _nodes(outputs):
    return [nbformat.from_dict(output) for output in outputs]


def _readable(student, source):
    """Run a cell; its outputs as a notebook may hold them, whatever was sent.

    Text and pictures only: HTML would be the student's program in the pages that an
    instructor opens.
    """
    try:
        return [_output(output) for output in student.run(source)]
    except Exception as error:
        return [_error(type(error).__name__, str(error))]


def _output(output):
    kind = output["output_type"]
    if kind == "stream":
        return {"output_type": kind, "name": "stdout", "text": str(output["text"])}
    if kind == "error":
        return _error(str(output["kinds"][0]).partition(":")[2], str(output["message"]))
    data = {"text/plain": str(output["data"]["text/plain"])}
    if "image/png" in output["data"]:
        picture = base64.b64decode(output["data"]["image/png"], validate=True)
        data["image/png"] = base64.b64encode(picture).decode()
    made = {"output_type": "display_data", "metadata": {}, "data": data}
    if kind == "execute_result":
        made |= {"output_type": kind, "execution_count": None}
    return made


def _error(name, message):
    traceback = [f"{name}: {message}"]
    return {
        "output_type": "error",
        "ename": name,
        "evalue": message,
        "traceback": traceback,
    }
