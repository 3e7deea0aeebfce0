"""The loop versions of the layers, as the chapters write them out."""

import torch


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
