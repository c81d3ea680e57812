"""Rows of ops/indexing.py, ops/gather.py and ops/statistics/sort.py."""

import numpy as np

import mytorch
from mytorch.ops.gather import add_along, one_hot
from mytorch.ops.indexing import put, put_in_zeros, zero_at

from . import Bool, Int, Real, Sample

X = (3, 4)


def places(shape, index, dim):
    """The full index that torch's gather and scatter mean."""
    grid = list(np.indices(index.shape))
    grid[dim] = index
    return tuple(grid)


def on(x, numbers):
    """An index array where ``x`` is."""
    return mytorch.tensor(numbers, device=x.device).array


def changed(x, index, values, how=None):
    out = x.copy()
    if how is None:
        out[index] = values
    else:
        how.at(out, index, values)
    return out


def gathered(x, index):
    return x[places(x.shape, index, 1)]


def assigned(index):
    """A copy of x with y written at ``index``."""

    def call(x, y):
        x = x.clone()
        x[index] = y
        return x

    return call


def reduced(how, include_self=True):
    return lambda x, i, y: x.scatter_reduce(1, i, y, how, include_self=include_self)


def torch_reduced(how, include_self=True):
    return lambda x, i, y: x.scatter_reduce(1, i, y, how, include_self=include_self)


REDUCE = (Real(X, distinct=True), Int((3, 5), 4), Real((3, 5), distinct=True))

ROWS = [
    Sample(
        "getitem",
        lambda x: x[1:, None, ::2],
        (X,),
        lambda x: x[1:, None, ::2],
        note="slices",
        empty=((0, 4),),
    ),
    Sample("getitem", lambda x: x[-1], (X,), lambda x: x[-1], note="an integer"),
    Sample("getitem", lambda x: x[[2, 0, 0], 1:], (X,), lambda x: x[[2, 0, 0], 1:], note="a repeated row"),
    Sample(
        "getitem",
        lambda x: x[[2, 0, 2], [1, 1, 1]],
        (X,),
        lambda x: x[[2, 0, 2], [1, 1, 1]],
        note="two lists, repeated",
    ),
    Sample(
        "getitem",
        lambda x: x[:, [[0, 1], [1, 1]]],
        (X,),
        lambda x: x[:, [[0, 1], [1, 1]]],
        note="a matrix of columns",
    ),
    Sample(
        "getitem",
        lambda x: x[[0, 1, 0], :, [2, 2, 2]],
        ((2, 3, 4),),
        lambda x: x[[0, 1, 0], :, [2, 2, 2]],
        note="lists apart",
    ),
    Sample("getitem", lambda x, m: x[m], (X, Bool(X)), lambda x, m: x[m], note="a mask"),
    Sample("getitem", lambda x, m: x[:, m], (X, Bool((4,))), lambda x, m: x[:, m], note="a mask of columns"),
    Sample(
        "getitem",
        lambda x, i: x[i],
        (X, Int((2, 5), 3)),
        lambda x, i: x[i],
        note="rows, as an embedding",
        empty=((3, 4), (0,)),
    ),
    Sample("take_along", lambda x, i: x.gather(1, i), (X, Int((2, 5), 4)), gathered),
    Sample(
        "add_along",
        lambda x, i: add_along(x, shape=(3, 4), index=i.array, dim=1),
        (Real((2, 5)), Int((2, 5), 4)),
        lambda x, i: changed(np.zeros((3, 4)), places((3, 4), i, 1), x, np.add),
    ),
    Sample(
        "put_in_zeros",
        lambda x: put_in_zeros(x, shape=(5, 4), index=(on(x, [1, 1, 0]),)),
        (X,),
        lambda x: changed(np.zeros((5, 4)), [1, 1, 0], x, np.add),
    ),
    Sample(
        "put_in_zeros",
        lambda x: put_in_zeros(x, shape=(5, 4), index=(slice(1, 4),)),
        (X,),
        lambda x: np.pad(x, ((1, 1), (0, 0))),
        note="a slice",
    ),
    Sample(
        "put",
        lambda x, y: put(x, y, index=(on(x, [0, 2]),)),
        (X, (4,)),
        lambda x, y: changed(x, [0, 2], y),
        note="broadcast",
    ),
    Sample(
        "put",
        lambda x, i, y: x.scatter_add(1, i, y),
        (X, Int((3, 5), 4), (3, 6)),
        lambda x, i, y: changed(x, places(X, i, 1), y[:, :5], np.add),
        note="scatter_add",
    ),
    Sample(
        "put",
        lambda x, i, y: x.index_add(0, i, y, alpha=2),
        (X, Int((5,), 3), (5, 4)),
        lambda x, i, y: changed(x, i, 2 * y, np.add),
        note="index_add",
    ),
    Sample(
        "put",
        lambda x, m, y: x.masked_scatter(m, y),
        (X, Bool(X), (13,)),
        lambda x, m, y: changed(x, m, y[: m.sum()]),
        note="masked_scatter",
    ),
    Sample(
        "write_view",
        assigned((slice(None), 1)),
        (X, (3,)),
        lambda x, y: changed(x, (slice(None), 1), y),
        note="a column",
    ),
    Sample(
        "write_view",
        assigned(([0, 2], slice(1, None, 2))),
        (X, (2,)),
        lambda x, y: changed(x, ([0, 2], slice(1, None, 2)), y),
        note="rows by a list",
    ),
    Sample(
        "zero_at", lambda x: zero_at(x, view=lambda v: v[1:]), (X,), lambda x: changed(x, slice(1, None), 0)
    ),
    Sample("scatter_prod", reduced("prod"), REDUCE, torch=torch_reduced("prod"), gpu=False),
    Sample(
        "scatter_prod",
        reduced("prod", False),
        REDUCE,
        torch=torch_reduced("prod", False),
        note="without itself",
        gpu=False,
    ),
    Sample("scatter_extreme", reduced("amax"), REDUCE, torch=torch_reduced("amax"), second=False),
    Sample(
        "scatter_extreme",
        reduced("amin", False),
        REDUCE,
        torch=torch_reduced("amin", False),
        note="amin",
        second=False,
    ),
    Sample("put", reduced("mean"), REDUCE, torch=torch_reduced("mean"), note="scatter mean"),
    Sample(
        "put",
        reduced("mean", False),
        REDUCE,
        torch=torch_reduced("mean", False),
        note="scatter mean without itself",
    ),
    Sample(
        "masked_fill",
        lambda x, m: x.masked_fill(m, -2.5),
        (X, Bool((4,))),
        lambda x, m: np.where(m, -2.5, x),
        empty=((0, 4), (4,)),
    ),
    Sample(
        "masked_fill",
        lambda x, m, v: x.masked_fill(m, v),
        (X, Bool(X), ()),
        lambda x, m, v: np.where(m, v, x),
        note="a 0-d tensor",
    ),
    Sample("nonzero", lambda m: m.nonzero(), (Bool(X),), np.argwhere, smooth=False),
    Sample(
        "one_hot", lambda i: one_hot(i, 5), (Int((2, 3), 5),), lambda i: np.eye(5, dtype=int)[i], smooth=False
    ),
    Sample(
        "sort",
        lambda x: x.sort(0),
        (Real(X, distinct=True),),
        lambda x: (np.sort(x, 0), np.argsort(x, 0)),
        empty=((0, 4),),
    ),
    Sample(
        "sort",
        lambda x: x.sort(-1, True).values,
        (Real(X, distinct=True),),
        lambda x: -np.sort(-x),
        note="descending",
    ),
    Sample("topk", lambda x: x.topk(2).values, (Real(X, distinct=True),), lambda x: -np.sort(-x)[:, :2]),
    Sample(
        "topk",
        lambda x: x.topk(2, 0, largest=False).values,
        (Real(X, distinct=True),),
        lambda x: np.sort(x, 0)[:2],
        note="the smallest",
    ),
    Sample(
        "take_along",
        lambda x: x.kthvalue(2).values,
        (Real(X, distinct=True),),
        lambda x: np.sort(x)[:, 1],
        note="kthvalue",
    ),
    Sample(
        "searchsorted",
        lambda x, y: mytorch.searchsorted(x.sort().values, y),
        ((5,), X),
        lambda x, y: np.searchsorted(np.sort(x), y),
        smooth=False,
    ),
    Sample("unique", lambda x: x.unique(), (Int((9,), 4),), np.unique, smooth=False),
    Sample(
        "unique_consecutive",
        lambda x: x.unique_consecutive(),
        (Int((9,), 2),),
        lambda x: x[np.r_[True, x[1:] != x[:-1]]],
        smooth=False,
    ),
    Sample(
        "unravel_index",
        lambda i: mytorch.unravel_index(i, (3, 4)),
        (Int((5,), 12),),
        lambda i: np.unravel_index(i, (3, 4)),
        smooth=False,
    ),
    Sample(
        "positions",
        lambda i: mytorch.repeat_interleave(i),
        (Int((4,), 3),),
        lambda i: np.repeat(np.arange(4), i),
        smooth=False,
    ),
]
