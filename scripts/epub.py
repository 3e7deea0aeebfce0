"""Make an e-book of the built book, `_build/epub/book.epub`.

    python -m scripts.epub

`make epub` builds the book first. Formulas stay MathML, widgets become pictures of
how they begin, and quizzes their questions, with the answers at the end.
"""

import sys
import uuid
import zipfile
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tqdm import tqdm

from cnnbook.findable import PICTURE
from scripts import articles

PATH = articles.ROOT / "_build" / "epub" / "book.epub"
WIDTH = 640
KINDS = {".xhtml": "application/xhtml+xml", ".css": "text/css", ".png": "image/png"}
KINDS |= {".svg": "image/svg+xml", ".jpg": "image/jpeg"}
KINDS |= {".woff2": "font/woff2", ".txt": "text/plain"}

#: The font of the formulas, with its license beside it as that asks.
FONT = ("math.woff2", "math.woff2.LICENSE.txt")

WIDGETS = (
    "Here each widget is a picture of how it begins; in the published book, and in "
    "JupyterLab, it moves. The answers to the questions stand at the end."
)

#: Puts pictures in the place of widgets and makes links lead from file to file; gives
#: the addresses of the other pictures, and each article as XHTML.
APART = """(stills) => {
  [...document.querySelectorAll(".cnnbook-widget")].forEach((place, index) => {
    for (const part of place.querySelectorAll(":scope > div, script, small")) {
      part.remove();
    }
    for (const part of place.children) part.hidden = false;
    if (!stills[index]) return;
    const image = document.createElement("img");
    image.setAttribute("src", stills[index]);
    image.alt = place.textContent.trim();
    place.replaceChildren(image);
  });
  const pictures = [];
  for (const image of document.querySelectorAll("img[src^='file:']")) {
    pictures.push(image.src);
    image.setAttribute("src", `images/${image.src.split("/").pop()}`);
    image.removeAttribute("loading");
  }
  for (const link of document.querySelectorAll("a[href^='#']")) {
    const [own, name] = link.hash.slice(1).split("--");
    link.setAttribute("href", `${own}.xhtml${name ? link.hash : ""}`);
  }
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  for (const empty of document.querySelectorAll("p:empty")) empty.remove();
  const text = (article) => new XMLSerializer().serializeToString(article);
  return [pictures, [...document.querySelectorAll("article")].map(text)];
}"""

PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="en" xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" href="book.css"/></head>
<body>{body}</body>
</html>
"""

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" \
media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" \
xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{id}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:creator>{author}</dc:creator>
<dc:rights>© {copyright}</dc:rights>
<dc:language>en</dc:language>
<meta property="dcterms:modified">{now}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
</metadata>
<manifest>{manifest}</manifest>
<spine>{spine}</spine>
</package>
"""


def main():
    """Make the e-book, or say in a line why not."""
    try:
        with articles.chromium() as browser:
            path = make_book(browser)
    except (OSError, RuntimeError) as error:
        sys.exit(f"epub.py: {error}")
    print(f"The book is ready to read: {path}")


def make_book(browser, built=articles.BUILT, path=PATH):
    """Make an e-book of the built book; return its path."""
    found = articles.take(browser, built)
    with articles.opened(browser, articles.page_of(found), WIDTH) as page:
        drawn = stills(page)
        names = [name for name, _ in drawn]
        pictures, bodies = page.evaluate(APART, names)
    files = {name: data for name, data in drawn if name}
    for picture in map(path_of, pictures):
        files[f"images/{picture.name}"] = picture.read_bytes()
    for article, body in zip(found, bodies, strict=True):
        files[f"{article.id}.xhtml"] = page_of(article.title, body)
    for name in FONT:
        files[name] = (articles.ROOT / "book" / "_static" / name).read_bytes()
    files["cover.png"] = (articles.ROOT / "book" / PICTURE).read_bytes()
    files["book.css"] = Path(__file__).with_name("epub.css").read_bytes()
    files["nav.xhtml"] = page_of("Contents", contents(found))
    files["package.opf"] = package(found, files)
    return articles.save(packed(files), path)


def stills(page):
    """Name and PNG of how each widget begins; None in place of a quiz."""
    found = []
    for widget in tqdm(page.locator(".cnnbook-widget").all(), "drawing", unit="widget"):
        if widget.get_attribute("data-widget") == "quiz":
            found.append((None, None))
            continue
        picture = widget.locator(".cnnbook").screenshot(animations="disabled")
        found.append((f"images/widget-{len(found) + 1}.png", picture))
    return found


def path_of(url):
    """The path of a file from its address."""
    return Path(url2pathname(urlsplit(url).path))


def page_of(title, body):
    """A file of the book as bytes."""
    return PAGE.format(title=escape(title), body=body).encode()


def contents(found):
    """The first page: what is said of the book, and its table of contents."""
    said = articles.config()
    title, author, copied = (
        escape(said[name]) for name in ("title", "author", "copyright")
    )
    return (
        f"<h1>{title}</h1><p>{author}</p><p>{WIDGETS}</p>"
        f'<nav epub:type="toc"><ol>{listed(found)}</ol></nav><p>© {copied}</p>'
    )


def listed(found):
    """The items of the table of contents: chapters below the title of their part."""
    parts = [[None, []]]
    for article in found:
        if article.part:
            parts.append([article.part, []])
        link = f'<a href="{article.id}.xhtml">{escape(article.title)}</a>'
        parts[-1][1].append(f"<li>{link}</li>")
    return "".join(
        f"<li><span>{escape(part)}</span><ol>{''.join(links)}</ol></li>"
        if part
        else "".join(links)
        for part, links in parts
    )


def package(found, files):
    """What the book is called, which files it has, and in which order they are read."""
    said = articles.config()
    told = {name: escape(said[name]) for name in ("title", "author", "copyright")}
    names = {name: f"file{number}" for number, name in enumerate(files)}
    order = ["nav.xhtml", *(f"{article.id}.xhtml" for article in found)]
    return PACKAGE.format(
        id=uuid.uuid5(uuid.NAMESPACE_URL, said["title"]),  # the same for each edition
        now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        manifest="".join(item(name, id, files[name]) for name, id in names.items()),
        spine="".join(f'<itemref idref="{names[name]}"/>' for name in order),
        **told,
    ).encode()


def item(name, id, data):
    """A file's line in the manifest."""
    kind = KINDS[Path(name).suffix]
    apart = {"nav.xhtml": "nav", "cover.png": "cover-image"}
    more = f' properties="{apart[name]}"' if name in apart else ""
    if name.endswith(".xhtml") and b"<math" in data:
        more = ' properties="mathml"'
    return f'<item id="{id}" href="{name}" media-type="{kind}"{more}/>'


def packed(files):
    """The e-book as bytes: a zip archive in a certain order."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        # By this first file, which is not compressed, an e-book is known
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr("META-INF/container.xml", CONTAINER)
        for name, data in files.items():
            book.writestr(f"book/{name}", data)
    return packed.getvalue()


if __name__ == "__main__":
    main()
