"""The trusted side: runs the check cells, where no student's code ever runs.

A name that a check uses is one of three: Python's own, the instructor's (imported or
defined by cells that students cannot change), or the student's. What a solution cell of
the source defines is always the student's.
"""

import ast
import builtins
import contextlib
import io
import re
import signal
import symtable
import threading

from cnnbook.grading.assignment import grade_id, role
from cnnbook.grading.runner import seed_everything

KEPT = 64 * 2**10  # characters of what a check prints


class CheckTooLong(BaseException):
    """A check did not end, on the trusted side; no check may catch this."""


class Judge:
    """Runs the instructor's cells of one assignment.

    Parameters
    ----------
    assignment : cnnbook.grading.assignment.Assignment
    seed : int
        Set before each check.
    seconds : float
        How long a check may take in all.
    """

    def __init__(self, assignment, seed, seconds=60):
        self.seed, self.seconds = seed, seconds
        self.space = {"__name__": "__main__"}
        self.own, self.wanted = set(), set()  # the instructor's names, the student's
        self.of_student = set()
        for cell in assignment.cells:
            if cell.cell_type == "code" and role(cell) == "solution":
                self.of_student |= bound(parsed(cell.source))
            elif cell.cell_type == "code" and role(cell) == "free":
                self._import(imports(parsed(cell.source)))

    def _import(self, tree):
        for statement in tree.body:
            with contextlib.suppress(Exception):  # the student's own run shows it
                module = ast.Module([statement], [])
                exec(compile(module, "<imports>", "exec"), self.space)
                self.own |= bound(module)

    def given(self, cell, student):
        """Run a cell that students cannot change, as it stands in the source."""
        with contextlib.suppress(Exception, CheckTooLong):  # shown in the student's run
            self._run(parsed(cell.source), student)

    def check(self, cell, student):
        """Run a check cell.

        Returns
        -------
        list of dict
            Outputs in the notebook's format: what was printed, a number as the value of
            the last line (the points that nbgrader counts), or an error whose
            traceback is one line without source.

        Raises
        ------
        SandboxLost
            The student's process ended or hangs.
        """
        seed_everything(self.seed)
        printed = io.StringIO()
        outputs = []
        try:
            with contextlib.redirect_stdout(printed):
                value = self._run(ast.parse(without_magics(cell.source)), student)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                outputs.append(result_output(value))
        except (Exception, CheckTooLong) as error:
            outputs.append(error_output(grade_id(cell), explain(error, cell)))
        if text := printed.getvalue()[:KEPT]:
            outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": text})
        return outputs

    def _run(self, tree, student):
        """Run statements; the value of the last one if it is an expression."""
        self._bring(tree, student)
        last = tree.body.pop() if tree.body and _is_expression(tree.body[-1]) else None
        with limited(self.seconds):
            exec(compile(tree, "<check>", "exec"), self.space)
            value = None
            if last is not None:
                code = compile(ast.Expression(last.value), "<check>", "eval")
                value = eval(code, self.space)
        self.own |= bound(tree) - self.of_student
        return value

    def _bring(self, tree, student):
        """Put the student's names that the statements use into the name space."""
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        theirs = {name for name in used if not hasattr(builtins, name)} - self.own
        self.wanted |= theirs | (used & self.of_student)
        for name in self.wanted - self.own:
            self.space.pop(name, None)
        self.space.update(student.names(sorted(self.wanted - self.own)))


def _is_expression(statement):
    return isinstance(statement, ast.Expr)


def without_magics(source):
    """A cell's text in which IPython's own lines (%, !, ?) do nothing."""
    return re.sub(r"(?m)^([ \t]*)[%!?].*", r"\1pass", source)


def parsed(source):
    """The statements of a cell; none where it is no Python."""
    try:
        return ast.parse(without_magics(source))
    except SyntaxError:
        return ast.Module([], [])


def imports(tree):
    """Only the import statements at the top of a tree."""
    kept = [
        each for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))
    ]
    return ast.Module(kept, [])


def bound(tree):
    """Names that statements bind at the top level."""
    table = symtable.symtable(ast.unparse(tree), "<cell>", "exec")
    return {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }


def explain(error, cell):
    """What an error of a check says, in one line, without the check's source."""
    if isinstance(error, AssertionError) and not error.args:
        count, of = _which(error, cell)
        return f"check {count} of {of} fails"
    if isinstance(error, AssertionError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _which(error, cell):
    """Which assert of a cell an error comes from, and how many there are."""
    trace = error.__traceback__
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<check>":
            line = line or trace.tb_lineno
        trace = trace.tb_next
    asserts = [n.lineno for n in ast.walk(parsed(cell.source)) if _asserts(n)]
    return sum(start <= line for start in asserts) or 1, len(asserts) or 1


def _asserts(node):
    return isinstance(node, ast.Assert)


def error_output(name, message):
    """The output of a check that fails: its name and a message, nothing else."""
    return {
        "output_type": "error",
        "ename": "CheckFailed",
        "evalue": message,
        "traceback": [f"{name}: {message}"],
    }


def result_output(value):
    """The output of a check that ends in a number: the points it gives."""
    return {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
        "data": {"text/plain": repr(value)},
    }


@contextlib.contextmanager
def limited(seconds):
    """Raise CheckTooLong in the block after that many seconds (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise CheckTooLong(f"the check did not end within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
