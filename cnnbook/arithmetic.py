"""The arithmetic of convolution and pooling layers, in integers only.

Where the windows of a layer lie, how large its output is, how many weights it
has and how many multiplications it needs. Every answer is PyTorch's answer, and
what PyTorch refuses is refused here. PyTorch itself is not imported.

Notation, for one direction (the height H or the width W of an image):

    n  size      pixels of the input
    k  kernel    taps of the filter, or side of the pooling window
    s  stride    pixels from one window to the next
    p  padding   pixels added on each side (before: top, left; after: bottom, right)
    d  dilation  pixels from one tap to the next; 1 leaves no gap

A kernel reaches over d(k - 1) + 1 pixels, and the output has

    floor((n + p_before + p_after - d(k - 1) - 1) / s) + 1

pixels (Chapter 5). With the same padding on both sides and d = 1 this is the
well-known floor((n + 2p - k) / s) + 1.

Conventions, as in PyTorch:

- An argument is one integer for both directions or a pair (H, W). If any argument
  is a pair the answer is a pair; if all are integers, so is the answer.
- Positions count from 0, the first pixel of the input; negative ones lie in the
  padding.
- Any integer type will do, NumPy's too. A float (even 2.0) and a bool are refused
  with a TypeError, every other impossible value with a ValueError.

Refused here although PyTorch lets it pass: a tuple of one number (PyTorch takes
(3,) for 3 in most places), a bool in the second place of a pair, an empty tuple as
the stride of a pooling layer, and layers with no input channels or no features.
Only the machine's own limits (32 or 64 bits, memory) are left out.
"""

import operator
from typing import NamedTuple


def output_size(size, kernel, stride=1, padding=0, dilation=1):
    """Return the height and width of a convolution's output (Chapter 5).

    The division rounds down: a last window that does not fit is left out. That is
    not an error; `unseen` tells how many pixels are lost by it. For pooling layers,
    whose rules differ, there is `pool_output_size`.

    Parameters
    ----------
    size : int or (H, W)
        Pixels of the input, 1 or more.
    kernel, stride, dilation : int or (H, W)
        1 or more (Chapters 2, 4 and 5).
    padding : int, (H, W), ((top, bottom), (left, right)), 'same' or 'valid'
        Zeros added on each side, 0 or more (Chapter 3). 'same' keeps the size and
        allows no stride but 1; 'valid' is 0. PyTorch's layers take no padding that
        differs between the two sides; there, `torch.nn.functional.pad` adds it.

    Returns
    -------
    int or (H, W)
        Pixels of the output.

    Raises
    ------
    TypeError
        An argument is not an integer or a pair of integers.
    ValueError
        An argument is out of its range, a tuple does not have two entries, a
        padding word is unknown, 'same' meets a stride above 1, or the kernel
        reaches over more pixels than the padded input has.

    Examples
    --------
    >>> output_size(32, kernel=5)
    28
    >>> output_size(10, kernel=3, stride=2)
    4
    >>> output_size((32, 20), kernel=(5, 3), padding=(2, 0))
    (32, 18)
    """
    return _each_direction(_count, size, kernel, stride, padding, dilation)


def pool_output_size(size, kernel, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Return the height and width of a pooling layer's output (Chapter 7).

    Pooling has a function of its own because PyTorch's rules for it are others:
    the stride is the kernel unless given, the padding is limited, and `ceil_mode`
    exists. The answer holds for max and for average pooling.

    Parameters
    ----------
    size : int or (H, W)
        Pixels of the input, 1 or more.
    kernel : int or (H, W)
        Side of the pooling window, 1 or more.
    stride : int or (H, W), optional
        1 or more; by default the kernel, so that windows touch but do not overlap.
    padding : int or (H, W)
        Pixels added on each side, from 0 to half of the kernel, rounded down. A
        dilation does not raise this limit, although it widens the window.
    dilation : int or (H, W)
        1 or more. Average pooling has none: leave it at 1.
    ceil_mode : bool
        If true the division rounds up: the last window may hang over the end, if it
        starts inside the input or the padding before it.

    Returns
    -------
    int or (H, W)
        Pixels of the output.

    Raises
    ------
    TypeError
        An argument is not an integer or a pair of integers, or `ceil_mode` is not
        a bool. There are no padding words here.
    ValueError
        An argument is out of its range, a tuple does not have two entries, or not
        even one window fits.

    Examples
    --------
    >>> pool_output_size(28, kernel=2)
    14
    >>> pool_output_size(5, kernel=2), pool_output_size(5, kernel=2, ceil_mode=True)
    (2, 3)
    """
    stride = kernel if stride is None else stride
    _check_flag("ceil_mode", ceil_mode)
    _check_pool_padding(kernel, padding)
    count = _count_rounding_up if ceil_mode else _count
    return _each_direction(count, size, kernel, stride, padding, dilation)


def same_padding(kernel, dilation=1):
    """Return the padding before and after that keeps the size (Chapter 3).

    This is what PyTorch's 'same' adds at stride 1. An odd kernel needs as much
    before as after; if the total is odd, the extra pixel is after (right, bottom).

    Parameters
    ----------
    kernel, dilation : int or (H, W)
        1 or more.

    Returns
    -------
    (before, after) or ((top, bottom), (left, right))
        Pixels; the second form if an argument is a pair. Only this second form is
        a `padding` for the other functions, which take two numbers for (H, W).

    Raises
    ------
    TypeError, ValueError
        As for `output_size`.

    Examples
    --------
    >>> same_padding(5), same_padding(4)
    ((2, 2), (1, 2))
    >>> output_size(10, kernel=4, padding=same_padding((4, 4)))
    (10, 10)
    """
    kernels, dilations = _pair("kernel", kernel), _pair("dilation", dilation)
    totals = [_reach(k, d) - 1 for k, d in zip(kernels, dilations, strict=True)]
    sides = [(total // 2, total - total // 2) for total in totals]
    return _one_or_pair(sides, kernel, dilation)


def window_starts(size, kernel, stride=1, padding=0, dilation=1):
    """Return the first position that each window covers (Chapter 4).

    Output pixel i reads the positions start, start + d, ..., start + d(k - 1),
    where start is entry i of the answer. A negative position, or one of `size` and
    more, lies in the padding. There are as many starts as output pixels. A pooling
    layer has the same starts if its stride is given (and `ceil_mode` is false).

    Parameters
    ----------
    size, kernel, stride, padding, dilation
        As for `output_size`.

    Returns
    -------
    range, or a pair of ranges (H, W)
        Positions in the input, in pixels from its first one.

    Raises
    ------
    TypeError, ValueError
        As for `output_size`.

    Examples
    --------
    >>> list(window_starts(5, kernel=3, stride=3, padding=1))
    [-1, 2]
    """
    return _each_direction(_starts, size, kernel, stride, padding, dilation)


def unseen(size, kernel, stride=1, padding=0, dilation=1):
    """Return how many pixels at the end of the input no window reads (Chapter 4).

    Counted from the last pixel back to the first one met that some window reads.
    Gaps further inside, such as a stride above the kernel leaves between any two
    windows, are not at the end and not counted.

    Parameters
    ----------
    size, kernel, stride, padding, dilation
        As for `output_size`.

    Returns
    -------
    int or (H, W)
        Pixels: columns lost on the right, rows lost at the bottom.

    Raises
    ------
    TypeError, ValueError
        As for `output_size`.

    Examples
    --------
    >>> unseen(7, kernel=3, stride=2), unseen(10, kernel=3, stride=2)
    (0, 1)
    """
    return _each_direction(_unseen, size, kernel, stride, padding, dilation)


def conv_weights(in_channels, out_channels, kernel, bias=True, groups=1):
    """Return the number of weights of a convolution, biases included (Chapter 6).

    A filter is as deep as its input: each of the `out_channels` filters has
    in_channels x kH x kW weights and one bias. The size of the image does not
    matter. With `groups`, a filter sees only its group's share of the input.

    Parameters
    ----------
    in_channels, out_channels : int
        1 or more.
    kernel : int or (H, W)
        1 or more; one integer means a square kernel.
    bias : bool
        Whether every filter has a bias.
    groups : int
        1 or more; divides both numbers of channels.

    Returns
    -------
    int
        The number of entries of w, shape (out_channels, in_channels / groups, kH,
        kW), and of the bias, shape (out_channels,).

    Raises
    ------
    TypeError
        A number is not an integer, or `bias` is not a bool.
    ValueError
        A number is out of its range, or `groups` does not divide the channels.

    Examples
    --------
    >>> conv_weights(3, 16, kernel=5)
    1216
    """
    in_channels = _whole("in_channels", in_channels)
    out_channels = _whole("out_channels", out_channels)
    groups = _whole("groups", groups)
    _check_flag("bias", bias)
    _check_groups(in_channels, out_channels, groups)
    height, width = _pair("kernel", kernel)
    per_filter = in_channels // groups * height * width
    return out_channels * (per_filter + bias)


def dense_weights(inputs, outputs, bias=True):
    """Return the number of weights of a fully connected layer (Chapter 1).

    Parameters
    ----------
    inputs, outputs : int
        Features in and out, 1 or more. An image has C x H x W of them.
    bias : bool
        Whether every output has a bias.

    Returns
    -------
    int
        The number of entries of the weights, shape (outputs, inputs), and of the
        bias, shape (outputs,).

    Raises
    ------
    TypeError
        A number is not an integer, or `bias` is not a bool.
    ValueError
        A number is below 1.

    Examples
    --------
    >>> dense_weights(3 * 28 * 28, 16), dense_weights(3 * 224 * 224, 16)
    (37648, 2408464)
    """
    inputs, outputs = _whole("inputs", inputs), _whole("outputs", outputs)
    _check_flag("bias", bias)
    return outputs * (inputs + bias)


def conv_multiply_adds(
    size,
    in_channels,
    out_channels,
    kernel,
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
):
    """Return the multiply-adds of a convolution on one image (Chapter 6).

    Every weight is used once at every position of the output. One multiplication
    with its addition counts as one; products with padded zeros count too, as the
    computer does them; biases do not count.

    Parameters
    ----------
    size : int or (H, W)
        Pixels of the input; one integer means a square image.
    in_channels, out_channels, kernel, groups
        As for `conv_weights`.
    stride, padding, dilation
        As for `output_size`.

    Returns
    -------
    int
        Multiply-adds for one image; twice as many floating-point operations.

    Raises
    ------
    TypeError, ValueError
        As for `conv_weights` and `output_size`.

    Examples
    --------
    >>> conv_multiply_adds(32, 3, 16, kernel=5)  # 28 x 28 positions, 1200 weights
    940800
    """
    weights = conv_weights(in_channels, out_channels, kernel, False, groups)
    sizes = _pair("size", size)
    height, width = output_size(sizes, kernel, stride, padding, dilation)
    return height * width * weights


def dense_multiply_adds(inputs, outputs):
    """Return the multiply-adds of a fully connected layer on one input (Chapter 1).

    Every weight is used exactly once; biases do not count.

    Parameters
    ----------
    inputs, outputs : int
        As for `dense_weights`.

    Returns
    -------
    int
        Multiply-adds for one input; twice as many floating-point operations.

    Raises
    ------
    TypeError, ValueError
        As for `dense_weights`.

    Examples
    --------
    >>> dense_multiply_adds(3 * 28 * 28, 16)
    37632
    """
    return dense_weights(inputs, outputs, bias=False)


class ReceptiveField(NamedTuple):
    """The pixels of the input that one output pixel depends on (Chapter 9).

    Output pixel i of a stack of layers depends on pixels from start + i * jump to
    start + i * jump + size - 1, both included; those outside the input are padding.
    The middle of the field is (size - 1) / 2 after its start.

    Attributes
    ----------
    size : int
        Pixels from the first to the last one, gaps included.
    jump : int
        Pixels between the fields of two neighboring outputs.
    start : int
        Position of the first pixel for output 0; negative if it is padding.
    """

    size: int
    jump: int
    start: int


def receptive_field(layers):
    """Return the receptive field of a stack of layers (Chapter 9).

    A kernel that reaches over r pixels of its own input adds (r - 1) of them, each
    as wide as the jump that the layers before it have built up.

    Parameters
    ----------
    layers : sequence of tuples
        From the input to the output, one tuple (kernel, stride, padding, dilation)
        a layer: what `output_size` takes after `size`, in the same order and with
        the same defaults. (3,) is a plain 3 x 3 convolution and (2, 2) is a 2 x 2
        pooling, whose stride must be written out.

    Returns
    -------
    ReceptiveField, or a pair of them (H, W)
        One pixel, jump 1, start 0 if there are no layers.

    Raises
    ------
    TypeError
        A layer is not a tuple of one to four entries, or as for `output_size`.
    ValueError
        As for `output_size`.

    Examples
    --------
    >>> receptive_field([(3,), (3,)])
    ReceptiveField(size=5, jump=1, start=0)
    >>> receptive_field([(3, 2, 1), (3, 2, 1)])
    ReceptiveField(size=7, jump=4, start=-3)
    """
    layers = [_layer(layer) for layer in layers]
    rows, columns = [], []
    for layer in layers:
        row, column = _directions(*layer)
        rows.append(row)
        columns.append(column)
    fields = [_receptive_field(rows), _receptive_field(columns)]
    return _one_or_pair(fields, *[entry for layer in layers for entry in layer])


class _Direction(NamedTuple):
    """What a layer does along one direction; `sides` is (before, after)."""

    kernel: int
    stride: int
    sides: tuple[int, int]
    dilation: int


def _reach(kernel, dilation):
    """Return how many pixels a kernel reaches over, from first to last tap."""
    return dilation * (kernel - 1) + 1


def _count(size, along, overhang=0):
    """Return how many windows fit if the last may hang over by `overhang` pixels."""
    before, after = along.sides
    padded = before + size + after
    reach = _reach(along.kernel, along.dilation)
    if reach > padded + overhang:
        allowed = f"; ceil_mode allows {overhang} more" if overhang else ""
        raise ValueError(
            f"the kernel reaches over {reach} pixels, but the padded input has only "
            f"{padded} (size {size}, padding {before} before and {after} after)"
            f"{allowed}"
        )
    return (padded + overhang - reach) // along.stride + 1


def _count_rounding_up(size, along):
    """Return how many windows a pooling layer with `ceil_mode` has."""
    # ceil(a / s) is floor((a + s - 1) / s).
    count = _count(size, along, overhang=along.stride - 1)
    before, _ = along.sides
    last_start = (count - 1) * along.stride - before
    # A last window from the padding after the input on would see nothing.
    return count if last_start < size else count - 1


def _starts(size, along):
    """Return the first position of every window as a range."""
    first = -along.sides[0]
    return range(first, first + _count(size, along) * along.stride, along.stride)


def _unseen(size, along):
    """Return how many positions at the end no tap of any window reads."""
    starts = _starts(size, along)
    taps = range(0, along.kernel * along.dilation, along.dilation)
    for position in reversed(range(size)):
        if any(position - tap in starts for tap in taps):
            return size - 1 - position
    return size


def _receptive_field(directions):
    """Return the receptive field of a stack of layers along one direction."""
    size, jump, start = 1, 1, 0
    for along in directions:
        size += (_reach(along.kernel, along.dilation) - 1) * jump
        start -= along.sides[0] * jump
        jump *= along.stride
    return ReceptiveField(size, jump, start)


def _layer(layer):
    """Return a layer of `receptive_field` with its defaults filled in."""
    if not _is_tuple(layer) or not 1 <= len(layer) <= 4:
        raise TypeError(
            "a layer must be a tuple (kernel, stride, padding, dilation), of which "
            f"the last three may be left out, got {layer!r}"
        )
    stride_padding_dilation = (1, 0, 1)
    return (*layer, *stride_padding_dilation[len(layer) - 1 :])


def _each_direction(function, size, kernel, stride, padding, dilation):
    """Return function(size, direction) for height and width, or one for both."""
    directions = _directions(kernel, stride, padding, dilation)
    sizes = _pair("size", size)
    values = [function(n, along) for n, along in zip(sizes, directions, strict=True)]
    return _one_or_pair(values, size, kernel, stride, padding, dilation)


def _directions(kernel, stride, padding, dilation):
    """Return the arguments of a layer sorted by direction: height, then width."""
    kernels = _pair("kernel", kernel)
    strides = _pair("stride", stride)
    dilations = _pair("dilation", dilation)
    sides = _sides(padding, kernels, strides, dilations)
    rows = zip(kernels, strides, sides, dilations, strict=True)
    return [_Direction(*row) for row in rows]


def _sides(padding, kernels, strides, dilations):
    """Return any form of padding as ((top, bottom), (left, right))."""
    if isinstance(padding, str):
        return _sides_from_word(padding, kernels, strides, dilations)
    per_direction = padding if _is_tuple(padding) else (padding, padding)
    if len(per_direction) != 2:
        raise ValueError(
            "padding must be an integer, a pair (H, W) or "
            f"((top, bottom), (left, right)), got {padding!r}"
        )
    return tuple(_pair("padding", sides, least=0) for sides in per_direction)


def _sides_from_word(word, kernels, strides, dilations):
    """Return the padding that 'same' or 'valid' stands for."""
    if word not in ("same", "valid"):
        raise ValueError(f"a padding word must be 'same' or 'valid', got {word!r}")
    if word == "valid":
        return (0, 0), (0, 0)
    if strides != (1, 1):
        raise ValueError(f"padding 'same' needs stride 1, got stride {strides}")
    return same_padding(kernels, dilations)


def _one_or_pair(values, *arguments):
    """Return both values if any argument was given as a pair, else the first."""
    return tuple(values) if any(map(_is_tuple, arguments)) else values[0]


def _is_tuple(value):
    """Tell whether `value` is a tuple; as in PyTorch, a list counts as one."""
    return isinstance(value, tuple | list)


def _pair(name, value, least=1):
    """Return `value` as a pair (H, W) of integers that are `least` or more."""
    values = tuple(value) if _is_tuple(value) else (value, value)
    kind = "positive" if least == 1 else "non-negative"
    problem = f"{name} must be a {kind} integer or a pair of them, got {value!r}"
    if len(values) != 2:
        raise ValueError(problem)
    return _integers(values, least, problem)


def _whole(name, value):
    """Return `value` as an integer of 1 or more."""
    problem = f"{name} must be a positive integer, got {value!r}"
    return _integers([value], 1, problem)[0]


def _integers(values, least, problem):
    """Return `values` as a tuple of plain integers, or raise `problem`."""
    if not all(map(_is_integer, values)):
        raise TypeError(problem)
    numbers = tuple(map(operator.index, values))
    if min(numbers) < least:
        raise ValueError(problem)
    return numbers


def _is_integer(value):
    """Tell whether `value` is of an integer type (NumPy's too) and not a bool."""
    try:
        operator.index(value)
    except TypeError:
        return False
    return not isinstance(value, bool)


def _check_flag(name, value):
    """Refuse what is not True or False: often a number in the wrong place."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def _check_groups(in_channels, out_channels, groups):
    """Refuse groups that do not divide both numbers of channels."""
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups must divide in_channels and out_channels, got {groups} groups "
            f"for {in_channels} and {out_channels} channels"
        )


def _check_pool_padding(kernel, padding):
    """Refuse padding of more than half a pooling window, as PyTorch does."""
    kernels = _pair("kernel", kernel)
    # A pair of plain numbers: pooling knows neither words nor sides that differ.
    paddings = _pair("padding", padding, least=0)
    limits = tuple(k // 2 for k in kernels)
    if any(p > limit for p, limit in zip(paddings, limits, strict=True)):
        raise ValueError(
            "the padding of a pooling layer must be at most half of its kernel "
            f"(here {limits} for kernel {kernels}), got {padding!r}"
        )
