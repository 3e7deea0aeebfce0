"""List the links that lead out of the built book, with the pages that they stand on.

    python scripts/links.py [--check] [FOLDER]

It asks nobody, unless it is told to check: then it asks each address once, says what
came back, and ends with 1 if one did not answer as it should.
"""

import argparse
import sys
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urldefrag
from urllib.request import Request, urlopen

BOOK = Path(__file__).parent.parent / "_build" / "html"

#: What some hosts answer to programs, whatever the address: not a broken link.
REFUSED = {401, 403, 405, 429}


class Links(HTMLParser):
    """The addresses that the links of a page lead to."""

    def __init__(self, text: str):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Keep where a link leads."""
        if tag == "a":
            self.found.add(dict(attributes).get("href") or "")


def external_links(folder: Path) -> dict[str, list[str]]:
    """Return the pages by the address that they lead to, both sorted.

    Raises
    ------
    FileNotFoundError
        If the folder holds no book.
    """
    if not (folder / "index.html").exists():
        raise FileNotFoundError(f"expected a built book, found none in {folder}")
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        for address in Links(path.read_text(encoding="utf-8")).found:
            if address.startswith(("http://", "https://", "//")):
                page = path.relative_to(folder).as_posix()
                pages.setdefault(address, []).append(page)
    return dict(sorted(pages.items()))


def answer(address: str) -> str:
    """Ask for an address; return "ok", or what is wrong with it."""
    # Without a name of a browser many hosts refuse
    headers = {"User-Agent": "Mozilla/5.0 (link check)"}
    try:
        urlopen(Request(urldefrag(address).url, headers=headers), timeout=20).close()
    except HTTPError as error:
        return "ok" if error.code in REFUSED else f"{error.code} {error.reason}"
    except (OSError, ValueError, HTTPException) as error:
        return str(getattr(error, "reason", error))
    return "ok"


def main(arguments=None) -> int:
    """Print the list, and return how the process shall end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=BOOK)
    parser.add_argument("--check", action="store_true", help="ask each address")
    options = parser.parse_args(arguments)
    try:
        links = external_links(options.folder)
    except FileNotFoundError as error:
        print(f"{error}: run `make book` first", file=sys.stderr)
        return 1
    answers = {address: answer(address) for address in links if options.check}
    for address, pages in links.items():
        print("  ".join(filter(None, [answers.get(address), address])))
        print(*(f"    {page}" for page in pages), sep="\n")
    return int(any(said != "ok" for said in answers.values()))


if __name__ == "__main__":
    sys.exit(main())
