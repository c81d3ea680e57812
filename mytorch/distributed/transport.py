"""What moves arrays between the processes of a group: the interface, which by itself is a world of one.

Arrays are contiguous, of any of the dtypes; the collectives above see to that. A method that moves data is a
generator: it starts something, yields the pending request, is resumed when the request is done, and so on
until all is. A request has ``Test()``, which makes progress and says whether it is done. So one loop
(``work.py``) waits for everything, with a time-out, and several can be under way at the same time.
"""

from __future__ import annotations


class Transport:
    """The communicator of one group. Ranks are those within the group."""

    rank, size = 0, 1
    local = 0, 1  # the rank among the processes on this machine, and the number of them
    devices: tuple = ("cpu", "cuda")  # the types of devices whose arrays it takes
    # of the newest collective: whether it goes in several steps, and its Work as long as it is not done
    in_steps, unfinished = False, None
    compares = False  # whether it has ``agreement(number)``: a request that tells whether all ranks gave it
    crowded = False  # whether more ranks than cores share this machine, so that none should spin

    @property
    def control(self):
        """The transport, of arrays on the CPU, by which the ranks of this group talk about their calls."""
        return self

    def all_reduce(self, array, op):
        """Combine ``array`` of all ranks, in place."""
        yield from ()

    def reduce(self, array, root, op):
        """Combine ``array`` of all ranks, in place on ``root`` alone."""
        yield from ()

    def broadcast(self, array, root):
        """Make ``array`` that of ``root``."""
        yield from ()

    def all_gather(self, out, array, counts):
        """``out`` (flat): the elements of all ranks' ``array``, of which rank i has ``counts[i]``."""
        yield from self._own(out, array)

    def gather(self, out, array, root):
        """As :meth:`all_gather` on ``root``, of equal sizes; elsewhere ``out`` is None."""
        yield from self._own(out, array)

    def scatter(self, out, array, root):
        """``out``: the rank's part of the array (flat) of ``root``; elsewhere ``array`` is None."""
        yield from self._own(out, array)

    def reduce_scatter(self, out, array, op):
        """``out``: the rank's part of the combined ``array`` (flat), which may be overwritten."""
        yield from self._own(out, array)

    def all_to_all(self, out, array, received, sent):
        """Send ``sent[i]`` elements of ``array`` (flat) to rank i, and receive ``received[i]`` from it."""
        yield from self._own(out, array)

    def _own(self, out, array):
        """In a world of one, what a rank sends is what it receives."""
        out[...] = array.reshape(out.shape)
        yield from ()

    def send(self, array, to, tag):
        """Send ``array`` to the rank ``to``."""
        raise ValueError(f"rank {to} is this process itself: there is nobody else to send to")
        yield

    def receive(self, array, source, tag):
        """Receive into ``array`` from the rank ``source`` (None: any); returns the sender."""
        raise ValueError("there is no other process to receive from")
        yield

    def barrier(self):
        """Wait for all ranks."""
        yield from ()

    def split(self, parts):
        """The transport of this rank's list among disjoint lists of ranks, or None. All ranks call it."""
        return Transport() if any(parts) else None

    def close(self):
        """Free what it holds; all ranks call it."""

    def abort(self, code):
        """End all processes at once."""
        raise SystemExit(code)
