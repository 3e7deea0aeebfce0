"""The longer measurements: one function each, run by `make experiments`.

    python -m cnnbook.experiments [name ...]      all when none is named

A function takes a seed and returns plain numbers. Its results over several seeds
stand in ``_data/experiments/<name>.json`` with the seeds and the versions; chapters
show them, and run one seed of the same function live.
"""

import json
import platform
import sys
from itertools import product
from pathlib import Path

from cnnbook.arithmetic import output_size, pool_output_size
from cnnbook.training import evaluate, fit, progress

FOLDER = Path(__file__).parent / "_data" / "experiments"


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


#: Each experiment with the seeds that `make experiments` runs.
EXPERIMENTS = {
    "pixel_order": (pixel_order, range(5)),
    "without_pooling": (without_pooling, range(5)),
    "padding": (padding, range(10)),
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


def _digits(train):
    """The bundled digits as pictures (N, 1, 28, 28) in [0, 1], and their labels."""
    from cnnbook import data

    x, labels = data.mnist(train=train)
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


def main(names):
    """Run the experiments named, or all, and store their results."""
    import torch

    torch.set_num_threads(1)  # as in the chapters
    version = torch.__version__.partition("+")[0]
    unknown = sorted(set(names) - set(EXPERIMENTS))
    if unknown:
        sys.exit(f"No experiment {unknown[0]!r}; there are: {', '.join(EXPERIMENTS)}")
    for name in names or EXPERIMENTS:
        function, seeds = EXPERIMENTS[name]
        told = progress(seeds, f"{name}, {len(seeds)} seeds")
        result = {
            "seeds": list(seeds),
            "versions": {"python": platform.python_version(), "torch": version},
            "runs": [function(seed, show=False) for seed in told],
        }
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{name}.json"
        text = json.dumps(result, indent=1) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: stored in {path.name}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
