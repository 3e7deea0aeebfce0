"""What a line must not part: 28 × 28, a formula and its comma."""

import re

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from cnnbook import line_breaks


def kept(*children):
    """A paragraph after the transform."""
    paragraph = nodes.paragraph("", "", *children)
    line_breaks.keep(nodes.section("", paragraph))
    return paragraph


def formula():
    return nodes.math("", "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28 × 28 pixels", "28\u00a0×\u00a028 pixels"),
        ("3 × 28 × 28", "3\u00a0×\u00a028\u00a0×\u00a028"),
        ("n × m", "n\u00a0×\u00a0m"),
        ("2 + 3", "2 + 3"),
        ("× and ×", "× and ×"),
    ],
)
def test_sizes_stay_on_one_line(text, expected):
    assert kept(nodes.Text(text)).astext() == expected


def test_code_and_tables_are_left_alone():
    cell = nodes.table("", nodes.entry("", nodes.paragraph("", "2 × 3")))
    for node in (nodes.literal("", "2 × 3"), nodes.literal_block("", "2 × 3"), cell):
        assert kept(node).astext().strip() == "2 × 3"


@pytest.mark.parametrize(
    ("before", "after", "together"),
    [
        ("If ", ", then", "x,"),
        ("so (", ").", "(x)."),
        ("for ", " steps", None),
        ("", ".", "x."),
        ("a “", "” b", "“x”"),
    ],
)
def test_a_formula_and_the_signs_that_touch_it(before, after, together):
    paragraph = kept(nodes.Text(before), formula(), nodes.Text(after))
    assert paragraph.astext() == f"{before}x{after}"
    inlines = [node.astext() for node in paragraph.findall(nodes.inline)]
    assert inlines == ([together] if together else [])


def test_formulas_in_a_row():
    paragraph = kept(formula(), nodes.Text(", "), formula(), formula())
    assert paragraph.astext() == "x, xx"
    assert [node.astext() for node in paragraph.findall(nodes.inline)] == ["x,"]


def test_built_pages(built_book):
    page = built_book / "notebooks" / "05_output_size.html"
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").article
    prose = [p for p in article.select("p") if not p.find_parent(["table", "script"])]
    prose = [p for p in prose if not p.find_parent(class_="cnnbook-widget")]
    texts = ["".join(p.find_all(string=True, recursive=False)) for p in prose]
    assert any("\u00a0×\u00a0" in text for text in texts)
    assert not [text for text in texts if re.search(r"\w × \w", text)]
    formulas = [m for m in article.select("p > math") if not m.find_parent("td")]
    assert formulas
    for math in formulas:
        assert not re.match(r"[.,;:]", str(math.next_sibling or "")), math
