"""Print the built book as one PDF, `_build/pdf/book.pdf`.

    python -m scripts.pdf [--paper letter]

`make pdf` builds the book first.
"""

import argparse
import html
import json
import re
import sys
from pathlib import Path

from scripts import articles

PATH = articles.ROOT / "_build" / "pdf" / "book.pdf"

#: Width and height in millimeters.
PAPERS = {"a4": (210, 297), "letter": (215.9, 279.4)}
MARGIN, SIDE = 20, 18

#: Writes the numbers of pages into the table of contents.
NUMBER = """(numbers) => {
  for (const link of document.querySelectorAll(".pages a")) {
    link.dataset.page = numbers[link.hash.slice(1)];
  }
}"""

WIDGETS = (
    "On paper each widget shows how it begins; in the published book, and in "
    "JupyterLab, it moves. The answers to the questions stand at the end."
)


def main():
    """Print the book, or say in a line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", choices=PAPERS, default="a4")
    paper = parser.parse_args().paper
    try:
        with articles.chromium() as browser:
            path = print_book(browser, paper)
    except (OSError, RuntimeError) as error:
        sys.exit(f"pdf.py: {error}")
    print(f"The book is ready to print: {path}")


def print_book(browser, paper="a4", built=articles.BUILT, path=PATH):
    """Print the built book; return the path of the PDF."""
    with opened(browser, paper, built) as page:
        return articles.save(numbered(page), path)


def numbered(page):
    """The bytes of the PDF, with the numbers of pages in its table of contents."""
    # Chromium cannot say in CSS on which page something stands: the first print
    # tells the numbers, the second one has them.
    say("printing, to learn the numbers of the pages")
    page.evaluate(NUMBER, first_pages(printed(page)))
    say("printing")
    return printed(page)


def printed(page):
    """The bytes of a page's PDF, with an outline, tags and its author."""
    data = page.pdf(
        prefer_css_page_size=True, print_background=True, outline=True, tagged=True
    )
    return signed(data, articles.config()["author"])


def signed(data, author):
    """Name the author of a PDF, which Chromium does not."""
    # As PDF wants changes: the new object at the end, and a table of where it stands
    number, info = re.search(
        rb"(\d+) 0 obj\n<<(/Title .*?)>>\nendobj", data, re.S
    ).groups()
    trailer, start = re.search(
        rb"trailer\n<<(.*?)>>\nstartxref\n(\d+)\n%%EOF\s*$", data, re.S
    ).groups()
    name = author.encode("utf-16").hex().encode()
    named = b"%s 0 obj\n<<%s\n/Author <%s>>>\nendobj\n" % (number, info, name)
    table = b"xref\n%s 1\n%010d 00000 n \n" % (number, len(data) + 1)
    changed = b"trailer\n<<%s\n/Prev %s>>\n" % (trailer, start)
    end = b"startxref\n%d\n%%%%EOF\n" % (len(data) + 1 + len(named))
    return b"".join([data, b"\n", named, table, changed, end])


def first_pages(data):
    """On which page of a PDF, from 1, each target of its links stands, by its name."""
    # Chromium writes objects one after the other, pages in their order, and
    # compresses only what is drawn on them.
    pages = re.findall(rb"\n(\d+) 0 obj\n<</Type /Page\n", data)
    targets = re.findall(rb"/([\w#.%-]+) \[(\d+) 0 R /XYZ", data)
    return {name.decode(): pages.index(page) + 1 for name, page in targets}


def say(text):
    """Tell what goes on, beside the progress bars."""
    print(text, file=sys.stderr, flush=True)


def opened(browser, paper="a4", built=articles.BUILT):
    """Open what is printed, in print media and as wide as the paper's text."""
    found = articles.take(browser, built)
    text = articles.page_of(found, front(found), style(found, paper))
    width = int((PAPERS[paper][0] - 2 * SIDE) * 96 / 25.4)
    return articles.opened(browser, text, width)


def front(found):
    """The title page and the table of contents."""
    said = articles.config()
    title, author, copied = (
        html.escape(said[name]) for name in ("title", "author", "copyright")
    )
    lines = []
    for article in found:
        if article.part:
            lines.append(f"<p>{html.escape(article.part)}</p>")
        lines.append(f'<a href="#{article.id}">{html.escape(article.title)}</a>')
    return (
        f'<header class="title-page"><h1>{title}</h1><p>{author}</p>'
        f'<p class="widgets">{WIDGETS}</p><p>© {copied}</p></header>'
        f'<nav class="pages"><h1>Contents</h1>{"".join(lines)}</nav>'
    )


def style(found, paper):
    """The style sheet: the paper, page numbers, and titles at the head of pages."""
    width, height = PAPERS[paper]
    page = f"size: {width}mm {height}mm; margin: {MARGIN}mm {SIDE}mm"
    look = "color: #555; font: 9pt system-ui, sans-serif"
    number = f"@bottom-center {{ content: counter(page); {look} }}"
    rules = [
        Path(__file__).with_name("paper.css").read_text(encoding="utf-8"),
        f"@page {{ {page}; {number} }}",
        '@page :first { @bottom-center { content: "" } }',
    ]
    for article in found:
        title = json.dumps(article.title, ensure_ascii=False)  # CSS quotes as JSON
        head = f"@top-right {{ content: {title}; {look} }}"
        rules.append(f"@page {article.id} {{ {head} }}")
        rules.append(f"#{article.id} {{ page: {article.id} }}")
    return "\n".join(rules)


if __name__ == "__main__":
    main()
