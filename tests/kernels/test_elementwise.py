"""The elementwise kernels against their definitions in NumPy."""

import numpy as np
import pytest

from mytorch.kernels import elementwise
from mytorch.ops.activation import scaled_down

LAYOUTS = {
    "contiguous": lambda x: x,
    "channels last": lambda x: x.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    "reversed": lambda x: x[:, ::-1],
}


@pytest.mark.parametrize("first", LAYOUTS)
@pytest.mark.parametrize("second", LAYOUTS)
@pytest.mark.parametrize("size", [7, 500])  # one block, several
def test_blocks_give_what_the_whole_gives(first, second, size):
    rng = np.random.default_rng(0)
    shape = (size, 30, 17)
    x, y = (LAYOUTS[k](rng.standard_normal(shape).astype("float32")) for k in (first, second))
    condition = LAYOUTS[second](rng.random(shape) > 0.5)
    cases = [
        (elementwise.in_blocks(lambda a, b: a * b + 1, x, y), x * y + 1),
        (elementwise.keep(x, condition), np.where(condition, x, np.float32(0))),
        (elementwise.choose(condition, x, y), np.where(condition, x, y)),
        (elementwise.choose(condition, x, 2.5), np.where(condition, x, np.float32(2.5))),
        (scaled_down(x, condition, factor=0.2), np.where(condition, x, x * np.float32(0.2))),
        (elementwise.choose(condition, -1.5, y), np.where(condition, np.float32(-1.5), y)),
    ]
    for found, expected in cases:
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


def test_blocks_keep_the_layout_of_the_first_array():
    x = np.zeros((300, 30, 40), "float32").transpose(2, 0, 1)
    assert elementwise.in_blocks(lambda a: a + 1, x).strides == x.strides
