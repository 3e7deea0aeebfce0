"""What the checks of the assignments say, to right answers and to wrong ones."""

import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cnnbook import checks, data
from cnnbook.layers import digit_network

EXERCISES = Path(__file__).parent.parent / "exercises"
PICTURE = (1, 28, 28)


def said(check, *arguments, **options):
    """What a check says to a wrong answer."""
    with pytest.raises(AssertionError) as caught:
        check(*arguments, **options)
    return str(caught.value)


# Tensors


@pytest.mark.parametrize(
    "answer",
    [
        torch.tensor([[1.0, 2.0]]),
        torch.tensor([[1.0, 2.0]], dtype=torch.float64, requires_grad=True),
        torch.tensor([[1, 2]]),
        torch.tensor([[1.00005, 2.0]]),
    ],
)
def test_close_takes_what_is_close(answer):
    checks.close(answer, [[1, 2]], "f(x)")


@pytest.mark.parametrize("answer", [None, 3.0, [[1.0, 2.0]], np.ones((1, 2))])
def test_close_wants_a_tensor(answer):
    message = said(checks.close, answer, [[1, 2]], "f(x)")
    assert message.startswith("f(x) gave ")
    assert message.endswith("but a tensor of shape (1, 2) was expected.")
    assert ("None" if answer is None else type(answer).__name__) in message


def test_close_tells_the_shape():
    message = said(checks.close, torch.ones(2), torch.ones(2, 1), "f(x)")
    assert message == "f(x) has the shape (2,), but (2, 1) was expected."


def test_close_tells_how_many_differ_and_where():
    message = said(
        checks.close, torch.tensor([[1.0, 2], [3, 5]]), [[1, 2], [4, 4]], "f"
    )
    assert "2 of 4 numbers differ" in message
    assert "The first is at [1, 0]: 3 instead of 4." in message


def test_close_of_one_number():
    message = said(checks.close, torch.tensor(1.5), 2, "f(x)")
    assert message == "f(x) gave 1.5, but 2 was expected."


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_close_takes_no_nan(number):
    assert f"{number}" in said(checks.close, torch.tensor([number]), [1.0], "f(x)")


def test_close_names_the_mistake():
    x = torch.tensor([[1.0, 2.0, 3.0]])
    mistakes = {"rows and columns are exchanged": x.T, "the sign is wrong": -x}
    message = said(checks.close, x.T, x, "f(x)", mistakes)
    assert message == "f(x): rows and columns are exchanged"
    assert said(checks.close, -x, x, "f(x)", mistakes) == "f(x): the sign is wrong"
    assert "3 of 3" in said(checks.close, x + 9, x, "f(x)", mistakes)
    checks.close(x, x, "f(x)", {"this is right, not a mistake": x})


def test_close_within_a_tolerance():
    answer = torch.tensor([1.05])
    checks.close(answer, [1.0], "f(x)", tolerance=0.1)
    assert "1 of 1" in said(checks.close, answer, [1.0], "f(x)", tolerance=0.01)


# Plain values


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (3, 3),
        (None, None),
        ("same", "same"),
        ((1, 2), [1, 2]),
        ([(1, 2), {"a": [3]}], [[1, 2], {"a": (3,)}]),
        (torch.Size([2, 3]), (2, 3)),
        (np.int64(3), 3),
        ([torch.tensor(3), np.float64(0.5)], [3, 0.5]),
    ],
)
def test_equal_takes_the_same(answer, expected):
    checks.equal(answer, expected, "f(x)")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (True, 1),
        (1, True),
        (28.0, 28),
        (torch.tensor(3.0), 3),
        (torch.tensor([3]), 3),
        (np.bool_(True), 1),
        ("3", 3),
        (None, 0),
        ((1,), [1, 2]),
        ([1, 2.0], [1, 2]),
        ([2, 1], [1, 2]),
        ({1, 2}, [1, 2]),
        ({"a": 1}, {"a": 2}),
        ({"a": 1, "b": 1}, {"a": 1}),
        ([1], {"a": 1}),
    ],
)
def test_equal_refuses_the_like(answer, expected):
    message = said(checks.equal, answer, expected, "f(x)")
    assert message.startswith("f(x) gave ")
    assert message.endswith(f"but {expected!r} was expected.")


def test_equal_tells_the_type_and_cuts_what_is_long():
    assert "gave float 28.0," in said(checks.equal, 28.0, 28, "f(x)")
    assert "gave None," in said(checks.equal, None, 28, "f(x)")
    assert "a tensor of shape (2, 3)" in said(checks.equal, torch.ones(2, 3), 28, "f")
    assert len(said(checks.equal, "a" * 10_000, 28, "f(x)")) < 200


def test_equal_names_the_mistake():
    mistakes = {"a number is missing": [1], "it should be whole": [1.0, 2.0]}
    message = said(checks.equal, (1.0, 2.0), [1, 2], "f(x)", mistakes)
    assert message == "f(x): it should be whole"
    assert said(checks.equal, [1], [1, 2], "f(x)", mistakes).endswith("missing")


@pytest.mark.parametrize(
    "answer", [2.5, np.float32(2.5), torch.tensor(2.5), torch.tensor([[2.5]])]
)
def test_number(answer):
    found = checks.number(answer, "f(x)")
    assert (type(found), found) == (float, 2.5)


@pytest.mark.parametrize(
    "answer", [None, True, "2.5", [2.5], 1 + 2j, torch.tensor([1.0, 2.0])]
)
def test_number_wants_a_number(answer):
    message = said(checks.number, answer, "f(x)")
    assert message.startswith("f(x) gave ")
    assert message.endswith("but a number was expected.")


# Random inputs


def test_seed_is_the_graders(monkeypatch):
    monkeypatch.delenv("GRADING_SEED", raising=False)
    assert checks.seed() == 0
    usual = torch.rand(3, generator=checks.generator())
    assert torch.equal(usual, torch.rand(3, generator=checks.generator()))
    monkeypatch.setenv("GRADING_SEED", "71")
    assert checks.seed() == 71
    assert not torch.equal(usual, torch.rand(3, generator=checks.generator()))


# The digits for grading


def test_held_out_digits(monkeypatch):
    monkeypatch.setenv("GRADING_DATA", str(EXERCISES))
    images, labels = checks.held_out_digits()
    assert (images.shape, images.dtype) == ((1000, 1, 28, 28), torch.float32)
    assert (labels.shape, labels.dtype) == ((1000,), torch.int64)
    assert (images.min(), images.max()) == (0, 1)
    assert labels.bincount().min() > 70


def test_held_out_digits_are_not_bundled(monkeypatch):
    monkeypatch.setenv("GRADING_DATA", str(EXERCISES))
    images, _ = checks.held_out_digits()
    held_out = {each.tobytes() for each in (255 * images).round().byte().numpy()}
    assert len(held_out) == 1000
    for train in (True, False):
        bundled = data.mnist(train=train)[0].numpy()
        assert not held_out & {each.tobytes() for each in bundled}


@pytest.mark.parametrize("folder", [None, "", "elsewhere"])
def test_held_out_digits_are_only_for_grading(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADING_DATA", raising=False)
    if folder is not None:
        monkeypatch.setenv("GRADING_DATA", folder)
    where = "there is none in elsewhere" if folder else "it is not set"
    with pytest.raises(FileNotFoundError, match=f"GRADING_DATA .* {where}"):
        checks.held_out_digits()


def test_held_out_digits_are_bundled_again(monkeypatch, tmp_path):
    from scripts import bundle_digits, bundle_held_out

    try:
        arrays = bundle_held_out.held_out_digits()
    except FileNotFoundError:
        pytest.skip("CNNBOOK_DATA names no folder with the whole of MNIST")
    bundle_digits.write(tmp_path / "again.npz", arrays)
    again = (tmp_path / "again.npz").read_bytes()
    assert again == bundle_held_out.HELD_OUT.read_bytes()


# Networks built again


class Handle:
    """A stand-in for an object in another process: attributes, items, calls, str."""

    def __init__(self, value):
        self.__value = value

    def __getattr__(self, name):
        return _crossed(getattr(self.__value, name))

    def __getitem__(self, key):
        return _crossed(self.__value[key])

    def __call__(self, *arguments):
        return _crossed(self.__value(*arguments))

    def __iter__(self):
        return map(_crossed, self.__value)

    def __len__(self):
        return len(self.__value)

    def __str__(self):
        return str(self.__value)


def _crossed(value):
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _crossed(each) for key, each in value.items()}
    plain = value is None or type(value) in (bool, int, float, str, tuple)
    return value if plain else Handle(value)


def all_layers():
    """A network in which every layer stands that is allowed, with odd settings."""
    head = OrderedDict(
        dense=nn.Linear(8, 6, bias=False),
        norm=nn.BatchNorm1d(6, affine=False),
        rectifier=nn.LeakyReLU(0.3),
        dropout=nn.Dropout(0.4),
    )
    return nn.Sequential(
        nn.Conv2d(1, 4, (3, 5), stride=(1, 2), padding=(2, 1), padding_mode="circular"),
        nn.BatchNorm2d(4, eps=0.1, momentum=None),
        nn.ReLU(inplace=True),
        nn.Sequential(
            nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
            nn.Sequential(nn.Conv2d(4, 8, 3, padding="same", dilation=2, groups=2)),
            nn.Dropout2d(0.2),
        ),
        nn.AvgPool2d(2, padding=1, count_include_pad=False),
        nn.AdaptiveAvgPool2d((1, None)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Sequential(head),
    )


@pytest.mark.parametrize("seen", [nn.Sequential, Handle])
@pytest.mark.parametrize("build", [digit_network, all_layers])
def test_rebuilt_networks_compute_the_same(build, seen):
    torch.manual_seed(0)
    model, x = build(), torch.rand(5, *PICTURE)
    model(x)  # batch normalization takes note
    copy = checks.rebuild(seen(model), PICTURE)
    assert torch.equal(copy(x), model.eval()(x))
    assert not any(layer.training for layer in copy)
    assert not any(isinstance(layer, nn.Sequential) for layer in copy)
    pairs = zip(copy.parameters(), model.parameters(), strict=True)
    assert all(torch.equal(own, theirs) for own, theirs in pairs)


def test_a_copy_shares_nothing_and_can_learn():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
    copy = checks.rebuild(model)
    with torch.no_grad():
        copy[1].weight.zero_()
    assert model[1].weight.any()
    copy(torch.rand(1, *PICTURE)).sum().backward()
    assert copy[1].weight.grad is not None


def test_double_precision_becomes_single():
    copy = checks.rebuild(nn.Sequential(nn.Linear(3, 2)).double())
    assert copy[0].weight.dtype == torch.float32


def test_lazy_layers_once_they_have_met_a_picture():
    model = nn.Sequential(nn.Flatten(), nn.LazyLinear(4))
    assert "layer 1 is LazyLinear; allowed are " in said(checks.rebuild, model, PICTURE)
    model(torch.rand(1, *PICTURE))
    assert checks.rebuild(model, PICTURE)[1].in_features == 784


@pytest.mark.parametrize(
    ("model", "got"),
    [(None, "None"), (nn.Linear(2, 2), "Linear"), ([nn.ReLU()], "[ReLU")],
)
def test_only_sequential_is_rebuilt(model, got):
    wanted = f"an nn.Sequential was expected, got {got}"
    assert said(checks.rebuild, model).startswith(wanted)


class Own(nn.Linear):
    """A layer of a student's own."""


@pytest.mark.parametrize(
    ("layer", "name"), [(nn.Softmax(1), "Softmax"), (Own(784, 2), "Own")]
)
def test_other_layers_are_named(layer, name):
    model = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Dropout(), layer))
    message = said(checks.rebuild, Handle(model), PICTURE)
    assert message.startswith(f"layer 1.1 is {name}; allowed are Conv2d, Linear,")


def test_a_layer_twice():
    convolution = nn.Conv2d(4, 4, 3)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), convolution, nn.ReLU(), convolution)
    message = said(checks.rebuild, model, PICTURE)
    assert "has 188 weights, but its layers one by one 336" in message


def test_weights_of_its_own():
    class Sequential(nn.Sequential):
        def __init__(self, *layers):
            super().__init__(*layers)
            self.scale = nn.Parameter(torch.ones(7))

    message = said(checks.rebuild, Sequential(nn.Flatten(), nn.Linear(784, 10)))
    assert "has 7,857 weights, but its layers one by one 7,850" in message


def test_a_network_that_says_it_is_small():
    class Sequential(nn.Sequential):
        def parameters(self, recurse=True):
            return iter([torch.zeros(9000)])

    message = said(checks.rebuild, Sequential(*digit_network()), PICTURE)
    assert "has 9,000 weights, but its layers one by one 20,186" in message


def test_layers_that_do_not_fit():
    model = digit_network()
    model[7] = nn.Linear(24 * 5 * 5, 32)
    message = said(checks.rebuild, model, PICTURE)
    wanted = "layer 7, Linear, gets (384,) of one picture and does not fit: "
    assert message.startswith(wanted)


def test_sizes_that_are_not_those_of_the_weights():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    model[1].in_features = 10**12  # no machine has the memory
    message = said(checks.rebuild, model)
    assert (
        "weight of layer 1, Linear, should be a tensor of shape (10, 10000" in message
    )
    assert message.endswith("but is a tensor of shape (10, 784)")


def test_settings_that_are_no_numbers():
    model = nn.Sequential(nn.Dropout(0.5))
    model[0].p = nn.ReLU()
    message = said(checks.rebuild, Handle(model))
    assert message.startswith("layer 0, Dropout: p should be a number")


def test_tensors_that_a_layer_does_not_have():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    model[1].register_buffer("lookup", torch.ones(3))
    message = said(checks.rebuild, model)
    assert re.search("should hold weight, bias, but holds .*lookup", message)


def test_pictures_must_not_grow_without_bound():
    model = nn.Sequential(nn.Conv2d(1, 1, 3, padding=600), nn.ReLU())
    message = said(checks.rebuild, model, PICTURE)
    assert "makes more than 1,000,000 numbers" in message


def test_so_many_layers_and_no_more():
    assert len(checks.rebuild(nn.Sequential(*(nn.ReLU() for _ in range(100))))) == 100
    many = nn.Sequential(*(nn.Sequential(nn.ReLU(), nn.ReLU()) for _ in range(51)))
    assert said(checks.rebuild, many) == "the network has more than 100 layers"


def test_a_network_within_itself():
    model = nn.Sequential(nn.ReLU())
    model._modules["1"] = model  # its description does not end either
    with pytest.raises((AssertionError, RecursionError)):
        checks.rebuild(model)
