"""Several tensors as one flat one and back."""

import mytorch
from mytorch import _utils


def test_flat_tensors():
    parts = [mytorch.ones(2, 3), mytorch.zeros(()), mytorch.arange(4.0)]
    flat = _utils._flatten_dense_tensors(parts)
    back = _utils._unflatten_dense_tensors(flat, parts)
    assert flat.shape == (11,) and all(mytorch.equal(a, b) for a, b in zip(parts, back))
    back[0].zero_()
    assert flat[0] == 0  # views
