"""From ES modules on disk to what JupyterLab and the published page load.

A widget is written as an ES module that imports only from ``./kit.js`` and, if it
is large, from a module of its own beside it. Neither of its two homes can follow
an import: JupyterLab receives the module as one string, and a page opened from disk
may not load modules at all. So a module is turned into an expression, an immediately
called function that returns the module's exports, and expressions can be put
together freely. No bundler needed.
"""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_NAMED = re.compile(r"^export ((?:async )?(?:function\*?|class|const) (\w+))", re.M)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def stems() -> list[str]:
    """Names of all widgets: the stems that have both a ``.py`` and a ``.js``."""
    return sorted(p.stem for p in FOLDER.glob("*.js") if p.with_suffix(".py").exists())


@cache
def esm(stem: str) -> str:
    """One self-contained ES module for notebooks: the kit and the widget."""
    return (
        f"const kit = {as_expression('kit')};\n"
        f"const widget = {as_expression(stem)};\n"
        f"const notebook = {as_expression('notebook')};\n"
        "export default notebook.keepKeys(widget.default);\n"
    )


@cache
def css() -> str:
    """The style sheet of all widgets."""
    return (FOLDER / "kit.css").read_text(encoding="utf-8")


def page_files() -> dict[str, str]:
    """Files of the published page by name: the style sheet and classic scripts.

    ``host.js`` comes first; it holds the kit and defines ``window.cnnbook``, with
    which each ``<stem>.js`` registers its widget.
    """
    host = (
        f"window.cnnbook = {as_expression('host')};\n"
        f"window.cnnbook.kit = {as_expression('kit')};\n"
    )
    files = {"widgets.css": css(), "host.js": host}
    for stem in stems():
        files[f"{stem}.js"] = (
            f"((kit) => cnnbook.register({stem!r}, {as_expression(stem)}.default))"
            "(cnnbook.kit);\n"
        )
    return files


def as_expression(stem: str) -> str:
    """``<stem>.js`` as a JavaScript expression whose value is its exports.

    Raises
    ------
    ValueError
        If the module imports or exports in a form other than
        ``import {...} from "./kit.js";`` (or another module that is there),
        ``export function|class|const`` and ``export default``, each at the start of
        a line.
    """
    source = (FOLDER / f"{stem}.js").read_text(encoding="utf-8")
    exports = [name for _, name in _NAMED.findall(source)]
    if _DEFAULT.search(source):
        exports.append("default: default_")
    body = _IMPORT.sub(_imported, source)
    body = _DEFAULT.sub("const default_ = ", _NAMED.sub(r"\1", body))
    if left := _LEFT_OVER.search(body):
        raise ValueError(f"{stem}.js: cannot inline the line {left.group()!r}")
    return f"(() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})()"


def _imported(match: re.Match) -> str:
    """An import as a constant: the kit is there already, another module comes here."""
    line, names, stem = match.group(), *match.groups()
    if stem != "kit" and not (FOLDER / f"{stem}.js").exists():
        return line
    return f"const {names} = {stem if stem == 'kit' else as_expression(stem)};"
