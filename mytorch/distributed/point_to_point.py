"""Messages from one rank to another."""

from __future__ import annotations

from .arguments import check_tensor, put, taken, text
from .process_group import for_members, root
from .work import Work, done


@for_members
def isend(tensor, dst=None, group=None, tag=0, group_dst=None):
    """Send ``tensor``, of any shape, to rank ``dst``; returns a Work. The tensor must not change before its
    end. ValueError for this rank itself.
    """
    check_tensor("send", tensor=tensor)
    to = root(group, dst, group_dst, "dst")
    if to == group.rank():
        raise ValueError(
            "Invalid destination rank: destination rank should not be the same as the rank of the current "
            "process."
        )
    steps = group.transport.send(taken(tensor, group.transport), to, tag)
    return _message("send", tensor, group, f"dst={group.ranks[to]}", tag, steps, tensor)


def send(tensor, dst=None, group=None, tag=0, group_dst=None):
    """Send ``tensor``, of any shape, to rank ``dst``. ValueError for this rank itself."""
    if (work := isend(tensor, dst, group, tag, group_dst)) is not None:
        work.wait()


@for_members
def irecv(tensor, src=None, group=None, tag=0, group_src=None):
    """Receive ``tensor``, of the shape and dtype sent, from rank ``src`` (None: any); returns a Work."""
    check_tensor("recv", tensor=tensor)
    source = None if src is None and group_src is None else root(group, src, group_src)

    def steps():
        array = taken(tensor, group.transport)
        sender = yield from group.transport.receive(array, source, tag)
        put([tensor], array.reshape(-1))
        return group.ranks[sender]

    where = f"src={'any' if source is None else group.ranks[source]}"
    return _message("recv", tensor, group, where, tag, steps())


def recv(tensor, src=None, group=None, tag=0, group_src=None) -> int:
    """Receive ``tensor``, of the shape and dtype that are sent, from rank ``src`` (None: any); returns the
    rank of the sender, -1 outside of the group.
    """
    work = irecv(tensor, src, group, tag, group_src)
    return -1 if work is None else work.source_rank()


def _message(call, tensor, group, where, tag, steps, result=None):
    """The Work of a message."""
    about = f"{call}({text(tensor.array)}, {where}, tag={tag}) on rank {group.ranks[group.rank()]}"
    return Work(steps, group.timeout, about, group.transport, result, is_message=True)


class P2POp:
    """A message of :func:`batch_isend_irecv`. ValueError unless ``op`` is :func:`isend` or :func:`irecv`."""

    def __init__(self, op, tensor, peer=None, group=None, tag=0, group_peer=None):
        if op not in (isend, irecv):
            raise ValueError("Invalid ``op``. Expected ``op`` to be of type ``isend`` or ``irecv``.")
        check_tensor("P2POp", tensor=tensor)
        self.op, self.tensor, self.peer, self.group = op, tensor, peer, group
        self.tag, self.group_peer = tag, group_peer


def batch_isend_irecv(p2p_op_list):
    """Start the messages of a list of :class:`P2POp`; returns their Works. ValueError for an empty list."""
    if not p2p_op_list or not all(isinstance(op, P2POp) for op in p2p_op_list):
        raise ValueError("Invalid ``p2p_op_list``. Expected a list of P2POp that is not empty")
    works = [o.op(o.tensor, o.peer, o.group, o.tag, o.group_peer) for o in p2p_op_list]
    return [done() if work is None else work for work in works]
