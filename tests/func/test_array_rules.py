"""NumPy's functions of batched arrays, against the same of each entry."""

import numpy as np
import pytest

from mytorch.func import levels  # noqa: F401  batched arrays get their rules
from mytorch.func.batched_array import BatchedArray, NotBatched, batched
from mytorch.func.entrywise import loops

X = np.random.default_rng(0).standard_normal((2, 3, 4, 4))  # entries (3, 4, 4) of two
Y = np.random.default_rng(1).standard_normal((2, 4))
SAME = np.random.default_rng(2).standard_normal((4, 4))

ONE = {
    name.strip(): eval(f"lambda x, y, s: {name}", {"np": np})
    for name in """
    x+y; y+x; s*x; x**2; s-y; y-s; 2/x; x[0]-y; y<s; y!=s; s==y; x>=y; x.max((0,2)); x.min(1,keepdims=True)
    np.maximum(y,s); 2-x; -x; abs(x); x>s; np.hypot(x,y); np.multiply.outer(y,s)
    x.sum(); x.sum(1); x.sum((0,-1)); x.sum(-1,keepdims=True); x.mean((0,2)); x.max(0)
    np.add.reduce(x,2); np.maximum.accumulate(x,1); x.argmax(); x.argmax(1); x.cumsum(1); x.cumsum()
    x.any(); (x>0).all(2); np.sort(x,1); np.argsort(x)
    np.flip(x,2); np.flip(x); np.repeat(x,2,1); np.repeat(y,2)
    x.reshape(4,-1); x.reshape(-1); x.ravel(); x.T; x.mT; x.transpose(2,0,1); x.swapaxes(0,2)
    np.moveaxis(x,0,-1); np.expand_dims(x,1); x[:1].squeeze(0); x[:1].squeeze()
    np.broadcast_to(y,(3,5,4)); np.tile(y,(2,3))
    np.concatenate([x,x[:1]],0); np.concatenate([y,s[0]]); np.stack([y,s[0]],1); np.where(x>0,x,s)
    np.where(s>0,x,0); np.where(True,x,s); np.where(x>0,0,s)
    np.clip(x,-1,y); np.zeros_like(x); np.full_like(x,3); np.tril(x); np.triu(x,1)
    np.trace(x,0,1,2); x.diagonal(0,1,2); x@s; s@x; x@x; y@s; s@y; x@y; y@x; y@y; np.dot(y,s)
    np.einsum("aij,j->ai",x,y)
    np.einsum("ij,jk",s,s)+y; np.einsum("aii->ai",x); np.linalg.inv(x); np.linalg.det(x)
    np.linalg.solve(x,s); np.linalg.solve(s+0*x[0],y); np.linalg.eigvals(x@x.mT).shape; np.fft.fft(x)
    np.fft.rfft(x,axis=1); np.fft.ifftn(x); np.take(x,[1,0],1); np.take(x,5)
    np.take_along_axis(x,np.argsort(x,1),1); np.nan_to_num(x); np.round(x); x.real; x.imag
    x.astype("float32"); x.copy()
    np.modf(x)[1]; x.std(0)
    np.count_nonzero(x>0,axis=1); np.linalg.qr(x)[1]; np.broadcast_arrays(x,y)[1]
    """.replace("\n", ";").split(";")
    if name.strip()
}


def check(call, *values, compare=np.testing.assert_allclose):
    """``call`` of ``values``, of which the batched ones lead with two entries, against each entry."""
    found = call(*values)
    for i in range(2):
        wanted = call(*(v.data[i] if isinstance(v, BatchedArray) else v for v in values))
        if isinstance(found, BatchedArray):
            assert found.shape == np.shape(wanted) and found.dtype == np.asarray(wanted).dtype
            data = found.data[i] if found.levels else found.data
            compare(data, wanted, rtol=1e-10, atol=1e-12)
        else:
            assert found == wanted


@pytest.mark.parametrize("name", ONE)
def test_functions(name):
    loops[0] = 0
    check(ONE[name], batched(X, (1,)), batched(Y, (1,)), SAME)
    assert not loops[0]


@pytest.mark.parametrize("kind", ["own", "plain", "shared", "number", "own number"])
def test_in_place_operators(kind):
    other = {"plain": SAME[0], "shared": batched(SAME[0], ()), "number": 2.0}.get(kind, batched(Y, (1,)))
    other = batched(Y[:, 0], (1,)) if kind == "own number" else other
    for change, function in ((BatchedArray.__iadd__, np.add), (BatchedArray.__imul__, np.multiply)):
        x, wanted = batched(X.copy(), (1,)), function(batched(X, (1,)), other)
        assert change(x, other) is x
        np.testing.assert_array_equal(x.data, wanted.data)


def test_two_levels():
    x, y = batched(X, (1, 2)), batched(Y, (1,))
    found = x + y
    assert found.levels == (1, 2) and found.shape == (4, 4)
    np.testing.assert_allclose(found.data, X + Y[:, None, None])
    other = batched(np.arange(3.0), (2,))
    np.testing.assert_allclose((y[0] * other).data, Y[:, :1] * np.arange(3.0))
    np.testing.assert_allclose(np.matmul(x, y).data, np.einsum("abij,aj->abi", X, Y))


def test_products_of_what_all_entries_share():
    x = batched(SAME, ())
    for found in (x @ SAME, SAME @ x, x @ x):
        assert not found.levels
        np.testing.assert_allclose(found.data, SAME @ SAME)


@pytest.mark.parametrize("kind", ["float32", "float64", "complex128", "int64"])
def test_outer_products(kind):
    x, y = (10 * X[:, 0, :, :1]).astype(kind), (10 * Y[:, None]).astype(kind)
    if x.dtype.kind == "f":
        x[0, 0], y[1, 0, 2] = np.inf, np.nan
    with np.errstate(invalid="ignore"):  # as inside of operations
        found = batched(x, (1,)) @ batched(y, (1,))
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found.data, x * y, rtol=1e-15)


def test_what_has_no_rule_runs_entry_by_entry():
    loops[0] = 0
    check(lambda x: np.interp(x, [0.0, 1.0], [5.0, 6.0]), batched(Y, (1,)))
    assert loops[0] == 1


def test_arguments_that_are_batched_run_entry_by_entry():
    x = batched(X, (1,))
    for call in (lambda x: np.sum(x, 1, where=x > 0), lambda x: np.triu(x[0], (x[0, 0, 0] > 0) * 1)):
        check(call, x)


def test_written_in_place():
    new = np.zeros(4)
    with pytest.raises(RuntimeError, match="vmap: in-place"):
        new[...] = batched(Y, (1,))
    new = batched(np.zeros(4), ())
    new += batched(Y, (1,))
    np.testing.assert_array_equal(new.data, Y)
    np.add(new, 1, out=new)
    np.testing.assert_array_equal(new.data, Y + 1)


def test_numbers_that_all_entries_share():
    assert bool((batched(Y, (1,)) < 99).all()) and int(batched(np.array([3, 3]), (1,))) == 3
    with pytest.raises(NotBatched):
        float(batched(np.array([3.0, 4.0]), (1,)))
