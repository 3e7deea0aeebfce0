"""Train and test the small networks of the book (chapter 1)."""

import contextlib
import sys

from tqdm import tqdm


def fit(model, x, labels, epochs=5, lr=1e-3, batch_size=64, seed=0, show=True):
    """Train a classifier with Adam and the cross-entropy loss (chapter 1).

    Parameters
    ----------
    model : nn.Module
        Turns x into logits (N, classes). It is changed in place.
    x : float tensor (N, ...)
        Inputs, the first dimension counting the examples.
    labels : integer tensor (N,)
        The class of each example.
    epochs : int
        How often every example is seen.
    lr : float
        The learning rate.
    batch_size : int
        Examples a step.
    seed : int
        Of the order in which the examples come.
    show : bool
        Show progress: a line in the notebook, or on the terminal.

    Returns
    -------
    list of float
        The mean loss of each epoch, measured while training.

    Raises
    ------
    ValueError
        If there is not one label for each example.
    """
    import torch

    _check_pairs(x, labels)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    generator = torch.Generator().manual_seed(seed)
    steps = [
        batch
        for _ in range(epochs)
        for batch in torch.randperm(len(x), generator=generator).split(batch_size)
    ]
    with _mode(model, training=True):
        told = progress(steps, f"{epochs} epochs of {len(x):,} examples", show)
        losses = [_step(model, optimizer, x[b], labels[b]) for b in told]
    a_epoch = len(steps) // epochs if epochs else 0
    return [
        sum(losses[i : i + a_epoch]) / a_epoch for i in range(0, len(losses), a_epoch)
    ]


def evaluate(model, x, labels, batch_size=500):
    """Return the share of examples that a classifier gets right (chapter 1).

    The model is left as it was found, in training or in evaluation mode.

    Parameters
    ----------
    model, x, labels
        As for `fit`.
    batch_size : int
        Examples at a time; it does not change the answer.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If there are no examples, or not one label for each.
    """
    import torch

    _check_pairs(x, labels)
    right = 0
    with _mode(model, training=False), torch.no_grad():
        for part, wanted in zip(
            x.split(batch_size), labels.split(batch_size), strict=True
        ):
            right += (model(part).argmax(1) == wanted).sum().item()
    return right / len(x)


def progress(steps, label, show=True):
    """Go through `steps` and show how far it is; return an iterator over them.

    In a notebook the progress is one line that ends as `label`, so that the saved
    output is the same each time; elsewhere it is a bar on the terminal.
    """
    file = _Line(label) if show and _in_notebook() else sys.stderr
    return iter(
        tqdm(steps, desc=label, file=file, leave=False, disable=not show, ncols=80)
    )


class _Line:
    """A file for tqdm: what is written replaces one line of a cell's output."""

    def __init__(self, label):
        from IPython.display import display

        self.label = label
        self.handle = display(self._bundle(label), raw=True, display_id=True)

    def write(self, text):
        """Show the text; once tqdm has wiped its bar, the label."""
        self.handle.update(self._bundle(text.strip() or self.label), raw=True)

    def flush(self):
        """Do nothing: every line is shown at once."""

    @staticmethod
    def _bundle(text):
        return {"text/plain": text}


def _in_notebook():
    # A kernel, not a terminal; without importing IPython where nobody uses it.
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return getattr(shell, "kernel", None) is not None


@contextlib.contextmanager
def _mode(model, training):
    """The model in training or evaluation mode, and afterwards as it was."""
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, was in before.items():
            module.training = was


def _step(model, optimizer, x, labels):
    """Change the weights once; return the loss before that."""
    from torch.nn.functional import cross_entropy

    loss = cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _check_pairs(x, labels):
    if len(x) != len(labels) or len(x) == 0:
        raise ValueError(
            "expected one label for each example, and at least one of them; got "
            f"{len(x)} examples and {len(labels)} labels"
        )
