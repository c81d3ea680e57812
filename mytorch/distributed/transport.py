"""What moves arrays between the processes of a group: the interface, and the world of one.

Arrays are contiguous, of any of the dtypes; the collectives above see to that. Each method that moves data is
a
generator: it starts something, yields the pending request, is resumed when the request is done, and so on
until all is. A request has ``Test()``, which makes progress and says whether it is done. So one loop
(``work.py``) waits for everything, with a time-out, and several can be under way at the same time.
"""

from __future__ import annotations


class Transport:
    """The communicator of one group. Ranks are those within the group."""

    rank: int
    size: int
    devices: tuple = ("cpu",)  # the types of devices whose arrays it takes
    # of the newest collective: whether it goes in several steps, and its Work as long as it is not done
    in_steps, unfinished = False, None
    crowded = False  # whether more ranks than cores share this machine, so that none should spin

    def all_reduce(self, array, op):
        """Combine ``array`` of all ranks, in place."""
        raise NotImplementedError

    def reduce(self, array, root, op):
        """Combine ``array`` of all ranks, in place on ``root`` alone."""
        raise NotImplementedError

    def broadcast(self, array, root):
        """Make ``array`` that of ``root``."""
        raise NotImplementedError

    def all_gather(self, out, array, counts):
        """``out`` (flat): the elements of all ranks' ``array``, of which rank i has ``counts[i]``."""
        raise NotImplementedError

    def gather(self, out, array, root):
        """As :meth:`all_gather` on ``root``, of equal sizes; elsewhere ``out`` is None."""
        raise NotImplementedError

    def scatter(self, out, array, root):
        """``out``: the rank's part of the array (flat) of ``root``; elsewhere ``array`` is None."""
        raise NotImplementedError

    def reduce_scatter(self, out, array, op):
        """``out``: the rank's part of the combined ``array`` (flat), which may be overwritten."""
        raise NotImplementedError

    def all_to_all(self, out, array, received, sent):
        """Send ``sent[i]`` elements of ``array`` (flat) to rank i, and receive ``received[i]`` from it."""
        raise NotImplementedError

    def send(self, array, to, tag):
        """Send ``array`` to the rank ``to``."""
        raise NotImplementedError

    def receive(self, array, source, tag):
        """Receive into ``array`` from the rank ``source`` (None: any); returns the sender."""
        raise NotImplementedError

    def barrier(self):
        """Wait for all ranks."""
        raise NotImplementedError

    def split(self, ranks):
        """The transport of a group of some ``ranks``, or None on others. All ranks call it."""
        raise NotImplementedError

    def close(self):
        """Free what it holds; all ranks call it."""

    def abort(self, code):
        """End all processes at once."""
        raise SystemExit(code)


class Alone(Transport):
    """A world of one process: there is nobody to talk to."""

    rank, size, devices = 0, 1, ("cpu", "cuda")

    def all_reduce(self, array, op):
        yield from ()

    def reduce(self, array, root, op):
        yield from ()

    def broadcast(self, array, root):
        yield from ()

    def all_gather(self, out, array, counts):
        out[...] = array.reshape(-1)
        yield from ()

    def gather(self, out, array, root):
        out[...] = array.reshape(-1)
        yield from ()

    def scatter(self, out, array, root):
        out[...] = array.reshape(out.shape)
        yield from ()

    def reduce_scatter(self, out, array, op):
        out[...] = array.reshape(out.shape)
        yield from ()

    def all_to_all(self, out, array, received, sent):
        out[...] = array
        yield from ()

    def send(self, array, to, tag):
        raise ValueError(f"rank {to} is this process itself: there is nobody else to send to")
        yield

    def receive(self, array, source, tag):
        raise ValueError("there is no other process to receive from")
        yield

    def barrier(self):
        yield from ()

    def split(self, ranks):
        return Alone() if ranks else None
