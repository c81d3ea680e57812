"""Joins of tensors of several dtypes, against PyTorch."""

import pytest

from tests.draws import numbers
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def test_joins_of_several_dtypes():
    kinds = ["float32", "float64", "int64", "uint8", "bool", "float16"]
    for a in kinds:
        for b in kinds:
            agree(
                lambda m, x, y: (m.cat([x, y]), m.stack([x, y]), m.hstack([x, y])),
                [numbers((3,), a), numbers((3,), b)],
                f"{a} {b}",
            )
