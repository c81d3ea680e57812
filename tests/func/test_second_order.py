"""Second derivatives of functions of matrices, batched as ``func`` does it, against those of ``autograd``."""

import pytest

import mytorch
from mytorch import autograd, func, linalg

A = mytorch.tensor([[2.0, 0.5, 0.1], [0.3, 1.0, 0.2], [0.0, 0.2, -1.5]], dtype=mytorch.float64)
W = mytorch.tensor([[0.3, -0.7, 0.2], [0.5, 0.1, -0.4], [0.9, 0.6, 0.8]], dtype=mytorch.float64)
TALL = mytorch.cat([A, W[:1]])


def positive(a):
    return a @ a.T + mytorch.eye(3, dtype=mytorch.float64)


def weighted(x):
    """A number that depends on every element of ``x`` in its own way, but not on signs."""
    weights = mytorch.linspace(0.3, 1.7, x.numel(), dtype=mytorch.float64).cos().reshape(x.shape)
    return (x.pow(2) * weights).sum()


def rebuilt_from_eigh(a):
    values, vectors = linalg.eigh(a + a.T)
    return ((vectors * values.exp()) @ vectors.T * W).sum()


def rebuilt_from_svd(a):
    u, s, vh = linalg.svd(a, full_matrices=False)
    return weighted((u * s.sin()) @ vh)


def both_of_qr(a):
    q, r = linalg.qr(a)
    return weighted(q @ r.pow(2))


def both_of_lu(a):
    _, lower, upper = linalg.lu(a)
    return weighted(lower) + weighted(upper)


FUNCTIONS = {
    "eigvalsh": lambda a: linalg.eigvalsh(a + a.T).pow(3).sum(),
    "values of eigh": lambda a: linalg.eigh(a + a.T)[0].pow(3).sum(),
    "vectors of eigh": lambda a: weighted(linalg.eigh(a + a.T)[1]),
    "eigh": rebuilt_from_eigh,
    "svdvals": lambda a: linalg.svdvals(a).pow(3).sum(),
    "S of svd": lambda a: linalg.svd(a, full_matrices=False)[1].pow(3).sum(),
    "U of svd": lambda a: weighted(linalg.svd(a, full_matrices=False)[0]),
    "Vh of svd": lambda a: weighted(linalg.svd(a, full_matrices=False)[2]),
    "svd": rebuilt_from_svd,
    "matrix_norm 2": lambda a: linalg.matrix_norm(a, 2),
    "matrix_norm -2": lambda a: linalg.matrix_norm(a, -2),
    "matrix_norm nuc": lambda a: linalg.matrix_norm(a, "nuc"),
    "cond": linalg.cond,
    "R of qr": lambda a: weighted(linalg.qr(a)[1]),
    "Q of qr": lambda a: weighted(linalg.qr(a)[0]),
    "qr": both_of_qr,
    "pinv": lambda a: weighted(linalg.pinv(a)),
    "eigvals": lambda a: linalg.eigvals(a[:3]).abs().pow(3).sum(),
    "vectors of eig": lambda a: weighted(linalg.eig(a[:3])[1].abs()),
    "lu": both_of_lu,
    "lu_factor": lambda a: weighted(linalg.lu_factor(a)[0]),
    "cholesky": lambda a: weighted(linalg.cholesky(positive(a))),
    "det": lambda a: linalg.det(a) ** 2,
    "slogdet": lambda a: linalg.slogdet(a)[1],
    "inv": lambda a: weighted(linalg.inv(a)),
    "solve": lambda a: weighted(linalg.solve(a, W)),
    "solve for the right side": lambda a: weighted(linalg.solve(W, a.sin())),
    "solve_triangular": lambda a: weighted(linalg.solve_triangular(a, W, upper=True)),
    "matrix_exp": lambda a: weighted(linalg.matrix_exp(a)),
    "one of several": lambda a: weighted(mytorch.topk(a.sin(), 2)[0]),
}
RECTANGULAR = "svdvals|S of svd|U of svd|Vh of svd|svd|matrix_norm 2|R of qr|Q of qr|qr|pinv|lu".split("|")
WAYS = {
    "hessian": func.hessian,
    "jacfwd(jacfwd)": lambda f: func.jacfwd(func.jacfwd(f)),
    "jacrev(jacrev)": lambda f: func.jacrev(func.jacrev(f)),
    "jacrev(jacfwd)": lambda f: func.jacrev(func.jacfwd(f)),
}


def check(way, f, x):
    want = autograd.functional.hessian(f, x)
    assert bool((want != 0).any())
    mytorch.testing.assert_close(WAYS[way](f)(x), want, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives_of_square_matrices(name, way):
    check(way, FUNCTIONS[name], A)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RECTANGULAR)
def test_second_derivatives_of_tall_matrices(name, way):
    check(way, FUNCTIONS[name], TALL)


@pytest.mark.parametrize("way", WAYS)
def test_second_derivatives_of_wide_matrices(way):
    check(way, FUNCTIONS["R of qr"], TALL.T.clone())


def test_rows_that_read_other_outputs():
    """Jacobian of values and vectors in one: some rows of the batch have a gradient of the vectors of 0."""

    def both(a):
        values, vectors = linalg.eigh(a + a.T)
        return mytorch.cat([values, vectors.pow(2).flatten()])

    want = func.jacrev(both)(A)
    rows = [func.grad(lambda a, i=i: both(a)[i])(A) for i in range(12)]
    mytorch.testing.assert_close(want, mytorch.stack(rows))
    second = mytorch.stack([autograd.functional.hessian(lambda a, i=i: both(a)[i], A) for i in range(12)])
    for way in WAYS.values():
        mytorch.testing.assert_close(way(both)(A), second, rtol=1e-8, atol=1e-8)


def test_equal_eigenvalues_do_no_harm_to_their_gradient():
    eye = mytorch.eye(3, dtype=mytorch.float64)
    found = func.jacrev(lambda a: linalg.eigh(a)[0])(eye)
    mytorch.testing.assert_close(found.sum(0), eye)
