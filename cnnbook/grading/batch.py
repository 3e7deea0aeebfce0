"""Many submissions: a pure map from files to results, on threads or on a cluster.

Each result is written as soon as it is there, so an interrupted run continues where it
stopped, and what has not changed is not graded again.
"""

import atexit
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from types import SimpleNamespace

from tqdm import tqdm

from cnnbook.grading.sandbox import SandboxError

#: What a result depends on besides the submission: the modules that grade.
MODULES = (
    *("align", "assignment", "grade", "judge", "remote", "runner", "sandbox"),
    *("submission", "wire", "worker"),
)


@dataclass
class Report:
    """What a run did.

    Attributes
    ----------
    results : dict of str to dict
        By student, new ones and earlier ones; see `grade.grade`.
    earlier : set of str
        Students whose result is from an earlier run.
    failed : dict of str to str
        Why a student's work could not be graded; it is tried again in the next run.
    """

    results: dict = field(default_factory=dict)
    earlier: set = field(default_factory=set)
    failed: dict = field(default_factory=dict)


def grade_all(
    submissions,
    folder,
    seed,
    workers=2,
    grade_one=None,
    show_progress=True,
    results=None,
    again=False,
    dask=None,
    protected=True,
):
    """Grade many submissions of one assignment.

    Parameters
    ----------
    submissions : dict of str to path
        Notebooks by student.
    folder : path
        The assignment, `exercises/<stem>`.
    seed : int
        Of the hidden checks' random inputs.
    workers : int
        How many are graded at once.
    grade_one : callable, optional
        Gives the result for a path; a `worker.Grader` for each worker by default.
    show_progress : bool
    results : path, optional
        Where results are kept, `<student>.json` each; nowhere by default.
    again : bool
        Grade all anew, whatever is kept.
    dask : str, optional
        Address of a Dask scheduler whose workers see the same files, or "" for workers
        on this machine.
    protected : bool
        False runs students' code without a sandbox.

    Returns
    -------
    Report
        The same whatever the number and the kind of workers.

    Raises
    ------
    SandboxError
        There is no sandbox on this machine.
    """
    report, pending, keys = Report(), {}, {}
    shared = _shared(Path(folder), seed, protected)
    for student, path in submissions.items():
        keys[student] = _key(path, shared)
        kept = None if again or not results else _kept(results, student, keys[student])
        if kept is None:
            pending[student] = str(path)
        else:
            report.results[student] = kept
            report.earlier.add(student)
    pairs = _on_dask if dask is not None else _on_threads
    how = Grading(str(folder), seed, protected, grade_one)
    graded = pairs(pending, how, workers, dask)
    silent = not show_progress or not pending
    for student, result, why in tqdm(
        graded, total=len(pending), disable=silent, desc=Path(folder).name
    ):
        if why:
            report.failed[student] = why
            continue
        report.results[student] = result | {"key": keys[student]}
        if results:
            write_json(Path(results) / f"{student}.json", report.results[student])
    done = report.results
    report.results = {name: done[name] for name in submissions if name in done}
    return report


def _shared(folder, seed, protected):
    """What all submissions have in common, as a hash."""
    here = Path(__file__).parent
    code = [here / f"{name}.py" for name in MODULES] + [here.parent / "checks.py"]
    held_out = [
        path
        for path in sorted(folder.parent.glob("*")) + sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".ipynb", ".zip")
    ]
    known = hashlib.sha256(f"{seed} {protected}".encode())
    for path in [folder / f"{folder.name}.ipynb", *held_out, *code]:
        known.update(
            hashlib.sha256(path.read_bytes()).digest() if path.exists() else b"-"
        )
    return known


def _key(path, shared):
    known = shared.copy()
    known.update(Path(path).read_bytes())
    return known.hexdigest()


def _kept(folder, student, key):
    """An earlier result if it is for the same bytes, else None."""
    try:
        result = json.loads((Path(folder) / f"{student}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and result.get("key") == key else None


def write_json(path, value):
    """Write at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value), encoding="utf-8")
    os.replace(part, path)


@dataclass(frozen=True)
class Grading:
    """How to make a grader: what `grade_all` was told, so that it can travel."""

    folder: str
    seed: int
    protected: bool = True
    grade_one: Callable | None = None

    def __call__(self):
        """A new grader: a context manager with `grade(path)`."""
        if self.grade_one is not None:
            return nullcontext(SimpleNamespace(grade=self.grade_one))
        from cnnbook.grading.worker import Grader

        return Grader(self.folder, self.seed, self.protected)


class Worker:
    """Grades one submission at a time; what dies is replaced once.

    Parameters
    ----------
    make : callable
        Gives a new grader: a context manager with `grade(path)`.
    """

    def __init__(self, make):
        self.make, self.grader, self.stack = make, None, ExitStack()
        self.worked, self.stopping = False, Event()

    def grade(self, path):
        """The result and why there is none: (dict, "") or (None, str).

        Raises
        ------
        SandboxError
            There is no sandbox, or not one that starts.
        """
        result, why = self._once(path)
        # Ctrl-C reaches graders before it is known here: hence the moment's wait.
        if why and not self.stopping.wait(0.5):
            result, why = self._once(path)
        return result, why and f"graded twice without a result: {why}"

    def _once(self, path):
        try:
            self.grader = self.grader or self.stack.enter_context(self.make())
            result, self.worked = self.grader.grade(path), True
            return result, ""
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever killed it, the batch goes on
            self.close()
            if isinstance(error, SandboxError) and not self.worked:
                raise
            return None, f"{type(error).__name__}: {error}"

    def close(self):
        """Stop the grader, dead or alive."""
        stack, self.grader, self.stack = self.stack, None, ExitStack()
        try:
            stack.close()
        except Exception as error:
            tqdm.write(f"a grader did not stop cleanly: {error}")


def _on_threads(pending, how, workers, _):
    """Yield (student, result, why not) in the order in which they are done."""
    idle = SimpleQueue()
    everyone = [Worker(how) for _ in range(min(workers, len(pending)))]
    for worker in everyone:
        idle.put(worker)

    def job(path):
        worker = idle.get()
        try:
            return worker.grade(path)
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(max(1, len(everyone)))
    try:
        jobs = {pool.submit(job, path): student for student, path in pending.items()}
        for done in as_completed(jobs):
            yield (jobs[done], *done.result())
    finally:
        for worker in everyone:
            worker.stopping.set()
        pool.shutdown(cancel_futures=True)
        for worker in everyone:
            worker.close()


def _on_dask(pending, how, workers, address):
    """As `_on_threads`, by the workers of a Dask cluster."""
    from distributed import Client, LocalCluster
    from distributed import as_completed as completed

    with ExitStack() as stack:
        if not address:
            size = {"n_workers": workers, "threads_per_worker": 1}
            quiet = {"dashboard_address": None, "silence_logs": 50}
            address = stack.enter_context(LocalCluster(**size, **quiet))
        client = stack.enter_context(Client(address))
        jobs = {
            client.submit(_remote, path, how, pure=False): student
            for student, path in pending.items()
        }
        for done in completed(jobs):
            if done.status == "finished":
                yield (jobs[done], *done.result())
            elif isinstance(error := done.exception(), SandboxError):
                raise error
            else:
                yield jobs[done], None, f"the cluster gave up: {error}"
            done.release()


def _remote(path, how):
    return _worker(how).grade(path)


@cache
def _worker(how):
    """One warm grader in each process of a cluster, stopped when the process ends."""
    worker = Worker(how)
    atexit.register(worker.close)
    return worker
