"""A process that grades one submission after another, and who gives it work.

    python -m cnnbook.grading.worker FD FOLDER SEED [--unprotected]

The process imports what the assignment needs once, as its sandbox does. Should a check
hang in it for good, the process is ended and another goes on without that check.
"""

import contextlib
import importlib
import math
import socket
import subprocess
import sys
import threading
from pathlib import Path

from cnnbook.grading import wire
from cnnbook.grading.assignment import read
from cnnbook.grading.sandbox import START, SandboxError

LONGEST = 900  # seconds between two words of a worker


class _EndedError(Exception):
    """The grading process ended or hangs, while it was at some check."""

    def __init__(self, at, why):
        super().__init__(f"the grading process ended ({why})")
        self.at = at


class Grader:
    """Grades submissions of one assignment, one at a time, from any thread.

    Parameters
    ----------
    folder : path
        The assignment, `exercises/<stem>`.
    seed : int
        Of the hidden checks' random inputs.
    protected : bool
        False runs the students' code as the instructor's user, without any wall.
    longest : float
        Seconds of silence after which the process counts as hanging.

    Raises
    ------
    SandboxError
        The sandbox cannot be had.
    """

    def __init__(self, folder, seed, protected=True, longest=LONGEST):
        self.arguments = [str(folder), str(seed)]
        self.arguments += [] if protected else ["--unprotected"]
        self.longest, self.lock = longest, threading.Lock()
        self._start()

    def _start(self):
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "cnnbook.grading.worker"]
        self.process = subprocess.Popen(
            [*command, str(theirs.fileno()), *self.arguments],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for who gives the work
        )
        theirs.close()
        self.channel = wire.Channel(ours, None, None, most=math.inf)
        try:
            ready = self.channel.receive(2 * START)
        except (wire.BrokenError, wire.LateError) as error:
            ready = {"trouble": f"the grading process does not start: {error}"}
        if "trouble" in ready:
            self.close()
            raise SandboxError(ready["trouble"])

    def grade(self, path):
        """The result of one submission, as `cnnbook.grading.grade.grade` gives it.

        A worker that dies or hangs is replaced, and the check at fault is left out.
        What ends it outside a check is tried once more.

        Raises
        ------
        RuntimeError
            It ended again.
        """
        failed = {}
        with self.lock:
            while True:
                try:
                    return self._result(path, failed)
                except _EndedError as error:
                    self.restart()
                    if error.at in failed:
                        raise RuntimeError(f"{Path(path).name}: {error}") from None
                    failed[error.at] = f"Grading this check: {error}"

    def _result(self, path, failed):
        at = ""  # the check that runs
        try:
            self.channel.send({"path": str(path), "failed": failed})
            while "result" not in (said := self.channel.receive(self.longest)):
                at = said["at"]
            return said["result"]
        except (wire.BrokenError, wire.LateError) as error:
            raise _EndedError(at, error) from None

    def restart(self):
        """End the process, whatever it does, and start another."""
        self.close()
        self._start()

    def close(self):
        """End the process and its sandbox."""
        self.channel.socket.close()
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def serve(channel, folder, seed, protected):
    """Grade what is asked for until the connection ends."""
    from cnnbook.grading import grade

    assignment = read(folder)
    grade.Limits.of(assignment)  # says now what is wrong with them
    imports = threading.Thread(target=prepare, args=[grade.modules(assignment)])
    imports.start()  # while the sandbox does the same
    with grade.sandbox_for(assignment, protected) as sandbox:
        imports.join()
        channel.send({"ready": True})
        while True:
            request = channel.receive()
            result = grade.graded(
                request["path"],
                assignment,
                seed,
                sandbox,
                request["failed"],
                lambda name: channel.send({"at": name}),
            )
            channel.send({"result": result})


def prepare(modules):
    """Import what the checks need."""
    for name in modules:
        with contextlib.suppress(Exception):  # a check that needs it will say so
            importlib.import_module(name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def main(number, folder, seed, *options):
    """Serve the connection with this number."""
    channel = wire.Channel(socket.socket(fileno=int(number)), None, None, most=math.inf)
    try:
        serve(channel, folder, int(seed), "--unprotected" not in options)
    except (SandboxError, ValueError, FileNotFoundError) as error:
        channel.send({"trouble": str(error)})
    except wire.BrokenError:
        pass  # the one who gives the work has ended


if __name__ == "__main__":
    main(*sys.argv[1:])
