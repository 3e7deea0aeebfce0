"""What the widgets share in which a kernel slides over an input."""

import operator

import traitlets
from traitlets import TraitError, Undefined

from cnnbook.arithmetic import window_starts
from cnnbook.widgets.base import Matrix

#: A bend of 9 cells in 5×5, minus its mean of 0.36.
_CURVE = [
    [-0.36, -0.36, 0.64, 0.64, 0.64],
    [-0.36, 0.64, 0.64, -0.36, -0.36],
    [0.64, 0.64, -0.36, -0.36, -0.36],
    [0.64, -0.36, -0.36, -0.36, -0.36],
    [0.64, -0.36, -0.36, -0.36, -0.36],
]

#: Kernels by name, (kH, kW). Identity, blur and sharpen sum to 1 and keep the
#: brightness; the others sum to 0 and are silent where the input is constant.
KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
    "vertical edges": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "horizontal edges": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "curve": _CURVE,
}


class Sliding(traitlets.HasTraits):
    """Input, kernel and position, for a class that is a `Widget` as well.

    The kernel may be given by its name in `kernels`. Input and kernel are checked
    together: see `check`.
    """

    input = Matrix(max_side=28).tag(sync=True)
    kernel = Matrix(max_side=9).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    kernels = traitlets.Dict(Matrix(max_side=9)).tag(sync=True)

    def __init__(self, input=Undefined, kernel=Undefined, kernels=KERNELS, **traits):
        self.check_names(traits)  # first: a misspelled kernel is not a missing one
        if input is Undefined or kernel is Undefined:
            raise TypeError(f"{type(self).__name__} needs an input and a kernel")
        if isinstance(kernel, str):
            if kernel not in kernels:
                raise TraitError(
                    f"kernel: no preset {kernel!r}, only {', '.join(kernels)}"
                )
            kernel = kernels[kernel]
        super().__init__(input=input, kernel=kernel, kernels=kernels, **traits)

    def check(self, input, kernel):
        """Raise TraitError if the kernel does not fit into the input."""
        check_fit("input", shape(input), shape(kernel))

    @traitlets.validate("input", "kernel")
    def _fits(self, proposal):
        self.check_with(proposal["trait"].name, proposal["value"])
        return proposal["value"]

    def check_with(self, name, value, **others):
        """Check all parts with one of them replaced, once they are all there."""
        # While the widget is being made, input or kernel may still be missing.
        parts = {part: self._trait_values.get(part) for part in ("input", "kernel")}
        parts |= others | {name: value}
        if parts["input"] and parts["kernel"]:
            self.check(**parts)

    def numbers(self):
        """Input and kernel in words if they are small, else nothing."""
        if len(self.input) * len(self.input[0]) > 64:
            return ""
        return f". Input: {rows_of(self.input)}. Kernel: {rows_of(self.kernel)}"


class Integers(traitlets.TraitType):
    """A trait that holds one integer for each of some names; one given is for all."""

    def __init__(self, names, least, most, **kwargs):
        super().__init__(**kwargs)
        self.names, self.least, self.most = names, least, most

    def validate(self, obj, value):
        """Check the numbers; return a list of plain integers."""
        given = value.tolist() if hasattr(value, "tolist") else value
        every = given if isinstance(given, list | tuple) else [given] * len(self.names)
        if len(every) != len(self.names) or not all(map(self._is_one, every)):
            count = {2: "two", 4: "four"}[len(self.names)]
            raise TraitError(
                f"{self.name}: expected an integer from {self.least} to {self.most}, "
                f"or {count} of them as [{', '.join(self.names)}], got {given!r}"
            )
        return [operator.index(one) for one in every]

    def _is_one(self, value):
        try:
            number = operator.index(value)
        except TypeError:
            return False
        return not isinstance(value, bool) and self.least <= number <= self.most


def shape(matrix):
    """Rows and columns of nested lists."""
    return len(matrix), len(matrix[0])


def size(matrix):
    """Rows and columns in words, such as 3×5."""
    return f"{len(matrix)}×{len(matrix[0])}"


def check_fit(name, outer, kernel, inner="kernel"):
    """Raise TraitError if a kernel of shape (kH, kW) does not fit into (H, W)."""
    if any(k > s for k, s in zip(kernel, outer, strict=True)):
        raise TraitError(
            f"{inner}: expected one that fits into the {name} of shape {outer}, "
            f"got shape {kernel}"
        )


def count_visits(sizes, reaches, stride):
    """In how many windows each pixel stands: a tensor (H, W) of integers.

    The arguments are pairs: of the input (H, W), the window and the stride.
    """
    import torch

    rows, columns = torch.zeros(sizes[0]).long(), torch.zeros(sizes[1]).long()
    every = window_starts(sizes, reaches, stride)
    for counts, reach, starts in zip((rows, columns), reaches, every, strict=True):
        for start in starts:
            counts[start : start + reach] += 1
    return torch.outer(rows, columns)  # a window is some rows times some columns


def rows_of(matrix):
    """The numbers of nested lists in words: rows apart by slashes."""
    return " / ".join(" ".join(f"{value:g}" for value in row) for row in matrix)
