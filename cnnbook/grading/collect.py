"""Submissions as a learning platform delivers them, into nbgrader's folders.

Reads a zip or a folder, finds out whose each notebook is and which assignment it
answers, and writes `course/submitted/<student>/<stem>/<stem>.ipynb` with a
`timestamp.txt`. Nothing is unpacked to a place that a zip names, and nothing is lost: a
file that another one replaces is kept in `course/kept/`.
"""

import csv
import io
import itertools
import os
import re
import stat
import unicodedata
import zipfile
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from dateutil import parser as dates

from cnnbook.grading import lms

#: Bytes of a notebook, of a zip in a zip, and of all notebooks together.
LARGEST, LARGEST_ZIP, LARGEST_SUM = 50_000_000, 500_000_000, 8_000_000_000
#: Entries of a zip, and how deep zips may lie in zips.
ENTRIES, DEPTH = 100_000, 3

JUNK = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")
#: Browsers add .json or .txt, since a notebook is JSON text.
NOTEBOOK = re.compile(r"(.*)\.ipynb(?:\.json|\.txt)?", re.I | re.S)
ARCHIVE = re.compile(r".*\.(?:rar|7z|tar|tgz|gz|xz|bz2)", re.I | re.S)
#: What browsers, desktops and Jupyter add to the name of a copy.
WORD = "(?:cop(?:y|ie|ia)|kopie)"
MARK = re.compile(
    rf"^{WORD}(?: of| von| de)?[ _-]+|"
    rf"[ _-]*(?:\((\d+)\)|[ _-]{WORD} ?\(?(\d*)\)?)$",
    re.I,
)
NUMBER = re.compile(r"[ _-](\d{1,2})$")
NEVER = datetime.min.replace(tzinfo=UTC)
GRADE_ID = re.compile(rb'"grade_id"\s*:\s*"([^"\\]+)"')


@dataclass(frozen=True)
class Found:
    """A file of a delivery.

    Attributes
    ----------
    parts : tuple of str
        Of its path.
    data : bytes
    time : datetime or None
        When it was handed in, in UTC; in a student's own zip, that zip's time.
    made : datetime or None
        When it was written.
    order : tuple
        Larger for a newer one.
    """

    parts: tuple
    data: bytes
    time: datetime | None = None
    made: datetime | None = None
    order: tuple = (0,)

    @property
    def name(self):
        """The path as text."""
        return "/".join(self.parts)


@dataclass(frozen=True)
class Line:
    """One line of the report: what became of a file, whose it is, and why."""

    what: str
    file: str
    student: str = ""
    assignment: str = ""
    why: str = ""


@dataclass
class Row:
    """One line of `course/roster.csv`: a student's folder and who that is.

    Moodle's id is another one in each assignment, hence a line for each.
    """

    student: str
    assignment: str
    lms: str
    id: str
    name: str
    email: str = ""
    login: str = ""
    file: str = ""
    clock: str = ""  # whose time was believed: the platform's "sheet", or the "file"

    @property
    def person(self):
        """The person of this line."""
        return lms.Person(self.lms, self.id, self.name, self.email, self.login)


# --------------------------------------------------------------------- reading


def read_delivery(source):
    """All notebooks of a zip or folder, zips inside it included.

    Parameters
    ----------
    source : path

    Returns
    -------
    (list of Found, list of Line, dict of tuple to str)
        The notebooks; what was ignored or refused, and why; texts of `timestamp.txt`
        by folder.

    Raises
    ------
    FileNotFoundError
        There is no such file or folder.
    ValueError
        It is neither a folder nor a zip.
    """
    source, reader = Path(source), _Reader()
    if source.is_dir():
        reader.folder(source)
    elif source.name.lower().endswith(".zip") and source.is_file():
        reader.archive(source, (), 1, (source.name,))
    elif source.exists():
        raise ValueError(f"{source} is neither a folder nor a .zip")
    else:
        raise FileNotFoundError(f"there is no {source}")
    return reader.found, reader.lines, reader.times


@dataclass
class _Reader:
    found: list = field(default_factory=list)
    lines: list = field(default_factory=list)
    times: dict = field(default_factory=dict)
    total: int = 0

    def ignore(self, parts, why):
        self.lines.append(Line("ignored", "/".join(parts), why=why))

    def refuse(self, parts, why):
        self.lines.append(Line("refused", "/".join(parts), why=why))

    def folder(self, top):
        for path in sorted(top.rglob("*")):
            parts = tuple(map(_name, path.relative_to(top).parts))
            if path.is_symlink():
                self.refuse(parts, "a link")
            elif path.is_file():
                info = path.stat()
                time = datetime.fromtimestamp(info.st_mtime, UTC)
                self.file(parts, info.st_size, (time, time), path.open, 0)

    def archive(self, file, parts, depth, name, time=None):
        """Take what a zip holds as if it were a folder; `name` is the zip's own."""
        try:
            with zipfile.ZipFile(file) as archive:
                self.entries(archive, parts, depth, time)
        except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as why:
            self.refuse(name, f"not a readable zip: {why}")

    def entries(self, archive, parts, depth, time):
        entries = archive.infolist()
        if len(entries) > ENTRIES:
            self.refuse(parts, f"{len(entries)} entries, but {ENTRIES} are allowed")
            return
        for entry in entries:
            path = PurePosixPath(_entry_name(entry).replace("\\", "/"))
            own = parts + tuple(map(_name, path.parts))
            if (
                path.is_absolute()
                or ".." in path.parts
                or re.match("[A-Za-z]:", str(path))
            ):
                self.refuse(own, "the path leads out of the zip")
            elif stat.S_ISLNK(entry.external_attr >> 16):
                self.refuse(own, "a link")
            elif not entry.is_dir():
                self.entry(archive, entry, own, depth, time)

    def entry(self, archive, entry, parts, depth, time):
        def opened(mode):
            return archive.open(entry)

        made = _entry_time(entry)
        try:
            times = (time or made, made)
            self.file(parts, entry.file_size, times, opened, depth)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as why:
            self.refuse(parts, f"cannot be read: {why}")

    def file(self, parts, size, times, opened, depth):
        """Take one file, or say why not; `opened(mode)` opens it for reading."""
        name = parts[-1]
        if any(part in JUNK for part in parts) or name.startswith("."):
            self.ignore(parts, "made by the system or by Jupyter")
        elif name == "timestamp.txt" and size < 100:
            with opened("rb") as file:
                self.times[parts[:-1]] = file.read(100).decode("utf-8", "replace")
        elif name.lower().endswith(".zip"):
            self.inner(parts, times[0], opened, depth)
        elif NOTEBOOK.fullmatch(name):
            self.notebook(parts, times, opened)
        elif ARCHIVE.fullmatch(name):
            self.refuse(parts, "an archive, but no zip: unpack it first")
        else:
            self.ignore(parts, "no notebook")

    def inner(self, parts, time, opened, depth):
        if depth >= DEPTH:
            self.refuse(parts, f"zips in zips, more than {DEPTH} deep")
        elif (data := self.read(parts, opened, LARGEST_ZIP)) is not None:
            own = (*parts[:-1], parts[-1][:-4])
            self.archive(io.BytesIO(data), own, depth + 1, parts, time)

    def notebook(self, parts, times, opened):
        if (data := self.read(parts, opened, LARGEST)) is not None:
            self.found.append(Found(parts, data, *times))

    def read(self, parts, opened, most):
        """Bytes, or None where there are too many, whatever size the zip claims."""
        with opened("rb") as file:
            data = file.read(most + 1)
        self.total += len(data)
        if len(data) > most:
            self.refuse(parts, f"more than {most // 1_000_000} MB")
        elif self.total > LARGEST_SUM:
            self.refuse(parts, f"more than {LARGEST_SUM // 1_000_000} MB in all")
        else:
            return data
        return None


def _name(text):
    return unicodedata.normalize("NFC", str(text))


def _entry_name(entry):
    """A name as it was meant: many programs write UTF-8 and do not say so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _entry_time(entry):
    """Zips keep local time; 1980 stands for no time at all."""
    try:
        time = datetime(*entry.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.year > 1980 else None


# ------------------------------------------------- which assignment, whose work


def cleaned(name):
    """A notebook's name without ending and without the marks of a copy.

    Returns
    -------
    (str, int)
        The name, and the largest number that a copy's mark had.
    """
    text, number = _bare(name), 0
    while found := MARK.search(text) or NUMBER.search(text):
        number = max([number, *(int(group) for group in found.groups() if group)])
        text = _without(text, found)
    return text, number


def _bare(name):
    match = NOTEBOOK.fullmatch(name)
    return (match[1] if match else name).strip()


def _without(text, found):
    return (text[: found.start()] + text[found.end() :]).strip()


def _squeezed(text):
    return re.sub(r"[\W_]+", "", text).casefold()


def assignment_of(name, data, known):
    """Which assignment a notebook answers, by its cells' names, else by its own.

    Parameters
    ----------
    name : str
        The file's name.
    data : bytes
    known : dict of str to set of str
        The grade_ids of each assignment, by stem.

    Returns
    -------
    str or None
        The stem.
    """
    own = {text.decode("utf-8", "replace") for text in GRADE_ID.findall(data)}
    named = [stem for stem in known if _fits(name, stem)]
    shared = {stem: len(own & ids) for stem, ids in known.items()}
    best = max(shared.values(), default=0)
    likely = [stem for stem in known if best and shared[stem] == best]
    both = [stem for stem in named if stem in likely] or likely or named
    return both[0] if len(both) == 1 else None


def _fits(name, stem):
    return _squeezed(stem) in (_squeezed(cleaned(name)[0]), _squeezed(_bare(name)))


@dataclass(frozen=True)
class _Work:
    """A notebook with its owner."""

    found: Found
    sign: lms.Sign
    stem: str
    name: str  # of the file, without what the platform added
    clock: str = "file"


def _signed(found, times):
    """The sign of a path's first part that is one, and the file's own name."""
    for place, part in enumerate(found.parts):
        if (sign := lms.read_sign(part)) is not None:
            last = place == len(found.parts) - 1
            name = sign.rest if last and sign.rest else found.parts[-1]
            time = sign.time or times.get(found.parts[:-1], "")
            return sign, name, _when(time) or found.time
    return None


def _plain(found, common, stems, times):
    """A sign from folders or names that the instructor or students chose."""
    folders = _folders(found, stems)
    rest = folders[common:]
    word = (
        rest[0] if rest else _name_in(found.parts[-1], stems) or (folders or ("",))[-1]
    )
    if not word:
        return None
    time = _when(times.get(found.parts[:-1], "")) or found.time
    return lms.Sign(lms.Person("plain", word, word)), found.parts[-1], time


def _folders(found, stems):
    return tuple(part for part in found.parts[:-1] if part not in stems)


def _name_in(file, stems):
    """What a file's name says besides the assignment's: `anna_02_convolution.ipynb`."""
    text = _bare(file)
    for stem in stems:
        text = re.sub(re.escape(stem), "", text, flags=re.I)
    while found := MARK.search(text):
        text = _without(text, found)
    text = text.strip(" _-.")
    return "" if re.fullmatch(r"\d{0,2}", text) else text


def _when(text):
    """A time in UTC from text as nbgrader or a grade sheet writes it, or None."""
    try:
        time = dates.parse(text, tzinfos={"UTC": UTC})
    except (ValueError, OverflowError):
        return None
    return time.astimezone(UTC)  # without a zone it is this machine's


# -------------------------------------------------------------------- collecting


def collect(source, course, known, only=None, people=()):
    """Collect a delivery.

    Parameters
    ----------
    source : path
        A zip or a folder.
    course : path
        Where `submitted/` and `roster.csv` are.
    known : dict of str to set of str
        The grade_ids of each assignment, by stem.
    only : str, optional
        Take all for this assignment, whatever the notebooks say.
    people : list of Person
        The roster; see `lms.read_roster`.

    Returns
    -------
    list of Line
        The report.

    Raises
    ------
    FileNotFoundError, ValueError
        The source does not exist, or is neither a folder nor a zip; `only` is no
        assignment.
    """
    if only and only not in known:
        raise ValueError(f"{only} is none of the assignments {', '.join(known)}")
    files, lines, times = read_delivery(source)
    works, more = _assign(files, times, known, only)
    roster = Roster(Path(course) / "roster.csv")
    chosen, older = _newest(works, roster, people)
    lines += more + older
    lines += [_store(work, row, Path(course)) for row, work in chosen]
    roster.save()
    return [_noted(line, roster, people) for line in lines]


def _assign(files, times, known, only):
    works, lines = [], []
    unsigned = [found for found in files if not _signed(found, times)]
    folders = [_folders(found, known) for found in unsigned]
    common = _common(folders)
    for found in files:
        signed = _signed(found, times) or _plain(found, common, known, times)
        if signed is None:
            lines.append(Line("ignored", found.name, why="names no student"))
            continue
        sign, name, time = signed
        stem = _stem(sign, found, name, known, only)
        if stem in known:
            order = (sign.order, time or NEVER, found.made or NEVER, cleaned(name)[1])
            works.append(
                _Work(replace(found, time=time, order=order), sign, stem, name)
            )
        else:
            lines.append(Line("ignored", found.name, why=_foreign(stem, known, only)))
    return works, lines


def _common(folders):
    """How many folders all paths begin with."""
    levels = zip(*folders, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda level: len({*level}) == 1, levels))


def _stem(sign, found, name, known, only):
    folder = next((part for part in found.parts if part in known), None)
    told = sign.assignment or folder or assignment_of(name, found.data, known)
    if only is None:
        return told
    return only if told in (None, only) else told + " (another)"


def _foreign(stem, known, only):
    if stem and stem.endswith(" (another)"):
        return f"answers {stem.removesuffix(' (another)')}, not {only}"
    return f"answers none of the assignments {', '.join(known)}"


def _newest(works, roster, people):
    """One submission for each student and assignment, and lines for the others."""
    groups, lines = {}, []
    for each in works:
        person = lms.recognize(each.sign.person, people) or each.sign.person
        row = roster.row(person, each.stem)
        work = each
        if time := _when(person.time):
            found = replace(each.found, time=time)
            work = replace(each, found=found, clock="sheet")
        groups.setdefault((row.student, row.assignment), (row, []))[1].append(work)
    chosen = []
    for row, group in groups.values():
        *rest, last = sorted(group, key=lambda work: work.found.order)
        chosen.append((row, last))
        row.file = next(filter(lms.read_sign, last.found.parts), last.name)
        why = f"{last.found.name} is newer"
        lines += [_line("older", work, row, why) for work in rest]
    return chosen, lines


def _line(what, work, row, *whys):
    why = "; ".join(filter(None, whys))
    return Line(what, work.found.name, row.student, row.assignment, why)


def _store(work, row, course):
    """Write one submission; what it replaces, or an older one, goes to `kept/`."""
    folder = course / "submitted" / row.student / row.assignment
    path = folder / f"{row.assignment}.ipynb"
    late = "late, says Canvas" if work.sign.late else ""
    named = "" if work.name == path.name else f"its name was {work.name}"
    if path.exists():
        if path.read_bytes() == work.found.data:
            return _line("unchanged", work, row, late)
        if row.clock == work.clock and _is_older(work.found, folder):
            _write(_kept(course, row, work.found.time), work.found.data)
            return _line("older", work, row, "a newer one was collected before; kept")
        _keep(path, course, row)
    _write(path, work.found.data)
    _stamp(folder, work.found.time)
    row.clock = work.clock
    what = "renamed" if named else "collected"
    return _line(what, work, row, named, late)


def _is_older(found, folder):
    stamp = folder / "timestamp.txt"
    before = _when(stamp.read_text()) if stamp.exists() else None
    return bool(before and found.time and found.time.replace(microsecond=0) < before)


def _keep(path, course, row):
    stamp = path.with_name("timestamp.txt")
    time = _when(stamp.read_text()) if stamp.exists() else None
    _write(_kept(course, row, time), path.read_bytes())


def _kept(course, row, time):
    folder = course / "kept" / row.student / row.assignment
    start = time.strftime("%Y-%m-%d-%H%M%S") if time else "no-time"
    names = (f"{start}{tail}.ipynb" for tail in ("", *(f"-{i}" for i in range(2, 999))))
    return next(path for path in map(folder.joinpath, names) if not path.exists())


def _stamp(folder, time):
    stamp = folder / "timestamp.txt"
    if time is None:
        stamp.unlink(missing_ok=True)
    else:
        _write(stamp, f"{time:%Y-%m-%d %H:%M:%S} UTC".encode())


def _write(path, data):
    """Write at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def _noted(line, roster, people):
    """A line that also says who is on no roster, and whose name another one has."""
    if not line.student:
        return line
    row = next(row for row in roster.rows if row.student == line.student)
    notes = [line.why]
    if people and not any(_same_entry(row, person) for person in people):
        notes.append("not on the roster")
    if row.lms == "moodle" and roster.namesakes(row) and not row.email:
        notes.append("another student has this name: collect with ROSTER=worksheet.csv")
    return replace(line, why="; ".join(filter(None, notes)))


def _same_entry(row, person):
    if row.email and person.email:
        return row.email.casefold() == person.email.casefold()
    return lms.plain_name(row.name) == lms.plain_name(person.name)


# ----------------------------------------------------------------------- roster


class Roster:
    """Who is who: `course/roster.csv`, a line for each student and assignment."""

    def __init__(self, path):
        self.path, self.rows = Path(path), []
        if self.path.exists():
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                self.rows = [Row(**line) for line in csv.DictReader(file)]

    def save(self):
        """Write the file, sorted, at once or not at all."""
        text = io.StringIO()
        writer = csv.DictWriter(
            text, list(Row.__dataclass_fields__), lineterminator="\n"
        )
        writer.writeheader()
        self.rows.sort(key=lambda row: (row.student, row.assignment))
        writer.writerows(map(asdict, self.rows))
        _write(self.path, text.getvalue().encode())

    def row(self, person, assignment):
        """The line of a person and assignment, made when there is none."""
        student = self._student(person, assignment) or self._new(person)
        for row in self.rows:
            if (row.student, row.assignment) == (student, assignment):
                row.lms, row.id, row.name = person.lms, person.id, person.name
                row.email = person.email or row.email
                row.login = person.login or row.login
                return row
        new = Row(student, assignment, person.lms, person.id, person.name)
        new.email, new.login = person.email, person.login
        self.rows.append(new)
        return new

    def namesakes(self, row):
        """Whether another student has the same name."""
        return any(
            other.student != row.student and other.name == row.name
            for other in self.rows
        )

    def _student(self, person, assignment):
        same = {row.student for row in self.rows if _is(row, person, assignment)}
        if person.lms == "moodle":  # not one whose number here is another
            same -= {
                row.student
                for row in self.rows
                if row.assignment == assignment and row.id != person.id
            }
        return same.pop() if len(same) == 1 else None

    def _new(self, person):
        taken = {row.student for row in self.rows}
        start = lms.slug(person.name)
        names = [start, f"{start}-{lms.slug(person.id)}"]
        names += [f"{start}-{number}" for number in range(2, len(taken) + 3)]
        return next(name for name in names if name not in taken)


def _is(row, person, assignment):
    if row.email and person.email:
        return row.email.casefold() == person.email.casefold()
    if row.lms != person.lms:
        return False
    if row.lms == "moodle" and row.assignment != assignment:
        return lms.plain_name(row.name) == lms.plain_name(person.name)
    if row.lms == "plain":
        return lms.plain_name(row.id) == lms.plain_name(person.id)
    return row.id == person.id
