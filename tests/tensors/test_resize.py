"""Resizing in place."""

import pytest

import mytorch
from tests.referee import torch


def test_resizing_shares_memory_and_keeps_to_constants():
    for m in (mytorch, torch):
        x = m.arange(6.0)
        y = x.view(2, 3).resize_(2)
        y.fill_(7)
        assert x.tolist() == [7, 7, 2, 3, 4, 5] and tuple(y.shape) == (2,)
        with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
            m.zeros(2, requires_grad=True).resize_(3)
