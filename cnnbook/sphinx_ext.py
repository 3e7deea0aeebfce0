"""The published page: MathML, figures with alt text, live widgets, no third party.

``_config.yml`` loads this Sphinx extension. ``_templates`` and ``_static/book.css``
in ``book`` do the rest of the page.
"""

import ast
import hashlib
import html
import posixpath
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote
from xml.etree import ElementTree

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from latex2mathml.converter import Converter
from myst_nb.core.render import MimeRenderPlugin, load_mime_renders
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.math import get_node_equation_number

from cnnbook import findable, glossary_links, line_breaks
from cnnbook.widgets.loader import page_files

logger = logging.getLogger(__name__)


def setup(app):
    """Connect the extension to Sphinx."""
    inline, block = (visit_math, None), (visit_math_block, None)
    app.add_html_math_renderer("mathml", inline, block)
    app.add_directive("widget", WidgetDirective)
    app.add_node(output_image, html=(visit_output_image, lambda self, node: None))
    # An "html" value: when it changes, Sphinx writes every page again. By itself it
    # would not even copy a changed style sheet if no page had changed.
    app.add_config_value("cnnbook_assets_digest", "", "html")
    app.connect("config-inited", set_assets_digest)
    app.connect("config-inited", set_repository_buttons)
    app.connect("builder-inited", check_installation)
    app.connect("builder-inited", write_widget_files)
    app.connect("doctree-resolved", mark_wordy_tables)
    app.connect("html-page-context", add_widget_files)
    app.connect("html-page-context", fit_buttons, priority=900)  # the theme's are there
    app.connect("build-finished", remove_unused_files)
    app.connect("build-finished", write_colab_copies)
    findable.setup(app)
    glossary_links.setup(app)
    line_breaks.setup(app)  # last: it parts texts
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# Formulas

# What latex2mathml does not know by this name, and a name that it knows.
_NAMES = {r"\{aligned\}": "{align*}", r"\\mathrm\{(\w)\}": r"\\text{\1}"}

# What it leaves incomplete instead of refusing it.
_CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mroot": 2}


def mathml(latex: str, display: str = "inline") -> str:
    r"""Turn a formula into one ``<math>`` element of HTML.

    Parameters
    ----------
    latex
        The formula without its dollar signs, such as ``\frac{1}{2}``.
    display
        ``"inline"`` or ``"block"``.

    Raises
    ------
    ValueError
        If the formula is incomplete or has what we cannot show.
    """
    for name, known in _NAMES.items():
        latex = re.sub(name, known, latex)
    try:
        math = Converter(display=display).convert_to_element(latex)
    except Exception as error:  # latex2mathml's errors have no base class of their own
        raise ValueError(type(error).__name__) from error
    del math.attrib["xmlns"]  # HTML knows <math> by its name
    for element in math.iter():
        _check(element)
        element.text = html.unescape(element.text or "")
        if element.text == "∞":  # a value, not an operator
            element.tag = "mi"
        if element.tag == "mo" and element.text.isalpha():  # max, a name as tanh is
            element.tag = "mi"
    _space_names(math)
    for parent in math.iter():
        for before, sign in pairwise(parent):
            if before.tag == sign.tag == "mo" and _binds(before.text, sign.text):
                sign.set("form", "prefix")
    return ElementTree.tostring(math, encoding="unicode", method="html")


def _space_names(math) -> None:
    # As TeX does, and no browser: "ln 10" and "tanh z", but "ln(10)".
    rows = [each for each in math.iter() if each.tag in ("mrow", "mtd")]
    for row in rows:
        for name, argument in pairwise(list(row)):
            if _is_name(name) and not _begins_with_operator(argument):
                space = ElementTree.Element("mspace", width="0.17em")
                row.insert(list(row).index(argument), space)


def _is_name(element) -> bool:
    while element.tag in ("msub", "msup", "msubsup", "munder"):
        element = element[0]
    # \mathrm{abc} is not meant: it has become one element for each letter
    return element.tag == "mi" and len(element.text) > 1


def _begins_with_operator(element) -> bool:
    while element.tag == "mrow" and len(element):
        element = element[0]
    return element.tag in ("mo", "mspace")


def _binds(before, sign) -> bool:
    # In "= −1" the sign belongs to the number. MathML sees that only at the start of a
    # row, and would set it as in "2 − 1".
    return sign in "+-−±" and before in "=<>≤≥≈≠→([,;·×/+-−"


def _check(element) -> None:
    # What latex2mathml knows has become a character reference, such as "&#x0007B;".
    if left := re.search(r"\\\w*|[{}]|&(?!#)", element.text or ""):
        raise ValueError(f"cannot read {left.group()}")
    if len(element) != _CHILDREN.get(element.tag, len(element)):
        raise ValueError(f"incomplete {element.tag}")
    if "linebreak" in element.attrib:
        raise ValueError("a line breaks only within aligned or cases")
    if element.get("mathvariant", "").startswith("bold"):  # Chromium ignores it
        raise ValueError("bold is for one Latin letter at a time, as in \\mathbf{w}")


def visit_math(self, node) -> None:
    """Write an inline formula."""
    self.body.append(_mathml_or_warn(node, "inline"))
    raise nodes.SkipNode


def visit_math_block(self, node) -> None:
    """Write a displayed formula with its number, if it has a label."""
    # The theme's script makes a container of this class reachable by keyboard when
    # its content is wider than the page.
    classes = "math pst-scrollable-table-container"
    self.body.append(self.starttag(node, "div", "", CLASS=classes))
    self.body.append(_mathml_or_warn(node, "block"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _mathml_or_warn(node, display: str) -> str:
    latex = node.astext()
    try:
        return mathml(latex, display)
    except ValueError as error:
        logger.warning("formula %r: %s", latex, error, location=node)
        return f"<code>{html.escape(latex)}</code>"


# Figures


class output_image(nodes.image):  # noqa: N801 - docutils finds visitors by this name
    """An image among a notebook's outputs."""


def visit_output_image(self, node) -> None:
    """Write an ``<img>`` whose place is reserved before it is loaded."""
    # Sphinx's own visitor writes the size as a style, which fixes the height even
    # where the width has to shrink.
    name = quote(self.builder.images[node["uri"]])
    attributes = {key: node[key] for key in ("width", "height") if key in node}
    attributes |= {"src": posixpath.join(self.builder.imgpath, name)}
    attributes |= {"alt": node.get("alt", ""), "loading": "lazy"}
    self.body.append(self.emptytag(node, "img", **attributes))


class FigureRenderer(MimeRenderPlugin):
    """Gives a notebook's PNG output the alt text that its metadata holds."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return the image of a PNG output, and warn if it has no alt text."""
        if data.mime_type != "image/png":
            return None
        alt = data.output_metadata.get("image/png", {}).get("alt")
        if not alt:
            message = f"the figure of cell {data.cell_index} has no alt text"
            renderer.logger.warning(message, subtype="alt", line=data.line)
        [image] = renderer.render_image(data)
        return [output_image(**image.attributes | {"alt": alt or ""})]


def check_installation(app) -> None:
    """Warn when the package was installed before it had the plugin above."""
    if FigureRenderer not in load_mime_renders():
        logger.warning("figures get no alt text: run `pip install -e .` once more")


# Widgets

_WIDGET = re.compile(r'data-widget="([^"]*)"')


class WidgetDirective(SphinxDirective):
    """Puts a live widget into a page that is no notebook.

    The content is Python, run when the book is built; its last line makes the widget::

        ```{widget}
        from cnnbook.widgets import LayerCost
        LayerCost(side=28)
        ```

    With the option ``:code:`` the same lines are shown below the widget.
    """

    has_content = True
    option_spec: ClassVar = {"code": directives.flag}

    def run(self):
        """Return the HTML that a notebook has, and the code if it is asked for."""
        # What the code imports or reads may have changed though the page has not
        self.env.note_reread()
        source = "\n".join(self.content)
        try:
            widget = last_value(source)
            markup = widget.to_html()
        except Exception as error:
            message = f"the widget failed: {type(error).__name__}: {error}"
            raise self.error(message) from error
        live = nodes.raw("", markup, format="html")
        code = nodes.literal_block(source, source, language="python")
        return [live, code] if "code" in self.options else [live]


def last_value(source: str):
    """Run Python code and return the value of its last line, a widget.

    Raises
    ------
    TypeError
        If it is none.
    Exception
        Whatever the code raises.
    """
    from cnnbook.widgets.base import Widget

    *lines, last = ast.parse(source).body or [None]
    names = {"__name__": "__widget__"}
    value = None
    if isinstance(last, ast.Expr):
        exec(compile(ast.Module(lines, []), "widget", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "widget", "eval"), names)
    if not isinstance(value, Widget):
        raise TypeError(
            "expected a widget on the last line, got "
            + (type(value).__name__ if isinstance(last, ast.Expr) else "no expression")
        )
    return value


def set_assets_digest(app, config) -> None:
    """Let Sphinx see whether widgets, style sheets or templates have changed."""
    digest = hashlib.sha256("".join(page_files().values()).encode())
    for folder in (*config.html_static_path, *config.templates_path):
        for path in sorted(Path(app.confdir, folder).rglob("*.*")):
            digest.update(path.read_bytes())
    config.cnnbook_assets_digest = digest.hexdigest()


def write_widget_files(app) -> None:
    """Put today's widgets into ``_static/cnnbook`` of the built page."""
    # Before any page is written, for Sphinx adds the checksum of a file to its
    # address, so that browsers do not keep an old one.
    if app.builder.format != "html":
        return
    folder = app.outdir / "_static" / "cnnbook"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in page_files().items():
        (folder / name).write_text(text, encoding="utf-8")


def add_widget_files(app, pagename, templatename, context, doctree) -> None:
    """Load the widgets of a page on that page, and on no other."""
    known = page_files()
    names = widget_names(doctree) if doctree else []
    for name in names:
        if f"{name}.js" not in known:
            logger.warning("unknown widget %r", name, location=pagename)
    if scripts := [name for name in names if f"{name}.js" in known]:
        app.add_css_file("cnnbook/widgets.css")
        for name in ["host", *scripts]:  # the host first: widgets register with it
            app.add_js_file(f"cnnbook/{name}.js", loading_method="defer")


def widget_names(doctree) -> list[str]:
    """Return the names of the widgets on a page, each once, in order."""
    raws = (node.astext() for node in doctree.findall(nodes.raw))
    return sorted({name for raw in raws for name in _WIDGET.findall(raw)})


# Tables


def mark_wordy_tables(app, doctree, docname) -> None:
    """Tell the style sheet which tables hold sentences: a phone stacks their cells."""
    for table in doctree.findall(nodes.table):
        cells = [entry.astext() for entry in table.findall(nodes.entry)]
        if max(map(len, cells)) > 80:
            table["classes"].append("wordy")


# Repository


def set_repository_buttons(app, config) -> None:
    """Show links to the repository, and what needs it, when its address is known."""
    options = config.html_theme_options
    address = (options.get("repository_url") or "").rstrip("/").removesuffix(".git")
    options["repository_url"] = address
    for kind in ("edit_page", "issues", "repository"):
        options[f"use_{kind}_button"] = bool(address)
    config.html_copy_source = bool(address)  # for the download of a notebook
    if not address:
        options["launch_buttons"] = {}
    if not address.startswith("https://github.com/"):  # Colab reads from nowhere else
        options["launch_buttons"].pop("colab_url", None)


def fit_buttons(app, pagename, templatename, context, doctree) -> None:
    """Let the theme's buttons lead to what is there."""
    made = pagename.startswith("book/assignments/")  # by `make book`, not in git
    for group in context.get("header_buttons", []):
        buttons = group.get("buttons", [])
        if made:
            buttons[:] = [b for b in buttons if b.get("label") != "source-edit-button"]
        for button in buttons:
            if button["text"] == "Colab":
                button["url"] = colab_url(app.config, f"{pagename}.ipynb")


# Colab


# Colab opens one notebook of a repository on GitHub, without the files beside it, so
# the package has to be installed first. The notebooks in git do not know the
# repository's address, and readers elsewhere have no use for such a cell. So the build
# writes copies that begin with it, and .github/workflows/publish.yml puts them into a
# branch of their own, which is where the buttons lead.
COLAB_CELL = """\
# Only on Colab: install the package of this book.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet git+{repository_url}@{repository_branch}"""

_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


def write_colab_copies(app, exception) -> None:
    """Write all notebooks for the branch ``colab``, if Colab has a button."""
    if app.builder.name != "html":
        return
    folder = Path(app.outdir).parent / "colab"
    shutil.rmtree(folder, ignore_errors=True)
    if exception or "colab_url" not in app.config.html_theme_options["launch_buttons"]:
        return
    for path in map(Path, map(app.env.doc2path, sorted(app.env.found_docs))):
        if path.suffix == ".ipynb":
            name = path.relative_to(app.srcdir)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            notebook = colab_copy(nbformat.read(path, 4), app.config, name.as_posix())
            nbformat.write(notebook, folder / name)


def colab_copy(notebook, config, name: str):
    """Add the cell that installs, and let links lead where they do from Colab."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _LINK.sub(
                lambda found: f"]({absolute(found[1], config, name)})", cell.source
            )
    source = COLAB_CELL.format(**config.html_theme_options)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(source, id="colab"))
    return notebook


def absolute(link: str, config, name: str) -> str:
    """Turn a link of a notebook into an address: notebooks open in Colab again."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
    if path.split("#")[0].endswith(".ipynb"):
        return colab_url(config, path)
    options = config.html_theme_options
    return f"{options['repository_url']}/blob/{options['repository_branch']}/{path}"


def colab_url(config, path: str) -> str:
    """Return where Colab opens the copy of a notebook."""
    options = config.html_theme_options
    repository = options["repository_url"].removeprefix("https://github.com/")
    host = options["launch_buttons"]["colab_url"]
    return f"{host}/github/{repository}/blob/colab/{path}"


# The theme's files


_FONT_AWESOME = re.compile(r"@font-face\s*\{[^}]*fontawesome[^}]*\}")


def remove_unused_files(app, exception) -> None:
    """Delete what the theme brings and no page loads: 6 MB of a downloaded copy."""
    if app.builder.format != "html":
        return
    static = app.outdir / "_static"
    shutil.rmtree(static / "vendor", ignore_errors=True)  # Font Awesome's fonts
    for pattern in ("bootstrap.js*", "fontawesome.js*", "*.map"):
        for path in static.rglob(pattern):
            path.unlink()
    # A browser that lays out a page before it has our own style sheet would ask for
    # the fonts just deleted.
    for path in static.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        path.write_text(_FONT_AWESOME.sub("", text), encoding="utf-8")
