"""What runs inside the sandbox: the student's cells, and calls of what they define.

    python -m cnnbook.grading.runner FD MODULE...

The process imports the modules once and then waits. Each submission gets a copy of it
(a fork), which sees neither the process it came from nor any other submission. The
copy answers the requests of the grader until the connection ends; whatever it sends is
data, and is believed no more than the student is.
"""

import base64
import builtins
import contextlib
import ctypes
import importlib
import io
import math
import operator
import os
import random
import resource
import shutil
import signal
import socket
import sys
import traceback
from functools import partial
from pathlib import Path

from cnnbook.grading import wire

NOBODY = 65534
PRINTED = 64 * 2**10  # characters of a cell that are kept
PICTURES = 2**20  # bytes of the pictures of a cell that are kept
MEMORY = 2 * 2**30  # bytes of one process, on top of what the imports take
FILES = 256 * 2**20  # bytes of a file, and of all of them
PROCESSES = 64  # threads count

# From <sched.h>, <sys/mount.h>, <sys/prctl.h>
NEW_NAMESPACES = 0x10000000 | 0x20000000 | 0x00020000 | 0x08000000  # user pid mnt ipc
PRIVATE, RECURSIVE = 1 << 18, 1 << 14
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
CAPABILITIES_V3 = 0x20080522


def main(control, modules):
    """Import the modules, then start one session for each socket that comes in.

    Parameters
    ----------
    control : socket.socket
        After the word b"warm" (or b"single", where only one session can be had) each
        message brings a socket for a session, and the session before it ends.
    modules : list of str
    """
    walls = "CNNBOOK_SANDBOX" in os.environ
    if walls and os.getuid() == 0:
        become_nobody()
    shell = make_shell()
    for name in modules:
        with contextlib.suppress(Exception):  # the student's own import will say why
            importlib.import_module(name)
    apart = walls and can_isolate()
    control.send(b"warm" if apart or not walls else b"single")
    child = None
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 16, 1)
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        if not message:
            return
        connection = socket.socket(fileno=sockets[0])
        child = fork(partial(begin, connection, control, shell, walls, apart))
        connection.close()


def fork(function):
    """Call a function in a copy of this process; the copy's process number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        if sys.platform == "linux":
            libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
        function()
        status = 0
    except BaseException:
        traceback.print_exc()  # into the sandbox's log
    finally:
        os._exit(status)


def begin(connection, control, shell, walls, apart):
    """Serve a connection, behind walls and apart from other sessions if possible.

    The session is the first process of its own name space: when it ends, all that it
    started ends with it.
    """
    control.close()
    used = memory_used() if walls else 0

    def serve():
        if apart:
            fresh_files()
            drop_capabilities()
        if walls:
            bring_data()
            limit(used)
        write_nowhere()
        Session(connection, shell).serve()

    if not apart:
        return serve()
    isolate()
    session = fork(serve)
    connection.close()
    os.waitpid(session, 0)


def write_nowhere():
    """Send to nowhere what goes to the files behind print, past Python."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


# --- Walls --------------------------------------------------------------------------


def libc(name, *arguments):
    """Call a function of the C library; OSError where it fails."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def become_nobody():
    """Leave the root user, who may do more than any limit says."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    libc("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # else /proc/self is root's


def can_isolate():
    """Whether this kernel lets us make name spaces inside the sandbox."""
    return os.waitpid(fork(isolate), 0)[1] == 0


def isolate():
    """Give this process's children name spaces of their own."""
    user, group = os.getuid(), os.getgid()
    libc("unshare", NEW_NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def fresh_files():
    """Empty folders to write into, and no view of other processes."""
    libc("mount", b"none", b"/", None, PRIVATE | RECURSIVE, None)
    for folder in ("/proc", "/tmp", "/dev/shm", str(Path.home())):
        size = f"size={FILES},mode=0777".encode()
        libc("mount", b"none", folder.encode(), b"tmpfs", 0, size)


def bring_data():
    """Copy what the assignment brings along to the folder where the cells run."""
    shutil.copytree(os.environ["CNNBOOK_SANDBOX"], Path.home(), dirs_exist_ok=True)
    os.chdir(Path.home())


def drop_capabilities():
    """Keep no privilege, not even within the own name spaces."""
    for capability in range(64):
        with contextlib.suppress(OSError):  # there are fewer on this kernel
            libc("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    libc("capset", header, (ctypes.c_uint32 * 6)())


def memory_used():
    """Bytes of address space of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def limit(used):
    """Bound memory, files, processes; no core dumps."""
    bounds = {
        "RLIMIT_AS": used + MEMORY,
        "RLIMIT_FSIZE": FILES,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_NPROC": PROCESSES,
        "RLIMIT_CORE": 0,
    }
    for name, bound in bounds.items():
        resource.setrlimit(getattr(resource, name), (bound, bound))


# --- The student's names --------------------------------------------------------------


class Session:
    """Runs cells in one name space, and answers for what they define.

    Parameters
    ----------
    connection : socket.socket
        To the grader.
    shell : IPython.core.interactiveshell.InteractiveShell
    """

    def __init__(self, connection, shell):
        self.channel = wire.Channel(connection, self.refer, self.resolve, most=math.inf)
        self.shell, self.handles = shell, []

    def serve(self):
        """Answer requests until the connection ends."""
        seed_everything(0)  # grading twice gives the same
        while True:
            try:
                request = self.channel.receive()
                reply = self.answer(request)
                self.channel.send(reply)
            except wire.BrokenError:
                return

    def answer(self, request):
        """What a request gives: {"value": ...} or {"error": ...}."""
        name, *arguments = request
        try:
            return {"value": getattr(self, f"on_{name}")(*arguments)}
        except BaseException as error:  # even SystemExit is only an answer
            return {"error": describe(error)}

    def refer(self, value):
        """A handle for a value that stays here: its number, and what it says it is."""
        self.handles.append(value)
        kinds = [
            f"{kind.__module__}:{kind.__qualname__}" for kind in type(value).__mro__
        ]
        return {"handle": len(self.handles) - 1, "kinds": kinds}

    def resolve(self, reference):
        """The value of a handle, or a function of a library."""
        if "handle" in reference:
            return self.handles[reference["handle"]]
        return wire.from_library(reference["library"])

    def on_cell(self, source):
        """Run a cell; a dict of its outputs, in the notebook's format."""
        return run_cell(self.shell, source)

    def on_has(self, names):
        """Those of the names that the student's cells have defined."""
        return [name for name in names if name in self.shell.user_ns]

    def on_name(self, name):
        """The value of a name."""
        return self.shell.user_ns[name]

    def on_attribute(self, value, name):
        """An attribute of a value."""
        return getattr(value, name)

    def on_set_attribute(self, value, name, new):
        """Set an attribute of a value."""
        setattr(value, name, new)

    def on_item(self, value, key):
        """An item of a value."""
        return value[key]

    def on_set_item(self, value, key, new):
        """Set an item of a value."""
        value[key] = new

    def on_call(self, function, arguments, options):
        """What a function gives. What it prints goes nowhere."""
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            return function(*arguments, **options)

    def on_operate(self, name, values):
        """What an operation of the standard library's `operator` gives."""
        return getattr(operator, name)(*values)

    def on_built_in(self, name, value):
        """len, iter, bool, float, int, complex, str or repr of a value."""
        return getattr(builtins, name)(value)

    def on_next(self, iterator):
        """Whether an iterator has a next value, and the value."""
        for value in iterator:
            return True, value
        return False, None


def kinds_of(value):
    """The classes of a value, as `library_name` writes them."""
    return [f"{kind.__module__}:{kind.__qualname__}" for kind in type(value).__mro__]


def seed_everything(seed):
    """Seed Python, NumPy and PyTorch, those that are imported."""
    random.seed(seed)
    for name, function in (("numpy", "random.seed"), ("torch", "manual_seed")):
        if name in sys.modules:
            operator.attrgetter(function)(sys.modules[name])(seed)


def describe(error):
    """An error as data: the names of its classes, and its message."""
    try:
        message = str(error)
    except Exception:
        message = "(the error cannot say what it is)"
    return {"kinds": kinds_of(error), "message": message[:PRINTED]}


# --- Cells ----------------------------------------------------------------------------


class Printed(io.TextIOBase):
    """Keeps the first characters of what is printed, and counts the rest."""

    def __init__(self):
        self.parts, self.kept, self.lost = [], 0, 0

    def writable(self):
        return True

    def write(self, text):
        text = str(text)
        part = text[: PRINTED - self.kept]
        self.parts.append(part)
        self.kept += len(part)
        self.lost += len(text) - len(part)
        return len(text)

    def text(self):
        """What was kept, and how much was not."""
        note = f"\n... {self.lost} more characters were printed" if self.lost else ""
        return "".join(self.parts) + note


def make_shell():
    """IPython without a history: it knows magics, shows results, awaits."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type
    from traitlets.config import Config

    class Publisher(DisplayPublisher):
        """Keeps what a cell displays."""

        shown = []  # noqa: RUF012  one list, emptied for each cell

        def publish(self, data, metadata=None, **options):
            self.shown.append(data)

    class Hook(DisplayHook):
        """Keeps the value of a cell's last line."""

        values = []  # noqa: RUF012  as above

        def write_output_prompt(self):
            pass

        def write_format_data(self, data, metadata=None):
            self.values.append(data)

        def finish_displayhook(self):
            pass

    class Shell(InteractiveShell):
        """Says nothing of an error: it is told as data."""

        display_pub_class = Type(Publisher)
        displayhook_class = Type(Hook)

        def enable_gui(self, gui=None):
            pass

        def showtraceback(self, *arguments, **options):
            pass

        showsyntaxerror = showindentationerror = showtraceback

    config = Config()
    config.HistoryManager.enabled = False
    return Shell.instance(config=config)


def run_cell(shell, source):
    """Run a cell.

    Returns
    -------
    list of dict
        Its outputs in the notebook's format: a stream, pictures and texts, the value
        of the last line, and the error that ended it.
    """
    printed, shown, values = (
        Printed(),
        shell.display_pub.shown,
        shell.displayhook.values,
    )
    shown.clear()
    values.clear()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        result = shell.run_cell(source)
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed.text()}]
    outputs = outputs if printed.kept else []
    outputs += [_display("display_data", data) for data in shown]
    outputs += [_display("execute_result", data) for data in values]
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        outputs.append({"output_type": "error", **describe(error)})
    return outputs


def _display(kind, data):
    """An output with the text and the picture of what is displayed."""
    kept = {"text/plain": str(data.get("text/plain", ""))[:PRINTED]}
    picture = data.get("image/png")
    if isinstance(picture, bytes):
        picture = base64.b64encode(picture).decode()
    if isinstance(picture, str) and len(picture) < PICTURES:
        kept["image/png"] = picture
    return {"output_type": kind, "data": kept, "metadata": {}}


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
