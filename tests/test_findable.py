"""What leads to a page: titles, descriptions, search, the glossary, no dead end."""

import json
import re
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Thread
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree
from PIL import Image
from playwright.sync_api import expect

from cnnbook import findable, glossary_links
from scripts import links
from tests.conftest import QuietHandler, opened
from tests.test_pages import CHAPTERS, READ, Parsed, problem_of, search
from tests.test_sphinx_ext import GOOD, ROOT, build, notebook, run_build

SITE = "https://owner.github.io/name"
GLOSSARY = """# Glossary

```{glossary}
max pooling
  The largest.

pooling
  One for many.

%s
  How far.
```
"""
CHAPTER = json.loads(notebook())
CHAPTER["cells"][0]["source"] = """# Pooling & stride

**Is *pooling* < a stride?**

Code has `pooling`, formulas $pooling$, links [pooling](../book/glossary.md). *Max
pooling* is pooling with strides, and stride is stride.
"""
PAGES = GOOD | {
    "notebooks/01_chapter.ipynb": json.dumps(CHAPTER),
    "book/glossary.md": GLOSSARY % "stride",
}


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def head(path):
    """The content of a page's ``<meta>`` elements by name."""
    elements = soup(path).head.find_all("meta", content=True)
    return {tag.get("property") or tag.get("name"): tag["content"] for tag in elements}


def set_address(folder, address):
    """Name the site's address in a book's configuration."""
    path = folder / "_config.yml"
    text = path.read_text(encoding="utf-8")
    text, count = re.subn('baseurl: ".*?"', f'baseurl: "{address}"', text)
    assert count == 1
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """A built book whose site has no address."""
    folder = tmp_path_factory.mktemp("private")
    done = build(folder, PAGES)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """A built book whose site has one, which it got after its first build."""
    folder = tmp_path_factory.mktemp("public")
    build(folder, PAGES)
    set_address(folder, SITE)
    done = run_build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


# --- Titles and descriptions ---------------------------------------------------------


def test_title_says_which_page_of_which_book(built_book):
    titles = {path: soup(built_book / path).title.text for path in READ}
    book = titles.pop("book/index.html")
    assert len(set(titles.values())) == len(titles)
    for path, title in titles.items():
        page, rest = title[: -len(book)], title[-len(book) :]
        assert rest == book, path
        assert re.search(r"\w.* — $", page), path
    chapter = titles["notebooks/04_stride.html"]
    assert chapter == f"Chapter 4: Stride — {book}"


def test_description_is_what_the_page_begins_with(built_book):
    found = {}
    for path in READ:
        if path in ("404.html", "search.html"):
            continue
        article = soup(built_book / path).select_one("article")
        found[path] = head(built_book / path)["description"]
        assert not article.select_one("p").find_parent("li"), path
        first = " ".join(article.select_one("p").text.split())
        assert first.startswith(found[path]), path
        assert len(found[path].split()) >= 8, path
    assert len(set(found.values())) == len(found)
    for path in CHAPTERS:
        assert found[path].endswith("?"), path


def test_what_has_no_text_speaks_for_the_book(built_book):
    book = head(built_book / "book" / "index.html")
    assert book["og:type"] == "website"
    for path in ("index.html", "search.html"):
        assert head(built_book / path)["description"] == book["description"]


def test_search_engines_leave_out_what_has_no_text(built_book):
    hidden = [path for path in READ if "robots" in head(built_book / path)]
    assert sorted(hidden) == ["404.html", "search.html"]
    assert head(built_book / "search.html")["robots"] == "noindex"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How *large* is it?\n\nThe rest.", "How large is it?"),
        ("One. Two\nthree. It goes on:", "One. Two three."),
        ("It is 3.5 long, e.g. here", "It is 3.5 long, e.g. here"),
        (f"Short. Too {'long ' * 40}end.", "Short."),
        (f"{'long ' * 40}end. Short.", f"{'long ' * 40}end."),
        ("“Quoted.” Then more.", "“Quoted.” Then more."),
        ("", ""),
    ],
)
def test_description(text, expected):
    assert findable.description(publish_doctree(text)) == expected


def test_signs_of_html_in_a_title_and_a_question(private):
    page = private / "notebooks" / "01_chapter.html"
    assert soup(page).title.text.startswith("Pooling & stride — ")
    assert head(page)["og:title"] == "Pooling & stride"
    assert head(page)["og:description"] == "Is pooling < a stride?"


# --- Addresses -----------------------------------------------------------------------


def test_without_an_address_nothing_pretends_to_have_one(private):
    assert not (private / "sitemap.xml").exists()
    paths = [path for path in private.rglob("*.html") if "_static" not in path.parts]
    assert len(paths) > 5
    for path in paths:
        page = soup(path)
        assert not page.select("[rel=canonical], base"), path.name
        assert not {"og:url", "og:image", "twitter:card"} & set(head(path)), path.name


def test_shared_link_has_an_address_and_a_picture(public):
    page = head(public / "notebooks" / "01_chapter.html")
    assert page["og:url"] == f"{SITE}/notebooks/01_chapter.html"
    assert page["og:image"] == f"{SITE}/_static/share.png"
    picture = Image.open(public / page["og:image"].removeprefix(f"{SITE}/"))
    named = (int(page["og:image:width"]), int(page["og:image:height"]))
    assert picture.size == named == (1200, 630)
    assert page["twitter:card"] == "summary_large_image"


def test_two_ways_to_the_first_page_have_one_address(public):
    for path in ("index.html", "book/index.html"):
        page = public / path
        first = f"{SITE}/book/index.html"
        assert head(page)["og:url"] == first
        assert soup(page).select_one("[rel=canonical]")["href"] == first


def test_sitemap_lists_every_page_once(public):
    root = ElementTree.parse(public / "sitemap.xml").getroot()
    assert root.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}urlset"
    found = [place.text for place in root.iter(f"{root.tag[:-6]}loc")]
    paths = [path.relative_to(public).as_posix() for path in public.glob("*/*.html")]
    pages = [path for path in paths if not path.startswith("_")]
    assert found == sorted(f"{SITE}/{page}" for page in pages)


@pytest.mark.parametrize("wrong", ["owner.github.io/name", "/name", "https://", "a b"])
def test_address_that_is_none_is_refused(wrong, tmp_path):
    build_config = type("Config", (), {"html_baseurl": wrong})
    with pytest.raises(findable.ConfigError, match=f"nothing, got '{wrong}'"):
        findable.check_address(None, build_config)


@pytest.mark.parametrize("right", ["", SITE, f"{SITE}/", "http://127.0.0.1:8000/"])
def test_address_is_accepted(right):
    findable.check_address(None, type("Config", (), {"html_baseurl": right}))


def test_published_picture_is_light():
    assert (ROOT / "book" / findable.PICTURE).stat().st_size < 40_000


# --- A page that is not there --------------------------------------------------------


class PagesHandler(QuietHandler):
    """Answers as GitHub Pages does: what is missing gets the book's 404.html."""

    def send_error(self, code, message=None, explain=None):
        body = (self.book / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def pages_host(book):
    """The address of a book in a sub-folder of a host."""
    handler = type("Handler", (PagesHandler,), {"book": book})
    served = partial(handler, directory=book.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), served) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{book.name}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "missing", ["no.html", "notebooks/no.html", "no/where/at/all/"]
)
def test_missing_page_leads_to_the_book_from_any_depth(browser, private, missing):
    with pages_host(private) as home, opened(browser, home, missing) as page:
        link = page.get_by_role("link", name="Convolutional networks")
        link.wait_for()
        assert page.watch.foreign == []
        link.click()
        page.wait_for_url(f"{home}book/index.html")
        page.go_back()
        page.get_by_role("searchbox").fill("formula")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url(f"{home}search.html?q=formula")


def test_missing_page_of_a_site_with_an_address(browser, public):
    with (
        pages_host(public) as home,
        opened(browser, home, "a/b/c", java_script_enabled=False) as page,
    ):
        link = page.get_by_role("link", name="Convolutional networks")
        assert link.evaluate("(a) => a.href") == f"{SITE}/book/index.html"
        action = page.locator("form").evaluate("(form) => form.action")
        assert action == f"{SITE}/search.html"
        assert page.watch.foreign == []


def test_missing_page_without_javascript_has_no_broken_link(browser, private):
    with (
        pages_host(private) as home,
        opened(browser, home, "a/b/c", java_script_enabled=False) as page,
    ):
        assert page.get_by_role("heading", name="There is no page here").is_visible()
        assert page.locator("noscript p").is_visible()
        assert page.get_by_role("link").count() == 0
        assert page.watch.foreign == []


def test_missing_page_needs_no_file(private, public):
    for book in (private, public):
        page = soup(book / "404.html")
        assert not page.select("[src], link, style:-soup-contains('url(')")
        assert head(book / "404.html")["robots"] == "noindex"


# --- Search --------------------------------------------------------------------------


def found_pages(browser, home, word):
    with opened(browser, home, "book/index.html") as page:
        found = search(page, word).evaluate_all("(all) => all.map((a) => a.href)")
    return [address.removeprefix(home).split("?")[0] for address in found]


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("stride", ["book/glossary.html#term-stride", "notebooks/04_stride.html"]),
        ("floor", ["notebooks/05_output_size.html"]),
        ("Padding", ["book/glossary.html#term-padding", "notebooks/03_padding.html"]),
        ("dead unit", ["book/glossary.html#term-dead-unit", "notebooks/08_relu.html"]),
    ],
)
def test_search_lists_the_right_page_first(browser, home, word, first):
    found = [page.split("?")[0] for page in found_pages(browser, home, word)]
    assert found[: len(first)] == first


def test_excerpts_are_of_the_text_and_not_of_what_stands_around_it(browser, server):
    with opened(browser, server, "book/index.html") as page:
        search(page, "stride")
        results = page.locator("#search-results li")
        chapter = results.filter(has=page.get_by_text("Chapter 4: Stride", exact=True))
        expect(chapter.locator(".context")).to_contain_text("This chapter measures")
        said = results.locator(".context").all_inner_texts()
    assert len(said) > 8
    assert [text for text in said if "Contents" in text] == []
    assert not [text for text in said if text.startswith(("Chapter", "...Chapter"))]


def test_places_that_the_search_names_exist(built_book):
    text = (built_book / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").rstrip(")"))
    places = [*index["alltitles"].values(), *index["indexentries"].values()]
    named = {(place[0], place[1]) for group in places for place in group if place[1]}
    ids = {
        number: Parsed((built_book / f"{name}.html").read_text(encoding="utf-8")).ids
        for number, name in enumerate(index["docnames"])
    }
    assert len(named) > 100
    assert [place for place in named if place[1] not in ids[place[0]]] == []


# --- The glossary --------------------------------------------------------------------


def terms_of(folder):
    """The words that lead to the glossary, in each paragraph of the small chapter."""
    page = soup(folder / "notebooks" / "01_chapter.html")
    return [
        [" ".join(link.text.split()) for link in paragraph.select("a.glossary-term")]
        for paragraph in page.select("article p")
    ]


def test_first_use_in_prose_leads_to_the_entry(private):
    assert terms_of(private)[:2] == [["pooling", "stride"], ["Max pooling"]]
    page = soup(private / "notebooks" / "01_chapter.html")
    targets = [link["href"] for link in page.select("a.glossary-term")]
    heads = ("pooling", "stride", "max-pooling")
    assert targets == [f"../book/glossary.html#term-{head}" for head in heads]


def test_other_pages_have_no_links_to_the_glossary(built_book):
    for path in READ:
        found = soup(built_book / path).select("a.glossary-term")
        assert bool(found) == (path in CHAPTERS), path


@pytest.mark.parametrize("path", CHAPTERS)
def test_chapter_names_each_word_once_and_only_in_prose(built_book, path):
    page = soup(built_book / path)
    found = page.select("a.glossary-term")
    targets = [link["href"] for link in found]
    assert len(set(targets)) == len(targets) >= 10
    wrong = "h1, h2, h3, h4, code, pre, math, table, figcaption, .cell, #references"
    assert not page.select(f":is({wrong}) a.glossary-term, a a")
    for link in found:
        entry = link["href"].split("#term-")[1].replace("-", "")
        word = re.sub(r"[\W_]", "", link.text)
        assert re.fullmatch(f"{entry}(e?s)?", word, re.IGNORECASE), link


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Biases, a bias", ["Biases"]),
        ("gradient descent, gradients", ["gradient descent", "gradients"]),
        ("a gradient\ndescent twice, gradient descent", ["gradient\ndescent"]),
        ("relu, ReLU, ReLUs", ["ReLU"]),
        ("biased unbias bias-free pre-bias", []),
        ("the kernel’s bias", ["bias"]),
    ],
)
def test_what_counts_as_the_word(text, linked):
    heads = ("gradient descent", "gradient", "ReLU", "bias")
    parts = glossary_links.with_links(text, dict.fromkeys(heads, "#there"))
    assert "".join(part.astext() for part in parts) == text
    found = [part.astext() for part in parts if isinstance(part, nodes.reference)]
    assert found == linked


def test_link_is_quiet_but_seen(browser, server):
    with opened(browser, server, "notebooks/04_stride.html") as page:
        link = page.locator("a.glossary-term").first
        style = link.evaluate("""(link) => {
            const { color, textDecorationLine, textDecorationStyle } =
                getComputedStyle(link);
            const plain = getComputedStyle(link.parentElement).color;
            return [color === plain, textDecorationLine, textDecorationStyle];
        }""")
    assert style == [True, "underline", "dotted"]


def test_changed_glossary_changes_chapters_that_are_not_read_again(tmp_path):
    build(tmp_path, PAGES)
    book = tmp_path / "_build" / "html"
    assert terms_of(book)[0] == ["pooling", "stride"]
    page = tmp_path / "book" / "glossary.md"
    page.write_text(GLOSSARY % "step", encoding="utf-8")
    assert run_build(tmp_path).returncode == 0
    assert terms_of(book)[0] == ["pooling"]
    # Once more with nothing changed: the search still knows the entries
    assert run_build(tmp_path).returncode == 0
    assert '"step": [[' in (book / "searchindex.js").read_text(encoding="utf-8")


# --- No dead end ---------------------------------------------------------------------


def test_downloads_open(built_book):
    kinds = set()
    for path in READ:
        for link in soup(built_book / path).select("a[download], a[href*=_downloads]"):
            file = (built_book / path).parent / link["href"]
            kinds.add(file.suffix)
            if file.suffix == ".zip":
                assert zipfile.ZipFile(file).testzip() is None
            else:
                assert json.loads(file.read_text(encoding="utf-8"))["cells"]
    assert kinds == {".zip"}  # of notebooks, see test_sphinx_ext.py


def test_controls_name_what_is_there(built_book):
    names = ("popovertarget", "for", "aria-controls", "aria-labelledby")
    for path in READ:
        page = Parsed((built_book / path).read_text(encoding="utf-8"))
        elements = [element for group in page.found.values() for element in group]
        named = {
            element[key] for element in elements for key in names if key in element
        }
        assert {word for name in named for word in name.split()} <= page.ids, path


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("glossary.html#term-stride", None),
        ("glossary.html#term-strides", "no such place on that page"),
        ("#nowhere", "no such place on that page"),
        ("../_downloads/0/no.zip", "no such file"),
        ("../_static", "no such file"),
        ("/book/glossary.html", "leaves the folder, or is not safe"),
        ("http://example.org", "leaves the folder, or is not safe"),
    ],
)
def test_check_of_links_finds(built_book, address, problem):
    names = ("book/index.html", "book/glossary.html")
    parsed = {
        name: Parsed((built_book / name).read_text(encoding="utf-8")) for name in names
    }
    assert problem_of(address, names[0], parsed, built_book) == problem


# --- Links that lead out -------------------------------------------------------------


@pytest.fixture
def small_site(tmp_path):
    """A folder with two pages, and a host that knows one of three addresses."""
    (tmp_path / "deep").mkdir()
    with pages_host(tmp_path) as home:
        good, bad = f"{home}index.html#part", f"{home}no.html"
        links_in = f'<a href="{good}">1</a><a href="#x">2</a><a>3</a>'
        (tmp_path / "404.html").write_text("none")
        (tmp_path / "index.html").write_text(links_in)
        (tmp_path / "deep" / "page.html").write_text(
            f'{links_in}<a href="{bad}">4</a><a href="index.html">5</a>'
        )
        yield tmp_path, good, bad


def test_external_links_are_listed_with_their_pages(small_site, capsys, monkeypatch):
    folder, good, bad = small_site
    monkeypatch.setattr(links, "urlopen", lambda *_, **__: pytest.fail("it asked"))
    assert links.main([str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        good,
        "    deep/page.html",
        "    index.html",
        bad,
        "    deep/page.html",
    ]


def test_external_links_are_checked_when_asked(small_site, capsys):
    folder, good, bad = small_site
    assert links.main(["--check", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"ok  {good}"
    assert lines[3] == f"404 Not Found  {bad}"
    (folder / "no.html").write_text("here now")
    assert links.main(["--check", str(folder)]) == 0


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/", "http://[::", "http://no host/"]
)
def test_address_without_an_answer(address):
    assert links.answer(address) not in ("ok", "")


def test_folder_without_a_book(tmp_path, capsys):
    assert links.main([str(tmp_path)]) == 1
    assert "expected a built book" in capsys.readouterr().err


def test_links_of_the_built_book_are_found(built_book):
    found = links.external_links(built_book)
    assert "book/references.html" in found["https://pytorch.org"]
    assert all(address.startswith("https://") for address in found)
