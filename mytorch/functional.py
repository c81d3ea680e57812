# Names only: there is nothing to read here.
"""``torch.functional``: functions of ``torch`` that scripts import from here."""

from .ops.cdist import cdist
from .ops.join import atleast_1d, atleast_2d, atleast_3d, block_diag
from .ops.linalg.einsum import einsum
from .ops.linalg.matrix_norm import norm
from .ops.matmul import tensordot
from .ops.matrix_chain import chain_matmul
from .ops.meshgrid import cartesian_prod, meshgrid
from .ops.shape import broadcast_shapes, broadcast_tensors
from .ops.split import split
from .ops.statistics.sort import unique, unique_consecutive
from .tensors.public_names import lookup as _lookup
from .tensors.public_names import publish as _publish

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "cdist",
    "chain_matmul",
    "einsum",
    "meshgrid",
    "norm",
    "split",
    "tensordot",
    "unique",
    "unique_consecutive",
]

_publish(__name__)
__getattr__ = _lookup(__name__)
