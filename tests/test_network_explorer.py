"""The network in the page: its checks, its arithmetic, and how it is used."""

import base64
import copy
import json
import math
import random
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from torch import nn

from cnnbook import arithmetic
from cnnbook.data import mnist
from cnnbook.experiments import DIGIT_WEIGHTS
from cnnbook.layers import digit_network
from cnnbook.training import fit, load_weights
from cnnbook.widgets import NetworkExplorer, loader
from cnnbook.widgets.network_explorer import center, percent
from tests.conftest import MODES, evaluate, start_widget

#: The page and PyTorch give the same numbers up to this.
EXACT = 1e-4

#: Nine places for a drawing: [down, right] from where it was made.
PLACES = [(down, right) for down in (-4, 0, 4) for right in (-5, 0, 5)]


def digits_network():
    """The network of chapter 9: 20,522 weights."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Linear(256, 64),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(64, 10),
    )


@pytest.fixture(scope="module")
def trained():
    """That network, trained for some seconds."""
    images, labels = mnist()
    x = images[:, None] / 255
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = digits_network()
        fit(model, x, labels, epochs=2, lr=3e-3, show=False)
    return model.eval()


@pytest.fixture(scope="module")
def digits():
    """200 test digits, (200, 1, 28, 28) in [0, 1], and their labels."""
    images, labels = mnist(train=False)
    return images[:200, None] / 255, labels[:200]


@pytest.fixture(scope="module")
def explorer(trained, digits):
    """Makes a widget with the trained network and eight digits."""
    x, labels = digits

    def make(**traits):
        return NetworkExplorer(trained, x[:8], labels[:8], **traits)

    return make


def small_network(channels=1, side=8, classes=3):
    """A network with a layer of each kind; strides, padding and dilation differ."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        conv = nn.Conv2d(channels, 2, (3, 2), (2, 1), (1, 0), (1, 2))
        layers = [conv, nn.ReLU(), nn.AvgPool2d(2, 1, 1), nn.Dropout(), nn.MaxPool2d(2)]
        shape = nn.Sequential(*layers)(torch.zeros(1, channels, side, side)).shape
        dense = nn.Linear(math.prod(shape[1:]), classes)
        return nn.Sequential(*layers, nn.Flatten(), dense)


def small(channels=1, examples=2, **traits):
    """A widget with that network and random pictures of 8×8 pixels."""
    x = torch.rand(examples, channels, 8, 8, generator=torch.Generator().manual_seed(1))
    return NetworkExplorer(small_network(channels), x, **traits)


def every_output(model, x):
    """All layers' answers to one picture (C, H, W), those of Dropout included."""
    found = []

    def visit(layers, x):
        for layer in layers:
            if isinstance(layer, nn.Sequential):
                x = visit(layer, x)
            else:
                x = layer(x.clone())
                found.append(x[0])
        return x

    with torch.no_grad():
        visit(copy.deepcopy(model).eval(), x[None])
    return found


# --- Random networks ------------------------------------------------------------------


def random_conv(rng, shape):
    channels, *sides = shape
    kernel = [rng.randint(1, min(4, side)) for side in sides]
    dilation = [
        rng.choice([1, 1, 2]) if k > 1 and 2 * (k - 1) < n else 1
        for k, n in zip(kernel, sides, strict=True)
    ]
    padding = rng.choice(
        [0, rng.randint(0, 3), (rng.randint(0, 3), 0), "same", "valid"]
    )
    stride = 1 if padding == "same" else (rng.randint(1, 3), rng.randint(1, 3))
    return nn.Conv2d(
        *[channels, rng.randint(1, 4), tuple(kernel), stride, padding, tuple(dilation)],
        bias=rng.random() < 0.7,
    )


def random_pool(rng, shape):
    kernel = [rng.randint(1, min(3, side)) for side in shape[1:]]
    padding = [rng.randint(0, k // 2) for k in kernel]
    stride = rng.choice([None, tuple(rng.randint(1, 3) for _ in kernel)])
    if rng.random() < 0.5:
        return nn.MaxPool2d(tuple(kernel), stride, tuple(padding))
    counted = rng.random() < 0.5
    return nn.AvgPool2d(
        tuple(kernel), stride, tuple(padding), count_include_pad=counted
    )


def random_network(rng):
    """A network of random layers that fit to each other, and its picture's shape."""
    size = (rng.choice([1, 3]), rng.randint(4, 14), rng.randint(4, 14))
    layers, shape = [], size
    for _ in range(rng.randint(1, 5)):
        kind = rng.choice(["conv", "conv", "pool", "relu", "dropout"])
        if kind == "conv":
            layers.append(random_conv(rng, shape))
        elif kind == "pool":
            layers.append(random_pool(rng, shape))
        else:
            layers.append(
                nn.ReLU(rng.random() < 0.3) if kind == "relu" else nn.Dropout()
            )
        shape = nn.Sequential(*layers)(torch.zeros(1, *size)).shape[1:]
    layers.append(nn.Flatten())
    count = math.prod(shape)
    for _ in range(rng.randint(0, 2)):
        layers += [nn.Linear(count, count := rng.randint(1, 9)), nn.ReLU()]
    if rng.random() < 0.5:
        layers = [nn.Sequential(*layers[:2]), nn.Sequential(nn.Sequential(*layers[2:]))]
    return nn.Sequential(*layers).eval(), size


@pytest.fixture(scope="module")
def networks():
    """400 random networks, each as a widget with one random picture and a unit."""
    rng = random.Random(1)
    torch.manual_seed(1)
    widgets = []
    for _ in range(400):
        model, size = random_network(rng)
        widget = NetworkExplorer(model, torch.rand(1, *size))
        at = rng.randint(0, len(widget.layers))
        shape = widget.layers[at - 1]["shape"] if at else size
        widget.unit = [at, *[rng.randrange(side) for side in shape]]
        widgets.append((model, widget))
    return widgets


# --- Python ---------------------------------------------------------------------------


def test_answers_are_those_of_the_model(trained, digits, explorer):
    x, labels = digits
    widget = explorer()
    for i in range(8):
        widget.example = i
        logits = trained(x[i : i + 1])[0].detach()
        assert torch.equal(widget.logits, logits)
        assert torch.equal(widget.answers, logits.softmax(0))
        assert widget.input.equal(x[i])
    outputs = every_output(trained, x[7])
    assert all(map(torch.equal, widget.outputs, outputs))
    assert widget.labels == labels[:8].tolist()
    assert len(outputs) == len(widget.layers) == 11
    assert [layer["shape"] for layer in widget.layers] == [
        list(y.shape) for y in outputs
    ]


def test_random_networks_answer_as_pytorch(networks):
    for model, widget in networks:
        expected = every_output(model, widget.input)
        assert all(map(torch.equal, widget.outputs, expected))
        shapes = [layer["shape"] for layer in widget.layers]
        assert shapes == [list(y.shape) for y in expected]


def test_the_model_is_copied_and_left_as_it_was():
    model = small_network().train()
    modes = [module.training for module in model.modules()]
    widget = NetworkExplorer(model, torch.rand(1, 1, 8, 8))
    before = widget.logits
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1)
    assert torch.equal(widget.logits, before)
    assert torch.equal(widget.logits, widget.logits)  # nothing is dropped
    assert [module.training for module in model.modules()] == modes


def test_other_kinds_of_numbers_are_taken_too():
    x = torch.rand(1, 1, 8, 8)
    single = NetworkExplorer(small_network(), x)
    double = NetworkExplorer(small_network().double(), x.double())
    assert double.state() == single.state()
    assert double.logits.dtype == torch.float32
    assert NetworkExplorer(small_network(), x.numpy()).state() == single.state()


def test_the_state_is_small(explorer):
    widget = explorer()
    text = json.dumps(widget.state())
    assert sum(p.numel() for p in digits_network().parameters()) == 20_522
    assert len(text) < 100_000
    assert len(widget.to_html()) < 100_000


def stored_weights(widget):
    """All weights as the state holds them: float64 arrays, a pair for each layer."""
    bytes_ = np.frombuffer(base64.b64decode(widget.weights), np.uint8).reshape(-1, 3)
    whole = bytes_.astype(np.int32) @ [1, 256, 65536]
    whole = np.where(whole >= 2**23, whole - 2**24, whole)
    found, at, before = [], 0, widget.size
    for layer in widget.layers:
        if "shifts" in layer:
            taps = math.prod(layer.get("kernel", [1]))
            counts = [layer["shape"][0] * before[0] * taps, layer["shape"][0]]
            for count, shift in zip(counts, layer["shifts"], strict=True):
                found.append(whole[at : at + count] / 2.0**shift)
                at += count
        before = layer["shape"]
    assert at == len(whole)
    return found


def test_weights_are_stored_to_23_bits(trained, networks):
    known = [(trained, NetworkExplorer(trained)), *networks]
    for model, widget in known:
        given = [
            part.detach().double().numpy().ravel()
            for module in model.modules()
            if hasattr(module, "weight")
            for part in (module.weight, module.bias)
            if part is not None
        ]
        stored = [part for part in stored_weights(widget) if part.any()]
        for ours, theirs in zip(stored, given, strict=True):
            assert np.abs(ours - theirs).max() <= np.abs(theirs).max() * 2.0**-23


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1, 1 - 2**-24, 2**20, 1e30, 0])
def test_weights_of_any_size_are_stored(scale):
    layer = nn.Linear(4, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -1.0, 0.3, 0.0]]) * scale)
    widget = NetworkExplorer(
        nn.Sequential(nn.Flatten(), layer), torch.zeros(1, 1, 2, 2)
    )
    stored = stored_weights(widget)[0]
    expected = layer.weight.detach().double().numpy().ravel()
    assert np.abs(stored - expected).max() <= scale * 2.0**-22


# What cannot be shown

X = torch.zeros(1, 1, 8, 8)


def flat(*layers):
    return nn.Sequential(*layers, nn.Flatten())


class OwnReLU(nn.ReLU):
    """A layer that may compute anything."""


MODELS = {
    "no layers": (
        nn.Sequential(),
        r"one number for each class .* got shape \(1, 8, 8\)",
    ),
    "maps": (nn.Sequential(nn.Conv2d(1, 2, 3)), r"got shape \(2, 6, 6\)"),
    "other layer": (
        flat(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)),
        "model: layer 2, BatchNorm2d: expected one of Conv2d, ReLU, MaxPool2d, "
        "AvgPool2d, Flatten, Linear and Dropout",
    ),
    "softmax": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(1)),
        "layer 3, Softmax: expected one of",
    ),
    "nested": (
        nn.Sequential(flat(nn.ReLU(), nn.Sequential(nn.ReLU(), nn.Tanh()))),
        "layer 3, Tanh: expected one of",
    ),
    "own class": (flat(OwnReLU()), "layer 1, OwnReLU: expected one of"),
    "groups": (
        flat(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3, groups=2)),
        "layer 2, Conv2d: expected groups=1, got 2",
    ),
    "reflect": (
        flat(nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")),
        "layer 1, Conv2d: expected padding_mode='zeros', got 'reflect'",
    ),
    "channels": (flat(nn.Conv2d(3, 2, 3)), "expected in_channels=1, got 3"),
    "too large": (flat(nn.Conv2d(1, 1, 9)), "Conv2d: the kernel reaches over 9 pixels"),
    "ceil": (
        flat(nn.MaxPool2d(3, ceil_mode=True)),
        "layer 1, MaxPool2d: expected ceil_mode=False, got True",
    ),
    "indices": (flat(nn.MaxPool2d(2, return_indices=True)), "expected return_indices="),
    "dilated pool": (
        flat(nn.MaxPool2d(2, dilation=2)),
        "MaxPool2d: expected dilation=1, got 2",
    ),
    "divisor": (
        flat(nn.AvgPool2d(2, divisor_override=3)),
        "AvgPool2d: expected divisor_override=None, got 3",
    ),
    "pool too large": (flat(nn.AvgPool2d(9)), "AvgPool2d: the kernel reaches over 9"),
    "flatten maps": (
        nn.Sequential(nn.Flatten(2)),
        "layer 1, Flatten: expected start_dim=1, got 2",
    ),
    "linear on maps": (
        nn.Sequential(nn.Linear(8, 3)),
        r"layer 1, Linear: expected a Flatten before it, got maps \(1, 8, 8\)",
    ),
    "linear size": (
        nn.Sequential(nn.Flatten(), nn.Linear(65, 3)),
        "layer 2, Linear: expected in_features=64, got 65",
    ),
    "conv on row": (
        flat(nn.Flatten(), nn.Conv2d(1, 1, 1)),
        r"layer 2, Conv2d: expected maps \(C, H, W\) before it, got \(64,\)",
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_model_that_cannot_be_shown_is_refused_by_name(case):
    model, message = MODELS[case]
    with pytest.raises(traitlets.TraitError, match=message):
        NetworkExplorer(model, X)


def test_without_a_model_it_is_the_network_of_the_book(digits):
    x, labels = digits
    model = load_weights(digit_network(), DIGIT_WEIGHTS)
    four = [0, 1, 8, 18]
    widget = NetworkExplorer(inside=False)
    same = NetworkExplorer(model, x[four], labels[four], inside=False)
    assert widget.state() == same.state()
    mine = NetworkExplorer(examples=x[5:7], labels=labels[5:7])
    assert mine.state() == NetworkExplorer(model, x[5:7], labels[5:7]).state()
    with pytest.raises(traitlets.TraitError, match=r"labels: .* of the 0 examples"):
        NetworkExplorer(labels=[1])


def test_weights_must_be_finite():
    model = small_network()
    with torch.no_grad():
        model[0].bias[0] = math.nan
    with pytest.raises(traitlets.TraitError, match="layer 1, Conv2d: expected finite"):
        NetworkExplorer(model, X)


@pytest.mark.parametrize("model", [nn.Linear(64, 3), "model", None, small_network])
def test_only_a_sequential_is_taken(model):
    with pytest.raises(TypeError, match=r"model: expected an nn.Sequential, got \w+"):
        NetworkExplorer(model, X)


GIVEN = {
    "one picture": ({"examples": X[0]}, r"examples: expected shape .* got \(1, 8, 8\)"),
    "two channels": (
        {"examples": torch.zeros(1, 2, 8, 8)},
        r"examples: .* 1 or 3 channels, got \(1, 2, 8, 8\)",
    ),
    "none": ({"examples": X[:0]}, r"examples: .* got \(0, 1, 8, 8\)"),
    "levels": (
        {"examples": torch.full((1, 1, 8, 8), 255)},
        r"examples: expected floats from 0 to 1, got torch.int64 from 255 to 255",
    ),
    "bright": ({"examples": X + 1.5}, "examples: .* from 1.5 to 1.5"),
    "nan": ({"examples": X + math.nan}, "examples: .* from nan to nan"),
    "other size": (
        {"examples": torch.zeros(1, 1, 9, 8)},
        "Linear: expected in_features",
    ),
    "few labels": (
        {"labels": [1, 2]},
        r"labels: .* from 0 to 2 for each of the 1 examples, got \[1, 2\]",
    ),
    "other labels": ({"labels": [3]}, r"labels: .* got \[3\]"),
    "no labels": ({"labels": ["three"]}, r"labels: .* got \['three'\]"),
    "few classes": (
        {"classes": ["car", "bus"]},
        r"classes: expected 3 names, .* got \['car', 'bus'\]",
    ),
    "numbers": ({"classes": [1, 2, 3]}, r"classes: expected 3 names"),
    "example": ({"example": 1}, "example: expected a number from 0 to 0, got 1"),
    "before": ({"example": -1}, "example: .* got -1"),
    "drawing": (
        {"drawing": [[0] * 8] * 7},
        r"drawing: expected whole numbers .* shape \(8, 8\), or None, got \[\[0",
    ),
    "too bright": ({"drawing": [[256] * 8] * 8}, "drawing: .* from 0 to 255"),
    "negative": ({"drawing": [[-1] * 8] * 8}, "drawing: .* got"),
    "shares": ({"drawing": torch.zeros(8, 8)}, "drawing: expected whole numbers"),
    "ragged": ({"drawing": [[0] * 8] * 7 + [[0]]}, "drawing: .* got"),
    "text": ({"drawing": "7"}, "drawing: .* got '7'"),
    "layer": ({"unit": [8, 0]}, r"unit: .* a layer from 0 to 7, got \[8, 0\]"),
    "no unit": ({"unit": []}, r"unit: .* got \[\]"),
    "no index": (
        {"unit": [1]},
        r"unit: layer 1 has units \[1, 0, 0, 0\] to \[1, 1, 3, 5",
    ),
    "outside": ({"unit": [7, 3]}, r"unit: layer 7 has units \[7, 0\] to \[7, 2\], got"),
    "floats": ({"unit": [1.5, 0]}, "unit"),
    "flag": ({"centered": "yes"}, "'centered' trait .* boolean"),
}


@pytest.mark.parametrize("case", GIVEN)
def test_a_bad_value_is_refused(case):
    traits, message = GIVEN[case]
    with pytest.raises(traitlets.TraitError, match=message):
        NetworkExplorer(small_network(), **({"examples": X} | traits))


@pytest.mark.parametrize("case", GIVEN)
def test_a_bad_value_is_refused_later_and_changes_nothing(case):
    traits, message = GIVEN[case]
    ((name, value),) = traits.items()
    if name in ("examples", "labels", "classes"):
        message = "read-only"
    widget = NetworkExplorer(small_network(), X)
    before = widget.state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert widget.state() == before


def test_wrong_names_are_told():
    with pytest.raises(TypeError, match=r"no trait 'center'.*mean 'centered'"):
        NetworkExplorer(small_network(), X, center=False)
    with pytest.raises(AttributeError, match="no trait 'units'"):
        small().units = None


def test_summary_says_what_there_is():
    widget = small(classes=["car", "bus", "truck"], labels=[1, 2])
    best = widget.classes[widget.answers.argmax()]
    shapes = "Picture 1×8×8, Conv2d 2×4×6, ReLU 2×4×6, AvgPool2d 2×5×7, Dropout 2×5×7, "
    shapes += "MaxPool2d 2×2×3, Flatten 12, Linear 3"
    text = f"NetworkExplorer: a network of 7 layers and 53 weights. {shapes}"
    text += f". It is given example 1 (“bus”). It answers “{best}” with "
    assert repr(widget) == text + percent(widget.answers.max())
    widget.example = 1
    assert "example 2 (“truck”)" in widget.summary()
    widget.drawing = [[0] * 8] * 8
    assert "It is given a drawing." in widget.summary()
    assert (
        "It is given an empty picture."
        in NetworkExplorer(nn.Sequential(nn.Flatten(), nn.Linear(784, 10))).summary()
    )
    color = small(3)
    assert "example 1." in color.summary()
    color.drawing = torch.zeros(3, 8, 8, dtype=torch.uint8)
    assert "hidden parts" in color.summary()


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1e-9, "less than 0.1%"),
        (0.0005, "0.1%"),
        (0.5, "50%"),
        (0.12345, "12.3%"),
        (0.9994, "99.9%"),
        (0.9996, "more than 99.9%"),
        (1, "100%"),
    ],
)
def test_percent_is_never_all_or_nothing_by_rounding(share, text):
    assert percent(share) == text


# The drawing


def test_a_drawing_is_read_and_set():
    widget = small()
    assert widget.drawing is None
    for picture in (torch.randint(0, 256, (8, 8)), np.arange(64).reshape(8, 8)):
        widget.drawing = picture
        assert widget.drawing == picture.tolist()
        text = widget.state()["drawing"]
        assert bytes(np.ravel(picture).tolist()) == base64.b64decode(text)
        assert widget.get_state()["drawing"] == text
        widget.drawing = None
        widget.set_state({"drawing": text})  # as the page sends it
        assert widget.drawing == picture.tolist()
        widget.centered = False
        assert (widget.input[0] * 255).round().tolist() == picture.tolist()
        widget.centered = True
    color = small(3)
    picture = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)
    color.drawing = picture
    color.set_state({"drawing": color.state()["drawing"]})
    assert color.drawing == picture.tolist()
    assert torch.equal(color.input, picture / 255)


def test_the_digits_of_mnist_stay_as_they_are():
    images, _ = mnist(train=False)
    for picture in images[:300]:
        assert torch.equal(center(picture), picture)


def moved(picture, down, right):
    """A picture moved by whole pixels; what leaves it must be empty."""
    found = picture.roll((down, right), (0, 1))
    assert found.sum() == picture.sum()
    return found


def test_a_drawing_is_centered_from_any_place_and_size():
    images, _ = mnist(train=False)
    for picture in images[:60]:
        tiny = F.interpolate(picture[None, None].float(), (14, 14), mode="area")
        drawing = torch.zeros(28, 28, dtype=torch.uint8)
        drawing[7:21, 7:21] = tiny[0, 0].round().to(torch.uint8)
        found = {tuple(center(moved(drawing, *at)).flatten().tolist()) for at in PLACES}
        assert len(found) == 1
        [levels] = found
        rows, columns = torch.tensor(levels).reshape(28, 28).nonzero().T
        assert (
            19 <= max(rows.max() - rows.min(), columns.max() - columns.min()) + 1 <= 20
        )
        y = torch.tensor(levels).reshape(28, 28).double()
        middle = [(y.sum(1 - d) @ torch.arange(28).double() / y.sum()) for d in (0, 1)]
        assert all(13.45 <= m <= 14.55 for m in middle)


def test_centering_does_not_fail_on_odd_drawings():
    for drawn in (
        [],
        [(0, 0)],
        [(27, 27)],
        [(0, 0), (27, 27)],
        [(3, i) for i in range(28)],
    ):
        picture = torch.zeros(28, 28, dtype=torch.uint8)
        for place in drawn:
            picture[place] = 200
        y = center(picture)
        assert y.dtype == torch.uint8
        assert y.any() == bool(drawn)
    picture = torch.zeros(5, 9, dtype=torch.uint8)
    picture[4, 8] = 9
    assert center(picture).any()


# The receptive field


def windows(layers):
    return [
        (tuple(o["kernel"]), tuple(o["stride"]), tuple((p, p) for p in o["padding"]))
        + ((tuple(o["dilation"]),) if "dilation" in o else ())
        for o in layers
        if "kernel" in o
    ]


def test_field_is_that_of_the_recurrence(networks):
    """Away from the edges, where nothing is cut off, the two agree."""
    compared = 0
    for _, widget in networks:
        at, *place = widget.unit
        known = windows(widget.layers[:at])
        if len(place) == 1 or not known or not all(widget.receptive_field):
            continue
        fields = arithmetic.receptive_field(known)
        for field, i, size, span in zip(
            fields, place[1:], widget.size[1:], widget.receptive_field, strict=True
        ):
            first = field.start + i * field.jump
            end = first + field.size
            if first >= 0 and end <= size:
                assert span == range(first, end)
                compared += 1
            assert max(0, first) <= span.start
            assert span.stop <= min(size, end)
    assert compared > 150


def support(model, widget):
    """Which pixels change the unit, for any weights: rows and columns by gradient."""
    at, *place = widget.unit
    layers = [
        layer
        for layer in model.modules()
        if not isinstance(layer, nn.Sequential | nn.ReLU | nn.Dropout)
    ]
    count = sum(o["kind"] not in ("ReLU", "Dropout") for o in widget.layers[:at])
    x = torch.rand(1, *widget.size, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in copy.deepcopy(layers[:count]):
        if hasattr(layer, "weight"):
            layer.double()
            layer.weight.data.uniform_(0.5, 1)
        if isinstance(layer, nn.MaxPool2d):  # which reads all, though one wins
            y = F.avg_pool2d(y, layer.kernel_size, layer.stride, layer.padding)
        else:
            y = layer(y)
    y[(0, *place)].backward()
    return [x.grad[0].abs().sum((0, 2 - d)).nonzero().flatten() for d in (0, 1)]


def test_field_is_where_the_gradient_is(networks):
    for model, widget in networks:
        found = support(model, widget)
        if len(found[0]) == 0:
            assert widget.receptive_field == (range(0), range(0))
            continue
        for span, lines in zip(widget.receptive_field, found, strict=True):
            assert (span.start, span.stop - 1) == (lines.min(), lines.max())


def test_field_of_no_unit():
    assert small().receptive_field is None
    assert small(unit=[0, 0, 3, 4]).receptive_field == (range(3, 4), range(4, 5))
    assert small(unit=[7, 1]).receptive_field == (range(8), range(8))


# --- The arithmetic in JavaScript -----------------------------------------------------


@pytest.fixture(scope="module")
def page(module):
    """The page with the widget's exports; its two parts are `net` and `words`."""
    for name, stem in {"net": "network", "said": "network_words"}.items():
        code = loader.as_expression(stem)
        module.add_script_tag(content=f"var {name} = {code};")
    module.evaluate(
        """() => {
            window.floats = (list) => net.encode(new Uint8Array(
                Float32Array.from(list).buffer));
            window.run = (state) => {
                const layers = net.readNetwork(state);
                const given = net.givenOf(state, net.pictureOf(state));
                const picture = Float32Array.from(given, (level) => level / 255);
                return net.forward(layers, picture);
            };
        }"""
    )
    return module


def floats(text):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


def test_200_digits_agree_with_pytorch_in_every_layer(page, trained, digits):
    x, _ = digits
    worst = 0
    for start in range(0, 200, 20):
        widget = NetworkExplorer(trained, x[start : start + 20])
        found = page.evaluate(
            """(state) => Array.from({ length: 20 }, (_, example) =>
                run({ ...state, example }).map(floats))""",
            widget.state(),
        )
        for i, ours in enumerate(found):
            theirs = [x[start + i], *every_output(trained, x[start + i])]
            for a, b in zip(ours, theirs, strict=True):
                worst = max(worst, (floats(a) - b.flatten()).abs().max().item())
    assert worst < EXACT / 2


def test_random_networks_agree_with_pytorch_in_every_layer(page, networks):
    states = [widget.state() for _, widget in networks]
    found = evaluate(page, "(state) => run(state).map(floats)", states)
    for (model, widget), ours in zip(networks, found, strict=True):
        theirs = [widget.input, *every_output(model, widget.input)]
        for a, b in zip(ours, theirs, strict=True):
            assert (floats(a) - b.flatten()).abs().max() < EXACT / 10


def test_probabilities_are_those_of_softmax(page):
    torch.manual_seed(2)
    cases = [
        torch.randn(n).mul(scale).tolist() for n in (1, 3, 10) for scale in (1, 90)
    ]
    cases.append([1000.0, 999.0])
    for logits, ours in zip(cases, evaluate(page, "net.softmax", cases), strict=True):
        theirs = torch.tensor(logits, dtype=torch.float64).softmax(0)
        assert torch.tensor(ours, dtype=torch.float64).allclose(theirs)


def test_pictures_are_scaled_as_by_pytorch(page):
    rng, cases = random.Random(3), []
    for _ in range(300):
        h, w = rng.randint(1, 28), rng.randint(1, 28)
        matrix = [[rng.randint(0, 255) for _ in range(w)] for _ in range(h)]
        # One pixel wide, PyTorch's own answer is wrong
        cases.append([matrix, [rng.randint(2, 28), rng.randint(2, 28)]])
    results = evaluate(page, "([m, sides]) => net.resample(m, sides)", cases)
    for (matrix, sides), ours in zip(cases, results, strict=True):
        x = torch.tensor(matrix, dtype=torch.float64)[None, None]
        y = F.interpolate(x, tuple(sides), mode="bilinear", antialias=True)[0, 0]
        assert torch.tensor(ours, dtype=torch.float64).allclose(y, atol=1e-6)


def random_drawing(rng, h=28, w=28):
    """Some lines and dots."""
    y = np.zeros((h, w), int)
    for _ in range(rng.randint(0, 4)):
        r, c = rng.randrange(h), rng.randrange(w)
        down, right = rng.choice([(0, 1), (1, 0), (1, 1), (1, -1)])
        for step in range(rng.randint(1, 14)):
            row, column = r + step * down, c + step * right
            if 0 <= row < h and 0 <= column < w:
                y[row, column] = rng.randint(1, 255)
    return y


def test_drawings_are_centered_as_in_python(page):
    rng = random.Random(4)
    images, _ = mnist(train=False)
    drawings = [random_drawing(rng) for _ in range(400)]
    drawings += [
        random_drawing(rng, rng.randint(2, 30), rng.randint(2, 30)) for _ in range(150)
    ]
    drawings += [moved(images[i], *PLACES[i % 9]).numpy() for i in (1, 5, 7)]
    cases = [[drawing.ravel().tolist(), *drawing.shape] for drawing in drawings]
    function = "([levels, h, w]) => [...net.center(Uint8Array.from(levels), h, w)]"
    results = evaluate(page, function, cases)
    for drawing, ours in zip(drawings, results, strict=True):
        theirs = center(torch.tensor(drawing, dtype=torch.uint8))
        assert ours == theirs.flatten().tolist()


def drawn(levels, start, end, radius, level):
    """A stroke by NumPy: (C, H, W) levels."""
    _, h, w = levels.shape
    r, c = np.mgrid[:h, :w] + 0.5
    start, end = np.array(start), np.array(end)
    line = end - start
    along = ((r - start[0]) * line[0] + (c - start[1]) * line[1]) / max(
        line @ line, 1e-12
    )
    along = np.clip(along, 0, 1)
    distance = np.hypot(r - start[0] - along * line[0], c - start[1] - along * line[1])
    share = np.clip(radius + 0.5 - distance, 0, 1)
    if level == 255:
        return np.maximum(levels, np.floor(255 * share + 0.5))
    return np.floor(levels + (level - levels) * share + 0.5)


def test_strokes_are_lines_with_smooth_edges(page):
    rng, cases = random.Random(5), []
    for _ in range(500):
        size = [rng.choice([1, 3]), rng.randint(3, 12), rng.randint(3, 12)]
        levels = [rng.randint(0, 255) for _ in range(math.prod(size))]
        ends = [[rng.uniform(-3, 14), rng.uniform(-3, 14)] for _ in range(2)]
        ends[1] = rng.choice([ends[0], ends[1]])
        brush = {"radius": rng.uniform(0.3, 3), "level": rng.choice([0, 128, 255])}
        cases.append([levels, size, *ends, brush])
    results = evaluate(page, "(c) => [...net.stroke(...c)]", cases)
    for (levels, size, *ends, brush), ours in zip(cases, results, strict=True):
        before = np.reshape(levels, size)
        theirs = drawn(before, *ends, brush["radius"], brush["level"])
        assert np.abs(np.reshape(ours, size) - theirs).max() <= 1  # at halves
        assert (np.reshape(ours, size) == theirs).mean() > 0.99


def test_fields_are_those_of_python(page, networks):
    states = [widget.state() for _, widget in networks]
    function = "(state) => net.fieldsOf(net.readNetwork(state), state.unit)"
    for (_, widget), fields in zip(
        networks, evaluate(page, function, states), strict=True
    ):
        assert len(fields) == widget.unit[0] + 1
        assert fields[-1] == [widget.unit[1:], widget.unit[1:]]
        spans = widget.receptive_field
        if not all(spans):
            assert fields[0] is None
            continue
        first, last = fields[0]
        assert [[s.start, s.stop - 1] for s in spans] == [
            list(ends) for ends in zip(first[1:], last[1:], strict=True)
        ]


def test_parts_of_a_unit_make_its_value(page, networks):
    """Windows, filters and products of each kind of layer."""
    states = [widget.state() for _, widget in networks if widget.unit[0] > 0]
    function = """(state) => {
        const layers = net.readNetwork(state);
        const outputs = run(state);
        const [at] = state.unit;
        const { kind, zeros, bias, shape } = layers[at];
        const value = outputs[at][net.indexOf(state.unit, shape)];
        if (kind === "Conv2d") {
            const parts = net.partsOf(layers, outputs, state.unit);
            return { kind, value, bias: bias[state.unit[1]], parts };
        }
        if (kind === "Linear") {
            const terms = net.termsOf(layers, outputs, state.unit);
            return { kind, value, bias: bias[state.unit[1]], terms };
        }
        if (!kind.endsWith("Pool2d")) return { kind };
        const outside = zeros ? 0 : null;
        return { kind, value, zeros, ...net.windowOf(
            layers, outputs, state.unit, state.unit[1], outside) };
    }"""
    seen = set()
    for found in evaluate(page, function, states):
        seen.add(found["kind"])
        check_parts(found)
    assert {"Conv2d", "Linear", "MaxPool2d", "AvgPool2d"} <= seen


def check_parts(found):
    if found["kind"] == "Conv2d":
        total = found["bias"]
        for part in found["parts"]:
            numbers, filter_ = np.array(part["numbers"]), np.array(part["filter"])
            assert np.allclose(numbers * filter_, part["products"])
            assert np.isclose(numbers.ravel() @ filter_.ravel(), part["sum"])
            inside = [[place is not None for place in row] for row in part["places"]]
            assert not numbers[~np.array(inside)].any()
            total += part["sum"]
        assert abs(total - found["value"]) < 1e-5
    elif found["kind"] == "Linear":
        products = [term["product"] for term in found["terms"]]
        assert [abs(p) for p in products] == sorted(map(abs, products), reverse=True)
        assert all(t["value"] * t["weight"] == t["product"] for t in found["terms"])
        assert abs(sum(products) + found["bias"] - found["value"]) < 1e-5
    elif "numbers" in found:
        numbers = [v for row in found["numbers"] for v in row if v is not None]
        is_max = found["kind"] == "MaxPool2d"
        value = max(numbers) if is_max else sum(numbers) / len(numbers)
        assert abs(value - found["value"]) < 1e-6


def test_maps_stand_beside_each_other_within_the_width(page):
    rng, cases = random.Random(6), []
    for _ in range(500):
        shape = [rng.randint(1, 70)]
        if rng.random() < 0.7:
            shape += [rng.randint(1, 32), rng.randint(1, 32)]
        cases.append([shape, rng.randint(240, 900), rng.choice([1, 1.5, 2, 3])])
    function = """(c) => {
        const layout = js.layoutOf(...c);
        const places = [];
        for (let r = 0; r < layout.rows; r++)
            for (let q = 0; q < layout.columns; q++)
                places.push(js.placeAt(layout, [r, q]));
        return { ...layout, places: [...new Set(places.map(String))] };
    }"""
    for (shape, width, density), layout in zip(
        cases, evaluate(page, function, cases), strict=True
    ):
        h, w = shape[1:] or (1, 1)
        assert layout["columns"] * layout["scale"] <= max(width, w * layout["scale"])
        assert layout["scale"] * density == pytest.approx(
            round(layout["scale"] * density)
        )
        assert layout["across"] * layout["down"] >= shape[0]
        assert layout["across"] * (layout["down"] - 1) < shape[0]
        # Every unit can be pressed
        assert len(layout["places"]) == shape[0] * h * w


# --- The widget as a reader uses it ---------------------------------------------------


class Explorer:
    """The widget on a page of its own."""

    def __init__(self, page, widget):
        self.page, self.widget = page, widget
        self.place = page.locator("[data-widget=network_explorer][data-state=live]")
        self.root = self.place.locator(".cnn-network")
        self.paper = self.canvas("drawing")
        self.unit = self.root.locator("[data-shows=unit]")

    def canvas(self, name):
        return self.root.locator(f"canvas[data-shows={name}]")

    def control(self, name):
        return self.root.locator(f"[data-control={name}]")

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def set(self, **changes):
        self.place.evaluate("(place, changes) => place.model.set(changes)", changes)

    def drawing(self):
        """The levels that were drawn, (H, W), or None."""
        text = self.get("drawing")
        if text is None:
            return None
        levels = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
        return levels.reshape(self.widget.size).squeeze(0)

    def draw(self, *places):
        """A stroke by mouse through places [row, column] in pixels of the picture."""
        box = self.paper.bounding_box()
        h, w = self.widget.size[1:]
        points = [
            (box["x"] + c / w * box["width"], box["y"] + r / h * box["height"])
            for r, c in places
        ]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def press(self, unit, act="click"):
        """Press a unit in its layer's strip."""
        canvas = self.canvas(f"layer-{unit[0]}")
        x, y = canvas.evaluate(
            """(canvas, [shape, place]) => {
                const [count, h = 1, w = 1] = shape;
                const gap = shape.length > 1 ? 1 : 0;
                const [map, r = 0, c = 0] = place;
                const across = (canvas.width + gap) / (w + gap);
                const top = Math.floor(map / across) * (h + gap) + r + 0.5;
                const left = (map % across) * (w + gap) + c + 0.5;
                const box = canvas.getBoundingClientRect();
                const [x, y] = [left / canvas.width, top / canvas.height];
                return [x * box.width, y * box.height];
            }""",
            [self.widget.layers[unit[0] - 1]["shape"], unit[1:]],
        )
        getattr(canvas, act)(position={"x": x, "y": y})

    def text(self, name):
        return self.root.locator(f"[data-shows={name}]").inner_text()

    def message(self):
        return self.root.locator("[role=alert]").text_content()

    def bars(self):
        return self.root.locator(".cnn-network-bars > div").all_inner_texts()

    def pixels(self, name):
        """The colors of a canvas that has one pixel for each number, (H, W, 3)."""
        rows, columns, data = self.canvas(name).evaluate(
            """(canvas) => [canvas.height, canvas.width, [...canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height).data]]"""
        )
        return torch.tensor(data).reshape(rows, columns, 4)[..., :3]

    def shown(self):
        """All that is seen, so that it can be compared."""
        pictures = self.root.evaluate(
            """(root) => [...root.querySelectorAll("canvas")]
                .map((canvas) => canvas.toDataURL())"""
        )
        return [self.root.inner_text(), pictures]

    def check(self, **expected):
        """What is seen is what PyTorch says of the state; returns the widget."""
        widget = self.widget
        for name in ("drawing", "example", "centered", "unit", "inside"):
            widget.set_state({name: self.get(name)})
        assert {name: getattr(widget, name) for name in expected} == expected
        levels = (widget.input * 255).round().long()
        given = self.pixels("given")
        assert given.equal(levels.permute(1, 2, 0).expand(-1, -1, 3))
        check_answer(self)
        if widget.inside:
            check_strips(self)
        return widget


def short_percent(share):
    text = percent(share)
    return text.replace("more than ", ">").replace("less than ", "<")


def check_answer(explorer):
    widget = explorer.widget
    answers = widget.answers
    assert [bar.split("\n") for bar in explorer.bars()] == [
        [name, short_percent(share)]
        for name, share in zip(widget.classes, answers, strict=True)
    ]
    best = answers.argmax()
    text = explorer.text("answer")
    assert f"“{widget.classes[best]}” with {percent(answers[best])}" in text
    first = explorer.root.locator(".cnn-network-bars .cnn-first")
    assert first.inner_text().split("\n")[0] == widget.classes[best]


#: Colors for −1, 0 and 1 in kit.css.
SIGNED = {
    "light": torch.tensor([[0x21, 0x66, 0xAC], [255] * 3, [0xD9, 0x66, 0x0B]]),
    "dark": torch.tensor([[0x6D, 0xB3, 0xF2], [0x16, 0x18, 0x1C], [0xFF, 0x9D, 0x45]]),
}


def check_strips(explorer):
    """Every number of every layer has its color, a layer's largest the strongest."""
    negative, zero, positive = SIGNED[explorer.theme].float()
    for at, y in enumerate(explorer.widget.outputs, 1):
        maps = y if y.ndim == 3 else y[:, None, None]
        shares = (maps / maps.abs().max().clamp(min=1e-9))[..., None]
        ends = torch.where(shares < 0, negative, positive)
        colors = zero + (ends - zero) * shares.abs()
        found = maps_of(explorer.pixels(f"layer-{at}"), maps.shape, y.ndim == 3)
        assert (found - colors).abs().max() < 1.5


def maps_of(colors, shape, apart):
    """The maps that stand beside each other in a strip, (count, h, w, 3)."""
    count, h, w = shape
    gap = int(apart)
    across = (colors.shape[1] + gap) // (w + gap)
    corners = [divmod(i, across) for i in range(count)]
    return torch.stack(
        [colors[r * (h + gap) :, c * (w + gap) :][:h, :w].float() for r, c in corners]
    )


@pytest.fixture(params=MODES)
def digit(lone_page, explorer, request):
    """The widget with digits, in one of the modes."""
    theme = "dark" if request.param == "dark" else "light"
    widget = explorer()
    found = Explorer(lone_page(widget, theme=theme, **MODES[request.param]), widget)
    found.theme, found.phone = theme, request.param == "phone"
    found.act = "tap" if found.phone else "click"
    return found


@pytest.fixture
def alone(lone_page):
    """Opens any widget in a light page."""

    def open_widget(widget, **options):
        found = Explorer(lone_page(widget, **options), widget)
        found.theme, found.act = options.get("theme", "light"), "click"
        return found

    return open_widget


#: A 7 and a 1, as lines through places [row, column].
SEVEN = [(6, 8), (6, 19), (12, 16), (22, 12)]
ONE = [(5, 14), (22, 14)]


def test_beginning(digit):
    widget = digit.check(drawing=None, example=0, centered=True, unit=None)
    assert "The label says “7”." in digit.text("answer")
    expect(digit.root.locator("[role=status]")).to_contain_text("It answers “7”")
    assert digit.root.locator(".cnn-network-layer").count() == 11
    expect(digit.unit).to_have_count(0)
    texts = digit.root.locator(".cnn-network-layer").all_inner_texts()
    assert "8 filters slide over the picture. Each makes a map of 24 × 24." in texts[0]
    assert "16 filters slide over all 8 maps." in texts[3]
    assert "All below 0 becomes 0." in texts[4]
    assert "The largest of each 2 × 2 stays: 4 × 4." in texts[5]
    assert "64 sums. Each weighs all 256 numbers before it." in texts[7]
    assert "They become the probabilities." in texts[10]
    for y, text in zip(widget.outputs, texts, strict=True):
        least, most = (re.escape(fixed(v)) for v in (min(0, y.min()), max(0, y.max())))
        assert re.search(rf"\s{least} to {most}\n", text)


def fixed(value, decimals=1):
    """A number as the kit writes it."""
    number = round(float(value) * 10**decimals + 1e-9) / 10**decimals + 0
    return f"{number:g}".replace("-", "−")


def test_examples_are_chosen(digit):
    for i in (3, 1, 7, 0):
        digit.control(f"example-{i}").click()
        digit.check(example=i, drawing=None)
        label = digit.widget.labels[i]
        assert f"The label says “{label}”." in digit.text("answer")
        pressed = digit.root.locator(".cnn-network-examples [aria-pressed=true]")
        assert pressed.get_attribute("aria-label") == f"Example {i + 1}: {label}"
        expected = (digit.widget.input[0] * 255).round().long()
        assert digit.pixels("drawing")[..., 1].equal(expected)


def test_a_digit_is_drawn_and_read(digit):
    digit.control("clear").click()
    assert "Nothing is drawn yet. Even then it has to answer" in digit.text("answer")
    assert digit.drawing().sum() == 0
    digit.draw(*SEVEN)
    widget = digit.check()
    assert widget.answers.argmax() == 7
    assert "It answers “7” with" in digit.text("answer")
    assert "label" not in digit.text("answer")
    assert digit.pixels("drawing")[..., 0].equal(digit.drawing().long())
    expected = torch.zeros(1, 28, 28)
    for start, end in pairwise(SEVEN):
        expected = torch.tensor(drawn(expected.numpy(), start, end, 1.1, 255))
    assert (digit.drawing() - expected[0]).abs().max() <= 12  # whole CSS pixels
    digit.control("clear").click()
    digit.draw(*ONE)
    assert digit.check().answers.argmax() == 1


def test_every_stroke_changes_the_answer(alone, explorer):
    found = alone(explorer())
    found.control("clear").click()
    box = found.paper.bounding_box()
    at = [(box["x"] + 9 * c, box["y"] + 9 * r) for r, c in SEVEN]
    found.page.mouse.move(*at[0])
    found.page.mouse.down()
    seen = [found.bars()]
    for point in at[1:]:
        found.page.mouse.move(*point, steps=3)
        seen.append(found.bars())
        found.check()  # while the button is still down
    assert len(set(map(tuple, seen))) == 4
    found.page.mouse.up()
    found.page.mouse.move(*at[0], steps=3)
    assert found.bars() == seen[-1]


def test_the_same_drawing_at_nine_places_gets_one_answer(alone, explorer):
    found = alone(explorer())
    answers, given = set(), set()
    for down, right in PLACES:
        found.control("clear").click()
        found.draw(*[(r + down, c + right) for r, c in SEVEN])
        widget = found.check()
        answers.add(found.text("answer"))
        given.add(tuple(widget.input.flatten().tolist()))
        assert widget.answers.argmax() == 7
    assert len(answers) == len(given) == 1
    found.control("centered").uncheck()
    widget = found.check(centered=False)
    assert torch.equal(widget.input[0], found.drawing() / 255)
    assert tuple(widget.input.flatten().tolist()) not in given
    found.control("centered").check()
    assert found.text("answer") in answers


def test_the_eraser_takes_away(alone, explorer):
    found = alone(explorer())
    before = found.check().input[0] * 255
    assert found.control("pen").get_attribute("aria-pressed") == "true"
    found.control("eraser").click()
    assert found.control("eraser").get_attribute("aria-pressed") == "true"
    found.draw((6, 2), (6, 25))
    after = found.drawing().float()
    assert (after <= before).all()
    assert after[5:7].sum() == 0
    assert after[14:].equal(before[14:])
    found.check(example=0)
    found.control("pen").click()
    found.draw((6, 2), (6, 25))
    assert (found.drawing() >= after).all()
    assert (found.drawing()[5:7, 3:24] == 255).all()
    found.control("example-0").click()
    assert found.check(drawing=None).input[0].mul(255).equal(before)


def test_a_finger_draws_and_does_not_scroll(lone_page, explorer):
    widget = explorer()
    found = Explorer(lone_page(widget, **MODES["phone"]), widget)
    found.theme = "light"
    found.control("clear").tap()
    session = found.page.context.new_cdp_session(found.page)
    assert found.page.evaluate("document.documentElement.scrollHeight") > 2000
    box = found.paper.bounding_box()

    def touch(kind, *points):
        points = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def swipe(x, start, end):
        touch("touchStart", (x, start))
        for i in range(1, 11):
            touch("touchMove", (x, start + (end - start) * i / 10))
        touch("touchEnd")
        found.page.wait_for_timeout(100)

    middle = box["x"] + box["width"] / 2
    swipe(middle, box["y"] + box["height"] - 30, box["y"] + 30)
    assert found.page.evaluate("scrollY") == 0
    levels = found.drawing()
    assert (levels[4:25, 13:15] > 200).all()
    assert levels[:, :11].sum() == 0
    assert found.check().answers.argmax() == 1
    # Beside the paper the same swipe scrolls
    outside = box["x"] + box["width"] + 50
    swipe(outside, box["y"] + box["height"] - 30, box["y"] + 30)
    assert found.page.evaluate("scrollY") > 50
    assert found.drawing().equal(levels)


def test_keys_draw(digit):
    digit.control("clear").click()
    digit.paper.focus()
    pen = digit.root.locator(".cnn-network-pen")
    expect(pen).to_be_hidden()
    scrolled = digit.page.evaluate("scrollY")
    digit.paper.press("ArrowUp")
    expect(pen).to_be_visible()
    assert digit.drawing().sum() == 0
    for key in ["ArrowLeft"] * 3 + ["ArrowUp"] * 6:
        digit.paper.press(key)
    digit.paper.press(" ")
    status = digit.root.locator("[role=status]")
    expect(status).to_contain_text("Pen down, row 8, column 12.")
    for key in ["ArrowRight"] * 6 + ["ArrowDown"] * 12:
        digit.paper.press(key)
    levels = digit.drawing()
    assert (levels[7, 11:18] == 255).all()
    assert (levels[7:20, 17] == 255).all()
    assert levels[:6].sum() == 0
    digit.paper.press("Enter")
    expect(status).to_contain_text("Pen lifted, row 20, column 18.")
    digit.paper.press("ArrowDown")
    assert digit.drawing().equal(levels)
    digit.check()
    for _ in range(30):
        digit.paper.press("ArrowRight")
    digit.paper.press("x")
    digit.paper.press(" ")
    assert digit.drawing()[20, 27] == 255
    assert digit.page.evaluate("scrollY") == scrolled
    digit.paper.press("ArrowLeft")
    digit.page.keyboard.press("Tab")
    expect(pen).to_be_hidden()
    digit.paper.press("ArrowLeft")  # the pen was lifted by leaving
    assert digit.drawing()[20, 24] == 0


def test_the_answer_is_told_after_the_strokes(alone, explorer):
    found = alone(explorer())
    status = found.root.locator("[role=status]")
    expect(status).to_contain_text("It answers")
    found.page.evaluate(
        """() => {
            window.told = [];
            const status = document.querySelector(".cnn-network [role=status]");
            const parts = { childList: true, characterData: true, subtree: true };
            new MutationObserver(() => told.push(status.textContent))
                .observe(status, parts);
        }"""
    )
    found.page.clock.install()
    now = found.page.evaluate("Date.now() / 1000")
    found.page.clock.pause_at(now + 1)  # from here on time stands still
    found.control("clear").click()
    found.draw(*SEVEN)
    assert "“7”" in found.text("answer")
    found.page.clock.run_for(550)
    assert found.page.evaluate("told") == []
    found.page.clock.run_for(100)
    assert found.page.evaluate("told") == [found.text("answer")]
    found.press([1, 0, 5, 5])
    found.page.clock.run_for(650)
    assert found.page.evaluate("told")[1].startswith("1. Conv2d, map 1, row 6")
    assert status.get_attribute("aria-live") in (None, "polite")


# A unit


def test_a_unit_is_pressed_and_stepped_back_to_the_pixels(digit):
    """From the answer through all eleven layers."""
    best = int(digit.widget.answers.argmax())
    digit.press([11, best], digit.act)
    widget = digit.check(unit=[11, best])
    for at in range(11, 0, -1):
        assert digit.get("unit")[0] == at
        check_unit(digit)
        digit.control("back").click()
    widget = digit.check()
    assert widget.unit[0] == 0
    value = widget.input[tuple(widget.unit[1:])]
    assert f"A pixel is {fixed(value, 2)}, from 0 for black" in digit.unit.inner_text()
    expect(digit.control("back")).to_be_hidden()
    for at in range(1, 12):
        digit.control("forward").click()
        assert digit.get("unit")[0] == at
    assert digit.get("unit") == [11, best]
    expect(digit.control("forward")).to_be_hidden()
    digit.control("close").click()
    expect(digit.unit).to_have_count(0)
    assert digit.check(unit=None)


def check_unit(explorer):
    """The panel says what PyTorch says of the unit."""
    widget = explorer.widget
    widget.set_state({"unit": explorer.get("unit")})
    at, *place = widget.unit
    value = widget.outputs[at - 1][tuple(place)]
    kind = widget.layers[at - 1]["kind"]
    text = explorer.unit.inner_text()
    assert text.startswith(f"{at}. {kind}, ")
    where = text.split("\n")[0]
    numbers = [int(n) for n in re.findall(r"(?:map|row|column|number) (\d+)", where)]
    assert numbers == [i + 1 for i in place]
    assert close(where.split(": ")[-1], value)
    if kind in ("Conv2d", "Linear"):
        assert close(
            re.search(r"(?:: |makes )([−\d.]+)\.$", explorer.text("sum"))[1], value
        )
    check_field(explorer, text)


def close(text, value):
    """A number in words, rounded to three decimals."""
    return abs(float(text.replace("−", "-")) - float(value)) < 0.00061


def check_field(explorer, text):
    """The receptive field in words, and as the part that is lit."""
    rows, columns = explorer.widget.receptive_field
    if (len(rows), len(columns)) == tuple(explorer.widget.size[1:]):
        assert "It sees the whole picture." in text
    else:
        for name, along in (("row", rows), ("column", columns)):
            plural = name + "s" * (len(along) > 1)
            span = "{} {} to {}" if len(along) > 1 else "{} {}"
            assert span.format(plural, along[0] + 1, along[-1] + 1) in text
    found = explorer.root.locator(".cnn-network-field").evaluate(
        """(field) => {
            const [a, b] = [field, field.parentElement.querySelector("canvas")]
                .map((element) => element.getBoundingClientRect());
            return [(a.top - b.top) / b.height, (a.left - b.left) / b.width,
                a.height / b.height, a.width / b.width];
        }"""
    )
    h, w = explorer.widget.size[1:]
    wanted = [rows[0] / h, columns[0] / w, len(rows) / h, len(columns) / w]
    assert found == pytest.approx(wanted, abs=0.003)


def test_a_convolution_over_maps_shows_every_partial_sum(digit):
    digit.press([4, 9, 3, 5], digit.act)
    widget = digit.check(unit=[4, 9, 3, 5])
    check_unit(digit)
    conv = [m for m in widget._model.modules() if isinstance(m, nn.Conv2d)][1]
    window = widget.outputs[2][:, 3:8, 5:10]
    sums = (window * conv.weight[9].detach()).sum((1, 2))
    items = digit.unit.locator(".cnn-network-items button:visible")
    texts = items.all_inner_texts()
    assert [t.split(": ")[0] for t in texts] == [f"map {i + 1}" for i in range(8)]
    for text, value in zip(texts, sums, strict=True):
        assert abs(float(text.split(": ")[1].replace("−", "-")) - value) < 0.0051
    strongest = int(sums.abs().argmax())
    pressed = digit.unit.locator(".cnn-network-items [aria-pressed=true]")
    assert pressed.inner_text() == texts[strongest]
    for channel in (strongest, 5, 0):
        items.nth(channel).click()
        assert pressed.inner_text() == texts[channel]
        assert f"Window in map {channel + 1}" in digit.unit.inner_text()
        products = window[channel] * conv.weight[9, channel].detach()
        for name, matrix in [
            ("window", window[channel]),
            ("filter", conv.weight[9, channel].detach()),
            ("products", products),
        ]:
            assert grid_numbers(digit, name) == pytest.approx(
                matrix.flatten().tolist(), abs=0.0051
            )
        assert f"On map {channel + 1} the products sum to" in digit.text("sum")
    assert digit.get("unit") == [4, 9, 3, 5]


def grid_numbers(explorer, name):
    """The numbers of a grid as its label reads them out."""
    label = explorer.canvas(name).get_attribute("aria-label")
    text = label.split(": ", 1)[1].split(". ")[0]
    rows = text.removesuffix(".").split("; ")
    return [float(n.replace("−", "-")) for row in rows for n in row.split()]


def test_a_press_in_the_window_steps_to_that_number(digit):
    digit.press([1, 2, 10, 9], digit.act)
    assert digit.get("unit") == [1, 2, 10, 9]
    check_unit(digit)
    assert "The filter lies on rows 11 to 15, columns 10 to 14 of the picture." in (
        digit.unit.inner_text()
    )
    box = digit.canvas("window").bounding_box()
    position = {"x": 3.5 / 5 * box["width"], "y": 1.5 / 5 * box["height"]}
    getattr(digit.canvas("window"), digit.act)(position=position)
    assert digit.get("unit") == [0, 0, 11, 12]
    assert "Picture, row 12, column 13" in digit.unit.inner_text()
    digit.control("forward").click()
    assert digit.get("unit") == [1, 2, 10, 9]
    # A pool: its window is in the same map
    digit.press([6, 11, 1, 2], digit.act)
    assert "The largest of rows 3 to 4, columns 5 to 6 in the same map is" in (
        digit.unit.inner_text()
    )
    expect(digit.canvas("filter")).to_be_hidden()
    window = digit.check().outputs[4][11, 2:4, 4:6]
    assert grid_numbers(digit, "window") == pytest.approx(
        window.flatten().tolist(), abs=0.0051
    )
    r, c = divmod(int(window.argmax()), 2)
    digit.control("back").click()
    assert digit.get("unit") == [5, 11, 2 + r, 4 + c]


def test_a_sum_shows_its_largest_products(digit):
    digit.press([8, 5], digit.act)
    widget = digit.check(unit=[8, 5])
    check_unit(digit)
    linear = next(m for m in widget._model.modules() if isinstance(m, nn.Linear))
    x, w = widget.outputs[6], linear.weight[5].detach()
    order = (x * w).abs().argsort(descending=True)[:8].tolist()
    items = digit.unit.locator(".cnn-network-items button:visible")
    for i, text in zip(order, items.all_inner_texts(), strict=True):
        map_, place = divmod(i, 16)
        assert text.startswith(f"map {map_ + 1}, row {place // 4 + 1}, column")
        *_, value, weight, product = re.findall(r"[−\d.]+", text)
        for shown, exact in ((value, x[i]), (weight, w[i]), (product, x[i] * w[i])):
            assert abs(float(shown.replace("−", "-")) - exact) < 0.0051
    items.nth(3).click()
    assert digit.get("unit") == [7, order[3]]
    assert f"It is map {order[3] // 16 + 1}, row" in digit.unit.inner_text()
    check_unit(digit)


def test_keys_choose_units(digit):
    strip = digit.canvas("layer-3")
    strip.focus()
    scrolled = digit.page.evaluate("scrollY")
    strip.press("ArrowDown")
    strongest = int(digit.widget.outputs[2].argmax())
    assert digit.get("unit") == [3, *np.unravel_index(strongest, (8, 12, 12))]
    strip.press("Home")
    assert digit.get("unit") == [3, 0, 0, 0]
    for key in ("ArrowLeft", "ArrowUp"):
        strip.press(key)
        assert digit.get("unit") == [3, 0, 0, 0]
    for _ in range(12):
        strip.press("ArrowRight")
    assert digit.get("unit") == [3, 1, 0, 0]  # in the next map
    strip.press("ArrowLeft")
    assert digit.get("unit") == [3, 0, 0, 11]
    strip.press("ArrowDown")
    assert digit.get("unit") == [3, 0, 1, 11]
    strip.press("End")
    assert digit.get("unit") == [3, 7, 11, 11]
    for key in ("ArrowRight", "ArrowDown"):
        strip.press(key)
        assert digit.get("unit") == [3, 7, 11, 11]
    expect(strip).to_be_focused()
    assert abs(digit.page.evaluate("scrollY") - scrolled) < 400
    label = strip.get_attribute("aria-label")
    assert label.startswith("3. MaxPool2d. The largest of each 2 × 2")
    assert "map 8, row 12, column 12:" in label
    check_unit(digit)
    row = digit.canvas("layer-9")
    row.press("Home")
    row.press("ArrowRight")
    assert digit.get("unit") == [9, 1]


def test_keys_step_through_the_window_and_keep_the_focus(alone, explorer):
    found = alone(explorer(unit=[4, 1, 3, 3]))
    window = found.canvas("window")
    window.focus()
    window.press("ArrowRight")
    label = window.get_attribute("aria-label")
    row, column = map(int, re.search(r"row (\d), column (\d): ", label).groups())
    channel = int(re.search(r"Window in map (\d)", label)[1])
    window.press("Enter")
    assert found.get("unit") == [3, channel - 1, 3 + row - 1, 3 + column - 1]
    # A pool has a window too; a ReLU has none, and the focus goes to the next step
    expect(window).to_be_focused()
    window.press(" ")
    assert found.get("unit")[0] == 2
    expect(found.control("back")).to_be_focused()
    found.control("back").press("Enter")
    assert found.get("unit")[0] == 1
    expect(found.control("back")).to_be_focused()
    found.control("back").press("Enter")
    assert found.get("unit")[0] == 0
    expect(found.unit).to_be_focused()
    found.control("forward").press("Enter")
    expect(found.control("forward")).to_be_focused()
    found.control("close").press("Enter")
    expect(found.canvas("layer-1")).to_be_focused()


def test_what_is_pressed_stays_where_it_is(alone, explorer):
    found = alone(explorer(), viewport={"width": 700, "height": 600})
    tops = []
    for unit in ([8, 3], [3, 1, 5, 5], [6, 4, 1, 1]):
        strip = found.canvas(f"layer-{unit[0]}")
        strip.scroll_into_view_if_needed()
        tops.append(strip.bounding_box()["y"])
        found.press(unit)
        assert abs(strip.bounding_box()["y"] - tops[-1]) < 2
        below = strip.bounding_box()["y"] + strip.bounding_box()["height"]
        assert abs(found.unit.bounding_box()["y"] - below) < 60
    # The button too, so that it can be pressed again and again
    back = found.control("back")
    back.scroll_into_view_if_needed()
    box = back.bounding_box()
    for at in range(5, 0, -1):
        found.page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
        assert found.get("unit")[0] == at
        assert abs(back.bounding_box()["y"] - box["y"]) < 2


def test_strokes_go_on_while_a_unit_is_open(alone, explorer):
    found = alone(explorer(unit=[4, 1, 3, 3]))
    before = found.unit.inner_text()
    found.draw(*ONE)
    assert found.unit.inner_text() != before
    found.check(unit=[4, 1, 3, 3])
    check_unit(found)


def test_the_layers_can_be_closed(alone, explorer):
    found = alone(explorer(inside=False))
    expect(found.canvas("layer-1")).to_be_hidden()
    found.draw(*ONE)
    found.check(inside=False)
    found.control("inside").click()
    expect(found.canvas("layer-1")).to_be_visible()
    found.check(inside=True)
    found.control("inside").click()
    expect(found.canvas("layer-1")).to_be_hidden()
    assert found.get("inside") is False
    found.set(inside=True)
    expect(found.canvas("layer-1")).to_be_visible()


def test_small_networks_are_shown_too(alone):
    """Padding, strides, dilation, a mean over padding, and other classes."""
    found = alone(small(classes=["car", "bus", "truck"], labels=[1, 2]))
    found.check()
    found.press([1, 1, 0, 5])
    found.check(unit=[1, 1, 0, 5])
    check_unit(found)
    text = found.unit.inner_text()
    assert "rows 1 to 2, columns 6 to 8 in steps of 2 of the picture." in text
    assert "Outside stand zeros." in text
    found.press([3, 0, 0, 0])
    check_unit(found)
    assert "The mean of row 1, column 1 in the same map" in found.unit.inner_text()
    assert grid_numbers(found, "window")[:3] == [0, 0, 0]
    box = found.canvas("window").bounding_box()
    found.canvas("window").click(position={"x": 5, "y": 5})  # padding: no unit
    assert found.get("unit") == [3, 0, 0, 0]
    position = {"x": box["width"] - 5, "y": box["height"] - 5}
    found.canvas("window").click(position=position)
    assert found.get("unit") == [2, 0, 0, 0]


def test_a_window_of_nothing_but_padding(alone):
    model = nn.Sequential(nn.Conv2d(1, 1, 2, padding=3), nn.Flatten())
    found = alone(NetworkExplorer(model, torch.rand(1, 1, 4, 4), unit=[1, 0, 0, 5]))
    text = found.unit.inner_text()
    assert "The filter lies on zeros only, outside of the picture." in text
    assert "It sees nothing of the picture." in text
    assert found.control("back").is_disabled()
    expect(found.root.locator(".cnn-network-field")).to_be_hidden()


# Color


def test_parts_of_a_color_picture_are_hidden(alone):
    found = alone(small(3))
    assert found.control("pen").count() == found.control("centered").count() == 0
    before = found.check(drawing=None).input * 255
    assert "Press and drag to hide parts" in found.root.inner_text()
    found.draw((2.5, 2.5), (2.5, 3.5))
    levels = found.drawing()
    assert (levels[:, 2, 2:4] == 128).all()
    assert levels[:, 6:].float().equal(before[:, 6:].round())
    widget = found.check()
    assert torch.equal(widget.input, levels / 255)
    found.control("clear").click()
    assert found.check(drawing=None).input.mul(255).equal(before)
    found.control("example-1").click()
    found.check(example=1)
    found.press([1, 1, 2, 3])
    check_unit(found)
    texts = found.unit.locator(".cnn-network-items button").all_inner_texts()
    assert [text.split(":")[0] for text in texts] == ["red", "green", "blue"]
    found.control("item-1").click()
    assert "Window in green" in found.unit.inner_text()
    found.control("back").click()
    assert found.get("unit")[:2] == [0, 1]
    assert re.search(r"red [\d.]+, green [\d.]+, blue [\d.]+", found.unit.inner_text())


# From elsewhere


def test_change_from_elsewhere_is_shown(digit):
    images, _ = mnist(train=False)
    picture = moved(images[1], 2, -3)
    text = base64.b64encode(bytes(picture.flatten().tolist())).decode()
    digit.set(drawing=text, unit=[4, 2, 3, 3])
    widget = digit.check(drawing=picture.tolist(), unit=[4, 2, 3, 3])
    assert widget.input[0].mul(255).equal(images[1].float())
    check_unit(digit)
    digit.set(drawing=None, example=2, unit=None)
    digit.check(example=2)
    expect(digit.unit).to_have_count(0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drawing": "AAAA"}, "A drawing for this network has 784 numbers, not 3."),
        (
            {"drawing": "no base64!"},
            "A drawing for this network has 784 numbers, not 0.",
        ),
        ({"example": 8}, "There is no example 9; there are 8."),
        ({"example": -1}, "There is no example 0; there are 8."),
        ({"unit": [12, 0]}, "There is no unit [12, 0]."),
        ({"unit": [1, 8, 0, 0]}, "There is no unit [1, 8, 0, 0]."),
        ({"unit": [1, 0]}, "There is no unit [1, 0]."),
    ],
)
def test_an_impossible_state_is_told_and_the_picture_stays(
    alone, explorer, change, message
):
    found = alone(explorer(unit=[3, 1, 2, 2]))
    before = found.shown()[1]
    found.set(**change)
    assert found.message() == message
    assert found.shown()[1] == before
    found.set(drawing=None, example=0, unit=[3, 1, 2, 2])
    assert found.message() == ""
    found.check()


def test_python_can_follow(browser, explorer):
    """As in JupyterLab: the model is told what is drawn, and nothing stays behind."""
    page = browser.new_page()
    page.goto("about:blank")
    widget = explorer()
    start_widget(page, widget)
    assert page.evaluate("listeners") == 5
    page.evaluate("window.heard = []; model.on('change:drawing', () => heard.push(1))")
    page.locator("[data-control=clear]").click()
    box = page.locator("canvas[data-shows=drawing]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"])
    page.mouse.up()
    assert page.evaluate("heard.length") == 3
    widget.set_state({"drawing": page.evaluate("model.get('drawing')")})
    assert widget.answers.argmax() == 1
    text = page.evaluate("document.body.innerText")
    assert f"“1” with {percent(widget.answers.max())}" in text
    page.evaluate("end()")
    assert page.evaluate("listeners") == 1  # ours
    page.evaluate("model.set('example', 3)")
    assert page.evaluate("document.body.innerText") == text
    page.close()


def test_widgets_of_a_page_do_not_meet(lone_page):
    page = lone_page(small(), small())
    first, second = page.locator(".cnn-network").all()
    before = second.inner_text()
    first.locator("[data-control=clear]").click()
    assert second.inner_text() == before


# --- For everyone ---------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_barriers(alone, explorer, theme, width):
    viewport = {"width": width, "height": 800}
    found = alone(explorer(), theme=theme, viewport=viewport)
    for unit in (None, [4, 2, 3, 3], [3, 2, 3, 3], [8, 3], [0, 0, 5, 5]):
        found.set(unit=unit)
        options = {"preload": False}
        results = Axe().run(found.page, context=".cnnbook-widget", options=options)
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
@pytest.mark.parametrize("kind", ["digits", "cars"])
def test_nothing_scrolls_sideways_and_all_can_be_pressed(alone, explorer, width, kind):
    viewport = {"width": width, "height": 800}
    color = small(3, classes=["car", "truck", "a very long bicycle"], labels=[0, 2])
    found = alone(color if kind == "cars" else explorer(), viewport=viewport)
    units = {"digits": ([4, 2, 3, 3], [8, 3]), "cars": ([1, 1, 2, 2], [7, 1])}
    for unit in (None, *units[kind]):
        found.set(unit=unit)
        wide = found.page.evaluate(
            """() => [...document.querySelectorAll("html, .cnnbook, .cnnbook *")]
                .filter((el) => el.scrollWidth > el.clientWidth + 1 && el.clientWidth
                    && !el.matches(".cnn-hidden, .cnn-network-picture"))
                .map((el) => el.outerHTML.slice(0, 90))"""
        )
        assert wide == []
        small_ones = found.root.evaluate(
            """(root) => [...root.querySelectorAll("button, summary, label")]
                .filter((el) => el.offsetParent)
                .map((el) => [el.innerText, el.getBoundingClientRect()])
                .filter(([, box]) => Math.min(box.width, box.height) < 24)
                .map(([text]) => text)"""
        )
        assert small_ones == []


def test_strips_follow_the_width(alone, explorer):
    found = alone(explorer(unit=[4, 1, 2, 2]), viewport={"width": 1000, "height": 800})
    wide = found.canvas("layer-4").bounding_box()
    found.page.set_viewport_size({"width": 360, "height": 800})
    expect(found.canvas("layer-4")).not_to_have_css("width", f"{wide['width']}px")
    box = found.canvas("layer-4").bounding_box()
    assert box["width"] < 330
    found.check()
    over = found.root.locator(".cnn-network-over").nth(3).bounding_box()
    assert over == pytest.approx(box, abs=1)


def test_every_control_is_reached_and_named(alone, explorer):
    found = alone(explorer(unit=[1, 0, 5, 5]))
    reached = []
    for _ in range(20):
        found.page.keyboard.press("Tab")
        reached.append(
            found.page.evaluate(
                """() => document.activeElement.dataset.control
                    ?? document.activeElement.dataset.shows"""
            )
        )
    wanted = ["drawing", "pen", "eraser", "clear", "centered"]
    wanted += [f"example-{i}" for i in range(8)]
    wanted += ["inside", "layer-1", "window", "back", "close", "layer-2", "layer-3"]
    assert reached == wanted
    tree = found.root.aria_snapshot()
    for name in ('button "Pen" [pressed]', 'button "Example 2: 2"', "application"):
        assert name in tree


def test_without_script_the_page_says_what_there_is(lone_page):
    page = lone_page(small(), script=False)
    assert "a network of 7 layers and 53 weights" in page.locator("main").inner_text()
