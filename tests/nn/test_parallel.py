"""Data parallelism on one device."""

import pytest

import mytorch
from tests.referee import torch


def test_data_parallel():
    net = mytorch.nn.Linear(3, 2)
    wrapped = mytorch.nn.DataParallel(net)
    x = mytorch.rand(4, 3)
    assert (wrapped(x) == net(x)).all() and (mytorch.nn.parallel.data_parallel(net, x) == net(x)).all()
    assert list(wrapped.state_dict()) == list(torch.nn.DataParallel(torch.nn.Linear(3, 2)).state_dict())
    with pytest.raises(ValueError, match="process group"):
        mytorch.nn.parallel.DistributedDataParallel(net)
