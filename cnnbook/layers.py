"""The layers as loops, and the networks, as the chapters write them out."""

import torch
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
