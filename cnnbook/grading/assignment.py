"""An assignment as its author wrote it: a notebook in nbgrader's source format."""

from dataclasses import dataclass
from pathlib import Path

import nbformat


@dataclass(frozen=True)
class Assignment:
    """One assignment: a folder with a source notebook of the same name.

    Attributes
    ----------
    folder : Path
        `exercises/<stem>`.
    notebook : NotebookNode
        The source, with solutions and hidden checks.
    """

    folder: Path
    notebook: nbformat.NotebookNode

    @property
    def name(self):
        """The stem, the same as the chapter's: `02_convolution`."""
        return self.folder.name

    @property
    def cells(self):
        """The cells of the source, in order."""
        return self.notebook.cells

    def exercises(self):
        """Check cells by exercise.

        Returns
        -------
        dict of str to list
            For each solution cell its grade_id, and the check cells that follow
            before the next solution or manual question.
        """
        found, checks = {}, []
        for cell in self.cells:
            if role(cell) in ("solution", "manual", "task"):
                checks = []
            if role(cell) == "solution":
                found[grade_id(cell)] = checks
            elif role(cell) == "check":
                checks.append(cell)
        return found


def read(folder):
    """Read an assignment from its folder.

    Raises
    ------
    FileNotFoundError
        The folder holds no notebook of its own name.
    """
    folder = Path(folder).resolve()
    path = folder / f"{folder.name}.ipynb"
    if not path.exists():
        raise FileNotFoundError(
            f"{folder.name} is no assignment: there is no {path.name} in {folder}"
        )
    return Assignment(folder, nbformat.read(path, as_version=4))


def role(cell):
    """What a cell is for, by nbgrader's metadata.

    Returns
    -------
    str
        "check" (graded by running it), "solution" (the student writes code),
        "manual" (the student writes, a person grades), "task" (a person grades the
        cells after it), "given" (read only) or "free" (anything else).
    """
    data = cell.metadata.get("nbgrader", {})
    if data.get("task"):
        return "task"
    if data.get("grade"):
        return "manual" if data.get("solution") else "check"
    if data.get("solution"):
        return "solution"
    return "given" if data.get("locked") else "free"


def grade_id(cell):
    """The name that nbgrader knows a cell by, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def points(cell):
    """The points of a graded cell; 0.0 for any other."""
    return float(cell.metadata.get("nbgrader", {}).get("points") or 0)
