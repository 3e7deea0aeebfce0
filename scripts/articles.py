"""The articles of the built book on one page, as paper and e-books want them.

`scripts/pdf.py` prints the page, `scripts/epub.py` takes it apart again.
"""

import html
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from cnnbook.widgets import quiz
from scripts.chromium import find_chromium

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "_build" / "html"
ANSWERS = "answers"

#: What is there to work on, to look after a class or a site, or to move: not to read.
LEFT_OUT = ("book/assignments", "book/instructors", "book/publishing", "book/gallery")

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

#: Takes the article out of a page. Names get the page's own in front, for all pages
#: have a "summary"; links lead to what is in the book, or become plain text.
TAKE = """([home, names]) => {
  const article = document.querySelector("article.bd-article");
  const key = (name) => name.replaceAll("/", "-");
  const own = key(location.href.split("#")[0].slice(home.length, -".html".length));
  for (const sign of article.querySelectorAll(".headerlink")) sign.remove();
  for (const element of article.querySelectorAll("[id]")) {
    element.id = `${own}--${element.id}`;
  }
  for (const image of article.querySelectorAll("img")) {
    image.src = image.src;
    image.loading = "eager";
  }
  for (const link of article.querySelectorAll("a[href]")) {
    const [page, id] = link.href.split("#");
    const name = page.slice(home.length).replace(/\\.html$/, "");
    if (names.includes(name)) {
      link.setAttribute("href", `#${key(name)}${id ? `--${decodeURI(id)}` : ""}`);
    } else if (link.protocol === "file:") {
      link.replaceWith(...link.childNodes);
    }
  }
  const all = (selector, name) =>
    [...document.querySelectorAll(selector)].map((element) => element[name]);
  return {
    id: own,
    title: article.querySelector("h1").textContent.trim(),
    html: article.innerHTML,
    quizzes: [...article.querySelectorAll("[data-widget=quiz] > script")].map(
      (script) => script.textContent,
    ),
    styles: all("link[rel=stylesheet]", "href"),
    scripts: all("script[src*='/cnnbook/']", "src"),
  };
}"""

READY = """() => [...document.images].every((image) => image.complete) &&
  [...document.querySelectorAll(".cnnbook-widget")].every(
    (widget) => widget.dataset.state === "live"
  )"""


@dataclass
class Article:
    """One page of the book: its name as an id, its title, its HTML; the part it opens.

    ``quizzes`` holds the state of each quiz as JSON; ``styles`` and ``scripts`` are the
    addresses of what the page needs.
    """

    id: str
    title: str
    html: str
    quizzes: tuple = ()
    styles: tuple = ()
    scripts: tuple = ()
    part: str | None = None


def config():
    """What ``_config.yml`` says: title, author, copyright and the rest."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def contents():
    """Names of the pages that belong on paper, each with the part that it opens."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = [(toc["root"], None)]
    for part in toc["parts"]:
        names = [chapter["file"] for chapter in part["chapters"]]
        kept = [name for name in names if not name.startswith(LEFT_OUT)]
        captions = [part.get("caption")] + [None] * len(kept)
        found += zip(kept, captions, strict=False)
    return found


@contextmanager
def chromium():
    """A headless Chromium.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    path = find_chromium()
    if path is None:
        raise RuntimeError("no Chromium was found: run `make tools` first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def take(browser, built=BUILT):
    """The articles of a built book in their order, and the answers to its quizzes.

    Raises
    ------
    RuntimeError
        If the book or one of its pages is not built.
    """
    pages = contents()
    names = [name for name, _ in pages]
    if lacking := [name for name in names if not (built / f"{name}.html").exists()]:
        raise RuntimeError(
            f"expected the built book in {built}, but {lacking[0]}.html is not there: "
            "run `make book` first"
        )
    home = f"{built.resolve().as_uri()}/"
    context = browser.new_context(java_script_enabled=False)  # widgets as saved
    page = context.new_page()
    articles = []
    for name, part in tqdm(pages, "reading", unit="page"):
        page.goto(f"{home}{name}.html", wait_until="domcontentloaded")
        articles.append(Article(**page.evaluate(TAKE, [home, names]), part=part))
    context.close()
    first = articles[0]
    # The book's title has a page of its own
    first.html = first.html.replace(first.title, "About this book", 1)
    first.title = "About this book"
    return [*articles, answers(articles)]


# Answers


def answers(articles):
    """An article with the answers to all quizzes: paper does not answer back."""
    parts = ["<h1>Answers</h1>"]
    for article in articles:
        for state in map(json.loads, article.quizzes):
            parts.append(f'<h2><a href="#{article.id}">{article.title}</a></h2><ol>')
            parts += [
                f"<li>{answered(question)}</li>" for question in state["questions"]
            ]
            parts.append("</ol>")
    return Article(ANSWERS, "Answers", "".join(parts))


def answered(question):
    """A question of a quiz and its answer, as HTML: they stand pages apart."""
    text, _ = quiz.asked(question)
    return f"{_with_code(text)}<br>{answer(question)}"


def answer(question):
    """The right answer to a question of a quiz, and why, as HTML."""
    if question["kind"] != "numeric":
        right = [choice for choice in question["choices"] if choice["right"]]
        return "<br>".join(_said(one["text"], one["reason"]) for one in right)
    values = dict(zip(question["names"], question["draws"][0], strict=True))
    number = quiz.written(quiz.evaluate(question["answer"], values))
    return _said(number, quiz.fill(question["right"], values))


def _said(text, reason):
    # Nobody asked, so nobody is told "Yes"; a formula behind it keeps its small letter
    reason = re.sub(r"^Yes[.:,] (?=\w [-+−×·/=])", "", reason)
    reason = re.sub(r"^Yes[.:,] (.)", lambda found: found[1].upper(), reason)
    return f"<strong>{_with_code(text)}.</strong> {_with_code(reason)}"


def _with_code(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


# The page


def page_of(articles, front="", style=""):
    """All articles on one HTML page, after what comes in front of them."""
    styles = dict.fromkeys(url for one in articles for url in one.styles)
    scripts = dict.fromkeys(url for one in articles for url in one.scripts)
    bodies = (
        f'<article class="bd-article" id="{one.id}">{one.html}</article>'
        for one in articles
    )
    return (
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
        f"<title>{html.escape(config()['title'])}</title>"
        + "".join(f'<link rel="stylesheet" href="{url}">' for url in styles)
        + f"<style>{style}</style>{front}<main>{''.join(bodies)}</main>"
        + "".join(f'<script src="{url}"></script>' for url in scripts)
    )


@contextmanager
def opened(browser, text, width):
    """The page in print media, of a width in pixels, with its widgets drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000},
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.emulate_media(media="print")
    try:
        # A file, for a page without an address may not load pictures from the disk
        with TemporaryDirectory() as folder:
            path = Path(folder, "book.html")
            path.write_text(text, encoding="utf-8")
            page.goto(path.as_uri())
            page.wait_for_function(READY)
        yield page
    finally:
        context.close()


def save(data, path):
    """Write a file whole or not at all; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    return part.replace(path)
