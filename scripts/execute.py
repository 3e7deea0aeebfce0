"""Execute the notebooks and save them so that a diff shows only real changes.

    python scripts/execute.py [stem ...]      all chapters when none is named

A text twin beside a notebook (``notebooks/<stem>.py``, from ``make text``) that is
newer than the notebook is folded into it first. Executing twice gives the same bytes.
"""

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def main(names):
    """Execute the chapters named by stem, or all of them."""
    for name in names or sorted(path.stem for path in FOLDER.glob("*.ipynb")):
        path = FOLDER / f"{Path(name).stem}.ipynb"
        notebook = read(path)
        execute(notebook, path.stem)
        text = nbformat.writes(normalize(notebook)) + "\n"
        same = path.exists() and path.read_text(encoding="utf-8") == text
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.stem}: {'unchanged' if same else 'written'}", file=sys.stderr)


def read(path):
    """The notebook, or its text twin if that is newer."""
    twin = path.with_suffix(".py")
    if not path.exists() and not twin.exists():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.ipynb")))
        sys.exit(f"No chapter {path.stem!r}; there are: {known}")
    if twin.exists() and (
        not path.exists() or twin.stat().st_mtime > path.stat().st_mtime
    ):
        print(f"{path.stem}: taking the text from {twin.name}", file=sys.stderr)
        return jupytext.read(twin)
    return nbformat.read(path, as_version=4)


def execute(notebook, stem):
    """Run all cells in a fresh kernel; the cell that fails is shown."""
    count = len(notebook.cells)

    def progress(cell, cell_index):
        print(f"\r{stem}: cell {cell_index + 1} of {count} ", end="", file=sys.stderr)

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=300,
        resources={"metadata": {"path": str(FOLDER)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # else the prints of a slow cell are saved in pieces
        on_cell_start=progress,
    )
    client.execute()
    print(file=sys.stderr)


def normalize(notebook):
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
    """Only the tags; code that the book leaves out is folded in JupyterLab too."""
    tags = cell.metadata.get("tags", [])
    metadata = {"tags": tags} if tags else {}
    if {"remove-cell", "remove-input"} & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    return metadata


if __name__ == "__main__":
    main(sys.argv[1:])
