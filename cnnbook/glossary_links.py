"""Links from the chapters to the glossary, made when the book is built.

The first time that a word of the glossary stands in a chapter's prose, it leads to its
entry. What counts as the word is the entry's head, also in the plural. Capitals count
where the head has some: ReLU, not relu.
"""

import re
from functools import lru_cache
from itertools import groupby

from docutils import nodes

#: The pages that get links.
CHAPTERS = "notebooks/"

#: What holds no prose: headings, formulas, code and its outputs, links, tables.
NOT_PROSE = (
    nodes.Titular,
    nodes.FixedTextElement,
    nodes.caption,
    nodes.container,
    nodes.literal,
    nodes.math,
    nodes.reference,
    nodes.table,
)


def setup(app) -> None:
    """Connect this part of the extension to Sphinx."""
    app.connect("env-updated", pages_to_write)
    app.connect("doctree-resolved", link_terms)


def glossary(env) -> dict[str, tuple[str, str]]:
    """Return the page and the anchor of each entry by its head, the longest first."""
    terms = [entry for entry in env.domains["std"].get_objects() if entry[2] == "term"]
    terms.sort(key=lambda entry: -len(entry[0]))  # "gradient descent", not "gradient"
    return {head: (page, anchor) for head, _, _, page, anchor, _ in terms}


def pages_to_write(app, env) -> set[str]:
    """Return the pages to write again though their texts are the same."""
    terms = glossary(env)
    # Sphinx drops the entries of a page that it does not write from the search index.
    pages = {page for page, _ in terms.values()}
    if terms != getattr(env, "cnnbook_glossary", None):
        env.cnnbook_glossary = terms
        pages |= {page for page in env.found_docs if page.startswith(CHAPTERS)}
    return pages


def link_terms(app, doctree, docname) -> None:
    """Make a link of each term where it first stands in a chapter."""
    links = {
        head: f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
        for head, (page, anchor) in glossary(app.env).items()
    }
    if not links or not docname.startswith(CHAPTERS):
        return
    add_links(doctree, links)


def add_links(node, links: dict[str, str]) -> None:
    """Make links in the prose of a node, in order."""
    children = []
    for is_text, run in groupby(node, lambda child: isinstance(child, nodes.Text)):
        if is_text:  # each line of a paragraph is a text of its own
            children += with_links("".join(run), links)
            continue
        for child in run:
            # The titles among a chapter's references are other people's words.
            if not (isinstance(child, NOT_PROSE) or "references" in child["ids"]):
                add_links(child, links)
            children.append(child)
    node[:] = children


def with_links(text: str, links: dict[str, str]) -> list:
    """Cut a text into plain parts and links, and cross the links out that are made."""
    heads, parts, end = tuple(links), [], 0
    for match in pattern(heads).finditer(text):
        head = heads[match.lastindex - 1]
        if address := links[head]:
            parts += [nodes.Text(text[end : match.start()]), link(match[0], address)]
            end, links[head] = match.end(), None
    return [*parts, nodes.Text(text[end:])]


@lru_cache
def pattern(heads: tuple[str, ...]) -> re.Pattern:
    """Return a pattern of all heads; the number of its group is that of the head."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(form, heads))})(?![\w-])")


def form(head: str) -> str:
    """Return a pattern of one head, in the singular or the plural."""
    words = r"\s+".join(map(re.escape, head.split()))
    return f"((?{'' if head != head.lower() else 'i'}:{words})(?:e?s)?)"


def link(text: str, address: str) -> nodes.reference:
    """Return a link to an entry."""
    return nodes.reference(
        "", text, refuri=address, internal=True, classes=["glossary-term"]
    )
