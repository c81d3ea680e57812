"""``torch.distributed.tensor``: how tensors would be spread over ranks, said by values; no tensor is."""

from __future__ import annotations

from typing import NamedTuple

from ....absent import absent


class Placement:
    """Where the elements of a tensor are."""


class Replicate(Placement, NamedTuple("Replicate", [])):
    """Every rank has the whole tensor."""


class Shard(Placement, NamedTuple("Shard", [("dim", int)])):
    """Every rank has a part along ``dim``."""


class Partial(Placement, NamedTuple("Partial", [("reduce_op", str)])):
    """The tensor is the sum, or another reduction, of those of all ranks."""

    def __new__(cls, reduce_op="sum"):
        """A value, with the default."""
        return super().__new__(cls, reduce_op)


__getattr__ = absent("distributed.tensor").__getattr__  # type: ignore[union-attr]
