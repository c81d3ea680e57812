"""Products of several matrices, in the cheapest order."""

from __future__ import annotations

from .composite import composite
from .layout import clone
from .matmul import check_ndims, matmul
from .shape import reshape


def _order(sizes):
    """Where to split each chain of matrices (sizes[i], sizes[i+1]) for the fewest multiplications.

    Source: Cormen et al., chapter 15.2.
    """
    n = len(sizes) - 1
    cost, split = [[0] * n for _ in range(n)], [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = [
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            ]
            cost[i][j], split[i][j] = min(options)
    return split


@composite(out=True)
def multi_dot(tensors):
    """The product of two or more matrices in the cheapest order.

    The first and the last may be vectors. RuntimeError for fewer than two tensors or other shapes.
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for i, x in enumerate(tensors):
        allowed = (1, 2) if i in (0, len(tensors) - 1) else (2,)
        if len(x.shape) not in allowed:
            raise RuntimeError(
                f"multi_dot(): tensor {i} must be {' or '.join(f'{n}D' for n in allowed)} but got "
                f"{len(x.shape)}D"
            )
    first, last = len(tensors[0].shape) == 1, len(tensors[-1].shape) == 1
    if first:
        tensors[0] = reshape(tensors[0], shape=(1, tensors[0].shape[0]))
    if last:
        tensors[-1] = reshape(tensors[-1], shape=(tensors[-1].shape[0], 1))
    split = _order([tensors[0].shape[0], *(x.shape[1] for x in tensors)])

    def product(i, j):
        return tensors[i] if i == j else matmul(product(i, split[i][j]), product(split[i][j] + 1, j))

    out = product(0, len(tensors) - 1)
    return reshape(out, shape=out.shape[first : 2 - last]) if first or last else out


@composite(out=True)
def chain_matmul(*matrices):
    """The product of matrices in the cheapest order."""
    check_ndims(*((x, 2, "Tensor dimension is not 2: matrices are expected") for x in matrices))
    return clone(matrices[0]) if len(matrices) == 1 else multi_dot(matrices)
