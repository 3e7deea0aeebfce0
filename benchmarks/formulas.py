"""What the formulas of the built book cost, as MathML and with a local KaTeX.

    python -m benchmarks.formulas KATEX

KATEX is the folder of an unpacked release of KaTeX, with katex.min.js, katex.min.css
and fonts/. Takes the formulas of every chapter from the built book (run make book
first), and prints for each chapter and way: kilobytes on the wire (gzip; of the fonts,
those that Chromium loads for these formulas), requests beside the page, milliseconds
until all formulas are laid out on a processor slowed down 4 times (the median of 5
runs, fonts not counted), and how many formulas a screen reader is told of.

Three ways: MathML written by the build, with the book's own font, as the book has it;
KaTeX run by the build, so that the page has its HTML, its style sheet and fonts; KaTeX
run in the page.
"""

import gzip
import pickle
import statistics
import sys
from pathlib import Path

from docutils import nodes
from playwright.sync_api import sync_playwright

from benchmarks.pages import SLOWDOWN, chapters, served
from benchmarks.redraw import ARGUMENTS
from cnnbook.sphinx_ext import mathml
from scripts.chromium import find_chromium

ROOT = Path(__file__).parent.parent
RUNS = 5

FONT = ROOT / "book" / "_static" / "math.woff2"
OWN_STYLES = """<style>
@font-face { font-family: "Book Math"; src: url("math.woff2") format("woff2"); }
math { font-family: "Book Math", math; }
</style>"""
STYLES = '<link rel="stylesheet" href="katex.min.css">'
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8">{head}<main></main>'

# Puts markup into the page, or has KaTeX make it there; tells how long that takes.
SHOW = """async ([markup, formulas]) => {
    const main = document.querySelector("main");
    const start = performance.now();
    if (markup) main.innerHTML = markup;
    else for (const [text, displayMode] of formulas) {
        const place = main.appendChild(document.createElement("p"));
        katex.render(text, place, {displayMode});
    }
    main.getBoundingClientRect();
    const took = performance.now() - start;
    await document.fonts.ready;
    return took;
}"""
RENDER = """formulas => formulas.map(([text, displayMode]) =>
    katex.renderToString(text, {displayMode}))"""


def formulas_of(stem):
    """The formulas of a chapter: pairs of LaTeX and whether it is displayed."""
    path = ROOT / "_build" / ".doctrees" / "notebooks" / f"{stem}.doctree"
    if not path.exists():
        sys.exit(f"There is no {path}: run make book first.")
    tree = pickle.loads(path.read_bytes())
    found = tree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))
    return [(node.astext(), isinstance(node, nodes.math_block)) for node in found]


def packed(text):
    """Bytes on the wire."""
    return len(gzip.compress(text.encode()))


def measure(browser, address, head, markup, formulas):
    """Show formulas; milliseconds, sizes of the fonts, formulas told of."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    sizes = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.route("**/empty", lambda route: route.fulfill(body=PAGE.format(head=head)))
    page.route("**/math.woff2", lambda route: route.fulfill(path=FONT))
    page.goto(address + "empty")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    sizes.clear()
    took = page.evaluate(SHOW, [markup, formulas])
    page.wait_for_load_state("networkidle")
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    told = sum(each["role"]["value"] == "MathMLMath" for each in tree)
    page.close()
    return took, sizes, told


def row(name, browser, address, head, markup, formulas, files):
    """Print one row; `files` are the bytes of what is loaded beside the fonts."""
    runs = [measure(browser, address, head, markup, formulas) for _ in range(RUNS)]
    took = statistics.median(each[0] for each in runs)
    _, fonts, told = runs[0]
    total = sum([packed(markup or str(formulas)), *files, *fonts]) / 1000
    count = len(files) + len(fonts)
    print(f"  {name:28}{total:8.1f}{count:7}{took:8.1f}{told:9}")


def packed_files(katex):
    """Bytes on the wire of KaTeX's style sheet and script."""
    for name in ("katex.min.css", "katex.min.js", "fonts"):
        if not (katex / name).exists():
            sys.exit(f"{katex} is no release of KaTeX: it has no {name}.")
    names = ("katex.min.css", "katex.min.js")
    return [packed((katex / name).read_text(encoding="utf-8")) for name in names]


def paragraphs(markups):
    """One paragraph for each formula."""
    return "".join(f"<p>{markup}</p>" for markup in markups)


def main(katex):
    """Print three rows for each chapter."""
    css, js = packed_files(katex)
    load = f'{STYLES}<script src="katex.min.js"></script>'
    with sync_playwright() as playwright, served(katex) as address:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS
        )
        maker = browser.new_page()
        maker.add_script_tag(path=katex / "katex.min.js")
        for stem in chapters():
            formulas = formulas_of(stem)
            title = f"{stem} ({len(formulas)})"
            print(f"\n{title:30}{'KB':>8}{'files':>7}{'ms':>8}{'told':>9}")
            own = paragraphs(
                mathml(text, "block" if block else "inline") for text, block in formulas
            )
            built = paragraphs(maker.evaluate(RENDER, formulas))
            row("MathML", browser, address, OWN_STYLES, own, formulas, [])
            row("KaTeX at build", browser, address, STYLES, built, formulas, [css])
            row("KaTeX in the page", browser, address, load, None, formulas, [css, js])
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
