"""The browser, the built book as served and from disk, and pages that are watched."""

import json
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from playwright.sync_api import sync_playwright

from cnnbook.widgets import loader
from scripts.chromium import find_chromium

BOOK = Path(__file__).parent.parent / "_build" / "html"

#: How readers come to a page: options of a browser context.
MODES = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}

#: No host has an address but this machine, whatever the page or the browser asks for.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"

ARGUMENTS = [
    OFFLINE,
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium for all tests."""
    path = find_chromium()
    assert path, "no Chromium: run `make tools`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def built_book():
    """The folder of the built book."""
    assert (BOOK / "index.html").exists(), f"no book in {BOOK}: run `make book` first"
    return BOOK


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and does not write every request into the test's output."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def server(built_book):
    """The address of the book in a sub-folder of a host, as on most pages hosts."""
    handler = partial(QuietHandler, directory=built_book.parent)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{built_book.name}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def homes(request, built_book):
    """Gives the address of the book's folder, "served" or from "disk"."""

    def home(kind):
        if kind == "served":
            return request.getfixturevalue("server")
        return built_book.as_uri() + "/"

    return home


@pytest.fixture(scope="session", params=["served", "disk"])
def home(request, homes):
    """The address of the book's folder, once on a server and once on disk."""
    return homes(request.param)


class Watch:
    """Blocks what a context asks for outside the book, and keeps what went wrong."""

    def __init__(self, context, home):
        self.home, self.foreign, self.errors = home, [], []
        context.route("**/*", self._route)
        context.on("console", self._keep_message)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("requestfailed", self._keep_failure)
        context.on("response", self._keep_status)

    @property
    def trouble(self):
        """Everything that must not happen, in words; empty on a good page."""
        return [f"asked for {url}" for url in self.foreign] + self.errors

    def _route(self, route):
        if route.request.url.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def _keep_message(self, message):
        if message.type == "error":
            self.errors.append(message.text)

    def _keep_failure(self, request):
        # What the browser itself gives up on leaving a page is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"{request.failure} {request.url}")

    def _keep_status(self, response):
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")


@contextmanager
def opened(browser, home, path, **options):
    """A page of the book in a context of its own; `page.watch` is its `Watch`."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    watch = Watch(context, home)
    try:
        page = context.new_page()
        page.watch = watch
        page.goto(home + path)
        yield page
    finally:
        context.close()


@pytest.fixture
def visit(browser, home):
    """Opens pages of the book by path; at the end nothing may have gone wrong."""
    pages = []
    with ExitStack() as stack:

        def open_page(path, **options):
            page = stack.enter_context(opened(browser, home, path, **options))
            pages.append(page)
            return page

        yield open_page
    assert [trouble for page in pages for trouble in page.watch.trouble] == []


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Thousands of tiny tensors are faster without other threads to wait for."""
    torch.set_num_threads(1)


# --- One widget alone ----------------------------------------------------------------


@pytest.fixture(scope="module")
def module(browser, request):
    """A page that holds the exports of a widget's module as `js`; also `kit`, `host`.

    The widget is the one that the file of tests is named after.
    """
    stem = request.path.stem.removeprefix("test_")
    page = browser.new_page()
    for name, source in {"kit": "kit", "host": "host", "js": stem}.items():
        page.add_script_tag(content=f"var {name} = {loader.as_expression(source)};")
    yield page
    page.close()


def evaluate(module, function, cases):
    """The results of a function in the page; as JSON, which Playwright sends faster."""
    source = f"(text) => JSON.stringify(JSON.parse(text).map({function}))"
    return json.loads(module.evaluate(source, json.dumps(cases)))


@pytest.fixture
def lone_page(browser, tmp_path):
    """Opens widgets on a page of their own, from disk; at the end, nothing went wrong.

    `page.requests` are the addresses that the page asked for.
    """
    pages, errors = [], []

    def open_page(*widgets, theme="light", script=True, **options):
        for name, text in loader.page_files().items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        path = tmp_path / "page.html"
        path.write_text(page_of(widgets, theme, script), encoding="utf-8")
        page = browser.new_page(**options)
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.requests = []
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []


def page_of(widgets, theme="light", script=True):
    """An HTML page with nothing but these widgets; its files stand beside it."""
    stems = ["host", *sorted({widget.stem for widget in widgets})]
    scripts = "".join(f"<script src={stem}.js></script>" for stem in stems)
    body = "".join(widget.to_html() for widget in widgets)
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Widgets</title><link rel="stylesheet" href="widgets.css">'
        f"<main><h1>Widgets</h1>{body}</main>{scripts if script else ''}"
    )


#: Runs a widget as JupyterLab does; counts who listens to its model.
START = """async ([source, hostSource, state]) => {
    const file = new Blob([source], { type: "text/javascript" });
    const { default: widget } = await import(URL.createObjectURL(file));
    const { Model } = (0, eval)(hostSource);
    window.listeners = 0;
    window.model = new Model(state);
    const [on, off] = [model.on.bind(model), model.off.bind(model)];
    const count = (events) => events.split(" ").length;
    model.on = (events, f) => { listeners += count(events); on(events, f); };
    model.off = (events, f) => { listeners -= count(events); off(events, f); };
    window.end = widget.render({ model, el: document.body });
}"""


def start_widget(page, widget):
    """Run a widget in an empty page, which then has `model`, `listeners`, `end()`."""
    sources = loader.esm(widget.stem), loader.as_expression("host")
    page.evaluate(START, [*sources, widget.state()])
