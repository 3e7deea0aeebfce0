"""Right and wrong answers to an assignment, which prove that its checks are good.

`exercises/<stem>/solutions.py` holds them as cells of a script. The first line of a
cell says what it answers, whether it is right, and the idea behind it; what stands
before the first such line is only there for editors::

    import torch

    # %% corr2d | right | one loop for each place of the kernel
    def corr2d(x, w):
        ...

    # %% corr2d | wrong | the kernel is flipped
    def corr2d(x, w):
        ...
"""

import ast
import contextlib
import os
import re
import traceback
from dataclasses import dataclass

from cnnbook.grading.assignment import grade_id, role

HEAD = re.compile(r"^# %% *(.*)$", re.MULTILINE)
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS$.*?^### END HIDDEN TESTS$", re.M | re.S)


@dataclass(frozen=True)
class Answer:
    """One answer to one exercise: its code, and whether it is right."""

    exercise: str
    right: bool
    idea: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What a check cell said: None as `error` is a pass; `line` counts from 1."""

    check: str
    error: Exception | None
    line: int | None


def read(assignment):
    """All answers beside an assignment.

    Raises
    ------
    ValueError
        A head that is not `exercise | right or wrong | idea`, or a name that no
        solution cell has.
    """
    text = (assignment.folder / "solutions.py").read_text(encoding="utf-8")
    _, *parts = HEAD.split(text)
    known = assignment.exercises()
    return [
        _answer(head, source, known)
        for head, source in zip(parts[::2], parts[1::2], strict=True)
    ]


def _answer(head, source, known):
    exercise, kind, idea = [*(part.strip() for part in head.split("|")), "", ""][:3]
    if exercise not in known or kind not in ("right", "wrong") or not idea:
        raise ValueError(
            f"the head '# %% {head}' should read '# %% exercise | right | idea' or "
            f"'# %% exercise | wrong | idea', with an exercise of {', '.join(known)}"
        )
    return Answer(exercise, kind == "right", idea, source.strip() + "\n")


def outcomes(assignment, answer, seeds):
    """Run the checks of one exercise on one answer, in this very process.

    As nbgrader's own grader does it: everything in one namespace. The other
    exercises have the reference's solutions. The answer's code runs once, since it may
    train a network; the checks run once for each seed, each time in a copy of the
    namespace.

    Parameters
    ----------
    assignment : Assignment
    answer : Answer
    seeds : iterable of int
        Of the random inputs of hidden checks.

    Returns
    -------
    list of list of Outcome
        For each seed, one for each check cell of the answer's exercise.
    """
    os.environ["GRADING_DATA"] = str(assignment.folder.parent)
    checks = assignment.exercises()[answer.exercise]
    namespace = _answered(assignment, answer, checks)
    return [_checked(checks, dict(namespace), seed) for seed in seeds]


def _answered(assignment, answer, checks):
    """The namespace after all cells before the last of the checks, but no check."""
    end = max((assignment.cells.index(cell) for cell in checks), default=0)
    namespace = {"__name__": "__main__"}
    for cell in assignment.cells[:end]:
        if cell.cell_type == "code" and role(cell) != "check":
            own = grade_id(cell) == answer.exercise
            _run(answer.source if own else cell.source, namespace, grade_id(cell))
    return namespace


def _checked(checks, namespace, seed):
    os.environ["GRADING_SEED"] = str(seed)
    return [_outcome(cell, namespace) for cell in checks]


def _run(source, namespace, name):
    try:
        with contextlib.redirect_stdout(None):
            exec(compile(source, f"<{name}>", "exec"), namespace)
    except Exception as error:  # as in a notebook: the next cell runs all the same
        return error
    return None


def _outcome(cell, namespace):
    name = grade_id(cell)
    error = _run(cell.source, namespace, name)
    trace = traceback.extract_tb(error.__traceback__) if error else []
    lines = [frame.lineno for frame in trace if frame.filename == f"<{name}>"]
    return Outcome(name, error, lines[0] if lines else None)


def hidden_statements(cell):
    """Where the hidden checks of a cell stand.

    Returns
    -------
    list of (int, int)
        First and last line of every statement in the hidden part that can fail:
        an `assert`, or a call of `cnnbook.checks` as a statement.
    """
    spans = [
        (cell.source.count("\n", 0, m.start()) + 1, m.group().count("\n"))
        for m in HIDDEN.finditer(cell.source)
    ]
    return [
        (node.lineno, node.end_lineno)
        for node in ast.walk(ast.parse(cell.source))
        if _can_fail(node)
        and any(start <= node.lineno <= start + length for start, length in spans)
    ]


def _can_fail(node):
    if isinstance(node, ast.Assert):
        return True
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).startswith("checks.")


def problems(assignment, seeds):
    """What is wrong with the checks of an assignment.

    Parameters
    ----------
    assignment : Assignment
    seeds : iterable of int
        All answers are tried with each.

    Returns
    -------
    list of str
        Right answers that are rejected, wrong ones that pass, checks that the stub
        passes or that catch nothing. Empty when all is well.
    """
    given, found = read(assignment), []
    for exercise, checks in assignment.exercises().items():
        own = [answer for answer in given if answer.exercise == exercise]
        tried = [
            (answer, each)
            for answer in own
            for each in outcomes(assignment, answer, seeds)
        ]
        found += _too_few(exercise, own)
        found += [line for answer, each in tried for line in _judged(answer, each)]
        found += [line for cell in checks for line in _idle(cell, tried)]
        found += [line for cell in checks[-1:] for line in _idle_last(cell, tried)]
        found += _stub_passes(assignment, exercise, min(seeds))
    return list(dict.fromkeys(found))


def _too_few(exercise, answers):
    right = sum(answer.right for answer in answers)
    if right < 3 or len(answers) - right < 8:
        yield f"{exercise}: {right} right and {len(answers) - right} wrong answers"


def _judged(answer, each):
    errors = [outcome for outcome in each if outcome.error is not None]
    if answer.right and errors:
        yield f"{answer.exercise}: right, but rejected: {answer.idea}: {errors[0]}"
    if not answer.right and not errors:
        yield f"{answer.exercise}: wrong, but accepted: {answer.idea}"
    if any(type(outcome.error) is NameError for outcome in errors):
        yield f"{answer.exercise}: wrong for another reason: {answer.idea}: {errors[0]}"


def _idle(cell, tried):
    """Checks, and statements of hidden checks, that are never the first to fail."""
    name = grade_id(cell)
    lines = {
        outcome.line
        for _, each in tried
        for outcome in each
        if outcome.check == name and outcome.error is not None
    }
    for start, end in hidden_statements(cell):
        if not any(line and start <= line <= end for line in lines):
            yield f"{name}: line {start} catches nothing"
    if not lines:
        yield f"{name}: catches nothing"


def _idle_last(cell, tried):
    """The last check of an exercise, if it rejects nothing that the others accept."""
    failed = [{outcome.check for outcome in each if outcome.error} for _, each in tried]
    if {grade_id(cell)} not in failed:
        yield f"{grade_id(cell)}: catches nothing that the other checks do not"


def _stub_passes(assignment, exercise, seed):
    stub = Answer(exercise, False, "the stub", "raise NotImplementedError()\n")
    for outcome in outcomes(assignment, stub, [seed])[0]:
        if outcome.error is None:
            yield f"{outcome.check}: passes where nothing was written"


def main(folders):
    """Say what is wrong with the checks of each assignment, with 20 seeds."""
    from cnnbook.grading import assignment

    for folder in folders:
        lines = problems(assignment.read(folder), range(20))
        print(f"{folder}: {len(lines)} problems", *lines, sep="\n  ")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
