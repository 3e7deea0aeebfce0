"""What a page of the built book costs a reader with a slow phone.

    python -m benchmarks.pages

Opens every chapter, the first page and the gallery in headless Chromium as on a slow
phone (processor slowed down 4 times, 1.6 Mbit/s, 150 ms to the server, gzip), scrolls
to its end, and prints for each: kilobytes on the wire, figures included, requests,
other hosts that were asked (they are not reached), seconds until the first widget has
answered a press, the layout shift on the way, and in chapters the median milliseconds
of the slowest of the redraws that benchmarks/redraw.py lists. Then the same for a stock
Jupyter Book, built from the same notebooks with no settings but a title, whose widgets
have no redraw since they do not come alive. Build the book first.
"""

import gzip
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import sync_playwright

from benchmarks.redraw import ARGUMENTS, redraws
from scripts.chromium import find_chromium

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "_build" / "html"
OTHERS = ("book/index.html", "book/gallery.html")  # pages beside the chapters
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000}  # bytes a s
SLOW |= {"uploadThroughput": 200_000}
SLOWDOWN, PATIENCE = 4, 15  # times; seconds for a widget to answer
TEXTS = {".html", ".js", ".css", ".svg", ".json", ".txt", ".xml"}

# Presses the buttons of the first widget, one after the other, as soon as they are
# there, until something in the widget changes; tells when, in milliseconds after the
# page was asked for. And adds up what jumps.
WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries())
        if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
let pressed = 0;
const look = setInterval(() => {
    const place = document.querySelector('.cnnbook-widget[data-state="live"]');
    if (!place) return;
    const roots = [place, ...place.querySelectorAll("*")].map(each => each.shadowRoot);
    const all = [place, ...roots.filter(Boolean)];
    const buttons = all.flatMap(root => [...root.querySelectorAll("button")]);
    if (!pressed) {
        const options = {subtree: true, childList: true, attributes: true};
        options.characterData = true;
        const seen = new MutationObserver(() => {
            window.answered ??= performance.now();
            clearInterval(look);
        });
        for (const root of all) seen.observe(root, options);
    }
    buttons[pressed++ % buttons.length]?.click();
}, 10);
"""

# Brings every figure into view, so that those that wait for it are loaded too.
SCROLL = """async () => {
    for (const image of document.images) {
        image.scrollIntoView({block: "center"});
        if (!image.complete) await new Promise(resolve => {
            image.addEventListener("load", resolve);
            image.addEventListener("error", resolve);
        });
    }
}"""


class Handler(SimpleHTTPRequestHandler):
    """Serves files as a host of static pages does: texts compressed."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body, packed = content(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@cache
def content(path):
    """The bytes of a file as they are sent, and whether they are compressed."""
    body = path.read_bytes()
    return (gzip.compress(body), True) if path.suffix in TEXTS else (body, False)


@contextmanager
def served(folder):
    """The address of a folder that is served."""
    handler = partial(Handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def stock(folder):
    """Build the chapters with Jupyter Book's own settings; the folder of its pages."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    stems = chapters()
    (folder / "_config.yml").write_text("title: x\nexecute: {execute_notebooks: off}\n")
    lines = [f"  - file: notebooks/{stem}" for stem in stems[1:]]
    first = f"format: jb-book\nroot: notebooks/{stems[0]}\nchapters:\n"
    (folder / "_toc.yml").write_text(first + "\n".join(lines))
    command = [Path(sys.executable).parent / "jupyter-book", "build", folder]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "_build" / "html"


def chapters():
    """The stems of the chapters, in order."""
    return sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def opened(browser):
    """A page as on a slow phone, and the session that reports on its network."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.add_init_script(WATCH)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    return page, session


def measure(browser, address, path):
    """Open a page and read it to its end.

    Returns kilobytes, requests, other hosts, milliseconds to answer, shift, and
    milliseconds of the slowest redraw; None for what there is not.
    """
    page, session = opened(browser)
    sizes, hosts = [], set()
    session.on(
        "Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"])
    )
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(address + path, wait_until="load", timeout=120_000)
    with suppress(PlaywrightTimeoutError):
        page.wait_for_function("window.answered", timeout=PATIENCE * 1000)
    page.evaluate(SCROLL)
    page.wait_for_timeout(2000)  # what comes late and jumps
    answered, shift = page.evaluate("[window.answered, window.shift]")
    times = [statistics.median(each) for *_, each in redraws(page, Path(path).stem)]
    page.close()
    others = {host for host in hosts if host and host != urlsplit(address).netloc}
    slowest = max(times, default=None)
    return sum(sizes) / 1000, len(sizes), len(others), answered, shift, slowest


def table(browser, title, folder, paths):
    """Print a row for each page."""
    names = f"{'KB':>7}{'files':>7}{'hosts':>7}{'answer':>9}{'shift':>8}{'redraw':>9}"
    print(f"\n{title:28}{names}")
    with served(folder) as address:
        for path in paths:
            size, count, hosts, answered, shift, redraw = measure(
                browser, address, path
            )
            said = f"{answered / 1000:.2f} s" if answered else "never"
            drawn = f"{redraw:.1f} ms" if redraw else ""
            row = f"{size:7.0f}{count:7}{hosts:7}{said:>9}{shift:8.3f}{drawn:>9}"
            print(f"{Path(path).stem:28}{row}", flush=True)


def main():
    """Print both tables."""
    if not BOOK.exists():
        sys.exit(f"There is no built book in {BOOK}: run make book first.")
    paths = [f"notebooks/{stem}.html" for stem in chapters()]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS
        )
        table(browser, "this book", BOOK, [*OTHERS, *paths])
        print("\nbuilding the stock Jupyter Book ...", flush=True)
        table(browser, "stock Jupyter Book", stock(Path(folder)), paths)
        browser.close()


if __name__ == "__main__":
    main()
