"""How many submissions a minute are graded: stock nbgrader and this grader.

    python -m benchmarks.grading [stem] [--number 60] [--runs 3] [--many 1000]

Both get the same submissions, made of the answers in the assignment's solutions.py, and
both run as an instructor starts them, from files to the gradebook, start-up included:
`nbgrader autograde` with nbgrader's own executor, and `python -m cnnbook.grading grade`
with two workers. They take turns; the medians count. Then many submissions are graded
once, by this grader alone. Nothing is written into the repository.
"""

import argparse
import copy
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from cnnbook.grading import answers, assignment, gradebook
from cnnbook.grading.release import release

EXERCISES = Path(__file__).parent.parent / "exercises"
STOCK = [sys.executable, "-m", "nbgrader", "autograde"]
OURS = [sys.executable, "-m", "cnnbook.grading"]


def main(stem, number, runs, many):
    """Print submissions a minute of both, the ratio, and the time for many."""
    with tempfile.TemporaryDirectory() as folder:
        root = build(Path(folder) / "released", stem)
        submit(root, stem, number)
        times = {"stock": [], "ours": []}
        for run in range(runs):
            for kind, each in times.items():
                each.append(timed(kind, root, stem, Path(folder) / "run"))
            print(f"run {run + 1}: " + say(times, number, -1), flush=True)
        middle = {kind: [statistics.median(each)] for kind, each in times.items()}
        ratio = middle["stock"][0] / middle["ours"][0]
        print(f"median: {say(middle, number, 0)}; {ratio:.1f} times as many")
        if many:
            submit(root, stem, many)
            seconds = timed("ours", root, stem, Path(folder) / "run")
            rate = 60 * many / seconds
            print(f"{many} submissions: {seconds:.0f} s, {rate:.0f} a minute")


def say(times, number, which):
    """Submissions a minute in words."""
    rates = {kind: 60 * number / each[which] for kind, each in times.items()}
    return ", ".join(f"{kind} {rate:.1f} a minute" for kind, rate in rates.items())


def build(root, stem):
    """A course with one released assignment."""
    shutil.copytree(EXERCISES / stem, root / "exercises" / stem)
    for path in EXERCISES.iterdir():
        if path.is_file():
            shutil.copy(path, root / "exercises")
    release(root=root)
    return root


def submit(root, stem, number):
    """Write submissions that differ: each takes the next answer to every exercise."""
    source = assignment.read(root / "exercises" / stem)
    released = root / "course" / "release" / stem / f"{stem}.ipynb"
    blank, given = nbformat.read(released, as_version=4), answers.read(source)
    for index in range(number):
        notebook = copy.deepcopy(blank)
        for cell in notebook.cells:
            own = [each for each in given if each.exercise == assignment.grade_id(cell)]
            if own:
                cell.source = f"{own[index % len(own)].source}# {index}\n"
        path = root / "course" / "submitted" / f"s{index:04}" / stem / f"{stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)


def timed(kind, root, stem, run):
    """Seconds to grade all submissions, in a fresh copy of the course."""
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(root, run)
    ours = [*OURS, "--root", str(run), "grade", stem, "--workers", "2"]
    command = ours if kind == "ours" else [*STOCK, stem]
    stock = {"GRADING_STOCK": "1"} if kind == "stock" else {}
    start = time.monotonic()
    subprocess.run(
        command,
        cwd=run / "exercises",
        env=os.environ | stock,
        check=kind == "ours",  # stock nbgrader says 1 when it lost a submission
        capture_output=True,
    )
    seconds = time.monotonic() - start
    graded, all_ = len(gradebook.standings(stem, run)), len(submissions(run))
    if graded < all_:
        print(f"{kind}: only {graded} of {all_} were graded")
    return seconds


def submissions(root):
    """The folders of the students."""
    return list((root / "course" / "submitted").iterdir())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stem", nargs="?", default="02_convolution")
    parser.add_argument("--number", type=int, default=60, help="of submissions")
    parser.add_argument("--runs", type=int, default=3, help="of each, in turn")
    parser.add_argument("--many", type=int, default=1000, help="0 leaves it out")
    options = parser.parse_args()
    main(options.stem, options.number, options.runs, options.many)
