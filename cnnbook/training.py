"""Train and test the small networks of the book (chapter 1)."""

import contextlib
import io
import os
import sys
from pathlib import Path

from tqdm import tqdm


def fit(
    model,
    x,
    labels,
    epochs=5,
    lr=1e-3,
    batch_size=64,
    seed=0,
    show=True,
    optimizer=None,
    decay=False,
    change=None,
):
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
    optimizer : torch.optim.Optimizer, optional
        Takes the steps in place of a new Adam; `lr` is then not used.
    decay : bool
        Let the learning rate fall evenly, step by step, to 0 after the last one.
    change : function, optional
        Gets the inputs of each step and a torch.Generator, and returns what the model
        sees in their place, such as the same pictures moved a little.

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
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=lr)
    starts = [group["lr"] for group in optimizer.param_groups]
    generator = torch.Generator().manual_seed(seed)
    steps = [
        batch
        for _ in range(epochs)
        for batch in torch.randperm(len(x), generator=generator).split(batch_size)
    ]
    with _mode(model, training=True):
        told = progress(steps, f"{epochs} epochs of {len(x):,} examples", show)
        losses = []
        for done, b in enumerate(told):
            if decay:
                _set_rates(optimizer, starts, 1 - done / len(steps))
            seen = change(x[b], generator) if change else x[b]
            losses.append(_step(model, optimizer, seen, labels[b]))
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


def save_weights(model, path):
    """Write what a model has learned into a file (chapter 9).

    The file is there whole or not at all: it is written under another name first.

    Parameters
    ----------
    model : nn.Module
    path : str or Path
        A file of that name is replaced.
    """
    import torch

    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            torch.save(model.state_dict(), file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load_weights(model, path):
    """Give a model the weights that `save_weights` wrote (chapter 9).

    Nothing in the file is executed. A file that does not fit changes nothing.

    Parameters
    ----------
    model : nn.Module
        Of the same layers as the one that was saved.
    path : str or Path

    Returns
    -------
    nn.Module
        The same model.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is cut off or no file of weights, or if names, shapes or types in it are
        others than those of the model.
    """
    import torch

    content = io.BytesIO(Path(path).read_bytes())  # here a missing file is told
    try:
        found = torch.load(content, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, depending on what the file is
        raise ValueError(
            f"{path}: expected weights written by save_weights, got a file that is cut "
            f"off or of another kind ({type(error).__name__})"
        ) from error
    _check_weights(path, found, model.state_dict())
    model.load_state_dict(found)
    return model


def _check_weights(path, found, wanted):
    """Refuse what does not fit, weight by weight."""
    import torch

    if not isinstance(found, dict):
        raise ValueError(
            f"{path}: expected a dict of weights by name, got {type(found).__name__}"
        )
    if set(found) != set(wanted):
        missing, strange = (
            [str(name) for name in one if name not in other]
            for one, other in ((wanted, found), (found, wanted))
        )
        raise ValueError(
            f"{path}: expected the weights {_few(wanted)}, got a file "
            f"without {_few(missing)} and with {_few(strange)} besides"
        )
    for name, weight in wanted.items():
        given = found[name]
        if not isinstance(given, torch.Tensor):
            raise ValueError(
                f"{path}: {name}: expected a tensor, got {type(given).__name__}"
            )
        if (given.shape, given.dtype) != (weight.shape, weight.dtype):
            raise ValueError(
                f"{path}: {name}: expected {weight.dtype} of shape "
                f"{tuple(weight.shape)}, got {given.dtype} of shape "
                f"{tuple(given.shape)}"
            )


def _few(names, most=6):
    """Names in a row, not too many of them."""
    names = list(map(str, names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more


def progress(steps, label, show=True):
    """Go through `steps` and show how far it is; return an iterator over them.

    In a notebook the progress is one line that ends as "done: `label`", so that the
    saved output is the same each time; elsewhere it is a bar on the terminal.
    """
    file = _Line(label) if show and _in_notebook() else sys.stderr
    return iter(
        tqdm(steps, desc=label, file=file, leave=False, disable=not show, ncols=80)
    )


class _Line:
    """A file for tqdm: what is written replaces one line of a cell's output."""

    def __init__(self, label):
        from IPython.display import display

        self.label = f"done: {label}"
        # nbval compares what is displayed first; tqdm replaces it at once.
        self.handle = display(self._bundle(self.label), raw=True, display_id=True)

    def write(self, text):
        """Show the text; once tqdm has wiped its bar, that it is done."""
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


def _set_rates(optimizer, starts, share):
    for group, start in zip(optimizer.param_groups, starts, strict=True):
        group["lr"] = share * start


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
