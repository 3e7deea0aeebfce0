"""What an instructor does: hand out, collect, grade, give back.

python -m cnnbook.grading VERB --help
"""

import argparse
import csv
import inspect
import os
import sys
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

from cnnbook.grading import assignment, lms
from cnnbook.grading.sandbox import SandboxError

ROOT = Path(__file__).resolve().parents[2]


def parser():
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m cnnbook.grading",
        description="Assignments: hand out, collect, grade, give back.",
        epilog="The whole way with an example is in book/instructors.md.",
    )
    top.add_argument(
        "--root",
        type=lambda text: Path(text).resolve(),
        default=ROOT,
        help="the folder that holds exercises/ and course/ (default: this repository)",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (run, add) in VERBS.items():
        text = inspect.getdoc(run)
        verb = verbs.add_parser(
            name,
            help=text.partition("\n")[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add(verb)
        verb.set_defaults(run=run)
    return top


def main(arguments=None):
    """Do what the command line says.

    Returns
    -------
    int
        0, or 1 when something could not be done; the reason is printed.
    """
    command = parser()
    options, more = command.parse_known_args(arguments)
    if more and options.verb != "formgrader":
        command.error(f"unrecognized arguments: {' '.join(more)}")
    options.more = more  # for jupyter lab
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print("\nInterrupted. The same command continues where it stopped.")
        return 1
    except (OSError, ValueError, LookupError, SandboxError) as error:
        print(f"{options.verb}: {error}", file=sys.stderr)
        return 1


def _course(options):
    return options.root / "course"


def _near(path):
    """A path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _stems(options):
    folder = options.root / "exercises"
    return sorted(path.stem for path in folder.glob("*/*.ipynb") if _own(path))


def _own(path):
    return path.stem == path.parent.name


def _chosen(options):
    """The assignments that are named, or all.

    Raises
    ------
    ValueError
        A name is none.
    """
    known = _stems(options)
    for name in options.assignments:
        if name not in known:
            raise ValueError(f"{name} is none of the assignments {', '.join(known)}")
    return options.assignments or known


def _add_names(verb):
    verb.add_argument(
        "assignments", nargs="*", help="such as 02_convolution; all when none is named"
    )


# ------------------------------------------------------------------- hand out


def assignments(options):
    """Make what students get: course/release/<stem>/ and a zip each.

    The gradebook learns the assignments' cells and points.
    """
    from cnnbook.grading.release import release

    release(_chosen(options), root=options.root)


# -------------------------------------------------------------------- collect


def collect(options):
    """Take in what students handed in, as your learning platform delivers it.

    FROM is a zip or a folder: Moodle's "Download all submissions", Canvas's "Download
    Submissions", nbgrader's exchange (its folder inbound/) or its folder submitted/, a
    folder for each student, or a file for each, such as anna_02_convolution.ipynb.

    The assignment is read off the notebooks. Of two submissions of one student the
    newest counts; what it replaces is kept in course/kept/. Who is who stands in
    course/roster.csv.
    """
    from cnnbook.grading.collect import Line, collect
    from cnnbook.grading.collect import Roster as Known

    folders = {stem: options.root / "exercises" / stem for stem in _stems(options)}
    known = {stem: _ids(folder) for stem, folder in folders.items()}
    _roster.cache_clear()
    people = lms.read_roster(options.roster) if options.roster else []
    lines = collect(options.source, _course(options), known, options.assignment, people)
    rows = Known(_course(options) / "roster.csv").rows
    lines += [
        Line("nothing from", person.name, why=person.email)
        for person in people
        if not any(lms.recognize(row.person, [person]) for row in rows)
    ]
    _print_lines(lines, options.every)
    return 0 if any(line.student for line in lines) else 1


def _ids(folder):
    cells = assignment.read(folder).cells
    return {name for name in map(assignment.grade_id, cells) if name}


def _add_collect(verb):
    verb.add_argument("source", metavar="FROM", type=_path, help="a zip or a folder")
    verb.add_argument(
        "--assignment", help="take all for this one, whatever the notebooks say"
    )
    verb.add_argument(
        "--roster",
        type=Path,
        help="a CSV file of who takes the course: Moodle's grading worksheet, Canvas's "
        "gradebook, or columns id, name and, if you have it, email",
    )
    verb.add_argument(
        "--every", action="store_true", help="print a line for every file"
    )


def _path(text):
    if not text:
        raise argparse.ArgumentTypeError("a zip or a folder was expected: FROM=...")
    return Path(text)


def _print_lines(lines, every):
    usual = ("collected", "unchanged")
    shown = [line for line in lines if every or line.what not in usual or line.why]
    for line in shown:
        whose = f"{line.student}, {line.assignment}: " if line.student else ""
        why = f" ({line.why})" if line.why else ""
        print(f"{line.what:12} {whose}{line.file}{why}")
    counts = Counter(line.what for line in lines)
    print(", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing")


# ---------------------------------------------------------------------- grade


def grade(options):
    """Grade what was collected, in a sandbox, and fill nbgrader's gradebook.

    Submissions that have not changed are not graded again. A run that was interrupted
    continues where it stopped. Results are kept in course/results/.
    """
    from cnnbook.grading import batch, gradebook
    from cnnbook.grading.nbgrader_steps import seed

    number = seed(_course(options)) if options.seed is None else options.seed
    people, failed = _people(options), 0
    for stem in _chosen(options):
        submissions = _submissions(options, stem)
        if not submissions:
            continue
        with gradebook.opened(options.root) as book:
            gradebook.assignment_in(book, stem)
        report = batch.grade_all(
            submissions,
            options.root / "exercises" / stem,
            number,
            options.workers,
            results=_course(options) / "results" / stem,
            again=options.again,
            dask=options.dask,
            protected=not options.unprotected,
        )
        gradebook.write(report.results, stem, options.root, people)
        _print_report(stem, report)
        failed += len(report.failed)
    return 1 if failed else 0


def _submissions(options, stem):
    return _found(options, stem, "submitted")


def _found(options, stem, step):
    """Notebooks by student in one of nbgrader's folders.

    Raises
    ------
    ValueError
        A student is named who has none of an assignment that is named.
    """
    paths = (_course(options) / step).glob(f"*/{stem}/{stem}.ipynb")
    found = {path.parts[-3]: path for path in sorted(paths)}
    wanted = options.student or found
    missing = [student for student in wanted if student not in found]
    if missing and options.assignments:
        raise ValueError(f"{', '.join(missing)}: no {stem} in course/{step}")
    return {student: path for student, path in found.items() if student in wanted}


def _people(options):
    rows = _roster(_course(options) / "roster.csv")
    return {row.student: row.person for row in rows}


def _print_report(stem, report):
    for student, result in sorted(report.results.items()):
        if student not in report.earlier:
            said = [*result["notes"], *filter(None, [result["error"]])]
            for note in said:
                print(f"  {student}: {note}")
    for student, why in sorted(report.failed.items()):
        print(f"  {student}: not graded: {why}")
    new = len(report.results) - len(report.earlier)
    print(
        f"{stem}: {new} graded, {len(report.earlier)} from before, "
        f"{len(report.failed)} failed"
    )


def _add_grade(verb):
    _add_names(verb)
    verb.add_argument(
        "--student", action="append", help="only this one; may be given again"
    )
    verb.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="how many at once"
    )
    verb.add_argument(
        "--seed", type=int, help="of the hidden checks (default: course/seed)"
    )
    verb.add_argument(
        "--again", action="store_true", help="also what has not changed since"
    )
    verb.add_argument(
        "--dask",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="grade on a Dask cluster that sees the same files, such as "
        "tcp://host:8786; without an address, on Dask workers of this machine",
    )
    verb.add_argument(
        "--unprotected",
        action="store_true",
        help="without a sandbox: students' code then runs as you, with your files",
    )


def formgrader(options):
    """Open nbgrader's formgrader in JupyterLab, for grading by hand.

    More arguments go to jupyter lab, such as --no-browser.
    """
    os.chdir(options.root / "exercises")  # nbgrader looks for its settings here
    top = f"--ServerApp.root_dir={options.root}"
    start = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        top,
        "--LabApp.default_url=/formgrader",
    ]
    os.execv(sys.executable, [*start, *options.more])


def _add_nothing(verb):
    pass


# ------------------------------------------------------------------ give back


def feedback(options):
    """Make a page of feedback for each student, and a zip for your platform.

    Pages are in course/feedback/<student>/<stem>/, and beside them <stem>-moodle.zip
    for "Upload multiple feedback files in a zip", <stem>-canvas.zip for "Re-Upload
    Submissions", and <stem>-plain.zip with a folder for each student.
    """
    from cnnbook.grading import gradebook

    failed = 0
    for stem in _chosen(options):
        students = list(_found(options, stem, "autograded"))
        if not students:
            continue
        waiting = _waiting(gradebook.standings(stem, options.root), students)
        failed += _pages(options, stem, students)
        for path, number in _zips(options, stem, students):
            pages = "page" if number == 1 else "pages"
            print(f"{stem}: {number} {pages} in {_near(path)}")
        if waiting:
            print(f"{stem}: not yet graded by hand: {', '.join(waiting)}")
    return 1 if failed else 0


def _waiting(standings, students):
    return [name for name in students if name in standings and standings[name].open]


def _pages(options, stem, students):
    """Let nbgrader write the pages; the number of those that failed."""
    from nbgrader.converters import GenerateFeedback
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from tqdm import tqdm

    from cnnbook.grading import gradebook

    config, failed = gradebook.settings(options.root), 0
    for student in tqdm(students, desc=stem):
        course = CourseDirectory(config=config)
        course.assignment_id, course.student_id = stem, student
        try:
            GenerateFeedback(coursedir=course, config=config, force=True).start()
        except NbGraderException as error:
            tqdm.write(f"{student}: no feedback: {error}")
            failed += 1
    return failed


def _zips(options, stem, students):
    """Write a zip for each platform; yield its path and number of pages."""
    folder, names = _course(options) / "feedback", {}
    for student in students:
        kind, name = _place(options, stem, student)
        page = folder / student / stem / f"{stem}.html"
        if page.exists():
            names.setdefault(kind, {})[name] = page
    for kind, pages in names.items():
        path = folder / f"{stem}-{kind}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, page in pages.items():
                archive.write(page, name)
        yield path, len(pages)


def _place(options, stem, student):
    """A student's platform, and where the page stands in the zip for it."""
    row = _rows(options, stem).get(student)
    if row is None or row.lms not in ("moodle", "canvas"):
        return "plain", f"{student}/{stem}.html"
    return row.lms, lms.feedback_name(row.person, row.file, f"{stem}.html")


@cache
def _roster(path):
    from cnnbook.grading.collect import Roster

    return Roster(path).rows


def _rows(options, stem):
    """The roster's lines of an assignment, by student."""
    rows = _roster(_course(options) / "roster.csv")
    return {row.student: row for row in rows if row.assignment == stem}


def _add_feedback(verb):
    _add_names(verb)
    verb.add_argument(
        "--student",
        action="append",
        help="only this one, in the zips too; may be given again",
    )


def grades(options):
    """Write the grades as a CSV file that your platform takes back.

    Best give the platform's own sheet with --sheet: Moodle's grading worksheet or
    Canvas's gradebook, as downloaded; the grades are filled in. Without it a sheet is
    made of what course/roster.csv knows. Grades of work that still has to be graded by
    hand are left empty. Files: course/grades/<stem>-<platform>.csv.
    """
    standings = {stem: _standings(options, stem) for stem in _chosen(options)}
    graded = {stem: each for stem, each in standings.items() if each}
    if options.sheet and len(graded) > 1 and lms.kind_of(options.sheet) == "moodle":
        raise ValueError(
            f"{options.sheet} is the worksheet of one assignment; name it: "
            + ", ".join(graded)
        )
    for stem, each in graded.items():
        _print_sheets(options, stem, each)


def _standings(options, stem):
    from cnnbook.grading import gradebook

    try:
        return gradebook.standings(stem, options.root)
    except LookupError:
        if options.assignments:
            raise
        return {}


def _print_sheets(options, stem, standings):
    waiting = _waiting(standings, sorted(standings))
    if not options.partial:
        known = {name: each for name, each in standings.items() if not each.open}
    else:
        known = standings
    highest = next(iter(standings.values())).highest
    for kind, rows in _sheets(options, stem, known, highest):
        path = _course(options) / "grades" / f"{stem}-{kind}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        print(f"{stem}: {_near(path)}")
        _print_maximum(options, stem, rows, highest)
    print(f"{stem}: {len(known)} graded, {len(waiting)} still to be graded by hand")
    for student in waiting:
        print(f"  {student}")


def _print_maximum(options, stem, rows, own):
    most = lms.maximum(rows)
    if most not in (None, own) and not options.scale:
        print(f"{stem}: {most:g} points there, {own:g} here; --scale converts them")


def _sheets(options, stem, standings, highest):
    """Yield (platform, rows) for every platform that the students are of."""
    people = _entries(options, stem, standings)
    if options.sheet:
        yield _filled(options, stem, people, standings)
        return
    score = {name: each.score for name, each in standings.items()}
    for kind in sorted({person.lms for person in people.values()}):
        group = {name: each for name, each in people.items() if each.lms == kind}
        entries = [(person, score.get(name)) for name, person in group.items()]
        if kind == "moodle":
            yield kind, lms.moodle_sheet(entries, highest)
        elif kind == "canvas":
            yield kind, lms.canvas_sheet(entries, highest, options.column or stem)
        else:
            rows = [
                (name, p.name, p.email, score.get(name, ""))
                for name, p in group.items()
            ]
            yield "plain", [("student", "name", "email", stem), *rows]


def _entries(options, stem, standings):
    """Who each student is, for this assignment."""
    people = {name: row.person for name, row in _rows(options, stem).items()}
    unknown = set(standings) - set(people)
    return people | {name: lms.Person("plain", name, name) for name in sorted(unknown)}


def _filled(options, stem, people, standings):
    kind = lms.kind_of(options.sheet)
    scores = {
        people[name].id: (each.score, each.highest)
        for name, each in standings.items()
        if people[name].lms == kind
    }
    if kind == "moodle":
        return kind, lms.fill_moodle(options.sheet, scores, options.scale)
    if kind == "canvas":
        column = options.column
        return kind, lms.fill_canvas(options.sheet, scores, stem, column, options.scale)
    raise ValueError(
        f"{options.sheet} should be Moodle's grading worksheet or Canvas's gradebook"
    )


def _add_grades(verb):
    _add_names(verb)
    verb.add_argument("--sheet", type=Path, help="the platform's sheet to fill in")
    verb.add_argument(
        "--column", help="Canvas's column, such as 'Assignment 2 (98765)'"
    )
    verb.add_argument(
        "--scale", action="store_true", help="convert points to the sheet's maximum"
    )
    verb.add_argument(
        "--partial",
        action="store_true",
        help="also of work that still has to be graded by hand",
    )


# ------------------------------------------------------------------- authors


def attempt(options):
    """Try an assignment's right and wrong answers on its checks.

    Every right answer of solutions.py should pass, every wrong one fail.
    """
    from cnnbook.grading import answers

    failed = 0
    for folder in options.folders:
        source = assignment.read(folder)
        lines = answers.problems(source, range(options.seeds))
        if options.sandbox:
            lines += _in_sandbox(source)
        print(f"{source.name}: {len(lines)} problems", *lines, sep="\n  ")
        failed += len(lines)
    return 1 if failed else 0


def _in_sandbox(source):
    """Answers that the grader judges otherwise than their author."""
    import tempfile

    from tqdm import tqdm

    from cnnbook.grading import answers
    from cnnbook.grading.worker import Grader

    found = []
    with tempfile.TemporaryDirectory() as folder, Grader(source.folder, 0) as grader:
        path = Path(folder) / f"{source.name}.ipynb"
        for answer in tqdm(answers.read(source), desc=source.name):
            _write_answer(path, source, answer)
            scores = grader.grade(path)["scores"]
            checks = source.exercises()[answer.exercise]
            got = [scores[assignment.grade_id(cell)] for cell in checks]
            passed = all(each["score"] == each["max"] for each in got)
            if passed != answer.right:
                said = "; ".join(each["message"] for each in got if each["message"])
                kind = "right, but rejected" if answer.right else "wrong, but accepted"
                found.append(
                    f"{answer.exercise}: sandbox: {kind}: {answer.idea} {said}"
                )
    return found


def _write_answer(path, source, answer):
    """The reference with one exercise answered otherwise."""
    import copy

    import nbformat

    notebook = copy.deepcopy(source.notebook)
    for cell in notebook.cells:
        if assignment.grade_id(cell) == answer.exercise:
            cell.source = answer.source
    nbformat.write(notebook, path)


def _add_attempt(verb):
    verb.add_argument("folders", nargs="+", type=Path, help="exercises/02_convolution")
    verb.add_argument("--seeds", type=int, default=20, help="how many (default: 20)")
    verb.add_argument(
        "--sandbox", action="store_true", help="the same through the real grader, too"
    )


VERBS = {
    "assignments": (assignments, _add_names),
    "collect": (collect, _add_collect),
    "grade": (grade, _add_grade),
    "formgrader": (formgrader, _add_nothing),
    "feedback": (feedback, _add_feedback),
    "grades": (grades, _add_grades),
    "try": (attempt, _add_attempt),
}

if __name__ == "__main__":
    sys.exit(main())
