"""Names of ``torch.distributed`` for one process."""

from ....as_torch.refused import classes, functions

__all__ = ["Backend", "GroupMember", "ProcessGroup", "TCPStore", "Work", "all_gather_object", "all_to_all",
           "broadcast_object_list", "gather_object", "group", "irecv", "isend", "monitored_barrier", "recv",
           "scatter_object_list", "send"]  # fmt: skip

_REASON = "there is no process group"
globals().update(classes("torch.distributed", "Backend ProcessGroup TCPStore Work", _REASON))
globals().update(
    functions(
        "torch.distributed",
        """
        all_gather_object all_to_all broadcast_object_list gather_object irecv isend monitored_barrier recv
        scatter_object_list send
        """,
        _REASON,
    )
)


class group:
    """The group of all processes: None, as there is none."""

    WORLD = None


class GroupMember(group):
    """What stands for a group that this process is not in."""

    NON_GROUP_MEMBER = -100
