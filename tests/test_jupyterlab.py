"""The widgets in a real JupyterLab: alive, and tied to Python in both directions."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from time import sleep

import nbformat
import pytest

from cnnbook.layers import corr2d
from tests.conftest import Watch

CHAPTER = Path(__file__).parent.parent / "notebooks" / "02_convolution.ipynb"

CELLS = [
    "from cnnbook.widgets import Choice, ConvolutionStepper, Quiz\n"
    "s = ConvolutionStepper(input=[[1, 2, 0], [0, 1, 3], [2, 0, 1]],\n"
    "                       kernel=[[1, 2], [0, -1]])\n"
    "s",
    "import json; print(json.dumps([s.state(), s.output.tolist()]))",
    "s.bias = 5",
    'q = Quiz(Choice("Which?", right={"this": "Yes."}, wrong={"that": "No, no."}))\nq',
    "print(json.dumps(q.answers))",
    "ConvolutionStepper(input=[[1]], kernel=[[1]], strides=2)",
    "s.kernel = [[1] * 4]",
]

#: Of each other widget: how it is made, the control to press, and what Python then
#: finds in which trait.
OTHERS = [
    (
        "PaddingExplorer(input=[[1, 2], [3, 4]], kernel=[[1, 0], [0, -1]])",
        "valid",
        "padding",
        [0, 0, 0, 0],
    ),
    (
        "StrideExplorer(input=[[1] * 5] * 5, kernel=[[1, 2], [0, -1]])",
        "step",
        "position",
        1,
    ),
    (
        "ChannelStepper(input=[[[1, 2], [3, 4]]] * 2, filters=[[[[1]], [[-1]]]])",
        "step",
        "position",
        1,
    ),
    ("SizeCalculator(size=28, layers=[dict(kernel=5)])", "add", "sizes", [28, 24, 24]),
    (
        "PixelOrder(images={'a': [[0, 1], [1, 0]]}, weights=[[1, 2, 3, 4]] * 10,"
        " bias=[0] * 10)",
        "shuffled",
        "shuffled",
        True,
    ),
    ("LayerCost(side=28)", "side-224", "side", 224),
    ("ActivationExplorer(scale=2)", "suits", "scale", 1.4142),
    (
        "PoolingExplorer(input=[[1, 2, 3], [4, 5, 6]])",
        "shift-left",
        "input",
        [[2, 3, 1], [5, 6, 4]],
    ),
    (
        "NetworkExplorer(torch.nn.Sequential(torch.nn.Flatten()),"
        " torch.ones(1, 1, 2, 2))",
        "clear",
        "drawing",
        [[0, 0], [0, 0]],
    ),
]

#: Does the code cell `at` of the open notebook have its answer?
DONE = """([at, path]) => {
    const panel = jupyterapp.shell.currentWidget;
    if (panel?.context?.path !== path) return false;
    const status = panel.sessionContext.session?.kernel?.status;
    const code = [...panel.content.model.cells].filter((cell) => cell.type === "code");
    return status === "idle" && code.at(at).executionCount !== null;
}"""

#: The outputs of the open notebook's code cells, as in its file.
OUTPUTS = """() => {
    const cells = [...jupyterapp.shell.currentWidget.content.model.cells];
    return cells.filter((cell) => cell.type === "code")
        .map((cell) => cell.toJSON().outputs);
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a copy of the chapter and a notebook of the cells above."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(CHAPTER, folder / "chapter.ipynb")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3"}  # or Lab asks for one
    small = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(small, folder / "small.ipynb")
    cells = ["import json\nimport torch\nfrom cnnbook.widgets import *"]
    for source, _, trait, _ in OTHERS:
        cells += [f"w = {source}\nw", f"print(json.dumps(w.{trait}))"]
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    others = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(others, folder / "others.ipynb")
    return folder


def environment(folder):
    """The settings of the person who runs the tests play no part."""
    private = folder / ".private"
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]
    names += ["IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    folders = {name: private / name.lower() for name in names}
    for path in folders.values():
        path.mkdir(parents=True)
    config = {
        "LabApp": {
            "expose_app_in_browser": True,  # tests ask it when a cell is done
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
    }
    path = folders["JUPYTER_CONFIG_DIR"] / "jupyter_server_config.json"
    path.write_text(json.dumps(config))
    return os.environ | {name: str(path) for name, path in folders.items()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(folder):
    """Address and token of a JupyterLab of our own, stopped at the end."""
    address, token = f"http://127.0.0.1:{(port := free_port())}/", secrets.token_hex()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={folder}"]
    log = folder / ".private.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment(folder), stdout=output, stderr=output, cwd=folder
        )
        try:
            wait_for(process, address, log)
            yield address, token
        finally:
            process.terminate()  # it stops its kernels
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(process, address, log):
    """Until the server answers, for at most a minute."""
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address + "api", timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError):
            sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text()}")


@pytest.fixture
def open_notebook(browser, lab):
    """Opens a notebook in JupyterLab and waits for its kernel."""
    address, token = lab
    context = browser.new_context(viewport={"width": 1200, "height": 2000})
    context.set_default_timeout(40_000)
    watch = Watch(context, address)

    def open_path(path):
        page = context.new_page()
        page.goto(f"{address}doc/tree/{path}?token={token}")
        page.wait_for_function(
            """(path) => {
                const panel = window.jupyterapp?.shell.currentWidget;
                return panel?.context?.path === path
                    && panel.sessionContext.session?.kernel?.status === "idle";
            }""",
            arg=path,
        )
        return page

    yield open_path
    context.close()
    assert watch.foreign == []


def run_all(page, path):
    """By the menu, as a learner does; until the last cell is done."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(DONE, arg=[-1, path])


def run_cell(page, at, path="small.ipynb"):
    """Run one cell by keyboard; what it prints, or None."""
    before = page.evaluate(COUNT, at)
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(at)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(f"([at, old]) => ({COUNT})(at) > old", arg=[at, before])
    page.wait_for_function(DONE, arg=[at, path])
    outputs = page.evaluate(OUTPUTS)[at]
    return outputs[0] if outputs else None


#: How many cells the kernel had run when it had run cell `at`; 0 before.
COUNT = """(at) => [...jupyterapp.shell.currentWidget.content.model.cells]
    .filter((cell) => cell.type === "code").at(at).executionCount ?? 0"""


ACTIVE = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"


def printed(output):
    assert output["output_type"] == "stream", output
    return json.loads("".join(output["text"]))


def has_text(locator, text):
    """Wait until a text is there: what Python changes arrives a moment later."""
    locator.filter(has_text=text).wait_for()


def test_widgets_and_python_hear_of_each_other(open_notebook):
    page = open_notebook("small.ipynb")
    for at in (0, 3):
        run_cell(page, at)
    stepper, quiz = page.locator(".cnn-stepper"), page.locator(".cnn-quiz")
    line = stepper.locator("[data-shows=sum]")
    has_text(line, "4 + bias 0 = 4")
    stepper.locator("[data-control=step]").click()
    has_text(line, "Row 1, column 2")

    # From the page to Python
    stepper.locator(".cnn-kernel input").nth(1).fill("-1.5")
    state, output = printed(run_cell(page, 1))
    assert (state["position"], state["kernel"]) == (1, [[1, -1.5], [0, -1]])
    assert output == expected_output(state)

    # What is typed in the widget is no shortcut of JupyterLab
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    canvas = stepper.locator("canvas.cnn-touch").first
    canvas.press("ArrowDown")
    has_text(line, "Row 2, column 2")
    active = page.evaluate(ACTIVE)  # the widget's cell, since the focus is in it
    canvas.press("ArrowUp")
    has_text(line, "Row 1, column 2")
    for control in (canvas, stepper.locator("[data-control=step]")):
        for key in ("a", "b", "ArrowUp"):
            control.press(key)
    has_text(line, "Row 1, column 2")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert page.evaluate(ACTIVE) == active

    # From Python to the page
    run_cell(page, 2)
    has_text(line, "bias 5")
    assert stepper.locator("[data-control=bias]").input_value() == "5"
    assert printed(run_cell(page, 1))[0]["bias"] == 5

    # The quiz answers back, and Python can see it
    quiz.get_by_label("that").check()
    quiz.get_by_role("button", name="Check").click()
    has_text(quiz, "No, no.")
    quiz.get_by_label("this").check()
    quiz.get_by_role("button", name="Check").click()
    has_text(quiz, "Right. Yes.")
    assert printed(run_cell(page, 4))[0]["verdict"] == "right"

    # A mistake is told, and nothing is broken after it
    error = run_cell(page, 5)
    assert error["ename"] == "TypeError"
    assert "no trait 'strides'" in error["evalue"]
    assert "did you mean 'stride'?" in error["evalue"]
    error = run_cell(page, 6)
    assert "fits into the input of shape (3, 3), got shape (1, 4)" in error["evalue"]
    stepper.locator("[data-control=last]").click()
    has_text(line, "Row 2, column 2")
    state, output = printed(run_cell(page, 1))
    assert (state["position"], state["bias"]) == (3, 5)
    assert output == expected_output(state)


def test_every_other_widget_lives_and_tells_python(open_notebook):
    page = open_notebook("others.ipynb")
    run_cell(page, 0, "others.ipynb")
    for i, (_, control, _, wanted) in enumerate(OTHERS):
        run_cell(page, 2 * i + 1, "others.ipynb")
        cell = page.locator(".jp-Notebook .jp-CodeCell").nth(2 * i + 1)
        cell.locator(f"[data-control={control}]").click()
        assert printed(run_cell(page, 2 * i + 2, "others.ipynb")) == wanted


def expected_output(state):
    import torch

    x, w = torch.tensor(state["input"]), torch.tensor(state["kernel"])
    return (corr2d(x, w) + state["bias"]).tolist()


def test_chapter_runs_to_its_end_and_its_stepper_lives(open_notebook):
    page = open_notebook("chapter.ipynb")
    run_all(page, "chapter.ipynb")
    outputs = [output for cell in page.evaluate(OUTPUTS) for output in cell]
    assert [o for o in outputs if o["output_type"] == "error"] == []
    widgets = [o for o in outputs if "widget-view" in json.dumps(o.get("data", {}))]
    assert len(widgets) >= 2
    page.evaluate("""() => {
        const notebook = jupyterapp.shell.currentWidget.content;
        const at = notebook.widgets.findIndex((cell) =>
            cell.model.sharedModel.source.startsWith("ConvolutionStepper"));
        return notebook.scrollToItem(at, "start");
    }""")
    stepper = page.locator(".cnn-stepper").first
    line = stepper.locator("[data-shows=sum]")
    has_text(line, "Row 1, column 1")
    stepper.locator("[data-control=step]").click()
    has_text(line, "Row 1, column 2")
