"""The ranks as a grid: ``init_device_mesh`` makes a group along each of its dimensions."""

from __future__ import annotations

import copy
import math

import numpy

from ..core.graph import wrap
from .process_group import get_rank, get_world_size, init_process_group, is_initialized
from .process_group import new_subgroups_by_enumeration as subgroups


class DeviceMesh:
    """A grid of ranks. RuntimeError if a rank stands in it twice, or there is no such rank.

    All processes make it. Sharded tensors, which PyTorch lays out on it, are not part of mytorch.
    """

    def __init__(self, device_type, mesh, *, mesh_dim_names=None):
        ranks = numpy.asarray(getattr(mesh, "array", mesh))
        if not is_initialized():
            init_process_group()
        if len(set(ranks.flat)) < ranks.size or ranks.size and ranks.max() >= get_world_size():
            raise RuntimeError(f"DeviceMesh of {ranks.tolist()} in a world of {get_world_size()}")
        self.device_type, self.mesh, self.mesh_dim_names = device_type, wrap(ranks), mesh_dim_names
        if mesh_dim_names is not None and len(mesh_dim_names) != ranks.ndim:
            raise RuntimeError(f"DeviceMesh: {len(mesh_dim_names)} names for {ranks.ndim} dimensions")
        lines = [numpy.moveaxis(ranks, d, -1).reshape(-1, n).tolist() for d, n in enumerate(ranks.shape)]
        self._groups = [subgroups(line)[0] for line in lines]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.mesh.ndim

    @property
    def shape(self) -> tuple:
        """The shape of the grid."""
        return tuple(self.mesh.shape)

    def size(self, mesh_dim=None) -> int:
        """The number of ranks, in the grid or along ``mesh_dim``."""
        return math.prod(self.shape) if mesh_dim is None else self.shape[self._place(mesh_dim)]

    def _place(self, mesh_dim):
        """The number of a dimension that is given by number or name; the only one for None."""
        if mesh_dim is None:
            if self.ndim > 1:
                raise RuntimeError(f"the mesh has {self.ndim} dimensions: say which, by mesh_dim")
            return 0
        if not isinstance(mesh_dim, str):
            return mesh_dim
        if mesh_dim not in (self.mesh_dim_names or ()):
            raise KeyError(f"Invalid mesh_dim_name {mesh_dim!r}: the names are {self.mesh_dim_names}")
        return self.mesh_dim_names.index(mesh_dim)

    def get_group(self, mesh_dim=None):
        """The group of the ranks in this rank's line along ``mesh_dim``, a number or name."""
        return self._groups[self._place(mesh_dim)]

    def get_all_groups(self) -> list:
        """The group along each dimension."""
        return list(self._groups)

    def get_rank(self) -> int:
        """The rank among all processes."""
        return get_rank()

    def get_coordinate(self):
        """Where this rank stands, as a list; None if it stands nowhere."""
        found = numpy.argwhere(self.mesh.array == get_rank())
        return found[0].tolist() if len(found) else None

    def get_local_rank(self, mesh_dim=None) -> int:
        """The place of this rank along ``mesh_dim``, a number or name."""
        return self.get_coordinate()[self._place(mesh_dim)]

    def __getitem__(self, mesh_dim):
        """The line of this rank along the dimension of that name, as a mesh of one dimension."""
        at, here = self._place(mesh_dim), self.get_coordinate()
        line = copy.copy(self)
        line.mesh = wrap(self.mesh.array[(*here[:at], slice(None), *here[at + 1 :])])
        line.mesh_dim_names, line._groups = (mesh_dim,), [self._groups[at]]
        return line

    def __repr__(self):
        return f"DeviceMesh({self.device_type!r}, {self.mesh.tolist()}, mesh_dim_names={self.mesh_dim_names})"


def init_device_mesh(device_type, mesh_shape, *, mesh_dim_names=None, backend_override=None):
    """All ranks as a grid of ``mesh_shape``, in order; joins them first if they have not joined yet.
    RuntimeError if they do not fill it; NotImplementedError for ``backend_override``.
    """
    if backend_override is not None:
        raise NotImplementedError("backend_override: all groups use the backend of the world")
    if not is_initialized():
        init_process_group("nccl" if device_type == "cuda" else None)
    if math.prod(mesh_shape) != get_world_size():
        raise RuntimeError(f"mesh_shape {tuple(mesh_shape)} for {get_world_size()} processes")
    ranks = numpy.arange(get_world_size()).reshape(tuple(mesh_shape))
    return DeviceMesh(device_type, ranks, mesh_dim_names=mesh_dim_names)
