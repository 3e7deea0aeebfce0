"""What a line must not part, kept together when the book is built: 28 × 28, (x).

Markdown has no sign for it that reads well in the sources, so they have plain spaces.
"""

import re

from docutils import nodes

#: What breaks nowhere or anywhere, and cells, which have to be narrow.
LEFT_ALONE = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw, nodes.table)

_TIMES = re.compile(r"(?<=\w) × (?=\w)")
_OPENING = re.compile(r"[(\[“‘]+$")
_CLOSING = re.compile(r"^[.,;:!?)\]”’]+")


def setup(app) -> None:
    """Connect this part of the extension to Sphinx."""
    app.connect("doctree-resolved", lambda app, doctree, docname: keep(doctree))


def keep(node) -> None:
    """Keep together what belongs together in the text of a node."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            text = _TIMES.sub("\u00a0×\u00a0", child)
            node.replace(child, nodes.Text(text))
        elif not isinstance(child, LEFT_ALONE):
            keep(child)
    for formula in [child for child in node.children if isinstance(child, nodes.math)]:
        embrace(node, formula)


def embrace(parent, formula) -> None:
    """Put a formula and the signs that touch it into one element."""
    at = parent.index(formula)
    before = taken(parent, at - 1, _OPENING)
    after = taken(parent, at + 1, _CLOSING)
    if before or after:
        parts = [nodes.Text(before), formula, nodes.Text(after)]
        parent[at] = nodes.inline("", "", *parts, classes=["together"])


def taken(parent, at, pattern) -> str:
    """Cut what matches out of a text; "" if there is no text or no match."""
    if not (0 <= at < len(parent) and isinstance(parent[at], nodes.Text)):
        return ""
    found = pattern.search(parent[at])
    if not found:
        return ""
    parent[at] = nodes.Text(pattern.sub("", parent[at]))
    return found[0]
