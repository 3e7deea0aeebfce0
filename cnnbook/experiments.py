"""The longer measurements: one function each, run by `make experiments`.

    python -m cnnbook.experiments [name ...]      all when none is named

A function takes a seed and returns plain numbers. Its results over several seeds
stand in ``_data/experiments/<name>.json`` with the seeds and the versions; chapters
show them, and run one seed of the same function live.
"""

import copy
import json
import math
import platform
import sys
import time
from itertools import product
from pathlib import Path

from cnnbook.arithmetic import output_size, pool_output_size
from cnnbook.training import evaluate, fit, progress

FOLDER = Path(__file__).parent / "_data" / "experiments"

#: What the networks of `digits_full` and `vehicles` have learned with seed 0, for
#: `load_weights`; ``scripts/bundle_weights.py`` writes the files.
DIGIT_WEIGHTS = FOLDER.parent / "digit_network.pt"
VEHICLE_WEIGHTS = FOLDER.parent / "vehicle_network.pt"


def pixel_order(seed, show=True):
    """What shuffled and shifted pixels do to two networks (chapter 1).

    A dense network and a small convolutional one learn from 10,000 digits: as they
    are; with all pixels in one other, fixed order; and with another order for each
    picture. The networks of the first kind are also tested on the pixels in the
    fixed order, and on digits shifted by 0 to 6 pixels.

    Parameters
    ----------
    seed : int
        Of the weights, of the orders and of the order of the examples.
    show : bool
        Show progress.

    Returns
    -------
    dict
        For each kind of network, "dense" and "convolutional", the accuracy in
        percent on 2,000 test digits by condition: "as it is", "fixed order",
        "fixed order, not retrained", "another order each" and, under "shifted", a
        list for the shifts of 0 to 6 pixels, each the mean over four directions.
    """
    sets = _ordered(_digits(train=True), _digits(train=False), seed)
    networks = _networks()
    jobs = list(product(networks, sets))
    models, results = {}, {kind: {} for kind in networks}
    for kind, name in progress(jobs, f"{len(jobs)} networks", show):
        train, test = sets[name]
        models[kind, name] = model = _learn(networks[kind], seed, *train)
        results[kind][name] = _percent(model, *test)
    for kind, found in results.items():
        model = models[kind, "as it is"]
        found["fixed order, not retrained"] = _percent(model, *sets["fixed order"][1])
        test = sets["as it is"][1]
        found["shifted"] = [_shifted(model, *test, by) for by in range(7)]
    return results


def without_pooling(seed, show=True):
    """What one fixed shuffle does to convolutions without pooling (chapter 1).

    The small convolutional network of `pixel_order`, without its two pooling layers;
    its dense layer reads larger maps, so it has 67,434 weights.

    Parameters
    ----------
    seed, show
        As for `pixel_order`.

    Returns
    -------
    dict
        The accuracy in percent "as it is" and in "fixed order".
    """
    from torch import nn

    def network():
        return nn.Sequential(
            *(nn.Conv2d(1, 8, kernel_size=5), nn.ReLU()),
            *(nn.Conv2d(8, 16, kernel_size=5), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(16 * 20 * 20, 10)),
        )

    sets = _ordered(_digits(train=True), _digits(train=False), seed)
    results = {}
    for name in progress(["as it is", "fixed order"], "2 networks", show):
        train, test = sets[name]
        results[name] = _percent(_learn(network, seed, *train), *test)
    return results


def padding(seed, show=True):
    """What padding does to training and test accuracy (chapter 3).

    Networks of four 3 × 3 convolutions and a dense layer learn from 500 digits until
    they know them. The digits come in their 28 × 28 pixels, or cut to the inner
    20 × 20, where strokes reach the edge. The convolutions have no padding, or
    padding 1. Padding leaves larger maps to the dense layer, and so more weights;
    therefore a third network has padding 1 and reduces its maps, by means over
    neighbors, to the size without padding.

    Parameters
    ----------
    seed : int
        Of the weights, of the choice of 500 digits and of the order of examples.
    show : bool
        Show progress.

    Returns
    -------
    list of dict
        One for each network, with "picture" (28 or 20), "padding" ("none", "padding"
        or "padding, reduced"), "weights", and the accuracies "train" and "test" in
        percent.
    """
    import torch

    (x, labels), test = _digits(train=True), _digits(train=False)
    few = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[:500]
    settings = list(product((28, 20), ("none", "padding", "padding, reduced")))
    results = []
    for picture, kind in progress(settings, f"{len(settings)} networks", show):
        train = _cut(x[few], picture), labels[few]
        model = _four_convolutions(seed, picture, kind)
        fit(model, *train, epochs=40, lr=3e-3, seed=seed, show=False)
        found = {
            "weights": sum(p.numel() for p in model.parameters()),
            "train": _percent(model, *train),
            "test": _percent(model, _cut(test[0], picture), test[1]),
        }
        results.append({"picture": picture, "padding": kind, **found})
    return results


#: How the networks of `pooling` reduce their maps, and where.
REDUCTIONS = (
    *("max", "average", "stride", "wide stride", "none"),
    *("max at the end", "average at the end", "thinned at the end"),
)

#: The learning rates that `pooling` tries.
POOLING_RATES = (1e-3, 3e-3, 0.01, 0.03)


def pooling(seed, rates=POOLING_RATES, show=True):
    """What ways to reduce a map do to training, test and work (chapter 7).

    Networks of two 3 × 3 convolutions and a dense layer learn from 500 digits until
    they know them. They differ only in how the maps become smaller: max or average
    pooling of 2 × 2 behind each convolution, stride 2 in each convolution, not at
    all, or only at the end, by 4 × 4: the largest, the average, or the top left of
    each block ("thinned"). All but "none" have the same number of weights, except
    "wide stride", which has more filters for nearly the work of "max". Each learns
    with several learning rates; 1,000 other training digits choose among them.

    Parameters
    ----------
    seed : int
        Of the weights, of the choice of digits and of the order of examples.
    rates : sequence of float
        Learning rates.
    show : bool
        Show progress.

    Returns
    -------
    list of dict
        One for each of `REDUCTIONS`, with the "kind", the "weights", the
        "multiply_adds" for one digit; by rate, as a text, the accuracies "choosing"
        and "tests" in percent; and for the chosen "rate" the accuracies "train" and
        "test", and the "time": that of the processor for the training, as a share of
        what "none" took.
    """
    import torch

    (x, labels), test = _digits(train=True), _digits(train=False)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    train, choose = ((x[part], labels[part]) for part in (order[:500], order[500:1500]))
    # PyTorch loads parts of itself at the first training: not to be timed.
    fit(_reducing(seed, "none"), *train, epochs=1, show=False)
    results = []
    for kind in progress(REDUCTIONS, f"{len(REDUCTIONS)} networks", show):
        runs = {
            rate: _learn_reducing(seed, kind, rate, train, choose, test)
            for rate in rates
        }
        best = max(runs, key=lambda rate: runs[rate]["choosing"])
        by_rate = {
            part: {str(rate): run[name] for rate, run in runs.items()}
            for part, name in (("choosing", "choosing"), ("tests", "test"))
        }
        model = _reducing(seed, kind)
        counts = {
            "weights": sum(p.numel() for p in model.parameters()),
            "multiply_adds": _multiply_adds(model, x[:1]),
        }
        results.append({"kind": kind, **counts, **runs[best], **by_rate, "rate": best})
    (longest,) = (one["time"] for one in results if one["kind"] == "none")
    return [{**one, "time": round(one["time"] / longest, 2)} for one in results]


#: The learning rates that the experiments of chapter 8 try, by optimizer.
DEPTH_RATES = {"SGD": (0.01, 0.03, 0.1, 0.3, 1.0), "Adam": (3e-4, 1e-3, 3e-3)}
UNIT_RATES = {"SGD": (0.03, 0.1, 0.3, 1.0), "Adam": (1e-3, 3e-3, 0.01, 0.03, 0.1)}


def depth_gradients(seed, rates=None, show=True):
    """How deep networks learn with sigmoid, tanh and ReLU (chapter 8).

    Networks of 20 dense layers of equal width learn from 9,000 digits in four
    epochs, from the weights that PyTorch gives, from those that suit the activation,
    and with batch normalization; sigmoid also from weights that make it compute what
    tanh would. Networks of 3 layers are the control. Each takes plain SGD and Adam,
    with several learning rates; 1,000 other digits choose the rate, the test digits
    are asked with the chosen one.

    Parameters
    ----------
    seed : int
        Of the weights and of the order of the examples.
    rates : dict of str to tuple, optional
        Learning rates for "SGD" and "Adam"; `DEPTH_RATES` by default.
    show : bool
        Show progress.

    Returns
    -------
    list of dict
        One for each network and optimizer, with "depth", "activation", "start" and
        "optimizer"; by rate, as a text, the accuracy on the digits that choose it in
        "validation"; and for the chosen "rate": the mean "loss" of each epoch, after
        each epoch the "ratio" of the gradient of layer 2 to that of the last but
        one, the "gradients" of all layers at the end (see `gradient_norms`), and the
        accuracy on the "test" digits. Accuracies are in percent; a ratio is None
        where a gradient is 0 or not finite.
    """
    sets, rates = _three_sets(), rates or DEPTH_RATES
    jobs = list(product(_deep_settings(), rates))
    results = []
    for setting, optimizer in progress(jobs, f"{len(jobs)} networks", show):
        runs = {
            rate: _learn_deep(*setting, optimizer, rate, seed, sets)
            for rate in rates[optimizer]
        }
        best = max(runs, key=lambda rate: runs[rate]["validation"])
        validation = {str(rate): run["validation"] for rate, run in runs.items()}
        names = dict(zip(("depth", "activation", "start"), setting, strict=True))
        chosen = {**runs[best], "validation": validation, "rate": best}
        results.append({**names, "optimizer": optimizer, **chosen})
    return results


def dead_units(seed, rates=None, show=True):
    """What learning rates do to the units behind ReLU (chapter 8).

    A network of two convolutions and two dense layers learns from 9,000 digits in
    three epochs: with ReLU, leaky ReLU, tanh, and without an activation.

    Parameters
    ----------
    seed, show
        As for `depth_gradients`.
    rates : dict of str to tuple, optional
        Learning rates for "SGD" and "Adam"; `UNIT_RATES` by default.

    Returns
    -------
    list of dict
        One for each "activation", "optimizer" and "rate", with the accuracies
        "validation" and "test" in percent; for the two kinds of ReLU also "zeros",
        in percent, and "dead", the units that are positive for none of the 9,000
        digits, by layer (see `count_zeros`).
    """
    sets, rates = _three_sets(), rates or UNIT_RATES
    settings = [(name, rate) for name in rates for rate in rates[name]]
    jobs = list(product(("ReLU", "leaky ReLU", "tanh", "none"), settings))
    results = []
    for activation, (optimizer, rate) in progress(jobs, f"{len(jobs)} networks", show):
        found = _learn_strided(activation, optimizer, rate, seed, sets)
        names = {"activation": activation, "optimizer": optimizer, "rate": rate}
        results.append({**names, **found})
    return results


def digits_bundled(seed, show=True):
    """What `digit_network` learns from the 10,000 bundled digits (chapter 9).

    Parameters
    ----------
    seed : int
        Of the weights, of dropout and of the order of the examples.
    show : bool
        Show progress.

    Returns
    -------
    dict
        The accuracy on the bundled "test" digits in percent, the mean loss of each
        epoch in "losses", and "seconds" of processor time.
    """
    return _digits_learned(seed, full=False, show=show)


def digits_full(seed, show=True):
    """What `digit_network` learns from the whole of MNIST (chapter 9).

    Parameters and result are those of `digits_bundled`; there are 60,000 digits to
    learn from and 10,000 to test with.

    Raises
    ------
    FileNotFoundError
        The whole of MNIST is absent and cannot be downloaded.
    """
    return _digits_learned(seed, full=True, show=show)


def vehicles(seed, show=True):
    """What `vehicle_network` learns from 4,000 drawings (chapter 9).

    It is tested on 1,000 others, and on the same without their background, without
    the bodies of the vehicles, and without their wheels.

    Parameters
    ----------
    seed : int
        Of the drawings, of the weights and of the order of the examples.
    show : bool
        Show progress.

    Returns
    -------
    dict
        The accuracy on the "test" drawings in percent and, under "hidden", by what is
        not drawn ("nothing", "background", "body", "wheels") the accuracy for each
        kind; the mean loss of each epoch in "losses", and "seconds" of processor time.
    """
    from cnnbook import data

    train = data.vehicles(4000, seed)
    model, told = _timed(learn_vehicles, *train, seed, show=show)
    test = data.vehicles(1000, seed + 1000)
    hidden = {"nothing": _percent_by_kind(model, *test)}
    for part in ("background", "body", "wheels"):
        without = data.vehicles(1000, seed + 1000, hide=part)
        hidden[part] = _percent_by_kind(model, *without)
    return {"test": _percent(model, *test), "hidden": hidden, **told}


#: The learning rates that `features` tries for each way.
FEATURE_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)


def features(seed, rates=FEATURE_RATES, show=True):
    """Learned features against hand-made ones and against none (chapter 9).

    3,000 vehicles, and as many digits, are learned in 10 epochs: by a linear
    classifier and by a dense network, both from the pixels and from the histograms of
    `edge_histograms`; by a dense network of about as many weights as the
    convolutional one; and by the convolutional network of chapter 9. Whatever goes in
    is first standardized, each number by its mean and spread over the examples to
    learn from. Each way takes all learning rates; 500 other pictures choose one, and
    the test pictures (1,000 vehicles, 2,000 digits) are asked with the chosen one.

    Parameters
    ----------
    seed : int
        Of the drawings, of the choice of digits, of the weights and of the order of
        the examples.
    rates : tuple of float
        The learning rates.
    show : bool
        Show progress.

    Returns
    -------
    list of dict
        One for each way, with "data" ("vehicles", "digits"), "features" ("none",
        "hand-made", "learned"), "classifier" ("linear", "small dense", "dense",
        "convolutional"), and the number of learned "weights"; by rate, as a text, the
        accuracy in "validation", and for the chosen "rate" the accuracy in "test", in
        percent.
    """
    sets = {"vehicles": _vehicles_three(seed), "digits": _digits_three(seed)}
    jobs = [(name, way) for name in sets for way in _ways(name)]
    results = []
    for name, (made, classifier, build) in progress(jobs, f"{len(jobs)} ways", show):
        three = _standardized(sets[name], made == "hand-made")
        runs = {rate: _learn_way(build, rate, seed, *three) for rate in rates}
        best = max(runs, key=lambda rate: runs[rate]["validation"])
        validation = {str(rate): run["validation"] for rate, run in runs.items()}
        names = {"data": name, "features": made, "classifier": classifier}
        chosen = {**runs[best], "validation": validation, "rate": best}
        results.append({**names, **chosen})
    return results


#: Each experiment with the seeds that `make experiments` runs.
EXPERIMENTS = {
    "pixel_order": (pixel_order, range(5)),
    "without_pooling": (without_pooling, range(5)),
    "padding": (padding, range(10)),
    "pooling": (pooling, range(10)),
    "depth_gradients": (depth_gradients, range(5)),
    "dead_units": (dead_units, range(5)),
    "digits_bundled": (digits_bundled, range(5)),
    "digits_full": (digits_full, range(3)),
    "vehicles": (vehicles, range(5)),
    "features": (features, range(3)),
}


def stored(name):
    """Return the stored results of an experiment.

    Parameters
    ----------
    name : str
        One of `EXPERIMENTS`.

    Returns
    -------
    dict
        "seeds", "versions" (of Python and of PyTorch), and "runs": what the
        function returned, one entry for each seed.

    Raises
    ------
    ValueError
        If there is no experiment of that name.
    """
    if name not in EXPERIMENTS:
        known = ", ".join(EXPERIMENTS)
        raise ValueError(f"no experiment {name!r}; there are: {known}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def shuffle(x, seed):
    """Put the pixels of all pictures into one other order (chapter 1).

    Parameters
    ----------
    x : tensor (N, C, H, W)
        Pictures.
    seed : int
        Of the order; the same seed gives the same order.

    Returns
    -------
    tensor (N, C, H, W)
    """
    import torch

    pixels = x.shape[2] * x.shape[3]
    order = torch.randperm(pixels, generator=torch.Generator().manual_seed(seed))
    return x.flatten(2)[:, :, order].view_as(x)


def shuffle_each(x, seed):
    """Put the pixels of every picture into an order of its own (chapter 1).

    Parameters and result are those of `shuffle`.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    n, _, h, w = x.shape
    orders = torch.rand(n, 1, h * w, generator=generator).argsort(2)
    return x.flatten(2).gather(2, orders.expand(-1, x.shape[1], -1)).view_as(x)


def shift(x, down, right):
    """Move pictures by whole pixels; what enters is 0 (chapter 1).

    Parameters
    ----------
    x : tensor (..., H, W)
        Pictures.
    down, right : int
        Pixels; negative ones move up and left.

    Returns
    -------
    tensor (..., H, W)
    """
    from torch.nn.functional import pad

    h, w = x.shape[-2:]
    wide = pad(x, [abs(right)] * 2 + [abs(down)] * 2)
    top, left = abs(down) - down, abs(right) - right
    return wide[..., top : top + h, left : left + w]


def jitter(x, generator):
    """Move pictures by a pixel at most, all in one direction (chapter 9).

    Parameters
    ----------
    x : tensor (N, C, H, W)
        Pictures.
    generator : torch.Generator
        Chooses -1, 0 or 1 rows down and as many columns to the right.

    Returns
    -------
    tensor (N, C, H, W)
    """
    import torch

    return shift(x, *torch.randint(-1, 2, (2,), generator=generator).tolist())


def learn_digits(x, labels, seed, show=True):
    """Train a `digit_network` in 15 epochs (chapter 9).

    Parameters
    ----------
    x : float tensor (N, 1, 28, 28)
        Digits.
    labels : int64 tensor (N,)
        What they show.
    seed : int
        Of the weights, of dropout and of the order of the examples.
    show : bool
        Show progress.

    Returns
    -------
    model : nn.Sequential
    losses : list of float
        The mean loss of each epoch.
    """
    import torch

    from cnnbook.layers import digit_network

    torch.manual_seed(seed)
    model = digit_network()
    how = {"batch_size": 128, "seed": seed, "show": show, "decay": True}
    return model, fit(model, x, labels, 15, lr=4e-3, change=jitter, **how)


def learn_vehicles(x, labels, seed, show=True):
    """Train a `vehicle_network` in 8 epochs (chapter 9).

    Parameters
    ----------
    x : float tensor (N, 3, 32, 32)
        Pictures.
    labels : int64 tensor (N,)
        Their kinds, of six.
    seed, show
        As for `learn_digits`; there is no dropout.

    Returns
    -------
    model : nn.Sequential
    losses : list of float
        The mean loss of each epoch.
    """
    import torch

    from cnnbook.layers import vehicle_network

    torch.manual_seed(seed)
    model = vehicle_network()
    how = {"batch_size": 32, "seed": seed, "show": show, "decay": True}
    return model, fit(model, x, labels, epochs=8, lr=3e-3, **how)


def edge_histograms(x, directions=8, cell=4):
    """Where edges of each direction and corners are: hand-made filters (chapter 9).

    Sobel's two filters give the slope of the brightness at each pixel, in the channel
    where it is steepest. It votes for the two directions nearest to its own. Harris's
    measure finds corners: places where the slopes of a neighborhood have more than
    one direction. The votes are averaged over cells.

    Parameters
    ----------
    x : tensor (N, C, H, W)
        Pictures.
    directions : int
        Of slopes, over half a turn: the first is level, toward the right.
    cell : int
        Rows and columns of a cell.

    Returns
    -------
    tensor (N, directions + 1, H // cell, W // cell)
        Square roots of the means, so that one strong edge does not outweigh many.
    """
    import torch
    from torch.nn.functional import avg_pool2d

    down, right = _slopes(x)  # each (N, H, W)
    angle = torch.atan2(down, right) / math.pi * directions  # in steps
    steps = torch.arange(directions).view(-1, 1, 1)
    away = (angle[:, None] - steps + directions / 2) % directions - directions / 2
    votes = (1 - away.abs()).clamp(min=0) * torch.hypot(down, right)[:, None]
    products = torch.stack([down * down, right * right, down * right], 1)
    a, b, c = avg_pool2d(products, 3, stride=1, padding=1).unbind(1)
    corners = (a * b - c * c - 0.05 * (a + b) ** 2).clamp(min=0)
    return avg_pool2d(torch.cat([votes, corners[:, None]], 1), cell).sqrt()


def _digits(train, full=False):
    """Digits as pictures (N, 1, 28, 28) in [0, 1], the bundled ones, and their labels.

    With `full`, the whole of MNIST.
    """
    from cnnbook import data

    x, labels = data.mnist(train=train, full=full)
    return x[:, None] / 255, labels.long()


def _networks():
    from cnnbook.layers import dense_network, small_cnn

    return {"dense": dense_network, "convolutional": small_cnn}


def _ordered(train, test, seed):
    """The digits (train, test) by the order of their pixels; see `pixel_order`."""

    def changed(function, *seeds):
        pairs = zip((train, test), seeds, strict=True)
        return tuple((function(x, s), labels) for (x, labels), s in pairs)

    return {
        "as it is": (train, test),
        "fixed order": changed(shuffle, seed, seed),
        # The orders of the test pictures are not those of the training pictures.
        "another order each": changed(shuffle_each, seed, seed + 1000),
    }


def _learn(network, seed, x, labels):
    """A network trained on pictures x."""
    import torch

    torch.manual_seed(seed)
    model = network()
    fit(model, x, labels, epochs=6, lr=2e-3, seed=seed, show=False)
    return model


def _percent(model, x, labels):
    return round(100 * evaluate(model, x, labels), 2)


def _shifted(model, x, labels, by):
    """The accuracy in percent on digits shifted by so many pixels."""
    moves = [(by, 0), (-by, 0), (0, by), (0, -by)]
    found = [_percent(model, shift(x, *move), labels) for move in moves]
    return round(sum(found) / len(found), 2)


def _cut(x, side):
    """The inner side × side pixels of pictures (N, 1, 28, 28)."""
    margin = (28 - side) // 2
    return x[..., margin : 28 - margin, margin : 28 - margin]


def _four_convolutions(seed, picture, kind):
    """Two pairs of 3 × 3 convolutions, each with max pooling behind it, and a head."""
    import torch
    from torch import nn

    def pair(channels_in, channels, pad):
        first = nn.Conv2d(channels_in, channels, 3, padding=pad)
        second = nn.Conv2d(channels, channels, 3, padding=pad)
        return [first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2)]

    torch.manual_seed(seed)
    pad = int(kind != "none")
    small = pool_output_size(output_size(output_size(picture, 3), 3), 2)
    small = pool_output_size(output_size(output_size(small, 3), 3), 2)
    body = nn.Sequential(*pair(1, 8, pad), *pair(8, 16, pad))
    if kind == "padding, reduced":
        body.append(nn.AdaptiveAvgPool2d(small))
    body.append(nn.Flatten())
    features = body(torch.zeros(1, 1, picture, picture)).shape[1]
    return body.append(nn.Linear(features, 10))


def _learn_reducing(seed, kind, rate, train, choose, test):
    """Train one network of `pooling` and tell what became of it."""
    model = _reducing(seed, kind)
    begin = time.process_time()
    fit(model, *train, epochs=40, lr=rate, seed=seed, show=False)
    sets = {"train": train, "choosing": choose, "test": test}
    told = {"time": time.process_time() - begin}
    return told | {name: _percent(model, *pairs) for name, pairs in sets.items()}


def _reducing(seed, kind):
    """A network of `pooling`, as it is before training; see `REDUCTIONS`."""
    import torch
    from torch import nn

    def block(channels_in, channels):
        stride = 2 if "stride" in kind else 1
        conv = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1)
        return [conv, nn.ReLU(), *each.get(kind, [])]

    each = {"max": [nn.MaxPool2d(2)], "average": [nn.AvgPool2d(2)]}
    end = {
        "max at the end": [nn.MaxPool2d(4)],
        "average at the end": [nn.AvgPool2d(4)],
        "thinned at the end": [nn.MaxPool2d(1, stride=4)],  # a window of one pixel
    }
    first, second = (16, 33) if kind == "wide stride" else (8, 16)
    torch.manual_seed(seed)
    body = [*block(1, first), *block(first, second), *end.get(kind, []), nn.Flatten()]
    features = nn.Sequential(*body)(torch.zeros(1, 1, 28, 28)).shape[1]
    return nn.Sequential(*body, nn.Linear(features, 10))


def _multiply_adds(model, x):
    """The multiply-adds of convolutions and dense layers for one picture x."""
    from torch import nn

    total = 0
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            total += x.numel() * layer.weight[0].numel()
    return total


def _three_sets():
    """Digits to learn from, to choose the learning rate with, and to test with."""
    x, labels = _digits(train=True)
    return (x[:9000], labels[:9000]), (x[9000:], labels[9000:]), _digits(train=False)


def _activations():
    from torch import nn

    return {
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "ReLU": nn.ReLU,
        "leaky ReLU": nn.LeakyReLU,
        "none": nn.Identity,
    }


def _deep_settings():
    """Depth, activation and start of the networks of `depth_gradients`."""
    suited = {"sigmoid": "Xavier", "tanh": "Xavier", "ReLU": "He"}
    deep = [
        (20, activation, start)
        for activation, best in suited.items()
        for start in ("default", best, "batch norm")
    ]
    shallow = [(3, activation, "default") for activation in suited]
    return [*deep, (20, "sigmoid", "like tanh"), *shallow]


def _deep(seed, depth, activation, start):
    """One network of `depth_gradients`, as it is before training."""
    import torch

    from cnnbook.layers import deep_network, like_tanh

    torch.manual_seed(seed)
    drawn = "Xavier" if start == "like tanh" else start
    model = deep_network(_activations()[activation], drawn, depth)
    return like_tanh(model) if start == "like tanh" else model


def _learn_deep(depth, activation, start, optimizer, rate, seed, sets):
    """Train one network of `depth_gradients` and tell what became of it."""
    train, choose, test = sets
    model = _deep(seed, depth, activation, start)
    told = {"loss": [], "ratio": []}
    for norms, loss in _epochs(model, optimizer, rate, seed, train, epochs=4):
        told["loss"].append(_short(loss))
        told["ratio"].append(_ratio(norms[1], norms[-2]))
    told["gradients"] = [_short(norm) for norm in norms]
    told["validation"], told["test"] = _percent(model, *choose), _percent(model, *test)
    return told


def _learn_strided(activation, optimizer, rate, seed, sets):
    """Train one network of `dead_units` and count its zeros."""
    import torch

    from cnnbook.layers import count_zeros, strided_network

    train, choose, test = sets
    torch.manual_seed(seed)
    model = strided_network(_activations()[activation])
    for _ in _epochs(model, optimizer, rate, seed, train, epochs=3):
        pass
    told = {"validation": _percent(model, *choose), "test": _percent(model, *test)}
    if "ReLU" in activation:
        share, dead = count_zeros(model, train[0])
        told |= {"zeros": round(100 * share, 1), "dead": dead}
    return told


def _epochs(model, optimizer, rate, seed, train, epochs):
    """Train, and after each epoch yield the norms of the gradients, and the loss.

    The gradients are those of the first 500 digits, taken from a copy: batch
    normalization keeps an account of all that it sees.
    """
    import torch

    from cnnbook.layers import gradient_norms

    steps = getattr(torch.optim, optimizer)(model.parameters(), lr=rate)
    x, labels = train
    for epoch in range(epochs):
        order = seed + 1000 * epoch
        losses = fit(model, *train, 1, seed=order, show=False, optimizer=steps)
        yield gradient_norms(copy.deepcopy(model), x[:500], labels[:500]), losses[0]


def _short(number):
    """Two significant digits; None if the number is not finite."""
    return float(f"{number:.2g}") if math.isfinite(number) else None


def _ratio(first, last):
    return _short(first / last) if first and last else None


def _digits_learned(seed, full, show):
    """The result of `digits_bundled` and `digits_full`."""
    train, test = _digits(train=True, full=full), _digits(train=False, full=full)
    model, told = _timed(learn_digits, *train, seed, show=show)
    return {"test": _percent(model, *test), **told}


def _timed(learn, *arguments, show):
    """The model that was learned, its losses, and seconds of processor time."""
    begun = time.process_time()
    model, losses = learn(*arguments, show=show)
    seconds = round(time.process_time() - begun, 1)
    return model, {"losses": [round(loss, 3) for loss in losses], "seconds": seconds}


def _percent_by_kind(model, x, labels):
    """The accuracy in percent for each kind of vehicle."""
    from cnnbook.data import VEHICLES

    of = {kind: labels == label for label, kind in enumerate(VEHICLES)}
    return {kind: _percent(model, x[some], labels[some]) for kind, some in of.items()}


def _vehicles_three(seed):
    """Vehicles to learn from, to choose the learning rate with, and to test with."""
    from cnnbook import data

    x, labels = data.vehicles(3500, seed)
    test = data.vehicles(1000, seed + 1000)
    return (x[:3000], labels[:3000]), (x[3000:], labels[3000:]), test


def _digits_three(seed):
    """The same of digits."""
    import torch

    x, labels = _digits(train=True)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    first, others = order[:3000], order[3000:3500]
    test = _digits(train=False)
    return (x[first], labels[first]), (x[others], labels[others]), test


def _ways(name):
    """The features, the classifier and how to build it, for `features`."""
    from torch import nn

    from cnnbook.layers import digit_network, vehicle_network

    classes = {"vehicles": 6, "digits": 10}[name]
    narrow = {"vehicles": 7, "digits": 25}[name]  # as many weights as the last way
    learned = {"vehicles": vehicle_network, "digits": digit_network}[name]

    def linear():
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(classes))

    def dense(width=64):
        hidden = [nn.Flatten(), nn.LazyLinear(width), nn.ReLU()]
        return nn.Sequential(*hidden, nn.Linear(width, classes))

    return [
        ("none", "linear", linear),
        ("none", "small dense", lambda: dense(narrow)),
        ("none", "dense", dense),
        ("hand-made", "linear", linear),
        ("hand-made", "dense", dense),
        ("learned", "convolutional", learned),
    ]


def _standardized(sets, hand_made):
    """The sets, hand-made features if asked, each number by its mean and spread."""
    inputs = [edge_histograms(x) if hand_made else x for x, _ in sets]
    # What hardly changes, such as the corners of digits, is not blown up.
    mean, spread = inputs[0].mean(0), inputs[0].std(0) + 0.01
    labels = [labels for _, labels in sets]
    return [((x - mean) / spread, b) for x, b in zip(inputs, labels, strict=True)]


def _learn_way(build, rate, seed, train, choose, test):
    """Train one of the ways of `features`."""
    import torch

    torch.manual_seed(seed)
    model = build()
    model(train[0][:1])  # tells lazy layers how many numbers come in
    how = {"batch_size": 32, "seed": seed, "show": False, "decay": True}
    fit(model, *train, epochs=10, lr=rate, **how)
    weights = sum(p.numel() for p in model.parameters())
    told = {"validation": _percent(model, *choose), "test": _percent(model, *test)}
    return {"weights": weights, **told}


def _slopes(x):
    """Down and to the right (N, H, W), of the channel where they are steepest."""
    import torch
    from torch.nn.functional import conv2d, pad

    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    filters = torch.stack([sobel.T, sobel])[:, None]
    n, c, h, w = x.shape
    # Copies of the border: zeros would be edges that the picture does not have.
    wide = pad(x, [1] * 4, mode="replicate").view(n * c, 1, h + 2, w + 2)
    slopes = conv2d(wide, filters).view(n, c, 2, h, w)
    steepest = slopes.square().sum(2).argmax(1)  # (N, H, W)
    chosen = steepest[:, None, None].expand(-1, -1, 2, -1, -1)
    return slopes.gather(1, chosen)[:, 0].unbind(1)


def main(names):
    """Run the experiments named, or all, and store their results.

    One whose data cannot be had is told and left out; what is stored of it remains.
    """
    import torch

    torch.set_num_threads(1)  # as in the chapters
    version = torch.__version__.partition("+")[0]
    unknown = sorted(set(names) - set(EXPERIMENTS))
    if unknown:
        sys.exit(f"No experiment {unknown[0]!r}; there are: {', '.join(EXPERIMENTS)}")
    for name in names or EXPERIMENTS:
        function, seeds = EXPERIMENTS[name]
        told = progress(seeds, f"{name}, {len(seeds)} seeds")
        try:
            runs = [function(seed, show=False) for seed in told]
        except FileNotFoundError as absent:  # the whole of MNIST may be
            print(f"{name}: left out, stored results remain. {absent}", file=sys.stderr)
            continue
        result = {
            "seeds": list(seeds),
            "versions": {"python": platform.python_version(), "torch": version},
            "runs": runs,
        }
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{name}.json"
        text = json.dumps(result, indent=1) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: stored in {path.name}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
