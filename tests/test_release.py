"""What students get: whole, the same each time, and nothing of what grades them."""

import html
import io
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from jupyter_server.services.contents.filemanager import FileContentsManager
from nbclient import NotebookClient
from nbgrader.api import Gradebook

from cnnbook.grading import assignment
from cnnbook.grading.release import release, stems
from tests.test_notebooks import toc_files

ROOT = Path(__file__).parent.parent
STEMS = stems()

every = pytest.mark.parametrize("stem", STEMS)

SMALL = '''# %% [markdown]
# # Assignment 2: A test
#
# 4 points, about 60 minutes.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, \
"schema_version": 3, "solution": false, "task": false}
from cnnbook import checks

# %% nbgrader={"grade": false, "grade_id": "places", "locked": false, \
"schema_version": 3, "solution": true, "task": false}
def places(size, kernel):
    """Number of places."""
    ### BEGIN SOLUTION
    gap = kernel - 1
    return size - gap
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "places_check", "locked": true, \
"points": 1, "schema_version": 3, "solution": false, "task": false}
checks.equal(places(5, 3), 3, "places(5, 3)")

# %% nbgrader={"grade": true, "grade_id": "places_hidden", "locked": true, \
"points": 1, "schema_version": 3, "solution": false, "task": false}
# More checks run here when your work is graded.
### BEGIN HIDDEN TESTS
checks.equal(places(9, 2), 8, "places with other numbers")
assert places(7 + checks.seed(), 1) == 7 + checks.seed()
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, \
"points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The kernel needs room to stand.
# ### END SOLUTION
'''
ANSWERS = '''"""Right and wrong answers."""

# %% places | right | counts along
def places(size, kernel):
    return len(range(kernel - 1, size))
'''


def write_source(root, text):
    """Make an assignment in a folder that is laid out like the repository."""
    folder = root / "exercises" / "02_test"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", folder.parent)
    notebook = jupytext.reads(text, fmt="py:percent")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, folder / "02_test.ipynb")
    for name in ("02_test.py", "held_out_digits.npz", "numbers.csv"):
        (folder / name).write_text(name, encoding="utf-8")
    (folder / "solutions.py").write_text(ANSWERS, encoding="utf-8")


@pytest.fixture
def root(tmp_path):
    """A small course with one assignment."""
    write_source(tmp_path, SMALL)
    return tmp_path


def files(folder):
    """The bytes of all files below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def sources(path):
    """The text of each cell of a notebook."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


# --- The three places -----------------------------------------------------------------


def test_a_release_is_a_folder_a_zip_and_a_page(root):
    release(root=root)
    folder = root / "course" / "release" / "02_test"
    assert sorted(files(folder)) == ["02_test.ipynb", "numbers.csv"]
    with zipfile.ZipFile(root / "_build" / "assignments" / "02_test.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == {f"02_test/{name}": data for name, data in files(folder).items()}
    given = sources(folder / "02_test.ipynb")
    assert given[2].endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert given[3] == 'checks.equal(places(5, 3), 3, "places(5, 3)")'
    assert given[4] == "# More checks run here when your work is graded."
    assert given[5] == "YOUR ANSWER HERE"
    title, link, *rest = sources(root / "book" / "assignments" / "02_test.ipynb")
    assert [title, *rest] == given
    assert "(../../_build/assignments/02_test.zip)" in link


def test_the_table_has_points_time_and_links(root):
    release(root=root, gradebook=False)
    table = (root / "book" / "assignments" / "table.md").read_text(encoding="utf-8")
    assert table.splitlines()[2:] == [
        "| [Assignment 2: A test](assignments/02_test.ipynb) | 4 | 60 "
        "| [zip 2](../_build/assignments/02_test.zip) |"
    ]


def test_the_same_sources_give_the_same_bytes(root, tmp_path_factory):
    release(root=root)
    first = files(root)
    other = tmp_path_factory.mktemp("other")
    write_source(other, SMALL)
    for again in (root, other):
        os.utime(again / "exercises" / "02_test" / "numbers.csv", (1e9, 1e9))
        release(root=again)
        for name, data in files(again).items():
            assert name.endswith("gradebook.db") or first[name] == data, name


def test_the_book_needs_no_gradebook(root):
    release(root=root, gradebook=False)
    assert files(root / "course") == {}
    assert (root / "book" / "assignments" / "02_test.ipynb").exists()


def test_an_unknown_name_is_refused(root):
    with pytest.raises(FileNotFoundError, match="99_none is no assignment"):
        release(["99_none"], root=root)


def test_what_nbgrader_refuses_is_told(root):
    write_source(root, SMALL.replace("    ### END SOLUTION\n", ""))
    with pytest.raises(ValueError, match=r"02_test: .*no end solution statement"):
        release(root=root, gradebook=False)


# --- The gradebook --------------------------------------------------------------------


def gradebook(root):
    """The open gradebook of a course."""
    return Gradebook(f"sqlite:///{root / 'course' / 'gradebook.db'}")


def hand_in_and_grade(root):
    """One submission in the gradebook, with a grade given by hand."""
    with gradebook(root) as book:
        book.add_student("ada")
        book.add_submission("02_test", "ada")
        grade = book.find_grade("explain", "02_test", "02_test", "ada")
        grade.manual_score = 1.5
        book.db.commit()


def test_a_second_release_keeps_the_grades(root):
    release(root=root)
    hand_in_and_grade(root)
    write_source(root, SMALL.replace("Number of places.", "Number of its places."))
    release(root=root)
    given = root / "course" / "release" / "02_test" / "02_test.ipynb"
    assert "Number of its places." in sources(given)[2]
    with gradebook(root) as book:
        assert book.find_submission("02_test", "ada").score == 1.5
        cell = book.find_source_cell("places_check", "02_test", "02_test")
        assert "checks.equal(places(5, 3)" in cell.source


def test_cells_that_have_submissions_are_not_taken_away(root):
    release(root=root)
    hand_in_and_grade(root)
    before = files(root / "course" / "release")
    write_source(root, SMALL.replace('"places_hidden"', '"places_secret"'))
    with pytest.raises(ValueError, match="there are submissions associated with it"):
        release(root=root)
    assert files(root / "course" / "release") == before
    with gradebook(root) as book:
        assert book.find_submission("02_test", "ada").score == 1.5


# --- Nothing leaks --------------------------------------------------------------------

BEGIN = re.compile(r"BEGIN (SOLUTION|HIDDEN TESTS)")
END = re.compile(r"END (SOLUTION|HIDDEN TESTS)")
STUB = "# YOUR CODE HERE\nraise NotImplementedError()\nYOUR ANSWER HERE\n"


def split(notebook):
    """The lines of a source that students see, and those that they must not see."""
    # Not by nbgrader's code: what hides the lines must not say what was hidden.
    seen, hidden = [], []
    for cell in notebook.cells:
        inside = False
        for line in cell.source.splitlines():
            inside = inside or bool(BEGIN.search(line))
            (hidden if inside else seen).append(line.strip())
            inside = inside and not END.search(line)
    return seen, hidden


def secrets(stem, exercises):
    """The lines of an assignment that must stand nowhere in what its students get."""
    source = assignment.read(exercises / stem)
    seen, hidden = split(source.notebook)
    answers = (source.folder / "solutions.py").read_text(encoding="utf-8")
    lines = {line.strip() for line in [*hidden, *answers.splitlines()]}
    return without({line for line in lines if len(line) > 5}, "\n".join(seen) + STUB)


def without(lines, public):
    """The lines that do not stand in a public text, as a line or a part of one."""
    shown = {line.strip() for line in public.splitlines()}
    return {s for s in lines - shown if len(s) < 25 or s not in public}


def leaks(texts, lines):
    """Those of the lines that stand in one of the texts; long ones also within a line.

    Parameters
    ----------
    texts : dict of str to str
    lines : set of str
    """
    found = {}
    for name, text in texts.items():
        shown = {line.strip() for line in text.splitlines()}
        hits = {s for s in lines if s in shown or (len(s) >= 25 and s in text)}
        if hits:
            found[name] = sorted(hits)
    return found


def readable(name, data):
    """All texts in a file by name, with what an archive, a notebook or a page holds."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [readable(part, archive.read(part)) for part in archive.namelist()]
        return {f"{name}/{k}": text for part in parts for k, text in part.items()}
    text = data.decode("utf-8", errors="replace")
    if name.endswith(".ipynb"):
        text += "\n".join(strings(json.loads(text)))
    if name.endswith((".html", ".md")):
        text += html.unescape(re.sub(r"<[^>]*>", "", text))
    return {name: text}


def strings(node):
    """All texts within JSON; lists of lines are put together."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, list):
        whole = ["".join(node)] if all(isinstance(x, str) for x in node) else []
        return whole + [text for part in node for text in strings(part)]
    return strings(list(node.values())) if isinstance(node, dict) else []


def all_texts(folder):
    """All texts in the files below a folder."""
    return {
        name: text
        for path, data in files(folder).items()
        for name, text in readable(path, data).items()
    }


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """All assignments of the course, released in a folder of their own."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "exercises", root / "exercises")
    release(root=root)
    return root


PLACES = ["course/release", "_build/assignments", "book/assignments"]


@pytest.fixture(scope="module")
def texts(released):
    """All texts of a release by place."""
    return {place: all_texts(released / place) for place in PLACES}


@pytest.fixture(scope="module")
def book(built_book):
    """All texts of the built book, and of what it was built from, by place."""
    places = ["_build/assignments", "book/assignments", "_build/html"]
    return {place: all_texts(ROOT / place) for place in places}


def of(stem, texts):
    """The texts that belong to one assignment, not to its chapter."""
    mine = {name: text for name, text in texts.items() if stem in name}
    return {name: text for name, text in mine.items() if "notebooks/" not in name}


def test_every_assignment_has_secrets_to_keep():
    assert STEMS
    for stem in STEMS:
        assert len(secrets(stem, ROOT / "exercises")) > 50, stem


@every
@pytest.mark.parametrize("place", PLACES)
def test_nothing_leaks_in_the_release(texts, stem, place):
    mine = of(stem, texts[place])
    assert mine
    assert leaks(mine, secrets(stem, ROOT / "exercises")) == {}
    assert not [name for name, text in mine.items() if BEGIN.search(text)]
    assert not [name for name in mine if re.search(r"solutions|held_out|\.py$", name)]


@every
def test_nothing_leaks_in_the_pages_of_the_book(book, stem):
    for place, texts in book.items():
        assert of(stem, texts), place
        assert leaks(of(stem, texts), secrets(stem, ROOT / "exercises")) == {}


@every
def test_a_leak_would_be_read_in_every_form(book, stem):
    # What students do see is found wherever the book has it, so a leak would be.
    notebook = assignment.read(ROOT / "exercises" / stem).notebook
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = {line for line in split(notebook)[0] if len(line) > 5}
    found = leaks(of(stem, book["_build/html"]), lines)
    assert {name.partition("/")[0]: set(each) for name, each in found.items()} == {
        place: lines for place in ("_downloads", "book")
    }


@pytest.fixture(scope="module")
def public():
    """What everybody may read: the chapters, the package, all that students see."""
    texts = [readable(p.name, p.read_bytes()) for p in ROOT.glob("notebooks/*.ipynb")]
    texts += [
        {path.name: path.read_text(encoding="utf-8")}
        for path in (ROOT / "cnnbook").rglob("*.*")
        if path.suffix in {".py", ".js"} and "grading" not in path.parts
    ]
    notebooks = [assignment.read(ROOT / "exercises" / stem).notebook for stem in STEMS]
    seen = ["\n".join(split(notebook)[0]) for notebook in notebooks]
    for path in (ROOT / "book").glob("*.md"):
        page = path.read_text(encoding="utf-8")
        seen += re.findall(r"^```{widget}$(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return "\n".join([*seen, *(text for each in texts for text in each.values())])


def test_nothing_leaks_anywhere_else_in_the_book(book, public):
    for stem in STEMS:
        kept = without(secrets(stem, ROOT / "exercises"), public)
        assert len(kept) > 50, stem
        assert leaks(book["_build/html"], kept) == {}


@pytest.mark.parametrize(
    "line",
    [
        "    gap = kernel - 1",
        'checks.equal(places(9, 2), 8, "places with other numbers")',
        "The kernel needs room to stand.",
        "    return len(range(kernel - 1, size))",
    ],
)
def test_a_planted_leak_is_found(root, line):
    release(root=root)
    hidden = secrets("02_test", root / "exercises")
    page = root / "book" / "assignments" / "02_test.ipynb"
    assert leaks(all_texts(page.parent), hidden) == {}
    notebook = nbformat.read(page, as_version=4)
    places = {
        "source": lambda cell: cell.update(source=f"x = 1\n{line}"),
        "output": lambda cell: cell.update(
            outputs=[nbformat.v4.new_output("stream", text=f"x\n{line}\n")]
        ),
        "metadata": lambda cell: cell.metadata.update(before=f"x\n{line}"),
    }
    for name, plant in places.items():
        changed = nbformat.from_dict(json.loads(json.dumps(notebook)))
        plant(changed.cells[2])
        data = nbformat.writes(changed).encode()
        assert leaks(readable(f"{name}.ipynb", data), hidden), name
    code = "".join(f"<span>{part} </span>" for part in line.split(" ")[:-1])
    code = f"<pre>\n{code}{line.split()[-1]}\n</pre>"
    assert leaks(readable("page.html", code.encode()), hidden)
    with zipfile.ZipFile(root / "a.zip", "w") as archive:
        archive.writestr("a/b.ipynb", data)
    assert leaks(readable("a.zip", (root / "a.zip").read_bytes()), hidden)


# --- What a student does with it ------------------------------------------------------

#: Python reads this file when it starts; the grader's packages are then not there.
BLOCK = """
import sys

class Blocked:
    @staticmethod
    def find_spec(name, path=None, target=None):
        for gone in ("nbgrader", "dask", "distributed", "cnnbook.grading"):
            if f"{name}.".startswith(f"{gone}."):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked)
"""


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """The environment of a Python that has no grader."""
    folder = tmp_path_factory.mktemp("student")
    (folder / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    kept = {name: os.environ[name] for name in os.environ if "GRADING" not in name}
    return kept | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def run(notebook, folder, environment):
    """Run all cells, whatever fails; the errors by number of cell."""
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, kernel_name="python3", allow_errors=True, resources=resources
    )
    client.execute(env=environment)
    return {
        number: output.ename
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }


def test_the_students_python_has_no_grader(student, tmp_path):
    names = ("nbgrader", "dask", "distributed", "cnnbook.grading", "cnnbook.checks")
    cells = [nbformat.v4.new_code_cell(f"import {name}") for name in names]
    notebook = nbformat.v4.new_notebook(cells=cells)
    errors = run(notebook, tmp_path, student)
    assert errors == dict.fromkeys(range(4), "ModuleNotFoundError")


@every
def test_a_release_runs_up_to_what_is_missing(released, stem, student):
    folder = released / "course" / "release" / stem
    notebook = nbformat.read(folder / f"{stem}.ipynb", as_version=4)
    errors = run(notebook, folder, student)
    checks = [n for n, cell in enumerate(notebook.cells) if failing(cell)]
    assert [n for n in checks if n not in errors] == []
    assert errors[min(errors)] == "NotImplementedError"
    # Where an answer is a plain value, its name is missing afterwards.
    assert set(errors.values()) <= {"NotImplementedError", "NameError"}


def failing(cell):
    """Whether a cell cannot pass before its exercise is solved."""
    lines = cell.source.splitlines()
    code = any(line.strip() and not line.startswith("#") for line in lines)
    return assignment.role(cell) == "check" and code


@every
def test_a_release_opens_in_jupyterlab(released, stem):
    folder = released / "course" / "release" / stem
    manager = FileContentsManager(root_dir=str(folder))
    model = manager.get(f"{stem}.ipynb", content=True)
    assert not model.get("message")  # what JupyterLab would warn of
    notebook = model["content"]
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        editable = cell.metadata.get("editable", True)
        assert editable == (assignment.role(cell) not in ("check", "given"))


# --- The book -------------------------------------------------------------------------


def test_the_table_of_contents_lists_exactly_the_assignments():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [name for name in toc_files(toc) if name.startswith("book/assignments/")]
    assert listed == [f"book/assignments/{stem}" for stem in STEMS]


@every
def test_points_and_time_are_as_the_text_says(stem):
    source = assignment.read(ROOT / "exercises" / stem)
    said = re.search(r"^(\d+) points, about \d+ minutes", source.cells[0].source, re.M)
    assert int(said.group(1)) == sum(map(assignment.points, source.cells))
    parts = [
        re.search(r"\((\d+) points?\)$", c.source.splitlines()[0])
        for c in source.cells
        if c.source.startswith("## Exercise")
    ]
    assert sum(int(part.group(1)) for part in parts) == int(said.group(1))
