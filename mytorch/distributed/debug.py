"""All ranks tell each other what they call and where: an error that names both calls and both lines.

They do so when they differ, and with ``MYTORCH_DISTRIBUTED_DEBUG=1`` before each collective, which also names
a rank that is missing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy

from .work import DistBackendError, Work

TAG = 32766  # of its messages, which no one else uses
LENGTH = 400  # bytes of a record: what is called, and where
_HERE = str(Path(__file__).parent)


def enabled() -> bool:
    """Whether the calls of all ranks are compared."""
    return os.environ.get("MYTORCH_DISTRIBUTED_DEBUG", "0") not in ("", "0", "OFF")


def caller() -> str:
    """The file and line outside of this package from which it was called."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def compare(group, call) -> None:
    """DistBackendError unless all ranks of ``group`` make the same ``call``: a text."""
    control, me = group.transport.control, group.rank()
    others = [r for r in range(group.size()) if r != me]
    records = numpy.zeros((group.size(), LENGTH), numpy.uint8)
    text = f"{call[: LENGTH // 2]}\n{caller()[-LENGTH // 3 :]}".encode()[:LENGTH]
    records[me, : len(text)] = numpy.frombuffer(text, numpy.uint8)

    def message(steps):
        return Work(steps, group.timeout, "comparing calls", control, is_message=True)

    sends = [message(control.send(records[me], r, TAG)) for r in others]
    receives = {r: message(control.receive(records[r], r, TAG)) for r in others}
    said = {}
    try:
        for work in (*receives.values(), *sends):
            work.wait()
    except DistBackendError:
        pass  # some have not come: the others are named below
    for r in range(group.size()):
        if r == me or receives[r].is_success():
            said[r] = bytes(records[r]).rstrip(b"\0").decode(errors="replace").split("\n")
    missing = [group.ranks[r] for r in others if r not in said]
    if missing or len({call for call, _ in said.values()}) > 1:
        lines = "\n".join(f"  rank {group.ranks[r]}: {what} at {where}" for r, (what, where) in said.items())
        late = f"\n  ranks {missing} called nothing within {group.timeout:g} s" if missing else ""
        raise DistBackendError(f"the ranks of {group.group_name} do not call the same:\n{lines}{late}")
