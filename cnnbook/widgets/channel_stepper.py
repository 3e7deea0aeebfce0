"""ChannelStepper: a filter as deep as its input, and one number for all channels."""

import traitlets
from traitlets import TraitError, Undefined

from cnnbook.widgets.base import LARGEST, Matrix, Widget, plain_number
from cnnbook.widgets.sliding import check_fit

MAX_CHANNELS, MAX_FILTERS = 4, 6

#: Names of three channels, as in `channel_stepper.js`.
COLORS = ["red", "green", "blue"]

#: The traits that must fit to each other.
TOGETHER = ("input", "filters", "bias", "filter", "channels", "names")
TOGETHER += ("inputs", "filter_sets")


class Stack(traitlets.TraitType):
    """A trait that holds 1 to `most` values of another trait, all of one shape.

    Parameters
    ----------
    part : trait
        What each of them is, such as a `Matrix`.
    most : int
        How many there may be.
    name, form : str
        What errors call one of them, and the whole, such as "channel", "(C, H, W)".
    """

    def __init__(self, part, most, name, form, **kwargs):
        super().__init__(**kwargs)
        self.part, self.most, self.part_name, self.form = part, most, name, form

    def validate(self, obj, value):
        """Check number, values and shapes; return nested lists of plain numbers."""
        parts = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(parts, list | tuple):
            self._refuse(f"expected {self.form}, got {parts!r:.60}")
        if not 1 <= len(parts) <= self.most:
            names = f"{self.part_name}s {self.form}"
            self._refuse(f"expected 1 to {self.most} {names}, got {len(parts)}")
        checked = [self._checked(obj, i, part) for i, part in enumerate(parts, 1)]
        shapes = sorted({shape(part) for part in checked})
        if len(shapes) > 1:
            self._refuse(f"expected {self.part_name}s of one shape, got {shapes}")
        return checked

    def _checked(self, obj, i, part):
        try:
            return self.part.validate(obj, part)
        except TraitError as error:
            self._refuse(f"{self.part_name} {i}: {error}")

    def _refuse(self, problem):
        name = f"{self.name}: " if self.name else ""  # none inside another trait
        raise TraitError(name + problem)


class Numbers(traitlets.TraitType):
    """A trait that holds finite numbers, rounded to four decimals."""

    def validate(self, obj, value):
        """Check the numbers; return a list of plain ones."""
        numbers = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(numbers, list | tuple):
            raise TraitError(f"{self.name}: expected numbers, got {numbers!r:.60}")
        try:
            return [plain_number(number, most=LARGEST) for number in numbers]
        except ValueError as error:
            raise TraitError(f"{self.name}: {error}") from None


class _Input(Stack):
    def __init__(self, **kwargs):
        super().__init__(Matrix(12), MAX_CHANNELS, "channel", "(C, H, W)", **kwargs)


class _Filters(Stack):
    def __init__(self, **kwargs):
        one = Stack(Matrix(5), MAX_CHANNELS, "channel", "(C, kH, kW)")
        super().__init__(one, MAX_FILTERS, "filter", "(F, C, kH, kW)", **kwargs)


class ChannelStepper(Widget):
    """Slide filters over all channels of an input, one number at a time (chapter 6).

    Parameters
    ----------
    input : (C, H, W), 1 to 4 channels, sides 1 to 12; or the name of one in `inputs`
        What the filters slide over.
    filters : (F, C, kH, kW), 1 to 6 filters, sides 1 to 5; or a name in `filter_sets`
        The weights. They have the input's channels and must fit into it.
    bias : F numbers, by default zeros
        What is added to the sums of each filter.
    position : int
        Index of the current place of the outputs, row by row, from 0.
    filter : int
        Index of the filter whose numbers are shown.
    channels : C bools, by default all True
        Which channels count; one that is switched off adds 0.
    names : C strings, optional
        What the channels are called. By default three are red, green and blue, and
        others are counted.
    inputs, filter_sets : dicts, optional
        What the reader can choose from, with the same number of channels.

    Changes that fit only together are made in one go, within
    ``with stepper.hold_trait_notifications():``.

    Raises
    ------
    TypeError
        If a keyword names no trait, or the input or the filters are missing.
    traitlets.TraitError
        If a value has the wrong form or does not fit to the others.
    """

    input = _Input().tag(sync=True)
    filters = _Filters().tag(sync=True)
    bias = Numbers().tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    filter = traitlets.Int(0, min=0).tag(sync=True)
    channels = traitlets.List(traitlets.Bool()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    inputs = traitlets.Dict(_Input()).tag(sync=True)
    filter_sets = traitlets.Dict(_Filters()).tag(sync=True)

    def __init__(self, input=Undefined, filters=Undefined, **traits):
        self.check_names(traits)  # first: a misspelled one is not a missing one
        if input is Undefined or filters is Undefined:
            raise TypeError("ChannelStepper needs an input and filters")
        input = _named("input", input, traits.get("inputs", {}))
        filters = _named("filters", filters, traits.get("filter_sets", {}))
        super().__init__(input=input, filters=filters, **traits)

    @traitlets.default("bias")
    def _no_bias(self):
        return [0] * len(self.filters)

    @traitlets.default("channels")
    def _all_channels(self):
        return [True] * len(self.input)

    @property
    def output(self):
        """What the reader sees as outputs: a tensor (F, OH, OW)."""
        import torch

        w, bias = _tensor(self.filters), _tensor(self.bias)
        return torch.nn.functional.conv2d(self._counted[None], w, bias)[0]

    @property
    def partial_sums(self):
        """What each channel adds at the current place: a tensor (C,)."""
        x, w, (r, c) = self._counted, _tensor(self.filters[self.filter]), self.place
        # + 0 turns −0 into 0
        return (x[:, r : r + w.shape[1], c : c + w.shape[2]] * w).sum((1, 2)) + 0

    @property
    def place(self):
        """Row and column of the outputs at the current position, from 0."""
        (_, h, w), (_, _, kh, kw) = shape(self.input), shape(self.filters)
        rows, columns = h - kh + 1, w - kw + 1
        return divmod(min(self.position, rows * columns - 1), columns)

    @property
    def _counted(self):
        """The input with zeros in the channels that are switched off."""
        off = [k for k, on in enumerate(self.channels) if not on]
        x = _tensor(self.input)
        x[off] = 0
        return x

    @traitlets.validate(*TOGETHER)
    def _fits(self, proposal):
        # While the widget is being made, parts may still be missing.
        parts = {**self._trait_values, proposal["trait"].name: proposal["value"]}
        if parts.get("input") and parts.get("filters"):
            _check(parts)
        return proposal["value"]

    def summary(self) -> str:
        """The sizes, and what each channel adds at the current place."""
        output = self.output
        x, w = _size(self.input), _size(self.filters[0])
        y = _size(output[0].tolist())
        count, at = len(self.filters), self.filter
        (row, column), sums = self.place, self.partial_sums.tolist()
        names = self._channel_names()
        terms = [f"{name} {_g(part)}" for name, part in zip(names, sums, strict=True)]
        terms += [f"bias {_g(self.bias[at])}"]
        filters, outputs = ("filters", "outputs") if count > 1 else ("filter", "output")
        return (
            f"{count} {filters} of size {w} on an input of size {x}: {count} {outputs} "
            f"of size {y}. Filter {at + 1} at row {row + 1}, column {column + 1}: "
            f"{' + '.join(terms)} = {_g(output[at, row, column].item())}"
        )

    def _channel_names(self):
        names = self.names or (COLORS if len(self.input) == 3 else None)
        names = names or [f"channel {c}" for c in range(1, len(self.input) + 1)]
        return [
            name if on else f"{name} (off)"
            for name, on in zip(names, self.channels, strict=True)
        ]


def shape(stack):
    """The shape of nested lists, such as (C, H, W)."""
    return (len(stack), *shape(stack[0])) if isinstance(stack, list) else ()


def _size(stack):
    return "×".join(map(str, shape(stack)))


def _g(value):
    return f"{round(value, 3) + 0:g}"  # + 0 turns −0 into 0


def _tensor(numbers):
    import torch

    return torch.tensor(numbers, dtype=torch.float64)


def _named(trait, value, named):
    if not isinstance(value, str):
        return value
    if value not in named:
        known = f"only {', '.join(named)}" if named else "and no others are given"
        raise TraitError(f"{trait}: nothing is named {value!r}, {known}")
    return named[value]


def _check(parts):
    """Raise TraitError if the parts of the state do not fit to each other."""
    channels, *size = shape(parts["input"])
    count, depth, *kernel = shape(parts["filters"])
    _check_channels("filters", depth, channels)
    check_fit("input", tuple(size), tuple(kernel), "filters")
    for name, wanted in {
        "bias": count,
        "channels": channels,
        "names": channels,
    }.items():
        given = parts.get(name)
        usual = name == "names" and not given
        if given is not None and not usual and len(given) != wanted:
            one = "filter" if name == "bias" else "channel"
            raise TraitError(
                f"{name}: expected {wanted}, one for each {one}, got {len(given)}"
            )
    if parts.get("filter", 0) >= count:
        raise TraitError(
            f"filter: expected an index from 0 to {count - 1}, got {parts['filter']}"
        )
    for name, given in parts.get("inputs", {}).items():
        _check_channels(f"inputs: {name!r}", len(given), channels)
    for name, given in parts.get("filter_sets", {}).items():
        _check_channels(f"filter_sets: {name!r}", len(given[0]), channels)


def _check_channels(name, given, channels):
    if given != channels:
        raise TraitError(
            f"{name}: expected {channels} channels, as the input has, got {given}"
        )
