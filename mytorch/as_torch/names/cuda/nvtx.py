"""``torch.cuda.nvtx``: marks for NVIDIA's profilers, not set here; ``torch.profiler`` has its own."""

from __future__ import annotations

import contextlib

__all__ = ["mark", "range", "range_end", "range_pop", "range_push", "range_start"]

_depth = [0]


def range_push(msg):
    """Begin a range that no profiler sees; returns how many are open around it."""
    _depth[0] += 1
    return _depth[0] - 1


def range_pop():
    """End the innermost range; returns how many are open around it, -1 if there was none."""
    _depth[0] = max(_depth[0], 0) - 1
    return _depth[0]


def range_start(msg):
    """Nothing; 0, in the place of the range's number."""
    return 0


def range_end(range_id):
    """Nothing."""


def mark(msg):
    """Nothing."""


@contextlib.contextmanager
def range(msg, *args, **kwargs):
    """A context manager and decorator around :func:`range_push` and :func:`range_pop`."""
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()
