"""Any nbgrader assignment: plain asserts see the student's work through handles."""

import nbformat
import pytest
from grading_case import submission, write_assignment

from cnnbook.grading import assignment, grade

# As public nbgrader notebooks look: nothing of this book, everything in plain asserts.
PUBLIC = '''
# %% free
import math
import numpy as np
from collections import Counter

# %% given data
NUMBERS = np.array([3.0, 1.0, 2.0])
def check_sorted(values):
    return all(a <= b for a, b in zip(values, values[1:]))

# %% solution squares
def squares(n):
    """Squares of 1 to n; ValueError for n < 1."""
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError("n must be at least 1")
    return [i ** 2 for i in range(1, n + 1)]
    ### END SOLUTION

# %% check squares_check 2
"""Check squares."""
assert squares(1) == [1]
assert squares(10) == [1, 4, 9, 16, 25, 36, 49, 64, 81, 100]
try:
    squares(0)
except ValueError:
    pass
else:
    raise AssertionError("did not raise")

# %% solution stack
class Stack:
    ### BEGIN SOLUTION
    def __init__(self, items=()):
        self.items = list(items)
    def push(self, item):
        self.items.append(item)
        return self
    def __len__(self):
        return len(self.items)
    def __iter__(self):
        return iter(self.items)
    def __getitem__(self, index):
        return self.items[index]
    def __eq__(self, other):
        return self.items == other.items
    def __add__(self, other):
        return Stack(self.items + other.items)
    ### END SOLUTION

# %% check stack_check 3
stack = Stack()
assert len(stack) == 0 and not stack
stack.push(1).push("two")
assert len(stack) == 2 and stack[1] == "two" and list(stack) == [1, "two"]
assert stack == Stack([1, "two"])
assert stack != Stack()
assert list(stack + Stack([3])) == [1, "two", 3]
stack.items = [5]
assert stack.items == [5]

# %% solution words
def words(text):
    ### BEGIN SOLUTION
    yield from text.split()
    ### END SOLUTION
def count(text):
    ### BEGIN SOLUTION
    return Counter(text.split())
    ### END SOLUTION
average = None
### BEGIN SOLUTION
average = NUMBERS.mean()
ordered = np.sort(NUMBERS)
### END SOLUTION

# %% check words_check 3
from numpy.testing import assert_allclose
assert list(words("a b")) == ["a", "b"]
assert next(words("c")) == "c"
assert count("a b a") == {"a": 2, "b": 1}
assert math.isclose(average, 2.0) and isinstance(average, float)
assert_allclose(ordered, np.sort(NUMBERS))
assert check_sorted(ordered)
assert abs(average - 2) < 1e-9

# %% check partly 4
points = 0
for n, wanted in ((1, 1), (2, 4), (3, 9), (4, 16)):
    points += squares(n)[-1] == wanted
float(points)

# %% check compared 1
assert squares(2) == [1, 4]

# %% solution title
### BEGIN SOLUTION
title = "Squares"
### END SOLUTION

# %% check asked 1
assert title.startswith("Sq")

# %% check mapped 1
%matplotlib inline
assert all(map(squares, [1, 2]))
'''


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    folder = write_assignment(tmp_path_factory.mktemp("course") / "public", PUBLIC)
    return assignment.read(folder)


@pytest.fixture(scope="module")
def walls(public):
    with grade.sandbox_for(public) as made:
        yield made


@pytest.fixture
def hand_in(public, walls, tmp_path):
    def graded(**answers):
        path = tmp_path / "public.ipynb"
        nbformat.write(submission(PUBLIC, **answers), path)
        result = grade.graded(path, public, 1, walls)
        return {name: each["score"] for name, each in result["scores"].items()}

    return graded


def test_a_public_notebook_with_plain_asserts(hand_in):
    assert hand_in() == {
        "squares_check": 2,
        "stack_check": 3,
        "words_check": 3,
        "partly": 4,
        "compared": 1,
        "asked": 1,
        "mapped": 1,
    }


def test_a_number_at_the_end_gives_part_of_the_points(hand_in):
    source = "def squares(n):\n    return [1, 4, 8, 15][:n]"
    assert hand_in(squares=source)["partly"] == 2
    assert hand_in(squares=source)["squares_check"] == 0


LIES = {
    "a number that agrees": "class N(float):\n    __eq__ = lambda s, o: True\n"
    "    __hash__ = None\n",
    "an object that agrees": "class N:\n    def __init__(s, *a): pass\n"
    "    __eq__ = __lt__ = __le__ = __gt__ = lambda s, o: True\n"
    "    __sub__ = __rsub__ = __add__ = lambda s, o: 0.0\n"
    "    __float__ = lambda s: 2.5\n    __abs__ = lambda s: 0.0\n"
    "    __len__ = lambda s: 3\n    __getitem__ = lambda s, i: s\n"
    "    __getattr__ = lambda s, n: lambda *a: True\n    __hash__ = None\n",
}


@pytest.mark.parametrize("kind", LIES.values(), ids=LIES.keys())
def test_an_object_that_agrees_with_everything(hand_in, kind):
    words = f"{kind}words = count = lambda t: N()\naverage = ordered = N()"
    squares = f"{kind}def squares(n): return N()"
    points = hand_in(squares=squares, words=words, title=f"{kind}title = N()")
    assert points["compared"] == points["asked"] == 0
    assert points["squares_check"] == points["words_check"] == points["partly"] == 0


def test_an_error_that_ends_loops_quietly(hand_in):
    # all(map(f, x)) would be True where f raises StopIteration
    source = "def squares(n):\n    raise StopIteration"
    assert hand_in(squares=source)["mapped"] == 0
    assert hand_in()["mapped"] == 1


def test_what_the_instructor_gave_cannot_be_replaced(hand_in):
    # `check_sorted`, `NUMBERS` and `assert_allclose` are the instructor's
    source = "import numpy.testing\nnumpy.testing.assert_allclose = print\n"
    source += "def check_sorted(values): return True\nNUMBERS = [1]\n"
    source += "math.isclose = lambda *a: True\nabs = lambda x: 0\n"
    source += (
        "words = lambda t: iter(t.split())\ncount = lambda t: Counter(t.split())\n"
    )
    source += "average = 1.0\nordered = [2, 1, 3]"
    assert hand_in(words=source)["words_check"] == 0
    right = "average = 2.0\nordered = np.array([1.0, 2, 3])"
    assert hand_in(words=source.rpartition("average")[0] + right)["words_check"] == 3


# --- PyTorch ----------------------------------------------------------------------

NETWORK = """
# %% given start
import torch
from torch import nn

# %% solution net
### BEGIN SOLUTION
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.head = nn.Linear(2, 2)
    def forward(self, x):
        return self.head(torch.relu(self.conv(x)).amax((2, 3)))
def fit(x, labels):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
    return model
### END SOLUTION

# %% check net_check 3
model = Net()
assert isinstance(model, nn.Module) and isinstance(model.conv, nn.Conv2d)
assert not isinstance(model, nn.Linear)
assert model.conv.kernel_size == (3, 3)
assert sum(p.numel() for p in model.parameters()) == 26
assert model(torch.zeros(4, 1, 8, 8)).shape == (4, 2)
assert set(model.state_dict()) == {
    "conv.weight", "conv.bias", "head.weight", "head.bias"
}
model.load_state_dict({k: v * 0 for k, v in model.state_dict().items()})
assert model.eval()(torch.ones(1, 1, 5, 5)).abs().sum() == 0

# %% check trained 5
### BEGIN HIDDEN TESTS
def pictures(n):
    labels = torch.randint(2, (n,))
    x = 0.1 * torch.randn(n, 1, 8, 8)
    for i, label in enumerate(labels):
        r, c = torch.randint(6, (2,)).tolist()
        if label:
            x[i, 0, r, c : c + 3] += 1  # lying
        else:
            x[i, 0, r : r + 3, c] += 1  # standing
    return x, labels
model = fit(*pictures(200))
x, labels = pictures(200)
accuracy = (model(x).argmax(1) == labels).float().mean()
assert accuracy > 0.95, f"on new pictures {accuracy:.2f}"
### END HIDDEN TESTS
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = write_assignment(tmp_path_factory.mktemp("course") / "net", NETWORK)
    made = assignment.read(folder)
    with grade.sandbox_for(made) as walls:
        yield lambda path: grade.graded(path, made, 3, walls)["scores"]


def test_networks_are_measured_outside(networks, tmp_path):
    path = tmp_path / "net.ipynb"
    nbformat.write(submission(NETWORK), path)
    scores = networks(path)
    assert scores["net_check"] == {"score": 3, "max": 3, "message": ""}
    assert scores["trained"] == {"score": 5, "max": 5, "message": ""}


def test_a_network_that_did_not_learn(networks, tmp_path):
    path = tmp_path / "net.ipynb"
    made = submission(NETWORK)
    made.cells[1].source = made.cells[1].source.replace("range(150)", "range(0)")
    nbformat.write(made, path)
    scores = networks(path)
    assert scores["net_check"]["score"] == 3
    assert scores["trained"]["score"] == 0
    assert "on new pictures" in scores["trained"]["message"]
