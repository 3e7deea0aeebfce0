"""The form of the chapters: what a diff, a reader and nbval rely on."""

import ast
import json
import os
import re
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml

from cnnbook import layers
from scripts import execute

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IGNORED_OUTPUTS_AT_MOST = 3  # in the whole book

chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path, kind=None):
    """The cells of a chapter; `kind` is "code" or "markdown"."""
    found = nbformat.read(path, as_version=4).cells
    return [cell for cell in found if kind in {None, cell.cell_type}]


def tags(cell):
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def prose(path):
    """All Markdown of a chapter, without code in it."""
    text = "\n\n".join(cell.source for cell in cells(path, "markdown"))
    return re.sub(r"`[^`]*`", "", text)


def toc_files(node):
    """All `file:` entries of the table of contents, in order."""
    if isinstance(node, list):
        return [name for part in node for name in toc_files(part)]
    if isinstance(node, dict):
        own = [node[key] for key in ("root", "file") if key in node]
        return own + toc_files(list(node.values()))
    return []


def test_the_table_of_contents_lists_exactly_the_chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [name for name in toc_files(toc) if name.startswith("notebooks/")]
    assert listed == [f"notebooks/{path.stem}" for path in CHAPTERS]
    assert CHAPTERS


@chapters
def test_the_number_is_in_name_and_title(path):
    number = int(path.stem[:2])
    assert cells(path)[0].source.startswith(f"# Chapter {number}: ")


@chapters
def test_the_bones_are_there(path):
    headings = re.findall(r"^## (.+)$", prose(path), re.MULTILINE)
    last = ["Check yourself", "Summary", "What the post says, and what we found"]
    assert headings[-5:] == [*last, "Assignment", "References"]
    assert f"](../book/assignments/{path.stem}.ipynb)" in prose(path)
    assert "**Predict first.**" in prose(path)
    assert "After this chapter you can" in cells(path)[0].source
    question = cells(path)[0].source.split("\n\n")[1]
    assert re.fullmatch(r"\*\*.+\?\*\*", question)


@chapters
def test_saved_by_make_execute(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    assert nbformat.writes(execute.normalize(notebook, path)) + "\n" == text
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))


@chapters
def test_holds_nothing_of_a_run_or_a_machine(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    text = path.read_text(encoding="utf-8")
    for trace in ("widget-view", "model_id", "_esm", "IPY_MODEL", "export default"):
        assert trace not in text
    assert not re.search(r"/(home|root|tmp|Users|work)/|[A-Z]:\\\\", text)
    assert not re.search(r"iopub\.|Wall time|it/s\]", text)


@chapters
def test_is_small(path):
    assert path.stat().st_size <= 300 * 1024


@chapters
def test_every_cell_is_short(path):
    long = [c.source for c in cells(path, "code") if len(c.source.splitlines()) > 25]
    assert not long


@chapters
def test_prose_stands_before_the_code(path):
    # A cell that is read may follow another one directly, a third may not.
    run = 0
    for cell in cells(path):
        if cell.cell_type == "markdown":
            run = 0
        elif not tags(cell) & {"remove-cell", "remove-input"}:
            run += 1
        assert run <= 2, cell.source


@chapters
def test_numbers_are_asserted_in_hidden_cells(path):
    hidden = [cell for cell in cells(path, "code") if "test" in tags(cell)]
    assert hidden
    for cell in hidden:
        assert "remove-cell" in tags(cell)
        assert cell.metadata.jupyter.source_hidden
        assert any(isinstance(n, ast.Assert) for n in ast.walk(ast.parse(cell.source)))


def test_few_outputs_are_ignored_and_each_says_why():
    names = {"nbval-ignore-output", "nbval-skip", "raises-exception"}
    ignored = [c for p in CHAPTERS for c in cells(p, "code") if tags(c) & names]
    assert len(ignored) <= IGNORED_OUTPUTS_AT_MOST
    assert all(cell.source.startswith("# ") for cell in ignored)


@chapters
def test_every_figure_says_what_it_shows(path):
    for cell in cells(path, "code"):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata["image/png"]["alt"]
                assert len(alt.split()) >= 15
                assert output.data["text/plain"] == f"Figure: {alt}"


@chapters
def test_the_tone(path):
    text = prose(path)
    assert "!" not in text
    for filler in ("simply put", "of course", "obviously", "It is important to note"):
        assert filler not in text


def definitions(path):
    """Functions and classes at the top level of a chapter, by name."""
    code = "\n\n".join(cell.source for cell in cells(path, "code"))
    kinds = ast.FunctionDef | ast.ClassDef
    return {node.name: node for node in ast.parse(code).body if isinstance(node, kinds)}


def without_docstring(node):
    """The syntax tree of a definition as text, leaving its docstring out."""
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    return ast.dump(node)


def test_what_a_chapter_teaches_is_what_the_package_holds():
    package = ast.parse(Path(layers.__file__).read_text(encoding="utf-8"))
    ours = {node.name: node for node in package.body if hasattr(node, "name")}
    taught = {
        name: node for path in CHAPTERS for name, node in definitions(path).items()
    }
    assert set(ours) <= set(taught)
    for name, node in ours.items():
        assert without_docstring(node) == without_docstring(taught[name]), name


def test_no_two_chapters_define_one_name():
    names = [name for path in CHAPTERS for name in definitions(path)]
    assert len(names) == len(set(names))


# --- scripts/execute.py -------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder in place of the notebooks'."""
    monkeypatch.setattr(execute, "FOLDER", tmp_path)
    monkeypatch.setattr(execute, "EXERCISES", tmp_path / "exercises")
    return tmp_path


WIDGET_CHAPTER = """# %% [markdown]
# # Chapter 1: A test

# %%
from cnnbook.widgets import ConvolutionStepper
ConvolutionStepper([[1, 2], [3, 4]], [[1]])

# %% tags=["remove-cell", "test"]
assert 1 + 1 == 2
"""


def test_executing_twice_leaves_no_difference(folder):
    (folder / "01_test.py").write_text(WIDGET_CHAPTER, encoding="utf-8")
    execute.main(["01_test"])
    first = (folder / "01_test.ipynb").read_bytes()
    (folder / "01_test.py").unlink()
    execute.main([])
    assert (folder / "01_test.ipynb").read_bytes() == first
    text = first.decode()
    assert "cnnbook-widget" in text
    assert "widget-view" not in text
    assert "source_hidden" in text


def test_the_newer_of_notebook_and_text_twin_wins(folder):
    twin, path = folder / "01_test.py", folder / "01_test.ipynb"
    twin.write_text("# %%\n1 + 1\n", encoding="utf-8")
    notebook = jupytext.reads("# %%\n2 + 2\n", fmt="py:percent")
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    later = twin.stat().st_mtime + 10
    path.touch()
    for newer, source in ((path, "2 + 2"), (twin, "1 + 1")):
        later += 10
        os.utime(newer, (later, later))
        assert execute.read(path).cells[0].source == source


def test_a_failing_cell_leaves_the_notebook_as_it_was(folder):
    path = folder / "01_test.ipynb"
    notebook = jupytext.reads("# %%\nassert 1 == 2\n", fmt="py:percent")
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(Exception, match="assert 1 == 2"):
        execute.main(["01_test"])
    assert path.read_bytes() == before


def test_an_unknown_chapter_is_named(folder):
    with pytest.raises(SystemExit, match="No 99_nothing"):
        execute.main(["99_nothing"])


def test_a_cell_keeps_its_id_when_others_change():
    def ids(text):
        notebook = jupytext.reads(text, fmt="py:percent")
        return [cell.id for cell in execute.normalize(notebook, Path("x.ipynb")).cells]

    before, after = ids("# %%\n1\n# %%\n2\n"), ids("# %%\n0\n# %%\n1\n# %%\n2\n")
    assert after[1:] == before
    assert len(set(ids("# %%\n1\n# %%\n1\n"))) == 2
