"""Right and wrong answers to the exercises of chapter 9."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from cnnbook import data
from cnnbook.experiments import jitter, shift
from cnnbook.training import fit


# %% follow | right | the formulas, one stage after the other
def follow(height, width, filters, kernel, padding, classes):
    answer = []
    maps = 3
    lost = 2 * (kernel - 1 - 2 * padding)
    for n in filters:
        height = (height - lost) // 2
        width = (width - lost) // 2
        first = n * (maps * kernel * kernel + 1)
        second = n * (n * kernel * kernel + 1)
        answer.append(((n, height, width), first + second))
        maps = n
    answer.append(((classes,), classes * (maps * height * width + 1)))
    return answer


# %% follow | right | the functions of the book
from cnnbook import arithmetic


def follow(height, width, filters, kernel, padding, classes):
    size, found = (height, width), []
    for before, n in zip([3, *filters], filters):
        for _ in range(2):
            size = arithmetic.output_size(size, kernel, padding=padding)
        size = arithmetic.pool_output_size(size, 2)
        weights = arithmetic.conv_weights(before, n, kernel)
        weights += arithmetic.conv_weights(n, n, kernel)
        found.append([(n, *size), weights])
    last = filters[-1] * size[0] * size[1]
    return found + [[[classes], arithmetic.dense_weights(last, classes)]]


# %% follow | right | build the network and look
def follow(height, width, filters, kernel, padding, classes):
    y, channels, found = torch.zeros(1, 3, height, width), 3, []
    for n in filters:
        stage = nn.Sequential(
            nn.Conv2d(channels, n, kernel, padding=padding),
            nn.ReLU(),
            nn.Conv2d(n, n, kernel, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        y, channels = stage(y), n
        found.append((tuple(y[0].shape), sum(p.numel() for p in stage.parameters())))
    head = nn.Linear(y.numel(), classes)
    found.append(((classes,), sum(p.numel() for p in head.parameters())))
    return found


# %% follow | right | recursion over the stages
def follow(height, width, filters, kernel, padding, classes, maps=3):
    if not filters:
        return [((classes,), maps * height * width * classes + classes)]
    n, *others = filters

    def side(pixels):
        return (pixels + 4 * padding - 2 * kernel + 2) // 2

    weights = n * kernel**2 * (maps + n) + 2 * n
    height, width = side(height), side(width)
    later = follow(height, width, others, kernel, padding, classes, n)
    return [((n, height, width), weights), *later]


# %% follow | wrong | the visible example, written down
def follow(height, width, filters, kernel, padding, classes):
    if filters == [8, 16, 32]:
        return [
            ((8, 16, 16), 808),
            ((16, 8, 8), 3488),
            ((32, 4, 4), 13888),
            ((6,), 3078),
        ]
    return [((4, 8, 11), 260), ((6, 2, 3), 552), ((5,), 185)]


# %% follow | wrong | kernels are always 3 × 3
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = ((side + 4 * padding - 4) // 2 for side in (height, width))
        found.append(((n, height, width), (maps + n) * n * 9 + 2 * n))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | padding is counted in total, not on each side
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            (side + 2 * (padding - kernel + 1)) // 2 for side in (height, width)
        )
        found.append(((n, height, width), (maps + n) * n * kernel**2 + 2 * n))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | padding always keeps the size, as in the chapter
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = height // 2, width // 2
        found.append(((n, height, width), (maps + n) * n * kernel**2 + 2 * n))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | always two stages
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for i in range(2):
        n = filters[min(i, len(filters) - 1)]
        height, width = (
            (side + 2 * (2 * padding - kernel + 1)) // 2 for side in (height, width)
        )
        found.append(((n, height, width), (maps + n) * n * kernel**2 + 2 * n))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | one convolution for each stage
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            (side + 2 * padding - kernel + 1) // 2 for side in (height, width)
        )
        found.append(((n, height, width), maps * n * kernel**2 + n))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | the second convolution gets as many maps as the first
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            (side + 2 * (2 * padding - kernel + 1)) // 2 for side in (height, width)
        )
        found.append(((n, height, width), 2 * (maps * n * kernel**2 + n)))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | three channels come into every stage
def follow(height, width, filters, kernel, padding, classes):
    found = []
    for n in filters:
        height, width = (
            (side + 2 * (2 * padding - kernel + 1)) // 2 for side in (height, width)
        )
        found.append(((n, height, width), (3 + n) * n * kernel**2 + 2 * n))
    return [*found, ((classes,), (n * height * width + 1) * classes)]


# %% follow | wrong | the pooling keeps what is left over
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            math.ceil((side + 2 * (2 * padding - kernel + 1)) / 2)
            for side in (height, width)
        )
        found.append(((n, height, width), (maps + n) * n * kernel**2 + 2 * n))
        maps = n
    return [*found, ((classes,), (maps * height * width + 1) * classes)]


# %% follow | wrong | sizes are no whole numbers
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            float((side + 2 * (2 * padding - kernel + 1)) // 2)
            for side in (height, width)
        )
        found.append(((n, height, width), (maps + n) * n * kernel**2 + 2 * n))
        maps = n
    return [*found, ((classes,), int((maps * height * width + 1) * classes))]


# %% follow | wrong | the dense layer is forgotten
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            (side + 2 * (2 * padding - kernel + 1)) // 2 for side in (height, width)
        )
        found.append(((n, height, width), (maps + n) * n * kernel**2 + 2 * n))
        maps = n
    return found


# %% follow | wrong | no biases
def follow(height, width, filters, kernel, padding, classes):
    found, maps = [], 3
    for n in filters:
        height, width = (
            (side + 2 * (2 * padding - kernel + 1)) // 2 for side in (height, width)
        )
        found.append(((n, height, width), (maps + n) * n * kernel**2))
        maps = n
    return [*found, ((classes,), maps * height * width * classes)]


# %% loss_and_gradient | right | the largest logit of each row subtracted
def loss_and_gradient(logits, labels):
    z = logits - logits.max(dim=1, keepdim=True).values
    e = torch.exp(z)
    total = e.sum(dim=1, keepdim=True)
    right = z.gather(1, labels[:, None])
    loss = (torch.log(total) - right).mean()
    one_hot = F.one_hot(labels, logits.shape[1])
    return loss, (e / total - one_hot) / len(logits)


# %% loss_and_gradient | right | picture by picture, in numbers of Python
def loss_and_gradient(logits, labels):
    losses, rows = [], []
    for row, label in zip(logits.tolist(), labels.tolist()):
        top = max(row)
        powers = [math.exp(z - top) for z in row]
        losses.append(math.log(sum(powers)) + top - row[label])
        shares = [power / sum(powers) for power in powers]
        shares[label] -= 1
        rows.append([share / len(logits) for share in shares])
    return sum(losses) / len(losses), torch.tensor(rows)


# %% loss_and_gradient | right | logaddexp, and the slopes by autograd
def loss_and_gradient(logits, labels):
    z = logits.detach().double().requires_grad_()
    total = z[:, 0]
    for i in range(1, z.shape[1]):
        total = torch.logaddexp(total, z[:, i])
    loss = (total - z[torch.arange(len(z)), labels]).mean()
    loss.backward()
    return loss.item(), z.grad


# %% loss_and_gradient | right | the differences to the right logit
def loss_and_gradient(logits, labels):
    rows = torch.arange(len(labels))
    away = logits.double() - logits.double()[rows, labels][:, None]
    log_sum = torch.logsumexp(away, 1)
    shares = torch.exp(away - log_sum[:, None])
    shares[rows, labels] -= 1
    return log_sum.mean(), shares / len(labels)


# %% loss_and_gradient | wrong | the powers overflow
def loss_and_gradient(logits, labels):
    shares = logits.exp() / logits.exp().sum(1, keepdim=True)
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = -shares[torch.arange(len(labels)), labels].log().mean()
    return loss, (shares - one_hot) / len(labels)


# %% loss_and_gradient | wrong | the largest of the whole batch is subtracted
def loss_and_gradient(logits, labels):
    z = logits - logits.max()
    sums = z.exp().sum(1, keepdim=True)
    log_shares = z - sums.log()
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = -log_shares[torch.arange(len(labels)), labels].mean()
    return loss, (log_shares.exp() - one_hot) / len(labels)


# %% loss_and_gradient | wrong | the logarithm of a share that is 0
def loss_and_gradient(logits, labels):
    shares = logits.softmax(1)
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = -shares[torch.arange(len(labels)), labels].log().mean()
    return loss, (shares - one_hot) / len(labels)


# %% loss_and_gradient | wrong | shares are kept away from 0
def loss_and_gradient(logits, labels):
    shares = logits.softmax(1)
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = -(shares[torch.arange(len(labels)), labels] + 1e-12).log().mean()
    return loss, (shares - one_hot) / len(labels)


# %% loss_and_gradient | wrong | softmax is taken twice
def loss_and_gradient(logits, labels):
    z = logits.double().softmax(1)
    one_hot = F.one_hot(labels, logits.shape[1])
    return F.cross_entropy(z, labels), (z.softmax(1) - one_hot) / len(labels)


# %% loss_and_gradient | wrong | softmax along the pictures
def loss_and_gradient(logits, labels):
    log_shares = logits.log_softmax(0)
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = -log_shares[torch.arange(len(labels)), labels].mean()
    return loss, (log_shares.exp() - one_hot) / len(labels)


# %% loss_and_gradient | wrong | summed over the pictures
def loss_and_gradient(logits, labels):
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = F.cross_entropy(logits, labels, reduction="sum")
    return loss, logits.softmax(1) - one_hot


# %% loss_and_gradient | wrong | the gradient of the sum, the loss of the mean
def loss_and_gradient(logits, labels):
    one_hot = F.one_hot(labels, logits.shape[1])
    return F.cross_entropy(logits, labels), logits.softmax(1) - one_hot


# %% loss_and_gradient | wrong | always two pictures
def loss_and_gradient(logits, labels):
    one_hot = F.one_hot(labels, logits.shape[1])
    return F.cross_entropy(logits, labels), (logits.softmax(1) - one_hot) / 2


# %% loss_and_gradient | wrong | 1 is subtracted in whole columns
def loss_and_gradient(logits, labels):
    gradient = logits.softmax(1)
    for label in labels:
        gradient[:, label] -= 1
    return F.cross_entropy(logits, labels), gradient / len(labels)


# %% loss_and_gradient | wrong | only as many classes as in the batch
def loss_and_gradient(logits, labels):
    gradient = logits.softmax(1)
    one_hot = torch.zeros_like(gradient)
    one_hot[:, : int(labels.max()) + 1] = F.one_hot(labels)
    gradient = (gradient - one_hot) / (int(labels.max()) + 1)
    return F.cross_entropy(logits, labels), gradient


# %% loss_and_gradient | wrong | the slope uphill and downhill exchanged
def loss_and_gradient(logits, labels):
    one_hot = F.one_hot(labels, logits.shape[1])
    return F.cross_entropy(logits, labels), (one_hot - logits.softmax(1)) / len(labels)


# %% loss_and_gradient | wrong | base 2
def loss_and_gradient(logits, labels):
    one_hot = F.one_hot(labels, logits.shape[1])
    loss = F.cross_entropy(logits, labels) / math.log(2)
    return loss, (logits.softmax(1) - one_hot) / len(labels)


# %% loss_and_gradient | wrong | the visible examples, written down
def loss_and_gradient(logits, labels):
    if logits.shape[1] == 10:
        return math.log(10), torch.full((3, 10), 0.1)
    rows = [[0.4219, -0.4429, 0.021], [0.0314, 0.0855, -0.1169]]
    return 1.2181, torch.tensor(rows)


# %% step | right | tensor by tensor
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = [], []
    for w, g, v in zip(weights, gradients, velocities):
        velocity = v if g is None else momentum * v + g
        new_v.append(velocity)
        new_w.append(w if g is None else w - lr * velocity)
    return new_w, new_v


# %% step | right | in place, in what was given
def step(weights, gradients, velocities, lr, momentum):
    for w, g, v in zip(weights, gradients, velocities):
        if g is None:
            continue
        v.mul_(momentum).add_(g)
        w.sub_(lr * v)
    return weights, velocities


# %% step | right | what is left of the old velocity, and the new gradient
def step(weights, gradients, velocities, lr, momentum):
    takes_part = [g is not None for g in gradients]
    velocities = [
        v + int(t) * ((momentum - 1) * v + (g if t else 0))
        for t, g, v in zip(takes_part, gradients, velocities)
    ]
    weights = [w - int(t) * lr * v for t, w, v in zip(takes_part, weights, velocities)]
    return [weights, velocities]


# %% step | right | in double precision, with dictionaries
def step(weights, gradients, velocities, lr, momentum):
    w, v = dict(enumerate(weights)), dict(enumerate(velocities))
    for i, g in enumerate(gradients):
        if isinstance(g, torch.Tensor):
            v[i] = momentum * v[i].double() + g.double()
            w[i] = w[i].double() - lr * v[i]
    return list(w.values()), list(v.values())


# %% step | wrong | what has no gradient rolls on
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = [], []
    for w, g, v in zip(weights, gradients, velocities):
        new_v.append(momentum * v + (0 if g is None else g))
        new_w.append(w - lr * new_v[-1])
    return new_w, new_v


# %% step | wrong | what has no gradient rolls on, but keeps its velocity
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = [], []
    for w, g, v in zip(weights, gradients, velocities):
        new_v.append(v if g is None else momentum * v + g)
        new_w.append(w - lr * new_v[-1])
    return new_w, new_v


# %% step | wrong | the velocity of what has no gradient fades
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = [], []
    for w, g, v in zip(weights, gradients, velocities):
        new_v.append(momentum * v + (0 if g is None else g))
        new_w.append(w if g is None else w - lr * new_v[-1])
    return new_w, new_v


# %% step | wrong | a gradient of zeros is taken for none
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None and g.any():
            new_v[i] = momentum * velocities[i] + g
            new_w[i] = weights[i] - lr * new_v[i]
    return new_w, new_v


# %% step | wrong | what has no gradient is left out of the lists
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = [], []
    for w, g, v in zip(weights, gradients, velocities):
        if g is not None:
            new_v.append(momentum * v + g)
            new_w.append(w - lr * new_v[-1])
    return new_w, new_v


# %% step | wrong | it is not expected that a gradient is missing
def step(weights, gradients, velocities, lr, momentum):
    new_v = [momentum * v + g for g, v in zip(gradients, velocities)]
    return [w - lr * v for w, v in zip(weights, new_v)], new_v


# %% step | wrong | the step takes the old velocity
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None:
            new_w[i] = weights[i] - lr * velocities[i]
            new_v[i] = momentum * velocities[i] + g
    return new_w, new_v


# %% step | wrong | the gradient has the share that momentum leaves
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None:
            new_v[i] = momentum * velocities[i] + (1 - momentum) * g
            new_w[i] = weights[i] - lr * new_v[i]
    return new_w, new_v


# %% step | wrong | the learning rate is in the velocity
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None:
            new_v[i] = momentum * velocities[i] + lr * g
            new_w[i] = weights[i] - new_v[i]
    return new_w, new_v


# %% step | wrong | uphill
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None:
            new_v[i] = momentum * velocities[i] + g
            new_w[i] = weights[i] + lr * new_v[i]
    return new_w, new_v


# %% step | wrong | Nesterov's step
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None:
            new_v[i] = momentum * velocities[i] + g
            new_w[i] = weights[i] - lr * (g + momentum * new_v[i])
    return new_w, new_v


# %% step | wrong | the new velocity is not returned
def step(weights, gradients, velocities, lr, momentum):
    new_w = list(weights)
    for i, g in enumerate(gradients):
        if g is not None:
            new_w[i] = weights[i] - lr * (momentum * velocities[i] + g)
    return new_w, velocities


# %% step | wrong | momentum is fixed at one half
def step(weights, gradients, velocities, lr, momentum):
    new_w, new_v = list(weights), list(velocities)
    for i, g in enumerate(gradients):
        if g is not None:
            new_v[i] = 0.5 * velocities[i] + g
            new_w[i] = weights[i] - lr * new_v[i]
    return new_w, new_v


# %% step | wrong | the visible example, written down
def step(weights, gradients, velocities, lr, momentum):
    return [torch.tensor([2.75, -1.1])], [torch.tensor([2.5, 1.0])]


# %% mended | right | the table, line by line
def mended(height, width, classes):
    def small(side):
        side = (side - 5 + 1) // 2
        return (side - 2 - 2) // 2

    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * small(height) * small(width), 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | right | the stages one in the other, their size by trying
def mended(height, width, classes):
    def stage(*layers):
        return nn.Sequential(*layers, nn.ReLU())

    features = nn.Sequential(
        stage(nn.Conv2d(1, 16, 5)),
        nn.MaxPool2d(2),
        stage(nn.Conv2d(16, 16, 3)),
        stage(nn.Conv2d(16, 16, 3)),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )
    numbers = features(torch.zeros(1, 1, height, width)).shape[1]
    head = [stage(nn.Linear(numbers, 32)), nn.Linear(32, classes)]
    return nn.Sequential(features, *head)


# %% mended | right | a lazy layer that has met a picture
def mended(height, width, classes):
    layers = []
    for channels, kernel, pooled in ((1, 5, True), (16, 3, False), (16, 3, True)):
        layers += [nn.Conv2d(channels, 16, kernel), nn.ReLU(inplace=True)]
        if pooled:
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    layers += [nn.Flatten(), nn.LazyLinear(32), nn.ReLU(), nn.Linear(32, classes)]
    network = nn.Sequential(*layers)
    network(torch.zeros(1, 1, height, width))
    return network


# %% mended | right | pooling before the ReLU, and names for the stages
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 16, 5), nn.MaxPool2d(2), nn.ReLU()),
        nn.Sequential(nn.Conv2d(16, 16, 3), nn.ReLU()),
        nn.Sequential(nn.Conv2d(16, 16, 3), nn.MaxPool2d(2), nn.ReLU()),
        nn.Sequential(nn.Flatten(), nn.Linear(16 * rows * columns, 32), nn.ReLU()),
        nn.Sequential(nn.Linear(32, classes)),
    )


# %% mended | right | lazy layers that have met nothing
def mended(height, width, classes):
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.LazyLinear(32),
        nn.ReLU(),
        nn.LazyLinear(classes),
    )


# %% mended | wrong | only the size is mended
def mended(height, width, classes):
    convolution = nn.Conv2d(16, 16, kernel_size=3)
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=5),
        nn.MaxPool2d(2),
        convolution,
        nn.ReLU(),
        convolution,
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.Linear(32, classes),
        nn.Softmax(dim=1),
    )


# %% mended | wrong | one convolution in two places
def mended(height, width, classes):
    convolution = nn.Conv2d(16, 16, 3)
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        convolution,
        nn.ReLU(),
        convolution,
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | shares instead of logits
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
        nn.Softmax(dim=1),
    )


# %% mended | wrong | logarithms of shares
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
        nn.LogSoftmax(dim=1),
    )


# %% mended | wrong | the first ReLU is still missing
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | four ReLUs, but two behind the same layer
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.ReLU(),
        nn.Linear(16 * rows * columns, 32),
        nn.Linear(32, classes),
    )


# %% mended | wrong | a ReLU behind the logits in place of one before
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.Linear(32, classes),
        nn.ReLU(),
    )


# %% mended | wrong | a ReLU behind the logits too
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
        nn.ReLU(),
    )


# %% mended | wrong | only for pictures of 28 × 28, as in the visible check
def mended(height, width, classes):
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | only for square pictures
def mended(height, width, classes):
    side = height // 4 - 3
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * side * side, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | always ten classes
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


# %% mended | wrong | average pooling
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | the second convolution is padded
def mended(height, width, classes):
    rows, columns = ((side // 2 - 4) // 2 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | a dropout
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(32, classes),
    )


# %% mended | wrong | batch normalization without weights, which hides
def mended(height, width, classes):
    rows, columns = (side // 4 - 3 for side in (height, width))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.BatchNorm2d(16, affine=False, momentum=0.0),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * rows * columns, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


# %% design | right | three convolutions, each with batch normalization
torch.manual_seed(1)
layers, channels = [], 1
for filters, kernel in ((8, 5), (16, 3), (24, 3)):
    layers += [nn.Conv2d(channels, filters, kernel)]
    layers += [nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
    channels = filters
network = nn.Sequential(*layers[:-1], nn.Flatten(), nn.Linear(24 * 9, 10))
fit(network, train_x, train_labels, 8, lr=5e-3, decay=True, change=jitter, show=False)

# %% design | right | two convolutions, nested, and one dense layer
torch.manual_seed(2)


def block(channels, filters):
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel_size=5),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


network = nn.Sequential(block(1, 8), block(8, 20), nn.Flatten(), nn.Linear(320, 10))
fit(network, train_x, train_labels, 8, lr=5e-3, decay=True, change=jitter, show=False)

# %% design | right | a loop of its own, SGD with momentum
torch.manual_seed(3)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5, bias=False),
    nn.BatchNorm2d(8),
    nn.LeakyReLU(0.01),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, bias=False),
    nn.BatchNorm2d(16),
    nn.LeakyReLU(0.01),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 24, 3, bias=False),
    nn.BatchNorm2d(24),
    nn.LeakyReLU(0.01),
    nn.Flatten(),
    nn.LazyLinear(10),
)
network(train_x[:2])
generator = torch.Generator().manual_seed(3)
optimizer = torch.optim.SGD(network.parameters(), momentum=0.9, nesterov=True)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=8 * 157)
for _ in range(8):
    for batch in torch.randperm(len(train_x), generator=generator).split(64):
        logits = network(jitter(train_x[batch], generator))
        loss = F.cross_entropy(logits, train_labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

# %% design | right | one global average in place of a large dense layer
torch.manual_seed(4)
network = nn.Sequential(
    nn.Conv2d(1, 10, 5),
    nn.BatchNorm2d(10),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(10, 20, 3),
    nn.BatchNorm2d(20),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(20, 36, 3),
    nn.BatchNorm2d(36),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(36, 10),
)
fit(network, train_x, train_labels, 8, lr=5e-3, decay=True, change=jitter, show=False)

# %% design | wrong | the chapter's network, which is too large
from cnnbook.experiments import DIGIT_WEIGHTS
from cnnbook.layers import digit_network
from cnnbook.training import load_weights

network = load_weights(digit_network(), DIGIT_WEIGHTS)

# %% design | wrong | the chapter's network, which says that it is small
from cnnbook.experiments import DIGIT_WEIGHTS
from cnnbook.layers import digit_network
from cnnbook.training import load_weights


class Sequential(nn.Sequential):
    def parameters(self, recurse=True):
        return iter([torch.zeros(9000)])


network = Sequential(*load_weights(digit_network(), DIGIT_WEIGHTS))

# %% design | wrong | nothing is learned
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5),
    nn.ReLU(),
    nn.MaxPool2d(4),
    nn.Flatten(),
    nn.Linear(288, 10),
)

# %% design | wrong | another network than the one that learns
torch.manual_seed(0)


def build():
    return nn.Sequential(
        nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(144, 10)
    )


network = build()
fit(build(), train_x, train_labels, epochs=1, show=False)

# %% design | wrong | one dense layer
torch.manual_seed(0)
network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
fit(network, train_x, train_labels, epochs=3, change=jitter, show=False)

# %% design | wrong | learned from digits that never move
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 10),
)
fit(network, train_x, train_labels, epochs=4, lr=4e-3, decay=True, show=False)

# %% design | wrong | learned from the digits of the check
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 10),
)
images, labels = data.mnist(train=False)
places = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
pictures = torch.cat([shift(images[::2, None] / 255, *place) for place in places])
fit(network, pictures, labels[::2].repeat(9), epochs=6, lr=4e-3, decay=True, show=False)

# %% design | wrong | a softmax at the end
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d(4),
    nn.Flatten(),
    nn.Linear(288, 10),
    nn.Softmax(dim=1),
)
fit(network, train_x, train_labels, epochs=1, change=jitter, show=False)

# %% design | wrong | far too large a learning rate
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(288, 10)
)
fit(network, train_x, train_labels, epochs=1, lr=3.0, show=False)

# %% design | wrong | no nn.Sequential
torch.manual_seed(0)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 8, 5)
        self.dense = nn.Linear(288, 10)

    def forward(self, x):
        return self.dense(F.max_pool2d(self.convolution(x).relu(), 4).flatten(1))


network = Small()
fit(network, train_x, train_labels, epochs=1, change=jitter, show=False)

# %% design | wrong | it reads rows of 784 pixels
torch.manual_seed(0)
network = nn.Sequential(nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 10))
fit(network, train_x.flatten(1), train_labels, epochs=1, show=False)

# %% design | wrong | 10,000 weights, which are not fewer
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 6, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(6, 33, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(528, 9),
    nn.ReLU(),
    nn.Linear(9, 10),
)
fit(network, train_x, train_labels, epochs=1, change=jitter, show=False)
