"""One-hot vectors, against PyTorch."""

import numpy as np
import pytest

from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def test_one_hot():
    for x, n in [
        ([0, 2, 1], -1),
        ([[0, 1], [3, 2]], 5),
        ([], 3),
        ([], -1),
        ([0, 3], 2),
        ([-1], 4),
        (2, -1),
        ([0], 0),
    ]:
        agree(lambda m, x: m.nn.functional.one_hot(x, n), [np.array(x, "int64")], f"{x} {n}")
    agree(lambda m, x: m.nn.functional.one_hot(x), [np.array([1], "int32")])
