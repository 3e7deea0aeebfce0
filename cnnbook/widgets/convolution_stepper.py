"""ConvolutionStepper: a kernel slides over a matrix, one product sum at a time."""

import traitlets

from cnnbook.widgets.base import LARGEST, Matrix, Widget, plain_number
from cnnbook.widgets.sliding import Sliding, size


class ConvolutionStepper(Sliding, Widget):
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

    bias = traitlets.Float(0.0).tag(sync=True)
    stride = traitlets.Int(1, min=1).tag(sync=True)
    flip = traitlets.Bool(False).tag(sync=True)
    gray = traitlets.Bool(False).tag(sync=True)
    inputs = traitlets.Dict(Matrix(max_side=28)).tag(sync=True)

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

    def summary(self) -> str:
        """One sentence, with the numbers where they are few."""
        return (
            f"a {size(self.kernel)} kernel slides over a {size(self.input)} input"
            + self.numbers()
        )
