"""The layers as loops, and the networks, as the chapters write them out."""

import torch
import torch.nn.functional as F
from torch import nn


def dense_network():
    """A network of two dense layers for pictures (N, 1, 28, 28) (chapter 1).

    Returns
    -------
    nn.Sequential
        Gives logits (N, 10); it has 50,890 weights.
    """
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def small_cnn():
    """A small convolutional network for pictures (N, 1, 28, 28) (chapter 1).

    Returns
    -------
    nn.Sequential
        Gives logits (N, 10); it has 5,994 weights.
    """
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=5),  # (N, 8, 24, 24)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 8, 12, 12)
        nn.Conv2d(8, 16, kernel_size=5),  # (N, 16, 8, 8)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Flatten(),
        nn.Linear(256, 10),
    )


def corr2d(x, w):
    """Cross-correlate a matrix with a kernel (chapter 2).

    Parameters
    ----------
    x : tensor (H, W)
        The input.
    w : tensor (kH, kW)
        The kernel; it must fit into the input.

    Returns
    -------
    tensor (H - kH + 1, W - kW + 1)
        One sum of products for each place of the kernel.
    """
    kh, kw = w.shape
    y = torch.zeros(x.shape[0] - kh + 1, x.shape[1] - kw + 1)
    for r in range(y.shape[0]):
        for c in range(y.shape[1]):
            y[r, c] = (x[r : r + kh, c : c + kw] * w).sum()
    return y


def corr2d_multi_in_out(x, w, bias):
    """Cross-correlate a picture of any depth with filters as deep (chapter 6).

    Parameters
    ----------
    x : tensor (C_in, H, W)
        The input.
    w : tensor (C_out, C_in, kH, kW)
        The filters; they must fit into the input.
    bias : tensor (C_out,)
        One number for each filter.

    Returns
    -------
    tensor (C_out, H - kH + 1, W - kW + 1)
        One map for each filter: the sum over the channels, and the bias.

    Raises
    ------
    ValueError
        The filters are not as deep as the input.
    """
    filters, depth, kh, kw = w.shape
    channels, h, wide = x.shape
    if channels != depth:
        raise ValueError(f"x has {channels} channels, the filters have {depth}")
    y = torch.zeros(filters, h - kh + 1, wide - kw + 1)
    for f in range(filters):
        for c in range(channels):
            y[f] += corr2d(x[c], w[f, c])
        y[f] += bias[f]
    return y


def pool2d(x, window, stride, kind):
    """Pool a matrix: one number for each window (chapter 7).

    Parameters
    ----------
    x : tensor (H, W)
        The input.
    window : int
        Side of the window; it must fit into the input.
    stride : int
        Pixels from one window to the next.
    kind : str
        "max" or "average".

    Returns
    -------
    tensor ((H - window) // stride + 1, (W - window) // stride + 1)
        The largest number of each window, or the mean.

    Raises
    ------
    ValueError
        The kind is another one, or the window does not fit.
    """
    if kind not in ("max", "average"):
        raise ValueError(f"expected 'max' or 'average', got {kind!r}")
    if window > min(x.shape):
        raise ValueError(f"{tuple(x.shape)} has no room for a window of {window}")
    rows = range(0, x.shape[0] - window + 1, stride)
    columns = range(0, x.shape[1] - window + 1, stride)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            block = x[r : r + window, c : c + window]
            y[i, j] = block.max() if kind == "max" else block.mean()
    return y


def deep_network(activation, start="default", depth=20, width=64):
    """A network of dense layers of equal width for digits (chapter 8).

    Parameters
    ----------
    activation : class of nn.Module
        Stands behind every layer but the last: nn.Sigmoid, nn.Tanh, nn.ReLU.
    start : str
        "default" for PyTorch's weights, "Xavier" or "He" for those, with biases 0,
        or "batch norm" for PyTorch's weights and a normalization behind each layer.
    depth : int
        How many dense layers there are, the last one included.
    width : int
        How many numbers a layer hands on.

    Returns
    -------
    nn.Sequential
        Turns pictures (N, 1, 28, 28) into logits (N, 10).
    """
    layers = [nn.Flatten()]
    for i in range(depth):
        dense = nn.Linear(width if i else 784, width if i < depth - 1 else 10)
        if start == "Xavier":
            nn.init.xavier_uniform_(dense.weight)
            nn.init.zeros_(dense.bias)
        if start == "He":
            nn.init.kaiming_uniform_(dense.weight, nonlinearity="relu")
            nn.init.zeros_(dense.bias)
        layers.append(dense)
        if i < depth - 1:
            if start == "batch norm":
                layers.append(nn.BatchNorm1d(width))
            layers.append(activation())
    return nn.Sequential(*layers)


def gradient_norms(model, x, labels):
    """The length of the gradient of each layer's weights (chapter 8).

    Parameters
    ----------
    model : nn.Module
        Turns x into logits (N, classes).
    x : tensor (N, ...)
        Inputs.
    labels : int64 tensor (N,)
        The class of each input.

    Returns
    -------
    list of float
        One for each weight of at least two dimensions, from the first layer to the
        last; biases and the numbers of a normalization have one dimension.
    """
    loss = F.cross_entropy(model(x), labels)
    weights = [p for p in model.parameters() if p.dim() > 1]
    return [g.norm().item() for g in torch.autograd.grad(loss, weights)]


def like_tanh(model):
    """Make a network of sigmoids compute what it would with tanh (chapter 8).

    Since sigmoid(2z) = (1 + tanh(z)) / 2, the weights before a sigmoid are doubled;
    those behind one are doubled again, and the bias takes the 1 away.

    Parameters
    ----------
    model : nn.Sequential
        From `deep_network`, with nn.Sigmoid and biases 0. It is changed in place.

    Returns
    -------
    nn.Sequential
        The same model.
    """
    dense = [layer for layer in model if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer in dense[:-1]:  # a sigmoid comes next
            layer.weight *= 2
        for layer in dense[1:]:  # a sigmoid came before
            layer.weight *= 2
            layer.bias -= layer.weight.sum(1) / 2
    return model


def strided_network(activation):
    """Two convolutions of stride 2 and two dense layers for digits (chapter 8).

    Parameters
    ----------
    activation : class of nn.Module
        Stands behind every layer but the last.

    Returns
    -------
    nn.Sequential
        Turns pictures (N, 1, 28, 28) into logits (N, 10).
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, stride=2),  # (N, 16, 13, 13)
        activation(),
        nn.Conv2d(16, 32, kernel_size=3, stride=2),  # (N, 32, 6, 6)
        activation(),
        nn.Flatten(),
        nn.Linear(32 * 6 * 6, 64),
        activation(),
        nn.Linear(64, 10),
    )


@torch.no_grad()
def count_zeros(model, x):
    """What ReLU sets to 0, and the units that are 0 for every input (chapter 8).

    A unit is one number of a dense layer, or one whole map of a convolution. Behind
    a leaky ReLU the numbers are counted that it makes small instead of 0.

    Parameters
    ----------
    model : nn.Sequential
        With nn.ReLU or nn.LeakyReLU in it.
    x : tensor (N, ...)
        Inputs.

    Returns
    -------
    share : float
        Of the numbers that go into an activation, those that are not positive.
    dead : list of int
        For each activation, the units that are positive for no input, nowhere.
    """
    zeros, count, dead = 0, 0, []
    for layer in model:
        if isinstance(layer, nn.ReLU | nn.LeakyReLU):
            off = (x <= 0).transpose(0, 1).flatten(1)  # (units, all else)
            zeros, count = zeros + off.sum().item(), count + off.numel()
            dead.append(int(off.all(1).sum()))
        x = layer(x)
    return zeros / count, dead


def digit_network():
    """The network of the post's last figure, for digits (N, 1, 28, 28) (chapter 9).

    Returns
    -------
    nn.Sequential
        Gives logits (N, 10); it has 20,186 weights.
    """
    return nn.Sequential(
        nn.Conv2d(1, 12, kernel_size=5),  # (N, 12, 24, 24)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 12, 12, 12)
        nn.Conv2d(12, 24, kernel_size=5),  # (N, 24, 8, 8)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 24, 4, 4)
        nn.Flatten(),
        nn.Linear(384, 32),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(32, 10),
    )


def vehicle_network(classes=6):
    """Conv-ReLU-Conv-ReLU-Pool three times, for color pictures 32 × 32 (chapter 9).

    Parameters
    ----------
    classes : int
        How many kinds to tell apart.

    Returns
    -------
    nn.Sequential
        Turns pictures (N, 3, 32, 32) into logits (N, classes); it has 21,262 weights
        for six classes. The convolutions begin with weights that suit ReLU.
    """
    layers = []
    for channels_in, channels in ((3, 8), (8, 16), (16, 32)):  # 32, 16, 8 pixels wide
        layers += [
            nn.Conv2d(channels_in, channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 4 * 4, classes))
