"""Deliveries of learning platforms: whose work, which assignment, nothing lost."""

import csv
import io
import json
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_course import build

from cnnbook.grading import collect as collecting
from cnnbook.grading import lms
from cnnbook.grading.__main__ import main
from cnnbook.grading.collect import cleaned, collect

STEM, OTHER = "02_convolution", "03_padding"
KNOWN = {STEM: {"imports", "places", "corr2d"}, OTHER: {"imports", "pad"}}


def notebook(*grade_ids, text="x = 1"):
    """Bytes of a notebook with cells of these names."""
    cells = [
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade_id": name}},
            "source": text,
        }
        for name in grade_ids or ("imports", "places", "corr2d")
    ]
    return json.dumps({"cells": cells, "nbformat": 4}).encode()


def packed(files, date=(2026, 3, 1, 12, 0, 0)):
    """Bytes of a zip; values are bytes or (bytes, date)."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            content, time = value if isinstance(value, tuple) else (value, date)
            archive.writestr(zipfile.ZipInfo(name, time), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


@pytest.fixture
def deliver(tmp_path):
    """A function that collects files as if from a zip, and gives the report."""

    def run(files, **options):
        source = tmp_path / "submissions.zip"
        source.write_bytes(packed(files) if isinstance(files, dict) else files)
        return collect(source, tmp_path / "course", KNOWN, **options)

    run.course = tmp_path / "course"
    run.path = lambda student, stem=STEM: (
        tmp_path / "course" / "submitted" / student / stem / f"{stem}.ipynb"
    )
    return run


def said(lines):
    """What became of each file."""
    return {line.file: line.what for line in lines}


def whose(lines):
    return {line.file: line.student for line in lines}


def roster(course):
    with (course / "roster.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "name",
    [
        f"Ada Lovelace_1234567_assignsubmission_file_/{STEM}.ipynb",
        f"Ada Lovelace_1234567_assignsubmission_file/{STEM}.ipynb",
        f"Ada Lovelace_1234567_assignsubmission_file_{STEM}.ipynb",
        f"Course A-02-99/Ada Lovelace_1234567_assignsubmission_file_/{STEM}.ipynb",
        f"Ada Lovelace_1234567_assignsubmission_file_/mine/{STEM}.ipynb",
    ],
)
def test_moodle(deliver, name):
    lines = deliver({name: notebook()})
    assert said(lines) == {name: "collected"}
    assert deliver.path("ada-lovelace").read_bytes() == notebook()
    [row] = roster(deliver.course)
    assert (row["lms"], row["id"], row["name"]) == ("moodle", "1234567", "Ada Lovelace")


@pytest.mark.parametrize("late", ["", "_LATE"])
@pytest.mark.parametrize("again", ["", "-1", "-12"])
def test_canvas(deliver, late, again):
    name = f"lovelaceada{late}_12345_67890_{STEM}{again}.ipynb"
    [line] = deliver({name: notebook()})
    assert line.student == "lovelaceada"
    assert line.what == ("renamed" if again else "collected")
    assert ("late" in line.why) == bool(late)
    [row] = roster(deliver.course)
    assert (row["lms"], row["id"], row["file"]) == ("canvas", "12345", name)


def test_canvas_newest_upload_wins(deliver):
    names = [f"lovelaceada_12345_{file}_{STEM}{n}.ipynb" for file, n in
             [(67890, ""), (100234, "-2"), (99999, "-1")]]  # fmt: skip
    lines = deliver({name: notebook(text=name) for name in names})
    assert said(lines) == {names[0]: "older", names[1]: "renamed", names[2]: "older"}
    assert names[1].encode() in deliver.path("lovelaceada").read_bytes()


def test_exchange(deliver):
    old = f"ada+{STEM}+2026-03-01 10:00:00.000000 UTC"
    new = f"ada+{STEM}+2026-03-02 10:00:00.123456 UTC+a1b2"
    lines = deliver(
        {
            f"inbound/{new}/{STEM}.ipynb": notebook(text="new"),
            f"inbound/{new}/timestamp.txt": b"2026-03-02 10:00:00.123456 UTC",
            f"inbound/{old}/{STEM}.ipynb": notebook(text="old"),
        }
    )
    assert sorted(said(lines).values()) == ["collected", "older"]
    assert b"new" in deliver.path("ada").read_bytes()
    stamp = deliver.path("ada").with_name("timestamp.txt").read_text()
    assert stamp == "2026-03-02 10:00:00 UTC"


def test_submitted_folders_keep_their_time(deliver):
    top = f"submitted/ada/{STEM}"
    deliver(
        {
            f"{top}/{STEM}.ipynb": notebook(),
            f"{top}/timestamp.txt": b"2026-02-03 04:05:06 UTC",
            f"submitted/ben/{STEM}/{STEM}.ipynb": notebook(),
        }
    )
    stamp = deliver.path("ada").with_name("timestamp.txt")
    assert stamp.read_text() == "2026-02-03 04:05:06 UTC"
    assert deliver.path("ben").exists()


@pytest.mark.parametrize(
    ("names", "students"),
    [
        (["ada/a.ipynb", "ben/b.ipynb"], ["ada", "ben"]),
        (["top/ada/a.ipynb", "top/ben/sub/b.ipynb"], ["ada", "ben"]),
        (["ada.ipynb", "ben.ipynb"], ["ada", "ben"]),
        (["top/student-1.ipynb", "top/student-2.ipynb"], ["student-1", "student-2"]),
        ([f"ada_{STEM}.ipynb", f"{STEM}-ben (1).ipynb"], ["ada", "ben"]),
        ([f"Copy of ada_{STEM}.ipynb", f"{STEM} 20261234.ipynb"], ["ada", "20261234"]),
        ([f"ada/{STEM}.ipynb"], ["ada"]),
        ([f"{STEM}/ada/{STEM}.ipynb", f"{STEM}/ben/{STEM}.ipynb"], ["ada", "ben"]),
    ],
)
def test_plain(deliver, names, students):
    lines = deliver({name: notebook(text=name) for name in names})
    assert [whose(lines)[name] for name in names] == students


def test_a_file_that_names_no_student_is_ignored(deliver):
    lines = deliver({f"{STEM} (1).ipynb": notebook()})
    assert [(line.what, line.why) for line in lines] == [
        ("ignored", "names no student")
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("02_convolution.ipynb", ("02_convolution", 0)),
        ("02_convolution (1).ipynb", ("02_convolution", 1)),
        ("02_convolution(12).ipynb", ("02_convolution", 12)),
        ("02_convolution-2.ipynb", ("02_convolution", 2)),
        ("02_convolution-Copy1.ipynb", ("02_convolution", 1)),
        ("02_convolution - Copy (3).ipynb", ("02_convolution", 3)),
        ("02_convolution - Kopie.ipynb", ("02_convolution", 0)),
        ("02_convolution_kopie.ipynb", ("02_convolution", 0)),
        ("Copy of 02_convolution.ipynb", ("02_convolution", 0)),
        ("Kopie von 02_convolution (2).ipynb", ("02_convolution", 2)),
        ("02_convolution.ipynb.json", ("02_convolution", 0)),
        ("02_convolution.IPYNB.txt", ("02_convolution", 0)),
    ],
)
def test_names_of_copies(name, expected):
    assert cleaned(name) == expected
    assert collecting.assignment_of(name, b"not a notebook", KNOWN) == STEM


def test_the_cells_say_which_assignment_it_is(deliver):
    folder = "Ada_1_assignsubmission_file_"
    lines = deliver(
        {
            f"{folder}/Untitled.ipynb": notebook(),
            f"{folder}/02_convolution (1).ipynb": notebook("imports", "pad"),
            f"{folder}/essay.ipynb": notebook("essay"),
        }
    )
    assert [(line.what, line.assignment) for line in lines] == [
        ("ignored", ""),
        ("renamed", STEM),
        ("renamed", OTHER),
    ]
    assert deliver.path("ada", OTHER).exists()


def test_one_assignment_only(deliver):
    lines = deliver(
        {
            "Ada_1_assignsubmission_file_/homework.ipynb": b"broken",
            "Ben_2_assignsubmission_file_/homework.ipynb": notebook("imports", "pad"),
        },
        only=STEM,
    )
    assert deliver.path("ada").read_bytes() == b"broken"
    assert [line.why for line in lines if line.what == "ignored"] == [
        f"answers {OTHER}, not {STEM}"
    ]
    with pytest.raises(ValueError, match="none of the assignments"):
        deliver({}, only="04_stride")


def test_zips_in_zips_and_what_systems_leave(deliver):
    work = packed(
        {
            f"work/{STEM}.ipynb": notebook(),
            f"work/.ipynb_checkpoints/{STEM}-checkpoint.ipynb": notebook(),
            f"__MACOSX/work/._{STEM}.ipynb": b"x",
            "work/notes.pdf": b"x",
        }
    )
    folder = "Ada_1_assignsubmission_file_"
    lines = deliver({f"{folder}/work.zip": work, f"{folder}/work.rar": b"x"})
    assert said(lines) == {
        f"{folder}/work/work/{STEM}.ipynb": "collected",
        f"{folder}/work/work/.ipynb_checkpoints/{STEM}-checkpoint.ipynb": "ignored",
        f"{folder}/work/__MACOSX/work/._{STEM}.ipynb": "ignored",
        f"{folder}/work/work/notes.pdf": "ignored",
        f"{folder}/work.rar": "refused",
    }


def test_canvas_zip_of_a_student(deliver):
    name = "lovelaceada_12345_67890_work.zip"
    deliver({name: packed({f"{STEM}.ipynb": notebook()})})
    assert deliver.path("lovelaceada").exists()


@pytest.mark.parametrize(
    "name", [f"../../{STEM}.ipynb", f"/etc/{STEM}.ipynb", rf"..\\..\\{STEM}.ipynb",
             f"C:/x/{STEM}.ipynb", f"ada/../../ben/{STEM}.ipynb"]
)  # fmt: skip
def test_paths_out_of_the_zip_are_refused(deliver, tmp_path, name):
    lines = deliver({name: notebook()})
    assert [line.what for line in lines] == ["refused"]
    assert not list((deliver.course).glob("submitted/*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "course",
        "submissions.zip",
    ]


def test_links_are_refused(deliver, tmp_path):
    entry = zipfile.ZipInfo(f"ada/{STEM}.ipynb")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert [line.why for line in deliver(data.getvalue())] == ["a link"]
    folder = tmp_path / "folder" / "ada"
    folder.mkdir(parents=True)
    (folder / f"{STEM}.ipynb").symlink_to("/etc/passwd")
    lines = collect(tmp_path / "folder", deliver.course, KNOWN)
    assert [line.why for line in lines] == ["a link"]


def test_bombs_are_refused(deliver, monkeypatch):
    monkeypatch.setattr(collecting, "LARGEST", 100_000)
    monkeypatch.setattr(collecting, "LARGEST_ZIP", 100_000)
    bomb = packed({"x.ipynb": b"0" * 1_000_000})
    nested = bomb
    for _ in range(4):
        nested = packed({"deeper.zip": nested})
    lines = deliver(
        {
            "ada/a.ipynb": b"0" * 1_000_000,
            "ben/b.zip": bomb,
            "eve/e.zip": nested,
            "kim/k.zip": b"0" * 1_000_000,
            f"zoe/{STEM}.ipynb": notebook(),
        }
    )
    assert said(lines)["ada/a.ipynb"] == said(lines)["ben/b/x.ipynb"] == "refused"
    assert said(lines)["kim/k.zip"] == "refused"
    assert any("deep" in line.why for line in lines)
    assert deliver.path("zoe").exists()
    monkeypatch.setattr(collecting, "ENTRIES", 3)
    assert "entries" in deliver({f"{i}.ipynb": b"" for i in range(4)})[0].why


def test_a_size_that_lies_is_not_believed(deliver, monkeypatch):
    monkeypatch.setattr(collecting, "LARGEST", 100)
    data = packed({"ada/a.ipynb": b"0" * 5000}).replace(
        (5000).to_bytes(4, "little"), (50).to_bytes(4, "little")
    )
    assert [line.what for line in deliver(data)] == ["refused"]


def test_damaged_zips_are_reported(deliver):
    good = packed({f"{STEM}.ipynb": notebook()})
    lines = deliver({"ada/a.zip": good[: len(good) // 2], f"ben/{STEM}.ipynb": b"{"})
    assert said(lines) == {"ada/a.zip": "refused", f"ben/{STEM}.ipynb": "collected"}
    assert said(deliver(b"no zip at all")) == {"submissions.zip": "refused"}


def test_sources_that_are_none(deliver, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere"):
        collect(tmp_path / "nowhere", deliver.course, KNOWN)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ValueError, match=r"neither a folder nor a \.zip"):
        collect(tmp_path / "a.txt", deliver.course, KNOWN)


NAMES = {
    "Jürgen Müller": "jurgen-muller",
    "김민수": "gimminsu",
    "Łukasz Ørsted": "lukasz-orsted",
    "Иван": "iveaen",
    "李明": "674e660e",
    "O'Neil, Ann+Mary": "o-neil-ann-mary",
    "..": "student",
    "[a]*?{b}": "a-b",
}


@pytest.mark.parametrize(("name", "folder"), NAMES.items())
def test_names_in_any_alphabet(deliver, name, folder):
    path = f"{name}_77_assignsubmission_file_/{STEM}.ipynb"
    [line] = deliver({path: notebook()})
    assert line.student == folder
    assert [row["name"] for row in roster(deliver.course)] == [name]


def test_names_that_are_not_marked_as_utf8(deliver):
    name = f"Jürgen 김민수_77_assignsubmission_file_/{STEM}.ipynb".encode()
    plain = f"{'x' * (len(name) - len(STEM) - 7)}/{STEM}.ipynb".encode()
    data = packed({plain.decode(): notebook()}).replace(plain, name)
    assert [line.student for line in deliver(data)] == ["jurgen-gimminsu"]


def test_namesakes_have_folders_of_their_own(deliver):
    one, two = (f"Kim Lee_{i}_assignsubmission_file_/{STEM}.ipynb" for i in (5, 6))
    lines = deliver({one: notebook(text="1"), two: notebook(text="2")})
    assert whose(lines) == {one: "kim-lee", two: "kim-lee-6"}
    assert all("another student has this name" in line.why for line in lines)
    again = deliver({one: notebook(text="1"), two: notebook(text="3")})
    assert said(again) == {one: "unchanged", two: "collected"}


def test_moodle_gives_other_numbers_in_each_assignment(deliver, tmp_path):
    deliver({f"Kim Lee_5_assignsubmission_file_/{STEM}.ipynb": notebook()})
    pad = notebook("imports", "pad")
    [line] = deliver({f"Kim Lee_88_assignsubmission_file_/{OTHER}.ipynb": pad})
    assert line.student == "kim-lee"
    assert [(row["assignment"], row["id"]) for row in roster(deliver.course)] == [
        (STEM, "5"),
        (OTHER, "88"),
    ]


def test_newest_of_two_and_the_copies_number(deliver):
    folder = "Ada_1_assignsubmission_file_"
    lines = deliver(
        {
            f"{folder}/{STEM}.ipynb": (notebook(text="b"), (2026, 3, 2, 0, 0, 0)),
            f"{folder}/{STEM} (1).ipynb": (notebook(text="a"), (2026, 3, 1, 0, 0, 0)),
        }
    )
    assert said(lines) == {
        f"{folder}/{STEM}.ipynb": "collected",
        f"{folder}/{STEM} (1).ipynb": "older",
    }
    assert "is newer" in next(line.why for line in lines if line.what == "older")


def test_what_is_replaced_is_kept(deliver):
    name = f"Ada_1_assignsubmission_file_/{STEM}.ipynb"
    first = (notebook(text="first"), (2026, 3, 1, 0, 0, 0))
    second = (notebook(text="second"), (2026, 3, 2, 0, 0, 0))
    third = (notebook(text="third"), (2026, 2, 1, 0, 0, 0))
    assert said(deliver({name: first})) == {name: "collected"}
    assert said(deliver({name: first})) == {name: "unchanged"}
    assert said(deliver({name: second})) == {name: "collected"}
    assert said(deliver({name: third})) == {name: "older"}
    assert deliver.path("ada").read_bytes() == second[0]
    kept = sorted((deliver.course / "kept" / "ada" / STEM).iterdir())
    assert [path.read_bytes() for path in kept] == [third[0], first[0]]
    assert sorted(path.name for path in deliver.path("ada").parent.iterdir()) == [
        f"{STEM}.ipynb",
        "timestamp.txt",
    ]


def test_a_students_zip_was_handed_in_when_the_zip_was(deliver):
    def work(text, day):
        return (notebook(text=text), (2025, 1, day, 0, 0, 0))

    own = packed({f"{STEM}.ipynb": work("b", 2), f"old/{STEM}.ipynb": work("a", 1)})
    deliver({"Ada_1_assignsubmission_file_/work.zip": (own, (2026, 3, 1, 12, 0, 0))})
    assert b"b" in deliver.path("ada").read_bytes()
    stamp = deliver.path("ada").with_name("timestamp.txt").read_text()
    assert stamp == f"{datetime(2026, 3, 1, 12).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def test_times_of_zips_and_of_sheets_are_not_compared(deliver):
    """A zip may have the time of the download, which is later than any submission."""
    name = f"Ada_1_assignsubmission_file_/{STEM}.ipynb"
    late = (2026, 5, 1, 0, 0, 0)
    deliver({name: (notebook(text="first"), late)})
    ada = lms.Person("moodle", "1", "Ada", time="1 March 2026, 2:14 PM")
    second = {name: (notebook(text="second"), late)}
    assert said(deliver(second, people=[ada])) == {name: "collected"}
    assert b"second" in deliver.path("ada").read_bytes()
    ada = lms.Person("moodle", "1", "Ada", time="1 February 2026, 2:14 PM")
    third = {name: (notebook(text="third"), late)}
    assert said(deliver(third, people=[ada])) == {name: "older"}


def test_timestamps_are_those_of_the_zip_and_nbgrader_reads_them(deliver):
    from nbgrader.coursedir import CourseDirectory

    deliver({f"ada/{STEM}.ipynb": notebook(), f"ben/{STEM}.ipynb": (b"{}", (1980, 1, 1, 0, 0, 0))})  # fmt: skip  # noqa: E501
    read = CourseDirectory().get_existing_timestamp
    expected = datetime(2026, 3, 1, 12).astimezone(UTC).replace(tzinfo=None)
    assert read(str(deliver.path("ada").parent)) == expected
    assert read(str(deliver.path("ben").parent)) is None


# -------------------------------------------------------------------- rosters

WORKSHEET = """\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum grade,\
Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 5,Kim Lee,kim@x.edu,Submitted,,100.00,Yes,"Sunday, 1 March 2026, 2:14 PM",-,
Participant 6,Kim Lee,lee@x.edu,Submitted,,100.00,Yes,-,-,
Participant 9,Ada Lovelace,ada@x.edu,No submission,,100.00,Yes,-,-,
"""
GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Convolution (77),Padding (78)
    Points Possible,,,,,20,10
"Lovelace, Ada",12345,S1,ada@x.edu,A,,3
"Lee, Kim",23456,S2,kim@x.edu,A,,
"""


def test_moodles_worksheet_as_roster(deliver, tmp_path):
    (tmp_path / "sheet.csv").write_text(WORKSHEET, encoding="utf-8")
    people = lms.read_roster(tmp_path / "sheet.csv")
    assert [(each.id, each.name) for each in people] == [
        ("5", "Kim Lee"),
        ("6", "Kim Lee"),
        ("9", "Ada Lovelace"),
    ]
    one, two = (f"Kim Lee_{i}_assignsubmission_file_/{STEM}.ipynb" for i in (5, 6))
    lines = deliver({one: notebook(), two: notebook()}, people=people)
    assert not any(line.why for line in lines)
    assert [row["email"] for row in roster(deliver.course)] == [
        "kim@x.edu",
        "lee@x.edu",
    ]
    stamp = deliver.path("kim-lee").with_name("timestamp.txt").read_text()
    noon = datetime(2026, 3, 1, 14, 14).astimezone(UTC)
    assert stamp == f"{noon:%Y-%m-%d %H:%M:%S} UTC"


def test_canvas_gradebook_as_roster(deliver, tmp_path):
    (tmp_path / "sheet.csv").write_text(GRADEBOOK, encoding="utf-8")
    people = lms.read_roster(tmp_path / "sheet.csv")
    names = [f"lovelaceada_12345_1_{STEM}.ipynb", f"evil_99_2_{STEM}.ipynb"]
    lines = deliver({name: notebook() for name in names}, people=people)
    assert [(line.student, line.why) for line in lines] == [
        ("lovelace-ada", ""),
        ("evil", "not on the roster"),
    ]


def test_a_roster_of_ones_own(deliver, tmp_path):
    (tmp_path / "roster.csv").write_text("ID;Name;Email\n7;Ada Lovelace;a@x.edu\n")
    people = lms.read_roster(tmp_path / "roster.csv")
    for name in ("7", "Ada Lovelace", "lovelace_ada", "a@x.edu"):
        [line] = deliver({f"{name}/{STEM}.ipynb": notebook()}, people=people)
        assert (line.student, line.why) == ("ada-lovelace", "")
    name = f"lovelaceada_12345_1_{STEM}.ipynb"
    [line] = deliver({name: notebook()}, people=people)
    assert (line.student, line.why) == ("ada-lovelace", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,email\nA,b\n", "a roster has the columns id, name, but id is missing"),
        ("Identifier,Grade\n1,2\n", "Moodle's worksheet .* but Full name is missing"),
        ("Student,Section\nA,b\n", "Canvas's gradebook .* but ID is missing"),
        ("", "is empty"),
    ],
)
def test_rosters_that_are_none(tmp_path, text, reason):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        lms.read_roster(path)
    path.write_bytes("id,name\n1,Jürgen".encode("latin-1"))
    with pytest.raises(ValueError, match="UTF-8"):
        lms.read_roster(path)


# --------------------------------------------------------------- grade sheets


def test_moodles_worksheet_is_filled_in(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(WORKSHEET, encoding="utf-8")
    rows = lms.fill_moodle(path, {"5": (7.5, 10.0), "6": (1.0, 10.0)}, scale=False)
    assert rows[0] == WORKSHEET[1:].splitlines()[0].split(",")
    assert [row[4] for row in rows[1:]] == ["7.5", "1", ""]
    rows = lms.fill_moodle(path, {"5": (7.5, 10.0)}, scale=True)
    assert [row[4] for row in rows[1:]] == ["75", "", ""]
    path.write_text("Identifier,Full name,Bewertung\n")
    with pytest.raises(ValueError, match="Grade is missing"):
        lms.fill_moodle(path, {}, scale=False)


def test_canvas_gradebook_is_filled_in(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(GRADEBOOK, encoding="utf-8")
    rows = lms.fill_canvas(path, {"12345": (7.5, 10.0)}, STEM, scale=True)
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Convolution (77)"],
        ["    Points Possible", "", "", "", "", "20"],
        ["Lovelace, Ada", "12345", "S1", "ada@x.edu", "A", "15"],
        ["Lee, Kim", "23456", "S2", "kim@x.edu", "A", ""],
    ]
    rows = lms.fill_canvas(path, {"23456": (2.0, 10.0)}, STEM, "Padding (78)")
    assert [row[-1] for row in rows] == ["Padding (78)", "10", "3", "2"]
    with pytest.raises(ValueError, match="which column is 09_network"):
        lms.fill_canvas(path, {}, "09_network")


def test_sheets_without_a_template():
    kim = lms.Person("moodle", "5", "Kim Lee", "kim@x.edu")
    rows = lms.moodle_sheet([(kim, 7.0), (kim, None)], 10.0)
    assert rows[1] == ["Participant 5", "Kim Lee", "kim@x.edu", "7", "10", "-"]
    assert rows[2][3] == ""
    ada = lms.Person("canvas", "12345", "lovelaceada")
    assert lms.canvas_sheet([(ada, 3.25)], 10.0, "A (1)") == [
        ["Student", "ID", "Section", "A (1)"],
        ["    Points Possible", "", "", "10"],
        ["lovelaceada", "12345", "", "3.25"],
    ]


def test_names_of_feedback_are_read_back_as_the_same_student():
    kim = lms.Person("moodle", "5", "Kim Lee")
    name = lms.feedback_name(kim, "", "page.html")
    assert name == "Kim Lee_5_assignsubmission_file_/page.html"
    assert lms.read_sign(name.split("/")[0]).person == kim
    ada = lms.Person("canvas", "12345", "Lovelace, Ada")
    file = f"lovelaceada_LATE_12345_67890_{STEM}-1.ipynb"
    name = lms.feedback_name(ada, file, "page.html")
    assert name == "lovelaceada_LATE_12345_67890_page.html"


# ----------------------------------------------------------- the command line


def test_the_command_prints_what_became_of_each_file(tmp_path, capsys):
    small_course = build(tmp_path / "course")
    stem = small_course.stem
    work = (small_course.root / "exercises" / stem / f"{stem}.ipynb").read_bytes()
    files = {f"Ada_1_assignsubmission_file_/{stem} (1).ipynb": work, "x.pdf": b""}
    (tmp_path / "s.zip").write_bytes(packed(files))
    (tmp_path / "r.csv").write_text("id,name\n1,Ada\n2,Ben\n")
    arguments = ["--root", str(small_course.root), "collect", str(tmp_path / "s.zip")]
    assert main([*arguments, "--roster", str(tmp_path / "r.csv")]) == 0
    text = capsys.readouterr().out
    assert "renamed      ada, small: " in text
    assert "ignored      x.pdf (no notebook)" in text
    assert "nothing from Ben" in text
    assert "1 ignored, 1 renamed, 1 nothing from" in text
    with pytest.raises(SystemExit):
        main([*arguments[:3], ""])  # else it would take in this very folder
    assert "a zip or a folder was expected" in capsys.readouterr().err
    assert main([*arguments[:3], str(tmp_path / "nowhere")]) == 1
    assert "there is no" in capsys.readouterr().err
    assert Path(small_course.root, "course", "submitted", "ada").exists()
