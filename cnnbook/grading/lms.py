"""What learning platforms give and take: names of files, grade sheets, feedback.

Moodle
    A submission stands in a folder `Full Name_1234567_assignsubmission_file_` (without
    the last underscore since 4.1), or is a file whose name begins so. The number is
    another one in each assignment. Its grading worksheet says "Participant 1234567".
Canvas
    A submission is `lastnamefirstname_12345_67890_notebook.ipynb`, late ones with
    `_LATE` after the name. The numbers are the student's and the file's. A file that is
    handed in again has -1, -2, ... in its name and a larger number.
nbgrader
    The exchange keeps `student+assignment+time` folders.
"""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

MOODLE = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?",
    re.S,
)
CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.S
)
EXCHANGE = re.compile(
    r"(?P<id>.+)\+(?P<assignment>[^+]+)"
    r"\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(?:\+[^+]*)?"
)

#: Columns of a roster of one's own; any order, e-mail and more columns as you like.
ROSTER = ("id", "name")


@dataclass(frozen=True)
class Person:
    """One student as a platform knows them.

    Attributes
    ----------
    lms : str
        "moodle", "canvas", "nbgrader" or "plain".
    id : str
        The platform's number or name for the student; in Moodle for this assignment.
    name, email, login : str
        Empty where they are not known.
    time : str
        When the platform's grade sheet says that the work was handed in, or empty.
    """

    lms: str
    id: str
    name: str
    email: str = ""
    login: str = ""
    time: str = ""


@dataclass(frozen=True)
class Sign:
    """What one part of a path says of the submission that it leads to.

    Attributes
    ----------
    person : Person
    rest : str
        What remains of this part: the file's own name, or "".
    assignment, time : str
        Given by nbgrader's exchange, else "".
    order : int
        Larger for a file that was handed in later; 0 where the name does not tell.
    late : bool
    """

    person: Person
    rest: str = ""
    assignment: str = ""
    time: str = ""
    order: int = 0
    late: bool = False


def read_sign(part):
    """Read one folder's or file's name.

    Returns
    -------
    Sign or None
        None where the name has no platform's form.
    """
    if match := MOODLE.fullmatch(part):
        person = Person("moodle", match["id"], match["name"].replace("_", " "))
        return Sign(person, match["rest"] or "")
    if match := EXCHANGE.fullmatch(part):
        person = Person("nbgrader", match["id"], match["id"], login=match["id"])
        return Sign(person, "", match["assignment"], match["time"])
    if match := CANVAS.fullmatch(part):
        person = Person("canvas", match["id"], match["name"])
        order, late = int(match["file"]), bool(match["late"])
        return Sign(person, match["rest"], order=order, late=late)
    return None


# ------------------------------------------------------------------ grade sheets


def read_table(path):
    """Rows of a CSV file, as spreadsheets in any country write it.

    Returns
    -------
    (list of str, list of dict)
        The columns, and the rows by column.

    Raises
    ------
    ValueError
        The file is no text in UTF-8, or is empty.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} should be a CSV file in UTF-8") from None
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=mark, restval="")
    if not rows.fieldnames:
        raise ValueError(f"{path} is empty; a row of column names was expected")
    rows.fieldnames = [name.strip() for name in rows.fieldnames]
    return rows.fieldnames, list(rows)


def read_roster(path):
    """Read who takes the course.

    Parameters
    ----------
    path : path
        Moodle's grading worksheet, Canvas's gradebook, or a CSV file with the columns
        id and name, and email if you have it.

    Returns
    -------
    list of Person

    Raises
    ------
    ValueError
        The columns are of none of the three.
    """
    columns, rows = read_table(path)
    kind, people = _kind(columns, path), []
    for row in rows:
        person = _PEOPLE[kind]({key: (row[key] or "").strip() for key in columns})
        if person.id and person.name and "points possible" not in person.name.lower():
            people.append(person)
    return people


def kind_of(path):
    """Whose sheet a file is: "moodle", "canvas" or "plain"; see `read_roster`."""
    return _kind(read_table(path)[0], path)


def _kind(columns, path):
    if "Identifier" in columns:
        _demand(columns, ("Identifier", "Full name"), path, "Moodle's worksheet")
        return "moodle"
    if "Student" in columns:
        _demand(columns, ("Student", "ID"), path, "Canvas's gradebook")
        return "canvas"
    lower = [column.lower() for column in columns]
    _demand(lower, ROSTER, path, "a roster")
    return "plain"


def _demand(columns, wanted, path, what):
    missing = [column for column in wanted if column not in columns]
    if missing:
        raise ValueError(
            f"{path}: {what} has the columns {', '.join(wanted)}, but "
            f"{', '.join(missing)} is missing; found: {', '.join(columns)}"
        )


def participant(cell):
    """The number in Moodle's "Participant 1234567", in any language."""
    found = re.search(r"\d+$", cell.strip())
    return found.group() if found else ""


def _from_moodle(row):
    email, time = (
        row.get(key, "") for key in ("Email address", "Last modified (submission)")
    )
    number, name = participant(row["Identifier"]), row["Full name"]
    return Person("moodle", number, name, email, time=time.strip("-"))


def _from_canvas(row):
    login = row.get("SIS Login ID", "")
    return Person("canvas", row["ID"], row["Student"], _mail(login), login)


def _from_plain(row):
    row = {key.lower(): value for key, value in row.items()}
    return Person("plain", row["id"], row["name"], row.get("email", ""), row["id"])


_PEOPLE = {"moodle": _from_moodle, "canvas": _from_canvas, "plain": _from_plain}


def _mail(text):
    return text if "@" in text else ""


def recognize(person, people):
    """Complete a submission's person with the entry of the roster that fits.

    Returns
    -------
    Person or None
        None when no entry fits, or more than one.
    """
    same = [each for each in people if each.lms == person.lms and each.id == person.id]
    if not same:
        others = [each for each in people if each.lms != person.lms or _own(each)]
        same = [each for each in others if _names(each) & _names(person)]
    if len(same) != 1:
        return None
    entry = same[0]
    if not _own(entry):
        return entry
    return replace(entry, lms=person.lms, id=entry.id if _own(person) else person.id)


def _own(person):
    """Whether a person's id is of the course's own making."""
    return person.lms in ("plain", "nbgrader")


def _names(person):
    words = re.findall(r"\w+", person.name.casefold())
    turned = [*words[-1:], *words[:-1]]  # Canvas writes lastnamefirstname
    ids = (person.id, person.email, person.login) if _own(person) else ()
    known = (person.name, "".join(words), "".join(turned), person.login, *ids)
    return {plain_name(text) for text in known if text}


def plain_name(name):
    """A name without case, spaces and marks, its words in order, for comparing."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(sorted(re.findall(r"\w+", text.replace("_", " "))))


# ------------------------------------------------------------- what goes back

MOODLE_SHEET = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum grade",
    "Last modified (grade)",
)


def moodle_sheet(entries, highest):
    """A grading worksheet for Moodle.

    Parameters
    ----------
    entries : list of (Person, float or None)
        None leaves the grade empty, which Moodle skips.
    highest : float
        Points of the assignment.

    Returns
    -------
    list of list
        Rows, the first with the columns.
    """
    rows = [
        [
            f"Participant {each.id}",
            each.name,
            each.email,
            _say(score),
            _say(highest),
            "-",
        ]
        for each, score in entries
    ]
    return [list(MOODLE_SHEET), *rows]


def canvas_sheet(entries, highest, column):
    """A gradebook for Canvas with one assignment; see `moodle_sheet`."""
    rows = [[person.name, person.id, "", _say(score)] for person, score in entries]
    head = [["Student", "ID", "Section", column]]
    return [*head, ["    Points Possible", "", "", _say(highest)], *rows]


def fill_moodle(path, scores, scale):
    """Moodle's worksheet with the grades filled in.

    Parameters
    ----------
    path : path
        The worksheet as downloaded.
    scores : dict of str to (float, float)
        Points and highest points by Moodle's number.
    scale : bool
        Whether to convert points to the worksheet's maximum.

    Returns
    -------
    list of list

    Raises
    ------
    ValueError
        A column is missing.
    """
    columns, rows = read_table(path)
    _demand(columns, ("Identifier", "Full name", "Grade"), path, "Moodle's worksheet")
    top = next((name for name in columns if name.lower() == "maximum grade"), None)
    for row in rows:
        found = scores.get(participant(row["Identifier"]))
        if found is not None:
            row["Grade"] = _say(_scaled(found, row[top] if scale and top else ""))
    return [columns, *([row[name] for name in columns] for row in rows)]


def fill_canvas(path, scores, stem, column=None, scale=False):
    """Canvas's gradebook, cut down to one assignment, with the grades filled in.

    Parameters are those of `fill_moodle`; `column` names the assignment's column, where
    it cannot be found by the stem.
    """
    columns, rows = read_table(path)
    _demand(columns, ("Student", "ID", "Section"), path, "Canvas's gradebook")
    column = column or _column(columns, stem, path)
    _demand(columns, (column,), path, "Canvas's gradebook")
    keep = [*columns[: columns.index("Section") + 1], column]
    title = [row for row in rows if "points possible" in row["Student"].lower()]
    for row in rows:
        found = scores.get((row["ID"] or "").strip())
        if found is not None:
            top = title[0][column] if scale and title else ""
            row[column] = _say(_scaled(found, top))
    return [keep, *([row[name] for name in keep] for row in rows)]


def _column(columns, stem, path):
    """The column whose title has the stem's words in it."""
    after = columns[columns.index("Section") + 1 :]
    words = re.sub(r"^\d+_", "", stem).replace("_", " ").lower()
    found = [name for name in after if words in name.replace("_", " ").lower()]
    if len(found) != 1:
        raise ValueError(
            f"{path}: which column is {stem}? Say it with --column. There are: "
            + ", ".join(after)
        )
    return found[0]


def maximum(rows):
    """The points of an assignment by a platform's sheet, or None if it is not said."""
    head, *rest = rows
    place = next(
        (i for i, name in enumerate(head) if name.lower() == "maximum grade"), None
    )
    if place is None:
        place, rest = -1, [row for row in rest if "points possible" in row[0].lower()]
    try:
        return float(rest[0][place].replace(",", "."))
    except (IndexError, ValueError, AttributeError):
        return None


def _scaled(found, top):
    score, highest = found
    try:
        return score * float(top.replace(",", ".")) / highest
    except (ValueError, ZeroDivisionError):
        return score


def _say(score):
    return "" if score is None else f"{round(score, 2):g}"


def feedback_name(person, file, page):
    """Where a feedback page stands in the zip that the platform takes.

    Parameters
    ----------
    person : Person
    file : str
        The name under which the platform delivered the submission.
    page : str
        The page's own name.

    Returns
    -------
    str
        Moodle finds the student by the folder's name, Canvas by the file's.
    """
    if person.lms == "moodle":
        return f"{person.name}_{person.id}_assignsubmission_file_/{page}"
    if person.lms == "canvas" and (match := CANVAS.fullmatch(file)):
        return file.removesuffix(match["rest"]) + page
    return f"{slug(person.name)}/{page}"


def slug(name):
    """A name as a folder's name: a to z, digits and hyphens, for any alphabet.

    Letters that are not Latin are written as Unicode calls them: 김민수 is gimminsu.
    """
    text = unicodedata.normalize("NFC", name)
    spelled = "".join(map(_latin, text)).lower()
    return re.sub(r"[^a-z0-9_.]+", "-", spelled).strip("-.") or "student"


def _latin(letter):
    plain = unicodedata.normalize("NFKD", letter)[0]
    if letter.isascii() or plain.isascii():
        return plain
    name = unicodedata.name(letter, "")
    found = re.search(r"(?:LETTER(?: SHARP)?|SYLLABLE|IDEOGRAPH)[ -](\w+)", name)
    return found[1] if found else ""
