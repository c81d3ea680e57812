"""Orders with ties, nan and infinities, and searches in them, against PyTorch."""

import numpy as np
import pytest

from tests.draws import draws
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

TIES = np.array([[3, 1, 3, 1, 2, 3], [0, 0, 0, 0, 0, 0], [1, 2, 3, 3, 2, 1]], "float32")

ORDERS = {
    "stable": lambda m, x: m.sort(x, dim=-1, stable=True),
    "stable descending": lambda m, x: m.sort(x, dim=-1, descending=True, stable=True),
    "argsort stable": lambda m, x: m.argsort(x, dim=0, stable=True),
    "topk values": lambda m, x: m.topk(x, 3).values,
    "topk smallest": lambda m, x: m.topk(x, 4, largest=False).values,
    "kthvalue values": lambda m, x: m.kthvalue(x, 3).values,
    "unique": lambda m, x: m.unique(x),
    "unique all": lambda m, x: m.unique(x, sorted=True, return_inverse=True, return_counts=True),
    "unique inverse": lambda m, x: x.unique(return_inverse=True),
    "unique dim": lambda m, x: m.unique(x, dim=0, return_inverse=True, return_counts=True),
    "unique dim 1": lambda m, x: m.unique(x, dim=1, return_counts=True),
    "unique_consecutive": lambda m, x: m.unique_consecutive(x),
    "unique_consecutive all": lambda m, x: x.unique_consecutive(return_inverse=True, return_counts=True),
    "unique_consecutive dim": lambda m, x: m.unique_consecutive(
        x, dim=1, return_inverse=True, return_counts=True
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_order_with_ties_nan_and_infinities(name):
    odd = np.array([[np.nan, 1, np.inf, -np.inf, 0, np.nan], [2, np.nan, -1, 5, 5, 0]], "float32")
    for x in (TIES, odd, TIES.astype("int64"), TIES.astype("uint8"), odd[:, :0], TIES > 1):
        if x is odd and "dim" in name:
            continue  # the order of slices with NaN is anyone's
        agree(ORDERS[name], [x], f"{name} {x.dtype}{x.shape}", gradient=False)


def test_searchsorted():
    rows = np.sort(draws(0).integers(0, 9, (2, 5)).astype("float32"), 1)
    for values in (
        np.float32(3),
        np.array([0, 3, 9], "float32"),
        np.array([[0, 3, 9], [4, 4, 5]], "float32"),
    ):
        for right in (False, True):
            agree(
                lambda m, b, v: m.searchsorted(b, v, right=right),
                [rows[0], values],
                f"{values} {right}",
                gradient=False,
            )
            agree(
                lambda m, b, v: m.searchsorted(b, v, right=right, out_int32=True),
                [rows, values],
                f"{values} {right}",
                gradient=False,
            )
            agree(
                lambda m, b, v: m.bucketize(v, b, right=right),
                [rows[0], values],
                f"{values} {right}",
                gradient=False,
            )
    agree(lambda m, b, v: m.searchsorted(b, v, side="right"), [rows[0], rows[1]], gradient=False)
    agree(lambda m, b, v: m.searchsorted(b, v, side="left", right=True), [rows[0], rows[1]], gradient=False)
    agree(lambda m, b, v: m.searchsorted(b, v, side="up"), [rows[0], rows[1]], gradient=False)
    agree(
        lambda m, b, v: m.searchsorted(b.flip(0), v, sorter=m.arange(4, -1, -1)),
        [rows[0], rows[1]],
        gradient=False,
    )
    agree(lambda m, b: (m.searchsorted(b, 3), m.bucketize(4, b)), [rows[0]], gradient=False)
