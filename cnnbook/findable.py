"""What leads to a page: its description, the picture of a shared link, the site map.

All of it is taken from the pages themselves. Addresses of the published site stand in
it only when ``html: baseurl`` in ``_config.yml`` says where the site is.
"""

import html
import posixpath
import re

from docutils import nodes
from markupsafe import Markup
from sphinx.errors import ConfigError

#: The picture of a shared link; ``scripts/share_picture.py`` draws it.
PICTURE = "_static/share.png"
PICTURE_SIZE = (1200, 630)
PICTURE_WORDS = "A kernel slides over a handwritten digit and answers with a map."

#: A search engine shows about as much of a description.
LENGTH = 160

_SENTENCE = re.compile(r"\S.*?[.?!][\"”)]*(?=\s[^a-z]|$)")


def setup(app) -> None:
    """Connect this part of the extension to Sphinx."""
    app.connect("config-inited", check_address)
    app.connect("html-page-context", add_description)
    app.connect("build-finished", write_sitemap)


def check_address(app, config) -> None:
    """Refuse an address of the site that no other site could follow."""
    address = config.html_baseurl
    if address and not re.match(r"https?://[^/\s]+(/\S*)?$", address):
        raise ConfigError(
            "html: baseurl in _config.yml: expected an address such as "
            f"https://OWNER.github.io/NAME/ or nothing, got {address!r}"
        )


# Descriptions


def description(doctree) -> str:
    """Return the sentences that a page begins with, one at least.

    In a chapter that is its question.
    """
    paragraph = next(doctree.findall(nodes.paragraph), None)
    text = " ".join(paragraph.astext().split()) if paragraph else ""
    first, *others = _SENTENCE.findall(text) or [text]
    for sentence in others:
        if len(first) + 1 + len(sentence) > LENGTH:
            break
        first += f" {sentence}"
    return first


def add_description(app, pagename, templatename, context, doctree) -> None:
    """Put a page's description and its Open Graph tags into its head."""
    context["site_address"] = posixpath.join(app.config.html_baseurl, "")
    # The search page and the one that only leads on have no text of their own.
    speaks_for_book = doctree is None or pagename == app.config.root_doc
    about = doctree or app.env.get_doctree(app.config.root_doc)
    title = context["docstitle" if speaks_for_book else "title"]
    tags = {
        "description": description(about),
        "og:type": "website" if speaks_for_book else "article",
        "og:site_name": context["docstitle"],
        "og:title": Markup(title).striptags(),
        "og:description": description(about),
    }
    if app.config.html_baseurl:
        tags |= addresses(app, app.config.root_doc if speaks_for_book else pagename)
    lines = "".join(f"\n    {tag(*item)}" for item in tags.items())
    context["metatags"] = context.get("metatags", "") + lines


def addresses(app, pagename: str) -> dict[str, str]:
    """Return the tags that name addresses, which have to be whole ones."""
    width, height = PICTURE_SIZE
    return {
        "og:url": address_of(app, pagename),
        "og:image": posixpath.join(app.config.html_baseurl, PICTURE),
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": PICTURE_WORDS,
        "twitter:card": "summary_large_image",
    }


def tag(name: str, content: str) -> str:
    """Return one ``<meta>`` element."""
    key = "property" if name.startswith("og:") else "name"
    return f'<meta {key}="{name}" content="{html.escape(content)}">'


# Site map


def address_of(app, pagename: str) -> str:
    """Return where a page stands on the published site."""
    target = app.builder.get_target_uri(pagename)
    return posixpath.join(app.config.html_baseurl, target)


def write_sitemap(app, exception) -> None:
    """List all pages for search engines if the site's address is known."""
    if app.builder.name != "html" or exception:
        return
    path = app.outdir / "sitemap.xml"
    path.unlink(missing_ok=True)  # from a build that knew an address
    if app.config.html_baseurl:
        pages = (address_of(app, page) for page in sorted(app.env.found_docs))
        path.write_text(sitemap(pages), encoding="utf-8")


def sitemap(pages) -> str:
    """Return the site map of these addresses."""
    lines = "".join(f"  <url><loc>{html.escape(page)}</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{lines}</urlset>\n"
    )
