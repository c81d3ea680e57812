"""Tables of vectors, read by index: Embedding and EmbeddingBag."""

from __future__ import annotations

from ..tensors.creation import empty
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter
from .registration import Registered


class _Table(Module):
    """``weight`` (num_embeddings, embedding_dim) starts standard normal, its padding row zero."""

    weight = Registered()

    def _mytorch_make(
        self, num_embeddings, embedding_dim, padding_idx, weight, device, dtype, requires_grad=True
    ):
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        if weight is None:
            self.weight = Parameter(
                empty(num_embeddings, embedding_dim, device=device, dtype=dtype), requires_grad
            )
            self.reset_parameters()
        elif tuple(weight.shape) != (num_embeddings, embedding_dim):
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(weight, requires_grad)

    def reset_parameters(self):
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])

    @staticmethod
    def _mytorch_size(embeddings):
        if embeddings.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        return embeddings.shape


class Embedding(_Table):
    """The rows (…, embedding_dim) of ``weight`` at the indices ``input`` (…, int32 or int64).

    The row ``padding_idx`` starts at zero and gets no gradient. ``max_norm`` scales down longer rows when
    they are used. With ``sparse`` the gradient holds the rows that were read alone, as a sparse tensor.
    IndexError for an index out of range.

    Args:
        _weight (Tensor): the rows to begin with; None draws normal numbers
        _freeze (bool): whether the rows are not trained
        norm_type (float): the order of the norm for ``max_norm``

    Shape:
        input (…), result (…, embedding_dim)

    Example:
        >>> layer = nn.Embedding(10, 3, padding_idx=0)
        >>> layer(mytorch.tensor([[1, 2, 0], [4, 5, 0]])).shape
        mytorch.Size([2, 3, 3])
        >>> layer(mytorch.tensor([0])).detach()
        tensor([[0., 0., 0.]])
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self._mytorch_make(num_embeddings, embedding_dim, padding_idx, _weight, device, dtype, not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings,
        freeze=True,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
    ):
        """An Embedding of the table ``embeddings`` (V, D), without gradient if ``freeze``."""
        rows, columns = cls._mytorch_size(embeddings)
        return cls(
            rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze
        )

    def forward(self, input):
        """(…) -> (…, embedding_dim)."""
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self):
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, usual in (
            ("padding_idx", None),
            ("max_norm", None),
            ("norm_type", 2),
            ("scale_grad_by_freq", False),
        ):
            text += "" if (value := getattr(self, name)) == usual else f", {name}={value}"
        return text + (", sparse=True" if self.sparse else "")


class EmbeddingBag(_Table):
    """Sums, means or maxima of bags of rows: ``input`` (B, L), or (N,) with ``offsets`` (B,) where the bags
    begin, -> (B, embedding_dim).

    Args:
        mode (str): ``"mean"``, ``"sum"`` or ``"max"``
        _weight (Tensor): the rows to begin with; None draws normal numbers
        include_last_offset (bool): whether ``offsets`` ends with the size of ``input``
        padding_idx (int): the row that does not count; None for none
        norm_type (float): the order of the norm for ``max_norm``

    Example:
        >>> layer = nn.EmbeddingBag(10, 3, mode="sum")
        >>> layer(mytorch.tensor([1, 2, 4, 5]), mytorch.tensor([0, 3])).shape
        mytorch.Size([2, 3])
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        _weight=None,
        include_last_offset=False,
        padding_idx=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.mode, self.include_last_offset = mode, include_last_offset
        self._mytorch_make(num_embeddings, embedding_dim, padding_idx, _weight, device, dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings,
        freeze=True,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        include_last_offset=False,
        padding_idx=None,
    ):
        """Bags of rows of the table ``embeddings`` (V, D), without gradient if ``freeze``."""
        rows, columns = cls._mytorch_size(embeddings)
        new = cls(
            rows,
            columns,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset,
            padding_idx,
        )
        new.weight.requires_grad_(not freeze)
        return new

    def forward(self, input, offsets=None, per_sample_weights=None):
        """(B, L), or (N,) with offsets (B,), -> (B, embedding_dim)."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self):
        text = f"{self.num_embeddings!r}, {self.embedding_dim!r}"
        for name, usual in (
            ("max_norm", None),
            ("norm_type", 2),
            ("scale_grad_by_freq", False),
            ("mode", ""),
            ("padding_idx", None),
        ):
            text += "" if (value := getattr(self, name)) == usual else f", {name}={value!r}"
        return text
