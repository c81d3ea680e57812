"""Matrix products added to a tensor."""

from __future__ import annotations

from ..core.arrays import array_of
from ..core.dtypes import as_dtype, category
from ..core.scalar_arguments import as_number
from ..core.sums import summed
from .composite import composite
from .masks import masked_fill_with
from .matmul import bmm, check_ndims, matmul, outer
from .shape import expand


def _plus(input, product, beta, alpha, name, skips=True):
    """beta · input + alpha · product.

    With ``beta`` 0 the input does not count, not even its nan; with ``alpha`` 0 and ``skips`` neither does
    the product.
    """
    beta, alpha, made = as_number(beta, name, "beta"), as_number(alpha, name, "alpha"), array_of(product)
    given = array_of(input)
    input = input if given.shape == made.shape else expand(input, shape=made.shape)
    if given.dtype != made.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {input.dtype} and {product.dtype}"
        )
    kind = category(made.dtype)
    if kind < 2:
        beta, alpha = (bool(beta), bool(alpha)) if kind == 0 else (int(beta), int(alpha))
    if alpha == 0 and skips:
        product = masked_fill_with(product, True, 0)
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return masked_fill_with(input, True, 0) + product
    return (input if beta == 1 else input * beta) + product


@composite(out=True)
def addmm(input, mat1, mat2, *, beta: complex = 1, alpha: complex = 1):
    """beta · input + alpha · (mat1 @ mat2) for matrices; ``input`` broadcasts to the product."""
    check_ndims((mat1, 2, "mat1 must be a matrix"), (mat2, 2, "mat2 must be a matrix"))
    product = matmul(mat1, mat2)
    return _plus(input, product, beta, alpha, "addmm")


@composite(out=True)
def addmv(input, mat, vec, *, beta: complex = 1, alpha: complex = 1):
    """beta · input + alpha · (mat @ vec); ``input`` broadcasts to the product.

    Shapes: mat (n, m), vec (m,), input () or (n,). RuntimeError for other shapes.
    """
    if (len(mat.shape), len(vec.shape)) != (2, 1):
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {len(input.shape)}, {len(mat.shape)}, {len(vec.shape)}"
        )
    product = matmul(mat, vec)
    if input.shape not in ((), (1,), product.shape):
        raise RuntimeError(
            f"size mismatch, got input ({input.shape[0]}), mat ({'x'.join(map(str, mat.shape))}), vec "
            f"({vec.shape[0]})"
        )
    return _plus(input, product, beta, alpha, "addmv")


@composite(out=True)
def addr(input, vec1, vec2, *, beta: complex = 1, alpha: complex = 1):
    """beta · input + alpha · outer(vec1, vec2); ``input`` broadcasts to the product.

    Shapes: vec1 (n,), vec2 (m,), result (n, m). RuntimeError unless both are vectors.
    """
    if (len(vec1.shape), len(vec2.shape)) != (1, 1):
        raise RuntimeError(
            f"addr: Expected 1-D arguments vec1 and vec2, but got {len(vec1.shape)}-D and {len(vec2.shape)}-D"
        )
    product = outer(vec1, vec2)
    beta, alpha = (
        _of_kind(as_number(value, "addr", name), name, input.dtype, product.dtype)
        for value, name in ((beta, "beta"), (alpha, "alpha"))
    )
    return _plus(input, product, beta, alpha, "addr", skips=False)


def _of_kind(factor, name, *dtypes):
    """A factor of addr in the category of ``dtypes``: a bool for booleans, no fraction for integers.

    Only addr is so strict. RuntimeError for another.
    """
    kind = max(category(as_dtype(dtype).numpy) for dtype in dtypes)
    if isinstance(factor, bool) and kind > 0:
        raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
    if isinstance(factor, float) and kind < 2:
        raise RuntimeError(
            f"For integral input tensors, argument {name} must not be a floating point number."
        )
    return bool(factor) if kind == 0 else factor


@composite(out=True)
def addbmm(input, batch1, batch2, *, beta: complex = 1, alpha: complex = 1):
    """beta · input + alpha · Σ over the batch of batch1[i] @ batch2[i]; ``input`` broadcasts to (n, m)."""
    product = summed(bmm(batch1, batch2), 0, batch1.dtype)
    return _plus(input, product, beta, alpha, "addbmm")


@composite(out=True)
def baddbmm(input, batch1, batch2, *, beta: complex = 1, alpha: complex = 1):
    """beta · input + alpha · (batch1 @ batch2); ``input`` broadcasts to (b, n, m)."""
    product = bmm(batch1, batch2)
    return _plus(input, product, beta, alpha, "baddbmm", skips=False)
