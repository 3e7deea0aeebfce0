"""Settings of nbgrader, for its own commands run from this folder.

    cd exercises
    nbgrader autograde 02_convolution

Submissions then run in the course's sandbox. With GRADING_STOCK=1 nbgrader grades as
it comes, code and checks in one unprotected kernel; that is for comparisons.
"""

import os
import shutil
import sys
from pathlib import Path

from cnnbook.grading import nbgrader_steps

HERE = Path(__file__).resolve().parent
COURSE = HERE.parent / "course"
COURSE.mkdir(exist_ok=True)

# nbgrader makes a gradebook with the help of a program that stands beside Python's.
if shutil.which("alembic") is None:
    beside = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", "")])

c = get_config()  # noqa: F821 - traitlets gives it to a file of settings

# The sources are the folders here, exercises/<stem>/<stem>.ipynb.
c.CourseDirectory.root = str(HERE)
c.CourseDirectory.source_directory = "."
for step in ("release", "submitted", "autograded", "feedback", "solution"):
    c.CourseDirectory[f"{step}_directory"] = f"../course/{step}"
c.CourseDirectory.db_url = f"sqlite:///{(COURSE / 'gradebook.db').as_posix()}"
c.ExportPlugin.to = str(COURSE / "grades.csv")
c.FormgradeExtension.debug = False  # it would show these settings on its first page

# What stands beside an assignment and is not for students.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.pyc",
    "feedback",
    "solutions.py",
    "[0-9]*.py",
    "held_out_digits.npz",
]


def prepare(**_):
    """Before a submission is graded: what the checks find in the environment."""
    os.environ["GRADING_SEED"] = str(nbgrader_steps.seed(COURSE))
    os.environ["GRADING_DATA"] = str(HERE)


c.Autograde.pre_convert_hook = prepare
c.Execute.timeout = 180  # seconds a cell; nbgrader's own 30 are few for a training
if os.environ.get("GRADING_STOCK") != "1":
    c.Autograde.sanitize_preprocessors = nbgrader_steps.SANITIZE
    c.Autograde.autograde_preprocessors = nbgrader_steps.GRADE
    c.GenerateFeedback.preprocessors = nbgrader_steps.FEEDBACK
