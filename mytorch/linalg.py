"""Linear algebra: norms, inverses, determinants, factorizations and products of matrices. Names only; the code is in ``ops``."""

from .ops.decompositions import (
    LinAlgError, cholesky, det, eigh, eigvalsh, inv, lstsq, matrix_power, matrix_rank, pinv, qr, slogdet, solve, solve_triangular, svd, svdvals,
)  # fmt: skip
from .ops.diagonal import linalg_diagonal as diagonal
from .ops.linalg import cond, matrix_norm, vander, vector_norm
from .ops.linalg import linalg_norm as norm
from .ops.matmul import linalg_cross as cross
from .ops.matmul import matmul, multi_dot, vecdot

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "vander", "vecdot", "vector_norm",
]  # fmt: skip
