"""Indices of triangles, against PyTorch."""

import pytest

from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def test_indices_of_triangles():
    for row, col, offset in [(3, 3, 0), (3, 4, 1), (4, 2, -1), (0, 3, 0), (3, 0, 0), (2, 2, 9), (2, 2, -9)]:
        agree(
            lambda m: (m.tril_indices(row, col, offset), m.triu_indices(row, col, offset=offset)),
            [],
            f"{row} {col} {offset}",
        )
