"""Right and wrong answers to the exercises of chapter 1."""

import math

import torch
from torch import nn


# %% dense_weights | right | weights and biases apart
def dense_weights(shape, outputs):
    return math.prod(shape) * outputs + outputs


# %% dense_weights | right | count those of a layer
def dense_weights(shape, outputs):
    layer = nn.Linear(torch.zeros(shape).numel(), outputs)
    return sum(p.numel() for p in layer.parameters())


# %% dense_weights | right | the book's own function
from cnnbook import arithmetic


def dense_weights(shape, outputs):
    c, h, w = shape
    return arithmetic.dense_weights(c * h * w, outputs)


# %% dense_weights | right | one output at a time
def dense_weights(shape, outputs):
    count = 0
    for _ in range(outputs):
        count += shape[0] * shape[1] * shape[2]
        count += 1
    return count


# %% dense_weights | wrong | no biases
def dense_weights(shape, outputs):
    return math.prod(shape) * outputs


# %% dense_weights | wrong | one bias for the whole layer
def dense_weights(shape, outputs):
    return math.prod(shape) * outputs + 1


# %% dense_weights | wrong | a bias for each input
def dense_weights(shape, outputs):
    return math.prod(shape) * outputs + math.prod(shape)


# %% dense_weights | wrong | channels averaged away
def dense_weights(shape, outputs):
    return shape[1] * shape[2] * outputs + outputs


# %% dense_weights | wrong | height and width added
def dense_weights(shape, outputs):
    return shape[0] * (shape[1] + shape[2]) * outputs + outputs


# %% dense_weights | wrong | one weight for each input
def dense_weights(shape, outputs):
    return math.prod(shape) + outputs


# %% dense_weights | wrong | a float
def dense_weights(shape, outputs):
    return (math.prod(shape) + 1) * outputs / 1


# %% dense_weights | wrong | the visible example, written down
def dense_weights(shape, outputs):
    return 424


# %% dense_weights | wrong | color is taken for granted
def dense_weights(shape, outputs):
    return (3 * shape[1] * shape[2] + 1) * outputs


# %% dense_weights | wrong | the layer of the example
def dense_weights(shape, outputs):
    return (math.prod(shape) + 1) * 4


# %% dense_weights | wrong | a picture two columns wider than high
def dense_weights(shape, outputs):
    return (shape[0] * shape[1] * (shape[1] + 2) + 1) * outputs


# %% dense_weights | wrong | the return is forgotten
def dense_weights(shape, outputs):
    (math.prod(shape) + 1) * outputs


# %% dense_weights | wrong | a layer of one output has no bias
def dense_weights(shape, outputs):
    return math.prod(shape) * outputs + (outputs if outputs > 1 else 0)


# %% growth | right | count two layers of ten outputs
def growth(old, new, channels):
    before = 10 * (channels * old * old) + 10
    return (10 * (channels * new * new) + 10) / before


# %% growth | right | ask PyTorch
def growth(old, new, channels):
    def count(side):
        layer = nn.Linear(channels * side**2, 1)
        return layer.weight.numel() + layer.bias.numel()

    return count(new) / count(old)


# %% growth | right | a tensor of one number
def growth(old, new, channels):
    sides = torch.tensor([old, new])
    counts = channels * sides**2 + 1
    return counts[1] / counts[0]


# %% growth | right | a NumPy number
import numpy as np


def growth(old, new, channels):
    before, after = np.array([old, new]) ** 2 * channels + 1.0
    return after / before


# %% growth | wrong | the factor of the side
def growth(old, new, channels):
    return new / old


# %% growth | wrong | biases left aside
def growth(old, new, channels):
    return (new / old) ** 2


# %% growth | wrong | channels left aside
def growth(old, new, channels):
    return (new**2 + 1) / (old**2 + 1)


# %% growth | wrong | exponential
def growth(old, new, channels):
    return 2 ** (new - old)


# %% growth | wrong | upside down
def growth(old, new, channels):
    return (channels * old**2 + 1) / (channels * new**2 + 1)


# %% growth | wrong | a whole number
def growth(old, new, channels):
    return (channels * new**2 + 1) // (channels * old**2 + 1)


# %% growth | wrong | the side, not its square
def growth(old, new, channels):
    return (channels * new + 1) / (channels * old + 1)


# %% growth | wrong | one bias for all of sixteen outputs
def growth(old, new, channels):
    return (16 * channels * new**2 + 1) / (16 * channels * old**2 + 1)


# %% growth | wrong | never below 1
def growth(old, new, channels):
    return max(1, (channels * new**2 + 1) / (channels * old**2 + 1))


# %% growth | wrong | the side always doubles
def growth(old, new, channels):
    return (channels * 4 * old**2 + 1) / (channels * old**2 + 1)


# %% growth | wrong | as in the example, two channels
def growth(old, new, channels):
    return (2 * new**2 + 1) / (2 * old**2 + 1)


# %% growth | wrong | channels squared too
def growth(old, new, channels):
    return ((channels * new) ** 2 + 1) / ((channels * old) ** 2 + 1)


# %% growth | wrong | the visible example, written down
def growth(old, new, channels):
    return 73 / 19


# %% growth | wrong | a fraction, not a float
from fractions import Fraction


def growth(old, new, channels):
    return Fraction(channels * new**2 + 1, channels * old**2 + 1)


# %% places | right | a table of places
def to_place(pixel, shape):
    return torch.arange(math.prod(shape)).view(shape)[tuple(pixel)].item()


def to_pixel(place, shape):
    return tuple(int(i) for i in torch.unravel_index(torch.tensor(place), shape))


# %% places | right | everything from the strides
def to_place(pixel, shape):
    strides = torch.empty(shape).stride()
    return sum(p * s for p, s in zip(pixel, strides))


def to_pixel(place, shape):
    found = []
    for stride in torch.empty(shape).stride():
        found.append(place // stride)
        place = place % stride
    return tuple(found)


# %% places | right | search
def to_place(pixel, shape):
    marked = torch.zeros(shape)
    marked[pixel[0], pixel[1], pixel[2]] = 1
    return int(marked.flatten().argmax())


def to_pixel(place, shape):
    for c in range(shape[0]):
        for r in range(shape[1]):
            for k in range(shape[2]):
                if to_place((c, r, k), shape) == place:
                    return [c, r, k]


# %% places | right | NumPy
import numpy as np


def to_place(pixel, shape):
    return int(np.ravel_multi_index(pixel, shape))


def to_pixel(place, shape):
    return tuple(int(i) for i in np.unravel_index(place, shape))


# %% places | wrong | height instead of width
def to_place(pixel, shape):
    return pixel[0] * shape[1] * shape[2] + pixel[1] * shape[1] + pixel[2]


def to_pixel(place, shape):
    rest = place % (shape[1] * shape[2])
    return place // (shape[1] * shape[2]), rest // shape[1], rest % shape[1]


# %% places | wrong | rows and columns exchanged
def to_place(pixel, shape):
    return pixel[0] * shape[1] * shape[2] + pixel[2] * shape[1] + pixel[1]


def to_pixel(place, shape):
    rest = place % (shape[1] * shape[2])
    return place // (shape[1] * shape[2]), rest % shape[1], rest // shape[1]


# %% places | wrong | the channel forgotten on the way there
import numpy as np


def to_place(pixel, shape):
    return pixel[1] * shape[2] + pixel[2]


def to_pixel(place, shape):
    return tuple(int(i) for i in np.unravel_index(place, shape))


# %% places | wrong | the row not counted within its channel
import numpy as np


def to_place(pixel, shape):
    return int(np.ravel_multi_index(pixel, shape))


def to_pixel(place, shape):
    return place // (shape[1] * shape[2]), place // shape[2], place % shape[2]


# %% places | wrong | the channels take turns
def to_place(pixel, shape):
    return (pixel[1] * shape[2] + pixel[2]) * shape[0] + pixel[0]


def to_pixel(place, shape):
    rest = place // shape[0]
    return place % shape[0], rest // shape[2], rest % shape[2]


# %% places | wrong | counted from 1
import numpy as np


def to_place(pixel, shape):
    return int(np.ravel_multi_index(pixel, shape)) + 1


def to_pixel(place, shape):
    return tuple(int(i) for i in np.unravel_index(place - 1, shape))


# %% places | wrong | floats on the way back
import numpy as np


def to_place(pixel, shape):
    return int(np.ravel_multi_index(pixel, shape))


def to_pixel(place, shape):
    c = place / (shape[1] * shape[2])
    r = (place % (shape[1] * shape[2])) / shape[2]
    return c, r, place % shape[2]


# %% places | wrong | the pictures are as large as in the example
def to_place(pixel, shape):
    return pixel[0] * 35 + pixel[1] * 7 + pixel[2]


def to_pixel(place, shape):
    return place // 35, place % 35 // 7, place % 7


# %% places | wrong | the way back is that of the example
import numpy as np


def to_place(pixel, shape):
    return int(np.ravel_multi_index(pixel, shape))


def to_pixel(place, shape):
    return place // 35, place % 35 // 7, place % 7


# %% places | wrong | the visible examples, written down
def to_place(pixel, shape):
    return 53


def to_pixel(place, shape):
    return 1, 2, 4


# %% places | wrong | two channels at most
def to_place(pixel, shape):
    before = shape[1] * shape[2] if pixel[0] > 0 else 0
    return before + pixel[1] * shape[2] + pixel[2]


def to_pixel(place, shape):
    size = shape[1] * shape[2]
    channel = 1 if place >= size else 0
    place -= channel * size
    return channel, place // shape[2], place % shape[2]


# %% places | wrong | the last place of a channel belongs to the next one
import numpy as np


def to_place(pixel, shape):
    return int(np.ravel_multi_index(pixel, shape))


def to_pixel(place, shape):
    size = shape[1] * shape[2]
    channel = 0
    while place > size:
        place -= size
        channel += 1
    return channel, place // shape[2], place % shape[2]


# %% restore | right | the order that undoes the order
def restore(shuffled, order):
    return shuffled.flatten(2)[:, :, order.argsort()].view_as(shuffled)


# %% restore | right | one pixel after the other
def restore(shuffled, order):
    n, c, h, w = shuffled.shape
    x = torch.zeros(n, c, h, w)
    for place, was in enumerate(order.tolist()):
        x[:, :, was // w, was % w] = shuffled[:, :, place // w, place % w]
    return x


# %% restore | right | a matrix of zeros and ones
def restore(shuffled, order):
    matrix = torch.eye(len(order))[order]  # row i picks place order[i]
    return (shuffled.flatten(2) @ matrix).reshape(shuffled.shape)


# %% restore | right | shuffle on, until the order has come round
def restore(shuffled, order):
    if len(order) < 2:
        return shuffled
    rows = shuffled.flatten(2)
    power = order
    while not torch.equal(power[order], torch.arange(len(order))):
        power = power[order]
    return rows[:, :, power].view_as(shuffled)


# %% restore | right | where each place went, by searching the list
def restore(shuffled, order):
    order = order.tolist()
    back = [order.index(place) for place in range(len(order))]
    return shuffled.flatten(2)[:, :, back].reshape(shuffled.shape).double()


# %% restore | wrong | shuffled once more
def restore(shuffled, order):
    return shuffled.flatten(2)[:, :, order].view_as(shuffled)


# %% restore | wrong | the order from its end
def restore(shuffled, order):
    return shuffled.flatten(2)[:, :, order.flip(0)].view_as(shuffled)


# %% restore | wrong | nothing is done
def restore(shuffled, order):
    return shuffled


# %% restore | wrong | still flat
def restore(shuffled, order):
    return shuffled.flatten(2)[:, :, order.argsort()]


# %% restore | wrong | pixels sorted by size
def restore(shuffled, order):
    return shuffled.flatten(2).sort(dim=2).values.view_as(shuffled)


# %% restore | wrong | only the first channel
def restore(shuffled, order):
    x = shuffled.clone()
    x[:, 0] = x[:, 0].flatten(1)[:, order.argsort()].view_as(x[:, 0])
    return x


# %% restore | wrong | only the first picture
def restore(shuffled, order):
    x = shuffled[:1].flatten(2)[:, :, order.argsort()]
    return x.view(1, *shuffled.shape[1:])


# %% restore | wrong | channels run together and cut to one
def restore(shuffled, order):
    x = shuffled.flatten(1)[:, order.argsort()]
    return x.view(len(x), 1, *shuffled.shape[2:])


# %% restore | wrong | height and width exchanged
def restore(shuffled, order):
    n, c, h, w = shuffled.shape
    return shuffled.flatten(2)[:, :, order.argsort()].view(n, c, w, h)


# %% restore | wrong | the order of the example, on any picture of its size
def restore(shuffled, order):
    back = torch.tensor([2, 0, 4, 5, 3, 1]).argsort()
    return shuffled.flatten(2)[:, :, back].view_as(shuffled)


# %% restore | wrong | the order undoes itself after six times, as in the example
def restore(shuffled, order):
    rows = shuffled.flatten(2)
    for _ in range(5):
        rows = rows[:, :, order]
    return rows.view_as(shuffled)


# %% restore | wrong | each picture into the first
def restore(shuffled, order):
    x = torch.zeros(shuffled.shape)
    rows = shuffled.flatten(2)
    x[:] = rows[0][:, order.argsort()].view(shuffled.shape[1:])
    return x


# %% restore | wrong | two channels, as in the example
def restore(shuffled, order):
    n, c, h, w = shuffled.shape
    return shuffled.flatten(2)[:, :, order.argsort()].view(n, 2, h, w)


# %% restore | wrong | the visible example, written down
def restore(shuffled, order):
    return torch.tensor([[[[3.0, 1, 4], [0, 5, 9]], [[20, 60, 50], [30, 10, 80]]]])


# %% restore | wrong | in place, and no return
def restore(shuffled, order):
    shuffled[:] = shuffled.flatten(2)[:, :, order.argsort()].view_as(shuffled)


# %% restore | wrong | the axis of a single channel is lost
def restore(shuffled, order):
    return shuffled.flatten(2)[:, :, order.argsort()].view_as(shuffled).squeeze(1)


# %% shuffle_along | right | channel by channel
def shuffle_along(weight, order):
    parts = weight.split(len(order), dim=1)
    return torch.cat([part[:, order] for part in parts], dim=1)


# %% shuffle_along | right | an order of all columns
def shuffle_along(weight, order):
    pixels = len(order)
    starts = range(0, weight.shape[1], pixels)
    return weight[:, torch.cat([start + order for start in starts])]


# %% shuffle_along | right | loops
def shuffle_along(weight, order):
    new = torch.zeros(weight.shape)
    for column in range(weight.shape[1]):
        channel, place = divmod(column, len(order))
        new[:, column] = weight[:, channel * len(order) + int(order[place])]
    return new


# %% shuffle_along | right | a matrix of zeros and ones for each channel
def shuffle_along(weight, order):
    matrix = torch.eye(len(order), dtype=torch.float64)[order]
    channels = weight.shape[1] // len(order)
    return weight.double() @ torch.block_diag(*[matrix.T] * channels)


# %% shuffle_along | right | shuffled as the pictures are
def shuffle_along(weight, order):
    pictures = weight.reshape(weight.shape[0], -1, order.numel(), 1)
    return pictures.flatten(2)[:, :, order].view_as(pictures).flatten(1)


# %% shuffle_along | wrong | not shuffled
def shuffle_along(weight, order):
    return weight


# %% shuffle_along | wrong | the other way
def shuffle_along(weight, order):
    channels = weight.view(len(weight), -1, len(order))
    return channels[:, :, order.argsort()].flatten(1)


# %% shuffle_along | wrong | only the first channel
def shuffle_along(weight, order):
    new = weight.clone()
    new[:, : len(order)] = weight[:, order]
    return new


# %% shuffle_along | wrong | only the first channel, the others left out
def shuffle_along(weight, order):
    return weight[:, order]


# %% shuffle_along | wrong | the first channel's weights for all channels
def shuffle_along(weight, order):
    return weight[:, order].repeat(1, weight.shape[1] // len(order))


# %% shuffle_along | wrong | two channels, as in the example
def shuffle_along(weight, order):
    return weight[:, torch.cat([order, order + len(order)])]


# %% shuffle_along | wrong | the outputs are shuffled as well
def shuffle_along(weight, order):
    channels = weight.view(len(weight), -1, len(order))
    return channels[:, :, order].flatten(1).flip(0)


# %% shuffle_along | wrong | channels taken for the last axis
def shuffle_along(weight, order):
    channels = weight.view(len(weight), len(order), -1)
    return channels[:, order].flatten(1)


# %% shuffle_along | wrong | columns of the transposed matrix
def shuffle_along(weight, order):
    channels = weight.view(len(weight), -1, len(order))
    return channels[:, :, order].flatten(1).T


# %% shuffle_along | wrong | still in three axes
def shuffle_along(weight, order):
    return weight.view(len(weight), -1, len(order))[:, :, order]


# %% shuffle_along | wrong | the number of channels is the number of outputs
def shuffle_along(weight, order):
    channels = weight.view(2, -1, len(order))
    return channels[:, :, order].flatten(1)


# %% shuffle_along | wrong | an order that comes round after four times
def shuffle_along(weight, order):
    channels = weight.view(len(weight), -1, len(order))
    for _ in range(5):
        channels = channels[:, :, order]
    return channels.flatten(1)


# %% shuffle_along | wrong | the order of the example
def shuffle_along(weight, order):
    return weight[:, [2, 0, 3, 1, 6, 4, 7, 5]]


# %% shuffle_along | wrong | the return is forgotten
def shuffle_along(weight, order):
    weight[:] = weight.view(len(weight), -1, len(order))[:, :, order].flatten(1)


# %% shuffle_along | wrong | the axis of a single output is lost
def shuffle_along(weight, order):
    channels = weight.view(len(weight), -1, len(order))
    return channels[:, :, order].flatten(1).squeeze(0)


# %% shuffle_along | wrong | the visible example, written down
def shuffle_along(weight, order):
    return torch.tensor([[3.0, 1, 4, 2, 7, 5, 8, 6], [1, 0, 0, 0, 0, 0, 2, -1]])


# %% widest | right | the quadratic equation, in whole numbers
def widest(shape, classes, budget):
    b = math.prod(shape) + 2 + classes
    inside = b * b + 4 * (budget - classes)
    return max(0, (math.isqrt(max(inside, 0)) - b) // 2)


# %% widest | right | bisection
def widest(shape, classes, budget):
    inputs = math.prod(shape)

    def fits(h):
        return h * inputs + h + h * h + h + h * classes + classes <= budget

    low, high = 0, 10_000
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


# %% widest | right | build the networks and count
def widest(shape, classes, budget):
    best, hidden = 0, 1
    while True:
        network = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(shape), hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )
        if sum(p.numel() for p in network.parameters()) > budget:
            return best
        best, hidden = hidden, hidden + 1


# %% widest | right | from above, downward
def widest(shape, classes, budget):
    inputs = math.prod(shape)
    for hidden in range(budget // inputs, 0, -1):
        layers = [(inputs, hidden), (hidden, hidden), (hidden, classes)]
        if sum((i + 1) * o for i, o in layers) <= budget:
            return hidden
    return 0


# %% widest | wrong | the budget must not be reached
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + 2 + classes, 0
    while (hidden + 1) ** 2 + b * (hidden + 1) + classes < budget:
        hidden += 1
    return hidden


# %% widest | wrong | the first that does not fit
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + 2 + classes, 0
    while hidden**2 + b * hidden + classes <= budget:
        hidden += 1
    return hidden


# %% widest | wrong | no biases
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + classes, 0
    while (hidden + 1) ** 2 + b * (hidden + 1) <= budget:
        hidden += 1
    return hidden


# %% widest | wrong | the last layer's biases forgotten
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + 2 + classes, 0
    while (hidden + 1) ** 2 + b * (hidden + 1) <= budget:
        hidden += 1
    return hidden


# %% widest | wrong | the layer in the middle forgotten
def widest(shape, classes, budget):
    return (budget - classes) // (math.prod(shape) + 1 + classes)


# %% widest | wrong | only the first layer
def widest(shape, classes, budget):
    return budget // (math.prod(shape) + 1)


# %% widest | wrong | channels left out
def widest(shape, classes, budget):
    b, hidden = shape[1] * shape[2] + 2 + classes, 0
    while (hidden + 1) ** 2 + b * (hidden + 1) + classes <= budget:
        hidden += 1
    return hidden


# %% widest | wrong | at least 1
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + 2 + classes, 1
    while (hidden + 1) ** 2 + b * (hidden + 1) + classes <= budget:
        hidden += 1
    return hidden


# %% widest | wrong | a hundred at most
def widest(shape, classes, budget):
    b, best = math.prod(shape) + 2 + classes, 0
    for hidden in range(1, 100):
        if hidden**2 + b * hidden + classes <= budget:
            best = hidden
    return best


# %% widest | wrong | the square root rounded up or down
def widest(shape, classes, budget):
    b = math.prod(shape) + 2 + classes
    return max(0, round((math.sqrt(b * b + 4 * (budget - classes)) - b) / 2))


# %% widest | wrong | three classes, as in the example
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + 5, 0
    while (hidden + 1) ** 2 + b * (hidden + 1) + 3 <= budget:
        hidden += 1
    return hidden


# %% widest | wrong | how many weights, not how wide
def widest(shape, classes, budget):
    b, hidden = math.prod(shape) + 2 + classes, 0
    while (hidden + 1) ** 2 + b * (hidden + 1) + classes <= budget:
        hidden += 1
    return hidden**2 + b * hidden + classes


# %% widest | wrong | a float
def widest(shape, classes, budget):
    b = math.prod(shape) + 2 + classes
    return (math.sqrt(b * b + 4 * (budget - classes)) - b) // 2


# %% widest | wrong | the visible examples, written down
def widest(shape, classes, budget):
    return 10


# %% widest | wrong | None where nothing fits
def widest(shape, classes, budget):
    b, best = math.prod(shape) + 2 + classes, None
    for hidden in range(1, 1000):
        if hidden**2 + b * hidden + classes <= budget:
            best = hidden
    return best
