"""cnnbook.arithmetic against PyTorch: the same answers and the same refusals.

Everything runs on tiny CPU tensors, not on device 'meta': there conv2d accepts
kernel 0, dilation 0, negative padding and empty images, all of which the CPU
refuses, and stride 0 is a ZeroDivisionError.
"""

import doctest
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnbook import arithmetic
from cnnbook.arithmetic import (
    ReceptiveField,
    conv_multiply_adds,
    conv_weights,
    dense_multiply_adds,
    dense_weights,
    output_size,
    pool_output_size,
    receptive_field,
    same_padding,
    unseen,
    window_starts,
)

pytestmark = pytest.mark.filterwarnings(
    # PyTorch's remarks on even kernels with 'same', and on weights of no elements.
    "ignore:Using padding='same'",
    "ignore:Initializing zero-element tensors",
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """On tensors as small as these, a second thread costs more than it helps."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


OUR_REFUSALS = (TypeError, ValueError)
TORCH_REFUSALS = (TypeError, ValueError, RuntimeError)


def answer(function, refusals):
    """Return what `function` answers, or the word 'refused'."""
    try:
        return function()
    except refusals:
        return "refused"


def assert_same(ours, by_torch):
    """Both functions give the same answer, or both refuse."""
    assert answer(ours, OUR_REFUSALS) == answer(by_torch, TORCH_REFUSALS)


# Strategies ------------------------------------------------------------------


def pairs(numbers):
    return st.tuples(numbers, numbers)


def one_or_pair(numbers):
    return numbers | pairs(numbers)


def hostile(numbers, far=15):
    """The numbers or, one time in four, others that are likely to be refused."""
    return st.one_of(numbers, numbers, numbers, st.integers(-2, far))


def unchanged(numbers):
    return numbers


def layers(spoil, words=("same", "valid")):
    """Arguments of a convolution, by name, each number spoiled or unchanged."""
    padding = one_or_pair(spoil(st.integers(0, 3)))
    return st.fixed_dictionaries(
        {
            "kernel": one_or_pair(spoil(st.integers(1, 4))),
            "stride": one_or_pair(spoil(st.integers(1, 3))),
            "padding": st.one_of(padding, padding, st.sampled_from(words)),
            "dilation": one_or_pair(spoil(st.integers(1, 2))),
        }
    )


FINE_LAYERS = layers(unchanged)
ANY_LAYERS = FINE_LAYERS | layers(hostile, ["same", "valid", "SAME", "reflect", ""])


@st.composite
def pool_layers(draw, spoil, has_dilation):
    """Arguments of a pooling layer, by name, each number spoiled or unchanged."""
    kernel = draw(one_or_pair(spoil(st.integers(1, 5))))
    limit = max(0, min(as_pair(kernel)) // 2)
    arguments = {
        "kernel": kernel,
        "stride": draw(st.none() | one_or_pair(spoil(st.integers(1, 4)))),
        "padding": draw(one_or_pair(spoil(st.integers(0, limit)))),
        "ceil_mode": draw(st.booleans()),
    }
    if has_dilation:
        arguments["dilation"] = draw(one_or_pair(spoil(st.integers(1, 3))))
    return arguments


def any_pool_layers(has_dilation):
    return pool_layers(unchanged, has_dilation) | pool_layers(hostile, has_dilation)


FINE_SIZES = pairs(st.integers(1, 12))
ANY_SIZES = FINE_SIZES | pairs(hostile(st.integers(1, 12)))
SIDES = pairs(pairs(st.integers(0, 3)))  # ((top, bottom), (left, right))


# The same in PyTorch ---------------------------------------------------------


def as_pair(value):
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def ramp(*shape):
    """1, 2, 3, ...: exact numbers, all different, with no symmetry to hide behind."""
    return torch.ones(shape, dtype=torch.double).flatten().cumsum(0).reshape(shape)


def torch_conv(x, kernel, stride=1, padding=0, dilation=1, w=None):
    """conv2d with one filter (of ones), and with padding that differs by side."""
    w = torch.ones(1, 1, *as_pair(kernel), dtype=x.dtype) if w is None else w
    if isinstance(padding, tuple) and isinstance(padding[0], tuple):
        (top, bottom), (left, right) = padding
        x, padding = F.pad(x, (left, right, top, bottom)), 0
    return F.conv2d(x, w, stride=stride, padding=padding, dilation=dilation)


def torch_conv_size(size, **arguments):
    return tuple(torch_conv(torch.zeros(1, 1, *size), **arguments).shape[2:])


def torch_pool_size(pool, size, kernel, **arguments):
    return tuple(pool(torch.zeros(1, 1, *size), kernel, **arguments).shape[2:])


# Sizes -----------------------------------------------------------------------


@settings(max_examples=2000, deadline=None)
@given(size=ANY_SIZES, arguments=ANY_LAYERS)
def test_output_size_agrees_with_conv2d(size, arguments):
    assert_same(
        lambda: output_size(size, **arguments),
        lambda: torch_conv_size(size, **arguments),
    )


@settings(max_examples=400, deadline=None)
@given(size=FINE_SIZES, sides=SIDES, arguments=FINE_LAYERS)
def test_output_size_agrees_when_padding_differs_by_side(size, sides, arguments):
    arguments["padding"] = sides
    assert_same(
        lambda: output_size(size, **arguments),
        lambda: torch_conv_size(size, **arguments),
    )


@settings(max_examples=1200, deadline=None)
@given(size=ANY_SIZES, arguments=any_pool_layers(has_dilation=True))
def test_pool_output_size_agrees_with_max_pool2d(size, arguments):
    assert_same(
        lambda: pool_output_size(size, **arguments),
        lambda: torch_pool_size(F.max_pool2d, size, **arguments),
    )


@settings(max_examples=800, deadline=None)
@given(size=ANY_SIZES, arguments=any_pool_layers(has_dilation=False))
def test_pool_output_size_agrees_with_avg_pool2d(size, arguments):
    assert_same(
        lambda: pool_output_size(size, **arguments),
        lambda: torch_pool_size(F.avg_pool2d, size, **arguments),
    )


@settings(max_examples=400, deadline=None)
@given(size=st.integers(-1, 12), arguments=ANY_LAYERS)
def test_integers_stand_for_both_directions(size, arguments):
    """An integer gives what the pair of it gives; only integers give an integer."""

    def of_pair():
        return output_size((size, size), **arguments)

    def of_integer():
        result = output_size(size, **arguments)
        has_pair = any(isinstance(value, tuple) for value in arguments.values())
        assert isinstance(result, tuple) == has_pair
        return as_pair(result)

    assert_same(of_integer, of_pair)


# Refused for every argument of every layer, by PyTorch as by us.
WRONG_TYPES = [
    *(2.0, True, np.True_, np.float64(2), {1, 2}, range(1, 3), np.array([1, 2])),
    *(
        (1, 2.0),
        (2.0, 1),
        (True, 1),
        (True, True),
        (1, None),
        ("1", "1"),
        (1, (1, 1.0)),
    ),
]
WRONG_LENGTHS = [(1, 1, 1), [1, 1, 1], (1, 1, 1, 1)]
WRONG = [(wrong, TypeError) for wrong in WRONG_TYPES]
WRONG += [(wrong, ValueError) for wrong in WRONG_LENGTHS]
# What PyTorch lets pass and we do not; the module's docstring names them.
QUIRKS = [(1,), [1], (1, True)]


@pytest.mark.parametrize(("wrong", "error"), WRONG, ids=repr)
@pytest.mark.parametrize("name", ["kernel", "stride", "padding", "dilation"])
def test_wrong_types_and_lengths_are_refused(name, wrong, error):
    arguments = {"kernel": 3, name: wrong}
    for ours in (output_size, pool_output_size, window_starts, unseen):
        with pytest.raises(error, match=name):
            ours(9, **arguments)
    with pytest.raises(TORCH_REFUSALS):
        torch_pool_size(F.max_pool2d, (9, 9), **arguments)
    if name != "kernel":  # conv2d has no such argument: its kernel is a tensor
        with pytest.raises(TORCH_REFUSALS):
            torch_conv_size((9, 9), **arguments)


@pytest.mark.parametrize("quirk", QUIRKS, ids=repr)
@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
def test_what_pytorch_lets_pass_and_we_refuse(name, quirk):
    arguments = {"kernel": 3, name: quirk}
    assert torch_conv_size((9, 9), **arguments)
    assert torch_pool_size(F.max_pool2d, (9, 9), **arguments)
    for ours in (output_size, pool_output_size):
        with pytest.raises(OUR_REFUSALS, match=name):
            ours(9, **arguments)


def test_an_empty_stride_of_a_pooling_is_refused_although_pytorch_lets_it_pass():
    assert torch_pool_size(F.max_pool2d, (9, 9), kernel=2, stride=()) == (4, 4)
    with pytest.raises(ValueError, match=r"stride must be .*, got \(\)"):
        pool_output_size(9, kernel=2, stride=())


@pytest.mark.parametrize("flag", [1, 0, None, "yes", np.True_], ids=repr)
def test_ceil_mode_must_be_a_bool(flag):
    with pytest.raises(TypeError, match="ceil_mode must be True or False"):
        pool_output_size(9, kernel=2, ceil_mode=flag)
    with pytest.raises(TypeError):
        torch_pool_size(F.max_pool2d, (9, 9), kernel=2, ceil_mode=flag)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: output_size(5, kernel=0),
            ValueError,
            "kernel must be a positive integer or a pair of them, got 0",
        ),
        (
            lambda: output_size(5, kernel=3, stride=None),
            TypeError,
            "stride must be a positive integer or a pair of them, got None",
        ),
        (
            lambda: output_size(5, kernel=3, stride="2"),
            TypeError,
            "stride must be a positive integer or a pair of them, got '2'",
        ),
        (
            lambda: output_size(True, kernel=1),
            TypeError,
            "size must be a positive integer or a pair of them, got True",
        ),
        (
            lambda: output_size((0, 5), kernel=1, padding=2),
            ValueError,
            "size must be a positive integer or a pair of them, got (0, 5)",
        ),
        (
            lambda: output_size(5, kernel=3, padding=((0, 1), (-1, 0))),
            ValueError,
            "padding must be a non-negative integer or a pair of them, got (-1, 0)",
        ),
        (
            lambda: output_size(5, kernel=3, padding=((1, 1), (1, 1), (1, 1))),
            ValueError,
            "padding must be an integer, a pair (H, W) or ((top, bottom), "
            "(left, right)), got ((1, 1), (1, 1), (1, 1))",
        ),
        (
            lambda: output_size(5, kernel=4, dilation=2),
            ValueError,
            "the kernel reaches over 7 pixels, but the padded input has only 5 "
            "(size 5, padding 0 before and 0 after)",
        ),
        (
            lambda: pool_output_size(5, kernel=8, stride=3, ceil_mode=True),
            ValueError,
            "the kernel reaches over 8 pixels, but the padded input has only 5 "
            "(size 5, padding 0 before and 0 after); ceil_mode allows 2 more",
        ),
        (
            lambda: output_size(5, kernel=3, padding="full"),
            ValueError,
            "a padding word must be 'same' or 'valid', got 'full'",
        ),
        (
            lambda: output_size(5, kernel=3, stride=(1, 2), padding="same"),
            ValueError,
            "padding 'same' needs stride 1, got stride (1, 2)",
        ),
        (
            lambda: pool_output_size(9, kernel=3, padding=2, dilation=2),
            ValueError,
            "the padding of a pooling layer must be at most half of its kernel "
            "(here (1, 1) for kernel (3, 3)), got 2",
        ),
        (
            lambda: pool_output_size(9, kernel=3, padding="same"),
            TypeError,
            "padding must be a non-negative integer or a pair of them, got 'same'",
        ),
        (
            lambda: conv_weights(3, 16, 5, 2),
            TypeError,
            "bias must be True or False, got 2",
        ),
        (
            lambda: conv_weights(6, 4, 3, groups=3),
            ValueError,
            "groups must divide in_channels and out_channels, got 3 groups for 6 "
            "and 4 channels",
        ),
        (
            lambda: dense_weights(7.0, 3),
            TypeError,
            "inputs must be a positive integer, got 7.0",
        ),
        (
            lambda: receptive_field([3, 3]),
            TypeError,
            "a layer must be a tuple (kernel, stride, padding, dilation), of which "
            "the last three may be left out, got 3",
        ),
    ],
)
def test_errors_say_what_was_given_and_what_was_expected(call, error, message):
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value) == message


def test_numpy_integers_are_integers():
    three, two = np.int64(3), np.uint8(2)
    result = output_size(np.int32(10), three, (two, np.int8(1)))
    assert result == (4, 8)
    assert [type(n) for n in result] == [int, int]
    assert torch_conv_size((10, 10), kernel=3, stride=(two, np.int8(1))) == (4, 8)
    assert type(conv_weights(three, np.int64(16), np.int64(5))) is int


def test_lists_are_tuples():
    assert output_size([10, 8], [4, 2], padding=[[1, 0], [0, 2]]) == (8, 9)
    assert torch_conv_size((10, 8), kernel=3, stride=[2, 1]) == (4, 6)
    assert output_size((10, 8), kernel=3, stride=[2, 1]) == (4, 6)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"size": 32, "kernel": 5}, 28),
        ({"size": 32, "kernel": 5, "padding": 2}, 32),
        ({"size": 10, "kernel": 3, "stride": 2}, 4),
        ({"size": 5, "kernel": 3, "padding": 1, "stride": 3}, 2),
        ({"size": 7, "kernel": 3, "stride": 2}, 3),
        ({"size": 10, "kernel": 4, "padding": 2}, 11),
        ({"size": 10, "kernel": 4, "padding": "same"}, 10),
        ({"size": 9, "kernel": 3, "dilation": 2}, 5),
        ({"size": 5, "kernel": 3, "stride": 7}, 1),
        ({"size": (9, 7), "kernel": (4, 2), "stride": (2, 3)}, (3, 2)),
        ({"size": 9, "kernel": 3, "padding": ((2, 0), (0, 3))}, (9, 10)),
    ],
)
def test_known_output_sizes(arguments, expected):
    assert output_size(**arguments) == expected
    size = as_pair(arguments.pop("size"))
    assert torch_conv_size(size, **arguments) == as_pair(expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"size": 28, "kernel": 2}, 14),
        ({"size": 5, "kernel": 2}, 2),
        ({"size": 5, "kernel": 2, "ceil_mode": True}, 3),
        # The third window would start after the input: not kept.
        ({"size": 5, "kernel": 1, "stride": 4, "ceil_mode": True}, 2),
        ({"size": 4, "kernel": 2, "stride": 4, "padding": 1, "ceil_mode": True}, 2),
        ({"size": 3, "kernel": 2, "stride": 4, "padding": 1, "ceil_mode": True}, 1),
        # One window that hangs over, although the kernel is larger than the input.
        ({"size": 5, "kernel": 7, "stride": 3, "ceil_mode": True}, 1),
        ({"size": (9, 6), "kernel": (3, 2), "stride": (1, 3)}, (7, 2)),
    ],
)
def test_known_pool_output_sizes(arguments, expected):
    assert pool_output_size(**arguments) == expected
    size = as_pair(arguments.pop("size"))
    for pool in (F.max_pool2d, F.avg_pool2d):
        assert torch_pool_size(pool, size, **arguments) == as_pair(expected)


# Positions -------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(
    kernel=one_or_pair(hostile(st.integers(1, 6))),
    dilation=one_or_pair(hostile(st.integers(1, 3))),
)
def test_same_padding_is_what_conv2d_adds(kernel, dilation):
    """Compared by the values of the output, which a shifted window would change."""
    x = ramp(1, 1, 5, 4) ** 2

    def ours():
        sides = same_padding(kernel, dilation)
        padding = sides if isinstance(sides[0], tuple) else (sides, sides)
        w = ramp(1, 1, *as_pair(kernel))
        return torch_conv(x, kernel, 1, padding, dilation, w=w).tolist()

    def by_torch():
        w = ramp(1, 1, *as_pair(kernel))
        return torch_conv(x, kernel, 1, "same", dilation, w=w).tolist()

    assert_same(ours, by_torch)


def test_same_padding_puts_the_odd_pixel_after():
    assert same_padding(5) == (2, 2)
    assert same_padding(4) == (1, 2)
    assert same_padding(1) == (0, 0)
    assert same_padding(4, dilation=3) == (4, 5)
    assert same_padding((4, 5)) == ((1, 2), (2, 2))
    assert same_padding(2, (1, 3)) == ((0, 1), (1, 2))


@st.composite
def layers_that_fit(draw):
    """A size and the arguments of a convolution that nobody refuses."""
    arguments = draw(FINE_LAYERS)
    if draw(st.booleans()):
        arguments["padding"] = draw(SIDES)
    size = draw(FINE_SIZES)
    shape = answer(lambda: torch_conv_size(size, **arguments), TORCH_REFUSALS)
    assume(shape != "refused")
    return size, arguments


def gradient_along(direction, size, arguments):
    """d y[i] / d x[position] of a convolution along one direction, w = 1, 2, ..."""
    own = {
        name: value[direction] if isinstance(value, tuple) else value
        for name, value in arguments.items()
    }
    n, kernel, padding = size[direction], own["kernel"], own["padding"]
    if not isinstance(padding, str):
        padding = (as_pair(padding), (0, 0))  # (before, after) here, none across

    def column(x):
        x, w = x.view(1, 1, n, 1), ramp(1, 1, kernel, 1)
        stride, dilation = (own["stride"], 1), (own["dilation"], 1)
        return torch_conv(x, None, stride, padding, dilation, w=w).flatten()

    x = torch.zeros(n, dtype=torch.double)
    return torch.autograd.functional.jacobian(column, x)


@settings(max_examples=300, deadline=None)
@given(case=layers_that_fit())
def test_window_starts_are_where_the_gradient_is(case):
    """Output i has the gradient w[tap] at start i + tap * dilation, 0 elsewhere."""
    size, arguments = case
    both_starts = as_pair(window_starts(size, **arguments))
    kernels, dilations = as_pair(arguments["kernel"]), as_pair(arguments["dilation"])
    for direction, starts in enumerate(both_starts):
        expected = torch.zeros(len(starts), size[direction], dtype=torch.double)
        for i, start in enumerate(starts):
            for tap in range(kernels[direction]):
                position = start + tap * dilations[direction]
                if 0 <= position < size[direction]:
                    expected[i, position] = tap + 1
        gradient = gradient_along(direction, size, arguments)
        assert gradient.tolist() == expected.tolist()


@settings(max_examples=300, deadline=None)
@given(case=layers_that_fit())
def test_unseen_pixels_are_those_at_the_end_without_gradient(case):
    size, arguments = case
    expected = []
    for direction in (0, 1):
        seen = gradient_along(direction, size, arguments).any(dim=0).tolist()
        expected.append(len(seen) if not any(seen) else seen[::-1].index(True))
    assert as_pair(unseen(size, **arguments)) == tuple(expected)


@settings(max_examples=300, deadline=None)
@given(size=ANY_SIZES, arguments=ANY_LAYERS)
def test_positions_and_sizes_agree_and_refuse_alike(size, arguments):
    """There are as many starts as output pixels, or nobody has an answer."""
    counts = answer(lambda: output_size(size, **arguments), OUR_REFUSALS)
    starts = answer(lambda: window_starts(size, **arguments), OUR_REFUSALS)
    losses = answer(lambda: unseen(size, **arguments), OUR_REFUSALS)
    if counts == "refused":
        assert (starts, losses) == ("refused", "refused")
    else:
        assert tuple(len(direction) for direction in starts) == counts
        assert all(0 <= loss <= n for loss, n in zip(losses, size, strict=True))


def test_known_window_starts():
    assert window_starts(5, kernel=3, stride=3, padding=1) == range(-1, 5, 3)
    assert list(window_starts(10, kernel=3, stride=2)) == [0, 2, 4, 6]
    assert list(window_starts(10, kernel=4, padding="same")) == list(range(-1, 9))
    rows, columns = window_starts((6, 5), kernel=2, padding=((2, 0), (0, 1)))
    assert (list(rows), list(columns)) == ([-2, -1, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4])


def test_padding_does_not_make_pixels_count_equally():
    """3 x 3, padding 1: a corner is used 4 times, an edge 6, the interior 9 times."""

    def uses(position, padding):
        starts = window_starts(7, kernel=3, padding=padding)
        return sum(start <= position < start + 3 for start in starts)

    assert [uses(0, 1) ** 2, uses(0, 1) * uses(3, 1), uses(3, 1) ** 2] == [4, 6, 9]
    assert [uses(0, 0) ** 2, uses(3, 0) ** 2] == [1, 9]
    x = torch.zeros(1, 1, 7, 7, requires_grad=True)
    torch_conv(x, 3, padding=1).sum().backward()
    corner, edge, interior = x.grad[0, 0, [0, 0, 3], [0, 3, 3]].tolist()
    assert (corner, edge, interior) == (4, 6, 9)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"size": 7, "kernel": 3, "stride": 2}, 0),
        ({"size": 10, "kernel": 3, "stride": 2}, 1),
        ({"size": 5, "kernel": 2, "stride": 2}, 1),
        ({"size": 5, "kernel": 3, "stride": 3, "padding": 1}, 0),
        # Windows at 0 and 4: 1, 2, 3 are gaps inside, 5 and 6 are at the end.
        ({"size": 7, "kernel": 1, "stride": 4}, 2),
        # Windows at -2, 0, 2 and 4; the last one is all padding, so 3 is unseen.
        ({"size": 4, "kernel": 1, "stride": 2, "padding": 2}, 1),
        # Windows at -2 and 5: both all padding.
        ({"size": 5, "kernel": 1, "stride": 7, "padding": 2}, 5),
        ({"size": (10, 8), "kernel": (3, 5), "stride": (2, 2)}, (1, 1)),
        ({"size": (9, 8), "kernel": 3, "stride": (3, 4)}, (0, 1)),
    ],
)
def test_known_unseen_pixels(arguments, expected):
    assert unseen(**arguments) == expected


# Weights and multiply-adds ---------------------------------------------------


def weights_of(layer, *inputs):
    """Entries of all parameters of a layer that accepts the input."""
    layer(torch.zeros(inputs))
    return sum(p.numel() for p in layer.parameters())


# A quirk of PyTorch: layers with no input channels or no features can be made, and
# Conv2d(0, 4, 3) answers an input with 0 channels instead of 4. We refuse them.
NOT_ZERO = st.integers(1, 12) | st.integers(-2, -1)


@settings(max_examples=400, deadline=None)
@given(
    in_channels=NOT_ZERO,
    out_channels=st.integers(-2, 12),
    kernel=one_or_pair(hostile(st.integers(1, 3), far=9)),
    bias=st.booleans(),
    groups=st.just(1) | st.integers(-1, 4),
)
def test_conv_weights_agree_with_conv2d(
    in_channels, out_channels, kernel, bias, groups
):
    channels, rest = (in_channels, out_channels), {"bias": bias, "groups": groups}
    assert_same(
        lambda: conv_weights(*channels, kernel, **rest),
        lambda: weights_of(
            nn.Conv2d(*channels, kernel, **rest), 1, in_channels, 10, 10
        ),
    )


@settings(max_examples=200, deadline=None)
@given(inputs=NOT_ZERO, outputs=NOT_ZERO, bias=st.booleans())
def test_dense_weights_agree_with_linear(inputs, outputs, bias):
    assert_same(
        lambda: dense_weights(inputs, outputs, bias),
        lambda: weights_of(nn.Linear(inputs, outputs, bias), 1, inputs),
    )


def test_known_weights():
    assert conv_weights(3, 16, 5) == 1216
    assert conv_weights(3, 16, 5, bias=False) == 1200
    assert conv_weights(6, 4, (3, 5), groups=2) == 4 * (3 * 3 * 5 + 1)
    assert dense_weights(28 * 28 * 3, 16) == 37_648
    assert dense_weights(224 * 224 * 3, 16) == 2_408_464


@pytest.mark.parametrize("wrong", [0, -1, 2.0, True, "3", None, (3, 3)], ids=repr)
def test_wrong_numbers_of_weights_are_refused(wrong):
    for name in ("in_channels", "out_channels", "groups"):
        arguments = {"in_channels": 4, "out_channels": 4, "kernel": 3, name: wrong}
        with pytest.raises(OUR_REFUSALS, match=f"{name} must be a positive integer"):
            conv_weights(**arguments)
    for name in ("inputs", "outputs"):
        arguments = {"inputs": 4, "outputs": 4, name: wrong}
        for function in (dense_weights, dense_multiply_adds):
            with pytest.raises(OUR_REFUSALS, match=f"{name} must be a positive"):
                function(**arguments)


def multiply_adds_of(function):
    """Count with PyTorch's own counter: two operations a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops() // 2


@settings(max_examples=300, deadline=None)
@given(
    size=one_or_pair(hostile(st.integers(3, 9))),
    channels=st.sampled_from([(1, 1, 1), (3, 2, 1), (2, 5, 1), (4, 6, 2), (3, 3, 3)]),
    arguments=ANY_LAYERS,
)
def test_conv_multiply_adds_agree_with_pytorchs_counter(size, channels, arguments):
    in_channels, out_channels, groups = channels
    others = dict(arguments)
    kernel = others.pop("kernel")

    def by_torch():
        x = torch.zeros(1, in_channels, *as_pair(size))
        w = torch.zeros(out_channels, in_channels // groups, *as_pair(kernel))
        return multiply_adds_of(lambda: F.conv2d(x, w, groups=groups, **others))

    assert_same(
        lambda: conv_multiply_adds(
            size, in_channels, out_channels, kernel, groups=groups, **others
        ),
        by_torch,
    )


@settings(max_examples=100, deadline=None)
@given(inputs=st.integers(1, 40), outputs=st.integers(1, 40))
def test_dense_multiply_adds_agree_with_pytorchs_counter(inputs, outputs):
    layer, x = nn.Linear(inputs, outputs), torch.zeros(1, inputs)
    assert dense_multiply_adds(inputs, outputs) == multiply_adds_of(lambda: layer(x))


def test_known_multiply_adds():
    assert conv_multiply_adds(32, 3, 16, 5) == 28 * 28 * 1200
    assert conv_multiply_adds((32, 20), 3, 16, (5, 3), (2, 1)) == 14 * 18 * 720
    assert dense_multiply_adds(28 * 28 * 3, 16) == 37_632


# Receptive field -------------------------------------------------------------

LAYERS = st.lists(
    st.tuples(
        one_or_pair(st.integers(1, 3)),
        one_or_pair(st.integers(1, 2)),
        one_or_pair(st.integers(0, 2)) | SIDES,
        one_or_pair(st.integers(1, 2)),
    ),
    max_size=3,
)


def field_of_gradient(layers, size, output):
    """First and last row and column that an output pixel of real layers sees."""
    x = torch.zeros(1, 1, *size, dtype=torch.double, requires_grad=True)
    y = x
    for layer in layers:
        y = torch_conv(y, *layer)
    y[0, 0, output[0], output[1]].backward()
    seen = x.grad[0, 0] != 0
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    return [(line.min().item(), line.max().item()) for line in (rows, columns)]


@settings(max_examples=300, deadline=None)
@given(layers=LAYERS)
def test_receptive_field_is_where_the_gradient_is(layers):
    """For the first two outputs whose field lies in the image, in each direction."""
    result = receptive_field(layers)
    fields = (result, result) if isinstance(result, ReceptiveField) else result
    # Fields that lie in the image: what is padding has no gradient.
    firsts = [-(field.start // field.jump) for field in fields]
    size = [field.size + 2 * field.jump for field in fields]
    for step in (0, 1):
        output = [first + step for first in firsts]
        expected = []
        for field, i in zip(fields, output, strict=True):
            start = field.start + i * field.jump
            expected.append((start, start + field.size - 1))
        assert field_of_gradient(layers, size, output) == expected


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], (1, 1, 0)),
        ([(3,), (3,)], (5, 1, 0)),
        ([(3,), (3,), (3,)], (7, 1, 0)),
        ([(3, 2), (3, 2)], (7, 4, 0)),
        ([(3, 2, 1), (3, 2, 1)], (7, 4, -3)),
        ([(3, 1, 2, 2)], (5, 1, -2)),
        ([(4, 1, "same")], (4, 1, -1)),
        ([(2, 3, ((1, 0), (0, 2)))], ((2, 3, -1), (2, 3, 0))),
        ([((3, 5),), (2, (2, 1))], ((4, 2, 0), (6, 1, 0))),
    ],
)
def test_known_receptive_fields(layers, expected):
    assert receptive_field(layers) == expected


def test_receptive_field_through_pooling():
    """Conv 3, pool 2, conv 3, as real modules: 8 pixels, 2 apart, from -3 on."""
    layers = [(3, 1, 1), (2, 2), (3, 1, 1)]
    assert receptive_field(layers) == (8, 2, -3)
    conv = nn.Conv2d(1, 1, 3, padding=1)
    nn.init.ones_(conv.weight)
    x = torch.zeros(1, 1, 12, 12, requires_grad=True)
    nn.Sequential(conv, nn.AvgPool2d(2), conv)(x)[0, 0, 3, 2].backward()
    seen = x.grad[0, 0].nonzero()
    assert seen.min(dim=0).values.tolist() == [3, 1]
    assert seen.max(dim=0).values.tolist() == [10, 8]


NO_LAYERS = [3, "same", (), (3, 1, 0, 1, 1), {"kernel": 3}, None]
IMPOSSIBLE_LAYERS = [(0,), (3, 0), (3, 1, -1), (3, 1, 0, 0), (3, 2, "same")]


@pytest.mark.parametrize("wrong", NO_LAYERS, ids=repr)
def test_what_is_not_a_layer_is_refused(wrong):
    with pytest.raises(TypeError, match="a layer must be a tuple"):
        receptive_field([(3,), wrong])


@pytest.mark.parametrize("wrong", IMPOSSIBLE_LAYERS, ids=repr)
def test_impossible_layers_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|needs stride 1"):
        receptive_field([(3,), wrong])


# The module ------------------------------------------------------------------


def test_the_examples_in_the_docstrings_are_true():
    results = doctest.testmod(arithmetic)
    assert results.attempted >= 10
    assert results.failed == 0


def test_the_module_needs_neither_torch_nor_numpy():
    names = '{"torch", "numpy"}'
    code = f"import sys, cnnbook.arithmetic; print({names} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "set()", run.stderr
