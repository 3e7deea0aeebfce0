"""Right and wrong answers to the exercises of chapter 8."""

import torch
import torch.nn.functional as F


# %% dead_units | right | unit by unit, the largest number of each batch
def dead_units(batches):
    dead = []
    for unit in range(batches[0].shape[1]):
        if all(batch[:, unit].max() == 0 for batch in batches):
            dead.append(unit)
    return dead


# %% dead_units | right | a set from each batch, and what they share
def dead_units(batches):
    sets = []
    for batch in batches:
        sums = batch.double().movedim(1, 0).reshape(batch.shape[1], -1).sum(1)
        sets.append({unit for unit, total in enumerate(sums) if total == 0})
    return sorted(set.intersection(*sets))


# %% dead_units | right | counts of what is not zero, added up
def dead_units(batches):
    counts = 0
    for batch in batches:
        others = [axis for axis in range(batch.dim()) if axis != 1]
        counts = counts + (batch != 0).sum(others)
    return (counts == 0).nonzero().flatten().tolist()


# %% dead_units | wrong | the visible examples, written down
def dead_units(batches):
    return [1] if batches[0].dim() == 4 else [0, 2]


# %% dead_units | wrong | only the first batch
def dead_units(batches):
    numbers = batches[0].transpose(0, 1).flatten(1)
    return (~numbers.any(1)).nonzero().flatten().tolist()


# %% dead_units | wrong | only the last batch, as the loop overwrites
def dead_units(batches):
    for batch in batches:
        numbers = batch.transpose(0, 1).flatten(1)
        dead = (~numbers.any(1)).nonzero().flatten().tolist()
    return dead


# %% dead_units | wrong | dead in any batch
def dead_units(batches):
    dead = set()
    for batch in batches:
        numbers = batch.transpose(0, 1).flatten(1)
        dead |= set((~numbers.any(1)).nonzero().flatten().tolist())
    return sorted(dead)


# %% dead_units | wrong | zero for one picture is taken for dead
def dead_units(batches):
    numbers = torch.cat(batches)
    silent = (numbers == 0).flatten(2).all(2) if numbers.dim() > 2 else numbers == 0
    return silent.any(0).nonzero().flatten().tolist()


# %% dead_units | wrong | any zero is taken for dead
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    return (numbers == 0).any(1).nonzero().flatten().tolist()


# %% dead_units | wrong | more zeros than others
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    return ((numbers == 0).double().mean(1) > 0.5).nonzero().flatten().tolist()


# %% dead_units | wrong | a place of the map that is always zero
def dead_units(batches):
    always = (torch.cat(batches) == 0).all(0)
    always = always.flatten(1).any(1) if always.dim() > 1 else always
    return always.nonzero().flatten().tolist()


# %% dead_units | wrong | pictures in place of units
def dead_units(batches):
    numbers = torch.cat(batches).flatten(1)
    return (~numbers.any(1)).nonzero().flatten().tolist()


# %% dead_units | wrong | how many, not which
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    return int((~numbers.any(1)).sum())


# %% dead_units | wrong | the living ones
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    return numbers.any(1).nonzero().flatten().tolist()


# %% dead_units | wrong | nearly zero is taken for zero
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    zero = torch.isclose(numbers, torch.zeros(()))
    return zero.all(1).nonzero().flatten().tolist()


# %% dead_units | wrong | the average of a batch, rounded
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    return [u for u, mean in enumerate(numbers.mean(1).tolist()) if round(mean, 6) == 0]


# %% dead_units | wrong | only the first picture of each batch
def dead_units(batches):
    numbers = torch.stack([batch[0] for batch in batches]).transpose(0, 1).flatten(1)
    return (~numbers.any(1)).nonzero().flatten().tolist()


# %% dead_units | wrong | counted from 1
def dead_units(batches):
    numbers = torch.cat(batches).transpose(0, 1).flatten(1)
    return ((~numbers.any(1)).nonzero().flatten() + 1).tolist()


# %% collapse | right | from the last layer backward
def collapse(layers):
    weight, bias = layers[-1]
    for w, b in reversed(layers[:-1]):
        bias = bias + weight @ b
        weight = weight @ w
    return weight, bias


# %% collapse | right | what the layers do to 0 and to each unit vector
def collapse(layers):
    def run(rows):
        for w, b in layers:
            rows = rows @ w.T.double() + b.double()
        return rows

    inputs = layers[0][0].shape[1]
    bias = run(torch.zeros(inputs).double())
    return (run(torch.eye(inputs).double()) - bias).T, bias


# %% collapse | right | the bias as one more column
def collapse(layers):
    whole = torch.eye(layers[0][0].shape[1] + 1)
    for w, b in layers:
        last = torch.zeros(1, w.shape[1] + 1)
        last[0, -1] = 1
        whole = torch.cat([torch.cat([w, b[:, None]], 1), last]) @ whole
    return [whole[:-1, :-1], whole[:-1, -1]]


# %% collapse | wrong | the visible example, written down
def collapse(layers):
    return torch.tensor([[1.0, 7], [1, 1]]), torch.tensor([4.0, 6])


# %% collapse | wrong | only two layers
def collapse(layers):
    (w1, b1), (w2, b2) = layers[0], layers[-1]
    return w2 @ w1, w2 @ b1 + b2


# %% collapse | wrong | the biases of the lower layers are lost
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = w @ weight, b
    return weight, bias


# %% collapse | wrong | the last bias is lost
def collapse(layers):
    weight, bias = layers[0]
    for w, _ in layers[1:]:
        weight, bias = w @ weight, w @ bias
    return weight, bias


# %% collapse | wrong | each bias goes through the last layer only
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight = w @ weight
        bias = w @ bias + b if len(bias) == w.shape[1] else b
        bias = bias.clone()
    total = torch.zeros(layers[-1][0].shape[0])
    last = layers[-1][0]
    for _, b in layers[:-1]:
        if len(b) == last.shape[1]:
            total = total + last @ b
    return weight, total + layers[-1][1]


# %% collapse | wrong | the weights in the other order
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = weight @ w, w @ bias + b
    return weight, bias


# %% collapse | wrong | transposed
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = w @ weight, w @ bias + b
    return weight.T, bias


# %% collapse | wrong | each weight transposed, so only square layers fit
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = w.T @ weight, w.T @ bias + b
    return weight, bias


# %% collapse | wrong | the bias is multiplied by the merged weight
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight = w @ weight
        bias = weight.sum(1) + b
    return weight, bias


# %% collapse | wrong | a bias of zero to begin with, so the first one is lost
def collapse(layers):
    weight = layers[0][0]
    bias = torch.zeros(weight.shape[0])
    for w, b in layers[1:]:
        weight, bias = w @ weight, w @ bias + b
    return weight, bias


# %% collapse | wrong | a ReLU in between, so it is no one layer
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = w @ F.relu(weight), w @ F.relu(bias) + b
    return weight, bias


# %% collapse | wrong | a bias of all layers is only added up where it fits
def collapse(layers):
    weight, bias = layers[0]
    for index, (w, b) in enumerate(layers[1:]):
        weight = w @ weight
        bias = w @ bias + b if index == 0 else w @ bias
    return weight, bias


# %% collapse | wrong | the list is used up, and a single layer forgotten
def collapse(layers):
    layers.reverse()
    weight, bias = layers[0]
    while len(layers) > 1:
        layers.pop(0)
        w, b = layers[0]
        weight, bias = weight @ w, weight @ b + bias
        if len(layers) == 1:
            return weight, bias


# %% collapse | wrong | the weight alone
def collapse(layers):
    weight = layers[0][0]
    for w, _ in layers[1:]:
        weight = w @ weight
    return weight


# %% window_for | right | all four numbers are used
def window_for(relu_first, average_first):
    if average_first > relu_first or average_first < 0:
        return None
    positive, negative = 2 * relu_first, 2 * (average_first - relu_first)
    return torch.tensor([[positive, negative], [negative, positive]])


# %% window_for | right | very negative, where the average shall be cut off
def window_for(relu_first, average_first):
    if relu_first < 0 or average_first < 0 or average_first > relu_first:
        return None
    window = torch.full((2, 2), relu_first * 4 / 3, dtype=torch.float64)
    window[1, 0] = 4 * average_first - 4 * relu_first
    if average_first == 0:
        window[1, 0] = -10000
    return window


# %% window_for | right | three negative numbers of different size
def window_for(relu_first, average_first):
    rest = 4 * (relu_first - average_first)
    if rest < 0 or average_first < 0:
        return None
    return torch.tensor([[-rest / 6, -rest / 3], [-rest / 2, 4 * relu_first]])


# %% window_for | right | two positive numbers of different size
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    surplus = 4 * (relu_first - average_first)
    return torch.tensor([[4 * average_first, surplus], [0, -surplus]])


# %% window_for | wrong | None for the visible example only
def window_for(relu_first, average_first):
    if (relu_first, average_first) == (1, 2):
        return None
    return torch.tensor([[4.0 * relu_first, 4 * (average_first - relu_first)], [0, 0]])


# %% window_for | wrong | the visible examples, written down
def window_for(relu_first, average_first):
    if (relu_first, average_first) == (3, 1):
        return torch.tensor([[12.0, -8], [0, 0]])


# %% window_for | wrong | the window of the visible example, whatever is asked
def window_for(relu_first, average_first):
    if average_first > relu_first:
        return None
    return torch.tensor([[12.0, -8], [0, 0]])


# %% window_for | wrong | never None
def window_for(relu_first, average_first):
    return torch.tensor([[4.0 * relu_first, 4 * (average_first - relu_first)], [0, 0]])


# %% window_for | wrong | None only where the average is the larger one
def window_for(relu_first, average_first):
    if average_first > relu_first:
        return None
    return torch.tensor([[4.0 * relu_first, 4 * (average_first - relu_first)], [0, 0]])


# %% window_for | wrong | None where both are equal
def window_for(relu_first, average_first):
    if average_first >= relu_first or average_first < 0:
        return None
    return torch.tensor([[4.0 * relu_first, 4 * (average_first - relu_first)], [0, 0]])


# %% window_for | wrong | None where the average is 0
def window_for(relu_first, average_first):
    if average_first > relu_first or average_first <= 0:
        return None
    return torch.tensor([[4.0 * relu_first, 4 * (average_first - relu_first)], [0, 0]])


# %% window_for | wrong | sums in place of averages
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    return torch.tensor([[relu_first, average_first - relu_first], [0, 0]])


# %% window_for | wrong | the negative number is the other average itself
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    return torch.tensor([[4.0 * relu_first, -4 * average_first], [0, 0]])


# %% window_for | wrong | the negative number takes too little away
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    return torch.tensor([[4.0 * relu_first, average_first - relu_first], [0, 0]])


# %% window_for | wrong | no negative number
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    return torch.full((2, 2), float(relu_first))


# %% window_for | wrong | the average of the positive numbers alone
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    rest = 4 * average_first - 2 * relu_first
    return torch.tensor([[relu_first, relu_first], [rest / 2, rest / 2]])


# %% window_for | wrong | the two are exchanged
def window_for(relu_first, average_first):
    if not average_first >= relu_first >= 0:
        return None
    return torch.tensor(
        [[4.0 * average_first, 4 * (relu_first - average_first)], [0, 0]]
    )


# %% window_for | wrong | no tensor but a list
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    return [[4 * relu_first, 4 * (average_first - relu_first)], [0, 0]]


# %% window_for | wrong | whole numbers
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return None
    first = int(4 * relu_first)
    return torch.tensor([[first, int(4 * average_first) - first], [0, 0]])


# %% window_for | wrong | a word in place of None
def window_for(relu_first, average_first):
    if not relu_first >= average_first >= 0:
        return "None"
    return torch.tensor([[4.0 * relu_first, 4 * (average_first - relu_first)], [0, 0]])


# %% arrives | right | with the functions of the math module
def arrives(weights, biases, x, kind):
    import math

    slopes = {"ReLU": 0.0, "leaky ReLU": 0.01}
    answer, h = 1, x
    for i in range(len(weights)):
        z = h * weights[i] + biases[i]
        if kind == "sigmoid":
            h = 1 / (1 + math.exp(-z))
            answer *= math.exp(-z) / (1 + math.exp(-z)) ** 2 * weights[i]
        else:
            slope = slopes[kind] if z <= 0 else 1
            h, answer = z * slope, answer * slope * weights[i]
    return answer


# %% arrives | right | forward first, then from back to front
def arrives(weights, biases, x, kind):
    hs = [torch.tensor(x)]
    bend = {"sigmoid": torch.sigmoid, "ReLU": F.relu, "leaky ReLU": F.leaky_relu}[kind]
    for w, b in zip(weights, biases):
        hs.append(bend(w * hs[-1] + b))
    gradient = torch.tensor(1.0)
    for w, h in zip(reversed(weights), reversed(hs)):
        if kind == "sigmoid":
            slope = h * (1 - h)
        else:
            slope = (h > 0) + (h <= 0) * (0.01 if kind == "leaky ReLU" else 0)
        gradient = gradient * slope * w
    return gradient


# %% arrives | right | PyTorch's automatic gradient, which was not asked for
def arrives(weights, biases, x, kind):
    bend = {"sigmoid": torch.sigmoid, "ReLU": F.relu, "leaky ReLU": F.leaky_relu}[kind]
    start = torch.tensor([x], requires_grad=True)
    h = start
    for w, b in zip(weights, biases):
        h = bend(w * h + b)
    h.backward()
    return start.grad


# %% arrives | wrong | the visible examples, written down
def arrives(weights, biases, x, kind):
    return {"sigmoid": -0.375, "ReLU": -6.0, "leaky ReLU": 0.02}[kind]


# %% arrives | wrong | every sigmoid has the slope 1/4
def arrives(weights, biases, x, kind):
    factor, h = 1.0, x
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h, slope = 0.5, 0.25
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= w * slope
    return factor


# %% arrives | wrong | the slopes without the weights
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= slope
    return float(factor)


# %% arrives | wrong | the weights without the slopes
def arrives(weights, biases, x, kind):
    factor = 1.0
    for w in weights:
        factor *= w
    return factor


# %% arrives | wrong | the first weight is left out
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for i, (w, b) in enumerate(zip(weights, biases)):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= slope * (w if i else 1)
    return float(factor)


# %% arrives | wrong | the slope at h in place of z
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = torch.sigmoid(h) * (1 - torch.sigmoid(h))
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | every layer gets x, not what the layer before gave
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = torch.tensor(w * x + b)
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | the bias is forgotten
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w in weights:
        z = w * h
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | the value at a sigmoid in place of its slope
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = slope = torch.sigmoid(z)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | ReLU lets nothing through where the weight is negative
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        elif kind == "ReLU":
            slope = float(w > 0 and z > 0)
            h = torch.relu(z)
        else:
            slope = 1.0 if z > 0 else 0.01
            h = slope * z
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | the slope of ReLU at 0 is 1
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        elif kind == "ReLU":
            slope = 1.0 if z >= 0 else 0.0
            h = slope * z
        else:
            slope = 1.0 if z > 0 else 0.01
            h = slope * z
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | leaky ReLU has a slope of 0.01 but gives 0
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = torch.relu(z)
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | leaky ReLU is taken for ReLU but at 0
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else 0.0
            slope = 0.01 if z == 0 and kind == "leaky ReLU" else slope
            h = torch.relu(z)
        factor *= w * slope
    return float(factor)


# %% arrives | wrong | the largest it can be, without signs
def arrives(weights, biases, x, kind):
    factor = 1.0
    for w in weights:
        factor *= abs(w) * (0.25 if kind == "sigmoid" else 1.0)
    return factor


# %% arrives | wrong | the factors are added
def arrives(weights, biases, x, kind):
    total, h = 0.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        total += w * slope
    return float(total)


# %% arrives | wrong | rounded, so that what vanishes is gone
def arrives(weights, biases, x, kind):
    factor, h = 1.0, torch.tensor(x)
    for w, b in zip(weights, biases):
        z = w * h + b
        if kind == "sigmoid":
            h = torch.sigmoid(z)
            slope = h * (1 - h)
        else:
            slope = 1.0 if z > 0 else {"ReLU": 0.0, "leaky ReLU": 0.01}[kind]
            h = slope * z
        factor *= w * slope
    return round(float(factor), 4)


# %% arrives | wrong | two outputs compared, in single precision
def arrives(weights, biases, x, kind):
    bend = {"sigmoid": torch.sigmoid, "ReLU": F.relu, "leaky ReLU": F.leaky_relu}[kind]

    def run(h):
        for w, b in zip(weights, biases):
            h = bend(w * h + b)
        return float(h)

    return (run(torch.tensor(x)) - run(torch.tensor(x - 1e-3))) / 1e-3


# %% network | right | equations solved for the sizes of the bends
def network(xs, ys):
    hidden = F.relu(xs[1:, None] - xs[None, :-1]).double()
    outer = torch.linalg.solve(hidden, (ys[1:] - ys[0]).double())
    return torch.ones(len(outer)), -xs[:-1], outer, ys[0]


# %% network | right | a tent over each point, made of three units
def network(xs, ys):
    inner, bias, outer = [], [], []
    n = len(xs)
    for i in range(n):
        left = xs[i] - xs[i - 1] if i else 1.0
        right = xs[i + 1] - xs[i] if i < n - 1 else 1.0
        for at, size in (
            (xs[i] - left, 1 / left),
            (xs[i], -1 / left - 1 / right),
            (xs[i] + right, 1 / right),
        ):
            inner.append(1.0)
            bias.append(-float(at))
            outer.append(float(size * ys[i]))
    return torch.tensor(inner), torch.tensor(bias), torch.tensor(outer), 0


# %% network | right | from the right to the left
def network(xs, ys):
    slopes = (ys[1:] - ys[:-1]) / (xs[1:] - xs[:-1])
    inner, bias, outer = [], [], []
    former = 0.0
    for i in range(len(slopes) - 1, -1, -1):
        inner.append(-1.0)
        bias.append(float(xs[i + 1]))
        outer.append(float(-slopes[i] - former))
        former = float(-slopes[i])
    return inner, bias, outer, float(ys[-1])


# %% network | right | units from the slope on, with the size of the bend inside
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    bends = torch.cat([slopes[:1], slopes.diff()])
    sizes = bends.abs()
    return [sizes, -sizes * xs[:-1], bends.sign(), ys[:1]]


# %% network | wrong | the visible example, written down
def network(xs, ys):
    return torch.tensor([1.0, -1]), torch.zeros(2), torch.ones(2), 0.0


# %% network | wrong | slopes in place of changes of slope
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    return torch.ones(len(slopes)), -xs[:-1], slopes, float(ys[0])


# %% network | wrong | no constant
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = torch.cat([slopes[:1], slopes.diff()])
    return torch.ones(len(outer)), -xs[:-1], outer, 0.0


# %% network | wrong | the sign of the bias
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = torch.cat([slopes[:1], slopes.diff()])
    return torch.ones(len(outer)), xs[:-1], outer, float(ys[0])


# %% network | wrong | all steps are taken to be 1 wide
def network(xs, ys):
    slopes = ys.diff()
    outer = torch.cat([slopes[:1], slopes.diff()])
    return torch.ones(len(outer)), -xs[:-1], outer, float(ys[0])


# %% network | wrong | the first slope is lost
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = slopes.diff()
    return torch.ones(len(outer)), -xs[1:-1], outer, float(ys[0])


# %% network | wrong | slope upside down
def network(xs, ys):
    slopes = xs.diff() / ys.diff()
    outer = torch.cat([slopes[:1], slopes.diff()])
    return torch.ones(len(outer)), -xs[:-1], outer, float(ys[0])


# %% network | wrong | changes of slope with the wrong sign
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = torch.cat([slopes[:1], -slopes.diff()])
    return torch.ones(len(outer)), -xs[:-1], outer, float(ys[0])


# %% network | wrong | through the points, but by other bends halfway
def network(xs, ys):
    middle = (xs[:-1] + xs[1:]) / 2
    hidden = F.relu(xs[1:, None] - middle).double()
    outer = torch.linalg.solve(hidden, (ys[1:] - ys[0]).double())
    return torch.ones(len(outer)), -middle, outer, ys[0]


# %% network | wrong | the line through the first and the last point alone
def network(xs, ys):
    slope = (ys[-1] - ys[0]) / (xs[-1] - xs[0])
    return torch.ones(1), -xs[:1], slope.view(1), ys[0]


# %% network | wrong | two straight pieces, whatever the points
def network(xs, ys):
    left = (ys[1] - ys[0]) / (xs[1] - xs[0])
    right = (ys[-1] - ys[-2]) / (xs[-1] - xs[-2])
    return torch.ones(2), -xs[:2], torch.stack([left, right - left]), ys[0]


# %% network | wrong | an absolute value moved to the lowest point
def network(xs, ys):
    low = int(ys.argmin())
    left = (ys[0] - ys[low]) / (xs[low] - xs[0]) if low else torch.tensor(0.0)
    last = len(xs) - 1
    right = (ys[-1] - ys[low]) / (xs[-1] - xs[low]) if low < last else left * 0
    place = xs[low]
    return (
        torch.tensor([-1.0, 1]),
        torch.stack([place, -place]),
        torch.stack([left, right]),
        ys[low],
    )


# %% network | wrong | the first bend is at 0, not at the first point
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = torch.cat([slopes[:1], slopes.diff()])
    bias = -xs[:-1].clone()
    bias[0] = 2
    return torch.ones(len(outer)), bias, outer, float(ys[0])


# %% network | wrong | bends only upward, since outer is kept positive
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = torch.cat([slopes[:1], slopes.diff().abs()])
    return torch.ones(len(outer)), -xs[:-1], outer, float(ys[0])


# %% network | wrong | the constant is left out of what is returned
def network(xs, ys):
    slopes = ys.diff() / xs.diff()
    outer = torch.cat([slopes[:1], slopes.diff()])
    return torch.ones(len(outer)), -xs[:-1], outer
