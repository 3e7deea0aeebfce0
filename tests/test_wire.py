"""What crosses between grader and sandbox: data, unchanged, and nothing else."""

import contextlib
import io
import json
import math
import socket
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from cnnbook.grading import wire

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.just(...)
    | st.builds(range, st.integers(-9, 9), st.integers(-9, 9)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=4)
        | st.sets(st.integers() | st.text(), max_size=4)
    ),
    max_leaves=12,
)


def refer(value):
    return {"refused": type(value).__name__}


def across(value):
    """A value after the journey."""
    message = wire.encode(value, refer)
    (length,) = struct.unpack(">Q", message[:8])
    assert length == len(message) - 8
    return wire.decode(message[8:], lambda reference: reference)


@given(PLAIN)
def test_plain_data_arrives_as_it_was(value):
    arrived = across(value)
    assert arrived == value
    assert type(arrived) is type(value)


@given(nps.arrays(nps.scalar_dtypes(), nps.array_shapes(min_dims=0, min_side=0)))
def test_arrays_arrive_as_they_were(array):
    arrived = across(array)
    assert arrived.dtype == array.dtype
    np.testing.assert_array_equal(arrived, array)


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(6.0).reshape(2, 3).t(),
        torch.tensor(3, dtype=torch.int16),
        torch.zeros(0, 4),
        torch.ones(3, dtype=torch.bfloat16),
        torch.tensor([1 + 2j]).conj(),
        torch.nn.Parameter(torch.ones(2)),
        torch.tensor([True, False]),
    ],
)
def test_tensors_arrive_as_they_were(value):
    arrived = across(value)
    assert type(arrived) is torch.Tensor
    assert arrived.dtype == value.dtype
    assert torch.equal(arrived, value.detach())


def test_odd_numbers_arrive():
    assert math.isnan(across(math.nan))
    assert across(np.float32(1.5)) == 1.5
    assert type(across(np.float32(1.5))) is np.float32
    assert across(torch.float64) is torch.float64
    assert across(slice(1, None, 2)) == slice(1, None, 2)
    assert across(torch.Size([1, 2])) == (1, 2)
    assert across(torch.eye(2).max(0)).indices.tolist() == [0, 1]


class Yes(float):
    """A number that agrees with everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize(
    "value", [object(), Yes(3), np.array([object()]), torch.eye(2).to_sparse(), len]
)
def test_everything_else_stays(value):
    assert across(value) == {"refused": type(value).__name__}


def test_subclasses_of_containers_lose_their_tricks():
    class Odd(dict):
        def __eq__(self, other):
            return True

        __hash__ = None

    assert type(across(Odd(a=1))) is dict
    assert across(Odd(a=1)) != {"a": 2}


def test_what_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="lists in each other"):
        across(loop)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_break_nothing(body):
    with pytest.raises(wire.BrokenError):
        wire.decode(body, lambda reference: reference)


GOOD = wire.encode([1, {"a": np.arange(3)}, torch.ones(2), (1, 2)], refer)[8:]


@settings(max_examples=500)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=9))
def test_a_damaged_message_is_data_or_broken(start, junk):
    body = GOOD[:start] + junk + GOOD[start + len(junk) :]
    with contextlib.suppress(wire.BrokenError):
        wire.decode(body, lambda reference: reference)


def test_a_pickle_is_not_read():
    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    body = _message({"is": "array", "array": 0}, file.getvalue())
    with pytest.raises(wire.BrokenError, match="pickle"):
        wire.decode(body, lambda reference: reference)


def _message(tree, array):
    header = json.dumps({"tree": tree, "sizes": [len(array)]}).encode()
    return struct.pack(">I", len(header)) + header + array


@pytest.mark.parametrize(
    ("function", "path"),
    [
        (torch.relu, "torch:relu"),
        (torch.nn.functional.conv2d, "torch:conv2d"),
        (torch.nn.ReLU, "torch.nn.modules.activation:ReLU"),
        (math.sqrt, "math:sqrt"),
        (len, "builtins:len"),
        (np, "numpy:"),
        (socket.socket, None),
        (lambda x: x, None),
        (wire.encode, None),
    ],
)
def test_functions_of_libraries_have_a_name(function, path):
    assert wire.library_name(function) == path
    assert path is None or wire.from_library(path) is function


@pytest.mark.parametrize("path", ["os:system", "torch:nothing", "cnnbook:x", "", "5"])
def test_other_names_lead_nowhere(path):
    with pytest.raises(wire.BrokenError):
        wire.from_library(path)


def test_a_message_that_is_too_long_or_late():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = wire.Channel(ours, refer, refer, largest=100)
        with pytest.raises(wire.LateError):
            channel.receive(0.01)
        wire.Channel(theirs, refer, refer).send(list(range(100)))
        with pytest.raises(wire.BrokenError, match="100 are taken"):
            channel.receive(1)
        theirs.close()
        with pytest.raises(wire.BrokenError):
            wire.Channel(ours, refer, refer, largest=2**60).receive(1)
