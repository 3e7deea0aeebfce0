"""A course with one small assignment, for tests of what an instructor does."""

import copy
import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat

STEM = "small"
CONFIG = Path(__file__).parent.parent / "exercises" / "nbgrader_config.py"

PROMPT = "# Small\n\n5 points, about 5 minutes."
TWICE = """\
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
"""
CHECK = "assert twice(1) == 2, 'twice(1) is 2'"
HIDDEN = """\
# More checks run here.
### BEGIN HIDDEN TESTS
assert twice(3) == 6, 'not for 3'
### END HIDDEN TESTS
"""
WHY = "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"


def build(root):
    """Write `exercises/small/`; returns the root and the source notebook."""
    folder = Path(root) / "exercises" / STEM
    folder.mkdir(parents=True)
    shutil.copy(CONFIG, folder.parent)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(PROMPT, id="top"),
            _cell("code", "twice", TWICE, solution=True),
            _cell("code", "twice_check", CHECK, 1),
            _cell("code", "twice_hidden", HIDDEN, 1),
            _cell("markdown", "why", WHY, 3, solution=True),
        ]
    )
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata.kernelspec = kernel
    nbformat.write(notebook, folder / f"{STEM}.ipynb")
    return SimpleNamespace(root=Path(root), stem=STEM, notebook=notebook)


def _cell(kind, name, source, points=None, solution=False):
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
    }
    data = {
        "grade": points is not None,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        data["points"] = points
    return make[kind](source, metadata={"nbgrader": data}, id=name.replace("_", "-"))


def answered(course, code, text="Because."):
    """The released notebook with answers, as a student hands it in."""
    released = course.root / "course" / "release" / STEM / f"{STEM}.ipynb"
    notebook = nbformat.read(released, as_version=4)
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = {"twice": code, "why": text}.get(name, cell.source)
    return notebook


def submit(course, student, notebook, time="2026-03-01 12:00:00 UTC"):
    """Put a notebook, or bytes, into `course/submitted/`."""
    folder = course.root / "course" / "submitted" / student / STEM
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{STEM}.ipynb"
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    else:
        nbformat.write(notebook, path)
    (folder / "timestamp.txt").write_text(time)
    return path
