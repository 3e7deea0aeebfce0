"""PoolingExplorer: one number for each window, and where its gradient goes."""

import traitlets
from traitlets import Undefined

from cnnbook.widgets.base import Matrix, Widget, plain_number
from cnnbook.widgets.sliding import (
    Integers,
    check_fit,
    count_visits,
    rows_of,
    shape,
    size,
)

MAX_SIDE, MAX_WINDOW, MAX_STRIDE = 16, 6, 6


class PoolingExplorer(Widget):
    """Pool a map, and see which pixels win and get the gradient (chapter 7).

    Parameters
    ----------
    input : matrix (H, W), sides 1 to 16
        What is pooled.
    kind : "max" or "average"
        What becomes of a window's numbers.
    window : int, or [rows, columns]
        Sides of the window, 1 to 6; 2 by default. It must fit into the input.
    stride : int, or [down, right]
        Cells from one window to the next, 1 to 6; by default the sides of the first
        window, as in PyTorch.
    position : int
        Index of the selected output, row by row, from 0.
    upstream : "selected" or "all"
        Which outputs have a gradient of 1: the selected one, or each of them.
    inputs : dict of matrices
        What the reader can choose from.

    Raises
    ------
    TypeError
        If a keyword names no trait, or the input is missing.
    traitlets.TraitError
        If a value has the wrong form, or the window does not fit into the input.
    """

    input = Matrix(max_side=MAX_SIDE).tag(sync=True)
    kind = traitlets.Enum(["max", "average"], "max").tag(sync=True)
    window = Integers(("rows", "columns"), 1, MAX_WINDOW).tag(sync=True)
    stride = Integers(("down", "right"), 1, MAX_STRIDE).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    upstream = traitlets.Enum(["selected", "all"], "selected").tag(sync=True)
    inputs = traitlets.Dict(Matrix(max_side=MAX_SIDE)).tag(sync=True)

    def __init__(self, input=Undefined, **traits):
        self.check_names(traits)  # first: a misspelled input is not a missing one
        if input is Undefined:
            raise TypeError("PoolingExplorer needs an input")
        super().__init__(input=input, **traits)

    @traitlets.default("window")
    def _two_by_two(self):
        return [2, 2]

    @traitlets.default("stride")
    def _as_the_window(self):
        return list(self.window)

    @property
    def output(self):
        """What the reader sees as output: a tensor (OH, OW)."""
        return self._pool(self._tensor())

    @property
    def winners(self):
        """Index of each window's largest pixel, from 0, row by row: (OH, OW).

        As `return_indices` of PyTorch has it: of equal ones the first.

        Raises
        ------
        ValueError
            If the kind is "average".
        """
        if self.kind != "max":
            raise ValueError(f"winners: expected the kind 'max', got {self.kind!r}")
        return self._max(self._tensor())[1]

    @property
    def gradient(self):
        """What each pixel gets of the outputs' gradients of 1: a tensor (H, W)."""
        x = self._tensor().requires_grad_()
        y = self._pool(x)
        chosen = y if self.upstream == "all" else y[self.place]
        chosen.sum().backward()
        return x.grad

    @property
    def visits(self):
        """In how many windows each pixel stands: a tensor (H, W) of integers."""
        return count_visits(shape(self.input), self.window, self.stride)

    @property
    def place(self):
        """Row and column of the selected output, from 0."""
        rows, columns = self.output.shape
        return divmod(min(self.position, rows * columns - 1), columns)

    def _tensor(self):
        import torch

        return torch.tensor(self.input, dtype=torch.float64)

    def _pool(self, x):
        return self._max(x)[0] if self.kind == "max" else self._average(x)

    def _max(self, x):
        import torch.nn.functional as F

        both = F.max_pool2d(x[None], self.window, self.stride, return_indices=True)
        return tuple(one[0] for one in both)

    def _average(self, x):
        import torch.nn.functional as F

        return F.avg_pool2d(x[None], self.window, self.stride)[0]

    @traitlets.validate("input", "window")
    def _fits(self, proposal):
        # While the widget is being made, the input may still be missing.
        parts = {"input": self._trait_values.get("input"), "window": self.window}
        parts[proposal["trait"].name] = proposal["value"]
        if parts["input"]:
            window = tuple(parts["window"])
            check_fit("input", shape(parts["input"]), window, inner="window")
        return proposal["value"]

    def summary(self) -> str:
        """The sizes, the selected output, and all numbers where they are few."""
        (rows, columns), output = self.window, self._rounded_output()
        visits = self.visits
        unread = f"{int((visits == 0).sum())} of {visits.numel()} pixels"
        text = (
            f"{self.kind} pooling with a {rows}×{columns} window and stride "
            f"{self._stride()} turns a {size(self.input)} input into a {size(output)} "
            f"output. {unread} are never read. {self._selected()}"
        )
        if visits.numel() > 64:
            return text
        return f"{text}. Input: {rows_of(self.input)}. Output: {rows_of(output)}"

    def _rounded_output(self):
        return [[plain_number(y) for y in row] for row in self.output.tolist()]

    def _stride(self):
        down, right = self.stride
        return f"{down}" if down == right else f"{down} down and {right} right"

    def _selected(self):
        (r, c), (rows, columns) = self.place, self.window
        text = f"Output row {r + 1}, column {c + 1} is {self._rounded_output()[r][c]:g}"
        if self.kind == "average":
            share = f"1/{rows * columns}"
            return f"{text}; each pixel of its window gets {share} of its gradient"
        row, column = divmod(self.winners[r, c].item(), len(self.input[0]))
        where = f"input row {row + 1}, column {column + 1}"
        return f"{text}, from {where}, which gets all of its gradient"
