"""Our steps in nbgrader's pipeline, which `exercises/nbgrader_config.py` puts there.

nbgrader keeps the gradebook, manual grading and the feedback pages; these preprocessors
put a submission in order, run it in the sandbox and keep hidden checks hidden.
"""

import os
import secrets
from pathlib import Path

from nbconvert.preprocessors import (
    ClearMetadataPreprocessor,
    CSSHTMLHeaderPreprocessor,
)
from nbgrader import preprocessors as stock
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List, Unicode
from traitlets.utils.importstring import import_item

from cnnbook.grading import assignment
from cnnbook.grading.answers import hidden_statements


def seed(course):
    """The seed of the hidden checks' random inputs, made on first use.

    Parameters
    ----------
    course : Path
        The course's private folder; the seed is kept in its file `seed`.

    Returns
    -------
    int
        From 0 to 2³¹ − 1.
    """
    path = Path(course) / "seed"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{secrets.randbits(31)}\n", encoding="utf-8")
    return int(path.read_text(encoding="utf-8"))


class Step(NbGraderPreprocessor):
    """A preprocessor that asks a function of the grader, and knows the assignment."""

    function = Unicode(help="The function that does the work, as module.name").tag(
        config=True
    )

    def source(self, resources):
        """The assignment that a submission answers."""
        course = CourseDirectory(parent=self)
        name = resources["nbgrader"]["assignment"]
        return assignment.read(course.format_path(course.source_directory, ".", name))

    def ask(self, *arguments):
        """What the function says."""
        return import_item(self.function)(*arguments)


class Align(Step):
    """Puts the student's work back into the source's order, cell by cell."""

    function = Unicode("cnnbook.grading.align.align").tag(config=True)

    def preprocess(self, nb, resources):
        """The aligned notebook; what was amiss goes into the log."""
        nb, notes = self.ask(nb, self.source(resources))
        for note in notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        return nb, resources


class SandboxedExecute(Step):
    """Runs a submission in the sandbox, in place of nbgrader's Execute."""

    function = Unicode("cnnbook.grading.grade.run").tag(config=True)

    def preprocess(self, nb, resources):
        """The notebook with outputs; those of failed checks are errors."""
        folder = self.source(resources).folder
        return self.ask(nb, folder, int(os.environ["GRADING_SEED"])), resources


class HideChecks(stock.ClearHiddenTests):
    """Leaves of a check cell what its student may see."""

    # nbconvert sets it for every step of a page, and warns where it is not known.
    display_data_priority = List().tag(config=True)

    def preprocess_cell(self, cell, resources, cell_index):
        """A check cell without hidden checks, its errors without their source."""
        if assignment.role(cell) == "check" and cell.cell_type == "code":
            number = len(hidden_statements(cell))
            if self._remove_hidden_test_region(cell):
                cell.source = f"{cell.source.rstrip()}\n# Hidden checks here: {number}"
            errors = [each for each in cell.outputs if each.output_type == "error"]
            name = assignment.grade_id(cell)
            cell.outputs = [_short(error, name) for error in errors]
        return cell, resources


def _short(error, name):
    message = f"{error.ename}: {error.evalue}"
    if error.evalue and error.ename in ("AssertionError", "CheckFailed"):
        message = error.evalue
    error.traceback = [f"{name}: {message.removesuffix(': ')}"]
    return error


# As in nbgrader, with Align and SandboxedExecute added. OverwriteCells still brings
# the checksums, by which nbgrader sees that a question was left unanswered.
SANITIZE = [
    stock.ClearOutput,
    Align,
    stock.OverwriteKernelspec,
    stock.OverwriteCells,
    stock.CheckCellMetadata,
]
GRADE = [
    SandboxedExecute,
    stock.IgnorePattern,
    ClearMetadataPreprocessor,
    stock.LimitOutput,
    stock.SaveAutoGrades,
    stock.AssignLatePenalties,
    stock.CheckCellMetadata,
]
FEEDBACK = [stock.GetGrades, HideChecks, CSSHTMLHeaderPreprocessor]
