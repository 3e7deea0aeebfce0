"""The taught layers against PyTorch, with lopsided kernels."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnbook.layers import (
    corr2d,
    corr2d_multi_in_out,
    count_zeros,
    deep_network,
    digit_network,
    gradient_norms,
    like_tanh,
    pool2d,
    strided_network,
    vehicle_network,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_corr2d_agrees_with_conv2d(data):
    h, w = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    kh, kw = data.draw(st.integers(1, h)), data.draw(st.integers(1, w))
    torch.manual_seed(data.draw(st.integers(0, 10**6)))
    x, kernel = torch.randn(h, w), torch.randn(kh, kw)
    expected = F.conv2d(x[None, None], kernel[None, None])[0, 0]
    torch.testing.assert_close(corr2d(x, kernel), expected, atol=1e-5, rtol=1e-5)


def test_corr2d_does_not_turn_the_kernel():
    point = torch.zeros(3, 3)
    point[1, 1] = 1
    kernel = torch.tensor([[1.0, 2], [3, 4]])
    assert corr2d(point, kernel).tolist() == [[4, 3], [2, 1]]


def test_corr2d_refuses_a_kernel_that_does_not_fit():
    with pytest.raises(RuntimeError):
        corr2d(torch.zeros(2, 2), torch.zeros(5, 5))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_pool2d_agrees_with_pytorch(data):
    h, w = data.draw(st.integers(1, 11)), data.draw(st.integers(1, 11))
    window, stride = data.draw(st.integers(1, min(h, w))), data.draw(st.integers(1, 6))
    torch.manual_seed(data.draw(st.integers(0, 10**6)))
    x = torch.randn(h, w)
    pools = {"max": F.max_pool2d, "average": F.avg_pool2d}
    for kind, pool in pools.items():
        expected = pool(x[None], window, stride)[0]
        torch.testing.assert_close(pool2d(x, window, stride, kind), expected)


def test_pool2d_takes_the_mean_and_the_largest():
    x = torch.tensor([[-1.0, -2, 5], [-4, -9, 0]])
    assert pool2d(x, 2, 1, "max").tolist() == [[-1, 5]]
    assert pool2d(x, 2, 1, "average").tolist() == [[-4, -1.5]]
    assert pool2d(x, 1, 2, "max").tolist() == [[-1, 5]]


def test_pool2d_refuses_what_makes_no_pooling():
    with pytest.raises(ValueError, match="'max' or 'average', got 'mean'"):
        pool2d(torch.zeros(4, 4), 2, 2, "mean")
    with pytest.raises(ValueError, match=r"\(4, 2\) has no room for a window of 3"):
        pool2d(torch.zeros(4, 2), 3, 1, "max")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_corr2d_multi_in_out_agrees_with_conv2d(data):
    h, w = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 7))
    kh, kw = data.draw(st.integers(1, h)), data.draw(st.integers(1, w))
    channels, filters = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    torch.manual_seed(data.draw(st.integers(0, 10**6)))
    x, bias = torch.randn(channels, h, w), torch.randn(filters)
    kernels = torch.randn(filters, channels, kh, kw)
    expected = F.conv2d(x[None], kernels, bias)[0]
    found = corr2d_multi_in_out(x, kernels, bias)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_corr2d_multi_in_out_sums_the_channels_into_one_map():
    x = torch.tensor([[[1.0]], [[10.0]], [[100.0]]])
    w = torch.tensor([2.0, 3, 4]).reshape(1, 3, 1, 1)
    assert corr2d_multi_in_out(x, w, torch.tensor([5.0])).tolist() == [[[437]]]


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_corr2d_multi_in_out_refuses_filters_of_another_depth(depth):
    x, w = torch.zeros(3, 4, 4), torch.zeros(2, depth, 2, 2)
    message = f"x has 3 channels, the filters have {depth}"
    with pytest.raises(ValueError, match=message):
        corr2d_multi_in_out(x, w, torch.zeros(2))


STARTS = {"default": 3**-0.5, "Xavier": 1, "He": 2**0.5, "batch norm": 3**-0.5}


@pytest.mark.parametrize(("start", "spread"), STARTS.items())
def test_deep_network_has_the_layers_and_the_spread_it_says(start, spread):
    torch.manual_seed(0)
    model = deep_network(nn.Tanh, start, depth=12, width=32)
    dense = [layer for layer in model if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in dense] == [784] + [32] * 11
    assert [layer.out_features for layer in dense] == [32] * 11 + [10]
    assert sum(isinstance(layer, nn.Tanh) for layer in model) == 11
    normalized = sum(isinstance(layer, nn.BatchNorm1d) for layer in model)
    assert normalized == (11 if start == "batch norm" else 0)
    weights = torch.cat([layer.weight for layer in dense[1:-1]])
    assert weights.std().item() == pytest.approx(spread / 32**0.5, rel=0.02)
    assert any(layer.bias.any() for layer in dense) == (start not in {"Xavier", "He"})
    assert model(torch.rand(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize("depth", [2, 3, 8])
def test_like_tanh_computes_what_tanh_would(depth):
    x = torch.rand(5, 1, 28, 28).double()
    torch.manual_seed(depth)
    of_tanh = deep_network(nn.Tanh, "Xavier", depth).double()
    torch.manual_seed(depth)
    of_sigmoid = like_tanh(deep_network(nn.Sigmoid, "Xavier", depth).double())
    torch.testing.assert_close(of_sigmoid(x), of_tanh(x))


def test_gradient_norms_are_those_of_backward():
    torch.manual_seed(0)
    model = strided_network(nn.ReLU)
    x, labels = torch.rand(6, 1, 28, 28), torch.arange(6)
    F.cross_entropy(model(x), labels).backward()
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    expected = [p.grad.square().sum().sqrt().item() for p in weights]
    assert gradient_norms(model, x, labels) == pytest.approx(expected)
    deep = deep_network(nn.ReLU, "batch norm")
    assert len(gradient_norms(deep, x, labels)) == 20  # none of the normalization


@pytest.mark.parametrize("activation", [nn.ReLU, nn.LeakyReLU])
def test_count_zeros_counts_the_units_that_are_never_positive(activation):
    torch.manual_seed(0)
    model = strided_network(activation)
    model[0].bias.data[[2, 5]] = -1e3
    model[5].bias.data[7] = -1e3
    x = torch.rand(20, 1, 28, 28)
    share, dead = count_zeros(model, x)
    zeros = [model[: i + 1](x).flatten() <= 0 for i in (1, 3, 6)]
    assert share == pytest.approx(torch.cat(zeros).double().mean().item())
    for i, count in zip((1, 3, 6), dead, strict=True):
        alive = (model[: i + 1](x) > 0).transpose(0, 1).flatten(1).any(1)
        assert count == (~alive).sum()
    assert dead[0] >= 2
    assert dead[2] >= 1


def test_a_zero_is_not_a_dead_unit():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    model[0].weight.data = torch.tensor([[1.0, 0], [-1, 0], [0, 0]])
    model[0].bias.data = torch.tensor([0.0, 0, -1])
    share, dead = count_zeros(model, torch.tensor([[1.0, 0], [-1, 0]]))
    assert share == pytest.approx(4 / 6)
    assert dead == [1]


def shapes(model, x):
    """The sizes of what the layers of a model give, without the examples."""
    found = []
    for layer in model:
        x = layer(x)
        found.append(tuple(x.shape[1:]))
    return found


def test_digit_network_is_that_of_the_figure():
    model = digit_network()
    first = [(12, 24, 24), (12, 24, 24), (12, 12, 12)]
    second = [(24, 8, 8), (24, 8, 8), (24, 4, 4)]
    dense = [(384,), (32,), (32,), (32,), (10,)]
    assert shapes(model, torch.rand(2, 1, 28, 28)) == first + second + dense
    kinds = [type(layer) for layer in model]
    block = [nn.Conv2d, nn.ReLU, nn.MaxPool2d]
    head = [nn.Flatten, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert kinds == block * 2 + head
    weights = sum(p.numel() for p in model.parameters())
    assert weights == 20_186
    assert 4 * weights < 100_000  # 3 bytes each, 4 letters of base64


@pytest.mark.parametrize("classes", [6, 10])
def test_vehicle_network_is_that_of_the_figure(classes):
    torch.manual_seed(0)
    model = vehicle_network(classes)
    found = shapes(model, torch.rand(2, 3, 32, 32))
    assert found[4::5] == [(8, 16, 16), (16, 8, 8), (32, 4, 4)]
    assert found[:4] == [(8, 32, 32)] * 4
    assert found[-1] == (classes,)
    kinds = [type(layer) for layer in model]
    block = [nn.Conv2d, nn.ReLU, nn.Conv2d, nn.ReLU, nn.MaxPool2d]
    assert kinds == block * 3 + [nn.Flatten, nn.Linear]
    if classes == 6:
        assert sum(p.numel() for p in model.parameters()) == 21_262
    for layer in model[2:15:2]:  # as wide as suits ReLU (chapter 8)
        if isinstance(layer, nn.Conv2d):
            wanted = (2 / (layer.in_channels * 9)) ** 0.5
            assert layer.weight.std().item() == pytest.approx(wanted, rel=0.1)
