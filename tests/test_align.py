"""Accidents with submissions: what align makes of them, and that nobody gains by one.

The assignment of these tests needs neither torch nor nbgrader. `scores` runs a notebook
in one namespace, as a kernel does; the real grader runs it in a sandbox.
"""

import contextlib
import json
import random
import re
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)

from cnnbook.grading.align import LIMIT, align, checksum, released
from cnnbook.grading.assignment import Assignment, grade_id, read, role
from cnnbook.grading.submission import harmless
from cnnbook.grading.submission import read as read_submission

EXERCISES = Path(__file__).parent.parent / "exercises"
PNG = "iVBORw0KGgo="

# --- The assignment of these tests ----------------------------------------------------


def marked(kind, source, name, **flags):
    """A cell with nbgrader's metadata."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False} | flags
    data = {"grade_id": name, "schema_version": 3} | flags
    new = new_code_cell if kind == "code" else new_markdown_cell
    return new(source, metadata={"nbgrader": data}, id=name)


def text(source, name):
    return new_markdown_cell(source, id=name)


def given_cell(source, name):
    return marked("code", source, name, locked=True)


def solution(source, name):
    return marked("code", source, name, solution=True)


def check(source, name, points=1):
    return marked("code", source, name, grade=True, locked=True, points=points)


def function(name, arguments, doc, body):
    return (
        f'def {name}({arguments}):\n    """{doc}"""\n'
        f"    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
    )


def hidden(tests):
    return (
        "# More checks, with random inputs, run here when your work is graded.\n"
        f"### BEGIN HIDDEN TESTS\n{tests}\n### END HIDDEN TESTS"
    )


def make_assignment(folder=Path("nowhere/02_places")):
    cells = [
        text("# Assignment 2: Places\n\n**You will** count places.", "title"),
        given_cell("import math\nimport itertools as it\n\nsteps = [1, 2]", "imports"),
        text("## Exercise 1: Count the places\n\nHow many are there?", "prompt1"),
        solution(
            function(
                "places",
                "size, kernel",
                "Number of places of a kernel of `kernel` taps on `size` pixels.",
                "return size - kernel + 1",
            ),
            "places",
        ),
        check("assert places(5, 3) == 3\nassert places(9, 1) == 9", "places_check"),
        check(hidden("assert places(7, 2) == 6"), "places_hidden", 2),
        text("## Exercise 2: Mean\n\nThe mean of a row of numbers.", "prompt2"),
        solution(
            function(
                "mean",
                "row",
                "The mean of the numbers in a row, as a float.",
                "return sum(row) / len(row)",
            ),
            "mean",
        ),
        check("for row in ([1, 2, 3], [2]):\n    assert mean(row) == 2", "mean_check"),
        check(hidden("assert mean([1, 2]) == 1.5"), "mean_hidden", 2),
        new_code_cell("print(places(28, 5), 'places')  # try it", id="try"),
        text("## Exercise 3: A value\n\nWhich padding keeps the size?", "prompt3"),
        solution("padding = 2", "padding"),
        check("assert padding == math.ceil(1.5), 'half the kernel'", "padding_check"),
        text("## Exercise 4: Explain\n\n| points | for |\n|---|---|", "prompt4"),
        marked(
            "markdown",
            "### BEGIN SOLUTION\nBecause it slides.\n### END SOLUTION",
            "explain",
            grade=True,
            solution=True,
            points=3,
        ),
        marked(
            "markdown",
            "Draw a kernel and its window.\n"
            "### BEGIN MARK SCHEME\nnice\n### END MARK SCHEME",
            "draw",
            task=True,
            locked=True,
            points=2,
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return Assignment(folder, notebook)


ASSIGNMENT = make_assignment()
ANSWERS = {
    "places": 'def places(size, kernel):\n    """Count."""\n    n = size - kernel\n'
    "    n += 1\n    return n",
    "mean": "def mean(row):\n    total = 0\n    for x in row:\n        total += x\n"
    "    return total / len(row)",
    "padding": "padding = 2",
    "explain": "It slides over the picture.",
}
SOLVED = ["places_check", "places_hidden", "mean_check", "mean_hidden", "padding_check"]


def release(assignment):
    """The student's version."""
    notebook = deepcopy(assignment.notebook)
    for cell in notebook.cells:
        cell.source = released(cell)
    return notebook


class Submission:
    """A solved notebook whose cells are known by grade_id or id."""

    def __init__(self, answers=ANSWERS):
        self.notebook = release(ASSIGNMENT)
        for name, answer in answers.items():
            self[name].source = answer

    @property
    def cells(self):
        return self.notebook.cells

    def __getitem__(self, name):
        return self.cells[self.at(name)]

    def at(self, name):
        return [cell.id for cell in self.cells].index(name)

    def insert(self, at, *cells):
        self.cells[at:at] = cells

    def copy(self, name, **changes):
        return nbformat.from_dict({**deepcopy(self[name]), "id": "copy", **changes})

    def strip(self, ids=True):
        for number, cell in enumerate(self.cells):
            cell.metadata.pop("nbgrader", None)
            cell.id = f"new-{number}" if ids else cell.id

    def align(self):
        return checked(self.notebook)


def checked(submission):
    """align, with all that must hold of any submission."""
    before = deepcopy(submission)
    notebook, notes = align(submission, ASSIGNMENT)
    assert submission == before
    assert align(submission, ASSIGNMENT) == (notebook, notes)
    assert_form(notebook)
    return notebook, notes


def assert_form(notebook):
    """Every cell of the source is there once, in order; his text only in his cells."""
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == ASSIGNMENT.notebook.metadata
    source = {cell.id: cell for cell in ASSIGNMENT.cells}
    kept = [cell for cell in notebook.cells if cell.id in source]
    assert [cell.id for cell in kept] == list(source)
    for cell in kept:
        prompt = role(cell) == "free" and cell.cell_type == "markdown"
        if prompt or role(cell) in ("check", "given"):
            assert cell == source[cell.id]
        assert cell.cell_type == source[cell.id].cell_type
        assert role(cell) == role(source[cell.id])
    assert all(not c.metadata for c in notebook.cells if c.id not in source)


def scores(notebook):
    """The check cells that pass."""
    namespace, passed = {}, []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            with contextlib.redirect_stdout(None):
                exec(cell.source, namespace)
        except Exception:
            continue
        passed += [grade_id(cell)] if role(cell) == "check" else []
    return passed


def sources(notebook, name):
    """The texts from a cell of the source up to the next of them."""
    ids = [cell.id for cell in ASSIGNMENT.cells]
    at = [cell.id for cell in notebook.cells].index(name)
    texts = [notebook.cells[at].source]
    for cell in notebook.cells[at + 1 :]:
        if cell.id in ids:
            break
        texts.append(cell.source)
    return texts


def mentions(notes, *words):
    """Whether one note has all the words."""
    return any(all(word in note for word in words) for note in notes)


def solved(submission):
    """All checks pass; the notes."""
    notebook, notes = submission.align()
    assert scores(notebook) == SOLVED
    return notes


# --- No accident ----------------------------------------------------------------------


def test_an_ordinary_submission_has_no_notes():
    notebook, notes = Submission().align()
    assert notes == []
    assert scores(notebook) == SOLVED
    assert len(notebook.cells) == len(ASSIGNMENT.cells)


def test_the_untouched_release_scores_nothing():
    notebook, notes = checked(release(ASSIGNMENT))
    assert notes == []
    assert scores(notebook) == []


def test_own_cells_stay_where_they_were_put():
    given = Submission()
    given.insert(given.at("places"), new_code_cell("one = 1"), new_markdown_cell("Two"))
    given.insert(given.at("mean_check"), new_code_cell("three = 3"))
    given.insert(0, new_raw_cell("zero"))
    given.cells.append(new_code_cell("last = 9", metadata={"tags": ["x"]}))
    notebook, notes = given.align()
    assert notes == []
    assert notebook.cells[0].source == "zero"
    assert sources(notebook, "prompt1")[1:] == ["one = 1", "Two"]
    assert sources(notebook, "mean")[1:] == ["three = 3"]
    assert sources(notebook, "draw")[1:] == ["last = 9"]


def test_code_without_a_role_is_the_students():
    given = Submission()
    given["try"].source = "print(places(100, 3))"
    notebook, notes = given.align()
    assert sources(notebook, "try") == ["print(places(100, 3))"]
    assert notes == []


def test_a_pasted_check_is_own_code():
    given = Submission()
    pasted = given["places_check"].source
    given["places"].source += "\n\n" + pasted
    given.insert(given.at("prompt2"), new_code_cell(pasted))
    notebook, notes = given.align()
    assert notes == []
    assert pasted in sources(notebook, "places")[0]
    assert sources(notebook, "places_hidden")[1:] == [pasted]


# --- Checks and other cells that are not the student's --------------------------------


def test_a_deleted_check():
    given = Submission()
    del given.cells[given.at("places_check")]
    assert mentions(solved(given), "check places_check", "missing")


@pytest.mark.parametrize("edit", ["pass", "assert True\nplaces = None\npadding = 7"])
def test_an_edited_check(edit):
    given = Submission()
    given["mean_check"].source = edit
    notebook, notes = given.align()
    assert mentions(notes, "check mean_check", "changed")
    assert sources(notebook, "mean")[1:] == [edit]  # own code, in front of the check
    assert {"mean_check", "mean_hidden"} < set(scores(notebook))


def test_a_check_with_more_in_it():
    given = Submission()
    given["places_check"].source += "\nprint('fine')"
    assert mentions(solved(given), "check places_check", "own text")


def test_an_answer_in_the_check_cell_counts():
    given = Submission()
    given["mean"].source = "# see below"
    given["mean_check"].source = ANSWERS["mean"] + "\n\nassert mean([1, 3]) == 2"
    assert mentions(solved(given), "check mean_check", "changed")


def test_a_duplicated_check():
    given = Submission()
    given.insert(given.at("prompt2"), given.copy("places_check"))
    notebook, notes = given.align()
    assert mentions(notes, "check places_check", "2 times")
    assert len(notebook.cells) == len(ASSIGNMENT.cells)


def test_a_changed_copy_of_a_check():
    given = Submission()
    copy = given.copy("places_check", source="print(places(3, 3))")
    given.insert(given.at("prompt2"), copy)
    assert mentions(solved(given), "check places_check", "copy")


@pytest.mark.parametrize("keeps", ["both", "first", "none"])
def test_a_split_check(keeps):
    given = Submission()
    first, second = given["places_check"].source.split("\n")
    given["places_check"].source = first
    rest = given.copy("places_check", source=second)
    given.insert(given.at("places_check") + 1, rest)
    if keeps != "both":
        rest.metadata = {}
    if keeps == "none":
        given["places_check"].metadata = {}
    notebook, notes = given.align()
    assert mentions(notes, "check places_check", "split")
    assert len(notebook.cells) == len(ASSIGNMENT.cells)


def test_a_check_split_inside_its_loop():
    given = Submission()
    first, second = given["mean_check"].source.split("\n")
    given["mean_check"].source = first
    given.insert(given.at("mean_check") + 1, new_code_cell(second))
    notebook, notes = given.align()
    assert mentions(notes, "check mean_check", "split")
    assert scores(notebook) == SOLVED


def test_a_moved_check():
    given = Submission()
    given.cells.append(given.cells.pop(given.at("places_check")))
    assert mentions(solved(given), "Moved", "check places_check")


def test_imports_added_to_a_given_cell():
    given = Submission()
    given["imports"].source = "import math\nimport statistics\n\nsteps = [1, 2]"
    given["mean"].source = "def mean(row):\n    return statistics.mean(row)"
    assert mentions(solved(given), "given cell imports", "changed")


def test_an_answer_in_a_prompt_is_kept_for_the_reader():
    given = Submission()
    given["prompt4"].source += "\n\nIt slides."
    del given.cells[given.at("explain")]
    notebook, notes = given.align()
    assert notebook.cells[-2].source == "It slides."
    assert mentions(notes, "answer explain")


# --- Solutions ------------------------------------------------------------------------


@pytest.mark.parametrize("far", [False, True])
def test_a_duplicated_solution_the_later_wins(far):
    given = Submission()
    later = given.copy("mean")
    given["mean"].source = "def mean(row):\n    return 0"
    given.insert(given.at("prompt3") if far else given.at("mean") + 1, later)
    notebook, notes = given.align()
    assert sources(notebook, "mean") == [given["mean"].source, later.source]
    assert scores(notebook) == SOLVED
    assert mentions(notes, "solution mean", "2 cells")


def test_an_untouched_copy_of_a_solution_does_not_undo_it():
    given = Submission()
    stub = given.copy("mean", source=released(ASSIGNMENT.cells[7]))
    given.insert(given.at("mean") + 1, stub)
    assert mentions(solved(given), "solution mean", "2 cells")


@pytest.mark.parametrize("keeps", ["all", "first", "last", "none"])
def test_a_split_solution(keeps):
    given = Submission()
    parts = ["import cmath", ANSWERS["mean"], "assert mean([1]) == 1"]
    pieces = [given.copy("mean", source=part, id=f"part-{part[:3]}") for part in parts]
    for number, piece in enumerate(pieces):
        if keeps not in ("all", {0: "first", 2: "last"}.get(number)):
            piece.metadata = nbformat.from_dict({})
    at = given.at("mean")
    given.cells[at : at + 1] = pieces
    notebook, _ = given.align()
    # One of them is in the solution cell, the others stand around it, in order.
    running = sources(notebook, "prompt2")[1:] + sources(notebook, "mean")
    assert running == parts
    assert scores(notebook) == SOLVED


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("cuts", [(1,), (2,), (1, 4), (2, 3, 4)])
def test_a_solution_split_inside_the_function(cuts, bare):
    given = Submission()
    lines, cell, at = ANSWERS["mean"].split("\n"), given["mean"], given.at("mean")
    ends = zip((0, *cuts), (*cuts, len(lines)), strict=True)
    parts = ["\n".join(lines[start:end]) for start, end in ends]
    given.cells[at : at + 1] = [new_code_cell(p, metadata=cell.metadata) for p in parts]
    if bare:
        given.cells[at].metadata = nbformat.from_dict({})
    notebook, notes = given.align()
    assert sources(notebook, "mean") == [ANSWERS["mean"]]
    assert scores(notebook) == SOLVED
    assert mentions(notes, "solution mean", "split")
    assert not mentions(notes, "without")


def test_a_broken_solution_is_not_joined_with_its_neighbors():
    given = Submission()
    given["mean"].source = "def mean(row)\n    return 1"
    given.insert(given.at("mean") + 1, new_code_cell("    print('indented')"))
    notebook, notes = given.align()
    assert sources(notebook, "mean") == [given["mean"].source, "    print('indented')"]
    assert [name for name in scores(notebook) if "mean" in name] == []
    assert notes == []


def test_a_deleted_solution():
    given = Submission()
    del given.cells[given.at("mean")]
    notebook, notes = given.align()
    assert sources(notebook, "mean") == [""]
    assert scores(notebook) == [name for name in SOLVED if "mean" not in name]
    assert mentions(notes, "solution mean", "empty")


def test_a_deleted_solution_that_was_written_into_another_cell():
    given = Submission()
    del given.cells[given.at("mean")]
    given.insert(given.at("mean_check"), new_code_cell(ANSWERS["mean"]))
    assert mentions(solved(given), "solution mean", "without")


def test_a_deleted_answer_is_no_response():
    given = Submission()
    del given.cells[given.at("explain")]
    notebook, notes = given.align()
    cell = notebook.cells[-2]
    assert cell.source == "YOUR ANSWER HERE"
    assert cell.metadata.nbgrader.checksum == checksum(cell)
    assert mentions(notes, "answer explain", "missing")


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_solution_of_another_kind_is_code_again(kind, bare):
    given = Submission()
    cell = nbformat.from_dict(
        {"cell_type": kind, "id": "x", "source": ANSWERS["mean"], "metadata": {}}
    )
    if not bare:
        cell.metadata = given["mean"].metadata
    given.cells[given.at("mean")] = cell
    assert mentions(solved(given), "solution mean", kind, "code")


def test_a_solution_at_the_end_comes_back_with_its_helper():
    given = Submission()
    cell = given.cells.pop(given.at("places"))
    cell.source = "def places(size, kernel):\n    return helper(size, kernel)"
    helper = new_code_cell("def helper(size, kernel):\n    return size - kernel + 1")
    given.insert(len(given.cells), helper, cell)
    assert mentions(solved(given), "Moved", "solution places")


def test_an_answer_in_two_cells_is_put_together():
    given = Submission()
    given.insert(given.at("draw"), given.copy("explain", source="And shares weights."))
    notebook, notes = given.align()
    both = f"{ANSWERS['explain']}\n\nAnd shares weights."
    assert sources(notebook, "explain") == [both]
    assert mentions(notes, "answer explain", "2 cells")


# --- Metadata -------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [False, True])
def test_metadata_stripped_from_all_cells(ids):
    given = Submission()
    given.strip(ids)
    notebook, notes = given.align()
    assert scores(notebook) == SOLVED
    assert sources(notebook, "explain") == [ANSWERS["explain"]]
    assert len(notebook.cells) == len(ASSIGNMENT.cells)
    assert [name for name in SOLVED if not mentions(notes, name)] == []
    assert not mentions(notes, "missing")


def test_metadata_stripped_and_docstrings_gone_and_cells_moved():
    given = Submission()
    given["places"].source = "places = lambda size, kernel: size - kernel + 1"
    given["mean"].source = ANSWERS["mean"].replace(
        "def mean(row)", "def mean(row: list)"
    )
    given.strip()
    given.insert(1, given.cells.pop(12))
    given.cells.append(given.cells.pop(4))
    notes = solved(given)
    assert mentions(notes, "Moved", "solution places", "solution padding")
    assert mentions(notes, "without nbgrader's metadata", "solution places")


def test_metadata_stripped_and_one_of_two_equal_cells_deleted():
    given = Submission()
    del given.cells[given.at("places_hidden")]
    given.strip()
    assert mentions(solved(given), "check places_hidden was missing")


def test_metadata_stripped_and_nothing_of_the_stub_left():
    given = Submission()
    given["mean"].source = "from statistics import mean"
    given["explain"].source = "Slides."
    given.strip()
    notebook, _ = given.align()
    assert sources(notebook, "mean") == ["from statistics import mean"]
    assert sources(notebook, "explain") == ["Slides."]
    assert scores(notebook) == SOLVED


def test_a_changed_grade_id():
    given = Submission()
    given["mean"].metadata.nbgrader.grade_id = "mean2"
    given["explain"].metadata.nbgrader.grade_id = "other"
    given["mean_check"].metadata.nbgrader.grade_id = "check7"
    notes = solved(given)
    assert mentions(notes, "solution mean", "'mean2'")
    assert mentions(notes, "check mean_check", "'check7'")
    assert mentions(notes, "answer explain", "'other'")


def test_a_grade_id_taken_twice():
    given = Submission()
    given["mean"].metadata.nbgrader.grade_id = "places"
    notebook, notes = given.align()
    assert sources(notebook, "mean") == [ANSWERS["mean"]]
    assert scores(notebook) == SOLVED
    assert mentions(notes, "solution mean", "'places'")


def test_swapped_grade_ids():
    given = Submission()
    for one, other in (("mean", "places"), ("mean_check", "places_check")):
        first, second = given[one].metadata, given[other].metadata
        given[one].metadata, given[other].metadata = second, first
    notebook, _ = given.align()
    assert sources(notebook, "mean") == [ANSWERS["mean"]]
    assert scores(notebook) == SOLVED


def test_new_cell_ids_change_nothing():
    given = Submission()
    for number, cell in enumerate(given.cells):
        cell.id = f"new-{number}"
    assert given.align() == Submission().align()


@pytest.mark.parametrize("kernel", ["python2", "conda-env-ml-py", "ir"])
def test_another_kernel(kernel):
    given = Submission()
    given.notebook.metadata.kernelspec.name = kernel
    assert mentions(solved(given), kernel, "python3")


# --- The whole notebook ---------------------------------------------------------------


@pytest.mark.parametrize("joint", ["\n", "\n\n"])
@pytest.mark.parametrize("new", [new_code_cell, new_markdown_cell])
def test_all_cells_merged_into_one(joint, new):
    given = Submission()
    given.cells[:] = [new(joint.join(cell.source for cell in given.cells))]
    notebook, notes = given.align()
    assert scores(notebook) == SOLVED
    assert sources(notebook, "mean") == [ANSWERS["mean"]]
    assert sources(notebook, "explain") == [ANSWERS["explain"]]
    assert mentions(notes, "taken apart", *SOLVED)


def test_all_code_merged_with_an_error_in_one_exercise():
    given = Submission(ANSWERS | {"places": "def places(size, kernel) return 3"})
    code = [cell.source for cell in given.cells if cell.cell_type == "code"]
    prose = [cell for cell in given.cells if cell.cell_type != "code"]
    given.cells[:] = [*prose, new_code_cell("\n\n".join(code))]
    notebook, _ = given.align()
    assert scores(notebook) == [name for name in SOLVED if "places" not in name]


def test_a_solution_merged_with_its_check():
    given = Submission()
    given["mean"].source += "\n\n" + given["mean_check"].source
    del given.cells[given.at("mean_check")]
    notebook, notes = given.align()
    assert sources(notebook, "mean") == [ANSWERS["mean"]]
    assert scores(notebook) == SOLVED
    assert mentions(notes, "taken apart", "solution mean", "check mean_check")


def test_a_short_given_cell_in_an_own_cell_is_no_merge():
    cells = [given_cell("import math", "short"), solution("x = 1", "x")]
    assignment = Assignment(Path("nowhere/05_short"), new_notebook(cells=cells))
    submission = release(assignment)
    submission.cells[0] = new_code_cell("import math\ny = 2")
    notebook, _ = align(submission, assignment)
    assert "import math\ny = 2" in [cell.source for cell in notebook.cells]


@pytest.mark.parametrize("seed", range(5))
def test_another_order(seed):
    given = Submission()
    random.Random(seed).shuffle(given.cells)
    notebook, notes = given.align()
    assert notebook.cells == Submission().align()[0].cells
    assert mentions(notes, "Moved")


def test_another_order_without_metadata():
    given = Submission()
    given.strip()
    random.Random(1).shuffle(given.cells)
    notebook, notes = given.align()
    assert notebook.cells == Submission().align()[0].cells
    assert mentions(notes, "without", *SOLVED)


@pytest.mark.parametrize("cells", [[], [new_code_cell("  \n")]])
def test_an_empty_notebook(cells):
    notebook, notes = checked(new_notebook(cells=cells))
    assert notes == ["The notebook is empty."]
    assert scores(notebook) == []
    assert len(notebook.cells) == len(ASSIGNMENT.cells)


def test_a_notebook_of_something_else():
    notebook, notes = checked(new_notebook(cells=[new_code_cell("x = 1")]))
    assert notes == ["Nothing of 02_places was found in the notebook."]
    assert notebook.cells[0].source == "x = 1"


@pytest.mark.parametrize("bare", [False, True])
def test_a_notebook_of_another_assignment(tmp_path, bare):
    other = make_other(tmp_path / "03_padding")
    for each in (make_assignment(tmp_path / "02_places"), other):
        each.folder.mkdir()
        nbformat.write(each.notebook, each.folder / f"{each.name}.ipynb")
    submission = release(other)
    for cell in submission.cells if bare else []:
        cell.metadata = nbformat.from_dict({})
    _, notes = align(submission, read(tmp_path / "02_places"))
    assert notes == ["This is not 02_places; it looks like 03_padding."]


def make_other(folder):
    """An assignment that shares some cells and names with the other."""
    doc = "The image with zeros around it, `width` on each side."
    cells = [
        text("# Assignment 3: Padding\n\n**You will** pad.", "title3"),
        given_cell("import math\nimport itertools as it\n\nsteps = [1, 2]", "imports"),
        solution(function("pad", "image, width", doc, "return image"), "pad"),
        check("assert pad([[1]], 0) == [[1]]", "pad_check"),
        check(hidden("assert len(pad([[1]], 1)) == 3"), "pad_hidden"),
        solution(function("crop", "image, width", "The inverse.", "pass"), "mean"),
        check("assert crop([[1]], 0) == [[1]]", "mean_check"),
        check(hidden("assert crop([[1]], 0) == [[1]]"), "mean_hidden"),
        solution(function("flip", "image", "Upside down.", "pass"), "flip"),
        check("assert flip([[1], [2]]) == [[2], [1]]", "flip_check"),
        marked("markdown", "", "explain", grade=True, solution=True, points=1),
    ]
    return Assignment(folder, new_notebook(cells=cells))


# --- Outputs --------------------------------------------------------------------------


def graded_assignment():
    """Manually graded code, and a task."""
    plot = "### BEGIN SOLUTION\nplot()\n### END SOLUTION"
    flags = {"grade": True, "solution": True, "points": 2}
    cells = [
        marked("code", plot, "plot", **flags),
        solution("x = 1", "x"),
        check("assert x == 1", "x_check"),
        ASSIGNMENT.cells[-1],
    ]
    cells[2].outputs = [new_output("stream", text="of the author's own run")]
    return Assignment(Path("nowhere/04_plots"), new_notebook(cells=cells))


def display(**data):
    data = {kind.replace("_", "/"): content for kind, content in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


OUTPUTS = [
    display(image_png=PNG, text_html="<script>", text_plain="<Figure>"),
    display(image_png='"><script>'),
    {"output_type": "stream", "name": "stdout", "text": "hello\n"},
    {"output_type": "stream", "name": "stderr", "text": "warning\n"},
    {"output_type": "error", "ename": "E", "evalue": "", "traceback": []},
]
KEPT = [display(image_png=PNG, text_plain="<Figure>"), OUTPUTS[2]]


def with_outputs(outputs):
    cells = release(graded_assignment()).cells
    for cell in cells[:2]:
        cell.source = "x = 1"
    cells.append(new_code_cell("draw()"))
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs = deepcopy(outputs)
    return new_notebook(cells=nbformat.from_dict(cells))


def test_outputs_that_a_person_grades_are_kept():
    notebook, notes = align(with_outputs(OUTPUTS), graded_assignment())
    assert notes == []
    outputs = [cell.get("outputs") for cell in notebook.cells]
    assert outputs == [KEPT, [], [], None, KEPT]
    nbformat.validate(notebook)


def test_outputs_are_kept_up_to_a_limit():
    large = display(image_png="A" * (LIMIT // 2 + 1))
    notebook, notes = align(with_outputs([large]), graded_assignment())
    outputs = [cell.get("outputs") for cell in notebook.cells]
    assert outputs == [[large], [], [], None, []]
    assert mentions(notes, "cell 5", "2 MB")


def test_a_picture_pasted_into_an_answer_is_kept():
    given = Submission()
    given["explain"].source = "![](attachment:a.png)"
    given["explain"].attachments = {
        "a.png": {"image/png": PNG},
        "b.svg": {"image/svg+xml": "<svg onload='x()'/>"},
    }
    notebook, _ = given.align()
    assert notebook.cells[-2].attachments == {"a.png": {"image/png": PNG}}


# --- nbgrader's own rules -------------------------------------------------------------

LINES = st.sampled_from(
    [
        "x = 1",
        "    y",
        "",
        "### BEGIN SOLUTION",
        "    ### END SOLUTION",
        "  # BEGIN SOLUTION",
        "### BEGIN HIDDEN TESTS",
        "### END HIDDEN TESTS",
        "# BEGIN MARK SCHEME",
        "# END MARK SCHEME",
        "END SOLUTION BEGIN SOLUTION",
    ]
)


@pytest.fixture(scope="module")
def preprocessors():
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

    return [
        ClearSolutions(enforce_metadata=False),
        ClearHiddenTests(enforce_metadata=False),
        ClearMarkScheme(enforce_metadata=False),
    ]


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=8), st.booleans(), st.booleans(), st.booleans())
def test_released_is_what_nbgrader_releases(preprocessors, lines, code, solved, grade):
    kind = "code" if code else "markdown"
    cell = marked(kind, "\n".join(lines), "x", solution=solved, grade=grade, points=1)
    expected = deepcopy(cell)
    try:
        for each in preprocessors:
            expected, _ = each.preprocess_cell(expected, {"language": "python"}, 0)
    except RuntimeError:
        with pytest.raises(ValueError, match="BEGIN"):
            released(cell)
    else:
        assert released(cell) == expected.source


@given(st.text(), *[st.booleans()] * 5, st.sampled_from([0, 1, 2.5]))
def test_checksum_is_nbgraders(source, code, grade, solved, locked, task, points):
    from nbgrader.utils import compute_checksum

    flags = {"grade": grade, "solution": solved, "locked": locked, "task": task}
    kind = "code" if code else "markdown"
    cell = marked(kind, source, "a-name", points=points, **flags)
    assert checksum(cell) == compute_checksum(cell)


def test_nbgrader_sees_what_was_left_untouched():
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.utils import compute_checksum

    given = Submission({"mean": ANSWERS["mean"]})
    given["places"].source += "\n  \n"  # an editor's doing, not the student's
    notebook, _ = given.align()
    MetadataValidator().validate_nb(notebook)
    untouched = {
        cell.id
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("checksum")
        if cell.metadata.nbgrader.checksum == compute_checksum(cell)
    }
    assert {"places", "padding", "explain"} <= untouched
    assert "mean" not in untouched


# --- Any accidents at all -------------------------------------------------------------


def shuffle(cells, pick):
    random.Random(pick).shuffle(cells)


def delete(cells, pick):
    del cells[pick % len(cells)]


def duplicate(cells, pick):
    cells.insert(pick * 7 % (len(cells) + 1), deepcopy(cells[pick % len(cells)]))


def strip_one(cells, pick):
    cells[pick % len(cells)].metadata = nbformat.from_dict({})


def rename(cells, pick):
    names = [grade_id(cell) for cell in ASSIGNMENT.cells if grade_id(cell)]
    data = cells[pick % len(cells)].metadata.setdefault("nbgrader", {})
    data["grade_id"] = names[pick * 5 % len(names)]


def lock(cells, pick):
    """The metadata of a check on something else."""
    check = next(cell for cell in ASSIGNMENT.cells if grade_id(cell) == "mean_check")
    cells[pick % len(cells)].metadata = deepcopy(check.metadata)


def edit(cells, pick):
    cell = cells[pick % len(cells)]
    cell.source = [*EVIL, cell.source + "\n" + EVIL[0], cell.source[:9]][pick % 4]


def split(cells, pick):
    at = pick % len(cells)
    copy, lines = deepcopy(cells[at]), cells[at].source.split("\n")
    cells[at].source = "\n".join(lines[: len(lines) // 2])
    copy.source = "\n".join(lines[len(lines) // 2 :])
    cells.insert(at + 1, copy)


def merge(cells, pick):
    at = pick % len(cells)
    for other in cells[at + 1 : at + 3]:
        cells[at].source += "\n\n" + other.source
    del cells[at + 1 : at + 3]


def convert(cells, pick):
    kind = ["code", "markdown", "raw"][pick % 3]
    cells[pick % len(cells)].cell_type = kind


EVIL = ["assert True  # EVIL", "import os; os._exit(0)  # EVIL"]
ACCIDENTS = [shuffle, delete, duplicate, strip_one, rename, lock, edit, split, merge]
STEPS = st.tuples(st.sampled_from([*ACCIDENTS, convert]), st.integers(0, 1000))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=12))
def test_nothing_of_a_submission_gets_into_a_check(steps):
    given = Submission()
    for step, pick in steps:
        if given.cells:
            step(given.cells, pick)
    notebook, notes = checked(given.notebook)
    assert all(isinstance(note, str) and note.endswith(".") for note in notes)
    for cell in notebook.cells:
        assert "EVIL" not in cell.source or role(cell) not in ("check", "given")
        assert "HIDDEN" not in cell.source or role(cell) == "check"


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.sets(st.integers(0, 16)))
def test_answers_are_found_whatever_the_order(rng, dropped):
    """Own texts are always there, in cells of their own or in their places."""
    given = Submission()
    gone = {given.cells[at].id for at in dropped}
    given.cells[:] = [cell for cell in given.cells if cell.id not in gone]
    rng.shuffle(given.cells)
    notebook, _ = checked(given.notebook)
    if given.cells:
        for name, answer in ANSWERS.items():
            missing = "YOUR ANSWER HERE" if name == "explain" else ""
            assert sources(notebook, name) == [missing if name in gone else answer]


KEYS = st.sampled_from(
    [
        *("cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "name"),
        *("outputs", "output_type", "id", "data", "attachments", "image/png"),
        *("worksheets", "input", "kernelspec"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(KEYS, each, max_size=6),
    max_leaves=12,
)
CELL = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "heading", 3])},
    optional={
        "source": JSON,
        "id": JSON,
        "outputs": JSON,
        "attachments": JSON,
        "metadata": JSON | st.fixed_dictionaries({"nbgrader": JSON}),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CELL | JSON, max_size=4), JSON)
def test_any_json_with_cells_can_be_aligned(tmp_path_factory, cells, metadata):
    path = tmp_path_factory.mktemp("any") / "x.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": metadata}))
    submission = read_submission(path)
    nbformat.validate(submission)
    checked(submission)


# --- Reading --------------------------------------------------------------------------


def written(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "mine.ipynb"
    raw = (
        content if isinstance(content, bytes) else json.dumps(content).encode(encoding)
    )
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_reads_any_unicode(tmp_path, encoding):
    given = Submission(ANSWERS | {"explain": "Überall dieselben Gewichte — 重み"})
    path = tmp_path / "mine.ipynb"
    path.write_text(nbformat.writes(given.notebook), encoding=encoding)
    notebook, notes = checked(read_submission(path))
    assert notes == []
    assert sources(notebook, "explain") == ["Überall dieselben Gewichte — 重み"]


def test_reads_what_lacks_everything(tmp_path):
    cells = [
        {"cell_type": cell.cell_type, "source": cell.source.splitlines(keepends=True)}
        for cell in Submission().cells
    ]
    submission = read_submission(written(tmp_path, {"cells": cells}))
    nbformat.validate(submission)
    notebook, _ = checked(submission)
    assert scores(notebook) == SOLVED


def test_reads_lines_of_windows(tmp_path):
    text = nbformat.writes(Submission().notebook).replace(r"\n", r"\r\n")
    notebook, notes = checked(read_submission(written(tmp_path, text.encode())))
    assert notes == []
    assert scores(notebook) == SOLVED


def test_reads_format_3(tmp_path):
    given = Submission().notebook
    old = nbformat.convert(given, 3)
    submission = read_submission(written(tmp_path, old))
    nbformat.validate(submission)
    notebook, _ = checked(submission)
    assert scores(notebook) == SOLVED


def test_twice_the_same_id(tmp_path):
    cells = [
        {"cell_type": "code", "id": "a", "source": "1"},
        {"cell_type": "code", "id": "cell-3", "source": "2"},
        {"cell_type": "code", "id": "a", "source": "3"},
        {"cell_type": "code", "id": "not valid", "source": "4"},
    ]
    submission = read_submission(written(tmp_path, {"cells": cells}))
    assert len({cell.id for cell in submission.cells}) == 4
    nbformat.validate(submission)


def test_what_cannot_be_encoded_is_replaced(tmp_path):
    odd = "\ud800"
    cells = [
        {"cell_type": "code", "source": f"x = '{odd}'"},
        {"cell_type": "markdown", "attachments": {odd: {"image/png": PNG}}},
        {"cell_type": "raw", "metadata": {"nbgrader": {"grade_id": f"mean{odd}"}}},
    ]
    submission = read_submission(written(tmp_path, {"cells": cells}))
    assert submission.cells[0].source == "x = '?'"
    notebook, notes = checked(submission)
    json.dumps([notebook, notes], ensure_ascii=False).encode()


def test_deep_metadata(tmp_path):
    deep = b"[" * 900 + b"]" * 900
    raw = b'{"cells": [{"metadata": {"nbgrader": {"grade_id": "mean", "x": %s}}}]}'
    checked(read_submission(written(tmp_path, raw % deep)))


NO_NOTEBOOK = {
    b"": "empty",
    b" \n": "empty",
    b'{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> main\n]}': "merge.*line 2",
    b'{"cells": [{"cell_type": "co': "cut off",
    b'{"cells": [,]}': "no JSON.*line 1",
    b"<!doctype html>": "does not begin",
    b"PK\x03\x04": "does not begin",
    b"\xff\x00\x9f": "does not begin",
    b"{\x9f\x9f}": "no JSON",
    b'{"a": 1}': "no cells",
    b'{"cells": 3}': "no cells",
    b"[1, 2]": "no cells",
    b'"cells"': "no cells",
    b'{"cells":' + b"[" * 100_000 + b"}": "nested",
}


@pytest.mark.parametrize("raw", NO_NOTEBOOK, ids=lambda raw: repr(raw[:12]))
def test_what_is_no_notebook(tmp_path, raw):
    with pytest.raises(ValueError, match=rf"(?s)mine\.ipynb .*{NO_NOTEBOOK[raw]}"):
        read_submission(written(tmp_path, raw))


# --- The real assignments -------------------------------------------------------------

REAL = sorted(p.parent for p in EXERCISES.glob("*/*.ipynb") if p.stem == p.parent.name)


@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name)
@pytest.mark.parametrize("bare", [False, True])
def test_real_assignments(folder, bare):
    """The reference's solutions are found, with metadata or without."""
    assignment = read(folder)
    submission = deepcopy(assignment.notebook)
    for cell in submission.cells:
        if role(cell) not in ("solution", "manual"):
            cell.source = released(cell)
        if bare:
            cell.metadata, cell.id = nbformat.from_dict({}), f"new-{cell.id}"
    notebook, notes = align(submission, assignment)
    assert [cell.source for cell in notebook.cells] == [
        cell.source for cell in assignment.cells
    ]
    assert bool(notes) == bare


HOSTILE = [
    "<script>fetch('/formgrader/api/grade')</script>",
    "a <img src=x onerror=alert(1)> b",
    "`` ` <b onclick=x> ` ``",
    "<!-- --><svg/onload=x>",
    r"$\href{javascript:alert(1)}{x}$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_an_answer_can_act(text):
    made = harmless(text)
    assert not re.search(r"<[A-Za-z/!?]|\\href", made)
    assert made.replace("\u2060", "") == text


def test_mathematics_and_comparisons_stay():
    text = r"if $a<b$ and `x < 3`, then $\frac{1}{2}$ <3"
    assert harmless(text) in (text, text.replace("a<b", "a<\u2060b"))


def test_answers_in_words_are_made_harmless():
    given = Submission(ANSWERS | {"explain": HOSTILE[0]})
    given.insert(0, new_markdown_cell(HOSTILE[1], id="mine"))
    notebook, _ = given.align()
    assert not re.search(r"<(script|img)", nbformat.writes(notebook))
    assert sources(notebook, "explain") == [harmless(HOSTILE[0])]
