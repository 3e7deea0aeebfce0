"""How much memory a student of a chapter needs, and how much processor time.

    python -m benchmarks.memory [stem ...]

Each chapter runs from top to bottom in a kernel of its own. Its memory is looked at ten
times a second, and the largest of each number is printed, in MB of a million bytes:
RSS, all that the kernel holds; PSS, where each page that others hold too counts in
part; own, what no other process holds. Another student's kernel, which has loaded the
same libraries and waits, stands beside it, as in a class. A further line is JupyterLab
itself, with its page loaded and no notebook open. Needs Linux.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SECONDS = 0.1  # between two looks
LINE = "{:28}{:>8}{:>8}{:>8}{:>12}"


def main(stems):
    """Print a table with a line for each chapter."""
    print(LINE.format("", "RSS", "PSS", "own", "CPU seconds"))
    with neighbor():
        for stem in stems or sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")):
            show(stem, chapter(NOTEBOOKS / f"{stem}.ipynb"))
        show("JupyterLab", jupyterlab())


@contextmanager
def neighbor():
    """A kernel beside the measured one that has loaded what chapters load."""
    loads = "import torch, cnnbook.experiments, cnnbook.widgets, cnnbook.figures"
    cell = nbformat.v4.new_code_cell(loads)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(notebook, kernel_name="python3")
    with client.setup_kernel():
        client.execute_cell(cell, 0)
        yield


def show(name, peaks):
    """Print a line of the table."""
    sizes = [round(peaks[kind] / 1e6) for kind in ("rss", "pss", "uss")]
    print(LINE.format(name, *sizes, round(peaks["seconds"])), flush=True)


def chapter(path):
    """The peaks of a kernel that runs all cells of a notebook."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, kernel_name="python3", resources=folder)
    with client.setup_kernel(), watched(client.km.provisioner.process.pid) as peaks:
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    return peaks


def jupyterlab():
    """The peaks of a server that starts and sends its page once."""
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0"]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=folder,
            env=os.environ | {"JUPYTER_RUNTIME_DIR": folder},
            stderr=subprocess.DEVNULL,
        )
        try:
            with watched(server.pid) as peaks:
                load_page(Path(folder, f"jpserver-{server.pid}.json"), server)
        finally:
            server.terminate()
            server.wait()
    return peaks


def load_page(description, server):
    """Ask a server for its page until it answers, for a minute at most."""
    for _ in range(600):
        if answers(description):
            return time.sleep(2)  # what it still does at its start
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended with code {server.returncode}")
        time.sleep(SECONDS)
    raise TimeoutError("JupyterLab did not answer within a minute")


def answers(description):
    """Whether a server sends its page; its description says where that is."""
    try:
        known = json.loads(description.read_text(encoding="utf-8"))
        with urlopen(f"{known['url']}lab?token={known['token']}") as page:
            return bool(page.read())
    except (OSError, ValueError):  # not written, or not listening yet
        return False


@contextmanager
def watched(pid):
    """Give a dict that is filled with the peaks of a process while the block runs."""
    process, peaks, end = psutil.Process(pid), {}, Event()
    thread = Thread(target=look, args=(process, peaks, end))
    thread.start()
    try:
        yield peaks
    finally:
        end.set()
        thread.join()


def look(process, peaks, end):
    """Keep the largest of each number until the end, and at the end once more."""
    over = False
    while not over:
        over = end.wait(SECONDS)
        memory, times = process.memory_full_info(), process.cpu_times()
        now = {kind: getattr(memory, kind) for kind in ("rss", "pss", "uss")}
        now["seconds"] = times.user + times.system
        peaks.update({kind: max(now[kind], peaks.get(kind, 0)) for kind in now})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stem", nargs="*", help="all by default")
    main(parser.parse_args().stem)
