"""The student's version of each assignment: a folder, a zip, a page of the book.

    python -m cnnbook.grading.release [--pages] [stem ...]

With `--pages` only what the book needs is made: no gradebook, no `course/release`.
"""

import logging
import re
import shutil
import sys
import tempfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import PyFileConfigLoader

from cnnbook.grading import assignment

ROOT = Path(__file__).resolve().parents[2]
MINUTES = re.compile(r"about (\d+) minutes")


def release(names=None, gradebook=True, root=ROOT):
    """Make what students get, from the sources in `exercises/`.

    Writes for each assignment `_build/assignments/<stem>.zip`, and for the book
    `book/assignments/<stem>.ipynb` and the table `book/assignments/table.md`. The same
    sources give the same bytes.

    Parameters
    ----------
    names : list of str, optional
        Stems of assignments; all when there are none. The table always has all.
    gradebook : bool
        Whether to write `course/release/<stem>/` too, and the assignment's cells and
        points into the gradebook. What is in the gradebook otherwise stays.
    root : Path
        The folder that holds `exercises`, `course`, `book` and `_build`.

    Raises
    ------
    FileNotFoundError
        A name is no assignment's.
    ValueError
        nbgrader refuses, for example since cells were added or removed that
        submissions in the gradebook already have. The last release then stays.
    """
    root = Path(root)
    sources = [assignment.read(root / "exercises" / name) for name in stems(root)]
    for name in names or [source.name for source in sources]:
        source = assignment.read(root / "exercises" / name)
        with tempfile.TemporaryDirectory() as target:
            _publish(_generate(source, Path(target), gradebook), root, gradebook)
        print(f"{name}: released", file=sys.stderr)
    _write(root / "book" / "assignments" / "table.md", table(sources))


def stems(root=ROOT):
    """The names of all assignments, in order."""
    paths = sorted((Path(root) / "exercises").glob("*/*.ipynb"))
    return [path.stem for path in paths if path.stem == path.parent.name]


def _generate(source, target, gradebook):
    """The folder of the student's version, made by nbgrader within `target`."""
    settings = source.folder.parent / "nbgrader_config.py"
    config = PyFileConfigLoader(settings.name, path=str(settings.parent)).load_config()
    config.CourseDirectory.release_directory = str(target)
    config.CourseDirectory.assignment_id = source.name
    config.GenerateAssignment.no_database = not gradebook
    config.SaveCells.enabled = gradebook
    messages = _Messages()
    course = CourseDirectory(config=config, log=messages.log)
    converter = GenerateAssignment(coursedir=course, config=config, log=messages.log)
    try:
        converter.start()
    except NbGraderException as error:
        raise ValueError(f"{source.name}: {messages.reason() or error}") from error
    return target / source.name


class _Messages(logging.Handler):
    """Keeps nbgrader's messages, which matter only when something goes wrong."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []
        self.log = logging.Logger("release")
        self.log.addHandler(self)

    def emit(self, record):
        self.texts.append(record.getMessage())

    def reason(self):
        """The last line of the traceback that nbgrader logs, or ""."""
        traces = [text for text in self.texts if text.startswith("Traceback")]
        return traces[-1].strip().splitlines()[-1] if traces else ""


def _publish(folder, root, gradebook):
    name = folder.name
    _write_zip(folder, root / "_build" / "assignments" / f"{name}.zip")
    page = page_of(nbformat.read(folder / f"{name}.ipynb", as_version=4), name)
    text = nbformat.writes(page) + "\n"
    _write(root / "book" / "assignments" / f"{name}.ipynb", text)
    if gradebook:
        final = root / "course" / "release" / name
        shutil.rmtree(final, ignore_errors=True)
        shutil.copytree(folder, final)


def _write(path, text):
    """Write a text if it is another one, so that the book is not built in vain."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_zip(folder, path):
    """Pack a folder so that the same files give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            name = file.relative_to(folder.parent).as_posix()
            info = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type, info.create_system = ZIP_DEFLATED, 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, file.read_bytes())


def page_of(notebook, name):
    """The student's version with a link to its zip below the title, for the book."""
    link = (
        f"[Download this assignment](../../_build/assignments/{name}.zip), unpack it, "
        "and open the notebook in JupyterLab."
    )
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(link, id="download"))
    return notebook


def table(sources):
    """The list of all assignments as Markdown, for a page in `book/`.

    Parameters
    ----------
    sources : list of Assignment
    """
    head = "| assignment | points | minutes | files |\n|---|---|---|---|\n"
    return head + "".join(map(_row, sources))


def _row(source):
    first = source.cells[0].source
    title = first.splitlines()[0].removeprefix("# ")
    minutes = MINUTES.search(first)
    number = source.name.partition("_")[0].lstrip("0")  # short, for a phone
    points = sum(map(assignment.points, source.cells))
    return (
        f"| [{title}](assignments/{source.name}.ipynb) | {points:g} "
        f"| {minutes.group(1) if minutes else ''} "
        f"| [zip {number}](../_build/assignments/{source.name}.zip) |\n"
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    chosen = [name for name in arguments if name != "--pages"]
    release(chosen or None, gradebook="--pages" not in arguments)
