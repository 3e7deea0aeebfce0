"""PaddingExplorer: a frame around the input, and what it does to every pixel."""

import traitlets

from cnnbook.widgets.base import Matrix, Widget
from cnnbook.widgets.sliding import Integers, Sliding, check_fit, shape, size

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


class PaddingExplorer(Sliding, Widget):
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

    padding = Integers(SIDES, 0, MAX_PADDING).tag(sync=True)
    mode = traitlets.Enum(list(MODES), "zeros").tag(sync=True)
    inputs = traitlets.Dict(Matrix(max_side=28)).tag(sync=True)

    @traitlets.default("padding")
    def _one_on_all_sides(self):
        return [1, 1, 1, 1]

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

    def check(self, input, kernel, padding, mode):
        """Raise TraitError if mode, padding, input and kernel do not fit."""
        _check_mode(input, padding, mode)
        top, bottom, left, right = padding
        (height, width) = shape(input)
        padded = (top + height + bottom, left + width + right)
        check_fit("padded input", padded, shape(kernel))

    @traitlets.validate("input", "kernel", "padding", "mode")
    def _fits(self, proposal):
        others = {"padding": self.padding, "mode": self.mode}
        self.check_with(proposal["trait"].name, proposal["value"], **others)
        return proposal["value"]

    def summary(self) -> str:
        """The sizes and the uses, and all numbers where they are few."""
        sizes = [size(m) for m in (self.input, self.kernel, self.output)]
        uses = self.uses
        text = (
            f"a {sizes[0]} input, padded {self._sides()} ({self.mode}), gives with a "
            f"{sizes[1]} kernel a {sizes[2]} output. Each pixel of the input is used "
            f"from {uses.min()} to {uses.max()} times"
        )
        return text + self.numbers()

    def _sides(self):
        if len(set(self.padding)) == 1:
            return f"by {self.padding[0]} on all sides"
        sides = zip(self.padding, SIDES, strict=True)
        return "by " + ", ".join(f"{cells} {side}" for cells, side in sides)


def _check_mode(matrix, padding, mode):
    height, width = shape(matrix)
    limits = {"reflect": (height - 1, width - 1), "circular": (height, width)}
    for i, (side, cells) in enumerate(zip(SIDES, padding, strict=True)):
        if mode in limits and cells > limits[mode][i // 2]:
            raise traitlets.TraitError(
                f"padding: mode {mode!r} expects at most {limits[mode][i // 2]} at the "
                f"{side} of an input of shape {(height, width)}, got {cells}"
            )
