"""PaddingExplorer: a frame around the input, and what it does to every pixel."""

import operator

import traitlets
from traitlets import Undefined

from cnnbook.widgets.base import Matrix, Widget
from cnnbook.widgets.convolution_stepper import KERNELS

#: Ways to fill the frame: the widget's name, and that of `torch.nn.functional.pad`.
MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}

#: The order of the four paddings.
SIDES = ("top", "bottom", "left", "right")

MAX_PADDING = 8


class Padding(traitlets.TraitType):
    """A trait that holds ``[top, bottom, left, right]``; one integer is for all."""

    info_text = "a padding for each side"

    def validate(self, obj, value):
        """Check the numbers; return a list of four plain integers."""
        given = value.tolist() if hasattr(value, "tolist") else value
        sides = given if isinstance(given, list | tuple) else [given] * 4
        if len(sides) != 4 or not all(map(_is_padding, sides)):
            raise traitlets.TraitError(
                f"{self.name}: expected an integer from 0 to {MAX_PADDING}, or four "
                f"of them as [{', '.join(SIDES)}], got {given!r}"
            )
        return [operator.index(side) for side in sides]


class PaddingExplorer(Widget):
    """Pad an input, and see what the border does to the output (chapter 3).

    Parameters
    ----------
    input : matrix (H, W), sides 1 to 28
        What is padded.
    kernel : matrix (kH, kW), sides 1 to 9, or the name of one in `kernels`
        The weights. It must fit into the padded input.
    padding : int, or [top, bottom, left, right]
        Cells added on each side, 0 to 8.
    mode : "zeros", "reflect", "replicate" or "circular"
        What fills the added cells. As in PyTorch, "reflect" needs less padding than
        the input has cells in that direction, "circular" at most as much.
    position : int
        Index of the selected output, row by row, from 0.
    kernels, inputs : dict of matrices
        What the reader can choose from. `kernels` are `KERNELS` by default.

    Raises
    ------
    TypeError
        If a keyword names no trait, or the input or the kernel is missing.
    traitlets.TraitError
        If a value has the wrong form, the mode does not allow the padding, or the
        kernel does not fit into the padded input.
    """

    input = Matrix(max_side=28).tag(sync=True)
    kernel = Matrix(max_side=9).tag(sync=True)
    padding = Padding().tag(sync=True)
    mode = traitlets.Enum(list(MODES), "zeros").tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    kernels = traitlets.Dict(Matrix(max_side=9)).tag(sync=True)
    inputs = traitlets.Dict(Matrix(max_side=28)).tag(sync=True)

    def __init__(self, input=Undefined, kernel=Undefined, kernels=KERNELS, **traits):
        self.check_names(traits)  # first: a misspelled kernel is not a missing one
        if input is Undefined or kernel is Undefined:
            raise TypeError("PaddingExplorer needs an input and a kernel")
        if isinstance(kernel, str):
            if kernel not in kernels:
                raise traitlets.TraitError(
                    f"kernel: no preset {kernel!r}, only {', '.join(kernels)}"
                )
            kernel = kernels[kernel]
        super().__init__(input=input, kernel=kernel, kernels=kernels, **traits)

    @property
    def padded(self):
        """The input with its frame: a tensor (top + H + bottom, left + W + right)."""
        import torch

        return self._pad(torch.tensor(self.input, dtype=torch.float64))

    @property
    def output(self):
        """What the reader sees as output: a tensor (OH, OW)."""
        import torch

        from cnnbook.layers import corr2d

        return corr2d(self.padded, torch.tensor(self.kernel, dtype=torch.float64))

    @property
    def uses(self):
        """How many cells of all windows show each pixel: a tensor (H, W).

        A pixel's copies in the frame count like the pixel itself. Zeros are copies
        of nothing.
        """
        import torch
        import torch.nn.functional as F

        # With ones as weights, a pixel counts once in each sum that holds it; the
        # gradient of the sum of all sums is how often.
        x = torch.zeros(len(self.input), len(self.input[0]), requires_grad=True)
        ones = torch.ones(1, 1, len(self.kernel), len(self.kernel[0]))
        F.conv2d(self._pad(x)[None, None], ones).sum().backward()
        return x.grad.round().long()

    def _pad(self, x):
        import torch.nn.functional as F

        top, bottom, left, right = self.padding
        sides = (left, right, top, bottom)  # PyTorch's order: the last axis first
        return F.pad(x[None, None], sides, mode=MODES[self.mode])[0, 0]

    @traitlets.default("padding")
    def _one_on_all_sides(self):
        return [1, 1, 1, 1]

    @traitlets.validate("input", "kernel", "padding", "mode")
    def _fits(self, proposal):
        # While the widget is being made, input or kernel may still be missing.
        parts = {name: self._trait_values.get(name) for name in ("input", "kernel")}
        parts |= {"padding": self.padding, "mode": self.mode}
        parts[proposal["trait"].name] = proposal["value"]
        if parts["input"] and parts["kernel"]:
            _check_mode(parts["input"], parts["padding"], parts["mode"])
            _check_fit(parts["input"], parts["padding"], parts["kernel"])
        return proposal["value"]

    def summary(self) -> str:
        """The sizes and the uses, and all numbers where they are few."""
        sizes = [_size(m) for m in (self.input, self.kernel, self.output)]
        uses = self.uses
        text = (
            f"a {sizes[0]} input, padded {self._sides()} ({self.mode}), gives with a "
            f"{sizes[1]} kernel a {sizes[2]} output. Each pixel of the input is used "
            f"from {uses.min()} to {uses.max()} times"
        )
        if len(self.input) * len(self.input[0]) > 64:
            return text
        return f"{text}. Input: {_rows(self.input)}. Kernel: {_rows(self.kernel)}"

    def _sides(self):
        if len(set(self.padding)) == 1:
            return f"by {self.padding[0]} on all sides"
        sides = zip(self.padding, SIDES, strict=True)
        return "by " + ", ".join(f"{cells} {side}" for cells, side in sides)


def _is_padding(value):
    try:
        return not isinstance(value, bool) and 0 <= operator.index(value) <= MAX_PADDING
    except TypeError:
        return False


def _check_mode(matrix, padding, mode):
    height, width = len(matrix), len(matrix[0])
    limits = {"reflect": (height - 1, width - 1), "circular": (height, width)}
    for i, (side, cells) in enumerate(zip(SIDES, padding, strict=True)):
        if mode in limits and cells > limits[mode][i // 2]:
            raise traitlets.TraitError(
                f"padding: mode {mode!r} expects at most {limits[mode][i // 2]} at the "
                f"{side} of an input of shape {(height, width)}, got {cells}"
            )


def _check_fit(matrix, padding, kernel):
    top, bottom, left, right = padding
    size = (top + len(matrix) + bottom, left + len(matrix[0]) + right)
    shape = (len(kernel), len(kernel[0]))
    if any(k > s for k, s in zip(shape, size, strict=True)):
        raise traitlets.TraitError(
            f"kernel: expected one that fits into the padded input of shape {size}, "
            f"got shape {shape}"
        )


def _size(matrix):
    return f"{len(matrix)}×{len(matrix[0])}"


def _rows(matrix):
    return " / ".join(" ".join(f"{value:g}" for value in row) for row in matrix)
