"""What the checks of the assignments are made of.

A check compares an answer with the truth and, where they differ, says what the likely
mistake is. All raise AssertionError, so that a check cell fails as with `assert`.
"""

import os
from numbers import Real

import torch


def close(answer, expected, name, mistakes=None, tolerance=1e-4):
    """Check that an answer is a tensor of the expected shape and numbers.

    Parameters
    ----------
    answer : tensor
        What the student's code gave.
    expected : tensor or nested list of numbers
        The truth, of any shape.
    name : str
        What was computed, for the message: "corr2d(x, w)".
    mistakes : dict of str to tensor, optional
        Wrong answers worth knowing, by what to say about each.
    tolerance : float
        Largest difference that counts as none, absolute and relative.

    Raises
    ------
    AssertionError
        The answer is no tensor, or has another shape, or other numbers.
    """
    expected = torch.as_tensor(expected).double()
    if not isinstance(answer, torch.Tensor):
        raise AssertionError(
            f"{name} gave {_say(answer)}, but a tensor of shape "
            f"{_shape(expected)} was expected."
        )
    answer = answer.detach().double()
    if _near(answer, expected, tolerance):
        return
    for explanation, wrong in (mistakes or {}).items():
        if _near(answer, torch.as_tensor(wrong).double(), tolerance):
            raise AssertionError(f"{name}: {explanation}")
    if answer.shape != expected.shape:
        raise AssertionError(
            f"{name} has the shape {_shape(answer)}, but {_shape(expected)} was "
            "expected."
        )
    raise AssertionError(_differs(name, answer, expected, tolerance))


def equal(answer, expected, name, mistakes=None):
    """Check that an answer is exactly the expected plain value.

    Parameters
    ----------
    answer : int, str, bool, None, or tuples, lists and dicts of them
        What the student's code gave. True is not taken for 1; a tuple may stand for a
        list; 28.0 is not taken for 28, since the notion is that of whole numbers.
    expected : the same kinds
        The truth.
    name : str
        What was computed, for the message.
    mistakes : dict of str to value, optional
        Wrong answers worth knowing, by what to say about each.

    Raises
    ------
    AssertionError
        The answer is another one.
    """
    if _same(answer, expected):
        return
    for explanation, wrong in (mistakes or {}).items():
        if _same(answer, wrong):
            raise AssertionError(f"{name}: {explanation}")
    raise AssertionError(f"{name} gave {_say(answer)}, but {expected!r} was expected.")


def number(answer, name):
    """An answer as a float.

    Raises
    ------
    AssertionError
        The answer is neither a number nor a tensor of one number.
    """
    if isinstance(answer, torch.Tensor) and answer.numel() == 1:
        return float(answer)
    if isinstance(answer, Real) and not isinstance(answer, bool):
        return float(answer)
    raise AssertionError(f"{name} gave {_say(answer)}, but a number was expected.")


def seed():
    """The seed of random inputs: the instructor's when graded, else 0.

    Graders set it as the environment variable GRADING_SEED.
    """
    return int(os.environ.get("GRADING_SEED", "0"))


def generator():
    """A torch.Generator made from `seed()`, for the random inputs of a check."""
    return torch.Generator().manual_seed(seed())


def _near(answer, expected, tolerance):
    return answer.shape == expected.shape and torch.allclose(
        answer, expected, rtol=tolerance, atol=tolerance
    )


def _differs(name, answer, expected, tolerance):
    if answer.dim() == 0:
        given, wanted = answer.item(), expected.item()
        return f"{name} gave {given:.6g}, but {wanted:.6g} was expected."
    wrong = ~torch.isclose(answer, expected, rtol=tolerance, atol=tolerance)
    place = tuple(wrong.nonzero()[0].tolist())
    return (
        f"{name} has the right shape, but {int(wrong.sum())} of {wrong.numel()} "
        f"numbers differ. The first is at {list(place)}: {answer[place].item():.6g} "
        f"instead of {expected[place].item():.6g}."
    )


def _same(answer, expected):
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(answer, (list, tuple))
            and len(answer) == len(expected)
            and all(map(_same, answer, expected))
        )
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == expected.keys()
            and all(_same(answer[key], expected[key]) for key in expected)
        )
    return type(answer) is type(expected) and answer == expected


def _shape(tensor):
    return tuple(tensor.shape)


def _say(value):
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {_shape(value)}"
    text = repr(value)
    return f"{type(value).__name__} {text[:60]}" if text != "None" else "None"
