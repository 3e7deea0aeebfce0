"""The widgets in a real JupyterLab and Notebook 7: alive, and tied to Python."""

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
from urllib.parse import urlsplit

import nbformat
import pytest

from cnnbook.layers import corr2d
from tests.conftest import Watch
from tests.test_gallery import CODES, PRESSES

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
    "s",
]

#: Where each of the two shows a notebook.
ADDRESSES = {"jupyterlab": "doc/tree/", "notebook": "notebooks/"}

in_both = pytest.mark.parametrize("jupyter", ADDRESSES, indirect=True)
in_lab = pytest.mark.parametrize("jupyter", ["jupyterlab"], indirect=True)

#: What is pressed besides: a drawing crosses the wire as text.
ALSO = {
    "network_explorer": [("[data-control=clear]", "drawing", [[0] * 28] * 28)],
}

#: Is the notebook open, and its kernel waiting?
READY = """(path) => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.path === path
        && panel.sessionContext.session?.kernel?.status === "idle";
}"""

#: Does the code cell `at` of the open notebook have its answer?
DONE = """([at, path]) => {
    const panel = jupyterapp.shell.currentWidget;
    if (panel?.context?.path !== path) return false;
    const status = panel.sessionContext.session?.kernel?.status;
    const code = [...panel.content.model.cells].filter((cell) => cell.type === "code");
    return status === "idle" && code.at(at).executionCount !== null;
}"""

#: What is pressed in every control of a widget, and means something else to a notebook.
KEYS = ["a", "b", "x", "d", "d", "ArrowDown", "ArrowUp", "Enter", "Space"]

#: What those keys would change in the open notebook.
NOTEBOOK = """() => {
    const { model, activeCellIndex, mode } = jupyterapp.shell.currentWidget.content;
    return [[...model.cells].map((cell) => cell.type), activeCellIndex, mode];
}"""

#: What a widget can be operated with.
CONTROLS = ".cnnbook :is(button, input, select, summary, textarea, [tabindex='0'])"

#: Gives Jupyter a theme. Returns whether the stepper is then dark, and its pictures.
LOOK = """async (theme) => {
    await jupyterapp.commands.execute("apputils:change-theme", { theme });
    const light = String(!theme.includes("Dark"));
    while (document.body.dataset.jpThemeLight !== light) {
        await new Promise(requestAnimationFrame);
    }
    for (const _ of "12") await new Promise(requestAnimationFrame);
    const widget = document.querySelector(".cnn-stepper");
    const { backgroundColor, color } = getComputedStyle(widget);
    const sum = (color) => color.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
    const canvases = [...widget.querySelectorAll("canvas")];
    const dark = sum(backgroundColor) < sum(color);
    return [dark, canvases.map((each) => each.toDataURL())];
}"""

#: The outputs of the open notebook's code cells, as in its file.
OUTPUTS = """() => {
    const cells = [...jupyterapp.shell.currentWidget.content.model.cells];
    return cells.filter((cell) => cell.type === "code")
        .map((cell) => cell.toJSON().outputs);
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a copy of the chapter, the cells above, and the gallery's."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(CHAPTER, folder / "chapter.ipynb")
    write(CELLS, folder / "small.ipynb")
    # After each widget, its traits in Python; "_" is the last value shown.
    traits = "{name: getattr(_, name) for name in _.state_names()}"
    read = f"import json; print(json.dumps([_.stem, {traits}]))"
    write([cell for code in CODES for cell in (code, read)], folder / "gallery.ipynb")
    return folder


def write(sources, path):
    """Write a notebook of code cells that was never run."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3"}  # or Lab asks for one
    metadata = {"kernelspec": kernel}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def environment(private):
    """The settings of the person who runs the tests play no part."""
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]
    names += ["IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    folders = {name: private / name.lower() for name in names}
    for path in folders.values():
        path.mkdir(parents=True)
    config = {
        "LabApp": {
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
def jupyter(request, folder):
    """Address of notebooks, and token, of a server of our own, stopped at the end."""
    name = request.param
    address, token = f"http://127.0.0.1:{(port := free_port())}/", secrets.token_hex()
    command = [sys.executable, "-m", name, "--no-browser", "--allow-root"]
    command += ["--expose-app-in-browser"]  # tests ask it when a cell is done
    command += [f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={folder}"]
    log, settings = folder / f".{name}.log", environment(folder / f".{name}")
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=settings, stdout=output, stderr=output, cwd=folder
        )
        try:
            wait_for(process, address, log)
            yield address + ADDRESSES[name], token
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
    raise AssertionError(f"Jupyter does not answer:\n{log.read_text()}")


@pytest.fixture
def open_notebook(browser, jupyter):
    """Opens a notebook in Jupyter and waits for its kernel."""
    address, token = jupyter
    context = browser.new_context(viewport={"width": 1200, "height": 2000})
    context.set_default_timeout(40_000)
    watch = Watch(context, f"http://{urlsplit(address).netloc}/")

    def open_path(path):
        page = context.new_page()
        page.goto(f"{address}{path}?token={token}")
        page.wait_for_function(READY, arg=path)
        return page

    yield open_path
    context.close()
    assert watch.foreign == []


def run_all(page, path):
    """By the menu, as a learner does; until the last cell is done."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(DONE, arg=[-1, path], timeout=120_000)  # a busy machine


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


@in_both
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


@in_both
def test_widgets_take_the_theme(open_notebook):
    page = open_notebook("small.ipynb")
    run_cell(page, 0)
    has_text(page.locator(".cnn-stepper [data-shows=sum]"), "Row 1, column 1")
    dark, drawn_dark = page.evaluate(LOOK, "JupyterLab Dark")
    light, drawn_light = page.evaluate(LOOK, "JupyterLab Light")
    assert (dark, light) == (True, False)
    assert all(a != b for a, b in zip(drawn_dark, drawn_light, strict=True))


@in_both
def test_views_follow_each_other_and_outlive_page_and_kernel(open_notebook, folder):
    path = "views.ipynb"  # its own notebook, since it is saved
    write(CELLS, folder / path)
    page = open_notebook(path)
    for at in (0, 7):
        run_cell(page, at, path)
    views = page.locator(".cnn-stepper")
    first, second = [views.nth(at).locator("[data-shows=sum]") for at in (0, 1)]
    has_text(second, "Row 1, column 1")
    views.nth(0).locator("[data-control=step]").click()
    has_text(second, "Row 1, column 2")
    views.nth(1).locator("[data-control=bias]").fill("7")
    has_text(first, "bias 7")

    # The page comes back, and finds the widgets as they were
    views.nth(0).locator("[data-control=step]").press("Control+s")
    page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    page.reload()
    page.wait_for_function(READY, arg=path)
    for line in (first, second):
        has_text(line, "Row 1, column 2")
    views.nth(1).locator("[data-control=step]").click()
    has_text(first, "Row 2, column 1")
    assert printed(run_cell(page, 1, path))[0]["position"] == 2

    # Without the kernel that made it, a widget lives on as in a published page
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    page.wait_for_function(READY, arg=path)
    views.nth(0).locator("[data-control=step]").click()
    for line in (first, second):
        has_text(line, "Row 2, column 2")

    # Opened again, it has to run first, as the guide says
    views.nth(0).locator("[data-control=step]").press("Control+s")
    page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    page.reload()
    page.wait_for_function(READY, arg=path)
    error = page.get_by_text("Error displaying widget")
    error.nth(1).wait_for()
    page.locator(".jp-Notebook .jp-CodeCell").nth(0).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")  # counted from 1 again, as run_cell is not
    has_text(page.locator(".cnn-stepper [data-shows=sum]"), "Row 1, column 1")
    assert error.count() == 1


@in_both
def test_every_widget_of_the_gallery_lives_and_tells_python(open_notebook):
    page, path = open_notebook("gallery.ipynb"), "gallery.ipynb"
    pressed = []
    for at in range(0, 2 * len(CODES), 2):
        run_cell(page, at, path)
        stem, before = printed(run_cell(page, at + 1, path))
        cell = page.locator(".jp-Notebook .jp-CodeCell").nth(at)
        for control, trait, wanted in [PRESSES[stem], *ALSO.get(stem, ())]:
            cell.locator(".cnnbook").locator(control).first.click()
            _, after = printed(run_cell(page, at + 1, path))
            assert after[trait] == wanted != before[trait], stem
        keys_stay_in(cell, page)
        pressed.append(stem)
    assert sorted(pressed) == sorted(PRESSES)


def keys_stay_in(cell, page):
    """Press keys in every control: none leaves the widget, none is a shortcut."""
    controls = cell.locator(CONTROLS).filter(visible=True)
    at, before = 0, None
    while at < controls.count():  # some controls bring others, or take them away
        controls.nth(at).focus()
        before = before or page.evaluate(NOTEBOOK)
        for key in KEYS:
            page.keyboard.press(key)
        assert cell.locator(".cnnbook :focus").count() == 1
        assert page.evaluate(NOTEBOOK) == before
        at += 1
    assert at > 0


def expected_output(state):
    import torch

    x, w = torch.tensor(state["input"]), torch.tensor(state["kernel"])
    return (corr2d(x, w) + state["bias"]).tolist()


@in_lab
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
