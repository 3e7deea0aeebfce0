"""NetworkExplorer: a trained network that answers in the page, unit by unit."""

import base64
import copy
import math

import traitlets
from traitlets import TraitError, Undefined

from cnnbook.arithmetic import output_size, pool_output_size, same_padding
from cnnbook.widgets.base import Widget

#: What the network is given unless examples say otherwise: (C, H, W) of MNIST.
SIZE = (1, 28, 28)

#: A digit of MNIST fills a square of 20 of the picture's 28 pixels.
BOX = 20 / 28

#: Test digits that the book's own network is shown with: 7, 2, 5 and 3.
SHOWN = [0, 1, 8, 18]

#: Bits of a stored weight: 3 bytes, a sign and the size.
BITS = 24


class _Drawing(traitlets.TraitType):
    """Levels 0 to 255 as nested lists (H, W) or (3, H, W), or None."""

    def validate(self, obj, value):
        levels = value.tolist() if hasattr(value, "tolist") else value
        if levels is None:
            return None
        shape, flat = _measured(levels)
        channels, *sides = obj.size
        expected = tuple(sides) if channels == 1 else (channels, *sides)
        whole = all(type(level) is int and 0 <= level <= 255 for level in flat)
        if shape != expected or not whole:
            raise TraitError(
                f"drawing: expected whole numbers from 0 to 255 of shape {expected}, "
                f"or None, got {value!r:.60}"
            )
        return levels


def _measured(nested):
    """Shape and all entries of nested lists; (None, ...) if they are ragged."""
    if not isinstance(nested, list | tuple):
        return (), [nested]
    parts = [_measured(part) for part in nested]
    shapes = {shape for shape, _ in parts}
    shape = (len(nested), *shapes.pop()) if len(shapes) == 1 and nested else (None,)
    return shape, [entry for _, flat in parts for entry in flat]


def _to_text(drawing, widget=None):
    return drawing and base64.b64encode(bytes(_measured(drawing)[1])).decode()


def _from_text(text, widget):
    if text is None:
        return None
    levels = list(base64.b64decode(text))
    for side in reversed(widget.size[2 if widget.size[0] == 1 else 1 :]):
        levels = [levels[i : i + side] for i in range(0, len(levels), side)]
    return levels


class NetworkExplorer(Widget):
    """Draw a digit and look into every layer of a trained network (chapter 9).

    The page runs the network by itself. In a network for one channel the reader
    draws; in one for red, green and blue the reader chooses among the examples and
    hides parts of them.

    Parameters
    ----------
    model : nn.Sequential, nested ones allowed, optional
        Of Conv2d (without groups, padded with zeros), ReLU, MaxPool2d, AvgPool2d,
        Flatten, Linear and Dropout, which does nothing here. It ends in one number
        for each class. A copy is taken: training goes on without effect. By default
        the trained network for digits of this book, and four digits as examples.
    examples : float tensor (N, C, H, W), optional
        A few pictures in [0, 1], C being 1 or 3; kept as whole levels of 1/255.
        With a model and no examples, pictures are (1, 28, 28), and the widget starts
        empty.
    labels : N integers, optional
        The class of each example.
    classes : list of str, optional
        The name of each class; by default "0", "1", and so on.
    example : int
        The example shown, from 0.
    drawing : (H, W) or (3, H, W) whole numbers from 0 to 255, or None
        What was drawn, or what is left of an example; None shows the example.
    centered : bool
        Give a drawing to the network as MNIST was made: scaled to a box of 20 pixels
        and moved so that its center of mass is in the middle. One channel only.
    unit : [layer, channel, row, column], [layer, index] or None
        The unit taken apart, all counted from 0. Layer 0 is the picture, layer 1 the
        first of the model.
    inside : bool
        Show the layers.

    Raises
    ------
    TypeError
        If a keyword names no trait, or the model is no nn.Sequential.
    traitlets.TraitError
        If a layer or an option of it is not among those above, its size does not fit
        to the layer before, or another value has the wrong form.
    """

    layers = traitlets.List(read_only=True).tag(sync=True)
    weights = traitlets.Unicode(read_only=True).tag(sync=True)
    size = traitlets.List(read_only=True).tag(sync=True)
    examples = traitlets.Unicode(read_only=True).tag(sync=True)
    labels = traitlets.List(read_only=True).tag(sync=True)
    classes = traitlets.List(read_only=True).tag(sync=True)
    example = traitlets.Int(0).tag(sync=True)
    drawing = _Drawing(default_value=None, allow_none=True).tag(
        sync=True, to_json=_to_text, from_json=_from_text
    )
    centered = traitlets.Bool(True).tag(sync=True)
    unit = traitlets.List(traitlets.Int(), None, allow_none=True).tag(sync=True)
    inside = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self,
        model=Undefined,
        examples=None,
        labels=None,
        classes=None,
        example=0,
        **traits,
    ):
        self.check_names(traits)
        if model is Undefined:  # not None, which a function may return by mistake
            model = _digit_network()
            if examples is None and labels is None:
                examples, labels = _digits()
        _check_sequential(model)
        self._pictures = _levels(examples)
        size = tuple(self._pictures.shape[1:])
        layers, tensors = _read(model, size)
        self._model = copy.deepcopy(model).cpu().float().eval()
        known = {
            "layers": layers,
            "weights": _packed(layers, tensors),
            "size": list(size),
            "examples": base64.b64encode(bytes(self._pictures.flatten())).decode(),
            "classes": _classes(classes, layers[-1]["shape"]),
        }
        known["labels"] = _labels(labels, len(self._pictures), len(known["classes"]))
        for name, value in known.items():
            self.set_trait(name, value)
        super().__init__(example=example, **traits)

    def state(self) -> dict:
        """The state as plain data; pictures and weights as base64."""
        return super().state() | {"drawing": _to_text(self.drawing)}

    @property
    def input(self):
        """What the network is given now: a float tensor (C, H, W) in [0, 1]."""
        import torch

        if self.drawing is not None:
            picture = torch.tensor(self.drawing, dtype=torch.uint8).reshape(self.size)
            if self.centered and self.size[0] == 1:
                picture = center(picture[0])[None]
        elif len(self._pictures):
            picture = self._pictures[self.example]
        else:
            picture = torch.zeros(self.size, dtype=torch.uint8)
        return picture / 255

    @property
    def outputs(self):
        """What every layer of the model answers: tensors (C, H, W) or (n,)."""
        import torch

        x, found = self.input[None], []
        with torch.no_grad():
            for layer in _flat(self._model):
                x = layer(x.clone())  # a ReLU may work in place
                found.append(x[0])
        return found

    @property
    def logits(self):
        """The last layer's answer: a tensor (classes,)."""
        return self.outputs[-1]

    @property
    def answers(self):
        """The probability of each class, by softmax: a tensor (classes,)."""
        return self.logits.softmax(0)

    @property
    def receptive_field(self):
        """Rows and columns of the picture that `unit` depends on: two ranges.

        From the first to the last one; a stride or a dilation may leave gaps. Empty
        if the unit reads nothing but padding.
        """
        if self.unit is None:
            return None
        at, *place = self.unit
        lines = [[i] for i in place]
        for i in range(at, 0, -1):
            lines = _reads(self.layers[i - 1], self._shape(i - 1), lines)
        if not all(lines):
            return range(0), range(0)
        return tuple(range(along[0], along[-1] + 1) for along in lines[1:])

    def summary(self) -> str:
        """The layers, the number of weights, and the answer."""
        answers = self.answers
        weights = sum(p.numel() for p in self._model.parameters())
        shapes = [f"{layer['kind']} {_times(layer['shape'])}" for layer in self.layers]
        return (
            f"a network of {len(shapes)} layers and {weights:,} weights. Picture "
            f"{_times(self.size)}, {', '.join(shapes)}. {self._shown()} It answers "
            f"“{self.classes[answers.argmax()]}” with {percent(answers.max())}"
        )

    def _shown(self):
        if self.drawing is not None and self.size[0] == 1:
            return "It is given a drawing."
        if self.drawing is not None:
            return "It is given a picture with hidden parts."
        if not len(self._pictures):
            return "It is given an empty picture."
        label = self.classes[self.labels[self.example]] if self.labels else ""
        return f"It is given example {self.example + 1}{label and f' (“{label}”)'}."

    def _shape(self, at):
        return self.layers[at - 1]["shape"] if at else self.size

    @traitlets.validate("example")
    def _is_there(self, proposal):
        most = max(0, len(self._pictures) - 1)
        if not 0 <= proposal["value"] <= most:
            raise TraitError(
                f"example: expected a number from 0 to {most}, got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("unit")
    def _is_unit(self, proposal):
        unit = proposal["value"]
        if unit is None:
            return None
        if not unit or not 0 <= unit[0] <= len(self.layers):
            raise TraitError(
                "unit: expected [layer, channel, row, column] or [layer, index] with "
                f"a layer from 0 to {len(self.layers)}, got {unit}"
            )
        shape = self._shape(unit[0])
        inside = len(unit) == 1 + len(shape) and all(
            0 <= i < n for i, n in zip(unit[1:], shape, strict=True)
        )
        if not inside:
            raise TraitError(
                f"unit: layer {unit[0]} has units {[unit[0], *[0] * len(shape)]} to "
                f"{[unit[0], *[n - 1 for n in shape]]}, got {unit}"
            )
        return unit


def center(picture):
    """Center and scale a drawing as the digits of MNIST were (chapter 9).

    What is drawn is scaled, its aspect kept, so that its longer side is 20 of 28
    pixels, and moved by whole pixels so that its center of mass is in the middle.
    The digits of MNIST stay as they are.

    Parameters
    ----------
    picture : uint8 tensor (H, W)

    Returns
    -------
    uint8 tensor (H, W)
    """
    import torch

    if not picture.any():
        return picture.clone()
    (top, bottom), (left, right) = (
        (int(lines.min()), int(lines.max()) + 1) for lines in picture.nonzero().T
    )
    # In float64, so that the page, which does the same, rounds to the same levels
    crop = picture[top:bottom, left:right].double()
    box = _half_up(BOX * min(picture.shape))
    sides = [max(1, _half_up(n * box / max(crop.shape))) for n in crop.shape]
    down, along = (
        _triangles(n, side) for n, side in zip(crop.shape, sides, strict=True)
    )
    small = down @ crop @ along.T
    starts = []
    for d, side in enumerate(sides):
        middle = (small.sum(1 - d) @ torch.arange(side).double() / small.sum()).item()
        start = math.ceil(picture.shape[d] / 2 - middle - 0.5 - 1e-6)
        starts.append(max(0, min(picture.shape[d] - side, start)))
    y = torch.zeros_like(picture)
    (r, c), (h, w) = starts, sides
    y[r : r + h, c : c + w] = (small + 0.5 + 1e-6).floor()
    return y


def _triangles(before, after):
    """Weights (after, before) of the means that scale a line of pixels.

    As interpolate(..., mode="bilinear", antialias=True), which is wrong for a
    picture that becomes one pixel wide (seen in PyTorch 2.14).
    """
    import torch

    scale = before / after
    middles = scale * (torch.arange(after).double()[:, None] + 0.5)
    distances = (torch.arange(before).double() + 0.5 - middles).abs()
    heights = (1 - distances / max(1, scale)).clamp(min=0)
    return heights / heights.sum(1, keepdim=True)


def percent(share):
    """A probability with one decimal; never 0 or 100 percent unless it is that."""
    number = _half_up(1000 * float(share)) / 10
    if number == 100 and share < 1:
        return "more than 99.9%"
    if number == 0 and share > 0:
        return "less than 0.1%"
    return f"{number:g}%"


def _half_up(number):
    return math.floor(number + 0.5 + 1e-6)


def _times(shape):
    return "×".join(map(str, shape))


def _reads(layer, shape, lines):
    """Channels, rows and columns of the layer before that these of a layer read."""
    every = [list(range(side)) for side in shape]
    if layer["kind"] == "Linear":
        return every
    if layer["kind"] == "Flatten" and len(shape) == 3:
        [numbers] = lines
        return _unraveled(numbers[0], shape) if len(numbers) == 1 else every
    if "kernel" not in layer:
        return lines
    channels, *places = lines
    read = [_taps(layer, d, along, shape[d + 1]) for d, along in enumerate(places)]
    return [every[0] if layer["kind"] == "Conv2d" else channels, *read]


def _taps(layer, d, along, size):
    """Rows (d = 0) or columns (d = 1) that windows read, without the padding."""
    kernel, stride, before = (layer[key][d] for key in ("kernel", "stride", "padding"))
    dilation = layer.get("dilation", (1, 1))[d]
    starts = (i * stride - before for i in along)
    taps = {start + tap * dilation for start in starts for tap in range(kernel)}
    return sorted(at for at in taps if 0 <= at < size)


def _unraveled(index, shape):
    channel, place = divmod(index, shape[1] * shape[2])
    row, column = divmod(place, shape[2])
    return [[channel], [row], [column]]


# --- What is there by default -------------------------------------------------------


def _digit_network():
    """The book's network for digits, trained."""
    from cnnbook.experiments import DIGIT_WEIGHTS
    from cnnbook.layers import digit_network
    from cnnbook.training import load_weights

    return load_weights(digit_network(), DIGIT_WEIGHTS)


def _digits():
    """A few test digits (N, 1, 28, 28) in [0, 1], and what they show."""
    from cnnbook import data

    images, labels = data.mnist(train=False)
    return images[SHOWN, None] / 255, labels[SHOWN]


# --- What is given ------------------------------------------------------------------


def _levels(examples):
    """Pictures in [0, 1] as a uint8 tensor (N, C, H, W)."""
    import torch

    if examples is None:
        return torch.zeros(0, *SIZE, dtype=torch.uint8)
    x = torch.as_tensor(examples)
    if x.ndim != 4 or x.shape[1] not in (1, 3) or not x.numel():
        raise TraitError(
            "examples: expected shape (N, C, H, W) with 1 or 3 channels, got "
            f"{tuple(x.shape)}"
        )
    if not x.is_floating_point() or not (x.min() >= 0 and x.max() <= 1):
        raise TraitError(
            "examples: expected floats from 0 to 1, got "
            f"{x.dtype} from {x.min():.4g} to {x.max():.4g}"
        )
    return (x.detach().cpu() * 255).round().to(torch.uint8)


def _classes(classes, shape):
    """A name for each class."""
    count = shape[0]
    if classes is None:
        return [str(i) for i in range(count)]
    names = list(classes)
    if len(names) != count or not all(isinstance(name, str) for name in names):
        raise TraitError(
            f"classes: expected {count} names, one for each answer of the model, "
            f"got {classes!r:.60}"
        )
    return names


def _labels(labels, count, classes):
    """A class for each example, or none at all."""
    if labels is None:
        return []
    numbers = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    fits = all(type(n) is int and 0 <= n < classes for n in numbers)
    if len(numbers) != count or not fits:
        raise TraitError(
            f"labels: expected a whole number from 0 to {classes - 1} for each of the "
            f"{count} examples, got {labels!r:.60}"
        )
    return numbers


# --- The model ----------------------------------------------------------------------


def _check_sequential(model):
    from torch import nn

    if not isinstance(model, nn.Sequential):
        raise TypeError(f"model: expected an nn.Sequential, got {type(model).__name__}")


def _flat(model):
    """The layers of a Sequential and of those in it, in order."""
    from torch import nn

    for layer in model:
        if isinstance(layer, nn.Sequential):
            yield from _flat(layer)
        else:
            yield layer


def _read(model, size):
    """Each layer as plain data with its output's shape, and its weights.

    Returns two lists of one entry a layer; weights are tuples of tensors.
    """
    shape, layers, tensors = list(size), [], []
    for i, layer in enumerate(_flat(model), 1):
        kind = type(layer).__name__
        try:
            _check_kind(layer)
            options, shape = _KINDS[kind](layer, shape)
            tensors.append(_weights(layer))
        except ValueError as error:
            raise TraitError(f"model: layer {i}, {kind}: {error}") from None
        layers.append({"kind": kind, "shape": shape, **options})
    if not layers or len(shape) != 1:
        raise TraitError(
            "model: expected one number for each class at its end, got shape "
            f"{tuple(shape)}"
        )
    return layers, tensors


def _check_kind(layer):
    from torch import nn

    # Not isinstance: a class made from one of these may compute something else
    if type(layer) is not getattr(nn, type(layer).__name__, None) or (
        type(layer).__name__ not in _KINDS
    ):
        *others, last = _KINDS
        raise ValueError(f"expected one of {', '.join(others)} and {last}")


def _demand(options, **expected):
    """Refuse options that the page does not know."""
    for name, value in expected.items():
        if (given := getattr(options, name)) != value:
            raise ValueError(f"expected {name}={value!r}, got {given!r}")


def _maps(shape):
    if len(shape) != 3:
        raise ValueError(f"expected maps (C, H, W) before it, got {tuple(shape)}")
    return shape


def _two(value):
    return list(value) if isinstance(value, tuple | list) else [value, value]


def _conv(layer, shape):
    channels, *sizes = _maps(shape)
    _demand(layer, in_channels=channels, groups=1, padding_mode="zeros")
    kernel, stride, dilation = layer.kernel_size, layer.stride, layer.dilation
    padding = layer.padding
    after = output_size(tuple(sizes), kernel, stride, padding, dilation)
    if isinstance(padding, str):
        sides = same_padding(kernel, dilation) if padding == "same" else [(0, 0)] * 2
        padding = [before for before, _ in sides]
    options = {"kernel": kernel, "stride": stride, "padding": padding}
    options |= {"dilation": dilation}
    return _plain(options), [layer.out_channels, *after]


def _pool(layer, shape):
    channels, *sizes = _maps(shape)
    _demand(layer, ceil_mode=False)
    kernel, stride = _two(layer.kernel_size), _two(layer.stride)
    padding = _two(layer.padding)
    after = pool_output_size(tuple(sizes), tuple(kernel), tuple(stride), tuple(padding))
    options = {"kernel": kernel, "stride": stride, "padding": padding}
    return _plain(options), [channels, *after]


def _max_pool(layer, shape):
    _demand(layer, return_indices=False)
    if _two(layer.dilation) != [1, 1]:
        raise ValueError(f"expected dilation=1, got {layer.dilation}")
    return _pool(layer, shape)


def _avg_pool(layer, shape):
    _demand(layer, divisor_override=None)
    options, after = _pool(layer, shape)
    return options | {"zeros": bool(layer.count_include_pad)}, after


def _flatten(layer, shape):
    _demand(layer, start_dim=1, end_dim=-1)
    return {}, [math.prod(shape)]


def _linear(layer, shape):
    if len(shape) != 1:
        raise ValueError(f"expected a Flatten before it, got maps {tuple(shape)}")
    _demand(layer, in_features=shape[0])
    return {}, [layer.out_features]


def _same(layer, shape):
    return {}, list(shape)


_KINDS = {
    "Conv2d": _conv,
    "ReLU": _same,
    "MaxPool2d": _max_pool,
    "AvgPool2d": _avg_pool,
    "Flatten": _flatten,
    "Linear": _linear,
    "Dropout": _same,
}


def _plain(options):
    """Lists of plain integers, as JSON has them."""
    return {name: [int(n) for n in pair] for name, pair in options.items()}


def _weights(layer):
    """Weights and biases of a layer, zeros where it has no biases."""
    import torch

    if not hasattr(layer, "weight"):
        return ()
    w = layer.weight.detach().cpu().float()
    bias = torch.zeros(len(w)) if layer.bias is None else layer.bias.detach().cpu()
    if not (w.isfinite().all() and bias.isfinite().all()):
        raise ValueError("expected finite weights")
    return w, bias.float()


def _packed(layers, tensors):
    """All weights as base64; writes into each layer by what to divide its own.

    A weight is a whole number of 3 bytes over a power of two, the largest with which
    the layer's largest weight still fits. So it takes less room than a float32, and
    the answers are as exact: floats of 3 bytes err ten times as much.
    """
    import torch

    packed = []
    for layer, parts in zip(layers, tensors, strict=True):
        if not parts:
            continue
        layer["shifts"] = [_shift(part) for part in parts]
        for part, shift in zip(parts, layer["shifts"], strict=True):
            whole = (part.double() * 2.0**shift).round()
            whole = whole.clamp(max=2 ** (BITS - 1) - 1).to(torch.int32)
            packed.append(whole.flatten().numpy().astype("<i4").view("u1"))
    rows = [part.reshape(-1, 4)[:, :3].tobytes() for part in packed]
    return base64.b64encode(b"".join(rows)).decode()


def _shift(part):
    most = part.abs().max().item()
    return BITS - 1 - math.frexp(most)[1] if most else 0
