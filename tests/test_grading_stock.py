"""The assignments under nbgrader as it comes, without anything of ours.

Slow, a kernel for each submission: `make test-grading` runs these.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from cnnbook.grading.release import release, stems

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.grading


@pytest.fixture(params=stems())
def stem(request):
    """The name of each assignment."""
    return request.param


@pytest.fixture
def root(tmp_path, stem):
    """A course with one assignment, and two students: the author, and nobody."""
    exercises, given = tmp_path / "exercises", tmp_path / "course" / "release" / stem
    shutil.copytree(ROOT / "exercises" / stem, exercises / stem)
    for path in (ROOT / "exercises").glob("*.*"):  # settings, and data to grade with
        shutil.copy(path, exercises)
    release(root=tmp_path)
    for name, folder in {"author": exercises / stem, "nobody": given}.items():
        work = tmp_path / "course" / "submitted" / name / stem
        shutil.copytree(given, work)
        shutil.copy(folder / f"{stem}.ipynb", work)
    return tmp_path


def autograde(root, stem):
    """Grade all submissions by nbgrader's own command."""
    process = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", stem],
        cwd=root / "exercises",
        env=os.environ | {"GRADING_STOCK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stderr


def scores(root, stem, student):
    """Score and points of each cell that nbgrader grades by itself."""
    with Gradebook(f"sqlite:///{root / 'course' / 'gradebook.db'}") as book:
        notebook = book.find_submission_notebook(stem, stem, student)
        return {
            grade.name: (grade.auto_score, grade.max_score)
            for grade in notebook.grades
            if grade.cell.cell_type == "code"
        }


def test_the_reference_has_all_points_and_the_release_none(root, stem):
    autograde(root, stem)
    author, nobody = (scores(root, stem, name) for name in ("author", "nobody"))
    assert author
    assert {name for name, (score, most) in author.items() if score != most} == set()
    assert {name for name, (score, _) in nobody.items() if score != 0} == set()
    assert all(most > 0 for _, most in author.values())
