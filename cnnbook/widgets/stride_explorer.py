"""StrideExplorer: a kernel that skips places, and the pixels that it never reads."""

import traitlets

from cnnbook.widgets.base import Widget
from cnnbook.widgets.sliding import Integers, Sliding, count_visits, shape, size

#: The largest stride that the widget's sliders reach.
MAX_STRIDE = 6


class StrideExplorer(Sliding, Widget):
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

    stride = Integers(("down", "right"), 1, MAX_STRIDE).tag(sync=True)

    @traitlets.default("stride")
    def _two_each(self):
        return [2, 2]

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
        return count_visits(shape(self.input), shape(self.kernel), self.stride)

    def summary(self) -> str:
        """The sizes and the unread pixels, and all numbers where they are few."""
        visits, (down, right) = self.visits, self.stride
        stride = f"{down}" if down == right else f"{down} down and {right} right"
        unread = int((visits == 0).sum())
        text = (
            f"a {size(self.kernel)} kernel with stride {stride} on a "
            f"{size(self.input)} input gives a {size(self.output)} output. "
            f"{unread} of {visits.numel()} pixels are never read"
        )
        return text + self.numbers()
