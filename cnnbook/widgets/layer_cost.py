"""LayerCost: what a dense layer and a convolution on one image cost, in numbers."""

import operator

import traitlets
from traitlets import TraitError

from cnnbook import arithmetic
from cnnbook.widgets.base import Widget

#: Of a weight as float32.
BYTES = 4


class _Whole(traitlets.TraitType):
    """A whole number from 1 to `most`."""

    def __init__(self, default, most):
        super().__init__(default)
        self.most = most

    def validate(self, obj, value):
        try:
            number = operator.index(value)  # NumPy's integers and PyTorch's too
        except TypeError:
            number = 0
        if isinstance(value, bool) or not 1 <= number <= self.most:
            raise TraitError(
                f"{self.name}: expected a whole number from 1 to {self.most}, "
                f"got {value!r:.60}"
            )
        return number


class LayerCost(Widget):
    """Compare the cost of a dense layer and a convolution (chapter 1).

    The dense layer takes side · side · channels numbers to `hidden` outputs. The
    convolution takes `channels` to `filters`, with stride 1 and no padding.

    Parameters
    ----------
    side : int, 1 to 2048
        Pixels along each side of the square image.
    channels : int, 1 to 512
        Numbers a pixel.
    hidden : int, 1 to 4096
        Units of the dense layer.
    kernel : int, 1 to 15 and at most the side
        Pixels along each side of the convolution's kernels.
    filters : int, 1 to 512
        Filters of the convolution.
    bias : bool
        Whether every unit and every filter has a bias.

    Raises
    ------
    TypeError
        If a keyword names no trait.
    traitlets.TraitError
        If a value is out of its range, or the kernel larger than the image.
    """

    side = _Whole(28, most=2048).tag(sync=True)
    channels = _Whole(1, most=512).tag(sync=True)
    hidden = _Whole(128, most=4096).tag(sync=True)
    kernel = _Whole(3, most=15).tag(sync=True)
    filters = _Whole(16, most=512).tag(sync=True)
    bias = traitlets.Bool(True).tag(sync=True)

    @property
    def costs(self) -> dict:
        """Weights (biases included), bytes and multiply-adds of both layers.

        ``{"dense": {"weights": ..., "bytes": ..., "multiply_adds": ...},
        "convolution": {...}}``: integers, for one image; four bytes a weight.
        """
        inputs = self.side * self.side * self.channels
        channels = self.channels, self.filters
        return {
            "dense": _cost(
                arithmetic.dense_weights(inputs, self.hidden, self.bias),
                arithmetic.dense_multiply_adds(inputs, self.hidden),
            ),
            "convolution": _cost(
                arithmetic.conv_weights(*channels, self.kernel, self.bias),
                arithmetic.conv_multiply_adds(self.side, *channels, self.kernel),
            ),
        }

    @traitlets.validate("side", "kernel")
    def _fits(self, proposal):
        sizes = {"side": self.side, "kernel": self.kernel}
        sizes[proposal["trait"].name] = proposal["value"]
        if sizes["kernel"] > sizes["side"]:
            raise TraitError(
                "kernel: expected one that fits into the image of side "
                f"{sizes['side']}, got {sizes['kernel']}"
            )
        return proposal["value"]

    def summary(self) -> str:
        """Both layers with their numbers."""
        image = f"{self.side}×{self.side}×{self.channels}"
        dense, convolution = map(_in_words, self.costs.values())
        return (
            f"on a {image} image, a dense layer to {self.hidden} outputs has {dense}; "
            f"a {self.kernel}×{self.kernel} convolution with {self.filters} "
            f"filter{'s' * (self.filters > 1)} has {convolution}"
        )


def _cost(weights, multiply_adds):
    return {
        "weights": weights,
        "bytes": BYTES * weights,
        "multiply_adds": multiply_adds,
    }


def _in_words(cost):
    weights = f"{cost['weights']:,} weight{'s' * (cost['weights'] > 1)}"
    return (
        f"{weights} ({cost['bytes']:,} bytes) and needs "
        f"{cost['multiply_adds']:,} multiply-add{'s' * (cost['multiply_adds'] > 1)}"
    )
