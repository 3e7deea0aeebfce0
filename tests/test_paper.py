"""The book without JavaScript, on paper, and as one file."""

import re
import zipfile
from io import BytesIO
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest

from scripts import articles, epub, pdf
from tests.conftest import opened
from tests.test_pages import CHAPTER, CHAPTERS, READ

# --- Without JavaScript --------------------------------------------------------------

#: The pages of the table of contents.
LISTED = re.findall(
    r"(?:root|file): (\S+)", (articles.ROOT / "_toc.yml").read_text(encoding="utf-8")
)

#: What can be seen but does nothing: buttons and fields that need a script.
DEAD = """() => [...document.querySelectorAll("button, input, select, textarea")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .filter((element) => !element.hasAttribute("popovertarget"))
  .map((element) => element.outerHTML.slice(0, 120))"""


#: Links of the list of pages that are out of sight or of the page's width, or covered
#: even when they are scrolled to.
OUT_OF_REACH = """(links) => links.filter((link) => {
  link.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, right, top, bottom } = link.getBoundingClientRect();
  const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return found !== link || left < 0 || right > innerWidth || bottom - top < 10;
}).map((link) => link.textContent)"""


# A page for what is not there has two links, and no list of pages
@pytest.fixture(scope="module", params=[path for path in READ if path != "404.html"])
def plain(request, browser, homes):
    """A page with scripts off."""
    with opened(
        browser, homes("disk"), request.param, java_script_enabled=False
    ) as page:
        yield page


@pytest.mark.parametrize("width", [1280, 390])
def test_plain_page_leads_to_all_others_and_nothing_is_dead(plain, width):
    plain.set_viewport_size({"width": width, "height": 844})
    assert plain.evaluate(DEAD) == []
    links = plain.locator("nav.bd-docs-nav a[href]")
    assert links.count() == len(LISTED)
    assert links.evaluate_all(OUT_OF_REACH) == []
    assert plain.evaluate("document.documentElement.scrollWidth") <= width


def test_plain_widgets_say_what_they_show(plain):
    for widget in plain.locator(".cnnbook-widget").all():
        said = widget.locator("> p, > ol").first
        assert said.is_visible()
        assert len(said.inner_text()) > 20
        assert widget.get_by_text("A widget stands here").is_visible()


def test_plain_answer_unfolds(browser, homes):
    with opened(browser, homes("disk"), CHAPTER, java_script_enabled=False) as page:
        details = page.locator("details").first
        hidden = details.locator("> :not(summary)").first
        assert not hidden.is_visible()
        details.locator("summary").click()
        assert hidden.is_visible()


# --- On paper ------------------------------------------------------------------------

#: What lies outside the text's width, is cut off by its own box, or is longer than a
#: page though it cannot be broken. What only a screen reader is to find does not count.
CUT_OFF = """([width, height]) => [...document.querySelectorAll("body *")]
  .filter((element) => {
    if (!element.checkVisibility() || element.closest(".cnn-hidden")) return false;
    const box = element.getBoundingClientRect();
    if (element.closest("svg, math")) return false;
    const style = getComputedStyle(element);
    const cut = style.overflowX !== "visible" && style.display !== "inline" &&
      element.scrollWidth > element.clientWidth + 1;
    const long = element.matches("img, canvas, pre, tr") && box.height > height;
    return box.right > width + 1 || box.left < -1 || cut || long;
  })
  .map((element) => element.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def sheet(browser, built_book):
    """What is printed, as a page."""
    with pdf.opened(browser, built=built_book) as page:
        page.data = pdf.numbered(page)
        yield page


@pytest.fixture(scope="module")
def printed(sheet):
    """The PDF as bytes."""
    return sheet.data


def test_nothing_is_cut_off_on_paper(sheet):
    width = sheet.viewport_size["width"]
    height = int((pdf.PAPERS["a4"][1] - 2 * pdf.MARGIN) * 96 / 25.4)
    assert sheet.evaluate(CUT_OFF, [width, height]) == []
    assert sheet.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_has_every_figure_and_widget(sheet):
    sizes = sheet.locator("img").evaluate_all("(all) => all.map((i) => i.naturalWidth)")
    assert len(sizes) > 3 * len(CHAPTERS)
    assert all(sizes)
    widgets = sheet.locator(".cnnbook-widget > div > .cnnbook")
    shown = widgets.evaluate_all("(all) => all.map((one) => one.checkVisibility())")
    assert len(shown) == sheet.locator(".cnnbook-widget").count() > 2 * len(CHAPTERS)
    assert all(shown)


#: What in a widget says how to operate it, or names a control that is not there.
HINTS = r"""() => [...document.querySelectorAll(".cnnbook:not(.cnn-quiz) *")]
  .filter((element) => element.checkVisibility() && !element.closest(".cnn-hidden"))
  .filter((element) => {
    const text = [...element.childNodes].map((node) => node.data ?? "").join("");
    const field = element.matches(
      ".cnn-field:not(.cnn-slide), .cnn-check, .cnn-cost-presets");
    return /(^|\. )(Press|Drag|Arrow keys)\b/.test(text) || field && ![...element.
      querySelectorAll("button, input, select, canvas")].some((control) =>
      control.checkVisibility());
  })
  .map((element) => element.outerHTML.slice(0, 200))"""


def test_widgets_on_paper_do_not_say_how_to_operate_them(sheet):
    assert sheet.evaluate(HINTS) == []


def test_no_room_is_kept_on_paper_for_a_widget_that_is_there(sheet):
    place = sheet.locator("[data-widget=network_explorer]").first
    assert place.evaluate("(place) => getComputedStyle(place).minHeight") == "0px"


#: What in a widget looks as if it could be pressed.
PRESSED = """() => [...document.querySelectorAll(".cnnbook *")]
  .filter((control) => control.matches("button, select, summary, input[type=range]"))
  .filter((control) => control.checkVisibility())
  .filter((control) => {
    const { appearance, borderTopWidth } = getComputedStyle(control);
    return !(control.matches("select") && appearance + borderTopWidth === "none0px");
  })
  .map((control) => control.outerHTML.slice(0, 200))"""


def test_nothing_on_paper_asks_to_be_pressed(sheet):
    assert sheet.evaluate(PRESSED) == []
    assert sheet.locator(".copybtn, .headerlink").count() == 0


def test_answers_to_predictions_are_printed(sheet):
    folded = sheet.locator("details:not(.cnnbook details) > :not(summary)")
    shown = folded.evaluate_all(
        "(all) => all.map((answer) => answer.checkVisibility())"
    )
    assert len(shown) > len(CHAPTERS)
    assert all(shown)


def test_paper_has_the_pages_of_its_size_and_no_other(printed):
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert {tuple(round(float(n) / 72 * 25.4) for n in box) for box in boxes} == {
        pdf.PAPERS["a4"]
    }
    assert 100 < len(boxes) < 300
    assert len(printed) < 15e6


def test_links_of_the_pdf_stay_in_it_or_lead_to_the_web(printed):
    targets = pdf.first_pages(printed)
    inside = re.findall(rb"/Subtype /Link[^>]*/Dest /([\w#.%-]+)", printed)
    assert len(inside) > 60
    assert {name.decode() for name in inside} <= set(targets)
    outside = re.findall(rb"/URI \(([^)]*)\)", printed)
    assert [url for url in outside if not url.startswith(b"https://")] == []


def test_contents_say_on_which_page_each_article_begins(sheet, printed):
    targets = pdf.first_pages(printed)
    lines = sheet.locator(".pages a").evaluate_all(
        "(all) => all.map((link) => [link.hash.slice(1), link.dataset.page])"
    )
    assert [name for name, _ in lines] == [
        *(name.replace("/", "-") for name, _ in articles.contents()),
        articles.ANSWERS,
    ]
    assert lines == [[name, str(targets[name])] for name, _ in lines]
    pages = [int(page) for _, page in lines]
    assert pages[0] == 3  # after the title and the contents
    assert pages == sorted(set(pages))


def test_pdf_has_tags_an_outline_and_a_language(printed):
    assert re.search(rb"/Type /MarkInfo\s*/Marked true", printed)
    assert b"/StructTreeRoot" in printed
    assert b"/Lang (en)" in printed
    assert int(re.search(rb"/Type /Outlines[^>]*/Count (\d+)", printed)[1]) > 100


def pdf_text(written):
    """What a string of a PDF says, as Chromium writes it."""
    if written.startswith(b"<"):
        return bytes.fromhex(written[1:-1].decode()).decode("utf-16")
    return re.sub(rb"\\(.)", rb"\1", written[1:-1]).decode("ascii")


def test_outline_says_each_heading_once(sheet, printed):
    string = rb"(\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f]+>)"
    titles = re.findall(rb"/Title " + string + rb"\n/(?:Dest|A) ", printed)
    headings = sheet.locator("h1, h2, h3, h4, h5, h6").filter(visible=True)
    wanted = [" ".join(text.split()) for text in headings.all_inner_texts()]
    found = [" ".join(pdf_text(title).split()) for title in titles]
    assert sorted(found) == sorted(wanted)


def test_pdf_names_its_author_once(printed):
    [author] = re.findall(rb"/Author (<[0-9a-f]+>)", printed)
    assert pdf_text(author) == articles.config()["author"]
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", printed)[1])
    number, place = re.match(rb"xref\n(\d+) 1\n(\d+) 0", printed[start:]).groups()
    assert printed[int(place) :].startswith(number + b" 0 obj\n<</Title")
    assert b"/Info %s 0 R" % number in printed[start:]


def test_every_question_has_its_answer_at_the_end(sheet):
    asked = sheet.locator(".cnn-question").count()
    answers = sheet.locator("#answers > ol > li")
    assert answers.count() == asked > 4 * len(CHAPTERS)
    chapter = sheet.locator("#answers h2", has_text="Chapter 2").locator("+ ol > li")
    question, answer = chapter.first.inner_text().split("\n")
    assert question.startswith("A picture has 8 × 8 pixels, a kernel 2 × 2,")
    assert answer.startswith("49.")
    asked = sheet.locator("#notebooks-02_convolution .cnn-question").first
    assert question in asked.inner_text()


def test_what_is_to_be_worked_on_is_not_in_the_book():
    names = [name for name, _ in articles.contents()]
    assert "book/glossary" in names
    assert {f"notebooks/{name}" for name in names if "assign" in name} == set()
    assert [f"{name}.html" for name in names if "notebooks" in name] == CHAPTERS


def test_answer_of_each_kind_of_question():
    choice = {"text": "`a` < b", "right": True, "reason": "So it is."}
    other = {"text": "`b` < a", "right": False, "reason": "It is not."}
    question = {"kind": "choice", "choices": [other, choice]}
    wanted = "<strong><code>a</code> &lt; b.</strong> So it is."
    assert articles.answer(question) == wanted
    numeric = {"kind": "numeric", "names": ["n"], "draws": [[3], [4]]}
    numeric |= {"answer": "n * n", "right": "{n} times {n}."}
    assert articles.answer(numeric) == "<strong>9.</strong> 3 times 3."
    numeric |= {"text": "`n` is {n}. Its square?"}
    wanted = "<code>n</code> is 3. Its square?<br><strong>9.</strong> 3 times 3."
    assert articles.answered(numeric) == wanted


@pytest.mark.parametrize(
    ("reason", "printed"),
    [
        ("Yes. One map for each filter.", "One map for each filter."),
        ("Yes: as deep as what comes in.", "As deep as what comes in."),
        ("Yes, and nothing else.", "And nothing else."),
        ("Yes: n − k + 1 places.", "n − k + 1 places."),
        ("Yesterday it was.", "Yesterday it was."),
    ],
)
def test_printed_answer_does_not_say_yes_to_nobody(reason, printed):
    choice = {"text": "This", "right": True, "reason": reason}
    said = articles.answer({"kind": "choice", "choices": [choice]})
    assert said == f"<strong>This.</strong> {printed}"


def test_links_lead_to_sections_of_other_pages_or_become_text(
    browser, tmp_path, monkeypatch
):
    names = ["book/one", "book/two"]
    monkeypatch.setattr(articles, "contents", lambda: [(name, None) for name in names])
    links = '<a href="two.html#end">A</a> <a href="#end">B</a> <a href="three.html">C'
    (tmp_path / "book").mkdir()
    for name, body in zip(names, (links, "no link"), strict=True):
        page = (
            '<article class="bd-article"><h1>Title</h1>{}<p id="end">End</p></article>'
        )
        (tmp_path / f"{name}.html").write_text(page.format(body), encoding="utf-8")
    one, two, _ = articles.take(browser, tmp_path)
    assert '<a href="#book-two--end">A</a> <a href="#book-one--end">B</a> C' in one.html
    assert '<p id="book-one--end">' in one.html
    assert '<p id="book-two--end">' in two.html


def test_without_a_book_it_says_what_to_do(browser, tmp_path):
    with pytest.raises(RuntimeError, match=r"book/index\.html is not there: run `make"):
        articles.take(browser, tmp_path)


@pytest.mark.parametrize("script", [pdf, epub])
def test_without_a_browser_it_says_what_to_do(script, monkeypatch):
    monkeypatch.setattr(articles, "find_chromium", lambda: None)
    monkeypatch.setattr("sys.argv", ["script"])
    with pytest.raises(SystemExit, match="no Chromium was found: run `make tools`"):
        script.main()


# --- As an e-book --------------------------------------------------------------------

OPF = "{http://www.idpf.org/2007/opf}"
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(scope="module")
def ebook(browser, built_book, tmp_path_factory):
    """The e-book as a zip archive."""
    path = tmp_path_factory.mktemp("epub") / "book.epub"
    epub.make_book(browser, built_book, path)
    return zipfile.ZipFile(BytesIO(path.read_bytes()))


@pytest.fixture(scope="module")
def texts(ebook):
    """Each page of the e-book by its name, read as XML."""
    names = [name for name in ebook.namelist() if name.endswith(".xhtml")]
    return {
        PurePosixPath(name).name: ElementTree.fromstring(ebook.read(name))
        for name in names
    }


def test_ebook_is_known_by_its_first_file(ebook):
    first = ebook.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert ebook.read("mimetype") == b"application/epub+zip"
    assert first.extra == b""
    assert sum(info.compress_size for info in ebook.infolist()) < 6e6


def test_ebook_lists_all_its_files_and_no_other(ebook):
    package = ElementTree.fromstring(ebook.read("book/package.opf"))
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    listed = [f"book/{item.get('href')}" for item in items.values()]
    apart = {"mimetype", "META-INF/container.xml", "book/package.opf"}
    assert sorted(listed) == sorted(set(ebook.namelist()) - apart)
    assert len(set(listed)) == len(listed)
    order = [items[ref.get("idref")] for ref in package.iter(f"{OPF}itemref")]
    texts = [item for item in items.values() if item.get("href").endswith(".xhtml")]
    assert sorted(map(id, order)) == sorted(map(id, texts))
    [nav] = [item for item in items.values() if item.get("properties") == "nav"]
    assert nav is order[0]


def test_ebook_begins_with_what_it_is_and_whose(texts):
    said = "".join(texts["nav.xhtml"].itertext())
    for name in ("title", "author", "copyright"):
        assert articles.config()[name] in said
    assert epub.WIDGETS in said


def test_ebook_has_a_cover_and_a_font_for_formulas(ebook):
    package = ElementTree.fromstring(ebook.read("book/package.opf"))
    items = {item.get("href"): item for item in package.iter(f"{OPF}item")}
    assert items["math.woff2"].get("media-type") == "font/woff2"
    assert b"SIL OPEN FONT LICENSE" in ebook.read("book/math.woff2.LICENSE.txt")
    assert items["cover.png"].get("properties") == "cover-image"


@pytest.fixture
def leaf(browser, ebook, tmp_path):
    """Opens a page of the e-book on a narrow screen."""
    ebook.extractall(tmp_path)
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()

        def opened(name):
            page.goto((tmp_path / "book" / name).as_uri())
            return page

        yield opened


def test_floor_brackets_of_the_ebook_grow(leaf):
    page = leaf("notebooks-05_output_size.xhtml")
    assert page.evaluate(
        "document.fonts.load('1em \"Book Math\"').then((f) => f.length)"
    )
    floors, signs = (
        page.locator(f"div.math mo:text-is('{sign}')").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().height)"
        )
        for sign in "⌊="
    )
    assert min(floors) > 1.5 * max(signs)


def test_wordy_tables_of_the_ebook_stack_their_cells(leaf):
    page = leaf("book-claims.xhtml")
    cells = page.locator("table.wordy tbody tr").first.locator("td")
    boxes = [cell.bounding_box() for cell in cells.all()]
    assert len(boxes) > 1
    assert len({box["x"] for box in boxes}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_ebook_says_which_pages_have_formulas(ebook, texts):
    package = ElementTree.fromstring(ebook.read("book/package.opf"))
    for item in package.iter(f"{OPF}item"):
        if item.get("href") in texts:
            formulas = texts[item.get("href")].find(f".//{MATHML}math") is not None
            assert (item.get("properties") == "mathml") == formulas
    count = sum(len(text.findall(f".//{MATHML}math")) for text in texts.values())
    assert count > 100


def test_links_of_the_ebook_lead_somewhere(texts):
    names = {
        page: {element.get("id") for element in text.iter()}
        for page, text in texts.items()
    }
    links = [a.get("href") for text in texts.values() for a in text.iter(f"{XHTML}a")]
    inside = [link for link in links if not link.startswith("https://")]
    assert len(inside) > 60
    for link in inside:
        page, _, name = link.partition("#")
        assert page in names, link
        assert not name or name in names[page], link


def test_names_in_the_ebook_are_valid_and_there_once(texts):
    for text in texts.values():
        names = [element.get("id") for element in text.iter() if element.get("id")]
        assert [
            name for name in names if not re.fullmatch(r"[A-Za-z_][\w.-]*", name)
        ] == []
        assert len(set(names)) == len(names)


def test_ebook_shows_pictures_where_widgets_stand(ebook, texts):
    images = [image for text in texts.values() for image in text.iter(f"{XHTML}img")]
    assert [image for image in images if not image.get("alt", "").strip()] == []
    sources = {image.get("src") for image in images}
    assert {f"book/{source}" for source in sources} <= set(ebook.namelist())
    assert len([source for source in sources if "widget" in source]) > len(CHAPTERS)
    for text in texts.values():
        for name in ("script", "canvas", "button", "input", "form"):
            assert text.find(f".//{XHTML}{name}") is None


def test_ebook_asks_the_questions(texts):
    text = texts["notebooks-02_convolution.xhtml"]
    said = "".join(text.itertext())
    assert "How many numbers does the answer have?" in said
    assert "A widget stands here" not in said
