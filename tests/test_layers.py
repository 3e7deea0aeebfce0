"""The taught layers against PyTorch, with lopsided kernels."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbook.layers import corr2d


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
