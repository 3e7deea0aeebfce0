"""What the checks of the assignments are made of.

A check compares an answer with the truth and, where they differ, says what the likely
mistake is. All raise AssertionError, so that a check cell fails as with `assert`.
"""

import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

LARGEST = 10**6  # numbers that a layer may make of one picture

_WINDOW = ("kernel_size", "stride", "padding")
_CONV = ("in_channels", "out_channels", *_WINDOW, "dilation", "groups", "padding_mode")
_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")
_AVERAGE = (*_WINDOW, "ceil_mode", "count_include_pad", "divisor_override")
_LAYERS = {  # what `rebuild` makes: the class, and which arguments it is made from
    "Conv2d": (nn.Conv2d, _CONV),
    "Linear": (nn.Linear, ("in_features", "out_features")),
    "BatchNorm1d": (nn.BatchNorm1d, _NORM),
    "BatchNorm2d": (nn.BatchNorm2d, _NORM),
    "ReLU": (nn.ReLU, ()),
    "LeakyReLU": (nn.LeakyReLU, ("negative_slope",)),
    "MaxPool2d": (nn.MaxPool2d, (*_WINDOW, "dilation", "ceil_mode")),
    "AvgPool2d": (nn.AvgPool2d, _AVERAGE),
    "AdaptiveAvgPool2d": (nn.AdaptiveAvgPool2d, ("output_size",)),
    "Flatten": (nn.Flatten, ("start_dim", "end_dim")),
    "Dropout": (nn.Dropout, ("p",)),
    "Dropout2d": (nn.Dropout2d, ("p",)),
}
_WITH_BIAS = ("Conv2d", "Linear")
_MOST_LAYERS = 100


def close(answer, expected, name, mistakes=None, tolerance=1e-4):
    """Check that an answer is a tensor of the expected shape and numbers.

    Parameters
    ----------
    answer : tensor
        What the student's code gave.
    expected : tensor or nested list of numbers
        The truth, of any shape.
    name : str
        What was computed, for the message: "corr2d(x, w)".
    mistakes : dict of str to tensor, optional
        Wrong answers worth knowing, by what to say about each.
    tolerance : float
        Largest difference that counts as none, absolute and relative.

    Raises
    ------
    AssertionError
        The answer is no tensor, or has another shape, or other numbers.
    """
    expected = torch.as_tensor(expected).double()
    if not isinstance(answer, torch.Tensor):
        raise AssertionError(
            f"{name} gave {_say(answer)}, but a tensor of shape "
            f"{_shape(expected)} was expected."
        )
    answer = answer.detach().double()
    if _near(answer, expected, tolerance):
        return
    for explanation, wrong in (mistakes or {}).items():
        if _near(answer, torch.as_tensor(wrong).double(), tolerance):
            raise AssertionError(f"{name}: {explanation}")
    if answer.shape != expected.shape:
        raise AssertionError(
            f"{name} has the shape {_shape(answer)}, but {_shape(expected)} was "
            "expected."
        )
    raise AssertionError(_differs(name, answer, expected, tolerance))


def equal(answer, expected, name, mistakes=None):
    """Check that an answer is exactly the expected plain value.

    Parameters
    ----------
    answer : int, str, bool, None, or tuples, lists and dicts of them
        What the student's code gave. True is not taken for 1; a tuple may stand for a
        list, a NumPy number or a tensor of no dimension for the number in it; 28.0 is
        not taken for 28, since the notion is that of whole numbers.
    expected : the same kinds
        The truth.
    name : str
        What was computed, for the message.
    mistakes : dict of str to value, optional
        Wrong answers worth knowing, by what to say about each.

    Raises
    ------
    AssertionError
        The answer is another one.
    """
    if _same(answer, expected):
        return
    for explanation, wrong in (mistakes or {}).items():
        if _same(answer, wrong):
            raise AssertionError(f"{name}: {explanation}")
    raise AssertionError(f"{name} gave {_say(answer)}, but {expected!r} was expected.")


def number(answer, name):
    """An answer as a float.

    Raises
    ------
    AssertionError
        The answer is neither a number nor a tensor of one number.
    """
    if isinstance(answer, torch.Tensor) and answer.numel() == 1:
        return float(answer)
    complex_or_bool = isinstance(answer, (bool, np.bool_, np.complexfloating))
    if isinstance(answer, (int, float, np.number)) and not complex_or_bool:
        return float(answer)
    raise AssertionError(f"{name} gave {_say(answer)}, but a number was expected.")


def seed():
    """The seed of random inputs: the instructor's when graded, else 0.

    Graders set it as the environment variable GRADING_SEED.
    """
    return int(os.environ.get("GRADING_SEED", "0"))


def generator():
    """A torch.Generator made from `seed()`, for the random inputs of a check."""
    return torch.Generator().manual_seed(seed())


def held_out_digits():
    """Digits that come neither with the package nor with an assignment.

    They are in the file `held_out_digits.npz` of the folder that the environment
    variable GRADING_DATA names; only who grades has it.

    Returns
    -------
    images : float32 tensor (1000, 1, 28, 28)
        In [0, 1], as ``cnnbook.data.mnist(train=False)[0][:, None] / 255`` gives.
    labels : int64 tensor (1000,)
        0 to 9.

    Raises
    ------
    FileNotFoundError
        GRADING_DATA is not set, or there is no such file in its folder.
    """
    folder = os.environ.get("GRADING_DATA")
    path = Path(folder or "", "held_out_digits.npz")
    if not folder or not path.is_file():
        place = f"there is none in {folder}" if folder else "it is not set"
        raise FileNotFoundError(
            "the environment variable GRADING_DATA should name the folder of "
            f"{path.name}, the digits for grading, but {place}"
        )
    with np.load(path, allow_pickle=False) as arrays:
        images = torch.from_numpy(arrays["images"])
        labels = torch.from_numpy(arrays["labels"])
    return images[:, None] / 255, labels.long()


def rebuild(model, shape=None):
    """A copy of a student's network, made of PyTorch's own layers.

    What the copy does and how many weights it has can be measured; what the student's
    own object says of itself need not be believed. Only numbers are taken from it.

    Parameters
    ----------
    model : nn.Sequential, or a handle to one
        Of the layers Conv2d, Linear, BatchNorm1d, BatchNorm2d, ReLU, LeakyReLU,
        MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Flatten, Dropout, Dropout2d, and of
        nn.Sequential of them.
    shape : tuple of int, optional
        Of one picture, (C, H, W): it is tried whether the layers fit each other.

    Returns
    -------
    nn.Sequential
        Without any nn.Sequential in it, in evaluation mode, its weights float32.

    Raises
    ------
    AssertionError
        The network is no nn.Sequential, has another layer or one layer twice, its
        weights have other shapes than its layers say, or two layers do not fit. Also
        where one picture becomes more than a million numbers.
    """
    if _kind(model) != "Sequential":
        raise AssertionError(f"an nn.Sequential was expected, got {_kind(model)}")
    layers = _flat(model, "")
    with torch.device("meta"):  # no memory is taken, whatever sizes are claimed
        copy = nn.Sequential(*(_made(*each) for each in layers)).eval()
    if shape is not None:
        _try(copy, [name for name, _ in layers], shape)
    for made, (name, layer) in zip(copy, layers, strict=True):
        _load(made, name, layer.state_dict())
    _same_number(copy, model)
    return copy


def _kind(layer):
    """The name of a layer's class, which is how its description begins.

    It is the same for a layer and for a handle to one. Who lies here gets the layer
    that he claims.
    """
    return str(layer).partition("(")[0].strip()[:40]


def _flat(model, prefix):
    """Names and layers of a Sequential, those of any Sequential in it included."""
    found = []
    for i in range(min(len(model), _MOST_LAYERS + 1)):
        name, layer = f"{prefix}{i}", model[i]
        nested = _kind(layer) == "Sequential" and len(prefix) < _MOST_LAYERS
        found += _flat(layer, f"{name}.") if nested else [(name, layer)]
        if len(found) > _MOST_LAYERS:
            raise AssertionError(f"the network has more than {_MOST_LAYERS} layers")
    return found


def _made(name, layer):
    """A new layer with the numbers of the student's."""
    kind = _kind(layer)
    if kind not in _LAYERS:
        raise AssertionError(
            f"layer {name} is {kind}; allowed are {', '.join(_LAYERS)}, and "
            "nn.Sequential of them"
        )
    made, names = _LAYERS[kind]
    settings = {each: getattr(layer, each) for each in names}
    for each, value in settings.items():
        if not _is_plain(value):
            raise AssertionError(
                f"layer {name}, {kind}: {each} should be a number or a tuple of "
                f"numbers, not {_say(value)}"
            )
    if kind in _WITH_BIAS:
        settings["bias"] = layer.bias is not None
    return made(**settings)


def _is_plain(value):
    if type(value) in (tuple, list):
        return all(each is None or type(each) is int for each in value)
    return value is None or type(value) in (bool, int, float, str)


def _try(copy, names, shape):
    """Send the shape of two pictures through the layers; nothing is computed."""
    x = torch.empty(2, *shape, device="meta")
    for name, layer in zip(names, copy, strict=True):
        where = f"layer {name}, {_kind(layer)}, gets {_shape(x)[1:]} of one picture"
        try:
            x = layer(x)
        except Exception as error:  # of many kinds
            raise AssertionError(f"{where} and does not fit: {error}") from None
        if x.numel() > 2 * LARGEST:
            raise AssertionError(f"{where} and makes more than {LARGEST:,} numbers")


def _load(made, name, given):
    """Give a layer the tensors of the student's, after a look at them."""
    wanted = made.state_dict()
    if not isinstance(given, dict) or given.keys() != wanted.keys():
        raise AssertionError(
            f"layer {name}, {_kind(made)}, should hold {', '.join(wanted) or 'nothing'}"
            f", but holds {', '.join(map(str, given)) or 'nothing'}"
        )
    for key, tensor in wanted.items():
        if not isinstance(given[key], torch.Tensor) or given[key].shape != tensor.shape:
            raise AssertionError(
                f"the {key} of layer {name}, {_kind(made)}, should be a tensor of "
                f"shape {_shape(tensor)}, but is {_say(given[key])}"
            )
        wanted[key] = given[key].detach().to("cpu", tensor.dtype, copy=True)
    made.load_state_dict(wanted, assign=True)


def _same_number(copy, model):
    own = sum(p.numel() for p in copy.parameters())
    told = sum(p.numel() for p in model.parameters())
    if told != own:
        raise AssertionError(
            f"the network has {told:,} weights, but its layers one by one {own:,}: "
            "is the same layer used twice? Make a new one for each place"
        )


def _near(answer, expected, tolerance):
    return answer.shape == expected.shape and torch.allclose(
        answer, expected, rtol=tolerance, atol=tolerance
    )


def _differs(name, answer, expected, tolerance):
    if answer.dim() == 0:
        given, wanted = answer.item(), expected.item()
        return f"{name} gave {given:.6g}, but {wanted:.6g} was expected."
    wrong = ~torch.isclose(answer, expected, rtol=tolerance, atol=tolerance)
    place = tuple(wrong.nonzero()[0].tolist())
    return (
        f"{name} has the right shape, but {int(wrong.sum())} of {wrong.numel()} "
        f"numbers differ. The first is at {list(place)}: {answer[place].item():.6g} "
        f"instead of {expected[place].item():.6g}."
    )


def _same(answer, expected):
    if isinstance(answer, (np.generic, torch.Tensor)) and answer.ndim == 0:
        answer = answer.item()
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(answer, (list, tuple))
            and len(answer) == len(expected)
            and all(map(_same, answer, expected))
        )
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == expected.keys()
            and all(_same(answer[key], expected[key]) for key in expected)
        )
    return type(answer) is type(expected) and answer == expected


def _shape(tensor):
    return tuple(tensor.shape)


def _say(value):
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {_shape(value)}"
    text = repr(value)
    text = text if len(text) <= 60 else f"{text[:60]}…"
    named = value is None or text.startswith("<")  # as objects show themselves
    return text if named else f"{type(value).__name__} {text}"
