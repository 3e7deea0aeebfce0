"""The gallery: its widgets, the code beside them, and the places they can go to."""

import ast
import gzip
import html
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import nbformat.v4 as nbf
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter, SlidesExporter
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from playwright.sync_api import expect

from cnnbook.sphinx_ext import last_value
from cnnbook.widgets import loader
from tests.conftest import opened

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "book" / "gallery.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]

#: The code of each widget, as it is run and shown, and the cell for exports.
CODES = re.findall(r"^```\{widget\}\n:code:\n(.*?)\n```$", TEXT, re.M | re.S)
[EXPORT] = re.findall(r"^```python\n(.*?)\n```$", TEXT, re.M | re.S)

UNTOUCHED = {"chosen": [], "verdict": None}
ANEW = {"draw": 1, "text": "", "verdict": None}
SHIFTED = [[2, 0, 4, 1], [0, 1, 1, 3], [6, 2, 0, 5], [1, 3, 8, 0]]

#: Of each widget of the gallery: what to press, and what it then holds in which trait.
PRESSES = {
    "activation_explorer": ("[data-control=suits]", "scale", 1.4142),
    "channel_stepper": ("[data-control=step]", "position", 1),
    "convolution_stepper": ("[data-control=step]", "position", 1),
    "layer_cost": ("[data-control=side-224]", "side", 224),
    "network_explorer": ("[data-control=inside]", "inside", True),
    "padding_explorer": ("[data-control=valid]", "padding", [0, 0, 0, 0]),
    "pixel_order": ("[data-control=shuffled]", "shuffled", True),
    "pooling_explorer": ("[data-control=shift-left]", "input", SHIFTED),
    "quiz": ("text=New question", "answers", [UNTOUCHED, ANEW]),
    "size_calculator": ("[data-control=add]", "selected", 2),
    "stride_explorer": ("[data-control=step]", "position", 1),
}


@pytest.fixture(scope="module")
def widgets():
    """The gallery's widgets by their stems."""
    found = [last_value(code) for code in CODES]
    return {widget.stem: widget for widget in found}


# --- The page ------------------------------------------------------------------------


def test_every_widget_is_there_once(widgets):
    assert len(CODES) == len(widgets)
    assert sorted(widgets) == loader.stems() == sorted(PRESSES)


def test_a_widget_takes_an_import_and_a_call():
    for code in CODES:
        kinds = [type(line) for line in ast.parse(code).body]
        assert kinds == [ast.ImportFrom, ast.Expr], code


def test_shown_code_is_the_code_that_ran(built_book, widgets):
    text = (built_book / "book" / "gallery.html").read_text(encoding="utf-8")
    places = BeautifulSoup(text, "html.parser").select(".cnnbook-widget")
    assert [place["data-widget"] for place in places] == list(widgets)
    shown = [place.find_next_sibling().get_text().strip() for place in places]
    assert shown == CODES


#: Adds up how far what is seen jumps while a page loads, as browsers measure it.
SHIFT = """window.jumped = 0; new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) window.jumped += value;
}).observe({ type: "layout-shift", buffered: true })"""


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_jumps_while_the_page_loads(browser, server, width):
    options = {"viewport": {"width": width, "height": 900}}
    with opened(browser, server, "book/gallery.html", **options) as page:
        page.evaluate(SHIFT)
        page.wait_for_selector("[data-widget=pixel_order][data-state=live]")
        page.wait_for_timeout(300)
        assert page.evaluate("jumped") < 0.05


def test_page_is_light(browser, server):
    sizes = {}

    def weigh(request):
        body = request.response().body()
        sizes[request.url] = min(len(body), len(gzip.compress(body, 6)))

    with opened(browser, server, "book/index.html") as page:
        page.goto("about:blank")
        page.on("requestfinished", weigh)
        page.goto(server + "book/gallery.html")
        page.wait_for_load_state("networkidle")
        assert page.locator("[data-state=live]").count() == len(CODES)
    assert len(sizes) > len(CODES)  # a script for each, and the page around them
    assert sum(sizes.values()) <= 400_000, sizes


# --- The package alone ---------------------------------------------------------------

#: Runs Python where some modules are not there.
WITHOUT = """
import ast, importlib, json, sys
from importlib.machinery import PathFinder

class Some(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] not in blocked:
            return super().find_spec(name, path, target)

blocked, given = json.load(sys.stdin)
sys.meta_path[sys.meta_path.index(PathFinder)] = Some
"""

#: Runs each code as a cell of a notebook; prints in which forms its value is shown.
SHOW = """
shown = {}
for code in given:
    *lines, last = ast.parse(code).body
    names = {}
    exec(compile(ast.Module(lines, []), "cell", "exec"), names)
    widget = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    shown[widget.stem] = sorted(widget._repr_mimebundle_()[0])
print(json.dumps(shown))
"""

IMPORT = """
for name in given:
    importlib.import_module(name)
"""

EXTRAS = PROJECT["optional-dependencies"]
TOOLS = {"jupyter_book", "sphinx", "myst_nb", "nbgrader", "dask", "distributed"}
TOOLS |= {
    "latex2mathml",
    "jupytext",
    "playwright",
    "nbconvert",
    "jupyterlab",
    "docutils",
}


def brought_by(requirements):
    """Names of the distributions that an installer brings for some requirements."""
    waiting, found = [(line, ("",)) for line in requirements], set()
    while waiting:
        line, extras = waiting.pop()
        part = Requirement(line)
        if part.marker and not any(part.marker.evaluate({"extra": e}) for e in extras):
            continue
        key = canonicalize_name(part.name), ("", *sorted(part.extras))
        if key not in found:
            found.add(key)
            waiting += [(line, key[1]) for line in metadata.requires(part.name) or ()]
    return {name for name, _ in found}


@cache
def installed():
    """Distributions by module, as a fresh Python sees them.

    In this process, setuptools may have put its own copies of others on the path.
    """
    source = "import json; from importlib import metadata as m; "
    source += "print(json.dumps(m.packages_distributions()))"
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def run_with(requirements, source, given):
    """Run Python as if only these were installed: what is missing, what is printed."""
    there = brought_by(requirements) | {"cnnbook"}
    blocked = [
        module
        for module, names in installed().items()
        if not there & {canonicalize_name(name) for name in names}
    ]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + source],
        input=json.dumps([blocked, given]),
        capture_output=True,
        check=False,  # its errors are to be seen
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return set(blocked), done.stdout


def modules(*folders):
    """Names of the package's modules in some of its folders."""
    paths = [path for folder in folders for path in (ROOT / folder).glob("[!_]*.py")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]


def test_package_alone_shows_every_widget(widgets):
    missing, printed = run_with(PROJECT["dependencies"], SHOW, CODES)
    assert missing >= TOOLS
    kinds = ["application/vnd.jupyter.widget-view+json", "text/html", "text/plain"]
    assert json.loads(printed) == dict.fromkeys(widgets, kinds)


def test_package_alone_has_what_notebooks_import():
    text = "".join(path.read_text("utf-8") for path in ROOT.glob("notebooks/*.ipynb"))
    parts = set(re.findall(r"from cnnbook import (\w+(?:, \w+)*)", text))
    parts = sorted({f"cnnbook.{name}" for found in parts for name in found.split(", ")})
    assert len(parts) >= 3
    run_with(PROJECT["dependencies"], IMPORT, [*parts, "cnnbook.checks"])


def test_extras_are_enough():
    base = PROJECT["dependencies"]
    missing, _ = run_with(base + EXTRAS["book"], IMPORT, ["cnnbook.sphinx_ext"])
    assert missing >= {"nbgrader", "dask"}
    names = modules("cnnbook/grading")
    missing, _ = run_with(base + EXTRAS["grading"], IMPORT, names)
    assert len(names) > 10
    assert missing >= {"sphinx", "latex2mathml"}


def test_versions_are_those_of_the_whole():
    whole = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    own = [
        *PROJECT["dependencies"],
        *(line for lines in EXTRAS.values() for line in lines),
    ]
    by_others = ("numpy", "pillow")  # matplotlib and torch bring them
    missing = [line for line in own if line not in whole]
    assert [line for line in missing if not line.startswith(by_others)] == []


# --- Slides and other exports --------------------------------------------------------


def notebook(widgets, last):
    """A notebook as JupyterLab saves it, each widget a slide, and a last cell."""
    cells = [nbf.new_markdown_cell("# A talk")]
    for code, widget in zip(CODES, widgets.values(), strict=True):
        data, _ = widget._repr_mimebundle_()
        cells.append(cell(code, data))
    if last:
        cells.append(cell(EXPORT, {"text/html": value_of(EXPORT).data}))
    return nbf.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def cell(code, data):
    output = nbf.new_output("execute_result", data, execution_count=1)
    slide = {"slideshow": {"slide_type": "slide"}}
    return nbf.new_code_cell(code, outputs=[output], metadata=slide)


def value_of(source):
    """The value of the last line of a cell."""
    lines, _, last = source.rpartition("\n")
    names = {}
    exec(lines, names)
    return eval(last, names)


@pytest.fixture
def exported(browser, tmp_path):
    """Opens an export of a notebook from disk; `page.asked` is what it asked for."""
    context = browser.new_context()

    def open_export(exporter, widgets, last=True):
        text, _ = exporter().from_notebook_node(notebook(widgets, last))
        path = tmp_path / "export.html"
        path.write_text(text, encoding="utf-8")
        page = context.new_page()
        page.asked = set()
        page.on("request", lambda request: page.asked.add(request.url))
        page.goto(path.as_uri())
        return page

    yield open_export
    context.close()


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
def test_widgets_live_in_an_export_by_one_more_cell(exported, widgets, exporter):
    without = exported(exporter, widgets, last=False)
    assert without.get_by_text("A widget stands here").count() == len(widgets)
    page = exported(exporter, widgets)
    page.wait_for_function(
        "(count) => document.querySelectorAll('[data-state=live]').length === count",
        arg=len(widgets),
    )
    assert page.asked == without.asked  # what the exporter itself puts into a page
    for stem, (control, trait, wanted) in PRESSES.items():
        place = page.locator(f"[data-widget={stem}]")
        before = place.evaluate("(place, name) => place.model.get(name)", trait)
        place.locator(control).first.click()
        after = place.evaluate("(place, name) => place.model.get(name)", trait)
        assert after == wanted != before, stem


# --- Messages ------------------------------------------------------------------------

#: The widgets with a field for a number.
FIELDED = [
    stem
    for stem in PRESSES
    if "numberField" in (loader.FOLDER / f"{stem}.js").read_text(encoding="utf-8")
]
FIELD = "input[inputmode]:visible:not([readonly])"

#: Where all that can be pressed stands on the page.
PLACES = """() => [...document.querySelectorAll("button, input, canvas")]
    .map((each) => each.getBoundingClientRect()).map(({ x, y }) => [x, y])"""


@pytest.mark.parametrize("stem", FIELDED)
def test_message_moves_nothing_under_a_press(lone_page, widgets, stem):
    page = lone_page(widgets[stem])
    page.locator(FIELD).first.fill("abc")
    before = page.evaluate(PLACES)
    page.mouse.move(5, 5)
    page.mouse.down()
    assert page.evaluate(PLACES) == before
    page.mouse.up()
    expect(page.get_by_role("alert")).to_contain_text("abc")


@pytest.mark.parametrize("stem", FIELDED)
def test_message_comes_at_once_by_key(lone_page, widgets, stem):
    page = lone_page(widgets[stem])
    page.locator(FIELD).first.fill("abc")
    page.keyboard.press("Tab")
    assert "abc" in page.get_by_role("alert").inner_text()


def test_list_tells_what_is_wrong_though_the_page_sees_no_end_of_the_press(
    lone_page, widgets
):
    page = lone_page(widgets["padding_explorer"])
    page.locator("[data-control=top]").fill("8")
    mode = page.locator("[data-control=mode]")
    box = mode.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()  # the list that opens takes the rest
    mode.select_option("reflect")
    expect(page.get_by_role("alert")).to_contain_text("reflect")


@pytest.mark.parametrize("touch", [False, True])
def test_press_beside_a_wrong_number_is_taken(lone_page, widgets, touch):
    page = lone_page(widgets["convolution_stepper"], has_touch=touch)
    page.locator("[data-control=bias]").fill("abc")
    edit = page.locator("[data-control=edit]")
    box = edit.bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.touchscreen.tap(*at) if touch else page.mouse.click(*at, delay=50)
    assert edit.is_checked()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("[data-control=step]").click()
    expect(page.get_by_role("alert")).to_be_hidden()


# --- Signs ---------------------------------------------------------------------------

#: A state of each widget in which a sign stands before each of some grids.
SIGNS = {
    "convolution_stepper": {"flip": True},
    "network_explorer": {"inside": True, "unit": [1, 0, 5, 5]},
}

#: The signs that the grid behind them is not beside, and how many there are.
DANGLING = """(place) => {
    const all = [...place.querySelectorAll(".cnn-sign, canvas")];
    const signs = all.filter((el) => /[×=↻]/.test(el.textContent));
    const box = (el) => el.getBoundingClientRect();
    const next = (sign) => all[all.indexOf(sign) + 1];
    const dangling = signs.filter((el) => box(next(el)).left < box(el).right);
    return [dangling.map((el) => el.textContent), signs.length];
}"""


@pytest.mark.parametrize("stem", SIGNS)
def test_sign_stays_with_the_grid_behind_it(lone_page, widgets, stem):
    page = lone_page(widgets[stem])
    place = page.locator(f"[data-widget={stem}]")
    place.evaluate("(place, state) => place.model.set(state)", SIGNS[stem])
    for width in range(320, 800, 20):
        page.set_viewport_size({"width": width, "height": 800})
        dangling, count = place.evaluate(DANGLING)
        assert dangling == [], width
        assert count == (3 if stem == "convolution_stepper" else 2)


# --- Visual Studio Code's rules, and stricter ones -----------------------------------

#: A frame that may run this one module and nothing else. Styles come as text, as in
#: every notebook. The white panel is Visual Studio Code's.
FRAME = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 script-src 'nonce-start' blob:; style-src 'unsafe-inline'">
<style>{css}</style>
<style>.cell-output-ipywidget-background {{ background: white !important }}</style>
<div class="cell-output-ipywidget-background"><main></main><main></main></div>
<script type="module" nonce="start">
  const {{ Model }} = {host};
  const {{ source, state }} = {given};
  const file = new Blob([source], {{ type: "text/javascript" }});
  const {{ default: widget }} = await import(URL.createObjectURL(file));
  window.models = [];
  window.show = async (el) => {{
    const model = new Model(structuredClone(state));
    await widget.initialize?.({{ model }});
    await widget.render({{ model, el }});
    models.push(model);
  }};
  for (const el of document.querySelectorAll("main")) await show(el);
  document.body.dataset.ready = "";
</script>"""


@pytest.fixture
def framed(browser):
    """Opens a widget twice in a frame without an origin; nothing may go wrong there."""
    page, trouble, asked = browser.new_page(), [], []
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda request: asked.append(request.url))

    def open_frame(widget):
        given = {"source": loader.esm(widget.stem), "state": widget.state()}
        text = FRAME.format(
            css=loader.css(),
            host=loader.as_expression("host"),
            given=json.dumps(given).replace("<", "\\u003c"),
        )
        frame = f'sandbox="allow-scripts" srcdoc="{html.escape(text)}"'
        page.set_content(f'<iframe width="900" height="900" {frame}>')
        frame = page.frames[1]
        # Not wait_for_function: it makes code from text when it has to wait.
        frame.locator("body[data-ready]").wait_for()
        return frame

    yield open_frame
    page.close()
    assert trouble == []
    assert [url for url in asked if not url.startswith(("about:", "blob:null/"))] == []


@pytest.mark.parametrize("stem", PRESSES)
def test_widget_lives_twice_in_a_closed_frame(framed, widgets, stem):
    frame = framed(widgets[stem])
    control, trait, wanted = PRESSES[stem]
    get = "(name) => models.map((model) => model.get(name))"
    before = frame.evaluate(get, trait)
    frame.locator("main").first.locator(control).first.click()
    assert frame.evaluate(get, trait) == [wanted, before[1]]
    assert wanted != before[0] == before[1]
    same = frame.evaluate("""() => {
        const [a, b] = [...document.querySelectorAll("main")].map((main) =>
            [...main.querySelectorAll("[id], [name]")].flatMap((e) => [e.id, e.name]));
        return a.filter((name) => name && b.includes(name));
    }""")
    assert same == []


#: The kinds of Visual Studio Code's themes, and whether they are dark.
KINDS = {
    "vscode-light": False,
    "vscode-dark": True,
    "vscode-high-contrast-light": False,
    "vscode-high-contrast": True,
}

#: Writes a kind of theme on the frame's body, as Visual Studio Code does when it opens
#: a frame and whenever its theme changes. Returns what the first widget looks like, and
#: the pictures of one that is shown only then.
LOOK = """async (kind) => {
    document.body.className = kind;
    // The older name stays, for content that does not know the newer one.
    if (kind.endsWith("contrast-light"))
        document.body.className += " vscode-high-contrast";
    document.body.dataset.vscodeThemeKind = kind;
    const fresh = document.createElement("main");
    document.querySelector("div").append(fresh);
    await show(fresh);
    for (const _ of "12") await new Promise(requestAnimationFrame);
    const widget = document.querySelector(".cnnbook");
    const { backgroundColor, color, colorScheme } = getComputedStyle(widget);
    const sum = (color) => color.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
    const canvases = (el) => [...el.querySelectorAll("canvas")];
    const look = {
        dark: sum(backgroundColor) < 200 && 500 < sum(color),
        light: sum(color) < 200 && 500 < sum(backgroundColor),
        controls: colorScheme,
        behind: getComputedStyle(widget.closest("div:not(.cnnbook)")).backgroundColor,
        drawn: canvases(widget).map((canvas) => canvas.toDataURL()),
        afresh: canvases(fresh).map((canvas) => canvas.toDataURL()),
    };
    fresh.remove();
    return look;
}"""


@pytest.mark.parametrize("stem", PRESSES)
def test_widget_takes_the_theme_of_visual_studio_code(framed, widgets, stem):
    frame = framed(widgets[stem])
    for kind, dark in KINDS.items():
        look = frame.evaluate(LOOK, kind)
        assert (look["dark"], look["light"]) == (dark, not dark), kind
        assert look["controls"] == ("dark" if dark else "light"), kind
        assert look["behind"] == "rgba(0, 0, 0, 0)", kind
        assert look["drawn"] == look["afresh"], kind


#: Dispatches keys in every control of the first widget. Returns those that are heard at
#: the window, where Visual Studio Code listens for its shortcuts.
HEARD = """(keys) => {
    const heard = new Set();
    window.addEventListener("keydown", ({ key }) => heard.add(key));
    const widget = document.querySelector("main");
    const kinds = "button, input, select, summary, textarea, [tabindex]";
    for (const control of widget.querySelectorAll(kinds)) {
        for (const [key, modifiers] of keys) {
            const init = { key, bubbles: true, cancelable: true, ...modifiers };
            control.dispatchEvent(new KeyboardEvent("keydown", init));
        }
    }
    return [...heard];
}"""


@pytest.mark.parametrize("stem", PRESSES)
def test_keys_stay_in_the_widget(framed, widgets, stem):
    frame = framed(widgets[stem])
    kept = ["a", "b", "d", "x", "ArrowDown", "ArrowUp", "Delete", "Enter", " ", "Home"]
    assert frame.evaluate(HEARD, [[key, {}] for key in kept]) == []
    with_ctrl = [["s", {"ctrlKey": True}], ["p", {"metaKey": True}]]
    others = [["Escape", {}], ["Tab", {}], ["F1", {}], *with_ctrl]
    assert frame.evaluate(HEARD, others) == ["Escape", "Tab", "F1", "s", "p"]


def test_quiz_is_checked_where_no_form_may_be_sent(framed, widgets):
    frame = framed(widgets["quiz"])
    quiz = frame.locator("main").first
    radio, number = quiz.get_by_role("radio").first, quiz.get_by_role("textbox").first
    radio.check()
    quiz.get_by_role("button", name="Check").first.click()
    number.fill("1")
    number.press("Enter")
    verdicts = "models[0].get('answers').map((answer) => answer.verdict)"
    assert None not in frame.evaluate(verdicts)
    status = quiz.get_by_role("status").first
    status.evaluate("(status) => status.replaceChildren()")
    radio.press("Enter")
    assert status.inner_text()


#: What leaves the frame, makes code from text, or stays in the browser.
FORBIDDEN = re.compile(
    r"""\b(?:fetch|eval|Function|XMLHttpRequest|WebSocket|EventSource|sendBeacon
    |import|importScripts|Worker|open)\s*\(
    |\b(?:window|self|globalThis)\s*\.\s*(?:parent|top|opener|frameElement|location)\b
    |\bdocument\s*\.\s*(?:write|writeln|cookie|domain|location)\b
    |\b(?:localStorage|sessionStorage|indexedDB|caches)\s*[.(\[]
    |https?://(?!www\.w3\.org/)""",
    re.VERBOSE,
)


@pytest.mark.parametrize("stem", loader.stems())
def test_module_keeps_to_itself(stem):
    assert FORBIDDEN.findall(loader.esm(stem)) == []


#: Selectors that are not the widgets' own, unless all they set are our variables. The
#: panel on which Visual Studio Code puts a widget counts as its own.
FOREIGN = """(css) => {
    const panel = ".cell-output-ipywidget-background:has(.cnnbook)";
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const foreign = (rule) => {
        if (rule.selectorText === undefined) {
            if (!rule.cssRules) return [rule.cssText];
            return [...rule.cssRules].flatMap(foreign);
        }
        if ([...rule.style].every((name) => name.startsWith("--cnn-"))) return [];
        return rule.selectorText.split(/,(?![^(]*\\))/)
            .filter((each) => !/(^|[ >])\\.cnn/.test(each) && each !== panel);
    };
    return [...sheet.cssRules].flatMap(foreign);
}"""


def test_styles_touch_nothing_but_widgets(browser):
    page = browser.new_page()
    assert page.evaluate(FOREIGN, loader.css()) == []
    assert page.evaluate(FOREIGN, "p, b .cnn:is(a, b) { --x: 1 }") == ["p"]
    page.close()
