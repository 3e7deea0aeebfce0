"""The grader against attacks and accidents: who did the work gets the points."""

import os
import time
from pathlib import Path

import nbformat
import pytest
from grading_case import submission, write_assignment

from cnnbook.grading import assignment, grade, sandbox

DOUBLE = "def double(x):\n    return [2 * each for each in np.asarray(x)]\n"
LENGTH = "import math\ndef length(x, y):\n    return math.hypot(x, y)\n"
WRONG = "def double(x):\n    return x\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder with one assignment, and a file that students must never see."""
    folder = tmp_path_factory.mktemp("course")
    write_assignment(folder / "small")
    (folder / "gradebook.db").write_text("secret of the gradebook")
    return folder


@pytest.fixture(scope="module")
def small(course):
    return assignment.read(course / "small")


@pytest.fixture(scope="module")
def walls(small):
    """One sandbox for all tests: what one leaves behind, another would meet."""
    with grade.sandbox_for(small) as made:
        yield made


@pytest.fixture
def hand_in(small, walls, tmp_path):
    """Grade a submission with these solutions; a dict of points by check."""

    def graded(**answers):
        path = tmp_path / "small.ipynb"
        nbformat.write(submission(**answers), path)
        result = grade.graded(path, small, 1, walls)
        points = {name: each["score"] for name, each in result["scores"].items()}
        return points, result

    return graded


def all_points(points):
    return sum(points.values())


RIGHT = {
    "as the reference": {},
    "another way": {"double": DOUBLE, "length": LENGTH},
    "warns on stderr": {
        "double": "import sys, warnings\nwarnings.warn('old')\n"
        f"print(1, file=sys.stderr)\n{DOUBLE}"
    },
    "prints 300 MB": {
        "double": f"for _ in range(300):\n    print('x' * 2**20)\n{DOUBLE}"
    },
    "writes 300 MB to the file behind print": {
        "double": "import os\nfor i in range(300):\n"
        f"    os.write(1 + i % 2, b'x' * 2**20)\n{DOUBLE}"
    },
    "prints while it is checked": {"double": f"{DOUBLE}    print('hello')\n"},
    "magics and shell commands": {"double": f"%time 1 + 1\n!ls\n{DOUBLE}"},
    "changes the folder": {"double": f"import os\nos.chdir('/')\n{DOUBLE}"},
    "a thread goes on": {
        "double": "import threading, time\nthreading.Thread(target=time.sleep, "
        f"args=(60,), daemon=True).start()\n{DOUBLE}"
    },
    "leaves a process behind": {
        "double": f"import subprocess\nsubprocess.Popen(['sleep', '600'])\n{DOUBLE}"
    },
    "closes standard output": {"double": f"import sys\nsys.stdout.close()\n{DOUBLE}"},
    "awaits at the top": {
        "double": f"import asyncio\nawait asyncio.sleep(0)\n{DOUBLE}"
    },
}


@pytest.mark.parametrize("answers", RIGHT.values(), ids=RIGHT.keys())
def test_right_answers_earn_everything(hand_in, answers):
    points, result = hand_in(**answers)
    assert points == {
        "double_check": 2,
        "double_hidden": 3,
        "length_check": 2,
        "length_hidden": 3,
    }
    assert result["score"] == result["max"] == 10
    assert len(str(result)) < 200_000


MAGIC = """
class Yes(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __gt__(self, other): return True
    def __sub__(self, other): return 0.0
    def __rsub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __array__(self, *a, **k): raise TypeError
    def __hash__(self): return 0
    def __getattr__(self, name): return lambda *a, **k: True
"""
OBJECT = MAGIC.replace("Yes(float)", "Yes")
DOUBLE_ONLY = {
    "wrong": WRONG,
    "nothing": "raise NotImplementedError()",
    "syntax error": "def double(x:\n    return",
    "unknown name": "double = twice",
    "deleted": "",
    "endless when called": "def double(x):\n    while True:\n        pass",
    "endless and deaf": "import signal\nfor s in range(1, 32):\n    try:\n        "
    "signal.signal(s, signal.SIG_IGN)\n    except Exception:\n        pass\n"
    "def double(x):\n    while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
    "leaves": "import os\nos._exit(0)",
    "leaves when called": "import os\ndef double(x):\n    os._exit(0)",
    "sys.exit when called": "import sys\ndef double(x):\n    sys.exit(0)",
    "aborts when called": "import os\ndef double(x):\n    os.abort()",
    "crashes the interpreter": "import ctypes\ndef double(x):\n    ctypes.string_at(0)",
    "stops itself": "import os, signal\ndef double(x):\n"
    "    os.kill(os.getpid(), signal.SIGSTOP)\n    import time; time.sleep(100)",
    "patches allclose": "np.allclose = lambda *a, **k: True\n" + WRONG,
    "patches everything": "import builtins\nbuiltins.abs = lambda x: 0\n"
    "np.asarray = np.array = lambda *a, **k: 0\nAssertionError = Exception\n"
    "builtins.AssertionError = type('E', (Exception,), {})\n" + WRONG,
    "equal to everything": MAGIC + "def double(x):\n    return Yes(3)",
    "object equal to everything": OBJECT + "def double(x):\n    return Yes()",
    "array that lies": "class A(np.ndarray):\n    __array_priority__ = 1e9\n"
    "    def __array_function__(self, *a): return True\n"
    "    def __array_ufunc__(self, *a, **k): return np.array(True)\n"
    "def double(x):\n    return np.zeros((2, 3)).view(A)",
    "an object pretends to be a list": "class L(list):\n"
    "    def __eq__(self, o): return True\n    def __iter__(self): return iter(())\n"
    "def double(x):\n    return L([1, 2])",
    "dozens of processes": "import os\nfor _ in range(10**6):\n    try:\n"
    "        if not os.fork():\n            while True: pass\n"
    "    except OSError: break\n" + WRONG,
    "processes that fill the memory": "import os, time\nfor _ in range(12):\n"
    "    if not os.fork():\n        x = b'x' * (2**30 - 1)\n        time.sleep(60)\n"
    "time.sleep(60)\n" + WRONG,
    "all the memory": "def double(x):\n    y = []\n    while True:\n"
    "        y.append(bytearray(2**27))",
    "a file without end": "try:\n    f = open('big', 'wb')\n"
    "    while True: f.write(bytes(2**24))\n"
    "except OSError: pass\n" + WRONG,
    "an answer without end": "def double(x):\n    return np.zeros(2**28, np.uint8)",
    "a list in a list in a list": "def double(x):\n    y = []\n"
    "    for _ in range(5000): y = [y]\n    return y",
    "a list that holds itself": "def double(x):\n    y = []\n    y.append(y)\n"
    "    return y",
    "raises something odd": "class E(Exception):\n"
    "    def __str__(self): raise ValueError\ndef double(x):\n    raise E",
    "raises what stops programs": "def double(x):\n    raise KeyboardInterrupt",
    "a generator without end": "def double(x):\n    while True: yield 1",
}


@pytest.mark.parametrize("source", DOUBLE_ONLY.values(), ids=DOUBLE_ONLY.keys())
def test_a_bad_answer_costs_its_exercise_only(hand_in, source):
    points, _ = hand_in(double=source)
    assert points == {
        "double_check": 0,
        "double_hidden": 0,
        "length_check": 2,
        "length_hidden": 3,
    }


def test_endless_cells_are_left_out(small, walls, tmp_path, monkeypatch):
    limits = grade.Limits(cell_seconds=2)
    monkeypatch.setattr(grade.Limits, "of", lambda of: limits)
    path = tmp_path / "small.ipynb"
    source = "while True:\n    try:\n        while True: pass\n"
    source += "    except BaseException: pass"
    nbformat.write(submission(double=source), path)
    start = time.monotonic()
    result = grade.graded(path, small, 1, walls)
    assert result["score"] == 5
    assert time.monotonic() - start < 30  # seconds, where it would be for ever
    assert "double: It did not end within 2 seconds." in result["notes"]


# --- What forges the connection ---------------------------------------------------

FIND = "import gc, socket\nfrom cnnbook.grading import runner\n"
FIND += "me = next(o for o in gc.get_objects() if type(o) is runner.Session)\n"
FORGED = {
    "bytes that are no message": "me.channel.socket.sendall(b'\\0' * 7 + b'\\5hello')",
    "a message of a thousand gigabytes": "me.channel.socket.sendall(b'\\0\\0\\1' * 99)",
    "an answer before it is asked": "me.channel.send({'value': True})",
    "every answer is True": "me.answer = lambda request: {'value': True}",
    "a handle that claims to be a number": "me.refer = lambda v: {'handle': 0, "
    "'kinds': ['builtins:float', 'numpy:ndarray']}\ndef double(x): return me",
    "no handle at all": "me.refer = lambda v: {'handle': [], 'kinds': 3}\n"
    "def double(x): return me",
    "a reply that is none": "me.answer = lambda request: 5",
    "outputs that are none": "me.on_cell = lambda source: [3, {'output_type': 'x'}]\n",
    "closes the connection": "me.channel.socket.close()",
}


@pytest.mark.parametrize("source", FORGED.values(), ids=FORGED.keys())
def test_a_forged_connection_gains_nothing(hand_in, source):
    points, _ = hand_in(double=FIND + source)
    assert points["double_check"] == points["double_hidden"] == 0


# --- What the sandbox shows -------------------------------------------------------


def told(hand_in, source):
    """What a student's cell prints."""
    _, result = hand_in(double=source)
    cells = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell
        for cell in nbformat.from_dict(result["notebook"]).cells
    }
    return "".join(each.get("text", str(each)) for each in cells["double"].outputs)


LOOK = """
import os
found = []
for folder, folders, files in os.walk('/'):
    folders[:] = [f for f in folders if os.path.join(folder, f) not in
                  ('/proc', '/sys', '/usr/share', '/usr/lib')]
    for name in files:
        if name.endswith(('.ipynb', '.db', 'solutions.py', '.npz')):
            found.append(os.path.join(folder, name))
found = [each for each in found if 'site-packages' not in each and '_data' not in each
         and 'dist-packages' not in each and '/lib/python' not in each]
print('FOUND', found)
"""


def test_there_is_nothing_to_find(hand_in, course):
    assert "FOUND []" in told(hand_in, LOOK)
    for path in (course, course / "gradebook.db", Path.cwd() / "exercises"):
        assert "FileNotFoundError" in told(
            hand_in, f"import os\nos.stat({str(path)!r})"
        )


def test_memory_holds_no_check(hand_in):
    source = "import gc\nprint('FOUND', [o for o in gc.get_objects() if isinstance(o, "
    source += "(str, bytes)) and 'other numbers' in str(o)])\n"
    source += "import sys\nprint(['of other' in str(v) for v in sys.argv])"
    assert "FOUND []" in told(hand_in, source)


def test_the_seed_is_not_told(hand_in):
    said = told(hand_in, "import os\nprint(sorted(os.environ))")
    assert "HOME" in said
    assert "GRADING_SEED" not in said


def test_there_is_no_network(hand_in):
    source = "import socket\nprint(socket.if_nameindex())\n"
    source += "socket.create_connection(('127.0.0.1', {}), 2)"
    with __import__("socket").create_server(("127.0.0.1", 0)) as server:
        said = told(hand_in, source.format(server.getsockname()[1]))
    assert "[(1, 'lo')]" in said
    assert "Refused" in said


def test_other_processes_cannot_be_seen(hand_in):
    said = told(hand_in, "import os\nprint('P', os.listdir('/proc'), os.getppid())")
    assert "P [] 0" in said


@pytest.mark.parametrize(
    "place", ["/usr/x", "/data/x", "/etc/x", f"{Path(nbformat.__file__).parent}/x"]
)
def test_the_environment_cannot_be_changed(hand_in, place):
    said = told(hand_in, f"open({place!r}, 'w')")
    assert "OSError" in said or "PermissionError" in said


def test_one_submission_leaves_nothing_for_the_next(hand_in):
    leave = "import os, subprocess\nsubprocess.Popen(['sleep', '600'])\nfor f in "
    leave += "('/tmp/note', '/dev/shm/note', os.path.expanduser('~/note')):\n"
    leave += "    open(f, 'w').write('secret')\nprint(os.listdir('/tmp'))\n"
    leave += "import numpy\nnumpy.allclose = None\nprint('LEFT')"
    assert "LEFT" in told(hand_in, leave)
    said = told(
        hand_in,
        "import os, numpy\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'), "
        "os.listdir('/home/student'), numpy.allclose is None)",
    )
    assert "[] [] [] False" in said


def test_memory_of_all_processes_is_bounded(hand_in):
    source = "import os, time\nfor _ in range(12):\n    if not os.fork():\n"
    source += "        x = b'x' * (2**30 - 1)\n        time.sleep(60)\ntime.sleep(60)\n"
    notes = hand_in(double=source)[1]["notes"]
    assert "double: The process ended, or was out of memory." in notes


def test_memory_is_given_back(hand_in):
    source = "x = []\ntry:\n    while True: x.append(bytearray(2**27))\n"
    hand_in(double=f"{source}except MemoryError: pass\n{WRONG}")
    assert all_points(hand_in()[0]) == 10


def test_no_process_outlives_its_submission(hand_in, walls):
    hand_in(double="import subprocess\nsubprocess.Popen(['sleep', '4242'])")
    hand_in()
    assert not [line for line in _commands() if "4242" in line]


def _commands():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue


def test_the_student_is_nobody_without_privileges(hand_in):
    source = "import os, ctypes\nlibc = ctypes.CDLL(None)\nprint(os.getuid(), "
    source += "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None), libc.setuid(0), "
    source += "libc.umount(b'/proc'), libc.chroot(b'/tmp'))"
    assert "65534 -1 -1 -1 -1" in told(hand_in, source)


# --- What comes back to people ----------------------------------------------------


def test_html_of_a_student_is_not_kept(hand_in):
    source = "from IPython.display import HTML, display\n"
    source += "display(HTML('<script>alert(1)</script>'))\nHTML('<img onerror=x>')"
    _, result = hand_in(double=source)
    assert "text/html" not in str(result["notebook"])


def test_a_figure_is_kept_for_who_grades_by_hand(hand_in):
    source = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    _, result = hand_in(double=source)
    assert "image/png" in str(result["notebook"])


def test_messages_name_the_check_and_show_no_source(hand_in):
    _, result = hand_in(double=WRONG, length="def length(x, y):\n    return 0")
    assert result["scores"]["double_hidden"]["message"] == "double of other numbers"
    assert result["scores"]["length_hidden"]["message"] == "check 1 of 2 fails"
    outputs = [
        output
        for cell in result["notebook"]["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "length_hidden"
        for output in cell["outputs"]
    ]
    assert outputs[0]["traceback"] == ["length_hidden: check 1 of 2 fails"]


def test_grading_twice_gives_the_same(hand_in):
    source = f"import random\nprint(random.random(), np.random.rand())\n{DOUBLE}"
    first, second = (hand_in(double=source)[1] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"cells": 3}', "PK\x03\x04", '{"nbformat": 4}']
)
def test_a_file_that_is_no_notebook_is_reported(small, walls, tmp_path, content):
    path = tmp_path / "small.ipynb"
    path.write_text(content)
    result = grade.graded(path, small, 1, walls)
    assert result["score"] == 0
    assert result["max"] == 10
    assert path.name in result["error"]
    assert result["notebook"] is None


def test_a_course_within_the_environment_is_refused(tmp_path, monkeypatch):
    made = assignment.read(write_assignment(tmp_path / "env" / "small"))
    monkeypatch.setattr(sandbox.sys, "prefix", str(tmp_path / "env"))
    with pytest.raises(sandbox.SandboxError, match="every sandbox shows"):
        grade.sandbox_for(made).__enter__()


def test_nbgraders_exchange_is_hidden(monkeypatch):
    monkeypatch.setattr(sandbox, "EXCHANGE", Path("/usr/share"))
    options = sandbox._files([Path("/usr")])
    assert options.index("/usr/share") > options.index("/usr")


# --- Where the sandbox cannot be had --------------------------------------------------


def test_without_bubblewrap_it_refuses(small, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(sandbox.SandboxError, match="install it"):
        grade.sandbox_for(small).__enter__()


def test_unprotected_when_told_so(small, tmp_path):
    path = tmp_path / "small.ipynb"
    nbformat.write(submission(double=WRONG), path)
    with grade.sandbox_for(small, protected=False) as made:
        assert grade.graded(path, small, 1, made)["score"] == 5


@pytest.mark.parametrize("nested", [True, False])
def test_the_walls_of_who_is_not_root(small, tmp_path, monkeypatch, nested):
    # Where name spaces cannot be nested, each session has a sandbox of its own.
    monkeypatch.setattr(sandbox.os, "getuid", lambda: 1000)
    walls = sandbox._walls()
    assert "--unshare-user" in walls
    if not nested:  # bubblewrap's own way to forbid it
        monkeypatch.setattr(sandbox, "_walls", lambda: [*walls, "--disable-userns"])
    path = tmp_path / "small.ipynb"
    nbformat.write(submission(double="open('/tmp/left', 'x')"), path)
    with grade.sandbox_for(small) as made:
        assert made.single is not nested
        results = [grade.graded(path, small, 1, made) for _ in range(2)]
    assert results[0] == results[1]
    assert results[0]["score"] == 5
