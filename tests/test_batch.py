"""Many submissions, and the gradebook that nbgrader would have filled."""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from small_course import STEM, answered, build, submit

from cnnbook.grading import batch, gradebook
from cnnbook.grading.__main__ import main
from cnnbook.grading.assignment import grade_id, points, role
from cnnbook.grading.release import release
from cnnbook.grading.sandbox import SandboxError

RIGHT = "def twice(x):\n    return 2 * x\n"
HALF = "def twice(x):\n    return 2\n"
WRONG = "def twice(x):\n    return 3 * x\n"


def grade_here(path):
    """Stands in for the sandbox: everything in this process, as nbgrader does."""
    result = {"assignment": STEM, "file": Path(path).name, "seed": 0, "notes": []}
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        nothing = {"scores": {}, "score": 0.0, "max": 5.0, "notebook": None}
        return result | nothing | {"error": f"no notebook: {error}"}
    space, scores, whole = {}, {}, _checks(Path(path))
    for cell in notebook.cells:
        cell.source = whole.get(grade_id(cell), cell.source)
        if cell.cell_type == "code":
            cell.outputs = _outputs(cell.source, space)
        if points(cell):
            passed = 0.0 if cell.get("outputs") else points(cell)
            score = passed if role(cell) == "check" else None
            scores[grade_id(cell)] = {
                "score": score,
                "max": points(cell),
                "message": "",
            }
    total = sum(each["score"] or 0 for each in scores.values())
    sums = {"scores": scores, "score": total, "max": 5.0, "error": None}
    return result | sums | {"notebook": json.loads(json.dumps(notebook))}


def _checks(path):
    """The check cells as the source has them, with what is hidden from students."""
    source = path.parents[4] / "exercises" / STEM / f"{STEM}.ipynb"
    cells = nbformat.read(source, as_version=4).cells
    return {grade_id(cell): cell.source for cell in cells if role(cell) == "check"}


def _outputs(source, space):
    try:
        exec(source, space)
    except Exception as error:
        name, text = type(error).__name__, str(error)
        return [nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[])]
    return []


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course whose assignment is released; tests copy it."""
    course = build(tmp_path_factory.mktemp("released") / "course")
    release(root=course.root)
    return course


@pytest.fixture
def course(released, tmp_path):
    shutil.copytree(released.root, tmp_path / "c")
    copied = type(released)(**vars(released) | {"root": tmp_path / "c"})
    copied.folder = copied.root / "exercises" / STEM
    copied.results = copied.root / "course" / "results" / STEM
    return copied


def class_of(course, number=3):
    """Submissions of some students, right, half right and wrong in turn."""
    codes = [RIGHT, HALF, WRONG]
    return {
        f"s{i}": submit(course, f"s{i}", answered(course, f"{codes[i % 3]}# {i}\n"))
        for i in range(number)
    }


def run(course, submissions, grade_one=grade_here, **options):
    options = {"show_progress": False, "results": course.results} | options
    return batch.grade_all(
        submissions, course.folder, 0, grade_one=grade_one, **options
    )


# ------------------------------------------------------------------------- batch


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_do_not_depend_on_the_number_of_workers(course, workers):
    report = run(course, class_of(course, 7), workers=workers, results=None)
    assert [report.results[f"s{i}"]["score"] for i in range(7)] == [2, 1, 0] * 2 + [2]
    assert not report.failed
    assert not report.earlier


def test_dask_gives_the_same(course):
    submissions = class_of(course, 4) | {"bad": submit(course, "bad", b"{broken")}
    here = run(course, submissions, results=None)
    there = run(course, submissions, results=None, dask="")
    assert there == here


@pytest.mark.grading
def test_a_dask_worker_killed_in_the_middle_loses_nothing(course):
    code = f"import time\ntime.sleep(1)\n{RIGHT}"
    submissions = {
        f"s{i}": submit(course, f"s{i}", answered(course, f"{code}# {i}\n"))
        for i in range(6)
    } | {"bad": submit(course, "bad", b"{broken")}
    here = run(course, submissions, grade_one=None, results=None)
    killed = []
    killer = threading.Thread(target=kill_a_dask_worker, args=[killed])
    killer.start()
    there = run(course, submissions, grade_one=None, results=None, dask="")
    killer.join()
    assert killed
    assert there == here
    assert sorted(here.results) == sorted(submissions)


def kill_a_dask_worker(killed):
    """Kill the first worker of a cluster of this process that has a grader."""
    until = time.monotonic() + 120
    while not killed and time.monotonic() < until:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "cnnbook.grading.worker" in process.cmdline():
                    worker = process.parent()
                    if "spawn_main" in " ".join(worker.cmdline()):
                        time.sleep(1)  # it has begun
                        worker.kill()
                        killed.append(worker.pid)
                        return
        time.sleep(0.1)


def test_unchanged_submissions_are_not_graded_again(course):
    submissions, graded = class_of(course), []

    def grade_one(path):
        graded.append(Path(path).parts[-3])
        return grade_here(path)

    first = run(course, submissions, grade_one)
    assert sorted(graded) == ["s0", "s1", "s2"]
    graded.clear()
    second = run(course, submissions, grade_one)
    assert (graded, second.earlier) == ([], {"s0", "s1", "s2"})
    assert second.results == first.results
    submit(course, "s1", answered(course, RIGHT))
    assert run(course, submissions, grade_one).results["s1"]["score"] == 2
    assert graded == ["s1"]
    graded.clear()
    run(course, submissions, grade_one, again=True)
    assert sorted(graded) == ["s0", "s1", "s2"]


def test_another_seed_source_or_data_file_means_grading_again(course):
    submissions = class_of(course, 1)
    source = course.folder / f"{STEM}.ipynb"
    run(course, submissions)
    changes = [
        lambda: source.write_text(source.read_text() + " "),
        lambda: (course.folder / "digits.npz").write_bytes(b"1"),
        lambda: (course.folder.parent / "held_out.npz").write_bytes(b"2"),
    ]
    for change in changes:
        assert run(course, submissions).earlier == {"s0"}
        change()
        assert run(course, submissions).earlier == set()
    (course.folder / "solutions.py").write_text("# not part of it")
    assert run(course, submissions).earlier == {"s0"}
    again = batch.grade_all(
        submissions, course.folder, 1, grade_one=grade_here, show_progress=False,
        results=course.results,
    )  # fmt: skip
    assert again.earlier == set()


def test_an_interrupted_run_continues(course):
    submissions, graded = class_of(course, 6), []

    def grade_one(path):
        if len(graded) == 3:
            raise KeyboardInterrupt
        graded.append(path)
        return grade_here(path)

    with pytest.raises(KeyboardInterrupt):
        run(course, submissions, grade_one, workers=1)
    kept = len(list(course.results.glob("*.json")))
    assert 1 <= kept <= 3
    report = run(course, submissions)
    assert len(report.earlier) == kept
    assert len(report.results) == 6


def test_a_half_written_result_is_none(course):
    submissions = class_of(course, 1)
    run(course, submissions)
    path = course.results / "s0.json"
    for text in (path.read_text()[:50], "", "[]", "null"):
        path.write_text(text)
        assert run(course, submissions).earlier == set()


def test_a_worker_that_dies_is_replaced_and_tried_once_more(course):
    deaths, made = {"s1": 1, "s2": 9}, []

    class Grader:
        def __init__(self):
            made.append(self)
            self.alive = False

        def __enter__(self):
            self.alive = True
            return self

        def __exit__(self, *_):
            self.alive = False

        def grade(self, path):
            assert self.alive
            student = Path(path).parts[-3]
            if deaths.get(student, 0):
                deaths[student] -= 1
                raise ConnectionError("the worker is gone")
            return grade_here(path)

    worker = batch.Worker(Grader)
    paths = class_of(course)
    assert worker.grade(paths["s0"])[0]["score"] == 2
    assert worker.grade(paths["s1"])[0]["score"] == 1
    assert len(made) == 2
    result, why = worker.grade(paths["s2"])
    assert result is None
    assert "the worker is gone" in why
    assert worker.grade(paths["s0"])[0]["score"] == 2
    worker.close()
    assert not any(grader.alive for grader in made)


def test_what_fails_is_reported_and_tried_again_next_time(course):
    submissions = class_of(course)

    def grade_one(path):
        if "s1" in str(path):
            raise OSError("no memory")
        return grade_here(path)

    report = run(course, submissions, grade_one)
    assert sorted(report.results) == ["s0", "s2"]
    assert "OSError: no memory" in report.failed["s1"]
    assert run(course, submissions).earlier == {"s0", "s2"}


def test_no_sandbox_stops_at_once(course):
    def grade_one(path):
        raise SandboxError("install bubblewrap")

    with pytest.raises(SandboxError, match="install bubblewrap"):
        run(course, class_of(course), grade_one)


def test_each_worker_grades_one_at_a_time(course):
    busy, most, lock = [], [], threading.Lock()

    def grade_one(path):
        with lock:
            busy.append(path)
            most.append(len(busy))
        time.sleep(0.02)
        busy.remove(path)
        return grade_here(path)

    run(course, class_of(course, 8), grade_one, workers=3)
    assert max(most) <= 3


# --------------------------------------------------------------------- gradebook


def stock(course, *arguments):
    """nbgrader's own command, with its own executor."""
    environment = os.environ | {
        "GRADING_STOCK": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root / "exercises",
        env=environment,
        check=True,
        capture_output=True,
    )


def content(course):
    """All that the gradebook knows, without its random ids."""
    url = f"sqlite:///{course.root}/course/gradebook.db"
    with Gradebook(url) as book:
        submissions = book.find_assignment(STEM).submissions
        return {each.student.id: _submission(each) for each in submissions}


def _submission(submission):
    [notebook] = submission.notebooks
    fields = ("auto_score", "manual_score", "needs_manual_grade", "score", "max_score")
    grades = {
        each.name: [getattr(each, name) for name in fields] for each in notebook.grades
    }
    comments = {each.name: each.comment for each in notebook.comments}
    times = (submission.timestamp, notebook.late_submission_penalty)
    return grades, comments, times, submission.needs_manual_grade, submission.score


def graded(course, submissions, **options):
    report = run(course, submissions, **options)
    return gradebook.write(report.results, STEM, course.root)


def test_the_gradebook_is_what_nbgrader_would_have_made(course, tmp_path):
    config = course.root / "exercises" / "nbgrader_config.py"
    late = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
    config.write_text(config.read_text() + late)
    url = f"sqlite:///{course.root}/course/gradebook.db"
    with Gradebook(url) as book:
        book.update_or_create_assignment(STEM, duedate="2026-03-02 00:00:00 UTC")
    submissions = class_of(course)
    blank = course.root / "course" / "release" / STEM / f"{STEM}.ipynb"
    submissions["blank"] = submit(course, "blank", blank.read_bytes())
    submissions["late"] = submit(
        course, "late", answered(course, RIGHT), "2026-03-03 12:00:00 UTC"
    )
    other = type(course)(**vars(course) | {"root": tmp_path / "other"})
    shutil.copytree(course.root, other.root)
    graded(course, submissions)
    stock(other, "autograde", STEM)
    ours = content(course)
    assert ours == content(other)
    assert ours["blank"][1] == {"twice": "No response.", "why": "No response."}
    assert ours["late"][2][1] == 2
    for student in submissions:
        ours = course.root / "course" / "autograded" / student / STEM
        theirs = other.root / "course" / "autograded" / student / STEM
        assert sorted(os.listdir(ours)) == sorted(os.listdir(theirs))
        assert oct((ours / f"{STEM}.ipynb").stat().st_mode)[-3:] == "444"


def test_what_a_person_gave_stays(course):
    submissions = class_of(course)
    assert graded(course, submissions) == ["s0", "s1", "s2"]
    url = f"sqlite:///{course.root}/course/gradebook.db"
    with Gradebook(url) as book:
        grade = book.find_grade("why", STEM, STEM, "s0")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        grade.extra_credit = 0.5
        book.find_comment("why", STEM, STEM, "s0").manual_comment = "Nice."
        book.db.commit()
    before = content(course)
    assert graded(course, submissions) == []
    assert content(course) == before
    submit(course, "s0", answered(course, WRONG, "Another answer."))
    assert graded(course, submissions) == ["s0"]
    grades, comments, _, needs, score = content(course)["s0"]
    assert grades["why"][:3] == [None, 2.5, True]  # to be looked at again, as nbgrader
    assert (comments["why"], needs, score) == ("Nice.", True, 3.0)
    assert {name: each for name, each in content(course).items() if name != "s0"} == {
        name: each for name, each in before.items() if name != "s0"
    }


def test_a_due_date_that_is_set_later_counts(course):
    submissions = class_of(course)
    graded(course, submissions)
    config = course.root / "exercises" / "nbgrader_config.py"
    late = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
    config.write_text(config.read_text() + late)
    with Gradebook(f"sqlite:///{course.root}/course/gradebook.db") as book:
        book.update_or_create_assignment(STEM, duedate="2026-02-01 00:00:00 UTC")
    assert graded(course, submissions) == []
    assert [content(course)[name][2][1] for name in submissions] == [2, 1, 0]
    known = gradebook.standings(STEM, course.root)
    assert {each.score for each in known.values()} == {0}


def test_the_same_result_from_another_run_changes_nothing(course):
    submissions = class_of(course)
    graded(course, submissions)
    assert graded(course, submissions, again=True) == []

    def stricter(path):
        return grade_here(path) | {"notes": ["looked at twice"]}

    assert graded(course, submissions, grade_one=stricter) == []
    new = graded(course, submissions, grade_one=stricter, again=True)
    assert new == ["s0", "s1", "s2"]


def test_a_lost_gradebook_is_filled_again(course):
    submissions = class_of(course)
    graded(course, submissions)
    before = content(course)
    (course.root / "course" / "gradebook.db").unlink()
    with pytest.raises(LookupError, match="run make assignments first"):
        graded(course, submissions)
    release(root=course.root)
    assert graded(course, submissions) == ["s0", "s1", "s2"]
    assert content(course) == before


def test_a_corrupt_file_counts_zero_and_has_a_page(course):
    submissions = class_of(course) | {"bad": submit(course, "bad", b"{broken")}
    graded(course, submissions)
    grades, _, _, needs, score = content(course)["bad"]
    assert (score, needs) == (0, False)
    assert {each[0] for each in grades.values()} == {0}
    path = course.root / "course" / "autograded" / "bad" / STEM / f"{STEM}.ipynb"
    assert "could not be graded" in nbformat.read(path, 4).cells[0].source


def test_formgrader_and_stock_nbgrader_go_on_from_there(course):
    submissions = class_of(course)
    graded(course, submissions)
    before = content(course)
    stock(course, "autograde", STEM)  # skips what is there
    assert content(course) == before
    stock(course, "autograde", STEM, "--student", "s1", "--force")
    assert content(course) == before
    read = CourseDirectory().get_existing_timestamp
    folder = course.root / "course" / "autograded" / "s0" / STEM
    assert str(read(str(folder))) == "2026-03-01 12:00:00"


def test_a_thousand_entries_in_seconds(course):
    [path] = class_of(course, 1).values()
    result = grade_here(path) | {"key": "k"}
    results = {f"s{i:04}": result for i in range(1000)}
    start = time.monotonic()
    assert len(gradebook.write(results, STEM, course.root)) == 1000
    assert time.monotonic() - start < 60
    assert len(gradebook.standings(STEM, course.root)) == 1000


# ------------------------------------------------------------- the command line


@pytest.fixture
def cli(course, monkeypatch, capsys):
    """A function that runs a verb with the stand-in and gives what was printed."""
    plain = batch.grade_all

    def stand_in(*arguments, **options):
        return plain(*arguments, grade_one=grade_here, show_progress=False, **options)

    monkeypatch.setattr(batch, "grade_all", stand_in)

    def call(*arguments, code=0):
        assert main(["--root", str(course.root), *arguments]) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    call.course = course
    return call


def deliver(course, name, files):
    path = course.root / name
    with zipfile.ZipFile(path, "w") as archive:
        for file, notebook in files.items():
            text = (
                notebook if isinstance(notebook, bytes) else nbformat.writes(notebook)
            )
            archive.writestr(file, text)
    return str(path)


def test_the_whole_way_with_moodle(cli):
    course = cli.course
    files = {
        f"Ada Lovelace_11_assignsubmission_file_/{STEM}.ipynb": answered(course, RIGHT),
        f"김민수_12_assignsubmission_file_/{STEM} (1).ipynb": answered(
            course, HALF, "-"
        ),
        f"Eve_13_assignsubmission_file_/{STEM}.ipynb": b"{broken",
    }
    assert "2 collected" in cli("collect", deliver(course, "moodle.zip", files))
    text = cli("grade", "--workers", "1")
    assert f"{STEM}: 3 graded, 0 from before, 0 failed" in text
    assert "eve: no notebook" in text
    assert f"{STEM}: 0 graded, 3 from before, 0 failed" in cli("grade", STEM)
    assert "1 graded, 2 still to be graded by hand" in cli("grades", STEM)
    by_hand(course, {"ada-lovelace": 3, "gimminsu": 1.5})
    sheet = course.root / "sheet.csv"
    sheet.write_text(
        "Identifier,Full name,Grade,Maximum grade\n"
        "Participant 11,Ada Lovelace,,5\nParticipant 12,김민수,,5\n"
        "Participant 14,Bo,,5\n"
    )
    assert "3 graded, 0 still" in cli("grades", STEM, "--sheet", str(sheet))
    text = sheet.read_text().replace(",5\n", ',"100,00"\n')
    (course.root / "hundred.csv").write_text(text)
    hundred = ("grades", STEM, "--sheet", str(course.root / "hundred.csv"))
    assert "100 points there, 5 here; --scale converts them" in cli(*hundred)
    assert "--scale" not in cli(*hundred, "--scale")
    cli("grades", STEM, "--sheet", str(sheet))
    path = course.root / "course" / "grades" / f"{STEM}-moodle.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = {row["Full name"]: row["Grade"] for row in csv.DictReader(file)}
    assert rows == {"Ada Lovelace": "5", "김민수": "2.5", "Bo": ""}
    assert f"{STEM}: 3 pages" in cli("feedback", STEM)
    path = course.root / "course" / "feedback" / f"{STEM}-moodle.zip"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        page = archive.read(names[0]).decode()
    assert sorted(names) == [
        f"{name}_assignsubmission_file_/{STEM}.html"
        for name in ("Ada Lovelace_11", "Eve_13", "김민수_12")
    ]
    assert "twice(3)" not in page


def test_a_sheet_before_anything_was_graded_by_hand(cli):
    name = f"Ada_11_assignsubmission_file_/{STEM}.ipynb"
    files = {name: answered(cli.course, RIGHT)}
    cli("collect", deliver(cli.course, "moodle.zip", files))
    cli("grade", "--workers", "1")
    assert "--scale" not in cli("grades", STEM)
    path = cli.course.root / "course" / "grades" / f"{STEM}-moodle.csv"
    assert path.read_text().splitlines()[1] == "Participant 11,Ada,,,5,-"


def by_hand(course, scores):
    """What a formgrader session stores."""
    url = f"sqlite:///{course.root}/course/gradebook.db"
    with Gradebook(url) as book:
        for student, score in scores.items():
            grade = book.find_grade("why", STEM, STEM, student)
            grade.manual_score, grade.needs_manual_grade = score, False
        book.db.commit()


def test_the_whole_way_with_canvas(cli):
    course = cli.course
    name = f"lovelaceada_LATE_123_456_{STEM}-1.ipynb"
    cli("collect", deliver(course, "canvas.zip", {name: answered(course, RIGHT)}))
    cli("grade")
    by_hand(course, {"lovelaceada": 3})
    cli("grades", STEM, "--column", "Small (9)")
    path = course.root / "course" / "grades" / f"{STEM}-canvas.csv"
    assert path.read_text().splitlines() == [
        "Student,ID,Section,Small (9)",
        "    Points Possible,,,5",
        "lovelaceada,123,,5",
    ]
    cli("feedback", STEM)
    path = course.root / "course" / "feedback" / f"{STEM}-canvas.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"lovelaceada_LATE_123_456_{STEM}.html"]


def test_plain_grades(cli):
    submit(cli.course, "ada", answered(cli.course, HALF))
    cli("grade", "--student", "ada")
    cli("grades", "--partial")
    path = cli.course.root / "course" / "grades" / f"{STEM}-plain.csv"
    assert path.read_text() == f"student,name,email,{STEM}\nada,ada,,1.0\n"


def test_mistakes_on_the_command_line(cli):
    assert f"none of the assignments {STEM}" in cli("grade", "02_x", code=1)
    submit(cli.course, "ada", answered(cli.course, RIGHT))
    text = cli("grade", STEM, "--student", "bob", code=1)
    assert f"bob: no {STEM} in course/submitted" in text
    (cli.course.root / "course" / "gradebook.db").unlink()
    assert "run make assignments first" in cli("grade", STEM, code=1)
    assert "run make assignments first" in cli("grades", STEM, code=1)


def test_the_seed_is_the_courses(cli, monkeypatch):
    seen = []
    monkeypatch.setattr(
        batch,
        "grade_all",
        lambda *args, **options: seen.append(args[2]) or batch.Report(),
    )
    submit(cli.course, "ada", answered(cli.course, RIGHT))
    cli("grade")
    cli("grade", "--seed", "7")
    assert seen == [int((cli.course.root / "course" / "seed").read_text()), 7]


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
def test_the_real_grader(course, capsys):
    class_of(course)
    assert main(["--root", str(course.root), "grade", "--workers", "2"]) == 0
    assert "3 graded, 0 from before, 0 failed" in capsys.readouterr().out
    scores = {name: each[-1] for name, each in content(course).items()}
    assert scores == {"s0": 2, "s1": 1, "s2": 0}


def test_formgrader_starts_with_the_courses_settings(course):
    graded(course, class_of(course, 1))
    with Gradebook(f"sqlite:///{course.root}/course/gradebook.db") as book:
        work = book.find_submission_notebook(STEM, STEM, "s0").id
    command = [sys.executable, "-m", "cnnbook.grading", "--root", str(course.root)]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    log = course.root / "log"
    with log.open("w") as file, subprocess.Popen(
        [*command, "formgrader", *options], stderr=file, stdout=file, cwd=Path.cwd()
    ) as process:  # fmt: skip
        try:
            url = _address(log)
            names = _get(f"{url}formgrader/api/assignments")
            page = _get(f"{url}formgrader/submissions/{work}/").decode()
        finally:
            process.send_signal(signal.SIGTERM)
    assert [each["name"] for each in json.loads(names)] == [STEM]
    assert "twice_hidden" in page
    assert "Because." in page


def _address(log):
    """Where the server listens, with its token, from its log."""
    import re

    for _ in range(300):
        time.sleep(0.2)
        if found := re.search(r"(http://127\S+:\d+/)\S*\?token=(\w+)", log.read_text()):
            _address.token = found[2]
            return found[1]
    raise AssertionError(log.read_text())


def _get(url):
    from urllib.error import URLError
    from urllib.request import urlopen

    for _ in range(50):
        with (
            contextlib.suppress(URLError),
            urlopen(f"{url}?token={_address.token}") as page,
        ):
            return page.read()
        time.sleep(0.2)
    raise AssertionError(f"no answer from {url}")
