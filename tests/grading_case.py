"""A small assignment and submissions to it, for the tests of the grader."""

import jupytext
import nbformat

META = '{{"grade": {grade}, "grade_id": "{name}", "locked": {locked}, '
META += '"schema_version": 3, "solution": {solution}, "task": false{points}}}'

TWO_EXERCISES = """
# %% [markdown]
# # A small assignment

# %% free
import numpy as np

# %% solution double
def double(x):
    ### BEGIN SOLUTION
    return 2 * np.asarray(x)
    ### END SOLUTION

# %% check double_check 2
assert np.allclose(double([1.0, 2.5]), [2, 5]), "double([1, 2.5]) is [2, 5]"

# %% check double_hidden 3
# Hidden checks
### BEGIN HIDDEN TESTS
for _ in range(3):
    x = np.random.normal(size=(2, 3))
    assert np.allclose(double(x), x + x), "double of other numbers"
### END HIDDEN TESTS

# %% solution length
def length(x, y):
    ### BEGIN SOLUTION
    return float(np.sqrt(x * x + y * y))
    ### END SOLUTION

# %% check length_check 2
assert length(3, 4) == 5

# %% check length_hidden 3
### BEGIN HIDDEN TESTS
assert length(-5, 12) == 13
assert abs(length(0.0, -2.0) - 2) < 1e-9
### END HIDDEN TESTS
"""


def notebook(text):
    """A notebook from text with short heads: `# %% check name points`, and so on."""
    lines = [_head(line) if line.startswith("# %%") else line for line in _lines(text)]
    made = jupytext.reads("\n".join(lines), fmt="py:percent")
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
    made.nbformat, made.nbformat_minor = 4, 5
    return made


def _lines(text):
    return text.strip().split("\n")


def _head(line):
    _, _, kind, *rest = line.split()
    if kind in ("[markdown]", "free"):
        return f"# %% {kind}".removesuffix(" free")
    points = f', "points": {rest[1]}' if len(rest) > 1 else ""
    data = META.format(
        grade=str(kind in ("check", "manual")).lower(),
        name=rest[0],
        locked=str(kind in ("check", "given")).lower(),
        solution=str(kind in ("solution", "manual")).lower(),
        points=points,
    )
    markdown = "[markdown] " if kind == "manual" else ""
    return f"# %% {markdown}nbgrader={data}"


def write_assignment(folder, text=TWO_EXERCISES):
    """Write an assignment's source into a folder, which gives it its name."""
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(text), folder / f"{folder.name}.ipynb")
    return folder


def submission(text=TWO_EXERCISES, **answers):
    """A notebook handed in: the source, with these solutions in place of its own."""
    made = notebook(text)
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return made
