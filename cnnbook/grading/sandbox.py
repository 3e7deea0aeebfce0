"""Where a student's code runs: behind bubblewrap, with nothing to find and to break.

The sandbox has its own users, processes, network and files: only the Python
environment is visible, read-only, beside empty folders that vanish. The process in it
(`runner.py`) imports what an assignment needs once, and serves one session after
another.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

import cnnbook

START = 120  # seconds in which the imports must be done
MEMORY = 4 * 2**30  # bytes of all processes of a sandbox
GLANCE = 0.25  # seconds between two looks at them
HOME = "/home/student"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
SYSTEM += ("/etc/alternatives", "/etc/fonts", "/etc/localtime")
EXCHANGE = Path("/usr/local/share/nbgrader")  # where nbgrader keeps what is handed in
SETTINGS = {
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "IPYTHONDIR": "/tmp/ipython",
}
MISSING = (
    "The sandbox needs bubblewrap, and there is no bwrap on this machine. On Linux "
    "install it (apt install bubblewrap, dnf install bubblewrap); macOS and Windows "
    "do not have it: grade on a Linux machine or in a container. To run the students' "
    "code as you, with your files and your network in its reach, say --unprotected."
)


class SandboxError(Exception):
    """The sandbox cannot be had; the message says what to do."""


class Sandbox:
    """A process behind walls, which serves one session at a time.

    Parameters
    ----------
    data : Path
        A folder whose content every session finds in its own.
    modules : list of str
        What is imported beforehand.
    protected : bool
        False runs the student's code as the instructor's user, without any wall.
    private : Path, optional
        A folder that must not be seen.

    Raises
    ------
    SandboxError
        There is no bubblewrap, or this machine does not let it work, or the private
        folder is part of what every sandbox shows.
    """

    def __init__(self, data, modules, protected=True, private=None):
        self.command, self.settings = _command(Path(data), protected, private)
        self.modules, self.closed = modules, threading.Event()
        self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        """End the process when all that runs in the sandbox takes too much memory.

        The kernel bounds each process alone; name spaces do not count them together.
        """
        while not self.closed.wait(GLANCE):
            if memory(self.process.pid) > MEMORY:
                self.process.kill()

    def _start(self):
        self.used = False
        self.control, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process
        self.process = subprocess.Popen(
            [*self.command, str(theirs.fileno()), *self.modules],
            env=self.settings,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )
        theirs.close()
        self.control.settimeout(START)
        try:
            self.single = self._word() == b"single"
        except OSError as error:
            self.close()
            raise SandboxError(self._why(error)) from None

    def _word(self):
        word = self.control.recv(16)
        if not word:
            raise ConnectionError("the sandbox ended")
        return word

    def _why(self, error):
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").splitlines()
        said = "; ".join(lines[-3:]) or str(error)
        return (
            f"The sandbox does not start: {said}. Some systems forbid name spaces to "
            "users (on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns)."
        )

    def session(self):
        """A new session; the one before ends.

        Returns
        -------
        socket.socket
            The connection to a fresh copy of the process. If the process has ended,
            another is started.
        """
        if self.single and self.used:
            self.restart()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"start"], [theirs.fileno()])
            except OSError:
                self.restart()
                socket.send_fds(self.control, [b"start"], [theirs.fileno()])
        self.used = True
        return ours

    def restart(self):
        """Start the process again, whatever state it is in."""
        self._end()
        self._start()

    def close(self):
        """End the process and all that it started."""
        self.closed.set()
        self._end()

    def _end(self):
        self.control.close()
        self.process.kill()  # bubblewrap's --die-with-parent ends what is inside
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def memory(number):
    """Bytes that a process and all that it started take; 0 when it has ended.

    Copies of a process share pages, so the sum of what each has in memory is only a
    bound; where it is too high, their shares are counted (which takes longer).
    """
    try:
        process = psutil.Process(number)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    bound = sum(_of(each, "memory_info", "rss") for each in family)
    if bound <= MEMORY:
        return bound
    return sum(_of(each, "memory_full_info", "pss") for each in family)


def _of(process, method, name):
    try:
        return getattr(getattr(process, method)(), name)
    except (psutil.Error, AttributeError):  # it has ended; only Linux has shares
        return 0


def _command(data, protected, private):
    """The command that starts a runner, and its environment."""
    package = Path(cnnbook.__file__).parent
    python = [sys.executable, "-s", "-P", "-m", "cnnbook.grading.runner"]
    settings = {**SETTINGS, "PYTHONPATH": str(package.parent)}
    if not protected:
        kept = {name: os.environ[name] for name in ("HOME", "PATH")}
        return python, {**settings, **kept}
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise SandboxError(MISSING)
    visible = [sys.prefix, os.path.realpath(sys.prefix), sys.base_prefix, package]
    visible = [*map(Path, (*SYSTEM, *visible))]
    _check_private(private, visible)
    walls = [bubblewrap, *_walls(), *_files(visible)]
    settings["CNNBOOK_SANDBOX"] = "/data"
    return [*walls, "--ro-bind", str(data), "/data", "--", *python], settings


def _check_private(private, visible):
    for path in visible:
        if private is not None and private.resolve().is_relative_to(path.resolve()):
            raise SandboxError(
                f"{private} lies in {path}, which every sandbox shows. Move the course "
                "to another place."
            )


def _walls():
    """Options for name spaces and users."""
    own = [f"--unshare-{kind}" for kind in ("ipc", "pid", "net", "uts", "cgroup-try")]
    if os.getuid() == 0:  # the runner leaves the root user itself
        users = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        users = ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    return [*own, *users, "--die-with-parent", "--new-session", "--hostname", "sandbox"]


def _files(visible):
    """Options for the files: these, read-only, and empty folders."""
    options = [
        word for path in ("/tmp", HOME) for word in ("--perms", "1777", "--tmpfs", path)
    ]
    for path in visible:
        for parent in reversed(path.parents[:-1]):  # else only root may pass them
            options += ["--perms", "0755", "--dir", str(parent)]
        if path.is_symlink():
            options += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            options += ["--ro-bind", str(path), str(path)]
    if EXCHANGE.exists():
        options += ["--tmpfs", str(EXCHANGE)]
    return [*options, "--proc", "/proc", "--dev", "/dev", "--chdir", HOME]
