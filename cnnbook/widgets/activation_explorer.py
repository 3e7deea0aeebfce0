"""ActivationExplorer: the curve of an activation, and what depth makes of its slope."""

import math

import numpy as np
import traitlets
from traitlets import TraitError

from cnnbook.widgets.base import Widget, plain_number

#: Units of every layer, and inputs that go through the network at once.
WIDTH, BATCH = 64, 4

#: Activations by their names in the state, as they are written.
NAMES = {
    "relu": "ReLU",
    "leaky relu": "leaky ReLU",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "none": "no activation",
}


class _Number(traitlets.TraitType):
    """A number from `least` to `most`, rounded; a whole one if `decimals` is 0."""

    def __init__(self, default, least, most, decimals=4):
        super().__init__(default)
        self.least, self.most, self.decimals = least, most, decimals

    def validate(self, obj, value):
        try:
            number = math.nan if isinstance(value, bool) else plain_number(value, 9)
        except (ValueError, RuntimeError):  # no number, or a tensor of several
            number = math.nan
        rounded = round(number, self.decimals) if self.decimals else number
        whole = self.decimals or isinstance(number, int)
        if not (whole and self.least <= rounded <= self.most):
            kind = "number" if self.decimals else "whole number"
            raise TraitError(
                f"{self.name}: expected a {kind} from {self.least} to {self.most}, "
                f"got {value!r:.60}"
            )
        return plain_number(rounded)


class ActivationExplorer(Widget):
    """Follow an activation along its curve and through a deep network (chapter 8).

    The network has `depth` dense layers of 64 units without biases. Its weights are
    evenly distributed around 0 with standard deviation ``scale / sqrt(64)``; 4 random
    inputs of standard deviation 1 go through it. The gradients are those of the sum
    of the last outputs, each times a random number of standard deviation 1.

    Parameters
    ----------
    activation : str
        'relu', 'leaky relu' (slope 0.01 for negative inputs), 'sigmoid', 'tanh', or
        'none'.
    depth : int, 1 to 30
        Layers of the network.
    scale : float, 0.25 to 4
        Standard deviation of the weights, times the root of the inputs of a unit.
    x : float, −6 to 6
        The input whose value and slope are shown on the curve.
    seed : int, 0 to 999999
        Chooses the random numbers.

    Raises
    ------
    TypeError
        If a keyword names no trait.
    traitlets.TraitError
        If a value is out of its range.
    """

    activation = traitlets.Enum(list(NAMES), "relu").tag(sync=True)
    depth = _Number(20, 1, 30, decimals=0).tag(sync=True)
    scale = _Number(1, 0.25, 4).tag(sync=True)
    x = _Number(1, -6, 6).tag(sync=True)
    seed = _Number(0, 0, 999_999, decimals=0).tag(sync=True)

    @property
    def value(self) -> float:
        """The activation of `x`."""
        return self._at_x()[0]

    @property
    def slope(self) -> float:
        """The derivative of the activation at `x`; PyTorch's where it has a corner."""
        return self._at_x()[1]

    @property
    def activations(self) -> list[float]:
        """Root mean square of each layer's outputs, from the first layer on."""
        return [_rms(y) for y in self._through()[0]]

    @property
    def gradients(self) -> list[float]:
        """Root mean square of the gradient of each layer's outputs."""
        return [_rms(y.grad) for y in self._through()[0]]

    @property
    def weight_gradients(self) -> list[float]:
        """Root mean square of the gradient of each layer's weights."""
        return [_rms(w.grad) for w in self._through()[1]]

    @property
    def flat(self) -> list[float]:
        """Share of each layer's outputs on a flat part of the curve.

        That is where the slope is below a tenth of the steepest: for ReLU, the zeros.
        """
        import torch

        inputs = [z.detach().requires_grad_() for z in self._through()[2]]
        for z in inputs:
            _function(self.activation)(z).sum().backward()
        steepest = 0.25 if self.activation == "sigmoid" else 1
        return [float(torch.mean(1.0 * (z.grad < steepest / 10))) for z in inputs]

    def summary(self) -> str:
        """The point on the curve, and how the gradient changes with depth."""
        layers = "1 layer" if self.depth == 1 else f"{self.depth} layers"
        gradients = self.gradients
        change = _change(gradients[0] / gradients[-1])
        return (
            f"{NAMES[self.activation]} at {self.x:g} has the value {self.value:.3g} "
            f"and the slope {self.slope:.3g}. In {layers} of {WIDTH} units, with "
            f"weights of spread {self.scale:g}/√{WIDTH}, the gradient {change} from "
            "the last layer to the first"
        )

    def _at_x(self):
        import torch

        x = torch.tensor(float(self.x), dtype=torch.float64, requires_grad=True)
        y = _function(self.activation)(x)
        y.backward()
        return y.item(), x.grad.item()

    def _through(self):
        """Outputs (N, units), weights (units, units) and inputs of the activation.

        A list of each, by layer; outputs and weights have their gradients.
        """
        x, factors, weights = self._numbers()
        function = _function(self.activation)
        outputs, inputs = [], []
        for w in weights:
            inputs.append(x @ w.T)
            x = function(inputs[-1])
            x.retain_grad()
            outputs.append(x)
        (x * factors).sum().backward()
        return outputs, weights, inputs

    def _numbers(self):
        """Inputs (N, units), factors of the outputs, and the weights of each layer."""
        import torch

        shapes = [(BATCH, WIDTH)] * 2 + [(WIDTH, WIDTH)] * self.depth
        sizes = [math.prod(shape) for shape in shapes]
        numbers = evenly(self.seed, sum(sizes))
        parts = np.split(numbers, np.cumsum(sizes)[:-1])
        x, factors, *weights = (
            torch.tensor(part).reshape(shape)
            for part, shape in zip(parts, shapes, strict=True)
        )
        spread = self.scale / math.sqrt(WIDTH)
        return x, factors, [(spread * w).requires_grad_() for w in weights]


def evenly(seed, count):
    """`count` numbers evenly distributed from −√3 to √3: standard deviation 1.

    By mulberry32, so that they are the same in the widget's page.
    """
    # Whole numbers of 32 bits, whose products lose what is beyond, as in JavaScript.
    state = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
    state += np.uint32(seed)
    mixed = (state ^ (state >> 15)) * (state | 1)
    mixed ^= mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)
    return math.sqrt(3) * ((mixed ^ (mixed >> 14)) / 2**31 - 1)


def _function(activation):
    """The activation as a function of a tensor."""
    import torch

    return {
        "relu": torch.relu,
        "leaky relu": torch.nn.functional.leaky_relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "none": lambda x: 1 * x,
    }[activation]


def _rms(tensor):
    return tensor.detach().square().mean().sqrt().item()


def _change(ratio):
    """How something changes that becomes `ratio` times as large, in words."""
    times = _short(max(ratio, 1 / ratio))
    if times == "1":
        return "stays about as large"
    if ratio > 1:
        return f"grows to {times} times its size"
    share = f"1/{times}" if 1e-6 < ratio < 0.5 else _short(ratio)
    return f"shrinks to {share} of its size"


def _short(number):
    """Two significant digits; very large and small numbers as powers of 10."""
    mantissa, exponent = f"{number:.1e}".split("e")
    if -3 <= int(exponent) < 6:
        return f"{float(f'{number:.2g}'):,.12g}"
    return f"{float(mantissa):g}·10^{int(exponent)}"
