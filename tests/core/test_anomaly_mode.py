"""Anomaly mode: which line recorded what failed, and where nan began."""

import pytest

import mytorch


def test_anomaly_mode_shows_both_lines():
    with mytorch.autograd.detect_anomaly():
        y = mytorch.ones(2, requires_grad=True) * 2
        z = y.exp()  # the line that recorded
        z.add_(1)
        with pytest.raises(
            RuntimeError, match=r"(?s)inplace operation.*z = y.exp\(\)  # the line that recorded"
        ) as caught:
            z.sum().backward()  # the line that went back
    assert "z.sum().backward()  # the line that went back" in str(caught.getrepr())
    mytorch.ones(2, requires_grad=True).exp().sum().backward()  # off again


def test_anomaly_mode_finds_nan():
    x = mytorch.tensor([0.0], requires_grad=True)
    with mytorch.autograd.detect_anomaly():
        y = mytorch.sqrt(x) * 0  # here is the culprit
        with pytest.raises(
            RuntimeError,
            match=r"(?s)SqrtBackward0.* returned nan values in its 0th output.*here is the culprit",
        ):
            y.backward()
    with mytorch.autograd.detect_anomaly(check_nan=False):
        (mytorch.sqrt(x) * 0).backward()
    assert mytorch.isnan(x.grad).all()


def test_set_detect_anomaly():
    assert not mytorch.is_anomaly_enabled()
    mytorch.autograd.set_detect_anomaly(True)
    assert mytorch.is_anomaly_enabled()
    mytorch.autograd.set_detect_anomaly(False)
    with mytorch.autograd.set_detect_anomaly(True):
        assert mytorch.is_anomaly_check_nan_enabled()
    assert not mytorch.is_anomaly_enabled()


def test_anomaly_mode_shows_the_line_of_an_error_in_a_user_function():
    class Bad(mytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise RuntimeError("broken")

    with mytorch.autograd.detect_anomaly():
        y = Bad.apply(mytorch.ones(1, requires_grad=True))  # made here
        with pytest.raises(RuntimeError, match=r"(?s)broken.*made here"):
            y.backward()
