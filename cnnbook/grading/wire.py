"""How values cross between the grader and the sandbox: as JSON and `.npy`, no pickle.

A message is one JSON header and the bytes of its arrays::

    8 bytes   length of what follows
    4 bytes   length of the header
    header    {"tree": ..., "sizes": [bytes of each array]}
    arrays    one .npy file after the other

What cannot cross as data stays where it is; `encode` asks its argument `refer` for
something to send in its place, such as the number of a handle.
"""

import contextlib
import io
import json
import select
import struct
import sys
import time
from collections import namedtuple
from types import ModuleType

import numpy as np

DEEPEST = 60  # lists in lists
LONGEST_HEADER = 16 * 2**20  # bytes; as objects they take many times as much
LIBRARIES = ("torch", "numpy", "math", "operator", "builtins")


class BrokenError(Exception):
    """The other side closed the connection, or sent what is no message."""


class LateError(Exception):
    """No message came in time."""


# --- Values -----------------------------------------------------------------------


def encode(value, refer):
    """A value as a message.

    Parameters
    ----------
    value : object
        Plain data, or anything that `refer` knows.
    refer : callable
        Takes what is no plain data, and gives something that JSON can hold.

    Returns
    -------
    bytes
    """
    arrays = []
    tree = _tree(value, refer, arrays, 0)
    header = json.dumps({"tree": tree, "sizes": [len(each) for each in arrays]})
    header = header.encode("utf-8", "surrogatepass")
    body = b"".join([struct.pack(">I", len(header)), header, *arrays])
    return struct.pack(">Q", len(body)) + body


def decode(body, resolve):
    """The value of a message without its first 8 bytes.

    Parameters
    ----------
    body : bytes
    resolve : callable
        Takes what `refer` gave on the other side.

    Raises
    ------
    BrokenError
        The bytes are no message.
    """
    try:
        (length,) = struct.unpack(">I", body[:4])
        if length > LONGEST_HEADER:
            raise BrokenError(f"a header of {length} bytes")
        header = json.loads(body[4 : 4 + length].decode("utf-8", "surrogatepass"))
        arrays, start = [], 4 + length
        for size in header["sizes"]:
            arrays.append(body[start : start + size])
            start += size
        return _value(header["tree"], resolve, arrays, 0)
    except BrokenError:
        raise
    except Exception as error:  # whatever the bytes did to the parsers
        raise BrokenError(f"no message: {type(error).__name__}: {error}") from None


def _tree(value, refer, arrays, depth):
    """A value as what JSON can hold; arrays are put aside."""
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} lists in each other cannot be sent")
    if value is None or type(value) in (bool, int, float, str):
        return value
    for kind, fits, parts in PARTED:
        if fits(value):
            trees = [_tree(each, refer, arrays, depth + 1) for each in parts(value)]
            names = getattr(type(value), "__match_args__", ())  # of a named tuple
            return {"is": kind, "parts": trees, "names": list(names)}
    kind, array = _as_array(value)
    if array is None:
        return {"is": "other", "value": refer(value)}
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    arrays.append(file.getvalue())
    return {"is": kind, "array": len(arrays) - 1}


PARTED = (  # kind, test, what it consists of
    ("list", lambda v: type(v) is list, list),
    ("dict", lambda v: isinstance(v, dict), lambda v: [*v.keys(), *v.values()]),
    ("tuple", lambda v: isinstance(v, tuple), list),
    ("set", lambda v: type(v) is set, list),
    ("frozenset", lambda v: type(v) is frozenset, list),
    ("slice", lambda v: type(v) is slice, lambda v: [v.start, v.stop, v.step]),
    ("range", lambda v: type(v) is range, lambda v: [v.start, v.stop, v.step]),
    ("complex", lambda v: type(v) is complex, lambda v: [v.real, v.imag]),
    ("ellipsis", lambda v: v is Ellipsis, lambda v: []),
)


def _as_array(value):
    """Kind and array of bytes, a NumPy value or a tensor; None where it is neither."""
    if type(value) in (bytes, bytearray):
        return "bytes", np.frombuffer(value, np.uint8)
    if isinstance(value, (np.generic, np.ndarray)) and not value.dtype.hasobject:
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return kind, np.asarray(value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.dtype):
        return "dtype", np.array(str(value).removeprefix("torch."))
    if torch is not None and isinstance(value, torch.Tensor):
        return _tensor_array(value, torch)
    return None, None


def _tensor_array(value, torch):
    """Kind and array of a tensor; None if it is sparse, on paper only, or the like."""
    if value.layout is not torch.strided or value.is_meta:
        return None, None
    value = torch.Tensor.detach(value).cpu().resolve_conj().resolve_neg()
    if value.dtype is torch.bfloat16:  # NumPy has no such numbers
        return "bfloat16", value.float().numpy()
    return "tensor", value.numpy()


def _value(tree, resolve, arrays, depth):
    """The value of a tree; only exact built-in types, arrays and tensors."""
    if depth > DEEPEST:
        raise BrokenError(f"more than {DEEPEST} lists in each other")
    if tree is None or type(tree) in (bool, int, float, str):
        return tree
    kind = tree["is"]
    if kind == "other":
        return resolve(tree["value"])
    if kind in FROM_ARRAY:
        array = np.load(io.BytesIO(arrays[tree["array"]]), allow_pickle=False)
        return FROM_ARRAY[kind](array)
    parts = [_value(each, resolve, arrays, depth + 1) for each in tree["parts"]]
    if kind == "tuple" and tree["names"]:
        return namedtuple("Answer", tree["names"], rename=True)(*parts)
    return FROM_PARTS[kind](parts)


def _dict(parts):
    half = len(parts) // 2
    return dict(zip(parts[:half], parts[half:], strict=True))


def _tensor(array):
    import torch

    return torch.from_numpy(array)


def _dtype(array):
    import torch

    value = getattr(torch, str(array), None)
    if not isinstance(value, torch.dtype):
        raise BrokenError(f"no type of tensors: {array!r}")
    return value


FROM_PARTS = {
    "list": list,
    "dict": _dict,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "slice": lambda parts: slice(*parts),
    "range": lambda parts: range(*parts),
    "complex": lambda parts: complex(*parts),
    "ellipsis": lambda parts: Ellipsis,
}
FROM_ARRAY = {
    "bytes": lambda array: array.tobytes(),
    "array": lambda array: array,
    "number": lambda array: array[()],
    "tensor": _tensor,
    "bfloat16": lambda array: _tensor(array).bfloat16(),
    "dtype": _dtype,
}


# --- What both sides have: functions and classes of libraries -----------------------


def library_name(value):
    """Where to import a function, class or module of a library from.

    Returns
    -------
    str or None
        Such as "torch:relu"; None for what is not from PyTorch, NumPy or Python.
    """
    if isinstance(value, ModuleType):
        paths = [f"{value.__name__}:"]
    else:
        # Built-in functions of torch know neither their module nor their place in it
        modules = [getattr(value, "__module__", None), "torch", "torch.nn.functional"]
        names = [getattr(value, n, None) for n in ("__qualname__", "__name__")]
        paths = [f"{module}:{name}" for module in modules for name in names]
    for path in paths:
        with contextlib.suppress(BrokenError):
            if from_library(path) is value:
                return path
    return None


def from_library(path):
    """The function, class or module of a name that `library_name` gave.

    Raises
    ------
    BrokenError
        There is nothing of this name in the libraries that both sides have.
    """
    module, _, name = str(path).partition(":")
    if module.split(".")[0] not in LIBRARIES or module not in sys.modules:
        raise BrokenError(f"not from a library: {path!r}")
    value = sys.modules[module]
    try:
        for part in name.split(".") if name else ():
            value = getattr(value, part)
    except AttributeError:
        raise BrokenError(f"there is no {path!r}") from None
    return value


# --- Messages over a socket ---------------------------------------------------------


class Channel:
    """Messages over a socket, in both directions.

    Parameters
    ----------
    socket : socket.socket
    refer, resolve : callable
        See `encode` and `decode`.
    largest, most : int
        Bytes of a message, and of all messages, that are taken; more of them break the
        connection.
    """

    def __init__(self, socket, refer, resolve, largest=64 * 2**20, most=2**30):
        self.socket, self.largest, self.most = socket, largest, most
        self.refer, self.resolve = refer, resolve

    def send(self, value, seconds=None):
        """Send a value; BrokenError if nobody listens, LateError if none reads."""
        message = encode(value, self.refer)
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(message)
        except TimeoutError:
            raise LateError(f"not read in {seconds} s") from None
        except OSError as error:
            raise BrokenError(str(error)) from None

    def receive(self, seconds=None):
        """The next value; LateError after that many seconds, BrokenError at the end."""
        limit = None if seconds is None else time.monotonic() + seconds
        (length,) = struct.unpack(">Q", self._read(8, limit))
        if length > min(self.largest, self.most):
            raise BrokenError(f"a message of {length} bytes; {self.largest} are taken")
        self.most -= length
        return decode(bytes(self._read(length, limit)), self.resolve)

    def _read(self, size, limit):
        data = bytearray()
        while len(data) < size:
            left = None if limit is None else max(0, limit - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                raise LateError("no answer in time")
            try:
                part = self.socket.recv(min(size - len(data), 2**20))
            except OSError as error:
                raise BrokenError(str(error)) from None
            if not part:
                raise BrokenError("the connection was closed")
            data += part
        return data
