"""Sparse tensors in coordinate form, against PyTorch's."""

import numpy as np
import pytest

import mytorch
from mytorch import sparse
from tests.draws import draws
from tests.referee import agree_on, table

rng = draws(5)
PLACES = [[0, 2, 0, 1, 2, 0], [1, 3, 1, 0, 0, 3]]  # (0, 1) twice
VALUES, DENSE = rng.standard_normal(6), rng.standard_normal((4, 5))


def make(lib, values=None, places=PLACES, size=(3, 4), **options):
    """(the values, the sparse tensor)"""
    v = lib.tensor(VALUES if values is None else values, requires_grad=True)
    build = sparse.sparse_coo_tensor if lib is mytorch else lib.sparse_coo_tensor
    return v, build(lib.tensor(places), v, size, **options)


def namespace(lib):
    return sparse if lib is mytorch else lib.sparse


def s_dense(lib):
    v, s = make(lib)
    dense = s.to_dense()
    (dense * lib.tensor(DENSE[:3, :4])).sum().backward()
    return dense, v.grad, list(s.shape), s.dim(), s._nnz(), s.is_sparse, s.is_coalesced(), s.numel(), s.dtype


def s_coalesced(lib):
    v, s = make(lib)
    c = s.coalesce()
    (c.values() ** 2).sum().backward()
    return c.indices(), c.values(), v.grad, c.is_coalesced(), c._nnz(), c.coalesce() is c


def s_product(lib):
    v, s = make(lib)
    x = lib.tensor(DENSE, requires_grad=True)
    y = s @ x
    z = namespace(lib).mm(s, x)
    (y * z).sum().backward()
    return y, z, v.grad, x.grad


def s_vector(lib):
    _, s = make(lib)
    return s @ lib.tensor(DENSE[:, 0])


def s_transposed(lib):
    _, s = make(lib)
    return s.t().to_dense(), s.transpose(0, 1) @ lib.tensor(DENSE[:3]), list(s.t().shape)


def s_arithmetic(lib):
    v, s = make(lib)
    _, other = make(lib, VALUES * 2)
    total = ((s + other) * 3 - s / 2).to_dense()
    (total**2).sum().backward()
    return total, v.grad, (-s).to_dense(), (s + s).coalesce().values()


def s_sums(lib):
    _, s = make(lib)
    add = namespace(lib).sum
    return add(s), add(s, 0).to_dense(), add(s, 1).to_dense(), add(s, (0, 1))


def s_hybrid(lib):
    v, s = make(lib, rng_values := np.arange(12.0).reshape(6, 2), size=(3, 4, 2))
    assert rng_values.shape == (6, 2)
    s.to_dense().pow(2).sum().backward()
    found = s.coalesce()
    return s.to_dense(), v.grad, found.values(), s.sparse_dim(), s.dense_dim()


def s_a_leaf(lib):
    build = sparse.sparse_coo_tensor if lib is mytorch else lib.sparse_coo_tensor
    s = build([[0, 1], [0, 1]], [1.0, 2.0], (2, 2), requires_grad=True)
    (s.to_dense() ** 2).sum().backward()
    return s.grad.to_dense(), s.requires_grad


def s_size_by_the_indices(lib):
    v, _ = make(lib)
    build = sparse.sparse_coo_tensor if lib is mytorch else lib.sparse_coo_tensor
    return list(build(PLACES, v).shape), list(build([[0, 5]], [1.0, 2.0]).shape)


def s_empty(lib):
    _, s = make(lib, np.zeros(0), np.zeros((2, 0), "int64"))
    return s.to_dense(), s.coalesce()._nnz(), s @ lib.tensor(DENSE)


def s_from_dense(lib):
    x = lib.tensor(np.where(DENSE > 0, DENSE, 0))
    s = sparse.to_sparse(x) if lib is mytorch else x.to_sparse()
    return s.indices(), s.values()


def s_sampled_addmm(lib):
    rows, columns = (lib.tensor(DENSE[i : i + 3, j : j + 2], requires_grad=True) for i, j in ((0, 0), (1, 3)))
    v, s = make(lib, size=(3, 3), places=[[0, 1, 2], [0, 2, 1]], values=VALUES[:3])
    # torch takes matrices in another form, and all of the products are the same there
    if lib is mytorch:
        out = sparse.sampled_addmm(s, rows, columns.t(), beta=0.5, alpha=2.0).to_dense()
    else:
        out = 0.5 * s.to_dense() + 2.0 * (rows @ columns.t()) * (s.detach().to_dense() != 0)
    (out**2).sum().backward()
    return out, v.grad, rows.grad, columns.grad


def s_addmm(lib):
    _, s = make(lib)
    return namespace(lib).addmm(lib.ones(3, 5).double(), s, lib.tensor(DENSE), beta=2, alpha=3)


@table(globals())
def test_as_torch(scenario):
    agree_on(scenario)


REFUSED = {
    "lengths": lambda lib: make(lib, VALUES[:2]),
    "dimensions": lambda lib: make(lib, size=(3, 4, 2)),
    "values before coalescing": lambda lib: make(lib)[1].values(),
    "a product that does not fit": lambda lib: make(lib)[1] @ lib.tensor(DENSE[:2]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert agree_on(REFUSED[name]).startswith("raises")


def test_what_is_not_here():
    for wrong in ({"size": (3, 3)}, {"places": [[0, 1, -1, 0, 0, 0]] * 2}):
        with pytest.raises(RuntimeError, match=r"does not hold"):
            make(mytorch, **wrong)
    _, s = make(mytorch)
    with pytest.raises(NotImplementedError, match="to_dense"):
        s @ s.t()
    with pytest.raises(NotImplementedError, match="dense"):
        s.backward()
    assert repr(s).startswith("tensor(indices=[[0, 2,")


def test_a_dense_tensor_is_dense():
    x = mytorch.ones(2)
    assert x.to_dense() is x and x.to_dense(mytorch.float64).dtype is mytorch.float64
