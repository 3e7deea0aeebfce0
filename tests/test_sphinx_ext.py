"""The published page, from small books built with the real configuration."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat.v4 as nbf
import pytest
from bs4 import BeautifulSoup

from cnnbook import sphinx_ext
from cnnbook.widgets import LayerCost
from cnnbook.widgets.loader import page_files

ROOT = Path(__file__).parent.parent
STEM = next(
    name[:-3] for name in page_files() if name.endswith(".js") and name != "host.js"
)
# A picture of one pixel
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


def widget(name):
    return (
        f'<div class="cnnbook-widget" data-widget="{name}">'
        '<script type="application/json">{}</script><p>In words.</p></div>'
    )


def notebook(*outputs):
    """The text of a notebook with one code cell for each output."""
    cells = [nbf.new_markdown_cell("# A chapter\n\nIts size is $n^2$.", id="title")]
    for number, (data, metadata) in enumerate(outputs):
        output = nbf.new_output("display_data", data, metadata=metadata)
        cell = nbf.new_code_cell("show()", outputs=[output], id=f"cell-{number}")
        cells.append(cell | {"execution_count": 1})
    metadata = {"language_info": {"name": "python"}}
    return json.dumps(nbf.new_notebook(cells=cells, metadata=metadata))


def directive(*lines):
    """A Markdown page with a widget that these lines make."""
    return "\n".join(["# A page", "", "```{widget}", *lines, "```", "", "The end.", ""])


def figure(**metadata):
    return {"image/png": PNG, "text/plain": "<Figure>"}, {"image/png": metadata}


def build(folder, pages, url=""):
    """Build a book of the given pages, and return the finished process."""
    shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
    shutil.copytree(ROOT / "book" / "_templates", folder / "book" / "_templates")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    config = re.sub(r'(?m)^  url: ".*?"', f'  url: "{url}"', config)
    config = re.sub(r'(?m)^  baseurl: ".*?"', '  baseurl: ""', config)
    (folder / "_config.yml").write_text(config, encoding="utf-8")
    toc = ["format: jb-book", "root: book/index", "chapters:"]
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        if name != "book/index.md":
            toc.append(f"  - file: {name}")
    (folder / "_toc.yml").write_text("\n".join(toc), encoding="utf-8")
    return run_build(folder)


def run_build(folder):
    command = "from jupyter_book.cli.main import main; main()"
    arguments = ["build", folder, "-W", "--keep-going", "-n"]
    return subprocess.run(
        [sys.executable, "-c", command, *arguments],
        capture_output=True,
        check=False,  # some builds are meant to fail
        text=True,
        cwd=folder,
    )


LIVE = ["from cnnbook.widgets import LayerCost", "side = 4 * 7", "LayerCost(side=side)"]

GOOD = {
    "book/index.md": (
        "# The book\n\n$$\n\\left\\lfloor \\frac{H}{S} \\right\\rfloor\n$$ (size)\n\n"
        "See {eq}`size`.\n\n```python\nprint(1)\n```\n"
    ),
    "notebooks/01_chapter.ipynb": notebook(
        figure(alt='One "dark" pixel.', width=640, height=300),
        ({"text/html": widget(STEM), "text/plain": "Widget()"}, {}),
    ),
    "book/live.md": directive(*LIVE),
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of a built book without mistakes."""
    folder = tmp_path_factory.mktemp("good")
    done = build(folder, GOOD)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory):
    """The finished build of a book with one mistake of each kind."""
    pages = GOOD | {
        "book/formula.md": "# A formula\n\nThis is $\\nosuchcommand{x}$.\n",
        "notebooks/02_figure.ipynb": notebook(figure(width=640, height=300)),
        "notebooks/03_widget.ipynb": notebook(({"text/html": widget("nobody")}, {})),
        "book/raises.md": directive("import math", "math.sqrt(-1)"),
        "book/refuses.md": directive(*LIVE[:1], "LayerCost(size=28)"),
        "book/number.md": directive("1 + 1"),
        "book/statement.md": directive(*LIVE[:1], "w = LayerCost(side=28)"),
        "book/syntax.md": directive("LayerCost(side="),
        "book/empty.md": directive(),
    }
    return build(tmp_path_factory.mktemp("mistakes"), pages)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of a built book whose repository's address is known."""
    folder = tmp_path_factory.mktemp("published")
    done = build(folder, GOOD, url="https://github.com/owner/name")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


def pages(book):
    return sorted(path for path in book.rglob("*.html") if "_static" not in path.parts)


def soup(path):
    return soup_of(path.read_text(encoding="utf-8"))


def soup_of(text):
    return BeautifulSoup(text, "html.parser")


def loaded(path):
    """Addresses of everything that a page loads by itself."""
    page = soup(path)
    links = page.select("link[href]:not([rel=next], [rel=prev], [rel=search])")
    sources = [tag["src"] for tag in page.select("[src]")]
    return [tag["href"] for tag in links] + sources


def scripts(path):
    return [
        tag["src"].split("?")[0].split("/")[-1]
        for tag in soup(path)("script", src=True)
    ]


# What pages load


def test_pages_load_only_files_of_the_book(book):
    assert len(pages(book)) == 6  # the redirect, 404, the search page and ours
    for page in pages(book):
        for address in loaded(page):
            assert not re.match(r"[a-z]+:|/", address), f"{page.name} loads {address}"
            assert (page.parent / address.split("?")[0]).is_file(), address


def test_style_sheets_name_no_other_host(book):
    sheets = list(book.rglob("*.css"))
    assert any(sheet.name == "book.css" for sheet in sheets)
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"""(url\(|@import )['"]?(https?:)?//""", text), sheet


@pytest.mark.parametrize(
    "name", ["fontawesome", "bootstrap", "mathjax", "require", "thebe", "embed-amd"]
)
def test_heavy_scripts_are_not_there(book, name):
    assert not list(book.rglob(f"*{name}*.js"))
    for page in pages(book):
        text = page.read_text(encoding="utf-8").lower()
        assert not re.search(f"<script[^>]*{name}", text), page


def test_only_the_search_page_loads_the_index(book):
    assert (book / "searchindex.js").is_file()
    for page in pages(book):
        found = {"searchindex.js", "searchtools.js"} & set(scripts(page))
        assert bool(found) == (page.name == "search.html"), page


def test_every_page_has_a_search_field_and_a_color_switch(book):
    for name in ("book/index.html", "notebooks/01_chapter.html"):
        page = soup(book / name)
        assert page.select_one("form.bd-search[action$='search.html']")
        assert page.select_one("button.theme-switch-button")


def test_address_of_the_site_leads_to_the_first_page(book):
    assert soup(book / "index.html").select_one("h1 a")["href"] == "book/index.html"
    refresh = soup(book / "index.html").select_one("meta[http-equiv=refresh]")
    assert refresh["content"] == "0; url=book/index.html"


# Formulas


def test_formulas_are_mathml(book):
    page = soup(book / "book/index.html")
    block = page.select_one("div.math")
    assert block.math["display"] == "block"
    assert block.mfrac.get_text() == "HS"
    assert block.select_one("span.eqno").get_text().startswith("(1)")
    inline = soup(book / "notebooks/01_chapter.html").select_one("article math")
    assert (inline["display"], inline.msup.get_text()) == ("inline", "n2")
    assert "\\" not in page.select_one("article").get_text()


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\left\lfloor n \right\rfloor", 'form="prefix">⌊</mo>'),
        (r"x_{i}", "<msub><mi>x</mi><mrow><mi>i</mi></mrow></msub>"),
        (r"a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\text{a < b}", "<mtext>a\xa0&lt;\xa0b</mtext>"),
        (r"\{ 1 \}", "{"),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", "<mtd><mn>2</mn></mtd>"),
        (r"\begin{aligned} a &= b \end{aligned}", '<mtd columnalign="right">'),
        (r"\mathrm{W}", "<mtext>W</mtext>"),
        ("x = -1", '<mo>=</mo><mo form="prefix">−</mo><mn>1</mn>'),
        (r"-\infty", "<mo>−</mo><mi>∞</mi>"),
        ("(-x)", '<mo form="prefix">−</mo><mi>x</mi>'),
        ("(2)-1", '<mo stretchy="false">)</mo><mo>−</mo><mn>1</mn>'),
        (r"\max(0, x)", '<mi>max</mi><mo stretchy="false">(</mo>'),
        (r"\tanh z", '<mi>tanh</mi><mspace width="0.17em"></mspace><mi>z</mi>'),
        (r"\log_2 8", '</msub><mspace width="0.17em"></mspace><mn>8</mn>'),
        (r"\ln\frac{1}{3}", '<mi>ln</mi><mspace width="0.17em"></mspace><mfrac>'),
        (r"\log\left(x\right)", "<mi>log</mi><mrow><mo "),
        (r"\ln \, x", '<mi>ln</mi><mspace width="0.167em"></mspace><mi>x</mi>'),
        ("2x y", "<mn>2</mn><mi>x</mi><mi>y</mi>"),
    ],
)
def test_mathml(latex, expected):
    assert expected in sphinx_ext.mathml(latex)


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\nosuchcommand{x}", "nosuchcommand"),
        (r"\label{a} b", "label"),
        ("a & b", "&"),
        ("a }", "}"),
        (r"\frac{a}", "mfrac"),
        (r"\left( a", "MissingRight"),
        (r"a \\ b", "line"),
        (r"\mathbf{wx}", "bold"),
        ("x_", "MissingSuperScriptOrSubscript"),
    ],
)
def test_mathml_refuses_what_it_cannot_read(latex, message):
    with pytest.raises(ValueError, match=message):
        sphinx_ext.mathml(latex)


def test_bad_formula_is_a_warning(mistakes):
    assert mistakes.returncode != 0
    assert re.search(r"book/formula\.md.*WARNING.*nosuchcommand", mistakes.stderr)


# Figures


def test_figure_has_its_alt_text_and_size(book):
    [image] = soup(book / "notebooks/01_chapter.html").select(".cell_output img")
    assert image["alt"] == 'One "dark" pixel.'
    assert (image["width"], image["height"]) == ("640", "300")
    assert image["loading"] == "lazy"
    assert "style" not in image.attrs


def test_figure_without_alt_text_is_a_warning(mistakes):
    assert re.search(r"02_figure\.ipynb.*WARNING.*no alt text", mistakes.stderr)
    assert "01_chapter" not in mistakes.stderr


# Widgets


def test_widgets_are_loaded_where_they_stand(book):
    page = book / "notebooks/01_chapter.html"
    ours = [name for name in scripts(page) if name in page_files()]
    assert ours == ["host.js", f"{STEM}.js"]
    assert any("cnnbook/widgets.css?v=" in address for address in loaded(page))
    tags = soup(page).select("script[src*='cnnbook/']")
    assert all("defer" in tag.attrs and "?v=" in tag["src"] for tag in tags)


def test_other_pages_load_no_widgets(book):
    assert not any("cnnbook" in name for name in loaded(book / "book/index.html"))


def test_widgets_keep_their_words_without_javascript(book):
    place = soup(book / "notebooks/01_chapter.html").select_one(".cnnbook-widget")
    assert place.p.get_text() == "In words."


def test_unknown_widget_is_a_warning(mistakes):
    assert re.search(r"03_widget\.ipynb.*WARNING.*'nobody'", mistakes.stderr)


def test_widget_of_a_page_that_is_no_notebook(book):
    page = book / "book/live.html"
    places = soup(page).select("article .cnnbook-widget")
    [place] = places
    assert str(place) == str(soup_of(LayerCost(side=28).to_html()).div)
    ours = [name for name in scripts(page) if name in page_files()]
    assert ours == ["host.js", "layer_cost.js"]
    assert "from cnnbook" not in soup(page).select_one("article").get_text()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("raises", "the widget failed: ValueError: .*"),
        ("refuses", "the widget failed: TypeError: LayerCost has no trait 'size'"),
        ("number", "TypeError: expected a widget on the last line, got int"),
        ("statement", "expected a widget on the last line, got no expression"),
        ("syntax", "the widget failed: SyntaxError: .*"),
        ("empty", "expected a widget on the last line, got no expression"),
    ],
)
def test_widget_that_cannot_be_made_is_an_error(mistakes, page, message):
    assert re.search(
        rf"book/{page}\.md:\d+: (ERROR|WARNING): .*{message}", mistakes.stderr
    )


def test_widget_of_a_page_is_made_by_every_build(book):
    """Its code may read what has changed since."""
    folder, page = book.parent.parent, book / "book/live.html"
    number = folder / "number.txt"
    source = folder / "book/live.md"
    lines = [*LIVE[:1], "from pathlib import Path", f"text = Path({str(number)!r})"]
    source.write_text(directive(*lines, "LayerCost(side=int(text.read_text()))"))
    for side in (9, 31):
        number.write_text(str(side))
        assert run_build(folder).returncode == 0
        state = soup(page).select_one(".cnnbook-widget script").get_text()
        assert json.loads(state)["side"] == side


def test_widget_files_are_written_by_every_build(book):
    host = book / "_static" / "cnnbook" / "host.js"
    host.write_text("// yesterday's")
    assert run_build(book.parent.parent).returncode == 0
    assert host.read_text(encoding="utf-8") == page_files()["host.js"]


def test_changed_assets_write_the_pages_again(monkeypatch, tmp_path):
    config = SimpleNamespace(html_static_path=["static"], templates_path=["none"])
    style = tmp_path / "static" / "book.css"
    style.parent.mkdir()
    digests = []
    for script, css in (("one", ""), ("two", ""), ("two", "a"), ("two", "a")):
        style.write_text(css, encoding="utf-8")
        monkeypatch.setattr(sphinx_ext, "page_files", lambda text=script: {"a": text})
        sphinx_ext.set_assets_digest(SimpleNamespace(confdir=tmp_path), config)
        digests.append(config.cnnbook_assets_digest)
    assert len(set(digests)) == 3
    assert digests[2] == digests[3]


def test_a_changed_style_sheet_reaches_the_built_page(book):
    source = book.parent.parent / "book" / "_static" / "book.css"
    source.write_text(
        source.read_text(encoding="utf-8") + "/* new */", encoding="utf-8"
    )
    assert run_build(book.parent.parent).returncode == 0
    assert "/* new */" in (book / "_static" / "book.css").read_text(encoding="utf-8")


# Repository


def test_no_repository_no_buttons(book):
    for page in pages(book):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"github\.com|mybinder\.org", text), page
        assert not soup(page).select("[popovertarget], a[download]"), page
    assert not (book / "_sources").exists()


def test_notebook_can_be_downloaded(published):
    page = published / "notebooks/01_chapter.html"
    link = soup(page).select_one("a[download]")
    copy = (page.parent / link["href"]).read_text(encoding="utf-8")
    assert json.loads(copy) == json.loads(GOOD["notebooks/01_chapter.ipynb"])
    assert not soup(published / "book/index.html").select("a[download]")


def test_buttons_of_a_known_repository(published):
    page = soup(published / "notebooks/01_chapter.html")
    links = {tag["href"].split("?")[0] for tag in page.select("[popover] a")}
    base = "https://github.com/owner/name"
    assert links == {
        base,
        f"{base}/issues/new",
        f"{base}/edit/main/notebooks/01_chapter.ipynb",
        "https://mybinder.org/v2/gh/owner/name/main",
        "https://colab.research.google.com/github/owner/name/blob/colab/notebooks/"
        "01_chapter.ipynb",
    }
    menus = {tag["id"] for tag in page.select("[popover]")}
    assert menus == {tag["popovertarget"] for tag in page.select("[popovertarget]")}
