"""A submission set right: the source's own cells, with the student's code in them.

Students delete, split, merge and move cells, and editors lose metadata. None of this
is an answer. What is known of a cell (its grade_id, its id, its text, the names that it
defines, its neighbors) tells which cell of the source it was, and the student's text
goes into a copy of the source. Cells that are not the student's (checks, given cells,
prompts) are always the source's; what he wrote into one becomes a cell of his own.
"""

import ast
import hashlib
import json
import re
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cached_property
from itertools import islice

import nbformat

from cnnbook.grading.assignment import grade_id, points, role
from cnnbook.grading.assignment import read as read_assignment
from cnnbook.grading.submission import clean, harmless, notebook

#: Bytes of outputs and pasted images that are kept of one submission.
LIMIT = 2_000_000

#: How alike a cell must be to one of the source, see `_likeness`: at first, and once
#: its neighbors were of no help.
LIKELY, POSSIBLE = 0.5, 0.4

#: Shorter texts, such as `import torch`, are no sign that cells were merged.
TELLING = 20

CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"
WORD = re.compile(r"\w+")
STUB_WORDS = set(WORD.findall(CODE_STUB + " " + TEXT_STUB))
# Students' texts may be long and odd: no pattern here takes quadratic time.
DEFINES = re.compile(
    r"^(?:(?:async +)?def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=(?!=)", re.M
)
#: How the second half of a block begins.
CONTINUES = re.compile(r"\n*([ \t)\]}]|(else|elif|except|finally)\b)")

#: Roles in which nbgrader clears the author's text.
ANSWERED = ("solution", "manual")
TITLES = {"given": "given cell", "manual": "answer", "free": "cell"}


# --- The assignment -------------------------------------------------------------------


def released(cell):
    """The text of a source cell as students get it.

    Parameters
    ----------
    cell : NotebookNode
        A cell of the source, in Python or Markdown.

    Returns
    -------
    str
        With nbgrader's stub for the solution, without hidden tests and mark schemes:
        what nbgrader 0.9.6 makes of it with its default settings.

    Raises
    ------
    ValueError
        A region begins twice or does not end.
    """
    stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
    text = _replaced(cell.source, "SOLUTION", stub.split("\n"))
    if role(cell) in ANSWERED and "BEGIN SOLUTION" not in cell.source:
        text = stub
    return _replaced(_replaced(text, "HIDDEN TESTS", []), "MARK SCHEME", [])


def _replaced(text, region, stub):
    """The text with a region's lines, marks included, replaced by the stub's."""
    lines, inside = [], False
    for line in text.split("\n"):
        if f"BEGIN {region}" in line:
            if inside:
                raise ValueError(f"BEGIN {region} stands twice before END {region}")
            inside, indent = True, re.match(r"\s*", line).group()
            lines += [indent + each for each in stub]
        elif f"END {region}" in line:
            inside = False
        elif not inside:
            lines.append(line)
    if inside:
        raise ValueError(f"BEGIN {region} has no END {region} in the same cell")
    return "\n".join(lines)


def checksum(cell):
    """nbgrader's checksum of a cell, which tells it that nothing was written.

    Equal to `nbgrader.utils.compute_checksum`, which takes seconds to import.
    """
    data = cell.metadata.get("nbgrader", {})
    graded, solution = bool(data.get("grade")), bool(data.get("solution"))
    locked = not solution and (graded or bool(data.get("locked")))
    parts = [cell.source, cell.cell_type, graded, solution, locked, grade_id(cell)]
    parts += [points(cell)] if graded else []
    text = "".join(map(str, parts))
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


# --- Cells and how alike they are -----------------------------------------------------


class _Text:
    """What is compared of a `text`."""

    @cached_property
    def plain(self):
        return "\n".join(line.rstrip() for line in self.text.strip().split("\n"))

    @cached_property
    def lines(self):
        return {line.strip() for line in self.text.split("\n")} - {""}

    @cached_property
    def words(self):
        return set(WORD.findall(self.text))

    @cached_property
    def names(self):
        """What is defined at the top level."""
        return {first or second for first, second in DEFINES.findall(self.text)}


@dataclass(eq=False)
class _Slot(_Text):
    """A cell of the source; `text` is what the student was given."""

    cell: nbformat.NotebookNode
    text: str
    unique: bool = True

    def __post_init__(self):
        self.role, self.name = role(self.cell), grade_id(self.cell)
        free_code = self.role == "free" and self.cell.cell_type == "code"
        self.own = free_code or self.role in (*ANSWERED, "task")  # the student's text
        head = repr(self.text.strip().split("\n")[0][:40])
        self.title = f"{TITLES.get(self.role, self.role)} {self.name or head}"

    @cached_property
    def wanted(self):
        """The names that an answer defines."""
        source = _Piece(0, self.cell.cell_type, self.cell.source)
        return (self.names or source.names) if source.kind == "code" else set()


@dataclass(eq=False)
class _Piece(_Text):
    """A cell of the submission or a part of one; `place` counts cells of the source."""

    number: int
    kind: str
    text: str
    name: str | None = None
    id: str | None = None
    outputs: list = field(default_factory=list)
    attachments: dict = field(default_factory=dict)
    place: int | None = None
    parts: int = 1
    cut: bool = False

    def within(self, slot):
        """Whether nothing but the source's own lines stands here."""
        return self.lines <= slot.lines


def _slots(assignment):
    slots = [_Slot(cell, released(cell)) for cell in assignment.cells]
    times = Counter(slot.plain for slot in slots)
    for slot in slots:
        slot.unique = times[slot.plain] == 1
    return slots


def _pieces(submission):
    """The cells of a notebook that was cleaned."""
    return [
        _Piece(
            number,
            cell.cell_type,
            cell.source,
            grade_id(cell),
            cell.id,
            cell.get("outputs", []),
            cell.get("attachments", {}),
        )
        for number, cell in enumerate(submission.cells, start=1)
    ]


def _likeness(piece, slot):
    """How much speaks for a cell being that of the source; from LIKELY on it may be.

    A text found once in the source outweighs the metadata, which copying can falsify;
    what a solution defines outweighs its grade_id alone.
    """
    metadata = (piece.name == slot.name is not None) + (
        piece.id == slot.cell.get("id")
    ) / 2
    if piece.plain == slot.plain:
        return metadata + (3 if slot.unique else POSSIBLE)
    return metadata + (_defines if slot.own else _overlap)(piece, slot)


def _defines(piece, slot):
    """1 for all the names that are wanted, 1/2 for all the words of the stub."""
    clues = slot.words - STUB_WORDS
    names = len(slot.wanted & piece.names) / max(len(slot.wanted), 1)
    return names + len(clues & piece.words) / max(len(clues), 1) / 2


def _overlap(piece, slot):
    """The part of all words that both have."""
    return len(slot.words & piece.words) / max(len(slot.words | piece.words), 1)


# --- Which cell was which -------------------------------------------------------------


def _matched(pieces, slots):
    """The cells of a submission, put together or cut, each with its place or None."""
    pieces = _rejoined(pieces)
    there = {piece.plain for piece in pieces}
    missing = [
        slot
        for slot in slots
        if slot.role not in ANSWERED
        and slot.plain not in there
        and len(slot.plain) >= TELLING
    ]
    pieces = [part for piece in pieces for part in _cut(piece, missing)]
    _claim(pieces, slots, LIKELY)
    _follow(pieces, slots)
    _fill(pieces, slots)
    _claim(pieces, slots, POSSIBLE)
    _gather(pieces, slots)
    return [piece for piece in pieces if piece.lines or piece.place is not None]


def _rejoined(pieces):
    """Cells that begin in the middle of a block join those in front of them."""
    groups = []
    for piece in pieces:
        last = groups[-1][-1] if groups else piece
        if groups and last.kind == piece.kind == "code" and CONTINUES.match(piece.text):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [piece for group in groups for piece in _joined(group)]


def _joined(group):
    text = "\n".join(piece.text for piece in group)
    if len(group) == 1 or not _parses(text):
        return group
    name = next((piece.name for piece in group if piece.name), None)
    return [replace(group[0], text=text, name=name, parts=len(group))]


def _parses(text):
    """Whether a text is Python, apart from IPython's magic lines."""
    try:
        ast.parse(re.sub(r"(?m)^([ \t]*)[%!].*", r"\1pass", text))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _cut(piece, missing):
    """Take a cell apart in which whole cells of the source stand, as after a merge."""
    lines, start, parts = piece.text.split("\n"), 0, []
    stripped = [line.rstrip() for line in lines]
    for slot in missing:
        block = slot.plain.split("\n")
        at = _find(block, stripped, start)
        if at is not None:
            parts += [(lines[start:at], piece.kind), (block, slot.cell.cell_type)]
            start = at + len(block)
    if not parts:
        return [piece]
    parts.append((lines[start:], piece.kind))
    return _parts(piece, parts)


def _find(block, lines, start):
    """Where the lines of a block stand, from a line on; None where they do not."""
    for i in range(start, len(lines) - len(block) + 1):
        if lines[i] == block[0] and lines[i : i + len(block)] == block:
            return i
    return None


def _parts(piece, parts):
    """Pieces of a merged cell; its metadata says nothing about any of them."""
    found = []
    for lines, kind in parts:
        text = "\n".join(lines).strip("\n")
        if text.strip():
            found.append(_Piece(piece.number, kind, text, cut=True))
    found[0] = replace(found[0], outputs=piece.outputs, attachments=piece.attachments)
    return found


def _claim(pieces, slots, least):
    """Each cell of the source takes the most likely cell, the most certain first."""
    taken = {piece.place for piece in pieces}
    pairs = [
        (-likeness, p, s)
        for p, piece in enumerate(pieces)
        for s, slot in enumerate(slots)
        if piece.place is None and s not in taken
        if (likeness := _likeness(piece, slot)) >= least
    ]
    for _, p, s in sorted(pairs):
        if pieces[p].place is None and s not in taken:
            pieces[p].place = s
            taken.add(s)


def _follow(pieces, slots):
    """Copies and parts with the grade_id of a cell go where it went."""
    names = {slot.name: s for s, slot in enumerate(slots) if slot.name}
    for piece in pieces:
        s = names.get(piece.name)
        if piece.place is None and s is not None:
            fits = slots[s].own or piece.within(slots[s])
            piece.place = s if fits else None


def _fill(pieces, slots):
    """A cell still missing is the one beside the cell that it stood beside."""
    for s, slot in enumerate(slots):
        if all(piece.place != s for piece in pieces):
            fits = (
                piece
                for piece, before, after in _with_neighbors(pieces, len(slots))
                if piece.place is None and (before == s - 1 or after == s + 1)
                if _fits(piece, slot)
            )
            for piece in islice(fits, 1):
                piece.place = s


def _with_neighbors(pieces, end):
    """Triples of a piece and the places nearest in front of it and behind it."""
    before = _preceding(pieces, -1)
    after = _preceding(pieces[::-1], end)[::-1]
    return list(zip(pieces, before, after, strict=True))


def _preceding(pieces, place):
    places = []
    for piece in pieces:
        places.append(place)
        place = place if piece.place is None else piece.place
    return places


def _fits(piece, slot):
    if not slot.own:
        return piece.plain == slot.plain
    return bool(piece.lines) and (piece.cut or piece.kind == slot.cell.cell_type)


def _gather(pieces, slots):
    """Parts of a split cell that is not the student's, by their lines.

    And the one text that is left is the one answer in words that is missing.
    """
    whole = {p.place for p in pieces if p.place is not None and _same(p, slots)}
    broken = [s for s, slot in enumerate(slots) if not slot.own and s not in whole]
    for piece in pieces:
        if piece.place is None and piece.lines:
            fits = (s for s in broken if piece.within(slots[s]))
            piece.place = next(fits, None)
    there = {piece.place for piece in pieces}
    silent = [
        s for s, slot in enumerate(slots) if slot.role == "manual" and s not in there
    ]
    texts = [p for p in pieces if p.place is None and p.kind == "markdown" and p.lines]
    if len(silent) == len(texts) == 1:
        texts[0].place = silent[0]


def _same(piece, slots):
    return piece.plain == slots[piece.place].plain


# --- The new notebook -----------------------------------------------------------------


def align(submission, assignment):
    """Bring a submission into the form of its assignment.

    Parameters
    ----------
    submission : NotebookNode
        As handed in, best from `submission.read`. It is not changed.
    assignment : Assignment

    Returns
    -------
    notebook : NotebookNode
        Valid, nbformat 4.5, with the source's metadata and every cell of the source
        exactly once, in order and with its id. Check, given and free Markdown cells
        are the source's, hidden tests included. Solution, manual and task cells, and
        code cells without a role, have the student's text and the source's metadata;
        nbgrader's checksum is that of the released cell. A deleted solution is empty,
        any other deleted cell is as released. Between them stand the student's own
        cells, without metadata. Only manual cells, and own cells right behind a manual
        or task cell, have outputs: text and images, up to LIMIT bytes.
    notes : list of str
        A sentence for each accident, for the instructor.
    """
    submission = clean(submission)
    slots = _slots(assignment)
    pieces = _matched(_pieces(submission), slots)
    answers, own = _arranged(pieces, slots)
    notes = [
        *_kernel(submission, assignment),
        *(_stranger(pieces, slots, submission, assignment) or _notes(pieces, slots)),
        *_limited(slots, answers, own),
    ]
    cells = list(_cells(slots, answers, own))
    for number, cell in enumerate(cells, start=1):
        cell.setdefault("id", f"student-{number}")
    return notebook(deepcopy(assignment.notebook.metadata), cells), notes


def _arranged(pieces, slots):
    """The answers by place, and the student's own cells by the place that they follow.

    An own cell follows the one in front of it; but where the next cell belongs further
    to the front, it goes there with it, so that what it defines is there in time.
    """
    answers = {s: _answers(pieces, s, slot) for s, slot in enumerate(slots) if slot.own}
    own = defaultdict(list)
    for piece, before, after in _with_neighbors(pieces, len(slots)):
        s = before if piece.place is None else piece.place
        if piece.place is None:
            own[after - 1 if after < before else before].append(piece)
        elif slots[s].own and piece in answers[s][1:]:
            own[s].append(piece)
        elif not slots[s].own and not piece.within(slots[s]):
            # What was written into a check may be needed by it.
            own[s - (slots[s].role == "check")].append(piece)
    return answers, own


def _answers(pieces, s, slot):
    """What was written for a cell of the source; an untouched copy counts last."""
    found = [piece for piece in pieces if piece.place == s]
    found = [piece for piece in found if piece.plain != slot.plain] or found[:1]
    if slot.cell.cell_type == "code" or len(found) < 2:
        return found
    text = "\n\n".join(dict.fromkeys(piece.text for piece in found))
    images = {name: each for p in found for name, each in p.attachments.items()}
    return [replace(found[0], text=text, attachments=images)]


def _limited(slots, answers, own):
    """Drop outputs that nobody grades, and what is too large, with a note for each."""
    size = 0
    for s in range(-1, len(slots)):
        graded = s >= 0 and slots[s].role in ("manual", "task")
        for piece in [*answers.get(s, [])[:1], *own[s]]:
            piece.outputs = piece.outputs if graded else []
            more = len(json.dumps([piece.outputs, piece.attachments]))
            if size + more > LIMIT:
                piece.outputs, piece.attachments, more = [], {}, 0
                yield (
                    f"Outputs and images of cell {piece.number} are left out: a "
                    f"submission may have {LIMIT / 1e6:g} MB."
                )
            size += more


def _cells(slots, answers, own):
    """The cells of the new notebook."""
    yield from map(_own_cell, own[-1])
    for s, slot in enumerate(slots):
        yield _filled(slot, answers.get(s))
        yield from map(_own_cell, own[s])


def _own_cell(piece):
    text = piece.text if piece.kind == "code" else harmless(piece.text)
    cell = {"cell_type": piece.kind, "metadata": {}, "source": text}
    return nbformat.from_dict(cell | _shown(piece, piece.kind))


def _filled(slot, answers):
    """A cell of the source, with the student's text if it is his."""
    cell = deepcopy(slot.cell)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if not slot.own:
        return cell
    cell.source = slot.text
    if slot.name:
        cell.metadata.nbgrader["checksum"] = checksum(cell)
    if not answers:
        cell.source = "" if slot.role == "solution" else slot.text
    elif answers[0].plain != slot.plain:
        text = answers[0].text
        cell.source = text if cell.cell_type == "code" else harmless(text)
        cell.update(nbformat.from_dict(_shown(answers[0], cell.cell_type)))
    return cell


def _shown(piece, kind):
    """What a cell of this kind has beside its text."""
    if kind == "code":
        return {"execution_count": None, "outputs": piece.outputs}
    return {"attachments": piece.attachments} if piece.attachments else {}


# --- Notes for the instructor ---------------------------------------------------------


def _kernel(submission, assignment):
    spec = assignment.notebook.metadata.get("kernelspec", {})
    wanted = spec.get("name", "python3")
    given = submission.metadata.get("kernelspec", {}).get("name", wanted)
    if given != wanted:
        yield f"The kernel was {given[:40]!r}; {wanted!r} is used."


def _stranger(pieces, slots, submission, assignment):
    """A note that says all about a notebook with little of this assignment in it."""
    if not any(piece.lines for piece in pieces):
        return ["The notebook is empty."]
    share = _share(pieces, slots)
    if share >= 0.5:
        return []
    for other in _others(assignment):
        theirs = _slots(other)
        if _share(_matched(_pieces(submission), theirs), theirs) >= 0.5:
            return [f"This is not {assignment.name}; it looks like {other.name}."]
    return [] if share else [f"Nothing of {assignment.name} was found in the notebook."]


def _share(pieces, slots):
    """The part of the solutions and checks that was found, of those with own texts."""
    telling = {
        s
        for s, slot in enumerate(slots)
        if slot.unique and slot.role in ("solution", "check")
    }
    found = telling & {piece.place for piece in pieces}
    return len(found) / len(telling) if telling else 1


def _others(assignment):
    """The assignments beside this one."""
    for path in sorted(assignment.folder.parent.glob("*/*.ipynb")):
        if path.stem == path.parent.name != assignment.name:
            yield read_assignment(path.parent)


def _notes(pieces, slots):
    """All about cells of which at least some were found."""
    found = defaultdict(list)
    for piece in pieces:
        found[piece.place].append(piece)
    yield from _merged(pieces, slots)
    yield from _stripped(slots, found)
    for s, slot in enumerate(slots):
        remarks = _missing if not found[s] else _own if slot.own else _fixed
        yield from remarks(slot, found[s])
        if any(piece.parts > 1 for piece in found[s]):
            yield f"The {slot.title} was split inside a block; it is put together."
    yield from _copies(slots, found[None])
    yield from _moved(pieces, slots)


def _merged(pieces, slots):
    numbers = defaultdict(list)
    for piece in pieces:
        if piece.cut:
            title = "own text" if piece.place is None else slots[piece.place].title
            numbers[piece.number].append(title)
    for number, titles in numbers.items():
        yield f"Cell {number} was taken apart; it held: {', '.join(titles)}."


def _stripped(slots, found):
    """Cells without nbgrader's metadata; parts of a merged cell cannot have any."""
    bare = [
        slot.title
        for s, slot in enumerate(slots)
        if slot.name and found[s] and not any(p.name or p.cut for p in found[s])
    ]
    if bare:
        yield f"Recognized without nbgrader's metadata: {', '.join(bare)}."


def _missing(slot, found):
    if slot.role == "solution":
        yield f"The {slot.title} was not found; it counts as empty."
    elif slot.name or slot.own:
        yield f"The {slot.title} was missing and has been put back."


def _fixed(slot, found):
    whole = any(piece.plain == slot.plain for piece in found)
    inside = all(piece.within(slot) for piece in found)
    yield from _renamed(slot, found)
    if len(found) > 1 and whole:
        yield f"The {slot.title} was there {len(found)} times; it counts once."
    elif len(found) > 1:
        yield f"The {slot.title} was split into {len(found)}; the original is used."
    elif not whole:
        yield f"The {slot.title} was changed; the original is used."
    if not inside:
        yield f"What was written into the {slot.title} is kept as the student's own."


def _own(slot, found):
    kind = slot.cell.cell_type
    yield from _renamed(slot, found)
    if len(found) > 1:
        order = "run in order" if kind == "code" else "are put together"
        yield f"The {slot.title} was there in {len(found)} cells; they {order}."
    if found[0].kind != kind and not found[0].cut:
        yield f"The {slot.title} was a {found[0].kind} cell; it is {kind} again."


def _renamed(slot, found):
    given = {piece.name for piece in found} - {None, slot.name}
    for name in sorted(given):
        yield f"The {slot.title} had the grade_id {name[:40]!r}."


def _copies(slots, strangers):
    titles = {slot.name: slot.title for slot in slots if slot.name}
    for piece in strangers:
        if piece.name in titles:
            yield (
                f"Cell {piece.number}, a changed copy of the {titles[piece.name]}, "
                "is kept as the student's own."
            )


def _moved(pieces, slots):
    """Cells that must be moved for the others to be in order."""
    order = list(dict.fromkeys(p.place for p in pieces if p.place is not None))
    match = SequenceMatcher(None, order, sorted(order), autojunk=False)
    stay = {s for a, _, n in match.get_matching_blocks() for s in order[a : a + n]}
    moved = [slots[s].title for s in sorted(set(order) - stay)]
    if moved:
        yield f"Moved back to their places: {', '.join(moved)}."
