"""What packages take from ``torch.distributions.multivariate_normal``: products for batches of matrices."""

from ....distributions.multivariate import mahalanobis
from ....ops.linalg.decompositions import cholesky
from ....ops.linalg.solve import solve_triangular
from ....tensors.creation import eye

__all__ = ["_batch_mahalanobis", "_batch_mv", "_precision_to_scale_tril"]


def _batch_mv(bmat, bvec):
    """The matrices times the vectors."""
    return (bmat @ bvec.unsqueeze(-1)).squeeze(-1)


def _batch_mahalanobis(bL, bx):
    """‖L⁻¹ x‖² of vectors x (…, n)."""
    return mahalanobis(bL, bx.unsqueeze(-1))


def _precision_to_scale_tril(P):
    """The Cholesky factor of the inverse of P."""
    reverse = cholesky(P.flip((-2, -1))).flip((-2, -1)).mT
    return solve_triangular(reverse, eye(P.shape[-1], dtype=P.dtype, device=P.device), upper=False)
