"""``torch.distributed`` over MPI, and NCCL for GPUs: one script runs alone, under ``mpiexec`` and ``srun``.

``process_group.py`` joins the processes, ``collectives.py`` moves tensors between them, ``data_parallel.py``
averages gradients while backward goes on.
"""

from __future__ import annotations

from ..tensors.public_names import lookup as _lookup
from . import algorithms, nn, optim
from . import faults as _faults
from . import mpi as _mpi
from .backends import (
    Backend,
    get_default_backend_for_device,
    is_available,
    is_backend_available,
    is_gloo_available,
    is_mpi_available,
    is_nccl_available,
    is_torchelastic_launched,
    is_ucc_available,
    is_xccl_available,
)
from .barriers import barrier, monitored_barrier
from .buckets import GradBucket
from .collectives import (
    _all_gather_base,
    _coalescing_manager,
    _reduce_scatter_base,
    all_gather,
    all_gather_coalesced,
    all_gather_into_tensor,
    all_gather_single,
    all_reduce,
    all_reduce_coalesced,
    all_to_all,
    all_to_all_single,
    broadcast,
    gather,
    reduce,
    reduce_scatter,
    reduce_scatter_single,
    reduce_scatter_tensor,
    scatter,
)
from .device_mesh import DeviceMesh, init_device_mesh
from .objects import (
    all_gather_object,
    broadcast_object_list,
    gather_object,
    recv_object_list,
    scatter_object_list,
    send_object_list,
)
from .point_to_point import P2POp, batch_isend_irecv, irecv, isend, recv, send
from .process_group import (
    GroupMember,
    ProcessGroup,
    default_pg_timeout,
    destroy_process_group,
    get_backend,
    get_global_rank,
    get_group_rank,
    get_node_local_rank,
    get_pg_count,
    get_process_group_ranks,
    get_rank,
    get_world_size,
    group,
    init_process_group,
    is_initialized,
    new_group,
    new_subgroups,
    new_subgroups_by_enumeration,
    split_group,
)
from .reduce_op import ReduceOp
from .store import FileStore, HashStore, PrefixStore, Store, TCPStore, rendezvous
from .work import DistBackendError, DistError, DistNetworkError, DistStoreError, Future, Work

if (_mpi.launched() or 1) > 1:  # a rank that fails before it has joined the others ends them too
    _faults.install()

__getattr__ = _lookup(__name__, later=("elastic",))
