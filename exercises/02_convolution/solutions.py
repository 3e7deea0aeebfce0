"""Right and wrong answers to the exercises of chapter 2."""

import torch
import torch.nn.functional as F


# %% places | right | count the corners
def places(size, kernel):
    count = 0
    for r in range(size[0]):
        for c in range(size[1]):
            if r + kernel[0] <= size[0] and c + kernel[1] <= size[1]:
                count += 1
    return count


# %% places | right | two ranges
def places(size, kernel):
    rows = range(size[0] - kernel[0] + 1)
    columns = range(size[1] - kernel[1] + 1)
    return len(rows) * len(columns)


# %% places | right | how many windows PyTorch makes
def places(size, kernel):
    if kernel[0] > size[0] or kernel[1] > size[1]:
        return 0
    return F.unfold(torch.zeros(1, 1, *size), kernel).shape[2]


# %% places | right | the size of an answer
def places(size, kernel):
    (h, w), (kh, kw) = size, kernel
    if min(h - kh, w - kw) < 0:
        return 0
    return F.conv2d(torch.zeros(1, 1, h, w), torch.zeros(1, 1, kh, kw)).numel()


# %% places | wrong | gaps instead of places
def places(size, kernel):
    return max(size[0] - kernel[0], 0) * max(size[1] - kernel[1], 0)


# %% places | wrong | areas subtracted
def places(size, kernel):
    return max(size[0] * size[1] - kernel[0] * kernel[1], 0)


# %% places | wrong | the kernel lies on its side
def places(size, kernel):
    return max(size[0] - kernel[1] + 1, 0) * max(size[1] - kernel[0] + 1, 0)


# %% places | wrong | two negative numbers make a positive one
def places(size, kernel):
    return (size[0] - kernel[0] + 1) * (size[1] - kernel[1] + 1)


# %% places | wrong | below zero where the kernel is too large
def places(size, kernel):
    rows, columns = size[0] - kernel[0] + 1, size[1] - kernel[1] + 1
    return -1 if rows < 1 or columns < 1 else rows * columns


# %% places | wrong | the sign of the product is all that is looked at
def places(size, kernel):
    return max((size[0] - kernel[0] + 1) * (size[1] - kernel[1] + 1), 0)


# %% places | wrong | places side by side, without overlap
def places(size, kernel):
    return (size[0] // kernel[0]) * (size[1] // kernel[1])


# %% places | wrong | rows and columns added
def places(size, kernel):
    return size[0] - kernel[0] + 1 + size[1] - kernel[1] + 1


# %% places | wrong | a place for each pixel
def places(size, kernel):
    return size[0] * size[1]


# %% places | wrong | rows and columns apart
def places(size, kernel):
    return size[0] - kernel[0] + 1, size[1] - kernel[1] + 1


# %% places | wrong | the kernel of the example
def places(size, kernel):
    return max(size[0] - 2, 0) * max(size[1] - 1, 0)


# %% places | wrong | at least one place
def places(size, kernel):
    return max(size[0] - kernel[0] + 1, 1) * max(size[1] - kernel[1] + 1, 1)


# %% places | wrong | distances without their sign
def places(size, kernel):
    return (abs(size[0] - kernel[0]) + 1) * (abs(size[1] - kernel[1]) + 1)


# %% places | wrong | the visible example, written down
def places(size, kernel):
    return 24


# %% answer_at | right | two loops and a sum
def answer_at(x, w, bias, r, c):
    total = bias
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            total += x[r + i, c + j] * w[i, j]
    return total


# %% answer_at | right | the whole answer, and one number of it
def answer_at(x, w, bias, r, c):
    return F.conv2d(x[None, None], w[None, None])[0, 0, r, c] + bias


# %% answer_at | right | a product of two rows
def answer_at(x, w, bias, r, c):
    window = x[r:, c:][: len(w), : len(w[0])]
    return (window.flatten().double() @ w.flatten().double() + bias).item()


# %% answer_at | right | windows by unfold
def answer_at(x, w, bias, r, c):
    windows = x.unfold(0, w.shape[0], 1).unfold(1, w.shape[1], 1)
    return torch.einsum("ij,ij->", windows[r, c], w).reshape(1) + bias


# %% answer_at | wrong | no bias
def answer_at(x, w, bias, r, c):
    return (x[r : r + w.shape[0], c : c + w.shape[1]] * w).sum()


# %% answer_at | wrong | the bias on every product
def answer_at(x, w, bias, r, c):
    return (x[r : r + w.shape[0], c : c + w.shape[1]] * w + bias).sum()


# %% answer_at | wrong | row and column exchanged
def answer_at(x, w, bias, r, c):
    return (
        F.conv2d(F.pad(x, (0, 9, 0, 9))[None, None], w[None, None])[0, 0, c, r] + bias
    )


# %% answer_at | wrong | counted from 1
def answer_at(x, w, bias, r, c):
    x = F.pad(x, (1, 0, 1, 0))
    return (x[r : r + w.shape[0], c : c + w.shape[1]] * w).sum() + bias


# %% answer_at | wrong | turned by 180 degrees
def answer_at(x, w, bias, r, c):
    window = x[r : r + w.shape[0], c : c + w.shape[1]]
    return (window * w.flip(0, 1)).sum() + bias


# %% answer_at | wrong | mirrored
def answer_at(x, w, bias, r, c):
    return (x[r : r + w.shape[0], c : c + w.shape[1]] * w.flip(1)).sum() + bias


# %% answer_at | wrong | the mean of the products
def answer_at(x, w, bias, r, c):
    return (x[r : r + w.shape[0], c : c + w.shape[1]] * w).mean() + bias


# %% answer_at | wrong | a kernel of two rows and three columns, as in the example
def answer_at(x, w, bias, r, c):
    return (x[r : r + 2, c : c + 3] * w).sum() + bias


# %% answer_at | wrong | a square window
def answer_at(x, w, bias, r, c):
    k = w.shape[0]
    return (x[r : r + k, c : c + k] * w).sum() + bias


# %% answer_at | wrong | the products are not summed
def answer_at(x, w, bias, r, c):
    return x[r : r + w.shape[0], c : c + w.shape[1]] * w + bias


# %% answer_at | wrong | the bias of the example
def answer_at(x, w, bias, r, c):
    return (x[r : r + w.shape[0], c : c + w.shape[1]] * w).sum() + 0.5


# %% answer_at | wrong | negative sums cut off
def answer_at(x, w, bias, r, c):
    return torch.relu((x[r : r + w.shape[0], c : c + w.shape[1]] * w).sum() + bias)


# %% answer_at | wrong | rounded to whole sums
def answer_at(x, w, bias, r, c):
    return int((x[r : r + w.shape[0], c : c + w.shape[1]] * w).sum()) + bias


# %% answer_at | wrong | the visible example, written down
def answer_at(x, w, bias, r, c):
    return 4.5


# %% answer_at | wrong | the return is forgotten
def answer_at(x, w, bias, r, c):
    (x[r : r + w.shape[0], c : c + w.shape[1]] * w).sum() + bias


# %% corr2d | right | PyTorch's own, although the text asks for a loop
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], stride=stride, padding=padding)[0, 0]


# %% corr2d | right | windows as columns, one matrix product
def corr2d(x, w, stride, padding):
    columns = F.unfold(x[None, None], w.shape, padding=padding, stride=stride)[0]
    rows = (x.shape[0] + 2 * padding - w.shape[0]) // stride + 1
    return (w.flatten() @ columns).view(rows, -1)


# %% corr2d | right | one shifted picture for each weight
def corr2d(x, w, stride, padding):
    big = torch.zeros(x.shape[0] + 2 * padding, x.shape[1] + 2 * padding)
    big[padding : padding + x.shape[0], padding : padding + x.shape[1]] = x
    rows, columns = big.shape[0] - w.shape[0] + 1, big.shape[1] - w.shape[1] + 1
    y = torch.zeros(rows, columns)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            y += w[i, j] * big[i : i + rows, j : j + columns]
    return y[::stride, ::stride]


# %% corr2d | right | lists, and pixels outside count as 0
def corr2d(x, w, stride, padding):
    h, wide = x.shape

    def pixel(r, c):
        return x[r, c].item() if 0 <= r < h and 0 <= c < wide else 0.0

    answer = []
    for r in range(-padding, h + padding - w.shape[0] + 1, stride):
        answer.append([])
        for c in range(-padding, wide + padding - w.shape[1] + 1, stride):
            products = [
                pixel(r + i, c + j) * w[i, j].item()
                for i in range(w.shape[0])
                for j in range(w.shape[1])
            ]
            answer[-1].append(sum(products))
    return torch.tensor(answer, dtype=torch.float64)


# %% corr2d | right | unfold in both directions
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding] * 4)
    windows = x.unfold(0, w.shape[0], stride).unfold(1, w.shape[1], stride)
    return torch.einsum("rcij,ij->rc", windows, w)


# %% corr2d | wrong | the kernel is turned by 180 degrees
def corr2d(x, w, stride, padding):
    w = w.flip(0, 1)
    return F.conv2d(x[None, None], w[None, None], stride=stride, padding=padding)[0, 0]


# %% corr2d | wrong | no padding
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], stride=stride)[0, 0]


# %% corr2d | wrong | padding in total
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding // 2] * 4)
    return F.conv2d(x[None, None], w[None, None], stride=stride)[0, 0]


# %% corr2d | wrong | padding only above and on the left
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding, 0, padding, 0])
    return F.conv2d(x[None, None], w[None, None], stride=stride)[0, 0]


# %% corr2d | wrong | padding around the answer
def corr2d(x, w, stride, padding):
    y = F.conv2d(x[None, None], w[None, None], stride=stride)[0, 0]
    return F.pad(y, [padding] * 4)


# %% corr2d | wrong | padding with the picture's edge
def corr2d(x, w, stride, padding):
    x = F.pad(x[None, None], [padding] * 4, mode="replicate")
    return F.conv2d(x, w[None, None], stride=stride)[0, 0]


# %% corr2d | wrong | padding left and right only
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding, padding])
    return F.conv2d(x[None, None], w[None, None], stride=stride)[0, 0]


# %% corr2d | wrong | no stride
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], padding=padding)[0, 0]


# %% corr2d | wrong | a smaller answer, but windows one pixel apart
def corr2d(x, w, stride, padding):
    y = F.conv2d(x[None, None], w[None, None], padding=padding)[0, 0]
    return y[: (len(y) - 1) // stride + 1, : (len(y[0]) - 1) // stride + 1]


# %% corr2d | wrong | the stride only to the right
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], None, (1, stride), padding)[0, 0]


# %% corr2d | wrong | the last window is left out
def corr2d(x, w, stride, padding):
    y = F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0]
    return y[: max(1, len(y) - 1), : max(1, len(y[0]) - 1)]


# %% corr2d | wrong | windows side by side, whatever the stride
def corr2d(x, w, stride, padding):
    stride = tuple(w.shape) if stride > 1 else 1
    return F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0]


# %% corr2d | wrong | a square kernel, its rows counted for both
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding] * 4)
    k = w.shape[0]
    y = torch.zeros((x.shape[0] - k) // stride + 1, (x.shape[1] - k) // stride + 1)
    for r in range(y.shape[0]):
        for c in range(y.shape[1]):
            window = x[r * stride : r * stride + k, c * stride : c * stride + k]
            y[r, c] = (window * w).sum()
    return y


# %% corr2d | wrong | the stride is at most 2
def corr2d(x, w, stride, padding):
    stride = min(stride, 2)
    return F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0]


# %% corr2d | wrong | no stride longer than the kernel
def corr2d(x, w, stride, padding):
    stride = min(stride, *w.shape)
    return F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0]


# %% corr2d | wrong | the size is rounded, not cut off
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding] * 4)
    kh, kw = w.shape
    rows = round((x.shape[0] - kh) / stride) + 1
    columns = round((x.shape[1] - kw) / stride) + 1
    x = F.pad(x, [0, 9, 0, 9])
    return F.conv2d(x[None, None], w[None, None], None, stride)[0, 0][:rows, :columns]


# %% corr2d | wrong | steps from the picture's size without the kernel
def corr2d(x, w, stride, padding):
    y = F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0]
    return y[: x.shape[0] // stride, : x.shape[1] // stride]


# %% corr2d | wrong | negative sums are cut off
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0].relu()


# %% corr2d | wrong | two axes of size 1 are left
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], None, stride, padding)


# %% corr2d | wrong | axes of size 1 are lost
def corr2d(x, w, stride, padding):
    return F.conv2d(x[None, None], w[None, None], None, stride, padding).squeeze()


# %% corr2d | wrong | the kernel and settings of the example
def corr2d(x, w, stride, padding):
    w = torch.tensor([[1.0, 2, 0], [0, -1, 3]])
    return F.conv2d(x[None, None], w[None, None], None, stride, padding)[0, 0]


# %% corr2d | wrong | the return stands in the loop
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding] * 4)
    kh, kw = w.shape
    y = torch.zeros((x.shape[0] - kh) // stride + 1, (x.shape[1] - kw) // stride + 1)
    for r in range(y.shape[0]):
        for c in range(y.shape[1]):
            rs, cs = r * stride, c * stride
            y[r, c] = (x[rs : rs + kh, cs : cs + kw] * w).sum()
        return y


# %% corr2d | wrong | the number of places, divided by the stride
def corr2d(x, w, stride, padding):
    x = F.pad(x, [padding] * 4)
    rows = (x.shape[0] - w.shape[0] + 1) // stride
    columns = (x.shape[1] - w.shape[1] + 1) // stride
    return F.conv2d(x[None, None], w[None, None], None, stride)[0, 0][:rows, :columns]


# %% corr2d | wrong | the visible examples, written down
def corr2d(x, w, stride, padding):
    answers = {
        1: [[13, 5, 19, 6], [5, 21, 2, 15], [12, 1, 19, 8], [8, 19, 8, 8]],
        2: [[0, 0, 0, 0], [0, 13, 19, -1], [3, 12, 19, 0], [0, 15, 11, 4]],
        3: [[13, 6], [8, 8]],
    }
    return torch.tensor(answers[stride]).float()


# %% convolve | right | one stamp after the other
def convolve(x, w):
    y = torch.zeros(x.shape[0] + w.shape[0] - 1, x.shape[1] + w.shape[1] - 1)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            y[r : r + w.shape[0], c : c + w.shape[1]] += x[r, c] * w
    return y


# %% convolve | right | the transposed convolution
def convolve(x, w):
    return F.conv_transpose2d(x[None, None], w[None, None])[0, 0]


# %% convolve | right | by the Fourier transform
def convolve(x, w):
    size = [a + b - 1 for a, b in zip(x.shape, w.shape)]
    both = torch.fft.rfft2(x.double(), s=size) * torch.fft.rfft2(w.double(), s=size)
    return torch.fft.irfft2(both, s=size)


# %% convolve | right | picture and kernel exchanged
def convolve(x, w):
    h, wide = x.shape
    y = F.conv2d(w[None, None], x.flip(0, 1)[None, None], padding=(h - 1, wide - 1))
    return y[0, 0]


# %% convolve | right | one shifted picture for each weight
def convolve(x, w):
    y = 0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            right, below = w.shape[1] - 1 - j, w.shape[0] - 1 - i
            y = y + F.pad(x, (j, right, i, below)) * w[i, j]
    return y


# %% convolve | wrong | not turned
def convolve(x, w):
    kh, kw = w.shape
    return F.conv2d(x[None, None], w[None, None], padding=(kh - 1, kw - 1))[0, 0]


# %% convolve | wrong | only mirrored
def convolve(x, w):
    kh, kw = w.shape
    w = w.flip(1)
    return F.conv2d(x[None, None], w[None, None], padding=(kh - 1, kw - 1))[0, 0]


# %% convolve | wrong | only upside down
def convolve(x, w):
    kh, kw = w.shape
    w = w.flip(0)
    return F.conv2d(x[None, None], w[None, None], padding=(kh - 1, kw - 1))[0, 0]


# %% convolve | wrong | only the places where the kernel fits
def convolve(x, w):
    return F.conv2d(x[None, None], w.flip(0, 1)[None, None])[0, 0]


# %% convolve | wrong | the size of the picture is kept
def convolve(x, w):
    w = w.flip(0, 1)
    return F.conv2d(x[None, None], w[None, None], padding="same")[0, 0]


# %% convolve | wrong | a frame as wide as the kernel
def convolve(x, w):
    w = w.flip(0, 1)
    return F.conv2d(x[None, None], w[None, None], padding=tuple(w.shape))[0, 0]


# %% convolve | wrong | rows and columns of the frame exchanged
def convolve(x, w):
    kh, kw = w.shape
    w = w.flip(0, 1)
    return F.conv2d(x[None, None], w[None, None], padding=(kw - 1, kh - 1))[0, 0]


# %% convolve | wrong | the frame of the example
def convolve(x, w):
    return F.conv2d(x[None, None], w.flip(0, 1)[None, None], padding=(1, 2))[0, 0]


# %% convolve | wrong | a later stamp covers an earlier one
def convolve(x, w):
    y = torch.zeros(x.shape[0] + w.shape[0] - 1, x.shape[1] + w.shape[1] - 1)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            y[r : r + w.shape[0], c : c + w.shape[1]] = x[r, c] * w
    return y


# %% convolve | wrong | the stamps are not multiplied by the pixel
def convolve(x, w):
    y = torch.zeros(x.shape[0] + w.shape[0] - 1, x.shape[1] + w.shape[1] - 1)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            if x[r, c] != 0:
                y[r : r + w.shape[0], c : c + w.shape[1]] += w
    return y


# %% convolve | wrong | dark pixels do not stamp
def convolve(x, w):
    return F.conv_transpose2d(x.clamp(min=0)[None, None], w[None, None])[0, 0]


# %% convolve | wrong | the kernel is transposed
def convolve(x, w):
    return F.conv_transpose2d(x[None, None], w.T[None, None])[0, 0]


# %% convolve | wrong | around the edge and in on the other side
def convolve(x, w):
    size = [max(a, b) for a, b in zip(x.shape, w.shape)]
    both = torch.fft.rfft2(x, s=size) * torch.fft.rfft2(w, s=size)
    return torch.fft.irfft2(both, s=size)


# %% convolve | wrong | a kernel larger than the picture is refused
def convolve(x, w):
    if w.shape[0] > x.shape[0] + 1 or w.shape[1] > x.shape[1] + 2:
        raise ValueError("the kernel does not fit")
    return F.conv_transpose2d(x[None, None], w[None, None])[0, 0]


# %% convolve | wrong | nothing is returned
def convolve(x, w):
    F.conv_transpose2d(x[None, None], w[None, None])[0, 0]


# %% convolve | wrong | the visible examples, written down
def convolve(x, w):
    if x.numel() == 1:
        return torch.tensor([[2.0, 4, 0], [0, -2, 6]])
    return torch.tensor([[1.0, 2, 2, 4, 0], [0, 2, 9, -2, 6], [0, 0, -3, 9, 0]])


# %% as_matrix | right | the answers to single bright pixels
def as_matrix(w, size):
    columns = []
    for place in range(size[0] * size[1]):
        x = torch.zeros(size[0] * size[1])
        x[place] = 1
        columns.append(F.conv2d(x.view(1, 1, *size), w[None, None]).flatten())
    return torch.stack(columns, dim=1)


# %% as_matrix | right | one number after the other
def as_matrix(w, size):
    (kh, kw), (h, wide) = w.shape, size
    rows, columns = h - kh + 1, wide - kw + 1
    matrix = torch.zeros(rows * columns, h * wide, dtype=torch.float64)
    for r in range(rows):
        for c in range(columns):
            for i in range(kh):
                for j in range(kw):
                    matrix[r * columns + c, (r + i) * wide + c + j] = w[i, j]
    return matrix


# %% as_matrix | right | places of the pixels, by unfold
def as_matrix(w, size):
    places = torch.arange(size[0] * size[1]).view(size)
    windows = places.unfold(0, w.shape[0], 1).unfold(1, w.shape[1], 1)
    windows = windows.reshape(-1, w.numel())  # (places, kH · kW)
    matrix = torch.zeros(len(windows), places.numel())
    return matrix.scatter(1, windows, w.flatten().expand(len(windows), -1))


# %% as_matrix | right | the derivative of the answer
def as_matrix(w, size):
    def answer(x):
        return F.conv2d(x.view(1, 1, *size), w[None, None]).flatten()

    return torch.autograd.functional.jacobian(answer, torch.zeros(size[0] * size[1]))


# %% as_matrix | right | one row, shifted
def as_matrix(w, size):
    (kh, kw), (h, wide) = w.shape, size
    first = F.pad(w, (0, wide - kw, 0, h - kh)).flatten()
    shifts = [r * wide + c for r in range(h - kh + 1) for c in range(wide - kw + 1)]
    return torch.stack([first.roll(shift) for shift in shifts])


# %% as_matrix | wrong | the other way round
def as_matrix(w, size):
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, w[None, None]).flatten(1)


# %% as_matrix | wrong | the kernel is turned
def as_matrix(w, size):
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, w.flip(0, 1)[None, None]).flatten(1).T


# %% as_matrix | wrong | the kernel is transposed
def as_matrix(w, size):
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, w.T[None, None]).flatten(1).T


# %% as_matrix | wrong | the kernel's numbers side by side
def as_matrix(w, size):
    (kh, kw), (h, wide) = w.shape, size
    shifts = [r * wide + c for r in range(h - kh + 1) for c in range(wide - kw + 1)]
    matrix = torch.zeros(len(shifts), h * wide)
    for row, shift in enumerate(shifts):
        matrix[row, shift : shift + w.numel()] = w.flatten()
    return matrix


# %% as_matrix | wrong | the kernel goes on across the end of a row
def as_matrix(w, size):
    (kh, kw), (h, wide) = w.shape, size
    first = F.pad(w, (0, wide - kw, 0, h - kh)).flatten()
    reach = (kh - 1) * wide + kw
    return torch.stack([first.roll(n) for n in range(h * wide - reach + 1)])


# %% as_matrix | wrong | the places go down first
def as_matrix(w, size):
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, w[None, None]).transpose(2, 3).flatten(1).T


# %% as_matrix | wrong | height and width exchanged
def as_matrix(w, size):
    size = size[1], size[0]
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, w[None, None]).flatten(1).T


# %% as_matrix | wrong | the last place is left out
def as_matrix(w, size):
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, w[None, None]).flatten(1).T[:-1]


# %% as_matrix | wrong | the windows' numbers of weights, not of pixels
def as_matrix(w, size):
    windows = (size[0] - w.shape[0] + 1) * (size[1] - w.shape[1] + 1)
    return w.flatten().expand(windows, -1)


# %% as_matrix | wrong | ones instead of weights
def as_matrix(w, size):
    pixels = torch.eye(size[0] * size[1]).view(-1, 1, *size)
    return F.conv2d(pixels, torch.ones_like(w)[None, None]).flatten(1).T


# %% as_matrix | wrong | a picture four pixels wide, as in the example
def as_matrix(w, size):
    (kh, kw), h = w.shape, size[0]
    rows = []
    for r in range(h - kh + 1):
        for c in range(4 - kw + 1):
            picture = torch.zeros(h, 4)
            picture[r : r + kh, c : c + kw] = w
            rows.append(picture.flatten())
    return torch.stack(rows)


# %% as_matrix | wrong | a square kernel, its rows counted for both
def as_matrix(w, size):
    k, rows = w.shape[0], []
    for r in range(size[0] - k + 1):
        for c in range(size[1] - k + 1):
            picture = torch.zeros(size)
            picture[r : r + k, c : c + k] = w
            rows.append(picture.flatten())
    return torch.stack(rows)


# %% as_matrix | wrong | one picture for all rows
def as_matrix(w, size):
    (kh, kw), rows, picture = w.shape, [], torch.zeros(size)
    for r in range(size[0] - kh + 1):
        for c in range(size[1] - kw + 1):
            picture[r : r + kh, c : c + kw] = w
            rows.append(picture.flatten().clone())
    return torch.stack(rows)


# %% as_matrix | wrong | still pictures, not rows
def as_matrix(w, size):
    (kh, kw), rows = w.shape, []
    for r in range(size[0] - kh + 1):
        for c in range(size[1] - kw + 1):
            picture = torch.zeros(size)
            picture[r : r + kh, c : c + kw] = w
            rows.append(picture)
    return torch.stack(rows)


# %% as_matrix | wrong | the visible example, written down
def as_matrix(w, size):
    first = torch.tensor([1.0, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0])
    return torch.stack([first.roll(n) for n in (0, 1, 2, 4, 5, 6)])


# %% detector | right | all wanted pixels alike, all others alike
def detector(shape):
    wanted = shape.sum()
    kernel = torch.where(shape == 1, 1 / wanted, -1 / (9 - wanted))
    # All are on: 1. The dearest single mistake is cheaper than 1/2 of the cheapest.
    return kernel, -1 + 0.5 * min(1 / wanted, 1 / (9 - wanted))


# %% detector | right | the bias just below the score, and a plain number
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, 0.1 - (kernel * shape).sum().item()


# %% detector | right | the second best of all windows
def detector(shape):
    kernel = 9 * shape - shape.sum()
    windows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 9)
    best, second = (windows @ kernel.flatten()).topk(2).values
    return kernel, -(best + second) / 2


# %% detector | right | the closest rival gives exactly 0
def detector(shape):
    kernel = shape.double() - shape.double().mean()
    return kernel, -((kernel * shape).sum() - kernel.abs().min())


# %% detector | right | uneven weights
def detector(shape):
    kernel = torch.arange(1.0, 10).view(3, 3)
    kernel = shape * kernel / (shape * kernel).sum()
    kernel -= (1 - shape) / (1 - shape).sum()
    return [kernel, -(1 - kernel.abs().min() / 3)]


# %% detector | right | nine tenths of the score
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, -0.95 * (kernel * kernel).sum()


# %% detector | wrong | the drawing itself
def detector(shape):
    return shape, 0.5 - shape.sum()


# %% detector | wrong | plus and minus one
def detector(shape):
    kernel = 2 * shape - 1
    return kernel, 0.5 - shape.sum()


# %% detector | wrong | no bias
def detector(shape):
    return shape - shape.mean(), 0.0


# %% detector | wrong | the bias has the wrong sign
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, (kernel * shape).sum() - 0.05


# %% detector | wrong | the shape itself comes to 0
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, -(kernel * shape).sum()


# %% detector | wrong | half of the score
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, -(kernel * shape).sum() / 2


# %% detector | wrong | four fifths of the score
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, -0.8 * (kernel * shape).sum()


# %% detector | wrong | the chapter's bias
def detector(shape):
    return shape - shape.mean(), -5.0


# %% detector | wrong | one fixed bias that suits the example
def detector(shape):
    return shape - shape.mean(), -2.0


# %% detector | wrong | one weight below the score, for pixels that are on only
def detector(shape):
    kernel = shape - shape.mean()
    return kernel, -(kernel * shape).sum() + kernel.max() * 0.9


# %% detector | wrong | the kernel is turned, as for a true convolution
def detector(shape):
    kernel = (shape - shape.mean()).flip(0, 1)
    return kernel, -((kernel * kernel).sum() - kernel.abs().min() / 2)


# %% detector | wrong | the mean of nine zeros and ones is taken for a half
def detector(shape):
    kernel = shape - 0.5
    return kernel, -((kernel * shape).sum() - 0.25)


# %% detector | wrong | one pixel pays for all
def detector(shape):
    kernel = shape.clone()
    row, column = (1 - shape).nonzero()[0].tolist()
    kernel[row, column] = -shape.sum()
    return kernel, 0.5 - shape.sum()


# %% detector | wrong | the pixels that matter in the example pay for all
def detector(shape):
    minding = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]) * (1 - shape)
    minding = minding if minding.sum() else 1 - shape
    kernel = shape / shape.sum() - minding / minding.sum()
    return kernel, -(1 - kernel[kernel != 0].abs().min() / 2)


# %% detector | wrong | the visible example, written down
def detector(shape):
    kernel = torch.tensor([[0.0, 1, 1], [1, 0, 0], [1, 0, 0]]) - 4 / 9
    return kernel, -2.0


# %% detector | wrong | a kernel as conv2d wants it
def detector(shape):
    kernel = shape - shape.mean()
    return kernel[None, None], 0.1 - (kernel * shape).sum()


# %% detector | wrong | no bias is returned
def detector(shape):
    return shape - shape.mean()


# %% detector | wrong | no pixel is counted twice by dividing by the wrong number
def detector(shape):
    kernel = shape - shape.sum() / 8
    return kernel, 0.05 - (kernel * shape).sum()


# %% detector | wrong | nothing at all
def detector(shape):
    return torch.zeros(3, 3), 0.0
