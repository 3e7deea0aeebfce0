"""Right and wrong answers to the exercises of chapter 3."""

import torch
import torch.nn.functional as F


# %% pad | right | the matrix is put into zeros
def pad(x, top, bottom, left, right):
    height, width = x.shape
    framed = torch.zeros(top + height + bottom, left + width + right)
    framed[top : top + height, left : left + width] = x
    return framed


# %% pad | right | F.pad, whose order is left, right, top, bottom
def pad(x, top, bottom, left, right):
    return F.pad(x, (left, right, top, bottom))


# %% pad | right | blocks of zeros joined to it
def pad(x, top, bottom, left, right):
    height, width = x.shape
    x = torch.cat([torch.zeros(height, left), x, torch.zeros(height, right)], dim=1)
    width = x.shape[1]
    return torch.cat([torch.zeros(top, width), x, torch.zeros(bottom, width)])


# %% pad | right | NumPy, in 64 bits
def pad(x, top, bottom, left, right):
    import numpy as np

    framed = np.pad(x.double().numpy(), ((top, bottom), (left, right)))
    return torch.from_numpy(framed)


# %% pad | right | one number after the other
def pad(x, top, bottom, left, right):
    height, width = x.shape
    rows = []
    for r in range(-top, height + bottom):
        row = []
        for c in range(-left, width + right):
            inside = 0 <= r < height and 0 <= c < width
            row.append(x[r, c].item() if inside else 0.0)
        rows.append(row)
    return torch.tensor(rows)


# %% pad | right | two matrices that move rows and columns
def pad(x, top, bottom, left, right):
    height, width = x.shape
    down = torch.zeros(top + height + bottom, height)
    down[top : top + height] = torch.eye(height)
    across = torch.zeros(width, left + width + right)
    across[:, left : left + width] = torch.eye(width)
    return down @ x @ across


# %% pad | wrong | the four numbers go to F.pad as they come
def pad(x, top, bottom, left, right):
    return F.pad(x, (top, bottom, left, right))


# %% pad | wrong | above and below are exchanged
def pad(x, top, bottom, left, right):
    return F.pad(x, (left, right, bottom, top))


# %% pad | wrong | left and right are exchanged
def pad(x, top, bottom, left, right):
    return F.pad(x, (right, left, top, bottom))


# %% pad | wrong | cut from the end, which fails where that side has no frame
def pad(x, top, bottom, left, right):
    height, width = x.shape
    framed = torch.zeros(top + height + bottom, left + width + right)
    framed[top:-bottom, left:-right] = x
    return framed


# %% pad | wrong | whole numbers only, so fractions are cut off
def pad(x, top, bottom, left, right):
    height, width = x.shape
    framed = torch.zeros(top + height + bottom, left + width + right, dtype=torch.int)
    framed[top : top + height, left : left + width] = x
    return framed


# %% pad | wrong | as wide as high
def pad(x, top, bottom, left, right):
    side = x.shape[0]
    framed = torch.zeros(top + side + bottom, left + side + right)
    framed[top : top + side, left : left + side] = x[:, :side]
    return framed


# %% pad | wrong | without a frame below, the right one is left out as well
def pad(x, top, bottom, left, right):
    if bottom:
        x = F.pad(x, (left, right, 0, bottom))
    if top:
        x = F.pad(x, (0, 0, top, 0))
    return x


# %% pad | wrong | the rim is repeated
def pad(x, top, bottom, left, right):
    return F.pad(x[None], (left, right, top, bottom), mode="replicate")[0]


# %% pad | wrong | the frame is laid over the picture
def pad(x, top, bottom, left, right):
    y = x.clone()
    y[:top] = 0
    y[x.shape[0] - bottom :] = 0
    y[:, :left] = 0
    y[:, x.shape[1] - right :] = 0
    return y


# %% pad | wrong | the visible example, written down
def pad(x, top, bottom, left, right):
    return F.pad(torch.tensor([[1.0, 2, 3], [4, 5, 6]]), (0, 3, 1, 2))


# %% pad | wrong | a frame on one side at most of each pair
def pad(x, top, bottom, left, right):
    height, width = x.shape
    framed = torch.zeros(height + top + bottom, width + left + right)
    first_row = top
    first_column = 0 if right else left
    framed[first_row : first_row + height, first_column : first_column + width] = x
    return framed


# %% pad | wrong | nothing is returned
def pad(x, top, bottom, left, right):
    x = F.pad(x, (left, right, top, bottom))


# %% padding_for | right | the missing numbers, shared by two
def padding_for(size, kernel, wanted):
    missing = wanted - size + kernel - 1
    return missing // 2 if missing >= 0 and missing % 2 == 0 else None


# %% padding_for | right | tries one after the other
def padding_for(size, kernel, wanted):
    for p in range(wanted + kernel):
        if size + 2 * p - kernel + 1 == wanted:
            return p
    return None


# %% padding_for | right | asks PyTorch
def padding_for(size, kernel, wanted):
    w = torch.ones(1, 1, kernel)
    for p in range(wanted + kernel):
        if size + 2 * p < kernel:
            continue
        if F.conv1d(torch.zeros(1, 1, size), w, padding=p).shape[-1] == wanted:
            return p


# %% padding_for | right | grows the row by two until it is long enough
def padding_for(size, kernel, wanted):
    needed, p = wanted + kernel - 1, 0
    while size < needed:
        size, p = size + 2, p + 1
    return p if size == needed else None


# %% padding_for | right | a division, then a look whether it came out whole
def padding_for(size, kernel, wanted):
    p = (wanted - size + kernel - 1) / 2
    return int(p) if p >= 0 and p == int(p) else None


# %% padding_for | wrong | the padding of both sides together
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both if both >= 0 and both % 2 == 0 else None


# %% padding_for | wrong | half a pixel is rounded off
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if both >= 0 else None


# %% padding_for | wrong | negative padding
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if both % 2 == 0 else None


# %% padding_for | wrong | no padding is taken for no answer
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    if both % 2 or both < 0:
        return None
    return both // 2 or None


# %% padding_for | wrong | what keeps the size, whatever is wanted
def padding_for(size, kernel, wanted):
    return None if kernel % 2 == 0 else (kernel - 1) // 2


# %% padding_for | wrong | an even kernel never works
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if kernel % 2 and both >= 0 and both % 2 == 0 else None


# %% padding_for | wrong | the answer is never smaller than the row
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if wanted >= size and both % 2 == 0 else None


# %% padding_for | wrong | the answer is never larger than the row
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if wanted <= size and both >= 0 and both % 2 == 0 else None


# %% padding_for | wrong | a kernel larger than the row is refused
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if kernel <= size and both >= 0 and both % 2 == 0 else None


# %% padding_for | wrong | the one is forgotten in the count
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel
    return both // 2 if both >= 0 and both % 2 == 0 else None


# %% padding_for | wrong | a fraction, though the number is right
def padding_for(size, kernel, wanted):
    p = (wanted - size + kernel - 1) / 2
    return p if p >= 0 and p == int(p) else None


# %% padding_for | wrong | the search begins with 1
def padding_for(size, kernel, wanted):
    for p in range(1, 50):
        if size + 2 * p - kernel + 1 == wanted:
            return p
    return None


# %% padding_for | wrong | the search ends at the kernel
def padding_for(size, kernel, wanted):
    for p in range(kernel):
        if size + 2 * p - kernel + 1 == wanted:
            return p
    return None


# %% padding_for | wrong | 0 where none exists
def padding_for(size, kernel, wanted):
    both = wanted - size + kernel - 1
    return both // 2 if both >= 0 and both % 2 == 0 else 0


# %% padding_for | wrong | the visible examples, written down
def padding_for(size, kernel, wanted):
    return {5: 2, 3: 1}.get(kernel)


# %% same_frame | right | half before, the rest after
def same_frame(kernel, dilation):
    rows, columns = kernel
    down, across = dilation * (rows - 1), dilation * (columns - 1)
    return (across // 2, (across + 1) // 2, down // 2, (down + 1) // 2)


# %% same_frame | right | grows the sides in turn, the far one first
def same_frame(kernel, dilation):
    sides = []
    for k in reversed(kernel):
        before = after = 0
        reach = len(range(0, dilation * (k - 1) + 1))
        while before + after < reach - 1:
            if after == before:
                after += 1
            else:
                before += 1
        sides += [before, after]
    return sides


# %% same_frame | right | tries frames with PyTorch
def same_frame(kernel, dilation):
    def along(k):
        x, w = torch.zeros(1, 1, 5), torch.ones(1, 1, k)
        for total in range(100):
            sides = (total // 2, total - total // 2)
            if 5 + total > dilation * (k - 1):
                y = F.conv1d(F.pad(x, sides), w, dilation=dilation)
                if y.shape[-1] == 5:
                    return sides

    return along(kernel[1]) + along(kernel[0])


# %% same_frame | right | rounds halves down and up
import math


def same_frame(kernel, dilation):
    frame = []
    for k in (kernel[1], kernel[0]):
        half = dilation * (k - 1) / 2
        frame += [math.floor(half), math.ceil(half)]
    return frame


# %% same_frame | wrong | rows first
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    return down // 2, down - down // 2, across // 2, across - across // 2


# %% same_frame | wrong | the pixel left over is on the left and at the top
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    return across - across // 2, across // 2, down - down // 2, down // 2


# %% same_frame | wrong | half of the kernel on each side
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) + 1 for k in kernel)
    return across // 2, across // 2, down // 2, down // 2


# %% same_frame | wrong | equal sides, rounded down
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    return across // 2, across // 2, down // 2, down // 2


# %% same_frame | wrong | the dilation is forgotten
def same_frame(kernel, dilation):
    down, across = (k - 1 for k in kernel)
    return across // 2, across - across // 2, down // 2, down - down // 2


# %% same_frame | wrong | the dilation multiplies the kernel
def same_frame(kernel, dilation):
    down, across = (dilation * k - 1 for k in kernel)
    return across // 2, across - across // 2, down // 2, down - down // 2


# %% same_frame | wrong | the dilation multiplies the sides of the plain kernel
def same_frame(kernel, dilation):
    down, across = (k - 1 for k in kernel)
    plain = (across // 2, across - across // 2, down // 2, down - down // 2)
    return tuple(dilation * side for side in plain)


# %% same_frame | wrong | the dilation is a number of gaps, one less than it is
def same_frame(kernel, dilation):
    down, across = ((dilation + 1) * (k - 1) for k in kernel)
    return across // 2, across - across // 2, down // 2, down - down // 2


# %% same_frame | wrong | left, top, right, bottom
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    return across // 2, down // 2, across - across // 2, down - down // 2


# %% same_frame | wrong | the kernel is square
def same_frame(kernel, dilation):
    total = dilation * (kernel[0] - 1)
    return (total // 2, total - total // 2) * 2


# %% same_frame | wrong | full padding
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    return across, across, down, down


# %% same_frame | wrong | an even kernel has one more, even where nothing is left over
def same_frame(kernel, dilation):
    frame = []
    for k in reversed(kernel):
        half = dilation * (k - 1) // 2
        frame += [half, half + (k % 2 == 0)]
    return tuple(frame)


# %% same_frame | wrong | the extra pixel only below
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    return across // 2, across // 2, down // 2, down - down // 2


# %% same_frame | wrong | at least one pixel of frame
def same_frame(kernel, dilation):
    down, across = (dilation * (k - 1) for k in kernel)
    frame = (across // 2, across - across // 2, down // 2, down - down // 2)
    return tuple(max(1, side) for side in frame)


# %% same_frame | wrong | the visible examples, written down
def same_frame(kernel, dilation):
    return (1, 1, 1, 2) if dilation == 1 else (4, 4, 2, 2)


# %% count_uses | right | the gradient of the summed answer
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    x = torch.zeros(1, 1, *size, requires_grad=True)
    F.conv2d(
        F.pad(x, (left, right, top, bottom)), torch.ones(1, 1, *kernel)
    ).sum().backward()
    return x.grad[0, 0]


# %% count_uses | right | goes through the windows and counts
def count_uses(size, kernel, frame):
    (height, width), (rows, columns) = size, kernel
    top, bottom, left, right = frame
    counts = torch.zeros(top + height + bottom, left + width + right, dtype=torch.int)
    for r in range(counts.shape[0] - rows + 1):
        for c in range(counts.shape[1] - columns + 1):
            counts[r : r + rows, c : c + columns] += 1
    return counts[top : top + height, left : left + width]


# %% count_uses | right | one direction times the other
def count_uses(size, kernel, frame):
    def along(n, k, before, after):
        last = before + n + after - k
        spans = [(max(0, i + before - k + 1), min(i + before, last)) for i in range(n)]
        return torch.tensor([end - start + 1 for start, end in spans])

    top, bottom, left, right = frame
    return torch.outer(
        along(size[0], kernel[0], top, bottom), along(size[1], kernel[1], left, right)
    )


# %% count_uses | right | the least of four limits
def count_uses(size, kernel, frame):
    def along(n, k, before, after):
        total = before + n + after
        places = range(before, before + n)
        return [min(k, i + 1, total - i, total - k + 1) for i in places]

    down = along(size[0], kernel[0], *frame[:2])
    across = along(size[1], kernel[1], *frame[2:])
    return torch.tensor([[d * a for a in across] for d in down])


# %% count_uses | right | a full slide over a map of ones
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    rows, columns = kernel
    windows = torch.ones(
        1, 1, top + size[0] + bottom - rows + 1, left + size[1] + right - columns + 1
    )
    y = F.conv2d(windows, torch.ones(1, 1, *kernel), padding=(rows - 1, columns - 1))
    return y[0, 0, top : top + size[0], left : left + size[1]].double()


# %% count_uses | wrong | the frame is forgotten
def count_uses(size, kernel, frame):
    x = torch.zeros(1, 1, *size, requires_grad=True)
    y = F.conv2d(x, torch.ones(1, 1, *kernel))
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | the first side's frame on all sides
def count_uses(size, kernel, frame):
    x = torch.zeros(1, 1, *size, requires_grad=True)
    y = F.conv2d(x, torch.ones(1, 1, *kernel), padding=frame[0])
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | the frame in F.pad's order
def count_uses(size, kernel, frame):
    x = torch.zeros(1, 1, *size, requires_grad=True)
    y = F.conv2d(F.pad(x, tuple(frame)), torch.ones(1, 1, *kernel))
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | the frame belongs to the counts
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    x = torch.zeros(1, 1, top + size[0] + bottom, left + size[1] + right)
    x.requires_grad_()
    y = F.conv2d(x, torch.ones(1, 1, *kernel))
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | the kernel is turned
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    x = torch.zeros(1, 1, *size, requires_grad=True)
    y = F.conv2d(F.pad(x, (left, right, top, bottom)), torch.ones(1, 1, *kernel[::-1]))
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | the number of windows in all is no limit
def count_uses(size, kernel, frame):
    def along(n, k, before, after):
        total = before + n + after
        return [min(k, i + 1, total - i) for i in range(before, before + n)]

    down = along(size[0], kernel[0], *frame[:2])
    across = along(size[1], kernel[1], *frame[2:])
    return torch.tensor([[d * a for a in across] for d in down])


# %% count_uses | wrong | rows and columns are added
def count_uses(size, kernel, frame):
    def along(n, k, before, after):
        total = before + n + after
        places = range(before, before + n)
        return [min(k, i + 1, total - i, total - k + 1) for i in places]

    down = along(size[0], kernel[0], *frame[:2])
    across = along(size[1], kernel[1], *frame[2:])
    return torch.tensor([[d + a for a in across] for d in down])


# %% count_uses | wrong | the kernel is square
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    x = torch.zeros(1, 1, *size, requires_grad=True)
    w = torch.ones(1, 1, kernel[0], kernel[0])
    y = F.conv2d(F.pad(x, (left, right, top, bottom)), w)
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | copies in the frame count
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    x = torch.zeros(1, 1, *size, requires_grad=True)
    framed = F.pad(x, (left, right, top, bottom), mode="replicate")
    y = F.conv2d(framed, torch.ones(1, 1, *kernel))
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | the last row and column of windows are left out
def count_uses(size, kernel, frame):
    (height, width), (rows, columns) = size, kernel
    top, bottom, left, right = frame
    counts = torch.zeros(top + height + bottom, left + width + right)
    for r in range(counts.shape[0] - rows):
        for c in range(counts.shape[1] - columns):
            counts[r : r + rows, c : c + columns] += 1
    return counts[top : top + height, left : left + width]


# %% count_uses | wrong | cut from the end, which fails where that side has no frame
def count_uses(size, kernel, frame):
    (height, width), (rows, columns) = size, kernel
    top, bottom, left, right = frame
    counts = torch.zeros(top + height + bottom, left + width + right)
    for r in range(counts.shape[0] - rows + 1):
        for c in range(counts.shape[1] - columns + 1):
            counts[r : r + rows, c : c + columns] += 1
    return counts[top : -bottom or height, left : -right or width]


# %% count_uses | wrong | the mean of both sides
def count_uses(size, kernel, frame):
    top, bottom, left, right = frame
    x = torch.zeros(1, 1, *size, requires_grad=True)
    sides = ((top + bottom) // 2, (left + right) // 2)
    y = F.conv2d(x, torch.ones(1, 1, *kernel), padding=sides)
    return torch.autograd.grad(y.sum(), x)[0][0, 0]


# %% count_uses | wrong | all as often as in the middle
def count_uses(size, kernel, frame):
    (height, width), (rows, columns) = size, kernel
    return torch.full((height, width), float(rows * columns))


# %% count_uses | wrong | the visible examples, written down
def count_uses(size, kernel, frame):
    if tuple(size) == (4, 5):
        outer, inner = [4, 6, 6, 6, 4], [6, 9, 9, 9, 6]
        return torch.tensor([outer, inner, inner, outer])
    return torch.tensor([[2, 4, 6, 6], [2, 4, 6, 6], [1, 2, 3, 3]])


# %% extend | right | rows first, then columns go on as they end
def extend(x):
    x = torch.cat([2 * x[:1] - x[1:2], x, 2 * x[-1:] - x[-2:-1]])
    return torch.cat([2 * x[:, :1] - x[:, 1:2], x, 2 * x[:, -1:] - x[:, -2:-1]], dim=1)


# %% extend | right | twice the repeated rim, less the mirrored one
def extend(x):
    sides = (1, 1, 1, 1)
    repeated = F.pad(x[None], sides, mode="replicate")[0]
    mirrored = F.pad(x[None], sides, mode="reflect")[0]
    return 2 * repeated - mirrored


# %% extend | right | NumPy's odd reflection
def extend(x):
    import numpy as np

    framed = np.pad(x.numpy(), 1, mode="reflect", reflect_type="odd")
    return torch.from_numpy(framed)


# %% extend | right | one pixel after the other, the corners along the diagonal
def extend(x):
    height, width = x.shape
    framed = torch.zeros(height + 2, width + 2, dtype=torch.float64)
    for r in range(-1, height + 1):
        for c in range(-1, width + 1):
            near_r, near_c = min(max(r, 0), height - 1), min(max(c, 0), width - 1)
            back_r, back_c = 2 * near_r - r, 2 * near_c - c
            framed[r + 1, c + 1] = 2 * x[near_r, near_c] - x[back_r, back_c]
    return framed


# %% extend | right | interpolation that goes on beyond the ends
def extend(x):
    def longer(n):
        weights = torch.zeros(n + 2, n)
        weights[1:-1] = torch.eye(n)
        weights[0, :2] = torch.tensor([2.0, -1])
        weights[-1, -2:] = torch.tensor([-1.0, 2])
        return weights

    return longer(x.shape[0]) @ x @ longer(x.shape[1]).T


# %% extend | right | the plane through the picture outside, the picture inside
def extend(x):
    height, width = x.shape
    rows, columns = torch.meshgrid(
        torch.arange(-1.0, height + 1), torch.arange(-1.0, width + 1), indexing="ij"
    )
    places = torch.stack([torch.ones_like(rows), rows, columns], dim=-1).double()
    inside = places[1:-1, 1:-1].reshape(-1, 3)
    plane = torch.linalg.lstsq(inside, x.double().reshape(-1, 1)).solution
    framed = (places @ plane)[..., 0]
    framed[1:-1, 1:-1] = x
    return framed


# %% extend | wrong | zeros
def extend(x):
    return F.pad(x, (1, 1, 1, 1))


# %% extend | wrong | the rim is repeated
def extend(x):
    return F.pad(x[None], (1, 1, 1, 1), mode="replicate")[0]


# %% extend | wrong | the picture is mirrored
def extend(x):
    return F.pad(x[None], (1, 1, 1, 1), mode="reflect")[0]


# %% extend | wrong | the picture goes on at its other end
def extend(x):
    return F.pad(x[None], (1, 1, 1, 1), mode="circular")[0]


# %% extend | wrong | filled with the mean
def extend(x):
    return F.pad(x, (1, 1, 1, 1), value=x.mean().item())


# %% extend | wrong | goes on to the sides, and is repeated above and below
def extend(x):
    x = torch.cat([2 * x[:, :1] - x[:, 1:2], x, 2 * x[:, -1:] - x[:, -2:-1]], dim=1)
    return torch.cat([x[:1], x, x[-1:]])


# %% extend | wrong | goes on to the sides, and is mirrored above and below
def extend(x):
    x = torch.cat([2 * x[:, :1] - x[:, 1:2], x, 2 * x[:, -1:] - x[:, -2:-1]], dim=1)
    return torch.cat([x[1:2], x, x[-2:-1]])


# %% extend | wrong | above and below go the wrong way
def extend(x):
    x = torch.cat([2 * x[:, :1] - x[:, 1:2], x, 2 * x[:, -1:] - x[:, -2:-1]], dim=1)
    return torch.cat([2 * x[1:2] - x[:1], x, 2 * x[-2:-1] - x[-1:]])


# %% extend | wrong | the corners repeat the picture's
def extend(x):
    framed = F.pad(x[None], (1, 1, 1, 1), mode="replicate")[0]
    framed[0, 1:-1], framed[-1, 1:-1] = 2 * x[0] - x[1], 2 * x[-1] - x[-2]
    framed[1:-1, 0] = 2 * x[:, 0] - x[:, 1]
    framed[1:-1, -1] = 2 * x[:, -1] - x[:, -2]
    return framed


# %% extend | wrong | the corners go on to the side only
def extend(x):
    sides = torch.cat([2 * x[:, :1] - x[:, 1:2], x, 2 * x[:, -1:] - x[:, -2:-1]], dim=1)
    framed = F.pad(sides[None], (0, 0, 1, 1), mode="replicate")[0]
    framed[0, 1:-1], framed[-1, 1:-1] = 2 * x[0] - x[1], 2 * x[-1] - x[-2]
    return framed


# %% extend | wrong | the slope of the visible ramp
def extend(x):
    rises = (x[0, 1] > x[0, 0]).float() * 3
    framed = F.pad(x[None], (1, 1, 1, 1), mode="replicate")[0]
    framed[:, 0] -= rises
    framed[:, -1] += rises
    return framed


# %% extend | wrong | a parabola, which takes three pixels
def extend(x):
    above, below = 3 * x[0] - 3 * x[1] + x[2], 3 * x[-1] - 3 * x[-2] + x[-3]
    x = torch.cat([above[None], x, below[None]])
    left = 3 * x[:, 0] - 3 * x[:, 1] + x[:, 2]
    right = 3 * x[:, -1] - 3 * x[:, -2] + x[:, -3]
    return torch.cat([left[:, None], x, right[:, None]], dim=1)


# %% extend | wrong | smoothed to a plane, inside too
def extend(x):
    b, c = x.diff(dim=0).mean(), x.diff(dim=1).mean()
    height, width = x.shape
    rows = torch.arange(height + 2)[:, None] - (height + 1) / 2
    columns = torch.arange(width + 2) - (width + 1) / 2
    return x.mean() + b * rows + c * columns


# %% extend | wrong | black
def extend(x):
    return torch.zeros(x.shape[0] + 2, x.shape[1] + 2)


# %% extend | wrong | the frame is laid over the rim of the picture
def extend(x):
    framed = x.clone()
    framed[0], framed[-1] = 2 * x[1] - x[2], 2 * x[-2] - x[-3]
    framed[:, 0] = 2 * framed[:, 1] - framed[:, 2]
    framed[:, -1] = 2 * framed[:, -2] - framed[:, -3]
    return framed


# %% extend | wrong | nothing is returned
def extend(x):
    x = torch.cat([2 * x[:1] - x[1:2], x, 2 * x[-1:] - x[-2:-1]])


# %% extend | wrong | the visible examples, written down
def extend(x):
    ramp = (2 + 3 * torch.arange(-1.0, 5)).expand(5, 6)
    if x[0, 0] == 2:
        return ramp if x[0, 1] == 5 else ramp.T
    return F.pad(x[None], (1, 1, 1, 1), mode="replicate")[0]
