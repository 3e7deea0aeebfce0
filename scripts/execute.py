"""Execute the notebooks and save them so that a diff shows only real changes.

    python scripts/execute.py [stem ...]      all chapters when none is named
    python scripts/execute.py exercises/02_convolution      an assignment's source

A text twin beside a notebook (``notebooks/<stem>.py``, from ``make text``) that is
newer than the notebook is folded into it first. Executing twice gives the same bytes.
An assignment is executed, since its reference must pass, and saved without outputs.
"""

import hashlib
import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
EXERCISES = Path(__file__).parent.parent / "exercises"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def main(names):
    """Execute what is named, or all chapters and all assignments."""
    for path in [_path(name) for name in names] or [*chapters(), *assignments()]:
        notebook = read(path)
        execute(notebook, path)
        text = nbformat.writes(normalize(notebook, path)) + "\n"
        same = path.exists() and path.read_text(encoding="utf-8") == text
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.stem}: {'unchanged' if same else 'written'}", file=sys.stderr)


def chapters():
    """The notebooks of the chapters, in order."""
    return sorted(FOLDER.glob("*.ipynb"))


def assignments():
    """The source notebooks of the assignments, in order."""
    return sorted(path for path in EXERCISES.glob("*/*.ipynb") if is_assignment(path))


def is_assignment(path):
    """Whether a notebook is an assignment's: it stands in a folder of its name."""
    return path.parent.name == path.stem


def _path(name):
    """The notebook of a stem, or of `exercises/<stem>`."""
    stem = Path(name).stem
    if Path(name).parts[0] == EXERCISES.name:
        return EXERCISES / stem / f"{stem}.ipynb"
    return FOLDER / f"{stem}.ipynb"


def read(path):
    """The notebook, or its text twin if that is newer."""
    twin = path.with_suffix(".py")
    if not path.exists() and not twin.exists():
        kind = assignments() if is_assignment(path) else chapters()
        known = ", ".join(each.stem for each in kind)
        sys.exit(f"No {path.name}; there are: {known}")
    if twin.exists() and (
        not path.exists() or twin.stat().st_mtime > path.stat().st_mtime
    ):
        print(f"{path.stem}: taking the text from {twin.name}", file=sys.stderr)
        return jupytext.read(twin)
    return nbformat.read(path, as_version=4)


def execute(notebook, path):
    """Run all cells in a fresh kernel; the cell that fails is shown."""
    count, stem = len(notebook.cells), path.stem
    os.environ.setdefault("GRADING_DATA", str(EXERCISES))  # for hidden checks

    def progress(cell, cell_index):
        print(f"\r{stem}: cell {cell_index + 1} of {count} ", end="", file=sys.stderr)

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=300,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # else the prints of a slow cell are saved in pieces
        on_cell_start=progress,
    )
    client.execute()
    print(file=sys.stderr)


def normalize(notebook, path):
    """Remove whatever differs from run to run or from machine to machine."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    seen = set()
    for cell in notebook.cells:
        cell.id = cell_id(cell.source, seen)
        if is_assignment(path) and cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata = nbformat.from_dict(cell_metadata(cell))
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def cell_id(source, seen):
    """An id that follows from the cell's text, so that other cells keep theirs."""
    copy = 0
    while True:
        digest = hashlib.sha256(f"{copy}{source}".encode()).hexdigest()[:8]
        if digest not in seen:
            seen.add(digest)
            return digest
        copy += 1


def cell_metadata(cell):
    """Only the tags and what grading needs; code that the book leaves out is folded
    in JupyterLab too."""
    tags = cell.metadata.get("tags", [])
    metadata = {"tags": tags} if tags else {}
    for name in ("nbgrader", "grading"):
        if name in cell.metadata:
            metadata[name] = cell.metadata[name]
    if {"remove-cell", "remove-input"} & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    return metadata


if __name__ == "__main__":
    main(sys.argv[1:])
