"""Synchronized batch norm."""

import numpy as np
import pytest

import mytorch


def test_synchronized_batch_norm_is_batch_norm_on_one_process():
    nn = mytorch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm2d(2, affine=False))
    )
    x = mytorch.randn(4, 1, 3, 3)
    before = model(x)
    keys = list(model.state_dict())
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert (
        list(converted.state_dict()) == keys
        and type(converted[1]) is nn.SyncBatchNorm
        and type(converted[2][0]) is nn.SyncBatchNorm
    )
    np.testing.assert_allclose(converted(x).detach().array, before.detach().array, atol=1e-6)
    assert type(nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(3))) is nn.SyncBatchNorm
    with pytest.raises(ValueError, match="at least 2D"):
        nn.SyncBatchNorm(3)(mytorch.ones(3))
