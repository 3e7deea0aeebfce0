"""ConvolutionStepper: a kernel slides over a matrix, one product sum at a time."""

import traitlets
from traitlets import Undefined

from cnnbook.widgets.base import LARGEST, Matrix, Widget, plain_number

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


class ConvolutionStepper(Widget):
    """Slide a kernel over an input and see every product (chapter 2).

    Parameters
    ----------
    input : matrix (H, W), sides 1 to 28
        What the kernel slides over.
    kernel : matrix (kH, kW), sides 1 to 9, or the name of one in `kernels`
        The weights. It must fit into the input.
    bias : float
        Added to every sum.
    stride : int, at least 1
        Cells from one window to the next, in both directions.
    flip : bool
        Turn the kernel by 180° first: convolution in the mathematical sense.
    position : int
        Index of the current output, row by row, from 0.
    gray : bool
        Draw the input as brightness, black for 0, instead of in signed colors.
    kernels, inputs : dict of matrices
        What the reader can choose from. `kernels` are `KERNELS` by default.

    Raises
    ------
    TypeError
        If a keyword names no trait.
    traitlets.TraitError
        If a value has the wrong form, or the kernel does not fit into the input.
    """

    input = Matrix(max_side=28).tag(sync=True)
    kernel = Matrix(max_side=9).tag(sync=True)
    bias = traitlets.Float(0.0).tag(sync=True)
    stride = traitlets.Int(1, min=1).tag(sync=True)
    flip = traitlets.Bool(False).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    gray = traitlets.Bool(False).tag(sync=True)
    kernels = traitlets.Dict(Matrix(max_side=9)).tag(sync=True)
    inputs = traitlets.Dict(Matrix(max_side=28)).tag(sync=True)

    def __init__(self, input=Undefined, kernel=Undefined, kernels=KERNELS, **traits):
        self.check_names(traits)  # first: a misspelled kernel is not a missing one
        if input is Undefined or kernel is Undefined:
            raise TypeError("ConvolutionStepper needs an input and a kernel")
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

        kernel = torch.tensor(self.kernel, dtype=torch.float64)
        if self.flip:
            kernel = kernel.flip(0, 1)
        x = torch.tensor(self.input, dtype=torch.float64)
        return corr2d(x, kernel)[:: self.stride, :: self.stride] + self.bias

    @traitlets.validate("bias")
    def _finite(self, proposal):
        try:
            return plain_number(proposal["value"], most=LARGEST)
        except ValueError as error:
            raise traitlets.TraitError(f"bias: {error}") from None

    @traitlets.validate("input", "kernel")
    def _fits(self, proposal):
        # While the widget is being made, one of the two may still be missing.
        shape = {
            name: (len(matrix), len(matrix[0]))
            for name in ("input", "kernel")
            if (matrix := self._trait_values.get(name))
        }
        matrix = proposal["value"]
        shape[proposal["trait"].name] = (len(matrix), len(matrix[0]))
        if len(shape) == 2:
            _check_fit(shape["input"], shape["kernel"])
        return matrix

    def summary(self) -> str:
        """One sentence, with the numbers where they are few."""
        sizes = [f"{len(m)}×{len(m[0])}" for m in (self.input, self.kernel)]
        text = f"a {sizes[1]} kernel slides over a {sizes[0]} input"
        if len(self.input) * len(self.input[0]) > 64:
            return text
        return f"{text}. Input: {_rows(self.input)}. Kernel: {_rows(self.kernel)}"


def _check_fit(size, kernel):
    if any(k > s for k, s in zip(kernel, size, strict=True)):
        raise traitlets.TraitError(
            f"kernel: expected one that fits into the input of shape {size}, "
            f"got shape {kernel}"
        )


def _rows(matrix):
    return " / ".join(" ".join(f"{value:g}" for value in row) for row in matrix)
