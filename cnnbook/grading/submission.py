"""A student's notebook, read as leniently as possible and made harmless."""

import json
import re
from pathlib import Path

import nbformat

#: What is kept of an output; neither HTML nor SVG, since both can hold scripts.
KEPT = ("text/plain", "image/png", "image/jpeg")
BASE64 = re.compile(r"[\w+/=\s]*", re.ASCII)

#: Where raw HTML begins in Markdown, and what of LaTeX can hold a script.
ACTIVE = re.compile(r"<(?=[A-Za-z/!?])|\\(?=(?:href|style|class|cssId|require)\b)")
WORD_JOINER = "\u2060"


def read(path):
    """Read a notebook as leniently as possible.

    Parameters
    ----------
    path : str or Path
        A notebook of nbformat 3 or 4, with or without a byte order mark, ids,
        metadata or outputs.

    Returns
    -------
    NotebookNode
        Valid, nbformat 4.5. Of the metadata, the grade_ids and the kernel's name are
        kept; of the outputs, text and PNG and JPEG images.

    Raises
    ------
    ValueError
        It is no notebook; the message names the file and says what is wrong.
    OSError
        It cannot be read.
    """
    path = Path(path)
    raw = path.read_bytes()
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} {_trouble(raw, error)}") from error
    if not _is_list(_dict(data).get("cells", _dict(data).get("worksheets"))):
        raise ValueError(f"{path.name} is JSON, but no notebook: it has no cells")
    return clean(data)


def _trouble(raw, error):
    """Why a file is no JSON."""
    conflict = re.search(rb"(?m)^(<<<<<<<|>>>>>>>)( |$)", raw)
    if not raw.strip():
        return "is empty"
    if conflict:
        line = raw.count(b"\n", 0, conflict.start()) + 1
        return f"holds an unresolved merge conflict (line {line})"
    if not raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "is no notebook: it does not begin as JSON, with a brace"
    if isinstance(error, RecursionError):
        return "is no notebook: its lists are nested too deeply"
    if not raw.rstrip().endswith(b"}"):
        return "is cut off: its end is missing"
    return f"is no JSON: {error}"


def clean(data):
    """A valid notebook of what can be understood of one; given one, an equal one."""
    sheets = [data, *_dicts(data.get("worksheets"))]
    cells = [cell for sheet in sheets for cell in _dicts(sheet.get("cells"))]
    seen = set()
    kernel = _dict(_dict(data.get("metadata")).get("kernelspec")).get("name")
    spec = {"name": _string(kernel), "display_name": _string(kernel)}
    metadata = {"kernelspec": spec} if spec["name"] else {}
    cells = [_clean_cell(cell, n, seen) for n, cell in enumerate(cells, start=1)]
    return notebook(metadata, cells)


def notebook(metadata, cells):
    """A notebook of nbformat 4.5."""
    parts = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return nbformat.from_dict(parts)


def _clean_cell(data, number, seen):
    kind, text = data.get("cell_type"), _string(data.get("source", data.get("input")))
    if kind == "heading":  # of nbformat 3
        text = f"# {text}"
    kind = kind if kind in ("code", "raw") else "markdown"
    name = _string(_dict(_dict(data.get("metadata")).get("nbgrader")).get("grade_id"))
    cell = {"cell_type": kind, "id": _id(data.get("id"), number, seen), "source": text}
    cell["metadata"] = {"nbgrader": {"grade_id": name}} if name else {}
    if kind == "code":
        outputs = map(_output, _dicts(data.get("outputs")))
        return cell | {"execution_count": None, "outputs": [*filter(None, outputs)]}
    images = {
        _string(image): kept
        for image, bundle in _dict(data.get("attachments")).items()
        if (kept := _bundle(bundle))
    }
    return cell | ({"attachments": images} if images else {})


def _id(given, number, seen):
    valid = isinstance(given, str) and re.fullmatch(r"(?a:[\w-]{1,64})", given)
    name = given if valid and given not in seen else f"cell-{number}"
    while name in seen:
        name += "-"
    seen.add(name)
    return name


def _output(data):
    """What is kept of an output, or None."""
    if data.get("output_type") == "stream" and data.get("name") == "stdout":
        text = _string(data.get("text"))
        return {"output_type": "stream", "name": "stdout", "text": text}
    kept = _bundle(data.get("data"))
    return kept and {"output_type": "display_data", "data": kept, "metadata": {}}


def _bundle(data):
    texts = {kind: _string(_dict(data).get(kind)) for kind in KEPT}
    return {
        kind: text
        for kind, text in texts.items()
        if text and (kind == "text/plain" or BASE64.fullmatch(text))
    }


def _dict(value):
    return value if isinstance(value, dict) else {}


def _dicts(value):
    return [each for each in value if isinstance(each, dict)] if _is_list(value) else []


def _is_list(value):
    return isinstance(value, list)


def _string(value):
    """A text, or lines to be put together; what cannot be written is replaced."""
    if _is_list(value):
        value = "".join(line for line in value if isinstance(line, str))
    text = value if isinstance(value, str) else ""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def harmless(text):
    """Markdown in which nothing can act on the page of the person who grades it.

    Raw HTML and links hidden in formulas get an invisible character that makes plain
    text of them, in code too.
    """
    return ACTIVE.sub(lambda found: found.group() + WORD_JOINER, text)
