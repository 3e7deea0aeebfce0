"""Right and wrong answers to the exercises of chapter 6."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import nn

from cnnbook.layers import corr2d


# %% cost | right | places times weights
def cost(x_shape, w_shape, stride=1, padding=0):
    _, h, w = x_shape
    filters, _, kh, kw = w_shape
    places = ((h + 2 * padding - kh) // stride + 1) * (
        (w + 2 * padding - kw) // stride + 1
    )
    weights = math.prod(w_shape)
    return weights + filters, places * weights


# %% cost | right | the package's functions, with the groups found from the depth
def cost(x_shape, w_shape, stride=1, padding=0):
    from cnnbook.arithmetic import conv_multiply_adds, conv_weights

    (c, *size), (filters, depth, *kernel) = x_shape, w_shape
    groups = c // depth
    work = conv_multiply_adds(size, c, filters, kernel, stride, padding, 1, groups)
    return conv_weights(c, filters, kernel, True, groups), work


# %% cost | right | a layer is made, used and counted
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, depth, *kernel = w_shape
    layer = nn.Conv2d(
        x_shape[0], filters, kernel, stride, padding, groups=x_shape[0] // depth
    )
    y = layer(torch.zeros(1, *x_shape))
    weights = sum(p.numel() for p in layer.parameters())
    return [weights, y.numel() * layer.weight[0].numel()]


# %% cost | wrong | the visible examples, written down
def cost(x_shape, w_shape, stride=1, padding=0):
    return (372, 6480) if padding else (368, 20160)


# %% cost | wrong | biases forgotten
def cost(x_shape, w_shape, stride=1, padding=0):
    _, _, kh, kw = w_shape
    high = (x_shape[1] + 2 * padding - kh) // stride + 1
    wide = (x_shape[2] + 2 * padding - kw) // stride + 1
    weights = math.prod(w_shape)
    return weights, weights * high * wide


# %% cost | wrong | a bias for each channel
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, depth, kh, kw = w_shape
    high = (x_shape[1] + 2 * padding - kh) // stride + 1
    wide = (x_shape[2] + 2 * padding - kw) // stride + 1
    weights = math.prod(w_shape)
    return weights + filters * depth, weights * high * wide


# %% cost | wrong | biases among the multiply-adds
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    high = (x_shape[1] + 2 * padding - kh) // stride + 1
    wide = (x_shape[2] + 2 * padding - kw) // stride + 1
    weights = math.prod(w_shape) + filters
    return weights, weights * high * wide


# %% cost | wrong | multiplications and additions counted apart
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    high = (x_shape[1] + 2 * padding - kh) // stride + 1
    wide = (x_shape[2] + 2 * padding - kw) // stride + 1
    weights = math.prod(w_shape)
    return weights + filters, 2 * weights * high * wide


# %% cost | wrong | every filter reads all channels
def cost(x_shape, w_shape, stride=1, padding=0):
    c, h, w = x_shape
    filters, _, kh, kw = w_shape
    high = (h + 2 * padding - kh) // stride + 1
    wide = (w + 2 * padding - kw) // stride + 1
    weights = filters * c * kh * kw
    return weights + filters, weights * high * wide


# %% cost | wrong | every filter reads all channels, in the products only
def cost(x_shape, w_shape, stride=1, padding=0):
    c, h, w = x_shape
    filters, depth, kh, kw = w_shape
    high = (h + 2 * padding - kh) // stride + 1
    wide = (w + 2 * padding - kw) // stride + 1
    return filters * (depth * kh * kw + 1), filters * c * kh * kw * high * wide


# %% cost | wrong | a filter is one kernel
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    high = (x_shape[1] + 2 * padding - kh) // stride + 1
    wide = (x_shape[2] + 2 * padding - kw) // stride + 1
    return filters * (kh * kw + 1), filters * kh * kw * high * wide


# %% cost | wrong | at every pixel of the input
def cost(x_shape, w_shape, stride=1, padding=0):
    weights = math.prod(w_shape)
    return weights + w_shape[0], weights * x_shape[1] * x_shape[2]


# %% cost | wrong | rows and columns of the kernel exchanged
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kw, kh = w_shape
    high = (x_shape[1] + 2 * padding - kh) // stride + 1
    wide = (x_shape[2] + 2 * padding - kw) // stride + 1
    weights = math.prod(w_shape)
    return weights + filters, weights * high * wide


# %% cost | wrong | padding in total
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    high = (x_shape[1] + padding - kh) // stride + 1
    wide = (x_shape[2] + padding - kw) // stride + 1
    weights = math.prod(w_shape)
    return weights + filters, weights * high * wide


# %% cost | wrong | all places at stride 1, divided by the stride twice
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    high = x_shape[1] + 2 * padding - kh + 1
    wide = x_shape[2] + 2 * padding - kw + 1
    weights = math.prod(w_shape)
    return weights + filters, weights * high * wide // stride**2


# %% cost | wrong | rounded up
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    high = math.ceil((x_shape[1] + 2 * padding - kh) / stride) + 1
    wide = math.ceil((x_shape[2] + 2 * padding - kw) / stride) + 1
    weights = math.prod(w_shape)
    return weights + filters, weights * high * wide


# %% cost | wrong | the stride is 2 wherever it is not 1
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    step = 1 if stride == 1 else 2
    high = (x_shape[1] + 2 * padding - kh) // step + 1
    wide = (x_shape[2] + 2 * padding - kw) // step + 1
    weights = math.prod(w_shape)
    return weights + filters, weights * high * wide


# %% cost | wrong | padding is added once, whatever it is
def cost(x_shape, w_shape, stride=1, padding=0):
    filters, _, kh, kw = w_shape
    more = 2 if padding else 0
    high = (x_shape[1] + more - kh) // stride + 1
    wide = (x_shape[2] + more - kw) // stride + 1
    weights = math.prod(w_shape)
    return weights + filters, weights * high * wide


# %% maps | right | one convolution with zeros where nothing is read
def maps(x, filters, bias, reads):
    kh, kw = filters[0].shape[1:]
    whole = torch.zeros(len(filters), len(x), kh, kw)
    for f, channels in enumerate(reads):
        whole[f, channels] = filters[f]
    return F.conv2d(x, whole, bias)


# %% maps | right | one convolution for each filter, in double precision
def maps(x, filters, bias, reads):
    x = x.double()
    found = [
        F.conv2d(x[channels][None], w.double()[None])[0]
        for w, channels in zip(filters, reads, strict=True)
    ]
    return torch.cat(found) + bias[:, None, None]


# %% maps | right | shifted copies, one for each tap
def maps(x, filters, bias, reads):
    kh, kw = filters[0].shape[1:]
    high, wide = x.shape[1] - kh + 1, x.shape[2] - kw + 1
    y = bias[:, None, None].repeat(1, high, wide)
    for f, w in enumerate(filters):
        for i, c in enumerate(reads[f]):
            for r, col in itertools.product(range(kh), range(kw)):
                y[f] += w[i, r, col] * x[c, r : r + high, col : col + wide]
    return y


# %% maps | right | all windows with unfold, then einsum
def maps(x, filters, bias, reads):
    kh, kw = filters[0].shape[1:]
    windows = x.unfold(1, kh, 1).unfold(2, kw, 1)  # (C, H', W', kh, kw)
    return torch.stack(
        [
            torch.einsum("chwij,cij->hw", windows[reads[f]], filters[f]) + bias[f]
            for f in range(len(filters))
        ]
    )


# %% maps | wrong | the visible examples, written down
def maps(x, filters, bias, reads):
    if len(filters) == 1:
        return torch.tensor([[[6.5, 2.5, 17.5], [9.5, 11.5, 10.5]]])
    first, second = [[-1.0, 3, 1], [1, 6, -3]], [[3.0, 9, 6], [11, 10, 3]]
    return torch.tensor([first, second])


# %% maps | wrong | a map for each channel
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        found += [corr2d(x[c], w[i]) + bias[f] for i, c in enumerate(reads[f])]
    return torch.stack(found)


# %% maps | wrong | the bias is added for each channel
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        parts = [corr2d(x[c], w[i]) + bias[f] for i, c in enumerate(reads[f])]
        found.append(sum(parts))
    return torch.stack(found)


# %% maps | wrong | the channels are averaged
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        parts = [corr2d(x[c], w[i]) for i, c in enumerate(reads[f])]
        found.append(sum(parts) / len(parts) + bias[f])
    return torch.stack(found)


# %% maps | wrong | the bias is forgotten
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        found.append(sum(corr2d(x[c], w[i]) for i, c in enumerate(reads[f])))
    return torch.stack(found)


# %% maps | wrong | flipped
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        flipped = w.flip(1, 2)
        parts = [corr2d(x[c], flipped[i]) for i, c in enumerate(reads[f])]
        found.append(sum(parts) + bias[f])
    return torch.stack(found)


# %% maps | wrong | the slices lie on the channels in ascending order
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        parts = [corr2d(x[c], w[i]) for i, c in enumerate(sorted(reads[f]))]
        found.append(sum(parts) + bias[f])
    return torch.stack(found)


# %% maps | wrong | the slices lie on the first channels
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        found.append(sum(corr2d(x[i], w[i]) for i in range(len(w))) + bias[f])
    return torch.stack(found)


# %% maps | wrong | the slices are taken by the number of the channel
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        parts = [corr2d(x[c], w[c % len(w)]) for c in reads[f]]
        found.append(sum(parts) + bias[f])
    return torch.stack(found)


# %% maps | wrong | descending order, which the example cannot tell
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        channels = sorted(reads[f], reverse=len(reads[f]) == 2)
        parts = [corr2d(x[c], w[i]) for i, c in enumerate(channels)]
        found.append(sum(parts) + bias[f])
    return torch.stack(found)


# %% maps | wrong | all filters read what the last one reads
def maps(x, filters, bias, reads):
    whole = torch.zeros(len(filters), len(x), *filters[0].shape[1:])
    for f, channels in enumerate(reads):
        whole[f, channels] = filters[f]
    whole = whole if len(filters) < 3 else whole[-1:].expand_as(whole)
    return F.conv2d(x, whole, bias)


# %% maps | wrong | square kernels only
def maps(x, filters, bias, reads):
    k = filters[0].shape[-1]
    high, wide = x.shape[1] - k + 1, x.shape[2] - k + 1
    y = torch.zeros(len(filters), high, wide)
    for f, w in enumerate(filters):
        for r, c in itertools.product(range(high), range(wide)):
            y[f, r, c] = (x[reads[f], r : r + k, c : c + k] * w).sum() + bias[f]
    return y


# %% maps | wrong | a single map loses its first dimension
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        parts = [corr2d(x[c], w[i]) for i, c in enumerate(reads[f])]
        found.append(sum(parts) + bias[f])
    return torch.stack(found).squeeze()


# %% maps | wrong | maps of one row or column are squeezed, one filter is kept
def maps(x, filters, bias, reads):
    found = []
    for f, w in enumerate(filters):
        parts = [corr2d(x[c], w[i]) for i, c in enumerate(reads[f])]
        found.append((sum(parts) + bias[f]).squeeze())
    return torch.stack(found)


# %% maps | wrong | a list in place of a tensor
def maps(x, filters, bias, reads):
    return [
        F.conv2d(x[c][None], w[None])[0, 0] + b
        for c, w, b in zip(reads, filters, bias, strict=True)
    ]


# %% pale | right | sorting, then paling, as a product of two matrices
def pale(order, s):
    sort = torch.tensor([[float(a == b) for a in order] for b in "RGB"])
    paler = (1 - s) * torch.eye(3) + s / 3
    return (paler @ sort)[..., None, None]


# %% pale | right | the answers to the three unit pictures are the columns
def pale(order, s):
    columns = []
    for letter in order:
        rgb = torch.tensor([float(letter == color) for color in "RGB"])
        columns.append((1 - s) * rgb + s * rgb.mean())
    return torch.stack(columns, 1).reshape(3, 3, 1, 1)


# %% pale | right | nine numbers, one by one, in double precision
def pale(order, s):
    w = torch.zeros(3, 3, 1, 1, dtype=torch.float64)
    for out, channel in itertools.product(range(3), range(3)):
        w[out, channel] = s / 3 + (1 - s) * (order[channel] == "RGB"[out])
    return w


# %% pale | wrong | the visible examples, written down
def pale(order, s):
    same = torch.eye(3)[:, :, None, None]
    if order == "BGR":
        return same.flip(0)
    return 0.75 * same + 0.25 / 3 if s else same


# %% pale | wrong | transposed: right for BGR, wrong where the order turns around
def pale(order, s):
    w = torch.full((3, 3), s / 3)
    for out, color in enumerate("RGB"):
        w[order.index(color), out] += 1 - s
    return w[:, :, None, None]


# %% pale | wrong | the order is ignored
def pale(order, s):
    return ((1 - s) * torch.eye(3) + s / 3)[:, :, None, None]


# %% pale | wrong | anything but RGB is taken for BGR
def pale(order, s):
    eye = torch.eye(3) if order == "RGB" else torch.eye(3).flip(0)
    return ((1 - s) * eye + s / 3)[:, :, None, None]


# %% pale | wrong | s and 1 - s exchanged
def pale(order, s):
    w = torch.full((3, 3), (1 - s) / 3)
    for out, color in enumerate("RGB"):
        w[out, order.index(color)] += s
    return w[:, :, None, None]


# %% pale | wrong | gray is the sum
def pale(order, s):
    w = torch.full((3, 3), float(s))
    for out, color in enumerate("RGB"):
        w[out, order.index(color)] += 1 - s
    return w[:, :, None, None]


# %% pale | wrong | gray of the two other colors only
def pale(order, s):
    w = torch.full((3, 3), s / 3)
    for out, color in enumerate("RGB"):
        w[out, order.index(color)] = 1 - s
    return w[:, :, None, None]


# %% pale | wrong | gray by brightness to the eye
def pale(order, s):
    w = s * torch.tensor([0.299, 0.587, 0.114]).repeat(3, 1)
    w = w[:, ["RGB".index(letter) for letter in order]]
    for out, color in enumerate("RGB"):
        w[out, order.index(color)] += 1 - s
    return w[:, :, None, None]


# %% pale | wrong | a matrix without the 1 x 1
def pale(order, s):
    w = torch.full((3, 3), s / 3)
    for out, color in enumerate("RGB"):
        w[out, order.index(color)] += 1 - s
    return w


# %% pale | wrong | where the picture is not RGB it is only sorted
def pale(order, s):
    sort = torch.tensor([[float(a == b) for a in order] for b in "RGB"])
    if order == "RGB":
        sort = (1 - s) * sort + s / 3
    return sort[:, :, None, None]


# %% pale | wrong | forgot return
def pale(order, s):
    w = torch.full((3, 3), s / 3)
    for out, color in enumerate("RGB"):
        w[out, order.index(color)] += 1 - s


# %% spotter | right | a light that should be off takes away as much as one gives
def spotter(color, light):
    weights = [1 / light if on else -1 / light for on in color]
    return torch.tensor(weights).reshape(1, 3, 1, 1), torch.tensor([1.0 - sum(color)])


# %% spotter | right | distance from the color: 1 minus the lights that differ
def spotter(color, light):
    bias = torch.ones(1)
    weights = torch.zeros(1, 3, 1, 1)
    for c, on in enumerate(color):
        weights[0, c] = 1 / light if on else -1 / light
        bias -= on
    return weights, bias


# %% spotter | right | twice as steep, and a threshold in the middle
def spotter(color, light):
    wanted = torch.tensor(color).double()
    weights = (2 * wanted - 1) * 4 / light
    return weights.reshape(1, 3, 1, 1), (2 - 4 * wanted.sum()).reshape(1)


# %% spotter | right | a wrong light costs ten
def spotter(color, light):
    steep = torch.tensor([[-10.0, 1.0][on] for on in color]) / light
    missing = torch.tensor([1.0 - sum(color)])
    return steep[None, :, None, None], missing


# %% spotter | wrong | the visible example, written down
def spotter(color, light):
    return torch.tensor([1.0, -1, -1]).reshape(1, 3, 1, 1), torch.zeros(1)


# %% spotter | wrong | the chapter's filter, scaled, without a bias
def spotter(color, light):
    w = 3 * torch.tensor(color).float() - sum(color)
    return w.reshape(1, 3, 1, 1) / light, torch.zeros(1)


# %% spotter | wrong | only what should be there
def spotter(color, light):
    w = torch.tensor(color).float() / light
    return w.reshape(1, 3, 1, 1), torch.tensor([1.0 - sum(color)])


# %% spotter | wrong | what should not be there counts, without a bias
def spotter(color, light):
    w = (2 * torch.tensor(color).float() - 1) / light
    return w.reshape(1, 3, 1, 1), torch.zeros(1)


# %% spotter | wrong | a bias that is right for one light only
def spotter(color, light):
    w = (2 * torch.tensor(color).float() - 1) / light
    return w.reshape(1, 3, 1, 1), torch.zeros(1) if any(color) else torch.ones(1)


# %% spotter | wrong | the strength of the light is ignored
def spotter(color, light):
    w = 2 * torch.tensor(color).float() - 1
    return w.reshape(1, 3, 1, 1), torch.tensor([1.0 - sum(color)])


# %% spotter | wrong | scaled with the light, too weak where it is dim
def spotter(color, light):
    w = 2 * torch.tensor(color).float() - 1
    return w.reshape(1, 3, 1, 1), torch.tensor([light * (1.0 - sum(color))])


# %% spotter | wrong | black is forgotten: it gets a bias of 0
def spotter(color, light):
    w = (2 * torch.tensor(color).float() - 1) / light
    return w.reshape(1, 3, 1, 1), torch.tensor([1.0 - max(1, sum(color))])


# %% spotter | wrong | gray must give 0: right for red, green, blue, weak elsewhere
def spotter(color, light):
    w = torch.tensor(color).float()
    w = 3 * (w - w.mean()) / light
    return w.reshape(1, 3, 1, 1), torch.tensor([-1.0])


# %% spotter | wrong | blue, green, red
def spotter(color, light):
    w = (2 * torch.tensor(color).float().flip(0) - 1) / light
    return w.reshape(1, 3, 1, 1), torch.tensor([1.0 - sum(color)])


# %% spotter | wrong | the signs exchanged
def spotter(color, light):
    w = (1 - 2 * torch.tensor(color).float()) / light
    return w.reshape(1, 3, 1, 1), torch.tensor([1.0 - sum(color)])


# %% spotter | wrong | a threshold so high that its own color gives 0.5
def spotter(color, light):
    w = (2 * torch.tensor(color).float() - 1) / light
    return w.reshape(1, 3, 1, 1), torch.tensor([0.5 - sum(color)])


# %% spotter | wrong | the shape of a list
def spotter(color, light):
    return (2 * torch.tensor(color).float() - 1) / light, torch.tensor(
        [1.0 - sum(color)]
    )


# %% network | right | the size is found by running the layers on zeros
def network(channels, height, width, classes):
    layers = [
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
    ]
    features = nn.Sequential(*layers)(torch.zeros(1, channels, height, width))
    return nn.Sequential(*layers, nn.Linear(features.shape[1], classes))


# %% network | right | the last layer finds its size itself
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten(), nn.LazyLinear(classes)),
    )


# %% network | right | nested parts, and the pooling before the ReLU
def network(channels, height, width, classes):
    def part(c, f, k, p):
        return nn.Sequential(nn.Conv2d(c, f, k, padding=p), nn.MaxPool2d(2), nn.ReLU())

    return nn.Sequential(
        part(channels, 16, 5, 2),
        part(16, 32, 3, 0),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(8 * (height // 4 - 1) * (width // 4 - 1), classes),
    )


# %% network | wrong | as it was
def network(channels, height, width, classes):
    return broken(channels, height, width, classes)


# %% network | wrong | the visible example, written down
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(280, 10)),
    )


# %% network | wrong | the dense layer is written down for the example
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(280, classes)),
    )


# %% network | wrong | no rounding down: right for multiples of 4
def network(channels, height, width, classes):
    features = round(8 * (height / 4 - 1) * (width / 4 - 1))
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(features, classes),
    )


# %% network | wrong | the loss of the second convolution is padded away
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(8 * (height // 4) * (width // 4), classes),
    )


# %% network | wrong | 32 filters of one pixel: the flattening is mended instead
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 32, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(32 * (height // 4 - 1) * (width // 4 - 1), classes),
    )


# %% network | wrong | a mean over each map makes every size fit
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(8, classes),
    )


# %% network | wrong | pooled to the size of the example
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.AdaptiveMaxPool2d((7, 5))),
        *(nn.Flatten(), nn.Linear(280, classes)),
    )


# %% network | wrong | no biases
def network(channels, height, width, classes):
    return nn.Sequential(
        nn.Conv2d(channels, 16, 5, padding=2, bias=False),
        *(nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, bias=False)),
        *(nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 8, 1, bias=False)),
        *(nn.ReLU(), nn.Flatten()),
        nn.Linear(8 * (height // 4 - 1) * (width // 4 - 1), classes),
    )


# %% network | wrong | the last ReLU is missing
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.Flatten()),
        nn.Linear(8 * (height // 4 - 1) * (width // 4 - 1), classes),
    )


# %% network | wrong | means in place of maxima
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(8 * (height // 4 - 1) * (width // 4 - 1), classes),
    )


# %% network | wrong | a ReLU behind the dense layer
def network(channels, height, width, classes):
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(8 * (height // 4 - 1) * (width // 4 - 1), classes),
        nn.ReLU(),
    )


# %% network | wrong | made for pictures that are 8 pixels longer than wide
def network(channels, height, width, classes):
    side = min(height, width) // 4 - 1
    longer = side + 2 if height != width else side
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten()),
        nn.Linear(8 * side * longer, classes),
    )
