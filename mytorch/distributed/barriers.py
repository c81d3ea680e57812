"""Waiting for each other."""

from __future__ import annotations

import numpy

from .collectives import launch
from .process_group import as_seconds, for_members
from .work import Work

MONITOR = 32767  # the tag of its messages, the largest that every MPI allows


@for_members
def barrier(group=None, async_op=False, device_ids=None, timeout=None):
    """Return when all ranks have called it."""
    return launch(group, "barrier", (), group.transport.barrier(), async_op, timeout=timeout)


@for_members
def monitored_barrier(group=None, timeout=None, wait_all_ranks=False):
    """As :func:`barrier`, but rank 0 names the ranks that have not come within ``timeout`` (of the group by
    default): RuntimeError, of the first one or, with ``wait_all_ranks``, of all.
    """
    seconds = group.timeout if timeout is None else as_seconds(timeout)
    transport, me = group.transport.control, group.ranks[group.rank()]
    about, token = f"monitored_barrier on rank {me}", numpy.zeros(1, numpy.uint8)
    others = range(1, group.size())

    def work(steps):
        return Work(steps, seconds, about, transport, is_message=True)

    if group.rank() != 0:
        work(transport.send(token, 0, MONITOR)).wait()
        try:
            work(transport.receive(token.copy(), 0, MONITOR)).wait()
        except RuntimeError as error:
            raise RuntimeError(
                f"Rank {me} successfully reached monitoredBarrier, but received errors while waiting for "
                "send/recv from rank 0. Please check rank 0 logs for faulty rank."
            ) from error
        return
    arrivals, missing = {r: work(transport.receive(token.copy(), r, MONITOR)) for r in others}, []
    for r, arrival in arrivals.items():
        try:
            arrival.wait()
        except RuntimeError:
            missing.append(group.ranks[r])
            if not wait_all_ranks:
                break
    if missing:
        raise RuntimeError(
            f"[Rank {me}]: Ranks {', '.join(map(str, missing))} failed to pass monitoredBarrier in "
            f"{seconds * 1000:g} ms"
        )
    for r in others:
        work(transport.send(token, r, MONITOR)).wait()
