"""Reading and writing batched arrays by index, against each entry."""

import numpy as np
import pytest

from mytorch.func import levels  # noqa: F401  batched arrays get their rules
from mytorch.func.array_indexing import add_at
from mytorch.func.batched_array import BatchedArray, batched

X = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)  # entries (3, 4, 5) of two
OWN = batched(np.array([[0, 2], [1, 1]]), (1,))  # indices of each entry
GRID = batched(np.array([[[0], [2]], [[1], [0]]]), (1,))
SAME = np.array([2, 0])
ALL = slice(None)
KEYS = {
    "a number": 1,
    "slices": (slice(1, 3), ALL, slice(None, None, 2)),
    "None and Ellipsis": (None, Ellipsis, 1),
    "indices": SAME,
    "indices in the middle": (ALL, SAME),
    "two": (SAME, SAME),
    "two apart": (SAME, ALL, SAME),
    "a number apart": (1, ALL, SAME),
    "own": OWN,
    "own in the middle": (ALL, OWN),
    "own, last": (Ellipsis, OWN),
    "own beside the same": (OWN, SAME),
    "own apart from the same": (OWN, ALL, SAME),
    "own, of two dimensions": (ALL, GRID, OWN),
    "own beside a new dimension": (ALL, None, OWN),
    "own beside a number": (1, OWN),
    "a mask": X[0] > 30,
    "a mask of rows": (np.array([True, False, True]), ALL, 1),
}


def of_entry(key, i):
    if isinstance(key, tuple):
        return tuple(of_entry(k, i) for k in key)
    return key.data[i] if isinstance(key, BatchedArray) else key


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("shared", [False, True], ids=["own x", "the same x"])
def test_reading(name, shared):
    x, key = batched(X[0], ()) if shared else batched(X, (1,)), KEYS[name]
    found = x[key]
    for i in range(2):
        wanted = (X[0] if shared else X[i])[of_entry(key, i)]
        assert found.shape == wanted.shape
        np.testing.assert_array_equal(found.data[i] if found.levels else found.data, wanted)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("kind", ["a number", "the same", "own"])
def test_writing(name, kind):
    key = KEYS[name]
    shape = X[0][of_entry(key, 0)].shape
    values = np.random.default_rng(0).standard_normal((2, *shape))
    value = {"a number": 7.0, "the same": values[0], "own": batched(values, (1,))}[kind]
    if isinstance(key, tuple | BatchedArray) and "two dimensions" in name and kind != "a number":
        pytest.skip("repeated indices keep any of the values")
    x, added = batched(X.copy(), (1,)), batched(X.copy(), (1,))
    x[key] = value
    add_at(np.add, added, key, value)
    for i in range(2):
        mine = {"a number": 7.0, "the same": values[0], "own": values[i]}[kind]
        wanted, sums = X[i].copy(), X[i].copy()
        np.add.at(sums, of_entry(key, i), mine)
        np.testing.assert_allclose(added.data[i], sums)
        if i == 0 or "own" not in name or kind == "a number":  # entry 1 repeats an index
            wanted[of_entry(key, i)] = mine
            np.testing.assert_array_equal(x.data[i], wanted)


def test_a_mask_of_each_entry_is_written_with_a_number():
    x = batched(X.copy(), (1,))
    x[x > 30] = -1.0
    np.testing.assert_array_equal(x.data, np.where(X > 30, -1.0, X))


def test_a_shared_array_takes_up_the_batch():
    x = batched(np.zeros((3, 4)), ())
    x[OWN] = 1.0
    assert x.levels == (1,) and x.data.sum(2).tolist() == [[4.0, 0.0, 4.0], [0.0, 4.0, 0.0]]
