"""Process groups: joining the processes that a launcher has started, groups of some of them, ranks."""

from __future__ import annotations

import datetime
import functools
import inspect
import itertools
import os
import warnings

from ..kernels.threads import available_cores, get_num_threads, set_num_threads
from ..tensors import process_group as registry
from . import debug, faults, mpi, nccl
from .backends import checked_backend
from .transport import Transport
from .work import Work

default_pg_timeout = datetime.timedelta(minutes=30)
NOT_INITIALIZED = (
    "Default process group has not been initialized, please make sure to call init_process_group."
)


class group:
    """``WORLD`` is the group of all processes, None before :func:`init_process_group`."""

    WORLD: ProcessGroup | None = None


class GroupMember(group):
    """``NON_GROUP_MEMBER`` is what :func:`new_group` returns to ranks outside of the group."""

    NON_GROUP_MEMBER = -100


class ProcessGroup:
    """Some of the processes, which call its collectives together."""

    def __init__(self, transport, ranks, backend, timeout, name, allow_pickle=False):
        self.transport, self.ranks, self.backend, self.group_name = transport, list(ranks), backend, name
        self.timeout, self.allow_pickle = as_seconds(timeout), allow_pickle
        self.compares_first = debug.enabled() and transport.size > 1
        self.bound_device_id = None
        self.batch = None  # the Works of a ``_coalescing_manager`` that is open

    def rank(self) -> int:
        """The rank of this process within the group."""
        return self.transport.rank

    def size(self) -> int:
        """The number of processes."""
        return self.transport.size

    def name(self) -> str:
        """The name of the backend."""
        return self.backend

    def __repr__(self):
        return f"<mytorch.distributed.ProcessGroup {self.group_name}: ranks {self.ranks}, {self.backend}>"


_names = itertools.count()
groups: list = []  # all groups of this process; the first one is that of all processes


def as_seconds(timeout) -> float:
    """The seconds of a timedelta, of a number, or for None of the default. TypeError for anything else."""
    timeout = default_pg_timeout if timeout is None else timeout
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool):
        return float(timeout)
    if not isinstance(timeout, datetime.timedelta):
        raise TypeError(f"timeout should be a datetime.timedelta, but got {type(timeout).__name__}")
    return timeout.total_seconds()


# ---- all processes -------------------------------------------------------------------------------


def init_process_group(
    backend=None,
    init_method=None,
    timeout=None,
    world_size=-1,
    rank=-1,
    store=None,
    group_name="",
    pg_options=None,
    device_id=None,
    *,
    allow_pickle=False,
):
    """Join the processes that ``mpiexec``, ``srun`` or ``python -m mytorch.distributed.run`` has started.
    Alone, it makes a world of one, which needs no MPI.

    world_size, rank: checked against what the launcher says, which decides
    allow_pickle: whether this group unpickles objects of other ranks, which may run any code

    From then on an exception that nobody catches ends all processes. Where several ranks share a machine,
    each uses its share of the cores (``set_num_threads``). ValueError if it was called before; RuntimeError
    if the launcher and MPI disagree; ImportError if there are several processes and no mpi4py.
    """
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    name = checked_backend(backend, device_id)
    transport = _joined(world_size, rank, as_seconds(timeout))
    if name == "nccl":
        transport = nccl.connect(transport, getattr(device_id, "index", device_id), as_seconds(timeout))
    if transport.size > 1:  # this rank's share of the machine's cores, unless the user has set less
        set_num_threads(min(get_num_threads(), max(1, available_cores() // transport.local[1])))
        faults.install(transport)
    whole = ProcessGroup(transport, range(transport.size), name, timeout, "world", allow_pickle)
    whole.bound_device_id = device_id
    groups[:] = [whole]
    _set_world(whole)


def _set_world(whole):
    group.WORLD = whole
    registry.register(whole)


def _joined(world_size, rank, seconds):
    """The transport of all processes. RuntimeError if what was asked for is not what was started."""
    size = mpi.launched() or 1
    wanted = int(os.environ.get("WORLD_SIZE", 1)) if world_size in (-1, None) else world_size
    if size == 1 and wanted > 1:
        raise RuntimeError(
            f"world_size is {wanted}, but this process was started alone: processes find each other through "
            f"MPI. Start them with `mpiexec -n {wanted} python …`, `srun`, "
            f"`python -m mytorch.distributed.run --nproc-per-node {wanted} …`, or by multiprocessing.spawn"
        )
    transport = mpi.world(size, seconds) if size > 1 else Transport()
    for name, given, found in (("world_size", world_size, size), ("rank", rank, transport.rank)):
        if given not in (-1, None, found):
            raise RuntimeError(f"{name}={given}, but the launcher says {found}; leave {name} out")
    return transport


def destroy_process_group(group=None):
    """Leave ``group``, by default all groups. ValueError if there is none."""
    if group == GroupMember.NON_GROUP_MEMBER:
        return
    left = member(group, "destroy_process_group")
    if left is groups[0]:
        faults.uninstall()
        leaving, groups[:] = list(groups), []
        _set_world(None)
    else:
        leaving = [left]
        groups.remove(left)
    for old in reversed(leaving):
        old.transport.close()


def is_initialized() -> bool:
    """Whether :func:`init_process_group` was called."""
    return bool(groups)


def member(group=None, call="this"):
    """``group``, or for None that of all processes; None, with a warning, if this process is not in it.
    ValueError before :func:`init_process_group`.
    """
    if not groups:
        raise ValueError(NOT_INITIALIZED)
    if group is None:
        return groups[0]
    if group == GroupMember.NON_GROUP_MEMBER:
        warnings.warn(
            f"Running {call} on global rank {groups[0].rank()} which does not belong to the given group.",
            stacklevel=5,
        )
        return None
    if group not in groups:
        raise ValueError(f"{call}: {group!r} is no process group of now; was it destroyed?")
    return group


def for_members(function):
    """A call of the ranks of ``group``, which it gets in place of None; on others it is None and warns."""
    place = list(inspect.signature(function).parameters).index("group")

    @functools.wraps(function)
    def of_member(*args, **kwargs):
        by_place = len(args) > place
        found = member(args[place] if by_place else kwargs.get("group"), function.__name__)
        if by_place:
            args = *args[:place], found, *args[place + 1 :]
        else:
            kwargs["group"] = found
        return None if found is None else function(*args, **kwargs)

    return of_member


# ---- ranks ---------------------------------------------------------------------------------------


def get_rank(group=None) -> int:
    """The rank of this process in ``group``; -1 if it is not in it."""
    return -1 if group == GroupMember.NON_GROUP_MEMBER else member(group, "get_rank").rank()


def get_world_size(group=None) -> int:
    """The number of processes in ``group``; -1 if this one is not in it."""
    return -1 if group == GroupMember.NON_GROUP_MEMBER else member(group, "get_world_size").size()


def get_backend(group=None) -> str:
    """The backend of ``group``: "mpi", "gloo" or "nccl". ValueError if this process is not in it."""
    if (found := member(group, "get_backend")) is None:
        raise ValueError("Invalid process group specified")
    return found.backend


def get_process_group_ranks(group=None) -> list:
    """The ranks, among all processes, of those in ``group``."""
    return list(member(group, "get_process_group_ranks").ranks)


def get_pg_count() -> int:
    """The number of groups that this process is in."""
    return len(groups)


def get_group_rank(group, global_rank) -> int:
    """The rank within ``group`` of the process ``global_rank``. ValueError if it is not in it."""
    ranks = member(group, "get_group_rank").ranks
    if global_rank not in ranks:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return ranks.index(global_rank)


def get_global_rank(group, group_rank) -> int:
    """The rank among all processes of that with ``group_rank`` in ``group``. ValueError if there is none."""
    ranks = member(group, "get_global_rank").ranks
    if not 0 <= group_rank < len(ranks):
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return ranks[group_rank]


def get_node_local_rank(fallback_rank=None) -> int:
    """The rank among the processes on this machine. RuntimeError if no launcher says it."""
    found = mpi.launched(("LOCAL_RANK", *mpi.LOCAL_RANKS))
    if found is None and fallback_rank is None:
        raise RuntimeError("LOCAL_RANK is not in the environment; was this process started by a launcher?")
    return int(fallback_rank) if found is None else found


def root(found, rank, group_rank=None, name="src", default=None):
    """The rank within the group ``found`` of ``rank`` (among all processes) or of ``group_rank``, or the
    ``default``. ValueError unless one of them is given and in the group.
    """
    if rank is None and group_rank is None and default is not None:
        return default
    if (rank is None) == (group_rank is None):
        what = "Must specify" if rank is None else "Can't specify both"
        raise ValueError(f"{what} group_{name} {'or' if rank is None else 'and'} {name}")
    if group_rank is None:
        return get_group_rank(found, rank)
    get_global_rank(found, group_rank)
    return group_rank


# ---- groups of some processes --------------------------------------------------------------------


def new_group(
    ranks=None,
    timeout=None,
    backend=None,
    pg_options=None,
    use_local_synchronization=False,
    group_desc=None,
    device_id=None,
    sort_ranks=True,
    *,
    allow_pickle=False,
):
    """A group of ``ranks`` (all by default), sorted unless ``sort_ranks=False``. All processes call it, also
    those that will not be in it, which get ``GroupMember.NON_GROUP_MEMBER``.

    ValueError or RuntimeError for ranks that there are not, or that are named twice.
    """
    whole = member()
    ranks = _checked(range(whole.size()) if ranks is None else ranks, whole.size())
    ranks = sorted(ranks) if sort_ranks else ranks
    new = _part(whole, [ranks], "new_group", timeout, group_desc, allow_pickle)
    return GroupMember.NON_GROUP_MEMBER if new is None else new


def _checked(ranks, size):
    """``ranks`` as a list. ValueError unless they are ranks of ``size`` processes, each once."""
    ranks = [int(rank) for rank in ranks]
    if len(set(ranks)) < len(ranks):
        raise ValueError(f"new_group: a rank is named twice in {ranks}")
    if len(ranks) > size:
        raise ValueError("the new group's world size should be less or equal to the world size set by init")
    if any(not 0 <= rank < size for rank in ranks):
        raise ValueError(f"new_group: ranks {ranks} in a world of {size} processes")
    return ranks


def split_group(
    parent_pg=None, split_ranks=None, timeout=None, pg_options=None, group_desc=None, backend=None
):
    """Split ``parent_pg`` into groups of lists of ranks within it, sorted. All its ranks call it; returns the
    group of this rank, or None. ValueError for no lists, an empty one, ranks that are named twice or missing.
    """
    parent = member(parent_pg, "split_group")
    if parent is None:
        raise ValueError("split_group: this process is not part of the parent group")
    if not split_ranks:
        raise ValueError("split_ranks cannot be None or empty")
    if not all(split_ranks):
        raise ValueError("the split group cannot be empty")
    flat = [rank for ranks in split_ranks for rank in ranks]
    if len(set(flat)) < len(flat):
        raise ValueError("the split group cannot have duplicate ranks")
    if any(not 0 <= rank < parent.size() for rank in flat):
        raise ValueError(f"split_group: ranks {split_ranks} in a group of {parent.size()} processes")
    parts = [sorted(ranks) for ranks in split_ranks]
    return _part(parent, parts, "split_group", timeout, group_desc, parent.allow_pickle)


def _part(parent, parts, call, timeout, name, allow_pickle):
    """The group of this rank among ``parts`` (disjoint lists of ranks) of the group ``parent``, or None."""
    seconds = parent.timeout if timeout is None else as_seconds(timeout)
    name = name or f"group {next(_names)}"
    transport = split(parent, parts, call)
    if transport is None:
        return None
    (own,) = (part for part in parts if parent.rank() in part)
    ranks = [parent.ranks[r] for r in own]
    new = ProcessGroup(transport, ranks, parent.backend, seconds, name, allow_pickle)
    groups.append(new)
    return new


def split(parent, parts, call):
    """The transport of this rank's list among ``parts`` of the group ``parent``, or None. All call it."""
    said = f"{call}({', '.join(map(str, parts))})"
    if parent.compares_first:
        debug.compare(parent, said)
    about = f"{said} on rank {parent.ranks[parent.rank()]} of {parent.group_name}"
    # splitting has no time-out: first see that all are there
    Work(parent.transport.barrier(), parent.timeout, about, parent.transport).wait()
    return parent.transport.split(parts)


def new_subgroups_by_enumeration(ranks_per_subgroup_list, timeout=None, backend=None, pg_options=None):
    """(the group that this process is in, all groups) for lists of ranks. ValueError if they share one."""
    flat = [rank for ranks in ranks_per_subgroup_list for rank in ranks]
    if len(set(flat)) < len(flat):
        raise ValueError("The same rank is listed in several subgroups")
    whole = member()
    parts = [sorted(_checked(ranks, whole.size())) for ranks in ranks_per_subgroup_list]
    mine = _part(whole, parts, "new_subgroups", timeout, None, False)
    return mine, [mine if whole.rank() in part else GroupMember.NON_GROUP_MEMBER for part in parts]


def new_subgroups(group_size=None, group=None, timeout=None, backend=None, pg_options=None, group_desc=None):
    """(the group that this process is in, all groups): neighbouring ranks, ``group_size`` (those of a
    machine) each. ValueError if the processes do not divide into such groups.
    """
    size = get_world_size()
    group_size = group_size or member().transport.local[1]
    if size % group_size:
        raise ValueError(f"The world size ({size}) must be divisible by group_size={group_size}")
    parts = [range(start, start + group_size) for start in range(0, size, group_size)]
    return new_subgroups_by_enumeration(parts, timeout)
