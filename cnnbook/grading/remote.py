"""What the checks see of a student's work: plain data, or handles to what stays inside.

A handle offers attributes, items, calls and iteration. Whatever comes back is data of
exact built-in types, arrays or tensors, or another handle. No operation ever carries a
value of the checks into the sandbox but as an argument of a call or as a key: an object
that claims to equal everything is never asked.
"""

import builtins
import sys
import time

from cnnbook.grading import wire

ASKED_TO_COMPARE = {"all", "any", "allclose", "array_equal", "close", "count", "eq"}
ASKED_TO_COMPARE |= {
    "equal",
    "equals",
    "ge",
    "gt",
    "index",
    "isclose",
    "le",
    "lt",
    "ne",
}
ASKED_TO_COMPARE |= {"issubset", "issuperset", "isdisjoint", "startswith", "endswith"}
BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
BINARY += ("lt", "le", "gt", "ge")
UNARY = ("neg", "pos", "abs", "invert")
MOST = 10**6  # values taken from one iterator


class SandboxLost(BaseException):
    """The student's process ended or did not answer; no check may catch this."""


class StudentError(Exception):
    """Something that the student's code raised and that no library knows."""


class Student:
    """The trusted end of a session.

    Parameters
    ----------
    connection : socket.socket
    call_seconds, cell_seconds : float
        How long one request may take, and one cell.
    """

    def __init__(self, connection, call_seconds=10, cell_seconds=60):
        self.channel = wire.Channel(connection, self.refer, self.resolve)
        self.call_seconds, self.cell_seconds = call_seconds, cell_seconds

    def refer(self, value):
        """What stands for a value that is no data: a handle, or a library's name."""
        if type(value) is Remote:
            return {"handle": value._Remote__number}
        name = wire.library_name(value)
        if name is None:
            raise TypeError(
                f"a {type(value).__name__} cannot be given to the student's code: only "
                "data, the student's own objects and functions of libraries can"
            )
        return {"library": name}

    def resolve(self, reference):
        """A handle for what stays in the sandbox."""
        number, kinds = reference["handle"], reference["kinds"]
        if type(number) is not int or not all(type(kind) is str for kind in kinds):
            raise wire.BrokenError(f"no handle: {reference!r:.80}")
        return Remote(self, number, tuple(kinds[:50]))

    def run(self, source):
        """Run a cell; the list of its outputs."""
        return self.ask("cell", source, seconds=self.cell_seconds)

    def names(self, wanted):
        """Those names that the student's cells define, with their values."""
        has = self.ask("has", list(wanted))
        return {name: self.ask("name", name) for name in wanted if name in has}

    def ask(self, *request, seconds=None):
        """The answer to a request.

        Raises
        ------
        SandboxLost
            There is none.
        Exception
            What the student's code raised.
        """
        seconds = seconds or self.call_seconds
        try:
            limit = time.monotonic() + seconds
            self.channel.send(request, seconds)
            reply = self.channel.receive(max(0.1, limit - time.monotonic()))
        except wire.LateError:
            raise SandboxLost(f"It did not end within {seconds:g} seconds.") from None
        except wire.BrokenError as error:
            raise SandboxLost(_ended(error)) from None
        if type(reply) is not dict or not reply.keys() & {"value", "error"}:
            raise SandboxLost("The process gave an answer that is none.")
        if "value" in reply:
            return reply["value"]
        raise rebuilt(reply["error"])


def _ended(error):
    if "closed" in str(error) or "reset" in str(error) or "Broken pipe" in str(error):
        return "The process ended, or was out of memory."
    return f"The answer could not be read: {error}"


def rebuilt(error):
    """An exception like the one that the student's code raised.

    Parameters
    ----------
    error : dict
        `kinds`, the names of its classes, and `message`.

    Returns
    -------
    Exception
        Of the first class among `kinds` that is a library's. What leaves Python, such
        as SystemExit, becomes a StudentError, and so does StopIteration, which would
        quietly end a loop of the check.
    """
    kinds = [str(kind) for kind in error.get("kinds", [])]
    message = str(error.get("message", ""))
    for kind in kinds:
        known = known_class(kind)
        if known in (StopIteration, StopAsyncIteration):
            break
        if known is not None and issubclass(known, Exception):
            try:
                return known(message)
            except Exception:  # it wants other arguments
                continue
    name = kinds[0].partition(":")[2] if kinds else "An error"
    return StudentError(f"{name}: {message}")


def known_class(kind):
    """The class of a name such as "torch.nn.modules.linear:Linear", or None."""
    try:
        value = wire.from_library(kind)
    except wire.BrokenError:
        return None
    return value if isinstance(value, type) else None


def claimable(kind):
    """Whether an object of the sandbox may call itself an instance of a class.

    Layers may: a check that asks for `nn.Conv2d` goes on to measure. Data may not: a
    handle that passes for a float would be computed with.
    """
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(kind, torch.nn.Module)


class Remote:
    """A handle to an object in the sandbox."""

    __slots__ = ("__kinds", "__number", "__student", "__weakref__")

    def __init__(self, student, number, kinds):
        object.__setattr__(self, "_Remote__student", student)
        object.__setattr__(self, "_Remote__number", number)
        object.__setattr__(self, "_Remote__kinds", kinds)

    @property
    def __class__(self):
        for kind in self.__kinds:
            known = known_class(kind)
            if known is not None and claimable(known):
                return known
        return Remote

    def __getattr__(self, name):
        if name.startswith("__") and name not in ("__name__", "__doc__"):
            raise AttributeError(f"{self!r} has no {name}")
        if name in ASKED_TO_COMPARE:
            raise TypeError(
                f"{self!r} was given where data was expected; its own .{name} is not "
                "asked"
            )
        return self.__student.ask("attribute", self, name)

    def __setattr__(self, name, value):
        self.__student.ask("set_attribute", self, name, value)

    def __getitem__(self, key):
        return self.__student.ask("item", self, key)

    def __setitem__(self, key, value):
        self.__student.ask("set_item", self, key, value)

    def __call__(self, *arguments, **options):
        return self.__student.ask("call", self, list(arguments), options)

    def __iter__(self):
        iterator = self.__student.ask("built_in", "iter", self)
        if type(iterator) is not Remote:  # data after all
            return iter(iterator)
        return self.__values(iterator)

    def __values(self, iterator):
        for _ in range(MOST):
            answer = self.__student.ask("next", iterator)
            if type(answer) is not tuple or not answer[0]:
                return
            yield answer[1]
        raise ValueError(f"more than {MOST} values")

    def __next__(self):
        answer = self.__student.ask("next", self)
        if type(answer) is not tuple or not answer[0]:
            raise StopIteration
        return answer[1]

    def __len__(self):
        return int(self.__student.ask("built_in", "len", self))

    def __bool__(self):
        return self.__student.ask("built_in", "bool", self) is True

    def __str__(self):
        return str(self.__student.ask("built_in", "str", self))

    def __repr__(self):
        kind = self.__kinds[0].partition(":")[2] if self.__kinds else "something"
        return f"<the student's {kind}>"

    def __eq__(self, other):
        if type(other) is not Remote:
            return NotImplemented
        return self.__student.ask("operate", "eq", [self, other]) is True

    def __hash__(self):
        return self.__number


def _between_handles(name):
    """An operator of two objects of the student's; never with a value of the checks."""

    def operate(self, other):
        if type(other) is not Remote:
            return NotImplemented
        return self._Remote__student.ask("operate", name, [self, other])

    return operate


def _of_one(name):
    """An operator of one object of the student's."""
    return lambda self: self._Remote__student.ask("operate", name, [self])


def _as_number(name):
    """float(), int() or complex() of an object of the student's."""
    made = getattr(builtins, name)
    return lambda self: made(self._Remote__student.ask("built_in", name, self))


for _names, _make in (
    (BINARY, _between_handles),
    (UNARY, _of_one),
    (("float", "int", "complex"), _as_number),
):
    for _name in _names:
        setattr(Remote, f"__{_name}__", _make(_name))
