"""Right and wrong answers to the exercises of chapter 7."""

import torch
import torch.nn.functional as F


# %% contrast | right | two loops over the windows
def contrast(x, window, stride):
    rows = range(0, x.shape[0] - window + 1, stride)
    columns = range(0, x.shape[1] - window + 1, stride)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            block = x[r : r + window, c : c + window]
            y[i, j] = block.max() - block.min()
    return y


# %% contrast | right | max pooling of x plus max pooling of its negative
def contrast(x, window, stride):
    pool = torch.nn.MaxPool2d(window, stride)
    return pool(x[None])[0] + pool(-x[None])[0]


# %% contrast | right | every window as a column
def contrast(x, window, stride):
    columns = F.unfold(x[None, None], window, stride=stride)[0]
    rows = (x.shape[0] - window) // stride + 1
    return (columns.amax(0) - columns.amin(0)).view(rows, -1)


# %% contrast | right | sliding windows of NumPy, in double precision
def contrast(x, window, stride):
    import numpy as np

    numbers = x.double().numpy()
    blocks = np.lib.stride_tricks.sliding_window_view(numbers, (window, window))
    return torch.from_numpy(np.ptp(blocks[::stride, ::stride], axis=(2, 3)))


# %% contrast | wrong | the visible examples, written down
def contrast(x, window, stride):
    if stride == 2:
        return torch.tensor([[4.0, 2, 3], [3, 2, 2]])
    return torch.tensor([[5.0, 4, 11, 12, 13], [6, 5, 9, 11, 12]])


# %% contrast | wrong | the smallest is added, since its sign was forgotten
def contrast(x, window, stride):
    return (
        F.max_pool2d(x[None], window, stride) - F.max_pool2d(-x[None], window, stride)
    )[0]


# %% contrast | wrong | the largest minus the average
def contrast(x, window, stride):
    return (
        F.max_pool2d(x[None], window, stride) - F.avg_pool2d(x[None], window, stride)
    )[0]


# %% contrast | wrong | only the largest
def contrast(x, window, stride):
    return F.max_pool2d(x[None], window, stride)[0]


# %% contrast | wrong | the search for the largest and the smallest starts at 0
def contrast(x, window, stride):
    blocks = x.unfold(0, window, stride).unfold(1, window, stride)
    return blocks.amax((2, 3)).clamp(min=0) - blocks.amin((2, 3)).clamp(max=0)


# %% contrast | wrong | the stride is always as long as the window
def contrast(x, window, stride):
    return (F.max_pool2d(x[None], window) + F.max_pool2d(-x[None], window))[0]


# %% contrast | wrong | a loop that can overlap but has no gaps
def contrast(x, window, stride):
    stride = min(stride, window)
    return (
        F.max_pool2d(x[None], window, stride) + F.max_pool2d(-x[None], window, stride)
    )[0]


# %% contrast | wrong | rows and columns exchanged
def contrast(x, window, stride):
    blocks = x.T.unfold(0, window, stride).unfold(1, window, stride)
    return blocks.amax((2, 3)) - blocks.amin((2, 3))


# %% contrast | wrong | windows hang over the end
def contrast(x, window, stride):
    rows, columns = range(0, x.shape[0], stride), range(0, x.shape[1], stride)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            block = x[r : r + window, c : c + window]
            y[i, j] = block.max() - block.min()
    return y


# %% contrast | wrong | the last window is left out, since the range ends too early
def contrast(x, window, stride):
    rows = range(0, x.shape[0] - window, stride)
    columns = range(0, x.shape[1] - window, stride)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            block = x[r : r + window, c : c + window]
            y[i, j] = block.max() - block.min()
    return y


# %% contrast | wrong | whole numbers, since the result is stored as such
def contrast(x, window, stride):
    blocks = x.unfold(0, window, stride).unfold(1, window, stride)
    return (blocks.amax((2, 3)) - blocks.amin((2, 3))).int()


# %% contrast | wrong | first and last of a sorted row of the window, not of the window
def contrast(x, window, stride):
    blocks = x.unfold(0, window, stride).unfold(1, window, stride)
    return (blocks.amax(3) - blocks.amin(3)).amax(2)


# %% contrast | wrong | the window is as wide as the stride
def contrast(x, window, stride):
    blocks = x.unfold(0, stride, stride).unfold(1, stride, stride)
    return blocks.amax((2, 3)) - blocks.amin((2, 3))


# %% contrast | wrong | nothing is returned
def contrast(x, window, stride):
    blocks = x.unfold(0, window, stride).unfold(1, window, stride)
    blocks.amax((2, 3)) - blocks.amin((2, 3))


# %% edge_average | right | loops; the frame is a matter of which pixels exist
def edge_average(x, window, stride, padding, counted):
    height, width = x.shape
    rows = range(-padding, height + padding - window + 1, stride)
    columns = range(-padding, width + padding - window + 1, stride)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            block = x[max(r, 0) : r + window, max(c, 0) : c + window]
            y[i, j] = block.sum() / (window**2 if counted else block.numel())
    return y


# %% edge_average | right | a convolution over x and over ones
def edge_average(x, window, stride, padding, counted):
    kernel = torch.ones(1, 1, window, window)
    both = torch.stack([x, torch.ones_like(x)])[:, None]
    sums, counts = F.conv2d(both, kernel, stride=stride, padding=padding)[:, 0]
    return sums / window**2 if counted else sums / counts


# %% edge_average | right | a frame of NaN, which the mean may leave out
def edge_average(x, window, stride, padding, counted):
    framed = F.pad(x.double(), [padding] * 4, value=float("nan"))
    blocks = framed.unfold(0, window, stride).unfold(1, window, stride)
    if counted:
        blocks = blocks.nan_to_num(0)
    return blocks.nanmean(dim=(2, 3))


# %% edge_average | wrong | PyTorch's own, which refuses wide padding
def edge_average(x, window, stride, padding, counted):
    return F.avg_pool2d(x[None], window, stride, padding, count_include_pad=counted)[0]


# %% edge_average | wrong | PyTorch's own, with the padding cut to what it takes
def edge_average(x, window, stride, padding, counted):
    padding = min(padding, window // 2)
    return F.avg_pool2d(x[None], window, stride, padding, count_include_pad=counted)[0]


# %% edge_average | wrong | the padding is split between the two sides
def edge_average(x, window, stride, padding, counted):
    frame = [padding // 2, padding - padding // 2] * 2
    average = F.avg_pool2d(F.pad(x, frame)[None], window, stride)[0]
    inside = F.avg_pool2d(F.pad(torch.ones_like(x), frame)[None], window, stride)[0]
    return average if counted else average / inside


# %% edge_average | wrong | the padding lies above and on the left only
def edge_average(x, window, stride, padding, counted):
    frame = [padding, 0, padding, 0]
    average = F.avg_pool2d(F.pad(x, frame)[None], window, stride)[0]
    inside = F.avg_pool2d(F.pad(torch.ones_like(x), frame)[None], window, stride)[0]
    return average if counted else average / inside


# %% edge_average | wrong | counted means the opposite
def edge_average(x, window, stride, padding, counted):
    frame = [padding] * 4
    average = F.avg_pool2d(F.pad(x, frame)[None], window, stride)[0]
    inside = F.avg_pool2d(F.pad(torch.ones_like(x), frame)[None], window, stride)[0]
    return average / inside if counted else average


# %% edge_average | wrong | counted is not looked at
def edge_average(x, window, stride, padding, counted):
    return F.avg_pool2d(F.pad(x, [padding] * 4)[None], window, stride)[0]


# %% edge_average | wrong | the sums are not divided
def edge_average(x, window, stride, padding, counted):
    framed = F.pad(x, [padding] * 4)
    return framed.unfold(0, window, stride).unfold(1, window, stride).sum((2, 3))


# %% edge_average | wrong | zeros that stand in x are taken for padding
def edge_average(x, window, stride, padding, counted):
    blocks = F.pad(x, [padding] * 4).unfold(0, window, stride)
    blocks = blocks.unfold(1, window, stride)
    inside = (blocks != 0).sum((2, 3)).clamp(min=1)
    return blocks.sum((2, 3)) / (window**2 if counted else inside)


# %% edge_average | wrong | the frame repeats the pixels of the rim
def edge_average(x, window, stride, padding, counted):
    rows = torch.arange(-padding, x.shape[0] + padding).clamp(0, x.shape[0] - 1)
    columns = torch.arange(-padding, x.shape[1] + padding).clamp(0, x.shape[1] - 1)
    framed = x[rows][:, columns]
    return framed.unfold(0, window, stride).unfold(1, window, stride).mean((2, 3))


# %% edge_average | wrong | windows hang over the end of the frame
def edge_average(x, window, stride, padding, counted):
    return (
        F.avg_pool2d(F.pad(x, [padding] * 4)[None], window, stride, ceil_mode=True)[0]
        if counted
        else F.avg_pool2d(
            F.pad(x, [padding] * 4)[None], window, stride, ceil_mode=True
        )[0]
        / F.avg_pool2d(
            F.pad(torch.ones_like(x), [padding] * 4)[None],
            window,
            stride,
            ceil_mode=True,
        )[0]
    )


# %% edge_average | wrong | pixels are counted on one side only, so right at the start
def edge_average(x, window, stride, padding, counted):
    height, width = x.shape
    rows = range(-padding, height + padding - window + 1, stride)
    columns = range(-padding, width + padding - window + 1, stride)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            total = x[max(r, 0) : r + window, max(c, 0) : c + window].sum()
            inside = (window + min(r, 0)) * (window + min(c, 0))
            y[i, j] = total / (window**2 if counted else inside)
    return y


# %% edge_average | wrong | the padding is always one less than the window
def edge_average(x, window, stride, padding, counted):
    frame = [window - 1] * 4
    average = F.avg_pool2d(F.pad(x, frame)[None], window, stride)[0]
    inside = F.avg_pool2d(F.pad(torch.ones_like(x), frame)[None], window, stride)[0]
    return average if counted else average / inside


# %% edge_average | wrong | the stride is as long as the window
def edge_average(x, window, stride, padding, counted):
    frame = [padding] * 4
    average = F.avg_pool2d(F.pad(x, frame)[None], window)[0]
    inside = F.avg_pool2d(F.pad(torch.ones_like(x), frame)[None], window)[0]
    return average if counted else average / inside


# %% edge_average | wrong | the visible examples, written down
def edge_average(x, window, stride, padding, counted):
    if counted:
        return torch.tensor([[2.0, 5, 2], [8, 12, 1]])
    return torch.tensor([[18.0, 15, 9], [36, 18, 2.25]])


# %% max_gradient | right | PyTorch says where the winners are
def max_gradient(x, window, stride, gradient):
    places = F.max_pool2d(x[None], window, stride, return_indices=True)[1]
    back = torch.zeros(x.numel())
    back.index_add_(0, places.flatten(), gradient.flatten())
    return back.view(x.shape)


# %% max_gradient | right | four plain loops and a comparison
def max_gradient(x, window, stride, gradient):
    back = torch.zeros(x.shape)
    for i in range(len(gradient)):
        for j in range(len(gradient[0])):
            best = None
            for r in range(i * stride, i * stride + window):
                for c in range(j * stride, j * stride + window):
                    if best is None or x[r, c] > x[best]:
                        best = r, c
            back[best] += gradient[i, j]
    return back


# %% max_gradient | right | unfold, mark the winners, fold
def max_gradient(x, window, stride, gradient):
    columns = F.unfold(x[None, None], window, stride=stride)
    marks = F.one_hot(columns.argmax(1), window**2).transpose(1, 2)
    shares = marks * gradient.flatten()
    return F.fold(shares, x.shape, window, stride=stride)[0, 0]


# %% max_gradient | right | PyTorch's automatic gradient, which was not asked for
def max_gradient(x, window, stride, gradient):
    x = x.clone().requires_grad_()
    F.max_pool2d(x[None], window, stride)[0].backward(gradient)
    return x.grad


# %% max_gradient | wrong | the visible examples, written down
def max_gradient(x, window, stride, gradient):
    if stride == 1:
        y = [[0.0, 3, 0, 0, 0], [16, 0, 0, 204, 0], [0, 0, 32, 0, 0]]
        return torch.tensor(y)
    return torch.tensor([[10.0, 0, 20, 0], [0, 0, 0, 0]])


# %% max_gradient | wrong | all that tie get the whole gradient
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            here = (
                slice(i * stride, i * stride + window),
                slice(j * stride, j * stride + window),
            )
            back[here] += gradient[i, j] * (x[here] == x[here].max())
    return back


# %% max_gradient | wrong | those that tie share the gradient
def max_gradient(x, window, stride, gradient):
    x = x.clone().requires_grad_()
    blocks = x.unfold(0, window, stride).unfold(1, window, stride)
    blocks.amax((2, 3)).backward(gradient)
    return x.grad


# %% max_gradient | wrong | the last of those that tie
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            best = None
            for r in range(i * stride, i * stride + window):
                for c in range(j * stride, j * stride + window):
                    if best is None or x[r, c] >= x[best]:
                        best = r, c
            back[best] += gradient[i, j]
    return back


# %% max_gradient | wrong | overlapping windows overwrite each other
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            r, c = i * stride, j * stride
            place = int(x[r : r + window, c : c + window].argmax())
            back[r + place // window, c + place % window] = gradient[i, j]
    return back


# %% max_gradient | wrong | as if each output had the gradient 1
def max_gradient(x, window, stride, gradient):
    places = F.max_pool2d(x[None], window, stride, return_indices=True)[1]
    back = torch.zeros(x.numel())
    back.index_add_(0, places.flatten(), torch.ones(places.numel()))
    return back.view(x.shape)


# %% max_gradient | wrong | the search starts at 0
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            largest, best = 0, None
            for r in range(i * stride, i * stride + window):
                for c in range(j * stride, j * stride + window):
                    if x[r, c] > largest:
                        largest, best = x[r, c], (r, c)
            if best is not None:
                back[best] += gradient[i, j]
    return back


# %% max_gradient | wrong | the search for the value begins at the top of the map
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            r, c = i * stride, j * stride
            largest = x[r : r + window, c : c + window].max()
            back[tuple((x == largest).nonzero()[0].tolist())] += gradient[i, j]
    return back


# %% max_gradient | wrong | columns come first in a tie
def max_gradient(x, window, stride, gradient):
    places = F.max_pool2d(x.T[None], window, stride, return_indices=True)[1]
    back = torch.zeros(x.numel())
    back.index_add_(0, places.flatten(), gradient.T.flatten())
    return back.view(x.T.shape).T


# %% max_gradient | wrong | the step is the window, not the stride
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(x.shape[0] // window):
        for j in range(x.shape[1] // window):
            r, c = i * window, j * window
            row, column = divmod(
                int(x[r : r + window, c : c + window].argmax()), window
            )
            back[r + row, c + column] += gradient[i, j]
    return back


# %% max_gradient | wrong | the place in the window is split as if it were 2 wide
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            r, c = i * stride, j * stride
            place = int(x[r : r + window, c : c + window].argmax())
            row, column = divmod(place, 2)
            if r + row < len(x):
                back[r + row, c + column] += gradient[i, j]
    return back


# %% max_gradient | wrong | the largest without its sign
def max_gradient(x, window, stride, gradient):
    places = F.max_pool2d(x.abs()[None], window, stride, return_indices=True)[1]
    back = torch.zeros(x.numel())
    back.index_add_(0, places.flatten(), gradient.flatten())
    return back.view(x.shape)


# %% max_gradient | wrong | average pooling's gradient
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            r, c = i * stride, j * stride
            back[r : r + window, c : c + window] += gradient[i, j] / window**2
    return back


# %% max_gradient | wrong | multiplied by the input, as if it were a weight
def max_gradient(x, window, stride, gradient):
    places = F.max_pool2d(x[None], window, stride, return_indices=True)[1]
    back = torch.zeros(x.numel())
    back.index_add_(0, places.flatten(), gradient.flatten())
    return back.view(x.shape) * x


# %% max_gradient | wrong | the winner's place in the window taken for that in x
def max_gradient(x, window, stride, gradient):
    back = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            r, c = i * stride, j * stride
            place = int(x[r : r + window, c : c + window].argmax())
            back[place // window, place % window] += gradient[i, j]
    return back


# %% max_gradient | wrong | negative gradients are taken for none
def max_gradient(x, window, stride, gradient):
    places = F.max_pool2d(x[None], window, stride, return_indices=True)[1]
    back = torch.zeros(x.numel())
    gradient = gradient.clamp(min=0)
    back.index_add_(0, places.flatten(), gradient.flatten())
    return back.view(x.shape)


# %% unnoticed | right | pool the row of each place and compare
def unnoticed(size, window, stride, place):
    def pooled(pixel):
        row = [0] * size
        row[pixel] = 1
        starts = range(0, size - window + 1, stride)
        return [max(row[start : start + window]) for start in starts]

    return [pixel for pixel in range(size) if pooled(pixel) == pooled(place)]


# %% unnoticed | right | all rows at once with PyTorch
def unnoticed(size, window, stride, place):
    maps = F.max_pool1d(torch.eye(size)[:, None], window, stride)[:, 0]
    same = (maps == maps[place]).all(1)
    return same.nonzero().flatten().tolist()


# %% unnoticed | right | first and last window of a pixel, by division
def unnoticed(size, window, stride, place):
    last_start = (size - window) // stride

    def span(pixel):
        first = max(0, -((window - 1 - pixel) // stride))
        last = min(pixel // stride, last_start)
        return (first, last) if first <= last else None

    return [pixel for pixel in range(size) if span(pixel) == span(place)]


# %% unnoticed | wrong | the visible examples, written down
def unnoticed(size, window, stride, place):
    return {9: [3, 4, 5], 7: [0, 1], 8: [2, 5]}.get(size, [place])


# %% unnoticed | wrong | the block of the place, as if the stride were the window
def unnoticed(size, window, stride, place):
    start = place // window * window
    return list(range(start, min(start + window, size)))


# %% unnoticed | wrong | the block by the stride, cut to the window
def unnoticed(size, window, stride, place):
    start = place // stride * stride
    return list(range(start, min(start + window, size)))


# %% unnoticed | wrong | all places of the first window that sees the pixel
def unnoticed(size, window, stride, place):
    for start in range(0, size - window + 1, stride):
        if start <= place < start + window:
            return list(range(start, start + window))
    return [place]


# %% unnoticed | wrong | all places that share some window with it
def unnoticed(size, window, stride, place):
    starts = range(0, size - window + 1, stride)
    seen = [s for s in starts if s <= place < s + window]
    return [p for p in range(size) if any(s <= p < s + window for s in seen)]


# %% unnoticed | wrong | gaps are found, but not the pixels left over at the end
def unnoticed(size, window, stride, place):
    def hit(pixel):
        starts = range(0, size, stride)
        return [s for s in starts if s <= pixel < s + window]

    return [pixel for pixel in range(size) if hit(pixel) == hit(place)]


# %% unnoticed | wrong | as many windows see it, but others
def unnoticed(size, window, stride, place):
    def hits(pixel):
        starts = range(0, size - window + 1, stride)
        return sum(s <= pixel < s + window for s in starts)

    return [pixel for pixel in range(size) if hits(pixel) == hits(place)]


# %% unnoticed | wrong | an unread pixel is said to stay where it is
def unnoticed(size, window, stride, place):
    def hit(pixel):
        starts = range(0, size - window + 1, stride)
        return [s for s in starts if s <= pixel < s + window]

    if not hit(place):
        return [place]
    return [pixel for pixel in range(size) if hit(pixel) == hit(place)]


# %% unnoticed | wrong | the place itself is left out
def unnoticed(size, window, stride, place):
    maps = F.max_pool1d(torch.eye(size)[:, None], window, stride)[:, 0]
    same = (maps == maps[place]).all(1)
    return [pixel for pixel in same.nonzero().flatten().tolist() if pixel != place]


# %% unnoticed | wrong | the window ends one too late
def unnoticed(size, window, stride, place):
    def hit(pixel):
        starts = range(0, size - window + 1, stride)
        return [s for s in starts if s <= pixel <= s + window]

    return [pixel for pixel in range(size) if hit(pixel) == hit(place)]


# %% unnoticed | wrong | the last window is forgotten
def unnoticed(size, window, stride, place):
    def hit(pixel):
        starts = range(0, size - window, stride)
        return [s for s in starts if s <= pixel < s + window]

    return [pixel for pixel in range(size) if hit(pixel) == hit(place)]


# %% unnoticed | wrong | neighbors only: it stops at the first change on each side
def unnoticed(size, window, stride, place):
    maps = F.max_pool1d(torch.eye(size)[:, None], window, stride)[:, 0].tolist()
    low = high = place
    while low > 0 and maps[low - 1] == maps[place]:
        low -= 1
    while high < size - 1 and maps[high + 1] == maps[place]:
        high += 1
    return list(range(low, high + 1))


# %% unnoticed | wrong | shifts in place of places
def unnoticed(size, window, stride, place):
    maps = F.max_pool1d(torch.eye(size)[:, None], window, stride)[:, 0]
    same = (maps == maps[place]).all(1)
    return (same.nonzero().flatten() - place).tolist()


# %% unnoticed | wrong | only to the right
def unnoticed(size, window, stride, place):
    maps = F.max_pool1d(torch.eye(size)[:, None], window, stride)[:, 0].tolist()
    return [pixel for pixel in range(place, size) if maps[pixel] == maps[place]]


# %% unnoticed | wrong | nearer than the window is taken for unnoticed
def unnoticed(size, window, stride, place):
    return [p for p in range(size) if abs(p - place) < window]


# %% pooling_to | right | the first that fits, from small windows to large ones
def pooling_to(size, wanted):
    for window in range(1, size + 1):
        for stride in range(1, window + 1):
            if (wanted - 1) * stride + window == size:
                return window, stride


# %% pooling_to | right | the largest stride that leaves no gap
def pooling_to(size, wanted):
    if wanted == 1:
        return size, 1
    stride = 1
    while size - (wanted - 1) * (stride + 1) >= stride + 1:
        stride += 1
    return size - (wanted - 1) * stride, stride


# %% pooling_to | right | the remainder is added to the window
def pooling_to(size, wanted):
    stride, rest = divmod(size, wanted)
    return [stride + rest, stride]


# %% pooling_to | wrong | the visible examples, written down
def pooling_to(size, wanted):
    return {28: (4, 4), 11: (5, 2), 7: (3, 2)}.get(size, (size // wanted,) * 2)


# %% pooling_to | wrong | window and stride rounded down
def pooling_to(size, wanted):
    return size // wanted, size // wanted


# %% pooling_to | wrong | window and stride rounded up
def pooling_to(size, wanted):
    return -(-size // wanted), -(-size // wanted)


# %% pooling_to | wrong | window rounded up, stride rounded down
def pooling_to(size, wanted):
    return -(-size // wanted), size // wanted


# %% pooling_to | wrong | stride 1, so the window is far too large
def pooling_to(size, wanted):
    return size - wanted + 1, 1


# %% pooling_to | wrong | stride before window
def pooling_to(size, wanted):
    stride = size // wanted
    return stride, size - (wanted - 1) * stride


# %% pooling_to | wrong | the window is one larger than what is needed
def pooling_to(size, wanted):
    stride = size // wanted
    return size - (wanted - 1) * stride + (size % wanted > 0), stride


# %% pooling_to | wrong | wanted times the stride, where one step less is taken
def pooling_to(size, wanted):
    stride = size // wanted
    return max(stride, size - wanted * stride), stride


# %% pooling_to | wrong | as many outputs as wanted, but with gaps
def pooling_to(size, wanted):
    stride = (size - 1) // (wanted - 1) if wanted > 1 else 1
    return size - (wanted - 1) * stride, stride


# %% pooling_to | wrong | a division that fails where a single output is wanted
def pooling_to(size, wanted):
    window = -(-size // wanted)
    while (size - window) % (wanted - 1) or (size - window) // (wanted - 1) > window:
        window += 1
    return window, (size - window) // (wanted - 1)


# %% pooling_to | wrong | no step is needed for a single output, so the stride is 0
def pooling_to(size, wanted):
    stride = size // wanted if wanted > 1 else 0
    return size - (wanted - 1) * stride, stride


# %% pooling_to | wrong | no step is needed for a single output: an endless stride
def pooling_to(size, wanted):
    if wanted == 1:
        return size, float("inf")
    stride = size // wanted
    return size - (wanted - 1) * stride, stride


# %% pooling_to | wrong | right only where the size is a multiple, else the nearest
def pooling_to(size, wanted):
    stride = round(size / wanted)
    return size - (wanted - 1) * stride, stride


# %% pooling_to | wrong | numbers with a point
def pooling_to(size, wanted):
    stride = size / wanted
    return stride, stride
