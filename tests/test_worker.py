"""The process that grades: what it survives."""

import threading

import nbformat
import pytest
from grading_case import submission, write_assignment

from cnnbook.grading.assignment import read
from cnnbook.grading.grade import Limits
from cnnbook.grading.sandbox import SandboxError
from cnnbook.grading.worker import Grader

# The second check computes with the answer for as long as the answer says.
SLOW = """
# %% solution one
def one():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% check one_check 2
assert one() == 1

# %% solution size
def size():
    ### BEGIN SOLUTION
    return 3
    ### END SOLUTION

# %% check size_check 3
assert 7 ** size() == 343

# %% check size_again 1
assert size() == 3
"""


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    folder = write_assignment(tmp_path_factory.mktemp("course") / "slow", SLOW)
    with Grader(folder, 5, longest=8) as grader:
        yield grader


def write(path, **answers):
    nbformat.write(submission(SLOW, **answers), path)
    return path


def scores(result):
    return {name: each["score"] for name, each in result["scores"].items()}


def test_a_check_that_hangs_is_left_out(slow, tmp_path):
    path = write(tmp_path / "a.ipynb", size="def size():\n    return 10**8")
    result = slow.grade(path)
    assert scores(result) == {"one_check": 2, "size_check": 0, "size_again": 0}
    assert "the grading process ended" in result["scores"]["size_check"]["message"]
    assert scores(slow.grade(write(tmp_path / "b.ipynb"))) == {
        "one_check": 2,
        "size_check": 3,
        "size_again": 1,
    }


def test_a_process_that_is_killed_is_replaced(slow, tmp_path):
    path = write(
        tmp_path / "a.ipynb", one="import time\ntime.sleep(2)\none = lambda: 1"
    )
    first = slow.process
    threading.Timer(0.5, first.kill).start()
    assert slow.grade(path)["score"] == 6
    assert slow.process is not first


def test_results_are_plain_data_with_a_valid_notebook(slow, tmp_path):
    result = slow.grade(write(tmp_path / "a.ipynb"))
    assert type(result) is dict
    nbformat.validate(nbformat.from_dict(result["notebook"]))
    assert result["seed"] == 5


def test_one_grader_serves_many_threads(slow, tmp_path):
    paths = [write(tmp_path / f"{number}.ipynb") for number in range(4)]
    results = []
    threads = [
        threading.Thread(target=lambda path=path: results.append(slow.grade(path)))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result["file"] for result in results) == [p.name for p in paths]


def test_what_is_no_assignment_is_said(tmp_path):
    with pytest.raises(SandboxError, match="is no assignment"):
        Grader(tmp_path, 1)


def test_unknown_limits_are_said(tmp_path):
    folder = write_assignment(tmp_path / "odd", SLOW)
    path = folder / "odd.ipynb"
    made = nbformat.read(path, as_version=4)
    made.cells[0].metadata["grading"] = {"cell_minutes": 3}
    nbformat.write(made, path)
    with pytest.raises(SandboxError, match="cell_minutes"):
        Grader(folder, 1)


def test_what_one_cell_needs_all_get(tmp_path):
    made = read(write_assignment(tmp_path / "long", SLOW))
    assert Limits.of(made) == Limits()
    made.cells[2].metadata["grading"] = {"cell_seconds": 90}
    made.cells[3].metadata["grading"] = {"cell_seconds": 40, "call_seconds": 1}
    assert Limits.of(made) == Limits(cell_seconds=90)
