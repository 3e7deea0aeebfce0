"""SizeCalculator: the output size of a layer, and what makes it a wanted one."""

import operator

import traitlets
from traitlets import TraitError, Undefined

from cnnbook import arithmetic
from cnnbook.widgets.base import Widget

MOST_LAYERS = 8

#: Least and most of each number, and what a layer has when it is left out.
SIZE = (1, 4096)
BOUNDS = {"kernel": (1, 64), "stride": (1, 64), "padding": (0, 64), "dilation": (1, 32)}
DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1}

#: What can be the unknown of the formula.
UNKNOWNS = ["output", "input", "kernel", "stride", "padding", "dilation"]


class _Layers(traitlets.TraitType):
    """One to eight layers as dicts, with their defaults filled in."""

    info_text = "a list of layers"

    def validate(self, obj, value):
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_LAYERS:
            raise TraitError(
                f"layers: expected a list of 1 to {MOST_LAYERS} dicts such as "
                f"dict(kernel=3, stride=2), got {value!r:.60}"
            )
        return [_layer(number, layer) for number, layer in enumerate(value, start=1)]


class SizeCalculator(Widget):
    """Compute the size after each layer, or solve for any one number (chapter 5).

    One direction of square images; where the division leaves a remainder, the
    reader sees what is left out.

    Parameters
    ----------
    size : int, 1 to 4096
        Pixels of the input, in one row.
    layers : list of 1 to 8 dicts
        From the input to the output, each with ``kernel`` (1 to 64) and, if they are
        not the default, ``stride`` (1 to 64), ``padding`` on each side (0 to 64) and
        ``dilation`` (1 to 32).
    selected : int
        Index of the layer to show; past the last one it means the last.
    solve_for : str
        The unknown: 'output' by default, or 'input', 'kernel', 'stride', 'padding',
        'dilation'. For these the reader chooses the output.
    in_channels, out_channels : int, 1 to 4096
        Channels in the code that is offered for copying; sizes do not depend on them.

    Raises
    ------
    TypeError
        If a keyword names no trait, or `size` or `layers` is missing.
    traitlets.TraitError
        If a value has the wrong form or is out of its range, or a kernel does not
        fit into what its layer is given.

    Examples
    --------
    >>> SizeCalculator(size=28, layers=[dict(kernel=5, padding=2)]).sizes
    [28, 28]
    """

    size = traitlets.Int(min=SIZE[0], max=SIZE[1]).tag(sync=True)
    layers = _Layers().tag(sync=True)
    selected = traitlets.Int(0, min=0, max=MOST_LAYERS - 1).tag(sync=True)
    solve_for = traitlets.Enum(UNKNOWNS, "output").tag(sync=True)
    in_channels = traitlets.Int(3, min=1, max=4096).tag(sync=True)
    out_channels = traitlets.Int(16, min=1, max=4096).tag(sync=True)

    def __init__(self, size=Undefined, layers=Undefined, **traits):
        self.check_names(traits)  # first: a misspelled size is not a missing one
        if size is Undefined or layers is Undefined:
            raise TypeError("SizeCalculator needs a size and layers")
        super().__init__(size=size, layers=layers, **traits)

    @property
    def sizes(self):
        """The size before the first layer and after each: a list of ints."""
        return _sizes(self.size, self.layers)

    @traitlets.validate(
        "size", "layers", "selected", "solve_for", "in_channels", "out_channels"
    )
    def _possible(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        # While the widget is being made, one of the two may still be missing, and
        # the other numbers may not have been looked at yet.
        known = {**self._trait_values, name: value}
        for number in ("size", "selected", "in_channels", "out_channels"):
            if isinstance(known.get(number), bool):  # True is 1, but a mistake here
                raise TraitError(
                    f"{number}: expected a whole number, got {known[number]}"
                )
        if name in ("size", "layers") and known.get("size") and known.get("layers"):
            _sizes(known["size"], known["layers"])
        return value

    def summary(self) -> str:
        """The sizes, and each layer with its formula."""
        sizes = self.sizes
        parts = [
            f"Layer {number}: {_settings(layer)}; {_formula(n, layer)} = {m}"
            for number, (n, layer, m) in enumerate(
                zip(sizes, self.layers, sizes[1:], strict=False), start=1
            )
        ]
        return f"sizes {' → '.join(map(str, sizes))}. {'. '.join(parts)}"


def _layer(number, layer):
    """Return a layer with its defaults as a dict of plain ints."""
    if not isinstance(layer, dict):
        raise TraitError(f"layers: layer {number}: expected a dict, got {layer!r:.60}")
    names = ", ".join(BOUNDS)
    if wrong := [name for name in layer if name not in BOUNDS]:
        raise TraitError(
            f"layers: layer {number}: expected only {names}, got {wrong[0]!r}"
        )
    if "kernel" not in layer:
        raise TraitError(f"layers: layer {number}: expected a kernel, got {layer!r}")
    whole = DEFAULTS | layer
    return {name: _whole(f"layer {number}: {name}", whole[name], *BOUNDS[name])
            for name in BOUNDS}  # fmt: skip


def _whole(name, value, least, most):
    """Return an integer of any type as a plain one, if it is in its range."""
    problem = f"layers: {name}: expected a whole number from {least} to {most}, got "
    try:
        number = operator.index(value)
    except TypeError:
        raise TraitError(f"{problem}{value!r:.60}") from None
    if isinstance(value, bool) or not least <= number <= most:
        raise TraitError(f"{problem}{value!r:.60}")
    return number


def _sizes(size, layers):
    """Return the sizes of a chain; raise TraitError for a kernel that does not fit."""
    sizes = [size]
    for number, layer in enumerate(layers, start=1):
        try:
            sizes.append(arithmetic.output_size(sizes[-1], **layer))
        except ValueError as error:
            raise TraitError(f"layers: layer {number}: {error}") from None
    return sizes


def _settings(layer):
    """Name the numbers of a layer that are not the default."""
    shown = [name for name in layer if layer[name] != DEFAULTS.get(name)]
    return ", ".join(f"{name} {layer[name]}" for name in shown)


def _formula(n, layer):
    """Write out the formula with its numbers put in."""
    k, s, p, d = (layer[name] for name in BOUNDS)
    return f"floor(({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}) + 1"
