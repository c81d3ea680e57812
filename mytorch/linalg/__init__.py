# Names only: there is nothing to read here.
"""``torch.linalg``: norms, inverses, determinants, factorizations and products of matrices, from ``ops``."""

from ..ops.cross import linalg_cross as cross
from ..ops.cross import vecdot
from ..ops.diagonal import linalg_diagonal as diagonal
from ..ops.linalg.decompositions import cholesky, eigh, eigvalsh, qr, svd, svdvals
from ..ops.linalg.eigen import eig, eigvals, householder_product, tensorinv, tensorsolve
from ..ops.linalg.ldl import ldl_factor, ldl_factor_ex, ldl_solve
from ..ops.linalg.lu import cholesky_ex, inv_ex, lu, lu_factor, lu_factor_ex, lu_solve, solve_ex
from ..ops.linalg.matrix import det, lstsq, matrix_exp, matrix_power, matrix_rank, pinv, slogdet, vander
from ..ops.linalg.matrix_norm import cond, matrix_norm
from ..ops.linalg.matrix_norm import linalg_norm as norm
from ..ops.linalg.solve import LinAlgError, inv, solve, solve_triangular
from ..ops.matmul import matmul
from ..ops.matrix_chain import multi_dot
from ..ops.vector_norm import vector_norm
from ..tensors.public_names import lookup as _lookup

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "ldl_factor",
    "ldl_factor_ex",
    "ldl_solve",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

__getattr__ = _lookup(__name__)
