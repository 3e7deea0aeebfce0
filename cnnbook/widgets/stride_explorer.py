"""StrideExplorer: a kernel that skips places, and the pixels that it never reads."""

import operator

import traitlets
from traitlets import Undefined

from cnnbook.arithmetic import window_starts
from cnnbook.widgets.base import Matrix, Widget
from cnnbook.widgets.convolution_stepper import KERNELS

#: The largest stride that the widget's sliders reach.
MAX_STRIDE = 6


class Stride(traitlets.TraitType):
    """A trait that holds ``[down, right]``; one integer is for both."""

    info_text = "a stride for each direction"

    def validate(self, obj, value):
        """Check the numbers; return a list of two plain integers."""
        given = value.tolist() if hasattr(value, "tolist") else value
        both = given if isinstance(given, list | tuple) else [given] * 2
        if len(both) != 2 or not all(map(_is_stride, both)):
            raise traitlets.TraitError(
                f"{self.name}: expected an integer from 1 to {MAX_STRIDE}, or two of "
                f"them as [down, right], got {given!r}"
            )
        return [operator.index(stride) for stride in both]


class StrideExplorer(Widget):
    """Skip places of the kernel, and see what remains of the output (chapter 4).

    Parameters
    ----------
    input : matrix (H, W), sides 1 to 28
        What the kernel slides over.
    kernel : matrix (kH, kW), sides 1 to 9, or the name of one in `kernels`
        The weights. It must fit into the input.
    stride : int, or [down, right]
        Cells from one window to the next, 1 to 6.
    position : int
        Index of the current output, row by row, from 0.
    kernels : dict of matrices
        What the reader can choose from, by default `KERNELS`.

    Raises
    ------
    TypeError
        If a keyword names no trait, or the input or the kernel is missing.
    traitlets.TraitError
        If a value has the wrong form, or the kernel does not fit into the input.
    """

    input = Matrix(max_side=28).tag(sync=True)
    kernel = Matrix(max_side=9).tag(sync=True)
    stride = Stride([2, 2]).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    kernels = traitlets.Dict(Matrix(max_side=9)).tag(sync=True)

    def __init__(self, input=Undefined, kernel=Undefined, kernels=KERNELS, **traits):
        self.check_names(traits)  # first: a misspelled kernel is not a missing one
        if input is Undefined or kernel is Undefined:
            raise TypeError("StrideExplorer needs an input and a kernel")
        if isinstance(kernel, str):
            if kernel not in kernels:
                raise traitlets.TraitError(
                    f"kernel: no preset {kernel!r}, only {', '.join(kernels)}"
                )
            kernel = kernels[kernel]
        super().__init__(input=input, kernel=kernel, kernels=kernels, **traits)

    @property
    def output(self):
        """What the reader sees as output: a tensor (OH, OW)."""
        import torch

        from cnnbook.layers import corr2d

        x = torch.tensor(self.input, dtype=torch.float64)
        kernel = torch.tensor(self.kernel, dtype=torch.float64)
        down, right = self.stride
        return corr2d(x, kernel)[::down, ::right]

    @property
    def visits(self):
        """In how many windows each pixel stands: a tensor (H, W) of integers."""
        import torch

        sizes, reaches = _shape(self.input), _shape(self.kernel)
        rows, columns = torch.zeros(sizes[0]).long(), torch.zeros(sizes[1]).long()
        every = window_starts(sizes, reaches, self.stride)
        for counts, reach, starts in zip((rows, columns), reaches, every, strict=True):
            for start in starts:
                counts[start : start + reach] += 1
        return torch.outer(rows, columns)  # a window is some rows times some columns

    @traitlets.validate("input", "kernel")
    def _fits(self, proposal):
        # While the widget is being made, one of the two may still be missing.
        parts = {name: self._trait_values.get(name) for name in ("input", "kernel")}
        parts[proposal["trait"].name] = proposal["value"]
        if all(parts.values()):
            _check_fit(_shape(parts["input"]), _shape(parts["kernel"]))
        return proposal["value"]

    def summary(self) -> str:
        """The sizes and the unread pixels, and all numbers where they are few."""
        visits, (down, right) = self.visits, self.stride
        stride = f"{down}" if down == right else f"{down} down and {right} right"
        unread = int((visits == 0).sum())
        text = (
            f"a {_size(self.kernel)} kernel with stride {stride} on a "
            f"{_size(self.input)} input gives a {_size(self.output)} output. "
            f"{unread} of {visits.numel()} pixels are never read"
        )
        if visits.numel() > 64:
            return text
        return f"{text}. Input: {_rows(self.input)}. Kernel: {_rows(self.kernel)}"


def _is_stride(value):
    try:
        return not isinstance(value, bool) and 1 <= operator.index(value) <= MAX_STRIDE
    except TypeError:
        return False


def _shape(matrix):
    return len(matrix), len(matrix[0])


def _check_fit(size, kernel):
    if any(k > s for k, s in zip(kernel, size, strict=True)):
        raise traitlets.TraitError(
            f"kernel: expected one that fits into the input of shape {size}, "
            f"got shape {kernel}"
        )


def _size(matrix):
    return f"{len(matrix)}×{len(matrix[0])}"


def _rows(matrix):
    return " / ".join(" ".join(f"{value:g}" for value in row) for row in matrix)
