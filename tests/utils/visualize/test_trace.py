"""Which module recorded what."""

import re

import pytest

import mytorch
from mytorch import nn
from mytorch.utils.visualize import Trace


def test_trace_knows_the_calls(traced):
    model, trace, loss = traced
    assert [str(call) for call in trace.calls] == ["Residual", "lin: Linear", "lin: Linear (call 2)"]
    assert [call.depth for call in trace.calls] == [0, 1, 1]
    assert trace.place(loss.grad_fn) is None
    assert trace.place(model(mytorch.ones(1, 3)).grad_fn) is None, "after the block nothing is traced"
    assert not model._forward_hooks and not model.lin._forward_pre_hooks


def test_trace_survives_an_error():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 3))
    with pytest.raises(RuntimeError, match=re.escape("in 1 Linear")), Trace(model):
        model(mytorch.ones(1, 2))
    with Trace(model) as trace:
        with pytest.raises(RuntimeError):
            model(mytorch.ones(1, 2))
        y = model[0](mytorch.ones(1, 2))
        z = y * 2
    assert str(trace.place(y.grad_fn)) == "0: Linear (call 2)"
    assert trace.place(z.grad_fn) is None
    assert not model[1]._forward_hooks
