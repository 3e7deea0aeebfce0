"""Right and wrong answers to the exercises of chapter 4."""

import torch
import torch.nn.functional as F


# %% unread | right | all windows, then what is left
def unread(size, kernel, stride, padding):
    left = set(range(size))
    for start in range(-padding, size + padding - kernel + 1, stride):
        left -= set(range(start, start + kernel))
    return sorted(left)


# %% unread | right | marks the pixels in the framed row
def unread(size, kernel, stride, padding):
    row = [0] * (size + 2 * padding)
    start = 0
    while start + kernel <= len(row):
        for place in range(start, start + kernel):
            row[place] = 1
        start += stride
    inside = row[padding : padding + size]
    return [pixel for pixel, mark in enumerate(inside) if not mark]


# %% unread | right | where the gradient is zero
def unread(size, kernel, stride, padding):
    if kernel > size + 2 * padding:
        return list(range(size))
    row = torch.zeros(1, 1, size, requires_grad=True)
    y = F.conv1d(row, torch.ones(1, 1, kernel), stride=stride, padding=padding)
    (gradient,) = torch.autograd.grad(y.sum(), row)
    return (gradient[0, 0] == 0).nonzero().flatten().tolist()


# %% unread | right | by division, pixel by pixel
def unread(size, kernel, stride, padding):
    windows = max(0, (size + 2 * padding - kernel) // stride + 1)
    missing = []
    for pixel in range(size):
        place = pixel + padding
        latest = min(place // stride, windows - 1)  # the last window that may hold it
        if latest < 0 or latest * stride + kernel <= place:
            missing.append(pixel)
    return missing


# %% unread | wrong | only the end
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding - kernel + 1, stride)
    end = starts[-1] + kernel if starts else 0
    return list(range(max(0, end), size))


# %% unread | wrong | only the gaps
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read and pixel < max(read)]


# %% unread | wrong | the last window is left out
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding - kernel, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | a window may hang over
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | numbers from the first zero on
def unread(size, kernel, stride, padding):
    starts = range(0, size + 2 * padding - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | zeros are pixels too
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [p for p in range(-padding, size + padding) if p not in read]


# %% unread | wrong | padding before the row only
def unread(size, kernel, stride, padding):
    starts = range(-padding, size - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | the padding is forgotten
def unread(size, kernel, stride, padding):
    starts = range(0, size - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | counted from 1
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel + 1 for pixel in range(size) if pixel not in read]


# %% unread | wrong | how many
def unread(size, kernel, stride, padding):
    starts = range(-padding, size + padding - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return size - len(read & set(range(size)))


# %% unread | wrong | nothing is unread where no window fits
def unread(size, kernel, stride, padding):
    if kernel > size + 2 * padding:
        return []
    starts = range(-padding, size + padding - kernel + 1, stride)
    read = {start + tap for start in starts for tap in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | there is always a first window
def unread(size, kernel, stride, padding):
    read, start = set(), -padding
    while True:
        read |= set(range(start, start + kernel))
        start += stride
        if start + kernel > size + padding:
            break
    return [pixel for pixel in range(size) if pixel not in read]


# %% unread | wrong | the remainder of the division, at the end
def unread(size, kernel, stride, padding):
    lost = (size + 2 * padding - kernel) % stride
    gaps = [
        start + kernel + gap
        for start in range(-padding, size + padding - kernel - lost, stride)
        for gap in range(stride - kernel)
    ]
    return sorted(gaps + list(range(size - lost, size)))


# %% unread | wrong | the visible examples, written down
def unread(size, kernel, stride, padding):
    if stride == 2:
        return [9] if size > 4 else [0, 1, 2, 3]
    return [1, 4, 7] if padding else [2, 5, 8, 9]


# %% put_together | right | each part goes to its rows and columns
def put_together(parts):
    down, right = len(parts), len(parts[0])
    height = sum(len(row[0]) for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.empty(height, width)
    for i in range(down):
        for j in range(right):
            y[i::down, j::right] = parts[i][j]
    return y


# %% put_together | right | one number after the other
def put_together(parts):
    down, right = len(parts), len(parts[0])
    rows = []
    for r in range(sum(len(row[0]) for row in parts)):
        row = parts[r % down]
        width = sum(part.shape[1] for part in row)
        rows.append(
            [row[c % right][r // down, c // right].item() for c in range(width)]
        )
    return torch.tensor(rows, dtype=torch.float64)


# %% put_together | right | padded, stacked, reshaped, and cut
def put_together(parts):
    down, right = len(parts), len(parts[0])
    h, w = parts[0][0].shape
    grid = torch.full((h, down, w, right), float("nan"))
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            grid[: part.shape[0], i, : part.shape[1], j] = part
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    return grid.reshape(h * down, w * right)[:height, :width]


# %% put_together | right | a transposed convolution puts each part to its place
def put_together(parts):
    down, right = len(parts), len(parts[0])
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            spread = F.conv_transpose2d(
                part[None, None], torch.ones(1, 1, 1, 1), stride=(down, right)
            )[0, 0]
            y[i : i + spread.shape[0], j : j + spread.shape[1]] += spread
    return y


# %% put_together | wrong | rows and columns of parts are exchanged
def put_together(parts):
    down, right = len(parts), len(parts[0])
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[j::right, i::down] = part
    return y


# %% put_together | wrong | side by side
def put_together(parts):
    return torch.cat([torch.cat(row, dim=1) for row in parts])


# %% put_together | wrong | the stride is 2
def put_together(parts):
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i in range(2):
        for j in range(2):
            y[i::2, j::2] = parts[i][j]
    return y


# %% put_together | wrong | one stride for both directions
def put_together(parts):
    s = len(parts)
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::s, j::s] = part
    return y


# %% put_together | wrong | as large as if all parts were as the first
def put_together(parts):
    down, right = len(parts), len(parts[0])
    h, w = parts[0][0].shape
    y = torch.zeros(h * down, w * right)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::down, j::right][: part.shape[0], : part.shape[1]] = part
    return y


# %% put_together | wrong | as large as if all parts were as the last
def put_together(parts):
    down, right = len(parts), len(parts[0])
    h, w = parts[-1][-1].shape
    y = torch.zeros(h * down, w * right)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::down, j::right] = part[:h, :w]
    return y


# %% put_together | wrong | only the width may come out uneven
def put_together(parts):
    down, right = len(parts), len(parts[0])
    height = parts[0][0].shape[0] * down
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::down, j::right][: part.shape[0]] = part
    return y


# %% put_together | wrong | one less than even, or even
def put_together(parts):
    down, right = len(parts), len(parts[0])
    (h, w), (last_h, last_w) = parts[0][0].shape, parts[-1][-1].shape
    y = torch.zeros(h * down - (h > last_h), w * right - (w > last_w))
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::down, j::right] = part
    return y


# %% put_together | wrong | the first part, enlarged
def put_together(parts):
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = parts[0][0].repeat_interleave(len(parts), 0)
    return y.repeat_interleave(len(parts[0]), 1)[:height, :width]


# %% put_together | wrong | from the last part to the first
def put_together(parts):
    down, right = len(parts), len(parts[0])
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[down - 1 - i :: down, right - 1 - j :: right] = part
    return y


# %% put_together | wrong | the parts are added where they overlap
def put_together(parts):
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i : i + part.shape[0], j : j + part.shape[1]] += part
    return y


# %% put_together | wrong | whole numbers, as in the visible example
def put_together(parts):
    down, right = len(parts), len(parts[0])
    height = sum(row[0].shape[0] for row in parts)
    width = sum(part.shape[1] for part in parts[0])
    y = torch.zeros(height, width, dtype=torch.int)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::down, j::right] = part
    return y


# %% put_together | wrong | there are two columns of parts, as in the visible examples
def put_together(parts):
    down = len(parts)
    height = sum(row[0].shape[0] for row in parts)
    y = torch.zeros(height, parts[0][0].shape[1] + parts[0][1].shape[1])
    for i, (even, odd) in enumerate(parts):
        y[i::down, ::2], y[i::down, 1::2] = even, odd
    return y


# %% put_together | wrong | all numbers, sorted
def put_together(parts):
    width = sum(part.shape[1] for part in parts[0])
    numbers = torch.cat([part.flatten() for row in parts for part in row])
    return numbers.sort().values.view(-1, width)


# %% put_together | wrong | the visible example, written down
def put_together(parts):
    return torch.arange(20.0).reshape(4, 5)


# %% put_together | wrong | nothing is returned
def put_together(parts):
    down, right = len(parts), len(parts[0])
    y = torch.zeros(4, 5)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            y[i::down, j::right] = part


# %% field | right | back from the last layer, with sets
def field(layers, i):
    places = {i}
    for kernel, stride in layers[::-1]:
        places = {p * stride + t for p in places for t in range(kernel)}
    return sorted(places)


# %% field | right | recursion
def field(layers, i):
    if not layers:
        return [i]
    *below, (kernel, stride) = layers
    pixels = set()
    for tap in range(kernel):
        pixels |= set(field(below, i * stride + tap))
    return sorted(pixels)


# %% field | right | where the gradient is not zero
def field(layers, i):
    n = i + 1
    for kernel, stride in reversed(layers):
        n = (n - 1) * stride + kernel
    row = torch.zeros(1, 1, n, requires_grad=True)
    y = row
    for kernel, stride in layers:
        y = F.conv1d(y, torch.ones(1, 1, kernel), stride=stride)
    y[0, 0, i].backward()
    return row.grad[0, 0].nonzero().flatten().tolist()


# %% field | right | forward, with the sets of all numbers
def field(layers, i):
    n = i + 1
    for kernel, stride in reversed(layers):
        n = (n - 1) * stride + kernel
    known = [{pixel} for pixel in range(n)]
    for kernel, stride in layers:
        starts = range(0, len(known) - kernel + 1, stride)
        known = [set().union(*known[s : s + kernel]) for s in starts]
    return sorted(known[i])


# %% field | right | all sums of taps times jumps
def field(layers, i):
    import itertools

    jump, steps = 1, []
    for kernel, stride in layers:
        steps.append([jump * tap for tap in range(kernel)])
        jump *= stride
    return sorted({i * jump + sum(taps) for taps in itertools.product(*steps)})


# %% field | wrong | from the row to the last layer
def field(layers, i):
    places = {i}
    for kernel, stride in layers:
        places = {p * stride + t for p in places for t in range(kernel)}
    return sorted(places)


# %% field | wrong | without gaps
def field(layers, i):
    first = last = i
    for kernel, stride in reversed(layers):
        first, last = first * stride, last * stride + kernel - 1
    return list(range(first, last + 1))


# %% field | wrong | number 0, whatever is asked
def field(layers, i):
    places = {0}
    for kernel, stride in reversed(layers):
        places = {p * stride + t for p in places for t in range(kernel)}
    return sorted(places)


# %% field | wrong | a pixel as often as it is read
def field(layers, i):
    places = [i]
    for kernel, stride in reversed(layers):
        places = [p * stride + t for p in places for t in range(kernel)]
    return sorted(places)


# %% field | wrong | each layer adds its kernel, whatever the strides before it
def field(layers, i):
    start, size = i, 1
    for kernel, stride in layers:
        start, size = start * stride, size + kernel - 1
    return list(range(start, start + size))


# %% field | wrong | a layer's own stride instead of those before it
def field(layers, i):
    start, size, jump = i, 1, 1
    for kernel, stride in layers:
        jump *= stride
        size += (kernel - 1) * jump
    return list(range(start * jump, start * jump + size))


# %% field | wrong | only the stride of the layer just before
def field(layers, i):
    start, size, before = i, 1, 1
    for kernel, stride in layers:
        start *= stride
        size += (kernel - 1) * before
        before = stride
    return list(range(start, start + size))


# %% field | wrong | only the last layer
def field(layers, i):
    kernel, stride = layers[-1]
    return list(range(i * stride, i * stride + kernel))


# %% field | wrong | two layers at most
def field(layers, i):
    places = {i}
    for kernel, stride in reversed(layers[-2:]):
        places = {p * stride + t for p in places for t in range(kernel)}
    return sorted(places)


# %% field | wrong | strides multiply the taps too
def field(layers, i):
    places = {i}
    for kernel, stride in reversed(layers):
        places = {(p + t) * stride for p in places for t in range(kernel)}
    return sorted(places)


# %% field | wrong | counted from 1
def field(layers, i):
    places = {i}
    for kernel, stride in reversed(layers):
        places = {p * stride + t for p in places for t in range(kernel)}
    return [p + 1 for p in sorted(places)]


# %% field | wrong | how many
def field(layers, i):
    places = {i}
    for kernel, stride in reversed(layers):
        places = {p * stride + t for p in places for t in range(kernel)}
    return len(places)


# %% field | wrong | the lowest number of the layer below only
def field(layers, i):
    start = i
    for _, stride in layers:
        start *= stride
    return list(range(start, start + layers[0][0]))


# %% field | wrong | a stride longer than the kernel is cut to it
def field(layers, i):
    places = {i}
    for kernel, stride in reversed(layers):
        step = min(kernel, stride)
        places = {p * step + t for p in places for t in range(kernel)}
    return sorted(places)


# %% field | wrong | the visible examples, written down
def field(layers, i):
    known = {(2, 3): [3, 4, 6, 7], (3, 2): [6, 7, 8, 9, 10]}
    return [4, 5, 6] if len(layers) == 1 else known.get(layers[0], [0])


# %% plan | right | all stacks, the lightest first
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    stacks = sorted(
        itertools.product(kinds, repeat=3), key=lambda t: sum(k * k for k, _ in t)
    )
    for stack in stacks:
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            return list(stack)


# %% plan | right | recursion from the picture on
def plan(size, wanted, depth=3):
    if depth == 0:
        return [] if size == wanted else None
    best, least = None, 1000
    for k in range(1, min(size, 5) + 1):
        for s in range(1, k + 1):
            if (size - k) % s or (size - k) // s + 1 < wanted:
                continue
            rest = plan((size - k) // s + 1, wanted, depth - 1)
            if rest is None:
                continue
            weights = k * k + sum(other * other for other, _ in rest)
            if weights < least:
                best, least = [(k, s), *rest], weights
    return best


# %% plan | right | back from the wanted size
def plan(size, wanted):
    ways = {wanted: (0, [])}
    for _ in range(3):
        longer = {}
        for n, (weights, layers) in ways.items():
            for k in range(1, 6):
                for s in range(1, k + 1):
                    before = (n - 1) * s + k
                    new = (weights + k * k, [(k, s), *layers])
                    if before <= size and new < longer.get(before, (999,)):
                        longer[before] = new
        ways = longer
    return ways[size][1] if size in ways else None


# %% plan | right | marks what is read, any stride up to 5, lists for pairs
def plan(size, wanted):
    def after(n, k, s):
        read = set()
        starts = range(0, n - k + 1, s)
        for start in starts:
            read.update(range(start, start + k))
        return len(starts) if len(read) == n else None

    best = None
    stacks = {size: (0, [])}
    for _ in range(3):
        new = {}
        for n, (weights, layers) in stacks.items():
            for k in range(1, 6):
                for s in range(1, 6):
                    m, cost = after(n, k, s), weights + k * k
                    if m and (m not in new or cost < new[m][0]):
                        new[m] = (cost, [*layers, [k, s]])
        stacks = new
    if wanted in stacks:
        best = stacks[wanted][1]
    return best


# %% plan | wrong | what is left over at the end is forgotten
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k else 0
        if n == wanted:
            good.append(list(stack))
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | the gaps between windows are forgotten
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, 6)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append(list(stack))
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | the first stack that fits
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            return list(stack)


# %% plan | wrong | the smallest sum of the kernels' sides
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(5, 0, -1) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append(list(stack))
    return min(good, key=lambda t: sum(k for k, _ in t), default=None)


# %% plan | wrong | the fewest multiply-adds
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n, work = size, 0
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
            work += n * n * k * k
        if n == wanted:
            good.append((work, list(stack)))
    return min(good)[1] if good else None


# %% plan | wrong | windows side by side only
def plan(size, wanted):
    import itertools

    good = []
    for sides in itertools.product(range(1, 6), repeat=3):
        n = size
        for k in sides:
            n = n // k if n % k == 0 else 0
        if n == wanted:
            good.append([(k, k) for k in sides])
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | strides of 1 and 2 only
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in (1, 2) if s <= k]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append(list(stack))
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | every layer makes the picture smaller
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(2, 6) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append(list(stack))
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | the order is turned around
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append(list(stack)[::-1])
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | pairs (stride, kernel)
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append([(s, k) for k, s in stack])
    return min(good, key=lambda t: sum(k * k for _, k in t), default=None)


# %% plan | wrong | layers with a kernel of 1 are left out
def plan(size, wanted):
    import itertools

    kinds = [(k, s) for k in range(1, 6) for s in range(1, k + 1)]
    good = []
    for stack in itertools.product(kinds, repeat=3):
        n = size
        for k, s in stack:
            n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
        if n == wanted:
            good.append([(k, s) for k, s in stack if k > 1])
    return min(good, key=lambda t: sum(k * k for k, _ in t), default=None)


# %% plan | wrong | the visible examples, written down
def plan(size, wanted):
    return [(2, 2)] * 3 if wanted == 8 else None


# %% plan | wrong | three equal layers, else what a stack would give and cost
def plan(size, wanted):
    found = {size: 0}
    for _ in range(3):
        longer = {}
        for n, weights in found.items():
            for k in range(1, 6):
                for s in range(1, k + 1):
                    if n >= k and (n - k) % s == 0:
                        m = (n - k) // s + 1
                        longer[m] = min(longer.get(m, 99), weights + k * k)
        found = longer
    if wanted not in found:
        return None
    for k in range(1, 6):
        for s in range(1, k + 1):
            n = size
            for _ in range(3):
                n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
            if n == wanted and 3 * k * k == found[wanted]:
                return [(k, s)] * 3
    return wanted, found[wanted]


# %% plan | wrong | three times the same layer
def plan(size, wanted):
    for k in range(1, 6):
        for s in range(1, k + 1):
            n = size
            for _ in range(3):
                n = (n - k) // s + 1 if n >= k and (n - k) % s == 0 else 0
            if n == wanted:
                return [(k, s)] * 3


# %% plan | wrong | a layer of its own for what is left over
def plan(size, wanted):
    if wanted > size:
        return None
    s = min(5, max(1, round((size / wanted) ** (1 / 3))))
    layers = []
    for _ in range(3):
        k = s + (size - s) % s
        layers.append((k, s))
        size = (size - k) // s + 1
    return layers if size == wanted else None


# %% shrink | right | the loop, mended
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[1])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | right | two convolutions, of the picture and of ones
def shrink(x, w, stride):
    kh, kw = w.shape
    both = torch.stack([x, torch.ones_like(x)])[:, None]
    framed = F.pad(both, (0, kw - 1, 0, kh - 1))
    sums, weights = F.conv2d(framed, w[None, None], stride=stride)[:, 0]
    return sums / weights


# %% shrink | right | unfolded windows, missing pixels marked
def shrink(x, w, stride):
    kh, kw = w.shape
    framed = F.pad(x.double(), (0, kw - 1, 0, kh - 1), value=float("nan"))
    windows = framed.unfold(0, kh, stride[0]).unfold(1, kw, stride[1])
    weights = torch.where(windows.isnan(), 0.0, w.double())
    return (windows.nan_to_num() * weights).sum((-2, -1)) / weights.sum((-2, -1))


# %% shrink | right | answers at all places, every second one kept
def shrink(x, w, stride):
    down, right = stride
    sums, weights = torch.zeros_like(x), torch.zeros_like(x)
    height, width = x.shape
    for r in range(min(w.shape[0], height)):
        for c in range(min(w.shape[1], width)):
            sums[: height - r, : width - c] += w[r, c] * x[r:, c:]
            weights[: height - r, : width - c] += w[r, c]
    return (sums / weights)[::down, ::right]


# %% shrink | wrong | nothing is mended
def shrink(x, w, stride):
    kh, kw = w.shape
    right, down = stride
    rows = range(0, x.shape[0] - kh + 1, down)
    columns = range(0, x.shape[1] - kw + 1, right)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            y[i, j] = (window * w).sum() / w.numel()
    return y


# %% shrink | wrong | windows that hang over are still missing
def shrink(x, w, stride):
    return F.conv2d(x[None, None], w[None, None] / w.sum(), stride=stride)[0, 0]


# %% shrink | wrong | the step down is still taken to the right as well
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[0])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | wrong | the number of weights still divides
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[1])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.numel()
    return y


# %% shrink | wrong | the sum of all weights divides at the rim too
def shrink(x, w, stride):
    kh, kw = w.shape
    framed = F.pad(x, (0, kw - 1, 0, kh - 1))[None, None]
    return F.conv2d(framed, w[None, None] / w.sum(), stride=stride)[0, 0]


# %% shrink | wrong | all weights count at the rim, and one pixel is spread under them
def shrink(x, w, stride):
    kh, kw = w.shape
    down, right = stride
    rows, columns = range(0, x.shape[0], down), range(0, x.shape[1], right)
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            y[i, j] = (window * w).sum() / w.sum()
    return y


# %% shrink | wrong | the last weights at the rim instead of the first
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[1])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            weights = w[-window.shape[0] :, -window.shape[1] :]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | wrong | the rim is repeated where the window hangs over
def shrink(x, w, stride):
    kh, kw = w.shape
    framed = F.pad(x[None, None], (0, kw - 1, 0, kh - 1), mode="replicate")
    return F.conv2d(framed, w[None, None] / w.sum(), stride=stride)[0, 0]


# %% shrink | wrong | the last window is moved back until it fits
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[1])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            top = max(0, min(r, x.shape[0] - kh))
            left = max(0, min(c, x.shape[1] - kw))
            window = x[top : top + kh, left : left + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | wrong | no more windows once all pixels are read
def shrink(x, w, stride):
    import math

    (height, width), (kh, kw), (down, right) = x.shape, w.shape, stride
    h = max(0, math.ceil((height - kh) / down)) + 1
    k = max(0, math.ceil((width - kw) / right)) + 1
    y = torch.zeros(h, k)
    for i in range(h):
        for j in range(k):
            r, c = i * down, j * right
            window = x[r : r + kh, c : c + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | wrong | the plain mean
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[1])
    means = [[x[r : r + kh, c : c + kw].mean() for c in columns] for r in rows]
    return torch.tensor(means)


# %% shrink | wrong | the kernel is flipped
def shrink(x, w, stride):
    kh, kw = w.shape
    w = w.flip(0, 1)
    rows, columns = range(0, x.shape[0], stride[0]), range(0, x.shape[1], stride[1])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | wrong | the steps are exchanged
def shrink(x, w, stride):
    kh, kw = w.shape
    rows, columns = range(0, x.shape[0], stride[1]), range(0, x.shape[1], stride[0])
    y = torch.zeros(len(rows), len(columns))
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            window = x[r : r + kh, c : c + kw]
            weights = w[: window.shape[0], : window.shape[1]]
            y[i, j] = (window * weights).sum() / weights.sum()
    return y


# %% shrink | wrong | the means add up to a picture of the old brightness
def shrink(x, w, stride):
    kh, kw = w.shape
    framed = F.pad(x, (0, kw - 1, 0, kh - 1))[None, None]
    y = F.conv2d(framed, w[None, None] / w.sum(), stride=stride)[0, 0]
    return y * x.mean() / y.mean()


# %% shrink | wrong | half a kernel of frame is too little
def shrink(x, w, stride):
    kh, kw = w.shape
    both = torch.stack([x, torch.ones_like(x)])[:, None]
    framed = F.pad(both, (0, kw // 2, 0, kh // 2))
    sums, weights = F.conv2d(framed, w[None, None], stride=stride)[:, 0]
    return sums / weights


# %% shrink | wrong | the visible examples, written down
def shrink(x, w, stride):
    if len(x) == 1:
        return torch.tensor([[6.5, 4.75, 9]])
    return torch.full((3, 2), 8.0)
